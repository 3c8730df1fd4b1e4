"""All that was decided in a link, as columns: what every link leaves behind, and what views of it are made from.

A program of two hundred crates has twenty thousand imports and as many refusals. As columns of numbers with each name
once they are written in a blink; as one object each they would cost more than the thin link. Values only.
"""

from typing import Final

import msgspec

#: Version of the form.
VERSION: Final = 2


class DecidedModule(msgspec.Struct, frozen=True, kw_only=True):
    """A module: its object, its codegen unit's name, its unit (a number), what lives of it, and how often each fate.

    ``suffix`` is what promoted locals of it get.
    """

    label: str
    source: str
    unit: int
    definitions: int
    live: int
    fates: dict[str, int]
    suffix: str


class ImportColumns(msgspec.Struct, frozen=True, kw_only=True):
    """Imports: unit, name and module of what comes, name of who asks for it, depth, threshold (-1: none), size."""

    unit: list[int]
    name: list[int]
    module: list[int]
    caller: list[int]
    depth: list[int]
    threshold: list[int]
    instructions: list[int]


class RefusalColumns(msgspec.Struct, frozen=True, kw_only=True):
    """Refusals: as imports, and the number of the reason, one of LLVM's ``ImportFailureReason``."""

    unit: list[int]
    name: list[int]
    module: list[int]
    caller: list[int]
    depth: list[int]
    threshold: list[int]
    instructions: list[int]
    reason: list[int]


class FateColumns(msgspec.Struct, frozen=True, kw_only=True):
    """Definitions that stay, are promoted, or give way: module, name, `Fate`, number of the reason."""

    module: list[int]
    name: list[int]
    fate: list[int]
    reason: list[int]


class Decisions(msgspec.Struct, frozen=True, kw_only=True):
    """A link's decisions. Numbers point into ``modules``, ``units``, ``names`` and ``reasons``.

    Attributes:
        units: names of the units; ``costs`` what each has to do, in instructions.
        names: each symbol's name once.
        reasons: each reason once.
    """

    version: int
    modules: list[DecidedModule]
    units: list[str]
    costs: list[int]
    names: list[str]
    reasons: list[str]
    imports: ImportColumns
    refusals: RefusalColumns
    fates: FateColumns
