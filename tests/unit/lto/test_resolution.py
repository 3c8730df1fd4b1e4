from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.errors import UnsupportedError
from burnish.lto.objects import Form, LinkInput, LinkSymbol, Object, Resolution
from burnish.lto.resolution import Exports, redefined, resolve

HIDDEN = 2
PROTECTED = 3


def symbol(word: str) -> LinkSymbol:
    """``f`` defined, ``?f`` undefined; marks before it: ``~`` weak, ``=`` common, ``.`` hidden, ``:`` protected."""
    name = word.lstrip("?~=.:")
    marks = word[: len(word) - len(name)]
    return LinkSymbol(
        name=name,
        defined="?" not in marks,
        weak="~" in marks,
        common="=" in marks,
        visibility=HIDDEN if "." in marks else PROTECTED if ":" in marks else 0,
    )


def item(form: Form, words: str, *, lazy: bool = False) -> LinkInput:
    return LinkInput(
        object=Object(path=Path("x.o"), member="", offset=0, size=0, form=form),
        symbols=tuple(map(symbol, words.split())),
        lazy=lazy,
    )


def bitcode(words: str) -> LinkInput:
    return item(Form.BITCODE, words)


def lazy_bitcode(words: str) -> LinkInput:
    return item(Form.BITCODE, words, lazy=True)


def native(words: str) -> LinkInput:
    return item(Form.NATIVE, words)


def lazy_native(words: str) -> LinkInput:
    return item(Form.NATIVE, words, lazy=True)


def shared(words: str) -> LinkInput:
    return item(Form.SHARED, words)


def taken(*inputs: LinkInput, roots: Sequence[str] = (), libcalls: Sequence[str] = ()) -> tuple[int, ...]:
    return resolve(inputs, roots=roots, libcalls=libcalls).taken


@pytest.mark.parametrize(
    ("inputs", "loaded"),
    [
        pytest.param([bitcode("a ?b"), lazy_bitcode("b")], (0, 1), id="archive after the reference"),
        pytest.param([lazy_bitcode("b"), bitcode("a ?b")], (1, 0), id="archive before the reference"),
        pytest.param([bitcode("a"), lazy_bitcode("b")], (0,), id="nobody asks"),
        pytest.param([bitcode("a ?~b"), lazy_bitcode("b")], (0,), id="a weak reference takes nothing"),
        pytest.param([bitcode("?~b"), lazy_bitcode("b"), bitcode("?b")], (0, 2, 1), id="a strong one later does"),
        pytest.param([bitcode("?b"), lazy_bitcode("b ?c"), lazy_bitcode("c")], (0, 1, 2), id="one takes another"),
        pytest.param(
            [bitcode("?b ?d"), lazy_bitcode("d"), lazy_bitcode("c"), lazy_bitcode("b ?c")],
            (0, 1, 3, 2),
            id="in the order in which definitions come to wanted names",
        ),
        pytest.param(
            [lazy_bitcode("d"), lazy_bitcode("c"), lazy_bitcode("b ?c"), bitcode("?b ?d")],
            (3, 2, 1, 0),
            id="depth first",
        ),
        pytest.param([bitcode("?b"), lazy_bitcode("b"), lazy_bitcode("b")], (0, 1), id="the first of two members"),
        pytest.param([bitcode("?b"), bitcode("b"), lazy_bitcode("b")], (0, 1), id="defined before the archive"),
        pytest.param([bitcode("?b"), lazy_bitcode("b"), bitcode("c")], (0, 1, 2), id="at once, before later files"),
        pytest.param([lazy_bitcode("b ?a"), lazy_bitcode("a ?b"), bitcode("?a")], (2, 1, 0), id="a circle"),
        pytest.param([bitcode("?b"), shared("b"), lazy_bitcode("b")], (0, 1), id="a shared library first"),
        pytest.param([lazy_bitcode("b"), shared("b"), bitcode("?b")], (1, 2), id="shared takes the place of lazy"),
        pytest.param([bitcode("?.b"), shared("b"), lazy_bitcode("b")], (0, 1, 2), id="a hidden reference stays inside"),
        pytest.param([shared("b"), lazy_bitcode("b"), bitcode("?.b")], (0, 2), id="hidden, offered before"),
        pytest.param([shared("?b"), lazy_bitcode("b")], (0, 1), id="a shared library asks"),
        pytest.param([shared("?~b"), lazy_bitcode("b")], (0,), id="a shared library asks weakly"),
        pytest.param([shared("?b"), bitcode("?~b"), lazy_bitcode("b")], (0, 1), id="an object's weak word counts more"),
        pytest.param([shared("?b"), bitcode("?b"), bitcode("?~b"), lazy_bitcode("b")], (0, 1, 2, 3), id="strong first"),
        pytest.param([shared("?~b"), shared("?b"), lazy_bitcode("b")], (0, 1), id="weak in two shared libraries"),
        pytest.param([lazy_bitcode("b"), shared("?~b"), shared("?b")], (1, 2, 0), id="offered between the two"),
        pytest.param([shared("b"), bitcode("?~.b"), bitcode("?b"), lazy_bitcode("b")], (0, 1, 2, 3), id="hidden, weak"),
        pytest.param([native("?b"), lazy_native("b ?c"), lazy_bitcode("c")], (0, 1, 2), id="native and bitcode mixed"),
        pytest.param([bitcode("=b"), lazy_native("b")], (0,), id="a common symbol is a definition"),
    ],
)
def test_which_members_load_and_in_which_order(inputs: list[LinkInput], loaded: tuple[int, ...]) -> None:
    assert resolve(inputs).taken == loaded


