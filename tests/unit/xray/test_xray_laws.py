"""Laws of what xray works out: retained sizes, differences, estimates, names, and the order of a link's crates."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.errors import UsageError
from burnish.xray.compare import LOOSE, State, compare
from burnish.xray.estimate import LEAST, fit
from burnish.xray.known import ALLOCATOR, own_crates
from burnish.xray.names import bare_name, is_made_up, shown, without_arguments
from burnish.xray.overlap import Corner, Overlap
from burnish.xray.retained import dominators, retained
from burnish.xray.story import matching
from burnish.xray.values import VERSION, Anatomy, Section, Symbols
from burnish.xray.variant import is_variant, parse_variant


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, list[tuple[int, int]], list[int], list[int]]:
    """Nodes, references, entries, weights."""
    count = draw(st.integers(1, 9))
    node = st.integers(0, count - 1)
    references = draw(st.lists(st.tuples(node, node), max_size=24))
    entries = draw(st.lists(node, min_size=1, max_size=3, unique=True))
    weights = draw(st.lists(st.integers(0, 100), min_size=count, max_size=count))
    return count, references, entries, weights


def reached(references: list[tuple[int, int]], entries: set[int], without: int = -1) -> set[int]:
    found = {entry for entry in entries if entry != without}
    while True:
        more = {target for source, target in references if source in found and target not in {*found, without}}
        if not more:
            return found
        found |= more


@given(graphs())
def test_what_is_retained_is_what_would_go_if_the_function_went(
    graph: tuple[int, list[tuple[int, int]], list[int], list[int]],
) -> None:
    count, references, entries, weights = graph
    found = retained(weights, dominators(count, references, entries))
    roots = set(entries)
    for node in range(count):
        roots |= {node} - reached(references, roots)
    for node in range(count):
        # The naive way: take the node out, and see what no entry leads to any more.
        gone = set(range(count)) - reached(references, roots, without=node)
        assert found[node] == sum(weights[each] for each in gone)


@given(graphs())
def test_a_dominator_leads_to_the_node_and_is_not_the_node(
    graph: tuple[int, list[tuple[int, int]], list[int], list[int]],
) -> None:
    count, references, entries, _ = graph
    found = dominators(count, references, entries)
    assert all(found[entry] == -1 for entry in entries)
    for node, above in enumerate(found):
        assert above == -1 or node in reached(references, {above})


def anatomy(rows: list[tuple[str, str, int]], loose: int = 0) -> Anatomy:
    """A program of functions: name, crate, bytes; one section of code, and 100 bytes of headers."""
    names = sorted({name for name, _, _ in rows})
    crates = sorted({crate for _, crate, _ in rows})
    code = sum(size for _, _, size in rows) + loose
    generics = {name: names.index(name) for name in names if "<" in name}
    return Anatomy(
        version=VERSION,
        path="program",
        size=code + 100,
        stripped=code + 50,
        names=names,
        crates=crates,
        sections=[
            Section(name=".text", kind="code", file=code, memory=code),
            Section(name="headers", kind="other", file=100, memory=0),
        ],
        symbols=Symbols(
            name=[names.index(name) for name, _, _ in rows],
            shown=[names.index(name) for name, _, _ in rows],
            generic=[generics.get(name, -1) for name, _, _ in rows],
            crate=[crates.index(crate) for _, crate, _ in rows],
            section=[0] * len(rows),
            size=[size for _, _, size in rows],
            retained=[-1] * len(rows),
            dominator=[-1] * len(rows),
        ),
        loose={0: loose},
        references=None,
    )


ROWS = st.lists(
    st.tuples(st.sampled_from(["a::f", "a::g", "b::h<u8>", "c::i"]), st.just("x"), st.integers(1, 50)), max_size=8
)


@given(ROWS, ROWS, st.integers(0, 20), st.integers(0, 20))
def test_each_byte_of_a_difference_stands_once_in_each_table(
    before: list[tuple[str, str, int]], after: list[tuple[str, str, int]], left: int, later: int
) -> None:
    first, second = anatomy(before, left), anatomy(after, later)
    found = compare(first, second)
    code = second.sections[0].file - first.sections[0].file
    assert sum(row.change for row in found.sections) == second.size - first.size
    assert sum(row.change for row in found.crates) == code
    assert sum(row.change for row in found.functions) == code
    assert sum(found.bytes(state) for state in State) == code
    assert sum(found.count(state) for state in State) == len(found.functions)


@given(ROWS)
def test_a_program_does_not_differ_from_itself(rows: list[tuple[str, str, int]]) -> None:
    found = compare(anatomy(rows), anatomy(rows))
    assert {row.state for row in found.functions} == {State.SAME}


@given(ROWS, ROWS)
def test_the_way_back_is_the_difference_with_its_sign_changed(
    before: list[tuple[str, str, int]], after: list[tuple[str, str, int]]
) -> None:
    there, back = compare(anatomy(before), anatomy(after)), compare(anatomy(after), anatomy(before))
    assert Counter((row.name, row.change) for row in there.functions) == Counter(
        (row.name, -row.change) for row in back.functions
    )
    assert (there.count(State.NEW), there.count(State.GROWN)) == (back.count(State.GONE), back.count(State.SHRUNK))


def test_a_difference_names_what_is_new_gone_and_grown() -> None:
    before = anatomy([("a::f", "a", 10), ("b::h<u8>", "b", 5), ("a::g", "a", 7)], loose=3)
    after = anatomy([("a::f", "a", 30), ("b::h<u8>", "b", 5), ("b::h<u8>", "b", 6), ("c::i", "c", 1)], loose=4)
    found = {row.name: (row.state, row.change, row.copies) for row in compare(before, after).functions}
    assert found == {
        "a::f": (State.GROWN, 20, (1, 1)),
        "a::g": (State.GONE, -7, (1, 0)),
        "b::h<u8>": (State.GROWN, 6, (1, 2)),
        "c::i": (State.NEW, 1, (0, 1)),
        LOOSE: (State.GROWN, 1, (1, 1)),
    }


@given(st.floats(1, 9), st.lists(st.integers(1, 5000), min_size=LEAST, max_size=50))
def test_an_exact_ratio_is_found_and_has_no_error(ratio: float, instructions: list[int]) -> None:
    found = fit([(n, round(n * 1000 * ratio)) for n in instructions])
    assert found is not None
    assert found.ratio == pytest.approx(1000 * ratio, rel=1e-3)
    assert found.functions == len(instructions)


def test_too_few_functions_give_no_ratio() -> None:
    assert fit([(10, 40)] * (LEAST - 1)) is None
    assert fit([(0, 40), (10, 0)] * LEAST) is None


def test_a_sum_is_known_better_than_its_parts() -> None:
    found = fit([(100, 380), (100, 420)] * LEAST)
    assert found is not None
    assert found.bytes(1000) == 4000
    assert 0 < found.error(1000) < 10 * found.error(100)


@pytest.mark.parametrize(
    ("mangled", "name"),
    [
        pytest.param("_ZN5codec8scramble17ha304a50d1837df85E", "codec::scramble", id="legacy"),
        pytest.param("_RNvCsbmNqQUJIY6D_7___rustc12___rust_alloc", "__rustc::__rust_alloc", id="v0"),
        pytest.param("_ZN4core3ptr13drop_in_place17hE", "_ZN4core3ptr13drop_in_place17hE", id="cut short: as it is"),
        pytest.param("memcpy", "memcpy", id="C"),
        pytest.param("", "", id="empty"),
        pytest.param("_R", "_R", id="no name behind the mark"),
    ],
)
def test_a_name_is_shown_as_rust_writes_it(mangled: str, name: str) -> None:
    assert shown(mangled) == name


@given(st.binary(max_size=40).map(lambda data: data.decode("utf-8", "surrogateescape")))
def test_any_name_can_be_shown(name: str) -> None:
    for each in (name, f"_R{name}", f"_ZN{name}E"):
        assert isinstance(shown(each), str)
        without_arguments(each)


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        pytest.param("alloc::vec::Vec<u8>::push", "alloc::vec::Vec::push", id="in a path"),
        pytest.param("core::ptr::drop_in_place::<alloc::vec::Vec<u8>>", "core::ptr::drop_in_place", id="turbofish"),
        pytest.param("<a::B<u8> as c::D>::e", "<a::B as c::D>::e", id="impl stays"),
        pytest.param("a::f::<fn(u8) -> u8>", "a::f", id="an arrow is no bracket"),
        pytest.param("limits::TRACE.0", "limits::TRACE", id="a part of a variable"),
        pytest.param("a::f.llvm.1234", "a::f", id="promoted"),
        pytest.param("a::f::{closure#0}.cold", "a::f::{closure#0}", id="cold part"),
    ],
)
def test_arguments_and_appended_words_are_left_out(name: str, bare: str) -> None:
    assert bare_name(name) == bare


@pytest.mark.parametrize("name", ["anon.0123abcd.12", ".Lanon.0123abcd.12", "vtable.3", "switch.table.a::b", "str.0"])
def test_names_that_the_compiler_made_up_tell_no_crate(name: str) -> None:
    assert is_made_up(name)
    assert not is_made_up(f"a{name}")


NAMES = ["a::Parser::parse", "b::Parser::parse", "alloc::vec::Vec<u8>::push", "alloc::vec::Vec<u16>::push", "main"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        pytest.param("main", ["main"], id="exact"),
        pytest.param("a::Parser::parse", ["a::Parser::parse"], id="whole path"),
        pytest.param("Parser::parse", ["a::Parser::parse", "b::Parser::parse"], id="end of a path"),
        pytest.param("arser::parse", [], id="whole segments only"),
        pytest.param(
            "Vec::push", ["alloc::vec::Vec<u16>::push", "alloc::vec::Vec<u8>::push"], id="without its arguments"
        ),
        pytest.param("Vec<u8>::push", ["alloc::vec::Vec<u8>::push"], id="with its arguments"),
        pytest.param("::main", ["main"], id="from the root"),
        pytest.param("  ", [], id="nothing"),
    ],
)
def test_a_function_is_found_by_the_end_of_its_path(asked: str, found: list[str]) -> None:
    assert list(matching(NAMES, asked)) == found


@pytest.mark.parametrize(
    ("crates", "own"),
    [
        pytest.param(["app", "memchr", "std", "memchr", "core"], ["app", "memchr"], id="the program's own memchr"),
        pytest.param(["app", ALLOCATOR, "std", "gimli"], ["app"], id="the allocator's module is nobody's"),
        pytest.param(["app", "base", "core", "compiler_builtins"], ["app", "base"], id="without std"),
        pytest.param([], [], id="nothing"),
    ],
)
def test_own_crates_are_those_before_std(crates: list[str], own: list[str]) -> None:
    assert own_crates(crates) == own


def corner(size: int) -> Corner:
    return Corner(name="x", size=size, code=size, modules=None, crates=None)


def test_the_overlap_is_what_both_give() -> None:
    found = Overlap(none=corner(100), one=corner(90), fat=corner(80), both=corner(75))
    assert (found.by_one, found.by_fat, found.together, found.shared) == (10, 20, 25, 5)


@pytest.mark.parametrize("text", ["thin", "fat", "off", "grouped", "grouped=4", "fat,codegen-units=1"])
def test_a_variant_is_written_as_it_was_read(text: str) -> None:
    assert str(parse_variant(text)) == text
    assert is_variant(text)


@pytest.mark.parametrize(
    "text",
    ["thin,", "fat,codegen-units=0", "fat,codegen-units=65536", "fat,codegen-units=x", "fat,lto=thin", "thick", ""],
)
def test_what_is_no_variant_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_variant(text)


def test_the_units_of_a_variant_go_to_cargo_by_its_profile() -> None:
    variant = parse_variant("fat,codegen-units=1")
    assert variant.variables("release") == {"CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "1"}
    assert variant.variables("dist-lto") == {"CARGO_PROFILE_DIST_LTO_CODEGEN_UNITS": "1"}
    assert parse_variant("fat").variables("release") == {}
