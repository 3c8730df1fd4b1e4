"""The cache: a content-addressed store and a table of what has been done, shared by all projects of a user.

``blobs/ab/<sha256>`` holds content under its own digest; ``actions/ab/<key>`` names, for a unit's key, the digests of
the objects that it gave. Every entry appears under its name whole (rename), and is checked against it when it is read:
a damaged or vanished entry is a miss, never a wrong program. Least recently used entries go first (LRU by mtime).
"""

import contextlib
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from burnish.digests import digest_of, is_digest
from burnish.errors import StoreError

#: Bytes kept before the least recently used entries go.
DEFAULT_LIMIT = 4 << 30
#: Seconds between two looks at whether the cache has grown beyond its limit, as lld's ``prune_interval``.
PRUNE_INTERVAL = 20 * 60
#: Seconds: what was used this recently is never pruned, another build may be about to read it.
_IN_USE = 60 * 60
#: Seconds after which a file that is still unfinished has lost its writer.
_WRITING = 10 * 60
_UNFINISHED = ".unfinished"


@dataclass(frozen=True, kw_only=True, slots=True)
class CacheInfo:
    """What the cache holds: entries and bytes of blobs, number of actions."""

    path: Path
    blobs: int
    bytes: int
    actions: int


class Cache:
    """A directory of entries.

    Args:
        path: made where it is missing.
        now: seconds since the epoch.

    Raises:
        StoreError: it cannot be made.
    """

    def __init__(self, path: Path, *, now: Callable[[], float] = time.time) -> None:
        self.path = path
        self._now = now
        try:
            for name in ("blobs", "actions"):
                (path / name).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"cannot make the LTO cache {path}: {error.strerror}",
                hint="choose another place with BURNISH_CACHE_DIR, or do without: --no-cache",
            ) from error

    def blob(self, digest: str) -> Path:
        """Where a content lies or would lie."""
        return self.path / "blobs" / digest[:2] / digest

    def put(self, data: bytes | memoryview, digest: str | None = None) -> str:
        """Keep a content; gives its digest.

        Raises:
            StoreError: it cannot be written (a full disk); nothing half-written is left.
        """
        digest = digest or digest_of(data)
        place = self.blob(digest)
        if not self._holds(place, data):
            _write_whole(place, data)
        return digest

    def put_file(self, path: Path) -> str:
        """Keep a file's content."""
        return self.put(path.read_bytes())

    def get(self, digest: str) -> bytes | None:
        """A content, checked against its name; None where it is missing or damaged (a damaged one is removed)."""
        place = self.blob(digest)
        try:
            data = place.read_bytes()
        except OSError:
            return None
        if digest_of(data) != digest:
            with contextlib.suppress(OSError):
                place.unlink()
            return None
        self._touched(place, len(data))
        return data

    def intact(self, digest: str) -> bool:
        """Whether a content is there and is what its name says."""
        return self.get(digest) is not None

    def record(self, key: str, digests: Sequence[str]) -> None:
        """Remember what an action gave.

        Raises:
            StoreError: it cannot be written.
        """
        text = "\n".join(digests)
        _write_whole(self._action(key), f"{text}\n{digest_of(f'{key} {text}'.encode())}\n".encode())

    def recall(self, key: str) -> tuple[str, ...] | None:
        """The digests that an action gave; None where nothing, or nothing sound, is known of it."""
        place = self._action(key)
        try:
            text, _, check = place.read_bytes().decode("ascii").removesuffix("\n").rpartition("\n")
        except (OSError, UnicodeDecodeError):
            return None
        digests = text.split("\n")
        if check != digest_of(f"{key} {text}".encode()) or not all(is_digest(digest) for digest in digests):
            with contextlib.suppress(OSError):
                place.unlink()
            return None
        self._touched(place, -1)
        return tuple(digests)

    def recall_all(self, key: str, count: int) -> tuple[str, ...] | None:
        """The digests of an action that gave ``count`` contents, all of them here and undamaged; else None."""
        digests = self.recall(key)
        if digests is None or len(digests) != count or not all(map(self.intact, digests)):
            return None
        return digests

    def info(self) -> CacheInfo:
        """Count what is there."""
        sizes = [entry.size for entry in self._contents()]
        return CacheInfo(
            path=self.path, blobs=len(sizes), bytes=sum(sizes), actions=sum(1 for _ in self._entries("actions"))
        )

    def prune(self, limit: int, *, spare: float = _IN_USE) -> tuple[int, int]:
        """Remove the least recently used blobs until ``limit`` bytes remain; gives entries and bytes removed.

        What was used within the last ``spare`` seconds stays. Actions whose objects are gone are misses from then on,
        and go once they are as old as the oldest blob kept.
        """
        self._remove_unfinished(spare)
        entries = sorted(self._contents(), key=lambda entry: entry.used)
        total = sum(entry.size for entry in entries)
        removed = freed = 0
        horizon = self._now() - spare
        oldest = 0.0
        for entry in entries:
            if total - freed <= limit or entry.used > horizon:
                break
            with contextlib.suppress(OSError):
                entry.path.unlink()
                removed += 1
                freed += entry.size
                oldest = entry.used
        for entry in self._entries("actions"):
            if entry.used <= oldest:
                with contextlib.suppress(OSError):
                    entry.path.unlink()
        return removed, freed

    def prune_now_and_then(self, limit: int) -> None:
        """Prune where that has not been done for a while; never an error: the link has succeeded already."""
        stamp = self.path / "pruned"
        with contextlib.suppress(OSError):
            if stamp.exists() and self._now() - stamp.stat().st_mtime < PRUNE_INTERVAL:
                return
            stamp.touch()
            self.prune(limit)

    def clear(self) -> None:
        """Remove all entries."""
        for name in ("blobs", "actions"):
            shutil.rmtree(self.path / name, ignore_errors=True)
            (self.path / name).mkdir(parents=True, exist_ok=True)

    def _action(self, key: str) -> Path:
        return self.path / "actions" / key[:2] / key

    def _holds(self, place: Path, data: bytes | memoryview) -> bool:
        """Whether an entry is there, undamaged; marks it as used."""
        if not self._touched(place, len(data)):
            return False
        try:
            return place.read_bytes() == data
        except OSError:
            return False

    def _touched(self, place: Path, size: int) -> bool:
        """Mark an entry as used; False where it is missing or has another size."""
        try:
            found = place.stat()
            if size >= 0 and found.st_size != size:
                return False
            # A write per use would cost more than it tells: an hour is fine enough for LRU.
            if self._now() - found.st_mtime > _IN_USE / 2:
                os.utime(place)
        except OSError:
            return False
        return True

    def _contents(self) -> Iterator["_Entry"]:
        """Blobs, and what lld keeps beside them (``--engine lld``)."""
        yield from self._entries("blobs")
        yield from (entry for entry in _files(self.path / "lld") if entry.path.name.startswith("llvmcache-"))

    def _entries(self, name: str) -> Iterator["_Entry"]:
        for directory in _scan(self.path / name):
            if directory.is_dir(follow_symlinks=False):
                yield from _files(Path(directory.path))

    def _remove_unfinished(self, spare: float) -> None:
        """Remove what killed builds were writing; a write takes seconds at most."""
        horizon = self._now() - max(spare, _WRITING)
        for entry in [*self._entries("blobs"), *self._entries("actions")]:
            if entry.path.name.endswith(_UNFINISHED) and entry.used <= horizon:
                with contextlib.suppress(OSError):
                    entry.path.unlink()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Entry:
    path: Path
    size: int
    used: float


