from dataclasses import dataclass, field
from pathlib import Path

import pytest

from burnish.errors import UnsupportedError
from burnish.lto.line.arguments import parse
from burnish.lto.line.libraries import Disk, find_library, implicit_libraries, locate, parse_search_dirs


@dataclass
class FakeFiles:
    """Paths, and the text of those that are scripts."""

    paths: dict[str, str | None] = field(default_factory=dict)

    def is_file(self, path: str) -> bool:
        return path in self.paths

    def script(self, path: str) -> str | None:
        return self.paths[path]


def files(*binary: str, **scripts: str) -> FakeFiles:
    return FakeFiles({**dict.fromkeys(binary), **{f"/l/{name}.so": text for name, text in scripts.items()}})


def found(argv: list[str], have: FakeFiles, directories: tuple[str, ...] = ("/l",)) -> list[str]:
    return [str(item.path) for item in locate(parse(argv), directories, have)]


@pytest.mark.parametrize(
    ("argv", "path"),
    [
        pytest.param(["-lx"], "/l/libx.so", id="shared first"),
        pytest.param(["-Wl,-Bstatic", "-lx"], "/l/libx.a", id="static where asked"),
        pytest.param(["-static", "-lx"], "/l/libx.a", id="static output"),
        pytest.param(["-lx", "-L", "/own"], "/own/libx.a", id="-L first, wherever it stands"),
        pytest.param(["-l:libx.a"], "/l/libx.a", id="exact name"),
        pytest.param(["-L=/s", "-ly", "--sysroot=/root"], "/root/s/liby.so", id="below the sysroot"),
    ],
)
def test_libraries_are_found_as_ld_finds_them(argv: list[str], path: str) -> None:
    have = files("/l/libx.so", "/l/libx.a", "/own/libx.a", "/root/s/liby.so")
    assert found(argv, have) == [path]


def test_within_a_directory_shared_comes_first_and_an_earlier_directory_before_that() -> None:
    have = files("/a/libx.a", "/b/libx.so")
    assert find_library("x", static=False, directories=["/a", "/b"], files=have) == "/a/libx.a"
    assert find_library("none", static=False, directories=["/a", "/b"], files=have) is None


def test_a_linker_script_is_followed() -> None:
    have = files("/lib/libc.so.6", "/l/libgcc.a", "/l/libgcc_s.so.1", "a.o")
    have.paths["/l/libc.so"] = "GROUP ( /lib/libc.so.6 AS_NEEDED ( libgcc_s.so.1 ) -lgcc )"
    located = locate(parse(["a.o", "-lc"]), ("/l",), have)
    assert [(str(i.path), i.input, i.as_needed) for i in located] == [
        ("a.o", 0, False),
        ("/lib/libc.so.6", 1, False),
        ("/l/libgcc_s.so.1", 1, True),
        ("/l/libgcc.a", 1, False),
    ]


def test_the_state_of_an_input_goes_to_its_files() -> None:
    line = parse(["-Wl,--whole-archive", "x.a", "-Wl,--no-whole-archive,--start-lib", "y.o"])
    located = locate(line, (), files("x.a", "y.o"))
    assert [(i.whole_archive, i.lazy) for i in located] == [(True, False), (False, True)]


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        pytest.param(["-labsent"], "cannot find -labsent", id="library"),
        pytest.param(["absent.o"], "cannot find absent.o", id="file"),
        pytest.param(["-lself"], "without end", id="a script that names itself"),
        pytest.param(["-lbroken"], "cannot find absent.a", id="a script with a missing file"),
    ],
)
def test_what_is_not_there_is_named(argv: list[str], message: str) -> None:
    have = files(libself="INPUT ( -lself )", libbroken="INPUT ( absent.a )")
    with pytest.raises(UnsupportedError, match=message):
        found(argv, have)


def test_the_drivers_answer_is_a_list_of_directories() -> None:
    text = "install: /usr/lib/gcc/12/\nprograms: =/usr/bin\nlibraries: =/a/:/b:/a/:\n"
    assert parse_search_dirs(text) == ("/a/", "/b")
    assert parse_search_dirs("nothing of the kind") == ()


@pytest.mark.parametrize(
    ("argv", "names"),
    [
        pytest.param(["-nodefaultlibs"], (), id="rustc on Linux"),
        pytest.param([], ("gcc", "gcc_s", "c"), id="plain"),
        pytest.param(["-static"], ("gcc", "gcc_eh", "c"), id="static"),
        pytest.param(["-nolibc"], ("gcc", "gcc_s"), id="no libc"),
    ],
)
def test_what_the_driver_adds(argv: list[str], names: tuple[str, ...]) -> None:
    assert implicit_libraries(parse(["a.o", *argv])) == names


def test_only_text_is_a_script(tmp_path: Path) -> None:
    for name, data in {"elf": b"\x7fELF\2", "ar": b"!<arch>\n", "latin": b"\xe4 /", "script": b"INPUT ( a )"}.items():
        (tmp_path / name).write_bytes(data)
    disk = Disk()
    read = {name: disk.script(str(tmp_path / name)) for name in ("elf", "ar", "latin", "script")}
    assert read == {"elf": None, "ar": None, "latin": None, "script": "INPUT ( a )"}
    assert disk.is_file(str(tmp_path / "elf"))
    assert not disk.is_file(str(tmp_path))
    with pytest.raises(UnsupportedError, match="cannot read"):
        disk.script(str(tmp_path / "absent"))
    with pytest.raises(UnsupportedError, match="is no text"):
        disk.text(str(tmp_path / "elf"))
