"""The record of a link: what was done, why, and what it cost; JSON, versioned.

Written by the linker driver beside nothing of the user's, read by ``burnish build`` and ``burnish lto``.
"""

import os
from pathlib import Path
from typing import Any

import msgspec

from burnish.errors import StoreError
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
    """A unit: whether its objects came from the cache, what it imports, its backend's stages (none if cached)."""

    name: str
    key: str
    cached: bool
    members: int
    imports: int
    bytes: int
    stages: tuple[BackendStage, ...] = ()


class LinkRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A link.

    Attributes:
        output: the file linked.
        lto, engine: what was asked for; ``done_by`` who did it in the end and ``reason`` why another.
        crate: rustc's crate name.
        passed_through: why the link was none of the engine's business, empty where it was.
        memory: peak of the largest process, bytes.
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
    stages: tuple[Stage, ...] = ()
    modules: tuple[ModuleRow, ...] = ()
    units: tuple[UnitRow, ...] = ()
    size: int = 0
    memory: int = 0

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


def write_record(directory: Path, name: str, content: LinkRecord | dict[str, Any]) -> Path:
    """Write ``name`` whole or not at all.

    Raises:
        StoreError: it cannot be written.
    """
    place = directory / name
    unfinished = place.with_name(f"{name}.{os.getpid()}.unfinished")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n")
        unfinished.replace(place)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise StoreError(f"cannot write the record of the link, {place}: {error.strerror}") from error
    return place


def read_record(path: Path) -> LinkRecord:
    """A record.

    Raises:
        StoreError: it is missing, damaged, or of another version.
    """
    try:
        record = msgspec.json.decode(path.read_bytes(), type=LinkRecord)
    except (OSError, msgspec.DecodeError) as error:
        raise StoreError(
            f"cannot read the record of the link, {path}: {error}", hint="build again: burnish build"
        ) from error
    if record.version != VERSION:
        raise StoreError(
            f"{path} is of version {record.version}, this burnish reads {VERSION}", hint="build again: burnish build"
        )
    return record
