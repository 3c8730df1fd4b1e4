"""What lies ahead of a tune: when building and racing end, and the plan by which the time that is left is estimated."""

from typing import TYPE_CHECKING

from burnish.build.values import Build
from burnish.measure.samples import CALLGRIND_SLOWDOWN
from burnish.tune.layouts import layout_seconds
from burnish.tune.remaining import Plan, Stage
from burnish.tune.space import codes
from burnish.tune.timing import CONFIRM_ROUNDS

if TYPE_CHECKING:
    from burnish.tune.pipeline import Tune

#: Least shares of the budget for building and screening, and until the race ends; what is left over confirms.
SEARCH_SHARE = 0.35
RACE_SHARE = 0.6
#: Rounds that a race is expected to need, for keeping time back; and the most of the budget kept back for them.
RACE_EXPECTED = 40
RACE_KEPT = 0.25
#: Candidates that are timed to a verdict.
FINALISTS = 4


def race_until(run: "Tune", plain: Build) -> float:
    """Seconds of the budget at which the race ends, so that a cold build, rounds and layouts can still confirm."""
    kept = 1.5 * _confirming_build(run, plain) + _confirming_rounds(run)
    return max(run.request.budget * RACE_SHARE, run.request.budget - kept)


def _confirming_build(run: "Tune", plain: Build) -> float:
    """Seconds of a cold build of the winner and of the links of its layouts."""
    costs = [build.cost for build in run.builds.done.values()]
    again = max((cost.wall for cost in costs), default=0.0) + 2 * max((cost.rebuild for cost in costs), default=0.0)
    return max(plain.spent_wall, again)


def _confirming_rounds(run: "Tune") -> float:
    """Seconds of the rounds that confirm, those over layouts with them."""
    if run.timer is None:
        return 0.0
    return 2 * CONFIRM_ROUNDS * run.timer.wall * run.timer.repeats + layout_seconds(run.timer)


def ahead(run: "Tune", plain: Build, search_until: float) -> Plan:
    """What is planned behind the baseline, for the estimate of what is left."""
    timer = run.timer
    one = 0.0 if timer is None else timer.wall * timer.repeats
    run.ledger.outlook.run = one
    counting = 0.0 if timer is None else CALLGRIND_SLOWDOWN * timer.wall
    trying = 2 * (plain.spent_wall + 2 * CONFIRM_ROUNDS * one)
    return Plan(
        search_until=search_until,
        race_until=race_until(run, plain),
        unbuilt=len(codes(run.space)),
        finalists=0 if timer is None else FINALISTS,
        confirmation=_confirming_build(run, plain) + _confirming_rounds(run),
        per_crate=counting + trying if run.request.per_crate and timer is not None else 0.0,
    )


def enter(run: "Tune", stage: Stage) -> None:
    """Another stage begins: said, and the estimate of what is left goes on from there."""
    run.progress.phase(stage)
    run.ledger.outlook.enter(stage, run.ledger.spent)
    run.ledger.tell(run.progress)


def search_until(run: "Tune", plain: Build) -> float:
    """Seconds of the budget at which building ends, so that a race and a confirmation fit in."""
    rounds = 0.0 if run.timer is None else RACE_EXPECTED * FINALISTS * run.timer.wall * run.timer.repeats
    kept = min(run.request.budget * RACE_KEPT, rounds)
    return max(run.request.budget * SEARCH_SHARE, race_until(run, plain) - kept)
