"""What a measurement is: samples in rounds, comparisons with their intervals, the circumstances they hold in."""

import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One timed run (or the mean of ``repeats`` runs) of the workload.

    Attributes:
        arm: the candidate's code id; the A/A control carries ``CONTROL``.
        wall, user, sys: seconds.
        maxrss: bytes.
        nivcsw: involuntary context switches.
        estimates: what criterion found in this run, mean nanoseconds by benchmark id, sorted; maybe none.
    """

    arm: str
    wall: float
    user: float
    sys: float
    maxrss: int
    nivcsw: int
    repeats: int = 1
    estimates: tuple[tuple[str, float], ...] = ()

    @property
    def time(self) -> float:
        """The seconds that are compared: criterion's where there are any, else the wall time."""
        return geometric_mean(self.estimates) if self.estimates else self.wall


def geometric_mean(estimates: Sequence[tuple[str, float]]) -> float:
    """Of means in nanoseconds, as seconds: each benchmark counts by its ratio, a slow one no more than a fast one."""
    return math.exp(math.fsum(math.log(mean) for _, mean in estimates) / len(estimates)) * 1e-9


#: The arm of the baseline run a second time in a round: what is measured between equals.
CONTROL = "control"


@dataclass(frozen=True, kw_only=True, slots=True)
class Round:
    """The samples of one round in the order they ran; the baseline is always among them."""

    number: int
    samples: tuple[Sample, ...]


class Timing(StrEnum):
    """What an interval says about run time. Undecided is a legal answer."""

    FASTER = "faster"
    SLOWER = "slower"
    SAME = "same"
    UNDECIDED = "undecided"


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """Run time of one arm against the baseline, from paired log-ratios within rounds.

    Attributes:
        ratio: of times; 0.95 is 5 % less time.
        low, high: the interval, at the error rate spent at this look and shared among the candidates.
        pairs: rounds both ran in.
        timing: what the interval says, see `burnish.measure.statistics`.
        smallest: the relative difference that would be found in four of five cases with so many pairs of such noise;
            None with too few pairs for any.
    """

    ratio: float
    low: float
    high: float
    pairs: int
    timing: Timing
    smallest: float | None = None


class Kind(StrEnum):
    """What is run, and what of it is the sample."""

    PROGRAM = "program"
    """The program that is shipped, on a command; the wall time."""
    BENCH = "bench"
    """A bench target, as ``cargo bench`` starts it; the wall time of the whole run."""
    CRITERION = "criterion"
    """The same with criterion; its own means, and their geometric mean."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Workload:
    """The command to measure.

    Attributes:
        argv: arguments; ``{bin}`` stands for the artifact.
        cwd: absolute directory it runs in.
        check: ``stdout`` (exit code and output must be the same for all) or ``status`` (exit code alone).
        timeout: seconds one run may take.
        given: the user's own arguments for a bench, which are in ``argv`` too.
    """

    argv: tuple[str, ...]
    cwd: str
    check: str = "stdout"
    timeout: float = 60.0
    kind: Kind = Kind.PROGRAM
    given: tuple[str, ...] = ()

    @property
    def is_bench(self) -> bool:
        """Whether the artifact is a bench target, which nobody ships."""
        return self.kind is not Kind.PROGRAM

    @property
    def command(self) -> str:
        """The command as it is written after ``--run``: quoted for a shell where it must be, ``{bin}`` bare."""
        return " ".join(_word(part) for part in self.argv)


def _word(part: str) -> str:
    bare = part.replace("{bin}", "bin")
    return part if shlex.quote(bare) == bare else shlex.quote(part)


@dataclass(frozen=True, kw_only=True, slots=True)
class Circumstances:
    """Where and when numbers were taken; results from different ones are never compared."""

    cpu: str
    cores: int
    kernel: str
    rustc: str
    cargo: str
    target: str
    load: float
    burnish: str
