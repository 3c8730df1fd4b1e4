"""A function of a linked program as a listing: its instructions, and the names of what they call or refer to.

Names come from the relocations that the linker left (``--emit-relocs``), else from the addresses that LLVM's
disassembler tells. The program is untrusted input: only tables are read, within their bounds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from burnish.errors import UnsupportedError, UsageError
from burnish.lto.decide.columns import Bools, Ints
from burnish.lto.facts import mapped
from burnish.lto.llvm import Decoded, Disassembler, load
from burnish.lto.read.elf import read_elf
from burnish.lto.read.tables import (
    AARCH64,
    FIRST_RESERVED,
    RELOCATION,
    SHT_RELA,
    SHT_SYMTAB,
    STT_FILE,
    STT_FUNC,
    STT_SECTION,
    STT_TLS,
    SYMBOL,
    X86_64,
    Tables,
    symbol_kind,
    text_at,
)

#: Bytes of code of one function that are still listed.
LONGEST: Final = 1 << 20

#: ``e_machine`` -> triple and features: every instruction that there is.
_MACHINES = {X86_64: ("x86_64-unknown-linux-gnu", ""), AARCH64: ("aarch64-unknown-linux-gnu", "+all")}
#: Relocations of these say where something lies from where they stand (R_X86_64_PC32, _PLT32, _GOTPCREL and the like).
_RELATIVE = {X86_64: frozenset({2, 4, 9, 24, 25, 26, 41, 42}), AARCH64: frozenset[int]()}


@dataclass(frozen=True, kw_only=True, slots=True)
class Instruction:
    """An instruction: its address, bytes, text, and the symbol that it calls or refers to, empty where none is known.

    ``target`` is the name as the linker has it; jumps within the function have none.
    """

    address: int
    code: bytes
    text: str
    target: str


def listing(program: Path, symbol: str, library: Path) -> tuple[Instruction, ...]:
    """The instructions of a function.

    Args:
        program: an executable or shared library with a symbol table.
        symbol: the function's name, as the linker has it.
        library: the toolchain's libLLVM.

    Raises:
        UsageError: the program cannot be read, has no such function, or one that is too long.
        BitcodeError: the program is no ELF file, or damaged.
        UnsupportedError: it is for a machine that is not known, or LLVM is.
    """
    try:
        data = mapped(program)
    except UnsupportedError as error:
        raise UsageError(error.message) from error
    tables = _Program(Tables(read_elf(data, program.name)))
    row = tables.function(symbol)
    start, code = tables.code(row)
    if len(code) > LONGEST:
        raise UsageError(f"{symbol} has {len(code)} bytes of code: over {LONGEST} are not listed")
    triple, features = _MACHINES[tables.machine]
    references = tables.references(row, start, start + len(code))
    with Disassembler(load(library), triple, features=features) as disassembler:
        return tuple(
            Instruction(
                address=item.address,
                code=item.code,
                text=item.text,
                target=_target(item, references, tables, range(start, start + len(code))),
            )
            for item in disassembler.decode(code, start)
        )


def _target(item: Decoded, references: Mapping[int, "_Reference"], tables: "_Program", own: range) -> str:
    end = item.address + len(item.code)
    for offset in range(item.address, end):
        reference = references.get(offset)
        if reference is not None and (found := tables.referred(reference, end - offset)):
            return found
    if item.target is None or item.target in own:
        return ""
    return tables.name_at(item.target)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reference:
    """A relocation: its type, the row of the symbol that it refers to, and what is added to the symbol's address."""

    kind: int
    symbol: int
    addend: int


