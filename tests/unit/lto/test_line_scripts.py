import re
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.errors import UnsupportedError
from burnish.lto.line.arguments import parse
from burnish.lto.line.scripts import (
    Patterns,
    ScriptInput,
    glob_matcher,
    parse_dynamic_list,
    parse_linker_script,
    parse_version_script,
)
from burnish.lto.line.symbols import exports, kept, redefined, roots

RUSTC = """{
  global:
    PLUG_TABLE;
    plug_add;

  local:
    *;
};
"""

LIBC = """/* GNU ld script
   Use the shared library, but some functions are only in
   the static library, so try that secondarily.  */
OUTPUT_FORMAT(elf64-x86-64)
GROUP ( /lib/libc.so.6 /usr/lib/libc_nonshared.a  AS_NEEDED ( /lib64/ld-linux-x86-64.so.2 ) )
"""


def test_rustcs_version_script_keeps_back_all_but_the_exported_names() -> None:
    script = parse_version_script(RUSTC, origin="list")
    (node,) = script.nodes
    assert node.globals == Patterns(exact=("PLUG_TABLE", "plug_add"))
    assert node.locals == Patterns(globs=("*",))
    is_local = script.is_local()
    assert [is_local(name) for name in ("plug_add", "PLUG_TABLE", "main", "plug")] == [False, False, True, True]


@pytest.mark.parametrize(
    ("text", "local", "not_local"),
    [
        pytest.param("{ local: a; };", "a", "b", id="names not mentioned stay"),
        pytest.param("{ a; local: *; };", "b", "a", id="global is said by default"),
        pytest.param("{ global: a*; local: *; };", "b", "ab", id="a star alone comes last"),
        pytest.param("{ global: *; local: a*; };", "ab", "b", id="a narrower wildcard first"),
        pytest.param("{ global: a*; local: ab; };", "ab", "ac", id="an exact name before wildcards"),
        pytest.param("V1 { global: a; local: *; }; V2 { b; } V1;", "c", "b", id="two versions"),
        pytest.param('{ "a*"; local: *; };', "ab", "a*", id="quotes take wildcards literally"),
        pytest.param('{ extern "C" { a; b }; local: *; };', "c", "b", id="extern C"),
        pytest.param("{ /* x */ a; # y\n local : *; };", "b", "a", id="comments, space before the colon"),
        pytest.param("V1 { a*; }; V2 { local: ab*; };", "abc", "ac", id="the later version's wildcard"),
    ],
)
def test_which_names_a_version_script_keeps_back(text: str, local: str, not_local: str) -> None:
    is_local = parse_version_script(text, origin="v").is_local()
    assert is_local(local)
    assert not is_local(not_local)


def test_a_version_names_the_ones_before_it() -> None:
    script = parse_version_script("V1 { a; }; V2 { b; } V1;", origin="v")
    assert [(node.name, node.parents) for node in script.nodes] == [("V1", ()), ("V2", ("V1",))]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "v:1: the version script is empty", id="empty"),
        pytest.param("{ a;", "v:1: the file ends in the middle", id="cut off"),
        pytest.param("{ a; }", "v:1: the file ends in the middle", id="no last semicolon"),
        pytest.param("{\n a b; };", "v:2: ';' expected, not 'b'", id="no semicolon between"),
        pytest.param('{ extern "C++" { ns::f; }; };', 'extern "C\\+\\+" names', id="C++"),
        pytest.param('{ "a; };', "v:1: '\"' begins no word", id="open quote"),
        pytest.param("{ { a; }; };", "v:1: a name expected, not '{'", id="brace for a name"),
        pytest.param("\x7fELF", "'\\{' expected|the file ends", id="no script at all"),
    ],
)
def test_a_version_script_of_another_form_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        parse_version_script(text, origin="v")


@given(st.text(alphabet='{};:*?[]"ab /\n()=#', max_size=60))
def test_any_text_is_a_script_or_refused(text: str) -> None:
    refusals = []
    for parser in (parse_version_script, parse_dynamic_list, parse_linker_script):
        try:
            parser(text, origin="x")
        except UnsupportedError as error:
            refusals.append(error.message)
    assert all(re.match(r"x:\d+: ", message) for message in refusals)


def test_a_dynamic_list_is_names_and_wildcards() -> None:
    assert parse_dynamic_list('{ a; "b*"; c?; };', origin="d") == Patterns(exact=("a", "b*"), globs=("c?",))


@pytest.mark.parametrize("text", ["{ local: a; };", "{ a; }; x", "a;", "{ a; }"])
def test_a_dynamic_list_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(UnsupportedError):
        parse_dynamic_list(text, origin="d")


def test_libc_so_stands_for_three_files() -> None:
    assert parse_linker_script(LIBC, origin="libc.so").inputs == (
        ScriptInput(name="/lib/libc.so.6", as_needed=False),
        ScriptInput(name="/usr/lib/libc_nonshared.a", as_needed=False),
        ScriptInput(name="/lib64/ld-linux-x86-64.so.2", as_needed=True),
    )


