import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from programs import Source, Value, programs, resolve, summary_of

from burnish.lto.backend import Codegen, Road
from burnish.lto.decide.index import combine
from burnish.lto.decide.keys import UnitKey, unit_key, unit_keys
from burnish.lto.decide.plan import decide
from burnish.lto.decide.thinlink import thin_link
from burnish.lto.modules import Kind, Linkage, VariableFlag
from burnish.lto.objects import Resolution

CODEGEN = Codegen(triple="x86_64-unknown-linux-gnu")


def digest(source: Source) -> str:
    return f"sha of {source!r}"


def keys_of(
    sources: Sequence[Source],
    resolution: Resolution | None = None,
    units: Sequence[int] | None = None,
    *,
    codegen: Codegen = CODEGEN,
    toolchain: str = "LLVM22",
    road: Road = Road.THIN,
    outputs: int = 1,
) -> dict[str, str]:
    """The key of each module's unit, by the module."""
    index = combine([summary_of(source) for source in sources])
    link = thin_link(index, resolution or resolve(sources), range(len(sources)))
    plan = decide(link, np.arange(len(sources)) if units is None else np.array(units))
    digests = [digest(source) for source in sources]
    keys = unit_keys(plan, digests=digests, codegen=codegen, toolchain=toolchain, road=road, outputs=outputs)
    return {source.name: keys[plan.units[number]].exact for number, source in enumerate(sources)}


MAIN = Source(name="main", values=(Value(name="main", calls=("small",), refs=("large",)),))
LIBRARY = Source(
    name="library", values=(Value(name="small"), Value(name="large", size=500, calls=("deep",)), Value(name="unused"))
)
DEEP = Source(name="deep", values=(Value(name="deep", size=500), Value(name="other")))
PROGRAM = (MAIN, LIBRARY, DEEP)


def changed(source: Source, *values: Value) -> Source:
    return dataclasses.replace(source, values=values)


@pytest.mark.parametrize(
    ("program", "stale"),
    [
        pytest.param(
            (changed(MAIN, *MAIN.values, Value(name="new")), LIBRARY, DEEP), {"main"}, id="its own content changed"
        ),
        pytest.param(
            (MAIN, changed(LIBRARY, *LIBRARY.values, Value(name="new")), DEEP),
            {"main", "library"},
            id="what it imports from changed",
        ),
        pytest.param(
            (MAIN, LIBRARY, changed(DEEP, *DEEP.values, Value(name="new"))), {"deep"}, id="what it only calls changed"
        ),
        pytest.param(
            (changed(MAIN, Value(name="main", calls=("small", "other"), refs=("large",))), LIBRARY, DEEP),
            {"main", "deep"},
            id="something else of it lives",
        ),
    ],
)
def test_an_edit_changes_the_keys_of_those_that_see_it(program: tuple[Source, ...], stale: set[str]) -> None:
    before, after = keys_of(PROGRAM), keys_of(program)
    assert {name for name in before if before[name] != after[name]} == stale


def near_keys(sources: Sequence[Source]) -> dict[str, UnitKey]:
    index = combine([summary_of(source) for source in sources])
    plan = decide(thin_link(index, resolve(sources), range(len(sources))), np.arange(len(sources)))
    keys = unit_keys(plan, digests=[digest(source) for source in sources], codegen=CODEGEN, toolchain="LLVM22")
    return {source.name: key for source, key in zip(sources, keys, strict=True)}


@pytest.mark.parametrize(
    ("library", "near"),
    [
        pytest.param(changed(LIBRARY, *LIBRARY.values, Value(name="new")), True, id="something that is not imported"),
        pytest.param(
            changed(LIBRARY, Value(name="small", calls=("other",)), *LIBRARY.values[1:]),
            False,
            id="what follows from it",
        ),
    ],
)
def test_the_near_key_stays_where_only_the_content_of_a_source_changed(library: Source, near: bool) -> None:
    before, after = near_keys(PROGRAM)["main"], near_keys((MAIN, library, DEEP))["main"]
    assert before.exact != after.exact
    assert (before.near == after.near) is near
    assert before.sources == (1,)


