import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.errors import UnsupportedError
from burnish.lto.line.arguments import (
    PLUGIN_OPTIONS,
    OutputKind,
    Strip,
    of_words,
    parse,
    rewritten,
    without,
)
from burnish.lto.line.words import expand, join, quote, split, unquote

LINES: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "link_lines.json").read_text())

#: Arguments of every kind a link line has, whole and broken.
WORDS = st.one_of(
    st.sampled_from([
        "a.o", "libb.rlib", "-lc", "-l", "c", "-L", "/lib", "-o", "out", "-shared", "-pie", "-static", "-Xlinker",
        "-Wl,", "-Wl,-z,relro", "-Wl,--start-lib", "-Wl,--end-lib", "-Wl,--whole-archive,x.a,--no-whole-archive",
        "-Wl,-Bstatic", "-Wl,--push-state", "-Wl,--pop-state", "-Wl,-plugin-opt=O3,-plugin-opt=mcpu=native",
        "-Wl,-e,main", "-u", "-Wl,--defsym=a=b", "--param", "-fuse-ld=lld", "-", "--", "", "-Wl,--wrap", "-Wl,m",
        "-Wl,,", "-m64", "-nodefaultlibs", "-T", "x.ld",
    ]),
    st.text(max_size=8),
)  # fmt: skip


@given(st.lists(WORDS))
def test_a_parsed_line_prints_the_arguments_it_was_given(argv: list[str]) -> None:
    assert list(parse(argv).argv()) == argv


@given(st.lists(WORDS))
def test_arguments_cover_every_word_once_and_in_order(argv: list[str]) -> None:
    line = parse(argv)
    places = [place for a in line.arguments for place in range(a.start, a.stop)]
    assert places == list(range(len(line.words)))


@given(st.lists(WORDS))
def test_a_line_is_the_same_after_printing_and_parsing(argv: list[str]) -> None:
    line = parse(argv)
    assert parse(line.argv()) == line
    assert of_words(line.words) == line


@given(st.lists(WORDS))
def test_taking_an_option_out_leaves_every_other_argument(argv: list[str]) -> None:
    line = parse(argv)
    kept = [(a.option, a.value) for a in line.arguments if a.option not in PLUGIN_OPTIONS]
    shorter = without(line, PLUGIN_OPTIONS)
    if not any(a.value is None for a in line.arguments):  # an option cut short would take what follows now
        assert [(a.option, a.value) for a in shorter.arguments] == kept
    assert not shorter.has("nothing-like-it")


@pytest.mark.parametrize("name", LINES)
def test_lines_that_rustc_wrote_come_back_byte_for_byte(name: str) -> None:
    argv = LINES[name]["linker"]
    assert list(parse(argv).argv()) == argv


def test_the_line_of_a_program_says_what_is_linked_and_how() -> None:
    line = parse(LINES["bin"]["linker"])
    assert line.kind is OutputKind.PIE
    assert line.output == "/home/u/zoo/target/release/deps/app-c7044e834f5ede8e"
    assert line.entry == "_start"
    assert line.strip is Strip.DEBUG
    assert line.plugin_options == ("O3", "mcpu=x86-64")
    assert line.values("export-dynamic-symbol") == ("app_exported",)
    assert line.last("fuse-ld") == "lld"
    names = [item.name for item in line.inputs if item.library]
    assert names == ["parts", "gcc_s", "util", "rt", "pthread", "m", "dl", "c"]
    assert [item.static for item in line.inputs if item.library] == [True] + [False] * 7
    assert all(item.as_needed for item in line.inputs[3:])
    assert line.inputs[0].name.endswith("/symbols.o")
    assert line.inputs[3].name == "parts"


def test_the_line_of_a_cdylib_names_its_version_script() -> None:
    line = parse(LINES["cdylib"]["linker"])
    assert line.kind is OutputKind.SHARED
    assert line.entry == ""
    assert line.last("version-script") == "/home/u/zoo/target/release/deps/rustcbwb6e7/list"


