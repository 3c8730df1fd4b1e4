import gzip
import struct
import sys
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from burnish.build.size import HEADERS, crates, gzip_size, sections
from burnish.build.symbols import FOREIGN, UNKNOWN
from burnish.errors import ToolError

TEXT_AT, TEXT_SIZE = 0x1000, 400
REAL = Path(sys.executable).resolve()  # an ELF file that is at hand wherever these tests run

FUNC, OBJECT = 2, 1


def elf(
    symbols: Iterable[tuple[str, int, int, int]] = (), *, bits: int = 64, order: str = "<", nobits: int = 4096
) -> bytes:
    """A small ELF file: ``.text`` of `TEXT_SIZE` bytes, ``.bss``, and symbols of (name, address, size, type)."""
    wide = bits == 64
    strings, entries = b"\0", struct.pack(f"{order}{'IBBHQQ' if wide else 'IIIBBH'}", *[0] * 6)
    for name, value, size, kind in symbols:
        at, info = len(strings), 0x10 | kind
        strings += name.encode() + b"\0"
        entry = (at, info, 0, 1, value, size) if wide else (at, value, size, info, 0, 1)
        entries += struct.pack(f"{order}{'IBBHQQ' if wide else 'IIIBBH'}", *entry)
    names = b"\0.text\0.bss\0.symtab\0.strtab\0.shstrtab\0"
    head = 64 if wide else 52
    bodies = [b"\x90" * TEXT_SIZE, b"", entries, strings, names]
    offsets = [head + sum(len(body) for body in bodies[:index]) for index in range(len(bodies))]
    # name, type, flags, addr, offset, size, link, info, align, entsize
    table = [
        (0,) * 10,
        (1, 1, 6, TEXT_AT, offsets[0], TEXT_SIZE, 0, 0, 16, 0),
        (7, 8, 3, 0x3000, offsets[1], nobits, 0, 0, 16, 0),
        (12, 2, 0, 0, offsets[2], len(entries), 4, 1, 8, 24 if wide else 16),
        (20, 3, 0, 0, offsets[3], len(strings), 0, 0, 1, 0),
        (28, 3, 0, 0, offsets[4], len(names), 0, 0, 1, 0),
    ]
    ident = b"\x7fELF" + bytes([2 if wide else 1, 1 if order == "<" else 2, 1]) + bytes(9)
    at_table = head + sum(map(len, bodies))
    word = "Q" if wide else "I"
    header = struct.pack(
        f"{order}HHI{word * 3}IHHHHHH", 2, 62, 1, 0, 0, at_table, 0, head, 0, 0, 64 if wide else 40, len(table), 5
    )
    rows = b"".join(struct.pack(f"{order}II{word * 4}II{word * 2}", *row) for row in table)
    return ident + header + b"".join(bodies) + rows


