"""What each unit imports from the others, and what it is refused, each with its reason.

The rules are those of ``ComputeCrossModuleImport`` (llvm/lib/Transforms/IPO/FunctionImport.cpp), for units of one or
more modules: a unit never imports what one of its modules defines. The order of work is another. LLVM takes one
function of one module after the other and comes back to a function when it meets it with a higher threshold; here all
units go together, from the highest threshold down, so that each function is looked at once in each unit, with the
highest threshold that it will ever have. Without profile data both give the same sets, whatever the order. With it
LLVM's own result depends on the order of a hash table, and this one takes the most generous.
"""

from dataclasses import dataclass

import numpy as np

from burnish.lto.decide.candidates import Candidates, Refusal
from burnish.lto.decide.columns import (
    NO_INTS,
    Bools,
    Bytes,
    Ints,
    contains,
    distinct,
    find,
    first_of_each,
    joined,
)
from burnish.lto.decide.thinlink import ThinLink
from burnish.lto.modules import Kind

#: ``-import-instr-limit``, ``-import-instr-evolution-factor`` and ``-import-hot-evolution-factor``.
INSTRUCTION_LIMIT = 100
EVOLUTION_FACTOR = 0.7
HOT_EVOLUTION_FACTOR = 1.0

#: By an edge's hotness: unknown, cold, none, hot, critical. Cold is 0 in LLVM and 0.1 as rustc sets it.
MULTIPLIERS = (1.0, 0.1, 1.0, 10.0, 100.0, 1.0, 1.0, 1.0)
_HOTNESS_BITS = 7
_HOT = 3

#: In place of the threshold where there is none: variables have no size.
NO_THRESHOLD = -1


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Imports:
    """Columns over the imports of all units, in order of unit and symbol.

    Attributes:
        unit: the unit that imports.
        symbol, row: what it imports: the symbol, and which of its copies.
        threshold: how many instructions were allowed; `NO_THRESHOLD` for a variable.
        depth: hops from a function of the unit's own, 1 for what it calls or refers to itself.
        caller: the row of the function or variable that asks for it.
    """

    unit: Ints
    symbol: Ints
    row: Ints
    threshold: Ints
    depth: Ints
    caller: Ints

    def __len__(self) -> int:
        return len(self.unit)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Refusals:
    """Columns over the callees that are not imported, in order of unit and symbol.

    Attributes:
        unit, symbol, threshold, depth, caller: as in `Imports`.
        row: the copy that ``size`` is of, LLVM's first.
        reason: `Refusal`.
        size: instructions, -1 where it is no function.
    """

    unit: Ints
    symbol: Ints
    row: Ints
    threshold: Ints
    depth: Ints
    caller: Ints
    reason: Bytes
    size: Ints

    def __len__(self) -> int:
        return len(self.unit)

    def word(self, place: int) -> str:
        """LLVM's word for a reason."""
        return Refusal(int(self.reason[place])).word


def cross_module_imports(link: ThinLink, units: Ints) -> tuple[Imports, Refusals]:
    """The imports and refusals of all units; ``units`` gives the unit of each module (i64[m])."""
    importer = _Importer(link, units)
    importer.run()
    return importer.imports(), importer.refusals()


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Bodies:
    """Functions and variables whose edges are looked at, each for a unit."""

    unit: Ints
    row: Ints
    depth: Ints

    def take(self, places: Ints) -> "_Bodies":
        return _Bodies(unit=self.unit[places], row=self.row[places], depth=self.depth[places])

    @staticmethod
    def join(parts: "list[_Bodies]") -> "_Bodies":
        return _Bodies(
            unit=joined([part.unit for part in parts]),
            row=joined([part.row for part in parts]),
            depth=joined([part.depth for part in parts]),
        )


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Wishes:
    """Symbols that bodies ask for: the unit, the symbol, who asks and how deep; all with one threshold."""

    unit: Ints
    symbol: Ints
    caller: Ints
    depth: Ints
    threshold: int

    def take(self, places: Ints | Bools) -> "_Wishes":
        return _Wishes(
            unit=self.unit[places],
            symbol=self.symbol[places],
            caller=self.caller[places],
            depth=self.depth[places],
            threshold=self.threshold,
        )


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Columns:
    """What many wishes had in common, as columns."""

    unit: Ints
    symbol: Ints
    caller: Ints
    depth: Ints
    threshold: Ints

    @staticmethod
    def of(parts: list[_Wishes]) -> "_Columns":
        return _Columns(
            unit=joined([part.unit for part in parts]),
            symbol=joined([part.symbol for part in parts]),
            caller=joined([part.caller for part in parts]),
            depth=joined([part.depth for part in parts]),
            threshold=np.repeat(
                np.array([part.threshold for part in parts], np.int64), [len(part.unit) for part in parts]
            ),
        )


