import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from programs import Source, Value, summary_of

from burnish.lto.decide.grouping import one_each
from burnish.lto.decide.index import combine
from burnish.lto.decide.plan import Plan, decide
from burnish.lto.decide.thinlink import thin_link
from burnish.lto.modules import Kind
from burnish.lto.objects import Resolution
from burnish.lto.remarks import (
    NOT_GIVEN,
    VERSION,
    Remark,
    columns_of,
    decode,
    encode,
    is_of_inlining,
    parse_remark,
    plain_name,
)
from burnish.lto.seeing import seen_of

_NOWHERE = "<unknown>:0:0: "


def remark(**changes: object) -> Remark:
    fields: dict[str, object] = {
        "caller": "main",
        "callee": "square",
        "inlined": False,
        "cost": NOT_GIVEN,
        "threshold": NOT_GIVEN,
        "reason": "",
    }
    return Remark(**{**fields, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "'square' inlined into 'main' with (cost=-15005, threshold=337)",
            remark(inlined=True, cost=-15005, threshold=337),
            id="inlined at a cost",
        ),
        pytest.param(
            "'square' inlined into 'main' with (cost=always): always inline attribute",
            remark(inlined=True, reason="always inline attribute"),
            id="inlined always",
        ),
        pytest.param(
            "'square' inlined into 'main' with (cost=5, threshold=225) at callsite main:3:7 @ other:1:1.2;",
            remark(inlined=True, cost=5, threshold=225),
            id="inlined, with debug info",
        ),
        pytest.param(
            "'square' inlined into 'main' with (cost=always): always inline attribute at callsite main:3:7;",
            remark(inlined=True, reason="always inline attribute"),
            id="inlined always, with debug info",
        ),
        pytest.param(
            "'square' inlined into 'main' to match profiling context with (cost=5, threshold=225)",
            remark(inlined=True, cost=5, threshold=225),
            id="inlined for a profile",
        ),
        pytest.param("'square' inlined into 'main'", remark(inlined=True), id="inlined, no more said"),
        pytest.param(
            "'square' not inlined into 'main' because too costly to inline (cost=405, threshold=250)",
            remark(cost=405, threshold=250, reason="too costly"),
            id="too costly",
        ),
        pytest.param(
            "'square' not inlined into 'main' because it should never be inlined (cost=never): "
            "noinline function attribute",
            remark(reason="noinline function attribute"),
            id="never",
        ),
        pytest.param(
            "'square' not inlined into 'main' because it should never be inlined (cost=never)",
            remark(),
            id="never, no reason given",
        ),
        pytest.param(
            "square will not be inlined into main because its definition is unavailable",
            remark(reason="unavailable definition"),
            id="no definition",
        ),
        pytest.param(
            "'square' will not be inlined into 'main' because its definition is unavailable",
            remark(reason="unavailable definition"),
            id="no definition, as older LLVMs write it",
        ),
        pytest.param(
            "'square' is not inlined into 'main': incompatible personality",
            remark(reason="incompatible personality"),
            id="tried in vain",
        ),
        pytest.param(
            "Not inlining. Cost of inlining 'square' increases the cost of inlining 'main' in other contexts",
            remark(reason="deferred: the caller itself is to be inlined"),
            id="deferred",
        ),
        pytest.param(
            "'square' not inlined into 'main' because the moon is full",
            remark(reason="the moon is full"),
            id="a reason of tomorrow",
        ),
    ],
)
def test_each_form_of_llvm_is_read(text: str, expected: Remark) -> None:
    assert is_of_inlining(text)
    assert parse_remark(_NOWHERE + text) == expected
    assert parse_remark("src/a b's.rs:3:7: " + text) == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("Cannot SLP vectorize list: only 2 elements of buildvalue", id="another pass"),
        pytest.param("'a' partially inlined into 'b'", id="a part"),
        pytest.param("f has uninlinable pattern (recursive) and cost is not fully computed", id="an analysis"),
        pytest.param("'' inlined into ''", id="no names"),
    ],
)
def test_what_is_no_verdict_is_left_out(text: str) -> None:
    assert parse_remark(_NOWHERE + text) is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("_ZN1a1f17h0123456789abcdefE", "_ZN1a1f17h0123456789abcdefE", id="legacy"),
        pytest.param("_ZN1a1f17h0123456789abcdefE.llvm.123", "_ZN1a1f17h0123456789abcdefE", id="promoted"),
        pytest.param("_RNvC1a1f.llvm.18446744073709551615", "_RNvC1a1f", id="promoted, v0"),
        pytest.param("_RNvC1a1f.7", "_RNvC1a1f", id="met another of its name"),
        pytest.param("_RNvC1a1f.llvm.9.12", "_RNvC1a1f", id="both"),
        pytest.param("f.specialized.1", "f.specialized", id="another function made of it"),
        pytest.param(".5", ".5", id="nothing would be left"),
        pytest.param("memcpy", "memcpy", id="C"),
    ],
)
def test_names_lose_what_llvm_added_to_make_them_unique(name: str, expected: str) -> None:
    assert plain_name(name) == expected


