from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from programs import Source, Value, programs, resolve, summary_of

from burnish.lto.decide.columns import Ints
from burnish.lto.decide.fate import Fate
from burnish.lto.decide.fates import reason
from burnish.lto.decide.index import combine
from burnish.lto.decide.plan import Plan, decide
from burnish.lto.decide.thinlink import Root, thin_link
from burnish.lto.modules import FunctionFlag, Kind, Linkage, VariableFlag
from burnish.lto.objects import Resolution


def planned(sources: Sequence[Source], resolution: Resolution | None = None, units: Ints | None = None) -> Plan:
    index = combine([summary_of(source) for source in sources])
    link = thin_link(index, resolution or resolve(sources), range(len(sources)))
    return decide(link, np.arange(len(sources)) if units is None else units)


def fates_of(plan: Plan, name: str) -> list[Fate]:
    """Of all definitions of a name, in link order."""
    rows = [row for row in range(plan.index.rows) if plan.index.defined[row] and plan.index.name(row) == name]
    return [Fate(int(plan.fates.fate[row])) for row in rows]


LARGE = 1000
USER = Source(name="user", values=(Value(name="main", calls=("f",)),))


@pytest.mark.parametrize(
    ("values", "fate"),
    [
        pytest.param(
            (Value(name="f", calls=("x",)), Value(name="x", size=LARGE)), Fate.HIDDEN, id="imported code calls"
        ),
        pytest.param(
            (Value(name="f", size=LARGE, calls=("x",)), Value(name="x")), Fate.INTERNAL, id="only its own unit"
        ),
        pytest.param((Value(name="f"), Value(name="x")), Fate.DEAD, id="nobody"),
        pytest.param(
            (Value(name="f", calls=("x",)), Value(name="x", size=LARGE, linkage=Linkage.INTERNAL)),
            Fate.PROMOTED,
            id="imported code calls a local",
        ),
        pytest.param(
            (Value(name="f", size=LARGE, calls=("x",)), Value(name="x", linkage=Linkage.INTERNAL)),
            Fate.LOCAL,
            id="only its own unit calls a local",
        ),
        pytest.param((Value(name="f"), Value(name="x", used=True)), Fate.VISIBLE, id="in llvm.used"),
        pytest.param(
            (Value(name="f"), Value(name="x", kind=Kind.VARIABLE, linkage=Linkage.APPENDING, flags=1 << 5)),
            Fate.KEPT,
            id="appending",
        ),
    ],
)
def test_a_definition_is_kept_as_far_as_others_need_it(values: tuple[Value, ...], fate: Fate) -> None:
    plan = planned((USER, Source(name="library", values=values)))
    assert fates_of(plan, "x") == [fate]


def test_a_variable_that_is_only_read_and_comes_along_is_not_exported() -> None:
    table = Value(name="x", kind=Kind.VARIABLE, attributes=VariableFlag.MAYBE_READ_ONLY, linkage=Linkage.INTERNAL)
    library = Source(name="library", values=(Value(name="f", reads=("x",)), table))
    plan = planned((USER, library))
    assert {plan.index.name(int(row)) for row in plan.imports.row} == {"f", "x"}
    assert fates_of(plan, "x") == [Fate.LOCAL]


def test_what_a_variable_that_is_only_written_was_set_to_is_not_exported() -> None:
    log = Value(name="x", kind=Kind.VARIABLE, attributes=VariableFlag.MAYBE_WRITE_ONLY, refs=("text",))
    text = Value(name="text", kind=Kind.VARIABLE, linkage=Linkage.PRIVATE)
    plan = planned((USER, Source(name="library", values=(Value(name="f", writes=("x",)), log, text))))
    assert fates_of(plan, "text") == [Fate.LOCAL]


def test_groups_keep_to_themselves_what_only_they_use() -> None:
    sources = (
        USER,
        Source(name="near", values=(Value(name="f", size=LARGE, calls=("x",)),)),
        Source(name="far", values=(Value(name="x", size=LARGE),)),
    )
    assert fates_of(planned(sources), "x") == [Fate.HIDDEN]
    assert fates_of(planned(sources, units=np.array([0, 1, 1])), "x") == [Fate.INTERNAL]


