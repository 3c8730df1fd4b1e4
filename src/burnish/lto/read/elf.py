"""The global symbols of ELF objects and shared libraries, quickly: a link reads hundreds of them anew each time.

Only what is asked for is looked at: section headers, one symbol table and its strings. ELF64 little-endian.

Source: https://gabi.xinuos.com (ELF header, sections, symbol table), https://refspecs.linuxfoundation.org (LSB: symbol
versioning), and for which symbols count ``SharedFile::parse`` and ``ObjFile::initializeSymbols`` in lld.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from burnish.errors import BitcodeError, UnsupportedError
from burnish.lto.objects import LinkSymbol

MAGIC: Final = b"\x7fELF"
#: ``e_ident`` of what is read: 64 bits, little-endian.
_CLASS_AND_DATA = b"\x02\x01"
_HEADER: Final = struct.Struct("<16xHHIQQQIHHHHHH")
_SECTION: Final = struct.Struct("<IIQQQQIIQQ")
_SECTION_NAME: Final = struct.Struct("<I60x")
_SECTION_KIND: Final = struct.Struct("<4xI56x")
_SYMBOL: Final = struct.Struct("<IBBH16x")
_VERSION: Final = struct.Struct("<H")

ET_REL, ET_EXEC, ET_DYN = 1, 2, 3
_SHT_SYMTAB, _SHT_NOBITS, _SHT_DYNSYM, _SHT_GNU_VERSYM = 2, 8, 11, 0x6FFFFFFF
_SHN_UNDEF, _SHN_COMMON, _SHN_XINDEX = 0, 0xFFF2, 0xFFFF
_STB_WEAK = 2
#: ``st_info`` from which on the binding, its high half, is not STB_LOCAL.
_FIRST_GLOBAL = 1 << 4
_STT_COMMON = 5
_VER_NDX_LOCAL, _VERSYM_HIDDEN = 0, 0x8000
#: Names share their ends, so together they may be longer than their table; many times as long they are an attack.
_SHARED_ENDS = 64

#: Of a symbol: name, info, other, section.
_Row = tuple[int, int, int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A row of the section header table."""

    name: int
    kind: int
    offset: int
    size: int
    link: int
    info: int
    entry: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Elf:
    """An ELF file of which the header has been checked.

    Attributes:
        data: the whole file.
        label: how messages name it.
        kind: ``e_type``.
        table, count: where the section headers start, and how many there are.
        names: the section that holds the sections' names.
    """

    data: memoryview
    label: str
    kind: int
    table: int
    count: int
    names: int

    def section(self, index: int) -> Section:
        if not 0 <= index < self.count:
            raise _damaged(self.label, f"there is no section {index}")
        name, kind, _, _, offset, size, link, info, _, entry = _SECTION.unpack_from(
            self.data, self.table + index * _SECTION.size
        )
        return Section(name=name, kind=kind, offset=offset, size=size, link=link, info=info, entry=entry)

    def sections(self) -> Iterator[Section]:
        return (self.section(index) for index in range(self.count))

    def content(self, section: Section) -> memoryview:
        """The bytes of a section; none where it has none in the file.

        Raises:
            BitcodeError: it reaches beyond the end of the file.
        """
        if section.kind == _SHT_NOBITS:
            return self.data[:0]
        if section.offset + section.size > len(self.data):
            raise _damaged(self.label, f"a section of {section.size} bytes reaches beyond the end of the file")
        return self.data[section.offset : section.offset + section.size]

    def find(self, name: bytes) -> Section | None:
        """The first section of this name."""
        if not self.count:
            return None
        names = bytes(self.content(self.section(self.names)))
        wanted = name + b"\0"
        at = names.find(wanted)
        while at >= 0:
            found = self._first(_SECTION_NAME, at)
            if found is not None:
                return found
            at = names.find(wanted, at + 1)
        return None

    def of_kind(self, kind: int) -> Section | None:
        """The first section of this ``sh_type``."""
        return self._first(_SECTION_KIND, kind)

    def _first(self, field: struct.Struct, value: int) -> Section | None:
        rows = list(field.iter_unpack(self.data[self.table : self.table + self.count * _SECTION.size]))
        return self.section(rows.index((value,))) if (value,) in rows else None


