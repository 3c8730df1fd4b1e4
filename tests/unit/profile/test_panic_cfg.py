"""Conditions and names: what is part of a build, and what a path stands for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.profile.panics.cfg import Cfg, Presence, known, presence
from burnish.profile.panics.names import Names, imported, plain

PRINTED = 'debug_assertions\npanic="unwind"\ntarget_family="unix"\ntarget_os="linux"\nunix\ntarget_feature="sse2"\n'
LINUX = known(PRINTED, frozenset({"std"}))


@pytest.mark.parametrize(
    ("predicate", "unwind", "abort"),
    [
        pytest.param("unix", True, True, id="set"),
        pytest.param("windows", False, False, id="not set"),
        pytest.param('target_os = "linux"', True, True, id="value"),
        pytest.param('target_os = "macos"', False, False, id="another value"),
        pytest.param('feature = "std"', True, True, id="feature on"),
        pytest.param('feature = "other"', False, False, id="feature off"),
        pytest.param("test", False, False, id="test"),
        pytest.param("made_up", None, None, id="a build script may set it"),
        pytest.param('target_feature = "avx512f"', None, None, id="target-cpu may set it"),
        pytest.param("debug_assertions", None, None, id="the profile decides"),
        pytest.param('panic = "unwind"', True, False, id="unwind"),
        pytest.param('panic = "abort"', False, True, id="abort"),
        pytest.param('not(panic = "unwind")', False, True, id="not unwind"),
        pytest.param('all(unix, panic = "unwind")', True, False, id="all"),
        pytest.param("all(made_up, windows)", False, False, id="all, one is false"),
        pytest.param("all(made_up, unix)", None, None, id="all, one is unknown"),
        pytest.param("any(made_up, unix)", True, True, id="any, one is true"),
        pytest.param("any(made_up, windows)", None, None, id="any, one is unknown"),
        pytest.param("any()", False, False, id="any of nothing"),
        pytest.param("all()", True, True, id="all of nothing"),
        pytest.param("true", True, True, id="true"),
        pytest.param("all(not(windows), any(unix, test),)", True, True, id="nested, comma at the end"),
        pytest.param("all(unix", True, True, id="not closed"),
        pytest.param("1 + 1", None, None, id="no predicate"),
    ],
)
def test_a_predicate_is_judged_for_unwind_and_for_abort(
    predicate: str, unwind: bool | None, abort: bool | None
) -> None:
    assert presence(predicate, LINUX) == Presence(unwind=unwind, abort=abort)


_PREDICATE = st.recursive(
    st.sampled_from(["unix", "windows", "test", "made_up", 'panic = "unwind"', 'feature = "std"']),
    lambda inner: st.one_of(
        inner.map(lambda text: f"not({text})"),
        st.lists(inner, max_size=3).map(lambda texts: f"all({', '.join(texts)})"),
        st.lists(inner, max_size=3).map(lambda texts: f"any({', '.join(texts)})"),
    ),
    max_leaves=8,
)  # fmt: skip


@given(_PREDICATE)
def test_not_not_is_the_predicate_itself(predicate: str) -> None:
    assert presence(f"not(not({predicate}))", LINUX) == presence(predicate, LINUX)


@given(_PREDICATE, _PREDICATE)
def test_any_is_not_all_not(one: str, other: str) -> None:
    assert presence(f"any({one}, {other})", LINUX) == presence(f"not(all(not({one}), not({other})))", LINUX)


@given(st.text(alphabet="allnotanyunixpanic()=,\" '", max_size=80))
def test_no_text_is_too_odd_for_a_predicate(text: str) -> None:
    presence(text, Cfg())


def test_a_deeply_nested_predicate_is_bounded() -> None:
    assert presence("not(" * 5000 + "unix" + ")" * 5000, LINUX).unwind in {True, False, None}


@pytest.mark.parametrize(
    ("declaration", "names"),
    [
        pytest.param("use std::panic;", {"panic": ("std", "panic")}, id="module"),
        pytest.param("pub(crate) use a::b as c;", {"c": ("a", "b")}, id="renamed"),
        pytest.param("use std::panic::{self, catch_unwind};",
                     {"panic": ("std", "panic"), "catch_unwind": ("std", "panic", "catch_unwind")}, id="self"),
        pytest.param("use a::{b::{c, d as e}, f};",
                     {"c": ("a", "b", "c"), "e": ("a", "b", "d"), "f": ("a", "f")}, id="nested"),
        pytest.param("use {a, b::c};", {"a": ("a",), "c": ("b", "c")}, id="no prefix"),
        pytest.param("use a::*;", {}, id="all of it"),
        pytest.param("use a::{/* d, */ b, // e\n c};", {"b": ("a", "b"), "c": ("a", "c")}, id="comments"),
        pytest.param("use ::std::io;", {"io": ("std", "io")}, id="leading colons"),
    ],
)  # fmt: skip
def test_a_use_brings_names_in(declaration: str, names: dict[str, tuple[str, ...]]) -> None:
    assert dict(imported(declaration)) == names


def test_a_path_is_resolved_by_its_first_name() -> None:
    names = Names(aliases={"p": ("std", "panic")}, functions=frozenset())
    assert names.resolve("p::catch_unwind::<F, R>") == ("std", "panic", "catch_unwind")
    assert names.resolve("other::catch_unwind") == ("other", "catch_unwind")
    assert plain("$crate::a::<B<C>>::d") == ("a", "d")


@given(st.text(alphabet="use a:b{},*_\n", max_size=60))
def test_no_text_is_too_odd_for_a_use(text: str) -> None:
    assert all(path for _, path in imported(text))
