"""Small linked programs, made by hand: code, constants, symbols, and the relocations that ``--emit-relocs`` keeps."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

TEXT, RODATA, DATA = 1, 2, 3
TEXT_AT, RODATA_AT, DATA_AT = 0x1000, 0x2000, 0x3000
ADDRESSES = {TEXT: TEXT_AT, RODATA: RODATA_AT, DATA: DATA_AT}

NOTYPE, OBJECT, FUNC, SECTION = 0, 1, 2, 3
R_64, R_PC32, R_PLT32 = 1, 2, 4

_SHF_WRITE, _SHF_ALLOC, _SHF_EXECINSTR = 1, 2, 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Symbol:
    """A symbol of a section, at an offset from the section's start."""

    name: str
    section: int
    offset: int = 0
    size: int = 0
    kind: int = FUNC


@dataclass(frozen=True, kw_only=True, slots=True)
class Relocation:
    """A relocation at an offset of a section, to a symbol by name, or to a section by number."""

    section: int
    offset: int
    to: str | int
    kind: int = R_PLT32
    addend: int = 0


def legacy(crate: str, function: str = "f", number: int = 0) -> str:
    """A mangled name with its hash."""
    return f"_ZN{len(crate)}{crate}{len(function)}{function}17h{number:016x}E"


def program(
    symbols: Sequence[Symbol],
    relocations: Sequence[Relocation] = (),
    *,
    text: int = 0x100,
    rodata: int = 0x80,
    data: int = 0x40,
    entry: int = TEXT_AT,
) -> bytes:
    """An x86-64 executable with ``.text``, ``.rodata``, ``.data``, ``.bss``; section symbols come by themselves."""
    sizes = {TEXT: text, RODATA: rodata, DATA: data}
    strings, entries = b"\0", bytes(24)
    numbers: dict[int, int] = {}
    for number in sizes:
        numbers[number] = len(numbers) + 1
        entries += struct.pack("<IBBHQQ", 0, SECTION, 0, number, ADDRESSES[number], 0)
    named: dict[str, int] = {}
    for symbol in symbols:
        named[symbol.name] = len(numbers) + len(named) + 1
        value = ADDRESSES[symbol.section] + symbol.offset
        entries += struct.pack("<IBBHQQ", len(strings), symbol.kind, 0, symbol.section, value, symbol.size)
        strings += symbol.name.encode() + b"\0"
    tables = dict.fromkeys(sizes, b"")
    for each in relocations:
        target = numbers[each.to] if isinstance(each.to, int) else named[each.to]
        place = ADDRESSES[each.section] + each.offset
        tables[each.section] += struct.pack("<QIIq", place, each.kind, target, each.addend)
    names = b"\0.text\0.rodata\0.data\0.bss\0.symtab\0.strtab\0.shstrtab\0.rela\0"
    bodies = [bytes(text), bytes(rodata), bytes(data), b"", entries, strings, names, *tables.values()]
    offsets = [64 + sum(len(body) for body in bodies[:index]) for index in range(len(bodies))]
    at = {name: names.index(b"\0" + name + b"\0") + 1 for name in names.split(b"\0") if name}
    rows = [
        (0,) * 10,
        (at[b".text"], 1, _SHF_ALLOC | _SHF_EXECINSTR, TEXT_AT, offsets[0], text, 0, 0, 16, 0),
        (at[b".rodata"], 1, _SHF_ALLOC, RODATA_AT, offsets[1], rodata, 0, 0, 16, 0),
        (at[b".data"], 1, _SHF_ALLOC | _SHF_WRITE, DATA_AT, offsets[2], data, 0, 0, 16, 0),
        (at[b".bss"], 8, _SHF_ALLOC | _SHF_WRITE, 0x4000, offsets[3], 0x20, 0, 0, 16, 0),
        (at[b".symtab"], 2, 0, 0, offsets[4], len(entries), 6, 1, 8, 24),
        (at[b".strtab"], 3, 0, 0, offsets[5], len(strings), 0, 0, 1, 0),
        (at[b".shstrtab"], 3, 0, 0, offsets[6], len(names), 0, 0, 1, 0),
        *(
            (at[b".rela"], 4, 0, 0, offsets[7 + place], len(table), 5, number, 8, 24)
            for place, (number, table) in enumerate(tables.items())
        ),
    ]
    table_at = 64 + sum(map(len, bodies))
    ident = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    header = struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, entry, 0, table_at, 0, 64, 0, 0, 64, len(rows), 7)
    return ident + header + b"".join(bodies) + b"".join(struct.pack("<IIQQQQIIQQ", *row) for row in rows)
