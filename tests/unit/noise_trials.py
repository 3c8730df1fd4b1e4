"""Trials of the race on timings whose truth is known: recorded from one program, or simulated.

In every round of a recording the same program ran several times. A trial takes successive rounds from a random place
and says by lot, in each round, which run was the baseline's and which a candidate's: between equals any lot is as good
as another. A true difference is put in by multiplying a candidate's times.
"""

import gzip
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from burnish.measure.schedule import judge
from burnish.measure.statistics import LOOKS
from burnish.measure.values import Round, Sample, Timing

RECORDINGS = Path(__file__).parents[2] / "bench" / "data" / "noise"

Walls = NDArray[np.float64]
#: Gives the walls of a trial, one row each round, in which every column is the same program.
Machine = Callable[[np.random.Generator], Walls]

BASELINE = "baseline"


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds of the same program, a row each round in the order of its runs, and where and when they were taken."""

    name: str
    recorded: str
    circumstances: str
    command: str
    walls: list[list[float]]


def load(name: str) -> Recording:
    """A kept recording."""
    return msgspec.json.decode(gzip.decompress((RECORDINGS / f"{name}.json.gz").read_bytes()), type=Recording)


def recordings() -> list[str]:
    """The names of all that are kept."""
    return sorted(path.name.removesuffix(".json.gz") for path in RECORDINGS.glob("*.json.gz"))


def replayed(recording: Recording) -> Machine:
    """The machine as it was recorded."""
    walls = np.array(recording.walls)

    def draw(rng: np.random.Generator) -> Walls:
        start = int(rng.integers(0, len(walls) - LOOKS[-1] + 1))
        return walls[start : start + LOOKS[-1]]

    return draw


def simulated(kind: str, arms: int = 3) -> Machine:
    """A machine by its faults: ``quiet``, ``drift``, ``bursts``, ``bimodal``; ``arms`` runs in a round."""

    def draw(rng: np.random.Generator) -> Walls:
        shape = (LOOKS[-1], arms)
        noise = rng.normal(0, 0.01, shape)
        if kind == "drift":  # levels that wander by a third within the race, and a little within each round
            steps = rng.normal(0, 0.03, shape[0] * arms).cumsum().reshape(shape)
            noise += steps
        if kind == "bursts":  # a neighbour that takes the core now and then, for some runs or some rounds
            noise += np.where(rng.random(shape) < 0.05, rng.exponential(0.5, shape), 0)
            noise += np.where(rng.random((shape[0], 1)) < 0.1, rng.exponential(0.3, (shape[0], 1)), 0)
        if kind == "bimodal":  # two levels, 155 and 245 ms, which change about every thirtieth run
            switches = (rng.random(shape[0] * arms) < 1 / 30).cumsum().reshape(shape) % 2
            noise += switches * math.log(245 / 155)
        return np.exp(noise) * 0.155

    return draw


SIMULATED = ("quiet", "drift", "bursts", "bimodal")


@dataclass(frozen=True, kw_only=True, slots=True)
class Rates:
    """What many trials said.

    Attributes:
        verdicts: of all candidates of all trials.
        families: trials in which any candidate was called faster or slower.
        pairs: mean pairs behind a verdict.
    """

    trials: int
    verdicts: Counter[Timing]
    families: int
    pairs: float

    def share(self, *timings: Timing) -> float:
        return sum(self.verdicts[each] for each in timings) / self.verdicts.total()

    @property
    def significant(self) -> float:
        return self.share(Timing.FASTER, Timing.SLOWER)


def trial(walls: Walls, rng: np.random.Generator, factors: Sequence[float]) -> dict[str, tuple[Timing, int]]:
    """Verdict and pairs of each candidate; candidate i takes ``factors[i]`` times as long as the baseline."""
    arms = [f"c{number}" for number in range(len(factors))]
    lots = rng.permuted(walls, axis=1)[:, : len(factors) + 1] * np.array([1.0, *factors])
    rounds = [
        Round(
            number=number,
            samples=tuple(
                Sample(arm=arm, wall=wall, user=wall, sys=0.0, maxrss=0, nivcsw=0)
                for arm, wall in zip((BASELINE, *arms), row, strict=True)
            ),
        )
        for number, row in enumerate(lots.tolist())
    ]
    state = judge(rounds, arms, baseline=BASELINE)
    return {arm: (state.comparisons[arm].timing, state.comparisons[arm].pairs) for arm in arms}


def rates(machine: Machine, *, factors: Sequence[float], trials: int, seed: int) -> Rates:
    """Many trials on one machine, each from the seed and its number alone."""
    verdicts: Counter[Timing] = Counter()
    families = pairs = 0
    for number in range(trials):
        rng = np.random.default_rng([seed, number])
        found = trial(machine(rng), rng, factors)
        verdicts.update(timing for timing, _ in found.values())
        families += any(timing in {Timing.FASTER, Timing.SLOWER} for timing, _ in found.values())
        pairs += sum(count for _, count in found.values())
    return Rates(trials=trials, verdicts=verdicts, families=families, pairs=pairs / verdicts.total())
