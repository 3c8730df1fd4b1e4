"""Each benchmark of a criterion bench by itself: what the geometric mean is made of. Pure."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from burnish.measure.statistics import ALPHA, yuen_interval
from burnish.measure.values import Round


@dataclass(frozen=True, kw_only=True, slots=True)
class Benchmark:
    """One benchmark of two programs, from the rounds both ran in.

    Attributes:
        name: criterion's id.
        before: median over the rounds of criterion's mean for the reference, in seconds.
        ratio: of times; 0.95 is 5 % less time.
        low, high: its 95 % interval, of this benchmark alone: among many, some leave 1 out by chance.
    """

    name: str
    before: float
    ratio: float
    low: float
    high: float


def benchmarks(rounds: Sequence[Round], arm: str, reference: str) -> tuple[Benchmark, ...]:
    """Each benchmark of ``arm`` against that of ``reference``; nothing for rounds of another workload."""
    pairs: dict[str, list[tuple[float, float]]] = {}
    for each in rounds:
        found = {sample.arm: dict(sample.estimates) for sample in each.samples}
        mine, other = found.get(arm, {}), found.get(reference, {})
        for name in mine.keys() & other.keys():
            pairs.setdefault(name, []).append((mine[name], other[name]))
    return tuple(_benchmark(name, pairs[name]) for name in sorted(pairs))


def _benchmark(name: str, pairs: Sequence[tuple[float, float]]) -> Benchmark:
    interval = yuen_interval([math.log(mine / other) for mine, other in pairs], alpha=ALPHA)
    return Benchmark(
        name=name,
        before=statistics.median(other for _, other in pairs) * 1e-9,
        ratio=math.exp(interval.estimate),
        low=math.exp(interval.low),
        high=math.exp(interval.high),
    )
