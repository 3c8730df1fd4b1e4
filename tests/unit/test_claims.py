"""Claims are data, and the verdict rule honours intervals."""

import json
import math
from dataclasses import replace

import pytest
import results
from hypothesis import given
from hypothesis import strategies as st

from burnish.explain.claims import CLAIMS, Claim, ClaimVerdict, check, check_all, judge
from burnish.explain.measured import ONE_BUILD, compare, measure, pairs
from burnish.explain.values import Evidence, Measurement, Metric
from burnish.measure.values import Timing
from burnish.profile.profile import Profile
from burnish.report import claims as report
from burnish.tune.result import Row, TuneResult

OLD = Profile.parse("o3-false-cgudef-unwind-debuginfo")
NEW = Profile.parse("o3-fat-cgudef-unwind-debuginfo")
BOTH = Profile.parse("o3-fat-cgu1-unwind-debuginfo")
UNITS = Profile.parse("o3-false-cgu1-unwind-debuginfo")


def claim(low: float = 0.90, high: float = 0.97, *, beyond_sum: bool = False) -> Claim:
    return Claim(
        id="x", says="x", source="x", metric=Metric.RUN_TIME, low=low, high=high, old={"lto": "false"},
        new={"lto": "fat"}, beyond_sum=beyond_sum,
    )  # fmt: skip


def measured(low: float, high: float, evidence: Evidence = Evidence.INTERVAL) -> Measurement:
    return Measurement(
        metric=Metric.RUN_TIME,
        ratio=(low + high) / 2,
        low=low,
        high=high,
        evidence=evidence,
        old=OLD,
        new=NEW,
        rounds=8,
    )


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        pytest.param(0.92, 0.95, ClaimVerdict.HOLDS, id="the interval lies in the range"),
        pytest.param(0.95, 0.98, ClaimVerdict.HOLDS, id="significant, in the range, across its mild end"),
        pytest.param(0.88, 0.94, ClaimVerdict.HOLDS, id="significant, in the range, across its strong end"),
        pytest.param(0.20, 0.91, ClaimVerdict.UNCLEAR, id="significant, but the figure is outside of the range"),
        pytest.param(0.40, 0.45, ClaimVerdict.FAILS, id="far more than claimed"),
        pytest.param(0.98, 0.995, ClaimVerdict.FAILS, id="significant, and less than claimed"),
        pytest.param(0.995, 1.005, ClaimVerdict.FAILS, id="the same, known well enough to rule the claim out"),
        pytest.param(1.05, 1.10, ClaimVerdict.FAILS, id="slower"),
        pytest.param(0.94, 1.06, ClaimVerdict.UNCLEAR, id="both the claim and no change are possible"),
        pytest.param(0.97, 1.00, ClaimVerdict.UNCLEAR, id="touching both"),
    ],
)
def test_the_verdict_follows_from_range_and_interval(low: float, high: float, verdict: ClaimVerdict) -> None:
    assert judge(claim(), measured(low, high)) is verdict


@pytest.mark.parametrize("evidence", [Evidence.ESTIMATE, Evidence.SCREENED])
def test_no_verdict_rests_on_an_estimate_or_a_screening(evidence: Evidence) -> None:
    assert judge(claim(), measured(0.93, 0.93, evidence)) is ClaimVerdict.UNMEASURED


def test_what_was_not_measured_has_no_verdict() -> None:
    assert judge(claim(), None) is ClaimVerdict.UNMEASURED
    assert {each.verdict for each in check_all(None)} == {ClaimVerdict.UNMEASURED}


def test_a_claim_that_gains_do_not_add_up_needs_a_loss_that_is_significant() -> None:
    lost = claim(1.0, math.inf, beyond_sum=True)
    assert judge(lost, measured(1.02, 1.2)) is ClaimVerdict.HOLDS
    assert judge(lost, measured(0.9, 1.1)) is ClaimVerdict.UNCLEAR
    assert judge(lost, measured(0.8, 0.95)) is ClaimVerdict.FAILS
    assert judge(lost, measured(1.0, 1.0)) is ClaimVerdict.FAILS


ratios = st.floats(min_value=0.01, max_value=20, allow_nan=False)


@given(st.tuples(ratios, ratios), st.tuples(ratios, ratios))
def test_an_interval_is_contradicted_just_where_it_misses_the_range(
    ends: tuple[float, float], known: tuple[float, float]
) -> None:
    (low, high), (first, last) = sorted(ends), sorted(known)
    verdict = judge(claim(low, high), measured(first, last))
    assert (verdict is ClaimVerdict.FAILS) == (last < low or first > high)


