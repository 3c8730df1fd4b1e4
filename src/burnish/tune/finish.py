"""The end of a tune: rows, verdict and circumstances as one `TuneResult`."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from burnish.measure.values import CONTROL, Round, Sample, Workload
from burnish.profile.options import BY_KEY
from burnish.tune import words
from burnish.tune.result import (
    SCHEMA,
    BaselineSetting,
    Confirmation,
    CrateTime,
    Effort,
    Noise,
    Outcome,
    Recommendation,
    Row,
    Runs,
    Timeline,
    TuneResult,
)
from burnish.tune.rows import with_front
from burnish.tune.space import code, codes
from burnish.tune.verdict import Standing

if TYPE_CHECKING:
    from burnish.tune.pipeline import Tune


def assemble(
    run: "Tune",
    rows: Sequence[Row],
    standings: Sequence[Standing],
    confirmed: tuple[Row, Confirmation] | None,
    noise: Noise | None,
    *,
    created: str,
    own: float,
) -> TuneResult:
    """Everything a report shows."""
    session, ledger = run.session, run.ledger
    plain = run.builds.built_plainly(run.base)
    baseline = replace(rows[0], cost=plain.cost) if plain is not None else rows[0]
    table = tuple(confirmed[0] if confirmed and row.profile == confirmed[0].profile else row for row in rows[1:])
    recommendation = (
        _change(run, confirmed, baseline, len(rows), noise) if confirmed else _nothing(run, standings, baseline)
    )
    return TuneResult(
        schema=SCHEMA,
        created=created,
        package=session.project.package,
        version=session.project.version,
        artifact=session.project.artifact.name,
        profile_name=session.effective.name,
        goal=run.request.goal,
        workload=_workload(run),
        circumstances=session.circumstances,
        baseline=_settings(run),
        rows=with_front((baseline, *table), ships=run.builds.ships),
        failures=tuple(run.builds.failures.values()),
        sharing=tuple(run.builds.sharing),
        recommendation=recommendation,
        noise=noise,
        effort=Effort(
            wall=ledger.spent + own,
            builds=ledger.builds,
            rounds=ledger.rounds,
            space=len(codes(run.space)),
            own=own,
            stopped=run.stopped,
        ),
        notes=_notes(run),
        reproduce=_reproduce(run),
        timelines=tuple(_timelines(run, recommendation)),
        runs=runs_of(run.timer.raced.get("race", ()) if run.timer is not None else (), run.base.id),
        benchmarks=run.timer.output.benchmarks if run.timer is not None else (),
    )


def runs_of(rounds: Sequence[Round], baseline: str) -> tuple[Runs, ...]:
    """By profile, in the order in which they first ran, the baseline first; the control aside."""
    found: dict[str, list[Sample]] = {}
    for each in rounds:
        for sample in each.samples:
            if sample.arm != CONTROL:
                found.setdefault(sample.arm, []).append(sample)
    ordered = sorted(found.items(), key=lambda item: item[0] != baseline)
    return tuple(
        Runs(
            name=name,
            wall=tuple(sample.wall for sample in samples),
            user=tuple(sample.user for sample in samples),
            sys=tuple(sample.sys for sample in samples),
            memory=tuple(sample.maxrss for sample in samples),
        )
        for name, samples in ordered
    )


def _timelines(run: "Tune", recommendation: Recommendation) -> Iterator[Timeline]:
    named = {"baseline": run.base}
    if recommendation.outcome is Outcome.CHANGE:
        named["recommended"] = recommendation.profile
    for name, profile in named.items():
        build = run.builds.built_plainly(profile)
        if build is None or not build.crates:
            continue
        first = min(crate.began for crate in build.crates)
        times = (
            CrateTime(
                name=each.crate,
                start=round(each.began - first, 3),
                wall=round(each.wall, 3),
                cpu=round(each.cpu, 3),
                memory=each.maxrss,
            )
            for each in sorted(build.crates, key=lambda crate: crate.began)
        )
        yield Timeline(name=f"{name}, {profile.id}", crates=tuple(times))


def _change(
    run: "Tune", confirmed: tuple[Row, Confirmation], baseline: Row, tried: int, noise: Noise | None
) -> Recommendation:
    row, confirmation = confirmed
    return Recommendation(
        outcome=Outcome.CHANGE,
        profile=row.profile,
        headline=words.headline_change(row, baseline, confirmation, run.session.effective.name, ships=run.builds.ships),
        changes=words.option_changes(baseline.profile, row.profile),
        reasons=words.reasons_for(row, baseline, confirmation, goal=run.request.goal, tried=tried, noise=noise),
        price=words.price_of(row, baseline, confirmation, ships=run.builds.ships),
        confirmation=confirmation,
    )


def _nothing(run: "Tune", standings: Sequence[Standing], baseline: Row) -> Recommendation:
    best = standings[0] if standings else None
    return Recommendation(
        outcome=Outcome.NOTHING,
        profile=baseline.profile,
        headline=words.headline_nothing(run.session.effective.name, best),
        reasons=words.nothing_reasons(standings, baseline, ships=run.builds.ships),
    )


def _workload(run: "Tune") -> Workload | None:
    """The workload with its directory relative to the project, so that a report shows no path of a machine."""
    workload = run.request.workload
    root = run.session.project.root
    if workload is None or not Path(workload.cwd).is_relative_to(root):
        return workload
    return replace(workload, cwd=str(Path(workload.cwd).relative_to(root)))


def _settings(run: "Tune") -> tuple[BaselineSetting, ...]:
    """The five options first, then what else is set somewhere."""
    settings = run.session.effective.settings
    keys = [*BY_KEY, *(key for key in settings if key not in BY_KEY and settings[key].origin.kind != "default")]
    return tuple(BaselineSetting(key=key, value=settings[key].text, origin=settings[key].origin.where) for key in keys)


def _notes(run: "Tune") -> tuple[str, ...]:
    notes = list(run.notes)
    if run.request.limits.size is not None and not run.builds.ships:
        notes.append("The limit on size was passed over: a bench executable is not shipped.")
    if run.timer is None:
        notes.append("No --run was given: sizes and build costs alone, run time was not measured.")
    obstacle = run.builds.obstacle(code(run.base))
    if obstacle is not None:
        notes.append(f"Every candidate was built by plain cargo from nothing: {obstacle}.")
    notes.extend(words.built_elsewhere([build.host for build in run.builds.done.values()]))
    notes.extend(
        f"{profile.id}: {mismatch}." for profile, build in run.builds.done.items() for mismatch in build.mismatches
    )
    return tuple(notes)


def _reproduce(run: "Tune") -> tuple[str, ...]:
    session, request = run.session, run.request
    args = ["burnish", "tune", "--goal", str(request.goal)]
    if session.effective.name != "release":
        args += ["--profile", session.effective.name]
    workload = request.workload
    if workload is not None and workload.is_bench:
        given = ("--", *workload.given) if workload.given else ()
        args += [f"--{workload.kind}", session.project.artifact.name, *given]
    elif workload is not None:
        args += ["--run", workload.command]
    return (shlex.join(args),)
