"""Pages whose listings are what commands print: read, run again, compared, and written anew.

    python tests/lto/console_pages.py docs/lto.md

writes the listings of a page as they are now, run in the directory of the example. A listing is a block of ``console``
with one command in its first line; ``| head -N`` may follow, and nothing else of a shell.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"^```console\n\$ ([^\n]*)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"^```.*?^```$", flags=re.MULTILINE | re.DOTALL)
_HEAD = re.compile(r"\| head -(\d+)\Z")
_NUMBER = re.compile(r"(?<![\w.-])\d[\d,]*(?![\w.])")

#: Of the commands, stdout and stderr as a terminal shows them.
Run = Callable[[list[str]], str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """A command and what it printed."""

    command: str
    output: str


def listings(page: str) -> list[Listing]:
    """The listings of a page, in order."""
    return [Listing(command=found[1], output=found[2]) for found in _BLOCK.finditer(page)]


def printed(command: str, run: Run) -> str:
    """What a listing's command prints now."""
    head = _HEAD.search(command)
    program, *args = shlex.split(command[: head.start()] if head else command)
    if program != "burnish":
        raise ValueError(f"a listing of {program}, not of burnish")
    lines = run(args).splitlines(keepends=True)
    return "".join(lines[: int(head[1])] if head else lines)


def renewed(page: str, run: Run) -> str:
    """The page with its listings as they are now."""
    return _BLOCK.sub(lambda found: f"```console\n$ {found[1]}\n{printed(found[1], run)}```", page)


def numbers_in_prose(page: str) -> set[str]:
    """Every number outside of listings, code and links."""
    prose = re.sub(r"`[^`]*`|\]\([^)]*\)", " ", _CODE.sub("", page))
    return {found.rstrip(",") for found in _NUMBER.findall(prose)}


def main() -> int:
    path = Path(sys.argv[1])
    example = Path(__file__).parents[2] / "examples" / "crossings"

    def run(args: list[str]) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "burnish", *args],
            cwd=example,
            env={**os.environ, "NO_COLOR": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.stdout

    path.write_text(renewed(path.read_text(encoding="utf-8"), run), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
