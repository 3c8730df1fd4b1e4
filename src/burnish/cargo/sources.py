"""Which sources a program is made of: its crates from ``cargo metadata``, its files from ``mod`` declarations.

Build scripts and procedural macros run in the compiler, and tests, benches and examples of dependencies are not built:
none of them is part of the program.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from burnish.cargo.invocation import Cargo
from burnish.cargo.project import Selection
from burnish.errors import ToolError, UsageError

#: A source that is larger is not read at all.
LARGEST_FILE = 64_000_000

_LIBRARY = frozenset({"lib", "rlib", "dylib", "cdylib", "staticlib"})
_PROGRAM = frozenset({"bin", "example"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Crate:
    """A package of the program.

    Attributes:
        directory: of the package.
        shown_from: what its paths are shown relative to: the workspace root for a package of the workspace.
        roots: the files rustc is given.
        features: that are on.
        dependencies: names of the packages it depends on directly.
    """

    name: str
    version: str
    directory: Path
    shown_from: Path
    roots: tuple[Path, ...]
    features: frozenset[str]
    dependencies: frozenset[str]
    local: bool

    def shown(self, path: Path) -> str:
        """How a file is named in reports."""
        return Path(os.path.relpath(path, self.shown_from)).as_posix()


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """All crates, the workspace's own first; ``cfg``: what ``rustc --print cfg`` says of the target."""

    crates: tuple[Crate, ...]
    cfg: str


class _Target(msgspec.Struct):
    name: str
    kind: tuple[str, ...]
    src_path: str


class _Package(msgspec.Struct):
    name: str
    version: str
    id: str
    manifest_path: str
    targets: tuple[_Target, ...]


class _Kind(msgspec.Struct):
    kind: str | None = None


class _Dep(msgspec.Struct):
    pkg: str
    dep_kinds: tuple[_Kind, ...] = ()


class _Node(msgspec.Struct):
    id: str
    deps: tuple[_Dep, ...] = ()
    features: tuple[str, ...] = ()


class _Resolve(msgspec.Struct):
    nodes: tuple[_Node, ...]


class _Graph(msgspec.Struct):
    packages: tuple[_Package, ...]
    resolve: _Resolve
    workspace_root: str
    workspace_members: tuple[str, ...]
    workspace_default_members: tuple[str, ...] = ()


def read_program(
    cargo: Cargo, manifest: Path, selection: Selection, *, package: str | None = None, artifact: str | None = None
) -> Program:
    """The crates of a program.

    ``package`` is whose artifact it is, None for all default members of the workspace; ``artifact`` the name of the bin
    or example, None for all programs and the library.

    Raises:
        ToolError: cargo or rustc cannot tell.
        UsageError: there is no such package.
    """
    target = selection.target or _host(cargo)
    given = ("--target", selection.target) if selection.target else ()
    cfg = cargo.text("rustc", "--print", "cfg", *given)
    where = ("--format-version", "1", "--manifest-path", str(manifest), "--filter-platform", target)
    run = cargo.run("cargo", ("metadata", *where, *selection.metadata_args()))
    if run.code != 0:
        raise ToolError(f"cargo cannot read this project:\n{run.error}")
    try:
        graph = msgspec.json.decode(run.stdout, type=_Graph)
    except msgspec.DecodeError as error:
        raise ToolError(f"cargo metadata gave something else than expected: {error}") from error
    return Program(crates=_crates(graph, package, artifact), cfg=cfg)


def _host(cargo: Cargo) -> str:
    verbose = cargo.text("rustc", "-vV")
    return next((line.removeprefix("host: ") for line in verbose.splitlines() if line.startswith("host: ")), "")


