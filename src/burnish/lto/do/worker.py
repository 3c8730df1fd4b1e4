"""The inside of a worker: a forked process that does one task and tells its parent through a pipe.

A line of JSON for each stage entered, and a last one: the result, or what went wrong. A worker that is gone without a
last line died.
"""

import gc
import os
import resource
import signal
import traceback
from collections.abc import Callable
from typing import NoReturn

import msgspec

from burnish.errors import LtoError, UnsupportedError
from burnish.lto.backend import UnitResult
from burnish.lto.do.stages import StageLog
from burnish.lto.llvm import Library
from burnish.processes import die_with_parent

#: A line must fit into one atomic write to a pipe: parts of a split unit share it.
_LONGEST = 3500


class Entered(msgspec.Struct, frozen=True, tag="stage"):
    """A stage began."""

    stage: str


class Done(msgspec.Struct, frozen=True, tag="done"):
    """The task ended well."""

    result: UnitResult


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """It did not: an error of the engine's own (``unsupported`` where another engine may do), or a bug's traceback."""

    message: str
    hint: str = ""
    unsupported: bool = False
    bug: bool = False


Line = Entered | Done | Failed

Task = Callable[[StageLog], UnitResult]

_decoder: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)


def read_line(line: bytes) -> Line:
    """A line of a worker."""
    return _decoder.decode(line)


def run_worker(task: Task, library: Library, *, parent: int, pipe: int, log: int) -> NoReturn:
    """Be a worker: do the task, say how it went, end the process.

    Args:
        task: told of its stages through the log that it gets.
        library: loaded, with no state of LLVM yet.
        parent: process id to die with.
        pipe: where the lines go.
        log: file that stands for stderr.
    """
    status = 1
    try:
        _settle(parent, log)
        library.on_fatal_error(lambda reason: _end_by_fatal_error(pipe, reason))
        result = task(StageLog(lambda stage: _say(pipe, Entered(stage))))
        _say(pipe, Done(result))
        status = 0
    except LtoError as error:
        unsupported = isinstance(error, UnsupportedError)
        _say(pipe, Failed(message=_shortened(error.message), hint=error.hint, unsupported=unsupported))
    except BaseException:  # noqa: BLE001 - the process ends here, whatever it is
        _say(pipe, Failed(message=_shortened(traceback.format_exc()), bug=True))
    finally:
        # nothing of the parent's is flushed or run here a second time
        os._exit(status)


def _settle(parent: int, log: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent gets it too, and ends its workers
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    die_with_parent(parent)
    os.dup2(log, 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    gc.disable()  # a short life; collecting would only copy pages shared with the parent


def _end_by_fatal_error(pipe: int, reason: bytes | None) -> None:
    text = (reason or b"").decode(errors="replace")
    _say(pipe, Failed(message=_shortened(f"LLVM gave up: {text}")))
    os._exit(1)


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST // 2 else f"{text[: _LONGEST // 4]} [...] {text[-_LONGEST // 4 :]}"


def _say(pipe: int, line: Line) -> None:
    os.write(pipe, msgspec.json.encode(line) + b"\n")
