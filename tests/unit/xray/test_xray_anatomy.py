"""Programs read: every byte once, whose it is, what refers to what."""

import random
import sys
from pathlib import Path

import pytest
from elf_programs import (
    DATA,
    FUNC,
    NOTYPE,
    OBJECT,
    R_64,
    R_PC32,
    RODATA,
    TEXT,
    Relocation,
    Symbol,
    legacy,
    program,
)

from burnish.errors import ToolError
from burnish.xray.pieces import CONTENT
from burnish.xray.read import SHARED, anatomy_of
from burnish.xray.values import Anatomy

REAL = Path(sys.executable).resolve()  # an ELF file that is at hand wherever these tests run

MAIN = Symbol(name=legacy("app", "main"), section=TEXT, offset=0, size=0x40)
HELPER = Symbol(name=legacy("dep", "help"), section=TEXT, offset=0x40, size=0x20)
OTHER = Symbol(name=legacy("dep", "other"), section=TEXT, offset=0x60, size=0x20)


def read(tmp_path: Path, data: bytes) -> Anatomy:
    path = tmp_path / "program"
    path.write_bytes(data)
    return anatomy_of(path)


def rows(anatomy: Anatomy, section: str) -> list[tuple[str, str, int]]:
    """Name as Rust writes it, crate and size of the symbols of a section, by address."""
    symbols = anatomy.symbols
    return [
        (anatomy.names[symbols.shown[row]], anatomy.crates[symbols.crate[row]], symbols.size[row])
        for row in range(len(symbols.name))
        if anatomy.sections[symbols.section[row]].name == section
    ]


def retained(anatomy: Anatomy) -> dict[str, int]:
    symbols = anatomy.symbols
    return {anatomy.names[name]: size for name, size in zip(symbols.shown, symbols.retained, strict=True)}


def assert_sums(anatomy: Anatomy, size: int) -> None:
    """Sections, headers and padding are the file; symbols and what is loose are the sections of code and data."""
    assert sum(row.file for row in anatomy.sections) == anatomy.size == size
    for number, section in enumerate(anatomy.sections):
        if section.kind in CONTENT:
            covered = sum(
                size for size, own in zip(anatomy.symbols.size, anatomy.symbols.section, strict=True) if own == number
            )
            assert covered + anatomy.loose.get(number, 0) == section.memory


def test_every_byte_of_a_program_is_counted_once(tmp_path: Path) -> None:
    data = program([MAIN, HELPER])
    anatomy = read(tmp_path, data)
    assert_sums(anatomy, len(data))
    assert rows(anatomy, ".text") == [("app::main", "app", 0x40), ("dep::help", "dep", 0x20)]
    assert anatomy.references is not None


def test_a_real_program_adds_up() -> None:
    assert_sums(anatomy_of(REAL), REAL.stat().st_size)


def test_symbols_that_overlap_share_no_byte(tmp_path: Path) -> None:
    within = Symbol(name="inner", section=TEXT, offset=0x10, size=0x40)
    anatomy = read(tmp_path, program([MAIN, Symbol(name="alias", section=TEXT, size=0x40), within]))
    assert [size for _, _, size in rows(anatomy, ".text")] == [0x40, 0x10]


def test_assembly_without_sizes_reaches_to_the_next_symbol(tmp_path: Path) -> None:
    symbols = [
        Symbol(name="first", section=TEXT, kind=NOTYPE),
        Symbol(name="second", section=TEXT, offset=0x30, kind=FUNC),
    ]
    found = rows(read(tmp_path, program(symbols, text=0x50)), ".text")
    assert found == [("first", "[c]", 0x30), ("second", "[c]", 0x20)]


def test_labels_in_data_take_no_room(tmp_path: Path) -> None:
    anatomy = read(tmp_path, program([MAIN, Symbol(name="data_start", section=DATA, kind=NOTYPE)]))
    assert rows(anatomy, ".data") == []
    assert anatomy.loose[DATA] == 0x40


def test_a_constant_without_a_name_is_of_the_crate_that_alone_refers_to_it(tmp_path: Path) -> None:
    refers = [
        Relocation(section=TEXT, offset=0x04, to=RODATA, kind=R_PC32, addend=0x00 - 4),
        Relocation(section=TEXT, offset=0x44, to=RODATA, kind=R_PC32, addend=0x10 - 4),
        Relocation(section=TEXT, offset=0x64, to=RODATA, kind=R_PC32, addend=0x10 - 4),
        Relocation(section=TEXT, offset=0x08, to=RODATA, kind=R_PC32, addend=0x40 - 4),
        Relocation(section=TEXT, offset=0x48, to=RODATA, kind=R_PC32, addend=0x40 - 4),
    ]
    anatomy = read(tmp_path, program([MAIN, HELPER, OTHER], refers))
    assert rows(anatomy, ".rodata") == [
        ("[constant] of app", "app", 0x10),
        ("[constant] of dep", "dep", 0x30),
        (f"[constant] of {SHARED}", SHARED, 0x40),
    ]


