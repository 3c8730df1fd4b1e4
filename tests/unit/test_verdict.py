from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.build.values import BuildCost, Road, SizeReport
from burnish.measure.values import Comparison, Timing
from burnish.profile.options import Strip
from burnish.profile.profile import CARGO_DEFAULT, Profile
from burnish.tune.goals import RELEVANT
from burnish.tune.limits import Limits
from burnish.tune.result import Goal, Row
from burnish.tune.verdict import counted_time, front, preferred_strip, rank, stand, winner

NONE = Limits()


def compared(ratio: float, timing: Timing, spread: float = 0.01) -> Comparison:
    return Comparison(ratio=ratio, low=ratio - spread, high=ratio + spread, pairs=20, timing=timing)


def row(
    profile: str = "o3-fat-cgu1-unwind-debuginfo",
    *,
    size: int = 1000,
    cpu: float = 10.0,
    time: Comparison | None = None,
    mismatches: tuple[str, ...] = (),
) -> Row:
    return Row(
        profile=Profile.parse(profile),
        names=(),
        road=Road.SHARED,
        size=SizeReport(file=size, stripped=size, gzip=size),
        cost=BuildCost(cpu=cpu, wall=cpu, peak_memory=100, rebuild=1.0, estimated=True),
        time=time,
        mismatches=mismatches,
    )


BASELINE = row(CARGO_DEFAULT.id)


def test_nothing_is_worth_changing_where_nothing_gains_a_percent() -> None:
    rows = [row(size=995), row("o2-fat-cgu1-unwind-debuginfo", size=1000)]
    assert winner(rank(rows, BASELINE, goal=Goal.SIZE, limits=NONE, timed=False)) is None


def test_a_time_that_is_not_significant_counts_nothing() -> None:
    lucky = row(time=compared(0.90, Timing.UNDECIDED, spread=0.2))
    assert counted_time(lucky.time) == 1.0
    assert stand(lucky, BASELINE, goal=Goal.SPEED, limits=NONE, timed=True).gain == pytest.approx(0.0)
    sure = row(time=compared(0.90, Timing.FASTER))
    assert winner(rank([lucky, sure], BASELINE, goal=Goal.SPEED, limits=NONE, timed=True)) is not None


def test_with_a_workload_what_was_not_timed_cannot_win() -> None:
    standing = stand(row(size=100), BASELINE, goal=Goal.SIZE, limits=NONE, timed=True)
    assert standing.obstacles == ("its run time was not measured",)
    assert winner((standing,)) is None


@pytest.mark.parametrize(
    ("candidate", "limits", "word"),
    [
        pytest.param(
            row(time=compared(1.04, Timing.SLOWER, 0.02)), Limits(time=1.05), "run time", id="upper end of time"
        ),
        pytest.param(row(size=1200), Limits(size=1.1), "file size", id="size"),
        pytest.param(row(cpu=50.0), Limits(build=4.0), "cold build", id="build"),
        pytest.param(row(mismatches=("lto: lost",)), NONE, "flags", id="flags that did not arrive"),
    ],
)
def test_what_breaks_a_limit_is_out_with_the_reason(candidate: Row, limits: Limits, word: str) -> None:
    standing = stand(candidate, BASELINE, goal=Goal.BALANCED, limits=limits, timed=False)
    assert len(standing.obstacles) == 1
    assert word in standing.obstacles[0]


def test_the_size_of_what_is_not_shipped_counts_nothing_and_breaks_no_limit() -> None:
    small = row(size=100)
    limits = Limits(size=0.01)
    standing = stand(small, BASELINE, goal=Goal.BALANCED, limits=limits, timed=False, ships=False)
    assert standing.obstacles == ()
    assert standing.gain == pytest.approx(0.0)
    assert stand(small, BASELINE, goal=Goal.BALANCED, limits=limits, timed=False).obstacles
    assert front([BASELINE, small], ships=False) == (True, False)
    assert front([BASELINE, small]) == (False, True)


def test_of_two_that_cannot_be_told_apart_the_smaller_change_wins() -> None:
    both = row("o3-fat-cgu1-unwind-debuginfo", size=800, time=compared(0.60, Timing.FASTER, 0.1))
    fat = row("o3-fat-cgudef-unwind-debuginfo", size=801, time=compared(0.63, Timing.FASTER, 0.1))
    best = winner(rank([both, fat], BASELINE, goal=Goal.BALANCED, limits=NONE, timed=True))
    assert best is not None
    assert best.row is fat
    apart = replace(fat, time=compared(0.95, Timing.FASTER, 0.1))
    best = winner(rank([both, apart], BASELINE, goal=Goal.BALANCED, limits=NONE, timed=True))
    assert best is not None
    assert best.row is both


def test_a_larger_file_is_no_tie() -> None:
    both = row("o3-fat-cgu1-unwind-debuginfo", size=800, time=compared(0.60, Timing.FASTER, 0.1))
    thin = row("o3-thin-cgudef-unwind-debuginfo", size=960, time=compared(0.60, Timing.FASTER, 0.1))
    best = winner(rank([thin, both], BASELINE, goal=Goal.BALANCED, limits=NONE, timed=True))
    assert best is not None
    assert best.row is both


sizes = st.integers(min_value=1, max_value=10**9)


@given(st.lists(st.tuples(sizes, st.floats(0.1, 1e4)), min_size=1, max_size=8))
def test_the_winner_has_no_obstacle_and_is_worth_it_and_nothing_is_much_better(
    figures: list[tuple[int, float]],
) -> None:
    rows = [
        row(f"o3-fat-cgu{number + 1}-unwind-none", size=size, cpu=cpu) for number, (size, cpu) in enumerate(figures)
    ]
    standings = rank(rows, BASELINE, goal=Goal.SIZE, limits=Limits(build=100.0), timed=False)
    best = winner(standings)
    fit = [each for each in standings if not each.obstacles]
    if best is None:
        assert all(each.gain < RELEVANT for each in fit)
    else:
        assert best in fit
        assert best.gain >= RELEVANT
        assert max(each.gain for each in fit) - best.gain < RELEVANT


@given(st.lists(st.tuples(sizes, st.floats(0.1, 1e4)), min_size=1, max_size=8), st.randoms())
def test_the_order_of_rows_does_not_matter(figures: list[tuple[int, float]], luck: object) -> None:
    rows = [
        row(f"o3-fat-cgu{number + 1}-unwind-none", size=size, cpu=cpu) for number, (size, cpu) in enumerate(figures)
    ]
    shuffled = list(rows)
    luck.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = (
        winner(rank(each, BASELINE, goal=Goal.BALANCED, limits=NONE, timed=False)) for each in (rows, shuffled)
    )
    assert one == other


def test_the_front_is_what_nothing_else_matches_everywhere() -> None:
    rows = [row(CARGO_DEFAULT.id, cpu=5.0), row(size=900), row(size=2000, cpu=99.0)]
    assert front(rows) == (True, True, False)


@pytest.mark.parametrize(
    ("goal", "available", "strip"),
    [
        (Goal.SIZE, ("debuginfo", "symbols"), Strip.SYMBOLS),
        (Goal.BALANCED, ("debuginfo", "symbols"), Strip.DEBUGINFO),
        (Goal.SPEED, ("symbols",), Strip.SYMBOLS),
    ],
)
def test_only_the_goal_size_drops_the_symbols_by_itself(goal: Goal, available: tuple[str, ...], strip: Strip) -> None:
    assert preferred_strip(goal, CARGO_DEFAULT, available) is strip
