"""Luck of layout: an identical program in another order is no faster one, and a true difference is found through it."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from results import WINNER, row, timed

from burnish.measure.layouts import LAYOUTS, ROUNDS_EACH, arm, layout_luck, ratios_by_layout
from burnish.measure.statistics import student_t_below, student_t_quantile
from burnish.measure.values import Round, Sample, Timing
from burnish.tune.layouts import held


def rounds(rng: np.random.Generator, *, ratio: float = 1.0, luck: float = 0.03, noise: float = 0.02) -> list[Round]:
    """Rounds of two programs whose layouts move their times by ``luck``; levels of the machine drift."""
    layouts = {name: np.exp(rng.normal(0, luck, LAYOUTS)) for name in ("base", "other")}
    found = []
    for number in range(LAYOUTS * ROUNDS_EACH):
        at, level = number % LAYOUTS, rng.uniform(1, 2)
        walls = {
            "base": level * layouts["base"][at] * math.exp(rng.normal(0, noise)),
            "other": level * ratio * layouts["other"][at] * math.exp(rng.normal(0, noise)),
        }
        found.append(
            Round(
                number=number,
                samples=tuple(
                    Sample(arm=arm(name, at + 1), wall=wall, user=wall, sys=0.0, maxrss=0, nivcsw=0)
                    for name, wall in walls.items()
                ),
            )
        )
    return found


@pytest.mark.parametrize("luck", [0.0, 0.01, 0.04])
def test_the_same_code_in_another_order_is_seldom_called_faster(luck: float) -> None:
    false = 0
    for seed in range(400):
        found = layout_luck(ratios_by_layout(rounds(np.random.default_rng(seed), luck=luck), "other", "base"))
        assert found is not None
        false += found.holds
    # 5 % of 400 is 20; a binomial count of that mean exceeds 32 once in 200
    assert false <= 32


def test_a_difference_of_ten_percent_is_found_through_layouts_of_three() -> None:
    found = [
        layout_luck(ratios_by_layout(rounds(np.random.default_rng(seed), ratio=0.9), "other", "base"))
        for seed in range(100)
    ]
    assert sum(luck is not None and luck.high < 1 for luck in found) >= 80


def test_the_chance_is_what_comes_true_under_the_next_layout() -> None:
    """Among programs called 70 to 90 % likely to be faster, about so many are under a new pair of layouts.

    Where nothing else is known of them: their true differences are spread widely.
    """
    said, came = [], []
    for seed in range(1500):
        rng = np.random.default_rng(seed)
        truth = rng.uniform(-0.15, 0.15)
        found = layout_luck(ratios_by_layout(rounds(rng, ratio=math.exp(truth), noise=0.005), "other", "base"))
        assert found is not None
        if 0.7 <= found.chance <= 0.9:
            said.append(found.chance)
            came.append(truth + rng.normal(0, 0.03) - rng.normal(0, 0.03) < 0)
    assert len(said) > 100
    assert abs(np.mean(came) - np.mean(said)) < 0.1


def test_what_is_said_of_layouts_that_are_alike() -> None:
    luck = layout_luck({1: [-0.1] * 6, 2: [-0.1] * 6, 3: [-0.1] * 6})
    assert luck is not None
    assert (luck.layouts, luck.rounds, luck.chance) == (3, 18, 1.0)
    assert luck.ratio == pytest.approx(math.exp(-0.1))
    assert luck.holds
    same = layout_luck(dict.fromkeys(range(3), [0.0] * 6))
    assert same is not None
    assert (same.chance, same.holds) == (0.5, False)


def test_two_layouts_say_nothing() -> None:
    assert layout_luck({1: [0.1], 2: [0.1]}) is None
    assert layout_luck({}) is None


def test_only_rounds_of_one_layout_of_both_are_compared() -> None:
    samples = [("base@1", 1.0), ("other@1", 2.0), ("other@2", 9.0), ("else@1", 5.0)]
    one = Round(
        number=0,
        samples=tuple(Sample(arm=name, wall=wall, user=wall, sys=0, maxrss=0, nivcsw=0) for name, wall in samples),
    )
    assert ratios_by_layout([one], "other", "base") == {1: (math.log(2),)}


@given(st.floats(0.01, 0.99), st.integers(1, 60))
def test_the_distribution_is_the_inverse_of_its_quantile(p: float, df: int) -> None:
    assert student_t_below(student_t_quantile(p, df), df) == pytest.approx(p, abs=1e-9)


def test_a_time_that_does_not_hold_over_layouts_does_not_count() -> None:
    candidate = row(WINNER.id, 1, 1.0, 1, time=timed(0.9, 0.88, 0.92, Timing.FASTER))
    lucky = layout_luck({1: [-0.2], 2: [0.2], 3: [0.0], 4: [0.1]})
    true = layout_luck({1: [-0.2], 2: [-0.21], 3: [-0.19]})
    assert held(candidate, None) == held(candidate, true) == candidate
    judged = held(candidate, lucky)
    assert judged.time is not None
    assert judged.time.timing is Timing.UNDECIDED
