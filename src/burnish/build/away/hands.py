"""The workers of a cluster for one tune: what each was given, and what it should be given next."""

from collections.abc import Collection, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain
from typing import Any

from burnish.build.plan import cell
from burnish.executor.port import Machine
from burnish.profile.profile import Profile


class Standing(StrEnum):
    """What is thought of a worker."""

    NEW = "new"
    TRUSTED = "trusted"
    ASIDE = "aside"


@dataclass(slots=True)
class Hand:
    """A worker.

    Attributes:
        here: it shares this machine's processor, and must rest while anything is measured.
        deaf: it did not answer; nobody asks it again.
        factor: seconds of this machine per second of that one, where they have other processors.
        pace: how many times as long as here a build takes there, 1 at least.
        handles: the sources' contents there, by digest.
        cells: of which it has the libraries, or makes them.
        until: when what it was given last has ended there, whoever can still be heard.
    """

    machine: Machine
    here: bool
    standing: Standing = Standing.NEW
    deaf: bool = False
    factor: float = 1.0
    pace: float = 1.0
    handles: dict[str, object] = field(default_factory=dict)
    troubles: int = 0
    cells: set[str] = field(default_factory=set)
    job: Profile | None = None
    began: float = 0.0
    until: float = 0.0
    future: "Future[Any] | None" = None

    @property
    def name(self) -> str:
        return self.machine.greeting.host

    @property
    def label(self) -> str:
        """For people: several workers may share a host's name."""
        return f"{self.name} ({self.machine.address})"

    @property
    def idle(self) -> bool:
        return self.future is None and self.standing is not Standing.ASIDE


def choose(todo: Sequence[Profile], own: Collection[str], others: Collection[str]) -> Profile | None:
    """What a worker should be given: a link over libraries that it has, else a cell of its own, else the first.

    Args:
        todo: the likeliest first.
        own: cells of which it has the libraries.
        others: cells of which others have them.
    """
    linked = (each for each in todo if cell(each) in own)
    apart = (each for each in todo if cell(each) not in others)
    return next(chain(linked, apart, todo), None)
