"""Files on a link line: what is in them, and what each part is."""

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from read_bits import SMALL, elf, member

from burnish.errors import BitcodeError, UnsupportedError
from burnish.lto.objects import Form, Object
from burnish.lto.read.bitcode import read_module
from burnish.lto.read.container import read_objects

MODULE = SMALL.bytes()
ARCHIVE, THIN = b"!<arch>\n", b"!<thin>\n"
NATIVE = elf((b".text", 1, b"\xc3", {}))
EMBEDDED = elf((b".text", 1, b"\xc3\xc3\xc3\xc3", {}), (b".llvmbc", 1, MODULE, {}), (b".llvmcmd", 1, b"", {}))
METADATA = elf((b".rmeta", 1, b"rust", {}))
WRAPPED = struct.pack("<5I", 0x0B17C0DE, 0, 20, len(MODULE), 7) + MODULE + b"\0\0\0"


def objects(data: bytes, name: str = "libx.rlib") -> list[Object]:
    return read_objects(Path(name), data)


@pytest.mark.parametrize(
    ("data", "form", "module"),
    [
        pytest.param(MODULE, Form.BITCODE, (0, len(MODULE)), id="bitcode"),
        pytest.param(WRAPPED, Form.BITCODE, (20, len(MODULE)), id="wrapped bitcode"),
        pytest.param(NATIVE, Form.NATIVE, None, id="an object"),
        pytest.param(EMBEDDED, Form.BITCODE, (EMBEDDED.index(MODULE), len(MODULE)), id="an object with its bitcode"),
        pytest.param(elf((b".llvmbc", 1, b"\0", {})), Form.NATIVE, None, id="an object with a marker for bitcode"),
        pytest.param(elf((b".llvmbc", 8, b"", {})), Form.NATIVE, None, id="an object with bitcode elsewhere"),
        pytest.param(elf(kind=3), Form.SHARED, None, id="a shared library"),
        pytest.param(elf(kind=2), Form.OTHER, None, id="a program"),
        pytest.param(METADATA, Form.OTHER, None, id="an object of rustc's metadata"),
        pytest.param(b"INPUT(-lm)", Form.OTHER, None, id="a linker script"),
        pytest.param(b"", Form.OTHER, None, id="an empty file"),
    ],
)
def test_a_file_is_what_its_first_bytes_say(data: bytes, form: Form, module: tuple[int, int] | None) -> None:
    assert objects(data, "m.o") == [
        Object(path=Path("m.o"), member="", offset=0, size=len(data), form=form, module=module)
    ]


@pytest.mark.parametrize("data", [MODULE, WRAPPED, EMBEDDED], ids=["bitcode", "wrapped", "embedded"])
@pytest.mark.parametrize("archived", [False, True], ids=["alone", "in an archive"])
def test_the_module_can_be_read_where_it_is_said_to_be(data: bytes, *, archived: bool) -> None:
    file = ARCHIVE + member(b"m.o/", data) if archived else data
    (found,) = objects(file)
    assert found.module is not None
    offset, size = found.module
    assert read_module(file[offset : offset + size], found.label).guid.tolist() == read_module(MODULE, "").guid.tolist()


def test_members_of_an_archive() -> None:
    long_names = b"a_name_that_is_longer_than_sixteen.o/\nanother name/with a slash.o/\n"
    data = (
        ARCHIVE
        + member(b"/", b"\0\0\0\1" + b"index")
        + member(b"/SYM64/", b"index")
        + member(b"//", long_names)
        + member(b"short.o/", NATIVE)
        + member(b"/0", b"odd")
        + member(b"/38", MODULE)
        + member(b"lib.rmeta/", NATIVE)
        + member(b"#1/20", b"bsd_name_of_member.o" + MODULE)
    )
    assert [(found.member, found.form) for found in objects(data)] == [
        ("short.o", Form.NATIVE),
        ("a_name_that_is_longer_than_sixteen.o", Form.OTHER),
        ("another name/with a slash.o", Form.BITCODE),
        ("lib.rmeta", Form.OTHER),
        ("bsd_name_of_member.o", Form.BITCODE),
    ]
    assert [data[found.offset :][: found.size] for found in objects(data)] == [NATIVE, b"odd", MODULE, NATIVE, MODULE]
    assert objects(data)[0].label == "libx.rlib(short.o)"


def test_an_empty_archive_has_no_members() -> None:
    assert objects(ARCHIVE) == []


