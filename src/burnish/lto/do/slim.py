"""Slim copies of modules to import from: only the definitions that are imported, and no debug info.

LLVM's pass reads all of a source's module-level contents and debug info for a single import, again for each unit; a
program's units import from std and core hundreds of times. What a unit takes from a slim copy is what it takes from
the module: the rest are declarations to it in either case.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from burnish.lto.backend import UnitResult
from burnish.lto.do.merge import encoded
from burnish.lto.do.output import own_id, write_whole
from burnish.lto.do.stages import StageLog
from burnish.lto.llvm import LOCAL, Context, Library, Linkage, Module, PassOptions, run_passes

#: Making a copy costs about as much as importing from the module so many times.
_WORTH_IMPORTERS = 12
#: Bytes read by importers beyond these; less is not worth a process.
_WORTH_BYTES = 4_000_000
_USED = (b"llvm.used", b"llvm.compiler.used")


@dataclass(frozen=True, kw_only=True, slots=True)
class Slim:
    """A copy to make.

    Attributes:
        bitcode: a file that holds exactly the module.
        label: how messages name it.
        out: where the copy goes.
        keep: names of the definitions that are imported.
        strip_debug: nobody will see debug info.
        size: bytes of the module.
    """

    bitcode: Path
    label: str
    size: int
    out: Path
    keep: frozenset[str]
    strip_debug: bool


def worth_slimming(sizes: Mapping[int, int], importers: Mapping[int, int]) -> list[int]:
    """The modules that are worth a copy, by bytes and number of units that import from each."""
    return [
        module for module, size in sorted(sizes.items()) if (importers[module] - _WORTH_IMPORTERS) * size > _WORTH_BYTES
    ]


def slim_copies(copies: Sequence[Slim], library: Library, stages: StageLog) -> UnitResult:
    """Make several in one worker; the stage names the module.

    Raises:
        LlvmError: one is no module of this LLVM, or a copy cannot be written.
    """
    for copy in copies:
        with stages.stage(f"slim {copy.label}"):
            _slim_copy(copy, library)
    return UnitResult(name="slim", stages=tuple(stages.costs), imported=0)


def shares(copies: Sequence[Slim], workers: int) -> list[list[Slim]]:
    """The copies in as many shares of about equal size: largest first to the share with the least."""
    loads = [0] * workers
    found: list[list[Slim]] = [[] for _ in range(workers)]
    for copy in sorted(copies, key=lambda each: -each.size):
        least = loads.index(min(loads))
        loads[least] += copy.size
        found[least].append(copy)
    return [share for share in found if share]


def _slim_copy(copy: Slim, library: Library) -> None:
    with (
        Context(library) as context,
        context.parse(copy.bitcode, lazy=False) as module,
        PassOptions(library, "O0") as options,
    ):
        if copy.strip_debug:
            module.strip_debug()
        keep = {encoded(name) for name in copy.keep}
        _shut_functions(module, keep)
        _drop_variables(module, keep)
        # Whatever the source has under a name moves the importing module's own variable of that name to the end of its
        # list (``IRLinker::run``): without this, the same code would come in another order than from the module itself.
        named = [value for value in module.variables() if module.linkage(value) not in LOCAL]
        holder = module.add_pointers(b"burnish.named", named)
        run_passes(module, "function(unreachableblockelim),elim-avail-extern,globaldce", None, options)
        module.delete_variable(holder)
        for function in list(module.functions()):
            if not module.is_used(function) and module.name(function) not in keep:
                module.delete_function(function)
        with module.write_bitcode() as buffer:
            write_whole(copy.out, buffer.view(), own_id())


def _shut_functions(module: Module, keep: set[bytes]) -> None:
    """Take the bodies out of functions that nobody imports.

    They stay definitions: LLVM's linker trusts the attributes of an exact definition more than those of the
    declarations that it meets (``IRLinker::linkGlobalValueProto``, llvm/lib/Linker/IRMover.cpp). An alias is imported
    as a copy of what it stands for, so that stays whole.
    """
    aliased = {module.aliasee(alias).value for alias in module.aliases()}
    module.shut(
        value
        for value in module.functions()
        if not module.is_declaration(value) and value.value not in aliased and module.name(value) not in keep
    )


def _drop_variables(module: Module, keep: set[bytes]) -> None:
    """Declare variables that nobody imports; locals stay as long as something kept refers to them.

    The lists of used symbols are never imported, and would keep what they name.
    """
    for array in _USED:
        if (value := module.named(array)) is not None:
            module.delete_variable(value)
    pinned = keep | {module.name(module.aliasee(alias)) for alias in module.aliases()}
    for value in module.variables():
        if module.is_declaration(value) or module.linkage(value) in LOCAL:
            continue
        name = module.name(value)
        if name not in pinned and not name.startswith(b"llvm."):
            module.clear_comdat(value)
            module.set_linkage(value, Linkage.AVAILABLE_EXTERNALLY)
