"""One source file: its findings, and the files it names. Bytes in, values out.

Only what can matter is walked: a regular expression finds the places of interesting words, and branches of the syntax
tree without one are left aside; a file without any is not parsed.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

from tree_sitter import Node

from burnish.profile.panics.cfg import Cfg, Presence
from burnish.profile.panics.conditions import (
    branches,
    has_attribute,
    is_test,
    module_paths,
    names_panic,
    of_attributes,
    of_branch,
)
from burnish.profile.panics.drops import functions_of, is_drop, remark_on_drop
from burnish.profile.panics.names import Names, defined_functions, imported
from burnish.profile.panics.places import ON_UNWIND, Remark, Setting, remark_on
from burnish.profile.panics.syntax import column_of, inner, parse, text_of
from burnish.profile.panics.values import PanicKind, Place, Verdict

#: A file that is larger and has an interesting word is not parsed, but reported (windows 0.57 has one of 2.1 MB).
LARGEST: Final = 2_500_000
#: Macros read per file, how deep inside each other, nodes looked at, and findings kept per file: far above real files.
MACROS: Final = 2_000
MACRO_DEPTH: Final = 6
VISITS: Final = 100_000
MOST: Final = 200

#: Words of code that has to do with panics: a literal to look for first, and the whole, which starts with it: one
#: expression for all is ten times slower, and words of comments cost a parse.
_WORDS: Final = tuple(
    (literal, re.compile(re.escape(literal) + rest))
    for literal, rest in (
        (b"catch_unwind", b""),
        (b"resume_unwind", b""),
        (b"join", rb"\s*\(\s*\)"),
        (b"spawn", rb"\w*(?:\s*\(|\s*::\s*<|\s+as\b)"),
        (b"scope", rb"\s*\("),
        (b"is_panic", rb"\s*\("),
        (b"into_panic", rb"\s*\("),
        (b"panic_handler", rb"\s*\("),
        (b"kill_on_drop", rb"\s*\("),
        (b"_on_unwind", b""),
        (b"poison", b""),
        (b"Poison", b""),
        (b"unwrap_or_else", rb"\s*\(\s*\|\s*\w+\s*\|\s*\w+\.into_inner\b"),
        (b"Drop", rb"\s+for\b"),
        (b'-unwind"', b""),
        (b"[should_panic", b""),
        (b"panic", rb"\s*=(?![=>])"),
        (b"_hook", rb"\s*\("),
        (b"always_abort", b""),
        (b"panicking", rb"\s*\("),
    )
)
#: Declarations that name another file, and those that names come from; `compile_error` matters beside `cfg(panic)`.
_LINKS: Final = (
    (b"mod", re.compile(rb"mod\s+(?:r#)?\w+\s*;")),
    (b"include", re.compile(rb"include\s*!")),
)
_USES: Final = ((b"use", re.compile(rb"use\b")), (b"compile_error", re.compile(rb"compile_error\b")))

_COMMENTS: Final = frozenset({"line_comment", "block_comment"})
_PATHS: Final = frozenset({"identifier", "scoped_identifier"})
#: Nodes in which a path is a value.
_TAKES_VALUE: Final = frozenset({
    "ERROR", "arguments", "assignment_expression", "const_item", "field_initializer", "let_declaration", "static_item",
})  # fmt: skip
#: Functions that are found by whatever name they were imported under.
_CALLED: Final = frozenset({"catch_unwind", "resume_unwind", "spawn", "spawn_blocking", "spawn_local", "panicking"})

_CFG: Final = Remark(kind=PanicKind.CFG, verdict=Verdict.SAFE, text="the code itself tells unwinding and abort apart")
_REFUSES: Final = Remark(
    kind=PanicKind.CFG, verdict=Verdict.UNSAFE, text="refuses to compile with abort (compile_error)"
)
_SHOULD_PANIC: Final = Remark(
    kind=PanicKind.SHOULD_PANIC, verdict=Verdict.SAFE, text="tests unwind whatever the profile says"
)
_UNWIND_ABI: Final = Remark(
    kind=PanicKind.UNWIND_ABI,
    verdict=Verdict.UNKNOWN,
    text="may unwind across a foreign interface: with abort that ends the process",
)
_TOO_MUCH: Final = Remark(
    kind=PanicKind.UNREAD, verdict=Verdict.UNKNOWN, text="a file with more of such words than is looked at"
)
_VALUE: Final = Remark(
    kind=PanicKind.CATCH_UNWIND,
    verdict=Verdict.UNKNOWN,
    text="catch_unwind in a place that is not understood: what is done after a panic is not seen",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ModuleFile:
    """``mod name;`` or ``include!("path")``: a file that the crate is made of as well.

    Attributes:
        name: of the module; empty for an include.
        paths: what ``#[path]`` or the include says, in place of the name.
        inside: names of the inline modules around it.
        line: where it is declared, from 1.
    """

    name: str
    line: int = 1
    paths: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class FileScan:
    """What one file says."""

    places: tuple[Place, ...] = ()
    modules: tuple[ModuleFile, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """What is known of the crate; ``tasks``: it depends on tokio, ``pools``: on rayon."""

    cfg: Cfg = field(default_factory=Cfg)
    tasks: bool = False
    pools: bool = False


def scan(source: bytes, context: Context) -> FileScan:
    """Findings and further files of one source file; never raises for what the file holds."""
    offsets = _offsets(source, _WORDS)
    links = _offsets(source, _LINKS)
    if not offsets and not links:
        return FileScan()
    if len(source) > LARGEST:
        text = f"a file of {len(source) / 1e6:.0f} MB with such words is not parsed"
        place = Place(line=1, column=1, kind=PanicKind.UNREAD, text=text, verdict=Verdict.UNKNOWN)
        return FileScan(places=(place,))
    # Only with a finding in sight do names matter.
    uses = _offsets(source, _USES) if offsets else []
    return _Walk(source, context, sorted({*offsets, *links, *uses})).run()


def _offsets(source: bytes, words: Iterable[tuple[bytes, re.Pattern[bytes]]]) -> list[int]:
    return [match.start() for literal, word in words if literal in source for match in word.finditer(source)]


@dataclass(frozen=True, kw_only=True, slots=True)
class _At:
    """A node to look at, and where it stands: its attributes, conditions, inline modules, macros around it."""

    node: Node
    attributes: tuple[Node, ...] = ()
    present: Presence = field(default_factory=Presence)
    inside: tuple[str, ...] = ()
    macros: int = 0
    test: bool = False


class _Walk:
    """The walk through one file."""

    def __init__(self, source: bytes, context: Context, offsets: list[int]) -> None:
        self.source = source
        self.context = context
        self.offsets = offsets
        self.places: dict[tuple[int, int, PanicKind], Place] = {}
        self.modules: dict[ModuleFile, None] = {}
        self.macros = 0
        self.aliases: dict[str, tuple[str, ...]] = {}
        self.root = parse(source)
        names = Names(aliases=self.aliases, functions=defined_functions(source))
        threads = b"thread" in source or b"JoinHandle" in source
        self.setting = Setting(names=names, tasks=context.tasks, pools=context.pools, threads=threads)

    @cached_property
    def functions(self) -> dict[str, Node]:
        """Bodies of the file's functions."""
        return functions_of(self.root)

    def run(self) -> FileScan:
        self._learn(self.root)
        stack = [_At(node=self.root)]
        for _ in range(VISITS):
            if not stack or len(self.places) >= MOST:
                break
            stack.extend(reversed(list(self._visit(stack.pop()))))
        else:
            self._add(self.root, _TOO_MUCH, _At(node=self.root))
        places = sorted(self.places.values(), key=lambda place: (place.line, place.column, place.kind))
        return FileScan(places=tuple(places), modules=tuple(self.modules))

    def _learn(self, root: Node) -> None:
        """The names that a tree imports; calls by another name become interesting."""
        stack = [root]
        while stack:
            node = stack.pop()
            if node.type == "use_declaration":
                self.aliases.update(imported(text_of(node)))
            else:
                stack.extend(child for child in node.children if self._holds(child))
        renamed = {alias for alias, path in self.aliases.items() if path[-1] in _CALLED and alias not in _CALLED}
        for alias in sorted(renamed):
            word = rb"\b" + re.escape(alias.encode()) + rb"\b"
            self.offsets = sorted({*self.offsets, *(match.start() for match in re.finditer(word, self.source))})

    def _holds(self, node: Node) -> bool:
        """Whether an interesting word lies in the node."""
        index = bisect_left(self.offsets, node.start_byte)
        return index < len(self.offsets) and self.offsets[index] < node.end_byte

    def _visit(self, at: _At) -> Iterator[_At]:
        """Remarks on a node; gives what is to be visited below it."""
        node = at.node
        match node.type:
            case "use_declaration":
                return
            case "macro_invocation":
                yield from self._macro(at)
            case "token_tree":
                yield from self._reparse(at)
            case "mod_item" if node.child_by_field_name("body") is None:
                self._module_file(at)
            case "mod_item":
                name = text_of(node.child_by_field_name("name"))
                paths = module_paths(at.attributes, self.context.cfg)
                yield from self._children(replace(at, inside=(*at.inside, *(paths[:1] or (name,)))))
            case _:
                self._remark(at)
                yield from self._children(at)

    def _children(self, at: _At) -> Iterator[_At]:
        """Children with an interesting word; attributes speak for the next item, inner ones for where they stand."""
        pending: list[Node] = []
        for child in at.node.children:
            if child.type == "inner_attribute_item":
                at = self._under([child], at)
            elif child.type == "attribute_item":
                pending.append(child)
            elif child.type not in _COMMENTS:
                attributes, pending = pending, []
                if self._holds(child):
                    below = replace(self._under(attributes, at), node=child, attributes=tuple(attributes))
                    below = self._under_branch(at.node, below)
                    if not below.present.never or below.test:
                        yield below
                if any(map(self._holds, attributes)):
                    self._attributes(attributes, at)

    def _under(self, attributes: list[Node], at: _At) -> _At:
        """The place of what these attributes speak for."""
        if not attributes:
            return at
        cfg = self.context.cfg
        here = of_attributes(attributes, cfg)
        return replace(at, present=at.present.within(here), test=at.test or is_test(attributes, cfg))

    def _under_branch(self, parent: Node, at: _At) -> _At:
        """The branches of ``if cfg!(…)``."""
        if parent.type != "if_expression" or at.node.type not in {"block", "else_clause"}:
            return at
        condition = parent.child_by_field_name("condition")
        if condition is None:
            return at
        here = of_branch(condition, self.context.cfg, otherwise=at.node.type == "else_clause")
        return replace(at, present=at.present.within(here))

    def _attributes(self, attributes: list[Node], at: _At) -> None:
        """``#[should_panic]`` and ``#[cfg(panic = …)]``."""
        if names_panic(attributes):
            self._add(attributes[0], _CFG, at)
        tested = has_attribute(attributes, "should_panic")
        if tested is not None:
            self._add(tested, _SHOULD_PANIC, replace(at, present=Presence()))

    def _macro(self, at: _At) -> Iterator[_At]:
        """A macro's inside is read as statements; some macros are known."""
        name = text_of(at.node.child_by_field_name("macro")).split("::")[-1].strip()
        tokens = next((child for child in at.node.children if child.type == "token_tree"), None)
        if tokens is None:
            return
        if name == "cfg_if":
            for present, branch in branches(tokens, self.context.cfg):
                below = at.present.within(present)
                if self._holds(branch) and not below.never:
                    yield replace(at, node=branch, present=below, attributes=())
        elif not self._known_macro(name, tokens, at) and self._holds(tokens):
            yield replace(at, node=tokens, attributes=())

    def _known_macro(self, name: str, tokens: Node, at: _At) -> bool:
        """Macros that say something by themselves."""
        if name == "cfg" and "panic" in text_of(tokens):
            self._add(at.node, _CFG, at)
        elif name == "compile_error" and at.present.unwind is False:
            self._add(at.node, _REFUSES, replace(at, present=Presence()))
        elif name == "include":
            self._include(tokens)
        elif name == "defer_on_unwind":
            self._add(at.node, ON_UNWIND, at)
        return name in {"cfg", "compile_error", "include", "defer_on_unwind"}

    def _reparse(self, at: _At) -> Iterator[_At]:
        """The inside of a macro, as far as it is Rust."""
        self.macros += 1
        if self.macros > MACROS or at.macros >= MACRO_DEPTH or len(at.node.children) < 2:
            return
        root = parse(self.source, at.node)
        self._learn(root)
        yield from self._children(replace(at, node=root, macros=at.macros + 1))

    def _include(self, tokens: Node) -> None:
        """``include!("file")``; of generated code (``concat!(env!("OUT_DIR"), …)``) nothing is known."""
        only = inner(tokens)
        if len(only) == 1 and only[0].type == "string_literal":
            line = tokens.start_point.row + 1
            self.modules[ModuleFile(name="", paths=(text_of(only[0])[1:-1],), line=line)] = None

    def _module_file(self, at: _At) -> None:
        if at.test or at.present.never:
            return
        name = text_of(at.node.child_by_field_name("name")).removeprefix("r#")
        paths = module_paths(at.attributes, self.context.cfg)
        line = at.node.start_point.row + 1
        self.modules[ModuleFile(name=name, paths=paths, inside=at.inside, line=line)] = None

    def _remark(self, at: _At) -> None:
        """What the rules say of one node."""
        node = at.node
        found: Remark | None = None
        if node.type == "call_expression":
            found = remark_on(node, self.setting)
        elif node.type == "impl_item" and is_drop(node):
            found = remark_on_drop(node, self.functions)
        elif node.type == "extern_modifier" and text_of(node).endswith('-unwind"') and not _is_type(node):
            found = _UNWIND_ABI
        elif node.type in _PATHS and self._is_value(node):
            found = _VALUE
        if found is not None:
            self._add(node, found, at)

    def _is_value(self, node: Node) -> bool:
        """``catch_unwind`` handed over as a function, or in code that the parser does not understand."""
        around = node.parent
        if around is None or around.type not in _TAKES_VALUE:
            return False
        return self.setting.names.resolve(text_of(node))[-1:] == ("catch_unwind",)

    def _add(self, node: Node, remark: Remark, at: _At) -> None:
        """Keep a remark as what it means here: guarded by ``cfg(panic)``, or part of the tests."""
        verdict, text = remark.verdict, remark.text
        if (at.test and remark.kind is not PanicKind.SHOULD_PANIC) or at.present.unwind is False:
            return
        if at.present.abort is False and verdict is not Verdict.SAFE:
            verdict, text = Verdict.SAFE, f"{text}; left out with abort by cfg(panic)"
        at_node = _name_of_call(node)
        line = at_node.start_point.row + 1
        place = Place(line=line, column=column_of(self.source, at_node), kind=remark.kind, text=text, verdict=verdict)
        self.places.setdefault((place.line, place.column, place.kind), place)


def _name_of_call(node: Node) -> Node:
    """Where a finding points to: a call in a chain of methods is found by its name, not by the chain's first line."""
    function = node.child_by_field_name("function") if node.type == "call_expression" else None
    field_name = None if function is None else function.child_by_field_name("field")
    return field_name or node


def _is_type(modifier: Node) -> bool:
    """Of ``extern "C-unwind" fn()`` as a type: whoever makes such a function is found by itself."""
    around = modifier.parent
    return around is not None and around.parent is not None and "function_type" in {around.type, around.parent.type}