@given(st.text())
def test_no_text_is_too_strange_to_be_looked_at(text: str) -> None:
    for form in (text, f"'{text}' inlined into '{text}' with {text}", f"'a' inlined into 'b' with (cost={text})"):
        parse_remark(form)
        columns = columns_of({form: 1})
        assert sum(columns.count) + columns.unknown == 1


_NAMES = st.sampled_from(["a", "b", "c"])
_SAID = st.dictionaries(
    st.one_of(
        st.builds("'{}' inlined into '{}' with (cost={}, threshold=225)".format, _NAMES, _NAMES, st.integers(-9, 9)),
        st.builds("'{}.llvm.{}' inlined into '{}'".format, _NAMES, st.integers(0, 9), _NAMES),
        st.builds("{} will not be inlined into {} because its definition is unavailable".format, _NAMES, _NAMES),
        st.just("of inlining, in a form of tomorrow"),
    ),
    st.integers(1, 5),
)


@given(_SAID)
def test_columns_say_what_the_remarks_said(said: dict[str, int]) -> None:
    columns = columns_of(said)
    told: dict[Remark, int] = {}
    for row, caller in enumerate(columns.caller):
        number = columns.reason[row]
        found = Remark(
            caller=columns.names[caller],
            callee=columns.names[columns.callee[row]],
            inlined=columns.inlined[row],
            cost=columns.cost[row],
            threshold=columns.threshold[row],
            reason=columns.reasons[number] if number >= 0 else "",
        )
        assert found not in told
        told[found] = columns.count[row]
    expected: dict[Remark, int] = {}
    for text, count in said.items():
        if (parsed := parse_remark(text)) is not None:
            expected[parsed] = expected.get(parsed, 0) + count
    assert told == expected
    assert columns.unknown == said.get("of inlining, in a form of tomorrow", 0)


@given(_SAID)
def test_columns_do_not_depend_on_the_order_of_remarks_and_survive_the_cache(said: dict[str, int]) -> None:
    columns = columns_of(said)
    assert columns_of(dict(reversed(said.items()))) == columns
    assert decode(encode(columns)) == columns


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff{", id="no text"),
        pytest.param(encode(columns_of({}))[:-5], id="cut off"),
        pytest.param(encode(columns_of({})).replace(b'"version":%d' % VERSION, b'"version":99'), id="of tomorrow"),
    ],
)
def test_what_is_not_sound_is_not_taken_from_the_cache(data: bytes) -> None:
    assert decode(data) is None


def _plan() -> Plan:
    library = Source(
        name="library",
        values=(
            Value(name="square", size=3),
            Value(name="unused", size=8),
            Value(name="table", kind=Kind.VARIABLE),
            Value(name="same", kind=Kind.ALIAS, aliasee="square"),
        ),
    )
    program = Source(name="program", values=(Value(name="main", size=5, calls=("square",), reads=("table",)),))
    modules = [summary_of(program), summary_of(library)]
    resolution = Resolution(
        taken=(0, 1),
        prevailing={"main": 0, "square": 1, "unused": 1, "table": 1, "same": 1},
        visible=frozenset({"main"}),
        exported=frozenset(),
    )
    return decide(thin_link(combine(modules), resolution, [0, 1]), one_each(2))


def test_every_definition_is_seen_with_its_size_and_whether_it_lives() -> None:
    seen = seen_of(_plan(), units=["program", "library"], remarks={})
    rows = seen.definitions
    found = {
        seen.names[name]: (module, size, live)
        for module, name, size, live in zip(rows.module, rows.name, rows.instructions, rows.live, strict=True)
    }
    assert found == {
        "main": (0, 5, True),
        "square": (1, 3, True),
        "unused": (1, 8, False),
        "table": (1, -1, True),
        "same": (1, -1, False),
    }


def test_the_remarks_of_all_units_share_their_names_and_reasons() -> None:
    no_definition = "{} will not be inlined into {} because its definition is unavailable"
    remarks = {
        1: columns_of({no_definition.format("write", "square"): 2, "of tomorrow": 3}),
        0: columns_of({no_definition.format("write", "main"): 1, "'square' inlined into 'main'": 1}),
    }
    seen = seen_of(_plan(), units=["program", "library"], remarks=remarks)
    rows = seen.inlines
    found = [
        (unit, seen.names[caller], seen.names[callee], inlined, reason, count)
        for unit, caller, callee, inlined, reason, count in zip(
            rows.unit, rows.caller, rows.callee, rows.inlined, rows.reason, rows.count, strict=True
        )
    ]
    assert found == [
        (0, "main", "square", True, -1, 1),
        (0, "main", "write", False, 0, 1),
        (1, "square", "write", False, 0, 2),
    ]
    assert seen.reasons == ["unavailable definition"]
    assert len(set(seen.names)) == len(seen.names)
    assert seen.unknown == 3
    assert np.unique(rows.unit).tolist() == [0, 1]