def test_what_a_vtable_refers_to_is_found_through_it(tmp_path: Path) -> None:
    refers = [
        Relocation(section=TEXT, offset=0x04, to=DATA, kind=R_PC32, addend=-4),
        Relocation(section=DATA, offset=0x08, to=HELPER.name, kind=R_64),
        Relocation(section=DATA, offset=0x10, to=RODATA, kind=R_64, addend=0x20),
    ]
    anatomy = read(tmp_path, program([MAIN, HELPER], refers))
    assert rows(anatomy, ".data") == [("[constant] of app", "app", 0x40)]
    assert rows(anatomy, ".rodata") == [("[constant] of app", "app", 0x60)]
    assert retained(anatomy)["app::main"] == 0x40 + 0x20 + 0x40 + 0x60


def test_an_immediate_behind_the_address_does_not_lead_astray(tmp_path: Path) -> None:
    flag = Symbol(name=legacy("dep", "FLAG"), section=DATA, offset=0x10, size=1, kind=OBJECT)
    before = Symbol(name=legacy("dep", "BEFORE"), section=DATA, offset=0x00, size=0x10, kind=OBJECT)
    # cmp byte ptr [rip + FLAG], 0: one byte stands behind the distance.
    refers = [Relocation(section=TEXT, offset=0x04, to=DATA, kind=R_PC32, addend=0x10 - 5)]
    anatomy = read(tmp_path, program([MAIN, before, flag], refers))
    assert anatomy.references is not None
    targets = [anatomy.names[anatomy.symbols.shown[row]] for row in anatomy.references.target]
    assert targets == ["dep::FLAG"]


def test_entries_of_a_table_of_a_switch_count_from_its_start(tmp_path: Path) -> None:
    refers = [
        Relocation(section=TEXT, offset=0x04, to=RODATA, kind=R_PC32, addend=-4),
        # Distances of HELPER and OTHER from the table: the later entry stands four bytes further on.
        Relocation(section=RODATA, offset=0x00, to=TEXT, kind=R_PC32, addend=0x40),
        Relocation(section=RODATA, offset=0x04, to=TEXT, kind=R_PC32, addend=0x5E + 4),
    ]
    anatomy = read(tmp_path, program([MAIN, HELPER, OTHER], refers, rodata=8))
    assert anatomy.references is not None
    pairs = {
        (anatomy.names[anatomy.symbols.shown[source]], anatomy.names[anatomy.symbols.shown[target]])
        for source, target in zip(anatomy.references.source, anatomy.references.target, strict=True)
    }
    assert ("[constant] of app", "dep::help") in pairs
    assert ("[constant] of app", "dep::other") not in pairs


def test_copies_of_a_generic_are_counted_together(tmp_path: Path) -> None:
    copies = [
        Symbol(name=legacy("dep", "get", number), section=TEXT, offset=16 * number, size=16) for number in range(3)
    ]
    symbols = read(
        tmp_path, program([*copies, Symbol(name=legacy("dep", "one"), section=TEXT, offset=48, size=8)])
    ).symbols
    assert symbols.generic[0] == symbols.generic[1] == symbols.generic[2] >= 0
    assert symbols.generic[3] == -1


def test_a_stripped_program_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    anatomy = read(tmp_path, program([]))
    assert anatomy.symbols.name == []
    assert anatomy.references is not None
    assert anatomy.loose == {TEXT: 0x100, RODATA: 0x80, DATA: 0x40, 4: 0x20}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"", "no ELF header", id="an empty file"),
        pytest.param(b"MZ" + bytes(100), "no ELF header", id="another format"),
        pytest.param(program([MAIN])[:400], "lie outside", id="cut short"),
    ],
)
def test_what_is_no_program_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(ToolError, match=words) as caught:
        read(tmp_path, content)
    assert "ELF" in caught.value.hint


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="nothing-here"):
        anatomy_of(tmp_path / "nothing-here")


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_program_is_read_or_refused(tmp_path: Path, seed: int) -> None:
    refers = [Relocation(section=TEXT, offset=4 * n, to=RODATA, kind=R_PC32, addend=n) for n in range(30)]
    sound = program([MAIN, HELPER, OTHER], refers)
    luck, read_ones = random.Random(seed), 0  # noqa: S311
    for _ in range(150):
        damaged = bytearray(sound)
        for _ in range(luck.randint(1, 4)):
            damaged[luck.randrange(len(damaged))] = luck.choice([0, 1, 0x7F, 0x80, 0xFF, luck.randrange(256)])
        try:
            anatomy = read(tmp_path, bytes(damaged))
        except ToolError:
            continue
        read_ones += 1
        assert sum(row.file for row in anatomy.sections) == len(damaged)
        assert all(size > 0 for size in anatomy.symbols.size)
    assert read_ones