def read_elf(data: bytes | memoryview, label: str) -> Elf:
    """The header of an ELF file.

    Raises:
        BitcodeError: it is cut off, or its section headers lie outside it.
        UnsupportedError: of 32 bits, or big-endian.
    """
    view = memoryview(data)
    if bytes(view[:4]) != MAGIC or len(view) < 64:
        raise _damaged(label, "it has no ELF header")
    if bytes(view[4:6]) != _CLASS_AND_DATA:
        raise UnsupportedError(
            f"{label}: an ELF file of 32 bits or big-endian", hint="Only 64-bit little-endian targets are taken."
        )
    kind, _, _, _, _, table, _, _, _, _, entry, count, names = _HEADER.unpack_from(view)
    if not table:
        return Elf(data=view, label=label, kind=kind, table=0, count=0, names=0)
    if entry != _SECTION.size or table + entry > len(view):
        raise _damaged(label, "its section headers lie outside it")
    # Numbers that do not fit the header stand in the first section.
    _, _, _, _, _, size, link, _, _, _ = _SECTION.unpack_from(view, table)
    count = count or size
    names = link if names == _SHN_XINDEX else names
    if table + count * entry > len(view) or names >= count:
        raise _damaged(label, "its section headers lie outside it")
    return Elf(data=view, label=label, kind=kind, table=table, count=count, names=names)


def read_symbols(data: bytes | memoryview, label: str) -> tuple[LinkSymbol, ...]:
    """The global symbols of a relocatable object, or those of a shared library that a link can see by plain names.

    A library's definition of a version that is not the default (``name@OLD``) answers only to references that name the
    version, and is left out; what the library itself leaves undefined is in. The order is the symbol table's.

    Raises:
        BitcodeError, UnsupportedError: as `read_elf`; or the symbol table is damaged.
    """
    elf = read_elf(data, label)
    table = elf.of_kind(_SHT_DYNSYM if elf.kind == ET_DYN else _SHT_SYMTAB)
    if table is None:
        return ()
    if elf.kind == ET_DYN:
        return tuple(_link_symbols(elf, table, _of_default_version(elf, _rows(elf, table, skip=1))))
    # ``sh_info`` is the first symbol that is not local.
    return tuple(_link_symbols(elf, table, _rows(elf, table, skip=table.info)))


def _of_default_version(elf: Elf, rows: list[_Row]) -> list[_Row]:
    versions = elf.of_kind(_SHT_GNU_VERSYM)
    if versions is None:
        return rows
    content = elf.content(versions)[_VERSION.size :]
    if len(content) < _VERSION.size * len(rows):
        raise _damaged(elf.label, "it has fewer symbol versions than symbols")
    return [
        row
        for row, (version,) in zip(rows, _VERSION.iter_unpack(content[: _VERSION.size * len(rows)]), strict=True)
        if row[3] == _SHN_UNDEF or not (version == _VER_NDX_LOCAL or version & _VERSYM_HIDDEN)
    ]


def _rows(elf: Elf, table: Section, *, skip: int) -> list[_Row]:
    """Name, info, other and section of each symbol, without the first ones."""
    if table.entry != _SYMBOL.size:
        raise _damaged(elf.label, f"symbols of {table.entry} bytes")
    content = elf.content(table)[skip * _SYMBOL.size :]
    return list(_SYMBOL.iter_unpack(content[: len(content) // _SYMBOL.size * _SYMBOL.size]))


def _link_symbols(elf: Elf, table: Section, rows: list[_Row]) -> Iterator[LinkSymbol]:
    # numpy would cost more than it saves: most objects have three symbols.
    strings = bytes(elf.content(elf.section(table.link)))
    room = _SHARED_ENDS * len(strings)
    for name, info, other, section in rows:
        if not name or info < _FIRST_GLOBAL:
            continue
        end = strings.find(b"\0", name)
        if end < 0:
            raise _damaged(elf.label, "a symbol's name is not in its string table")
        room -= end - name
        if room < 0:
            raise _damaged(elf.label, "its symbols' names overlap")
        yield LinkSymbol(
            name=strings[name:end].decode("utf-8", "surrogateescape"),
            defined=section != _SHN_UNDEF,
            weak=info >> 4 == _STB_WEAK,
            common=section == _SHN_COMMON or (info & 0xF == _STT_COMMON and section != _SHN_UNDEF),
            visibility=other & 3,
        )


def _damaged(label: str, what: str) -> BitcodeError:
    return BitcodeError(f"{label}: {what}", hint="The file is damaged: remove it and build again.")
