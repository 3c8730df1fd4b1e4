"""Backends: units of bitcode to object files, over the toolchain's LLVM, each in a process of its own."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from burnish.lto.backend import Codegen, Unit, UnitResult
from burnish.lto.do.pool import Job, run_jobs
from burnish.lto.do.sections import probe_section_flags
from burnish.lto.do.slim import Slim, shares, slim_copies, worth_slimming
from burnish.lto.do.stages import StageLog
from burnish.lto.do.unit import Backend, machine_options, run_unit
from burnish.lto.llvm import Library, load

_NAMED = 3


def run_units(
    units: Sequence[Unit],
    codegen: Codegen,
    *,
    library: Path,
    jobs: int,
    timeout: float | None,
    on_result: Callable[[UnitResult], None] = lambda _result: None,
) -> list[UnitResult]:
    """Make the units' objects, ``jobs`` at a time, begun in the order given (largest first ends soonest).

    Args:
        units: what to make.
        codegen: the same for all of them.
        library: libLLVM.
        jobs: how many at a time.
        timeout: seconds for one unit; None for no limit.
        on_result: called here as each unit ends.

    Raises:
        LlvmError: LLVM refused, aborted, was killed or took too long; the message names unit, modules and stage.
        UnsupportedError: this libLLVM is not for the engine, or makes no code for the target.
    """
    if not units:
        return []
    loaded = load(library)
    flags = probe_section_flags(loaded, machine_options(codegen)) if codegen.function_sections else None
    tasks = [
        Job(label=label(unit), task=partial(_backend, unit, codegen, loaded, flags), outputs=_written(unit))
        for unit in units
    ]
    return run_jobs(tasks, loaded, workers=jobs, timeout=timeout, on_result=on_result)


def _written(unit: Unit) -> tuple[Path, ...]:
    return unit.outputs if unit.remarks is None else (*unit.outputs, unit.remarks)


def _backend(unit: Unit, codegen: Codegen, library: Library, flags: int | None, stages: StageLog) -> UnitResult:
    return run_unit(unit, Backend(library=library, codegen=codegen, section_flags=flags, stages=stages))


def label(unit: Unit) -> str:
    """How messages name a unit: its name and its first modules, once where they are the same."""
    if [member.label for member in unit.members] == [unit.name]:
        return unit.name
    labels = [member.label for member in unit.members[:_NAMED]]
    more = len(unit.members) - len(labels)
    return f"{unit.name}: {', '.join(labels)}" + (f" and {more} more" if more else "")


def make_slim(copies: Sequence[Slim], *, library: Path, jobs: int, timeout: float | None) -> None:
    """Make slim copies of modules to import from, by ``jobs`` processes.

    Raises:
        LlvmError: a module cannot be read, a copy not written; copies made before that stay.
    """
    loaded = load(library)
    tasks = [
        Job(label="slim copies", task=partial(_slim, share, loaded), outputs=tuple(copy.out for copy in share))
        for share in shares(copies, jobs)
    ]
    run_jobs(tasks, loaded, workers=jobs, timeout=timeout, on_result=lambda _result: None)


def _slim(share: Sequence[Slim], library: Library, stages: StageLog) -> UnitResult:
    return slim_copies(share, library, stages)


__all__ = ["Slim", "label", "make_slim", "run_units", "worth_slimming"]
