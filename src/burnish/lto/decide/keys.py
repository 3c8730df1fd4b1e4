"""The cache key of a unit: a digest of everything that can change its objects (``computeLTOCacheKey``, LTO.cpp).

Of names and decisions only those of the unit itself enter, so that an edit elsewhere changes the keys of those units
only that see it. Paths and the order of modules outside of the unit do not enter.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from burnish import __version__
from burnish.lto.backend import Codegen, Road
from burnish.lto.decide.columns import Bytes, Guids, Ints, distinct
from burnish.lto.decide.plan import Plan, module_hash
from burnish.lto.decide.units import nameable

#: Counted up when the same inputs come to be worked on in another way.
_SCHEME = 1


def unit_keys(
    plan: Plan,
    *,
    digests: Sequence[str],
    codegen: Codegen,
    toolchain: str,
    road: Road = Road.THIN,
    outputs: int = 1,
) -> tuple[str, ...]:
    """The key of each unit, in hexadecimal digits.

    Args:
        plan: the link's.
        digests: of each module's content, in link order.
        codegen: what rustc was told.
        toolchain: which LLVM works on it, to the last revision.
        road: the pipeline.
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
) -> str:
    """The key of one unit; those of all are had at less than one by one, see `unit_keys`."""
    (key,) = _keys(_start(codegen, toolchain, road, outputs), plan, range(unit, unit + 1), digests)
    return key


def _start(codegen: Codegen, toolchain: str, road: Road, outputs: int) -> "hashlib._Hash":
    said = ("unit", _SCHEME, __version__, toolchain, str(road), outputs, codegen)
    return hashlib.sha256(repr(said).encode("utf-8", "surrogateescape"))


def _keys(start: "hashlib._Hash", plan: Plan, units: range, digests: Sequence[str]) -> tuple[str, ...]:
    told = _told(plan, units, digests)
    elsewhere, ends = _elsewhere(plan, units)
    keys = []
    for place, unit in enumerate(units):
        found = start.copy()
        _add_members(found, plan, unit, digests)
        found.update(b"elsewhere")
        found.update(elsewhere[ends[place] : ends[place + 1]].tobytes())
        _add_imports(found, plan, told, place, digests)
        keys.append(found.hexdigest())
    return tuple(keys)


def _add_members(found: "hashlib._Hash", plan: Plan, unit: int, digests: Sequence[str]) -> None:
    index = plan.index
    for module in plan.members(unit):
        found.update(repr(("member", digests[module], module_hash(index.modules[module]))).encode())
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
    """What shards say, by unit, content of the source module, and GUID.

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


def _told(plan: Plan, units: range, digests: Sequence[str]) -> _Told:
    index, link = plan.index, plan.link
    first, end = np.searchsorted(plan.imports.unit, [units.start, units.stop])
    rows, unit = plan.imports.row[first:end], plan.imports.unit[first:end]
    source = index.module[rows]
    sources = distinct(source)
    contents = [digests[module] for module in sources.tolist()]
    rank = np.empty(len(contents), np.int64)
    rank[sorted(range(len(contents)), key=lambda place: contents[place])] = np.arange(len(contents))
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


def _add_imports(found: "hashlib._Hash", plan: Plan, told: _Told, place: int, digests: Sequence[str]) -> None:
    for run in range(told.ends[place], told.ends[place + 1]):
        source, size = told.sources[run], told.starts[run + 1] - told.starts[run]
        found.update(repr(("from", digests[source], module_hash(plan.index.modules[source]), size)).encode())
    found.update(told.rows[told.starts[told.ends[place]] : told.starts[told.ends[place + 1]]].tobytes())
