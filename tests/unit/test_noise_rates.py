"""The error rates of the race, on recorded timings of a real program and on simulated machines with known faults.

Every trial is seeded: the rates are facts of this code and these recordings, and a change that moves one out of its
bound is seen. `python bench/noise.py rates` prints the table of docs/method.md.
"""

import numpy as np
import pytest
from noise_trials import SIMULATED, Machine, load, rates, recordings, replayed, simulated, trial

from burnish.measure.statistics import ALPHA
from burnish.measure.values import Timing

TRIALS = 200

MACHINES: list[Machine] = [replayed(load(name)) for name in recordings()] + [simulated(kind) for kind in SIMULATED]
NAMES = [f"recorded: {name}" for name in recordings()] + [f"simulated: {kind}" for kind in SIMULATED]


def test_there_are_recordings_of_a_quiet_and_of_a_busy_machine() -> None:
    assert {"quiet", "neighbour", "crowded"} <= set(recordings())


@pytest.mark.parametrize("machine", MACHINES, ids=NAMES)
def test_equal_programs_are_called_different_in_at_most_five_of_a_hundred_verdicts(machine: Machine) -> None:
    found = rates(machine, factors=(1.0, 1.0), trials=TRIALS, seed=1)
    assert found.verdicts.total() == 2 * TRIALS
    assert found.significant <= ALPHA


@pytest.mark.parametrize("machine", MACHINES, ids=NAMES)
def test_races_of_equal_programs_with_any_false_finding_are_few(machine: Machine) -> None:
    # The promise is about the whole race; 5 % of 200 is 10, and a binomial count of that mean exceeds 18 once in 200.
    assert rates(machine, factors=(1.0, 1.0), trials=TRIALS, seed=1).families <= 18


def test_a_true_difference_of_two_percent_is_found_on_a_quiet_machine() -> None:
    found = rates(replayed(load("quiet")), factors=(0.98,), trials=TRIALS, seed=2)
    assert found.share(Timing.FASTER) >= 0.8
    assert found.share(Timing.SLOWER) == 0


def test_the_race_ends_early_where_more_rounds_would_change_nothing() -> None:
    large = rates(replayed(load("quiet")), factors=(0.8,), trials=50, seed=3)
    assert large.share(Timing.FASTER) == 1
    assert large.pairs < 20


@pytest.mark.parametrize("name", recordings())
def test_a_recording_is_one_program_and_long_enough(name: str) -> None:
    recording = load(name)
    walls = np.array(recording.walls)
    assert walls.shape[0] >= 600
    assert walls.shape[1] >= 3
    assert (walls > 0).all()
    # The same program in every column. The first run of a round takes a little longer, which is why the race draws the
    # order by lot.
    assert abs(np.log(walls / walls[:, :1]).mean(axis=0)).max() < 0.05


def test_a_trial_is_given_by_its_seed() -> None:
    machine = simulated("bimodal")
    one, other = (trial(machine(rng), rng, (1.0, 0.98)) for rng in (np.random.default_rng(5), np.random.default_rng(5)))
    assert one == other
