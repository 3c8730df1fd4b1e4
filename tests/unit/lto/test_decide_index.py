import dataclasses

import numpy as np
import pytest
from hypothesis import given
from programs import Source, Value, programs, summary_of

from burnish.errors import BitcodeError, UnsupportedError
from burnish.lto.decide.index import combine
from burnish.lto.modules import Kind, Linkage


def test_no_modules_make_an_empty_index() -> None:
    index = combine([])
    assert (index.rows, index.symbols) == (0, 0)


def test_rows_of_one_guid_are_one_symbol() -> None:
    caller = Source(name="a", values=(Value(name="main", calls=("callee",)),))
    callee = Source(name="b", values=(Value(name="callee"),))
    index = combine([summary_of(caller), summary_of(callee)])
    declaration, definition = (row for row in range(index.rows) if index.name(row) == "callee")
    assert index.symbol[declaration] == index.symbol[definition]
    assert index.copies.of(index.symbol[[definition]]).tolist() == [definition]


def test_locals_of_two_modules_with_one_name_are_two_symbols() -> None:
    sources = [
        Source(name=name, values=(Value(name="helper", linkage=Linkage.INTERNAL, calls=("helper",)),)) for name in "ab"
    ]
    index = combine([summary_of(source) for source in sources])
    assert index.symbols == 2
    assert index.calls.targets.tolist() == index.symbol.tolist()


def test_the_base_of_an_alias_is_its_aliasee() -> None:
    other = Source(name="o", values=(Value(name="first"), Value(name="second")))
    alias = Source(name="a", values=(Value(name="real"), Value(name="other", kind=Kind.ALIAS, aliasee="real")))
    index = combine([summary_of(other), summary_of(alias)])
    assert index.base.tolist() == [0, 1, 2, 2]


def test_references_that_only_read_stand_before_those_that_only_write() -> None:
    names = tuple(Value(name=name, kind=Kind.VARIABLE) for name in ("p", "r", "w"))
    function = Value(name="main", refs=("p",), reads=("r",), writes=("w", "p"))
    index = combine([summary_of(Source(name="a", values=(*names, function)))])
    assert index.refs.marks.tolist() == [0, 1, 2, 2]


@given(programs())
def test_every_definition_with_a_summary_is_one_copy_of_its_symbol(program: tuple[Source, ...]) -> None:
    index = combine([summary_of(source) for source in program])
    rows = np.sort(index.copies.targets)
    assert rows.tolist() == np.flatnonzero(index.summarized).tolist()
    owners = np.repeat(np.arange(index.symbols), np.diff(index.copies.starts))
    assert index.symbol[index.copies.targets].tolist() == owners.tolist()


def test_a_module_without_summary_is_left_to_lld() -> None:
    module = dataclasses.replace(summary_of(Source(name="merged", values=(Value(name="main"),))), version=0)
    with pytest.raises(UnsupportedError, match="merged has no ThinLTO summary"):
        combine([module])


@pytest.mark.parametrize(
    ("column", "value"),
    [
        pytest.param("callees", np.array([9], np.uint32), id="a callee that there is not"),
        pytest.param("refs", np.array([2**32 - 1], np.uint32), id="a reference far outside"),
        pytest.param("aliasee", np.array([-1, 7, -1], np.int32), id="an aliasee that there is not"),
        pytest.param("call_starts", np.array([0, 1, 1, 5], np.uint32), id="lists longer than what they hold"),
        pytest.param("ref_starts", np.array([0, 1], np.uint32), id="lists for other values"),
        pytest.param("call_starts", np.array([0, 3, 1, 1], np.uint32), id="lists that go back"),
    ],
)
def test_columns_that_do_not_fit_together_are_an_error_that_names_the_module(column: str, value: object) -> None:
    good = summary_of(Source(name="good", values=(Value(name="g"),)))
    values = (Value(name="f", calls=("v",), refs=("v",)), Value(name="v"), Value(name="w"))
    changes: dict[str, object] = {column: value}
    bad = dataclasses.replace(summary_of(Source(name="bad", values=values)), **changes)  # type: ignore[arg-type]
    with pytest.raises(BitcodeError, match="bad"):
        combine([good, bad])
