"""A project's sources read from disk, for a machine that has none of them."""

import os
import tomllib
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

import msgspec

from burnish.build.away.snapshot import LARGEST, SourceFile, write_part
from burnish.cargo.config import config_files
from burnish.cargo.project import Project
from burnish.digests import digest_of
from burnish.errors import ClusterError
from burnish.units import format_bytes

#: Files that may travel.
_MOST: Final = 100_000
#: Directories that hold no sources, by name, and by what lies in them: version control, what tools keep, build output.
_NO_SOURCES: Final = frozenset({".git", ".hg", ".jj", ".svn", "__pycache__", "node_modules"})
_MARKS: Final = frozenset({"CACHEDIR.TAG", "pyvenv.cfg"})
#: Tables of a config file that change what is built; the others say where crates come from, and how cargo speaks.
_SHAPING: Final = ("build", "env", "patch", "paths", "profile", "target", "unstable")
#: Keys of its ``build`` that do not.
_UNSHAPING: Final = frozenset({"target-dir", "build-dir", "jobs", "dep-info-basedir", "rustc-wrapper"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Gathered:
    """All that a build needs of a project, but for the crates that cargo fetches by its Cargo.lock.

    Attributes:
        base: the directory that holds all of it.
        start: where cargo runs, relative to it.
        manifest: of the package, relative to it.
        parts: contents, see `burnish.build.away.snapshot`.
    """

    base: Path
    start: str
    manifest: str
    parts: tuple[bytes, ...]


def gather(project: Project, environment: Mapping[str, str]) -> Gathered:
    """Read a project's workspace, its packages outside, and the config files that lie among them.

    A package may include files that lie beside it in the workspace, and vendored crates lie there too: all is taken
    where it is not too large, else the packages alone.

    Raises:
        ClusterError: they are too large to travel, or cannot be read.
    """
    base = Path(os.path.commonpath([project.root, project.start, *project.sources]))
    places = _innermost_first({*project.sources, project.root})
    groups: dict[Path, list[SourceFile]] = defaultdict(list)
    for path in _chosen(project, base, environment):
        try:
            file = _source(path, base)
        except PermissionError:
            # What cargo cannot read here is nothing that it builds from.
            continue
        except OSError as error:
            raise ClusterError(f"cannot read {path} for the cluster: {error.strerror}") from error
        if file is not None:
            groups[_part_of(path, places, project.root, base)].append(file)
    return Gathered(
        base=base,
        start=_relative(project.start, base),
        manifest=_relative(project.directory / "Cargo.toml", base),
        parts=tuple(write_part(groups[place]) for place in sorted(groups)),
    )


def _innermost_first(directories: Iterable[Path]) -> list[Path]:
    """Directories in the order in which a file asks whose it is."""
    return sorted(directories, key=lambda path: len(path.parts), reverse=True)


def _part_of(path: Path, places: Sequence[Path], root: Path, base: Path) -> Path:
    """What a file travels with: its package; in the workspace beside packages, the directory at the top."""
    place = next((each for each in places if path.is_relative_to(each)), base)
    return root / path.relative_to(root).parts[0] if place == root else place


def _chosen(project: Project, base: Path, environment: Mapping[str, str]) -> Iterable[Path]:
    """The files to send.

    Raises:
        ClusterError: they are too large.
    """
    passed_over = {project.target_directory, *(each / "target" for each in (project.root, *project.sources))}
    packages = list(
        islice(chain(_singles(project, base, environment), _below(project.sources, passed_over)), _MOST + 1)
    )
    for paths in (chain(packages, _below([project.root], passed_over)), packages):
        chosen = dict.fromkeys(islice(paths, _MOST + 1))
        if len(chosen) <= _MOST and sum(map(_size, chosen)) <= LARGEST:
            return chosen
    raise ClusterError(
        f"the project's packages hold more than {format_bytes(LARGEST)}, or {_MOST:,} files: too much for a cluster",
        hint="leave --cluster out; a directory with a CACHEDIR.TAG is passed over",
    )


def _singles(project: Project, base: Path, environment: Mapping[str, str]) -> Iterator[Path]:
    for directory in project.sources:
        # A package outside the workspace may inherit from a manifest above it.
        above = directory.parent
        while above.is_relative_to(base):
            yield above / "Cargo.toml"
            above = above.parent
    yield project.manifest
    yield project.root / "Cargo.lock"
    yield from (path for path in config_files(project.start, environment) if path.is_relative_to(base))


def _below(directories: Iterable[Path], passed_over: Container[Path]) -> Iterator[Path]:
    """All files, hidden ones too: of a vendored crate cargo misses each that is not there."""
    for top in directories:
        yield from _files_at(top, passed_over, frozenset())


def _files_at(place: Path, passed_over: Container[Path], above: frozenset[str]) -> Iterator[Path]:
    """Files of a directory; linked directories count as what they lead to, those that lead to themselves once."""
    real = os.path.realpath(place)
    try:
        paths = sorted(place.iterdir())
    except OSError:
        return
    if real in above or (above and any(path.name in _MARKS for path in paths)):
        return
    for path in paths:
        if not path.is_dir():
            yield path
        elif path.name not in _NO_SOURCES and path not in passed_over:
            yield from _files_at(path, passed_over, above | {real})


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _source(path: Path, base: Path) -> SourceFile | None:
    """None where there is no such file, or its name is no text (cargo takes none of those for a source)."""
    name = _relative(path, base)
    if not path.is_file() or not _is_text(name):
        return None
    return SourceFile(path=name, executable=os.access(path, os.X_OK), content=path.read_bytes())


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _relative(path: Path, base: Path) -> str:
    return path.relative_to(base).as_posix()


def configuration_beyond(start: Path, base: Path, environment: Mapping[str, str]) -> str:
    """A digest of what config files outside ``base`` (such as CARGO_HOME's) say that changes builds."""
    found: list[Any] = []
    for path in config_files(start, environment):
        if path.is_relative_to(base):
            continue
        said = _shaping(path)
        if said:
            found.append(said)
    return digest_of(msgspec.json.encode(found, order="deterministic"))


def _shaping(path: Path) -> dict[str, Any]:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ClusterError(f"cannot read {path}: {error}") from error
    said = {name: tables[name] for name in _SHAPING if name in tables}
    if isinstance(build := said.get("build"), dict):
        said["build"] = {key: value for key, value in build.items() if key not in _UNSHAPING}
    return {name: value for name, value in said.items() if value}


def wrapped(environment: Mapping[str, str], configs: Sequence[str]) -> str:
    """What stands between cargo and rustc here and is not known elsewhere, in words; empty for nothing."""
    for name in ("RUSTC_WORKSPACE_WRAPPER", "CARGO_BUILD_RUSTC_WORKSPACE_WRAPPER"):
        if environment.get(name):
            return name
    for text in configs:
        build = tomllib.loads(text).get("build", {})
        if isinstance(build, dict) and build.get("rustc-workspace-wrapper"):
            return "build.rustc-workspace-wrapper"
    return ""
