"""Conditions as they stand in code: ``#[cfg(…)]``, ``#[cfg_attr(…)]``, ``if cfg!(…)``, ``cfg_if! { … }``."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from tree_sitter import Node

from burnish.profile.panics.cfg import Cfg, Presence, presence
from burnish.profile.panics.syntax import inner, text_of

_TESTS: Final = frozenset({"test", "bench"})


def of_attributes(attributes: Sequence[Node], cfg: Cfg) -> Presence:
    """What the attributes of an item say of its presence; ``#[test]`` says what ``#[cfg(test)]`` does."""
    found = presence("test", cfg) if any(_name(each).split("::")[-1] in _TESTS for each in attributes) else Presence()
    for predicate in _predicates(attributes):
        found = found.within(presence(predicate, cfg))
    return found


def is_test(attributes: Sequence[Node], cfg: Cfg) -> bool:
    """Whether an item is left out because it belongs to the crate's own tests."""
    testing = replace(cfg, values=cfg.values | {("test", None)})
    return of_attributes(attributes, cfg).never and not of_attributes(attributes, testing).never


def names_panic(attributes: Sequence[Node]) -> bool:
    """Whether a condition asks for ``panic``."""
    return any("panic" in predicate for predicate in _predicates(attributes))


def has_attribute(attributes: Sequence[Node], name: str) -> Node | None:
    """The attribute of that name, None where there is none."""
    return next((attribute for attribute in attributes if _name(attribute) == name), None)


def module_paths(attributes: Sequence[Node], cfg: Cfg) -> tuple[str, ...]:
    """What ``#[path = "…"]`` says, also inside ``cfg_attr`` that may hold."""
    found: list[str] = []
    for attribute in attributes:
        written = next((node for node in inner(attribute) if node.type == "attribute"), None)
        if written is None:
            continue
        if _name(attribute) == "path":
            found += _strings(written)[:1]
        elif _name(attribute) == "cfg_attr":
            predicate, _, rest = _arguments(attribute).partition(",")
            if "path" in rest and presence(predicate, cfg).unwind is not False:
                found += _strings(written)[-1:]
    return tuple(found)


def of_branch(condition: Node, cfg: Cfg, *, otherwise: bool) -> Presence:
    """Of what stands in a branch of ``if cfg!(…)``; other conditions leave the presence open."""
    if condition.type != "macro_invocation" or text_of(condition.child_by_field_name("macro")) != "cfg":
        return Presence()
    predicate = text_of(condition).partition("!")[2].strip()[1:-1]
    return presence(f"not({predicate})" if otherwise else predicate, cfg)


def branches(tokens: Node, cfg: Cfg) -> Iterator[tuple[Presence, Node]]:
    """The branches of ``cfg_if! { if #[cfg(…)] { … } else if … else { … } }`` with what each needs to be present."""
    earlier: list[str] = []
    condition = ""
    for node in tokens.children:
        if node.type != "token_tree":
            continue
        text = text_of(node)
        if text.startswith("["):
            condition = text.partition("(")[2].rpartition(")")[0]
        elif text.startswith("{"):
            # Each branch is there where its condition holds and none before it.
            needs = [*(f"not({each})" for each in earlier), *([condition] if condition else [])]
            yield presence(f"all({', '.join(needs)})", cfg), node
            earlier.append(condition)
            condition = ""


def _predicates(attributes: Sequence[Node]) -> list[str]:
    return [_arguments(attribute) for attribute in attributes if _name(attribute) == "cfg"]


def _name(attribute: Node) -> str:
    written = next((node for node in inner(attribute) if node.type == "attribute"), None)
    return "" if written is None else text_of(next(iter(inner(written)), None))


def _arguments(attribute: Node) -> str:
    """The text between the outer parentheses, without comments."""
    written = next((node for node in inner(attribute) if node.type == "attribute"), None)
    given = None if written is None else written.child_by_field_name("arguments")
    return text_of(given)[1:-1]


def _strings(written: Node) -> list[str]:
    """The string literals of an attribute, in order."""
    found: list[str] = []
    stack = [written]
    while stack and len(found) < 20:
        node = stack.pop()
        if node.type == "string_literal":
            found.append(text_of(node)[1:-1])
        else:
            stack.extend(reversed(node.children))
    return found
