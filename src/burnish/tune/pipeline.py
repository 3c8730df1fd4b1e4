"""The main job as one story: baseline, search, race, confirmation, verdict.

Takes an opened session and a request, gives a `TuneResult`. All work goes through `Builds` and `Timer`, which answer
from the store where they can; what follows from their answers is pure. So a tune that was killed and started again
takes the same way (but for what a cluster has under way) and does only what is missing.
"""

import math
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from burnish.build.plan import Deps, deps_for
from burnish.build.values import Build, Road
from burnish.cargo.panics import audit_project, need_parser
from burnish.errors import ClusterError, ToolError
from burnish.executor.addresses import ClusterSettings
from burnish.measure.instructions import Counts
from burnish.measure.rounds import ArmError, Bench
from burnish.measure.schedule import RaceState
from burnish.measure.values import Comparison
from burnish.profile.options import Lto, Panic, Strip
from burnish.profile.presets import Preset, presets
from burnish.profile.profile import Profile
from burnish.tune.ahead import FINALISTS, ahead, enter, race_until, search_until
from burnish.tune.builds import Builds, Ledger
from burnish.tune.confirm import confirm
from burnish.tune.elsewhere import opened
from burnish.tune.explore import Explorer
from burnish.tune.finish import assemble
from burnish.tune.limits import effective_limits
from burnish.tune.overriding import try_per_crate
from burnish.tune.progress import Progress
from burnish.tune.remaining import Stage
from burnish.tune.result import Noise, PerCrate, Row, TuneResult
from burnish.tune.rows import Known, dominance, make_row, with_counts, with_front
from burnish.tune.session import Session, apart_from_cargo_bench
from burnish.tune.settings import Request
from burnish.tune.space import code, codes, profiles, strips
from burnish.tune.timing import (
    COUNT_FINAL,
    Timer,
    environment_of,
    failure_of,
    raise_if_baseline,
    start_timer,
)
from burnish.tune.unwinding import ALLOWED, IF_SAFE, NOT_AUDITED, of_bench, settled
from burnish.tune.verdict import preferred_strip, stand
from burnish.units import format_change

#: Rounds that a race gets even when the budget is spent.
RACE_ROUNDS = 12


@dataclass
class Tune:
    """One tune under way."""

    session: Session
    request: Request
    progress: Progress
    builds: Builds
    space: tuple[Profile, ...]
    timer: Timer | None = None
    names: dict[Profile, tuple[str, ...]] = field(default_factory=dict)
    times: dict[Profile, Comparison] = field(default_factory=dict)
    counts: dict[Profile, Counts] = field(default_factory=dict)
    stopped: str = ""
    notes: tuple[str, ...] = ()

    @property
    def base(self) -> Profile:
        return self.session.effective.profile

    @property
    def ledger(self) -> Ledger:
        return self.builds.ledger


