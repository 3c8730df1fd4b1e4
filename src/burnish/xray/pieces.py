"""What lies where in a program: symbols, and what has no symbol but is referred to, as rows of addresses. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from burnish.lto.read.tables import (
    FIRST_RESERVED,
    PT_TLS,
    STT_FUNC,
    STT_GNU_IFUNC,
    STT_OBJECT,
    STT_TLS,
    Table,
    Tables,
    symbol_kind,
    text_at,
)
from burnish.xray.values import Section

Ints = NDArray[np.int64]

#: Sections that are made of symbols.
CONTENT: Final = frozenset({"code", "data", "constants"})
_STT_NOTYPE = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Pieces:
    """Rows, by section and then by address; no two share a byte.

    Attributes:
        symbol: number in the symbol table, -1 of a piece that has none.
        bounds: of each section its first row and the one behind its last.
    """

    section: Ints
    start: Ints
    size: Ints
    symbol: Ints
    bounds: dict[int, tuple[int, int]]

    def rows_at(self, section: Ints, address: Ints) -> Ints:
        """The rows that cover these addresses of these sections; -1 where none does."""
        found = np.full(len(address), -1, np.int64)
        for number in np.unique(section).tolist():
            begin, end = self.bounds.get(number, (0, 0))
            if begin == end:
                continue
            of_it = np.flatnonzero(section == number)
            places = begin + np.searchsorted(self.start[begin:end], address[of_it], side="right") - 1
            inside = places >= begin
            inside &= address[of_it] < (self.start + self.size)[np.maximum(places, 0)]
            found[of_it[inside]] = places[inside]
        return found

    def starts_at(self, section: Ints, address: Ints) -> NDArray[np.bool_]:
        """Whether a row begins exactly there."""
        rows = self.rows_at(section, address)
        exact: NDArray[np.bool_] = rows >= 0
        exact[exact] = self.start[rows[exact]] == address[exact]
        return exact


def addresses_of(tables: Tables, symbols: Table) -> Ints:
    """Where each symbol lies; thread-local ones count from their segment."""
    values = symbols["value"].astype(np.int64)
    segments = tables.segments()
    local = segments[segments["kind"] == PT_TLS]
    if len(local):
        values = values + np.where(symbol_kind(symbols) == STT_TLS, np.int64(local[0]["address"]), np.int64(0))
    return values


def pieces_of(tables: Tables, sections: Sequence[Section], symbols: Table, strings: bytes) -> Pieces:
    """The symbols that have room in code and data. Those without a size, of assembly, reach to the next one."""
    content = np.array([row.kind in CONTENT for row in sections[:-1]] or [False])
    code = np.array([row.kind == "code" for row in sections[:-1]] or [False])
    kinds, of_section = symbol_kind(symbols), symbols["section"].astype(np.int64)
    placed = (of_section > 0) & (of_section < min(FIRST_RESERVED, len(content)))
    of_section = np.where(placed, of_section, 0)
    placed &= content[of_section] & (symbols["name"] != 0)
    placed &= np.isin(kinds, (_STT_NOTYPE, STT_OBJECT, STT_FUNC, STT_TLS, STT_GNU_IFUNC))
    # Labels in data mark places; only those in code, of assembly, begin something.
    placed &= (symbols["size"] > 0) | (code[of_section] & np.isin(kinds, (_STT_NOTYPE, STT_FUNC)))
    rows = np.flatnonzero(placed)
    rows = rows[[not text_at(strings, offset).startswith("$") for offset in symbols["name"][rows].tolist()]]
    addresses = addresses_of(tables, symbols)
    found = [
        _covered(tables, number, rows[of_section[rows] == number], addresses, symbols)
        for number in np.unique(of_section[rows]).tolist()
    ]
    return _joined(found)


def with_unnamed(pieces: Pieces, tables: Tables, sections: Sequence[Section], section: Ints, address: Ints) -> Pieces:
    """The pieces, and one more for each address that is referred to where nothing else lies, up to the next piece.

    Constants and vtables have no symbols: where they begin is known from what refers to them.
    """
    data = np.array([row.kind in {"data", "constants"} for row in sections])
    loose = data[section] & (pieces.rows_at(section, address) < 0)
    spans = np.unique(np.stack((section[loose], address[loose]), axis=1), axis=0)
    found = [pieces]
    for number in np.unique(spans[:, 0]).tolist():
        starts = spans[spans[:, 0] == number, 1]
        begin = int(tables.sections[number]["address"])
        end = begin + int(tables.sections[number]["size"])
        starts = starts[(starts >= begin) & (starts < end)]
        first, last = pieces.bounds.get(number, (0, 0))
        others = np.sort(np.concatenate((starts, pieces.start[first:last], [end])))
        stops = others[np.searchsorted(others, starts, side="right")]
        found.append(_pieces(number, starts, stops - starts, np.full(len(starts), -1, np.int64)))
    return _joined(found)


def _covered(tables: Tables, number: int, rows: Ints, addresses: Ints, symbols: Table) -> Pieces:
    """The symbols of a section, each with the bytes that no earlier one covers; without those that have none left."""
    low = int(tables.sections[number]["address"])
    high = low + min(int(tables.sections[number]["size"]), np.iinfo(np.int64).max - low)
    starts = np.clip(addresses[rows], low, high)
    sizes = np.minimum(symbols["size"][rows], np.uint64(high - low)).astype(np.int64)
    every = np.append(np.unique(starts), high)
    to_next = every[np.searchsorted(every, starts, side="right").clip(max=len(every) - 1)] - starts
    stops = np.minimum(starts + np.where(sizes > 0, sizes, to_next), high)
    order = np.lexsort((-stops, starts))
    rows, starts, stops = rows[order], starts[order], stops[order]
    reached = np.concatenate(([low], np.maximum.accumulate(stops)[:-1]))
    starts = np.maximum(starts, reached)
    left = stops > starts
    return _pieces(number, starts[left], (stops - starts)[left], rows[left])


def _pieces(number: int, starts: Ints, sizes: Ints, symbols: Ints) -> Pieces:
    section = np.full(len(starts), number, np.int64)
    return Pieces(section=section, start=starts, size=sizes, symbol=symbols, bounds={number: (0, len(starts))})


def _joined(found: Sequence[Pieces]) -> Pieces:
    """All rows in order."""
    empty = np.zeros(0, np.int64)
    section, start, size, symbol = (
        np.concatenate([empty, *(getattr(each, field) for each in found)])
        for field in ("section", "start", "size", "symbol")
    )
    order = np.lexsort((start, section))
    joined = Pieces(section=section[order], start=start[order], size=size[order], symbol=symbol[order], bounds={})
    numbers, first, count = np.unique(joined.section, return_index=True, return_counts=True)
    ends = (first + count).tolist()
    bounds = {number: (begin, end) for number, begin, end in zip(numbers.tolist(), first.tolist(), ends, strict=True)}
    return replace(joined, bounds=bounds)
