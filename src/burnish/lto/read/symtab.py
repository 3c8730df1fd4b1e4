"""What a linker sees of a module: its SYMTAB block, or the same from the module's records where there is none.

As ``lto::InputFile`` does, symbols that are not global or only of the object format (``llvm.used``) are left out.

Source: llvm/Object/IRSymtab.h (``storage``), llvm/lib/Object/IRSymtab.cpp and ModuleSymbolTable.cpp.
"""

from enum import IntEnum
from itertools import pairwise

import numpy as np

from burnish.errors import UnsupportedError
from burnish.lto.modules import Bools, Kind, Linkage, SymbolFlag, SymbolTable
from burnish.lto.read.codes import ModuleCode
from burnish.lto.read.records import FALLBACK, Ints, Records, damaged
from burnish.lto.read.summary import Summaries
from burnish.lto.read.values import GlobalValues, join

#: ``storage::Header::kCurrentVersion`` of LLVM 22.
VERSION = 3
#: Words of the header, and of a symbol: name, IR name (offset and size each), comdat, flags.
_HEADER_WORDS = 19
_SYMBOL_WORDS = 6
#: Where in the header offset and size of the ranges of modules and of symbols stand.
_MODULES, _SYMBOLS = 3, 7
_VISIBILITY = 3


class _Bit(IntEnum):
    """``storage::Symbol::FlagBits`` from FB_undefined on."""

    UNDEFINED = 3
    WEAK = 4
    COMMON = 5
    INDIRECT = 6
    USED = 7
    TLS = 8
    MAY_OMIT = 9
    GLOBAL = 10
    FORMAT_SPECIFIC = 11
    UNNAMED_ADDR = 12
    EXECUTABLE = 13


_TRANSLATED = tuple((int(bit), int(SymbolFlag[bit.name])) for bit in _Bit)


