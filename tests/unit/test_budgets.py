"""Budgets: how they are read, and what a measured value says of each."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from results import sample_result, timed

from burnish.errors import UsageError
from burnish.measure.values import Comparison, Timing
from burnish.profile.profile import Profile
from burnish.report import budgets as report
from burnish.tune.budgets import (
    Budgets,
    Table,
    Verdict,
    broken,
    judge_evidence,
    judge_lto,
    judge_reproduced,
    judge_same_size,
    judge_size,
    judge_time,
    read_budgets,
    same_profile,
)
from burnish.units import parse_bytes

FAT, PLAIN = Profile.parse("o3-fat-cgu1-unwind-none"), Profile.parse("o3-false-cgudef-unwind-none")
FASTER, SLOWER, SAME, UNDECIDED = Timing.FASTER, Timing.SLOWER, Timing.SAME, Timing.UNDECIDED


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("4194304", 4194304),
        ("4 MB", 4_000_000),
        ("4MiB", 4_194_304),
        ("1.5 kB", 1500),
        ("800 B", 800),
        ("2G", 2_000_000_000),
    ],
)
def test_a_size_is_read(text: str, size: int) -> None:
    assert parse_bytes(text) == size


@pytest.mark.parametrize("text", ["", "0", "4 mb", "-4 MB", "4 MB!", "nan", "1e9", "4 TB"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="size"):
        parse_bytes(text)


def test_the_command_line_stands_over_the_manifest() -> None:
    raw: dict[str, Any] = {"max-size": "4 MB", "lto-applied": True, "evidence": "a.json", "max-runtime-ratio": 1.05}
    found = read_budgets(raw, Table(max_size="5 MB", evidence="b.json"))
    assert found == Budgets(max_size=5_000_000, max_runtime_ratio=1.05, lto_applied=True, evidence="b.json")
    assert read_budgets({"max-size": 1000}, Table()).max_size == 1000
    assert read_budgets({}, Table()).empty


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"max_size": 1}, "max_size"),
        ({"max-size": "much"}, "not a size"),
        ({"max-size": -1}, "not a size"),
        ({"max-runtime-ratio": 0}, "above zero"),
        ({"max-runtime-ratio": "1"}, "max-runtime-ratio"),
        ({"lto-applied": "yes"}, "lto-applied"),
    ],
)
def test_a_budget_that_means_nothing_is_refused(raw: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read_budgets(raw, Table())


@pytest.mark.parametrize(("size", "verdict"), [(999, Verdict.KEPT), (1000, Verdict.KEPT), (1001, Verdict.BROKEN)])
def test_the_last_byte_counts(size: int, verdict: Verdict) -> None:
    assert judge_size(size, 1000).verdict is verdict


@pytest.mark.parametrize(
    ("profile", "mismatches", "verdict"),
    [
        pytest.param(FAT, (), Verdict.KEPT, id="asked and told"),
        pytest.param(FAT, ("lto: the profile says fat, rustc was told none",), Verdict.BROKEN, id="asked, not told"),
        pytest.param(FAT, ("panic: the profile says x, rustc was told none",), Verdict.KEPT, id="another flag"),
        pytest.param(PLAIN, (), Verdict.BROKEN, id="not asked"),
    ],
)
def test_link_time_optimization_must_be_asked_for_and_told(
    profile: Profile, mismatches: tuple[str, ...], verdict: Verdict
) -> None:
    assert judge_lto(profile, mismatches).verdict is verdict


@pytest.mark.parametrize(
    ("time", "verdict"),
    [
        pytest.param(timed(1.10, 1.05, 1.15, SLOWER), Verdict.BROKEN, id="all above"),
        pytest.param(timed(0.90, 0.85, 0.95, FASTER), Verdict.KEPT, id="all below"),
        pytest.param(timed(1.01, 0.98, 1.04, UNDECIDED), Verdict.UNKNOWN, id="across the limit"),
        pytest.param(timed(1.01, 1.005, 1.015, SLOWER), Verdict.KEPT, id="slower, within the limit"),
        pytest.param(None, Verdict.UNKNOWN, id="no interval"),
    ],
)
def test_noise_breaks_no_build(time: Comparison | None, verdict: Verdict) -> None:
    found = judge_time(time, 1.02, "Cargo's default")
    assert found.verdict is verdict
    assert broken((found,)) == (verdict is Verdict.BROKEN)


def test_a_profile_is_as_fast_as_itself() -> None:
    assert same_profile(1.0, "x").verdict is Verdict.KEPT
    assert same_profile(0.95, "x").verdict is Verdict.BROKEN


def test_evidence_must_be_of_the_profile_and_the_toolchain() -> None:
    result = sample_result()
    rustc = result.circumstances.rustc
    wanted = result.recommendation.profile
    assert [each.verdict for each in judge_evidence(result, wanted, rustc)] == [Verdict.KEPT, Verdict.KEPT]
    assert [each.verdict for each in judge_evidence(result, PLAIN, "rustc 1.0.0 (x 2015-05-15)")] == [
        Verdict.BROKEN,
        Verdict.BROKEN,
    ]
    # The same release from another source is the same release.
    assert judge_evidence(result, wanted, f"rustc {rustc.split()[1]} (Debian)")[1].verdict is Verdict.KEPT


@pytest.mark.parametrize(
    ("then", "now", "verdict"),
    [
        pytest.param(timed(0.9, 0.88, 0.92, FASTER), timed(0.91, 0.89, 0.93, FASTER), Verdict.KEPT, id="the same"),
        pytest.param(timed(0.9, 0.88, 0.92, FASTER), timed(0.7, 0.69, 0.71, FASTER), Verdict.KEPT, id="more of it"),
        pytest.param(timed(0.9, 0.88, 0.92, FASTER), timed(1.1, 1.08, 1.12, SLOWER), Verdict.BROKEN, id="opposite"),
        pytest.param(timed(0.9, 0.88, 0.92, FASTER), timed(1.0, 0.995, 1.005, SAME), Verdict.BROKEN, id="lost"),
        pytest.param(timed(0.9, 0.88, 0.92, FASTER), timed(0.95, 0.85, 1.05, UNDECIDED), Verdict.UNKNOWN, id="noise"),
        pytest.param(timed(0.9, 0.88, 0.92, FASTER), timed(1.0, 0.97, 1.03, UNDECIDED), Verdict.BROKEN, id="apart"),
        pytest.param(timed(1.0, 0.99, 1.01, SAME), timed(1.0, 0.995, 1.006, SAME), Verdict.KEPT, id="still nothing"),
        pytest.param(timed(1.0, 0.9, 1.1, UNDECIDED), timed(0.95, 0.93, 0.97, FASTER), Verdict.UNKNOWN, id="clearer"),
        pytest.param(timed(0.9, 0.88, 0.92, FASTER), None, Verdict.UNKNOWN, id="no rounds"),
    ],
)
def test_a_time_holds_where_the_fresh_rounds_say_the_same(
    then: Comparison, now: Comparison | None, verdict: Verdict
) -> None:
    assert judge_reproduced("time", then, now).verdict is verdict


@given(st.integers(1, 10**9), st.floats(0.9, 1.1))
def test_a_size_holds_within_a_thousandth(then: int, factor: float) -> None:
    now = round(then * factor)
    assert (judge_same_size("size", then, now).verdict is Verdict.KEPT) == (abs(now - then) <= then / 1000)


def test_the_report_has_every_promise_and_fits() -> None:
    found = (judge_size(2000, 1000), judge_lto(FAT, ()), judge_time(None, 1.02, "x" * 40))
    text = report.render("app \x1b[31m", found, notes=("Not the same: " + "y " * 60,))
    assert all(len(line) <= 80 for line in text.splitlines())
    assert "\x1b" not in text
    assert text.splitlines()[-1] == "1 ok, 1 failed, 1 cannot be told"
    assert '"ok": false' in report.render_json("app", found)
    assert '"ok": true' in report.render_json("app", found[1:])


def test_an_unchanged_verdict_is_evidence_too() -> None:
    result = sample_result()
    kept = replace(result.recommendation, profile=result.rows[0].profile)
    assert (
        judge_evidence(replace(result, recommendation=kept), result.rows[0].profile, result.circumstances.rustc)[
            0
        ].verdict
        is Verdict.KEPT
    )
