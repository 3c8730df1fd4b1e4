"""Objects of units that the cache holds: those of the very same inputs, and those that a change in a source has missed.

A unit's exact key covers the whole content of each module that it imports from. After an edit of one of them its
importers ask for other objects, though what they import may be what it was. So the near key of a unit remembers what
its sources were when its objects were made. Of a source that has changed since, slim copies of then and now are made,
with what this unit imports and nothing else: where they are equal to the byte, the objects would be too.
"""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from burnish.cache import Cache
from burnish.digests import digest_of
from burnish.errors import LlvmError
from burnish.lto.decide.keys import UnitKey
from burnish.lto.decide.units import Place
from burnish.lto.planning import Program
from burnish.lto.remarks import VERSION as REMARKS_VERSION

#: Bytes of changed sources; to compare more would take as long as to make the unit's objects.
_WORTH_COMPARING: Final = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """A unit of the plan: its number, name, keys and where a backend would write objects and, if asked to, remarks."""

    unit: int
    name: str
    key: UnitKey
    outputs: tuple[Path, ...]
    remarks: Path | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Near:
    """A unit whose objects are known but for a change of some of its sources.

    Attributes:
        objects: digests of the objects.
        changed: module -> digest of what it was.
    """

    wanted: Wanted
    objects: tuple[str, ...]
    changed: Mapping[int, str]


def exact_objects(cache: Cache, wanted: Wanted) -> tuple[Path, ...] | None:
    """The objects made of the very same inputs."""
    digests = cache.recall_all(wanted.key.exact, len(wanted.outputs))
    return None if digests is None else tuple(map(cache.blob, digests))


def keep_objects(cache: Cache, program: Program, key: UnitKey, objects: Sequence[str]) -> None:
    """Remember the objects of a unit, by digest.

    Raises:
        StoreError: the cache cannot be written.
    """
    cache.record(key.exact, objects)
    if key.sources:
        cache.record(key.near, [*(program.digests[source] for source in key.sources), *objects])


def exact_remarks(cache: Cache, wanted: Wanted) -> Path | None:
    """LLVM's remarks on the unit's objects, where a link has asked for them before."""
    digests = cache.recall(_remarks_key(wanted.key))
    return cache.blob(digests[0]) if digests and cache.intact(digests[0]) else None


def keep_remarks(cache: Cache, key: UnitKey, remarks: str) -> None:
    """Remember the remarks on a unit, by digest.

    Raises:
        StoreError: the cache cannot be written.
    """
    cache.record(_remarks_key(key), [remarks])


def _remarks_key(key: UnitKey) -> str:
    return digest_of(f"remarks {REMARKS_VERSION} {key.exact}".encode())


def near_units(cache: Cache, program: Program, missing: Sequence[Wanted]) -> list[Near]:
    """The units of which only sources have changed, little enough for a comparison to pay."""
    found = []
    for wanted in missing:
        sources = wanted.key.sources
        held = cache.recall(wanted.key.near) if sources else None
        if held is None or len(held) != len(sources) + len(wanted.outputs):
            continue
        changed = {
            source: old
            for source, old in zip(sources, held[: len(sources)], strict=True)
            if old != program.digests[source]
        }
        objects = held[len(sources) :]
        small = sum(program.sizes[source] for source in changed) <= _WORTH_COMPARING
        if changed and small and all(map(cache.intact, (*changed.values(), *objects))):
            found.append(Near(wanted=wanted, objects=objects, changed=changed))
    return found


def missed_by_changes(
    program: Program,
    near: Sequence[Near],
    places: Mapping[int, Place],
    cache: Cache,
    *,
    directory: Path,
    jobs: int,
    timeout: float,
) -> list[Near]:
    """Those of the units that import the same as before from each source that changed.

    Args:
        program: what is linked.
        near: the units in question.
        places: of the changed modules as they are now.
        cache: has them as they were.
        directory: is made, for the copies.
        jobs: processes.
        timeout: seconds for one of them.
    """
    from burnish.lto.do import Slim, make_slim  # noqa: PLC0415 - only where there is something to compare

    directory.mkdir()
    copies = []
    for unit in near:
        names = _imported(program, unit.wanted.unit)
        for source, old in unit.changed.items():
            for age, bitcode in (("old", cache.blob(old)), ("new", places[source].bitcode)):
                copies.append(
                    Slim(
                        bitcode=bitcode,
                        label=places[source].label,
                        size=program.sizes[source],
                        out=_copy(directory, unit, source, age),
                        keep=names[source],
                        strip_debug=program.codegen.strip_debug,
                    )
                )
    # What cannot be compared is made anew.
    with contextlib.suppress(LlvmError):
        make_slim(copies, library=program.library, jobs=jobs, timeout=timeout)
    return [unit for unit in near if all(_equal(directory, unit, source) for source in unit.changed)]


def _imported(program: Program, unit: int) -> dict[int, frozenset[str]]:
    """By module, what a unit imports from it."""
    plan = program.plan
    found: dict[int, set[str]] = {}
    for row in plan.imports.row[plan.imports_of(unit)].tolist():
        found.setdefault(int(plan.index.module[row]), set()).add(plan.index.ir_name(row))
    return {module: frozenset(names) for module, names in found.items()}


def _copy(directory: Path, near: Near, source: int, age: str) -> Path:
    return directory / f"{near.wanted.unit}.{source}.{age}.bc"


def _equal(directory: Path, near: Near, source: int) -> bool:
    try:
        old, new = (_copy(directory, near, source, age).read_bytes() for age in ("old", "new"))
    except OSError:
        return False
    return old == new