@given(st.tuples(ratios, ratios), st.tuples(ratios, ratios), st.floats(min_value=1, max_value=3))
def test_a_wider_interval_never_turns_a_doubt_into_a_contradiction(
    ends: tuple[float, float], known: tuple[float, float], factor: float
) -> None:
    (low, high), (first, last) = sorted(ends), sorted(known)
    said = claim(low, high)
    if judge(said, measured(first, last)) is not ClaimVerdict.FAILS:
        assert judge(said, measured(first / factor, last * factor)) is not ClaimVerdict.FAILS


@pytest.mark.parametrize(
    ("metric", "low", "high", "old", "new"),
    [
        pytest.param(Metric.RUN_TIME, 0.90, 0.97, {"lto": "false"}, {"lto": "fat"}, id="lto 3-10 % run time"),
        pytest.param(Metric.RUN_TIME, 0.95, 0.98, {"codegen-units": "unset"}, {"codegen-units": "1"}, id="units 2-5 %"),
        pytest.param(Metric.RUN_TIME, 0.97, 0.99, {"codegen-units": "unset"}, {"codegen-units": "1"}, id="units 1-3 %"),
        pytest.param(Metric.FILE, 0.85, 0.95, {"lto": "false"}, {"lto": "thin"}, id="thin size 5-15 %"),
        pytest.param(Metric.RUN_TIME, 0.92, 0.98, {"lto": "false"}, {"lto": "thin"}, id="thin run time 2-8 %"),
        pytest.param(Metric.FILE, 0.80, 0.90, {"lto": "false"}, {"lto": "fat"}, id="fat size 10-20 %"),
        pytest.param(Metric.RUN_TIME, 0.88, 0.97, {"lto": "false"}, {"lto": "fat"}, id="fat run time 3-12 %"),
        pytest.param(Metric.RUN_TIME, 0.92, 0.98, {"lto": "false"}, {"lto": "fat"}, id="fat run time 2-8 %"),
        pytest.param(Metric.RUN_TIME, 0.91, 0.97, {"lto": "false", "codegen-units": "unset"},
                     {"lto": "fat", "codegen-units": "1"}, id="both 3-9 %"),
        pytest.param(Metric.FILE, 0.50, 0.70, {"strip": "debuginfo"}, {"strip": "symbols"}, id="strip 30-50 %"),
        pytest.param(Metric.BUILD, 5.0, 10.0, {"lto": "false", "codegen-units": "unset"},
                     {"lto": "fat", "codegen-units": "1"}, id="both 5-10 times the build"),
    ],
)  # fmt: skip
def test_the_table_carries_the_folklore(
    metric: Metric, low: float, high: float, old: dict[str, str], new: dict[str, str]
) -> None:
    assert any(
        (each.metric, each.low, each.high, each.old, each.new) == (metric, low, high, old, new) for each in CLAIMS
    )
    assert any(each.beyond_sum for each in CLAIMS)


def test_every_claim_has_a_name_of_its_own_a_source_and_a_range() -> None:
    assert len({each.id for each in CLAIMS}) == len(CLAIMS)
    for each in CLAIMS:
        assert "https://" in each.source
        assert each.low < each.high
        assert set(each.old) == set(each.new)


def row(profile: Profile, size: int, cpu: float, *, estimated: bool = False, **changes: object) -> Row:
    plain = results.row(profile.id, size, cpu, 1_000_000, **changes)
    return replace(plain, cost=replace(plain.cost, estimated=estimated))


def tuned(*rows: Row) -> TuneResult:
    found = results.sample_result()
    nothing = replace(found.recommendation, profile=rows[0].profile, confirmation=None)
    return replace(found, rows=rows, recommendation=nothing)


FASTER, SAME = Timing.FASTER, Timing.SAME
RESULT = tuned(
    row(OLD, 1000, 10.0),
    row(NEW, 850, 70.0, time=results.timed(0.93, 0.925, 0.935, FASTER)),
    row(UNITS, 950, 12.0, time=results.timed(0.96, 0.955, 0.965, FASTER)),
    row(BOTH, 840, 80.0, estimated=True, time=results.timed(0.925, 0.92, 0.93, FASTER)),
)


