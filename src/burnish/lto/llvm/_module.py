"""Contexts and modules: read bitcode, look at and change global values, link, write bitcode."""

import ctypes
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from ctypes import byref, c_size_t, c_uint
from dataclasses import dataclass
from pathlib import Path

from burnish.errors import LlvmError
from burnish.lto.llvm._functions import (
    BufferRef,
    ContextRef,
    DiagnosticHandler,
    DiagnosticRef,
    Linkage,
    MessageRef,
    ModuleRef,
    Severity,
    ValueRef,
    Visibility,
)
from burnish.lto.llvm._handle import Handle
from burnish.lto.llvm._library import Library

LOCAL = frozenset({Linkage.INTERNAL, Linkage.PRIVATE})

#: ``LLVMModuleFlagBehaviorError``: linking modules that disagree is an error.
_FLAG_ERROR = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagnostic:
    """What LLVM said about a module."""

    severity: Severity
    text: str


class Context(Handle[ContextRef]):
    """An ``LLVMContext``, whose diagnostics are collected: without a handler an error would exit the process.

    Attributes:
        diagnostics: what LLVM said, remarks aside.
        remarks: those of the optimizer's remarks that were asked for, and how often it made each.

    Args:
        library: LLVM.
        heeds_remark: whether a remark is wanted. Once LLVM makes any, a handler gets those of all passes.
    """

    def __init__(self, library: Library, *, heeds_remark: Callable[[str], bool] | None = None) -> None:
        super().__init__(library.c.LLVMContextCreate())
        self.library = library
        self.diagnostics: list[Diagnostic] = []
        self.remarks: Counter[str] = Counter()
        self._heeds_remark = heeds_remark
        self._handler = DiagnosticHandler(self._collect)  # LLVM keeps no reference that Python would see
        library.c.LLVMContextSetDiagnosticHandler(self.pointer, self._handler, None)
        library.c.LLVMContextSetDiscardValueNames(self.pointer, 1)  # of instructions: nobody will read them

    def _collect(self, info: int, _data: int | None) -> None:
        pointer = DiagnosticRef(info)
        severity = Severity(self.library.c.LLVMGetDiagInfoSeverity(pointer))
        text = self.library.message(self.library.c.LLVMGetDiagInfoDescription(pointer))
        if severity is Severity.REMARK:
            if self._heeds_remark is not None and self._heeds_remark(text):
                self.remarks[text] += 1
        else:
            self.diagnostics.append(Diagnostic(severity=severity, text=text))

    def errors(self) -> str:
        """The texts of all errors so far, joined."""
        return "; ".join(each.text for each in self.diagnostics if each.severity is Severity.ERROR)

    def _dispose(self, pointer: ContextRef) -> None:
        self.library.c.LLVMContextDispose(pointer)

    def new_module(self, name: str) -> "Module":
        """An empty module."""
        return Module(self, self.library.c.LLVMModuleCreateWithNameInContext(os.fsencode(name), self.pointer))

    def parse(self, path: Path, *, lazy: bool) -> "Module":
        """A bitcode file's module; ``lazy``: function bodies are read when they are asked for.

        Raises:
            LlvmError: the file cannot be read, or is no bitcode of this LLVM.
        """
        with Buffer.of_file(self.library, path) as buffer:
            module = ModuleRef()
            c = self.library.c
            function = c.LLVMGetBitcodeModuleInContext2 if lazy else c.LLVMParseBitcodeInContext2
            if function(self.pointer, buffer.pointer, byref(module)):
                raise LlvmError(f"{path}: {self.errors() or 'not a module'}")
            if lazy:
                buffer.detach()  # the module owns it now; where it failed, it is still ours
        return Module(self, module)


class Buffer(Handle[BufferRef]):
    """An ``LLVMMemoryBuffer``."""

    def __init__(self, library: Library, pointer: BufferRef) -> None:
        super().__init__(pointer)
        self._library = library

    @classmethod
    def of_file(cls, library: Library, path: Path) -> "Buffer":
        """A file's bytes.

        Raises:
            LlvmError: it cannot be read.
        """
        pointer, message = BufferRef(), MessageRef()
        if library.c.LLVMCreateMemoryBufferWithContentsOfFile(os.fsencode(path), byref(pointer), byref(message)):
            raise LlvmError(f"{path}: {library.message(message)}")
        return cls(library, pointer)

    def view(self) -> memoryview:
        """The bytes where they lie; not to be used once the buffer is closed."""
        size = self._library.c.LLVMGetBufferSize(self.pointer)
        start = self._library.c.LLVMGetBufferStart(self.pointer)
        return memoryview((ctypes.c_char * size).from_address(start)).cast("B") if size else memoryview(b"")

    def _dispose(self, pointer: BufferRef) -> None:
        self._library.c.LLVMDisposeMemoryBuffer(pointer)