def _crates(graph: _Graph, package: str | None, artifact: str | None) -> tuple[Crate, ...]:
    packages = {each.id: each for each in graph.packages}
    nodes = {each.id: each for each in graph.resolve.nodes}
    members = graph.workspace_default_members or graph.workspace_members
    starts = [
        each for each in graph.workspace_members
        if each in packages and (each in members if package is None else package in _specs(packages[each]))
    ]  # fmt: skip
    if not starts:
        raise UsageError(f"there is no package {package!r} in this workspace")
    targets = [target for start in starts for target in packages[start].targets]
    if artifact is not None and not any(target.name == artifact and _PROGRAM & set(target.kind) for target in targets):
        raise UsageError(f"there is no program or example {artifact!r} here")
    example = any(target.name == artifact and "example" in target.kind for target in targets)
    crates: list[Crate] = []
    for found in _reached(starts, packages, nodes, dev=example):
        roots = _roots(packages[found], artifact, start=found in starts)
        crates.append(_crate(packages[found], nodes[found], roots, graph, packages))
    return tuple(sorted(crates, key=lambda crate: (not crate.local, crate.name, crate.version)))


def _specs(package: _Package) -> frozenset[str]:
    """How a package may be called."""
    return frozenset({package.name, f"{package.name}@{package.version}", package.id})


def _reached(starts: list[str], packages: dict[str, _Package], nodes: dict[str, _Node], *, dev: bool) -> Iterator[str]:
    """Packages that are linked: normal dependencies, those of an example's package for development as well."""
    seen = set(starts)
    todo = list(starts)
    while todo:
        found = todo.pop()
        yield found
        kinds = {None, "dev"} if dev and found in starts else {None}
        for dep in nodes[found].deps:
            if dep.pkg in seen or dep.pkg not in nodes or not any(each.kind in kinds for each in dep.dep_kinds):
                continue
            seen.add(dep.pkg)
            if not any("proc-macro" in target.kind for target in packages[dep.pkg].targets):
                todo.append(dep.pkg)


def _roots(package: _Package, artifact: str | None, *, start: bool) -> tuple[Path, ...]:
    wanted = {"bin"} if artifact is None else _PROGRAM
    return tuple(
        Path(target.src_path)
        for target in package.targets
        if _LIBRARY & set(target.kind)
        or (start and wanted & set(target.kind) and (artifact is None or target.name == artifact))
    )


def _crate(
    package: _Package, node: _Node, roots: tuple[Path, ...], graph: _Graph, packages: dict[str, _Package]
) -> Crate:
    directory = Path(package.manifest_path).parent
    local = package.id in graph.workspace_members
    return Crate(
        name=package.name,
        version=package.version,
        directory=directory,
        shown_from=Path(graph.workspace_root) if local else directory,
        roots=roots,
        features=frozenset(node.features),
        dependencies=frozenset(packages[dep.pkg].name for dep in node.deps if dep.pkg in packages),
        local=local,
    )


def module_candidates(
    file: Path, name: str, paths: tuple[str, ...], inside: tuple[str, ...], *, owns_directory: bool
) -> tuple[Path, ...]:
    """Where the file of a ``mod`` or an ``include!`` may lie (Rust reference, items/modules).

    Args:
        file: in which it is declared.
        name: of the module, empty for an include.
        paths: what ``#[path]`` or the include says.
        inside: inline modules around the declaration.
        owns_directory: the file is a crate root, a mod.rs, or was itself named by ``#[path]``.
    """
    if not name:
        return tuple(file.parent / path for path in paths)
    below = (file.parent if owns_directory else file.parent / file.stem).joinpath(*inside)
    if paths:
        start = below if inside else file.parent
        return tuple(start / path for path in paths)
    return (below / f"{name}.rs", below / name / "mod.rs")


def read_source(path: Path) -> bytes | None:
    """The bytes of a source file; None where it cannot be read, is no ordinary file, or is far too large."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return None
    with open(descriptor, "rb") as file:  # noqa: PTH123  # a descriptor: what was checked is what is read
        try:
            status = os.fstat(descriptor)
            ordinary = stat.S_ISREG(status.st_mode) and status.st_size <= LARGEST_FILE
            return file.read(LARGEST_FILE) if ordinary else None
        except OSError:
            return None
