"""Records of links as files: JSON, versioned, whole or not there.

Written by the linker driver, read by ``burnish build`` and ``burnish lto``.
"""

import contextlib
import os
from pathlib import Path

import msgspec

from burnish.errors import StoreError
from burnish.lto import decided, seen
from burnish.lto.decided import Decisions
from burnish.lto.record import VERSION, Failure, LinkRecord
from burnish.lto.seen import Seen

#: In a directory of records: why the last link failed.
FAILURE = "failed.json"
_AGAIN = "build again: burnish build"


def write_record(directory: Path, name: str, content: LinkRecord | Failure) -> Path:
    """Write ``name`` whole or not at all.

    Raises:
        StoreError: it cannot be written.
    """
    return write_whole(directory / name, msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n")


def write_whole(place: Path, content: bytes) -> Path:
    """Write a file whole or not at all.

    Raises:
        StoreError: it cannot be written.
    """
    unfinished = place.with_name(f"{place.name}.{os.getpid()}.unfinished")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(content)
        unfinished.replace(place)
    except OSError as error:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise StoreError(f"cannot write {place}: {error.strerror}") from error
    return place


def read_failure(directory: Path) -> Failure | None:
    """Why the last link failed; None where nothing sound is said of it."""
    try:
        return msgspec.json.decode((directory / FAILURE).read_bytes(), type=Failure)
    except (OSError, msgspec.DecodeError):
        return None


def read_record(path: Path) -> LinkRecord:
    """A record.

    Raises:
        StoreError: it is missing, damaged, or of another version.
    """
    try:
        record = msgspec.json.decode(path.read_bytes(), type=LinkRecord)
    except (OSError, msgspec.DecodeError) as error:
        raise StoreError(f"cannot read the record of the link, {path}: {error}", hint=_AGAIN) from error
    if record.version != VERSION:
        raise StoreError(f"{path} is of version {record.version}, this burnish reads {VERSION}", hint=_AGAIN)
    return record


def decisions_path(directory: Path, crate: str) -> Path:
    """Where the decisions on a crate's link lie in a directory of records."""
    return directory / f"{crate}.plan.json"


def write_decisions(directory: Path, crate: str, decisions: Decisions) -> Path:
    """Write them whole or not at all.

    Raises:
        StoreError: they cannot be written.
    """
    return write_whole(decisions_path(directory, crate), msgspec.json.encode(decisions))


def read_decisions(path: Path) -> Decisions:
    """The decisions on a link.

    Raises:
        StoreError: the file is missing, damaged, or of another version.
    """
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Decisions)
    except (OSError, msgspec.DecodeError) as error:
        raise StoreError(f"cannot read the plan of the link, {path}: {error}", hint=_AGAIN) from error
    if found.version != decided.VERSION:
        raise StoreError(f"{path} is of version {found.version}, this burnish reads {decided.VERSION}", hint=_AGAIN)
    return found


def seen_path(directory: Path, crate: str) -> Path:
    """Where what was seen of a crate's link lies in a directory of records."""
    return directory / f"{crate}.seen.json"


def write_seen(directory: Path, crate: str, content: Seen) -> Path:
    """Write it whole or not at all.

    Raises:
        StoreError: it cannot be written.
    """
    return write_whole(seen_path(directory, crate), msgspec.json.encode(content))


def read_seen(path: Path) -> Seen:
    """What was seen of a link.

    Raises:
        StoreError: the file is missing, damaged, or of another version.
    """
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Seen)
    except (OSError, msgspec.DecodeError) as error:
        raise StoreError(f"cannot read what was seen of the link, {path}: {error}", hint=_AGAIN) from error
    if found.version != seen.VERSION:
        raise StoreError(f"{path} is of version {found.version}, this burnish reads {seen.VERSION}", hint=_AGAIN)
    return found
