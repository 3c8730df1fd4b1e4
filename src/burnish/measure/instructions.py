"""Instruction counts: near-exact, untouched by load and layout. They prune and explain; they never claim speed.

The ladder: `perf stat` where the machine has counters (cycles come with it), else valgrind's cachegrind, else nothing.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Counter(StrEnum):
    """Where counts come from."""

    PERF = "perf"
    VALGRIND = "valgrind"
    NONE = "none"


#: How much longer a run takes under cachegrind without a cache model (the study: about 35 times).
VALGRIND_SLOWDOWN = 40.0

_PERF_COUNT = re.compile(r"^(\d+),[^,]*,(instructions|cycles)", re.MULTILINE)
_VALGRIND_COUNT = re.compile(r"I\s+refs:\s+([\d,]+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """Of one run, in user mode; ``cycles`` of the cores where the counter has them, else None."""

    instructions: int
    cycles: int | None = None


def find_counter(wanted: str, environment: Mapping[str, str]) -> Counter:
    """The best counter that works here; ``wanted`` is ``auto`` or one of `Counter`."""
    path = environment.get("PATH")
    if wanted in {"auto", Counter.PERF} and shutil.which("perf", path=path) and _perf_works(environment):
        return Counter.PERF
    if wanted in {"auto", Counter.VALGRIND} and shutil.which("valgrind", path=path):
        return Counter.VALGRIND
    return Counter.NONE


def _perf_works(environment: Mapping[str, str]) -> bool:
    return _perf(("true",), None, environment, timeout=10.0) is not None


def count(
    counter: Counter, argv: Sequence[str], cwd: str, environment: Mapping[str, str], *, timeout: float
) -> Counts | None:
    """What one run executed; None where the counter gives no answer or the run fails under it."""
    if counter is Counter.PERF:
        return _perf(argv, cwd, environment, timeout=timeout)
    if counter is Counter.VALGRIND:
        found = _cachegrind(argv, cwd, environment, timeout=timeout)
        return None if found is None else Counts(instructions=found)
    return None


def _perf(argv: Sequence[str], cwd: str | None, environment: Mapping[str, str], *, timeout: float) -> Counts | None:
    # To a file: the program may print to stderr what it likes.
    with tempfile.NamedTemporaryFile("r") as output:
        command = ["perf", "stat", "-x", ",", "-o", output.name, "-e", "instructions:u,cycles:u", "--", *argv]
        words = "" if _quiet(command, cwd, environment, timeout) is None else output.read()
    found = {event: int(number) for number, event in _PERF_COUNT.findall(words)}
    return Counts(instructions=found["instructions"], cycles=found.get("cycles")) if "instructions" in found else None


def _cachegrind(argv: Sequence[str], cwd: str, environment: Mapping[str, str], *, timeout: float) -> int | None:
    command = ["valgrind", "--tool=cachegrind", "--trace-children=yes", "--cache-sim=no"]
    command += [f"--cachegrind-out-file={os.devnull}", *argv]
    words = _quiet(command, cwd, environment, timeout)
    # One line for each process: a script that runs the program counts with it.
    counts = [int(found.replace(",", "")) for found in _VALGRIND_COUNT.findall(words or "")]
    return sum(counts) if counts else None


def _quiet(command: Sequence[str], cwd: str | None, environment: Mapping[str, str], timeout: float) -> str | None:
    """The stderr of a run that ended well; its stdout goes to a file that is thrown away."""
    with tempfile.TemporaryFile() as stdout:
        try:
            run = subprocess.run(
                command,
                cwd=cwd,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=subprocess.PIPE,
                timeout=timeout,
                check=False,
            )
        except (subprocess.TimeoutExpired, OSError):
            return None
    return run.stderr.decode(errors="replace") if run.returncode == 0 else None
