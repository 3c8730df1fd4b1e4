from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from programs import Source, Value, programs, resolve, summary_of

from burnish.errors import UsageError
from burnish.lto.decide.index import combine
from burnish.lto.decide.thinlink import NATIVE, Root, ThinLink, thin_link
from burnish.lto.modules import Kind, Linkage, SummaryFlag, VariableFlag
from burnish.lto.objects import Resolution


def linked(sources: Sequence[Source], resolution: Resolution | None = None) -> ThinLink:
    index = combine([summary_of(source) for source in sources])
    return thin_link(index, resolution or resolve(sources), range(len(sources)))


def living(link: ThinLink) -> set[str]:
    return {link.index.name(int(row)) for row in np.flatnonzero(link.live)}


def root_of(link: ThinLink, name: str) -> Root:
    row = next(row for row in range(link.index.rows) if link.index.name(row) == name)
    return Root(int(link.root[link.index.symbol[row]]))


def one(*values: Value, assembly: tuple[str, ...] = ()) -> tuple[Source, ...]:
    return (Source(name="one", values=(Value(name="main"), *values), assembly=assembly),)


def test_what_nothing_reaches_is_dead() -> None:
    sources = (
        Source(name="a", values=(Value(name="main", calls=("used",)), Value(name="unused", calls=("used_by_dead",)))),
        Source(name="b", values=(Value(name="used", refs=("table",)), Value(name="used_by_dead"))),
        Source(name="c", values=(Value(name="table", kind=Kind.VARIABLE, refs=("handler",)), Value(name="handler"))),
    )
    assert living(linked(sources)) == {"main", "used", "table", "handler"}


def test_an_alias_keeps_its_aliasee() -> None:
    sources = one(Value(name="real"), Value(name="alias", kind=Kind.ALIAS, aliasee="real"))
    assert living(linked(sources, resolve(sources, visible=["alias"]))) == {"alias", "real"}


@pytest.mark.parametrize(
    ("sources", "resolution", "root"),
    [
        pytest.param(one(Value(name="x")), {"visible": ["x"]}, Root.VISIBLE, id="native code refers to it"),
        pytest.param(one(Value(name="x")), {"exported": ["x"]}, Root.EXPORTED, id="in the dynamic symbol table"),
        pytest.param(one(Value(name="x", used=True)), {}, Root.USED, id="in llvm.used"),
        pytest.param(one(Value(name="x"), assembly=("x",)), {}, Root.ASSEMBLY, id="assembly names it"),
        pytest.param(one(Value(name="x")), {"visible": ["x"], "native": ["x"]}, Root.NONE, id="native code defines it"),
    ],
)
def test_roots_have_a_reason(sources: tuple[Source, ...], resolution: dict[str, list[str]], root: Root) -> None:
    link = linked(sources, resolve(sources, **{**resolution, "visible": ["main", *resolution.get("visible", [])]}))  # type: ignore[arg-type]
    assert root_of(link, "x") is root
    assert ("x" in living(link)) == (root is not Root.NONE)


def test_a_live_flag_in_the_summary_makes_a_root() -> None:
    sources = one(Value(name="llvm.used", kind=Kind.VARIABLE, linkage=Linkage.APPENDING, flags=SummaryFlag.LIVE))
    assert living(linked(sources)) == {"main", "llvm.used"}


def test_without_any_root_all_lives() -> None:
    sources = one(Value(name="x"))
    assert living(linked(sources, resolve(sources, visible=[]))) == {"main", "x"}


@pytest.mark.parametrize(
    ("linkage", "lives"),
    [
        pytest.param(Linkage.WEAK_ANY, False, id="weak: the native one may say something else"),
        pytest.param(Linkage.LINK_ONCE_ANY, False, id="linkonce"),
        pytest.param(Linkage.WEAK_ODR, True, id="weak_odr: says the same, may be inlined"),
        pytest.param(Linkage.LINK_ONCE_ODR, True, id="linkonce_odr"),
    ],
)
def test_a_copy_that_native_code_displaces_lives_only_to_be_inlined(linkage: Linkage, *, lives: bool) -> None:
    sources = (
        Source(name="a", values=(Value(name="main", calls=("shared",)),)),
        Source(name="b", values=(Value(name="shared", linkage=linkage, calls=("helper",)), Value(name="helper"))),
    )
    link = linked(sources, resolve(sources, native=["shared"]))
    assert (link.prevailing == NATIVE).sum() == 1
    assert living(link) == ({"main", "shared", "helper"} if lives else {"main"})