def tune(session: Session, request: Request, progress: Progress, cluster: ClusterSettings | None = None) -> TuneResult:
    """Find, prove and confirm the best profile for the request, with the help of a cluster where one is named.

    Raises:
        ClusterError: the cluster cannot be used at all, or disturbs what is measured; what is lost is done here.
        UsageError: nothing is left of the space.
        ToolError: the project does not build as it is.
        WorkloadError: the workload cannot be measured.
        StoreError: results cannot be kept.
    """
    started, waited = time.perf_counter(), session.cargo.clock.total
    request, notes = _audited(session, request, progress)
    space = profiles(request.narrowing, session.effective.profile)
    builds = Builds(
        session=session,
        progress=progress,
        ledger=Ledger(budget=request.budget),
        base=_base_strip(session, request, space),
    )
    session.builder.on_unit = lambda unit: progress.unit(unit.name)
    session.cargo.told = progress.detail
    run = Tune(session=session, request=request, progress=progress, builds=builds, space=space, notes=notes)
    if cluster is not None and (obstacle := builds.obstacle(run.base)):
        raise ClusterError(
            f"candidates are built by plain cargo here, which no cluster does: {obstacle}", hint="leave --cluster out"
        )
    with ExitStack() as elsewhere:
        trial = builds.wanted(run.base)
        early = not builds.is_stored(trial)
        # To the end: it also says when this machine is at rest.
        builds.elsewhere = elsewhere.enter_context(
            opened(session, cluster, trial, progress, budget=request.budget, early=early)
        )
        plain = _baseline(run)
        with _timing(run, plain) as timer:
            run.timer = timer
            explorer = _search(run, plain)
            rows, noise = _race(run, explorer, plain)
            standings, confirmed = confirm(run, rows, plain)
            overrides: tuple[PerCrate, ...] = ()
            if request.per_crate:
                enter(run, Stage.PER_CRATE)
                chosen = confirmed[0].profile if confirmed else run.base
                overrides = try_per_crate(builds, timer, request.goal, chosen)
            if builds.elsewhere is not None:
                run.notes += builds.elsewhere.notes()
                builds.ledger.book("waiting", builds.elsewhere.paid())
            waited = session.cargo.clock.total - waited + (timer.bench.clock.total if timer else 0.0)
            own = time.perf_counter() - started - waited
    created = datetime.now(UTC).isoformat(timespec="seconds")
    found = assemble(run, rows, standings, confirmed, noise, created=created, own=own)
    return replace(found, per_crate=overrides)


def _audited(session: Session, request: Request, progress: Progress) -> tuple[Request, tuple[str, ...]]:
    """Ask the panic audit where ``panic = "abort"`` is allowed and new; gives what a report says of it.

    Raises:
        ToolError: the leave hangs on the audit, and its parser is not installed.
    """
    if session.project.artifact.is_bench:
        narrowing, said = of_bench(request.narrowing, session.effective.profile)
        return replace(request, narrowing=narrowing), (*said, *apart_from_cargo_bench(session))
    allow = request.narrowing.allow
    if not allow & {ALLOWED, IF_SAFE} or session.effective.profile.panic is Panic.ABORT:
        return request, ()
    try:
        need_parser()
    except ToolError:
        if ALLOWED not in allow:
            raise
        return request, (NOT_AUDITED,)
    narrowing, note = settled(request.narrowing, audit_project(session.cargo, session.project, session.selection))
    progress.note(note)
    return replace(request, narrowing=narrowing), (note,)


def _base_strip(session: Session, request: Request, space: tuple[Profile, ...]) -> Strip:
    """The strip value that candidates are built with: the weakest that somebody wants to see."""
    narrowing = request.narrowing
    named = {narrowing.fixed.get("strip"), *narrowing.values.get("strip", ())} & {"none", "false"}
    only = {strip for each in codes(space) if len(variants := strips(space, each)) == 1 for strip in variants}
    unstripped = session.effective.profile.strip is Strip.NONE or named or "none" in only
    return Strip.NONE if unstripped else Strip.DEBUGINFO


def _baseline(run: Tune) -> Build:
    """Build the baseline as the user does, learn from it, and see whether sharing is faithful here."""
    enter(run, Stage.BASELINE)
    base = run.base
    run.names[base] = ("baseline",)
    plain = run.builds.plain(base, "the baseline, by plain cargo from nothing")
    run.session.builder.learn(plain)
    run.builds.check(plain)
    _foresee(run)
    probe = _probe(run, plain)
    if probe is not None:
        run.builds.check(run.builds.plain(probe, "fat LTO by plain cargo, to check shared builds"))
    if run.builds.elsewhere is not None and run.builds.done[code(base)].road is not Road.SHARED:
        run.builds.elsewhere = None
        note = "The cluster was left aside: shared builds are not faithful here, and there is none to compare."
        run.notes += (note,)
        run.progress.note(note)
    return plain


