"""Symbols of ELF files written by hand."""

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from read_bits import elf, symbols

from burnish.errors import BitcodeError, UnsupportedError
from burnish.lto.objects import LinkSymbol
from burnish.lto.read.elf import read_elf, read_symbols

SYMTAB, STRTAB, DYNSYM, VERSYM = 2, 3, 11, 0x6FFFFFFF
GLOBAL, WEAK, UNIQUE = 1 << 4, 2 << 4, 10 << 4
COMMON = 0xFFF2

ROWS = (
    (b"local", 0, 0, 1),
    (b"defined", GLOBAL | 2, 0, 1),
    (b"wanted", GLOBAL, 0, 0),
    (b"weak", WEAK | 1, 2, 1),
    (b"weakly_wanted", WEAK, 0, 0),
    (b"common", GLOBAL | 1, 0, COMMON),
    (b"tls_common", GLOBAL | 5, 0, 1),
    (b"unique", UNIQUE | 1, 3, 1),
    (b"absolute", GLOBAL, 0, 0xFFF1),
)


def make(kind: int = 1, rows: tuple[tuple[bytes, int, int, int], ...] = ROWS, *, skip: int = 2) -> bytes:
    table, strings = symbols(*rows)
    table_kind = SYMTAB if kind == 1 else DYNSYM
    return elf(
        (b".text", 1, b"\xc3", {}),
        (b".symtab", table_kind, table, {"link": 3, "info": skip, "entry": 24}),
        (b".strtab", STRTAB, strings, {}),
        kind=kind,
    )


def test_global_symbols_of_an_object() -> None:
    assert read_symbols(make(), "m.o") == (
        LinkSymbol(name="defined", defined=True),
        LinkSymbol(name="wanted", defined=False),
        LinkSymbol(name="weak", defined=True, weak=True, visibility=2),
        LinkSymbol(name="weakly_wanted", defined=False, weak=True),
        LinkSymbol(name="common", defined=True, common=True),
        LinkSymbol(name="tls_common", defined=True, common=True),
        LinkSymbol(name="unique", defined=True, visibility=3),
        LinkSymbol(name="absolute", defined=True),
    )


@pytest.mark.parametrize("skip", [pytest.param(0, id="none called local"), pytest.param(99, id="all called local")])
def test_a_wrong_first_global_symbol_does_no_harm(skip: int) -> None:
    expected = read_symbols(make(), "m.o") if skip == 0 else ()
    assert read_symbols(make(skip=skip), "m.o") == expected


def test_views_are_read_as_bytes_are() -> None:
    assert read_symbols(memoryview(b"xx" + make())[2:], "m.o") == read_symbols(make(), "m.o")


def test_hidden_versions_of_a_library_are_not_seen() -> None:
    rows = (
        (b"plain", GLOBAL, 0, 1),
        (b"default", GLOBAL, 0, 1),
        (b"old", GLOBAL, 0, 1),
        (b"kept_back", GLOBAL, 0, 1),
        (b"wanted", GLOBAL, 0, 0),
    )
    table, strings = symbols(*rows)
    versions = struct.pack("<6H", 0, 1, 2, 0x8003, 0, 0x8002)
    library = elf(
        (b".dynsym", DYNSYM, table, {"link": 2, "info": 1, "entry": 24}),
        (b".dynstr", STRTAB, strings, {}),
        (b".gnu.version", VERSYM, versions, {"link": 1, "entry": 2}),
        kind=3,
    )
    assert [symbol.name for symbol in read_symbols(library, "l.so")] == ["plain", "default", "wanted"]


def test_a_library_without_versions_shows_all() -> None:
    names = [symbol.name for symbol in read_symbols(make(3), "l.so")]
    assert names == [name.decode() for name, info, _, _ in ROWS if info >= GLOBAL]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(elf(), id="no symbol table"),
        pytest.param(make(rows=()), id="an empty symbol table"),
        pytest.param(elf()[:40] + bytes(24), id="no sections"),
    ],
)
def test_an_object_without_symbols(data: bytes) -> None:
    assert read_symbols(data, "m.o") == ()


