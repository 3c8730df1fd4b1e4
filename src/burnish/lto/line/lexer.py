"""Words of the linker's script language (lld/ELF/ScriptLexer.cpp), as far as version scripts and libc.so need it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from burnish.errors import UnsupportedError

#: No script that a link of ours meets comes near; a wrong file is named rather than read.
MAX_SIZE = 16 << 20

_TOKEN = re.compile(
    r"""
      (?P<space> [\s,]+ | /\*.*?\*/ | \#[^\n]* )
    | (?P<quoted> "[^"]*" )
    | (?P<mark> [{}();:] )
    | (?P<word> (?: (?!/\*) [^\s,{}();:"] )+ )
    """,
    re.DOTALL | re.VERBOSE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """One word. A quoted one stands for itself, wildcards and keywords included."""

    text: str
    quoted: bool
    line: int


class Tokens:
    """The words of a script, one after the other; errors name file and line.

    Raises:
        UnsupportedError: something that is no word, or a file far too large.
    """

    def __init__(self, text: str, *, origin: str) -> None:
        self.origin = origin
        if len(text) > MAX_SIZE:
            raise UnsupportedError(f"{origin}: {len(text)} characters are too many for a script", hint=_HINT)
        self._tokens = tuple(self._read(text))
        self._next = 0

    def _read(self, text: str) -> Iterator[Token]:
        place, line = 0, 1
        while place < len(text):
            match = _TOKEN.match(text, place)
            if match is None:
                raise self.error(f"{text[place]!r} begins no word", line=line)
            word = match.group()
            if match.lastgroup == "quoted":
                yield Token(text=word[1:-1], quoted=True, line=line)
            elif match.lastgroup != "space":
                yield Token(text=word, quoted=False, line=line)
            line += word.count("\n")
            place = match.end()

    def error(self, what: str, *, line: int | None = None) -> UnsupportedError:
        if line is None:
            line = self._tokens[min(self._next, len(self._tokens) - 1)].line if self._tokens else 1
        return UnsupportedError(f"{self.origin}:{line}: {what}", hint=_HINT)

    @property
    def at_end(self) -> bool:
        return self._next == len(self._tokens)

    def peek(self, text: str, *, after: int = 0) -> bool:
        """Whether the word so many places on is this one."""
        place = self._next + after
        return place < len(self._tokens) and not self._tokens[place].quoted and self._tokens[place].text == text

    def take(self) -> Token:
        if self.at_end:
            raise self.error("the file ends in the middle of a command")
        self._next += 1
        return self._tokens[self._next - 1]

    def skip(self, text: str) -> bool:
        """Take the word if it is this one."""
        found = self.peek(text)
        self._next += found
        return found

    def expect(self, text: str) -> None:
        if not self.skip(text):
            raise self.error("the file ends" if self.at_end else f"{text!r} expected, not {self.take().text!r}")


_HINT = "the script is not one that burnish reads; the toolchain's own lld may"
