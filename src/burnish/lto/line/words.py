"""Words of a link line: what the driver reads itself, and what it hands to the linker (``-Wl,a,b``, ``-Xlinker a``).

Splitting keeps how each word was carried, so that printing gives the very arguments back.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from burnish.errors import UnsupportedError

#: As gcc's driver (libiberty/argv.c): a response file that names itself must come to an end.
_MAX_RESPONSE_FILES = 2000


class Carrier(StrEnum):
    """How a word comes to its reader."""

    PLAIN = ""  # the driver reads it
    COMMA = "-Wl,"
    SEPARATE = "-Xlinker"


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """One word; ``joined``: in the same ``-Wl,`` list as the word before it."""

    text: str
    carrier: Carrier = Carrier.PLAIN
    joined: bool = False


def split(argv: Sequence[str]) -> tuple[Word, ...]:
    """The words of arguments; ``join(split(argv)) == argv``."""
    words: list[Word] = []
    arguments = iter(argv)
    for argument in arguments:
        if argument.startswith("-Wl,"):
            for place, text in enumerate(argument[4:].split(",")):
                words.append(Word(text=text, carrier=Carrier.COMMA, joined=place > 0))
        elif argument == "-Xlinker":
            text_or_end = next(arguments, None)
            if text_or_end is None:
                words.append(Word(text=argument))
            else:
                words.append(Word(text=text_or_end, carrier=Carrier.SEPARATE))
        else:
            words.append(Word(text=argument))
    return tuple(words)


def join(words: Sequence[Word]) -> tuple[str, ...]:
    """The arguments of words. A joined word whose list lost its head begins a list of its own."""
    argv: list[str] = []
    in_list = False
    for word in words:
        if word.carrier is Carrier.COMMA:
            if word.joined and in_list:
                argv[-1] += "," + word.text
            else:
                argv.append("-Wl," + word.text)
        elif word.carrier is Carrier.SEPARATE:
            argv += ("-Xlinker", word.text)
        else:
            argv.append(word.text)
        in_list = word.carrier is Carrier.COMMA
    return tuple(argv)


def expand(argv: Sequence[str], read: Callable[[str], str | None]) -> tuple[str, ...]:
    """The arguments with every ``@file`` replaced by what it holds; one that ``read`` does not find stays, as in gcc.

    Raises:
        UnsupportedError: response files name each other without end.
    """
    expanded: list[str] = []
    todo = list(reversed(argv))
    budget = _MAX_RESPONSE_FILES
    while todo:
        argument = todo.pop()
        text = read(argument[1:]) if argument.startswith("@") else None
        if text is None:
            expanded.append(argument)
            continue
        budget -= 1
        if budget < 0:
            raise UnsupportedError(
                f"{argument}: more than {_MAX_RESPONSE_FILES} response files, one within the other",
                hint="a response file names itself; see what writes it",
            )
        todo.extend(reversed(unquote(text)))
    return tuple(expanded)


_SPACE = " \t\n\r\v\f"


def unquote(text: str) -> tuple[str, ...]:
    """The arguments of a response file, by ``buildargv`` (libiberty/argv.c); rustc's ``Escape`` writes a part of it."""
    arguments: list[str] = []
    current: list[str] | None = None
    quote = ""
    characters = iter(text)
    for character in characters:
        if not quote and character in _SPACE:
            if current is not None:
                arguments.append("".join(current))
            current = None
            continue
        current = [] if current is None else current
        if character == "\\":  # within quotes of either kind too
            current.append(next(characters, ""))
        elif character == quote:
            quote = ""
        elif not quote and character in "'\"":
            quote = character
        else:
            current.append(character)
    if current is not None:
        arguments.append("".join(current))
    return tuple(arguments)


def quote(argv: Sequence[str]) -> str:
    """A response file of the arguments, one a line (``writeargv``); ``unquote(quote(argv)) == argv``."""
    return "".join(f"{_quote(argument)}\n" for argument in argv)


def _quote(argument: str) -> str:
    if not argument:
        return '""'
    return "".join(f"\\{c}" if c in _SPACE or c in "\\'\"" else c for c in argument)