def test_roots_take_members_and_libcalls_only_bitcode() -> None:
    inputs = [lazy_bitcode("main ?f"), lazy_bitcode("f"), lazy_bitcode("memcpy"), lazy_native("memset")]
    assert taken(*inputs, roots=["main"]) == (0, 1)
    assert taken(*inputs, libcalls=["memcpy", "memset"]) == (2,)


def test_the_entry_takes_a_member_after_all_else() -> None:
    resolution = resolve([lazy_bitcode("begin"), bitcode("?f"), lazy_bitcode("f")], entry="begin")
    assert resolution.taken == (1, 2, 0)
    assert resolution.visible == {"begin"}


def test_a_chain_of_ten_thousand_members_loads() -> None:
    members = [lazy_bitcode(f"f{i} ?f{i + 1}") for i in range(10_000)]
    assert len(taken(*reversed(members), bitcode("?f0"))) == 10_001


@pytest.mark.parametrize(
    ("inputs", "prevailing"),
    [
        pytest.param([bitcode("~f"), bitcode("~f")], 0, id="first of two weak"),
        pytest.param([bitcode("~f"), bitcode("f")], 1, id="strong over weak"),
        pytest.param([bitcode("f"), bitcode("~f")], 0, id="strong stays"),
        pytest.param([bitcode("~f"), native("f")], 1, id="native strong over weak bitcode"),
        pytest.param([native("~f"), bitcode("f")], 1, id="bitcode strong over weak native"),
        pytest.param([native("~f"), bitcode("~f")], 0, id="first of two weak, native"),
        pytest.param([bitcode("=f"), bitcode("f")], 1, id="strong over common"),
        pytest.param([bitcode("=f"), bitcode("~f")], 0, id="common over weak"),
        pytest.param([bitcode("~f"), bitcode("=f")], 1, id="common over weak, later"),
        pytest.param([bitcode("=f"), native("=f")], 0, id="first of two common"),
        pytest.param([shared("f"), bitcode("f")], 1, id="an object over a shared library"),
        pytest.param([bitcode("~f"), bitcode("~f"), bitcode("f"), bitcode("~f")], 2, id="four copies"),
    ],
)
def test_whose_definition_prevails(inputs: list[LinkInput], prevailing: int) -> None:
    assert resolve(inputs).prevailing == {"f": prevailing}


def test_only_names_that_bitcode_defines_are_resolved() -> None:
    resolution = resolve([bitcode("f ?n ?s"), native("n ~m"), native("~m"), shared("s"), lazy_bitcode("l")])
    assert resolution.prevailing == {"f": 0}


@pytest.mark.parametrize(
    ("inputs", "visible"),
    [
        pytest.param([bitcode("f g"), native("?f")], {"f"}, id="native code refers"),
        pytest.param([bitcode("f g"), native("?~f")], {"f"}, id="native code refers weakly"),
        pytest.param([bitcode("~f g"), native("~f")], {"f"}, id="native code defines as well"),
        pytest.param([bitcode("f g"), shared("?f")], {"f"}, id="a shared library refers"),
        pytest.param([bitcode("f g"), shared("f")], {"f"}, id="a shared library defines as well"),
        pytest.param([bitcode(".f g"), shared("?f")], set(), id="hidden from shared libraries"),
        pytest.param([bitcode(".f g"), native("?f")], {"f"}, id="hidden, but not from native code"),
        pytest.param([bitcode("f g"), lazy_native("n ?f")], {"f"}, id="a runtime library that may come yet"),
        pytest.param([bitcode("f g"), lazy_bitcode("n ?f")], set(), id="bitcode that is not taken"),
        pytest.param([bitcode("f ?g"), bitcode("g")], set(), id="bitcode alone"),
        pytest.param([bitcode("f"), native("f")], {"f"}, id="defined twice: the linker shall say so"),
    ],
)
def test_who_else_looks_at_a_definition(inputs: list[LinkInput], visible: set[str]) -> None:
    assert resolve(inputs).visible == visible


def test_roots_and_kept_names_are_visible_where_they_are_defined() -> None:
    resolution = resolve([bitcode("main f _init ?g"), native("g")], roots=["main", "g"], kept=["_init", "_fini"])
    assert resolution.visible == {"main", "_init"}
    assert resolution.exported == frozenset()


