"""What vanished: definitions of the link that are not in the program, why, what they would have cost. Pure."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from burnish.build.symbols import FOREIGN, UNKNOWN
from burnish.xray.estimate import Fit, fit
from burnish.xray.known import Definition, Known


class Way(StrEnum):
    """How a definition went."""

    DEAD = "dead"
    INLINED = "inlined"
    OPTIMIZED = "optimized away"

    @property
    def meaning(self) -> str:
        return _MEANINGS[self]


_MEANINGS = {
    Way.DEAD: "nothing that lives refers to it: the thin link leaves it out",
    Way.INLINED: "alive, inlined into its callers, no copy of its own left",
    Way.OPTIMIZED: "alive, but the optimizer found no use for it, or an equal one",
}


class Gone(msgspec.Struct, frozen=True, kw_only=True):  # as many as functions: a dataclass takes thrice as long
    """A definition that is not in the program.

    Attributes:
        instructions: before the link; -1: a variable.
        size, error: bytes that it would have cost, estimated, with two standard deviations; 0 of variables.
        sites: calls of it that were inlined.
    """

    name: str
    crate: str
    way: Way
    instructions: int
    size: int
    error: int
    sites: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CrateLoss:
    """A crate's functions: how many there were, how many went in each way, the bytes that these would have cost."""

    crate: str
    functions: int
    counts: dict[Way, int]
    sizes: dict[Way, int]
    errors: dict[Way, int]

    @property
    def size(self) -> int:
        return sum(self.sizes.values())

    @property
    def gone(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, kw_only=True, slots=True)
class Vanished:
    """All that went.

    Attributes:
        functions: names of functions that the modules define; ``left`` of them are in the program.
        crates: most bytes first.
        gone: the program's own crates first, largest first.
        fit: what the estimate rests on; None where there are too few functions, and no bytes are said.
    """

    functions: int
    left: int
    crates: tuple[CrateLoss, ...]
    gone: tuple[Gone, ...]
    fit: Fit | None

    def count(self, way: Way) -> int:
        return sum(crate.counts.get(way, 0) for crate in self.crates)

    def size(self, way: Way) -> int:
        return sum(crate.sizes.get(way, 0) for crate in self.crates)

    def error(self, way: Way) -> int:
        """Of a sum: the errors of its parts are independent of each other."""
        return round(math.hypot(*(crate.errors.get(way, 0) for crate in self.crates)))


def vanished(facts: Known, crate: str = "") -> Vanished:
    """What went; with ``crate``, of it alone."""
    sites = _sites(facts)
    estimate = fit(_samples(facts))
    wanted = [each for each in facts.definitions.values() if not crate or facts.crate(each.number) == crate]
    functions = [each for each in wanted if each.instructions >= 0]
    gone = [_gone(facts, each, sites, estimate) for each in _missing(facts, wanted)]
    gone.sort(key=lambda each: (each.crate not in facts.own, -each.instructions, each.name))
    return Vanished(
        functions=len(functions),
        left=sum(each.number in facts.rows for each in functions),
        crates=_by_crate(facts, functions, gone, estimate),
        gone=tuple(gone),
        fit=estimate,
    )


def bytes_per_instruction(facts: Known) -> Fit | None:
    """The fit alone."""
    return fit(_samples(facts))


def way_of(facts: Known, definition: Definition, inlined: int) -> Way | None:
    """How a definition went; None where it is in the program. ``inlined``: calls of it that were."""
    if definition.number in facts.rows:
        return None
    if not definition.live:
        return Way.DEAD
    return Way.INLINED if inlined else Way.OPTIMIZED


def _missing(facts: Known, wanted: list[Definition]) -> Iterator[Definition]:
    """Functions, and variables that Rust code has a name for: constants have none that a program keeps."""
    for each in wanted:
        if each.number in facts.rows:
            continue
        if each.instructions >= 0 or facts.crate(each.number) not in {FOREIGN, UNKNOWN}:
            yield each


def _gone(facts: Known, each: Definition, sites: Counter[int], estimate: Fit | None) -> Gone:
    return Gone(
        name=facts.shown(each.number),
        crate=facts.crate(each.number),
        way=way_of(facts, each, sites[each.number]) or Way.OPTIMIZED,
        instructions=each.instructions,
        size=estimate.bytes(each.instructions) if estimate else 0,
        error=estimate.error(each.instructions) if estimate else 0,
        sites=sites[each.number],
    )


def _by_crate(
    facts: Known, functions: list[Definition], gone: list[Gone], estimate: Fit | None
) -> tuple[CrateLoss, ...]:
    totals = Counter(facts.crate(each.number) for each in functions)
    counts: dict[str, Counter[Way]] = defaultdict(Counter)
    instructions: dict[str, Counter[Way]] = defaultdict(Counter)
    for each in gone:
        if each.instructions >= 0:
            counts[each.crate][each.way] += 1
            instructions[each.crate][each.way] += each.instructions
    found = [
        CrateLoss(
            crate=crate,
            functions=totals[crate],
            counts=dict(counts[crate]),
            sizes={way: estimate.bytes(n) if estimate else 0 for way, n in instructions[crate].items()},
            errors={way: estimate.error(n) if estimate else 0 for way, n in instructions[crate].items()},
        )
        for crate in counts
    ]
    return tuple(sorted(found, key=lambda loss: (-loss.size, -loss.gone, loss.crate)))


def _sites(facts: Known) -> Counter[int]:
    columns = facts.seen.inlines
    found: Counter[int] = Counter()
    for callee, inlined, count in zip(columns.callee, columns.inlined, columns.count, strict=True):
        if inlined:
            found[callee] += count
    return found


def _samples(facts: Known) -> list[tuple[int, int]]:
    """Instructions and bytes of functions that are in the program as they were: nothing was inlined into them."""
    columns = facts.seen.inlines
    changed = {caller for caller, inlined in zip(columns.caller, columns.inlined, strict=True) if inlined}
    return [
        (each.instructions, facts.anatomy.symbols.size[rows[0]])
        for number, each in facts.definitions.items()
        if number not in changed and len(rows := facts.rows.get(number, [])) == 1
    ]