def written(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "program"
    path.write_bytes(data)
    return path


def named(crate: str, function: str = "f") -> str:
    return f"_ZN{len(crate)}{crate}{len(function)}{function}17h0123456789abcdefE"


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("order", [pytest.param("<", id="little"), pytest.param(">", id="big")])
def test_both_classes_and_byte_orders_are_read(tmp_path: Path, bits: int, order: str) -> None:
    data = elf([(named("app"), TEXT_AT, 300, FUNC)], bits=bits, order=order)
    path = written(tmp_path, data)

    assert crates(path) == (("app", 300), (UNKNOWN, 100))
    assert sum(size for _, size in sections(path)) == len(data)


def test_sections_without_bytes_in_the_file_do_not_count(tmp_path: Path) -> None:
    found = dict(sections(written(tmp_path, elf(nobits=1 << 40))))

    assert ".bss" not in found
    assert found[".text"] == TEXT_SIZE
    assert found[HEADERS] == 64 + 6 * 64


@pytest.mark.parametrize(
    ("symbols", "expected"),
    [
        pytest.param([], {UNKNOWN: 400}, id="no-symbols"),
        pytest.param([("a", 0, 100), ("b", 100, 300)], {"a": 100, "b": 300}, id="side-by-side"),
        pytest.param([("a", 0, 100), ("a", 100, 100)], {"a": 200, UNKNOWN: 200}, id="two-of-a-crate"),
        pytest.param([("a", 0, 100), ("b", 0, 100)], {"a": 100, UNKNOWN: 300}, id="an-alias-counts-once"),
        pytest.param([("a", 0, 200), ("b", 50, 50)], {"a": 200, UNKNOWN: 200}, id="one-inside-another"),
        pytest.param([("a", 0, 200), ("b", 100, 200)], {"a": 200, "b": 100, UNKNOWN: 100}, id="an-overlap"),
        pytest.param([("b", 0, 50), ("a", 0, 200)], {"a": 200, UNKNOWN: 200}, id="the-longest-of-one-start"),
        pytest.param([("a", 350, 1000)], {"a": 50, UNKNOWN: 350}, id="beyond-the-section"),
        pytest.param([("a", -100, 150), ("b", 60, 40)], {"a": 50, "b": 40, UNKNOWN: 310}, id="before-the-section"),
        pytest.param([("a", 0, 0)], {UNKNOWN: 400}, id="no-size"),
    ],
)
def test_bytes_of_code_are_counted_once(
    tmp_path: Path, symbols: list[tuple[str, int, int]], expected: dict[str, int]
) -> None:
    data = elf([(named(crate), TEXT_AT + at, size, FUNC) for crate, at, size in symbols])

    assert dict(crates(written(tmp_path, data))) == expected


def test_only_functions_own_code(tmp_path: Path) -> None:
    data = elf([(named("data"), TEXT_AT, 100, OBJECT), ("memcpy", TEXT_AT, 40, FUNC)])

    assert dict(crates(written(tmp_path, data))) == {FOREIGN: 40, UNKNOWN: 360}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "b", "c"]), st.integers(-50, 450), st.integers(0, 2**40)),
        max_size=30,
    )
)
def test_crates_sum_to_the_code_whatever_the_symbols(tmp_path: Path, symbols: list[tuple[str, int, int]]) -> None:
    data = elf([(named(crate), TEXT_AT + at, size, FUNC) for crate, at, size in symbols])
    found = crates(written(tmp_path, data))

    assert sum(size for _, size in found) == TEXT_SIZE
    assert [size for _, size in found] == sorted((size for _, size in found), reverse=True)


def test_a_real_program_is_the_sum_of_its_sections() -> None:
    found = sections(REAL)

    assert sum(size for _, size in found) == REAL.stat().st_size
    assert [size for _, size in found] == sorted((size for _, size in found), reverse=True)
    assert sum(size for _, size in crates(REAL)) == dict(found)[".text"]


@pytest.mark.parametrize("measure", [sections, crates])
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"#!/bin/sh\n", id="script"),
        pytest.param(b"\x7fELF", id="magic-alone"),
        pytest.param(elf()[:100], id="cut-short"),
        pytest.param(elf()[:-40], id="table-cut-short"),
    ],
)
def test_what_is_no_whole_elf_file_is_an_error_with_its_name(
    tmp_path: Path, measure: Callable[[Path], object], data: bytes
) -> None:
    path = written(tmp_path, data)

    with pytest.raises(ToolError) as caught:
        measure(path)

    assert str(path) in caught.value.message
    assert caught.value.hint


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_damaged_file_gives_an_error_or_sums_and_nothing_else(tmp_path: Path, data: st.DataObject) -> None:
    whole = bytearray(elf([(named("app"), TEXT_AT, 300, FUNC)]))
    hostile = st.integers(0, 255)
    places = st.one_of(st.integers(0, 63), st.integers(64 + TEXT_SIZE, len(whole) - 1))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(places)] = data.draw(hostile)
    path = written(tmp_path, bytes(whole))

    for measure in (sections, crates):
        try:
            found = measure(path)
        except ToolError:
            continue
        assert all(size >= 0 for _, size in found)


@pytest.mark.parametrize("measure", [sections, crates, gzip_size])
def test_a_missing_file_is_an_error_with_its_name(tmp_path: Path, measure: Callable[[Path], object]) -> None:
    with pytest.raises(ToolError, match="nowhere"):
        measure(tmp_path / "nowhere")


@pytest.mark.parametrize("length", [0, 1, 3_000_000])
def test_the_compressed_size_is_that_of_gzip_at_level_six(tmp_path: Path, length: int) -> None:
    data = (b"burnish " * (length // 8 + 1))[:length]
    path = written(tmp_path, data)

    packed = zlib.compressobj(level=6, wbits=31)
    assert gzip_size(path) == len(packed.compress(data) + packed.flush())
    assert gzip_size(path) == len(gzip.compress(data, compresslevel=6, mtime=0))
