"""burnish from Python: what the command line does, as functions that give values. ``import burnish`` has them all.

    import burnish

    result = burnish.tune("path/to/project", run="{bin} data.txt", goal="speed", budget="5m")
    print(result.recommendation.headline)
    burnish.frame(result).sort_values("size")
    burnish.apply(result, "path/to/project")

A result is a `burnish.tune.result.TuneResult`: frozen, and the same as the JSON of ``burnish report --format json``.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import msgspec

from burnish.cargo.invocation import Cargo
from burnish.cargo.manifest import FileChange
from burnish.cargo.project import Project, Selection, find_manifest, read_project
from burnish.errors import ToolError, UsageError
from burnish.executor.addresses import ClusterSettings, parse_address
from burnish.report import json
from burnish.report.frame import columns
from burnish.results import of_project, read
from burnish.tune.change import check_written, pending_change
from burnish.tune.events import Recorded
from burnish.tune.pipeline import tune as find_best
from burnish.tune.progress import Progress, Silent
from burnish.tune.result import Goal, TuneResult
from burnish.tune.session import Opening, open_session
from burnish.tune.settings import Request, Table, for_artifact, merge, read_table, request

__all__ = ["apply", "frame", "read", "stored", "tune"]


#: Libraries of data frames, in the order of preference.
_FRAMES: Final = ("pandas", "polars")


@dataclass(frozen=True, kw_only=True, slots=True)
class Tuned:
    """A result, and the project that it is of."""

    result: TuneResult
    project: Project


def tune(
    path: str | Path = ".",
    *,
    run: str | None = None,
    bench: str | None = None,
    criterion: str | None = None,
    bench_args: Sequence[str] | None = None,
    goal: Goal | str | None = None,
    budget: str | None = None,
    timeout: str | None = None,
    check: str | None = None,
    limits: Mapping[str, float] | None = None,
    options: Mapping[str, Sequence[str | int]] | None = None,
    fix: Mapping[str, str | int | bool] | None = None,
    only: Sequence[str] | None = None,
    allow: Sequence[str] | None = None,
    instructions: str | None = None,
    per_crate: bool | None = None,
    selection: Selection | None = None,
    environment: Mapping[str, str] | None = None,
    fresh: bool = False,
    wait: bool = True,
    progress: Progress | None = None,
    cluster: ClusterSettings | str | None = None,
) -> TuneResult:
    """Build and measure profiles of a Cargo project and recommend one, or nothing worth changing; the result is kept.

    What is None is as in ``[package.metadata.burnish]``, else as ``burnish tune`` has it. Work that is stored is not
    done again.

    Args:
        path: of the project or its Cargo.toml.
        run: the workload, ``{bin}`` stands for the program; it runs in the current directory.
        bench: a bench target as the workload instead: the wall time of its run, in the package's directory.
        criterion: a bench target that is criterion's: its own means instead of the wall time.
        bench_args: what the bench is given besides, such as criterion's filter.
        goal: ``speed``, ``size``, ``build`` or ``balanced``.
        budget: for the whole tune: ``90s``, ``10m``, ``1h``.
        timeout: for one run of the workload.
        check: what must be the same for all candidates: ``stdout`` or ``status``.
        limits: the most that a recommendation may cost against the baseline: ``{"time": 1.05}``.
        options: the values of an option that are tried: ``{"lto": ("thin", "fat")}``.
        fix: one value, no choice: ``{"opt-level": 3}``.
        only: candidates by id: ``["o3-*"]``.
        allow: what may change the program's behaviour: ``panic-abort``, ``panic-abort=if-safe``.
        instructions: ``auto``, ``perf``, ``valgrind`` or ``none``.
        per_crate: also try an opt-level of their own for single crates.
        selection: package, target and features, as Cargo's own options; its ``profile`` is the one to tune.
        environment: what cargo and the workload see; None: the variables of this process.
        fresh: forget what is stored.
        wait: wait for another burnish on the same project instead of giving up.
        progress: told what happens; None: nobody.
        cluster: a scheduler of Dask's whose workers build candidates: ``tls://HOST:8786``, or with its certificates.

    Raises:
        UsageError: an argument means nothing, or nothing is left of the space.
        ToolError: the project does not build as it is.
        WorkloadError: the workload cannot be measured.
        BusyError, StoreError: another burnish is at work, results cannot be kept.
        ClusterError: the cluster cannot be used.
    """
    given = Table(
        run=run,
        bench=bench,
        criterion=criterion,
        bench_args=tuple(bench_args) if bench_args is not None else None,
        goal=_goal(goal),
        budget=budget,
        timeout=timeout,
        check=check,
        limits=dict(limits) if limits is not None else None,
        options={key: tuple(values) for key, values in options.items()} if options is not None else None,
        fix=dict(fix) if fix is not None else None,
        only=tuple(only) if only is not None else None,
        allow=tuple(allow) if allow is not None else None,
        instructions=instructions,
        per_crate=per_crate,
    )
    opening = Opening(path=Path(path), selection=selection or Selection(), fresh=fresh, wait=wait)
    seen = dict(os.environ) if environment is None else environment
    there = ClusterSettings(address=parse_address(cluster)) if isinstance(cluster, str) else cluster
    return tuned(opening, given, seen, progress or Silent(), there).result


def tuned(
    opening: Opening,
    given: Table,
    environment: Mapping[str, str],
    progress: Progress,
    cluster: ClusterSettings | None = None,
) -> Tuned:
    """The same over the settings' own form, as the command line has them."""
    opening, given = with_bench(opening, given)
    with open_session(opening, environment, progress.note) as session:
        project = session.project
        wanted = wanted_of(given, project)
        with Recorded(progress, session.directory) as recorded:
            recorded.began(f"{project.package} {project.version}", str(wanted.goal), wanted.budget)
            result = find_best(session, wanted, recorded, cluster)
            subject = project.subject(result.profile_name)
            number = session.store.keep_result(subject, result.created, json.render(result).encode())
            recorded.ended(number, result.recommendation.headline)
    return Tuned(result=result, project=project)


