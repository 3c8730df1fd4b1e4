"""Take definitions of other units in, by LLVM's own pass and the unit's shard of the index.

The pass was made for LLVM's tests: it says success whatever happened, so what it did is counted.
"""

from pathlib import Path

from burnish.errors import LlvmError
from burnish.lto.llvm import Module, PassOptions, TargetMachine, run_passes


def import_functions(module: Module, shard: Path, expected: int, machine: TargetMachine, options: PassOptions) -> int:
    """Import all that the shard lists; the number of definitions that came.

    The module's identifier must be none of the paths in the shard, and its own summaries must not be in it: the pass
    would promote all of its locals.

    Raises:
        LlvmError: nothing came though something should have.
    """
    before = _definitions(module)
    module.context.library.parse_options((f"-summary-file={shard}", "-import-all-index"))
    run_passes(module, "function-import", machine, options)
    imported = _definitions(module) - before
    if expected and imported <= 0:
        raise LlvmError(
            f"none of {expected} definitions was imported by {shard}",
            hint="the index or a module that it names cannot be read",
        )
    return imported


def _definitions(module: Module) -> int:
    """Definitions that came or may come from outside, and those LLVM made local as they are only read."""
    return sum(not module.is_declaration(value) for value in module.globals())