def _foresee(run: Tune) -> None:
    """Let a cluster begin with what comes first, while this machine is at its own checks."""
    if run.builds.done[code(run.base)].road is not Road.SHARED:
        return
    explorer = Explorer(
        builds=run.builds, timer=None, goal=run.request.goal, space=codes(run.space), base=run.base, until=math.inf
    )
    explorer.foresee([code(preset.profile) for preset in _known_presets(run) if preset.always])


def _known_presets(run: Tune) -> list[Preset]:
    """Those of the space."""
    allowed = "panic-abort" in run.request.narrowing.allow
    space = set(codes(run.space))
    known = presets(allowed_panic_abort=allowed, base=run.base)
    return [preset for preset in known if code(preset.profile) in space]


def _probe(run: Tune, plain: Build) -> Profile | None:
    """A profile under LTO whose libraries are shared with other modes, for the self-check; None where none is tried.

    Libraries that are compiled just as cargo would (`Deps.BITCODE`, `Deps.OBJECT`) need no check before the winner's.
    """
    fat = replace(run.base, lto=Lto.FAT)
    if deps_for(fat) is not Deps.BOTH or run.builds.obstacle(fat) is not None or code(run.base) == code(fat):
        return None
    if code(fat) not in codes(run.space) or plain.cost.wall * 2 > run.ledger.left() / 4:
        return None
    return fat


@contextmanager
def _timing(run: Tune, plain: Build) -> Iterator[Timer | None]:
    workload = run.request.workload
    if workload is None:
        yield None
        return
    enter(run, Stage.WORKLOAD)
    session = run.session
    with Bench(session.shim, workload, session.directory / "run", environment_of(session, workload)) as bench:
        program = run.builds.builder.variant(plain, run.base.strip)
        if program is None:
            raise ValueError(f"{plain.profile.id} has no file")
        sha256 = plain.artifacts[run.base.strip].sha256
        yield start_timer(
            session,
            bench,
            run.progress,
            run.ledger,
            program=(sha256, program),
            counter=run.request.instructions,
            quiet=run.builds.rest,
        )


def _search(run: Tune, plain: Build) -> Explorer:
    """Build what is worth building: what everybody asks for first, then what the model expects to pay."""
    until = search_until(run, plain)
    run.ledger.outlook.plan = ahead(run, plain, until)
    enter(run, Stage.SEARCH)
    explorer = Explorer(
        builds=run.builds,
        timer=run.timer,
        goal=run.request.goal,
        space=codes(run.space),
        base=run.base,
        until=until,
    )
    explorer.look(code(run.base), "the baseline")
    known = _known_presets(run)
    for number, preset in enumerate(known):
        profile = code(preset.profile)
        if preset.always:
            following = (code(each.profile) for each in known[number + 1 :] if each.always)
            explorer.foresee([each for each in following if each != profile])
        named = replace(profile, strip=_strip_for(run, profile))
        run.names[named] = (*run.names.get(named, ()), preset.name)
        if preset.always and explorer.may_build(profile):
            explorer.look(profile, preset.name)
        elif preset.always:
            run.progress.detail(f"left: {profile.code_id}, {preset.name}: the budget for building does not allow it")
    run.stopped = explorer.run()
    run.builds.expect(())
    return explorer


def _strip_for(run: Tune, of: Profile) -> Strip:
    build = run.builds.done.get(of)
    there = [str(strip) for strip in (Strip.NONE, Strip.DEBUGINFO, Strip.SYMBOLS)]
    if build is not None:
        there = [strip for strip in there if strip in build.artifacts]
    elif run.builds.base is Strip.DEBUGINFO:
        there.remove("none")
    fits = [strip for strip in strips(run.space, of) if strip in there] or there
    return preferred_strip(run.request.goal, run.base, fits)


def _known(run: Tune, explorer: Explorer) -> Known:
    return Known(
        names=run.names,
        screened=explorer.screened,
        counts={**explorer.counted, **run.counts},
        times=run.times,
    )


