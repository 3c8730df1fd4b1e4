"""Links that are asked what LLVM said: what they leave, that the program stays what it was, listings of its code."""

import io
import os
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import backend_inputs
import pytest
from elftools.elf.elffile import ELFFile

from burnish.cache import DEFAULT_LIMIT
from burnish.cargo.project import Selection
from burnish.errors import BitcodeError, BurnishError, StoreError, UsageError
from burnish.lto.build import run_build
from burnish.lto.listing import Instruction, listing
from burnish.lto.llvm import find_library
from burnish.lto.record import LtoBuild
from burnish.lto.recordfile import read_decisions, read_seen
from burnish.lto.seen import VERSION, Seen
from burnish.lto.settings import Engine, Settings, parse_lto
from lto_projects import Place, bare, says

pytestmark = pytest.mark.cargo

MODES = [pytest.param("thin", id="thin"), pytest.param("grouped=2", id="grouped"), pytest.param("fat", id="fat")]


def build(place: Place, mode: str = "thin", *, seen: bool = True, engine: Engine = Engine.BURNISH) -> LtoBuild:
    settings = Settings(
        lto=parse_lto(mode),
        engine=engine,
        jobs=2,
        cache=place.cache / "lto",
        limit=DEFAULT_LIMIT,
        record=None,
        linker="",
        seen=seen,
    )
    built = run_build(place.directory, Selection(), None, settings, place.environment(), quiet=True)
    assert built.code == 0, built.failure
    return built


def product(built: LtoBuild) -> Path:
    assert built.product is not None
    return built.product


def seen_of(built: LtoBuild) -> Seen:
    assert built.seen is not None
    return read_seen(built.seen)


def cached(built: LtoBuild) -> list[bool]:
    assert built.record is not None
    return [unit.cached for unit in built.record.units]


def keys(built: LtoBuild) -> list[str]:
    assert built.record is not None
    return [unit.key for unit in built.record.units]


def sections(program: Path) -> dict[str, int]:
    elf: Any = ELFFile(io.BytesIO(program.read_bytes()))
    return {section.name: section.header.sh_size for section in elf.iter_sections()}


def verdicts(seen: Seen, callee: str) -> set[tuple[bool, str]]:
    rows = seen.inlines
    return {
        (rows.inlined[row], seen.reasons[rows.reason[row]] if rows.reason[row] >= 0 else "")
        for row, name in enumerate(rows.callee)
        if callee in seen.names[name]
    }


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A program without std, built once the usual way."""
    root = tmp_path_factory.mktemp("seen")
    place = Place(directory=bare().generate(root / "project"), cache=root / "cache")
    place.built()
    return place


@pytest.fixture(scope="module")
def plain(place: Place) -> LtoBuild:
    return build(place, seen=False)


@pytest.fixture(scope="module")
def first(place: Place, plain: LtoBuild) -> LtoBuild:
    """The first build that asks; the usual one has filled the cache."""
    assert plain.fresh
    return build(place)


@pytest.fixture(scope="module")
def program(first: LtoBuild, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy: other builds take its place."""
    kept = tmp_path_factory.mktemp("program") / "bare"
    kept.write_bytes(product(first).read_bytes())
    return kept


@pytest.fixture(scope="module")
def library() -> Path:
    return find_library(backend_inputs.sysroot())


def test_a_link_that_is_asked_leaves_what_llvm_said(first: LtoBuild) -> None:
    seen = seen_of(first)
    assert seen.units == read_decisions(first.plan).units
    assert seen.unknown == 0
    assert verdicts(seen, "5mixed") == {(True, "")}
    assert verdicts(seen, "printf") == {(False, "unavailable definition")}
    assert max(seen.inlines.unit) < len(seen.units)


def test_every_definition_of_every_module_is_seen(first: LtoBuild) -> None:
    seen, decided = seen_of(first), read_decisions(first.plan)
    definitions = seen.definitions
    counts = [definitions.module.count(number) for number in range(len(decided.modules))]
    assert counts == [module.definitions for module in decided.modules]
    live = [number for number, lives in zip(definitions.module, definitions.live, strict=True) if lives]
    assert [live.count(number) for number in range(len(decided.modules))] == [each.live for each in decided.modules]
    (main,) = (row for row, name in enumerate(definitions.name) if seen.names[name] == "main")
    assert definitions.live[main]
    assert definitions.instructions[main] > 0