def test_a_size_is_exact_and_a_time_has_the_interval_that_was_measured() -> None:
    found = {each.metric: each for each in measure(RESULT, OLD, NEW)}
    assert (found[Metric.FILE].ratio, found[Metric.FILE].evidence) == (0.85, Evidence.EXACT)
    time = found[Metric.RUN_TIME]
    assert (time.ratio, time.low, time.high, time.rounds) == (0.93, 0.925, 0.935, 40)
    build = found[Metric.BUILD]
    assert (build.ratio, build.high) == (7.0, 7.0 * ONE_BUILD)


def test_the_way_back_is_the_way_turned_round() -> None:
    there, back = compare(RESULT, OLD, NEW, Metric.RUN_TIME), compare(RESULT, NEW, OLD, Metric.RUN_TIME)
    assert there is not None
    assert back is not None
    assert back.ratio == pytest.approx(1 / there.ratio)
    assert back.low == pytest.approx(1 / there.high)
    assert back.high == pytest.approx(1 / there.low)


def test_between_two_that_are_no_baseline_the_interval_takes_in_both() -> None:
    found = compare(RESULT, UNITS, NEW, Metric.RUN_TIME)
    assert found is not None
    assert found.low == pytest.approx(0.925 / 0.965)
    assert found.high == pytest.approx(0.935 / 0.955)


def test_a_profile_that_was_not_built_has_no_figures() -> None:
    assert measure(RESULT, OLD, OLD.with_value("opt-level", "z")) == ()


def test_strip_is_measured_on_the_stripped_size_of_the_same_code() -> None:
    (found,) = measure(RESULT, OLD, OLD.with_value("strip", "symbols"))
    assert (found.metric, found.ratio) == (Metric.FILE, 444 / 1000)


def test_pairs_differ_in_just_what_is_asked_and_those_with_the_baseline_come_first() -> None:
    assert list(pairs(RESULT, {"lto": "false"}, {"lto": "fat"})) == [(OLD, NEW), (UNITS, BOTH)]


def test_a_tune_gives_each_kind_of_verdict_its_due() -> None:
    verdicts = {each.claim.id: each.verdict for each in check_all(RESULT)}
    assert verdicts["fat-speed"] is ClaimVerdict.HOLDS
    assert verdicts["lto-speed-book"] is ClaimVerdict.FAILS
    assert verdicts["fat-size"] is ClaimVerdict.HOLDS
    assert verdicts["lto-build"] is ClaimVerdict.FAILS
    assert verdicts["both-build"] is ClaimVerdict.UNMEASURED, "the build of both is an estimate"
    assert verdicts["not-additive"] is ClaimVerdict.HOLDS
    assert verdicts["thin-size"] is ClaimVerdict.UNMEASURED


def test_gains_that_do_add_up_refute_the_claim_that_they_do_not() -> None:
    both = row(BOTH, 840, 80.0, time=results.timed(0.80, 0.79, 0.81, FASTER))
    result = replace(RESULT, rows=(*RESULT.rows[:3], both))
    lost = next(each for each in CLAIMS if each.beyond_sum)
    assert check(lost, result).verdict is ClaimVerdict.FAILS


def test_the_confirmed_figures_of_the_winner_are_the_ones_that_count() -> None:
    result = results.sample_result()
    baseline, winner = result.rows[0].profile, result.recommendation.profile
    confirmed = result.recommendation.confirmation
    assert confirmed is not None
    assert confirmed.time is not None
    found = {each.metric: each for each in measure(result, baseline, winner)}
    assert found[Metric.RUN_TIME].ratio == confirmed.time.ratio
    assert found[Metric.BUILD].evidence is Evidence.SINGLE


def test_without_a_workload_no_run_time_is_claimed() -> None:
    result = replace(RESULT, workload=None)
    assert {each.metric for each in measure(result, OLD, NEW)} == {Metric.FILE, Metric.BUILD}


def test_the_report_fits_80_columns_and_counts_the_verdicts() -> None:
    text = report.render("t", "m", check_all(RESULT), ())
    assert max(len(line) for line in text.splitlines() if "http" not in line) <= 80
    assert f"{len(CLAIMS)} claims: " in text
    assert "holds" in text


def test_the_json_of_an_open_range_has_an_end_that_is_null() -> None:
    found = json.loads(report.render_json("t", "m", check_all(RESULT), ()))
    lost = next(each for each in found["claims"] if each["claim"]["beyond_sum"])
    assert lost["claim"]["high"] is None
    assert lost["verdict"] == "holds"
