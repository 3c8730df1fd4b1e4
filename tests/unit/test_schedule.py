"""The race: when arms are decided or dropped, and who runs next."""

import math
from collections.abc import Mapping

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.measure.schedule import RaceState, judge, plan_round
from burnish.measure.values import CONTROL, Round, Sample, Timing

SIGNIFICANT = {Timing.FASTER, Timing.SLOWER}
BASE = "base"


def make_round(number: int, walls: Mapping[str, float]) -> Round:
    samples = tuple(Sample(arm=arm, wall=wall, user=wall, sys=0.0, maxrss=1, nivcsw=0) for arm, wall in walls.items())
    return Round(number=number, samples=samples)


def simulate(n: int, factors: Mapping[str, float], *, noise: float, seed: int) -> list[Round]:
    """Rounds with all arms in each; every round has its own common slowness."""
    rng = np.random.default_rng(seed)
    return [
        make_round(
            number,
            dict(
                zip(
                    (BASE, *factors),
                    rng.uniform(1, 2)
                    * np.array([1.0, *factors.values()])
                    * np.exp(noise * rng.standard_normal(len(factors) + 1)),
                    strict=True,
                )
            ),
        )
        for number in range(n)
    ]


def bimodal(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Wall times of equal programs on a shared machine: two regimes, some switches within a round, a long tail."""
    regime = np.where(rng.random((shape[0], 1)) < 0.4, 1.6, 1.0)
    switched = np.where(rng.random(shape) < 0.08, 1.6 / regime, 1.0)
    return np.asarray(regime * switched * np.exp(0.02 * rng.standard_normal(shape) + 0.05 * (rng.random(shape) < 0.1)))


def race(rounds: list[Round], *arms: str, **rest: float) -> RaceState:
    n_max = int(rest.get("n_max", 200))
    return judge(rounds, arms, baseline=BASE, delta=rest.get("delta", 0.01), alpha=rest.get("alpha", 0.05), n_max=n_max)


def play(factors: Mapping[str, float], *, noise: float, seed: int, limit: int = 2000) -> tuple[list[Round], RaceState]:
    """A whole race as it is run: plan, run, judge."""
    rng = np.random.default_rng(seed)
    rounds: list[Round] = []
    state = race(rounds, *factors)
    while not state.finished and len(rounds) < limit:
        order = plan_round(state, number=len(rounds), seed=str(seed), baseline=BASE)
        slow = rng.uniform(1, 2)
        rounds.append(
            make_round(
                len(rounds),
                {arm: slow * factors.get(arm, 1.0) * math.exp(noise * rng.standard_normal()) for arm in order},
            )
        )
        state = race(rounds, *factors)
    return rounds, state


def test_no_rounds_leave_every_arm_active() -> None:
    state = race([], "a", "b")
    assert state.active == ("a", "b")
    assert dict(state.pairs) == {"a": 0, "b": 0}
    assert not state.comparisons
    assert state.control is None
    assert not state.finished


def test_a_race_without_arms_is_finished() -> None:
    state = race([])
    assert state.finished
    assert plan_round(state, number=0, seed="s", baseline=BASE) == ()


def test_before_the_first_look_the_interval_is_provisional() -> None:
    rounds = simulate(7, {"a": 0.5}, noise=0.001, seed=1)
    state = race(rounds, "a")
    assert state.comparisons["a"].timing is Timing.UNDECIDED
    assert state.comparisons["a"].pairs == 7
    assert state.active == ("a",)
    assert not race(rounds[:4], "a").comparisons


def test_a_large_difference_is_decided_at_the_first_look() -> None:
    state = race(simulate(8, {"a": 0.8, "b": 1.2}, noise=0.01, seed=2), "a", "b")
    assert state.comparisons["a"].timing is Timing.FASTER
    assert state.comparisons["b"].timing is Timing.SLOWER
    assert state.finished


def test_between_looks_the_comparison_is_that_of_the_latest_look() -> None:
    rounds = simulate(11, {"a": 1.0}, noise=0.2, seed=3)
    assert race(rounds, "a").comparisons["a"].pairs == 8


@given(st.integers(min_value=0, max_value=200), st.integers(min_value=0, max_value=50))
@settings(max_examples=40)
def test_later_rounds_do_not_change_what_is_decided(cut: int, seed: int) -> None:
    arms = {"a": 0.97, "b": 1.0, "c": 1.004, "d": 1.05}
    rounds = simulate(200, arms, noise=0.02, seed=seed)
    early, late = race(rounds[:cut], *arms), race(rounds, *arms)
    for arm in set(arms) - set(early.active):
        assert early.comparisons[arm] == late.comparisons[arm]
    assert set(late.active) <= set(early.active)


def test_the_order_in_which_rounds_are_given_does_not_matter() -> None:
    rounds = simulate(30, {"a": 0.99, "b": 1.01}, noise=0.02, seed=4)
    assert race(rounds[::-1], "a", "b") == race(rounds, "a", "b")


def test_an_arm_that_stays_undecided_leaves_at_the_largest_count() -> None:
    rounds = simulate(20, {"a": 1.0}, noise=0.3, seed=5)
    state = race(rounds, "a", n_max=20)
    assert state.finished
    assert state.comparisons["a"].timing is Timing.UNDECIDED
    assert state.comparisons["a"].pairs == 20


def test_a_race_that_ends_early_gives_its_last_rounds_a_look() -> None:
    rounds = simulate(17, {"a": 1.0}, noise=0.3, seed=6)
    ended = judge(rounds, ("a",), baseline=BASE, ended=True)
    assert race(rounds, "a").comparisons["a"].pairs == 12
    assert ended.comparisons["a"].pairs == 17


def test_a_race_that_ends_before_its_first_look_decides_nothing() -> None:
    rounds = simulate(7, {"a": 0.5}, noise=0.001, seed=1)
    assert judge(rounds, ("a",), baseline=BASE, ended=True).comparisons["a"].timing is Timing.UNDECIDED


def test_more_arms_share_the_error_rate() -> None:
    rounds = simulate(8, {"a": 1.0, "b": 1.0, "c": 1.0}, noise=0.05, seed=7)
    alone, among = race(rounds, "a").comparisons["a"], race(rounds, "a", "b", "c").comparisons["a"]
    assert among.low < alone.low < alone.high < among.high


def test_equal_programs_on_a_bimodal_machine_are_seldom_called_different() -> None:
    arms = ("a", "b", "c")
    rng = np.random.default_rng(11)
    false = 0
    for _ in range(200):
        times = bimodal(rng, (200, 4))
        state = race(
            [make_round(at, dict(zip((BASE, *arms), row, strict=True))) for at, row in enumerate(times)], *arms
        )
        false += any(each.timing in SIGNIFICANT for each in state.comparisons.values())
    # 5 % of 200 is 10; a binomial count of that mean exceeds 18 once in 200
    assert false <= 18


def test_equal_controls_are_seldom_called_different() -> None:
    rng = np.random.default_rng(12)
    false = 0
    for _ in range(200):
        times = bimodal(rng, (200, 2))
        control = race([make_round(at, {BASE: a, CONTROL: b}) for at, (a, b) in enumerate(times)]).control
        assert control is not None
        false += control.timing in SIGNIFICANT
    assert false <= 18


def test_the_control_keeps_narrowing_where_an_arm_would_be_called_the_same() -> None:
    rounds = simulate(200, {"a": 1.0, CONTROL: 1.0}, noise=0.003, seed=13)
    state = race(rounds, "a")
    assert state.control is not None
    assert state.comparisons["a"].timing is Timing.SAME
    assert state.comparisons["a"].pairs < 200
    assert state.control.pairs == 200


def test_three_percent_are_found_under_one_percent_of_noise() -> None:
    found = sum(
        race(simulate(60, {"a": 0.97}, noise=0.01, seed=seed), "a").comparisons["a"].timing is Timing.FASTER
        for seed in range(100)
    )
    assert found > 90


def test_a_whole_race_finds_the_fast_and_the_slow_and_stops() -> None:
    rounds, state = play({"a": 0.95, "b": 1.05, "c": 1.0, "d": 0.99, "e": 1.3}, noise=0.01, seed=14)
    assert state.finished
    assert state.comparisons["a"].timing is Timing.FASTER
    assert state.comparisons["b"].timing is Timing.SLOWER
    assert state.comparisons["e"].timing is Timing.SLOWER
    assert len(rounds) < 400
    assert state.control is not None
    assert state.control.timing not in SIGNIFICANT


class TestDominance:
    def test_an_arm_no_faster_than_a_smaller_one_is_dropped(self) -> None:
        rounds = simulate(40, {"big": 1.003, "small": 1.001}, noise=0.012, seed=15)
        plain = race(rounds, "big", "small")
        state = judge(rounds, ("big", "small"), baseline=BASE, dominance={"big": frozenset({"small"})})
        assert "big" in plain.active
        assert dict(state.dropped) == {"big": "small"}
        assert "big" not in state.active
        assert state.comparisons["big"].timing is Timing.UNDECIDED

    def test_of_two_alike_one_stays(self) -> None:
        rounds = simulate(200, {"a": 0.994, "b": 0.994}, noise=0.018, seed=17)
        both = {"a": frozenset({"b"}), "b": frozenset({"a"})}
        assert dict(judge(rounds, ("a", "b"), baseline=BASE, dominance=both).dropped) == {"b": "a"}

    def test_the_baseline_can_drop_an_arm(self) -> None:
        rounds = simulate(60, {"a": 1.015}, noise=0.03, seed=17)
        state = judge(rounds, ("a",), baseline=BASE, dominance={"a": frozenset({BASE})})
        assert dict(state.dropped) == {"a": BASE}

    def test_a_faster_arm_is_not_dropped_by_a_smaller_one(self) -> None:
        rounds = simulate(200, {"fast": 0.96, "small": 1.0}, noise=0.01, seed=18)
        state = judge(rounds, ("fast", "small"), baseline=BASE, dominance={"fast": frozenset({"small"})})
        assert not state.dropped
        assert state.comparisons["fast"].timing is Timing.FASTER

    def test_what_was_decided_first_stays_decided(self) -> None:
        rounds = simulate(100, {"slow": 1.2, "small": 1.0}, noise=0.01, seed=19)
        state = judge(rounds, ("slow", "small"), baseline=BASE, dominance={"slow": frozenset({"small"})})
        assert not state.dropped
        assert state.comparisons["slow"].timing is Timing.SLOWER

    @given(st.integers(min_value=0, max_value=120), st.integers(min_value=0, max_value=50))
    @settings(max_examples=30)
    def test_later_rounds_do_not_bring_back_what_was_dropped(self, cut: int, seed: int) -> None:
        arms = {"a": 1.0, "b": 1.002, "c": 0.998}
        every = {arm: frozenset(arms) - {arm} for arm in arms}
        rounds = simulate(120, arms, noise=0.02, seed=seed)
        early = judge(rounds[:cut], tuple(arms), baseline=BASE, dominance=every)
        late = judge(rounds, tuple(arms), baseline=BASE, dominance=every)
        assert early.dropped.items() <= late.dropped.items()
        assert len(late.dropped) < len(arms)


class TestPlan:
    ARMS = ("a", "b", "c", "d", "e")

    @given(st.integers(min_value=0, max_value=10_000), st.text(max_size=8))
    def test_a_round_has_the_baseline_three_arms_and_every_second_time_the_control(
        self, number: int, seed: str
    ) -> None:
        order = plan_round(race([], *self.ARMS), number=number, seed=seed, baseline=BASE)
        assert len(set(order)) == len(order)
        assert BASE in order
        assert (CONTROL in order) == (number % 2 == 0)
        assert len(set(order) & set(self.ARMS)) == 3

    @given(st.integers(min_value=0, max_value=10_000), st.text(max_size=8))
    def test_the_same_number_and_seed_give_the_same_round(self, number: int, seed: str) -> None:
        state = race([], *self.ARMS)
        assert plan_round(state, number=number, seed=seed, baseline=BASE) == plan_round(
            state, number=number, seed=seed, baseline=BASE
        )

    def test_arms_with_the_fewest_pairs_come_first(self) -> None:
        rounds = [make_round(0, {BASE: 1.0, "a": 1.0, "c": 1.0}), make_round(1, {BASE: 1.0, "a": 1.0})]
        order = plan_round(race(rounds, *self.ARMS), number=1, seed="s", baseline=BASE)
        assert set(order) == {BASE, "b", "d", "e"}

    def test_every_place_in_the_order_falls_to_the_baseline(self) -> None:
        state = race([], "a", "b")
        places = {plan_round(state, number=number, seed="s", baseline=BASE).index(BASE) for number in range(1, 60, 2)}
        assert places == {0, 1, 2}

    def test_decided_arms_do_not_run_again(self) -> None:
        state = race(simulate(8, {"a": 0.7, "b": 1.0}, noise=0.03, seed=20), "a", "b")
        assert set(plan_round(state, number=9, seed="s", baseline=BASE)) == {BASE, "b"}
