"""Objects of a few symbols each, as bitcode, native code or shared library, made by the toolchain's own libLLVM."""

import ctypes
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from burnish.lto.objects import Form, LinkInput, LinkSymbol, Object

TRIPLE = "x86_64-unknown-linux-gnu"
LAYOUT = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
HIDDEN, PROTECTED = 2, 3
_ELF_VISIBILITIES = ("STV_DEFAULT", "STV_INTERNAL", "STV_HIDDEN", "STV_PROTECTED")
_VISIBILITIES = {0: "", HIDDEN: "hidden ", PROTECTED: "protected "}


@dataclass(frozen=True, kw_only=True, slots=True)
class Tiny:
    """An object to make: its form, whether it is lazy, its symbols."""

    form: Form
    lazy: bool
    symbols: tuple[LinkSymbol, ...]

    def ir(self, name: str) -> str:
        """LLVM IR with these symbols; a variable of the object's own name refers to the undefined ones."""
        lines = [f'target triple = "{TRIPLE}"', f'target datalayout = "{LAYOUT}"']
        wanted = []
        for symbol in self.symbols:
            visibility = _VISIBILITIES[symbol.visibility]
            if symbol.defined:
                linkage = "common " if symbol.common else "weak " if symbol.weak else ""
                lines.append(f"@{symbol.name} = {linkage}{visibility}global i32 {0 if symbol.common else 1}")
            else:
                linkage = "extern_weak" if symbol.weak else "external"
                lines.append(f"@{symbol.name} = {linkage} {visibility}global i32")
                wanted.append(f"ptr @{symbol.name}")
        lines.append(f"@{name} = global [{len(wanted)} x ptr] [{', '.join(wanted)}]")
        return "\n".join(lines) + "\n"

    def input(self, path: Path, name: str) -> LinkInput:
        symbols = (*self.symbols, LinkSymbol(name=name, defined=True))
        if self.form is not Form.BITCODE:
            with path.open("rb") as file:
                symbols = elf_symbols(file)  # code generation orders them anew
        item = Object(path=path, member="", offset=0, size=path.stat().st_size, form=self.form)
        return LinkInput(object=item, symbols=symbols, lazy=self.lazy)


def elf_symbols(file: BinaryIO) -> tuple[LinkSymbol, ...]:
    """The global symbols of an object or shared library, by pyelftools."""
    elf = ELFFile(file)
    table = elf.get_section_by_name(".dynsym" if elf["e_type"] == "ET_DYN" else ".symtab")
    if not isinstance(table, SymbolTableSection):
        return ()
    return tuple(
        LinkSymbol(
            name=symbol.name,
            defined=symbol["st_shndx"] != "SHN_UNDEF",
            weak=symbol["st_info"]["bind"] == "STB_WEAK",
            common=symbol["st_shndx"] == "SHN_COMMON",
            visibility=_ELF_VISIBILITIES.index(symbol["st_other"]["visibility"]),
        )
        for symbol in table.iter_symbols()
        if symbol["st_info"]["bind"] != "STB_LOCAL"
    )


class Maker:
    """Writes objects through LLVM's C API."""

    def __init__(self, library: Path, lld: Path, directory: Path) -> None:
        self._llvm = ctypes.CDLL(str(library))
        self._lld = lld
        self._directory = directory
        for word in ("TargetInfo", "Target", "TargetMC", "AsmPrinter"):
            getattr(self._llvm, f"LLVMInitializeX86{word}")()
        for name in (
            "LLVMContextCreate", "LLVMCreateMemoryBufferWithMemoryRangeCopy", "LLVMCreateTargetMachine",
        ):  # fmt: skip
            getattr(self._llvm, name).restype = ctypes.c_void_p
        target = ctypes.c_void_p()
        assert not self._llvm.LLVMGetTargetFromTriple(TRIPLE.encode(), ctypes.byref(target), None)
        # Level 2, PIC, the default code model.
        self._machine = ctypes.c_void_p(self._llvm.LLVMCreateTargetMachine(target, TRIPLE.encode(), b"", b"", 2, 2, 0))

    def make(self, tiny: Tiny, name: str) -> LinkInput:
        """The object's file, and what a linker sees of it."""
        path = self._directory / f"{name}.{tiny.form}"
        text = tiny.ir(name).encode()
        context = ctypes.c_void_p(self._llvm.LLVMContextCreate())
        buffer = ctypes.c_void_p(
            self._llvm.LLVMCreateMemoryBufferWithMemoryRangeCopy(text, ctypes.c_size_t(len(text)), b"ir")
        )
        module = ctypes.c_void_p()
        assert not self._llvm.LLVMParseIRInContext(context, buffer, ctypes.byref(module), None), text
        if tiny.form is Form.BITCODE:
            assert not self._llvm.LLVMWriteBitcodeToFile(module, str(path).encode())
        else:
            assert not self._llvm.LLVMTargetMachineEmitToFile(self._machine, module, str(path).encode(), 1, None)
        if tiny.form is Form.SHARED:
            code = path.rename(path.with_suffix(".o"))
            subprocess.run([str(self._lld), "-shared", str(code), "-o", str(path)], check=True, capture_output=True)
        self._llvm.LLVMDisposeModule(module)
        self._llvm.LLVMContextDispose(context)
        return tiny.input(path, name)
