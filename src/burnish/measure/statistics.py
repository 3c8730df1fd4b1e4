"""The statistics of paired timings: trimmed-mean intervals, looks at fixed counts, what an interval says. Pure.

Timings come in rounds; what is compared is the log-ratio of two arms within a round, so that whatever slows a whole
round down cancels. Run times have long tails, and on shared machines two regimes; a 20 % trimmed mean with Yuen's
interval needs a fraction of the pairs that a mean needs (K. K. Yuen, Biometrika 61, 1974).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from burnish.measure.values import Comparison, Round, Timing

#: Pairs at which an arm is looked at: roughly half as many again each time.
LOOKS: Final[tuple[int, ...]] = (8, 12, 18, 27, 40, 60, 90, 135, 200)

ALPHA: Final = 0.05
DELTA: Final = 0.01
TRIM: Final = 0.2
#: The chance with which a difference that "can be seen" is seen.
POWER: Final = 0.8


@dataclass(frozen=True, kw_only=True, slots=True)
class Interval:
    """A location and its two-sided confidence interval, in the unit of the values; ``n`` values stand behind it.

    ``error`` is the standard error of the estimate, with so many degrees of ``freedom``; infinite where there is none.
    """

    estimate: float
    low: float
    high: float
    n: int
    error: float = math.inf
    freedom: int = 0


def yuen_interval(values: Sequence[float], *, alpha: float, trim: float = TRIM) -> Interval:
    """The trimmed mean with its winsorised standard error and Student's t of h - 1 degrees of freedom.

    Of n values, g = floor(trim n) are trimmed at each end and h = n - 2 g stay, so fewer than 1/trim values are not
    trimmed at all. Fewer than two values have an infinite interval.

    Args:
        values: finite numbers, in any order.
        alpha: the chance that the interval misses, both sides together; within (0, 1).
        trim: share trimmed at each end; within [0, 0.5).
    """
    n = len(values)
    if n < 2:
        return Interval(estimate=values[0] if n else 0.0, low=-math.inf, high=math.inf, n=n)
    trimmed = math.floor(trim * n + 1e-9)  # 0.2 * 15 must be 3 whatever the last bit says
    if n - 2 * trimmed < 2:
        trimmed = (n - 2) // 2
    ordered = sorted(values)
    kept = ordered[trimmed : n - trimmed]
    estimate = math.fsum(kept) / len(kept)
    winsorised = [kept[0]] * trimmed + kept + [kept[-1]] * trimmed
    centre = math.fsum(winsorised) / n
    squares = math.fsum((value - centre) ** 2 for value in winsorised)
    error = math.sqrt(squares / (len(kept) * (len(kept) - 1)))
    reach = student_t_quantile(1 - alpha / 2, len(kept) - 1) * error
    return Interval(
        estimate=estimate, low=estimate - reach, high=estimate + reach, n=n, error=error, freedom=len(kept) - 1
    )


def log_ratios(rounds: Sequence[Round], arm: str, reference: str) -> tuple[float, ...]:
    """ln(time of ``arm`` / time of ``reference``) of each round that holds both, in the order of round numbers."""
    ratios = []
    for round_ in sorted(rounds, key=lambda each: each.number):
        times = {sample.arm: sample.time for sample in round_.samples}
        if arm in times and reference in times:
            ratios.append(math.log(times[arm] / times[reference]))
    return tuple(ratios)


def compare(ratios: Sequence[float], *, alpha: float, delta: float = DELTA) -> Comparison:
    """What paired log-ratios say about run time.

    An interval beside 1 is `FASTER` or `SLOWER`, however small the difference: that is significance, and whether it
    is relevant is decided elsewhere. An interval around 1 and within (1 / (1 + delta), 1 + delta) is `SAME`.
    """
    interval = yuen_interval(ratios, alpha=alpha)
    bound = math.log1p(delta)
    if interval.high < 0:
        timing = Timing.FASTER
    elif interval.low > 0:
        timing = Timing.SLOWER
    elif -bound < interval.low and interval.high < bound:
        timing = Timing.SAME
    else:
        timing = Timing.UNDECIDED
    return Comparison(
        ratio=math.exp(interval.estimate),
        low=_exp(interval.low),
        high=_exp(interval.high),
        pairs=interval.n,
        timing=timing,
        smallest=_smallest(interval, alpha),
    )


def _smallest(interval: Interval, alpha: float) -> float | None:
    """The relative difference that an interval like this one finds in `POWER` of all cases.

    To a true difference d the estimate lies above t(1 - alpha / 2) standard errors, where it is significant, with the
    wanted chance once d is t(POWER) standard errors further out (W. G. Cochran, Sampling Techniques, chapter 4).
    """
    if not interval.freedom:
        return None
    reach = student_t_quantile(1 - alpha / 2, interval.freedom) + student_t_quantile(POWER, interval.freedom)
    return _exp(reach * interval.error) - 1


def looks(n_max: int = LOOKS[-1]) -> tuple[int, ...]:
    """The counts of pairs to look at when no more than ``n_max`` are taken; the last is ``n_max``."""
    return (*(n for n in LOOKS if n < n_max), n_max)


def alpha_spent(n: int, *, alpha: float = ALPHA, n_max: int = LOOKS[-1]) -> float:
    """The part of the error rate that may be used up after ``n`` pairs.

    The spending function of Lan and DeMets that is close to Pocock's boundaries: alpha ln(1 + (e - 1) n / n_max)
    (Biometrika 70, 1983). It starts high, so that large effects end early.
    """
    return alpha * math.log1p((math.e - 1) * min(n, n_max) / n_max)


def alpha_at(look: int, *, alpha: float = ALPHA, n_max: int = LOOKS[-1]) -> float:
    """The error rate of the look with this index in `looks`: what is spent since the look before.

    Each look uses its increment as if it stood alone. The increments add up to alpha, so the chance of any false
    finding stays below it whatever the dependence between looks.
    """
    counts = looks(n_max)
    before = alpha_spent(counts[look - 1], alpha=alpha, n_max=n_max) if look > 0 else 0.0
    return alpha_spent(counts[look], alpha=alpha, n_max=n_max) - before


@cache
def student_t_quantile(p: float, df: float) -> float:
    """The value that Student's t with ``df`` degrees of freedom stays below with probability ``p``.

    Raises:
        ValueError: p is not within (0, 1), or df is not positive.
    """
    if not 0 < p < 1 or df <= 0:
        raise ValueError(f"no quantile {p} of Student's t with {df} degrees of freedom")
    if p < 0.5:
        return -student_t_quantile(1 - p, df)
    tail = 1 - p
    low, high = 0.0, 1.0
    while _t_tail(high, df) > tail:
        low, high = high, high * 2
    while True:
        middle = (low + high) / 2
        if middle in {low, high}:
            return middle
        if _t_tail(middle, df) > tail:
            low = middle
        else:
            high = middle


def student_t_below(value: float, df: float) -> float:
    """The probability that Student's t with ``df`` degrees of freedom stays below a value."""
    return 1 - _t_tail(value, df) if value >= 0 else _t_tail(-value, df)


