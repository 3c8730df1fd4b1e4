"""What the toolchain's own libLLVM says of a module, through the C API; and modules to ask about."""

import ctypes
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from burnish.lto.modules import Kind, Linkage, Visibility

#: ``LLVMLinkage`` (llvm-c/Core.h), which has another order than ``GlobalValue::LinkageTypes``.
_LINKAGES = {
    0: Linkage.EXTERNAL, 1: Linkage.AVAILABLE_EXTERNALLY, 2: Linkage.LINK_ONCE_ANY, 3: Linkage.LINK_ONCE_ODR,
    5: Linkage.WEAK_ANY, 6: Linkage.WEAK_ODR, 7: Linkage.APPENDING, 8: Linkage.INTERNAL, 9: Linkage.PRIVATE,
    12: Linkage.EXTERNAL_WEAK, 14: Linkage.COMMON,
}  # fmt: skip
_PARTS = (
    (Kind.VARIABLE, "Global"),
    (Kind.FUNCTION, "Function"),
    (Kind.ALIAS, "GlobalAlias"),
    (Kind.IFUNC, "GlobalIFunc"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Value:
    """A global value as LLVM has it in memory."""

    name: bytes
    kind: Kind
    linkage: Linkage
    visibility: Visibility
    defined: bool
    instructions: int


@cache
def sysroot() -> Path:
    done = subprocess.run(["rustc", "--print", "sysroot"], check=True, capture_output=True, text=True)
    return Path(done.stdout.strip())


def sysroot_libraries() -> list[Path]:
    return sorted(sysroot().glob("lib/rustlib/x86_64-unknown-linux-gnu/lib/*.rlib"))


def lld() -> Path:
    return sysroot() / "lib/rustlib/x86_64-unknown-linux-gnu/bin/gcc-ld/ld.lld"


def compile_module(directory: Path, name: str, source: str, *options: str) -> bytes:
    """The bitcode that rustc gives a linker for this crate."""
    (directory / f"{name}.rs").write_text(source, encoding="utf-8")
    command = ["rustc", "--crate-type=lib", "--edition=2021", "-O", "-Ccodegen-units=1", "-Clinker-plugin-lto"]
    command += ["--emit=obj", f"--crate-name={name}", f"{name}.rs", "-o", f"{name}.o", *options]
    subprocess.run(command, check=True, cwd=directory)
    return (directory / f"{name}.o").read_bytes()


class Llvm:
    """The handful of C functions that list a module."""

    def __init__(self) -> None:
        (library,) = sysroot().glob("lib/libLLVM.so.*")
        self._library = ctypes.CDLL(str(library))
        self.context = self.pointer("LLVMContextCreate")()
        for step in ("TargetInfo", "Target", "TargetMC", "AsmParser", "AsmPrinter"):
            self.number(f"LLVMInitializeX86{step}")()

    def pointer(self, name: str) -> Callable[..., int]:
        return self._function(name, ctypes.c_void_p)

    def number(self, name: str) -> Callable[..., int]:
        return self._function(name, ctypes.c_int)

    def _function(self, name: str, result: type) -> Callable[..., int]:
        function = getattr(self._library, name)
        function.restype = result

        def call(*arguments: object) -> int:
            # Handles are 64 bits wide; ctypes would pass plain integers as 32.
            given = [ctypes.c_void_p(item) if isinstance(item, int) else item for item in arguments]
            found: int = function(*given)
            return found

        return call

    def values(self, bitcode: bytes) -> list[Value]:
        """The global values in the order of their ids."""
        buffer = self.pointer("LLVMCreateMemoryBufferWithMemoryRangeCopy")(bitcode, len(bitcode), b"m")
        module = ctypes.c_void_p()
        assert self.number("LLVMParseBitcodeInContext2")(self.context, buffer, ctypes.byref(module)) == 0
        found = list(self._values(module.value or 0))
        self.number("LLVMDisposeModule")(module)
        return found

    def assemble(self, directory: Path, text: str) -> bytes:
        """LLVM's own assembly to bitcode, without summary."""
        raw = text.encode()
        buffer = self.pointer("LLVMCreateMemoryBufferWithMemoryRangeCopy")(raw, len(raw), b"m")
        module, message = ctypes.c_void_p(), ctypes.c_char_p()
        failed = self.number("LLVMParseIRInContext")(self.context, buffer, ctypes.byref(module), ctypes.byref(message))
        assert not failed, message.value
        file = directory / "assembled.bc"
        assert self.number("LLVMWriteBitcodeToFile")(module, str(file).encode()) == 0
        return file.read_bytes()

    def _values(self, module: int) -> Iterator[Value]:
        for kind, word in _PARTS:
            following = self.pointer(f"LLVMGetNext{word}")
            value = self.pointer(f"LLVMGetFirst{word}")(module)
            while value:
                yield self._value(value, kind)
                value = following(value)

    def _value(self, value: int, kind: Kind) -> Value:
        size = ctypes.c_size_t()
        name = self.pointer("LLVMGetValueName2")(value, ctypes.byref(size))
        return Value(
            name=ctypes.string_at(name, size.value),
            kind=kind,
            linkage=_LINKAGES[self.number("LLVMGetLinkage")(value)],
            visibility=Visibility(self.number("LLVMGetVisibility")(value)),
            defined=not self.number("LLVMIsDeclaration")(value),
            instructions=self._instructions(value) if kind is Kind.FUNCTION else 0,
        )

    def _instructions(self, function: int) -> int:
        first, following = self._library.LLVMGetFirstInstruction, self._library.LLVMGetNextInstruction
        blocks, block = self.pointer("LLVMGetNextBasicBlock"), self.pointer("LLVMGetFirstBasicBlock")(function)
        for step in (first, following):
            # Called a hundred thousand times: without the checks of `call`.
            step.restype, step.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
        count = 0
        while block:
            instruction = first(block)
            while instruction:
                count += 1
                instruction = following(instruction)
            block = blocks(block)
        return count
