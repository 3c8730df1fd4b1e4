"""Records of links as files: JSON, versioned, whole or not there.

Written by the linker driver, read by ``burnish build`` and ``burnish lto``.
"""

import contextlib
import os
from pathlib import Path
from typing import Any

import msgspec

from burnish.errors import StoreError
from burnish.lto.record import VERSION, Failure, LinkRecord

#: In a directory of records: why the last link failed.
FAILURE = "failed.json"


def write_record(directory: Path, name: str, content: LinkRecord | Failure | dict[str, Any]) -> Path:
    """Write ``name`` whole or not at all.

    Raises:
        StoreError: it cannot be written.
    """
    place = directory / name
    unfinished = place.with_name(f"{name}.{os.getpid()}.unfinished")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n")
        unfinished.replace(place)
    except OSError as error:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise StoreError(f"cannot write the record of the link, {place}: {error.strerror}") from error
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
        raise StoreError(
            f"cannot read the record of the link, {path}: {error}", hint="build again: burnish build"
        ) from error
    if record.version != VERSION:
        raise StoreError(
            f"{path} is of version {record.version}, this burnish reads {VERSION}", hint="build again: burnish build"
        )
    return record
