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
from burnish.lto.decide.columns import Bytes, Guids, Ints
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
    start = hashlib.sha256(repr(("unit", _SCHEME, __version__, toolchain, str(road), outputs, codegen)).encode())
    told = _told(plan, digests)
    elsewhere, ends = _elsewhere(plan)
    keys = []
    for unit in range(plan.unit_count):
        found = start.copy()
        _add_members(found, plan, unit, digests)
        found.update(b"elsewhere")
        found.update(elsewhere[ends[unit] : ends[unit + 1]].tobytes())
        _add_imports(found, plan, told, unit, digests)
        keys.append(found.hexdigest())
    return tuple(keys)


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
    """The key of one unit; those of all at once cost hardly more, see `unit_keys`."""
    keys = unit_keys(plan, digests=digests, codegen=codegen, toolchain=toolchain, road=road, outputs=outputs)
    return keys[unit]


def _add_members(found: "hashlib._Hash", plan: Plan, unit: int, digests: Sequence[str]) -> None:
    index = plan.index
    for module in plan.members(unit):
        found.update(repr(("member", digests[module], module_hash(index.modules[module]))).encode())
        found.update(plan.fates.fate[index.starts[module] : index.starts[module + 1]].tobytes())


def _elsewhere(plan: Plan) -> tuple[Guids, Ints]:
    """GUIDs of the declarations that become hidden, by unit and ascending, and where each unit's start."""
    fates = plan.fates
    told = nameable(plan, fates.wants_symbol)
    ends = np.searchsorted(fates.wants_unit[told], np.arange(plan.unit_count + 1))
    return plan.index.guids[fates.wants_symbol[told]], ends


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


def _told(plan: Plan, digests: Sequence[str]) -> _Told:
    index, link, imports = plan.index, plan.link, plan.imports
    rank = np.empty(len(digests), np.int64)
    rank[sorted(range(len(digests)), key=lambda module: digests[module])] = np.arange(len(digests))
    source = index.module[imports.row]
    # Imports stand in order of unit and GUID already.
    order = np.lexsort((rank[source], imports.unit))
    rows, source, unit = imports.row[order], source[order], imports.unit[order]
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
        ends=np.searchsorted(unit[starts], np.arange(plan.unit_count + 1)).tolist(),
    )


def _add_imports(found: "hashlib._Hash", plan: Plan, told: _Told, unit: int, digests: Sequence[str]) -> None:
    for run in range(told.ends[unit], told.ends[unit + 1]):
        source, size = told.sources[run], told.starts[run + 1] - told.starts[run]
        found.update(repr(("from", digests[source], module_hash(plan.index.modules[source]), size)).encode())
    found.update(told.rows[told.starts[told.ends[unit]] : told.starts[told.ends[unit + 1]]].tobytes())
