"""The C functions of libLLVM that the engine calls, in one table, and the pointer types that they pass.

Each pointer type is a class of its own: ctypes refuses one where another is asked for, instead of crashing in LLVM.
Names, order of arguments and constants are those of ``llvm-c/*.h``.
"""

from collections.abc import Mapping
from ctypes import CFUNCTYPE, POINTER, c_char, c_char_p, c_int, c_size_t, c_uint, c_uint64, c_void_p
from enum import IntEnum
from typing import TYPE_CHECKING, Any


class Pointer(c_void_p):
    """A pointer; false where it is NULL. Compared by ``value``."""

    if TYPE_CHECKING:

        def __bool__(self) -> bool: ...


class MessageRef(Pointer):
    """A ``char*`` that is ours to free with ``LLVMDisposeMessage``."""


class ErrorRef(Pointer):
    """``LLVMErrorRef``; NULL is success."""


class ContextRef(Pointer):
    """``LLVMContextRef``."""


class ModuleRef(Pointer):
    """``LLVMModuleRef``."""


class BufferRef(Pointer):
    """``LLVMMemoryBufferRef``."""


class ValueRef(Pointer):
    """``LLVMValueRef``; the engine only holds global values."""


class TypeRef(Pointer):
    """``LLVMTypeRef``."""


class MetadataRef(Pointer):
    """``LLVMMetadataRef``."""


class ComdatRef(Pointer):
    """``LLVMComdatRef``."""


class BlockRef(Pointer):
    """``LLVMBasicBlockRef``."""


class UseRef(Pointer):
    """``LLVMUseRef``."""


class BuilderRef(Pointer):
    """``LLVMBuilderRef``."""


class TargetRef(Pointer):
    """``LLVMTargetRef``; lives as long as the library."""


class MachineOptionsRef(Pointer):
    """``LLVMTargetMachineOptionsRef``."""


class MachineRef(Pointer):
    """``LLVMTargetMachineRef``."""


class PassOptionsRef(Pointer):
    """``LLVMPassBuilderOptionsRef``."""


class DiagnosticRef(Pointer):
    """``LLVMDiagnosticInfoRef``."""


class DisasmRef(Pointer):
    """``LLVMDisasmContextRef``."""


#: A handler gets plain addresses: ctypes makes no instances of subclasses for a callback's arguments.
DiagnosticHandler = CFUNCTYPE(None, c_void_p, c_void_p)
FatalErrorHandler = CFUNCTYPE(None, c_char_p)
#: ``LLVMSymbolLookupCallback``: of a value, and the kind of reference, at an address; gives a name or NULL.
SymbolLookup = CFUNCTYPE(c_void_p, c_void_p, c_uint64, c_void_p, c_uint64, c_void_p)


class Linkage(IntEnum):
    """``LLVMLinkage``; other numbers than in bitcode records and in summaries."""

    EXTERNAL = 0
    AVAILABLE_EXTERNALLY = 1
    LINK_ONCE_ANY = 2
    LINK_ONCE_ODR = 3
    WEAK_ANY = 5
    WEAK_ODR = 6
    APPENDING = 7
    INTERNAL = 8
    PRIVATE = 9
    EXTERNAL_WEAK = 12
    COMMON = 14


class Visibility(IntEnum):
    """``LLVMVisibility``."""

    DEFAULT = 0
    HIDDEN = 1
    PROTECTED = 2


class Severity(IntEnum):
    """``LLVMDiagnosticSeverity``."""

    ERROR = 0
    WARNING = 1
    REMARK = 2
    NOTE = 3


_P_UINT, _P_SIZE = POINTER(c_uint), POINTER(c_size_t)
_Row = tuple[Any, tuple[Any, ...]]

