"""What the optimizer said and what went into it, as columns: written by links that are asked for it (``xray``).

Values only; names stand once in ``names``.
"""

from typing import Final

import msgspec

#: Version of the form.
VERSION: Final = 1


class InlineColumns(msgspec.Struct, frozen=True, kw_only=True):
    """LLVM's verdicts on call sites (remarks of the pass ``inline``), equal ones of a unit in one row.

    Attributes:
        unit: number of the unit.
        caller, callee: names as in the modules: what LLVM added to make them unique (``.llvm.N``, ``.N``) is taken off.
        inlined: whether it was.
        cost, threshold: LLVM's; where it gave none (always, never), the threshold is -1 and so is the cost. Costs can
            be negative: the only call of a local function earns a bonus.
        reason: number into ``reasons``: LLVM's words where it gave any (``noinline function attribute``,
            ``unavailable definition``, ``too costly``, ``always inline attribute``); -1: none.
        count: how often LLVM said so. Of inlined rows, call sites; of others perhaps more than there are, as LLVM
            looks at a call again when its surroundings have changed.
    """

    unit: list[int]
    caller: list[int]
    callee: list[int]
    inlined: list[bool]
    cost: list[int]
    threshold: list[int]
    reason: list[int]
    count: list[int]


class DefinitionColumns(msgspec.Struct, frozen=True, kw_only=True):
    """Every definition of every module before the link: instructions of functions (-1: a variable or an alias).

    ``module`` counts as in `burnish.lto.decided.Decisions.modules`.
    """

    module: list[int]
    name: list[int]
    instructions: list[int]
    live: list[bool]


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """All of a link.

    Attributes:
        units: as in `burnish.lto.decided.Decisions.units`.
        unknown: how many remarks could not be read.
    """

    version: int
    names: list[str]
    reasons: list[str]
    units: list[str]
    inlines: InlineColumns
    definitions: DefinitionColumns
    unknown: int = 0
