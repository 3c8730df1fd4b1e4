"""The combined index: the summaries of all modules of a link as one set of columns (``ModuleSummaryIndex``).

A *row* is a global value of a module: a definition or a declaration. A *symbol* is what all rows of one GUID are
about; symbols are numbered in ascending order of GUID, so that their numbers do not depend on the order of modules.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import md5
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from burnish.errors import BitcodeError, UnsupportedError
from burnish.lto.decide.columns import Bools, Bytes, Guids, Ints, Lists, Words, spans, starts_of
from burnish.lto.modules import Kind, Linkage, ModuleSummary, SummaryFlag, VariableFlag

_LINKAGE_BITS = 15

_Scalar = TypeVar("_Scalar", bound=np.generic)

Identity = tuple[int, int, int, int, int]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Index:
    """All global values of a link: ``m`` modules, ``n`` rows, ``s`` symbols.

    Attributes:
        modules: in link order.
        starts: i64[m + 1]; the rows of module ``i`` are ``starts[i]`` to ``starts[i + 1]``, in order of value id.
        module: i64[n], the module of each row.
        symbol: i64[n], the symbol of each row.
        guids: u64[s], ascending.
        identities: of each module five words that no other module of the link has, see `identities_of`.
        kind, defined, summarized: as in `ModuleSummary`.
        linkage: u8[n], of the summary where there is one, else of the module's own record.
        flags: u32[n], words of summary flags; 0 where there is no summary.
        instructions, attributes: as in `ModuleSummary`.
        base: i64[n], the row itself, or the row of an alias' aliasee (``getBaseObject``).
        copies: rows with a summary by symbol, in link order (``getSummaryList``); no marks.
        refs: symbols that each row refers to; marks 0 plain, 1 read-only, 2 write-only.
        calls: symbols that each row calls; marks are the words of the edges.
    """

    modules: tuple[ModuleSummary, ...]
    starts: Ints
    module: Ints
    symbol: Ints
    guids: Guids
    identities: tuple[Identity, ...]
    kind: Bytes
    linkage: Bytes
    defined: Bools
    summarized: Bools
    flags: Words
    instructions: Words
    attributes: Words
    base: Ints
    copies: Lists
    refs: Lists
    calls: Lists

    @property
    def rows(self) -> int:
        return len(self.symbol)

    @property
    def symbols(self) -> int:
        return len(self.guids)

    @property
    def counts(self) -> Ints:
        """How many copies each symbol has."""
        return np.diff(self.copies.starts)

    def ir_name(self, row: int) -> str:
        """The name as LLVM has it."""
        module = int(self.module[row])
        return self.modules[module].name(row - int(self.starts[module]))

    def name(self, row: int) -> str:
        """The name as linkers see it: without the byte 1 that keeps LLVM from mangling."""
        return self.ir_name(row).removeprefix("\x01")

    def find(self, guids: Guids) -> Ints:
        """The symbol of each GUID, -1 where no module knows it."""
        if not self.symbols:
            return np.full(len(guids), -1, np.int64)
        places = np.searchsorted(self.guids, guids)
        places[places == self.symbols] = 0
        return np.where(self.guids[places] == guids, places, -1)

    def local(self) -> Bools:
        """Of each row, whether its linkage is local."""
        local: Bools = (self.linkage == Linkage.INTERNAL) | (self.linkage == Linkage.PRIVATE)
        return local

    def interposable(self) -> Bools:
        """Of each row, whether another definition may take its place (``isInterposableLinkage``)."""
        return np.isin(self.linkage, [linkage for linkage in Linkage if linkage.is_interposable])

    def eligible(self) -> Bools:
        """Of each row, whether it may be imported at all."""
        eligible: Bools = (self.flags & SummaryFlag.NOT_ELIGIBLE_TO_IMPORT) == 0
        return eligible

    def variable(self, flag: VariableFlag) -> Bools:
        """Of each row, whether it is a variable with this flag."""
        flagged: Bools = (self.kind == Kind.VARIABLE) & self.summarized & ((self.attributes & flag) != 0)
        return flagged


def identities_of(modules: Sequence[ModuleSummary]) -> tuple[Identity, ...]:
    """What promoted names of a module end with, and where its turn is when others import from it.

    LLVM takes the hash of a module's content for the former. With that, all that refers to a promoted local changes
    with each edit of the module it is from; rustc's name of a codegen unit serves as well, wherever it is the only one
    of the name.
    """
    often = Counter(module.source_filename for module in modules)
    return tuple(
        _content_hash(module) if often[module.source_filename] > 1 else _words_of(module.source_filename)
        for module in modules
    )


def _words_of(name: str) -> Identity:
    digest = md5(name.encode("utf-8", "surrogateescape"), usedforsecurity=False).digest()
    one, two, three, four = np.frombuffer(digest, "<u4").tolist()
    return one, two, three, four, 0


def _content_hash(module: ModuleSummary) -> Identity:
    """The module's hash, or one made of what it says of itself where it has none."""
    if any(module.hash):
        return module.hash
    content = md5(module.source_filename.encode("utf-8", "surrogateescape"), usedforsecurity=False)
    content.update(module.names)
    content.update(module.guid.tobytes())
    one, two, three, four = np.frombuffer(content.digest(), "<u4").tolist()
    return one, two, three, four, 0


