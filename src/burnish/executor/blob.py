"""Content under its digest, on its way between machines.

A blob lies in the cache of the machine that it is on. Pickled, it carries its content, and arrives in the cache of the
machine that it is unpickled on; a mention carries its digest only, for a machine that holds the content already. So an
executor moves blobs as it moves any argument, and Dask, which asks for sizes, sends jobs to where theirs are.
"""

import os
import pickle
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import ClassVar, SupportsIndex

from burnish.cache import Cache, cache_directory
from burnish.digests import digest_of, is_digest
from burnish.errors import ClusterError, StoreError


class Blob:
    """A content, wherever it is.

    Args:
        digest: SHA-256 in hexadecimal.
        size: bytes.
        path: a file that holds exactly it; None for a mention, or where ``data`` is all there is.
        data: the content, where no cache could take it (a full disk).
    """

    __slots__ = ("data", "digest", "path", "size")

    def __init__(self, digest: str, size: int, path: Path | None = None, data: bytes | None = None) -> None:
        self.digest = digest
        self.size = size
        self.path = path
        self.data = data

    def __repr__(self) -> str:
        return f"Blob({self.digest[:12]}, {self.size} bytes)"

    def __sizeof__(self) -> int:
        # What Dask weighs when it chooses where a job goes, and what moving it would cost.
        return self.size

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Callable[..., "Blob"], tuple[object, ...]]:
        if self.path is None and self.data is None:
            return mentioned, (self.digest, self.size)
        content = self.content()
        # From protocol 5 on a buffer can travel beside the pickle, without a copy of it (PEP 574).
        return received, (self.digest, pickle.PickleBuffer(content) if int(protocol) >= 5 else content)

    def content(self) -> bytes:
        """The bytes, unchecked.

        Raises:
            ClusterError: they are not here.
        """
        if self.data is not None:
            return self.data
        try:
            if self.path is not None:
                return self.path.read_bytes()
        except OSError as error:
            raise ClusterError(f"{self.path} vanished: {error.strerror}") from error
        raise ClusterError(f"the content {self.digest} is not on this machine")

    def mention(self) -> "Blob":
        """This blob by its name alone."""
        return Blob(self.digest, self.size)


def kept(digest: str, cache: Cache) -> Blob:
    """A content that lies in a cache."""
    path = cache.blob(digest)
    return Blob(digest, path.stat().st_size, path)


def received(digest: str, content: bytes | bytearray | memoryview) -> Blob:
    """A blob as it arrives: into this machine's cache.

    Raises:
        ClusterError: the content is not what its name says.
    """
    # Whatever unpickles it may give a view of a buffer that is used again.
    data = bytes(content)
    if not is_digest(digest) or digest_of(data) != digest:
        raise ClusterError(f"a content arrived damaged: it is not {digest}")
    try:
        cache = own_cache()
        cache.put(data, digest)
    except StoreError:
        # The job that needs it will say so: an error here would be one of the transport.
        return Blob(digest, len(data), data=data)
    return Blob(digest, len(data), cache.blob(digest))


def mentioned(digest: str, size: int) -> Blob:
    """A blob that this machine is said to hold; a job that finds it is not so says which it misses."""
    if not is_digest(digest):
        raise ClusterError("a content has a name that is no digest")
    return Blob(digest, size, own_cache().blob(digest))


def at_hand(
    digests: Sequence[str], blobs: Iterable[Blob], cache: Cache
) -> tuple[dict[str, Path | bytes], tuple[str, ...]]:
    """Where each content of a job is, or the content itself; and those that are not here, or damaged."""
    carried = {blob.digest: blob.data for blob in blobs if blob.data is not None}
    files: dict[str, Path | bytes] = {}
    for digest in digests:
        if digest in carried:
            files[digest] = carried[digest] or b""
        elif cache.intact(digest):
            files[digest] = cache.blob(digest)
    return files, tuple(digest for digest in digests if digest not in files)


class _Kept:
    """The cache that this process uses for what arrives, where it is not the user's."""

    cache: ClassVar[Cache | None] = None


def keep_in(cache: Cache | None) -> None:
    """Keep what arrives in this cache; None for the user's own."""
    _Kept.cache = cache


def own_cache() -> Cache:
    """This machine's cache.

    Raises:
        StoreError: it cannot be made.
    """
    return _Kept.cache or _cache(cache_directory(os.environ))


@lru_cache(maxsize=4)
def _cache(path: Path) -> Cache:
    return Cache(path)
