"""Find libLLVM in a Rust toolchain, load it, check it, bind the table of functions to it."""

import ctypes
import re
from collections.abc import Callable, Mapping, Sequence
from ctypes import byref, c_char_p, c_uint, c_void_p
from functools import lru_cache
from pathlib import Path
from typing import Any

from burnish.cargo.toolchain import find_llvm
from burnish.errors import LlvmError, UnsupportedError
from burnish.lto.llvm._functions import (
    DISASSEMBLER_PARTS,
    FUNCTIONS,
    TARGET_PARTS,
    TARGETS,
    ErrorRef,
    FatalErrorHandler,
    MessageRef,
)

#: Oldest and newest major version that the engine was tried with.
SUPPORTED = (22, 22)

_FALLBACK = "build with --engine lld, which needs no libLLVM"


def find_library(sysroot: Path) -> Path:
    """The path of a toolchain's libLLVM.

    Raises:
        UnsupportedError: the toolchain ships none (LLVM linked into rustc itself, as on Windows).
    """
    found = find_llvm(sysroot)
    if found is not None:
        return found
    raise UnsupportedError(f"no libLLVM in {sysroot}/lib", hint=_FALLBACK)


class Library:
    """A libLLVM in this process.

    Attributes:
        path: its file.
        version: major, minor, patch.
        c: the functions of the table, by name.
    """

    def __init__(self, path: Path, cdll: ctypes.CDLL, functions: Mapping[str, Any]) -> None:
        self.path = path
        self.c = bind(cdll, functions, name=path.name)
        numbers = [c_uint(), c_uint(), c_uint()]
        self.c.LLVMGetVersion(*map(byref, numbers))
        self.version = (numbers[0].value, numbers[1].value, numbers[2].value)
        self._cdll = cdll
        self._fatal: object = None

    def check_producer(self, producer: str) -> None:
        """That this LLVM is the one that wrote a module, by the string in its IDENTIFICATION block.

        Raises:
            UnsupportedError: it is another one: summaries and intrinsics may differ.
        """
        match = re.match(r"LLVM(\d+)\.(\d+)\.(\d+)", producer)
        if match is None or tuple(map(int, match.groups())) != self.version:
            own = ".".join(map(str, self.version))
            raise UnsupportedError(
                f"bitcode by {producer or 'an unknown producer'!s} cannot be given to the toolchain's LLVM {own}",
                hint="compile all of the program with one toolchain, C and C++ without -flto",
            )

    def initialize_target(self, triple: str) -> None:
        """Make the triple's target known.

        Raises:
            UnsupportedError: the engine does not know the architecture, or this LLVM was built without it.
        """
        if not self._initialize(triple, TARGET_PARTS):
            raise UnsupportedError(f"{self.path.name} has no code generation for {triple}", hint=_FALLBACK)

    def initialize_disassembler(self, triple: str) -> None:
        """Make the triple's machine code known.

        Raises:
            UnsupportedError: the engine does not know the architecture, or this LLVM was built without it.
        """
        if not self._initialize(triple, DISASSEMBLER_PARTS):
            raise UnsupportedError(f"{self.path.name} cannot disassemble code for {triple}")

    def _initialize(self, triple: str, parts: Sequence[str]) -> bool:
        target = TARGETS.get(triple.split("-", maxsplit=1)[0])
        names = [f"LLVMInitialize{target}{part}" for part in parts]
        if target is None or not all(hasattr(self._cdll, name) for name in names):
            return False
        for name in names:
            function = getattr(self._cdll, name)
            function.restype, function.argtypes = None, ()
            function()
        return True

    def parse_options(self, arguments: Sequence[str]) -> None:
        """Set LLVM's ``cl::opt`` for the whole process; the last of two wins, unknown ones go without a word."""
        words = [word.encode() for word in ("burnish", *arguments)]
        self.c.LLVMParseCommandLineOptions(len(words), (c_char_p * len(words))(*words), None)

    def on_fatal_error(self, handler: Callable[[bytes | None], None]) -> None:
        """Have a function called with LLVM's reason (bytes) before it ends the process; it should not return."""
        self._fatal = FatalErrorHandler(handler)
        self.c.LLVMInstallFatalErrorHandler(self._fatal)

    def message(self, pointer: MessageRef) -> str:
        """A message's text; frees it."""
        if not pointer:
            return ""
        text = ctypes.cast(pointer, c_char_p).value or b""
        self.c.LLVMDisposeMessage(pointer)
        return text.decode(errors="replace").strip()

    def check(self, error: ErrorRef) -> None:
        """That an ``LLVMErrorRef`` is success.

        Raises:
            LlvmError: with LLVM's message.
        """
        if error:
            raise LlvmError(self.message(self.c.LLVMGetErrorMessage(error)))

    def text(self, address: int | None, size: int) -> bytes:
        """Bytes that LLVM keeps."""
        return ctypes.string_at(c_void_p(address), size) if address else b""


class Functions:
    """The bound functions as attributes, with the table's argument and result types."""

    def __init__(self, found: Mapping[str, Any]) -> None:
        self.__dict__.update(found)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        raise AttributeError(f"{name} stands in no row of the table of LLVM's functions")


def bind(cdll: ctypes.CDLL, functions: Mapping[str, Any], *, name: str) -> Functions:
    """Give every function of a table its types.

    Raises:
        LlvmError: the library lacks some of them: their names, and its version where it says one.
    """
    found, missing = {}, []
    for function, (result, arguments) in functions.items():
        try:
            bound = getattr(cdll, function)
        except AttributeError:
            missing.append(function)
            continue
        bound.restype, bound.argtypes = result, arguments
        found[function] = bound
    if missing:
        raise LlvmError(
            f"{name}{_version_note(cdll)} does not have {', '.join(missing)}",
            hint=f"the engine knows LLVM {SUPPORTED[0]} to {SUPPORTED[1]}; {_FALLBACK}",
        )
    return Functions(found)


def _version_note(cdll: ctypes.CDLL) -> str:
    try:
        function = cdll.LLVMGetVersion
    except AttributeError:
        return ""
    numbers = [c_uint(), c_uint(), c_uint()]
    function(*map(byref, numbers))
    return f" (LLVM {'.'.join(str(number.value) for number in numbers)})"


@lru_cache
def load(path: Path) -> Library:
    """Load libLLVM and bind the table to it; about 10 ms, once in a process.

    Raises:
        LlvmError: it cannot be loaded, or lacks a function of the table.
        UnsupportedError: it is of a version that the engine was not tried with.
    """
    try:
        cdll = ctypes.CDLL(str(path))
    except OSError as error:
        raise LlvmError(f"cannot load {path}: {error}", hint=_FALLBACK) from error
    library = Library(path, cdll, FUNCTIONS)
    if not SUPPORTED[0] <= library.version[0] <= SUPPORTED[1]:
        own = ".".join(map(str, library.version))
        raise UnsupportedError(f"{path.name} is LLVM {own}, which this burnish does not know", hint=_FALLBACK)
    return library
