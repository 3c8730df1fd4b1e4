"""The confirmation: the winner built by plain cargo, timed in fresh rounds and over layouts, judged on those alone."""

from dataclasses import replace
from typing import TYPE_CHECKING

from burnish.build.builder import deviation
from burnish.build.values import Build, FailedBuild
from burnish.measure.benchmarks import benchmarks
from burnish.measure.rounds import ArmError
from burnish.measure.values import Comparison
from burnish.tune.ahead import enter
from burnish.tune.builds import FAITHFUL
from burnish.tune.layouts import held, over_layouts
from burnish.tune.limits import effective_limits
from burnish.tune.remaining import Stage
from burnish.tune.result import Confirmation, Row, Sharing
from burnish.tune.rows import measure_size
from burnish.tune.space import code
from burnish.tune.timing import CONFIRM_ROUNDS, Timer, raise_if_baseline
from burnish.tune.verdict import Standing, rank, stand, winner

if TYPE_CHECKING:
    from burnish.tune.pipeline import Tune

#: Winners that are tried for confirmation before the verdict is "nothing worth changing".
CONFIRMATIONS = 3


def confirm(
    run: "Tune", rows: tuple[Row, ...], plain: Build
) -> tuple[tuple[Standing, ...], tuple[Row, Confirmation] | None]:
    """Build the winner by plain cargo, time it in fresh rounds, and judge again on those figures alone."""
    enter(run, Stage.CONFIRMATION)
    limits = effective_limits(run.request.goal, run.request.limits)
    # The baseline's own cost and size are those of its plain build.
    baseline = replace(rows[0], cost=plain.cost, size=measure_size(run.builds, plain, run.base.strip))
    timed = run.timer is not None
    # Candidates have estimated costs: the ranking goes by the baseline's estimate too, the judgement by measured ones.
    ships = run.builds.ships
    standings = rank(rows[1:], rows[0], goal=run.request.goal, limits=limits, timed=timed, ships=ships)
    for _ in range(CONFIRMATIONS):
        best = winner(standings)
        if best is None:
            return standings, None
        found = _confirmation(run, best.row, plain)
        if isinstance(found, str):
            run.progress.detail(f"left: {best.row.profile.id}: {found}")
            refused = replace(best, obstacles=(found,))
            standings = tuple(refused if each is best else each for each in standings)
            continue
        row, confirmation = found
        again = stand(row, baseline, goal=run.request.goal, limits=limits, timed=timed, ships=ships)
        if winner((again,)) is not None:
            confirmation = replace(confirmation, layouts=over_layouts(run.builds, run.timer, row, run.base))
            sure = held(row, confirmation.layouts)
            again = stand(sure, baseline, goal=run.request.goal, limits=limits, timed=timed, ships=ships)
            if winner((again,)) is not None:
                return standings, (row, confirmation)
            refusal = "its run time is not better over random layouts"
        else:
            refusal = "fresh builds and rounds did not confirm it"
        run.progress.detail(f"left: {best.row.profile.id}: {'; '.join((*again.obstacles, refusal))}")
        refused = replace(again, obstacles=(*again.obstacles, refusal))
        standings = tuple(refused if each is best else each for each in standings)
    return standings, None


def _confirmation(run: "Tune", row: Row, plain: Build) -> tuple[Row, Confirmation] | str:
    """The winner's row with the figures of its plain build; where that fails, how, in words."""
    built = run.builds.plainly_built(row.profile, "the winner, by plain cargo from nothing")
    if isinstance(built, FailedBuild):
        return "plain cargo does not build it"
    shared = run.builds.done[code(row.profile)]
    apart = deviation(shared, built)
    run.builds.sharing.append(Sharing(profile=row.profile, deviation=apart, faithful=apart <= FAITHFUL))
    size = measure_size(run.builds, built, row.profile.strip)
    by_crate = measure_size(run.builds, shared, row.profile.strip, by_crate=True).crates
    size = replace(size, crates=by_crate)
    fresh = None
    if run.timer is not None:
        try:
            fresh = _fresh_rounds(run, run.timer, built, plain)
        except ArmError as error:
            raise_if_baseline(error, "baseline")
            return f"its plain build {error.what}"
    rounds = run.timer.raced.get("confirmation", ()) if run.timer is not None else ()
    confirmation = Confirmation(
        size=size,
        cost=built.cost,
        size_deviation=apart,
        time=fresh,
        benchmarks=benchmarks(rounds, "winner", "baseline"),
    )
    confirmed = replace(row, size=size, cost=built.cost, time=fresh, road=built.road, mismatches=built.mismatches)
    return confirmed, confirmation


def _fresh_rounds(run: "Tune", timer: Timer, built: Build, plain: Build) -> Comparison | None:
    for arm, build in (("winner", built), ("baseline", plain)):
        path = run.builds.builder.variant(build, build.profile.strip)
        if path is not None:
            timer.place(arm, path, build.artifacts[build.profile.strip].sha256)
    state = timer.race("confirmation", ["winner"], "baseline", until=run.request.budget, n_min=CONFIRM_ROUNDS)
    return state.comparisons.get("winner")