@pytest.mark.parametrize(
    ("argv", "option", "value"),
    [
        pytest.param(["-Wl,--version-script=v"], "version-script", "v", id="equals"),
        pytest.param(["-Wl,--version-script,v"], "version-script", "v", id="next word of the list"),
        pytest.param(["-Wl,-version-script", "-Wl,v"], "version-script", "v", id="one dash, next argument"),
        pytest.param(["-Xlinker", "--defsym", "-Xlinker", "a=b"], "defsym", "a=b", id="Xlinker"),
        pytest.param(["-Wl,--defsym=a=b"], "defsym", "a=b", id="value with an equals sign"),
        pytest.param(["-u", "name"], "undefined", "name", id="driver, separate"),
        pytest.param(["-uname"], "undefined", "name", id="driver, joined"),
        pytest.param(["-Wl,-uname"], "undefined", "name", id="linker, joined"),
        pytest.param(["-Wl,--undefined=name"], "undefined", "name", id="linker, long"),
        pytest.param(["-Wl,-e,start"], "entry", "start", id="entry"),
        pytest.param(["-Wl,-zrelro"], "z", "relro", id="z joined"),
        pytest.param(["-Wl,-O1"], "O", "1", id="O"),
        pytest.param(["-Wl,-rpath,/x"], "rpath", "/x", id="rpath is no -r"),
        pytest.param(["-Wl,--wrap=malloc"], "wrap", "malloc", id="wrap"),
        pytest.param(["-Wl,-plugin-opt=O2"], "plugin-opt", "O2", id="plugin option"),
        pytest.param(["-ofile"], "output", "file", id="output joined"),
        pytest.param(["--sysroot=/s"], "sysroot", "/s", id="sysroot"),
        pytest.param(["-Wl,--build-id", "-Wl,a.o"], "", "a.o", id="build-id takes no next word"),
        pytest.param(["-Wl,-rpath", "a.o", "-Wl,/x"], "", "a.o", id="a driver's word is no linker option's value"),
    ],
)
def test_values_are_read_however_they_are_spelled(argv: list[str], option: str, value: str) -> None:
    assert value in parse(argv).values(option)


@pytest.mark.parametrize(
    ("argv", "option"),
    [
        pytest.param(["-rdynamic"], "export-dynamic", id="rdynamic"),
        pytest.param(["-Wl,-E"], "export-dynamic", id="E"),
        pytest.param(["-Wl,-export-dynamic"], "export-dynamic", id="one dash is no entry"),
        pytest.param(["-Wl,--eh-frame-hdr"], "eh-frame-hdr", id="eh-frame-hdr"),
        pytest.param(["-Wl,-eh-frame-hdr"], "eh-frame-hdr", id="eh-frame-hdr is no entry"),
        pytest.param(["-nostartfiles"], "nostartfiles", id="nostartfiles"),
        pytest.param(["-Wl,-s"], "strip-all", id="strip"),
        pytest.param(["-Wl,-S"], "strip-debug", id="strip debug"),
        pytest.param(["-Wl,--no-such-option"], "no-such-option", id="unknown"),
    ],
)
def test_flags_go_by_one_name(argv: list[str], option: str) -> None:
    line = parse(argv)
    assert line.has(option)
    assert line.values(option) == ()
    assert not line.inputs


@pytest.mark.parametrize(
    ("argv", "kind"),
    [
        pytest.param([], OutputKind.EXECUTABLE, id="nothing said"),
        pytest.param(["-pie"], OutputKind.PIE, id="pie"),
        pytest.param(["-pie", "-no-pie"], OutputKind.NO_PIE, id="last counts"),
        pytest.param(["-static", "-no-pie"], OutputKind.STATIC, id="static"),
        pytest.param(["-static-pie"], OutputKind.STATIC_PIE, id="static pie"),
        pytest.param(["-shared"], OutputKind.SHARED, id="shared"),
        pytest.param(["-Wl,-shared"], OutputKind.SHARED, id="shared, said to the linker"),
        pytest.param(["-r"], OutputKind.RELOCATABLE, id="relocatable"),
        pytest.param(["-Wl,-static"], OutputKind.EXECUTABLE, id="the linker's -static is -Bstatic"),
    ],
)
def test_the_kind_of_output(argv: list[str], kind: OutputKind) -> None:
    assert parse([*argv, "a.o"]).kind is kind


