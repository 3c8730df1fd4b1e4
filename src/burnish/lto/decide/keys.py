"""The cache key of a unit: a digest of everything that can change its objects (``computeLTOCacheKey``, LTO.cpp).

Of names and decisions only those of the unit itself enter, so that an edit elsewhere changes the keys of those units
only that see it. Paths and the order of modules outside of the unit do not enter. The contents of modules that it
imports from enter last: what is known of the unit up to them says whether a change there may have missed it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from burnish import __version__
from burnish.lto.backend import Codegen, Road
from burnish.lto.decide.columns import Bytes, Guids, Ints, distinct
from burnish.lto.decide.plan import Plan
from burnish.lto.decide.units import nameable

#: Counted up when the same inputs come to be worked on in another way.
_SCHEME = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class UnitKey:
    """The key of a unit.

    Attributes:
        exact: covers the content of the modules that the unit imports from.
        near: covers everything else.
        sources: the modules that it imports from; their contents, in this order, are what lies between the two.
    """

    exact: str
    near: str
    sources: tuple[int, ...]


def unit_keys(
    plan: Plan,
    *,
    digests: Sequence[str],
    codegen: Codegen,
    toolchain: str,
    road: Road = Road.THIN,
    outputs: int = 1,
) -> tuple[UnitKey, ...]:
    """The keys of each unit, in hexadecimal digits.

    Args:
        plan: the link's.
        digests: of each module's content, in link order.
        codegen: what rustc was told.
        toolchain: which LLVM works on it, to the last revision.
        road: how units are optimized.
        outputs: objects that each unit is split into.
    """
    start = _start(codegen, toolchain, road, outputs)
    return _keys(start, plan, range(plan.unit_count), digests)


def unit_key(
    plan: Plan,
    unit: int,
    *,
    digests: Sequence[str],
    codegen: Codegen,
    toolchain: str,
    road: Road = Road.THIN,
    outputs: int = 1,
) -> UnitKey:
    """The keys of one unit; those of all are had at less than one by one, see `unit_keys`."""
    (key,) = _keys(_start(codegen, toolchain, road, outputs), plan, range(unit, unit + 1), digests)
    return key


def _start(codegen: Codegen, toolchain: str, road: Road, outputs: int) -> "hashlib._Hash":
    said = ("unit", _SCHEME, __version__, toolchain, str(road), outputs, codegen)
    return hashlib.sha256(repr(said).encode("utf-8", "surrogateescape"))


def _keys(start: "hashlib._Hash", plan: Plan, units: range, digests: Sequence[str]) -> tuple[UnitKey, ...]:
    told = _told(plan, units)
    elsewhere, ends = _elsewhere(plan, units)
    keys = []
    for place, unit in enumerate(units):
        found = start.copy()
        _add_members(found, plan, unit, digests)
        found.update(b"elsewhere")
        found.update(elsewhere[ends[place] : ends[place + 1]].tobytes())
        sources = _add_imports(found, plan, told, place)
        near = found.hexdigest()
        found.update(repr(("contents", *(digests[source] for source in sources))).encode())
        keys.append(UnitKey(exact=found.hexdigest(), near=near, sources=sources))
    return tuple(keys)


def _add_members(found: "hashlib._Hash", plan: Plan, unit: int, digests: Sequence[str]) -> None:
    index = plan.index
    for module in plan.members(unit):
        found.update(repr(("member", digests[module], index.identities[module])).encode())
        found.update(plan.fates.fate[index.starts[module] : index.starts[module + 1]].tobytes())


def _elsewhere(plan: Plan, units: range) -> tuple[Guids, Ints]:
    """GUIDs of the declarations that become hidden, by unit and ascending, and where each unit's start."""
    fates = plan.fates
    first, end = np.searchsorted(fates.wants_unit, [units.start, units.stop])
    symbols, unit = fates.wants_symbol[first:end], fates.wants_unit[first:end]
    known = nameable(plan, symbols)
    return plan.index.guids[symbols[known]], np.searchsorted(unit[known], np.arange(units.start, units.stop + 1))


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Told:
    """What shards say, by unit, identity of the source module, and GUID.

    Attributes:
        rows: of each import one row of bytes.
        starts: where a run of one unit and one source module starts, and one more.
        sources: the source module of each run.
        ends: where each unit's runs start, and one more.
    """

    rows: Bytes
    starts: list[int]
    sources: list[int]
    ends: list[int]


def _told(plan: Plan, units: range) -> _Told:
    index, link = plan.index, plan.link
    first, end = np.searchsorted(plan.imports.unit, [units.start, units.stop])
    rows, unit = plan.imports.row[first:end], plan.imports.unit[first:end]
    source = index.module[rows]
    sources = distinct(source)
    identities = [index.identities[module] for module in sources.tolist()]
    rank = np.empty(len(identities), np.int64)
    rank[sorted(range(len(identities)), key=lambda place: identities[place])] = np.arange(len(identities))
    # Imports stand in order of unit and GUID already.
    order = np.lexsort((rank[np.searchsorted(sources, source)], unit))
    rows, source, unit = rows[order], source[order], unit[order]
    base = index.base[rows]
    marks = link.read_only[base].astype(np.uint8) | link.write_only[base].astype(np.uint8) << 1
    columns = (index.guids[index.symbol[rows]], index.flags[rows], marks, plan.fates.fate[rows])
    told = [np.ascontiguousarray(column).view(np.uint8).reshape(len(rows), column.itemsize) for column in columns]
    fresh = np.ones(len(rows), np.bool_)
    fresh[1:] = (source[1:] != source[:-1]) | (unit[1:] != unit[:-1])
    starts = np.flatnonzero(fresh)
    return _Told(
        rows=np.concatenate(told, axis=1),
        starts=[*starts.tolist(), len(rows)],
        sources=source[starts].tolist(),
        ends=np.searchsorted(unit[starts], np.arange(units.start, units.stop + 1)).tolist(),
    )


def _add_imports(found: "hashlib._Hash", plan: Plan, told: _Told, place: int) -> tuple[int, ...]:
    runs = range(told.ends[place], told.ends[place + 1])
    for run in runs:
        size = told.starts[run + 1] - told.starts[run]
        found.update(repr(("from", plan.index.identities[told.sources[run]], size)).encode())
    found.update(told.rows[told.starts[told.ends[place]] : told.starts[told.ends[place + 1]]].tobytes())
    return tuple(told.sources[run] for run in runs)
