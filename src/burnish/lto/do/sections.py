"""Whether this libLLVM can be told to give each function a section of its own, tried in a process that may crash."""

import contextlib
import os
import signal
from typing import Final

from burnish.lto.llvm import Library, MachineOptions, TargetMachine, heeds_section_flags

_BYTES: Final = 4
#: A process that may crash may hang as well; it needs a hundredth of a second.
_SECONDS: Final = 20


def probe_section_flags(library: Library, options: MachineOptions) -> int | None:
    """The verified place of the flags in a target machine, in bytes; None where there is none. About 10 ms."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        _try(library, options, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(pid, 0)
    return int.from_bytes(answer, "little") if status == 0 and len(answer) == _BYTES else None


def _try(library: Library, options: MachineOptions, pipe: int) -> None:
    signal.alarm(_SECONDS)
    with contextlib.suppress(BaseException):
        library.initialize_target(options.triple)
        offset = TargetMachine(library, options).section_flags_offset()
        if offset is not None and heeds_section_flags(library, options, offset):
            os.write(pipe, offset.to_bytes(_BYTES, "little"))
            os._exit(0)
    os._exit(1)
