"""What backends are told of a plan: units and members by name.

Names are looked up for one unit at a time: only units that no cache holds need them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from burnish.lto.backend import Member, Road, Unit
from burnish.lto.decide.columns import Bools, Ints
from burnish.lto.decide.fate import Fate
from burnish.lto.decide.index import Index
from burnish.lto.decide.plan import Plan, promoted_name
from burnish.lto.decide.thinlink import Root
from burnish.lto.modules import Linkage


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A module's bitcode: a file that holds exactly the module, and how messages name it."""

    bitcode: Path
    label: str


def unit_of(
    plan: Plan,
    unit: int,
    *,
    name: str,
    places: Sequence[Place],
    outputs: Sequence[Path],
    shard: Path | None,
    road: Road = Road.THIN,
) -> Unit:
    """A unit of the plan.

    Args:
        plan: the link's.
        unit: its number.
        name: for messages and files; unique in the link.
        places: of all modules, in link order.
        outputs: where the objects go.
        shard: where the unit's index lies; the unit has none where it imports nothing.
        road: the pipeline.
    """
    imports = plan.imports_of(unit)
    count = imports.stop - imports.start
    members = plan.members(unit)
    rows = _rows(plan.index, members)
    fate = plan.fates.fate[rows]
    return Unit(
        name=name,
        members=tuple(_member(plan, module, places[module]) for module in members),
        outputs=tuple(outputs),
        shard=shard if count else None,
        imports=count,
        visible=_names(plan, rows[_stays(plan, rows)]),
        hidden=_names(plan, rows[(fate == Fate.HIDDEN) | (fate == Fate.PROMOTED)]),
        elsewhere=_names(plan, elsewhere_rows(plan, unit)),
        road=road,
    )


def _rows(index: Index, modules: list[int]) -> Ints:
    return np.concatenate([np.arange(index.starts[module], index.starts[module + 1]) for module in modules])


def _stays(plan: Plan, rows: Ints) -> Bools:
    fate = plan.fates.fate[rows]
    linkage = plan.index.linkage[rows]
    local = (linkage == Linkage.INTERNAL) | (linkage == Linkage.PRIVATE)
    stays: Bools = (fate == Fate.VISIBLE) | ((fate == Fate.KEPT) & ~local)
    return stays


def _member(plan: Plan, module: int, place: Place) -> Member:
    index = plan.index
    rows = _rows(index, [module])
    fate = plan.fates.fate[rows]
    return Member(
        bitcode=place.bitcode,
        label=place.label,
        promote={index.ir_name(row): promoted_name(index, row) for row in rows[fate == Fate.PROMOTED].tolist()},
        dead=tuple(index.ir_name(row) for row in rows[fate == Fate.DEAD].tolist()),
        other_copies=tuple(index.ir_name(row) for row in rows[fate == Fate.OTHER_COPY].tolist()),
    )


def elsewhere_rows(plan: Plan, unit: int) -> Ints:
    """The definitions in other units that a unit refers to and that nobody outside of the link can see.

    What is visible keeps its declarations too: a hidden one would take the symbol out of the dynamic symbol table.
    """
    index = plan.index
    wanted = plan.fates.wanted_by(unit)
    wanted = wanted[nameable(plan, wanted)]
    prevailing = plan.link.prevailing[wanted]
    rows: Ints = np.where(prevailing >= 0, prevailing, index.copies.targets[index.copies.starts[wanted]])
    return rows


def nameable(plan: Plan, wanted: Ints) -> Bools:
    """Of symbols that units want, which have one name that only the link knows.

    Without a prevailing row a symbol is a local; several locals of one GUID do not come to have one name.
    """
    one = (plan.link.prevailing[wanted] >= 0) | (plan.index.copies.counts(wanted) == 1)
    known: Bools = one & (plan.link.root[wanted] == Root.NONE)
    return known


def _names(plan: Plan, rows: Ints) -> tuple[str, ...]:
    """Names as they are in the end: promoted ones are the new ones."""
    index = plan.index
    promoted = (plan.fates.fate[rows] == Fate.PROMOTED).tolist()
    return tuple(
        promoted_name(index, row) if changed else index.ir_name(row)
        for row, changed in zip(rows.tolist(), promoted, strict=True)
    )
