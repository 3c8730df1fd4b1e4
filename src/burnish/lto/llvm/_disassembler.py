"""Machine code as text, by the toolchain's LLVM. It changes nothing and may run in any process."""

import ctypes
from collections.abc import Iterator
from ctypes import c_char, c_uint64, c_void_p
from dataclasses import dataclass

from burnish.errors import UnsupportedError
from burnish.lto.llvm._functions import DisasmRef, SymbolLookup
from burnish.lto.llvm._handle import Handle
from burnish.lto.llvm._library import Library

# llvm-c/DisassemblerTypes.h
_INTEL_SYNTAX = 4
_NO_REFERENCE, _BRANCH, _LOAD = 0, 1, 2
#: More than an instruction of any target needs; a longer text is cut off.
_TEXT_SIZE = 512
_UNKNOWN = "(unknown)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Decoded:
    """An instruction: where it is, its bytes, its text, and the address that it branches to or loads from, if known."""

    address: int
    code: bytes
    text: str
    target: int | None


class Disassembler(Handle[DisasmRef]):
    """A disassembler for a target: Intel syntax where the target has it, addresses in hexadecimal, numbers as such.

    Raises:
        UnsupportedError: this LLVM has none for the triple.
    """

    def __init__(self, library: Library, triple: str, *, cpu: str = "", features: str = "") -> None:
        library.initialize_disassembler(triple)
        c = library.c
        self._library = library
        self._target: int | None = None
        self._lookup = SymbolLookup(self._note)  # LLVM keeps no reference that Python would see
        pointer = c.LLVMCreateDisasmCPUFeatures(
            triple.encode(), cpu.encode(), features.encode(), None, 0, None, self._lookup
        )
        if not pointer:
            raise UnsupportedError(f"{library.path.name} cannot disassemble code for {triple}")
        super().__init__(pointer)
        c.LLVMSetDisasmOptions(pointer, _INTEL_SYNTAX)  # a target that has no such syntax keeps its own

    def _dispose(self, pointer: DisasmRef) -> None:
        self._library.c.LLVMDisasmDispose(pointer)

    def decode(self, code: bytes, address: int) -> Iterator[Decoded]:
        """The instructions of ``code``, which lies at ``address``; a byte that begins none is one of its own."""
        size, place = len(code), 0
        data = (c_char * size).from_buffer_copy(code) if size else None
        text = ctypes.create_string_buffer(_TEXT_SIZE)
        while place < size:
            self._target = None
            start = ctypes.addressof(data) + place if data is not None else 0
            taken = self._library.c.LLVMDisasmInstruction(
                self.pointer, start, size - place, address + place, text, _TEXT_SIZE
            )
            words = text.value.decode(errors="replace").split() if taken else [_UNKNOWN]
            taken = min(max(taken, 1), size - place)
            yield Decoded(
                address=address + place,
                code=code[place : place + taken],
                text=" ".join(words),
                target=self._target if words != [_UNKNOWN] else None,
            )
            place += taken

    def _note(self, _data: int | None, value: int, kind: int, _address: int, name: int) -> None:
        """LLVM asks for the name of an address: note the address, know no name."""
        asked = c_uint64.from_address(kind)
        if asked.value in {_BRANCH, _LOAD}:
            self._target = value
        asked.value = _NO_REFERENCE
        c_void_p.from_address(name).value = None
