"""Names in a source file: what ``use`` declarations make of a path."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

_COMMENT: Final = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_USE: Final = re.compile(r"\buse\b")
_USE_TOKEN: Final = re.compile(r"[A-Za-z_]\w*|::|[{},*]")
_FN: Final = re.compile(rb"\bfn\s+([A-Za-z_]\w*)")
_GENERIC: Final = re.compile(r"<[^<>]*>")
#: Nesting of ``<…>`` in a path that is taken off.
_GENERIC_DEPTH: Final = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """What a file's names stand for.

    Attributes:
        aliases: a name to the segments of what was imported under it.
        functions: names of functions that the file defines.
    """

    aliases: Mapping[str, tuple[str, ...]]
    functions: frozenset[str]

    def resolve(self, path: str) -> tuple[str, ...]:
        """The segments of a path with its first name replaced by what was imported under it."""
        segments = plain(path)
        if not segments:
            return ()
        return (*self.aliases.get(segments[0], segments[:1]), *segments[1:])

    def mentions(self, *segments: str) -> bool:
        """Whether something is imported from (or as) this path."""
        return any(path[: len(segments)] == segments for path in self.aliases.values())


def plain(path: str) -> tuple[str, ...]:
    """The segments of a path without generic arguments, leading ``::`` and ``$crate``."""
    for _ in range(_GENERIC_DEPTH):
        shorter = _GENERIC.sub("", path)
        if shorter == path:
            break
        path = shorter
    return tuple(part for part in (each.strip() for each in path.split("::")) if part and part != "$crate")


def defined_functions(source: bytes) -> frozenset[str]:
    """Names after ``fn``."""
    return frozenset(match.decode() for match in _FN.findall(source))


def imported(declaration: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each name that a ``use`` brings in, with its path: ``use a::{b as c, d}`` gives c: a::b and d: a::d."""
    prefixes: list[tuple[str, ...]] = []
    current: tuple[str, ...] = ()
    alias = ""
    text = _COMMENT.sub(" ", declaration)
    words = iter(_USE_TOKEN.findall(_USE.split(text, maxsplit=1)[-1]))
    for word in words:
        if word == "{":
            prefixes.append(current)
        elif word in {",", "}"}:
            yield from _named(current, alias)
            current, alias = (prefixes[-1] if prefixes else ()), ""
            if word == "}" and prefixes:
                prefixes.pop()
                current = ()
        elif word == "as":
            alias = next(words, "")
        elif word == "*":
            current = ()
        elif word != "::":
            current = (*current, word)
    yield from _named(current, alias)


def _named(path: tuple[str, ...], alias: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    if path[-1:] == ("self",):
        path = path[:-1]
    if path:
        yield alias or path[-1], path