class _Program:
    """The symbols of a program, by name and by address."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self.machine = tables.machine
        if self.machine not in _MACHINES:
            raise UnsupportedError(f"{tables.label}: code of a machine that burnish does not list ({self.machine})")
        numbers = tables.of_kind(SHT_SYMTAB)
        if not numbers:
            raise UsageError(
                f"{tables.label} has no symbol table: it was stripped",
                hint='build it with strip = "debuginfo", or less',
            )
        self._number = numbers[0]
        self._symbols = tables.table(self._number, SYMBOL)
        self._strings = tables.names_of(self._number)
        self._by_value = self._addressed()
        self._values: Ints = self._symbols["value"][self._by_value]

    def function(self, name: str) -> int:
        """The row of a function.

        Raises:
            UsageError: there is none.
        """
        wanted = np.isin(self._symbols["name"], self._offsets(name.encode("utf-8", "surrogateescape")))
        found = np.flatnonzero(wanted & self._kind(STT_FUNC) & self._defined())
        if not len(found):
            raise UsageError(
                f"{self._tables.label} has no function {name}", hint="nothing is left of it in the program"
            )
        return int(found[0])

    def code(self, row: int) -> tuple[int, bytes]:
        """Address and bytes of a function; one without a size reaches to the next symbol."""
        symbol = self._symbols[row]
        number, start, size = int(symbol["section"]), int(symbol["value"]), int(symbol["size"])
        if number >= len(self._tables.sections):
            raise self._tables.damaged("a function lies in no section")
        section = self._tables.sections[number]
        first, end = int(section["address"]), int(section["address"]) + int(section["size"])
        if not size:
            after = int(np.searchsorted(self._values, np.uint64(start), side="right"))
            size = min(int(self._values[after]) if after < len(self._values) else end, end) - start
        if not first <= start <= start + size <= end:
            raise self._tables.damaged("a function lies outside of its section")
        return start, bytes(self._tables.content(number)[start - first : start - first + size])

    def references(self, row: int, start: int, end: int) -> dict[int, _Reference]:
        """The relocations in the code of a function, by address."""
        section = int(self._symbols[row]["section"])
        kept = (self._tables.sections["kind"] == SHT_RELA) & (self._tables.sections["info"] == section)
        # Relocations of other tables (.rela.dyn) speak of other symbols.
        tables = np.flatnonzero(kept & (self._tables.sections["link"] == self._number))
        if not len(tables):
            return {}
        rows = self._tables.table(int(tables[0]), RELOCATION)
        rows = rows[(rows["offset"] >= start) & (rows["offset"] < end)]
        return {
            offset: _Reference(kind=kind, symbol=symbol, addend=addend)
            for offset, kind, symbol, addend in rows.tolist()
        }

    def referred(self, reference: _Reference, behind: int) -> str:
        """The name of what a relocation refers to; ``behind``: bytes from it to the end of its instruction."""
        if not 0 < reference.symbol < len(self._symbols):
            return ""
        symbol = self._symbols[reference.symbol]
        name = self._name(reference.symbol)
        if name and int(symbol["info"]) & 0xF != STT_SECTION:
            return name
        relative = reference.kind in _RELATIVE[self.machine]
        return self.name_at(int(symbol["value"]) + reference.addend + (behind if relative else 0))

    def name_at(self, address: int) -> str:
        """The name of the symbol that covers an address; empty where none does."""
        if not 0 <= address < 1 << 64:
            return ""
        place = int(np.searchsorted(self._values, np.uint64(address), side="right")) - 1
        if place < 0:
            return ""
        row = int(self._by_value[place])
        value, size = int(self._symbols[row]["value"]), int(self._symbols[row]["size"])
        return self._name(row) if address < value + max(size, 1) else ""

    def _addressed(self) -> Ints:
        """Rows of what lies at an address, by address; of several at one the largest is the last."""
        symbols = self._symbols
        kinds = symbol_kind(symbols)
        placed = self._defined() & (symbols["name"] != 0) & ~np.isin(kinds, [STT_SECTION, STT_FILE, STT_TLS])
        rows = np.flatnonzero(placed)
        return rows[np.lexsort((symbols["size"][rows], symbols["value"][rows]))]

    def _defined(self) -> Bools:
        sections = self._symbols["section"]
        defined: Bools = (sections != 0) & (sections < FIRST_RESERVED)
        return defined

    def _kind(self, kind: int) -> Bools:
        found: Bools = symbol_kind(self._symbols) == kind
        return found

    def _offsets(self, name: bytes) -> list[int]:
        """Where a name stands in the table of names; as the end of another one as well."""
        found: list[int] = []
        at = self._strings.find(name + b"\0") if name else -1
        while at >= 0:
            found.append(at)
            at = self._strings.find(name + b"\0", at + 1)
        return found

    def _name(self, row: int) -> str:
        return text_at(self._strings, int(self._symbols[row]["name"]))
