from burnish.measure.values import CONTROL, Round, Sample
from burnish.tune.finish import runs_of


def a_round(number: int, *arms: str) -> Round:
    samples = (Sample(arm=arm, wall=float(number), user=0.1, sys=0.0, maxrss=7, nivcsw=0) for arm in arms)
    return Round(number=number, samples=tuple(samples))


def test_the_runs_of_a_race_are_by_profile_and_the_baseline_is_first() -> None:
    rounds = (a_round(1, "z", CONTROL, "a", "base"), a_round(2, "base", "a", "z"), a_round(3, "a", "base"))
    found = runs_of(rounds, "base")
    assert [each.name for each in found] == ["base", "z", "a"]
    assert [each.wall for each in found] == [(1.0, 2.0, 3.0), (1.0, 2.0), (1.0, 2.0, 3.0)]
    assert runs_of((), "base") == ()
