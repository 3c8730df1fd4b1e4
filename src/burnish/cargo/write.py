"""The one function that writes to the user's project."""

import contextlib
import os
import stat
import tempfile
from pathlib import Path

from burnish.cargo.manifest import FileChange
from burnish.errors import ChangeError


def write_change(change: FileChange) -> None:
    """Replace the file in one step: whoever reads it meets the old text or the new one, never a part.

    A symbolic link stays, its target is replaced. Mode and, where allowed, owner are kept.

    Raises:
        ChangeError: the file is not as it was when the change was made, or cannot be written; it is as it was.
    """
    try:
        target = change.path.resolve(strict=True)
        if target.read_bytes() != change.old.encode():
            raise ChangeError(
                f"{change.path} has changed since it was read",
                hint="Run the command again, so that it works on the file as it is now.",
            )
        if not change.is_empty:
            _replace(target, change.new.encode())
    except OSError as error:
        raise ChangeError(
            f"{change.path} cannot be written: {error.strerror or error}",
            hint="Check that file and directory exist and can be written.",
        ) from error


def _replace(target: Path, content: bytes) -> None:
    status = target.stat()
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".burnish")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            # Only the superuser may give a file away; for everybody else it is their own already, or a shared one.
            with contextlib.suppress(PermissionError):
                os.fchown(file.fileno(), status.st_uid, status.st_gid)
            os.fchmod(file.fileno(), stat.S_IMODE(status.st_mode))
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
