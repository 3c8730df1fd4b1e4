"""What a goal wants: the weights of size, run time and build cost, and the front of the candidates. Pure.

Every metric is better when lower.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from burnish.tune.result import Goal

#: Differences of log metrics below these make no candidate better than another: without, the front is mostly noise.
EPSILON_SIZE: Final = 0.01
EPSILON_TIME: Final = 0.01
EPSILON_BUILD: Final = 0.05

#: The smallest gain of a goal, as a log ratio, that is worth a build, and worth a changed manifest: one percent.
RELEVANT: Final = 0.01


@dataclass(frozen=True, kw_only=True, slots=True)
class Weights:
    """What one log unit of each metric counts."""

    size: float
    time: float
    build: float


#: With a weight of 0.1, 10 % of one metric are worth 1 % of the leading one; smaller weights only break ties.
WEIGHTS: Final[Mapping[Goal, Weights]] = MappingProxyType(
    {
        Goal.SPEED: Weights(time=1.0, size=0.02, build=0.01),
        Goal.SIZE: Weights(size=1.0, time=0.1, build=0.01),
        Goal.BUILD: Weights(build=1.0, time=0.1, size=0.05),
        Goal.BALANCED: Weights(time=1.0, size=0.5, build=0.1),
    }
)


def utility(goal: Goal, *, size: float, time: float, build: float) -> float:
    """The weighted sum of log-ratios against the baseline; 0 for the baseline itself, lower is better.

    Args:
        goal: whose weights.
        size: ln(stripped size / the baseline's).
        time: ln(run time / the baseline's); 0 where there is no workload.
        build: ln(build cost / the baseline's).
    """
    weights = WEIGHTS[goal]
    return weights.size * size + weights.time * time + weights.build * build


def pareto_front(
    points: Sequence[Sequence[float]], epsilon: float | Sequence[float] = EPSILON_SIZE
) -> tuple[bool, ...]:
    """Which points are on the front: an epsilon-approximate Pareto set, never empty for at least one point.

    A point is off the front when another is as good in every metric and better in one, or when a point of the front
    that comes before it is worse by no more than epsilon in any metric. So of points within epsilon of each other the
    first stays, and each point that is left out is within epsilon of one on the front, or behind it.

    Args:
        points: for each candidate its log metrics, always the same ones; lower is better.
        epsilon: in the unit of the points; one for all metrics, or one for each.
    """
    if not points:
        return ()
    table = np.asarray(points, dtype=float)
    no_worse = (table[:, None, :] <= table[None, :, :]).all(axis=2)
    covers = (table[:, None, :] <= table[None, :, :] + np.asarray(epsilon)).all(axis=2)
    optimal = ~(no_worse & ~no_worse.T).any(axis=0)
    front = np.zeros(len(table), dtype=bool)
    for index in np.flatnonzero(optimal):
        front[index] = not covers[front, index].any()
    return tuple(bool(on) for on in front)
