"""Backends for the units that no cache holds: by processes of this machine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from burnish.cache import Cache
from burnish.lto.backend import Unit, UnitResult
from burnish.lto.decide.units import Place, unit_of
from burnish.lto.kept import Wanted, keep_objects, keep_remarks
from burnish.lto.planning import Program
from burnish.lto.settings import Settings
from burnish.lto.write.indexfile import shard

#: Seconds that one backend may take before it counts as hanging.
TIMEOUT = 3600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Backed:
    """A unit's objects and remarks.

    Attributes:
        made: a backend made them for this link.
        result: what it took; None where nobody can say.
        host: the machine, empty for this one.
    """

    objects: tuple[Path, ...]
    remarks: Path | None = None
    made: bool = False
    result: UnitResult | None = None
    host: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Backends:
    """Units to make, and what they are made from.

    Attributes:
        wanted: the units, costliest first.
        places: of the modules that they need.
        sources: of each module that they import from, the file to import from.
    """

    program: Program
    wanted: Sequence[Wanted]
    places: Mapping[int, Place]
    sources: Mapping[int, Path]
    cache: Cache
    scratch: Path

    def unit(self, item: Wanted, shard_path: Path) -> Unit:
        """A unit as a backend takes it."""
        plan = self.program.plan
        nowhere = Place(bitcode=Path(), label="")
        unit = unit_of(
            plan,
            item.unit,
            name=item.name,
            places=[self.places.get(number, nowhere) for number in range(len(self.program.labels))],
            outputs=item.outputs,
            shard=shard_path,
            road=self.program.road,
        )
        return replace(unit, remarks=item.remarks)

    def shard(self, item: Wanted, paths: Mapping[int, str]) -> bytes:
        """The index of what a unit imports, empty for nothing; ``paths`` says where each source lies."""
        imports = self.program.plan.imports_of(item.unit)
        return shard(self.program.plan, item.unit, paths) if imports.stop > imports.start else b""

    def keep(self, item: Wanted, objects: Sequence[str], remarks: str | None) -> None:
        """Remember what a unit gave, by digest.

        Raises:
            StoreError: the cache cannot be written.
        """
        keep_objects(self.cache, self.program, item.key, objects)
        if remarks is not None:
            keep_remarks(self.cache, item.key, remarks)


def run_here(work: Backends, settings: Settings) -> dict[int, Backed]:
    """Make the units' objects, `Settings.jobs` at a time.

    Raises:
        LlvmError, UnsupportedError: a backend failed.
        StoreError: the cache cannot be written.
    """
    # A link that finds everything in the cache never loads LLVM.
    from burnish.lto.do import run_units  # noqa: PLC0415

    units = [_unit(work, item) for item in work.wanted]
    named = {unit.name: item for unit, item in zip(units, work.wanted, strict=True)}

    def keep(result: UnitResult) -> None:
        # As it comes: what is finished is kept even where a later unit fails.
        if settings.cache is not None:
            item = named[result.name]
            objects = [work.cache.put_file(path) for path in item.outputs]
            work.keep(item, objects, work.cache.put_file(item.remarks) if item.remarks is not None else None)

    results = run_units(
        units,
        work.program.codegen,
        library=work.program.library,
        jobs=settings.jobs,
        timeout=TIMEOUT,
        on_result=keep,
    )
    done = {}
    for result in results:
        item = named[result.name]
        done[item.unit] = Backed(objects=item.outputs, remarks=item.remarks, made=True, result=result)
    return done


def _unit(work: Backends, item: Wanted) -> Unit:
    path = work.scratch / f"{item.unit}.thinlto.bc"
    content = work.shard(item, {number: str(source) for number, source in work.sources.items()})
    if content:
        path.write_bytes(content)
    return work.unit(item, path)