def combine(modules: Sequence[ModuleSummary]) -> Index:
    """Join the summaries of all modules, given in link order.

    Raises:
        UnsupportedError: a module has no summary.
        BitcodeError: a module's columns do not fit together.
    """
    if bare := [module.source_filename for module in modules if not module.version]:
        raise UnsupportedError(
            f"{bare[0]} has no ThinLTO summary, as has bitcode that was already merged (-C lto=fat)",
            hint="let the toolchain's own lld link it: --engine lld",
        )
    starts = starts_of(np.array([len(module) for module in modules], np.int64))
    guids, symbol = np.unique(_column(modules, "guid", np.uint64), return_inverse=True)
    symbol = symbol.astype(np.int64)
    summarized = _column(modules, "summarized", np.bool_)
    flags = np.where(summarized, _column(modules, "summary_flags", np.uint32), np.uint32(0))
    own = _column(modules, "linkage", np.uint8)
    calls, call_rows = _lists(modules, "call", "callees", starts)
    refs, ref_rows = _lists(modules, "ref", "refs", starts)
    edges = _column(modules, "edges", np.uint8)
    return Index(
        modules=tuple(modules),
        starts=starts,
        module=np.repeat(np.arange(len(modules)), np.diff(starts)),
        symbol=symbol,
        guids=guids,
        identities=identities_of(modules),
        kind=_column(modules, "kind", np.uint8),
        linkage=np.where(summarized, flags & _LINKAGE_BITS, own).astype(np.uint8),
        defined=_column(modules, "defined", np.bool_),
        summarized=summarized,
        flags=flags,
        instructions=_column(modules, "instructions", np.uint32),
        attributes=_column(modules, "attributes", np.uint32),
        base=_bases(modules, starts),
        copies=_copies(symbol, summarized, len(guids)),
        refs=Lists(starts=refs, targets=symbol[ref_rows], marks=_access(modules, refs)),
        calls=Lists(starts=calls, targets=symbol[call_rows], marks=edges),
    )


def _column(modules: Sequence[ModuleSummary], name: str, scalar: type[_Scalar]) -> NDArray[_Scalar]:
    parts = [getattr(module, name) for module in modules]
    return np.concatenate(parts).astype(scalar, copy=False) if parts else np.zeros(0, scalar)


def _lists(modules: Sequence[ModuleSummary], what: str, targets: str, rows: Ints) -> tuple[Ints, Ints]:
    """Starts of all rows' lists, and their targets as rows."""
    parts = [getattr(module, f"{what}_starts").astype(np.int64) for module in modules]
    sizes = [len(getattr(module, targets)) for module in modules]
    for module, part, size in zip(modules, parts, sizes, strict=True):
        if len(part) != len(module) + 1 or part[0] != 0 or part[-1] != size or (part[1:] < part[:-1]).any():
            raise _misfit(module, f"{what}_starts")
    counts = np.concatenate([np.diff(part) for part in parts]) if parts else np.zeros(0, np.int64)
    owners = np.repeat(np.arange(len(modules)), np.array(sizes, np.int64))
    found = _column(modules, targets, np.uint32).astype(np.int64)
    wrong = found >= np.diff(rows)[owners]
    if wrong.any():
        raise _misfit(modules[int(owners[np.argmax(wrong)])], targets)
    return starts_of(counts), found + rows[owners]


def _bases(modules: Sequence[ModuleSummary], starts: Ints) -> Ints:
    aliasee = _column(modules, "aliasee", np.int32).astype(np.int64)
    sizes = np.diff(starts)
    owners = np.repeat(np.arange(len(modules)), sizes)
    wrong = aliasee >= sizes[owners]
    if wrong.any():
        raise _misfit(modules[int(owners[np.argmax(wrong)])], "aliasee")
    return np.where(aliasee < 0, np.arange(len(aliasee)), aliasee + starts[owners])


def _access(modules: Sequence[ModuleSummary], starts: Ints) -> Bytes:
    """Of each reference, 0 plain, 1 read-only, 2 write-only: plain ones stand first, write-only ones last."""
    written = _column(modules, "write_only", np.uint32).astype(np.int64)
    read = _column(modules, "read_only", np.uint32).astype(np.int64)
    ends = starts[1:]
    access = np.zeros(int(starts[-1]), np.uint8)
    # A sum beyond the list would mark the references of other values.
    first_written = np.maximum(ends - written, starts[:-1])
    access[spans(np.maximum(first_written - read, starts[:-1]), first_written)[0]] = 1
    access[spans(first_written, ends)[0]] = 2
    return access


def _copies(symbol: Ints, summarized: Bools, symbols: int) -> Lists:
    rows = np.flatnonzero(summarized)
    order = np.argsort(symbol[rows], kind="stable")
    counts = np.bincount(symbol[rows], minlength=symbols)
    return Lists(starts=starts_of(counts), targets=rows[order], marks=np.zeros(0, np.uint8))


def _misfit(module: ModuleSummary, column: str) -> BitcodeError:
    return BitcodeError(
        f"{module.source_filename}: the module's summary refers to values that it does not have ({column})",
        hint="the bitcode is damaged: cargo clean, and build again; burnish cache prune if it stays",
    )
