"""Intervals, looks and what they say of run times."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from burnish.measure.statistics import (
    LOOKS,
    alpha_at,
    alpha_spent,
    compare,
    log_ratios,
    looks,
    student_t_quantile,
    yuen_interval,
)
from burnish.measure.values import Round, Sample, Timing

walls = st.floats(min_value=1e-3, max_value=1e3)
ratios = st.lists(st.floats(min_value=-1, max_value=1), min_size=2, max_size=60)
SIGNIFICANT = {Timing.FASTER, Timing.SLOWER}


def sample(arm: str, wall: float) -> Sample:
    return Sample(arm=arm, wall=wall, user=wall, sys=0.0, maxrss=1, nivcsw=0)


def rounds_of(pairs: list[tuple[float, float]]) -> list[Round]:
    return [Round(number=at, samples=(sample("a", a), sample("b", b))) for at, (a, b) in enumerate(pairs)]


@pytest.mark.parametrize(
    ("p", "df", "value"),
    [
        pytest.param(0.5, 4, 0.0, id="median"),
        pytest.param(0.75, 1, 1.0, id="cauchy-quartile"),
        pytest.param(0.975, 1, 12.7062047362, id="cauchy-975"),
        pytest.param(0.975, 2, 4.30265273, id="df2"),
        pytest.param(0.975, 5, 2.57058184, id="df5"),
        pytest.param(0.995, 10, 3.16927267, id="df10"),
        pytest.param(0.9995, 3, 12.92397864, id="far-tail"),
        pytest.param(0.95, 30, 1.69726089, id="df30"),
        pytest.param(0.95, 120, 1.65765090, id="df120"),
        pytest.param(0.025, 5, -2.57058184, id="lower-tail"),
        pytest.param(0.975, 1e7, 1.9599642, id="normal-limit"),
    ],
)
def test_t_quantiles_are_those_of_the_tables(p: float, df: float, value: float) -> None:
    assert student_t_quantile(p, df) == pytest.approx(value, rel=1e-7, abs=1e-6)


@pytest.mark.parametrize("p", [0.0, 1.0, -0.1, 1.5])
def test_t_has_no_quantile_outside_the_open_unit_interval(p: float) -> None:
    with pytest.raises(ValueError, match="no quantile"):
        student_t_quantile(p, 5)


def test_t_needs_degrees_of_freedom() -> None:
    with pytest.raises(ValueError, match="0 degrees of freedom"):
        student_t_quantile(0.9, 0)


@given(st.floats(min_value=1e-6, max_value=1 - 1e-6), st.integers(min_value=1, max_value=300))
def test_t_quantiles_are_antisymmetric(p: float, df: int) -> None:
    assume(1 - (1 - p) == p)
    assert student_t_quantile(p, df) == -student_t_quantile(1 - p, df)


@given(st.floats(min_value=1e-4, max_value=1 - 1e-4))
def test_t_of_two_degrees_of_freedom_has_its_closed_form(p: float) -> None:
    closed = (2 * p - 1) * math.sqrt(2 / (4 * p * (1 - p)))
    assert student_t_quantile(p, 2) == pytest.approx(closed, rel=1e-8, abs=1e-10)


def test_yuen_interval_is_the_one_worked_by_hand() -> None:
    # n 10, g 2, h 6: mean of 3..8 = 5.5; winsorised 3 3 3 4 5 6 7 8 8 8 about 5.5: sum of squares 42.5
    interval = yuen_interval([100.0, 5, 3, 8, 1, 6, 4, 7, -50, 9], alpha=0.05)
    reach = 2.570581836 * math.sqrt(42.5 / (6 * 5))
    assert interval.n == 10
    assert interval.estimate == pytest.approx(5.5)
    assert (interval.low, interval.high) == pytest.approx((5.5 - reach, 5.5 + reach), rel=1e-8)


def test_four_values_have_the_interval_of_their_mean() -> None:
    values = [0.1, 0.2, 0.4, 0.5]
    reach = student_t_quantile(0.975, 3) * float(np.std(values, ddof=1)) / 2
    interval = yuen_interval(values, alpha=0.05)
    assert (interval.low, interval.high) == pytest.approx((0.3 - reach, 0.3 + reach))


@pytest.mark.parametrize("values", [pytest.param([], id="none"), pytest.param([0.2], id="one")])
def test_fewer_than_two_values_bound_nothing(values: list[float]) -> None:
    interval = yuen_interval(values, alpha=0.05)
    assert (interval.low, interval.high, interval.n) == (-math.inf, math.inf, len(values))
    comparison = compare(values, alpha=0.05)
    assert (comparison.low, comparison.high, comparison.timing) == (0.0, math.inf, Timing.UNDECIDED)


def test_heavy_trimming_leaves_two_values() -> None:
    assert yuen_interval([1.0, 2.0, 9.0], alpha=0.5, trim=0.49).estimate == 4.0
    assert yuen_interval([0.0, 1.0, 2.0, 90.0], alpha=0.5, trim=0.49).estimate == 1.5


def test_an_outlier_in_each_tail_moves_nothing_after_trimming() -> None:
    calm = [0.01 * at for at in range(20)]
    wild = [-1e3, *calm[1:-1], 1e3]
    assert yuen_interval(wild, alpha=0.05) == yuen_interval(calm, alpha=0.05)


@given(ratios, st.floats(min_value=1e-4, max_value=0.5))
def test_an_interval_holds_its_estimate_and_widens_as_alpha_falls(values: list[float], alpha: float) -> None:
    wide, narrow = yuen_interval(values, alpha=alpha / 2), yuen_interval(values, alpha=alpha)
    assert wide.low <= narrow.low <= narrow.estimate <= narrow.high <= wide.high


@given(ratios)
def test_order_does_not_matter(values: list[float]) -> None:
    assert yuen_interval(values, alpha=0.05) == yuen_interval(values[::-1], alpha=0.05)


@given(st.lists(st.floats(min_value=-1, max_value=1), min_size=5, max_size=20), st.integers(min_value=2, max_value=6))
def test_the_interval_shrinks_as_the_same_values_come_again(values: list[float], times: int) -> None:
    once, often = yuen_interval(values * 5, alpha=0.05), yuen_interval(values * 5 * times, alpha=0.05)
    assert often.estimate == pytest.approx(once.estimate, abs=1e-9)
    assert often.high - often.low <= (once.high - once.low) * 1.0000001
    assume(once.high - once.low > 1e-6)
    assert often.high - often.low < (once.high - once.low) * 0.95


@given(st.lists(st.tuples(walls, walls), min_size=5, max_size=40))
def test_the_ratio_of_a_to_b_is_the_inverse_of_b_to_a(pairs: list[tuple[float, float]]) -> None:
    rounds = rounds_of(pairs)
    there = yuen_interval(log_ratios(rounds, "a", "b"), alpha=0.05)
    back = yuen_interval(log_ratios(rounds, "b", "a"), alpha=0.05)
    assert math.exp(there.estimate) * math.exp(back.estimate) == pytest.approx(1)
    assert there.low == pytest.approx(-back.high, abs=1e-9)


@given(st.lists(walls, min_size=2, max_size=40), st.floats(min_value=1e-6, max_value=0.5))
def test_a_sample_against_itself_is_never_significant(times: list[float], alpha: float) -> None:
    comparison = compare(log_ratios(rounds_of([(wall, wall) for wall in times]), "a", "b"), alpha=alpha)
    assert comparison.timing not in SIGNIFICANT
    assert comparison.ratio == 1.0


@given(st.lists(st.tuples(walls, walls), min_size=2, max_size=40), st.floats(min_value=1e-3, max_value=1e3))
def test_a_machine_that_is_slower_for_both_changes_nothing(pairs: list[tuple[float, float]], factor: float) -> None:
    before = log_ratios(rounds_of(pairs), "a", "b")
    after = log_ratios(rounds_of([(a * factor, b * factor) for a, b in pairs]), "a", "b")
    assert after == pytest.approx(before, abs=1e-9)


def test_log_ratios_come_from_rounds_with_both_in_the_order_of_their_numbers() -> None:
    rounds = [
        Round(number=2, samples=(sample("b", 1.0), sample("a", math.e))),
        Round(number=0, samples=(sample("a", 1.0), sample("c", 5.0), sample("b", math.e))),
        Round(number=1, samples=(sample("b", 1.0), sample("c", 5.0))),
    ]
    assert log_ratios(rounds, "a", "b") == pytest.approx((-1.0, 1.0))
    assert log_ratios(rounds, "a", "nobody") == ()


@pytest.mark.parametrize(
    ("centre", "spread", "timing"),
    [
        pytest.param(-0.05, 0.01, Timing.FASTER, id="less-time"),
        pytest.param(0.05, 0.01, Timing.SLOWER, id="more-time"),
        pytest.param(0.0, 0.002, Timing.SAME, id="within-delta"),
        pytest.param(0.0, 0.2, Timing.UNDECIDED, id="wide"),
        pytest.param(0.006, 0.03, Timing.UNDECIDED, id="across-delta"),
        pytest.param(-0.005, 0.001, Timing.FASTER, id="small-but-significant"),
    ],
)
def test_the_interval_decides_the_timing(centre: float, spread: float, timing: Timing) -> None:
    values = [centre + spread * (at - 9.5) / 10 for at in range(20)]
    comparison = compare(values, alpha=0.05, delta=0.01)
    assert comparison.timing is timing
    assert comparison.pairs == 20
    assert comparison.ratio == pytest.approx(math.exp(centre))


@pytest.mark.parametrize(
    ("n_max", "counts"),
    [
        pytest.param(200, LOOKS, id="full"),
        pytest.param(60, (8, 12, 18, 27, 40, 60), id="at-a-look"),
        pytest.param(50, (8, 12, 18, 27, 40, 50), id="between-looks"),
        pytest.param(5, (5,), id="below-the-first"),
    ],
)
def test_the_looks_end_at_the_largest_count(n_max: int, counts: tuple[int, ...]) -> None:
    assert looks(n_max) == counts
    increments = [alpha_at(look, alpha=0.05, n_max=n_max) for look in range(len(counts))]
    assert min(increments) > 0
    assert math.fsum(increments) == pytest.approx(0.05)
    assert alpha_spent(counts[-1], n_max=n_max) == pytest.approx(0.05)


def test_spending_is_pocock_like_and_never_above_alpha() -> None:
    assert alpha_spent(100, alpha=0.05, n_max=200) == pytest.approx(0.05 * math.log(1 + (math.e - 1) / 2))
    assert alpha_spent(0) == 0.0
    assert alpha_spent(500, alpha=0.05, n_max=200) == pytest.approx(0.05)


@pytest.mark.parametrize("n", [12, 40, 200])
@pytest.mark.parametrize("noise", [0.002, 0.05])
def test_a_difference_that_can_be_seen_is_found_in_four_of_five_cases(n: int, noise: float) -> None:
    rng = np.random.default_rng(n)
    smallest = np.mean([compare(rng.normal(0, noise, n).tolist(), alpha=0.05).smallest for _ in range(200)])
    shifted = rng.normal(math.log1p(float(smallest)), noise, (1000, n))
    found = sum(compare(values.tolist(), alpha=0.05).timing is Timing.SLOWER for values in shifted)
    # 800 of 1000; three standard deviations of the count, and a little for the approximation
    assert 750 <= found <= 850


def test_what_can_be_seen_is_not_known_of_a_single_pair() -> None:
    assert compare([0.1], alpha=0.05).smallest is None
    assert compare([0.1, 0.2], alpha=0.05).smallest is not None
