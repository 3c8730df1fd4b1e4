"""A program as it was linked, as columns: its sections, its symbols, what refers to what.

Names stand once in a table and are numbers elsewhere; so are crates and sections. Values only.
"""

from typing import Final

import msgspec

#: Version of the stored form.
VERSION: Final = 1


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the file: a section, or what lies outside all of them (``headers``, ``padding``); sizes in bytes.

    ``file`` is what it takes in the file (nothing for ``.bss``), ``memory`` when loaded. The ``file`` of all add up to
    the file's size.
    """

    name: str
    kind: str  # code, data, constants, unwinding, symbols, debug, linking, other
    file: int
    memory: int


class Symbols(msgspec.Struct, frozen=True, kw_only=True):
    """Functions and variables of the program, one row each place (aliases are one row), sorted by address.

    Attributes:
        name: as the linker has it (number into ``Anatomy.names``).
        shown: demangled as Rust writes it, without the hash.
        generic: the same without type arguments: copies of one generic have one; -1 where it is none.
        crate: number into ``Anatomy.crates``.
        section: number into ``Anatomy.sections``.
        size: bytes.
        retained: bytes that would go if this went: its own, and what only it leads to; -1: not known.
        dominator: row of what alone leads here; -1: an entry, or not known.
    """

    name: list[int]
    shown: list[int]
    generic: list[int]
    crate: list[int]
    section: list[int]
    size: list[int]
    retained: list[int]
    dominator: list[int]


class References(msgspec.Struct, frozen=True, kw_only=True):
    """Which symbol refers to which: rows of `Symbols`, and how often; sorted by ``source``."""

    source: list[int]
    target: list[int]
    count: list[int]


class Anatomy(msgspec.Struct, frozen=True, kw_only=True):
    """What a program is made of.

    Attributes:
        size: bytes of the file.
        stripped: bytes of the file as it would be without symbols; the file's own size where it has none.
        crates: names; ``?`` for what no name tells.
        loose: bytes of each section that belong to no symbol (number of section -> bytes).
        references: None where the file tells nothing of them (linked without ``--emit-relocs``).
    """

    version: int
    path: str
    size: int
    stripped: int
    names: list[str]
    crates: list[str]
    sections: list[Section]
    symbols: Symbols
    loose: dict[int, int]
    references: References | None
