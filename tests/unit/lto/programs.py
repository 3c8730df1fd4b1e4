"""Made-up programs as module summaries: no bitcode, no LLVM; written where a test wants them or drawn by Hypothesis."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from hypothesis import strategies as st

from burnish.lto.modules import Kind, Linkage, ModuleSummary, SymbolFlag, SymbolTable
from burnish.lto.objects import Resolution


@dataclass(frozen=True, kw_only=True, slots=True)
class Value:
    """A definition; what it refers to and calls by name, a local of its own module or else a global one."""

    name: str
    kind: Kind = Kind.FUNCTION
    linkage: Linkage = Linkage.EXTERNAL
    size: int = 10
    attributes: int = 0
    flags: int = 0
    refs: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    hotness: int = 0
    aliasee: str = ""
    used: bool = False

    @property
    def mentions(self) -> tuple[str, ...]:
        return (*self.refs, *self.reads, *self.writes, *self.calls)


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A module before it is one."""

    name: str
    values: tuple[Value, ...]
    assembly: tuple[str, ...] = field(default=())

    def has(self, name: str) -> bool:
        return any(value.name == name for value in self.values)


def guid_of(name: str, source: str, linkage: Linkage) -> int:
    text = f"{source};{name}" if linkage.is_local else name
    return int.from_bytes(hashlib.md5(text.encode(), usedforsecurity=False).digest()[:8], "little")


def summary_of(source: Source) -> ModuleSummary:
    """The module's columns, as a reader would give them."""
    wanted = dict.fromkeys(name for value in source.values for name in value.mentions)
    outside = [name for name in wanted if not source.has(name)]
    values = [*source.values, *(Value(name=name) for name in outside)]
    ids = {value.name: number for number, value in enumerate(values)}
    defined = np.array([number < len(source.values) for number in range(len(values))], np.bool_)
    refs = [[ids[name] for name in (*value.refs, *value.reads, *value.writes)] for value in values]
    calls = [[ids[name] for name in value.calls] for value in values]
    names = [value.name.encode() for value in values]
    return ModuleSummary(
        source_filename=source.name,
        producer="LLVM22",
        triple="x86_64-unknown-linux-gnu",
        hash=_hash(source),
        version=12,
        flags=0,
        names=b"".join(names),
        name_starts=_starts([len(name) for name in names]),
        kind=np.array([value.kind for value in values], np.uint8),
        linkage=np.array([value.linkage for value in values], np.uint8),
        visibility=np.zeros(len(values), np.uint8),
        defined=defined,
        guid=np.array([guid_of(value.name, source.name, value.linkage) for value in values], np.uint64),
        summarized=defined.copy(),
        summary_flags=np.array([value.linkage | value.flags for value in values], np.uint32),
        instructions=np.array([value.size for value in values], np.uint32),
        attributes=np.array([value.attributes for value in values], np.uint32),
        aliasee=np.array([ids[value.aliasee] if value.aliasee else -1 for value in values], np.int32),
        ref_starts=_starts([len(row) for row in refs]),
        refs=np.array([target for row in refs for target in row], np.uint32),
        read_only=np.array([len(value.reads) for value in values], np.uint32),
        write_only=np.array([len(value.writes) for value in values], np.uint32),
        call_starts=_starts([len(row) for row in calls]),
        callees=np.array([target for row in calls for target in row], np.uint32),
        edges=np.array([value.hotness for value in values for _ in value.calls], np.uint8),
        symbols=_symbols(source, values, defined),
    )


def _hash(source: Source) -> tuple[int, int, int, int, int]:
    words = np.frombuffer(hashlib.sha1(repr(source).encode(), usedforsecurity=False).digest(), "<u4").tolist()
    return (words[0], words[1], words[2], words[3], words[4])


def _starts(sizes: Sequence[int]) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    return np.array([0, *np.cumsum(sizes)], np.uint32)


