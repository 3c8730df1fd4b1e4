"""What refers to what in a program, from the relocations that the linker kept (``--emit-relocs``). Pure.

Sources: the psABIs of x86-64 ("Relocation Types") and of Arm 64-bit ("Relocation").
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from burnish.lto.read.tables import (
    AARCH64,
    FIRST_RESERVED,
    RELOCATION,
    SHT_RELA,
    STT_SECTION,
    X86_64,
    Table,
    Tables,
    symbol_kind,
)
from burnish.xray.pieces import CONTENT, Ints, Pieces, addresses_of, with_unnamed
from burnish.xray.values import Section

#: Relocations that say where something lies from where they stand.
_RELATIVE: Final = {
    X86_64: (2, 4, 9, 24, 25, 26, 41, 42),  # R_X86_64_PC32, PLT32, GOTPCREL, PC64, GOT*64, (REX_)GOTPCRELX
    AARCH64: (260, 261, 262),  # R_AARCH64_PREL64, PREL32, PREL16
}
#: On x86-64 code counts from the end of the instruction: from the end of the four bytes that hold the distance, ...
_WIDTH: Final = 4
#: ... and of an immediate behind them.
_IMMEDIATES: Final = (1, 2, 4)
#: Sections of pointers to what runs before and after ``main``.
_ARRAYS: Final = (".init_array", ".fini_array", ".preinit_array")


@dataclass(frozen=True, kw_only=True, slots=True)
class Referring:
    """Relocations, resolved as far as a place goes: where they stand, and the section and address they refer to.

    Attributes:
        from_section: number of the section that they stand in.
        tables: relative and in data: the address counts from the start of the piece that the relocation is in.
    """

    from_section: Ints
    from_address: Ints
    section: Ints
    address: Ints
    tables: "np.ndarray[tuple[int], np.dtype[np.bool_]]"


def kept_relocations(tables: Tables, sections: Sequence[Section], symtab: int) -> list[tuple[int, Table]]:
    """The section that each kept table speaks of, and the table; of code, data and arrays of functions."""
    found = []
    for number in tables.of_kind(SHT_RELA):
        section = tables.sections[number]
        target = int(section["info"])
        # Relocations of other symbol tables (.rela.dyn) are the loader's.
        if int(section["link"]) == symtab and 0 < target < len(tables.sections):
            row = sections[target]
            if row.kind in CONTENT or row.name.startswith(_ARRAYS):
                found.append((target, tables.table(number, RELOCATION)))
    return found


def referring(
    tables: Tables, sections: Sequence[Section], symbols: Table, kept: Sequence[tuple[int, Table]], pieces: Pieces
) -> Referring:
    """Where all relocations refer to; those to other files' symbols are left out."""
    rows = np.concatenate([np.zeros(0, RELOCATION), *(table for _, table in kept)])
    stands = np.concatenate([np.zeros(0, np.int64), *(np.full(len(table), number) for number, table in kept)])
    known = (rows["symbol"] > 0) & (rows["symbol"] < len(symbols))
    rows, stands = rows[known], stands[known].astype(np.int64)
    target = symbols[rows["symbol"]]
    section = target["section"].astype(np.int64)
    defined = (section > 0) & (section < min(FIRST_RESERVED, len(tables.sections)))
    rows, stands, target, section = rows[defined], stands[defined], target[defined], section[defined]
    nameless = symbol_kind(target) == STT_SECTION
    relative = np.isin(rows["kind"], _RELATIVE.get(tables.machine, ()))
    code = np.array([row.kind == "code" for row in sections])[stands]
    base = addresses_of(tables, target)
    behind = np.int64(_WIDTH if tables.machine == X86_64 else 0)
    address = base + np.where(nameless, rows["addend"] + np.where(relative & code, behind, 0), 0)
    if tables.machine == X86_64:
        address = _past_immediates(pieces, section, address, nameless & relative & code)
    return Referring(
        from_section=stands,
        from_address=rows["offset"].astype(np.int64),
        section=section,
        address=address,
        tables=nameless & relative & ~code,
    )


def _past_immediates(
    pieces: Pieces, section: Ints, address: Ints, may: "np.ndarray[tuple[int], np.dtype[np.bool_]]"
) -> Ints:
    """Addresses that miss the start of a piece by the size of an immediate are that piece's."""
    found = address.copy()
    open_ = may & ~pieces.starts_at(section, address)
    for size in _IMMEDIATES:
        hits = open_ & pieces.starts_at(section, address + size)
        found[hits] = address[hits] + size
        open_ &= ~hits
    return found


def edges(tables: Tables, sections: Sequence[Section], found: Referring, pieces: Pieces) -> tuple[Pieces, Ints, Ints]:
    """The pieces with those that have no symbol, and the rows that refer and are referred to, one for each relocation.

    A source of -1 is an array of functions.
    """
    plain = ~found.tables
    pieces = with_unnamed(pieces, tables, sections, found.section[plain], found.address[plain])
    source = pieces.rows_at(found.from_section, found.from_address)
    # An entry of a table (of a switch, say) is the distance from the table's start.
    into = np.zeros(len(source), np.int64)
    into[source >= 0] = (found.from_address - pieces.start[source])[source >= 0] if len(pieces.start) else 0
    address = np.where(found.tables, found.address - into, found.address)
    target = pieces.rows_at(found.section, address)
    arrays = np.array([row.name.startswith(_ARRAYS) for row in sections])[found.from_section]
    wanted = (target >= 0) & ((source >= 0) | arrays) & (source != target)
    return pieces, source[wanted], target[wanted]
