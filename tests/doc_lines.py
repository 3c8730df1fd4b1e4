"""The command lines of README and docs: in listings, in blocks of a shell, indented, and in running text.

Synopses (``burnish apply [PATH] [--name PROFILE]``) are grammar, not lines: tests/unit/test_docs.py holds them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])

#: Words that stand for something, and what stands for them here.
PLACEHOLDERS = {
    "FUNCTION": "codec::scramble",
    "A B": "thin fat",
    "--program FILE": "--program target/burnish/lto/release/my_crate",
    "MODE": "thin",
}

_PROGRAM = r"(?:burnish|cargo|make|pip|pipx|uvx|python|pytest|source)(?= )"
_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(rf"^    ({_PROGRAM}[^\n]*)$", flags=re.MULTILINE)
_INLINE = re.compile(rf"(?<!`)`({_PROGRAM}[^`]+)`")
_SYNOPSIS = re.compile(r"\[(?:-|[A-Z])|\w\|\w")
_COMMENT = re.compile(r"\s+#.*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A command line, without its comment.

    Attributes:
        page: relative to the repository.
        listing: it stands in a console listing or a block of a shell, not in running text or indented.
        shown: the output that the page shows, empty where it shows none.
    """

    page: str
    text: str
    listing: bool = False
    shown: str = ""


def lines_of(page: Path) -> list[Line]:
    """The lines of a page, in order, listings first."""
    name, text = str(page.relative_to(ROOT)), page.read_text(encoding="utf-8")
    prose = _FENCED.sub("", text)
    indented = [each for each in _INDENTED.findall(prose) if not _SYNOPSIS.search(each)]
    inline = [" ".join(each.split()) for each in _INLINE.findall(_INDENTED.sub("", prose))]
    written = [Line(page=name, text=_COMMENT.sub("", each)) for each in (*indented, *inline)]
    return [*_listed(name, text), *(line for line in written if " " in line.text)]


def _listed(page: str, text: str) -> Iterator[Line]:
    for kind, block in _FENCED.findall(text):
        if kind == "sh":
            for each in block.splitlines():
                yield Line(page=page, text=_COMMENT.sub("", each), listing=True)
        elif kind == "console":
            for each in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
                command, _, shown = each.partition("\n")
                yield Line(page=page, text=_COMMENT.sub("", command), listing=True, shown=shown)


def filled(text: str) -> str:
    """The line with something in the place of each placeholder."""
    for word, value in PLACEHOLDERS.items():
        text = re.sub(rf"(?<!\S){word}(?!\S)", value, text)
    return text
