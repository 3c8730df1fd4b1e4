"""One unit, from bitcode to objects. Runs in a worker: LLVM may end the process at any point."""

from contextlib import ExitStack
from dataclasses import dataclass, field

from burnish.lto.backend import Codegen, Road, Unit, UnitResult
from burnish.lto.do.importing import import_functions
from burnish.lto.do.linkage import resolve_linkages
from burnish.lto.do.merge import merge_members
from burnish.lto.do.output import own_id, write_whole
from burnish.lto.do.split import emit_parts
from burnish.lto.do.stages import StageLog
from burnish.lto.llvm import (
    Context,
    Library,
    MachineOptions,
    Module,
    PassOptions,
    TargetMachine,
    option_arguments,
    run_passes,
)
from burnish.lto.remarks import OPTIONS, columns_of, encode, is_of_inlining


@dataclass(frozen=True, kw_only=True, slots=True)
class Backend:
    """LLVM, ready for a unit.

    Attributes:
        section_flags: verified place of the flags for function sections in this library, None: there is none.
        stages: told of each stage.
        kept: what is to be closed when all is done; a worker that exits leaves it open, which is faster.
    """

    library: Library
    codegen: Codegen
    section_flags: int | None
    stages: StageLog = field(default_factory=StageLog)
    kept: ExitStack = field(default_factory=ExitStack)


def machine_options(codegen: Codegen) -> MachineOptions:
    """What of the codegen options makes a target machine."""
    return MachineOptions(
        triple=codegen.triple,
        cpu=codegen.cpu,
        features=codegen.features,
        opt_level=codegen.opt_level,
        relocation_model=codegen.relocation_model,
        code_model=codegen.code_model,
    )


def pipeline(unit: Unit, codegen: Codegen) -> str:
    """LLVM's text for the unit's passes; dead definitions go first, they are only local so far."""
    return f"globaldce,{unit.road.pipeline}<{codegen.opt_level}>"


def run_unit(unit: Unit, backend: Backend) -> UnitResult:
    """Do all of a unit's work.

    Raises:
        LlvmError: LLVM refused something, or an output cannot be written.
        UnsupportedError: no code generation for the target.
    """
    library, codegen, stages = backend.library, backend.codegen, backend.stages
    with stages.stage("start"):
        library.initialize_target(codegen.triple)
        library.parse_options((*option_arguments(codegen.llvm_args), *(OPTIONS if unit.remarks else ())))
        machine = backend.kept.enter_context(target_machine(backend))
        options = backend.kept.enter_context(PassOptions(library, codegen.opt_level))
        heeds_remark = is_of_inlining if unit.remarks else None
        context = backend.kept.enter_context(Context(library, heeds_remark=heeds_remark))
    with stages.stage("parse"):
        module = backend.kept.enter_context(merge_members(context, unit.members, strip_debug=codegen.strip_debug))
        module.set_identifier(f"burnish:{unit.name}")
    imported = 0
    if unit.shard is not None:
        with stages.stage("import"):
            imported = import_functions(module, unit.shard, unit.imports, machine, options)
            if codegen.strip_debug:
                module.strip_debug()
    with stages.stage("linkage"):
        resolve_linkages(module, unit)
    with stages.stage("opt"):
        if unit.road is Road.FAT:
            module.add_flag("LTOPostLink", 1)
        run_passes(module, pipeline(unit, codegen), machine, options)
        if unit.remarks is not None:
            write_whole(unit.remarks, memoryview(encode(columns_of(context.remarks))), own_id())
    with stages.stage("codegen"):
        _emit(unit, backend, module, machine, options)
    return UnitResult(name=unit.name, stages=tuple(stages.costs), imported=imported)


def target_machine(backend: Backend) -> TargetMachine:
    """The machine of the codegen options, with sections for each function where they are wanted and can be had."""
    machine = TargetMachine(backend.library, machine_options(backend.codegen))
    if backend.codegen.function_sections and backend.section_flags is not None:
        machine.set_section_flags(backend.section_flags)
    return machine


def _emit(unit: Unit, backend: Backend, module: Module, machine: TargetMachine, options: PassOptions) -> None:
    if backend.codegen.function_sections and backend.section_flags is None:
        name_sections(module)
    if len(unit.outputs) > 1:
        emit_parts(module, unit, machine, options)
        return
    buffer = backend.kept.enter_context(machine.emit(module))
    write_whole(unit.outputs[0], buffer.view(), own_id())


def name_sections(module: Module) -> None:
    """Sections by name, where the target machine cannot be told: of functions only, data has too many kinds."""
    for value in module.functions():
        if not module.is_declaration(value) and not module.section(value):
            module.set_section(value, b".text." + module.name(value))
