"""What is left of a tune, estimated on sequences that are made up, and on a recorded one."""

from dataclasses import replace

import pytest

from burnish.tune.remaining import Outlook, Plan, Stage, roughly

PLAN = Plan(
    search_until=400.0, race_until=500.0, unbuilt=50, finalists=4, confirmation=60.0, per_crate=0.0
)  # of a budget of 600 seconds


def searching(*, plan: Plan = PLAN, tried: tuple[float, ...] = ()) -> tuple[Outlook, float]:
    """A tune in its search, and what it has spent: 30 s for the baseline, then candidates."""
    outlook = Outlook(run=0.1)
    outlook.built(30.0)
    outlook.plan = plan
    outlook.enter(Stage.SEARCH, 30.0)
    spent = 30.0
    for seconds in tried:
        spent += seconds
        outlook.built(seconds)
        outlook.tried_one(spent)
    return outlook, spent


def test_nothing_is_known_before_a_build() -> None:
    assert Outlook().remaining(0.0, 600.0) is None


def test_the_first_build_gives_a_first_guess() -> None:
    outlook = Outlook()
    outlook.built(10.0)
    first = outlook.remaining(10.0, 600.0)
    assert first is not None
    assert 50 < first < 150


def test_the_parts_that_are_ahead_add_up() -> None:
    outlook, spent = searching(tried=(10.0, 10.0))
    # Six more candidates, forty rounds of five programs, the confirmation.
    assert outlook.remaining(spent, 600.0) == pytest.approx(6 * 10 + 40 * 5 * 0.1 + 60)


def test_it_goes_down_by_what_is_spent_while_a_candidate_is_under_way() -> None:
    outlook, spent = searching(tried=(10.0, 10.0))
    before, after = outlook.remaining(spent, 600.0), outlook.remaining(spent + 4, 600.0)
    assert before is not None
    assert after == pytest.approx(before - 4)


@pytest.mark.parametrize("spent", [50.0, 380.0, 599.0, 700.0])
def test_it_is_never_more_than_the_budget_has_left(spent: float) -> None:
    outlook, _ = searching(plan=replace(PLAN, confirmation=1000.0))
    assert outlook.remaining(spent, 600.0) == max(0.0, 600.0 - spent)


def test_a_search_ends_when_its_time_is_over() -> None:
    slow, spent = searching(tried=(100.0, 100.0))
    # Six more of 100 s would be until 830: the search ends at 400, the race takes 20, the confirmation 60.
    assert slow.remaining(spent, 600.0) == pytest.approx((400 - spent) + 20 + 60)


def test_a_search_of_few_profiles_ends_with_them() -> None:
    outlook, spent = searching(plan=replace(PLAN, unbuilt=3, finalists=0), tried=(10.0, 10.0))
    assert outlook.remaining(spent, 600.0) == pytest.approx(10 + 60)


@pytest.mark.parametrize(
    ("rounds", "arms", "seconds"),
    [
        pytest.param(0, 4, 40 * 5 * 0.1, id="begun"),
        pytest.param(30, 2, 10 * 3 * 0.1, id="some are decided"),
        pytest.param(80, 1, 20 * 2 * 0.1, id="longer than expected"),
        pytest.param(12, 0, 0.1, id="decided"),
    ],
)
def test_a_race_takes_the_rounds_that_are_missing(rounds: int, arms: int, seconds: float) -> None:
    outlook, spent = searching()
    outlook.enter(Stage.RACE, spent)
    outlook.rounds, outlook.arms = rounds, arms
    assert outlook.remaining(spent, 600.0) == pytest.approx(seconds + 60)


def test_what_is_behind_counts_no_more() -> None:
    outlook, _ = searching(plan=replace(PLAN, per_crate=50.0))
    outlook.enter(Stage.CONFIRMATION, 300.0)
    assert outlook.remaining(320.0, 600.0) == pytest.approx(40 + 50)
    outlook.enter(Stage.PER_CRATE, 360.0)
    assert outlook.remaining(400.0, 600.0) == pytest.approx(10)
    assert outlook.remaining(450.0, 600.0) == 0


#: ``burnish tune --run '{bin}' --budget 3m --only 'o3-*'`` in examples/crossings, 2026-11-23, rustc 1.95, two cores:
#: seconds that were spent at the end of each build of the search, of each candidate, and the race's rounds.
CANDIDATES = ((29.13, 32.37), (40.37, 43.67), (44.12, 51.31), (59.39, 63.04), (68.2, 75.69), (85.97, 89.02))
RACE = ((89.84, 1, 4), (93.0, 6, 4), (96.53, 10, 4), (97.69, 11, 3), (98.35, 12, 0), (102.57, 17, 0))
CONFIRMATION = (114.58, 120.23, 126.87, 140.62, 145.32, 150.29, 154.46)
END = 154.46


def recorded() -> list[tuple[float, float | None]]:
    """Seconds spent and the estimate at each event of the recorded tune."""
    outlook = Outlook()
    found = [(0.0, outlook.remaining(0.0, 180.0))]

    def tell(spent: float) -> None:
        found.append((spent, outlook.remaining(spent, 180.0)))

    for spent, seconds in ((1.35, 1.35), (2.09, 0.74), (13.78, 11.69), (19.29, 5.52)):
        outlook.built(seconds)
        tell(spent)
    outlook.run = 0.172
    outlook.plan = Plan(search_until=108.7, race_until=136.2, unbuilt=11, finalists=4, confirmation=35.4, per_crate=0.0)
    outlook.enter(Stage.SEARCH, 19.29)
    for built, tried in CANDIDATES:
        tell(built)
        outlook.tried_one(tried)
        tell(tried)
    outlook.enter(Stage.RACE, 89.02)
    for spent, rounds, arms in RACE:
        outlook.rounds, outlook.arms = rounds, arms
        tell(spent)
    outlook.enter(Stage.CONFIRMATION, 114.58)
    for spent in CONFIRMATION:
        tell(spent)
    return found


def test_on_a_recorded_tune_it_is_about_right() -> None:
    found = recorded()
    assert found[0][1] is None
    planned = [(spent, left) for spent, left in found if spent > 19.29 and left is not None]
    assert len(planned) == len(found) - 5
    for spent, left in planned:
        assert left <= 180 - spent
        assert abs(left - (END - spent)) <= END / 6, (spent, left)
    assert planned[-1][1] == 0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "a few seconds"),
        (7.4, "a few seconds"),
        (7.6, "about 10 s"),
        (43.0, "about 45 s"),
        (94.0, "about 95 s"),
        (95.0, "about 2 min"),
        (170.0, "about 3 min"),
        (3569.0, "about 59 min"),
        (3590.0, "about 1 h"),
        (4900.0, "about 1 h 20 min"),
    ],
)
def test_it_is_said_as_people_say_it(seconds: float, words: str) -> None:
    assert roughly(seconds) == words
