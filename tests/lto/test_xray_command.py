"""`burnish xray` as it is called: what it asks for, what it refuses, what it keeps and what it leaves alone."""

import html.parser
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from lto_projects import Place, bare, refuses

pytestmark = pytest.mark.cargo


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A project that was looked into once."""
    directory = tmp_path_factory.mktemp("xray")
    bare().generate(directory / "bare")
    place = Place(directory=directory / "bare", cache=directory / "cache")
    first = place.burnish("xray")
    assert first.code == 0, first.err
    return place


def told(place: Place, *args: str) -> Any:
    answer = place.burnish("xray", "--format", "json", *args)
    assert answer.code == 0, answer.err
    return json.loads(answer.out)


def pictures(place: Place) -> dict[str, int]:
    return {
        path.name: path.stat().st_mtime_ns
        for path in (place.directory / "target" / "burnish" / "xray").glob("*.json")
    }  # fmt: skip


def test_the_overview_answers_four_questions_within_80_columns(place: Place) -> None:
    answer = place.burnish("xray")
    lines = answer.out.splitlines()
    assert [line for line in lines if line.startswith(("What ", "The road"))] == [
        "What crossed between modules", "What vanished", "What it is made of", "The road",
    ]  # fmt: skip
    assert max(map(len, lines)) <= 80
    assert "base::mixed" in answer.out


@pytest.mark.parametrize("mode", ["thin", "fat", "grouped", "grouped=2", "off", "thin,codegen-units=1"])
def test_every_mode_can_be_looked_into(place: Place, mode: str) -> None:
    body = told(place, "--lto", mode)
    sections = body["made-of"]["sections"]
    assert sum(row["size"] for row in sections) == body["made-of"]["size"]
    assert (body["crossed"] is None) == (mode == "off") == bool(body["missing"])


def test_a_picture_is_kept_until_the_program_is_another(place: Place) -> None:
    told(place)
    kept = pictures(place)
    told(place)
    assert pictures(place) == kept
    main = place.directory / "src" / "main.rs"
    before = main.read_text()
    try:
        main.write_text(before.replace("argc as u32 + 20", "base::mixed(argc as u32 + 20)"))
        assert told(place, "--why", "main")["copies"]
        assert pictures(place) != kept
    finally:
        main.write_text(before)


def test_a_damaged_picture_is_taken_again(place: Place) -> None:
    whole = told(place)
    (path,) = (place.directory / "target" / "burnish" / "xray").glob("*.thin.json")
    path.write_bytes(path.read_bytes()[:1000])
    assert told(place)["made-of"] == whole["made-of"]


def test_the_projects_files_and_its_own_target_stay(place: Place) -> None:
    files = {
        path: (path.read_bytes(), path.stat().st_mtime_ns)
        for path in place.directory.rglob("*")
        if path.is_file() and "target" not in path.parts
    }
    told(place, "--lto", "fat")
    assert files == {
        path: (path.read_bytes(), path.stat().st_mtime_ns)
        for path in place.directory.rglob("*")
        if path.is_file() and "target" not in path.parts
    }
    assert not (place.directory / "target" / "release").exists()


def test_any_program_is_taken_apart(place: Place) -> None:
    told(place)
    body = told(place, "--program", str(program(place)))
    assert body["crossed"] is None
    assert body["made-of"]["size"] == program(place).stat().st_size
    assert "Only what the file itself tells" in body["missing"][0]


def program(place: Place) -> Path:
    return place.directory / "target" / "burnish" / "seen" / "release" / "bare"


def test_stored_pictures_and_programs_are_compared(place: Place, tmp_path: Path) -> None:
    told(place)
    stored = tmp_path / "before.json"
    (kept,) = (place.directory / "target" / "burnish" / "xray").glob("*.thin.json")
    shutil.copy(kept, stored)
    body = told(place, "--diff", str(stored), str(program(place)))
    assert all(state == "same" or not of["count"] for state, of in body["states"].items())
    assert body["functions"] == []


def test_rows_are_cut_and_filtered(place: Place) -> None:
    body = told(place, "--top", "1")
    assert len(body["made-of"]["functions"]) == len(body["vanished"]["gone"]) == 1
    least = body["made-of"]["functions"][0]["size"]
    large = told(place, "--section", "made-of", "--min-bytes", str(least))
    assert {row["size"] >= least for row in large["made-of"]["functions"]} == {True}
    crate = body["made-of"]["crates"][0]["name"]
    of_crate = told(place, "--section", "made-of", "--crate", crate)
    assert {row["crate"] for row in of_crate["made-of"]["functions"]} == {crate}


class Outside(html.parser.HTMLParser):
    """Everything that a page would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [f"{tag} {name}={value}" for name, value in attrs if name in {"src", "href", "srcset", "data"}]


def test_the_page_is_one_file_that_fetches_nothing(place: Place, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    answer = place.burnish("xray", "--format", "html", "-o", str(page))
    assert answer.code == 0, answer.err
    assert answer.out == ""
    text = page.read_text(encoding="utf-8")
    outside = Outside()
    outside.feed(text)
    assert [each for each in outside.found if not each.split("=", 1)[1].startswith("#")] == []
    assert "default-src 'none'" in text
    assert "base::mixed" in text


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        pytest.param(["--why", "no::such"], 2, "--why no::such: no function of the program", id="unknown function"),
        pytest.param(["--crate", "bar"], 2, "perhaps bare", id="unknown crate, a near one named"),
        pytest.param(["--top", "0"], 2, "--top 0: it takes a number from 1", id="top"),
        pytest.param(["--min-bytes", "-1"], 2, "--min-bytes -1", id="min-bytes"),
        pytest.param(["--lto", "thick"], 2, "thick", id="mode"),
        pytest.param(["--lto", "thin,codegen-units=0"], 2, "codegen-units=N", id="units"),
        pytest.param(["--diff", "thin", "no-such-file"], 2, "no-such-file", id="neither mode nor file"),
        pytest.param(["--format", "html", "--why", "main"], 2, "shows a whole program", id="html of a story"),
        pytest.param(["--program", "no/file"], 2, "cannot read no/file", id="no program"),
        pytest.param(["--program", "Cargo.toml"], 2, "neither a program nor a stored picture", id="no ELF"),
        pytest.param(["--program", "x", "--overlap"], 2, "stands for one program", id="overlap of one"),
        pytest.param(["--bin", "other"], 2, "other", id="no such binary"),
        pytest.param(["-o", "/no/such/place"], 5, "cannot write /no/such/place", id="unwritable"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_words(place: Place, args: list[str], code: int, words: str) -> None:
    refuses(place.burnish("xray", *args), code, words)


def test_a_project_that_does_not_build_says_so_and_leaves_no_picture(tmp_path: Path, place: Place) -> None:
    other = Place(directory=bare().generate(tmp_path / "bare"), cache=place.cache).with_shim_of(place)
    (other.directory / "src" / "main.rs").write_text("fn main() {")
    answer = other.burnish("xray")
    assert answer.code == 3, answer.err
    assert "unclosed delimiter" in answer.err
    assert not (other.directory / "target" / "burnish" / "xray").exists()


def test_a_picture_that_cannot_be_kept_is_an_error_in_words(tmp_path: Path, place: Place) -> None:
    other = Place(directory=bare().generate(tmp_path / "bare"), cache=place.cache).with_shim_of(place)
    (other.directory / "target" / "burnish" / "xray").write_text("in the way")
    refuses(other.burnish("xray"), 5, "cannot write")
