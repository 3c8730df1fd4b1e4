"""What is tuned: the package, the artifact, and Cargo's selection of it, from ``cargo metadata``."""

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from burnish.cargo.invocation import Cargo
from burnish.errors import ToolError, UsageError

#: Crate types that can be linked with LTO; one of another type in the list and cargo drops LTO for all of them
#: (cargo/core/compiler/lto.rs: "LTO can only be performed if *all* of the crate types support it").
_LTO_CRATE_TYPES = frozenset({"bin", "cdylib", "staticlib"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """Cargo's own selection, in Cargo's words."""

    package: str | None = None
    bin: str | None = None
    example: str | None = None
    bench: str | None = None
    lib: bool = False
    features: tuple[str, ...] = ()
    all_features: bool = False
    no_default_features: bool = False
    target: str | None = None
    profile: str = "release"
    locked: bool = False
    offline: bool = False

    @property
    def names_artifact(self) -> bool:
        """Whether the artifact is named, so that nothing else may choose it."""
        return self.lib or any(name is not None for name in (self.bin, self.example, self.bench))

    def metadata_args(self) -> tuple[str, ...]:
        """The arguments that `cargo metadata` takes as well."""
        args: list[str] = []
        for feature in self.features:
            args += ["--features", feature]
        flags = {
            "--all-features": self.all_features,
            "--no-default-features": self.no_default_features,
            "--locked": self.locked,
            "--offline": self.offline,
        }
        return (*args, *(flag for flag, given in flags.items() if given))


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """The artifact: a cargo target. ``kind`` is ``bin``, ``example``, ``bench`` or ``lib``."""

    name: str
    kind: str
    crate_types: tuple[str, ...]

    @property
    def crate(self) -> str:
        """What rustc is given as ``--crate-name``."""
        return self.name.replace("-", "_")

    @property
    def args(self) -> tuple[str, ...]:
        return ("--lib",) if self.kind == "lib" else (f"--{self.kind}", self.name)

    @property
    def is_bench(self) -> bool:
        """A bench target: run, and not shipped."""
        return self.kind == "bench"

    @property
    def takes_lto(self) -> bool:
        return set(self.crate_types) <= _LTO_CRATE_TYPES


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """A project with its artifact chosen.

    Attributes:
        root: workspace root; its Cargo.toml holds the profiles.
        directory: of the package.
        start: where cargo runs, as the user runs it there: it decides which config files hold.
        target_directory: cargo's.
        sources: directories of all local packages in the graph, sorted: what a change of source code can touch.
        settings: ``[workspace.metadata.burnish]`` with ``[package.metadata.burnish]`` over it, unread.
        programs: the package's bin targets; cargo builds them beside a bench target.
    """

    root: Path
    directory: Path
    start: Path
    target_directory: Path
    package: str
    version: str
    artifact: Target
    sources: tuple[Path, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    programs: tuple[str, ...] = ()

    @property
    def manifest(self) -> Path:
        return self.root / "Cargo.toml"

    @property
    def own_directory(self) -> Path:
        """Where burnish writes, in the target directory."""
        return self.target_directory / "burnish"

    def subject(self, profile: str) -> str:
        """What a result is about: this project's artifact in one profile."""
        return f"{self.root} {self.package} {self.artifact.kind} {self.artifact.name} [profile.{profile}]"


class _Target(msgspec.Struct):
    name: str
    kind: tuple[str, ...]
    crate_types: tuple[str, ...]


class _Package(msgspec.Struct):
    name: str
    version: str
    id: str
    manifest_path: str
    targets: tuple[_Target, ...]
    source: str | None = None
    default_run: str | None = None
    metadata: dict[str, Any] | None = None


class _Metadata(msgspec.Struct):
    packages: tuple[_Package, ...]
    workspace_members: tuple[str, ...]
    workspace_root: str
    target_directory: str
    workspace_default_members: tuple[str, ...] = ()
    metadata: dict[str, Any] | None = None


def find_manifest(path: Path) -> Path:
    """The Cargo.toml of a path: the file itself, or the nearest one from a directory upwards, as cargo looks.

    Raises:
        UsageError: there is none.
    """
    # Without `..`: cargo names manifests so, and the directories above are those of the place that is meant.
    start = Path(os.path.abspath(path))  # noqa: PTH100  # resolve() would follow links as well
    if start.is_file():
        return start
    for directory in (start, *start.parents):
        if (directory / "Cargo.toml").is_file():
            return directory / "Cargo.toml"
    raise UsageError(
        f"there is no Cargo.toml in {path} or any directory above it",
        hint="give the path of a Cargo project, or --manifest-path",
    )


def read_project(
    cargo: Cargo,
    manifest: Path,
    selection: Selection,
    target_dir: Path | None = None,
    *,
    resolve: bool = True,
    bench_of_settings: bool = False,
) -> Project:
    """Ask cargo for the project and choose the artifact.

    The first question is `--no-deps`: it writes no Cargo.lock, so a wrong selection leaves nothing behind. The second,
    for the sources, needs the graph of dependencies; without ``resolve`` it is not asked, and there are no ``sources``.
    With ``bench_of_settings``, a bench that the settings name is the artifact where the selection names none.

    Raises:
        UsageError: the selection is not one artifact, or a bench that cannot be measured.
        ToolError: cargo cannot read the manifest.
    """
    where = ("--format-version", "1", "--manifest-path", str(manifest))
    members = _metadata(cargo, (*where, "--no-deps", "--offline"))
    package = choose_package(members.packages, _default_members(members), manifest, selection)
    settings = {**_burnish(members.metadata), **_burnish(package.metadata)}
    if bench_of_settings and not selection.names_artifact:
        selection = replace(selection, bench=_bench_of(settings))
    targets = _targets(package)
    artifact = choose_target(package.name, targets, package.default_run, selection)
    if artifact.is_bench:
        _check_harness(Path(package.manifest_path), artifact.name)
    everything = _metadata(cargo, (*where, *selection.metadata_args())).packages if resolve else ()
    local = {Path(each.manifest_path).parent for each in everything if each.source is None}
    return Project(
        root=Path(members.workspace_root),
        directory=Path(package.manifest_path).parent,
        start=cargo.directory,
        target_directory=target_dir or Path(members.target_directory),
        package=package.name,
        version=package.version,
        artifact=artifact,
        sources=tuple(sorted(local)),
        settings=settings,
        programs=tuple(target.name for target in targets if target.kind == "bin"),
    )


def _metadata(cargo: Cargo, args: Sequence[str]) -> _Metadata:
    run = cargo.run("cargo", ("metadata", *args))
    if run.code != 0:
        raise ToolError(
            f"cargo cannot read this project:\n{run.error}", hint="the project must build with cargo build --release"
        )
    try:
        return msgspec.json.decode(run.stdout, type=_Metadata)
    except msgspec.DecodeError as error:
        raise ToolError(f"cargo metadata gave something else than expected: {error}") from error


def _burnish(metadata: Mapping[str, Any] | None) -> Mapping[str, Any]:
    found = (metadata or {}).get("burnish", {})
    if not isinstance(found, dict):
        raise UsageError("metadata.burnish in Cargo.toml must be a table")
    return found


def _bench_of(settings: Mapping[str, Any]) -> str | None:
    """The bench target that the settings name as the workload, under either key."""
    named = [settings[key] for key in ("bench", "criterion") if isinstance(settings.get(key), str)]
    return named[0] if len(named) == 1 else None


def _check_harness(manifest: Path, name: str) -> None:
    """Refuse a bench of libtest's harness; ``cargo metadata`` does not say which have it, the manifest does.

    Raises:
        UsageError: it has no ``harness = false``.
    """
    try:
        benches = tomllib.loads(manifest.read_text(encoding="utf-8")).get("bench", ())
    except (OSError, ValueError):
        # TOML 1.1, which cargo reads and this library does not.
        return
    if any(each.get("name") == name and each.get("harness") is False for each in benches):
        return
    raise UsageError(
        f"the bench {name} runs in libtest's harness: #[bench] is unstable and needs a nightly toolchain, on stable "
        "such a bench runs nothing; and libtest fits the number of runs to the time, so its wall time says nothing",
        hint=f'write it with criterion, or with a main of its own, and harness = false under [[bench]] name = "{name}"',
    )


def _default_members(metadata: _Metadata) -> tuple[str, ...]:
    return metadata.workspace_default_members or metadata.workspace_members


def _targets(package: _Package) -> tuple[Target, ...]:
    found: list[Target] = []
    for target in package.targets:
        kind = target.kind[0]
        if kind in {"bin", "example", "bench"}:
            found.append(Target(name=target.name, kind=kind, crate_types=target.crate_types))
        elif kind not in {"test", "custom-build", "proc-macro"}:
            found.append(Target(name=target.name, kind="lib", crate_types=target.crate_types))
    return tuple(found)


def choose_package(
    packages: Sequence[_Package], default_members: Sequence[str], manifest: Path, selection: Selection
) -> _Package:
    """``-p``, else the package of the manifest, else the only default member that has a program.

    Raises:
        UsageError: no such package, or several fit; the message lists them.
    """
    names = ", ".join(sorted(package.name for package in packages))
    if selection.package is not None:
        for package in packages:
            if selection.package in {package.name, f"{package.name}@{package.version}", package.id}:
                return package
        raise UsageError(f"there is no package {selection.package!r} in this workspace", hint=f"there are: {names}")
    own = [package for package in packages if Path(package.manifest_path) == manifest]
    if own:
        return own[0]
    fits = [package for package in packages if package.id in default_members and _fits(package, selection)]
    if len(fits) == 1:
        return fits[0]
    if not fits:
        raise UsageError("no package of this workspace has a program to tune", hint=f"choose with -p: {names}")
    several = ", ".join(sorted(package.name for package in fits))
    raise UsageError("this workspace has several packages with a program", hint=f"choose one with -p: {several}")


def _fits(package: _Package, selection: Selection) -> bool:
    targets = _targets(package)
    if selection.bin is not None:
        return any(target.kind == "bin" and target.name == selection.bin for target in targets)
    if selection.example is not None:
        return any(target.kind == "example" and target.name == selection.example for target in targets)
    if selection.bench is not None:
        return any(target.kind == "bench" and target.name == selection.bench for target in targets)
    return any(target.kind == ("lib" if selection.lib else "bin") for target in targets)


def choose_target(package: str, targets: Sequence[Target], default_run: str | None, selection: Selection) -> Target:
    """``--bin``, ``--example``, ``--bench``, ``--lib``, else the only bin (or ``default-run``).

    Raises:
        UsageError: nothing, or no single one; the message lists what there is.
    """
    if selection.lib:
        return _library(package, targets)
    if selection.bench is not None:
        return _bench(package, targets, selection.bench)
    kind, name = ("example", selection.example) if selection.example is not None else ("bin", selection.bin)
    fits = [target for target in targets if target.kind == kind and name in {None, target.name}]
    if name is None and default_run is not None:
        fits = [target for target in fits if target.name == default_run] or fits
    if len(fits) == 1:
        return fits[0]
    listed = ", ".join(f"--{target.kind} {target.name}" for target in targets if target.kind in {"bin", "example"})
    if name is not None:
        raise UsageError(f"{package} has no {kind} {name!r}", hint=f"it has: {listed or 'no programs at all'}")
    if fits:
        raise UsageError(f"{package} has several programs", hint=f"choose one of: {listed}")
    advice = (
        f"choose one of: {listed}" if listed else "name an example that uses it, or --lib for a cdylib or staticlib"
    )
    benches = ", ".join(target.name for target in targets if target.is_bench)
    also = f"; burnish tune also measures a bench target, with --bench or --criterion: {benches}" if benches else ""
    raise UsageError(f"{package} has no program of its own to tune", hint=advice + also)


def _bench(package: str, targets: Sequence[Target], name: str) -> Target:
    benches = [target for target in targets if target.is_bench]
    for target in benches:
        if target.name == name:
            return target
    listed = ", ".join(target.name for target in benches)
    raise UsageError(f"{package} has no bench target {name!r}", hint=f"it has: {listed or 'no bench targets at all'}")


def _library(package: str, targets: Sequence[Target]) -> Target:
    libraries = [target for target in targets if target.kind == "lib"]
    if not libraries:
        raise UsageError(f"{package} has no library", hint="leave --lib out")
    library = libraries[0]
    if not {"cdylib", "staticlib"} & set(library.crate_types):
        raise UsageError(
            f"the library of {package} is linked into other programs ({', '.join(library.crate_types)}): "
            "the profile of the program that uses it decides",
            hint="tune an example that uses it: --example NAME",
        )
    return library
