"""TOML as text: where each key stands, so that origins name a line and a change touches no other byte.

tomlkit decides what the text means; the entries here say where it says so. They presume text that parses.
TOML 1.0 and 1.1 (https://toml.io/en/v1.1.0): keys, tables, inline tables.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import tomlkit
from tomlkit.exceptions import ParseError, TOMLKitError

from burnish.errors import UsageError


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceText:
    """The text of a TOML file; ``path`` is its label in messages."""

    path: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One table header, key-value pair, comment line or blank line. Offsets count characters.

    Attributes:
        path: the full key from the root of the document; empty for comments and blank lines.
        table: the full key of the table the entry is written in: of the header above, or of the inline table.
        start, end: whole lines with their end; for a pair in an inline table from its key to its value.
        value: start and end of a pair's value; None for all else.
        inline: the pair stands in an inline table.
    """

    path: tuple[str, ...]
    table: tuple[str, ...]
    start: int
    end: int
    value: tuple[int, int] | None = None
    inline: bool = False

    @property
    def is_header(self) -> bool:
        return bool(self.path) and self.value is None


_KEY: Final = r"""(?:"(?:\\.|[^"\\\n])*"|'[^'\n]*'|[A-Za-z0-9_-]+)"""
_DOTTED: Final = rf"{_KEY}(?:[ \t]*\.[ \t]*{_KEY})*"
_ONE_KEY: Final = re.compile(_KEY)
_HEADER: Final = re.compile(rf"[ \t]*\[\[?[ \t]*({_DOTTED})[ \t]*\]")
_PAIR: Final = re.compile(rf"[ \t]*({_DOTTED})[ \t]*=[ \t]*")
_BETWEEN: Final = re.compile(r"(?:[\s,]|#[^\n]*)*")
_TOKEN: Final = re.compile(
    r'"""(?:\\.|[^\\])*?"""+'
    r"|'''.*?'''+"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*|[\[\]{},\n]",
    re.DOTALL,
)


def parse_toml(source: SourceText) -> dict[str, Any]:
    """The document as plain values.

    Raises:
        UsageError: the text is no TOML; the message names file, line and column.
    """
    try:
        return tomlkit.parse(source.text.removeprefix("\ufeff")).unwrap()
    except ParseError as error:
        reason = re.sub(r" at line \d+ col \d+$", "", str(error))
        raise UsageError(
            f"{source.path}:{error.line}:{error.col}: {reason}", hint="Correct the file; Cargo cannot read it either."
        ) from error
    except TOMLKitError as error:
        raise UsageError(f"{source.path}: {error}", hint="Correct the file; Cargo cannot read it either.") from error


def entries(text: str) -> Iterator[Entry]:
    """Every line of the document and every pair of its inline tables, in order; a table before what it holds."""
    position = 1 if text.startswith("\ufeff") else 0
    table: tuple[str, ...] = ()
    while position < len(text):
        if header := _HEADER.match(text, position):
            end = _line_end(text, header.end())
            table = split_key(header[1])
            yield Entry(path=table, table=table, start=position, end=end)
        elif pair := _PAIR.match(text, position):
            value = (pair.end(), _value_end(text, pair.end()))
            end = _line_end(text, value[1])
            path = table + split_key(pair[1])
            yield Entry(path=path, table=table, start=position, end=end, value=value)
            yield from _inline(text, value, path)
        else:
            end = _line_end(text, position)
            yield Entry(path=(), table=table, start=position, end=end)
        position = end


def _inline(text: str, value: tuple[int, int], table: tuple[str, ...]) -> Iterator[Entry]:
    start, end = value
    if text[start : start + 1] != "{":
        return
    position = _next_pair(text, start + 1)
    while position < end and (pair := _PAIR.match(text, position)):
        inner = (pair.end(), _value_end(text, pair.end()))
        path = table + split_key(pair[1])
        yield Entry(path=path, table=table, start=position, end=inner[1], value=inner, inline=True)
        yield from _inline(text, inner, path)
        position = _next_pair(text, inner[1])


def _next_pair(text: str, position: int) -> int:
    between = _BETWEEN.match(text, position)
    return between.end() if between else position


def _value_end(text: str, start: int) -> int:
    """Where the value that starts here ends: before a comment, a line end, or what closes or parts its container."""
    depth = 0
    end = len(text)
    for token in _TOKEN.finditer(text, start):
        match token[0][0]:
            case "[" | "{":
                depth += 1
            case "]" | "}" if depth:
                depth -= 1
            case "]" | "}" | "," | "#" | "\n" if not depth:
                end = token.start()
                break
            case _:
                pass
    return start + len(text[start:end].rstrip())


def _line_end(text: str, position: int) -> int:
    newline = text.find("\n", position)
    return len(text) if newline < 0 else newline + 1


def split_key(dotted: str) -> tuple[str, ...]:
    """The parts of a dotted key, without their quotes."""
    return tuple(_unquote(part) for part in _ONE_KEY.findall(dotted))


def _unquote(part: str) -> str:
    if part[0] == "'":
        return part[1:-1]
    return str(tomlkit.parse(f"key = {part}")["key"]) if part[0] == '"' else part


def line_of(text: str, keys: tuple[str, ...]) -> int | None:
    """The line (from 1) that sets this key or opens this table; else the first line of something inside it."""
    inside: int | None = None
    for entry in entries(text):
        if entry.path == keys:
            return text.count("\n", 0, entry.start) + 1
        if inside is None and entry.path[: len(keys)] == keys:
            inside = text.count("\n", 0, entry.start) + 1
    return inside
