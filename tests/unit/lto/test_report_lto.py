import json
from pathlib import Path
from typing import Any

import pytest

from burnish.lto.record import BackendStage, LinkRecord, LtoBuild, ModuleRow, Stage, UnitRow
from burnish.report.lto import distinct_names, render, render_json, render_plan, short_names

HASH = "0123456789abcdef"


def member(crate: str, part: str = "cgu.0") -> str:
    return f"lib{crate}-{HASH}.rlib({crate}-{HASH}.{crate}.fedcba9876543210-{part}.rcgu.o)"


def unit(name: str, *, wall: float = 0.0) -> UnitRow:
    stages = (BackendStage(stage="codegen", wall=wall, cpu=wall, memory=0),) if wall else ()
    return UnitRow(name=name, key="k", cached=not wall, members=1, imports=3, bytes=100, stages=stages)


def record(**changes: Any) -> LinkRecord:
    fields: dict[str, Any] = {
        "version": 1,
        "output": "/p/target/app",
        "crate": "app",
        "lto": "thin",
        "engine": "burnish",
        "done_by": "burnish",
        "size": 398_900,
        "stages": (Stage(name="read", wall=0.25, cpu=0.2), Stage(name="link", wall=0.0004, cpu=0.0)),
        "modules": (ModuleRow(label="m", source="m", bytes=1, definitions=10, live=4, unit=0),),
        "units": (unit(member("std"), wall=2.0), unit(member("core"))),
    }
    return LinkRecord(**{**fields, **changes})


def built(link: LinkRecord | None, **changes: Any) -> LtoBuild:
    fields: dict[str, Any] = {
        "code": 0,
        "product": Path("/p/target/burnish/lto/release/app"),
        "record": link,
        "plan": Path("/p/plan.json"),
        "fresh": False,
        "wall": 3.0,
    }
    return LtoBuild(**{**fields, **changes})


def test_a_link_is_told_in_a_few_lines() -> None:
    assert render(built(record()), product="target/burnish/lto/release/app").splitlines() == [
        "target/burnish/lto/release/app",
        "  398.9 kB, thin by burnish: 250 ms wall, 200 ms CPU",
        "    read            250 ms wall   200 ms CPU",
        "  6 of 10 definitions dead, 6 imported into other units",
        "  1 module in 2 units: 1 redone, 1 from the cache",
        "       2.0 s  std",
    ]


def test_what_was_linked_before_is_not_told_again() -> None:
    assert render(built(record(), fresh=True), product="app") == (
        "app\n  398.9 kB, thin by burnish; nothing has changed since\n"
    )


def test_only_the_slowest_units_are_named_and_the_rest_counted() -> None:
    units = tuple(unit(member(f"crate{number}"), wall=0.1 * number) for number in range(1, 9))
    lines = render(built(record(units=units))).splitlines()
    assert [line.split()[-1] for line in lines[-6:-1]] == ["crate8", "crate7", "crate6", "crate5", "crate4"]
    assert lines[-1].split() == ["and", "3", "more"]


def test_a_fallback_is_said_once_with_its_reason_and_what_was_asked_for() -> None:
    reason = f"{member('foreign')} was written by LLVM17.0.6-rust-1.75.0-stable, {member('app')} by LLVM22.1.2"
    link = record(lto="grouped=4", done_by="lld", reason=reason, units=(), modules=())
    text = " ".join(render(built(link)).split())
    assert text.count("lld") == 2
    assert "thin by lld (asked for: grouped=4)" in text
    assert "burnish left it to lld: foreign was written by LLVM17.0.6-rust-1.75.0-stable, app by" in text


def test_a_link_that_was_passed_on_says_why() -> None:
    text = render(built(record(passed_through="opt-level 0")), product="app")
    assert text == "app\n  linked without link-time optimization: opt-level 0\n"


def test_a_note_stands_where_there_is_no_link() -> None:
    text = render(built(None, note="thin by rustc itself: a staticlib is not linked"), product="lib.a")
    assert text == "lib.a\n  thin by rustc itself: a staticlib is not linked\n"


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_but_the_path_is_longer_than_the_terminal(width: int) -> None:
    long = "a_crate_with_a_name_that_nobody_would_want_to_type_twice_in_one_and_the_same_lifetime_of_a_program"
    link = record(units=(unit(member(long), wall=1.0),), reason=" ".join([member(long), "has no summary"] * 5))
    lines = render(built(link), product="app", width=width).splitlines()
    assert max(len(line) for line in lines if long not in line) <= width
    assert [line for line in lines if line != line.rstrip()] == []


@pytest.mark.parametrize(
    ("label", "name"),
    [
        pytest.param(member("clap_builder"), "clap_builder", id="a member of a crate's archive"),
        pytest.param(f"app-{HASH}.app.fedcba98-cgu.3.rcgu.o", "app", id="an object of the last crate"),
        pytest.param(f"app-{HASH}.1ps0lnkitm1rfpp5k7fafpc3a.rcgu.o", "app", id="the allocator's"),
        pytest.param("libz.a(inflate.o)", "libz.a(inflate.o)", id="no crate's"),
        pytest.param("group 2 of 4", "group 2 of 4", id="a group"),
        pytest.param(f"{member('std')} has no summary", "std has no summary", id="in a sentence"),
    ],
)
def test_objects_are_named_after_their_crates(label: str, name: str) -> None:
    assert short_names(label) == name


def test_objects_of_one_crate_stay_apart() -> None:
    labels = [member("std"), member("app", "cgu.00"), member("app", "cgu.11"), f"app-{HASH}.1ps0lnk.rcgu.o", "all"]
    assert distinct_names(labels) == ["std", "app, codegen unit 0", "app, codegen unit 11", "app, 1ps0lnk", "all"]


def test_as_json_there_is_all_of_it() -> None:
    content = json.loads(render_json(built(record(), note="n")))
    assert content["link"]["units"][0]["stages"][0]["wall"] == 2.0
    assert (content["product"], content["fresh"], content["note"]) == ("/p/target/burnish/lto/release/app", False, "n")
    assert json.loads(render_json(built(None)))["link"] is None


def planned(name: str, imports: int, refused: int, cost: int) -> dict[str, Any]:
    return {
        "name": name,
        "imports": [{}] * imports,
        "refusals": [{"reason": "TooLarge"}] * refused,
        "cost": cost,
    }


def test_a_plan_lists_units_by_imports_and_leaves_out_what_does_nothing() -> None:
    plan = {
        "modules": [{"definitions": 4, "live": 3}, {"definitions": 6, "live": 1}, {"definitions": 1, "live": 0}],
        "units": [planned(member("core"), 1, 0, 9), planned(member("std"), 2, 3, 70), planned(member("dead"), 0, 0, 0)],
    }
    assert render_plan(plan).splitlines() == [
        "3 modules in 3 units",
        "4 of 11 definitions live; 3 imports",
        "refused: 3 TooLarge",
        "",
        " imports  refused     cost  unit",
        "       2        3       70  std",
        "       1        0        9  core",
        "",
        "each import and refusal with its reason: --json",
    ]


def test_a_long_plan_is_cut_and_says_so() -> None:
    units = [planned(member(f"crate{number:02}"), 1, 0, 1) for number in range(33)]
    lines = render_plan({"modules": [], "units": units}).splitlines()
    assert lines[-3].split() == ["and", "3", "more"]
    assert "refused: nothing" in lines
