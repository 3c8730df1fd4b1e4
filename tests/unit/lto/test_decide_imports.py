import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from literal import imports_of
from programs import Source, Value, programs, resolve, summary_of

from burnish.lto.decide.columns import Ints
from burnish.lto.decide.imports import NO_THRESHOLD, Imports, Refusals, cross_module_imports, next_threshold, scaled
from burnish.lto.decide.index import combine
from burnish.lto.decide.thinlink import ThinLink, thin_link
from burnish.lto.modules import FunctionFlag, Kind, Linkage, SummaryFlag, VariableFlag


def linked(program: tuple[Source, ...]) -> ThinLink:
    return thin_link(combine([summary_of(source) for source in program]), resolve(program), range(len(program)))


def decided(*program: Source) -> tuple[dict[str, tuple[int, int]], dict[str, tuple[str, int]]]:
    """What the first module imports, with threshold and depth, and what it is refused, with reason and threshold."""
    link = linked(program)
    imports, refusals = cross_module_imports(link, np.arange(len(program)))
    taken = {
        link.index.name(int(imports.row[place])): (int(imports.threshold[place]), int(imports.depth[place]))
        for place in np.flatnonzero(imports.unit == 0)
    }
    refused = {
        link.index.name(int(refusals.row[place])): (refusals.word(int(place)), int(refusals.threshold[place]))
        for place in np.flatnonzero(refusals.unit == 0)
    }
    return taken, refused


def main_calls(*names: str, hotness: int = 0) -> Source:
    return Source(name="first", values=(Value(name="main", calls=names, hotness=hotness),))


def test_thresholds_fall_as_llvm_s_do() -> None:
    thresholds = list(itertools.accumulate(range(11), lambda threshold, _: next_threshold(threshold), initial=100))
    assert thresholds == [100, 70, 49, 34, 23, 16, 11, 7, 4, 2, 1, 0]


def test_products_are_reckoned_in_single_precision() -> None:
    # In double precision the product is 62.99999999999999.
    assert scaled(90, 0.7) == 63


def test_each_hop_allows_less() -> None:
    far = Source(
        name="far",
        values=(
            Value(name="one", size=100, calls=("two",)),
            Value(name="two", size=70, calls=("three", "large")),
            Value(name="three", size=49),
            Value(name="large", size=50),
        ),
    )
    taken, refused = decided(main_calls("one"), far)
    assert taken == {"one": (100, 1), "two": (70, 2), "three": (49, 3)}
    assert refused == {"large": ("TooLarge", 49)}


@pytest.mark.parametrize(
    ("callee", "reason"),
    [
        pytest.param(Value(name="f", size=101), "TooLarge", id="too large"),
        pytest.param(Value(name="f", attributes=FunctionFlag.NO_INLINE), "NoInline", id="noinline"),
        pytest.param(Value(name="f", flags=SummaryFlag.NOT_ELIGIBLE_TO_IMPORT), "NotEligible", id="not eligible"),
        pytest.param(Value(name="f", linkage=Linkage.WEAK_ANY), "InterposableLinkage", id="weak"),
        pytest.param(Value(name="f", kind=Kind.VARIABLE, refs=("g",)), "GlobalVar", id="a variable"),
        pytest.param(
            Value(name="f", size=101, attributes=FunctionFlag.NO_INLINE), "TooLarge", id="size comes before noinline"
        ),
        pytest.param(
            Value(name="f", size=101, flags=SummaryFlag.NOT_ELIGIBLE_TO_IMPORT), "NotEligible", id="and after the rest"
        ),
    ],
)
def test_a_refusal_has_llvm_s_reason(callee: Value, reason: str) -> None:
    taken, refused = decided(main_calls("f"), Source(name="second", values=(callee, Value(name="g"))))
    assert "f" not in taken
    assert refused == {"f": (reason, 100)}


def test_alwaysinline_has_no_limit() -> None:
    callee = Value(name="f", size=5000, attributes=FunctionFlag.ALWAYS_INLINE)
    assert decided(main_calls("f"), Source(name="second", values=(callee,)))[0] == {"f": (100, 1)}


@pytest.mark.parametrize(
    ("hotness", "size", "threshold"),
    [
        pytest.param(1, 10, 10, id="cold"),
        pytest.param(2, 100, 100, id="neither"),
        pytest.param(3, 1000, 1000, id="hot"),
        pytest.param(4, 10000, 10000, id="critical"),
    ],
)
def test_hotness_scales_the_threshold(hotness: int, size: int, threshold: int) -> None:
    callees = Source(name="second", values=(Value(name="fits", size=size), Value(name="larger", size=size + 1)))
    taken, refused = decided(main_calls("fits", "larger", hotness=hotness), callees)
    assert taken == {"fits": (threshold, 1)}
    assert refused == {"larger": ("TooLarge", threshold)}


