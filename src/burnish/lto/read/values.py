"""The global values of a module, from its GLOBALVAR, FUNCTION, ALIAS and IFUNC records.

Source: ``parseGlobalVarRecord``, ``parseFunctionRecord`` and ``parseGlobalIndirectSymbolRecord``
(llvm/Bitcode/Reader/BitcodeReader.cpp). Operand numbers are those of version 2, where the name's offset and size in
STRTAB stand first.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

import numpy as np

from burnish.lto.modules import U8, U32, U64, Bools, Kind, Linkage, Visibility
from burnish.lto.read.codes import ModuleCode
from burnish.lto.read.records import Ints, Records, Words, damaged

_KINDS: Final = {
    ModuleCode.GLOBALVAR: Kind.VARIABLE,
    ModuleCode.FUNCTION: Kind.FUNCTION,
    ModuleCode.ALIAS: Kind.ALIAS,
    ModuleCode.IFUNC: Kind.IFUNC,
}
#: Record code -> kind; the last entry stands for all other codes.
_KIND_OF_CODE: Final = np.full(32, 255, np.uint8)
_KIND_OF_CODE[list(_KINDS)] = list(_KINDS.values())

_LINKAGE = 5


def _operand(*, variable: int = -1, function: int = -1, alias: int = -1, ifunc: int = -1) -> Ints:
    """Where a fact stands in the records of each `Kind`; -1 where they have none."""
    return np.array([function, variable, alias, ifunc], np.int64)


#: Operands without which LLVM takes a record for damaged.
_SHORTEST = _operand(variable=8, function=10, alias=6, ifunc=6)
_VISIBILITY = _operand(variable=8, function=9, alias=6, ifunc=6)
_UNNAMED_ADDR = _operand(variable=10, function=11, alias=9)
_THREAD_LOCAL = _operand(variable=9, alias=8)
_SECTION = _operand(variable=7, function=8)
_CONSTANT = _operand(variable=3)
_TARGET = _operand(alias=4, ifunc=4)
#: ``initid`` of a variable, 0 for a declaration; ``isproto`` of a function.
_BODY = _operand(variable=4, function=4)

#: ``getDecodedLinkage``: numbers that are not here are external.
_LINKAGES: Final = np.zeros(256, np.uint8)
for _encoded, _linkage in {
    1: Linkage.WEAK_ANY, 16: Linkage.WEAK_ANY, 10: Linkage.WEAK_ODR, 17: Linkage.WEAK_ODR,
    2: Linkage.APPENDING, 3: Linkage.INTERNAL, 7: Linkage.EXTERNAL_WEAK, 8: Linkage.COMMON,
    4: Linkage.LINK_ONCE_ANY, 18: Linkage.LINK_ONCE_ANY, 11: Linkage.LINK_ONCE_ODR, 19: Linkage.LINK_ONCE_ODR,
    9: Linkage.PRIVATE, 13: Linkage.PRIVATE, 14: Linkage.PRIVATE, 12: Linkage.AVAILABLE_EXTERNALLY,
}.items():  # fmt: skip
    _LINKAGES[_encoded] = _linkage


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class GlobalValues:
    """``n`` global values, in the order of their ids.

    Attributes:
        records, rows: the module's records, and which of them the values are.
        kind, linkage, visibility, defined: as in `ModuleSummary`.
        offsets, sizes: i64[n], of the names in STRTAB.
        names, name_starts: as in `ModuleSummary`.
    """

    records: Records
    rows: Ints
    kind: U8
    linkage: U8
    visibility: U8
    defined: Bools
    offsets: Ints
    sizes: Ints
    names: bytes
    name_starts: U32

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def is_local(self) -> Bools:
        local: Bools = (self.linkage == Linkage.INTERNAL) | (self.linkage == Linkage.PRIVATE)
        return local

    @property
    def unnamed_addr(self) -> Words:
        """``unnamed_addr`` of each: 1 global, 2 local."""
        return _column(self.records, self.rows, _UNNAMED_ADDR[self.kind])

    @property
    def thread_local(self) -> Bools:
        return _column(self.records, self.rows, _THREAD_LOCAL[self.kind]).astype(np.bool_)

    @property
    def section(self) -> Words:
        """The number of the SECTIONNAME record of each, counted from 1; 0 for none."""
        return _column(self.records, self.rows, _SECTION[self.kind])

    @property
    def constant(self) -> Bools:
        return (_column(self.records, self.rows, _CONSTANT[self.kind]) & np.uint64(1)).astype(np.bool_)

    @property
    def target(self) -> Words:
        """The value id that an alias or ifunc stands for; ids from ``n`` on are constant expressions."""
        return _column(self.records, self.rows, _TARGET[self.kind])

    def guids(self, source_filename: str) -> U64:
        """``GlobalValue::getGUID(getGlobalIdentifier(...))`` of each (llvm/IR/Globals.cpp)."""
        prefix = (source_filename or "<unknown>").encode("utf-8", "surrogateescape") + b";"
        names, starts, md5 = self.names, self.name_starts.tolist(), hashlib.md5
        found = []
        for index, local in enumerate(self.is_local.tolist()):
            name = names[starts[index] : starts[index + 1]]
            # It only tells a mangler to leave the name alone.
            name = name.removeprefix(b"\x01")
            found.append(md5(prefix + name if local else name, usedforsecurity=False).digest())
        return np.frombuffer(b"".join(found), "<u8")[::2].copy()


def read_values(records: Records, strtab: bytes) -> GlobalValues:
    """The global values that a module's own records describe.

    Raises:
        BitcodeError: a record is too short, or a name lies outside STRTAB.
    """
    kinds = _KIND_OF_CODE[np.minimum(records.codes, len(_KIND_OF_CODE) - 1)]
    rows = np.flatnonzero(kinds != 255)
    kind = kinds[rows]
    lengths = records.starts[rows + 1] - records.starts[rows]
    records.expect(rows, lengths >= _SHORTEST[kind], "it is too short for a global value")
    linkage = _LINKAGES[np.minimum(records.column(rows, _LINKAGE), np.uint64(255)).astype(np.int64)]
    visibility = _column(records, rows, _VISIBILITY[kind])
    records.expect(rows, visibility <= max(Visibility), "no visibility has this number")
    # LLVM as well does not believe another visibility of local symbols, which old writers wrote.
    visibility[(linkage == Linkage.INTERNAL) | (linkage == Linkage.PRIVATE)] = 0
    body = _column(records, rows, _BODY[kind])
    offsets, sizes = records.column(rows, 0), records.column(rows, 1)
    size = np.uint64(len(strtab))
    records.expect(rows, (offsets <= size) & (sizes <= size - np.minimum(offsets, size)), "its name is not in STRTAB")
    if int(sizes.sum()) > len(strtab):
        # LLVM stores each name once. Without this a small file could ask for any memory.
        raise damaged(records.label, records.path, 0, "names overlap in STRTAB")
    names, name_starts = join(strtab, offsets.astype(np.int64), sizes.astype(np.int64))
    return GlobalValues(
        records=records,
        rows=rows,
        kind=kind,
        linkage=linkage,
        visibility=visibility.astype(np.uint8),
        defined=np.where(kind == Kind.FUNCTION, body == 0, (kind != Kind.VARIABLE) | (body != 0)),
        offsets=offsets.astype(np.int64),
        sizes=sizes.astype(np.int64),
        names=names,
        name_starts=name_starts,
    )


def join(strtab: bytes, offsets: Ints, sizes: Ints) -> tuple[bytes, U32]:
    """These pieces of STRTAB, one after the other, and where each starts."""
    ends = offsets + sizes
    starts = np.zeros(len(offsets) + 1, np.uint32)
    np.cumsum(sizes, out=starts[1:], dtype=np.uint32)
    if not len(offsets):
        return b"", starts
    # LLVM writes names in the order of the values, save those that a comdat bears as well.
    if (offsets[1:] == ends[:-1]).all():
        return strtab[int(offsets[0]) : int(ends[-1])], starts
    pieces = zip(offsets.tolist(), ends.tolist(), strict=True)
    return b"".join([strtab[start:end] for start, end in pieces]), starts


def _column(records: Records, rows: Ints, operands: Ints) -> Words:
    """An operand of each record, of another number in each; 0 where it is -1 or the record is shorter."""
    at = records.starts[rows] + operands
    present = (operands >= 0) & (at < records.starts[rows + 1])
    found = np.zeros(len(rows), np.uint64)
    found[present] = records.values[at[present]]
    return found
