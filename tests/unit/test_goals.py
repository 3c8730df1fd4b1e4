"""Weights, utility and the front."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.tune.goals import WEIGHTS, pareto_front, utility
from burnish.tune.result import Goal

logs = st.floats(min_value=-2, max_value=2)
tables = st.integers(min_value=1, max_value=3).flatmap(
    lambda metrics: st.lists(st.tuples(*[logs] * metrics), min_size=1, max_size=25)
)


def test_every_goal_has_weights() -> None:
    assert set(WEIGHTS) == set(Goal)


@pytest.mark.parametrize("goal", Goal)
def test_the_baseline_itself_has_utility_zero(goal: Goal) -> None:
    assert utility(goal, size=0, time=0, build=0) == 0


@pytest.mark.parametrize(
    ("goal", "metric"),
    [
        pytest.param(Goal.SPEED, "time", id="speed"),
        pytest.param(Goal.SIZE, "size", id="size"),
        pytest.param(Goal.BUILD, "build", id="build"),
        pytest.param(Goal.BALANCED, "time", id="balanced"),
    ],
)
def test_a_goal_follows_its_metric_before_the_others(goal: Goal, metric: str) -> None:
    better = {"size": 0.005, "time": 0.005, "build": 0.005} | {metric: -0.02}
    assert utility(goal, **better) < 0 < utility(goal, **{key: -value for key, value in better.items()})


def test_speed_breaks_ties_by_size() -> None:
    assert utility(Goal.SPEED, size=-0.3, time=0, build=0) < 0
    assert utility(Goal.SPEED, size=-0.3, time=0.01, build=0) > 0


@given(logs, logs, logs, st.sampled_from(Goal))
def test_utility_falls_with_each_metric(size: float, time: float, build: float, goal: Goal) -> None:
    before = utility(goal, size=size, time=time, build=build)
    assert utility(goal, size=size - 0.1, time=time, build=build) < before
    assert utility(goal, size=size, time=time - 0.1, build=build) < before
    assert utility(goal, size=size, time=time, build=build - 0.1) < before


@pytest.mark.parametrize(
    ("points", "front"),
    [
        pytest.param([], (), id="none"),
        pytest.param([(1.0, 1.0)], (True,), id="one"),
        pytest.param([(0.0, 1.0), (1.0, 0.0), (1.0, 1.0)], (True, True, False), id="dominated"),
        pytest.param([(0.0, 0.0), (0.0, 0.0)], (True, False), id="equal-keeps-the-first"),
        pytest.param([(0.0, 0.005), (0.005, 0.0)], (True, False), id="within-epsilon-keeps-the-first"),
        pytest.param([(0.0, 0.02), (0.005, 0.0)], (True, True), id="beyond-epsilon-in-one"),
        pytest.param([(0.005, 0.005), (0.0, 0.0)], (False, True), id="worse-in-all-within-epsilon"),
        pytest.param([(0.0, 0.04), (0.02, 0.02), (0.04, 0.0)], (True, True, True), id="a-spread-front"),
    ],
)
def test_the_front(points: list[tuple[float, ...]], front: tuple[bool, ...]) -> None:
    assert pareto_front(points, epsilon=0.01) == front


def test_epsilon_can_differ_between_metrics() -> None:
    points = [(0.0, 0.0), (-0.02, 0.04), (0.04, -0.04)]
    assert pareto_front(points, epsilon=(0.01, 0.05)) == (True, True, False)


@given(tables, st.sampled_from([0.0, 0.01, 0.3]))
def test_whoever_is_off_the_front_is_matched_by_one_on_it(points: list[tuple[float, ...]], epsilon: float) -> None:
    front = pareto_front(points, epsilon=epsilon)
    kept = [point for point, on in zip(points, front, strict=True) if on]
    assert kept
    for point in points:
        assert any(all(a <= b + epsilon for a, b in zip(keeper, point, strict=True)) for keeper in kept)


@given(tables)
def test_nobody_on_the_front_is_dominated(points: list[tuple[float, ...]]) -> None:
    for point, on in zip(points, pareto_front(points, epsilon=0.01), strict=True):
        dominated = any(other != point and all(a <= b for a, b in zip(other, point, strict=True)) for other in points)
        assert not (on and dominated)


@given(tables)
def test_a_larger_epsilon_keeps_no_more(points: list[tuple[float, ...]]) -> None:
    assert sum(pareto_front(points, epsilon=5.0)) == 1
    assert sum(pareto_front(points, epsilon=0.0)) >= sum(pareto_front(points, epsilon=5.0))