@pytest.mark.parametrize(
    ("archive", "form"),
    [
        pytest.param("libcompiler_builtins-27cfc16bdf3bb694.rlib", Form.NATIVE, id="compiler_builtins"),
        pytest.param("libcompiler_builtins_like-27cfc16bdf3bb694.rlib", Form.BITCODE, id="a crate of a longer name"),
        pytest.param("libcore-27cfc16bdf3bb694.rlib", Form.BITCODE, id="core"),
    ],
)
def test_the_crate_that_intrinsics_call_stays_native(archive: str, form: Form) -> None:
    (found,) = objects(ARCHIVE + member(b"m.o/", EMBEDDED), archive)
    assert (found.form, found.module is None) == (form, form is Form.NATIVE)


def test_members_of_a_thin_archive_are_files_beside_it(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/one.o").write_bytes(EMBEDDED)
    (tmp_path / "two.o").write_bytes(NATIVE)
    archive = tmp_path / "libthin.a"
    archive.write_bytes(
        THIN
        + member(b"/", b"indx")
        + member(b"//", b"sub/one.o/\n\n")
        + member(b"/0", EMBEDDED, thin=True)
        + member(b"two.o/", NATIVE, thin=True)
    )
    one, two = read_objects(archive)
    assert (one.path, one.member, one.form, one.size) == (tmp_path / "sub/one.o", "", Form.BITCODE, len(EMBEDDED))
    assert one.module == (EMBEDDED.index(MODULE), len(MODULE))
    assert (two.path, two.form) == (tmp_path / "two.o", Form.NATIVE)


def test_files_are_read_from_disk(tmp_path: Path) -> None:
    file = tmp_path / "libx.rlib"
    file.write_bytes(ARCHIVE + member(b"m.o/", MODULE))
    assert read_objects(file) == read_objects(file, file.read_bytes())
    (tmp_path / "empty").write_bytes(b"")
    assert [found.form for found in read_objects(tmp_path / "empty")] == [Form.OTHER]


@pytest.mark.parametrize("name", ["missing.o", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(BitcodeError, match="cannot be read") as caught:
        read_objects(tmp_path / name)
    assert str(tmp_path / name) in caught.value.message


def test_a_thin_archive_without_its_members_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "libthin.a"
    archive.write_bytes(THIN + member(b"gone.o/", NATIVE, thin=True))
    with pytest.raises(BitcodeError, match=r"gone\.o: cannot be read"):
        read_objects(archive)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(member(b"m.o/", b"x", size=10**9), "reaches beyond the end", id="a member cut off"),
        pytest.param(b"x" * 60, "no member's header", id="no header"),
        pytest.param(
            member(b"m.o/", b"xx")[:48] + b"1_0       `\n" + b"x" * 10, "no member's header", id="a size with _"
        ),
        pytest.param(member(b"m.o/", b"xx")[:48] + b"-1        `\n" + b"xx", "no member's header", id="a size below 0"),
        pytest.param(member(b"/7", b"xx"), "no name at 7", id="no table of names"),
        pytest.param(member(b"//", b"a.o/") + member(b"/0", b"xx"), "no name at 0", id="a name without end"),
        pytest.param(member(b"#1/90", b"xx"), "longer than its member", id="a name longer than its member"),
        pytest.param(member(b"m.o/", elf()[:-1]), "section headers", id="a member's ELF cut off"),
        pytest.param(member(b"m.o/", WRAPPED[:19]), "wrapper cut off", id="a wrapper cut off"),
        pytest.param(member(b"m.o/", WRAPPED[:90]), "where there is none", id="a wrapper around too little"),
        pytest.param(member(b"m.o/", WRAPPED[:20] + b"x" * 9000), "where there is none", id="a wrapper around else"),
    ],
)
def test_a_damaged_archive_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(BitcodeError, match=words) as caught:
        objects(ARCHIVE + data)
    assert caught.value.message.startswith("libx.rlib")
    assert caught.value.hint


def test_rests_shorter_than_a_header_are_no_member() -> None:
    assert len(objects(ARCHIVE + member(b"m.o/", NATIVE) + b"\n" * 59)) == 1


WHOLE = ARCHIVE + member(b"//", b"a_name_that_is_longer.o/\n") + member(b"/0", EMBEDDED) + member(b"w.o/", WRAPPED)


@given(st.data())
def test_a_damaged_file_is_read_or_refused(data: st.DataObject) -> None:
    damaged = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 5))):
        damaged[data.draw(st.integers(8, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    damaged = damaged[: data.draw(st.integers(8, len(damaged)))]
    try:
        found = objects(bytes(damaged))
    except (BitcodeError, UnsupportedError):
        return
    for item in found:
        assert 0 <= item.offset <= item.offset + item.size <= len(damaged)
        if item.module:
            assert damaged[item.module[0] :][:4] == b"BC\xc0\xde"
            assert item.offset <= item.module[0] <= sum(item.module) <= item.offset + item.size
