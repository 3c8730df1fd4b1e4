"""The road of a link: its stages with this program's counts, times and memory. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from burnish.lto.record import LinkRecord, UnitRow
from burnish.units import format_bytes, plural
from burnish.xray.picture import Picture

_DOES: Final = {
    "read": "bitcode of every crate and of the standard library read, symbols and summaries",
    "thin link": "summaries of all modules as one index: what is dead, who imports what",
    "backends": "each unit imports, is optimized, and becomes machine code",
    "link": "objects and native libraries to one file; unused sections dropped",
}

#: Stages of a backend, summed over all units.
_BACKEND: Final = {
    "start": "LLVM loaded",
    "parse": "modules of the unit read, and merged where they are several",
    "import": "definitions of other units copied in",
    "linkage": "what only this unit uses made local, what is dead dropped",
    "opt": "inlining and all other optimizations",
    "codegen": "machine code",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class RoadStage:
    """A stage: seconds by the clock and of CPU, peak memory in bytes (0: not known), and this program's counts.

    ``inner``: part of the stage before; its seconds are sums over all backends, several of which run at a time.
    """

    name: str
    does: str
    here: str
    wall: float
    cpu: float
    memory: int
    inner: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class UnitCost:
    """A backend that ran: seconds, bytes of memory and of objects, imports."""

    name: str
    wall: float
    cpu: float
    memory: int
    imports: int
    bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Road:
    """A link from bitcode to the program.

    Attributes:
        cached: units whose objects came from the cache: their backends' times are not of this link.
    """

    lto: str
    done_by: str
    toolchain: str
    jobs: int
    stages: tuple[RoadStage, ...]
    units: tuple[UnitCost, ...]
    cached: int
    wall: float
    cpu: float
    memory: int
    size: int


def road(picture: Picture) -> Road | None:
    """The road; None where no link is recorded."""
    link = picture.link
    if link is None or not link.stages:
        return None
    units = sorted((_unit(unit) for unit in link.units if unit.stages), key=lambda unit: (-unit.wall, unit.name))
    return Road(
        lto=link.lto,
        done_by=link.done_by,
        toolchain=link.toolchain,
        jobs=link.jobs,
        stages=tuple(_stages(link)),
        units=tuple(units),
        cached=sum(unit.cached for unit in link.units),
        wall=link.wall,
        cpu=link.cpu,
        memory=link.memory,
        size=link.size,
    )


def _stages(link: LinkRecord) -> Iterator[RoadStage]:
    here = _here(link)
    for stage in link.stages:
        memory = max((cost.memory for unit in link.units for cost in unit.stages), default=0)
        yield RoadStage(
            name=stage.name,
            does=_DOES.get(stage.name, ""),
            here=here.get(stage.name, ""),
            wall=stage.wall,
            cpu=stage.cpu,
            memory=memory if stage.name == "backends" else 0,
        )
        if stage.name == "backends":
            yield from _backends(link)


def _backends(link: LinkRecord) -> Iterator[RoadStage]:
    costs = [cost for unit in link.units for cost in unit.stages]
    for name in dict.fromkeys(cost.stage for cost in costs):
        own = [cost for cost in costs if cost.stage == name]
        yield RoadStage(
            name=name,
            does=_BACKEND.get(name, ""),
            here="",
            wall=sum(cost.wall for cost in own),
            cpu=sum(cost.cpu for cost in own),
            memory=max(cost.memory for cost in own),
            inner=True,
        )


def _here(link: LinkRecord) -> dict[str, str]:
    definitions = sum(module.definitions for module in link.modules)
    live = sum(module.live for module in link.modules)
    imports = sum(unit.imports for unit in link.units)
    redone = sum(not unit.cached for unit in link.units)
    return {
        "read": f"{len(link.modules)} modules",
        "thin link": f"{live:,} of {definitions:,} definitions live, {imports:,} imports",
        "backends": f"{plural(len(link.units), 'unit')}, {redone} made, {len(link.units) - redone} from the cache",
        "link": format_bytes(link.size),
    }


def _unit(unit: UnitRow) -> UnitCost:
    return UnitCost(
        name=unit.name,
        wall=sum(cost.wall for cost in unit.stages),
        cpu=sum(cost.cpu for cost in unit.stages),
        memory=max(cost.memory for cost in unit.stages),
        imports=unit.imports,
        bytes=unit.bytes,
    )
