"""The race: which arms run in the next round, and which are decided. Pure; the rounds taken so far are the whole state.

All is recomputed from the rounds each time, so a resumed run stands where it stopped and plans the same next round.
"""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from burnish.measure.statistics import ALPHA, DELTA, LOOKS, alpha_at, compare, looks
from burnish.measure.values import CONTROL, Comparison, Round, Timing

NO_DOMINANCE: Final[Mapping[str, frozenset[str]]] = {}

#: Small rounds keep what is compared close in time; the baseline comes on top.
ARMS_PER_ROUND: Final = 3

#: With fewer pairs nothing is trimmed, and an interval spans orders of magnitude.
_PROVISIONAL: Final = 5

_DIFFERENT: Final = frozenset({Timing.FASTER, Timing.SLOWER})
_DECIDED: Final = _DIFFERENT | {Timing.SAME}


@dataclass(frozen=True, kw_only=True, slots=True)
class RaceState:
    """Where the race stands.

    Attributes:
        arms: all that entered, in the order given.
        pairs: rounds that each arm shares with the baseline.
        comparisons: per arm the look that decided it, else its latest look, else (before the first look) a
            provisional interval, undecided; absent for an arm with fewer than five pairs.
        active: arms that need more rounds.
        dropped: undecided arms that left the race, and the arm that is as fast, no larger and no costlier to build.
        control: the baseline against itself, in the same way; None with fewer than five pairs.
    """

    arms: tuple[str, ...]
    pairs: Mapping[str, int]
    comparisons: Mapping[str, Comparison]
    active: tuple[str, ...]
    dropped: Mapping[str, str]
    control: Comparison | None

    @property
    def finished(self) -> bool:
        return not self.active


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Log-ratios of two arms and the indices of the rounds they come from."""

    rounds: tuple[int, ...]
    ratios: tuple[float, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Rules:
    """What one comparison is judged by."""

    alpha: float
    delta: float
    n_max: int
    ended: bool = False


def judge(
    rounds: Sequence[Round],
    arms: Sequence[str],
    *,
    baseline: str,
    delta: float = DELTA,
    alpha: float = ALPHA,
    n_max: int = LOOKS[-1],
    dominance: Mapping[str, frozenset[str]] = NO_DOMINANCE,
    ended: bool = False,
) -> RaceState:
    """Walk the looks of each arm as they came: what one look decided, later rounds do not change.

    Each arm gets alpha / (number of arms), Bonferroni, spread over its looks. That bounds the chance of any false
    finding in the race whatever the dependence (all arms share the baseline's samples) and whenever arms leave, and
    the intervals hold all at once. Holm's steps would win some power, but only as others are found different, and
    their intervals would not match the verdicts. For the same reason ``arms`` must be all that ever enter this race:
    adding one later would take back what was spent.

    The control is a check of the machine, not a finding, and has alpha for itself. It is never called off as `SAME`;
    its interval keeps narrowing with the rounds.

    Args:
        rounds: all rounds so far, of any order.
        arms: the candidates, without baseline and control; fixed for the race.
        baseline: the arm that the others are compared with.
        delta: smaller differences are `SAME`.
        alpha: error rate of the whole race.
        n_max: pairs after which an arm stays undecided.
        dominance: arm to the arms (the baseline may be one) that are no larger and no costlier to build. It is
            dropped once one of them is shown to be less than ``delta`` slower, if it is slower at all.
        ended: no round will follow: undecided arms past their first look have their next look now.
    """
    walls = [
        {sample.arm: sample.time for sample in each.samples} for each in sorted(rounds, key=lambda each: each.number)
    ]
    rules = _Rules(alpha=alpha / max(len(arms), 1), delta=delta, n_max=n_max, ended=ended)
    pairs = {arm: _pair(walls, arm, baseline) for arm in arms}
    comparisons: dict[str, Comparison] = {}
    decided_in: dict[str, int] = {}
    for arm, series in pairs.items():
        current = _walk(series.ratios, rules)
        if current is not None:
            comparisons[arm] = current
            if current.timing is not Timing.UNDECIDED:
                decided_in[arm] = series.rounds[current.pairs - 1]
    drops = _drops(walls, dominance, decided_in, rules, arms)
    done = {*decided_in, *drops}
    return RaceState(
        arms=tuple(arms),
        pairs={arm: len(series.ratios) for arm, series in pairs.items()},
        comparisons=comparisons,
        active=tuple(arm for arm in arms if arm not in done and len(pairs[arm].ratios) < n_max),
        dropped=drops,
        control=_walk(_pair(walls, CONTROL, baseline).ratios, replace(rules, alpha=alpha), until=_DIFFERENT),
    )


def plan_round(
    state: RaceState, *, number: int, seed: str, baseline: str, arms_per_round: int = ARMS_PER_ROUND
) -> tuple[str, ...]:
    """The arms of round ``number`` in the order they run; empty when the race is finished.

    The baseline and the active arms with the fewest pairs, in every second round the control too. The order is a
    random permutation drawn from seed and number alone, so that a resumed run plans the same round.
    """
    if state.finished:
        return ()
    rng = random.Random(f"{seed}:{number}")  # noqa: S311 - order, not secrets
    waiting = list(state.active)
    rng.shuffle(waiting)  # among equals, each meets each
    waiting.sort(key=lambda arm: state.pairs[arm])
    chosen = [baseline, *waiting[:arms_per_round]]
    if number % 2 == 0:
        chosen.append(CONTROL)
    rng.shuffle(chosen)
    return tuple(chosen)


def _pair(walls: Sequence[Mapping[str, float]], arm: str, reference: str) -> _Pairs:
    both = [index for index, wall in enumerate(walls) if arm in wall and reference in wall]
    return _Pairs(tuple(both), tuple(math.log(walls[index][arm] / walls[index][reference]) for index in both))


def _walk(ratios: Sequence[float], rules: _Rules, *, until: frozenset[Timing] = _DECIDED) -> Comparison | None:
    """The look that decided, else the latest, else a provisional interval; None with too few pairs for any interval."""
    if len(ratios) < min(_PROVISIONAL, rules.n_max):
        return None
    current: Comparison | None = None
    for index, count in enumerate(looks(rules.n_max)):
        seen = current.pairs if current else 0
        early = len(ratios) < count
        if early and not (rules.ended and 0 < seen < len(ratios)):
            break
        current = _look(ratios[:count], index, rules)
        if early or current.timing in until:
            break
    if current is None:
        current = replace(_look(ratios, 0, rules), timing=Timing.UNDECIDED)
    return current


def _look(ratios: Sequence[float], index: int, rules: _Rules) -> Comparison:
    return compare(ratios, alpha=alpha_at(index, alpha=rules.alpha, n_max=rules.n_max), delta=rules.delta)


def _drops(
    walls: Sequence[Mapping[str, float]],
    dominance: Mapping[str, frozenset[str]],
    decided_in: Mapping[str, int],
    rules: _Rules,
    arms: Sequence[str],
) -> dict[str, str]:
    """Arms dropped and by whom, in the order in which the rounds showed it.

    In that order a dropped arm drops no other: of two that are alike in everything, one stays.
    """
    shown = []
    for arm in arms:
        for better in sorted(dominance.get(arm, frozenset())):
            when = _dominated_in(_pair(walls, better, arm), rules)
            if when is not None:
                shown.append((when, arm, better))
    drops: dict[str, str] = {}
    for when, arm, better in sorted(shown):
        if arm not in drops and better not in drops and when < decided_in.get(arm, len(walls)):
            drops[arm] = better
    return drops


def _dominated_in(series: _Pairs, rules: _Rules) -> int | None:
    """The round at whose look the upper end of time(better) / time(arm) fell below 1 + delta; None if at none."""
    for index, count in enumerate(looks(rules.n_max)):
        if len(series.ratios) < count:
            return None
        if _look(series.ratios[:count], index, rules).high < 1 + rules.delta:
            return series.rounds[count - 1]
    return None
