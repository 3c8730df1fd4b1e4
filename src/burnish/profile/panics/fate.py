"""What becomes of a ``Result`` that tells of a panic: of ``catch_unwind``, of ``join``, of an awaited task.

The question is asked of the syntax around the expression, inside one function. What leaves the function is `ELSEWHERE`.
"""

from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import Final

from tree_sitter import Node

from burnish.profile.panics.names import Names
from burnish.profile.panics.syntax import CLIMB, called, diverges, enclosing_function, inner, text_of


class Fate(Enum):
    """What happens after a panic."""

    RAISED = auto()  # the code panics again, or ends the process
    HANDLED = auto()  # it is looked at, and the code goes on
    IGNORED = auto()  # nobody looks
    ELSEWHERE = auto()  # it leaves the function


#: Nodes that are looked through for the uses of a name.
_LOOK: Final = 5_000
#: Methods of Result after which the panic goes on.
_RAISING: Final = frozenset({"unwrap", "expect"})
#: Methods that take what to do about an error.
_TAKING: Final = frozenset({"unwrap_or_else", "map_err", "or_else"})
#: Methods that look at an error and go on.
_LOOKING: Final = frozenset({
    "err", "expect_err", "is_err", "is_err_and", "is_ok", "is_ok_and", "map_or", "map_or_else", "ok", "or",
    "unwrap_err", "unwrap_or", "unwrap_or_default",
})  # fmt: skip
#: Methods that hand the Result on as it is, as far as an error goes.
_PASSING: Final = frozenset({
    "and", "and_then", "as_mut", "as_ref", "boxed", "cloned", "collect", "copied", "flatten", "inspect", "inspect_err",
    "map",
})  # fmt: skip
_DROPPING: Final = frozenset({"drop", "forget"})
#: Nodes that stand for the value inside them.
_TRANSPARENT: Final = frozenset(
    {"await_expression", "parenthesized_expression", "reference_expression", "unsafe_block"}
)
#: A value of one use; the first here that occurs decides over several uses.
_ORDER: Final = (Fate.RAISED, Fate.HANDLED, Fate.ELSEWHERE, Fate.IGNORED)


def fate(node: Node, names: Names, *, follow: bool = True) -> Fate:
    """The fate of the value of an expression; ``follow`` the name that it is bound to."""
    at = node
    for _ in range(CLIMB):
        parent = at.parent
        if parent is None:
            return Fate.ELSEWHERE
        step = _step(at, parent, names, follow=follow)
        if isinstance(step, Fate):
            return step
        at = step
    return Fate.ELSEWHERE


def _step(at: Node, parent: Node, names: Names, *, follow: bool) -> Fate | Node:
    """One step up: what the parent makes of the value, or the node that now stands for it."""
    if parent.type in _TRANSPARENT:
        return parent
    if parent.type == "let_declaration":
        return _binding(parent, names, follow=follow)
    rule = _RULES.get("closure_expression" if at.type == "closure_expression" else parent.type)
    return Fate.ELSEWHERE if rule is None else rule(at, parent, names)


def _same(at: Node, parent: Node, field: str) -> bool:
    return parent.child_by_field_name(field) == at


def _method(_at: Node, field: Node, names: Names) -> Fate | Node:
    """``value.name(…)``: ``field`` is ``value.name``."""
    call = field.parent
    if call is not None and call.type == "generic_function":
        call = call.parent
    found = None if call is None else called(call, names)
    if call is None or found is None:
        return Fate.ELSEWHERE
    name = found.name
    if name in _RAISING:
        return Fate.RAISED
    if name in _PASSING:
        return call
    if name in _TAKING:
        return Fate.RAISED if found.arguments and diverges(found.arguments[0], names) else Fate.HANDLED
    if name in _LOOKING:
        return Fate.RAISED if _ends_if(call, name, names) else Fate.HANDLED
    return Fate.ELSEWHERE


def _ends_if(call: Node, name: str, names: Names) -> bool:
    """``if result.is_err() { panic!() }``."""
    around = call.parent
    if around is None or around.type != "if_expression" or not _same(call, around, "condition"):
        return False
    return name == "is_err" and diverges(around.child_by_field_name("consequence"), names)


def _statement(_at: Node, statement: Node, _names: Names) -> Fate | Node:
    """``value;`` is thrown away; without ``;`` (a match or an if) it is the value of the block, if it is the last."""
    if statement.children and statement.children[-1].type == ";":
        return Fate.IGNORED
    return statement


def _tail(at: Node, block: Node, _names: Names) -> Fate | Node:
    """The last expression of a block is the block's value; that of a function leaves it."""
    values = inner(block)
    if not values or values[-1] != at:
        return Fate.IGNORED
    around = block.parent
    if around is not None and around.type == "closure_expression":
        return around
    if around is None or around.type in {"function_item", "async_block"}:
        return Fate.ELSEWHERE
    return block


def _closure(at: Node, parent: Node, names: Names) -> Fate | Node:
    """What a closure given to ``map`` or ``for_each`` returns: the value of the ``map``, or nothing."""
    given = parent if at.type == "closure_expression" else parent.parent
    call = None if given is None or given.type != "arguments" else given.parent
    found = None if call is None else called(call, names)
    if call is None or found is None or found.method not in {"map", "for_each"}:
        return Fate.ELSEWHERE
    return call if found.method == "map" else Fate.IGNORED


