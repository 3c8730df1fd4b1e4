"""Object files: whole or not at all."""

import contextlib
import os
from pathlib import Path

from burnish.errors import LlvmError


def unfinished(path: Path, worker: int) -> Path:
    """Where a worker (its process id) writes an output until it is whole."""
    return path.with_name(f"{path.name}.{worker}.unfinished")


def write_whole(path: Path, content: memoryview, worker: int) -> None:
    """Write a file under another name and rename it.

    Raises:
        LlvmError: it cannot be written (a full disk, a limit); nothing is left of it.
    """
    place = unfinished(path, worker)
    try:
        place.write_bytes(content)
        place.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            place.unlink(missing_ok=True)
        raise LlvmError(
            f"cannot write {path}: {error.strerror}", hint="free some space, or set a target directory with more"
        ) from error


def own_id() -> int:
    """The process id that names this worker's unfinished files."""
    return os.getpid()