@pytest.mark.parametrize(
    ("exports", "exported"),
    [
        pytest.param(Exports(), set(), id="a program"),
        pytest.param(Exports(every=True), {"f", "g", "protected"}, id="all"),
        pytest.param(Exports(every=True, is_local=lambda name: name != "f"), {"f"}, id="version script"),
        pytest.param(Exports(is_listed=lambda name: name in {"g", "hidden"}), {"g"}, id="dynamic list"),
        pytest.param(Exports(every=True, dynamic=False), set(), id="no table"),
    ],
)
def test_what_goes_to_the_dynamic_symbol_table(exports: Exports, exported: set[str]) -> None:
    resolution = resolve([bitcode("f g .hidden :protected ?x")], exports=exports)
    assert resolution.exported == exported
    assert resolution.visible == exported


def test_a_shared_library_makes_a_table_even_in_a_static_program() -> None:
    assert resolve([bitcode("f"), shared("?f")], exports=Exports(dynamic=False)).exported == {"f"}


def test_the_strictest_visibility_of_all_mentions_counts() -> None:
    inputs = [bitcode("f g"), native("?.f"), lazy_bitcode(".g")]
    assert resolve(inputs, exports=Exports(every=True)).exported == {"g"}


def test_two_modules_with_the_same_strong_symbol_are_left_to_the_linker() -> None:
    with pytest.raises(UnsupportedError, match=r"duplicate symbol: f is defined in x\.o and in x\.o"):
        resolve([bitcode("f"), bitcode("f")])
    assert resolve([bitcode("f"), bitcode("f")], multiple_definitions=True).prevailing == {"f": 0}


def test_a_symbol_listed_twice_in_one_module_is_no_duplicate() -> None:
    assert resolve([bitcode("f f ?f")]).prevailing == {"f": 0}


def test_what_the_linker_redefines_is_named_if_bitcode_defines_it() -> None:
    resolution = resolve([bitcode("f g ?h"), native("h")])
    assert redefined(resolution, ["g", "h", "f", "g"]) == ("f", "g")


# -- laws ---------------------------------------------------------------------------------------------------------

NAMES = [f"{letter}{digit}" for letter in "abc" for digit in range(3)]
MARKS = ["", "", "~", "=", ".", "?", "?", "?~", "?."]


@st.composite
def programs(draw: st.DrawFn) -> list[LinkInput]:
    # A symbol table has a name once.
    words = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(MARKS), max_size=6).map(
        lambda marks: " ".join(mark + name for name, mark in marks.items())
    )
    forms = st.sampled_from([bitcode, lazy_bitcode, native, lazy_native, shared])
    return [draw(forms)(draw(words)) for _ in range(draw(st.integers(0, 7)))]


def defines(item: LinkInput, name: str) -> bool:
    return any(symbol.defined and symbol.name == name for symbol in item.symbols)


def resolved(inputs: list[LinkInput]) -> Resolution:
    return resolve(inputs, roots=["a0"], exports=Exports(), multiple_definitions=True)


@given(programs())
def test_every_file_that_is_not_lazy_takes_part_once(inputs: list[LinkInput]) -> None:
    loaded = resolved(inputs).taken
    assert len(set(loaded)) == len(loaded)
    assert {index for index, item in enumerate(inputs) if not item.lazy} <= set(loaded)


@given(programs())
def test_a_prevailing_definition_stands_in_a_file_that_takes_part(inputs: list[LinkInput]) -> None:
    resolution = resolved(inputs)
    for name, index in resolution.prevailing.items():
        assert index in resolution.taken
        assert defines(inputs[index], name)


@given(programs())
def test_every_definition_in_bitcode_has_a_prevailing_one(inputs: list[LinkInput]) -> None:
    resolution = resolved(inputs)
    names = {
        symbol.name
        for index in resolution.taken
        if inputs[index].object.form is Form.BITCODE
        for symbol in inputs[index].symbols
        if symbol.defined
    }
    assert set(resolution.prevailing) == names
    assert resolution.exported <= resolution.visible <= names


@given(programs())
def test_a_strong_reference_is_not_left_open_while_a_member_could_answer(inputs: list[LinkInput]) -> None:
    resolution = resolved(inputs)
    loaded = set(resolution.taken)
    defined = {s.name for index in loaded for s in inputs[index].symbols if s.defined}
    for index in loaded:
        for wanted in inputs[index].symbols:
            if not wanted.defined and not wanted.weak and wanted.name not in defined:
                assert not any(defines(item, wanted.name) for item in inputs if item.lazy)


@given(programs())
def test_members_that_take_no_part_change_only_what_is_visible(inputs: list[LinkInput]) -> None:
    whole = resolved(inputs)
    kept = sorted(whole.taken)
    part = resolved([inputs[index] for index in kept])
    assert [kept[index] for index in part.taken] == list(whole.taken)
    assert {name: kept[index] for name, index in part.prevailing.items()} == whole.prevailing
    assert part.visible <= whole.visible