def test_what_others_do_to_an_imported_variable_is_in_the_key() -> None:
    limit = Value(name="limit", kind=Kind.VARIABLE, attributes=VariableFlag.MAYBE_READ_ONLY)
    reader = Source(name="reader", values=(Value(name="main", reads=("limit",), calls=("other",)),))
    library = Source(name="library", values=(limit,))
    quiet = Source(name="other", values=(Value(name="other", size=500),))
    writer = changed(quiet, Value(name="other", size=500, writes=("limit",)))
    before, after = keys_of((reader, library, quiet)), keys_of((reader, library, writer))
    assert before["reader"] != after["reader"]


@pytest.mark.parametrize(
    ("resolution", "stale"),
    [
        pytest.param({"visible": ["main", "large"]}, {"main", "library"}, id="visible: declarations of it change too"),
        pytest.param({"visible": ["main", "unused"]}, {"library"}, id="it lives now"),
        pytest.param({"native": ["deep"]}, {"library", "deep"}, id="native code defines it"),
    ],
)
def test_another_resolution_changes_keys(resolution: dict[str, list[str]], stale: set[str]) -> None:
    before, after = keys_of(PROGRAM), keys_of(PROGRAM, resolve(PROGRAM, **resolution))  # type: ignore[arg-type]
    assert {name for name in before if before[name] != after[name]} == stale


@pytest.mark.parametrize(
    "codegen",
    [
        pytest.param({field.name: value}, id=field.name)
        for field in dataclasses.fields(Codegen)
        for value in [
            {bool: not getattr(CODEGEN, field.name), tuple: ("-x",)}.get(type(getattr(CODEGEN, field.name)), "x")
        ]
    ],
)
def test_every_codegen_option_is_in_the_key(codegen: dict[str, object]) -> None:
    other = dataclasses.replace(CODEGEN, **codegen)  # type: ignore[arg-type]
    assert keys_of(PROGRAM, codegen=other).items().isdisjoint(keys_of(PROGRAM).items())


def test_toolchain_pipeline_and_number_of_objects_are_in_the_key() -> None:
    keys = [
        keys_of(PROGRAM)["main"],
        keys_of(PROGRAM, toolchain="LLVM23")["main"],
        keys_of(PROGRAM, road=Road.FAT)["main"],
        keys_of(PROGRAM, outputs=2)["main"],
    ]
    assert len(set(keys)) == len(keys)


def test_which_modules_are_merged_and_in_which_order_is_in_the_key() -> None:
    keys = [
        keys_of(PROGRAM)["main"],
        keys_of(PROGRAM, units=[0, 0, 1])["main"],
        keys_of((LIBRARY, MAIN, DEEP), units=[0, 0, 1])["main"],
    ]
    assert len(set(keys)) == len(keys)


@given(programs(duplicates=False), st.randoms(use_true_random=False))
def test_the_order_of_other_modules_is_not(program: tuple[Source, ...], random: "object") -> None:
    order = list(program)
    random.shuffle(order)  # type: ignore[attr-defined]
    assert keys_of(order) == keys_of(program)


@given(programs())
def test_units_of_a_program_have_keys_of_their_own(program: tuple[Source, ...]) -> None:
    assert len(set(keys_of(program).values())) == len(program)


@given(programs())
def test_the_key_of_one_is_its_key_among_all(program: tuple[Source, ...]) -> None:
    index = combine([summary_of(source) for source in program])
    plan = decide(thin_link(index, resolve(program), range(len(program))), np.arange(len(program)))
    digests = [digest(source) for source in program]
    alone = [unit_key(plan, unit, digests=digests, codegen=CODEGEN, toolchain="LLVM22") for unit in range(len(program))]
    assert [key.exact for key in alone] == list(keys_of(program).values())


def test_a_promoted_local_is_in_the_keys_of_both_sides() -> None:
    helper = Value(name="helper", size=500, linkage=Linkage.INTERNAL)
    library = Source(name="library", values=(Value(name="small", calls=("helper",)), helper))
    other = Source(name="other", values=(Value(name="user", calls=("small",)),))
    alone, together = (
        keys_of((library, other), resolve((library, other), visible=["small"])),
        keys_of((library, other), resolve((library, other), visible=["small", "user"])),
    )
    assert alone["library"] != together["library"]