def _match(at: Node, match: Node, names: Names) -> Fate | Node:
    """All arms that take an error must go on panicking."""
    if not _same(at, match, "value"):
        return match
    body = match.child_by_field_name("body")
    fates = [
        _arm(arm.child_by_field_name("pattern"), arm.child_by_field_name("value"), names)
        for arm in (() if body is None else inner(body))
        if arm.type == "match_arm" and _takes_error(text_of(arm.child_by_field_name("pattern")))
    ]
    if not fates:
        return Fate.ELSEWHERE
    return next((each for each in (Fate.HANDLED, Fate.ELSEWHERE) if each in fates), Fate.RAISED)


def _takes_error(pattern: str) -> bool:
    """``Err(…)`` or what matches everything; ``Ok(…)``, ``Some(Ok(…))`` and ``None`` do not."""
    return "Err" in pattern or not any(word in pattern for word in ("Ok", "None", "Some"))


def _arm(pattern: Node | None, value: Node | None, names: Names) -> Fate:
    """Code that runs for an error, with the payload bound by the pattern."""
    if value is None:
        return Fate.HANDLED
    if diverges(value, names):
        return Fate.RAISED
    return Fate.ELSEWHERE if _hands_on(pattern, value) else Fate.HANDLED


def _hands_on(pattern: Node | None, value: Node) -> bool:
    """Whether the payload itself is given to something: ``JobResult::Panic(payload)``, ``*slot = Some(payload)``."""
    bound = _bound_names(pattern)
    stack = [value]
    for _ in range(2000):
        if not stack or not bound:
            return False
        node = stack.pop()
        if node.type == "identifier" and text_of(node) in bound:
            parent = node.parent
            if parent is not None and parent.type in {
                "arguments", "assignment_expression", "field_initializer", "return_expression",
                "shorthand_field_initializer",
            }:  # fmt: skip
                return True
        elif node.type != "macro_invocation":
            stack.extend(node.children)
    return False


def _bound_names(pattern: Node | None) -> frozenset[str]:
    """Names that an ``Err(name)`` binds."""
    stack = [] if pattern is None else [pattern]
    found: set[str] = set()
    while stack and len(found) < 20:
        node = stack.pop()
        if node.type == "identifier" and text_of(node)[:1].islower():
            found.add(text_of(node))
        stack.extend(node.children)
    return frozenset(found)


def _argument(_at: Node, given: Node, names: Names) -> Fate:
    """``f(value)``."""
    call = None if given.parent is None else called(given.parent, names)
    return Fate.IGNORED if call is not None and call.name in _DROPPING else Fate.ELSEWHERE


def _branch(at: Node, parent: Node, _names: Names) -> Fate | Node:
    """The value of an arm or a branch is that of the whole."""
    if parent.type == "if_expression" and _same(at, parent, "condition"):
        return Fate.ELSEWHERE
    if parent.type == "match_arm":
        return Fate.ELSEWHERE if parent.parent is None else parent.parent
    return parent


def _condition(_at: Node, condition: Node, names: Names) -> Fate:
    """``if let PATTERN = value``."""
    pattern = condition.child_by_field_name("pattern")
    branch = condition.parent
    while branch is not None and branch.type == "let_chain":
        branch = branch.parent
    if branch is None or branch.type != "if_expression":
        return Fate.HANDLED
    if "Err" in text_of(pattern):
        return _arm(pattern, branch.child_by_field_name("consequence"), names)
    otherwise = branch.child_by_field_name("alternative")
    block = None if otherwise is None else next(iter(inner(otherwise)), None)
    return Fate.RAISED if diverges(block, names) else Fate.HANDLED


def _binding(declaration: Node, names: Names, *, follow: bool) -> Fate:
    """``let name = value;``, ``let _ = value;``, ``let Ok(x) = value else { … };``."""
    alternative = declaration.child_by_field_name("alternative")
    if alternative is not None:
        return Fate.RAISED if diverges(alternative, names) else Fate.HANDLED
    pattern = declaration.child_by_field_name("pattern")
    if pattern is None or text_of(pattern) == "_":
        return Fate.IGNORED
    if pattern.type == "mut_pattern":
        pattern = next(iter(inner(pattern)[-1:]), pattern)
    if pattern.type != "identifier" or not follow:
        return Fate.ELSEWHERE
    fates = [fate(use, names, follow=False) for use in uses_of(text_of(pattern), declaration)]
    return next((each for each in _ORDER if each in fates), Fate.IGNORED)


def uses_of(name: str, declaration: Node) -> list[Node]:
    """Where a local name is used after its declaration, in the function around it; at most 50 places."""
    body = enclosing_function(declaration)
    found: list[Node] = []
    stack = [] if body is None else [body]
    wanted = name.encode()
    for _ in range(_LOOK):
        if not stack or len(found) >= 50:
            break
        node = stack.pop()
        if node.end_byte <= declaration.end_byte:
            continue
        if node.type in {"identifier", "shorthand_field_initializer"} and node.text == wanted:
            if node.start_byte >= declaration.end_byte:
                found.append(node)
        else:
            stack.extend(reversed(node.children))
    return found


_RULES: Final[Mapping[str, Callable[[Node, Node, Names], Fate | Node]]] = {
    "arguments": _argument,
    "block": _tail,
    "closure_expression": _closure,
    "else_clause": _branch,
    "expression_statement": _statement,
    "field_expression": _method,
    "if_expression": _branch,
    "let_condition": _condition,
    "match_arm": _branch,
    "match_expression": _match,
}