def test_the_state_of_an_input_is_the_one_where_it_stands() -> None:
    line = parse(
        [
            "a.o",
            "-Wl,--whole-archive,b.a,--no-whole-archive",
            "-Wl,--push-state,-Bstatic,--as-needed",
            "-lc",
            "-Wl,--pop-state",
            "-ld",
            "-Wl,--start-lib",
            "e.o",
            "-Wl,--end-lib",
            "f.o",
        ]
    )
    states = [(i.name, i.whole_archive, i.static, i.as_needed, i.lazy) for i in line.inputs]
    assert states == [
        ("a.o", False, False, False, False),
        ("b.a", True, False, False, False),
        ("c", False, True, True, False),
        ("d", False, False, False, False),
        ("e.o", False, False, False, True),
        ("f.o", False, False, False, False),
    ]


def test_static_output_searches_static_libraries_from_the_first() -> None:
    assert [i.static for i in parse(["-la", "-Wl,-Bdynamic", "-lb", "-static"]).inputs] == [True, False]


def test_inputs_are_replaced_where_they_stand() -> None:
    line = parse(["-m64", "s.o", "a.o", "x.rlib", "-Wl,-Bdynamic", "-lc", "-o", "out"])
    new = rewritten(line, replaced={1: [], 2: ["native/x.a"]}, objects=["1.o", "2.o"])
    assert new.argv() == ("-m64", "s.o", "1.o", "2.o", "native/x.a", "-Wl,-Bdynamic", "-lc", "-o", "out")


def test_an_input_in_a_list_is_replaced_within_its_region() -> None:
    line = parse(["-Wl,--whole-archive,b.a,--no-whole-archive", "c.o"])
    new = rewritten(line, replaced={0: ["x,y.a"]})
    assert new.argv() == ("-Wl,--whole-archive", "-Xlinker", "x,y.a", "-Wl,--no-whole-archive", "c.o")
    assert [(i.name, i.whole_archive) for i in new.inputs] == [("x,y.a", True), ("c.o", False)]


def test_objects_stay_out_of_a_lazy_region() -> None:
    line = parse(["-Wl,--start-lib", "a.o", "-Wl,--end-lib", "-o", "out"])
    new = rewritten(line, replaced={0: []}, objects=["1.o"])
    assert [(i.name, i.lazy) for i in new.inputs] == [("1.o", False)]


def test_plugin_options_are_dropped_from_within_a_list() -> None:
    line = parse(["-Wl,-z,now,-plugin-opt=O3,--gc-sections", "-Wl,-plugin-opt=O3,-plugin-opt=mcpu=x", "a.o"])
    assert without(line, PLUGIN_OPTIONS).argv() == ("-Wl,-z,now,--gc-sections", "a.o")


def test_a_joined_word_without_its_head_begins_a_list() -> None:
    assert join(split(["-Wl,a,b"])[1:]) == ("-Wl,b",)


@given(st.lists(st.text(max_size=10)))
def test_a_response_file_gives_its_arguments_back(argv: list[str]) -> None:
    assert list(unquote(quote(argv))) == argv


@pytest.mark.parametrize(
    ("text", "argv"),
    [
        pytest.param("a\\ b\nc\\\\d\n", ("a b", "c\\d"), id="as rustc escapes"),
        pytest.param("'a b' \"c\td\"", ("a b", "c\td"), id="quotes"),
        pytest.param("x\"y z\"w ''", ("xy zw", ""), id="quotes within, empty"),
        pytest.param("'p\\' q' \"\\\"\"", ("p' q", '"'), id="backslash within quotes"),
        pytest.param("'never closed", ("never closed",), id="open quote"),
        pytest.param("  \n ", (), id="nothing"),
    ],
)
def test_response_files_are_read_as_the_driver_reads_them(text: str, argv: tuple[str, ...]) -> None:
    assert unquote(text) == argv


def test_response_files_are_expanded_where_they_stand_and_unknown_ones_stay() -> None:
    files = {"args": "a.o @more", "more": "-lc"}
    assert expand(["-m64", "@args", "@absent", "-o"], files.get) == ("-m64", "a.o", "-lc", "@absent", "-o")


def test_a_response_file_that_names_itself_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="response files"):
        expand(["@loop"], {"loop": "a @loop"}.get)
