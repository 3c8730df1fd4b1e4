"""Opt-levels of single crates: what callgrind says, what is proposed from it, and when it pays."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from results import sample_result, timed

from burnish.build.values import CrateRun
from burnish.measure.samples import self_costs
from burnish.measure.values import Comparison, Timing
from burnish.profile.options import OptLevel
from burnish.report import sentences
from burnish.tune.percrate import CrateShare, packages_of, pays, proposals, shares
from burnish.tune.result import Goal, PerCrate

CALLGRIND = """\
# callgrind format
version: 1
positions: line
events: Ir
fl=(1) ???
fn=(1) _ZN3app4main17h0123456789abcdefE
0 10
+3 5
cfn=(2) _ZN4cold4once17h0123456789abcdefE
calls=1 0
0 700
* 2

fn=(2)
0 700

fn=(3) memcpy
0 100
jump=1 2
totals: 817
"""


def test_a_function_has_its_own_cost_and_not_that_of_what_it_calls() -> None:
    assert dict(self_costs(CALLGRIND.splitlines())) == {
        "_ZN3app4main17h0123456789abcdefE": 17,
        "_ZN4cold4once17h0123456789abcdefE": 700,
        "memcpy": 100,
    }


@given(st.lists(st.text(max_size=30), max_size=20))
def test_any_file_is_read_without_harm(lines: list[str]) -> None:
    assert all(cost >= 0 for cost in self_costs(lines).values())


def crate_run(crate: str, package: str, *args: str) -> CrateRun:
    return CrateRun(
        crate=crate, package=package, began=0, wall=1, user=1, sys=0, maxrss=1, nivcsw=0, code=0,
        args=args or ("-C", "opt-level"),
    )  # fmt: skip


def test_a_package_of_two_versions_is_left_alone() -> None:
    runs = [
        crate_run("app", "app"),
        crate_run("rand", "rand"),
        crate_run("rand", "rand"),
        crate_run("my_lib", "my-lib"),
    ]
    assert packages_of(runs) == {"app": "app", "my_lib": "my-lib"}
    # Host crates (build scripts and what they use) have no opt-level.
    assert packages_of([crate_run("build_script_build", "app", "--crate-type", "bin")]) == {}


def test_shares_are_of_the_whole_program_and_of_crates_that_cargo_compiles() -> None:
    instructions = {"_ZN3app4main17h0123456789abcdefE": 900, "_ZN4cold4once17h0123456789abcdefE": 1, "memcpy": 99}
    found = shares([("app", 500), ("cold", 300), ("std", 200)], instructions, {"app": "app", "cold": "cold"})
    assert [(each.crate, each.code, each.instructions) for each in found] == [("app", 0.5, 0.9), ("cold", 0.3, 0.001)]


def share(name: str, code: float, instructions: float) -> CrateShare:
    return CrateShare(crate=name, package=name, code=code, instructions=instructions)


ROWS = [share("hot", 0.2, 0.8), share("cold", 0.3, 0.0), share("tiny", 0.001, 0.0), share("warm", 0.1, 0.05)]


def test_cold_crates_get_s_and_z_and_hot_ones_three() -> None:
    assert [(each.opt_level, each.packages) for each in proposals(ROWS, OptLevel.O3)] == [
        (OptLevel.S, ("cold",)),
        (OptLevel.Z, ("cold",)),
    ]
    assert [(each.opt_level, each.packages) for each in proposals(ROWS, OptLevel.Z)] == [(OptLevel.O3, ("hot",))]
    assert proposals([share("hot", 0.9, 0.9)], OptLevel.O3) == ()
    assert proposals([share("cold", 0.9, 0.0)], OptLevel.S) == ()


@pytest.mark.parametrize(
    ("goal", "size", "time", "verdict"),
    [
        pytest.param(Goal.SIZE, 0.9, timed(1.0, 0.99, 1.01, Timing.SAME), True, id="smaller and as fast"),
        pytest.param(Goal.SIZE, 0.995, timed(1.0, 0.99, 1.01, Timing.SAME), False, id="hardly smaller"),
        pytest.param(Goal.SIZE, 0.9, timed(1.05, 1.03, 1.07, Timing.SLOWER), False, id="slower"),
        pytest.param(Goal.SIZE, 0.9, timed(1.0, 0.9, 1.1, Timing.UNDECIDED), False, id="perhaps slower"),
        pytest.param(Goal.SIZE, 0.9, None, False, id="not timed"),
        pytest.param(Goal.SPEED, 1.05, timed(0.8, 0.78, 0.82, Timing.FASTER), True, id="larger and faster, for speed"),
        pytest.param(Goal.BALANCED, 0.99, timed(1.0, 0.99, 1.01, Timing.SAME), False, id="half a percent of balance"),
        pytest.param(Goal.BALANCED, 0.95, timed(1.0, 0.99, 1.01, Timing.SAME), True, id="enough for balance"),
    ],
)
def test_overrides_must_pay(goal: Goal, size: float, time: Comparison | None, verdict: bool) -> None:
    assert pays(goal, size=size, build=1.0, time=time) is verdict


def test_the_report_says_what_was_tried() -> None:
    tried = PerCrate(
        opt_level="s", packages=("regex\x1b[2J",), size=(1000, 900), cpu=(1.0, 1.0),
        time=timed(1.0, 0.99, 1.01, Timing.SAME), accepted=True, reason="it pays",
    )  # fmt: skip
    (line,) = sentences.per_crate(replace(sample_result(), per_crate=(tried,)))
    assert "-10.00 % file size" in line
    assert "[profile.release.package.NAME] opt-level = s" in line
    assert "\x1b" not in line
