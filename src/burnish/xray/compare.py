"""Two programs compared: sections, crates, functions, generics, each byte of the difference once. Pure.

Names are matched as Rust writes them: hashes and disambiguators differ from build to build. Several copies of one name
are matched together.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from burnish.xray.pieces import CONTENT
from burnish.xray.values import Anatomy

#: In place of a crate and of a name: bytes that no symbol covers, padding mostly.
LOOSE: Final = "[no symbol]"


class State(StrEnum):
    """What became of something."""

    NEW = "new"
    GONE = "gone"
    GROWN = "grown"
    SHRUNK = "shrunk"
    SAME = "same"


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """Bytes in the file before and after, of so many copies each."""

    name: str
    crate: str
    before: int
    after: int
    copies: tuple[int, int]

    @property
    def change(self) -> int:
        return self.after - self.before

    @property
    def state(self) -> State:
        if not self.copies[0]:
            return State.NEW
        if not self.copies[1]:
            return State.GONE
        return State.GROWN if self.change > 0 else State.SHRUNK if self.change < 0 else State.SAME


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """All that differs, largest changes first.

    Attributes:
        size, stripped: bytes of the files, and of the files without symbols, before and after.
        sections: every part of the file; their changes add up to the files' difference.
        crates: code and data, with what no symbol covers; they add up to the sections of code, data and constants.
        functions: by name; the same sum as ``crates``.
        generics: the names with copies, without their type arguments.
    """

    size: tuple[int, int]
    stripped: tuple[int, int]
    sections: tuple[Change, ...]
    crates: tuple[Change, ...]
    functions: tuple[Change, ...]
    generics: tuple[Change, ...]

    def count(self, state: State) -> int:
        """How many functions and variables became so."""
        return sum(row.state is state for row in self.functions)

    def bytes(self, state: State) -> int:
        """The change that they make together."""
        return sum(row.change for row in self.functions if row.state is state)


_Key = tuple[str, str]
_Sums = Mapping[_Key, tuple[int, int]]


def compare(before: Anatomy, after: Anatomy) -> Difference:
    """What differs from ``before`` to ``after``."""
    return Difference(
        size=(before.size, after.size),
        stripped=(before.stripped, after.stripped),
        sections=_changes(_sections(before), _sections(after)),
        crates=_changes(_crates(before), _crates(after)),
        functions=_changes(_functions(before), _functions(after)),
        generics=_changes(_generics(before), _generics(after)),
    )


def _changes(before: _Sums, after: _Sums) -> tuple[Change, ...]:
    rows = []
    for key in {**before, **after}:
        (size, copies), (later, left) = before.get(key, (0, 0)), after.get(key, (0, 0))
        rows.append(Change(name=key[0], crate=key[1], before=size, after=later, copies=(copies, left)))
    return tuple(sorted(rows, key=lambda row: (-abs(row.change), -row.after, row.name, row.crate)))


def _sums(rows: Iterable[tuple[_Key, int]]) -> _Sums:
    size, copies = defaultdict[_Key, int](int), defaultdict[_Key, int](int)
    for key, each in rows:
        size[key] += each
        copies[key] += 1
    return {key: (size[key], copies[key]) for key in size}


def _sections(anatomy: Anatomy) -> _Sums:
    return _sums(((row.name, ""), row.file) for row in anatomy.sections if row.file)


def _rows(anatomy: Anatomy) -> Iterable[int]:
    in_file = [row.file > 0 for row in anatomy.sections]
    return (row for row, section in enumerate(anatomy.symbols.section) if in_file[section])


def _loose(anatomy: Anatomy) -> int:
    """Bytes of code and data that no row has, so that all rows and they are the sections' bytes."""
    rows = anatomy.symbols
    whole = sum(row.file for row in anatomy.sections if row.kind in CONTENT)
    return whole - sum(rows.size[row] for row in _rows(anatomy))


def _crates(anatomy: Anatomy) -> _Sums:
    rows = anatomy.symbols
    crates = ((anatomy.crates[rows.crate[row]], rows.size[row]) for row in _rows(anatomy))
    return _sums([*(((name, name), size) for name, size in crates), ((LOOSE, LOOSE), _loose(anatomy))])


def _functions(anatomy: Anatomy) -> _Sums:
    rows, names, crates = anatomy.symbols, anatomy.names, anatomy.crates
    found = [((names[rows.shown[row]], crates[rows.crate[row]]), rows.size[row]) for row in _rows(anatomy)]
    return _sums([*found, ((LOOSE, LOOSE), _loose(anatomy))])


def _generics(anatomy: Anatomy) -> _Sums:
    rows, names, crates = anatomy.symbols, anatomy.names, anatomy.crates
    return _sums(
        ((names[rows.generic[row]], crates[rows.crate[row]]), rows.size[row])
        for row in _rows(anatomy)
        if rows.generic[row] >= 0
    )
