"""A project's sources as contents that travel: one part for each package, so that an edit sends one package anew.

Paths are relative to one directory that holds all of them, with ``/`` between their parts; what is read is checked, so
that nothing can be laid outside. Values only.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from burnish.errors import ClusterError

#: Bytes that a project's sources may have on their way.
LARGEST: Final = 256 << 20
#: Bytes of a path.
_LONGEST_PATH = 4000


class SourceFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file: its path, and whether it may be run."""

    path: str
    executable: bool
    content: bytes


_parts = msgspec.msgpack.Decoder(tuple[SourceFile, ...])


def write_part(files: Sequence[SourceFile]) -> bytes:
    """Files of a package as one content; the same files give the same bytes."""
    return msgspec.msgpack.encode(tuple(sorted(files, key=lambda file: file.path)))


def read_part(data: bytes) -> tuple[SourceFile, ...]:
    """The files of a part.

    Raises:
        ClusterError: it is none, or has a path that leads elsewhere.
    """
    try:
        files = _parts.decode(data)
    except msgspec.MsgspecError as error:
        raise ClusterError(f"sources that cannot be read: {error}") from error
    for file in files:
        if not is_inside(file.path) or file.path == ".":
            raise ClusterError(f"sources with a path that leads elsewhere: {file.path!r}")
    return files


def is_inside(path: str) -> bool:
    """Whether a path is relative and stays below where it starts; ``.`` is that place itself."""
    if path == ".":
        return True
    parts = path.split("/")
    return len(path) <= _LONGEST_PATH and "\0" not in path and not {"", ".", ".."} & set(parts)