def test_the_copy_that_the_linker_took_prevails() -> None:
    copies = tuple(Source(name=name, values=(Value(name="f", linkage=Linkage.WEAK_ODR),)) for name in "abc")
    link = linked(copies, resolve(copies, visible=["f"], prevailing={"f": "b"}))
    assert link.prevailing.tolist() == [1]
    assert link.live.tolist() == [True, True, True]


VARIABLE = Value(name="v", kind=Kind.VARIABLE, attributes=VariableFlag.MAYBE_READ_ONLY | VariableFlag.MAYBE_WRITE_ONLY)


@pytest.mark.parametrize(
    ("users", "read_only", "write_only"),
    [
        pytest.param((Value(name="f", reads=("v",)),), True, False, id="read"),
        pytest.param((Value(name="f", writes=("v",)),), False, True, id="written"),
        pytest.param((Value(name="f", reads=("v",)), Value(name="g", writes=("v",))), False, False, id="both"),
        pytest.param((Value(name="f", refs=("v",)),), False, False, id="its address is taken"),
        pytest.param((Value(name="t", kind=Kind.VARIABLE, refs=("v",)),), False, False, id="an initializer has it"),
    ],
)
def test_a_variable_is_what_all_that_lives_does_to_it(
    users: tuple[Value, ...], *, read_only: bool, write_only: bool
) -> None:
    main = Value(name="main", refs=tuple(user.name for user in users))
    sources = (Source(name="a", values=(main, *users)), Source(name="b", values=(VARIABLE,)))
    link = linked(sources)
    assert (bool(link.read_only.any()), bool(link.write_only.any())) == (read_only, write_only)


def test_what_dead_code_does_to_a_variable_does_not_count() -> None:
    sources = one(VARIABLE, Value(name="reader", reads=("v",)), Value(name="dead", writes=("v",)))
    link = linked(sources, resolve(sources, visible=["reader"]))
    assert link.read_only.any()


@pytest.mark.parametrize(
    ("sources", "visible"),
    [
        pytest.param(one(VARIABLE, Value(name="reader", reads=("v",))), ["reader", "v"], id="visible"),
        pytest.param(
            one(
                Value(name="v", kind=Kind.VARIABLE, attributes=3, flags=SummaryFlag.NOT_ELIGIBLE_TO_IMPORT),
                Value(name="reader", reads=("v",)),
            ),
            ["reader"],
            id="not eligible to import",
        ),
        pytest.param(
            one(
                Value(name="v", kind=Kind.VARIABLE, attributes=3, linkage=Linkage.WEAK_ANY),
                Value(name="reader", reads=("v",)),
            ),
            ["reader"],
            id="another definition may take its place",
        ),
    ],
)
def test_a_variable_that_others_may_touch_is_neither(sources: tuple[Source, ...], visible: list[str]) -> None:
    link = linked(sources, resolve(sources, visible=visible))
    assert not link.read_only.any()
    assert not link.write_only.any()


@given(programs())
def test_the_living_are_closed_under_references(program: tuple[Source, ...]) -> None:
    link = linked(program)
    index, rows = link.index, np.flatnonzero(link.live)
    reached = np.concatenate([index.refs.of(rows), index.calls.of(rows), index.symbol[index.base[rows]]])
    copies = index.copies.of(np.unique(reached))
    kept_out = link.prevailing[index.symbol[copies]] == NATIVE
    assert (link.live[copies] | kept_out).all()


@given(programs())
def test_a_symbol_prevails_once_and_where_it_is_defined(program: tuple[Source, ...]) -> None:
    link = linked(program)
    symbols = np.flatnonzero(link.prevailing >= 0)
    rows = link.prevailing[symbols]
    assert (link.index.symbol[rows] == symbols).all()
    assert link.index.defined[rows].all()
    assert not link.index.local()[rows].any()


@given(programs(), st.randoms(use_true_random=False))
def test_the_order_of_modules_does_not_change_what_lives(program: tuple[Source, ...], random: "object") -> None:
    order = list(program)
    random.shuffle(order)  # type: ignore[attr-defined]
    assert living(linked(order)) == living(linked(program))


def test_a_module_without_its_input_is_a_mistake() -> None:
    sources = one()
    with pytest.raises(UsageError):
        thin_link(combine([summary_of(sources[0])]), resolve(sources), [])
