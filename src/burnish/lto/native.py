"""The real linker, with objects in the place of bitcode."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from burnish.errors import LtoError, StoreError, ToolError
from burnish.lto.line.words import quote

#: Bytes of arguments from which on they go through a response file; the kernel takes 128 kB in one, 2 MB in all.
_LONG = 100_000
#: Whatever begins so in a directory of outputs is a link's scratch, named after its process.
_PREFIX = ".burnish-link-"


def run_linker(linker: str, argv: Sequence[str], scratch: Path, environment: Mapping[str, str] | None = None) -> None:
    """Run the linker to its end; what it says goes to stderr. The output appears under its name whole.

    Args:
        linker: the real linker driver.
        argv: its arguments.
        scratch: a directory for this link.
        environment: for the linker, where it is not this process's own.

    Raises:
        ToolError: it cannot be run.
        LtoError: it failed.
        StoreError: the output cannot take its place.
    """
    arguments, output = _redirected(argv, scratch / "output")
    if sum(map(len, arguments)) > _LONG:
        response = scratch / "arguments"
        response.write_text(quote(arguments), encoding="utf-8", errors="surrogateescape")
        arguments = [f"@{response}"]
    try:
        done = subprocess.run([linker, *arguments], check=False, stdin=subprocess.DEVNULL, env=environment)
    except OSError as error:
        raise ToolError(
            f"cannot run the linker {linker}: {error.strerror}", hint="install gcc or clang (Debian: build-essential)"
        ) from error
    if done.returncode != 0:
        raise LtoError(f"the linker {linker} {_ended(done.returncode)}; what it said stands above")
    if output is not None:
        try:
            (scratch / "output").replace(output)
        except OSError as error:
            raise StoreError(f"cannot write {output}: {error.strerror}") from error


def _redirected(argv: Sequence[str], place: Path) -> tuple[list[str], Path | None]:
    """The arguments with the output elsewhere, and where it belongs.

    A linker that outlives a killed burnish must not write over what a later build has linked, and some write in place.
    """
    arguments = list(argv)
    for at in range(len(arguments) - 2, -1, -1):
        if arguments[at] == "-o":
            output = Path(arguments[at + 1])
            arguments[at + 1] = str(place)
            return arguments, output
    return arguments, None


def _ended(code: int) -> str:
    return f"failed with exit code {code}" if code >= 0 else f"was killed by signal {-code}"


@contextmanager
def scratch_directory(output: Path) -> Iterator[Path]:
    """A directory beside the output for this link's files; what killed links have left there goes as well.

    Raises:
        StoreError: it cannot be made.
    """
    parent = output.parent
    try:
        for left in parent.glob(f"{_PREFIX}*"):
            if not _is_alive(left.name.removeprefix(_PREFIX).partition("-")[0]):
                shutil.rmtree(left, ignore_errors=True)
        path = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=parent))
    except OSError as error:
        raise StoreError(f"cannot write to {parent}: {error.strerror}") from error
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _is_alive(pid: str) -> bool:
    if not pid.isdigit():
        return True
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    with contextlib.suppress(OSError):
        # A zombie: ended, and where no init runs (containers) nobody ever takes note of it.
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    return True