def test_the_program_is_the_usual_one_but_for_symbols_and_relocations(place: Place, first: LtoBuild) -> None:
    usual = place.program("bare")
    assert product(first) != usual
    assert says(product(first)) == says(usual) == "bare 42\n"
    with_more, without = sections(product(first)), sections(usual)
    assert {".rela.text", ".symtab"} <= set(with_more)
    assert ".rela.text" not in without
    same = (".text", ".rodata", ".eh_frame", ".rela.dyn")
    assert {name: with_more[name] for name in same if name in without} == {n: without[n] for n in same if n in without}


def test_what_is_compiled_is_shared_with_the_usual_build(first: LtoBuild, plain: LtoBuild) -> None:
    core = [key for key in keys(plain) if key in keys(first)]
    assert len(core) >= len(keys(plain)) - 1
    assert len(list((product(first).parent.parent / "release").glob("deps/*"))) == 0


def test_objects_without_remarks_are_made_again_and_both_are_kept(place: Place, first: LtoBuild) -> None:
    assert not any(cached(first))
    (place.directory / "src" / "main.rs").touch()
    again = build(place)
    assert not again.fresh
    assert all(cached(again))
    assert seen_of(again) == seen_of(first)


def test_the_usual_build_takes_these_objects_and_leaves_nothing_new(place: Place, first: LtoBuild) -> None:
    main = place.directory / "src" / "main.rs"
    main.touch()
    usual = build(place, seen=False)
    assert usual.seen is None
    assert [unit for unit in keys(usual) if unit in keys(first)]
    assert not list(usual.plan.parent.glob("*.seen.json"))


@pytest.mark.parametrize("mode", MODES)
def test_each_mode_tells_of_the_same_calls(place: Place, mode: str) -> None:
    built = build(place, mode)
    seen = seen_of(built)
    assert (True, "") in verdicts(seen, "5mixed")
    assert seen.units == read_decisions(built.plan).units
    assert says(product(built)) == "bare 42\n"


def test_without_the_cache_remarks_are_had_too(place: Place) -> None:
    (place.directory / "src" / "main.rs").touch()
    built = run_build(
        place.directory,
        Selection(),
        None,
        replace(_settings(place), cache=None),
        place.environment(),
        quiet=True,
    )
    assert verdicts(seen_of(built), "5mixed") == {(True, "")}


def _settings(place: Place) -> Settings:
    return Settings(
        lto=parse_lto("thin"),
        engine=Engine.BURNISH,
        jobs=1,
        cache=place.cache / "lto",
        limit=DEFAULT_LIMIT,
        record=None,
        linker="",
        seen=True,
    )


def test_without_link_time_optimization_there_are_relocations_still(place: Place) -> None:
    built = build(place, "off")
    assert built.seen is None
    assert ".rela.text" in sections(product(built))


def test_where_lld_does_it_nothing_is_said_but_relocations_are_there(place: Place) -> None:
    built = build(place, engine=Engine.LLD)
    assert built.seen is None
    assert ".rela.text" in sections(product(built))


def test_a_program_that_the_project_strips_is_kept_whole_all_the_same(tmp_path: Path, place: Place) -> None:
    directory = bare().generate(tmp_path / "project")
    manifest = directory / "Cargo.toml"
    manifest.write_text(manifest.read_text(encoding="utf-8") + "strip = true\n", encoding="utf-8")
    stripped = Place(directory=directory, cache=place.cache).with_shim_of(place)
    built = build(stripped)
    assert verdicts(seen_of(built), "5mixed") == {(True, "")}
    assert ".symtab" in sections(product(built))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b'{"version":', id="cut off"),
        pytest.param(b"\xff\xfe", id="no text"),
    ],
)
def test_what_was_seen_is_refused_where_it_is_damaged(tmp_path: Path, content: bytes) -> None:
    place = tmp_path / "a.seen.json"
    place.write_bytes(content)
    with pytest.raises(StoreError, match=r"cannot read what was seen of the link, .*a\.seen\.json"):
        read_seen(place)


