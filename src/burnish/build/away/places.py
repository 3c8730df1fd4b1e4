"""Where a machine of a cluster builds others' projects: a directory for each, with as many slots as build at a time.

``builds/HOST/PROJECT/slot-N`` in the machine's cache holds ``tree`` (the sources as they were sent last), ``burnish``
(shared libraries, as in a project's own target directory) and ``lock``. Files that did not change keep their times, so
cargo compiles only what an edit touches.
"""

import contextlib
import fcntl
import os
import shutil
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from burnish.build.away.snapshot import SourceFile
from burnish.errors import ClusterError

#: Orders of one project at a time on one machine.
_SLOTS = 64
#: Seconds after which a project that was not asked for any more goes.
_KEPT = 14 * 24 * 3600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Slot:
    """A directory for one order at a time."""

    path: Path

    @property
    def tree(self) -> Path:
        return self.path / "tree"

    @property
    def own(self) -> Path:
        return self.path / "burnish"


@contextmanager
def taken_slot(builds: Path, project: str) -> Iterator[Slot]:
    """The first slot of a project that nobody uses, held for the order.

    Raises:
        ClusterError: all are in use.
        OSError: it cannot be made.
    """
    remove_unused(builds, _KEPT)
    for number in range(_SLOTS):
        path = builds / project / f"slot-{number}"
        path.mkdir(parents=True, exist_ok=True)
        with (path / "lock").open("a") as lock:
            if not _locked(lock):
                continue
            os.utime(path / "lock")
            yield Slot(path=path)
            return
    raise ClusterError(f"{_SLOTS} orders of this project are under way on this machine")


def _locked(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def remove_unused(builds: Path, age: float) -> int:
    """Remove the slots that nobody uses and nobody has used for ``age`` seconds; gives how many."""
    horizon = time.time() - age
    removed = 0
    for lock in builds.glob("*/slot-*/lock"):
        with contextlib.suppress(OSError):
            if lock.stat().st_mtime <= horizon:
                with lock.open("a") as held:
                    if _locked(held):
                        shutil.rmtree(lock.parent, ignore_errors=True)
                        removed += 1
                with contextlib.suppress(OSError):
                    lock.parent.parent.rmdir()
    return removed


def builds_of(cache: Path) -> Path:
    """Where this machine builds others' projects, in a cache that machines may share whose locks do not reach it."""
    return cache / "builds" / socket.gethostname()


def lay(tree: Path, files: Sequence[SourceFile]) -> None:
    """Make ``tree`` hold these files and no others; what is there already is left as it is.

    Raises:
        OSError: the disk is full.
        ClusterError: a path is both a file and a directory.
    """
    wanted = {file.path: file for file in files}
    if any(parent in wanted for path in wanted for parent in _parents(path)):
        raise ClusterError("sources with a file in the place of a directory")
    tree.mkdir(exist_ok=True)
    _clear(tree, wanted)
    for name, file in wanted.items():
        place = tree / name
        if _same(place, file):
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        _write(place, file)


def _write(place: Path, file: SourceFile) -> None:
    unfinished = place.with_name(f".{os.getpid()}.unfinished")
    try:
        unfinished.write_bytes(file.content)
        unfinished.chmod(0o755 if file.executable else 0o644)
        unfinished.replace(place)
    except OSError:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise


def _parents(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def _clear(tree: Path, wanted: Mapping[str, SourceFile]) -> None:
    """Remove what is not wanted, links and what build scripts left there too."""
    directories = {parent for path in wanted for parent in _parents(path)}
    for parent, names, files in os.walk(tree):
        at = Path(parent)
        for name in files:
            if (at / name).relative_to(tree).as_posix() not in wanted:
                (at / name).unlink()
        for name in list(names):
            place = at / name
            if place.is_symlink():
                place.unlink()
            elif place.relative_to(tree).as_posix() not in directories:
                shutil.rmtree(place)
            else:
                continue
            names.remove(name)


def _same(place: Path, file: SourceFile) -> bool:
    try:
        found = place.lstat()
        executable = bool(found.st_mode & 0o100)
        return (
            not place.is_symlink()
            and found.st_size == len(file.content)
            and executable == file.executable
            and place.read_bytes() == file.content
        )
    except OSError:
        return False