def test_a_linker_script_may_search_and_ask_for_symbols() -> None:
    script = parse_linker_script("SEARCH_DIR(=/x) INPUT(-la, b.o) EXTERN(s t);", origin="x")
    assert script.inputs == (ScriptInput(name="-la", as_needed=False), ScriptInput(name="b.o", as_needed=False))
    assert script.search_dirs == ("=/x",)
    assert script.extern == ("s", "t")


@pytest.mark.parametrize("text", ["SECTIONS { }", "PROVIDE(a = 1);", "INPUT ( a ( b ) )", "GROUP ( a", "a = 3;", "\0"])
def test_a_linker_script_that_does_more_is_refused(text: str) -> None:
    with pytest.raises(UnsupportedError):
        parse_linker_script(text, origin="x")


@given(st.text(alphabet="ab*?", max_size=8), st.text(alphabet="ab", max_size=8))
def test_stars_and_question_marks_match_as_in_the_shell(glob: str, name: str) -> None:
    assert glob_matcher([glob])(name) == fnmatchcase(name, glob)


@given(st.lists(st.text(alphabet="ab*?[]!^-\\.+(|", max_size=10), max_size=3), st.text(max_size=10))
def test_any_wildcard_can_be_asked(globs: list[str], name: str) -> None:
    matches = glob_matcher(globs)
    assert matches(name) == any(glob_matcher([glob])(name) for glob in globs)


@pytest.mark.parametrize(
    ("glob", "matching", "other"),
    [
        pytest.param("[^a]x", "bx", "ax", id="inverted"),
        pytest.param("[!a]x", "bx", "ax", id="inverted as the shell does"),
        pytest.param("[a-c]", "b", "d", id="range"),
        pytest.param("[c-ax]", "x", "b", id="a range the wrong way round is empty"),
        pytest.param("[]a]", "]", "b", id="bracket among the members"),
        pytest.param(r"a\*", "a*", "ab", id="escaped"),
        pytest.param("a.c", "a.c", "abc", id="a dot is a dot"),
        pytest.param("[", "[", "a", id="lone bracket"),
    ],
)
def test_sets_of_characters(glob: str, matching: str, other: str) -> None:
    matches = glob_matcher([glob])
    assert matches(matching)
    assert not matches(other)


def test_many_stars_do_not_blow_up() -> None:
    assert not glob_matcher(["*a" * 40 + "b"])("a" * 5000)


def test_roots_are_what_the_line_and_the_start_files_refer_to() -> None:
    line = parse(["a.o", "-u", "kept", "-Wl,--defsym=alias=target+4", "-Wl,--wrap=malloc", "-Wl,-e,begin"])
    assert line.entry == "begin"
    assert roots(line) == ("main", "kept", "target", "__wrap_malloc")
    assert redefined(line) == ("malloc", "__real_malloc", "alias")
    assert kept(line) == ("begin", "_init", "_fini", "malloc", "__real_malloc", "alias")


def test_a_shared_object_and_bare_start_files_need_no_main() -> None:
    assert roots(parse(["a.o", "-shared"])) == ()
    assert kept(parse(["a.o", "-shared"])) == ("_init", "_fini")
    assert roots(parse(["a.o", "-nostartfiles"])) == ()


def test_init_and_fini_can_be_named() -> None:
    assert kept(parse(["a.o", "-Wl,-init,up", "-Wl,-fini=down"])) == ("_start", "up", "down")


def test_the_exports_of_a_cdylib_are_the_scripts() -> None:
    said = exports(parse(["a.o", "-shared", "-Wl,--version-script=list"]), {"list": RUSTC}.__getitem__)
    assert said.every
    assert said.is_local is not None
    assert said.is_local("x")
    assert not said.is_local("plug_add")


def test_the_exports_of_a_program_are_the_ones_it_lists() -> None:
    line = parse(["a.o", "-pie", "-Wl,--export-dynamic-symbol=a_*", "-Wl,--dynamic-list,d"])
    said = exports(line, {"d": "{ b; };"}.__getitem__)
    assert not said.every
    assert said.is_listed is not None
    assert [said.is_listed(name) for name in ("a_x", "b", "c")] == [True, True, False]


@pytest.mark.parametrize(
    ("argv", "every", "dynamic"),
    [
        pytest.param(["-rdynamic", "-pie"], True, True, id="rdynamic"),
        pytest.param(["-Wl,-E,--no-export-dynamic"], False, True, id="taken back"),
        pytest.param(["-static"], False, False, id="static"),
        pytest.param(["-static-pie"], False, True, id="static pie"),
    ],
)
def test_whether_all_is_exported_and_whether_there_is_a_table(argv: list[str], *, every: bool, dynamic: bool) -> None:
    said = exports(parse(["a.o", *argv]), lambda path: path)
    assert (said.every, said.dynamic) == (every, dynamic)
    assert said.is_listed is None
    assert said.is_local is None
