"""Conditional compilation: is an item part of this build, and does ``panic`` decide it?

The grammar is that of the Rust reference (https://doc.rust-lang.org/reference/conditional-compilation.html). A
predicate is judged twice, for ``panic = "unwind"`` and for ``panic = "abort"``; what only a build script or RUSTFLAGS
can set is neither true nor false.
"""

import re
from dataclasses import dataclass
from typing import Final

#: Names that no build of a program has: they belong to test runs and tools.
NEVER: Final = frozenset({"test", "doctest", "doc", "docsrs", "miri", "loom", "kani", "fuzzing", "clippy", "rustfmt"})

_TOKEN: Final = re.compile(r'\s*(?:([A-Za-z_]\w*)|"((?:[^"\\]|\\.)*)"|([(),=]))')
#: Nesting of ``all(any(not(…)))`` that is followed.
_DEEPEST: Final = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Cfg:
    """What a crate is compiled with.

    Attributes:
        values: ``(name, None)`` and ``(key, value)`` pairs, as ``rustc --print cfg`` lists them, and the features.
        complete: names and keys whose values are all known, so that what is not listed is false.
    """

    values: frozenset[tuple[str, str | None]] = frozenset()
    complete: frozenset[str] = frozenset()

    def holds(self, name: str, value: str | None) -> bool | None:
        """Whether ``name`` or ``name = "value"`` is set; None where that cannot be known."""
        if (name, value) in self.values:
            return True
        if name in NEVER or name in self.complete:
            return False
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Presence:
    """Whether an item is compiled with unwinding, and with abort; None: cannot be known."""

    unwind: bool | None = True
    abort: bool | None = True

    @property
    def never(self) -> bool:
        """Part of neither build."""
        return self.unwind is False and self.abort is False

    @property
    def guarded(self) -> bool:
        """``panic`` itself decides."""
        return (self.unwind is False) != (self.abort is False)

    def within(self, inner: "Presence") -> "Presence":
        """Of an item with its own condition inside another one."""
        return Presence(unwind=_all([self.unwind, inner.unwind]), abort=_all([self.abort, inner.abort]))


def known(printed: str, features: frozenset[str]) -> Cfg:
    """From the text of ``rustc --print cfg`` and a crate's features."""
    values: set[tuple[str, str | None]] = {("feature", feature) for feature in features}
    for line in printed.splitlines():
        name, equals, value = line.strip().partition("=")
        if name and name not in {"panic", "debug_assertions"}:
            values.add((name, value.strip('"') if equals else None))
    # `-C target-cpu` sets target features that the bare question does not list.
    names = {name for name, _ in values if name.startswith("target_")} - {"target_feature"}
    return Cfg(values=frozenset(values), complete=frozenset({*names, "unix", "windows", "feature"}))


def presence(predicate: str, cfg: Cfg) -> Presence:
    """Judge the text of a predicate, ``all(unix, panic = "unwind")``; what cannot be read is unknown."""
    tokens = _tokens(predicate)
    if tokens is None:
        return Presence(unwind=None, abort=None)
    return Presence(unwind=_judge(tokens, cfg, "unwind"), abort=_judge(tokens, cfg, "abort"))


def _tokens(text: str) -> list[str] | None:
    """Words, ``"strings`` (with the opening quote alone) and signs; None for what is no predicate."""
    found: list[str] = []
    at = 0
    text = text.strip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            return None
        word, string, sign = match.groups()
        found.append(f'"{string}' if string is not None else word or sign)
        at = match.end()
    return found


def _judge(tokens: list[str], cfg: Cfg, panic: str) -> bool | None:
    value, _ = _predicate(tokens, 0, cfg, panic, 0)
    return value


def _predicate(tokens: list[str], at: int, cfg: Cfg, panic: str, depth: int) -> tuple[bool | None, int]:
    """The value of the predicate that starts at a token, and where the next one starts."""
    name = tokens[at] if at < len(tokens) else ""
    following = tokens[at + 1] if at + 1 < len(tokens) else ""
    if following == "(" and name in {"all", "any", "not"} and depth < _DEEPEST:
        values: list[bool | None] = []
        at += 2
        while at < len(tokens) and tokens[at] != ")":
            value, at = _predicate(tokens, at, cfg, panic, depth + 1)
            values.append(value)
            at += at < len(tokens) and tokens[at] == ","
        return _joined(name, values), at + 1
    if following == "=":
        wanted = tokens[at + 2].removeprefix('"') if at + 2 < len(tokens) else ""
        return (wanted == panic if name == "panic" else cfg.holds(name, wanted)), at + 3
    return {"true": True, "false": False}.get(name, cfg.holds(name, None)), at + 1


def _joined(how: str, values: list[bool | None]) -> bool | None:
    if how == "all":
        return _all(values)
    if how == "any":
        return _not(_all([_not(value) for value in values]))
    return _not(values[0]) if len(values) == 1 else None


def _all(values: list[bool | None]) -> bool | None:
    if False in values:
        return False
    return None if None in values else True


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value
