"""What `burnish xray` says of the workspace that was made to be looked into: each case of it, seen and named."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from lto_projects import Place

pytestmark = pytest.mark.cargo

CROSSINGS = Path(__file__).parents[2] / "examples" / "crossings"


class Looked:
    """The workspace in a directory of its own, and what xray says of it."""

    def __init__(self, directory: Path) -> None:
        shutil.copytree(CROSSINGS, directory / "crossings", ignore=shutil.ignore_patterns("target"))
        self.place = Place(directory=directory / "crossings", cache=directory / "cache")
        self.told: dict[tuple[str, ...], Any] = {}

    @property
    def program(self) -> Path:
        """Of the mode that was asked for last."""
        return self.place.directory / "target" / "burnish" / "seen" / "release" / "crossings"

    def json(self, *args: str) -> Any:
        """The answer to a question, asked once."""
        if args not in self.told:
            answer = self.place.burnish("xray", "--format", "json", *args)
            assert answer.code == 0, answer.err
            self.told[args] = json.loads(answer.out)
        return self.told[args]

    def story(self, function: str, lto: str = "thin") -> Any:
        """The one copy of a function."""
        (copy,) = self.json("--lto", lto, "--why", function)["copies"]
        return copy

    def code(self, function: str, lto: str = "thin") -> list[str]:
        """What the processor runs of it in the finished program."""
        told = self.json("--lto", lto, "--why", function)
        (left,) = self.story(function, lto)["left"]
        return list(told["listings"][left["name"]])


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> Looked:
    return Looked(tmp_path_factory.mktemp("looked"))


def named(rows: list[Any], function: str) -> Any:
    (found,) = [row for row in rows if function in {row.get("function"), row.get("name")}]
    return found


def refused(crossed: Any, function: str) -> tuple[str, Any]:
    (found,) = [
        (reason["word"], row)
        for reason in crossed["reasons"]
        for row in reason["functions"]
        if row["function"] == function
    ]
    return found


@pytest.mark.parametrize("lto", ["thin", "fat"])
def test_a_small_function_is_inlined_across_crates(looked: Looked, lto: str) -> None:
    inlined = named(looked.json("--lto", lto)["crossed"]["inlined"], "arith::checked_square")
    assert inlined["into"] == ["crossings::cases::checked_square_of_seven"]
    assert inlined["crates"] == ["crossings"]
    (cost, _), (threshold, _) = inlined["costs"], inlined["thresholds"]
    assert cost < threshold
    gone = named(looked.json("--lto", lto)["vanished"]["gone"], "arith::checked_square")
    assert (gone["way"], gone["sites"]) == ("inlined", 1)


def test_the_loop_across_crates_loses_its_calls(looked: Looked) -> None:
    inlined = looked.json()["crossed"]["inlined"]
    assert named(inlined, "codec::blend")["into"] == ["kernel::fade"]
    assert named(inlined, "kernel::fade")["into"] == ["crossings::main"]
    for name in ("codec::blend", "kernel::fade"):
        story = looked.story(name)
        assert story["left"] == []
        assert all(site["inlined"] for site in story["sites"])


@pytest.mark.parametrize("lto", ["thin", "fat"])
@pytest.mark.parametrize(
    ("function", "constant"),
    [
        pytest.param("cases::square_of_five", "25", id="square(5) is 25"),
        pytest.param("cases::checked_square_of_seven", "49", id="checked_square(7) is 49"),
        pytest.param("cases::size", "320", id="SIZE is folded"),
        pytest.param("cases::stride", "512", id="STRIDE is folded"),
    ],
)
def test_a_constant_is_folded(looked: Looked, function: str, constant: str, lto: str) -> None:
    code = looked.code(function, lto)
    assert code[0] == f"mov qword ptr [rsp - 8], {constant}"
    assert not any(line.startswith(("call", "imul", "mul")) for line in code)


@pytest.mark.parametrize("lto", ["thin", "fat"])
def test_an_atomic_that_nobody_writes_is_folded(looked: Looked, lto: str) -> None:
    # The index says that nothing writes it, and burnish has LLVM propagate that as lld does; rustc's thin does not.
    assert looked.code("cases::tracing", lto)[0] == "mov byte ptr [rsp - 1], 0"
    assert looked.story("limits::TRACE", lto)["left"] == []


@pytest.mark.parametrize("lto", ["thin", "fat"])
def test_the_helper_that_nothing_refers_to_is_dead(looked: Looked, lto: str) -> None:
    gone = named(looked.json("--lto", lto)["vanished"]["gone"], "helpers::histogram")
    assert (gone["way"], gone["crate"]) == ("dead", "helpers")
    assert gone["size"] > 0 < gone["error"]
    story = looked.story("helpers::histogram", lto)
    assert not story["live"]
    assert [place["reason"] for place in story["places"]] == ["nothing that lives refers to it"]


def test_the_helper_behind_a_flag_goes_with_the_flag(looked: Looked) -> None:
    thin, fat = looked.story("helpers::describe"), looked.story("helpers::describe", "fat")
    assert thin["live"]
    assert fat["live"]
    assert [site["caller"] for site in thin["sites"]] == ["crossings::main"]
    assert (fat["way"], fat["left"]) == ("optimized away", [])
    assert b"brightest" not in looked.program.read_bytes()


def test_a_function_is_imported_while_its_neighbour_is_not(looked: Looked) -> None:
    crossed = looked.json()["crossed"]
    blend = named(crossed["imported"], "codec::blend")
    assert "kernel" in blend["into"]
    assert blend["instructions"] <= blend["limit"]
    word, scramble = refused(crossed, "codec::scramble")
    assert (word, scramble["into"], scramble["limit"]) == ("TooLarge", ["crossings"], 100)
    assert scramble["instructions"] > scramble["limit"]
    kept = named(crossed["kept"], "codec::scramble")
    assert (kept["caller"], kept["reason"]) == ("crossings::main", "unavailable definition")
    (wish,) = looked.story("codec::scramble")["wishes"]
    assert (wish["refusal"], wish["caller"]) == ("TooLarge", "crossings::main")
    assert looked.story("codec::scramble")["left"][0]["referrers"] == ["crossings::main"]


def test_fat_inlines_the_neighbour_as_well(looked: Looked) -> None:
    crossed = looked.json("--lto", "fat")["crossed"]
    assert crossed["units"] == 1
    assert crossed["imported"] == crossed["reasons"] == []
    assert named(crossed["inlined"], "codec::scramble")["into"] == ["crossings::main"]
    assert looked.story("codec::scramble", "fat")["way"] == "inlined"


@pytest.mark.parametrize("lto", ["thin", "fat"])
def test_every_byte_is_counted_once(looked: Looked, lto: str) -> None:
    made = looked.json("--lto", lto)["made-of"]
    assert sum(row["size"] for row in made["sections"]) == made["size"]
    content = sum(row["size"] for row in made["sections"] if row["kind"] in {"code", "data", "constants", "unwinding"})
    crates = sum(row["code"] + row["data"] for row in made["crates"])
    assert crates + made["loose"] <= content
    assert crates == sum(row["size"] for row in made["functions"])
    named_rows = [row for row in made["functions"] if row["retained"] >= 0]
    assert all(row["retained"] >= row["size"] for row in named_rows)


def test_the_difference_adds_up_and_names_what_went(looked: Looked) -> None:
    told = looked.json("--diff", "thin", "fat")
    first, second = told["from"], told["to"]
    assert (first["modules"], second["modules"]) == (19, 19)
    assert (first["units"], second["units"]) == (19, 1)
    for table, whole in (("sections", second["size"] - first["size"]),):
        assert sum(row["change"] for row in told[table]) == whole
    assert sum(row["change"] for row in told["crates"]) == sum(row["change"] for row in told["functions"])
    assert named(told["functions"], "codec::scramble")["state"] == "gone"
    stripped = looked.json("--lto", "thin")["made-of"]["stripped"], looked.json("--lto", "fat")["made-of"]["stripped"]
    assert (first["stripped"], second["stripped"]) == stripped


def test_the_overlap_of_one_unit_and_fat(looked: Looked) -> None:
    told = looked.json("--overlap")
    saved, builds = told["saved"], told["builds"]
    assert saved["overlap"] == saved["one"] + saved["fat"] - saved["both"]
    assert saved["fat"] == builds["none"]["size"] - builds["fat"]["size"] > 0
    # Every crate is so small that rustc makes one unit of it either way, but the program: see its README.
    assert (builds["fat"]["crates"], builds["both"]["modules"]) == (7, 7)


def test_the_road_has_every_stage(looked: Looked) -> None:
    road = looked.json()["road"]
    assert [stage["name"] for stage in road["stages"]][:3] == ["read", "thin link", "backends"]
    assert all(os.fspath(looked.place.directory) not in stage["here"] for stage in road["stages"])
