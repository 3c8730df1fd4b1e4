from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from hypothesis import given
from programs import Source, Value, programs, resolve, summary_of

from burnish.lto.backend import Unit
from burnish.lto.decide.index import combine, identities_of
from burnish.lto.decide.plan import Plan, decide, promoted_name
from burnish.lto.decide.thinlink import thin_link
from burnish.lto.decide.units import Place, unit_of
from burnish.lto.modules import Kind, Linkage
from burnish.lto.objects import Resolution


def planned(
    sources: Sequence[Source], resolution: Resolution | None = None, units: Sequence[int] | None = None
) -> Plan:
    index = combine([summary_of(source) for source in sources])
    link = thin_link(index, resolution or resolve(sources), range(len(sources)))
    return decide(link, np.arange(len(sources)) if units is None else np.array(units))


def unit(plan: Plan, number: int) -> Unit:
    places = [
        Place(bitcode=Path(f"{number}.bc"), label=module.source_filename)
        for number, module in enumerate(plan.index.modules)
    ]
    return unit_of(plan, number, name="unit", places=places, outputs=[Path("out.o")], shard=Path("unit.idx"))


OWN = Value(name="own", linkage=Linkage.INTERNAL)
LIBRARY = Source(
    name="library",
    values=(
        Value(name="small", calls=("helper", "table")),
        Value(name="helper", size=500, linkage=Linkage.INTERNAL),
        OWN,
        Value(name="unused"),
        Value(name="public"),
        Value(name="ctors", kind=Kind.VARIABLE, linkage=Linkage.APPENDING, flags=1 << 5),
    ),
)
MAIN = Source(name="main", values=(Value(name="main", calls=("small", "public", "malloc"), refs=("table",)),))
TABLE = Source(name="table", values=(Value(name="table", kind=Kind.VARIABLE, refs=("small",)),))
PROGRAM = (MAIN, LIBRARY, TABLE)


def test_a_unit_says_what_others_see_of_it() -> None:
    plan = planned(PROGRAM, resolve(PROGRAM, visible=["main", "public"]))
    library = unit(plan, 1)
    helper = promoted(plan, "helper", 1)
    assert library.visible == ("public", "ctors")
    assert set(library.hidden) == {"small", helper}
    assert library.members[0].promote == {"helper": helper}
    assert library.members[0].dead == ("own", "unused")
    assert library.members[0].label == "library"


def test_a_unit_says_what_it_asks_of_others_but_not_what_the_world_sees() -> None:
    plan = planned(PROGRAM, resolve(PROGRAM, visible=["main", "public"]))
    main = unit(plan, 0)
    assert set(main.elsewhere) == {"small", "table", promoted(plan, "helper", 1)}
    assert main.imports == 2
    assert main.shard == Path("unit.idx")


def test_a_unit_that_imports_nothing_has_no_shard() -> None:
    plan = planned(PROGRAM, units=[0, 0, 0])
    whole = unit(plan, 0)
    assert (whole.shard, whole.imports, whole.hidden, whole.elsewhere) == (None, 0, (), ())
    assert [member.bitcode.name for member in whole.members] == ["0.bc", "1.bc", "2.bc"]


def test_copies_that_lose_are_named_where_they_stand() -> None:
    copies = [
        Source(name=name, values=(Value(name=name, calls=("f",)), Value(name="f", linkage=Linkage.LINK_ONCE_ODR)))
        for name in "ab"
    ]
    whole = unit(planned(copies, resolve(copies, visible=["a", "b"]), units=[0, 0]), 0)
    assert [member.other_copies for member in whole.members] == [(), ("f",)]


def promoted(plan: Plan, name: str, module: int) -> str:
    first = int(plan.index.starts[module])
    row = next(row for row in range(first, plan.index.rows) if plan.index.ir_name(row) == name)
    return promoted_name(plan.index, row)


def test_a_promoted_name_stays_when_its_module_changes() -> None:
    changed = replace(LIBRARY, values=(*LIBRARY.values, Value(name="new")))
    before, after = (planned((MAIN, library, TABLE)) for library in (LIBRARY, changed))
    assert promoted(before, "helper", 1) == promoted(after, "helper", 1)


def test_modules_of_one_name_have_promoted_names_of_their_own() -> None:
    twins = [Source(name="twin", values=(Value(name=name, calls=("own",)), OWN)) for name in "ab"]
    summaries = [summary_of(twin) for twin in twins]
    assert len(set(identities_of(summaries))) == 2


def test_a_module_without_hash_gets_one_of_its_own() -> None:
    twins = [summary_of(Source(name="twin", values=(Value(name=name), OWN))) for name in "ab"]
    for twin in twins:
        object.__setattr__(twin, "hash", (0, 0, 0, 0, 0))
    assert len({*identities_of(twins), (0, 0, 0, 0, 0)}) == 3


@given(programs())
def test_what_a_unit_asks_of_others_one_of_them_gives(program: tuple[Source, ...]) -> None:
    plan = planned(program)
    units = [unit(plan, number) for number in range(len(program))]
    for asking in units:
        given_by_others = {name for other in units if other is not asking for name in other.hidden}
        assert set(asking.elsewhere) <= given_by_others


@given(programs())
def test_no_name_is_both_seen_and_hidden(program: tuple[Source, ...]) -> None:
    plan = planned(program)
    for number in range(len(program)):
        found = unit(plan, number)
        (member,) = found.members
        seen = [*found.visible, *found.hidden, *member.dead, *member.other_copies]
        assert len(seen) == len(set(seen))
