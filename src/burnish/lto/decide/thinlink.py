"""What lives and what only reads: roots, prevailing copies, dead symbols, read-only and write-only variables.

The first half of a thin link, the same for every partition of the modules. The rules are those of ``LTO::run``
(llvm/lib/LTO/LTO.cpp), ``computeDeadSymbolsWithConstProp`` (FunctionImport.cpp) and ``propagateAttributes``
(ModuleSummaryIndex.cpp).
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from burnish.errors import UsageError
from burnish.lto.decide.columns import Bools, Bytes, Ints, distinct, joined
from burnish.lto.decide.index import Index
from burnish.lto.modules import Kind, Linkage, SummaryFlag, SymbolFlag, VariableFlag
from burnish.lto.objects import Resolution

#: In place of a prevailing row: no linker chose, or what it chose is no bitcode.
UNKNOWN = -1
NATIVE = -2


class Root(IntEnum):
    """Why a symbol must stay, the strongest reason (``VisibleOutsideSummary``)."""

    NONE = 0
    ASSEMBLY = 1
    USED = 2
    VISIBLE = 3
    EXPORTED = 4


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ThinLink:
    """What holds for a link whatever its units; arrays by row (n) or by symbol (s).

    Attributes:
        prevailing: i64[s], the row whose definition the link takes, `UNKNOWN` or `NATIVE`.
        root: u8[s], `Root`; only where the prevailing definition is bitcode (``GUIDPreservedSymbols``).
        live: bool[n], of rows with a summary.
        read_only, write_only: bool[n], variables that the whole program only reads, or only writes.
    """

    index: Index
    prevailing: Ints
    root: Bytes
    live: Bools
    read_only: Bools
    write_only: Bools


def guid(name: str) -> int:
    """``GlobalValue::getGUID`` of a name with external linkage."""
    digest = hashlib.md5(name.encode("utf-8", "surrogateescape"), usedforsecurity=False).digest()
    return int.from_bytes(digest[:8], "little")


def thin_link(index: Index, resolution: Resolution, inputs: Sequence[int]) -> ThinLink:
    """Decide what lives.

    Args:
        index: the modules of the link.
        resolution: the linker's.
        inputs: for each module the index of its input, as the resolution counts them.
    """
    if len(inputs) != len(index.modules):
        raise UsageError(f"{len(index.modules)} modules, but inputs of {len(inputs)}")
    assembly = _assembly_names(index)
    prevailing = _prevailing(index, resolution, inputs, assembly)
    root = _roots(index, resolution, prevailing, assembly)
    live = compute_dead_symbols(index, prevailing, root > Root.NONE)
    read_only, write_only = propagate_attributes(index, live, root > Root.NONE)
    return ThinLink(
        index=index, prevailing=prevailing, root=root, live=live, read_only=read_only, write_only=write_only
    )


def _symbols(index: Index, names: Iterable[str]) -> Ints:
    """The symbols of names, of those that the index knows."""
    found = index.find(np.fromiter((guid(name) for name in names), np.uint64))
    return found[found >= 0]


def _assembly_names(index: Index) -> frozenset[str]:
    """Names that module-level assembly defines or refers to: no summary tells of these uses."""
    return frozenset(
        module.symbols.name(int(symbol))
        for module in index.modules
        for symbol in np.flatnonzero(
            (module.symbols.values < 0) & ((module.symbols.flags & SymbolFlag.FORMAT_SPECIFIC) == 0)
        )
    )


def _definers(index: Index) -> Bools:
    """Of each row, whether a linker sees a definition there."""
    unseen = [Linkage.AVAILABLE_EXTERNALLY, Linkage.APPENDING, Linkage.EXTERNAL_WEAK]
    return index.summarized & ~index.local() & ~np.isin(index.linkage, unseen)


def _prevailing(index: Index, resolution: Resolution, inputs: Sequence[int], assembly: frozenset[str]) -> Ints:
    """Of each symbol the row that is taken.

    The names of definitions are asked for only where there is a choice: nearly all symbols have one definition.
    """
    rows = np.flatnonzero(_definers(index))
    symbols = index.symbol[rows]
    prevailing = np.full(index.symbols, UNKNOWN, np.int64)
    prevailing[symbols] = rows
    numbers = {number: module for module, number in enumerate(inputs)}
    contested = np.bincount(symbols, minlength=index.symbols) > 1
    prevailing[contested] = UNKNOWN
    for row, symbol in zip(rows[contested[symbols]].tolist(), symbols[contested[symbols]].tolist(), strict=True):
        taken = resolution.prevailing.get(index.name(row))
        if taken is not None and numbers.get(taken) == index.module[row]:
            prevailing[symbol] = row
        elif taken is not None and prevailing[symbol] == UNKNOWN:
            prevailing[symbol] = NATIVE
    elsewhere = [name for name, number in resolution.prevailing.items() if number not in numbers or name in assembly]
    for name in elsewhere:
        for symbol in _symbols(index, [name]).tolist():
            row = prevailing[symbol]
            if row >= 0 and numbers.get(resolution.prevailing[name]) != index.module[row]:
                prevailing[symbol] = NATIVE
    return prevailing


def _roots(index: Index, resolution: Resolution, prevailing: Ints, assembly: frozenset[str]) -> Bytes:
    root = np.zeros(index.symbols, np.uint8)
    root[_symbols(index, assembly)] = Root.ASSEMBLY
    root[index.symbol[_used_rows(index)]] = Root.USED
    root[_symbols(index, resolution.visible)] = Root.VISIBLE
    root[_symbols(index, resolution.exported)] = Root.EXPORTED
    root[prevailing < 0] = Root.NONE
    return root


def _used_rows(index: Index) -> Ints:
    """Rows of values in ``llvm.used`` or ``llvm.compiler.used``, and of the functions that code generation calls."""
    parts = []
    for start, module in zip(index.starts, index.modules, strict=False):
        used = (module.symbols.flags & SymbolFlag.USED) != 0
        values = module.symbols.values[used]
        parts.append(values[values >= 0].astype(np.int64) + start)
    return joined(parts)


def compute_dead_symbols(index: Index, prevailing: Ints, preserved: Bools) -> Bools:
    """Which rows live (``computeDeadSymbolsAndUpdateIndirectCalls``); all, where nothing is preserved."""
    if not preserved.any():
        return index.summarized.copy()
    flagged = index.summarized & ((index.flags & SummaryFlag.LIVE) != 0)
    flagged_symbols = np.zeros(index.symbols, np.bool_)
    flagged_symbols[index.symbol[flagged]] = True
    reached = _reach(index, np.flatnonzero(preserved | flagged_symbols), _kept_out(index, prevailing))
    # A live flag says so of one copy; the others are live only where the symbol is preserved.
    by_flag_only = flagged_symbols & ~preserved
    return index.summarized & np.where(by_flag_only[index.symbol], flagged, reached[index.symbol])


def _kept_out(index: Index, prevailing: Ints) -> Bools:
    """Symbols that references do not bring to life: native code defines them, and no copy here says the same."""
    kept = np.isin(index.linkage, [Linkage.AVAILABLE_EXTERNALLY, Linkage.WEAK_ODR, Linkage.LINK_ONCE_ODR])
    equal = np.zeros(index.symbols, np.bool_)
    equal[index.symbol[kept & index.summarized]] = True
    kept_out: Bools = (prevailing == NATIVE) & ~equal
    return kept_out


def _reach(index: Index, roots: Ints, kept_out: Bools) -> Bools:
    reached = np.zeros(index.symbols, np.bool_)
    reached[roots] = True
    frontier = roots
    while len(frontier):
        rows = index.copies.of(frontier)
        targets = np.concatenate([index.refs.of(rows), index.calls.of(rows)])
        targets = targets[~(reached[targets] | kept_out[targets])]
        bases = index.symbol[index.base[rows[index.kind[rows] == Kind.ALIAS]]]
        frontier = distinct(np.concatenate([targets, bases[~reached[bases]]]))
        reached[frontier] = True
    return reached


def propagate_attributes(index: Index, live: Bools, preserved: Bools) -> tuple[Bools, Bools]:
    """Which rows are variables that are only read, and which only written."""
    read_only = index.variable(VariableFlag.MAYBE_READ_ONLY)
    write_only = index.variable(VariableFlag.MAYBE_WRITE_ONLY)
    rows = np.flatnonzero(live)
    unseen = index.interposable() | ~index.eligible() | preserved[index.symbol]
    bases = index.base[rows[unseen[rows]]]
    read_only[bases] = write_only[bases] = False
    places, _ = index.refs.places(rows)
    targets, access = index.refs.targets[places], index.refs.marks[places]
    read_only[index.base[_copies_of(index, targets[access != 1])]] = False
    write_only[index.base[_copies_of(index, targets[access != 2])]] = False
    return read_only, write_only


def _copies_of(index: Index, symbols: Ints) -> Ints:
    wanted = np.zeros(index.symbols, np.bool_)
    wanted[symbols] = True
    return index.copies.of(np.flatnonzero(wanted))