class _Importer:
    def __init__(self, link: ThinLink, units: Ints) -> None:
        self._link = link
        self._index = link.index
        self._candidates = Candidates(link)
        self._unit = units[link.index.module]
        self._own, self._own_firm = self._own_keys()
        self._pending: dict[int, list[_Bodies]] = {}
        self._decided = NO_INTS  # (unit, symbol) of wishes decided, and the thresholds they were decided at
        self._decided_at = NO_INTS
        self._taken: list[tuple[_Wishes, Ints]] = []
        self._refused: list[tuple[_Wishes, Bytes]] = []
        self._variables: list[tuple[_Wishes, Ints]] = []
        self._variable_keys = NO_INTS

    def _key(self, unit: Ints, symbol: Ints) -> Ints:
        key: Ints = unit * self._index.symbols + symbol
        return key

    def _own_keys(self) -> tuple[Ints, Ints]:
        """What units define, of the symbols with several copies; and the same without what must be imported still.

        The second leaves out copies that the linker drops and that may not be inlined (``shouldImportGlobal``).
        """
        index = self._index
        rows = np.flatnonzero(index.summarized)
        rows = rows[self._candidates.counts[index.symbol[rows]] > 1]
        keys = self._key(self._unit[rows], index.symbol[rows])
        dropped = index.interposable()[rows] & (self._link.prevailing[index.symbol[rows]] != rows)
        return distinct(keys), distinct(keys[~dropped])

    def _defines(self, unit: Ints, symbol: Ints, several: Ints) -> Bools:
        """Whether a unit defines a symbol itself; ``several`` answers for symbols with more than one copy."""
        own: Bools = self._unit[self._candidates.first[symbol]] == unit
        many = np.flatnonzero(self._candidates.counts[symbol] > 1)
        own[many] = contains(several, self._key(unit[many], symbol[many]))
        return own

    def run(self) -> None:
        rows = distinct(self._index.base[self._link.live])
        rows = rows[self._index.kind[rows] == Kind.FUNCTION]
        start = _Bodies(unit=self._unit[rows], row=rows, depth=np.zeros(len(rows), np.int64))
        self._pending = {INSTRUCTION_LIMIT: [start]}
        while self._pending:
            threshold = max(self._pending)
            self._look_at(_Bodies.join(self._pending.pop(threshold)), threshold)

    def _look_at(self, bodies: _Bodies, threshold: int) -> None:
        """``computeImportForFunction`` for many."""
        self._import_variables(bodies)
        calls = self._index.calls
        places, owners = calls.places(bodies.row)
        symbols, marks = calls.targets[places], calls.marks[places] & _HOTNESS_BITS
        foreign = np.flatnonzero(self._candidates.counts[symbols] > 0)
        foreign = foreign[~self._defines(bodies.unit[owners[foreign]], symbols[foreign], self._own)]
        # Hot edges first: what they find is not looked at again with less.
        for hotness in sorted(np.unique(marks[foreign]).tolist(), key=lambda word: -MULTIPLIERS[word]):
            chosen = foreign[marks[foreign] == hotness]
            wishes = _wishes(bodies, owners[chosen], symbols[chosen], scaled(threshold, MULTIPLIERS[hotness]))
            imported = self._decide(wishes)
            if len(imported.row):
                self._pending.setdefault(next_threshold(threshold, hot=hotness == _HOT), []).append(imported)

    def _decide(self, wishes: _Wishes) -> _Bodies:
        """Import or refuse; what was imported must be looked at in its turn."""
        keys = self._key(wishes.unit, wishes.symbol)
        places = first_of_each(keys, wishes.depth, self._index.symbol[wishes.caller])
        known = find(self._decided, keys[places])
        better = (known < 0) | (self._decided_at[known] < wishes.threshold) if len(self._decided) else known < 0
        wishes = wishes.take(places[better])
        self._remember(keys[places[better]], known[better], wishes.threshold)
        callers = self._index.module[wishes.caller]
        rows, reasons = self._candidates.callees(wishes.symbol, wishes.threshold, callers)
        good = rows >= 0
        self._refused.append((wishes.take(~good), reasons[~good]))
        wishes, rows = wishes.take(good), rows[good]
        self._taken.append((wishes, rows))
        return _Bodies(unit=wishes.unit, row=self._index.base[rows], depth=wishes.depth)

    def _remember(self, keys: Ints, known: Ints, threshold: int) -> None:
        self._decided_at[known[known >= 0]] = threshold
        keys = np.concatenate([self._decided, keys[known < 0]])
        thresholds = np.concatenate([self._decided_at, np.full(len(keys) - len(self._decided), threshold)])
        order = np.argsort(keys, kind="stable")
        self._decided, self._decided_at = keys[order], thresholds[order]

    def _import_variables(self, bodies: _Bodies) -> None:
        """``GlobalsImporter::onImportingSummary``: what bodies refer to, and on through initializers."""
        while len(bodies.row):
            places, owners = self._index.refs.places(bodies.row)
            symbols = self._index.refs.targets[places]
            possible = np.flatnonzero(self._candidates.has_variable[symbols])
            own = self._defines(bodies.unit[owners[possible]], symbols[possible], self._own_firm)
            possible = possible[~own]
            wishes = self._new_variables(_wishes(bodies, owners[possible], symbols[possible], NO_THRESHOLD))
            rows = self._candidates.variables(wishes.symbol, self._index.module[wishes.caller])
            wishes, rows = wishes.take(rows >= 0), rows[rows >= 0]
            self._variables.append((wishes, rows))
            keys = np.concatenate([self._variable_keys, self._key(wishes.unit, wishes.symbol)])
            self._variable_keys = np.sort(keys, kind="stable")
            # The initializer of what is only written becomes zero: its references go.
            on = np.flatnonzero(~self._link.write_only[rows])
            bodies = _Bodies(unit=wishes.unit, row=rows, depth=wishes.depth).take(on)

    def _new_variables(self, wishes: _Wishes) -> _Wishes:
        keys = self._key(wishes.unit, wishes.symbol)
        places = first_of_each(keys, wishes.depth, self._index.symbol[wishes.caller])
        return wishes.take(places[~contains(self._variable_keys, keys[places])])

    def imports(self) -> Imports:
        """All that was taken, functions and variables."""
        parts = self._taken + self._variables
        rows = joined([rows for _, rows in parts])
        found = _Columns.of([wishes for wishes, _ in parts])
        # Taken twice: once more with a higher threshold. The first time counts.
        places = first_of_each(self._key(found.unit, found.symbol))
        return Imports(
            unit=found.unit[places],
            symbol=found.symbol[places],
            row=rows[places],
            threshold=found.threshold[places],
            depth=found.depth[places],
            caller=found.caller[places],
        )

    def refusals(self) -> Refusals:
        """All that was refused in the end."""
        found = _Columns.of([wishes for wishes, _ in self._refused])
        taken = _Columns.of([wishes for wishes, _ in self._taken])
        reasons = np.concatenate([part for _, part in self._refused] or [np.zeros(0, np.uint8)])
        keys = self._key(found.unit, found.symbol)
        places = first_of_each(keys, -found.threshold)
        places = places[~contains(np.sort(self._key(taken.unit, taken.symbol)), keys[places])]
        row = self._candidates.first[found.symbol[places]]
        return Refusals(
            unit=found.unit[places],
            symbol=found.symbol[places],
            row=row,
            threshold=found.threshold[places],
            depth=found.depth[places],
            caller=found.caller[places],
            reason=reasons[places],
            size=self._candidates.instructions[row],
        )


def _wishes(bodies: _Bodies, owners: Ints, symbols: Ints, threshold: int) -> _Wishes:
    return _Wishes(
        unit=bodies.unit[owners],
        symbol=symbols,
        caller=bodies.row[owners],
        depth=bodies.depth[owners] + 1,
        threshold=threshold,
    )


def scaled(threshold: int, factor: float) -> int:
    """A threshold times a factor, as LLVM reckons: in single precision, then cut off."""
    return int(np.float32(threshold) * np.float32(factor))


def next_threshold(threshold: int, *, hot: bool = False) -> int:
    """The threshold for the callees of what was imported from a function that had this one."""
    return scaled(threshold, HOT_EVOLUTION_FACTOR if hot else EVOLUTION_FACTOR)