def read_symtab(blob: bytes, strtab: bytes, values: GlobalValues, label: str) -> SymbolTable | None:
    """The symbols of a SYMTAB; None where it is missing, of another version, or of several modules.

    Raises:
        BitcodeError: it reaches beyond its end or STRTAB's, or names a value that the module does not have.
    """
    words = np.frombuffer(blob, "<u4", count=len(blob) // 4)
    if len(words) < _HEADER_WORDS or words[0] != VERSION or words[_MODULES + 1] != 1:
        return None
    start, count = int(words[_SYMBOLS]), int(words[_SYMBOLS + 1])
    if start % 4 or start // 4 + count * _SYMBOL_WORDS > len(words):
        raise damaged(label, "SYMTAB", 0, f"{count} symbols reach beyond its end")
    symbols = words[start // 4 :][: count * _SYMBOL_WORDS].reshape(-1, _SYMBOL_WORDS).astype(np.int64)
    flags = symbols[:, 5]
    symbols = symbols[(flags >> _Bit.GLOBAL & 1 == 1) & (flags >> _Bit.FORMAT_SPECIFIC & 1 == 0)]
    name, size, ir_name, ir_size, _, flags = symbols.T
    if (name + size > len(strtab)).any() or (ir_name + ir_size > len(strtab)).any():
        raise damaged(label, "SYMTAB", 0, "a name is not in STRTAB")
    if int(max(size.sum(), ir_size.sum())) > 2 * len(strtab):
        # LLVM stores each name once; module assembly may repeat those of values.
        raise damaged(label, "SYMTAB", 0, "its names overlap")
    names, starts = join(strtab, name, size)
    ids = _value_ids(strtab, values, ir_name, ir_size)
    if ids is None:
        raise damaged(label, "SYMTAB", 0, "it has a value that the module does not have")
    translated = flags & _VISIBILITY
    for bit, flag in _TRANSLATED:
        translated |= (flags >> bit & 1) * flag
    return SymbolTable(names=names, starts=starts, flags=translated.astype(np.uint32), values=ids.astype(np.int32))


def _value_ids(strtab: bytes, values: GlobalValues, offsets: Ints, sizes: Ints) -> Ints | None:
    """The value of each IR name, -1 for an empty one; None where some name is no value's."""
    found = np.full(len(offsets), -1, np.int64)
    named = np.flatnonzero(sizes)
    if not len(named):
        return found
    if not len(values):
        return None
    # LLVM stores a name once: symbol and value have it at the same place.
    order = np.argsort(values.offsets, kind="stable")
    at = np.minimum(np.searchsorted(values.offsets[order], offsets[named]), len(values) - 1)
    found[named] = order[at]
    wrong = (values.offsets[found] != offsets) | (values.sizes[found] != sizes)
    wrong = named[wrong[named]]
    if len(wrong):
        spans = zip(values.offsets.tolist(), values.sizes.tolist(), strict=True)
        by_name = {strtab[offset : offset + size]: value for value, (offset, size) in enumerate(spans)}
        for symbol in wrong.tolist():
            value = by_name.get(strtab[offsets[symbol] : offsets[symbol] + sizes[symbol]])
            if value is None:
                return None
            found[symbol] = value
    return found


def build_symtab(records: Records, values: GlobalValues, summaries: Summaries, label: str) -> SymbolTable:
    """The symbols of a module that brings none: what ``irsymtab::build`` makes of its records.

    Raises:
        UnsupportedError: module assembly, or a list of used symbols without summary: either takes more than records.
    """
    if len(records.rows(ModuleCode.ASM)):
        raise UnsupportedError(
            f"{label}: it has module assembly, and no symbol table that says which symbols are in it",
            hint=FALLBACK,
        )
    flags = _flags(values) | values.visibility
    flags[_used(values, summaries, label)] |= SymbolFlag.USED
    flags[_format_specific(records, values)] |= SymbolFlag.FORMAT_SPECIFIC
    seen = ~values.is_local & (flags & SymbolFlag.FORMAT_SPECIFIC == 0)
    order = np.flatnonzero(seen)
    # LLVM's ``global_values()``: functions, variables, aliases, ifuncs.
    order = order[np.argsort(values.kind[order], kind="stable")]
    pieces = [values.names[values.name_starts[value] : values.name_starts[value + 1]] for value in order]
    pieces = [piece.removeprefix(b"\x01") for piece in pieces]
    starts = np.zeros(len(pieces) + 1, np.uint32)
    starts[1:] = np.cumsum([len(piece) for piece in pieces]) if pieces else 0
    return SymbolTable(
        names=b"".join(pieces), starts=starts, flags=flags[order].astype(np.uint32), values=order.astype(np.int32)
    )  # fmt: skip


def _flags(values: GlobalValues) -> Ints:
    """``ModuleSymbolTable::getSymbolFlags`` and what ``Builder::addSymbol`` adds."""
    linkage, kind, unnamed = values.linkage, values.kind, values.unnamed_addr
    undefined = ~values.defined | (linkage == Linkage.AVAILABLE_EXTERNALLY)
    weak = np.isin(linkage, (Linkage.LINK_ONCE_ANY, Linkage.LINK_ONCE_ODR, Linkage.WEAK_ANY, Linkage.WEAK_ODR))
    weak |= linkage == Linkage.EXTERNAL_WEAK
    anywhere = (unnamed == 1) | ((unnamed == 2) & ((kind != Kind.VARIABLE) | values.constant))
    flags = {
        SymbolFlag.UNDEFINED: undefined,
        SymbolFlag.WEAK: weak,
        SymbolFlag.COMMON: linkage == Linkage.COMMON,
        SymbolFlag.INDIRECT: kind == Kind.ALIAS,
        SymbolFlag.TLS: values.thread_local,
        SymbolFlag.MAY_OMIT: (linkage == Linkage.LINK_ONCE_ODR) & anywhere,
        SymbolFlag.GLOBAL: ~values.is_local,
        SymbolFlag.EXECUTABLE: _executable(values),
        SymbolFlag.UNNAMED_ADDR: unnamed == 1,
    }
    found: Ints = np.bitwise_or.reduce([np.where(column, int(flag), 0) for flag, column in flags.items()])
    return found


def _executable(values: GlobalValues) -> Bools:
    """Functions, ifuncs, and aliases of them."""
    code: Bools = (values.kind == Kind.FUNCTION) | (values.kind == Kind.IFUNC)
    if not (values.kind == Kind.ALIAS).any():
        return code
    target = np.minimum(values.target, np.uint64(len(values) - 1)).astype(np.int64)
    direct = (values.kind == Kind.ALIAS) & (values.target < len(values))
    code |= direct & code[target]
    return code


def _format_specific(records: Records, values: GlobalValues) -> list[int]:
    starts = values.name_starts
    sections = [records.operands(int(row)).astype(np.uint8).tobytes() for row in records.rows(ModuleCode.SECTIONNAME)]
    hidden = {number for number, section in enumerate(sections, 1) if section == b"llvm.metadata"}
    found = [value for value in range(len(values)) if values.names.startswith(b"llvm.", starts[value])]
    if hidden:
        found += [value for value, section in enumerate(values.section.tolist()) if section in hidden]
    return found


def _used(values: GlobalValues, summaries: Summaries, label: str) -> Bools:
    """Members of ``llvm.used`` and ``llvm.compiler.used``, and what LLVM may call of its own accord."""
    starts = values.name_starts.tolist()
    names = [values.names[start:end] for start, end in pairwise(starts)]
    # LLVM asks its list of runtime library calls. All of them have C names, so no more than all of C is kept too many.
    found = np.array([not name.startswith((b"_R", b"_Z")) for name in names], np.bool_)
    found &= ~values.is_local
    for value, name in enumerate(names):
        if name in {b"llvm.used", b"llvm.compiler.used"}:
            if not summaries.summarized[value]:
                raise UnsupportedError(
                    f"{label}: it has a list of used symbols, and neither symbol table nor summary that tells them",
                    hint=FALLBACK,
                )
            found[summaries.refs[summaries.ref_starts[value] : summaries.ref_starts[value + 1]]] = True
    return found