#: Name -> result, arguments.
FUNCTIONS: Mapping[str, _Row] = {
    # Core.h: library
    "LLVMGetVersion": (None, (_P_UINT, _P_UINT, _P_UINT)),
    "LLVMDisposeMessage": (None, (MessageRef,)),
    # Core.h: context and diagnostics
    "LLVMContextCreate": (ContextRef, ()),
    "LLVMContextDispose": (None, (ContextRef,)),
    "LLVMContextSetDiagnosticHandler": (None, (ContextRef, DiagnosticHandler, c_void_p)),
    "LLVMContextSetDiscardValueNames": (None, (ContextRef, c_int)),
    "LLVMGetDiagInfoDescription": (MessageRef, (DiagnosticRef,)),
    "LLVMGetDiagInfoSeverity": (c_int, (DiagnosticRef,)),
    # ErrorHandling.h, Support.h, Error.h
    "LLVMInstallFatalErrorHandler": (None, (FatalErrorHandler,)),
    "LLVMParseCommandLineOptions": (None, (c_int, POINTER(c_char_p), c_char_p)),
    "LLVMGetErrorMessage": (MessageRef, (ErrorRef,)),
    # Core.h: memory buffers
    "LLVMCreateMemoryBufferWithContentsOfFile": (c_int, (c_char_p, POINTER(BufferRef), POINTER(MessageRef))),
    "LLVMGetBufferStart": (c_void_p, (BufferRef,)),
    "LLVMGetBufferSize": (c_size_t, (BufferRef,)),
    "LLVMDisposeMemoryBuffer": (None, (BufferRef,)),
    # BitReader.h, BitWriter.h, Linker.h
    "LLVMParseBitcodeInContext2": (c_int, (ContextRef, BufferRef, POINTER(ModuleRef))),
    "LLVMGetBitcodeModuleInContext2": (c_int, (ContextRef, BufferRef, POINTER(ModuleRef))),
    "LLVMWriteBitcodeToMemoryBuffer": (BufferRef, (ModuleRef,)),
    "LLVMLinkModules2": (c_int, (ModuleRef, ModuleRef)),
    # Core.h: modules
    "LLVMModuleCreateWithNameInContext": (ModuleRef, (c_char_p, ContextRef)),
    "LLVMDisposeModule": (None, (ModuleRef,)),
    "LLVMSetModuleIdentifier": (None, (ModuleRef, c_char_p, c_size_t)),
    "LLVMGetTarget": (c_char_p, (ModuleRef,)),
    "LLVMSetTarget": (None, (ModuleRef, c_char_p)),
    "LLVMGetDataLayoutStr": (c_char_p, (ModuleRef,)),
    "LLVMSetDataLayout": (None, (ModuleRef, c_char_p)),
    "LLVMGetModuleInlineAsm": (c_void_p, (ModuleRef, _P_SIZE)),
    "LLVMSetModuleInlineAsm2": (None, (ModuleRef, c_char_p, c_size_t)),
    "LLVMAddModuleFlag": (None, (ModuleRef, c_int, c_char_p, c_size_t, MetadataRef)),
    "LLVMStripModuleDebugInfo": (c_int, (ModuleRef,)),  # DebugInfo.h
    # Core.h: global values
    "LLVMGetFirstFunction": (ValueRef, (ModuleRef,)),
    "LLVMGetNextFunction": (ValueRef, (ValueRef,)),
    "LLVMGetFirstGlobal": (ValueRef, (ModuleRef,)),
    "LLVMGetNextGlobal": (ValueRef, (ValueRef,)),
    "LLVMGetFirstGlobalAlias": (ValueRef, (ModuleRef,)),
    "LLVMGetNextGlobalAlias": (ValueRef, (ValueRef,)),
    "LLVMGetFirstGlobalIFunc": (ValueRef, (ModuleRef,)),
    "LLVMGetNextGlobalIFunc": (ValueRef, (ValueRef,)),
    "LLVMGetNamedFunctionWithLength": (ValueRef, (ModuleRef, c_char_p, c_size_t)),
    "LLVMGetNamedGlobalWithLength": (ValueRef, (ModuleRef, c_char_p, c_size_t)),
    "LLVMGetNamedGlobalAlias": (ValueRef, (ModuleRef, c_char_p, c_size_t)),
    "LLVMGetNamedGlobalIFunc": (ValueRef, (ModuleRef, c_char_p, c_size_t)),
    "LLVMGetValueName2": (c_void_p, (ValueRef, _P_SIZE)),
    "LLVMSetValueName2": (None, (ValueRef, c_char_p, c_size_t)),
    "LLVMIsDeclaration": (c_int, (ValueRef,)),
    "LLVMGetLinkage": (c_int, (ValueRef,)),
    "LLVMSetLinkage": (None, (ValueRef, c_int)),
    "LLVMGetVisibility": (c_int, (ValueRef,)),
    "LLVMSetVisibility": (None, (ValueRef, c_int)),
    "LLVMGetSection": (c_char_p, (ValueRef,)),
    "LLVMSetSection": (None, (ValueRef, c_char_p)),
    "LLVMGetComdat": (ComdatRef, (ValueRef,)),  # Comdat.h
    "LLVMSetComdat": (None, (ValueRef, ComdatRef)),
    "LLVMGlobalGetValueType": (TypeRef, (ValueRef,)),
    "LLVMAliasGetAliasee": (ValueRef, (ValueRef,)),
    "LLVMReplaceAllUsesWith": (None, (ValueRef, ValueRef)),
    "LLVMDeleteGlobal": (None, (ValueRef,)),
    "LLVMDeleteFunction": (None, (ValueRef,)),
    "LLVMGetFirstUse": (UseRef, (ValueRef,)),
    "LLVMGetFirstBasicBlock": (BlockRef, (ValueRef,)),
    "LLVMCountBasicBlocks": (c_uint, (ValueRef,)),
    "LLVMIsAFunction": (ValueRef, (ValueRef,)),
    "LLVMIsAGlobalAlias": (ValueRef, (ValueRef,)),
    "LLVMIsAGlobalObject": (ValueRef, (ValueRef,)),
    "LLVMIsAGlobalVariable": (ValueRef, (ValueRef,)),
    "LLVMIsThreadLocal": (c_int, (ValueRef,)),
    "LLVMSetThreadLocal": (None, (ValueRef, c_int)),
    "LLVMGetInitializer": (ValueRef, (ValueRef,)),
    "LLVMGetNumOperands": (c_int, (ValueRef,)),
    "LLVMGetOperand": (ValueRef, (ValueRef, c_uint)),
    "LLVMGetNamedMetadataNumOperands": (c_uint, (ModuleRef, c_char_p)),
    "LLVMGetNamedMetadataOperands": (None, (ModuleRef, c_char_p, POINTER(ValueRef))),
    "LLVMGetMDString": (c_void_p, (ValueRef, _P_UINT)),
    # Core.h: what is built: a module flag, declarations, stubs, the two functions of the probe
    "LLVMInt32TypeInContext": (TypeRef, (ContextRef,)),
    "LLVMPointerTypeInContext": (TypeRef, (ContextRef, c_uint)),
    "LLVMArrayType2": (TypeRef, (TypeRef, c_uint64)),
    "LLVMConstArray2": (ValueRef, (TypeRef, POINTER(ValueRef), c_uint64)),
    "LLVMConstInt": (ValueRef, (TypeRef, c_uint64, c_int)),
    "LLVMValueAsMetadata": (MetadataRef, (ValueRef,)),
    "LLVMFunctionType": (TypeRef, (TypeRef, POINTER(TypeRef), c_uint, c_int)),
    "LLVMAddFunction": (ValueRef, (ModuleRef, c_char_p, TypeRef)),
    "LLVMAddGlobal": (ValueRef, (ModuleRef, TypeRef, c_char_p)),
    "LLVMSetInitializer": (None, (ValueRef, ValueRef)),
    "LLVMAppendBasicBlockInContext": (BlockRef, (ContextRef, ValueRef, c_char_p)),
    "LLVMCreateBuilderInContext": (BuilderRef, (ContextRef,)),
    "LLVMPositionBuilderAtEnd": (None, (BuilderRef, BlockRef)),
    "LLVMInsertBasicBlockInContext": (BlockRef, (ContextRef, BlockRef, c_char_p)),
    "LLVMBuildUnreachable": (ValueRef, (BuilderRef,)),
    "LLVMBuildRet": (ValueRef, (BuilderRef, ValueRef)),
    "LLVMDisposeBuilder": (None, (BuilderRef,)),
    # TargetMachine.h, Target.h
    "LLVMGetTargetFromTriple": (c_int, (c_char_p, POINTER(TargetRef), POINTER(MessageRef))),
    "LLVMCreateTargetMachineOptions": (MachineOptionsRef, ()),
    "LLVMDisposeTargetMachineOptions": (None, (MachineOptionsRef,)),
    "LLVMTargetMachineOptionsSetCPU": (None, (MachineOptionsRef, c_char_p)),
    "LLVMTargetMachineOptionsSetFeatures": (None, (MachineOptionsRef, c_char_p)),
    "LLVMTargetMachineOptionsSetCodeGenOptLevel": (None, (MachineOptionsRef, c_int)),
    "LLVMTargetMachineOptionsSetRelocMode": (None, (MachineOptionsRef, c_int)),
    "LLVMTargetMachineOptionsSetCodeModel": (None, (MachineOptionsRef, c_int)),
    "LLVMCreateTargetMachineWithOptions": (MachineRef, (TargetRef, c_char_p, MachineOptionsRef)),
    "LLVMDisposeTargetMachine": (None, (MachineRef,)),
    "LLVMSetTargetMachineGlobalISelAbort": (None, (MachineRef, c_int)),
    "LLVMTargetMachineEmitToMemoryBuffer": (
        c_int,
        (MachineRef, ModuleRef, c_int, POINTER(MessageRef), POINTER(BufferRef)),
    ),
    # Transforms/PassBuilder.h
    "LLVMRunPasses": (ErrorRef, (ModuleRef, c_char_p, MachineRef, PassOptionsRef)),
    "LLVMCreatePassBuilderOptions": (PassOptionsRef, ()),
    "LLVMDisposePassBuilderOptions": (None, (PassOptionsRef,)),
    "LLVMPassBuilderOptionsSetLoopInterleaving": (None, (PassOptionsRef, c_int)),
    "LLVMPassBuilderOptionsSetLoopVectorization": (None, (PassOptionsRef, c_int)),
    "LLVMPassBuilderOptionsSetSLPVectorization": (None, (PassOptionsRef, c_int)),
    "LLVMPassBuilderOptionsSetLoopUnrolling": (None, (PassOptionsRef, c_int)),
    "LLVMPassBuilderOptionsSetMergeFunctions": (None, (PassOptionsRef, c_int)),
    "LLVMPassBuilderOptionsSetVerifyEach": (None, (PassOptionsRef, c_int)),
    # Disassembler.h
    "LLVMCreateDisasmCPUFeatures": (
        DisasmRef,
        (c_char_p, c_char_p, c_char_p, c_void_p, c_int, c_void_p, SymbolLookup),
    ),
    "LLVMSetDisasmOptions": (c_int, (DisasmRef, c_uint64)),
    "LLVMDisasmInstruction": (c_size_t, (DisasmRef, c_void_p, c_uint64, c_uint64, POINTER(c_char), c_size_t)),
    "LLVMDisasmDispose": (None, (DisasmRef,)),
}

#: The functions that make a target known, after ``LLVMInitialize`` and the target's name.
TARGET_PARTS = ("TargetInfo", "Target", "TargetMC", "AsmPrinter", "AsmParser")

#: Those that reading its machine code takes.
DISASSEMBLER_PARTS = ("TargetInfo", "TargetMC", "Disassembler")

#: First part of a triple -> LLVM's name of the target.
TARGETS: Mapping[str, str] = {
    "x86_64": "X86",
    "i586": "X86",
    "i686": "X86",
    "aarch64": "AArch64",
    "riscv64gc": "RISCV",
    "riscv64": "RISCV",
    "loongarch64": "LoongArch",
    "powerpc64": "PowerPC",
    "powerpc64le": "PowerPC",
    "s390x": "SystemZ",
    "arm": "ARM",
    "armv7": "ARM",
}
