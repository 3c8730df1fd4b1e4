"""An order carried out in a process of its own: a worker has threads and must not fork, and a process can be ended.

It leads a process group: what it started and left behind (cargo does not end with its build scripts) ends with it.
"""

import contextlib
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import ClassVar

from burnish.errors import ClusterError

#: Seconds between two looks at whether it is still wanted.
_LOOK = 0.1
#: Bytes of what a process said that go into an error.
_SAID = 2000


class LateError(ClusterError):
    """An order took longer than it may."""


def ask_child(
    module: str,
    arguments: Sequence[str],
    data: bytes,
    scratch: Path,
    *,
    environment: Mapping[str, str],
    stop: threading.Event | None = None,
    limit: float = math.inf,
) -> bytes:
    """What ``python -m MODULE PARENT ARGUMENTS`` prints, for ``data`` on its stdin; PARENT is this process's id.

    Args:
        module: of burnish.
        arguments: behind the parent's process id.
        data: the order.
        scratch: where it runs; what it says on stderr is kept in ``stderr`` there.
        environment: its own.
        stop: ends it early.
        limit: seconds after which it is ended.

    Raises:
        LateError: it took longer.
        ClusterError: it failed, or was ended.
        OSError: it cannot be started, or the disk is full.
    """
    argv = [sys.executable, "-m", module, str(os.getpid()), *arguments]
    with (scratch / "stderr").open("w+b") as stderr:
        child = subprocess.Popen(
            argv,
            cwd=scratch,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            process_group=0,
        )
        try:
            out = _followed(child, data, stop, limit)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
        if child.returncode != 0:
            stderr.seek(max(0, stderr.seek(0, os.SEEK_END) - _SAID))
            words = stderr.read().decode(errors="replace").strip()
            raise ClusterError(f"the process for an order ended with {child.returncode}: {words}")
    return out


def _followed(child: subprocess.Popen[bytes], data: bytes, stop: threading.Event | None, limit: float) -> bytes:
    """Its stdout; it is killed when the event or the clock says so.

    Raises:
        ClusterError: it was.
    """
    given: bytes | None = data
    until = time.monotonic() + limit
    while True:
        left = until - time.monotonic()
        look = left if stop is None else min(left, _LOOK)
        try:
            out, _ = child.communicate(given, timeout=None if look == math.inf else max(0.0, look))
        except subprocess.TimeoutExpired:
            given = None
            wanted = stop is None or not stop.is_set()
            if wanted and time.monotonic() < until:
                continue
            child.kill()
            child.communicate()
            if wanted:
                raise LateError(f"not done within {limit:.0f} s") from None
            raise ClusterError("somebody else was faster") from None
        return out


class _UnderWay:
    """The orders that this process has under way, each by a number."""

    orders: ClassVar[set[int]] = set()
    numbers: ClassVar[Iterator[int]] = count()


def under_way() -> int:
    """How many orders this process has under way, whoever asked for them."""
    return len(_UnderWay.orders)


@contextmanager
def counted() -> Iterator[None]:
    """An order is under way while this lasts."""
    number = next(_UnderWay.numbers)
    _UnderWay.orders.add(number)
    try:
        yield
    finally:
        _UnderWay.orders.discard(number)