def test_more_sections_than_the_header_can_count() -> None:
    data = bytearray(make())
    table = struct.unpack_from("<Q", data, 40)[0]
    count, names = struct.unpack_from("<HH", data, 60)
    struct.pack_into("<HH", data, 60, 0, 0xFFFF)
    struct.pack_into("<Q", data, table + 32, count)
    struct.pack_into("<I", data, table + 40, names)
    assert read_symbols(bytes(data), "m.o") == read_symbols(make(), "m.o")
    found = read_elf(bytes(data), "m.o").find(b".text")
    assert found is not None
    assert (found.kind, found.size) == (1, 1)


def test_sections_are_found_by_their_whole_name() -> None:
    file = read_elf(elf((b".xllvmbc", 1, b"no", {}), (b".llvmbc", 1, b"yes", {})), "m.o")
    found = file.find(b".llvmbc")
    assert found is not None
    assert bytes(file.content(found)) == b"yes"
    assert file.find(b".llvmcmd") is None


@pytest.mark.parametrize(
    "ident",
    [
        pytest.param(b"\x7fELF\x01\x01\x01", id="32 bits"),
        pytest.param(b"\x7fELF\x02\x02\x01", id="big-endian"),
    ],
)
def test_other_classes_are_not_taken(ident: bytes) -> None:
    with pytest.raises(UnsupportedError, match="32 bits or big-endian") as caught:
        read_symbols(elf(ident=ident), "m.o")
    assert caught.value.hint


def _with(offset: int, form: str, value: int) -> bytes:
    data = bytearray(make())
    struct.pack_into(form, data, offset, value)
    return bytes(data)


TABLE = struct.unpack_from("<Q", make(), 40)[0]
SYMTAB_ROW, STRTAB_ROW = TABLE + 2 * 64, TABLE + 3 * 64


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(b"", "no ELF header", id="nothing"),
        pytest.param(make()[:63], "no ELF header", id="a header cut off"),
        pytest.param(make()[:-1], "section headers", id="section headers cut off"),
        pytest.param(_with(40, "<Q", 2**63), "section headers", id="section headers elsewhere"),
        pytest.param(_with(58, "<H", 40), "section headers", id="short section headers"),
        pytest.param(_with(62, "<H", 77), "section headers", id="names of sections elsewhere"),
        pytest.param(_with(SYMTAB_ROW + 24, "<Q", 2**40), "beyond the end", id="symbols elsewhere"),
        pytest.param(_with(SYMTAB_ROW + 56, "<Q", 16), "symbols of 16 bytes", id="short symbols"),
        pytest.param(_with(SYMTAB_ROW + 40, "<I", 1000), "no section 1000", id="strings elsewhere"),
        pytest.param(_with(STRTAB_ROW + 32, "<Q", 20), "string table", id="strings cut off"),
    ],
)
def test_what_contradicts_itself_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(BitcodeError, match=words) as caught:
        read_symbols(data, "m.o")
    assert caught.value.message.startswith("m.o: ")


def test_a_library_with_too_few_versions_is_refused() -> None:
    table, strings = symbols(*ROWS)
    library = elf(
        (b".dynsym", DYNSYM, table, {"link": 2, "entry": 24}),
        (b".dynstr", STRTAB, strings, {}),
        (b".gnu.version", VERSYM, bytes(6), {}),
        kind=3,
    )
    with pytest.raises(BitcodeError, match="fewer symbol versions"):
        read_symbols(library, "l.so")


def test_names_that_all_share_one_long_end_are_refused() -> None:
    table = bytes(24) + struct.pack("<IBBHQQ", 1, GLOBAL, 0, 1, 0, 0) * 100_000
    data = elf(
        (b".symtab", SYMTAB, table, {"link": 2, "info": 1, "entry": 24}),
        (b".strtab", STRTAB, b"\0" + b"x" * 100_000 + b"\0", {}),
    )
    with pytest.raises(BitcodeError, match="overlap"):
        read_symbols(data, "m.o")


@given(st.data(), st.sampled_from([make(), make(3)]))
def test_a_damaged_file_is_read_or_refused(data: st.DataObject, whole: bytes) -> None:
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 5))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    damaged = damaged[: data.draw(st.integers(len(damaged) // 2, len(damaged)))]
    with contextlib.suppress(BitcodeError, UnsupportedError):
        assert len(read_symbols(bytes(damaged), "m.o")) <= len(ROWS)
