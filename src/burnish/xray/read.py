"""From a linked file to its anatomy (`burnish.xray.values`)."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from burnish.build.symbols import crate_of
from burnish.errors import LtoError, ToolError
from burnish.lto.facts import mapped
from burnish.lto.read.elf import read_elf
from burnish.lto.read.tables import SHT_DYNSYM, SHT_SYMTAB, SYMBOL, Table, Tables, text_at
from burnish.xray.names import UNNAMED, is_made_up, shown, without_arguments
from burnish.xray.pieces import CONTENT, Ints, Pieces, addresses_of, pieces_of
from burnish.xray.referring import edges, kept_relocations, referring
from burnish.xray.retained import dominators, retained
from burnish.xray.sections import section_rows, stripped_size
from burnish.xray.values import VERSION, Anatomy, References, Section, Symbols

#: In place of a crate: of constants that several refer to, and of those of which nobody is known.
SHARED: Final = "[shared]"
NOBODY: Final = "[unknown]"


def anatomy_of(path: Path) -> Anatomy:
    """What a program or a shared library is made of: ELF, 64 bits, little-endian.

    References, and with them what would go with what, are there where it was linked with ``--emit-relocs``.

    Raises:
        ToolError: it cannot be read, is no such file, or is damaged.
    """
    try:
        return _anatomy(Tables(read_elf(mapped(path), path.name)), path)
    except LtoError as error:
        raise ToolError(
            f"cannot look into {path}: {error.message}",
            hint="xray reads ELF programs and shared libraries of 64-bit little-endian machines",
        ) from error


def _anatomy(tables: Tables, path: Path) -> Anatomy:
    sections = section_rows(tables)
    numbers = tables.of_kind(SHT_SYMTAB) or tables.of_kind(SHT_DYNSYM)
    symbols = tables.table(numbers[0], SYMBOL) if numbers else np.zeros(0, SYMBOL)
    strings = tables.names_of(numbers[0]) if numbers else b""
    pieces = pieces_of(tables, sections, symbols, strings)
    source = target = np.zeros(0, np.int64)
    kept = kept_relocations(tables, sections, numbers[0]) if numbers else []
    if kept:
        found = referring(tables, sections, symbols, kept, pieces)
        pieces, source, target = edges(tables, sections, found, pieces)
    mangled = _mangled(pieces, symbols, strings)
    crates, crate = _crates(mangled, source, target)
    names, columns = _names(mangled, [crates[number] for number in crate])
    references = _references(source, target) if kept else None
    above = [-1] * len(mangled)
    total = [-1] * len(mangled)
    if references is not None:
        entries = _entries(tables, pieces, source, target)
        above = dominators(len(mangled), list(zip(references.source, references.target, strict=True)), entries)
        total = retained(_weights(pieces, sections), above)
    return Anatomy(
        version=VERSION,
        path=str(path),
        size=len(tables.elf.data),
        stripped=stripped_size(sections),
        names=names,
        crates=crates,
        sections=sections,
        symbols=Symbols(
            name=columns[0],
            shown=columns[1],
            generic=columns[2],
            crate=crate,
            section=pieces.section.tolist(),
            size=pieces.size.tolist(),
            retained=total,
            dominator=above,
        ),
        loose=_loose(pieces, sections),
        references=references,
    )


def _mangled(pieces: Pieces, symbols: Table, strings: bytes) -> list[str]:
    offsets = symbols["name"][np.maximum(pieces.symbol, 0)] if len(symbols) else pieces.symbol
    return [
        text_at(strings, offset) if symbol >= 0 else ""
        for symbol, offset in zip(pieces.symbol.tolist(), offsets.tolist(), strict=True)
    ]


def _names(mangled: Sequence[str], crates: Sequence[str]) -> tuple[list[str], tuple[list[int], list[int], list[int]]]:
    """All names once, and the columns ``name``, ``shown`` and ``generic``."""
    numbers: dict[str, int] = {}
    name = [numbers.setdefault(each, len(numbers)) for each in mangled]
    made_up = [not each or is_made_up(each) for each in mangled]
    texts = [
        f"{UNNAMED} of {crate}" if unnamed else shown(each)
        for each, crate, unnamed in zip(mangled, crates, made_up, strict=True)
    ]
    plain = [
        "" if unnamed or text == each else without_arguments(text)
        for each, text, unnamed in zip(mangled, texts, made_up, strict=True)
    ]
    copies = Counter(plain)
    generic = [
        numbers.setdefault(bare, len(numbers)) if bare and (bare != text or copies[bare] > 1) else -1
        for text, bare in zip(texts, plain, strict=True)
    ]
    column = [numbers.setdefault(text, len(numbers)) for text in texts]
    return list(numbers), (name, column, generic)


def _crates(mangled: Sequence[str], source: Ints, target: Ints) -> tuple[list[str], list[int]]:
    """The crates' names and each row's; what has no telling name is the crate's that alone refers to it."""
    numbers = {SHARED: 0, NOBODY: 1}
    crate = np.array(
        [-1 if not name or is_made_up(name) else numbers.setdefault(crate_of(name), len(numbers)) for name in mangled],
        np.int64,
    )
    nameless = crate < 0
    among = nameless[target]
    source, target = source[among], target[among]
    known = source >= 0
    source, target = source[known], target[known]
    most = np.int64(len(numbers))
    for _ in range(len(numbers) + len(mangled)):
        said = crate[source]
        told = said >= 0
        low, high = np.full(len(crate), most), np.full(len(crate), np.int64(-1))
        np.minimum.at(low, target[told], said[told])
        np.maximum.at(high, target[told], said[told])
        new = np.where(high < 0, -1, np.where(low == high, low, 0))
        new = np.where(nameless, new, crate)
        if np.array_equal(new, crate):
            break
        crate = new
    return list(numbers), np.where(crate < 0, 1, crate).tolist()


