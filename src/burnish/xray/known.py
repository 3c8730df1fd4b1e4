"""A picture made ready for questions: one number for each name, whatever table it came from. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from burnish.lto.decided import Decisions
from burnish.lto.remarks import plain_name
from burnish.lto.seen import Seen
from burnish.xray.picture import Names, Picture
from burnish.xray.values import Anatomy

#: Crates of the toolchain's own library. What goes on among them is the same in nearly every program.
STANDARD: Final = frozenset({
    "alloc", "compiler_builtins", "core", "gimli", "addr2line", "adler2", "cfg_if", "hashbrown", "memchr",
    "miniz_oxide", "object", "panic_abort", "panic_unwind", "proc_macro", "rustc_demangle", "rustc_literal_escaper",
    "rustc_std_workspace_alloc", "rustc_std_workspace_core", "std", "std_detect", "unwind", "__rustc",
})  # fmt: skip

#: In place of a crate: the module that connects ``__rust_alloc`` and its kin to the allocator.
ALLOCATOR: Final = "[allocator]"


class Definition(msgspec.Struct, frozen=True, kw_only=True):  # tens of thousands: a dataclass takes thrice as long
    """A name that the link's modules define: where, how large (instructions; -1: no function), whether it lives."""

    number: int
    modules: tuple[int, ...]
    instructions: int
    live: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """The tables of one link, joined. Numbers are those of `Seen.names`.

    Attributes:
        decided: number of each of `Decisions.names`, -1 where the modules define none such.
        definitions: by number.
        rows: rows of the anatomy's symbols, by number: what is left in the program.
        module_crates: the crate of each module.
        unit_crates: the crate of each unit; of a unit of several crates its own name.
        own: the program's own crates and its dependencies, without the standard library.
    """

    anatomy: Anatomy
    decisions: Decisions
    seen: Seen
    names: Names
    decided: list[int]
    definitions: dict[int, Definition]
    rows: dict[int, list[int]]
    module_crates: list[str]
    unit_crates: list[str]
    own: frozenset[str]

    def shown(self, number: int) -> str:
        """The name as Rust writes it."""
        return self.names.shown[number] if number >= 0 else "?"

    def crate(self, number: int) -> str:
        """The crate of a name."""
        return self.names.crates[self.names.crate[number]] if number >= 0 else "?"

    def size(self, number: int) -> int:
        """Bytes in the program, of all that has the name."""
        return sum(self.anatomy.symbols.size[row] for row in self.rows.get(number, ()))

    def instructions(self, number: int) -> int:
        """Instructions before the link; -1 where it is no function, or not known."""
        found = self.definitions.get(number)
        return -1 if found is None else found.instructions


def known(picture: Picture) -> Known | None:
    """The picture of a link of burnish's engine; None of any other program."""
    decisions, seen, names = picture.decisions, picture.seen, picture.names
    if decisions is None or seen is None or names is None:
        return None
    numbers = {name: number for number, name in enumerate(seen.names)}
    crates = [crate_of_module(module.source) for module in decisions.modules]
    return Known(
        anatomy=picture.anatomy,
        decisions=decisions,
        seen=seen,
        names=names,
        decided=[numbers.get(name, -1) for name in decisions.names],
        definitions=_definitions(seen),
        rows=_rows(picture.anatomy, numbers),
        module_crates=crates,
        unit_crates=_unit_crates(decisions, crates),
        own=frozenset(own_crates(crates)),
    )


def own_crates(crates: Sequence[str]) -> list[str]:
    """Of the crates of a link's modules, in the order of the link, those of the program and its dependencies.

    rustc puts std and all that std is made of last. So a program's own memchr is told from std's copy of it.
    """
    first = crates.index("std") if "std" in crates else len(crates)
    standard = {ALLOCATOR} if first < len(crates) else {ALLOCATOR, *STANDARD}
    return [crate for crate in crates[:first] if crate not in standard]


def crate_of_module(source: str) -> str:
    """The crate of a codegen unit by rustc's name for it: ``std.0123456789abcdef-cgu.0``.

    The module that rustc makes for ``__rust_alloc`` and the like has a hash alone.
    """
    crate, dot, _ = source.partition(".")
    return crate if dot else ALLOCATOR


def _unit_crates(decisions: Decisions, crates: list[str]) -> list[str]:
    members: dict[int, set[str]] = defaultdict(set)
    for number, module in enumerate(decisions.modules):
        members[module.unit].add(crates[number])
    return [
        next(iter(found)) if len(found := members.get(number, set())) == 1 else name
        for number, name in enumerate(decisions.units)
    ]


def _definitions(seen: Seen) -> dict[int, Definition]:
    columns = seen.definitions
    modules: dict[int, list[int]] = defaultdict(list)
    instructions: dict[int, int] = {}
    alive: set[int] = set()
    for module, name, size, live in zip(columns.module, columns.name, columns.instructions, columns.live, strict=True):
        modules[name].append(module)
        instructions[name] = max(size, instructions.get(name, -1))
        if live:
            alive.add(name)
    return {
        number: Definition(number=number, modules=tuple(found), instructions=instructions[number], live=number in alive)
        for number, found in modules.items()
    }


def _rows(anatomy: Anatomy, numbers: dict[str, int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for row, name in enumerate(anatomy.symbols.name):
        number = numbers.get(anatomy.names[name])
        if number is None:
            number = numbers.get(plain_name(anatomy.names[name]))
        if number is not None:
            found[number].append(row)
    return dict(found)