def test_chains_of_hot_calls_keep_their_threshold() -> None:
    chain = Source(
        name="second",
        values=(Value(name="one", calls=("two",), hotness=3), Value(name="two", calls=("three",)), Value(name="three")),
    )
    taken, _ = decided(main_calls("one", hotness=3), chain)
    assert taken == {"one": (1000, 1), "two": (1000, 2), "three": (100, 3)}


def test_the_first_copy_that_fits_is_taken() -> None:
    copies = [
        Source(name=name, values=(Value(name="f", size=size, linkage=Linkage.WEAK_ODR),))
        for name, size in (("b", 300), ("c", 90), ("d", 80))
    ]
    link = linked((main_calls("f"), *copies))
    imports, _ = cross_module_imports(link, np.arange(4))
    assert link.index.module[imports.row].tolist() == [2]


def test_variables_come_with_what_refers_to_them_and_bring_others() -> None:
    second = Source(
        name="second",
        values=(
            Value(name="f", refs=("table",)),
            Value(name="table", kind=Kind.VARIABLE, attributes=VariableFlag.CONSTANT, refs=("text", "handler")),
            Value(name="text", kind=Kind.VARIABLE, linkage=Linkage.PRIVATE),
            Value(name="handler"),
            Value(name="state", kind=Kind.VARIABLE, refs=("text",)),
        ),
    )
    assert decided(main_calls("f"), second)[0] == {
        "f": (100, 1),
        "table": (NO_THRESHOLD, 2),
        "text": (NO_THRESHOLD, 3),
    }


def test_a_variable_that_changes_and_refers_to_others_stays_where_it_is() -> None:
    main = Source(name="first", values=(Value(name="main", refs=("state",)),))
    state = Value(name="state", kind=Kind.VARIABLE, refs=("text",))
    second = Source(name="second", values=(state, Value(name="text", kind=Kind.VARIABLE)))
    assert decided(main, second)[0] == {}


def test_what_takes_the_place_of_an_own_weak_variable_is_imported() -> None:
    weak = Value(name="limit", kind=Kind.VARIABLE, linkage=Linkage.WEAK_ANY)
    strong = Value(name="limit", kind=Kind.VARIABLE, attributes=VariableFlag.MAYBE_READ_ONLY)
    first = Source(name="first", values=(Value(name="main", reads=("limit",)), weak))
    assert decided(first, Source(name="second", values=(strong,)))[0] == {"limit": (NO_THRESHOLD, 1)}


def partitions(modules: int) -> st.SearchStrategy[Ints]:
    return st.lists(st.integers(0, 2), min_size=modules, max_size=modules).map(
        lambda units: np.unique(np.array(units, np.int64), return_inverse=True)[1]
    )


def check_against_llvm_s_work_list(link: ThinLink, units: Ints, imports: Imports, refusals: Refusals) -> None:
    for unit in range(int(units.max(initial=-1)) + 1):
        wanted, reasons = imports_of(link, set(np.flatnonzero(units == unit).tolist()))
        own = imports.unit == unit
        found = zip(imports.symbol[own].tolist(), link.index.module[imports.row[own]].tolist(), strict=True)
        assert set(found) == wanted
        places = np.flatnonzero(refusals.unit == unit)
        assert {int(refusals.symbol[place]): refusals.word(int(place)) for place in places} == reasons


@given(programs(), st.data())
def test_imports_and_refusals_are_those_of_llvm_s_own_work_list(
    program: tuple[Source, ...], data: st.DataObject
) -> None:
    link = linked(program)
    units = data.draw(partitions(len(program)))
    check_against_llvm_s_work_list(link, units, *cross_module_imports(link, units))


@given(programs(), st.data())
def test_a_unit_never_imports_from_itself(program: tuple[Source, ...], data: st.DataObject) -> None:
    link = linked(program)
    units = data.draw(partitions(len(program)))
    imports, _ = cross_module_imports(link, units)
    assert (units[link.index.module[imports.row]] != imports.unit).all()
    assert len(set(zip(imports.unit.tolist(), imports.symbol.tolist(), strict=True))) == len(imports)


@given(programs())
def test_one_unit_of_all_imports_nothing(program: tuple[Source, ...]) -> None:
    imports, refusals = cross_module_imports(linked(program), np.zeros(len(program), np.int64))
    assert (len(imports), len(refusals)) == (0, 0)
