"""An order carried out in a process of its own: a worker has threads and must not fork, and a process can be ended."""

import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from burnish.errors import ClusterError

#: Seconds between two looks at whether it is still wanted.
_LOOK = 0.1
#: Bytes of what a process said that go into an error.
_SAID = 2000


def ask_child(
    module: str,
    arguments: Sequence[str],
    data: bytes,
    scratch: Path,
    *,
    environment: Mapping[str, str],
    stop: threading.Event | None = None,
) -> bytes:
    """What ``python -m MODULE PARENT ARGUMENTS`` prints, for ``data`` on its stdin; PARENT is this process's id.

    Args:
        module: of burnish.
        arguments: behind the parent's process id.
        data: the order.
        scratch: where it runs; what it says on stderr is kept in ``stderr`` there.
        environment: its own.
        stop: ends it early.

    Raises:
        ClusterError: it failed, or was ended.
        OSError: it cannot be started, or the disk is full.
    """
    argv = [sys.executable, "-m", module, str(os.getpid()), *arguments]
    with (scratch / "stderr").open("w+b") as stderr:
        child = subprocess.Popen(
            argv, cwd=scratch, env=dict(environment), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr
        )
        out = _followed(child, data, stop)
        if child.returncode != 0:
            stderr.seek(max(0, stderr.seek(0, os.SEEK_END) - _SAID))
            words = stderr.read().decode(errors="replace").strip()
            raise ClusterError(f"the process for an order ended with {child.returncode}: {words}")
    return out


def _followed(child: subprocess.Popen[bytes], data: bytes, stop: threading.Event | None) -> bytes:
    """Its stdout; it is killed when the event says so.

    Raises:
        ClusterError: it was.
    """
    given: bytes | None = data
    while True:
        try:
            out, _ = child.communicate(given, timeout=_LOOK if stop is not None else None)
        except subprocess.TimeoutExpired:
            given = None
            if stop is None or not stop.is_set():
                continue
            child.kill()
            child.communicate()
            raise ClusterError("somebody else was faster") from None
        return out
