"""Workers side by side: one process for each task, so that LLVM's end is one task's end, with a clear error."""

import contextlib
import os
import selectors
import shutil
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from burnish.errors import LlvmError, UnsupportedError
from burnish.lto.backend import UnitResult
from burnish.lto.do.output import unfinished
from burnish.lto.do.worker import Done, Entered, Failed, Line, Task, read_line, run_worker
from burnish.lto.llvm import Library
from burnish.lto.malloc import give_back
from burnish.processes import describe_status

_CHUNK = 1 << 16
#: Of what LLVM said on stderr, this much of the end goes into an error.
_SAID = 2000


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A task for a worker.

    Attributes:
        label: how errors name it.
        task: what the worker does.
        outputs: files it writes; what it leaves of them unfinished is removed.
    """

    label: str
    task: Task
    outputs: tuple[Path, ...]


@dataclass(kw_only=True, slots=True)
class _Worker:
    job: Job
    index: int
    pid: int
    pipe: int
    log: IO[bytes]
    deadline: float
    stage: str = "start"
    received: bytearray = field(default_factory=bytearray)
    last: Line | None = None
    status: int | None = None


def run_jobs(
    jobs: Sequence[Job],
    library: Library,
    *,
    workers: int,
    timeout: float | None,
    on_result: Callable[[UnitResult], None],
) -> list[UnitResult]:
    """Do all jobs, ``workers`` at a time, begun in the order given; results in that order.

    When one fails, or on Ctrl-C, all workers are killed and nothing half-written stays.

    Raises:
        LlvmError, UnsupportedError: a job's own, with its label and stage; a worker died, or took over ``timeout``
            seconds.
    """
    give_back()
    results: dict[int, UnitResult] = {}
    waiting = list(enumerate(jobs))[::-1]
    running: dict[int, _Worker] = {}
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                worker = _start(*waiting.pop(), library, timeout=timeout)
                running[worker.pid] = worker
            for worker in _next_ended(list(running.values())):
                results[worker.index] = _conclude(worker)
                _close(running.pop(worker.pid))
                on_result(results[worker.index])
    finally:
        for worker in running.values():
            _kill(worker)
    return [results[index] for index in range(len(jobs))]


def _start(index: int, job: Job, library: Library, *, timeout: float | None) -> _Worker:
    reading, writing = os.pipe()
    log = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the worker
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    with warnings.catch_warnings():
        # numpy's idle threads are no danger: nothing in a worker waits for them
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        run_worker(job.task, library, parent=parent, pipe=writing, log=log.fileno())
    os.close(writing)
    deadline = time.monotonic() + timeout if timeout else float("inf")
    return _Worker(job=job, index=index, pid=pid, pipe=reading, log=log, deadline=deadline)


def _next_ended(workers: list[_Worker]) -> list[_Worker]:
    """Read what workers say until some of them end, or one is out of time."""
    with selectors.DefaultSelector() as selector:
        for worker in workers:
            selector.register(worker.pipe, selectors.EVENT_READ, worker)
        ended: list[_Worker] = []
        while not ended:
            first = min(workers, key=lambda worker: worker.deadline)
            left = first.deadline - time.monotonic()
            if left <= 0:
                raise LlvmError(
                    f"{first.job.label}: LLVM did not end in time (stage {first.stage})",
                    hint="allow more time, or build with --engine lld",
                )
            ready = selector.select(None if left == float("inf") else left)
            ended = [key.data for key, _ in ready if not _read(key.data)]
    return ended


def _read(worker: _Worker) -> bool:
    """Take in what there is; False at the end."""
    chunk = os.read(worker.pipe, _CHUNK)
    worker.received += chunk
    *lines, rest = bytes(worker.received).split(b"\n")
    worker.received = bytearray(rest)
    for line in map(read_line, lines):
        if isinstance(line, Entered):
            worker.stage = line.stage
        elif worker.last is None:
            worker.last = line
    return bool(chunk)


def _conclude(worker: _Worker) -> UnitResult:
    """The result of a worker that has ended; what LLVM had to say goes to the user."""
    status = _reap(worker)
    if isinstance(worker.last, Done) and status == 0:
        worker.log.seek(0)
        # what -C llvm-args asked LLVM to print
        with contextlib.suppress(OSError), open(2, "wb", closefd=False) as stderr:
            shutil.copyfileobj(worker.log, stderr)
        return worker.last.result
    size = worker.log.seek(0, os.SEEK_END)
    worker.log.seek(max(0, size - _SAID))
    raise _error(worker, status, worker.log.read().decode(errors="replace").strip())


def _error(worker: _Worker, status: int, said: str) -> Exception:
    place = f"{worker.job.label} (stage {worker.stage})"
    note = f"\nLLVM said: {said}" if said else ""
    if not isinstance(worker.last, Failed):
        return LlvmError(
            f"{place}: LLVM's process {describe_status(status)}{note}",
            hint="fewer --jobs need less memory; --engine lld does without burnish's backends",
        )
    if worker.last.bug:
        return RuntimeError(f"{place}:\n{worker.last.message}{note}")
    kind = UnsupportedError if worker.last.unsupported else LlvmError
    return kind(f"{place}: {worker.last.message}{note}", hint=worker.last.hint)


def _kill(worker: _Worker) -> None:
    if worker.status is None:
        os.kill(worker.pid, signal.SIGKILL)  # not yet waited for, so the id is still its own
        _reap(worker)
    _close(worker)
    _remove_unfinished(worker)


def _close(worker: _Worker) -> None:
    os.close(worker.pipe)
    worker.log.close()


def _reap(worker: _Worker) -> int:
    if worker.status is None:
        _, worker.status = os.waitpid(worker.pid, 0)
    return worker.status


def _remove_unfinished(worker: _Worker) -> None:
    for output in worker.job.outputs:
        with contextlib.suppress(OSError):
            unfinished(output, worker.pid).unlink(missing_ok=True)
