"""Searches replayed over complete recorded grids: what each finds, for what cost. The truth is in the grid."""

import gzip
import itertools
import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from burnish.build.plan import cell
from burnish.profile.presets import presets
from burnish.profile.profile import CARGO_DEFAULT, Profile
from burnish.tune.goals import utility
from burnish.tune.prior import FACTORS, Terms, fit
from burnish.tune.result import Goal
from burnish.tune.search import Observation, next_candidate
from burnish.tune.space import code

GRIDS = Path(__file__).parents[2] / "bench" / "data" / "grids"


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """A profile of a grid.

    Attributes:
        size: bytes without symbols.
        build: CPU seconds of a build from nothing; ``rebuild``: seconds of the final crate alone.
        instructions: of the workload; ``time``: against the baseline, median of a few rounds.
    """

    profile: str
    size: int
    build: float
    rebuild: float
    instructions: int | None
    time: float | None


class Grid(msgspec.Struct, frozen=True, kw_only=True):
    """A project's grid: every code of its space. ``counted``: the workload of the instruction counts."""

    name: str
    package: str
    recorded: str
    circumstances: str
    workload: str
    baseline: str
    counted: str = ""
    points: list[Point]
    failed: list[str]


def save(grid: Grid) -> Path:
    """Keep a grid."""
    GRIDS.mkdir(parents=True, exist_ok=True)
    path = GRIDS / f"{grid.name}.json.gz"
    path.write_bytes(gzip.compress(msgspec.json.encode(grid), mtime=0))
    return path


def load(name: str) -> Grid:
    """A kept grid."""
    return msgspec.json.decode(gzip.decompress((GRIDS / f"{name}.json.gz").read_bytes()), type=Grid)


def grids() -> list[str]:
    """The names of all that are kept."""
    return sorted(path.name.removesuffix(".json.gz") for path in GRIDS.glob("*.json.gz"))


@dataclass
class World:
    """A grid that answers as a project would, and counts what was asked of it."""

    grid: Grid
    goal: Goal
    points: dict[Profile, Point] = field(init=False)
    base: Profile = field(init=False)
    looked: list[Profile] = field(default_factory=list)
    spent: float = 0.0

    def __post_init__(self) -> None:
        self.points = {Profile.parse(point.profile): point for point in self.grid.points}
        self.base = Profile.parse(self.grid.baseline)

    @property
    def space(self) -> list[Profile]:
        return list(self.points)

    def cost(self, profile: Profile) -> float:
        """Seconds: libraries where their cell is new, the final crate alone where it is not."""
        point = self.points[profile]
        return point.rebuild if cell(profile) in {cell(each) for each in self.looked} else point.build

    def look(self, profile: Profile) -> float:
        """Build and see: the utility; a profile that was seen costs nothing again."""
        if profile not in self.looked:
            self.spent += self.cost(profile)
            self.looked.append(profile)
        return self.utility(profile)

    def observation(self, profile: Profile) -> Observation:
        point = self.points[profile]
        # As in a tune without counts: the baseline's own time is the unit.
        speed = point.instructions or point.time or 1.0
        return Observation(size=float(point.size), speed=float(speed), build=point.build)

    def utility(self, profile: Profile) -> float:
        """Against the baseline, by the goal; lower is better."""
        own, base = self.observation(profile), self.observation(self.base)
        size = math.log(self.points[profile].size / self.points[self.base].size)
        time = math.log(own.speed / base.speed) if own.speed and base.speed else 0.0
        return utility(self.goal, size=size, time=time, build=math.log(own.build / base.build))

    @property
    def best(self) -> float:
        """The grid's."""
        return min(map(self.utility, self.points))

    @property
    def found(self) -> float:
        """The best looked at."""
        return min(map(self.utility, self.looked))

    @property
    def alone(self) -> float:
        """CPU seconds of looking at all by plain cargo, each from nothing."""
        return sum(point.build for point in self.points.values())

    @property
    def everything(self) -> float:
        """Seconds of looking at all, libraries shared as far as they can be."""
        cells: dict[str, float] = {}
        total = 0.0
        for profile, point in self.points.items():
            first = cell(profile) not in cells
            cells.setdefault(cell(profile), point.build)
            total += point.build if first else point.rebuild
        return total


def terms(of: Sequence[Grid]) -> Mapping[str, Terms]:
    """What options did on average over grids: log ratios against Cargo's default, of the profiles that all have.

    Not of build costs: they hang on the project and the machine, and the grids do not foretell each other's.
    """
    found = {}
    metrics: Mapping[str, Callable[[Point], float | None]] = {
        "size": lambda point: point.size,
        "instructions": lambda point: point.instructions,
    }
    for metric, value in metrics.items():
        logs: dict[Profile, list[float]] = {}
        for grid in of:
            seen = {Profile.parse(point.profile): value(point) for point in grid.points}
            base = seen[code(CARGO_DEFAULT)]
            for profile, figure in seen.items():
                if figure and base:
                    logs.setdefault(profile, []).append(math.log(figure / base))
        most = max(map(len, logs.values()))
        found[metric] = fit({each: sum(ratios) / most for each, ratios in logs.items() if len(ratios) == most})
    return found


