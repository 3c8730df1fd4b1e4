"""The record of a link: what was done, why, and what it cost; values only, `recordfile` reads and writes them."""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from burnish.lto.backend import UnitResult

#: Version of the file's form.
VERSION = 1


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """One stage of the driver itself: seconds of wall and CPU time (of the driver and the processes it waited for)."""

    name: str
    wall: float
    cpu: float


class ModuleRow(msgspec.Struct, frozen=True, kw_only=True):
    """A module that took part: its object, bytes of bitcode, definitions, how many of them live, and its unit."""

    label: str
    source: str
    bytes: int
    definitions: int
    live: int
    unit: int


class BackendStage(msgspec.Struct, frozen=True, kw_only=True):
    """One stage of a backend, see `burnish.lto.backend.StageCost`."""

    stage: str
    wall: float
    cpu: float
    memory: int


class UnitRow(msgspec.Struct, frozen=True, kw_only=True):
    """A unit: whether its objects came from the cache, what it imports, its backend's stages (none if cached).

    ``host`` is the machine of a cluster that made them, empty for this one.
    """

    name: str
    key: str
    cached: bool
    members: int
    imports: int
    bytes: int
    stages: tuple[BackendStage, ...] = ()
    host: str = ""


class OrderRow(msgspec.Struct, frozen=True, kw_only=True):
    """An order that was done: the machine, its units, and seconds it took there."""

    host: str
    units: tuple[str, ...]
    wall: float


class ClusterRow(msgspec.Struct, frozen=True, kw_only=True):
    """How a link's backends were done with a cluster.

    Attributes:
        address: of the scheduler.
        machines: those used, ``refused`` the others with the reason.
        orders: jobs in all; ``there`` and ``here`` by whom they were done, ``again`` given anew after a loss,
            ``twice`` begun here as well because the cluster was silent.
        sent: bytes of contents that no machine held.
        connecting, sharing: seconds until the machines were known, and until they had the contents.
        work: the orders that were done, in the order of their ends.
        lost: why, in words.
    """

    address: str = ""
    machines: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    orders: int = 0
    there: int = 0
    here: int = 0
    again: int = 0
    twice: int = 0
    sent: int = 0
    connecting: float = 0.0
    sharing: float = 0.0
    work: tuple[OrderRow, ...] = ()
    lost: tuple[str, ...] = ()


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Why a link failed, in the driver's words: rustc hides them in a page of arguments."""

    message: str
    hint: str
    code: int


class LinkRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A link.

    Attributes:
        output: the file linked.
        lto, engine: what was asked for; ``done_by`` who did it in the end and ``reason`` why another.
        crate: rustc's crate name.
        passed_through: why the link was none of the engine's business, empty where it was.
        malloc: library of the allocator that the backends use, empty for the C library's own.
        memory: peak of the largest process, bytes.
        cluster: who did the backends, None where no cluster was asked.
    """

    version: int
    output: str
    crate: str
    lto: str
    engine: str
    done_by: str
    reason: str = ""
    passed_through: str = ""
    toolchain: str = ""
    jobs: int = 1
    malloc: str = ""
    stages: tuple[Stage, ...] = ()
    modules: tuple[ModuleRow, ...] = ()
    units: tuple[UnitRow, ...] = ()
    size: int = 0
    memory: int = 0
    cluster: ClusterRow | None = None

    @property
    def wall(self) -> float:
        return sum(stage.wall for stage in self.stages)

    @property
    def cpu(self) -> float:
        return sum(stage.cpu for stage in self.stages)


def backend_stages(result: UnitResult) -> tuple[BackendStage, ...]:
    """The stages of a backend as rows."""
    return tuple(
        BackendStage(stage=cost.stage, wall=cost.wall, cpu=cost.cpu, memory=cost.memory) for cost in result.stages
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class LtoBuild:
    """What a build gave.

    Attributes:
        code: cargo's exit code.
        product: the file built, None where cargo failed.
        record: of its link; None where the driver was not asked (``--lto off``, or no link happened).
        plan: the file of the thin link's plan.
        fresh: nothing had to be compiled or linked.
        wall: seconds of the whole build.
        error: what cargo said, where it was not shown as it came (plans only).
        failure: how the driver failed, None where it did not.
        note: what else is to be said of who did link-time optimization.
        seen: the file of what was seen of the link (`burnish.lto.seen`), where that was asked for and could be had.
    """

    code: int
    product: Path | None
    record: LinkRecord | None
    plan: Path
    fresh: bool
    wall: float
    error: str = ""
    failure: Failure | None = None
    note: str = ""
    seen: Path | None = None
