"""The record of a real build, as `recording` keeps it, and what its link line says of modules. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final

import msgspec

#: Version of the file's form.
VERSION: Final = 1

#: Longer link lines than any kernel takes are not read.
MAX_LINE: Final = 16 << 20

_QUOTED: Final = re.compile(r'"([^"\n]*)"')
#: ``std-d1237ef7159db0a2.std.e28293b1aa0f68bd-cgu.0.rcgu.o``: an object of another crate, renamed after its module.
_UPSTREAM: Final = re.compile(r"(\w+-[0-9a-f]{16})\..*")
_OBJECT: Final = ".rcgu.o"
_LIBRARY: Final = re.compile(r"lib([A-Za-z0-9_]+)-[0-9a-f]{16}\.rlib")


class CrateRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A rustc run of the build.

    Attributes:
        role: ``final``, ``library`` or ``host`` (build script, proc macro, what only they use).
        args: what rustc got, nothing of burnish's own in it.
        wall, cpu: seconds; ``memory``: bytes.
        units: objects of codegen units in its archive, None where there is no archive to look into.
        native: other objects in it.
    """

    crate: str
    package: str
    role: str
    args: tuple[str, ...]
    wall: float
    cpu: float
    memory: int
    units: int | None = None
    native: int = 0


class LinkFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a link line says of modules.

    Attributes:
        own: codegen units of the final crate, None where they were merged before the linker saw them.
        upstream: modules of other crates that went through thin LTO, by crate and hash: std has crates of its own
            that programs use in other versions as well.
        archives: rlibs that the linker still got, by crate name; outside of LTO where LTO was done.
    """

    own: int | None
    upstream: dict[str, int]
    archives: tuple[str, ...]


class BuildRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A build of the artifact by plain cargo, every rustc run recorded.

    Attributes:
        created: ISO 8601, UTC.
        settings: the effective profile's keys and values, as they were.
        sources: a digest of the sources.
        crates: libraries and host crates in the order they were compiled, the final crate last.
        link: of the profile's own link; ``probe`` of the same modules with thin LTO, where fat hid them.
        std: modules of the standard library by crate, as far as they have bitcode.
    """

    version: int
    created: str
    rustc: str
    target: str
    settings: dict[str, str]
    sources: str
    crates: tuple[CrateRecord, ...]
    link: LinkFacts
    std: dict[str, int]
    probe: LinkFacts | None = None
    wall: float = 0.0

    @property
    def final(self) -> CrateRecord:
        return self.crates[-1]

    @property
    def libraries(self) -> tuple[CrateRecord, ...]:
        return tuple(crate for crate in self.crates if crate.role == "library")

    @property
    def hosts(self) -> tuple[CrateRecord, ...]:
        return tuple(crate for crate in self.crates if crate.role == "host")

    @property
    def own_units(self) -> int | None:
        """Codegen units of the final crate."""
        return self.link.own if self.probe is None else self.probe.own


def words_of(line: str) -> tuple[str, ...]:
    """The words of a link line as ``rustc --print link-args`` writes it; too long a line has none."""
    return tuple(_QUOTED.findall(line)) if len(line) <= MAX_LINE else ()


def link_facts(words: Iterable[str], *, crate: str, extra: str, fat: bool) -> LinkFacts:
    """What a link line says.

    Args:
        words: of the line.
        crate: the final crate.
        extra: rustc's ``-C extra-filename``, ``-`` and a hash.
        fat: fat LTO was done: the one object left is no codegen unit.
    """
    prefix = f"{crate}{extra}."
    own: list[str] = []
    upstream: Counter[str] = Counter()
    archives = []
    for word in words:
        name = word.rpartition("/")[2]
        if name.startswith(prefix) and name.endswith(_OBJECT):
            module = name.removeprefix(prefix).removesuffix(_OBJECT)
            found = _UPSTREAM.fullmatch(module) if module.endswith(_OBJECT) else None
            if found:
                upstream[found[1]] += 1
            else:
                own.append(module)
        elif found := _LIBRARY.fullmatch(name):
            archives.append(found[1])
    return LinkFacts(own=None if fat else _units(own), upstream=dict(upstream), archives=tuple(archives))


def _units(objects: list[str]) -> int | None:
    """How many are codegen units: the rest is the allocator's module. Incremental builds name all by hashes."""
    if not objects:
        return None
    named = sum("-cgu." in name for name in objects)
    return named or max(1, len(objects) - 1)


def without_ours(args: Iterable[str], path: str) -> tuple[str, ...]:
    """The arguments of rustc without the request for the link line."""
    kept: list[str] = []
    for arg in args:
        if path in arg and kept and kept[-1] == "--print":
            kept.pop()
        elif path not in arg:
            kept.append(arg)
    return tuple(kept)


def reached(final: Sequence[str], units: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """The units that become part of the program: what the final crate names with ``--extern``, and so on.

    Args:
        final: rustc's arguments for the final crate.
        units: the arguments of all units by the hash in their files' names.
    """
    found: set[str] = set()
    todo = [final]
    while todo:
        args = todo.pop()
        for flag, value in pairwise(args):
            unit = value.rpartition(".")[0].rpartition("-")[2] if flag == "--extern" else ""
            if unit in units and unit not in found and "proc-macro" not in units[unit]:
                found.add(unit)
                todo.append(units[unit])
    return frozenset(found)


def differences(record: BuildRecord, settings: Mapping[str, str], rustc: str) -> tuple[str, ...]:
    """Why a record does not speak of the profile as it is now; empty where it does."""
    found = [
        f"{key} was {record.settings.get(key, 'unset')}"
        for key, value in settings.items()
        if record.settings.get(key) != value
    ]
    if record.rustc != rustc:
        found.append(f"the compiler was {record.rustc}")
    return tuple(found)