def with_bench(opening: Opening, given: Table) -> tuple[Opening, Table]:
    """A bench that is the workload is the artifact, and the other way round; one of the settings where none is given.

    Raises:
        UsageError: several are named.
    """
    selection = opening.selection
    named = given.bench if given.bench is not None else given.criterion
    if named is not None and selection.names_artifact and selection.bench != named:
        raise UsageError(
            f"the bench {named} is the workload, and another artifact is selected",
            hint="leave --bin, --example and --lib out: the bench target is what is built and run",
        )
    if named is None and selection.bench is not None:
        given = msgspec.structs.replace(given, bench=selection.bench)
    selection = replace(selection, bench=selection.bench or named)
    return replace(opening, selection=selection, bench_of_settings=given.run is None), given


def wanted_of(given: Table, project: Project) -> Request:
    """The request; a command that is given runs here, one of the manifest and a bench in the package's directory."""
    table = for_artifact(read_table(project.settings), bench=project.artifact.is_bench)
    cwd = str(Path.cwd() if given.run is not None else project.directory)
    return request(merge(table, given), cwd=cwd)


def _goal(goal: Goal | str | None) -> Goal | None:
    try:
        return None if goal is None else Goal(goal)
    except ValueError:
        raise UsageError(f"there is no goal {goal!r}", hint=f"goals are {', '.join(Goal)}") from None


def stored(path: str | Path = ".", *, number: int | None = None, selection: Selection | None = None) -> TuneResult:
    """The newest stored result of a project, or an earlier one by its number; nothing is built or measured.

    Raises:
        UsageError: there is none.
        StoreError: it cannot be read.
    """
    opening = Opening(path=Path(path), selection=selection or Selection(), bench_of_settings=True)
    return stored_with_project(opening, number).result


def stored_with_project(opening: Opening, number: int | None) -> Tuned:
    """The same, with the project that it is of."""
    manifest = find_manifest(opening.path)
    project = read_project(
        Cargo(manifest.parent, os.environ),
        manifest,
        opening.selection,
        opening.target_dir,
        bench_of_settings=opening.bench_of_settings,
    )
    profile = opening.selection.profile
    result = of_project(project, profile, number)
    if result is None:
        which = "" if number is None else f" number {number}"
        raise UsageError(
            f"no result{which} is stored for {project.package} ({project.artifact.name}, [profile.{profile}])",
            hint="burnish tune makes one",
        )
    return Tuned(result=result, project=project)


def apply(
    result: TuneResult,
    path: str | Path = ".",
    *,
    name: str | None = None,
    dry_run: bool = False,
    selection: Selection | None = None,
) -> FileChange | None:
    """Write the recommendation into Cargo.toml and check it with cargo; gives what was written, None for nothing.

    Args:
        result: of a tune of this project.
        path: of the project or its Cargo.toml.
        name: write a custom profile of this name instead.
        dry_run: only give the change; its ``diff()`` shows it.
        selection: as in the tune.

    Raises:
        ChangeError: the manifest is not what was measured, or the change would not hold.
    """
    environment = dict(os.environ)
    manifest = find_manifest(Path(path))
    selection = selection or Selection()
    if not result.ships and not selection.names_artifact:
        selection = replace(selection, bench=result.artifact)
    project = read_project(Cargo(manifest.parent, environment), manifest, selection, None)
    change = pending_change(result, project, environment, name=name)
    if change is not None and not dry_run:
        check_written(change, result, project, environment, name=name)
    return change


def frame(result: TuneResult, library: str | None = None) -> Any:  # noqa: ANN401  # a frame of either library
    """The rows as a data frame, a column for each figure (bytes, seconds, ratios); what was not measured is missing.

    Args:
        result: of a tune.
        library: ``pandas`` or ``polars``; None: what is installed, pandas first.

    Raises:
        UsageError: another library.
        ToolError: it is not installed.
    """
    if library not in {None, *_FRAMES}:
        raise UsageError(f"there is no frame of {library!r}", hint=f"it takes {' or '.join(_FRAMES)}")
    for name in (library,) if library else _FRAMES:
        try:
            module = import_module(name)
        except ImportError:
            continue
        return module.DataFrame(columns(result))
    wanted = library or " or ".join(_FRAMES)
    raise ToolError(f"a frame needs {wanted}, which is not installed", hint=f"pip install {library or _FRAMES[0]}")
