"""Reading Rust's syntax tree: small questions about nodes of tree-sitter-rust.

Node types and fields are those of the grammar (https://github.com/tree-sitter/tree-sitter-rust, ``grammar.js``).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import tree_sitter_rust
from tree_sitter import Language, Node, Parser, Range

from burnish.profile.panics.names import Names

LANGUAGE: Final = Language(tree_sitter_rust.language())

#: Steps up a tree that a question may take; real code is far below, and asking for a parent costs its depth.
CLIMB: Final = 200
#: Nodes that a look inside a function may visit.
LOOK: Final = 20_000

_COMMENTS: Final = frozenset({"line_comment", "block_comment"})
#: What ends the process or goes on panicking, as macros and as last segments of a path.
_DIVERGING_MACROS: Final = frozenset({"panic", "unreachable", "unimplemented", "todo"})
_DIVERGING_CALLS: Final = frozenset({"resume_unwind", "panic_any", "abort"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Called:
    """A call: of a path (``path`` has its segments, resolved) or of a method (``method``, with its ``receiver``)."""

    arguments: tuple[Node, ...]
    path: tuple[str, ...] = ()
    method: str = ""
    receiver: Node | None = None

    @property
    def name(self) -> str:
        """The function's or method's own name."""
        return self.method or (self.path[-1] if self.path else "")


def parse(source: bytes, within: Node | None = None) -> Node:
    """The root of a file's tree, or of a part of it read as statements (the inside of a macro); positions stay."""
    parser = Parser(LANGUAGE)
    if within is not None:
        inside = Range(
            within.children[0].end_point,
            within.children[-1].start_point,
            within.children[0].end_byte,
            within.children[-1].start_byte,
        )
        parser.included_ranges = [inside]
    return parser.parse(source).root_node


def text_of(node: Node | None) -> str:
    """The source of a node."""
    return "" if node is None or node.text is None else node.text.decode(errors="replace")


def inner(node: Node) -> tuple[Node, ...]:
    """Named children without comments."""
    return tuple(child for child in node.named_children if child.type not in _COMMENTS)


def called(node: Node, names: Names) -> Called | None:
    """What a ``call_expression`` calls; None for other nodes and for calls of values."""
    function = node.child_by_field_name("function") if node.type == "call_expression" else None
    if function is not None and function.type == "generic_function":
        function = function.child_by_field_name("function")
    given = node.child_by_field_name("arguments")
    if function is None or given is None:
        return None
    arguments = tuple(child for child in inner(given) if child.type != "attribute_item")
    if function.type == "field_expression":
        method = text_of(function.child_by_field_name("field"))
        return Called(arguments=arguments, method=method, receiver=function.child_by_field_name("value"))
    if function.type in {"identifier", "scoped_identifier"}:
        return Called(arguments=arguments, path=names.resolve(text_of(function)))
    return None


def below(node: Node) -> Iterator[Node]:
    """A node and all below it, in order, up to a bound."""
    stack = [node]
    for _ in range(LOOK):
        if not stack:
            return
        at = stack.pop()
        yield at
        stack.extend(reversed(at.children))


def above(node: Node) -> Iterator[Node]:
    """The parents of a node from the nearest on, up to a bound."""
    at = node.parent
    for _ in range(CLIMB):
        if at is None:
            return
        yield at
        at = at.parent


def statements(block: Node) -> tuple[Node, ...]:
    """The statements of a block, each without its ``;``; another expression is its own only statement."""
    if block.type == "unsafe_block":
        block = next(iter(inner(block)), block)
    nodes = inner(block) if block.type in {"block", "source_file"} else (block,)
    return tuple(
        next(iter(inner(node)), node) if node.type == "expression_statement" else node
        for node in nodes
        if node.type != "attribute_item"
    )


def diverges(node: Node | None, names: Names) -> bool:
    """Whether code always ends the process or goes on panicking: a statement of it does so itself."""
    if node is None:
        return False
    if node.type == "closure_expression":
        node = node.child_by_field_name("body") or node
    for statement in statements(node):
        if statement.type == "macro_invocation":
            if text_of(statement.child_by_field_name("macro")).split("::")[-1] in _DIVERGING_MACROS:
                return True
        elif statement.type in {"identifier", "scoped_identifier"}:
            # A function handed over: `unwrap_or_else(resume_unwind)`.
            if names.resolve(text_of(statement))[-1:] == ("resume_unwind",):
                return True
        elif (call := called(statement, names)) is not None and call.name in _DIVERGING_CALLS:
            return True
    return False


def enclosing_function(node: Node) -> Node | None:
    """The body in which a local name lives: of the function around, else the whole tree."""
    last = None
    for parent in above(node):
        last = parent
        if parent.type == "function_item":
            return parent.child_by_field_name("body")
    return last


def column_of(source: bytes, node: Node) -> int:
    """The column in characters, from 1."""
    start = node.start_byte - node.start_point.column
    return len(source[start : node.start_byte].decode(errors="replace")) + 1