class Module(Handle[ModuleRef]):
    """An LLVM module. Its global values are plain pointers that it owns: they must not outlive it."""

    def __init__(self, context: Context, pointer: ModuleRef) -> None:
        super().__init__(pointer)
        self.context = context
        self._c = context.library.c

    def _dispose(self, pointer: ModuleRef) -> None:
        self._c.LLVMDisposeModule(pointer)

    def _walk(self, first: str, following: str) -> Iterator[ValueRef]:
        step: Callable[[ValueRef], ValueRef] = getattr(self._c, following)
        value: ValueRef = getattr(self._c, first)(self.pointer)
        while value:
            # looked up before the value is handed out: the caller may delete it
            after = step(value)
            yield value
            value = after

    def functions(self) -> Iterator[ValueRef]:
        return self._walk("LLVMGetFirstFunction", "LLVMGetNextFunction")

    def variables(self) -> Iterator[ValueRef]:
        return self._walk("LLVMGetFirstGlobal", "LLVMGetNextGlobal")

    def aliases(self) -> Iterator[ValueRef]:
        return self._walk("LLVMGetFirstGlobalAlias", "LLVMGetNextGlobalAlias")

    def ifuncs(self) -> Iterator[ValueRef]:
        return self._walk("LLVMGetFirstGlobalIFunc", "LLVMGetNextGlobalIFunc")

    def globals(self) -> Iterator[ValueRef]:
        """Functions, variables, aliases, ifuncs."""
        yield from self.functions()
        yield from self.variables()
        yield from self.aliases()
        yield from self.ifuncs()

    def named(self, name: bytes) -> ValueRef | None:
        """The global value of a name."""
        c = self._c
        for find in (
            c.LLVMGetNamedFunctionWithLength,
            c.LLVMGetNamedGlobalWithLength,
            c.LLVMGetNamedGlobalAlias,
            c.LLVMGetNamedGlobalIFunc,
        ):
            value: ValueRef = find(self.pointer, name, len(name))
            if value:
                return value
        return None

    def name(self, value: ValueRef) -> bytes:
        size = c_size_t()
        start = self._c.LLVMGetValueName2(value, byref(size))
        return ctypes.string_at(start, size.value)

    def rename(self, value: ValueRef, name: bytes) -> None:
        self._c.LLVMSetValueName2(value, name, len(name))

    def is_declaration(self, value: ValueRef) -> bool:
        return bool(self._c.LLVMIsDeclaration(value))

    def linkage(self, value: ValueRef) -> int:
        """A number of `Linkage`; a plain one, as this is asked of every symbol."""
        linkage: int = self._c.LLVMGetLinkage(value)
        return linkage

    def set_linkage(self, value: ValueRef, linkage: Linkage, visibility: Visibility | None = None) -> None:
        """Visibility first: LLVM asks that local linkage goes with the default one."""
        if visibility is not None:
            self._c.LLVMSetVisibility(value, visibility)
        self._c.LLVMSetLinkage(value, linkage)

    def visibility(self, value: ValueRef) -> int:
        """A number of `Visibility`."""
        visibility: int = self._c.LLVMGetVisibility(value)
        return visibility

    def set_visibility(self, value: ValueRef, visibility: Visibility) -> None:
        self._c.LLVMSetVisibility(value, visibility)

    def clear_comdat(self, value: ValueRef) -> None:
        """Take a function or variable out of its group."""
        if self.has_comdat(value):
            self._c.LLVMSetComdat(value, None)

    def has_comdat(self, value: ValueRef) -> bool:
        """Whether it is in a group; an alias is not itself, and LLVM would read past it."""
        return bool(self._c.LLVMIsAGlobalObject(value) and self._c.LLVMGetComdat(value))

    def section(self, value: ValueRef) -> bytes:
        """Its own section's name, empty where it has none."""
        return self._c.LLVMGetSection(value) or b""

    def set_section(self, value: ValueRef, section: bytes) -> None:
        self._c.LLVMSetSection(value, section)

    def delete_variable(self, value: ValueRef) -> None:
        self._c.LLVMDeleteGlobal(value)

    def replace_by_declaration(self, value: ValueRef) -> ValueRef:
        """Let all uses of a value go to a new declaration of its name; the value stays, without a name."""
        name = self.name(value)
        self.rename(value, b"")
        kind = self._c.LLVMGlobalGetValueType(value)
        new: ValueRef = (
            self._c.LLVMAddFunction(self.pointer, name, kind)
            if self.is_function(value)
            else self._c.LLVMAddGlobal(self.pointer, kind, name)
        )
        if self._c.LLVMIsAGlobalVariable(value) and self._c.LLVMIsThreadLocal(value):
            self._c.LLVMSetThreadLocal(new, 1)
        self._c.LLVMReplaceAllUsesWith(value, new)
        return new

    def add_pointers(self, name: bytes, values: Sequence[ValueRef]) -> ValueRef:
        """An array of pointers to these: as long as it is there, they are used."""
        c = self._c
        pointer = c.LLVMPointerTypeInContext(self.context.pointer, 0)
        array: ValueRef = c.LLVMAddGlobal(self.pointer, c.LLVMArrayType2(pointer, len(values)), name)
        c.LLVMSetInitializer(array, c.LLVMConstArray2(pointer, (ValueRef * len(values))(*values), len(values)))
        return array

    def delete_function(self, value: ValueRef) -> None:
        self._c.LLVMDeleteFunction(value)

    def is_used(self, value: ValueRef) -> bool:
        """Whether anything in the module refers to it."""
        return bool(self._c.LLVMGetFirstUse(value))

    def shut(self, functions: Iterable[ValueRef]) -> None:
        """Put an entry before their bodies that goes nowhere; ``unreachableblockelim`` then removes the bodies."""
        c, context = self._c, self.context.pointer
        builder = c.LLVMCreateBuilderInContext(context)
        for function in functions:
            block = c.LLVMInsertBasicBlockInContext(context, c.LLVMGetFirstBasicBlock(function), b"")
            c.LLVMPositionBuilderAtEnd(builder, block)
            c.LLVMBuildUnreachable(builder)
        c.LLVMDisposeBuilder(builder)

    def is_function(self, value: ValueRef) -> bool:
        """Whether it is a function, or an alias of one."""
        if self._c.LLVMIsAGlobalAlias(value):
            value = self._c.LLVMAliasGetAliasee(value)
        return bool(self._c.LLVMIsAFunction(value))

    def aliasee(self, alias: ValueRef) -> ValueRef:
        """What an alias stands for: a global value, or an expression of one."""
        target: ValueRef = self._c.LLVMAliasGetAliasee(alias)
        return target

    def members(self, array: bytes) -> list[bytes]:
        """Names of the global values in an array of pointers such as ``llvm.used``."""
        value: ValueRef = self._c.LLVMGetNamedGlobalWithLength(self.pointer, array, len(array))
        if not value:
            return []
        initializer = self._c.LLVMGetInitializer(value)
        count = self._c.LLVMGetNumOperands(initializer)
        return [self.name(self._c.LLVMGetOperand(initializer, index)) for index in range(count)]

    def block_count(self, function: ValueRef) -> int:
        """Number of its basic blocks, 0 of a declaration."""
        count: int = self._c.LLVMCountBasicBlocks(function)
        return count

    def compilers(self) -> list[str]:
        """The strings of ``llvm.ident``: one for each compiler run whose code is in here."""
        count = self._c.LLVMGetNamedMetadataNumOperands(self.pointer, b"llvm.ident")
        nodes = (ValueRef * count)()
        self._c.LLVMGetNamedMetadataOperands(self.pointer, b"llvm.ident", nodes)
        found = []
        for node in nodes:
            size = c_uint()
            start = self._c.LLVMGetMDString(self._c.LLVMGetOperand(node, 0), byref(size))
            found.append(ctypes.string_at(start, size.value).decode(errors="replace") if start else "")
        return found

    def set_identifier(self, name: str) -> None:
        text = os.fsencode(name)
        self._c.LLVMSetModuleIdentifier(self.pointer, text, len(text))

    def copy_target_of(self, other: "Module") -> None:
        """Take another module's triple and data layout."""
        self._c.LLVMSetTarget(self.pointer, self._c.LLVMGetTarget(other.pointer))
        self._c.LLVMSetDataLayout(self.pointer, self._c.LLVMGetDataLayoutStr(other.pointer))

    @property
    def triple(self) -> str:
        return str(self._c.LLVMGetTarget(self.pointer).decode())

    def assembly(self) -> bytes:
        """Module-level assembly (``global_asm!``)."""
        size = c_size_t()
        return ctypes.string_at(self._c.LLVMGetModuleInlineAsm(self.pointer, byref(size)), size.value)

    def clear_assembly(self) -> None:
        self._c.LLVMSetModuleInlineAsm2(self.pointer, b"", 0)

    def add_flag(self, name: str, value: int) -> None:
        """A module flag, an i32; modules that disagree about it cannot be linked."""
        c, key = self._c, name.encode()
        number = c.LLVMConstInt(c.LLVMInt32TypeInContext(self.context.pointer), value, 0)
        c.LLVMAddModuleFlag(self.pointer, _FLAG_ERROR, key, len(key), c.LLVMValueAsMetadata(number))

    def strip_debug(self) -> bool:
        """Drop debug info, of functions not yet read too; whether there was any."""
        return bool(self._c.LLVMStripModuleDebugInfo(self.pointer))

    def link_in(self, other: "Module") -> None:
        """Move another module of the same context into this one; it is gone afterwards.

        Raises:
            LlvmError: they do not go together, or the other's bitcode proved damaged as it was read.
        """
        if self._c.LLVMLinkModules2(self.pointer, other.detach()):
            raise LlvmError(self.context.errors() or "the modules cannot be linked")

    def write_bitcode(self) -> Buffer:
        """Its bitcode; without summary and hash."""
        return Buffer(self.context.library, self._c.LLVMWriteBitcodeToMemoryBuffer(self.pointer))