@pytest.mark.parametrize(
    ("units", "prevailing"),
    [
        pytest.param([0, 1, 2], Fate.HIDDEN, id="each copy in a unit of its own: the others need this one"),
        pytest.param([0, 1, 1], Fate.INTERNAL, id="merged into one: nobody else asks"),
    ],
)
def test_of_several_copies_one_stays(units: list[int], prevailing: Fate) -> None:
    first = Source(name="first", values=(Value(name="main", calls=("g", "h"), size=LARGE),))
    copies = [
        Source(
            name=name,
            values=(
                Value(name=name, calls=("f",), size=LARGE),
                Value(name="f", linkage=Linkage.LINK_ONCE_ODR, attributes=FunctionFlag.NO_INLINE),
            ),
        )
        for name in ("g", "h")
    ]
    plan = planned((first, *copies), units=np.array(units))
    assert fates_of(plan, "f") == [prevailing, Fate.OTHER_COPY]
    losing = max(np.flatnonzero(plan.fates.fate == Fate.OTHER_COPY).tolist())
    assert reason(plan.link, plan.fates, losing) == "the copy of g prevails"


def test_a_copy_under_an_alias_stays_as_it_is() -> None:
    copies = [
        Source(
            name=name,
            values=(
                Value(name="f", linkage=Linkage.WEAK_ODR),
                Value(name="alias", kind=Kind.ALIAS, aliasee="f", linkage=Linkage.WEAK_ODR),
            ),
        )
        for name in "ab"
    ]
    plan = planned(copies, resolve(copies, visible=["alias", "f"]))
    assert fates_of(plan, "alias") == [Fate.VISIBLE, Fate.KEPT]


def test_a_dead_copy_that_native_code_displaces_becomes_no_local() -> None:
    sources = (Source(name="a", values=(Value(name="main", calls=("f",)), Value(name="f", linkage=Linkage.WEAK_ANY))),)
    plan = planned(sources, resolve(sources, native=["f"]))
    assert not plan.link.live[1]
    assert fates_of(plan, "f") == [Fate.OTHER_COPY]
    assert reason(plan.link, plan.fates, 1) == "native code defines it"


def units_of(program: Sequence[Source]) -> st.SearchStrategy[Ints]:
    size = len(program)
    return st.lists(st.integers(0, 2), min_size=size, max_size=size).map(
        lambda units: np.unique(np.array(units, np.int64), return_inverse=True)[1]
    )


@given(programs(), st.data())
def test_every_import_is_exported_by_its_source_or_copied_whole(
    program: tuple[Source, ...], data: st.DataObject
) -> None:
    plan = planned(program, units=data.draw(units_of(program)))
    rows = plan.imports.row
    prevailing = plan.link.prevailing[plan.index.symbol[rows]]
    kept = np.where(prevailing >= 0, prevailing, rows)
    copied = plan.link.read_only[rows] | plan.link.write_only[rows]
    exported = np.isin(plan.fates.fate[kept], [Fate.HIDDEN, Fate.VISIBLE, Fate.PROMOTED])
    assert (exported | copied).all()


@given(programs(), st.data())
def test_nothing_that_another_unit_refers_to_becomes_internal(program: tuple[Source, ...], data: st.DataObject) -> None:
    plan = planned(program, units=data.draw(units_of(program)))
    index, unit = plan.index, plan.units[plan.index.module]
    for row in np.flatnonzero(plan.link.live):
        for symbol in [*index.refs.of(np.array([row])), *index.calls.of(np.array([row]))]:
            definition = int(plan.link.prevailing[symbol])
            own_copy = ((plan.imports.unit == unit[row]) & (plan.imports.symbol == symbol)).any()
            if definition >= 0 and unit[definition] != unit[row] and not own_copy:
                assert plan.fates.fate[definition] in {Fate.HIDDEN, Fate.VISIBLE}


@given(programs(), st.data())
def test_what_native_code_knows_stays_visible(program: tuple[Source, ...], data: st.DataObject) -> None:
    plan = planned(program, units=data.draw(units_of(program)))
    kept = plan.link.prevailing[plan.link.root > Root.NONE]
    assert (plan.fates.fate[kept] == Fate.VISIBLE).all()


@given(programs())
def test_every_definition_has_a_reason(program: tuple[Source, ...]) -> None:
    plan = planned(program)
    assert all(reason(plan.link, plan.fates, int(row)) for row in np.flatnonzero(plan.index.defined))
    assert (plan.fates.fate[~plan.index.defined] == Fate.NONE).all()
