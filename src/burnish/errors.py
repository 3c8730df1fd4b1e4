"""The exception tree. The exit code stands on the class; anything else that escapes is a bug and keeps its traceback.

BurnishError 1
├─ UsageError 2       an option, a selection or a project that cannot be tuned as asked
├─ ToolError 3        cargo, rustc or another tool failed or is missing
├─ WorkloadError 4    the user's program failed, hung, or printed something else
├─ StoreError 5       stored results cannot be read or written
├─ ChangeError 6      the manifest changed since it was read, or the change would not hold
├─ BusyError 7        another burnish works on this project
├─ ClusterError 9     a cluster cannot be reached, must not be used as it is, or disturbs what is measured
└─ LtoError 8         link-time optimization failed
   ├─ BitcodeError 8       a module cannot be read: which, where in it
   ├─ LlvmError 8          LLVM refused or died: module, stage, what it said
   └─ UnsupportedError 8   a form the engine does not take; the toolchain's own lld does
"""

from typing import ClassVar


class BurnishError(Exception):
    """What happened and why (``message``), and the next step (``hint``)."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(BurnishError):
    """The request cannot be carried out as it stands."""

    exit_code = 2


class ToolError(BurnishError):
    """A tool that burnish runs failed; ``message`` ends with what it said."""

    exit_code = 3


class WorkloadError(BurnishError):
    """The measured program failed, hung, or its output is not the same every time."""

    exit_code = 4


class StoreError(BurnishError):
    """The store cannot be opened, read or written."""

    exit_code = 5


class ChangeError(BurnishError):
    """A change to the manifest cannot be written as planned; the file is as it was."""

    exit_code = 6


class BusyError(BurnishError):
    """Another burnish holds this project."""

    exit_code = 7


class LtoError(BurnishError):
    """Link-time optimization failed; no output was written."""

    exit_code = 8


class ClusterError(BurnishError):
    """A cluster cannot be reached, refuses, is not safe to use, or disturbs; what was done stays."""

    exit_code = 9


class BitcodeError(LtoError):
    """A module's bytes do not say what the format asks for; ``message`` names module, block path and bit offset."""


class LlvmError(LtoError):
    """LLVM refused, aborted or was killed; ``message`` names module and stage."""


class UnsupportedError(LtoError):
    """The engine does not take this input; the link falls back to the toolchain's own lld."""


#: Exit code after Ctrl-C, as shells report it: 128 + SIGINT.
INTERRUPTED = 130
