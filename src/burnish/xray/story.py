"""The whole story of a function: where it is defined, who imports it, the verdict on each call, what is left. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from burnish.lto.decide.fate import REASONS as FATE_REASONS
from burnish.lto.decide.fate import Fate
from burnish.xray.crossed import REASONS
from burnish.xray.known import Definition, Known
from burnish.xray.names import bare_name
from burnish.xray.values import Anatomy
from burnish.xray.vanished import Way, way_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A definition before the link: its module, and what the link made of it, with LLVM's or the linker's reason."""

    module: str
    crate: str
    fate: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """A unit that wanted to import it: for which function, what came of it (empty: imported), the limit in force.

    ``limit``: -1 where LLVM compared nothing.
    """

    unit: str
    caller: str
    refusal: str
    limit: int

    @property
    def meaning(self) -> str:
        return REASONS.get(self.refusal, "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """Calls in one function: how many, LLVM's verdict on them; cost and threshold -1 where LLVM gave none."""

    caller: str
    calls: int
    inlined: bool
    cost: int
    threshold: int
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Left:
    """A symbol of it in the program: bytes, what would go with it (-1: not known), and who still refers to it."""

    name: str
    size: int
    retained: int
    referrers: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Copy:
    """One definition of the name: a generic has as many as it has sets of arguments.

    Attributes:
        mangled: as the linker has it.
        instructions: before the link; -1: no function.
        wishes, sites: of other units, and of calls of it; ``into_it`` what was inlined into it.
        way: how it went; None where something is left.
    """

    mangled: str
    shown: str
    crate: str
    instructions: int
    live: bool
    places: tuple[Place, ...]
    wishes: tuple[Wish, ...]
    sites: tuple[Site, ...]
    into_it: tuple[Site, ...]
    left: tuple[Left, ...]
    way: Way | None

    @property
    def is_function(self) -> bool:
        return self.instructions >= 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """What was found for a name: copies where one function is meant, or the names that it may mean."""

    asked: str
    copies: tuple[Copy, ...]
    candidates: tuple[str, ...]


def matching(shown: Iterable[str], asked: str) -> tuple[str, ...]:
    """The names meant: an exact one, or else all that end with what was asked, whole segments of paths only.

    Type arguments may be left out: ``Vec::push`` means ``alloc::vec::Vec<u8>::push`` as well. So may what LLVM puts
    behind a name: ``limits::TRACE`` means ``limits::TRACE.0``.
    """
    wanted = asked.strip().removeprefix("::")
    names = distinct_names(shown)
    if not wanted:
        return ()
    if exact := [name for name in names if name == wanted]:
        return tuple(exact)
    if "<" not in wanted:
        plain = [(name, bare_name(name)) for name in names]
        if exact := [name for name, bare in plain if bare == wanted]:
            return tuple(exact)
        return tuple(name for name, bare in plain if _ends(bare, wanted) or _ends(name, wanted))
    return tuple(name for name in names if _ends(name, wanted))


def distinct_names(shown: Iterable[str]) -> list[str]:
    """Each once, sorted."""
    return sorted(set(shown))


def _ends(name: str, wanted: str) -> bool:
    return name.endswith(wanted) and (len(name) == len(wanted) or name[: -len(wanted)].endswith(("::", "<")))


def story(facts: Known, asked: str) -> Story:
    """The story of a name; several functions may have it, then only their names."""
    wanted = [number for number in facts.definitions if asked_for(facts.names.shown[number], asked)]
    names = matching((facts.names.shown[number] for number in wanted), asked)
    if len({bare_name(name) for name in names}) != 1:
        return Story(asked=asked, copies=(), candidates=names)
    chosen = set(names)
    numbers = [number for number in wanted if facts.names.shown[number] in chosen]
    numbers.sort(key=lambda number: (facts.names.shown[number], facts.seen.names[number]))
    gathered = _Gathered(facts, numbers)
    return Story(asked=asked, copies=tuple(gathered.copy(number) for number in numbers), candidates=names)


def asked_for(shown: str, asked: str) -> bool:
    """A quick look whether a name can match at all."""
    return asked.strip().rpartition("::")[2].partition("<")[0].strip("<> ") in shown


def anatomy_story(anatomy: Anatomy, asked: str) -> Story:
    """The little that a program alone tells: what is left of a name."""
    symbols = anatomy.symbols
    shown = {row: anatomy.names[number] for row, number in enumerate(symbols.shown)}
    names = matching((name for name in shown.values() if asked_for(name, asked)), asked)
    if len({bare_name(name) for name in names}) != 1:
        return Story(asked=asked, copies=(), candidates=names)
    chosen = set(names)
    copies = [
        Copy(
            mangled=anatomy.names[symbols.name[row]],
            shown=name,
            crate=anatomy.crates[symbols.crate[row]],
            instructions=0 if anatomy.sections[symbols.section[row]].kind == "code" else -1,
            live=True,
            places=(),
            wishes=(),
            sites=(),
            into_it=(),
            left=(_left(anatomy, row),),
            way=None,
        )
        for row, name in shown.items()
        if name in chosen
    ]
    return Story(asked=asked, copies=tuple(copies), candidates=names)


def _left(anatomy: Anatomy, row: int) -> Left:
    symbols, referrers = anatomy.symbols, []
    if anatomy.references is not None:
        targets = anatomy.references.target
        referrers = [anatomy.references.source[place] for place, target in enumerate(targets) if target == row]
    return Left(
        name=anatomy.names[symbols.name[row]],
        size=symbols.size[row],
        retained=symbols.retained[row],
        referrers=tuple(
            dict.fromkeys(anatomy.names[symbols.shown[source]] for source in referrers if source not in {row, -1})
        ),
    )


class _Gathered:
    """The rows of all tables that speak of some names: each table is gone through once."""

    def __init__(self, facts: Known, numbers: Sequence[int]) -> None:
        self.facts = facts
        wanted = set(numbers)
        self.imports = self._places(facts.decisions.imports.name, wanted)
        self.refusals = self._places(facts.decisions.refusals.name, wanted)
        self.fates = self._places(facts.decisions.fates.name, wanted)
        self.callee, self.caller = defaultdict[int, list[int]](list), defaultdict[int, list[int]](list)
        columns = facts.seen.inlines
        for place, (caller, callee) in enumerate(zip(columns.caller, columns.callee, strict=True)):
            if callee in wanted:
                self.callee[callee].append(place)
            if caller in wanted and columns.inlined[place]:
                self.caller[caller].append(place)

    def _places(self, column: Sequence[int], wanted: set[int]) -> dict[int, list[int]]:
        decided, found = self.facts.decided, defaultdict[int, list[int]](list)
        for place, name in enumerate(column):
            if decided[name] in wanted:
                found[decided[name]].append(place)
        return found

    def copy(self, number: int) -> Copy:
        facts, definition = self.facts, self.facts.definitions[number]
        sites = tuple(self._sites(self.callee[number], other="caller"))
        return Copy(
            mangled=facts.seen.names[number],
            shown=facts.shown(number),
            crate=facts.crate(number),
            instructions=definition.instructions,
            live=definition.live,
            places=tuple(self._defined(definition)),
            wishes=tuple(self._wishes(number)),
            sites=sites,
            into_it=tuple(self._sites(self.caller[number], other="callee")),
            left=tuple(_left(facts.anatomy, row) for row in facts.rows.get(number, ())),
            way=way_of(facts, definition, sum(site.calls for site in sites if site.inlined)),
        )

    def _defined(self, definition: Definition) -> Iterator[Place]:
        facts, fates = self.facts, self.facts.decisions.fates
        told = {fates.module[place]: place for place in self.fates[definition.number]}
        for module in definition.modules:
            place = told.get(module)
            if place is None:
                fate = Fate.INTERNAL if definition.live else Fate.DEAD
                reason = FATE_REASONS[fate]
            else:
                fate, reason = Fate(fates.fate[place]), facts.decisions.reasons[fates.reason[place]]
            yield Place(
                module=facts.decisions.modules[module].source,
                crate=facts.module_crates[module],
                fate=fate.name.lower().replace("_", " "),
                reason=reason,
            )

    def _wishes(self, number: int) -> Iterator[Wish]:
        facts = self.facts
        imports, refusals = facts.decisions.imports, facts.decisions.refusals
        for place in self.imports[number]:
            yield Wish(
                unit=facts.unit_crates[imports.unit[place]],
                caller=facts.shown(facts.decided[imports.caller[place]]),
                refusal="",
                limit=imports.threshold[place],
            )
        for place in self.refusals[number]:
            yield Wish(
                unit=facts.unit_crates[refusals.unit[place]],
                caller=facts.shown(facts.decided[refusals.caller[place]]),
                refusal=facts.decisions.reasons[refusals.reason[place]],
                limit=refusals.threshold[place],
            )

    def _sites(self, places: Sequence[int], *, other: str) -> Iterator[Site]:
        columns, facts = self.facts.seen.inlines, self.facts
        names = columns.caller if other == "caller" else columns.callee
        counts: Counter[Site] = Counter()
        for place in places:
            site = Site(
                caller=facts.shown(names[place]),
                calls=0,
                inlined=columns.inlined[place],
                cost=columns.cost[place],
                threshold=columns.threshold[place],
                reason=facts.seen.reasons[columns.reason[place]] if columns.reason[place] >= 0 else "",
            )
            counts[site] += columns.count[place]
        for site, count in sorted(counts.items(), key=lambda item: (not item[0].inlined, item[0].caller, item[0].cost)):
            yield Site(
                caller=site.caller,
                calls=count,
                inlined=site.inlined,
                cost=site.cost,
                threshold=site.threshold,
                reason=site.reason,
            )
