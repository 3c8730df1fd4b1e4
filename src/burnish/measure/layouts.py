"""Luck of layout: two programs linked in several random orders, and what their times say of another order. Pure.

The same code in another order can run some percent faster or slower, and the next change of the source draws a new
order. So a difference between two profiles is one that holds over orders. Rounds belong to layouts: each layout has
the mean of its rounds, and the layouts are what is counted, not the rounds (T. Kalibera and R. Jones, "Rigorous
Benchmarking in Reasonable Time", ISMM 2013: the spread of the highest level decides).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from burnish.measure.statistics import ALPHA, student_t_below, student_t_quantile, yuen_interval
from burnish.measure.values import Round

#: Layouts of each program, and rounds of each pair of layouts.
LAYOUTS: Final = 6
ROUNDS_EACH: Final = 6


class Linker(StrEnum):
    """What linked the layouts."""

    OWN = "own"
    """The project's own linker, which shuffles sections."""
    LLD = "lld"
    """The toolchain's lld, because the project's linker does not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LayoutLuck:
    """Run time of one program against another's over random layouts of both.

    Attributes:
        layouts, rounds: how many pairs of layouts, and rounds in all.
        ratio: of times, mean over layouts; ``low`` and ``high`` its 95 % interval.
        spread: standard deviation between layouts, relative; what is left of the noise of their rounds is in it.
        chance: that the program is the faster one under layouts that were not tried.
        linker: what linked them.
    """

    layouts: int
    rounds: int
    ratio: float
    low: float
    high: float
    spread: float
    chance: float
    linker: Linker = Linker.OWN

    @property
    def holds(self) -> bool:
        """Whether the difference is one over layouts, whatever its sign."""
        return self.high < 1 or self.low > 1


def arm(program: str, layout: int) -> str:
    """The name of a program's layout among the arms of a round."""
    return f"{program}@{layout}"


def ratios_by_layout(rounds: Sequence[Round], program: str, reference: str) -> Mapping[int, tuple[float, ...]]:
    """ln(time of ``program`` / time of ``reference``) of the rounds of each layout, by its number."""
    found: dict[int, list[float]] = {}
    for each in rounds:
        times = {sample.arm: sample.time for sample in each.samples}
        for name, time in times.items():
            owner, _, number = name.rpartition("@")
            other = times.get(arm(reference, int(number))) if owner == program else None
            if other is not None:
                found.setdefault(int(number), []).append(math.log(time / other))
    return {number: tuple(found[number]) for number in sorted(found)}


def layout_luck(ratios: Mapping[int, Sequence[float]]) -> LayoutLuck | None:
    """What the layouts say; None with fewer than three.

    The chance is that of the predictive distribution of one more layout: Student's t around the mean, with the
    deviation between layouts times the root of 1 + 1/n.
    """
    means = [yuen_interval(values, alpha=ALPHA).estimate for values in ratios.values() if values]
    n = len(means)
    if n < 3:
        return None
    centre = math.fsum(means) / n
    deviation = math.sqrt(math.fsum((mean - centre) ** 2 for mean in means) / (n - 1))
    reach = student_t_quantile(1 - ALPHA / 2, n - 1) * deviation / math.sqrt(n)
    wide = deviation * math.sqrt(1 + 1 / n)
    certain = 0.5 if centre == 0 else float(centre < 0)
    return LayoutLuck(
        layouts=n,
        rounds=sum(map(len, ratios.values())),
        ratio=math.exp(centre),
        low=math.exp(centre - reach),
        high=math.exp(centre + reach),
        spread=math.expm1(deviation),
        chance=student_t_below(-centre / wide, n - 1) if wide > 0 else certain,
    )
