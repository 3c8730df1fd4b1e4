"""What a bitcode module says of itself: its global values, their summaries and its symbol table, as columns.

A global value is known by its *value id*: its place among the module's GLOBALVAR, FUNCTION, ALIAS and IFUNC records.
Columns (numpy arrays) rather than objects: a program has a hundred thousand of them, and a thin link asks them all.
"""

from dataclasses import dataclass
from enum import IntEnum, IntFlag

import numpy as np
from numpy.typing import NDArray


class Kind(IntEnum):
    """What a global value is."""

    FUNCTION = 0
    VARIABLE = 1
    ALIAS = 2
    IFUNC = 3


class Linkage(IntEnum):
    """``GlobalValue::LinkageTypes`` (llvm/IR/GlobalValue.h) as summaries hold it; module records encode it anew."""

    EXTERNAL = 0
    AVAILABLE_EXTERNALLY = 1
    LINK_ONCE_ANY = 2
    LINK_ONCE_ODR = 3
    WEAK_ANY = 4
    WEAK_ODR = 5
    APPENDING = 6
    INTERNAL = 7
    PRIVATE = 8
    EXTERNAL_WEAK = 9
    COMMON = 10

    @property
    def is_local(self) -> bool:
        return self in {Linkage.INTERNAL, Linkage.PRIVATE}

    @property
    def is_interposable(self) -> bool:
        """``GlobalValue::isInterposableLinkage``: another definition may take its place at link time."""
        return self in {Linkage.LINK_ONCE_ANY, Linkage.WEAK_ANY, Linkage.EXTERNAL_WEAK, Linkage.COMMON}


class Visibility(IntEnum):
    """``GlobalValue::VisibilityTypes``."""

    DEFAULT = 0
    HIDDEN = 1
    PROTECTED = 2


class SummaryFlag(IntFlag):
    """The word of flags of each summary (``getDecodedGVSummaryFlags``, BitcodeReader.cpp); bits 0-3 are the linkage."""

    NOT_ELIGIBLE_TO_IMPORT = 1 << 4
    LIVE = 1 << 5
    DSO_LOCAL = 1 << 6
    CAN_AUTO_HIDE = 1 << 7


class FunctionFlag(IntFlag):
    """``FunctionSummary::FFlags`` (``getDecodedFFlags``, BitcodeReader.cpp)."""

    NO_INLINE = 1 << 4
    ALWAYS_INLINE = 1 << 5


class VariableFlag(IntFlag):
    """``GlobalVarSummary::GVarFlags``."""

    MAYBE_READ_ONLY = 1
    MAYBE_WRITE_ONLY = 2
    CONSTANT = 4


class SymbolFlag(IntFlag):
    """``irsymtab::storage::Symbol::FlagBits`` (llvm/Object/IRSymtab.h) in bits of our own; 0-1 are the visibility."""

    UNDEFINED = 1 << 2
    WEAK = 1 << 3
    COMMON = 1 << 4
    INDIRECT = 1 << 5
    USED = 1 << 6
    TLS = 1 << 7
    MAY_OMIT = 1 << 8
    GLOBAL = 1 << 9
    FORMAT_SPECIFIC = 1 << 10
    EXECUTABLE = 1 << 11
    UNNAMED_ADDR = 1 << 12


U8 = NDArray[np.uint8]
U32 = NDArray[np.uint32]
I32 = NDArray[np.int32]
U64 = NDArray[np.uint64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class SymbolTable:
    """What a linker sees of a module: irsymtab's symbols, those of module-level assembly included.

    Attributes:
        names: all names, one after the other; that of symbol ``i`` is ``names[starts[i]:starts[i + 1]]``.
        flags: `SymbolFlag` and the visibility.
        values: the value id, -1 where the symbol is no IR value (module assembly).
    """

    names: bytes
    starts: U32
    flags: U32
    values: I32

    def __len__(self) -> int:
        return len(self.flags)

    def name(self, symbol: int) -> str:
        return self.names[self.starts[symbol] : self.starts[symbol + 1]].decode("utf-8", "surrogateescape")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ModuleSummary:
    """A module without its function bodies. ``n`` global values, ``r`` references, ``c`` calls.

    Attributes:
        source_filename: SOURCE_FILENAME, rustc's name of the codegen unit.
        producer: the IDENTIFICATION block's string: which LLVM wrote it.
        triple: target triple.
        hash: MODULE_CODE_HASH, five words; zeros where the module has none.
        version: FS_VERSION of its summary, 0 where it has none.
        flags: FS_FLAGS.
        names, name_starts: as in `SymbolTable`; u32[n + 1].
        kind, linkage, visibility: u8[n], of `Kind`, `Linkage`, `Visibility`, from the module's own records.
        defined: bool[n].
        guid: u64[n], ``GlobalValue::getGUID``: MD5 of the name, or of ``source_filename;name`` where it is local.
        summarized: bool[n], whether there is a summary of the value.
        summary_flags: u32[n], linkage in bits 0-3 and `SummaryFlag`.
        instructions: u32[n], of a function.
        attributes: u32[n], `FunctionFlag` of a function, `VariableFlag` of a variable.
        aliasee: i32[n], value id; -1 where the value is no alias.
        ref_starts: u32[n + 1]; the references of value ``i`` are ``refs[ref_starts[i]:ref_starts[i + 1]]``,
            in the record's order: plain ones, ``read_only[i]`` that only read, ``write_only[i]`` that only write.
        call_starts: u32[n + 1]; its calls are ``callees[...]`` (value ids) with ``edges[...]`` (bits 0-2 hotness,
            bit 3 tail call).
        symbols: what the linker sees.
    """

    source_filename: str
    producer: str
    triple: str
    hash: tuple[int, int, int, int, int]
    version: int
    flags: int
    names: bytes
    name_starts: U32
    kind: U8
    linkage: U8
    visibility: U8
    defined: Bools
    guid: U64
    summarized: Bools
    summary_flags: U32
    instructions: U32
    attributes: U32
    aliasee: I32
    ref_starts: U32
    refs: U32
    read_only: U32
    write_only: U32
    call_starts: U32
    callees: U32
    edges: U8
    symbols: SymbolTable

    def __len__(self) -> int:
        return len(self.guid)

    def name(self, value: int) -> str:
        return self.names[self.name_starts[value] : self.name_starts[value + 1]].decode("utf-8", "surrogateescape")
