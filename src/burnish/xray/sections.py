"""Every byte of a file, counted once: headers, sections, what lies between them. Pure."""

from typing import Final

import numpy as np

from burnish.lto.read.tables import (
    SECTION,
    SEGMENT,
    SHF_ALLOC,
    SHF_EXECINSTR,
    SHF_WRITE,
    SHT_DYNSYM,
    SHT_NOBITS,
    SHT_RELA,
    SHT_SYMTAB,
    Tables,
)
from burnish.xray.values import Section

HEADERS: Final = "headers"
PADDING: Final = "padding"

_SHT_STRTAB, _SHT_HASH, _SHT_DYNAMIC, _SHT_NOTE, _SHT_REL = 3, 5, 6, 7, 9
_SHT_INIT_ARRAY, _SHT_FINI_ARRAY, _SHT_PREINIT_ARRAY, _SHT_RELR = 14, 15, 16, 19
_SHT_GNU = range(0x6FFFFFF0, 0x70000000)  # hashes and versions of dynamic symbols
_LINKING: Final = frozenset({
    _SHT_HASH, _SHT_DYNAMIC, _SHT_NOTE, _SHT_REL, SHT_RELA, _SHT_RELR, SHT_DYNSYM, _SHT_STRTAB,
    _SHT_INIT_ARRAY, _SHT_FINI_ARRAY, _SHT_PREINIT_ARRAY,
})  # fmt: skip
#: Addresses and sizes up to here can be added up as signed numbers of 64 bits.
_HIGHEST: Final = np.uint64(1 << 61)
_UNWINDING: Final = (".eh_frame", ".gcc_except_table", ".ARM.ex")
_DEBUG: Final = (".debug", ".zdebug", ".gdb_index", ".stab")


def section_rows(tables: Tables) -> list[Section]:
    """A row for each section, in place of the empty first one the headers, and padding as the last: all of the file.

    Bytes that two of them claim belong to the one that begins first.

    Raises:
        BitcodeError: a section ends beyond the file.
    """
    size, names = len(tables.elf.data), tables.section_names()
    loaded = tables.sections[(tables.sections["flags"] & SHF_ALLOC) != 0]
    if np.any(loaded["address"] > _HIGHEST) or np.any(loaded["size"] > _HIGHEST):
        raise tables.damaged("a section lies where no program can")
    taken = _fresh([*_headers(tables), *_contents(tables)])
    rows = []
    for number, (name, section) in enumerate(zip(names, tables.sections, strict=True)):
        kind, flags = int(section["kind"]), int(section["flags"])
        rows.append(
            Section(
                name=name,
                kind=_kind(name, kind, flags),
                file=taken.get(number, 0),
                memory=int(section["size"]) if flags & SHF_ALLOC else 0,
            )
        )
    headers = Section(name=HEADERS, kind="linking", file=taken.get(0, 0), memory=taken.get(0, 0))
    rows = [headers, *rows[1:]]
    rest = size - sum(row.file for row in rows)
    return [*rows, Section(name=PADDING, kind="other", file=rest, memory=0)]


def stripped_size(rows: list[Section]) -> int:
    """Bytes of the file without symbols, debug info and kept relocations; exact but for a few bytes of alignment.

    Each section that goes takes its header along.
    """
    gone = [row for row in rows[1:-1] if not row.memory and row.file and is_left_out(row)]
    return sum(row.file for row in rows) - sum(row.file + SECTION.itemsize for row in gone)


def is_left_out(row: Section) -> bool:
    """Whether ``strip`` takes a section that no memory is for: all but comments and the names of sections."""
    return row.kind in {"symbols", "debug", "linking"} and row.name != ".shstrtab"


def _headers(tables: Tables) -> list[tuple[int, int, int]]:
    """Begin, end and row of what describes the file."""
    size = len(tables.elf.data)
    offset = int.from_bytes(tables.elf.data[32:40], "little")
    segments = len(tables.segments()) * SEGMENT.itemsize
    sections = tables.elf.count * SECTION.itemsize
    found = [(0, 64, 0), (offset, offset + segments, 0), (tables.elf.table, tables.elf.table + sections, 0)]
    return [(min(begin, size), min(end, size), row) for begin, end, row in found]


def _contents(tables: Tables) -> list[tuple[int, int, int]]:
    size, found = len(tables.elf.data), []
    for number, section in enumerate(tables.sections[1:], 1):
        if int(section["kind"]) not in {0, SHT_NOBITS}:
            begin, length = int(section["offset"]), int(section["size"])
            if begin + length > size:
                raise tables.damaged("a section ends beyond the file")
            found.append((begin, begin + length, number))
    return found


def _fresh(spans: list[tuple[int, int, int]]) -> dict[int, int]:
    """Bytes of each row that no earlier span covers."""
    taken: dict[int, int] = {}
    reached = 0
    for begin, end, row in sorted(spans):
        taken[row] = taken.get(row, 0) + max(0, end - max(begin, reached))
        reached = max(reached, end)
    return taken


def _kind(name: str, kind: int, flags: int) -> str:
    if not flags & SHF_ALLOC:
        return _kind_unloaded(name, kind)
    if flags & SHF_EXECINSTR:
        return "code"
    if name.startswith(_UNWINDING):
        return "unwinding"
    if kind in _LINKING or kind in _SHT_GNU or name.startswith((".got", ".interp", ".relro_padding")):
        return "linking"
    return "data" if flags & SHF_WRITE and not name.startswith(".data.rel.ro") else "constants"


def _kind_unloaded(name: str, kind: int) -> str:
    if name.startswith(_DEBUG):
        return "debug"
    if kind in {_SHT_REL, SHT_RELA}:
        return "linking"
    return "symbols" if kind in {SHT_SYMTAB, _SHT_STRTAB} or name == ".symtab_shndx" else "other"
