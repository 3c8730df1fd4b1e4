"""Objects for the units of a plan: from the cache where it holds them, from backends otherwise."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from burnish.cache import Cache
from burnish.digests import digest_of
from burnish.errors import LtoError
from burnish.lto.backends import TIMEOUT, Backed, Backends, run_here
from burnish.lto.decide.grouping import largest_first
from burnish.lto.decide.keys import unit_keys
from burnish.lto.decide.units import Place
from burnish.lto.facts import mapped, module_of
from burnish.lto.job import LinkJob
from burnish.lto.kept import (
    Wanted,
    exact_objects,
    exact_remarks,
    keep_objects,
    missed_by_changes,
    near_units,
)
from burnish.lto.modules import SymbolFlag
from burnish.lto.planning import Program, unit_names
from burnish.lto.record import ClusterRow, UnitRow, backend_stages


@dataclass(frozen=True, kw_only=True, slots=True)
class Produced:
    """A unit's number, its objects, its row in the record, and where the link asks for it the file of its remarks."""

    unit: int
    objects: tuple[Path, ...]
    row: UnitRow
    remarks: Path | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Production:
    """What the units gave, in their order, and what a cluster had to do with it."""

    units: list[Produced]
    cluster: ClusterRow | None


def produce(job: LinkJob, program: Program, cache: Cache, scratch: Path) -> Production:
    """The objects of all units, in the order of the units.

    Raises:
        LlvmError: a backend failed.
        StoreError: the cache or the scratch directory cannot be written.
    """
    wanted = _wanted(program, scratch, seen=job.settings.seen)
    # Objects without the remarks that are asked for are made again.
    remarks = {item.unit: exact_remarks(cache, item) for item in wanted if item.remarks is not None}
    found = {
        item.unit: objects
        for item in wanted
        if (item.remarks is None or remarks[item.unit] is not None)
        and (objects := exact_objects(cache, item)) is not None
    }
    costs = program.plan.costs()
    found |= _near(job, program, cache, scratch, [item for item in wanted if item.unit not in found])
    missing = [item for item in wanted if item.unit not in found]
    order = largest_first(costs[np.array([item.unit for item in missing], np.int64)]) if missing else ()
    backed, cluster = _run(job, program, cache, scratch, [missing[place] for place in order])
    units = []
    for item in wanted:
        done = backed.get(item.unit) or Backed(objects=found[item.unit], remarks=remarks.get(item.unit))
        units.append(
            Produced(unit=item.unit, objects=done.objects, row=_row(program, item, done), remarks=done.remarks)
        )
    return Production(units=units, cluster=cluster)


def living_units(program: Program) -> list[tuple[int, str]]:
    """Number and name of the units that have anything to give: a live definition, or assembly."""
    index = program.plan.index
    alive = np.zeros(program.plan.unit_count, np.bool_)
    alive[program.plan.units[index.module[program.plan.link.live]]] = True
    for number, module in enumerate(index.modules):
        table = module.symbols
        if ((table.values < 0) & ((table.flags & SymbolFlag.FORMAT_SPECIFIC) == 0)).any():
            alive[program.plan.units[number]] = True
    return [(unit, name) for unit, name in enumerate(unit_names(program)) if alive[unit]]


def _wanted(program: Program, scratch: Path, *, seen: bool) -> list[Wanted]:
    keys = unit_keys(
        program.plan,
        digests=program.digests,
        codegen=program.codegen,
        toolchain=program.toolchain,
        road=program.road,
        outputs=program.parts,
    )
    return [
        Wanted(
            unit=unit,
            name=name,
            key=keys[unit],
            outputs=tuple(scratch / f"{unit}.{part}.o" for part in range(program.parts)),
            remarks=scratch / f"{unit}.remarks" if seen else None,
        )
        for unit, name in living_units(program)
    ]


def _near(
    job: LinkJob, program: Program, cache: Cache, scratch: Path, missing: list[Wanted]
) -> dict[int, tuple[Path, ...]]:
    """Objects that changes in sources have missed; remembered as those of the sources as they are now."""
    # Nobody can tell what LLVM would say now.
    if job.settings.seen:
        return {}
    if job.settings.cache is None or not (near := near_units(cache, program, missing)):
        return {}
    places = {source: _place(program, cache, source) for unit in near for source in unit.changed}
    found = missed_by_changes(
        program, near, places, cache, directory=scratch / "near", jobs=job.settings.jobs, timeout=TIMEOUT
    )
    for unit in found:
        keep_objects(cache, program, unit.wanted.key, unit.objects)
    return {unit.wanted.unit: tuple(map(cache.blob, unit.objects)) for unit in found}


def _run(
    job: LinkJob, program: Program, cache: Cache, scratch: Path, missing: list[Wanted]
) -> tuple[dict[int, Backed], ClusterRow | None]:
    if not missing:
        return {}, None
    # A link that finds everything in the cache never loads LLVM.
    from burnish.lto.llvm import load  # noqa: PLC0415
    from burnish.lto.sources import import_sources  # noqa: PLC0415

    load(program.library).check_producer(program.producer)
    places = _places(program, cache, (item.unit for item in missing))
    sources = import_sources(
        program,
        [item.unit for item in missing],
        places,
        cache=cache if job.settings.cache else None,
        directory=scratch / "sources",
        jobs=job.settings.jobs,
        timeout=TIMEOUT,
    )
    work = Backends(program=program, wanted=missing, places=places, sources=sources, cache=cache, scratch=scratch)
    if job.settings.cluster is None:
        return run_here(work, job.settings), None
    # Only a link that has backends to give away pays for what speaks to clusters.
    from burnish.lto.away.linking import run_there  # noqa: PLC0415

    done, row = run_there(work, job.settings, job.settings.cluster)
    return (run_here(work, job.settings) if done is None else done), row


def _places(program: Program, cache: Cache, units: Iterable[int]) -> dict[int, Place]:
    """Files that hold exactly the modules which the units are made of or import from, checked against their digests."""
    plan = program.plan
    needed: set[int] = set()
    for unit in units:
        needed.update(plan.members(unit))
        needed.update(plan.sources_of(unit))
    return {number: _place(program, cache, number) for number in sorted(needed)}


def _place(program: Program, cache: Cache, number: int) -> Place:
    digest = program.digests[number]
    if not cache.intact(digest):
        item = program.objects[number]
        data = module_of(item, mapped(item.path))
        if digest_of(data) != digest:
            raise LtoError(f"{program.labels[number]} has changed since it was read", hint="build again")
        cache.put(data, digest)
    return Place(bitcode=cache.blob(digest), label=program.labels[number])


def _row(program: Program, item: Wanted, done: Backed) -> UnitRow:
    imports = program.plan.imports_of(item.unit)
    return UnitRow(
        name=item.name,
        key=item.key.exact,
        cached=not done.made,
        members=len(program.plan.members(item.unit)),
        imports=imports.stop - imports.start,
        bytes=sum(path.stat().st_size for path in done.objects),
        stages=backend_stages(done.result) if done.result is not None else (),
        host=done.host,
    )