def test_what_another_version_has_seen_is_refused(tmp_path: Path, first: LtoBuild) -> None:
    assert first.seen is not None
    place = tmp_path / "a.seen.json"
    place.write_bytes(first.seen.read_bytes().replace(b'"version":%d' % VERSION, b'"version":99', 1))
    with pytest.raises(StoreError, match="is of version 99"):
        read_seen(place)


def _targets(code: tuple[Instruction, ...]) -> Iterator[str]:
    return (each.target for each in code if each.target)


def test_a_listing_shows_what_is_left_of_the_code(program: Path, library: Path) -> None:
    code = listing(program, "main", library)
    assert "printf" in set(_targets(code))
    # What was inlined is called no more.
    assert not any("5mixed" in target for target in _targets(code))
    assert code[-1].address + len(code[-1].code) - code[0].address == sum(len(each.code) for each in code)
    assert any(each.text.startswith("ret") for each in code)


def test_a_program_without_relocations_is_listed_by_addresses(place: Place, library: Path) -> None:
    code = listing(place.program("bare"), "main", library)
    assert any(each.text.startswith("call") for each in code)


def test_a_function_that_is_gone_is_an_error_that_says_so(program: Path, library: Path) -> None:
    with pytest.raises(UsageError, match="has no function mixed") as caught:
        listing(program, "mixed", library)
    assert caught.value.hint == "nothing is left of it in the program"


@pytest.mark.parametrize("name", ["", "printf", "ain", "data_start", "\udcff"])
def test_what_is_no_function_of_the_program_is_not_listed(program: Path, library: Path, name: str) -> None:
    with pytest.raises(UsageError, match="has no function"):
        listing(program, name, library)


def test_a_stripped_program_is_refused_with_advice(program: Path, library: Path, tmp_path: Path) -> None:
    whole = tmp_path / "bare"
    whole.write_bytes(program.read_bytes())
    with pytest.raises(UsageError, match="no symbol table"):
        listing(backend_inputs.stripped(whole), "main", library)


def test_what_is_no_program_is_refused(library: Path, tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("main", encoding="utf-8")
    with pytest.raises(BitcodeError, match="no ELF header"):
        listing(text, "main", library)
    with pytest.raises(UsageError, match="cannot read"):
        listing(tmp_path / "nothing", "main", library)


def test_damage_to_a_program_is_an_error_or_does_no_harm(program: Path, library: Path, tmp_path: Path) -> None:
    good = program.read_bytes()
    table = int.from_bytes(good[40:48], "little")
    symbols = _symbol_table(program)
    luck = random.Random(5)  # noqa: S311 - the same damage every time
    damaged = tmp_path / "damaged"
    refused = []
    for _ in range(300):
        data = bytearray(good)
        for _ in range(luck.randrange(1, 6)):
            start, size = luck.choice([(0, 64), (table, len(good) - table), symbols])
            data[start + luck.randrange(size)] = luck.choice([0, 1, 0x7F, 0xFF, luck.randrange(256)])
        damaged.write_bytes(data)
        try:
            listing(damaged, "main", library)
        except BurnishError as error:
            refused.append(error.message)
    assert len(refused) > 20
    assert all(refused)


def _symbol_table(program: Path) -> tuple[int, int]:
    elf: Any = ELFFile(io.BytesIO(program.read_bytes()))
    header = elf.get_section_by_name(".symtab").header
    return header.sh_offset, header.sh_size


def test_the_environment_alone_asks_too(place: Place, tmp_path: Path) -> None:
    """Plain cargo with burnish's lines."""
    lines = place.burnish("build", "--print-config").out
    directory = bare().plus({".cargo/config.toml": lines}).generate(tmp_path / "project")
    records = tmp_path / "records"
    asked = {"BURNISH_LTO_RECORD": str(records), "BURNISH_LTO_SEEN": "1"}
    copy = Place(directory=directory, cache=place.cache)
    assert copy.run(["cargo", "build", "--release"], asked).code == 0
    assert {path.name for path in records.iterdir()} == {"bare.json", "bare.plan.json", "bare.seen.json"}
    (directory / "src" / "main.rs").touch()
    assert copy.run(["cargo", "build", "--release"], {"BURNISH_LTO_RECORD": str(records)}).code == 0
    # What an earlier link saw does not hold for this one.
    assert {path.name for path in records.iterdir()} == {"bare.json", "bare.plan.json"}
    assert os.access(directory / "target" / "release" / "bare", os.X_OK)
