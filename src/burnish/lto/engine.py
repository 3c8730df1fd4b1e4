"""burnish's own engine: one link from its line to the linked file, thin, grouped or fat.

read inputs -> resolve symbols -> thin link -> units -> backends (or the cache) -> the real linker
"""

import resource
from dataclasses import dataclass
from pathlib import Path

import msgspec

from burnish.cache import Cache
from burnish.lto.decide.decisions import decisions_of
from burnish.lto.decide.plan import Plan
from burnish.lto.decided import Decisions
from burnish.lto.inputs import Gathered, gather
from burnish.lto.job import LinkJob
from burnish.lto.line.arguments import PLUGIN_OPTIONS, without
from burnish.lto.line.libraries import Disk, driver_directories, locate
from burnish.lto.native import run_linker, scratch_directory
from burnish.lto.planning import Program, program_of, unit_names
from burnish.lto.producing import Produced, Production, produce
from burnish.lto.record import LinkRecord, ModuleRow
from burnish.lto.remarks import decode
from burnish.lto.rest import native_rest
from burnish.lto.seeing import seen_of
from burnish.lto.seen import Seen
from burnish.lto.stopwatch import Stopwatch


@dataclass(frozen=True, kw_only=True, slots=True)
class Linked:
    """A link: the record with what was done; what was decided and what was seen, where there is a place for it."""

    record: LinkRecord
    decisions: Decisions | None
    seen: Seen | None


def link(job: LinkJob, record: LinkRecord) -> Linked:
    """Link.

    Raises:
        UnsupportedError: the engine does not take this input; lld does.
        LtoError, ToolError, StoreError: the link failed; nothing was linked.
    """
    watch = Stopwatch()
    output = Path(job.line.output).absolute()
    with scratch_directory(output) as scratch:
        cache = Cache(job.settings.cache or scratch / "cache")
        with watch.stage("read"):
            gathered = read_inputs(job, cache)
        with watch.stage("thin link"):
            program = program_of(job, gathered)
        with watch.stage("backends"):
            produced = produce(job, program, cache, scratch)
        with watch.stage("link"):
            replaced = native_rest(gathered, scratch)
            objects = [str(path) for unit in produced.units for path in unit.objects]
            line = without(job.with_inputs(replaced, objects=objects), PLUGIN_OPTIONS)
            run_linker(job.settings.linker, line.argv(), scratch)
        if job.settings.cache is not None:
            cache.prune_now_and_then(job.settings.limit)
        seen = _seen(program, produced.units) if job.settings.seen and job.settings.record else None
    decided = decisions(program) if job.settings.record else None
    return Linked(record=_finished(record, watch, program, produced, output), decisions=decided, seen=seen)


def plan(job: LinkJob) -> Decisions:
    """The thin link's decisions; nothing is optimized or linked."""
    with scratch_directory(Path(job.line.output).absolute()) as scratch:
        cache = Cache(job.settings.cache or scratch / "cache")
        return decisions(program_of(job, read_inputs(job, cache)))


def decisions(program: Program) -> Decisions:
    """What was decided on a program."""
    return decisions_of(program.plan, labels=program.labels, names=unit_names(program))


def _seen(program: Program, produced: list[Produced]) -> Seen:
    said = {unit.unit: decode(unit.remarks.read_bytes()) for unit in produced if unit.remarks is not None}
    remarks = {unit: found for unit, found in said.items() if found is not None}
    return seen_of(program.plan, units=unit_names(program), remarks=remarks)


def read_inputs(job: LinkJob, cache: Cache) -> Gathered:
    """The inputs of the job's line."""
    files = locate(job.line, driver_directories([job.settings.linker], job.line), Disk())
    return gather(files, cache, job.settings.jobs)


def _finished(record: LinkRecord, watch: Stopwatch, program: Program, produced: Production, output: Path) -> LinkRecord:
    return msgspec.structs.replace(
        record,
        toolchain=program.toolchain,
        stages=tuple(watch.stages),
        modules=_modules(program.plan, program),
        units=tuple(unit.row for unit in produced.units),
        cluster=produced.cluster,
        size=output.stat().st_size,
        memory=resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024,
    )


def _modules(found: Plan, program: Program) -> tuple[ModuleRow, ...]:
    definitions, live = program.counts()
    return tuple(
        ModuleRow(
            label=program.labels[number],
            source=module.source_filename,
            bytes=program.sizes[number],
            definitions=definitions[number],
            live=live[number],
            unit=int(found.units[number]),
        )
        for number, module in enumerate(found.index.modules)
    )
