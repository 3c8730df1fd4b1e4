"""Target machines: which code is made, and making it."""

from ctypes import byref, c_uint32
from dataclasses import dataclass
from types import MappingProxyType

from burnish.errors import LlvmError
from burnish.lto.llvm._functions import BufferRef, MachineRef, MessageRef, TargetRef
from burnish.lto.llvm._handle import Handle
from burnish.lto.llvm._library import Library
from burnish.lto.llvm._module import Buffer, Context, Module

#: ``LLVMCodeGenOptLevel`` as rustc takes it (``to_llvm_opt_settings``, back/write.rs).
CODEGEN_LEVELS = MappingProxyType({"O0": 0, "O1": 1, "O2": 2, "O3": 3, "Os": 2, "Oz": 2})
#: ``LLVMRelocMode``; ``pie`` is ``PIC_`` to LLVM, the module says the rest.
RELOCATION_MODELS = MappingProxyType(
    {"static": 1, "pic": 2, "pie": 2, "dynamic-no-pic": 3, "ropi": 4, "rwpi": 5, "ropi-rwpi": 6}
)
#: ``LLVMCodeModel``.
CODE_MODELS = MappingProxyType({"": 0, "tiny": 2, "small": 3, "kernel": 4, "medium": 5, "large": 6})

_OBJECT_FILE = 1  # LLVMCodeGenFileType

# TargetOptions.h of LLVM 22: GlobalISelAbort, SwiftAsyncFramePointer (an int each), then one-bit fields, of which
# FunctionSections is the third and DataSections the fourth. Only verified places are ever written to for real.
_ABORT_TO_FLAGS = 8
_SECTION_FLAGS = 0b1100
_ABORT_DISABLE, _ABORT_DISABLE_WITH_DIAG = 1, 2
_SEARCHED_WORDS = 320  # a TargetMachine of LLVM 22 has over 1,400 bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class MachineOptions:
    """What a target machine is made from; the words are those of `burnish.lto.backend.Codegen`."""

    triple: str
    cpu: str = ""
    features: str = ""
    opt_level: str = "O3"
    relocation_model: str = "pic"
    code_model: str = ""


class TargetMachine(Handle[MachineRef]):
    """An ``LLVMTargetMachine``.

    Raises:
        LlvmError: LLVM knows no such target, or a word is none of rustc's.
    """

    def __init__(self, library: Library, options: MachineOptions) -> None:
        self._library = library
        super().__init__(_create(library, options))

    def _dispose(self, pointer: MachineRef) -> None:
        self._library.c.LLVMDisposeTargetMachine(pointer)

    def emit(self, module: Module) -> Buffer:
        """The module's code as an object file.

        Raises:
            LlvmError: it cannot be made, for example as inline assembly is wrong.
        """
        buffer, message = BufferRef(), MessageRef()
        failed = self._library.c.LLVMTargetMachineEmitToMemoryBuffer(
            self.pointer, module.pointer, _OBJECT_FILE, byref(message), byref(buffer)
        )
        said = self._library.message(message) if failed else ""
        if failed or module.context.errors():
            raise LlvmError(module.context.errors() or said)
        return Buffer(self._library, buffer)

    def section_flags_offset(self) -> int | None:
        """Where ``TargetOptions.FunctionSections`` should lie, in bytes; found by writing its neighbour.

        LLVM-C has no function for it. A guess until `emit` was seen to heed it, in a process that may crash.
        """
        words = (c_uint32 * _SEARCHED_WORDS).from_address(self.pointer.value or 0)
        abort = self._library.c.LLVMSetTargetMachineGlobalISelAbort
        abort(self.pointer, _ABORT_DISABLE)
        before = list(words)
        abort(self.pointer, _ABORT_DISABLE_WITH_DIAG)
        changed = [index for index, word in enumerate(words) if word != before[index]]
        abort(self.pointer, _ABORT_DISABLE)
        return changed[0] * 4 + _ABORT_TO_FLAGS if len(changed) == 1 else None

    def set_section_flags(self, offset: int) -> None:
        """Give each function and variable a section of its own; ``offset`` as verified for this library."""
        word = c_uint32.from_address((self.pointer.value or 0) + offset)
        word.value |= _SECTION_FLAGS


def _create(library: Library, options: MachineOptions) -> MachineRef:
    c = library.c
    try:
        level = CODEGEN_LEVELS[options.opt_level]
        relocation = RELOCATION_MODELS[options.relocation_model]
        code_model = CODE_MODELS[options.code_model]
    except KeyError as error:
        raise LlvmError(f"{error.args[0]!r} is no word for code generation that rustc has") from error
    triple = options.triple.encode()
    target, message = TargetRef(), MessageRef()
    if c.LLVMGetTargetFromTriple(triple, byref(target), byref(message)):
        raise LlvmError(library.message(message))
    chosen = c.LLVMCreateTargetMachineOptions()
    try:
        c.LLVMTargetMachineOptionsSetCPU(chosen, options.cpu.encode())
        c.LLVMTargetMachineOptionsSetFeatures(chosen, options.features.encode())
        c.LLVMTargetMachineOptionsSetCodeGenOptLevel(chosen, level)
        c.LLVMTargetMachineOptionsSetRelocMode(chosen, relocation)
        c.LLVMTargetMachineOptionsSetCodeModel(chosen, code_model)
        machine: MachineRef = c.LLVMCreateTargetMachineWithOptions(target, triple, chosen)
    finally:
        c.LLVMDisposeTargetMachineOptions(chosen)
    if not machine:
        raise LlvmError(f"LLVM makes no target machine for {options.triple}")
    return machine


def heeds_section_flags(library: Library, options: MachineOptions, offset: int) -> bool:
    """Whether code made with the flags at ``offset`` set has a section for each function and variable.

    To be called in a process that may crash.
    """
    with Context(library) as context, TargetMachine(library, options) as machine:
        machine.set_section_flags(offset)
        with context.new_module("probe") as module:
            _two_functions_and_a_variable(library, context, module)
            with machine.emit(module) as buffer:
                code = bytes(buffer.view())
    return all(name in code for name in (b".text.one\0", b".text.two\0", b".data.kept\0"))


def _two_functions_and_a_variable(library: Library, context: Context, module: Module) -> None:
    c = library.c
    number = c.LLVMInt32TypeInContext(context.pointer)
    one = c.LLVMConstInt(number, 1, 0)
    builder = c.LLVMCreateBuilderInContext(context.pointer)
    for name in (b"one", b"two"):
        function = c.LLVMAddFunction(module.pointer, name, c.LLVMFunctionType(number, None, 0, 0))
        block = c.LLVMAppendBasicBlockInContext(context.pointer, function, b"")
        c.LLVMPositionBuilderAtEnd(builder, block)
        c.LLVMBuildRet(builder, one)
    c.LLVMDisposeBuilder(builder)
    c.LLVMSetInitializer(c.LLVMAddGlobal(module.pointer, number, b"kept"), one)