def others(grid: Grid) -> Mapping[str, Terms]:
    """What all grids but this one let expect: a search must not know what it is looking for."""
    kept = [load(name) for name in grids() if name != grid.name]
    return terms(kept) if kept else {}


#: A search: looks at a world in its own order, one profile after the other.
Search = Callable[[World, random.Random], Iterator[Profile]]


def present(world: World, luck: random.Random) -> Iterator[Profile]:
    """`burnish tune`: baseline and two recipes, then what the model of effects expects to pay, until nothing does."""
    prior = others(world.grid)
    named = [code(each.profile) for each in presets(allowed_panic_abort=False, base=world.base) if each.always]
    yield from dict.fromkeys((world.base, *(each for each in named if each in world.points)))
    while True:
        proposal = next_candidate(
            world.space,
            {profile: world.observation(profile) for profile in world.looked},
            failed=frozenset(),
            goal=world.goal,
            expected_cost=world.cost,
            seed=str(luck.random()),
            prior=prior,
        )
        if proposal.profile is None:
            return
        yield proposal.profile


def at_random(world: World, luck: random.Random) -> Iterator[Profile]:
    """Any order."""
    yield world.base
    yield from luck.sample(world.space, len(world.space))


def one_at_a_time(world: World, luck: random.Random) -> Iterator[Profile]:
    """Each option alone, its best value kept, options in any order; then again from there."""
    yield world.base
    best = world.base
    while True:
        start = best
        for key in luck.sample(FACTORS, len(FACTORS)):
            for value in dict.fromkeys(profile.value(key) for profile in world.space):
                profile = code(best.with_value(key, value))
                if profile in world.points:
                    yield profile
                    best = min(best, profile, key=world.utility)
        if best == start:
            return


def factorial(world: World, luck: random.Random) -> Iterator[Profile]:
    """A fraction of the full factorial in which values are balanced, then the profiles that main effects favour."""
    yield world.base
    seen: list[Profile] = [world.base]
    for _ in range(len(world.space) // 4):
        rarest = min(luck.sample(world.space, len(world.space)), key=lambda each: _met(each, seen))
        seen.append(rarest)
        yield rarest
    effects = _main_effects(world, seen)
    left = [profile for profile in world.space if profile not in seen]
    yield from sorted(left, key=lambda each: sum(effects.get((key, each.value(key)), 0.0) for key in FACTORS))


def _met(profile: Profile, seen: Sequence[Profile]) -> int:
    pairs = list(itertools.combinations(FACTORS, 2))
    return sum(all(profile.value(key) == other.value(key) for key in pair) for other in seen for pair in pairs) + 10 * (
        profile in seen
    ) * len(pairs)


def _main_effects(world: World, seen: Sequence[Profile]) -> Mapping[tuple[str, str], float]:
    values: dict[tuple[str, str], list[float]] = {}
    for profile in seen:
        for key in FACTORS:
            values.setdefault((key, profile.value(key)), []).append(world.utility(profile))
    return {key: sum(found) / len(found) for key, found in values.items()}


#: Those that need nothing but burnish.
SEARCHES: Mapping[str, Search] = {
    "burnish": present,
    "random": at_random,
    "one at a time": one_at_a_time,
    "fractional factorial": factorial,
}

#: Utilities that are closer are the same: one percent of the leading metric.
CLOSE = 0.01


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How a search went.

    Attributes:
        builds: looked at when it ended (or was ended).
        share: of the cost of looking at all, libraries shared.
        alone: of the cost of looking at all by plain cargo.
        regret: utility lost against the grid's best; 0.01 is one percent of the leading metric.
        reached: builds until it was within `CLOSE` of the best; None where it never was.
    """

    builds: int
    share: float
    alone: float
    regret: float
    reached: int | None


def run(search: Search, grid: Grid, goal: Goal, *, seed: int, builds: int | None = None) -> Outcome:
    """Let a search look until it stops, or for so many builds."""
    world = World(grid=grid, goal=goal)
    reached = None
    for profile in search(world, random.Random(seed)):  # noqa: S311  # a seeded draw, nothing secret
        world.look(profile)
        if reached is None and world.found - world.best < CLOSE:
            reached = len(world.looked)
        if builds is not None and len(world.looked) >= builds:
            break
    return Outcome(
        builds=len(world.looked),
        share=world.spent / world.everything,
        alone=world.spent / world.alone,
        regret=world.found - world.best,
        reached=reached,
    )
