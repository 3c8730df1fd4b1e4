"""When a race goes on: the one rule that could run for ever."""

from types import SimpleNamespace

from burnish.measure.schedule import judge
from burnish.measure.values import CONTROL, Round, Sample
from burnish.tune.timing import CONTROL_PAIRS, Timer


def done(number: int, walls: dict[str, float]) -> Round:
    samples = tuple(Sample(arm=arm, wall=wall, user=0, sys=0, maxrss=0, nivcsw=0) for arm, wall in walls.items())
    return Round(number=number, samples=samples)


def goes_on(rounds: list[Round], *, spent: float = 0.0, n_min: int = 0) -> bool:
    state = judge(rounds, ["arm"], baseline="base", ended=False)
    timer = SimpleNamespace(ledger=SimpleNamespace(spent=spent))
    return Timer._goes_on(timer, rounds, state, 10.0, n_min)  # type: ignore[arg-type]


def test_a_race_whose_control_is_off_ends_all_the_same() -> None:
    # The control is called different at its first look, and its comparison stays at that look.
    rounds = [done(number, {"base": 1.0, "arm": 0.5, CONTROL: 1.5}) for number in range(CONTROL_PAIRS)]
    assert goes_on(rounds[:-1])
    assert not goes_on(rounds)


def test_an_undecided_race_goes_on_until_the_budget_ends_but_has_its_least_rounds() -> None:
    rounds = [done(number, {"base": 1.0, "arm": 1.0 + 0.2 * (number % 2)}) for number in range(8)]
    assert goes_on(rounds)
    assert not goes_on(rounds, spent=11.0)
    assert goes_on(rounds, spent=11.0, n_min=9)
