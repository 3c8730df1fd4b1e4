"""docs/lto.md: each listing is what burnish prints today, each number in its prose stands in a listing or a source."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from console_pages import Listing, listings, numbers_in_prose, printed

from lto_projects import Place

pytestmark = pytest.mark.cargo

ROOT = Path(__file__).parents[2]
CROSSINGS = ROOT / "examples" / "crossings"
PAGE = (ROOT / "docs" / "lto.md").read_text(encoding="utf-8")

#: The most codegen units of a crate, and the arithmetic with three crates of so many.
KNOWN = {"16", "48", "3"}

_ADDRESS = re.compile(r"0x[0-9a-f]+|(?<=rip [+-] )\d+")
_FIGURE = re.compile(r"\d[\d,]*(?:\.\d+)?")
#: Sizes differ a little with the C library and the linker of the machine.
_LARGE, _TOLERANCE = 1000, 0.01


def rustc() -> str:
    return subprocess.run(["rustc", "--version"], check=True, capture_output=True, text=True).stdout.split()[1]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    if f"rustc {rustc()} " not in PAGE:
        pytest.skip("the listings are of another rustc")
    directory = tmp_path_factory.mktemp("page")
    shutil.copytree(CROSSINGS, directory / "crossings", ignore=shutil.ignore_patterns("target"))
    return Place(directory=directory / "crossings", cache=directory / "cache")


def number(word: str) -> float:
    return float(word.replace(",", ""))


def alike(wanted: str, found: str) -> bool:
    """Whether two lines say the same: words and small numbers exactly, sizes within a percent, addresses not at all."""
    lines = [_ADDRESS.sub("@", line) for line in (wanted, found)]
    words = [" ".join(_FIGURE.sub("#", line).split()) for line in lines]
    if words[0] != words[1]:
        return False
    pairs = zip(*(map(number, _FIGURE.findall(line)) for line in lines), strict=True)
    return all(one == two or (min(one, two) >= _LARGE and abs(one - two) <= _TOLERANCE * one) for one, two in pairs)


def differences(listing: Listing, found: str) -> list[str]:
    wanted, now = listing.output.splitlines(), found.splitlines()
    lines = [f"- {one}\n+ {two}" for one, two in zip(wanted, now, strict=False) if not alike(one, two)]
    return lines if len(wanted) == len(now) else [*lines, f"{len(wanted)} lines in the page, {len(now)} now"]


# One test: the listings share builds.
def test_every_listing_is_what_the_command_prints(place: Place) -> None:
    def run(args: list[str]) -> str:
        answer = place.burnish(*args)
        return answer.out + answer.err

    found = {each.command: differences(each, printed(each.command, run)) for each in listings(PAGE)}
    assert len(found) > 15
    assert not any(found.values()), "\n".join(f"$ {at}\n" + "\n".join(lines) for at, lines in found.items() if lines)


def test_the_prose_has_no_number_of_its_own() -> None:
    shown = "\n".join(each.output for each in listings(PAGE))
    sources = "\n".join(path.read_text(encoding="utf-8") for path in CROSSINGS.glob("crates/*/src/*.rs"))
    known = KNOWN | set(_FIGURE.findall(shown)) | set(_FIGURE.findall(sources))
    head, _, rest = PAGE.partition("\n## ")
    assert head
    said = numbers_in_prose(rest)
    assert said <= known, said - known


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        pytest.param("  20,472  .text", "  20,480  .text", True, id="a size, nearly"),
        pytest.param("  20,472  .text", "  21,480  .text", False, id="a size, another"),
        pytest.param("139 instructions", "140 instructions", False, id="a count"),
        pytest.param("call qword ptr [rip + 287132]     a::b", "call qword ptr [rip + 1]     a::b", True, id="address"),
        pytest.param("mov qword ptr [rsp - 8], 49", "mov qword ptr [rsp - 8], 50", False, id="a constant"),
        pytest.param("inlined  -35", "not  -35", False, id="a word"),
    ],
)
def test_lines_are_compared_as_they_should_be(one: str, two: str, same: bool) -> None:
    assert alike(one, two) is same
