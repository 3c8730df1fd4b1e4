"""The tables of a linked program as numpy arrays: sections, symbols, relocations. ELF64 little-endian.

A program has ten thousands of symbols and, linked with ``--emit-relocs``, hundreds of thousands of relocations. It is
untrusted input: every table is checked against the end of the file, every name against the end of its table.

Source: https://gabi.xinuos.com (sections, symbol table, relocation).
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from burnish.errors import BitcodeError
from burnish.lto.read.elf import Elf

Table = NDArray[Any]

SECTION: Final = np.dtype([
    ("name", "<u4"), ("kind", "<u4"), ("flags", "<u8"), ("address", "<u8"), ("offset", "<u8"), ("size", "<u8"),
    ("link", "<u4"), ("info", "<u4"), ("align", "<u8"), ("entry", "<u8"),
])  # fmt: skip
SYMBOL: Final = np.dtype([
    ("name", "<u4"), ("info", "u1"), ("other", "u1"), ("section", "<u2"), ("value", "<u8"), ("size", "<u8"),
])  # fmt: skip
RELOCATION: Final = np.dtype([("offset", "<u8"), ("kind", "<u4"), ("symbol", "<u4"), ("addend", "<i8")])
SEGMENT: Final = np.dtype([
    ("kind", "<u4"), ("flags", "<u4"), ("offset", "<u8"), ("address", "<u8"), ("physical", "<u8"), ("size", "<u8"),
    ("memory", "<u8"), ("align", "<u8"),
])  # fmt: skip

SHT_SYMTAB, SHT_RELA, SHT_NOBITS, SHT_DYNSYM = 2, 4, 8, 11
STT_OBJECT, STT_FUNC, STT_SECTION, STT_FILE, STT_TLS, STT_GNU_IFUNC = 1, 2, 3, 4, 6, 10
SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR, SHF_TLS = 1, 2, 4, 0x400
PT_TLS = 7
#: ``e_machine``.
X86_64, AARCH64 = 62, 183

#: Special section numbers (absolute, common, ...) begin here.
FIRST_RESERVED: Final = 0xFF00
_HEADER_SIZE = 64


class Tables:
    """The tables of a file whose header has been checked.

    Raises:
        BitcodeError: a table, or a name that is asked for, lies outside of the file.
    """

    def __init__(self, elf: Elf) -> None:
        self.elf = elf
        self.label = elf.label
        self.machine = int.from_bytes(elf.data[18:20], "little")
        self.entry = int.from_bytes(elf.data[24:32], "little")
        self.sections = self._rows(elf.table, elf.count * SECTION.itemsize, SECTION)

    def segments(self) -> Table:
        """The program headers, rows of `SEGMENT`."""
        offset, size, count = (int.from_bytes(self.elf.data[a:b], "little") for a, b in ((32, 40), (54, 56), (56, 58)))
        if count and size != SEGMENT.itemsize:
            raise self.damaged(f"program headers of {size} bytes")
        return self._rows(offset, count * SEGMENT.itemsize, SEGMENT)

    def of_kind(self, kind: int) -> list[int]:
        """The numbers of the sections of a ``sh_type``."""
        return [int(number) for number in np.flatnonzero(self.sections["kind"] == kind)]

    def table(self, number: int, row: np.dtype[Any]) -> Table:
        """A section as rows."""
        section = self.sections[number]
        if int(section["entry"]) != row.itemsize:
            raise self.damaged(f"a table of rows of {int(section['entry'])} bytes")
        return self._rows(int(section["offset"]), int(section["size"]), row)

    def content(self, number: int) -> memoryview:
        """The bytes of a section."""
        if number >= len(self.sections):
            raise self.damaged(f"there is no section {number}")
        section = self.sections[number]
        offset, size = int(section["offset"]), int(section["size"])
        if int(section["kind"]) == SHT_NOBITS or offset + size > len(self.elf.data):
            raise self.damaged("a section lies outside of the file")
        return self.elf.data[offset : offset + size]

    def section_names(self) -> list[str]:
        """The name of each section."""
        if not len(self.sections):
            return []
        names = bytes(self.content(self.elf.names))
        return [text_at(names, offset) for offset in self.sections["name"].tolist()]

    def names_of(self, number: int) -> bytes:
        """The strings of a symbol table."""
        return bytes(self.content(int(self.sections[number]["link"])))

    def damaged(self, what: str) -> BitcodeError:
        return BitcodeError(f"{self.label}: {what}", hint="the file is damaged: build it again")

    def _rows(self, offset: int, size: int, row: np.dtype[Any]) -> Table:
        if offset + size > len(self.elf.data):
            raise self.damaged("a table lies outside of the file")
        return np.frombuffer(self.elf.data, row, count=size // row.itemsize, offset=offset)


def text_at(strings: bytes, offset: int) -> str:
    """The text that begins at an offset of a string table, what is no UTF-8 replaced; empty where there is none."""
    end = strings.find(b"\0", offset) if 0 <= offset < len(strings) else -1
    return strings[offset:end].decode("utf-8", "replace") if end > offset else ""


def symbol_kind(symbols: Table) -> Table:
    """``STT_`` of each symbol."""
    return symbols["info"] & 0xF
