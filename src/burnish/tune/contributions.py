"""What each option contributes, from whatever was built: effects alone and together, and the way step by step. Pure.

Where the profile that shows an effect was built, its figure is exact; else the model of effects says what it expects,
with an interval, and the figure is marked as not measured.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, permutations
from typing import Final

import numpy as np

from burnish.profile.options import Strip
from burnish.profile.profile import Profile
from burnish.tune.effects import Model
from burnish.tune.prior import FACTORS
from burnish.tune.result import Row
from burnish.tune.space import code

#: With fewer builds the model would say its prior.
FEWEST: Final = 4
_DRAWS: Final = 4000
_SEED: Final = 20260101
#: Ends of the intervals: 95 % of the draws lie between.
_ENDS: Final = (2.5, 97.5)

#: An option and its value.
Change = tuple[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Metric:
    """Something of a row that is smaller where it is better; None where a row has it not."""

    name: str
    of: Callable[[Row], float | None]


def _instructions(row: Row) -> float | None:
    return None if row.instructions is None else float(row.instructions)


METRICS: Final = (
    Metric(name="size without symbols", of=lambda row: float(row.size.stripped)),
    Metric(name="instructions", of=_instructions),
    Metric(name="CPU of a cold build", of=lambda row: row.cost.cpu),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """Changes together, against the profile they change: a ratio; with an interval where it was not measured."""

    changes: tuple[Change, ...]
    ratio: float
    low: float
    high: float
    measured: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """Two changes alone and together.

    ``overlap`` is what each saves alone less what both save together, as a share of the whole: positive where one does
    part of the other's work, negative where they help each other.
    """

    first: Effect
    second: Effect
    both: Effect

    @property
    def overlap(self) -> float:
        return (1 - self.first.ratio) + (1 - self.second.ratio) - (1 - self.both.ratio)

    @property
    def measured(self) -> bool:
        return self.first.measured and self.second.measured and self.both.measured


@dataclass(frozen=True, kw_only=True, slots=True)
class Contributions:
    """Of one metric: each option's value alone, and each pair of the wanted changes."""

    metric: str
    builds: int
    alone: tuple[Effect, ...]
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One option changed on the way: the metric's value after it; ``measured`` or expected by the model."""

    change: Change | None
    profile: Profile
    value: float
    measured: bool


def contributions(rows: Sequence[Row], metric: Metric, wanted: Profile) -> Contributions | None:
    """Effects on a metric of the changes from the baseline (the first row) to the wanted profile.

    None with too few builds that have the metric, or where nothing is changed that changes the code.
    """
    seen = _seen(rows, metric)
    base = code(rows[0].profile)
    changes = tuple((key, wanted.value(key)) for key in FACTORS if wanted.value(key) != base.value(key))
    if base not in seen or len(seen) < FEWEST or not changes:
        return None
    model = _Expected(seen)
    alone = tuple(model.effect(base, (change,)) for change in changes)
    pairs = tuple(
        Pair(first=first, second=second, both=model.effect(base, (*first.changes, *second.changes)))
        for first, second in combinations(alone, 2)
    )
    return Contributions(metric=metric.name, builds=len(seen), alone=alone, pairs=pairs)


def waterfall(rows: Sequence[Row], start: Profile, end: Profile, metric: Metric = METRICS[0]) -> tuple[Step, ...]:
    """A metric on the way from one profile to another, one option at a time; empty where too little was built to tell.

    Of all orders of the options the one with the most measured steps, the first of them in the order of the table: what
    an option brings depends on what was changed before it.
    """
    seen = _seen(rows, metric)
    start, end = code(start), code(end)
    changes = [(key, end.value(key)) for key in FACTORS if end.value(key) != start.value(key)]
    if len(seen) < FEWEST or not changes or end not in seen:
        return ()
    ways = [_way(start, order) for order in permutations(changes)]
    best = max(ways, key=lambda way: sum(profile in seen for _, profile in way))
    model = _Expected(seen)
    return tuple(
        Step(change=change, profile=profile, value=model.value(profile), measured=profile in seen)
        for change, profile in best
    )


def _way(start: Profile, order: Sequence[Change]) -> list[tuple[Change | None, Profile]]:
    way: list[tuple[Change | None, Profile]] = [(None, start)]
    for key, value in order:
        way.append(((key, value), code(_changed(way[-1][1], ((key, value),)))))
    return way


def _changed(profile: Profile, changes: Sequence[Change]) -> Profile:
    for key, value in changes:
        profile = profile.with_value(key, value)
    return profile


def _seen(rows: Sequence[Row], metric: Metric) -> Mapping[Profile, float]:
    found = {code(row.profile): metric.of(row) for row in rows}
    return {profile: value for profile, value in found.items() if value is not None and value > 0}


class _Expected:
    """What was seen, and what the model expects of the rest."""

    def __init__(self, seen: Mapping[Profile, float]) -> None:
        self.seen = seen
        self.model = Model.fit({profile: math.log(value) for profile, value in seen.items()})

    def value(self, profile: Profile) -> float:
        if profile in self.seen:
            return self.seen[profile]
        (mean,), _ = self.model.predict([profile])
        return math.exp(mean)

    def effect(self, base: Profile, changes: tuple[Change, ...]) -> Effect:
        """Against a base that was seen."""
        profile = code(_changed(base, changes))
        if profile in self.seen:
            ratio = self.seen[profile] / self.seen[base]
            return Effect(changes=changes, ratio=ratio, low=ratio, high=ratio, measured=True)
        draws = self.model.draw([profile], _DRAWS, np.random.default_rng(_SEED))[:, 0] - math.log(self.seen[base])
        low, high = np.exp(np.percentile(draws, _ENDS)).tolist()
        return Effect(changes=changes, ratio=float(np.exp(np.median(draws))), low=low, high=high, measured=False)


def stripping(rows: Sequence[Row], start: Profile, end: Profile) -> tuple[int, int] | None:
    """Bytes of the start's file, with its symbols and without, where the end drops symbols that the start keeps."""
    if end.strip is not Strip.SYMBOLS or start.strip is Strip.SYMBOLS:
        return None
    for row in rows:
        if replace(row.profile, strip=start.strip) == start and row.profile.strip is start.strip:
            return row.size.file, row.size.stripped
    return None
