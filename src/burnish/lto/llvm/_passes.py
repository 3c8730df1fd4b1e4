"""Pass pipelines, with the tuning that rustc gives them."""

from collections.abc import Sequence

from burnish.errors import LlvmError
from burnish.lto.llvm._functions import PassOptionsRef
from burnish.lto.llvm._handle import Handle
from burnish.lto.llvm._library import Library
from burnish.lto.llvm._machine import TargetMachine
from burnish.lto.llvm._module import Module

_VECTORIZED = frozenset({"O2", "O3"})
_FOR_SIZE = frozenset({"Os", "Oz"})
_UNMERGED = frozenset({"O0", "O1"})

#: ``cl::opt`` that rustc sets on every target with aliases (llvm_util.rs ``configure_llvm``, merge-functions default).
#: The last two stand for ``TargetOptions`` that it sets (``LLVMRustCreateTargetMachine``).
RUSTC_ARGUMENTS = (
    "-generate-arange-section",
    "-mergefunc-use-aliases",
    "-preserve-alignment-assumptions-during-inlining=false",
    "-import-cold-multiplier=0.1",
    "-trap-unreachable",
    "-no-trap-after-noreturn",
)


def option_arguments(own: Sequence[str]) -> tuple[str, ...]:
    """Rustc's arguments, without those that the user's own set, and these (``configure_llvm``)."""
    given = {argument.partition("=")[0] for argument in own}
    return (*(each for each in RUSTC_ARGUMENTS if each.partition("=")[0] not in given), *own)


class PassOptions(Handle[PassOptionsRef]):
    """``PipelineTuningOptions`` as rustc sets them for a level (``O0`` to ``Oz``; ``ModuleConfig::new``)."""

    def __init__(self, library: Library, opt_level: str) -> None:
        c = library.c
        super().__init__(c.LLVMCreatePassBuilderOptions())
        self._library = library
        unrolled = opt_level not in _FOR_SIZE
        c.LLVMPassBuilderOptionsSetLoopUnrolling(self.pointer, unrolled)
        c.LLVMPassBuilderOptionsSetLoopInterleaving(self.pointer, unrolled)
        c.LLVMPassBuilderOptionsSetLoopVectorization(self.pointer, opt_level in _VECTORIZED)
        c.LLVMPassBuilderOptionsSetSLPVectorization(self.pointer, opt_level == "O3")
        c.LLVMPassBuilderOptionsSetMergeFunctions(self.pointer, opt_level not in _UNMERGED)

    def _dispose(self, pointer: PassOptionsRef) -> None:
        self._library.c.LLVMDisposePassBuilderOptions(pointer)


def run_passes(module: Module, pipeline: str, machine: TargetMachine | None, options: PassOptions) -> None:
    """Run a pipeline, written as for ``opt -passes=``; without a machine, one that asks nothing of the target.

    Raises:
        LlvmError: LLVM does not know a pass, or one of them reported an error.
    """
    library = module.context.library
    known = len(module.context.errors())
    library.check(
        library.c.LLVMRunPasses(module.pointer, pipeline.encode(), machine and machine.pointer, options.pointer),
    )
    said = module.context.errors()
    if len(said) > known:
        raise LlvmError(said)
