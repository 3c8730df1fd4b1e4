"""What burnish asks of whatever runs its jobs: the standard library's ``Executor``, and a way to hand it contents."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol

from burnish.executor.blob import Blob
from burnish.executor.greeting import Greeting


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """A worker: its address, what it said of itself, how many jobs it does at a time."""

    address: str
    greeting: Greeting
    slots: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """A worker that is not used, and why; ``machine`` where it said who it is."""

    address: str
    reason: str
    machine: Machine | None = None


class Cluster(Protocol):
    """Machines that jobs can be given to.

    A job is a function that every machine has installed, with bytes and with contents from `share`.
    """

    machines: Sequence[Machine]
    refused: Sequence[Refused]
    #: Bytes of contents sent so far.
    sent: int

    @property
    def executor(self) -> Executor:
        """Runs jobs on any of the machines, on one that holds its contents where that can be."""

    def executor_of(self, machine: Machine) -> Executor:
        """Runs jobs on this machine alone; one that is gone never ends what it was given (see `present`)."""

    def present(self) -> frozenset[str]:
        """The addresses of the workers that are there.

        Raises:
            ClusterError: the cluster does not answer.
        """

    def at_work(self, machines: Sequence[Machine]) -> Mapping[str, int]:
        """By address, how many orders each has under way, whoever asked for them; who does not answer is not in it."""

    def share(self, blobs: Iterable[Blob], machines: Sequence[Machine] | None = None) -> Mapping[str, object]:
        """Bring contents to machines (None: to all), those only that none of them holds; a handle for each digest.

        A handle stands for its blob in the arguments of a job. What the last of its machines held goes with it.

        Raises:
            ClusterError: the cluster does not answer.
        """

    def close(self) -> None:
        """Let go of it; what still runs there is forgotten."""
