"""Debug-stripped copies of modules to import from: LLVM reads all debug info of a module for a single import."""

from pathlib import Path

from burnish.lto.backend import UnitResult
from burnish.lto.do.output import own_id, write_whole
from burnish.lto.do.stages import StageLog
from burnish.lto.llvm import Context, Library


def strip_debug_copy(bitcode: Path, out: Path, library: Library) -> None:
    """Write a module without debug info; source name and symbols are the same, summary and hash are left out.

    Raises:
        LlvmError: it is no module of this LLVM, or the copy cannot be written.
    """
    with Context(library) as context, context.parse(bitcode, lazy=False) as module:
        module.strip_debug()
        with module.write_bitcode() as buffer:
            write_whole(out, buffer.view(), own_id())


def strip_some(copies: tuple[tuple[Path, Path], ...], library: Library, stages: StageLog) -> UnitResult:
    """Several copies in one worker; the stage names the module."""
    for bitcode, out in copies:
        with stages.stage(f"strip {bitcode.name}"):
            strip_debug_copy(bitcode, out, library)
    return UnitResult(name="strip", stages=tuple(stages.costs), imported=0)


def shares(
    copies: tuple[tuple[Path, Path], ...], workers: int, sizes: dict[Path, int]
) -> list[tuple[tuple[Path, Path], ...]]:
    """The copies in as many shares of about equal size: largest first to the share with the least."""
    loads = [0] * workers
    found: list[list[tuple[Path, Path]]] = [[] for _ in range(workers)]
    for copy in sorted(copies, key=lambda each: -sizes[each[0]]):
        least = loads.index(min(loads))
        loads[least] += sizes[copy[0]]
        found[least].append(copy)
    return [tuple(share) for share in found if share]