def _t_tail(t: float, df: float) -> float:
    """The probability of a value above ``t`` >= 0: half of I_x(df / 2, 1 / 2) at x = df / (df + t^2)."""
    return _beta_regularized(df / (df + t * t), df / 2, 0.5) / 2


def _beta_regularized(x: float, a: float, b: float) -> float:
    """I_x(a, b), the regularized incomplete beta function (NIST DLMF 8.17)."""
    if x <= 0 or x >= 1:
        return min(max(x, 0.0), 1.0)
    if x > (a + 1) / (a + b + 2):  # where the fraction converges slowly, its mirror image converges fast
        return 1 - _beta_regularized(1 - x, b, a)
    scale = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    return scale / (a * _beta_fraction(x, a, b))


def _beta_fraction(x: float, a: float, b: float) -> float:
    """The continued fraction of DLMF 8.17.22, by Lentz's method: 1 + d1 / (1 + d2 / (1 + ...))."""
    tiny = 1e-300
    value, upper, lower = 1.0, 1.0, 0.0
    for step in range(1, 500):
        m, odd = divmod(step, 2)
        if odd:
            d = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            d = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        lower = 1 / ((1 + d * lower) or tiny)
        upper = (1 + d / upper) or tiny
        value *= upper * lower
        if abs(upper * lower - 1) < 1e-15:
            break
    return value


def _exp(value: float) -> float:
    """Exp that goes to infinity instead of raising; two pairs can have such an interval."""
    return math.exp(value) if value < 700 else math.inf
