"""From measured rows to one recommendation, or to "nothing worth changing". Pure.

Significant (beyond the noise) and relevant (worth acting on) are different questions: a time counts only where its
interval leaves 1 out, and a profile is recommended only where the goal gains at least `RELEVANT`. A time that was not
measured is no time: with a workload, only timed candidates can be recommended.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from burnish.measure.values import Comparison, Timing
from burnish.profile.options import BY_KEY, Strip
from burnish.profile.profile import Profile
from burnish.tune.goals import EPSILON_BUILD, EPSILON_SIZE, EPSILON_TIME, RELEVANT, pareto_front, utility
from burnish.tune.limits import Limits
from burnish.tune.result import Goal, Row

#: Metrics closer than this are equal when the front is drawn: size, time, build.
FRONT_EPSILON: Final = (EPSILON_SIZE, EPSILON_TIME, EPSILON_BUILD)


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """One candidate against the baseline.

    Attributes:
        gain: of the goal's utility, as a log ratio; 0.05 is about five percent better. Insignificant times count 0.
        untimed: the part of the gain that does not come from run time, known exactly.
        changes: how many options differ from the baseline.
        obstacles: why it cannot be recommended, in words; empty where it can.
    """

    row: Row
    gain: float
    untimed: float
    changes: int
    obstacles: tuple[str, ...]


def stand(row: Row, baseline: Row, *, goal: Goal, limits: Limits, timed: bool, ships: bool = True) -> Standing:
    """How a candidate stands.

    ``timed`` is whether there is a workload, ``ships`` whether the file is shipped: else its size counts nothing.
    """
    size = row.size.file / baseline.size.file if ships else 1.0
    limits = limits if ships else replace(limits, size=None)
    build = row.cost.cpu / baseline.cost.cpu
    obstacles = list(_obstacles(row, baseline, limits=limits, timed=timed))
    untimed = -utility(goal, size=math.log(size), time=0.0, build=math.log(build))
    gain = untimed - utility(goal, size=0.0, time=math.log(counted_time(row.time)), build=0.0)
    changes = sum(row.profile.value(key) != baseline.profile.value(key) for key in BY_KEY)
    return Standing(row=row, gain=gain, untimed=untimed, changes=changes, obstacles=tuple(obstacles))


def counted_time(time: Comparison | None) -> float:
    """The time ratio as a verdict may use it: what is not significant is 1."""
    return time.ratio if time is not None and time.timing in {Timing.FASTER, Timing.SLOWER} else 1.0


def _obstacles(row: Row, baseline: Row, *, limits: Limits, timed: bool) -> tuple[str, ...]:
    found: list[str] = []
    if row.mismatches:
        found.append(f"its flags did not all reach rustc ({row.mismatches[0]})")
    if timed and row.time is None:
        found.append("its run time was not measured")
    if row.time is not None and limits.time is not None and row.time.high > limits.time:
        found.append(f"its run time may be up to {row.time.high:.3f} times the baseline's (limit {limits.time:g})")
    ratios = {
        "file size": (row.size.file, baseline.size.file, limits.size),
        "cold build": (row.cost.cpu, baseline.cost.cpu, limits.build),
        "build memory": (row.cost.peak_memory, baseline.cost.peak_memory, limits.memory),
    }
    for name, (value, base, limit) in ratios.items():
        if limit is not None and base > 0 and value / base > limit:
            found.append(f"its {name} is {value / base:.2f} times the baseline's (limit {limit:g})")
    return tuple(found)


def rank(
    rows: Sequence[Row], baseline: Row, *, goal: Goal, limits: Limits, timed: bool, ships: bool = True
) -> tuple[Standing, ...]:
    """All candidates but the baseline, best gain first; those with obstacles come last."""
    standings = [
        stand(row, baseline, goal=goal, limits=limits, timed=timed, ships=ships)
        for row in rows
        if row.profile != baseline.profile
    ]
    return tuple(sorted(standings, key=lambda each: (bool(each.obstacles), -each.gain, each.row.profile.id)))


def winner(standings: Sequence[Standing]) -> Standing | None:
    """The candidate worth changing to; None where nothing is.

    The best, unless one that cannot be told from it changes fewer options: then that one. A line in a manifest that
    brings nothing is not recommended.
    """
    worth = [each for each in standings if not each.obstacles and each.gain >= RELEVANT]
    if not worth:
        return None
    best = max(worth, key=lambda each: each.gain)
    return min((each for each in worth if _as_good(each, best)), key=lambda each: (each.changes, -each.gain))


def _as_good(other: Standing, best: Standing) -> bool:
    """Whether the best is no relevant gain over the other, as far as can be seen: intervals that meet are no gain."""
    if best.gain - other.gain < RELEVANT:
        return True
    mine, its = other.row.time, best.row.time
    meet = mine is not None and its is not None and mine.low <= its.high and its.low <= mine.high
    return meet and best.untimed - other.untimed < RELEVANT


def front(rows: Sequence[Row], *, ships: bool = True) -> tuple[bool, ...]:
    """For each row whether nothing else is as good in size (where it ships), time and build, and better in one."""
    timed = any(row.time is not None for row in rows)
    points = [
        (
            math.log(row.size.file) if ships else 0.0,
            math.log(counted_time(row.time)) if timed else 0.0,
            math.log(max(row.cost.cpu, 1e-9)),
        )
        for row in rows
    ]
    return pareto_front(points, epsilon=FRONT_EPSILON)


def preferred_strip(goal: Goal, baseline: Profile, available: Sequence[str], preset: Strip | None = None) -> Strip:
    """The strip variant in which a code is offered.

    Strip changes the file, never the code. Dropping the symbols costs readable backtraces, so only the goal that asks
    for size takes it by itself; the others keep what the project has.
    """
    if preset is not None and str(preset) in available:
        return preset
    wanted = Strip.SYMBOLS if goal is Goal.SIZE else baseline.strip
    for strip in (wanted, Strip.DEBUGINFO, Strip.SYMBOLS, Strip.NONE):
        if str(strip) in available:
            return strip
    return wanted
