"""An opened project: everything a command works with, held under one lock."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from burnish.build.builder import Builder, Workshop
from burnish.build.plan import Given
from burnish.build.shim import ensure_shim, guard
from burnish.cargo.config import config_files, read_configs, rustc_wrapper
from burnish.cargo.inputs import relevant_environment
from burnish.cargo.invocation import Cargo
from burnish.cargo.project import Project, Selection, find_manifest, read_project
from burnish.cargo.toolchain import Toolchain, read_toolchain
from burnish.errors import BusyError, StoreError, UsageError
from burnish.measure.circumstances import read_circumstances
from burnish.measure.values import Circumstances
from burnish.profile.effective import EffectiveProfile, resolve
from burnish.profile.keys import NO_DEBUG
from burnish.profile.source import SourceText
from burnish.store import FILE, Store
from burnish.tune.identity import digest, sources_digest


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """A project, its tools, its store.

    Attributes:
        directory: burnish's own place in the target directory; nothing is written elsewhere.
        key: of everything that a build of this project depends on, profile and road aside.
        environment: the variables of the caller, which cargo and the workload see.
    """

    cargo: Cargo
    project: Project
    selection: Selection
    toolchain: Toolchain
    effective: EffectiveProfile
    circumstances: Circumstances
    directory: Path
    shim: Path
    builder: Builder
    store: Store
    key: str
    environment: Mapping[str, str]


def read_manifest(path: Path, label: str) -> SourceText:
    """The text of a manifest.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return SourceText(path=label, text=path.read_bytes().decode())
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from error


def read_effective(project: Project, profile: str, environment: Mapping[str, str]) -> EffectiveProfile:
    """The effective profile of a project's artifact."""
    return resolve(
        profile,
        manifest=read_manifest(project.manifest, "Cargo.toml"),
        configs=read_configs(project.start, environment),
        environment=environment,
        package=project.package,
    )


def apart_from_cargo_bench(session: Session) -> tuple[str, ...]:
    """A sentence where ``cargo bench`` would build with other settings: it takes the profile bench, not release."""
    own = session.effective.settings
    other = read_effective(session.project, "bench", session.environment).settings
    keys = ", ".join(key for key in other if key in own and other[key].value != own[key].value)
    if not keys:
        return ()
    own_name = session.effective.name
    return (f"cargo bench itself takes [profile.bench], where {keys} differs; measured was [profile.{own_name}].",)


@dataclass(frozen=True, kw_only=True, slots=True)
class Opening:
    """Where and how to open a project.

    Attributes:
        path: of the project or its manifest.
        target_dir: cargo's ``--target-dir``, None for cargo's own choice.
        fresh: forget what is stored.
        wait: wait for another burnish on the same project instead of giving up.
        bench_of_settings: a bench that the settings name is the artifact, where the selection names none.
    """

    path: Path
    selection: Selection
    target_dir: Path | None = None
    fresh: bool = False
    wait: bool = True
    bench_of_settings: bool = False


@contextmanager
def open_session(opening: Opening, environment: Mapping[str, str], say: Callable[[str], None]) -> Iterator[Session]:
    """Open a project for building.

    Raises:
        UsageError, ToolError: the project or the toolchain do not fit.
        BusyError: another burnish is at work and ``wait`` is False.
        StoreError: the target directory cannot be written.
    """
    manifest = find_manifest(opening.path)
    cargo = Cargo(manifest.parent, environment)
    cargo.tool("cargo")
    toolchain = read_toolchain(cargo)
    project = read_project(
        cargo, manifest, opening.selection, opening.target_dir, bench_of_settings=opening.bench_of_settings
    )
    effective = read_effective(project, opening.selection.profile, environment)
    directory = project.own_directory
    with locked(directory, wait=opening.wait, say=say):
        if opening.fresh:
            forget(directory)
        shim = ensure_shim(cargo, toolchain, directory / "bin")
        cargo.guard = guard(shim)
        with Store.open(directory / FILE) as store:
            yield _session(opening, cargo, project, toolchain, effective, directory, shim, store, environment)


def _session(  # noqa: PLR0917  # one caller, above
    opening: Opening,
    cargo: Cargo,
    project: Project,
    toolchain: Toolchain,
    effective: EffectiveProfile,
    directory: Path,
    shim: Path,
    store: Store,
    environment: Mapping[str, str],
) -> Session:
    given = given_of(effective)
    # Whoever named the bench, the command line or the settings: it is the same build.
    selection = replace(opening.selection, bench=project.artifact.name if project.artifact.is_bench else None)
    chain = rustc_wrapper(read_configs(project.start, environment), environment)
    builder = Builder(
        cargo=cargo,
        project=project,
        selection=selection,
        toolchain=toolchain,
        workshop=Workshop(directory=directory, shim=shim, chain=chain),
        given=given,
    )
    configs = config_files(project.start, environment)
    files = (project.manifest, project.root / "Cargo.lock", project.root / "rust-toolchain.toml", *configs)
    settings = {key: str(setting.value) for key, setting in effective.settings.items()}
    key = digest(
        sources_digest(project.sources, files),
        relevant_environment(environment),
        toolchain.verbose,
        selection,
        project.artifact,
        settings,
        given,
        chain or "",
    )
    return Session(
        cargo=cargo,
        project=project,
        selection=selection,
        toolchain=toolchain,
        effective=effective,
        circumstances=read_circumstances(toolchain, opening.selection.target),
        directory=directory,
        shim=shim,
        builder=builder,
        store=store,
        key=key,
        environment=environment,
    )


def given_of(effective: EffectiveProfile) -> Given:
    """What builds keep of the effective profile."""
    override = effective.override_of(effective.package) if effective.package else None
    specs = (override.removeprefix("package."),) if override is not None and effective.strip_reset else ()
    host = effective.overrides.get("build-override", {})
    return Given(
        profile_name=effective.name,
        strip_overrides=specs,
        debug=effective.settings["debug"].value not in NO_DEBUG,
        host_optimised="opt-level" in host,
        codegen_units_set=effective.codegen_units_in_force is not None,
    )


def forget(directory: Path) -> None:
    """Remove what is stored, the lock aside."""
    for path in directory.iterdir():
        if path.name == "lock":
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


@contextmanager
def locked(directory: Path, *, wait: bool, say: Callable[[str], None]) -> Iterator[None]:
    """Hold the project against a second burnish. The lock goes with the process, however it ends.

    Raises:
        BusyError: held by another and ``wait`` is False.
        StoreError: the directory cannot be written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _tag(directory)
        file = (directory / "lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise StoreError(
            f"cannot write in {directory}: {error.strerror}",
            hint="choose a place that can be written with --target-dir DIRECTORY",
        ) from error
    with file:
        _acquire(file, wait=wait, say=say)
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def _acquire(file: IO[str], *, wait: bool, say: Callable[[str], None]) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read().strip() or "unknown"
        if not wait:
            raise BusyError(
                f"another burnish (process {holder}) works on this project",
                hint="wait for it, or leave --no-wait out to wait in line",
            ) from None
        say(f"waiting for another burnish (process {holder}) on this project")
        fcntl.flock(file, fcntl.LOCK_EX)


def _tag(directory: Path) -> None:
    """Mark the directory as a cache, as cargo marks its target directory (https://bford.info/cachedir/)."""
    tag = directory / "CACHEDIR.TAG"
    if not tag.exists():
        tag.write_text(
            "Signature: 8a477f597d28d172789f06886806bc55\n# Builds and measurements of burnish.\n", encoding="utf-8"
        )
