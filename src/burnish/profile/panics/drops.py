"""``impl Drop``: clean-up that is lost when a panic aborts, because it acts on what outlives the process."""

from collections.abc import Mapping
from typing import Final

from tree_sitter import Node

from burnish.profile.panics.places import Remark
from burnish.profile.panics.syntax import LOOK, below, inner, text_of
from burnish.profile.panics.values import PanicKind, Verdict

#: What Drop puts right outside of the process, by the names that do it.
_OUTSIDE: Final[Mapping[str, str]] = {
    **dict.fromkeys(("remove_file", "::unlink", "unlinkat"), "removes a file"),
    **dict.fromkeys(("remove_dir", "remove_dir_all"), "removes a directory"),
    **dict.fromkeys(
        ("disable_raw_mode", "LeaveAlternateScreen", "tcsetattr", "tcsetattr_async", "DisableMouseCapture", "endwin"),
        "restores the terminal",
    ),
    **dict.fromkeys(("kill", "::kill", "killpg", "start_kill"), "ends a child process"),
}
#: What Drop writes out.
_WRITTEN: Final = frozenset({"flush", "sync_all", "sync_data", "fsync", "write_all", "finish"})
_WORDS: Final = frozenset({"identifier", "field_identifier", "type_identifier"})
#: Functions that Drop calls and that are looked into.
_CALLS: Final = 20
#: Nodes that hold functions.
_HOLDERS: Final = frozenset({"source_file", "mod_item", "impl_item", "trait_item", "declaration_list"})


def is_drop(item: Node) -> bool:
    """Whether an ``impl_item`` is of Drop."""
    return text_of(item.child_by_field_name("trait")).split("::")[-1].strip() == "Drop"


def remark_on_drop(item: Node, functions: Mapping[str, Node]) -> Remark | None:
    """What is lost; None where Drop does nothing that outlives the process. Own functions that it calls count as well.

    Args:
        item: the ``impl_item``.
        functions: bodies of the file's functions, by their names.
    """
    body = item.child_by_field_name("body")
    words = _words_in(body)
    for name in sorted(_own_calls(body) & functions.keys())[:_CALLS]:
        words |= _words_in(functions[name])
    for word, what in _OUTSIDE.items():
        if word in words:
            text = f"Drop {what}: after a panic with abort that is left undone"
            return Remark(kind=PanicKind.DROP, verdict=Verdict.UNSAFE, text=text)
    if words & _WRITTEN:
        text = "Drop writes out what is left: after a panic with abort that is lost"
        return Remark(kind=PanicKind.DROP, verdict=Verdict.UNKNOWN, text=text)
    return None


def _words_in(body: Node | None) -> frozenset[str]:
    """Names that are called or handed over, those inside of macros included; ``::name`` for one that is no method."""
    found: set[str] = set()
    for node in () if body is None else below(body):
        if node.type in _WORDS and _acts(node):
            word = text_of(node)
            found |= {word, f"::{word}"} if node.type == "identifier" else {word}
    return frozenset(found)


def _acts(node: Node) -> bool:
    """A called name, a path's last segment, or a word in a macro."""
    parent = node.parent
    if parent is None:
        return False
    if parent.type in {"scoped_identifier", "scoped_type_identifier"}:
        return parent.child_by_field_name("name") == node
    if parent.type == "field_expression":
        call = parent.parent
        return call is not None and call.type == "call_expression" and inner(call)[0] == parent
    return parent.type in {"call_expression", "token_tree", "arguments"}


def _own_calls(body: Node | None) -> frozenset[str]:
    """Functions called on ``self`` or ``Self``, or by their bare name."""
    found: set[str] = set()
    for node in () if body is None else below(body):
        function = node.child_by_field_name("function") if node.type == "call_expression" else None
        if function is None:
            continue
        if function.type == "identifier":
            found.add(text_of(function))
        elif function.type == "field_expression" and text_of(function.child_by_field_name("value")) == "self":
            found.add(text_of(function.child_by_field_name("field")))
        elif text_of(function).startswith("Self::"):
            found.add(text_of(function).removeprefix("Self::"))
    return frozenset(found)


def functions_of(root: Node) -> dict[str, Node]:
    """Bodies of a file's functions, by their names; functions inside of functions are not looked for."""
    stack = [root]
    found: dict[str, Node] = {}
    for _ in range(LOOK):
        if not stack:
            break
        node = stack.pop()
        if node.type == "function_item":
            body = node.child_by_field_name("body")
            if body is not None:
                found.setdefault(text_of(node.child_by_field_name("name")), body)
        elif node.type in _HOLDERS:
            stack.extend(reversed(node.children))
    return found
