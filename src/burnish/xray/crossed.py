"""What crossed between modules: imports, refusals with their reasons, calls inlined across crates. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from burnish.xray.known import Known

#: What LLVM's words for a refused import mean.
REASONS: Final = {
    "GlobalVar": "a variable that cannot be copied",
    "NotLive": "dead in the module that has it",
    "TooLarge": "more instructions than the limit",
    "InterposableLinkage": "another definition may take its place",
    "LocalLinkageNotInModule": "local to another module",
    "NotEligible": "cannot be imported",
    "NoInline": "never inlined, so importing it gains nothing",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """Imports from a crate's modules into another's: how many, how many different names, their instructions."""

    source: str
    target: str
    imports: int
    functions: int
    instructions: int


@dataclass(frozen=True, kw_only=True, slots=True)
class InlinedPair:
    """Calls of one crate's functions that were inlined into another's."""

    source: str
    target: str
    calls: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """A function that was not imported. ``limit`` and ``instructions``: -1 where LLVM had none to compare.

    ``into``: crates that wanted it; ``times``: in how many units; ``limit``: the highest of them.
    """

    function: str
    crate: str
    into: tuple[str, ...]
    times: int
    instructions: int
    limit: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """Refusals of one reason, in LLVM's word; ``functions`` largest first."""

    word: str
    refusals: int
    functions: tuple[Refused, ...]

    @property
    def meaning(self) -> str:
        return REASONS.get(self.word, "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """A function that was imported: into which crates, in how many units, and the highest limit that it met."""

    function: str
    crate: str
    into: tuple[str, ...]
    times: int
    instructions: int
    limit: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Inlined:
    """Calls of a function from other crates that LLVM inlined.

    Attributes:
        into: callers, most calls first.
        calls: how many; ``costs`` and ``thresholds`` lowest and highest of those that LLVM gave, None where always.
        instructions: of the function before the link.
    """

    function: str
    crate: str
    into: tuple[str, ...]
    crates: tuple[str, ...]
    calls: int
    costs: tuple[int, int] | None
    thresholds: tuple[int, int] | None
    instructions: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """A call across crates that LLVM left a call, and why."""

    function: str
    crate: str
    caller: str
    cost: int
    threshold: int
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Crossed:
    """Everything that went from one module into another, or did not.

    Attributes:
        modules, units, crates: how many took part.
        pairs: most instructions first; ``imported`` those of the program's own crates first, largest first.
        inlined: by function, the program's own crates first; ``inlined_pairs`` by crates, most calls first.
        calls, standard_calls: calls inlined across crates; those within the standard library, which are not listed.
    """

    modules: int
    units: int
    crates: int
    pairs: tuple[Pair, ...]
    imported: tuple[Imported, ...]
    reasons: tuple[Reason, ...]
    inlined: tuple[Inlined, ...]
    inlined_pairs: tuple[InlinedPair, ...]
    calls: int
    standard_calls: int
    kept: tuple[Kept, ...]


@dataclass(slots=True)
class _Sum:
    """What is gathered of one function."""

    into: Counter[str] = field(default_factory=Counter)
    times: int = 0
    limit: int = -1
    instructions: int = -1


def crossed(facts: Known, crate: str = "") -> Crossed:
    """All of it; with ``crate``, what went into it or out of it."""
    inlined, calls, standard = _inlined(facts, crate)
    return Crossed(
        modules=len(facts.decisions.modules),
        units=len(facts.decisions.units),
        crates=len(set(facts.module_crates)),
        pairs=_pairs(facts, crate),
        imported=_imported(facts, crate),
        reasons=_refused(facts, crate),
        inlined=inlined,
        inlined_pairs=_inlined_pairs(facts, crate),
        calls=calls,
        standard_calls=standard,
        kept=_kept(facts, crate),
    )


def _ours(facts: Known, number: int, instructions: int) -> tuple[bool, int, str]:
    """The order of lists: the program's own crates first, the largest first."""
    return facts.crate(number) not in facts.own, -instructions, facts.shown(number)


def _pairs(facts: Known, crate: str) -> tuple[Pair, ...]:
    columns = facts.decisions.imports
    imports: Counter[tuple[str, str]] = Counter()
    instructions: Counter[tuple[str, str]] = Counter()
    names: dict[tuple[str, str], set[int]] = defaultdict(set)
    for unit, module, name, size in zip(columns.unit, columns.module, columns.name, columns.instructions, strict=True):
        pair = facts.module_crates[module], facts.unit_crates[unit]
        if not crate or crate in pair:
            imports[pair] += 1
            instructions[pair] += max(0, size)
            names[pair].add(name)
    found = [
        Pair(
            source=pair[0],
            target=pair[1],
            imports=count,
            functions=len(names[pair]),
            instructions=instructions[pair],
        )
        for pair, count in imports.items()
    ]
    return tuple(sorted(found, key=lambda pair: (-pair.instructions, -pair.imports, pair.source, pair.target)))


def _imported(facts: Known, crate: str) -> tuple[Imported, ...]:
    columns = facts.decisions.imports
    found: dict[int, _Sum] = defaultdict(_Sum)
    for unit, module, name, limit, size in zip(
        columns.unit, columns.module, columns.name, columns.threshold, columns.instructions, strict=True
    ):
        if crate and crate not in {facts.module_crates[module], facts.unit_crates[unit]}:
            continue
        if limit >= 0:  # variables come without a limit
            _add(found[facts.decided[name]], facts.unit_crates[unit], limit, size)
    ordered = sorted(found.items(), key=lambda item: _ours(facts, item[0], item[1].instructions))
    return tuple(
        Imported(
            function=facts.shown(number),
            crate=facts.crate(number),
            into=tuple(sorted(each.into)),
            times=each.times,
            instructions=each.instructions,
            limit=each.limit,
        )
        for number, each in ordered
    )


def _add(found: _Sum, into: str, limit: int, size: int) -> None:
    found.into[into] += 1
    found.times += 1
    found.limit = max(found.limit, limit)
    found.instructions = max(found.instructions, size)


def _refused(facts: Known, crate: str) -> tuple[Reason, ...]:
    columns = facts.decisions.refusals
    found: dict[int, dict[int, _Sum]] = defaultdict(lambda: defaultdict(_Sum))
    for place, unit in enumerate(columns.unit):
        target, source = facts.unit_crates[unit], facts.module_crates[columns.module[place]]
        if crate and crate not in {source, target}:
            continue
        each = found[columns.reason[place]][facts.decided[columns.name[place]]]
        _add(each, target, columns.threshold[place], columns.instructions[place])
    return tuple(
        sorted(
            (_reason(facts, facts.decisions.reasons[number], functions) for number, functions in found.items()),
            key=lambda reason: (-reason.refusals, reason.word),
        )
    )


def _reason(facts: Known, word: str, functions: dict[int, _Sum]) -> Reason:
    ordered = sorted(functions.items(), key=lambda item: _ours(facts, item[0], item[1].instructions))
    return Reason(
        word=word,
        refusals=sum(each.times for each in functions.values()),
        functions=tuple(
            Refused(
                function=facts.shown(number),
                crate=facts.crate(number),
                into=tuple(sorted(each.into)),
                times=each.times,
                instructions=each.instructions,
                limit=each.limit,
            )
            for number, each in ordered
        ),
    )


def _inlined(facts: Known, crate: str) -> tuple[tuple[Inlined, ...], int, int]:
    """Functions inlined into other crates; how many calls, and how many of them are the standard library's own."""
    columns = facts.seen.inlines
    sites: dict[int, list[int]] = defaultdict(list)
    calls = standard = 0
    for place, callee in enumerate(columns.callee):
        if not columns.inlined[place]:
            continue
        pair = facts.crate(callee), facts.crate(columns.caller[place])
        if pair[0] == pair[1] or (crate and crate not in pair):
            continue
        calls += columns.count[place]
        if not facts.own.intersection(pair):
            standard += columns.count[place]
        else:
            sites[callee].append(place)
    ordered = sorted(sites, key=lambda callee: _ours(facts, callee, facts.instructions(callee)))
    return tuple(_sites(facts, callee, sites[callee]) for callee in ordered), calls, standard


def _inlined_pairs(facts: Known, crate: str) -> tuple[InlinedPair, ...]:
    columns = facts.seen.inlines
    calls: Counter[tuple[str, str]] = Counter()
    for callee, caller, inlined, count in zip(
        columns.callee, columns.caller, columns.inlined, columns.count, strict=True
    ):
        pair = facts.crate(callee), facts.crate(caller)
        if inlined and pair[0] != pair[1] and (not crate or crate in pair):
            calls[pair] += count
    ordered = sorted(calls.items(), key=lambda item: (-item[1], item[0]))
    return tuple(InlinedPair(source=pair[0], target=pair[1], calls=count) for pair, count in ordered)


def _sites(facts: Known, callee: int, places: list[int]) -> Inlined:
    columns = facts.seen.inlines
    callers: Counter[int] = Counter()
    for place in places:
        callers[columns.caller[place]] += columns.count[place]
    given = [place for place in places if columns.threshold[place] >= 0]
    ordered = [number for number, _ in callers.most_common()]
    return Inlined(
        function=facts.shown(callee),
        crate=facts.crate(callee),
        into=tuple(dict.fromkeys(facts.shown(number) for number in ordered)),
        crates=tuple(dict.fromkeys(facts.crate(number) for number in ordered)),
        calls=sum(callers.values()),
        costs=_range(columns.cost[place] for place in given),
        thresholds=_range(columns.threshold[place] for place in given),
        instructions=facts.instructions(callee),
    )


def _range(values: Iterable[int]) -> tuple[int, int] | None:
    found = sorted(values)
    return (found[0], found[-1]) if found else None


def _kept(facts: Known, crate: str) -> tuple[Kept, ...]:
    columns = facts.seen.inlines
    found: dict[tuple[int, int], int] = {}
    done = {
        (callee, caller)
        for callee, caller, inlined in zip(columns.callee, columns.caller, columns.inlined, strict=True)
        if inlined
    }
    for place, callee in enumerate(columns.callee):
        if columns.inlined[place] or callee not in facts.definitions:
            continue
        pair = facts.crate(callee), facts.crate(columns.caller[place])
        if pair[0] == pair[1] or not facts.own.intersection(pair) or (crate and crate not in pair):
            continue
        # LLVM comes to a call again and again: the last word on it may be another one.
        if (callee, columns.caller[place]) not in done:
            found[callee, columns.caller[place]] = place
    rows = [
        Kept(
            function=facts.shown(callee),
            crate=facts.crate(callee),
            caller=facts.shown(caller),
            cost=columns.cost[place],
            threshold=columns.threshold[place],
            reason=facts.seen.reasons[columns.reason[place]] if columns.reason[place] >= 0 else "",
        )
        for (callee, caller), place in found.items()
    ]
    return tuple(sorted(rows, key=lambda row: _nearness(row, facts.own)))


def _nearness(row: Kept, own: frozenset[str]) -> tuple[bool, bool, int, str, str]:
    """The order of calls that stay: own crates first, then where least was missing for another verdict."""
    compared = row.threshold >= 0
    return row.crate not in own, not compared, row.cost - row.threshold if compared else 0, row.function, row.caller