def _race(run: Tune, explorer: Explorer, plain: Build) -> tuple[tuple[Row, ...], Noise | None]:
    """All rows, the finalists timed to a verdict."""
    known = _known(run, explorer)
    offered = {
        replace(profile, strip=_strip_for(run, profile)): build
        for profile, build in run.builds.done.items()
        if profile != code(run.base) or _strip_for(run, profile) is not run.base.strip
    }
    baseline = make_row(run.builds, run.base, run.builds.done[code(run.base)], known, by_crate=True)
    rows = [make_row(run.builds, profile, build, known) for profile, build in offered.items()]
    if run.timer is None or not rows:
        return with_front((baseline, *rows), ships=run.builds.ships), None
    enter(run, Stage.RACE)
    finalists = _finalists(run, rows, baseline)
    state = _run_race(run, run.timer, finalists, baseline, until=race_until(run, plain))
    for row in finalists:
        if row.profile.id in state.comparisons:
            run.times[row.profile] = state.comparisons[row.profile.id]
    _count_finalists(run, run.timer, (baseline, *finalists))
    known = _known(run, explorer)
    kept = [row for row in rows if code(row.profile) not in run.builds.failures]
    timed = [
        with_counts(replace(row, time=known.times.get(row.profile)), known.counts.get(code(row.profile)))
        for row in (baseline, *kept)
    ]
    control = state.control
    noise = None if control is None else Noise(control=control, floor=(control.high - control.low) / 2)
    return with_front(timed, ships=run.builds.ships), noise


def _finalists(run: Tune, rows: list[Row], baseline: Row) -> list[Row]:
    """The candidates that the goal would choose if the screening were right."""
    limits = replace(effective_limits(run.request.goal, run.request.limits), time=None)
    standings, obstacles = [], {}
    for row in rows:
        standing = stand(row, baseline, goal=run.request.goal, limits=limits, timed=False, ships=run.builds.ships)
        obstacles[row.profile.id] = standing.obstacles
        steer = 0.0 if row.screened is None else _steer(run, row.screened)
        standings.append((bool(standing.obstacles), -(standing.gain + steer), row.profile.id, row))
    ordered = sorted(standings, key=lambda each: each[:3])
    for place, (_, loss, name, _) in enumerate(ordered):
        words = "finalist" if place < FINALISTS else "left"
        why = "; ".join(obstacles[name]) or f"gain for the goal {format_change(math.exp(-loss))}, expected"
        run.progress.detail(f"{words}: {name}: {why}")
    return [row for *_, row in ordered[:FINALISTS]]


def _steer(run: Tune, screened: float) -> float:
    return Explorer.time_gain(run.request.goal, screened)


def _run_race(run: Tune, timer: Timer, finalists: list[Row], baseline: Row, *, until: float) -> RaceState:
    """Time the finalists; one that turns out to behave differently leaves, and the others run anew."""
    while True:
        for row in (baseline, *finalists):
            _place(run, timer, row)
            timer.sizes[row.profile.id] = row.size.file / baseline.size.file
        try:
            return timer.race(
                "race",
                [row.profile.id for row in finalists],
                baseline.profile.id,
                until=until,
                n_min=RACE_ROUNDS,
                dominance=dominance(finalists, ships=run.builds.ships),
            )
        except ArmError as error:
            raise_if_baseline(error, baseline.profile.id)
            gone = next((row for row in finalists if row.profile.id == error.arm), None)
            if gone is None:
                raise
            run.builds.failures[code(gone.profile)] = failure_of(gone.profile, error)
            finalists.remove(gone)


def _place(run: Tune, timer: Timer, row: Row) -> None:
    build = run.builds.done[code(row.profile)]
    path = run.builds.builder.variant(build, row.profile.strip)
    if path is not None:
        timer.place(row.profile.id, path, build.artifacts[row.profile.strip].sha256)


def _count_finalists(run: Tune, timer: Timer, rows: tuple[Row, ...]) -> None:
    for row in rows:
        counted = timer.count(row.profile.id, COUNT_FINAL)
        if counted is not None:
            run.counts[code(row.profile)] = counted
