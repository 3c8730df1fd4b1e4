from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.errors import LtoError
from burnish.lto.line.archive import Entry, write_archive
from burnish.lto.objects import Form, Object


def entry(path: Path, member: str, offset: int, size: int, *symbols: str) -> Entry:
    return Entry(object=Object(path=path, member=member, offset=offset, size=size, form=Form.NATIVE), symbols=symbols)


def members(data: bytes) -> list[tuple[str, int, bytes]]:
    """Name, offset of the header and bytes of each member; a reader of its own, by ar.h."""
    assert data.startswith(b"!<arch>\n")
    place, long_names, found = 8, b"", []
    while place < len(data):
        header = data[place : place + 60]
        assert header[58:] == b"`\n"
        size = int(header[48:58])
        body = data[place + 60 : place + 60 + size]
        name = header[:16].decode().rstrip(" ")
        if name == "//":
            long_names = body
        elif name[:1] == "/" and name[1:].isdigit():
            start = int(name[1:])
            found.append((long_names[start : long_names.index(b"/\n", start)].decode(), place, body))
        else:
            found.append((name if name == "/" else name.removesuffix("/"), place, body))
        place += 60 + size + size % 2
    assert place == len(data)
    return found


NAMES = st.text(alphabet="ab.-/é", min_size=1, max_size=24).filter(lambda name: not name.startswith("/"))


@given(st.lists(st.tuples(NAMES, st.binary(max_size=40), st.lists(st.text("xyz", min_size=1), max_size=3)), max_size=6))
def test_an_archive_holds_what_was_written_and_its_index_points_at_it(
    tmp_path_factory: pytest.TempPathFactory, wanted: list[tuple[str, bytes, list[str]]]
) -> None:
    directory = tmp_path_factory.mktemp("a")
    source = directory / "source"
    source.write_bytes(b"".join(data for _, data, _ in wanted))
    entries, offset = [], 0
    for name, data, symbols in wanted:
        entries.append(entry(source, name, offset, len(data), *symbols))
        offset += len(data)
    write_archive(directory / "lib.a", entries)
    index, *found = members((directory / "lib.a").read_bytes())
    assert [(name, data) for name, _, data in found] == [(name, data) for name, data, _ in wanted]

    count = int.from_bytes(index[2][:4], "big")
    offsets = [int.from_bytes(index[2][4 + 4 * i : 8 + 4 * i], "big") for i in range(count)]
    names = index[2][4 + 4 * count :].split(b"\0")[:count]
    by_offset = {place: name for name, place, _ in found}
    listed = [(by_offset[place], name.decode()) for place, name in zip(offsets, names, strict=True)]
    assert listed == [(name, symbol) for name, _, symbols in wanted for symbol in symbols]


def test_writing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.o").write_bytes(b"object")
    entries = [entry(tmp_path / "a.o", "", 0, 6, "f")]
    write_archive(tmp_path / "1.a", entries)
    write_archive(tmp_path / "2.a", entries)
    assert (tmp_path / "1.a").read_bytes() == (tmp_path / "2.a").read_bytes()
    assert members((tmp_path / "1.a").read_bytes())[1][0] == "a.o"


@pytest.mark.parametrize(
    ("member", "offset", "size"),
    [
        pytest.param("a.o", 0, 7, id="longer than the file"),
        pytest.param("a.o", 6, 1, id="beyond the end"),
        pytest.param("a.o", -1, 2, id="before the beginning"),
        pytest.param("a.o", 0, 10**11, id="larger than an archive can say"),
        pytest.param("a\nb", 0, 6, id="line break in the name"),
        pytest.param("a\0", 0, 6, id="zero byte in the name"),
    ],
)
def test_a_member_that_does_not_exist_or_fit_is_an_error_and_leaves_nothing(
    tmp_path: Path, member: str, offset: int, size: int
) -> None:
    (tmp_path / "a.o").write_bytes(b"object")
    with pytest.raises(LtoError):
        write_archive(tmp_path / "lib.a", [entry(tmp_path / "a.o", member, offset, size)])
    assert [path.name for path in tmp_path.iterdir()] == ["a.o"]


def test_a_failed_write_leaves_the_old_archive(tmp_path: Path) -> None:
    (tmp_path / "lib.a").write_bytes(b"old")
    with pytest.raises(LtoError, match=r"cannot read .*absent\.o"):
        write_archive(tmp_path / "lib.a", [entry(tmp_path / "absent.o", "", 0, 1)])
    assert (tmp_path / "lib.a").read_bytes() == b"old"


def test_an_archive_that_cannot_be_put_in_its_place_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "lib.a").mkdir()
    with pytest.raises(LtoError, match=r"cannot write .*lib\.a"):
        write_archive(tmp_path / "lib.a", [])
    assert [path.name for path in tmp_path.iterdir()] == ["lib.a"]


def test_a_zero_byte_in_a_symbol_does_not_shift_the_index(tmp_path: Path) -> None:
    (tmp_path / "a.o").write_bytes(b"object")
    write_archive(tmp_path / "lib.a", [entry(tmp_path / "a.o", "", 0, 6, "a\0b", "c")])
    index = members((tmp_path / "lib.a").read_bytes())[0][2]
    assert index[12:].split(b"\0")[:2] == [b"a?b", b"c"]
