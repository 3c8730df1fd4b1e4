"""A workspace read for the lint: one `cargo metadata --no-deps`, then files alone; nothing is built or fetched."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from burnish.cargo.config import config_files
from burnish.cargo.invocation import Cargo
from burnish.errors import ToolError, UsageError
from burnish.profile.lint.workspace import ConfigFile, CrateTarget, Package, Workspace
from burnish.profile.source import SourceText


class _Target(msgspec.Struct):
    name: str
    kind: tuple[str, ...]
    crate_types: tuple[str, ...]


class _Dependency(msgspec.Struct):
    name: str
    kind: str | None = None


class _Package(msgspec.Struct):
    name: str
    version: str
    manifest_path: str
    targets: tuple[_Target, ...]
    dependencies: tuple[_Dependency, ...] = ()
    publish: tuple[str, ...] | None = None


class _Metadata(msgspec.Struct):
    packages: tuple[_Package, ...]
    workspace_root: str


def read_workspace(manifest: Path, environment: Mapping[str, str], *, base: Path) -> Workspace:
    """The workspace of a manifest; its files are labelled by their path from ``base``, others in full.

    Raises:
        ToolError: cargo is missing or cannot read the manifest.
        UsageError: a file cannot be read.
    """
    run = Cargo(manifest.parent, environment).run(
        "cargo",
        ("metadata", "--format-version", "1", "--no-deps", "--offline", "--manifest-path", str(manifest)),
    )
    if run.code != 0:
        raise ToolError(f"cargo cannot read this project:\n{run.error}", hint="see what cargo says of the manifest")
    try:
        metadata = msgspec.json.decode(run.stdout, type=_Metadata)
    except msgspec.DecodeError as error:
        raise ToolError(f"cargo metadata gave something else than expected: {error}") from error
    root = Path(metadata.workspace_root)
    return Workspace(
        manifest=_source(root / "Cargo.toml", root, base),
        packages=tuple(_package(package, root, base) for package in metadata.packages),
        environment=environment,
        configs=_configs(manifest.parent, root, environment, base),
        locked=_locked(root / "Cargo.lock"),
    )


def read_alone(manifest: Path, environment: Mapping[str, str], *, base: Path) -> Workspace:
    """A manifest that cargo refuses, taken for the root of a workspace without members.

    Raises:
        UsageError: a file cannot be read.
    """
    return Workspace(
        manifest=_source(manifest, manifest.parent, base),
        packages=(),
        environment=environment,
        configs=_configs(manifest.parent, manifest.parent, environment, base),
    )


def _package(package: _Package, root: Path, base: Path) -> Package:
    path = Path(package.manifest_path)
    return Package(
        name=package.name,
        version=package.version,
        manifest=_source(path, root, base),
        is_root=path.parent == root,
        published=package.publish is None or bool(package.publish),
        targets=tuple(_target(target) for target in package.targets),
        dependencies=frozenset(dependency.name for dependency in package.dependencies),
        normal=frozenset(dependency.name for dependency in package.dependencies if dependency.kind is None),
    )


def _target(target: _Target) -> CrateTarget:
    kind = target.kind[0] if target.kind else "lib"
    known = kind in {"bin", "example", "test", "bench", "custom-build"}
    return CrateTarget(name=target.name, kind=kind if known else "lib", crate_types=target.crate_types)


def _configs(directory: Path, root: Path, environment: Mapping[str, str], base: Path) -> tuple[ConfigFile, ...]:
    return tuple(
        ConfigFile(source=_source(path, root, base), in_project=path.is_relative_to(root))
        for path in config_files(directory, environment)
    )


def _locked(path: Path) -> frozenset[tuple[str, str]] | None:
    """None also for a lock file that cannot be read: cargo tells of it when it builds."""
    try:
        packages: Any = tomllib.loads(path.read_bytes().decode()).get("package", [])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return None
    if not isinstance(packages, list):
        return None
    return frozenset(
        (str(package.get("name")), str(package.get("version"))) for package in packages if isinstance(package, dict)
    )


def _source(path: Path, root: Path, base: Path) -> SourceText:
    # From inside of the workspace its other files are told by `..`, as compilers do.
    near = path.is_relative_to(base) or (base.is_relative_to(root) and path.is_relative_to(root))
    label = os.path.relpath(path, base) if near else str(path)
    try:
        return SourceText(path=label, text=path.read_bytes().decode())
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}", hint="Cargo needs the file as UTF-8 as well.") from error