def _references(source: Ints, target: Ints) -> References:
    known = source >= 0
    pairs, counts = np.unique(np.stack((source[known], target[known]), axis=1), axis=0, return_counts=True)
    return References(source=pairs[:, 0].tolist(), target=pairs[:, 1].tolist(), count=counts.tolist())


def _entries(tables: Tables, pieces: Pieces, source: Ints, target: Ints) -> set[int]:
    """Rows that the outside refers to: the entry, what is exported, what runs before and after ``main``."""
    exported = [tables.table(number, SYMBOL) for number in tables.of_kind(SHT_DYNSYM)]
    symbols = np.concatenate([np.zeros(0, SYMBOL), *exported])
    symbols = symbols[(symbols["section"] > 0) & (symbols["section"] < len(tables.sections))]
    rows = pieces.rows_at(symbols["section"].astype(np.int64), addresses_of(tables, symbols))
    begin = np.array([tables.entry], np.uint64).astype(np.int64)
    places = [pieces.rows_at(np.full(1, number, np.int64), begin) for number in pieces.bounds]
    return {int(row) for row in np.concatenate([rows, target[source < 0], *places]) if row >= 0}


def _weights(pieces: Pieces, sections: Sequence[Section]) -> list[int]:
    """Bytes of each row in the file."""
    in_file = np.array([row.file > 0 for row in sections])
    return list(map(int, np.where(in_file[pieces.section], pieces.size, 0)))


def _loose(pieces: Pieces, sections: Sequence[Section]) -> dict[int, int]:
    """Bytes of code and data that belong to no row: padding, in a stripped file all."""
    covered = np.bincount(pieces.section, pieces.size, minlength=len(sections)).astype(np.int64)
    return {
        number: int(row.memory - covered[number])
        for number, row in enumerate(sections)
        if row.kind in CONTENT and row.memory > covered[number]
    }
