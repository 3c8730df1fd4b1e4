"""What the kernel is asked for beyond fork and wait: children that do not outlive their parent."""

import ctypes
import os
import signal

_PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int, number: signal.Signals = signal.SIGKILL) -> None:
    """End this process by a signal when its parent ends (Linux; elsewhere the parent's clean-up must do)."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def end_group_on(number: signal.Signals) -> None:
    """End this process and all that it started when the signal comes; it must lead a process group of its own."""
    signal.signal(number, lambda *_: os.killpg(0, signal.SIGKILL))


def describe_status(status: int) -> str:
    """A wait status in words."""
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return f"ended with status {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"was ended by {name}" + (", perhaps as memory ran out" if -code == signal.SIGKILL else "")
