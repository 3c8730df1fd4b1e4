"""Which copy of a symbol may be imported, and if none, why: ``selectCallee`` and ``canImportGlobalVar``.

Most of it holds for whatever unit asks and is worked out once, in columns by row or symbol.
"""

from collections.abc import Callable
from enum import IntEnum

import numpy as np

from burnish.lto.decide.columns import Bools, Bytes, Ints
from burnish.lto.decide.thinlink import ThinLink
from burnish.lto.modules import FunctionFlag, Kind, VariableFlag

#: The size of what no threshold allows.
_NO_SIZE = np.iinfo(np.int64).max


class Refusal(IntEnum):
    """``FunctionImporter::ImportFailureReason``, by LLVM's names."""

    NONE = 0
    GLOBAL_VAR = 1
    NOT_LIVE = 2
    TOO_LARGE = 3
    INTERPOSABLE_LINKAGE = 4
    LOCAL_LINKAGE_NOT_IN_MODULE = 5
    NOT_ELIGIBLE = 6
    NO_INLINE = 7

    @property
    def word(self) -> str:
        """As ``-print-import-failures`` writes it."""
        return self.name.title().replace("_", "")


class Candidates:
    """The copies of all symbols as an importer sees them.

    Attributes:
        counts: i64[s], copies of each symbol.
        first: i64[s], the row of the first copy, -1 where there is none.
        instructions: i64[n], of functions and what is an alias of one, else -1.
        has_variable: bool[s], whether any copy is a variable that may be imported.
    """

    def __init__(self, link: ThinLink) -> None:
        index = self._index = link.index
        self.counts = index.counts
        some = self.counts > 0
        starts = index.copies.starts[:-1][some]
        self.first = np.full(index.symbols, -1, np.int64)
        self.first[some] = index.copies.targets[starts]
        function = index.kind[index.base] == Kind.FUNCTION
        attributes = np.where(function, index.attributes[index.base], 0)
        self.instructions = np.where(function, index.instructions[index.base].astype(np.int64), -1)
        self._size = np.where((attributes & FunctionFlag.ALWAYS_INLINE) != 0, 0, self.instructions)
        self._local = index.local()[index.base]
        self._verdict = _verdicts(link, function, (attributes & FunctionFlag.NO_INLINE) != 0)
        self._least = np.full(index.symbols, _NO_SIZE, np.int64)
        if len(starts):
            sizes = np.where(self._verdict == Refusal.NONE, self._size, _NO_SIZE)[index.copies.targets]
            self._least[some] = np.minimum.reduceat(sizes, starts)
        self._variable = _importable_variables(link)
        self.has_variable = np.zeros(index.symbols, np.bool_)
        self.has_variable[index.symbol[self._variable]] = True

    def callees(self, symbols: Ints, threshold: int, from_module: Ints) -> tuple[Ints, Bytes]:
        """``selectCallee``: the copy to import, -1 where there is none, and then the reason, the last copy's."""
        # With one copy the least size decides; with more it only tells that looking at them is of use.
        rows = np.where(threshold >= self._least[symbols], self.first[symbols], -1)
        many = np.flatnonzero((self.counts[symbols] > 1) & (rows >= 0))

        def fits(candidates: Ints, which: Ints) -> Bools:
            here = ~self._local[candidates] | (self._index.module[candidates] == from_module[many[which]])
            good: Bools = (self._verdict[candidates] == Refusal.NONE) & (self._size[candidates] <= threshold) & here
            return good

        rows[many] = self._first_fit(symbols[many], fits)
        return rows, self._reasons(symbols, threshold, from_module)

    def variables(self, symbols: Ints, from_module: Ints) -> Ints:
        """The copy of each symbol to import as a variable, -1 where none may be."""

        def fits(candidates: Ints, which: Ints) -> Bools:
            here = ~self._local[candidates] | (self._index.module[candidates] == from_module[which])
            good: Bools = self._variable[candidates] & here
            return good

        return self._first_fit(symbols, fits)

    def _first_fit(self, symbols: Ints, fits: Callable[[Ints, Ints], Bools]) -> Ints:
        """The first copy of each symbol that fits; ``fits`` is asked of copies and the places of their symbols."""
        chosen = np.full(len(symbols), -1, np.int64)
        todo, number = np.flatnonzero(self.counts[symbols] > 0), 0
        copies = self._index.copies
        while len(todo):
            candidates = copies.targets[copies.starts[symbols[todo]] + number]
            good = fits(candidates, todo)
            chosen[todo[good]] = candidates[good]
            number += 1
            todo = todo[~good & (self.counts[symbols[todo]] > number)]
        return chosen

    def _reasons(self, symbols: Ints, threshold: int, from_module: Ints) -> Bytes:
        index = self._index
        last = index.copies.targets[index.copies.starts[symbols + 1] - 1]
        reasons = self._verdict[last].copy()
        undecided = (reasons == Refusal.NONE) | (reasons == Refusal.NO_INLINE)
        reasons[undecided & (self._size[last] > threshold)] = Refusal.TOO_LARGE
        foreign = self._local[last] & (self.counts[symbols] > 1) & (index.module[last] != from_module)
        reasons[foreign & (undecided | (reasons == Refusal.NOT_ELIGIBLE))] = Refusal.LOCAL_LINKAGE_NOT_IN_MODULE
        return reasons


def _verdicts(link: ThinLink, function: Bools, no_inline: Bools) -> Bytes:
    """Of each row, what forbids to import it as a callee; the first of LLVM's reasons is written last."""
    index = link.index
    verdict = np.zeros(index.rows, np.uint8)
    verdict[no_inline] = Refusal.NO_INLINE
    verdict[~index.eligible()[index.base]] = Refusal.NOT_ELIGIBLE
    verdict[~function] = Refusal.GLOBAL_VAR
    verdict[index.interposable()] = Refusal.INTERPOSABLE_LINKAGE
    verdict[~link.live] = Refusal.NOT_LIVE
    return verdict


def _importable_variables(link: ThinLink) -> Bools:
    """Of each row, ``canImportGlobalVar`` with references looked at."""
    index = link.index
    fit = (index.kind == Kind.VARIABLE) & index.summarized & ~index.interposable() & index.eligible()
    harmless = index.variable(VariableFlag.CONSTANT) | link.read_only | link.write_only
    importable: Bools = fit & (harmless | (np.diff(index.refs.starts) == 0))
    return importable