def _files(directory: Path) -> Iterator[_Entry]:
    for entry in _scan(directory):
        with contextlib.suppress(OSError):
            if entry.is_file(follow_symlinks=False):
                found = entry.stat(follow_symlinks=False)
                yield _Entry(path=Path(entry.path), size=found.st_size, used=found.st_mtime)


def _scan(path: Path) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(path) as entries:
            return list(entries)
    except OSError:
        return []


def _write_whole(place: Path, data: bytes | memoryview) -> None:
    # a name of its own: another thread, or another host that shares the directory, may write the same content
    unfinished = place.with_name(f"{place.name}.{os.getpid()}.{secrets.token_hex(4)}{_UNFINISHED}")
    try:
        place.parent.mkdir(exist_ok=True)
        with unfinished.open("wb") as file:
            file.write(data)
        unfinished.replace(place)
    except OSError as error:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise StoreError(
            f"cannot write to the LTO cache {place.parent.parent.parent}: {error.strerror}",
            hint="free space, choose another place with BURNISH_CACHE_DIR, or do without: --no-cache",
        ) from error


def cache_directory(environment: Mapping[str, str]) -> Path:
    """Where the cache lies: ``BURNISH_CACHE_DIR``, or ``burnish`` in the XDG cache directory."""
    if chosen := environment.get("BURNISH_CACHE_DIR"):
        return Path(chosen) / "lto"
    base = environment.get("XDG_CACHE_HOME") or str(Path(environment.get("HOME", "~")).expanduser() / ".cache")
    return Path(base) / "burnish" / "lto"