def _symbols(
    source: Source, values: Sequence[Value], defined: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> SymbolTable:
    rows = [
        (value.name, (0 if defined[number] else SymbolFlag.UNDEFINED) | (SymbolFlag.USED if value.used else 0), number)
        for number, value in enumerate(values)
        if not value.linkage.is_local
    ]
    rows += [(name, SymbolFlag.UNDEFINED | SymbolFlag.GLOBAL, -1) for name in source.assembly]
    names = [name.encode() for name, _, _ in rows]
    return SymbolTable(
        names=b"".join(names),
        starts=_starts([len(name) for name in names]),
        flags=np.array([flags for _, flags, _ in rows], np.uint32),
        values=np.array([number for _, _, number in rows], np.int32),
    )


def resolve(
    sources: Sequence[Source],
    *,
    visible: Sequence[str] = ("main",),
    exported: Sequence[str] = (),
    native: Sequence[str] = (),
    prevailing: Mapping[str, str] | None = None,
) -> Resolution:
    """As a linker would: the first strong definition, else the first; ``native`` names are taken from an object.

    Args:
        sources: the inputs; input ``i`` is ``sources[i]``, native code is the one after the last.
        visible: names that native code knows.
        exported: names in the dynamic symbol table.
        native: names of which the native definition prevails.
        prevailing: name -> the source whose definition is taken, instead.
    """
    order = {source.name: number for number, source in enumerate(sources)}
    taken: dict[str, int] = {}
    strong: set[str] = set()
    for number, source in enumerate(sources):
        for value in source.values:
            if value.linkage.is_local or value.linkage in {Linkage.AVAILABLE_EXTERNALLY, Linkage.APPENDING}:
                continue
            is_strong = value.linkage is Linkage.EXTERNAL
            if value.name not in taken or (is_strong and value.name not in strong):
                taken[value.name] = number
            if is_strong:
                strong.add(value.name)
    taken |= {name: order[source] for name, source in (prevailing or {}).items()}
    taken |= {name: len(sources) for name in native if name in taken}
    return Resolution(
        taken=tuple(range(len(sources))),
        prevailing=taken,
        visible=frozenset(visible),
        exported=frozenset(exported),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Draft:
    """A definition before there are names: picks are places in lists that are not known yet, counted round."""

    kind: Kind
    linkage: Linkage
    size: int
    attributes: int
    variable: int
    flags: int
    refs: tuple[int, ...]
    reads: tuple[int, ...]
    writes: tuple[int, ...]
    calls: tuple[int, ...]


_KINDS = (Kind.FUNCTION, Kind.FUNCTION, Kind.VARIABLE)
_LINKAGES = (Linkage.EXTERNAL, Linkage.EXTERNAL, Linkage.INTERNAL)
_SIZES = (0, 1, 5, 16, 34, 49, 70, 71, 100, 101, 300)
_ATTRIBUTES = (0, 0, 0, 1 << 4, 1 << 5)
_FLAGS = (0, 0, 0, 0, 1 << 4)  # now and then not eligible to import


def _draft(code: bytes) -> _Draft:
    """Each byte chooses one thing: to draw them one by one takes Hypothesis a hundred times as long."""
    kind, linkage, size, attributes, variable, flags, counts, *picks = code
    refs, reads, writes, calls = counts & 3, counts >> 2 & 3, counts >> 4 & 3, (counts >> 6 & 3) + 1
    ends = [refs, refs + reads, refs + reads + writes, refs + reads + writes + calls]
    return _Draft(
        kind=_KINDS[kind % len(_KINDS)],
        linkage=_LINKAGES[linkage % len(_LINKAGES)],
        size=_SIZES[size % len(_SIZES)],
        attributes=_ATTRIBUTES[attributes % len(_ATTRIBUTES)],
        variable=variable % 8,
        flags=_FLAGS[flags % len(_FLAGS)],
        refs=tuple(picks[: ends[0]]),
        reads=tuple(picks[ends[0] : ends[1]]),
        writes=tuple(picks[ends[1] : ends[2]]),
        calls=tuple(picks[ends[2] : ends[3]]),
    )


_DRAFTS = st.binary(min_size=20, max_size=20).map(_draft)

#: Of each module the drafts of what it has, that of ``main`` and of the copies it shares with others, and which copies.
_SKELETONS = st.lists(st.tuples(st.lists(_DRAFTS, max_size=5), _DRAFTS, st.integers(0, 7)), min_size=1, max_size=5)

_SHARED = (
    ("odr_a", Kind.FUNCTION, Linkage.LINK_ONCE_ODR),
    ("odr_b", Kind.VARIABLE, Linkage.WEAK_ODR),
    ("weak_c", Kind.VARIABLE, Linkage.WEAK_ANY),
)

_Shape = tuple[str, Kind, Linkage]


def programs(*, duplicates: bool = True) -> st.SearchStrategy[tuple[Source, ...]]:
    """Programs of a few modules with ``main`` in the first.

    Each module has functions and variables of its own, locals among them; with ``duplicates`` also copies of
    definitions that stand in several modules.
    """
    return _SKELETONS.map(lambda skeleton: _program(skeleton, _SHARED if duplicates else ()))


def _program(skeleton: Sequence[tuple[Sequence[_Draft], _Draft, int]], shared: Sequence[_Shape]) -> tuple[Source, ...]:
    own = [
        [(f"m{module}_{number}", draft.kind, draft.linkage) for number, draft in enumerate(drafts)]
        for module, (drafts, *_) in enumerate(skeleton)
    ]
    public = [shape for shapes in own for shape in shapes if not shape[2].is_local]
    sources = []
    for module, (drafts, shared_draft, which) in enumerate(skeleton):
        known = [*own[module], *public, *shared, ("malloc", Kind.FUNCTION, Linkage.EXTERNAL)]
        main = [(("main", Kind.FUNCTION, Linkage.EXTERNAL), shared_draft)] if module == 0 else []
        copies = [(shape, shared_draft) for bit, shape in enumerate(shared) if which >> bit & 1]
        # The last definition of what is weak is strong, where it is not the first as well.
        copies = [((name, kind, _strong(skeleton, module, linkage)), draft) for (name, kind, linkage), draft in copies]
        shapes = [*main, *zip(own[module], drafts, strict=True), *copies]
        values = tuple(_value(shape, draft, known) for shape, draft in shapes)
        sources.append(Source(name=f"crate.{module}-cgu.0", values=values))
    return tuple(sources)


def _strong(skeleton: Sequence[tuple[Sequence[_Draft], _Draft, int]], module: int, linkage: Linkage) -> Linkage:
    last = max((number for number, (*_, which) in enumerate(skeleton) if which >> 2 & 1), default=-1)
    return Linkage.EXTERNAL if linkage is Linkage.WEAK_ANY and module == last > 0 else linkage


def _value(shape: _Shape, draft: _Draft, known: Sequence[_Shape]) -> Value:
    name, kind, linkage = shape
    functions = sorted({other for other, kind, _ in known if kind is Kind.FUNCTION})
    variables = sorted({other for other, kind, _ in known if kind is Kind.VARIABLE})
    if kind is Kind.VARIABLE:
        return Value(
            name=name,
            kind=kind,
            linkage=linkage,
            size=0,
            flags=draft.flags,
            refs=_picked(draft.refs, sorted({*functions, *variables})),
            attributes=draft.variable,
        )
    return Value(
        name=name,
        linkage=linkage,
        size=draft.size,
        attributes=draft.attributes,
        flags=draft.flags,
        refs=_picked(draft.refs, variables),
        reads=_picked(draft.reads, variables),
        writes=_picked(draft.writes, variables),
        calls=_picked(draft.calls, functions),
    )


def _picked(picks: tuple[int, ...], names: Sequence[str]) -> tuple[str, ...]:
    return tuple(names[pick % len(names)] for pick in picks) if names else ()
