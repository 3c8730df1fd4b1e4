"""What a program is made of: sizes by section, crate, module, function, generic; what would go with what. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from burnish.xray.names import UNNAMED
from burnish.xray.values import Anatomy


@dataclass(frozen=True, kw_only=True, slots=True)
class SectionRow:
    """A part of the file; sizes in bytes."""

    name: str
    kind: str
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CrateRow:
    """A crate's code and data in the file, bytes; ``symbols`` how many."""

    name: str
    code: int
    data: int
    symbols: int

    @property
    def size(self) -> int:
        return self.code + self.data


@dataclass(frozen=True, kw_only=True, slots=True)
class ModuleRow:
    """A Rust module (``core::fmt``), bytes of its symbols."""

    name: str
    size: int
    symbols: int


class FunctionRow(msgspec.Struct, frozen=True, kw_only=True):  # as many as functions: a dataclass takes thrice as long
    """A symbol. ``retained``: bytes that would go if it went; -1: not known."""

    name: str
    crate: str
    size: int
    retained: int
    code: bool

    @property
    def named(self) -> bool:
        """Whether it has a name: constants and vtables have none."""
        return not self.name.startswith(UNNAMED)


@dataclass(frozen=True, kw_only=True, slots=True)
class GenericRow:
    """A generic with its copies: how many, all their bytes, the largest."""

    name: str
    crate: str
    copies: int
    size: int
    largest: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """All of a program.

    Attributes:
        size: bytes of the file; ``stripped``: without symbols; ``kept``: of what no run of the program needs, symbols,
            debug info, and relocations that were kept to tell what refers to what.
        loose: bytes in sections of code and data that no symbol covers.
        retained: known where the program was linked with its relocations; largest first.
    """

    size: int
    stripped: int
    kept: int
    sections: tuple[SectionRow, ...]
    crates: tuple[CrateRow, ...]
    loose: int
    modules: tuple[ModuleRow, ...]
    functions: tuple[FunctionRow, ...]
    generics: tuple[GenericRow, ...]
    retained: tuple[FunctionRow, ...]


def made_of(anatomy: Anatomy, crate: str = "", min_bytes: int = 0) -> Made:
    """What it is made of; with ``crate``, modules, functions, generics of it alone; rows of ``min_bytes`` and more."""
    functions = _functions(anatomy, crate, min_bytes)
    retained = [row for row in functions if row.retained > row.size and row.named]
    return Made(
        size=anatomy.size,
        stripped=anatomy.stripped,
        kept=sum(each.file for each in anatomy.sections if not each.memory and _not_run(each.kind)),
        sections=_sections(anatomy),
        crates=tuple(row for row in _crates(anatomy) if row.size >= min_bytes and crate in {"", row.name}),
        loose=sum(
            size for number, size in anatomy.loose.items() if anatomy.sections[number].file and _holds(anatomy, number)
        ),
        modules=tuple(row for row in _modules(anatomy, crate) if row.size >= min_bytes),
        functions=functions,
        generics=tuple(row for row in _generics(anatomy, crate) if row.size >= min_bytes),
        retained=tuple(sorted(retained, key=lambda row: (-row.retained, row.name))),
    )


def _holds(anatomy: Anatomy, section: int) -> bool:
    return anatomy.sections[section].kind in {"code", "data", "constants"}


def _not_run(kind: str) -> bool:
    return kind in {"symbols", "debug", "linking"}


def _sections(anatomy: Anatomy) -> tuple[SectionRow, ...]:
    rows = [SectionRow(name=each.name, kind=each.kind, size=each.file) for each in anatomy.sections if each.file]
    return tuple(sorted(rows, key=lambda row: (-row.size, row.name)))


def _rows(anatomy: Anatomy, crate: str) -> Iterable[int]:
    """Rows of symbols that take room in the file."""
    symbols, files = anatomy.symbols, [each.file > 0 for each in anatomy.sections]
    wanted = None if not crate else anatomy.crates.index(crate) if crate in anatomy.crates else -1
    return (
        row
        for row, section in enumerate(symbols.section)
        if files[section] and (wanted is None or symbols.crate[row] == wanted)
    )


def _crates(anatomy: Anatomy) -> tuple[CrateRow, ...]:
    symbols = anatomy.symbols
    code, data, count = defaultdict[int, int](int), defaultdict[int, int](int), defaultdict[int, int](int)
    for row in _rows(anatomy, ""):
        kind = code if anatomy.sections[symbols.section[row]].kind == "code" else data
        kind[symbols.crate[row]] += symbols.size[row]
        count[symbols.crate[row]] += 1
    rows = [
        CrateRow(name=anatomy.crates[number], code=code[number], data=data[number], symbols=count[number])
        for number in count
    ]
    return tuple(sorted(rows, key=lambda row: (-row.size, row.name)))


def _modules(anatomy: Anatomy, crate: str) -> tuple[ModuleRow, ...]:
    symbols = anatomy.symbols
    sizes, count = defaultdict[str, int](int), defaultdict[str, int](int)
    names: dict[int, str] = {}
    for row in _rows(anatomy, crate):
        shown = symbols.shown[row]
        name = names.get(shown)
        if name is None:
            name = names[shown] = module_of(anatomy.names[shown], anatomy.crates[symbols.crate[row]])
        sizes[name] += symbols.size[row]
        count[name] += 1
    rows = [ModuleRow(name=name, size=sizes[name], symbols=count[name]) for name in sizes]
    return tuple(sorted(rows, key=lambda row: (-row.size, row.name)))


def _functions(anatomy: Anatomy, crate: str, least: int) -> tuple[FunctionRow, ...]:
    symbols = anatomy.symbols
    rows = [
        FunctionRow(
            name=anatomy.names[symbols.shown[row]],
            crate=anatomy.crates[symbols.crate[row]],
            size=symbols.size[row],
            retained=symbols.retained[row],
            code=anatomy.sections[symbols.section[row]].kind == "code",
        )
        for row in _rows(anatomy, crate)
        if symbols.size[row] >= least
    ]
    return tuple(sorted(rows, key=lambda row: (-row.size, row.name)))


def _generics(anatomy: Anatomy, crate: str) -> tuple[GenericRow, ...]:
    symbols = anatomy.symbols
    copies: Mapping[int, list[int]] = defaultdict(list)
    for row in _rows(anatomy, crate):
        if symbols.generic[row] >= 0:
            copies[symbols.generic[row]].append(row)
    rows = [
        GenericRow(
            name=anatomy.names[number],
            crate=anatomy.crates[symbols.crate[found[0]]],
            copies=len(found),
            size=sum(symbols.size[row] for row in found),
            largest=max(symbols.size[row] for row in found),
        )
        for number, found in copies.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.size, row.name)))


#: The leading path of a name: of ``<a::b::T as c::D>::f`` that of T, behind references, pointers and slices.
_LEADING = re.compile(r"(?:[<&*\[(]|mut |const |dyn |impl )*(?P<path>\w+(?:::\w+)*)(?P<more>::)?")


def module_of(shown: str, crate: str) -> str:
    """The Rust module that a name says it is in; the crate where it says none.

    By Rust's habit types begin with a capital: ``core::fmt::Formatter::pad`` is of ``core::fmt``.
    """
    found = _LEADING.match(shown)
    parts = found["path"].split("::") if found is not None else []
    if found is None or not parts or parts[0] != crate:
        return crate
    path = []
    for part in parts if found["more"] else parts[:-1]:
        if part[:1].isupper():
            break
        path.append(part)
    return "::".join(path) or crate
