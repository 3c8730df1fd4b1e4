"""What is built next, and when the search stops."""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from burnish.profile.options import Lto, OptLevel, Panic
from burnish.profile.profile import CARGO_DEFAULT, Profile
from burnish.tune.goals import utility
from burnish.tune.result import Goal
from burnish.tune.search import Observation, Proposal, next_candidate

SPACE = tuple(
    dict.fromkeys(
        Profile(opt_level=opt, lto=lto, codegen_units=units, panic=panic).canonical()
        for opt, lto, units, panic in itertools.product(
            (OptLevel.O1, OptLevel.O2, OptLevel.O3, OptLevel.S, OptLevel.Z), Lto, (None, 1), Panic
        )
    )
)
KEYS = ("opt-level", "lto", "codegen-units", "panic")
#: Log effects (size, time, build) of the size seen in Rust programs.
EFFECTS = {
    ("opt-level", "1"): (0.05, 0.15, -0.25),
    ("opt-level", "3"): (0.05, -0.02, 0.06),
    ("opt-level", "s"): (-0.12, 0.10, -0.08),
    ("opt-level", "z"): (-0.18, 0.30, -0.15),
    ("lto", "off"): (0.02, 0.02, -0.04),
    ("lto", "thin"): (-0.05, -0.02, 0.12),
    ("lto", "fat"): (-0.15, -0.03, 0.18),
    ("codegen-units", "1"): (-0.06, -0.02, -0.03),
    ("panic", "abort"): (-0.08, -0.01, -0.04),
}


@dataclass(frozen=True)
class World:
    """A synthetic program: effects that vary from program to program, and interactions of each two options."""

    logs: dict[Profile, tuple[float, float, float]]

    @classmethod
    def make(cls, seed: int) -> "World":
        rng = np.random.default_rng(seed)
        effects: dict[object, np.ndarray] = {}
        logs = {}
        for profile in SPACE:
            levels = [(key, profile.value(key)) for key in KEYS]
            total = np.zeros(3)
            for level in levels:
                known = np.array(EFFECTS.get(level, (0.0, 0.0, 0.0)))
                total += effects.setdefault(level, known * rng.uniform(0.5, 1.5) + 0.01 * rng.standard_normal(3))
            for pair in itertools.combinations(levels, 2):
                total += effects.setdefault(pair, 0.02 * rng.standard_normal(3))
            logs[profile] = (float(total[0]), float(total[1]), float(total[2]))
        return cls(logs)

    def observe(self, profile: Profile) -> Observation:
        size, time, build = self.logs[profile]
        return Observation(size=1e6 * math.exp(size), speed=1e9 * math.exp(time), build=60 * math.exp(build))

    def utility(self, goal: Goal, profile: Profile) -> float:
        size, time, build = self.logs[profile]
        return utility(goal, size=size, time=time, build=build)


def shuffled(seed: int) -> list[Profile]:
    return [SPACE[at] for at in np.random.default_rng(seed).permutation(len(SPACE))]


def ask(
    observed: dict[Profile, Observation],
    *,
    goal: Goal = Goal.SIZE,
    failed: frozenset[Profile] = frozenset(),
    space: tuple[Profile, ...] = SPACE,
    cost: Callable[[Profile], float] = lambda _: 1.0,
    seed: str = "seed",
) -> Proposal:
    return next_candidate(space, observed, failed=failed, goal=goal, expected_cost=cost, seed=seed)


def search(world: World, goal: Goal, limit: int) -> list[Profile]:
    """What is built, in order, until the search stops or ``limit`` is reached."""
    observed = {CARGO_DEFAULT: world.observe(CARGO_DEFAULT)}
    while len(observed) < limit:
        proposal = ask(observed, goal=goal, seed=str(len(observed)))
        if proposal.profile is None:
            break
        observed[proposal.profile] = world.observe(proposal.profile)
    return list(observed)


@pytest.mark.parametrize("goal", Goal)
def test_the_best_is_found_in_far_fewer_builds_than_at_random(goal: Goal) -> None:
    found = lucky = builds = 0
    for seed in range(10):
        world = World.make(seed)
        best = min(world.utility(goal, profile) for profile in SPACE)
        tried = search(world, goal, limit=32)
        builds += len(tried)
        found += min(world.utility(goal, profile) for profile in tried) <= best + 0.01
        blind = shuffled(seed)[: len(tried)]
        lucky += min(world.utility(goal, profile) for profile in blind) <= best + 0.01
    assert found >= 9
    assert found >= lucky + 3
    assert builds / 10 < 26  # of 70


@pytest.mark.parametrize("goal", Goal)
def test_the_search_stops_by_itself_with_a_reason(goal: Goal) -> None:
    world = World.make(1)
    tried = search(world, goal, limit=len(SPACE))
    assert len(tried) < len(SPACE) / 2
    last = ask({profile: world.observe(profile) for profile in tried}, goal=goal, seed=str(len(tried)))
    assert last.profile is None
    assert last.probability < 0.05
    assert last.reason.startswith("nothing promising is left (highest chance ")


def test_the_same_seed_gives_the_same_answer() -> None:
    world = World.make(2)
    observed = {profile: world.observe(profile) for profile in shuffled(9)[:8]}
    assert ask(observed, seed="x") == ask(observed, seed="x")
    assert len({ask(observed, seed=str(seed)).probability for seed in range(8)}) > 1


def test_a_proposal_is_unbuilt_and_did_not_fail() -> None:
    world = World.make(3)
    observed = {CARGO_DEFAULT: world.observe(CARGO_DEFAULT)}
    failed: set[Profile] = set()
    while len(failed) < 20:
        proposal = ask(observed, failed=frozenset(failed), seed=str(len(failed)))
        assert proposal.profile is not None
        assert proposal.profile not in observed
        assert proposal.profile not in failed
        assert 0.05 <= proposal.probability <= 1
        failed.add(proposal.profile)


def test_a_space_that_was_built_ends_the_search() -> None:
    world = World.make(4)
    space = SPACE[:3]
    observed = {profile: world.observe(profile) for profile in space[:2]}
    assert ask(observed, space=space, failed=frozenset(space[2:])).reason == "every profile of the space was built"


def test_nothing_built_yet_starts_with_the_first_of_the_space() -> None:
    assert ask({}).profile == SPACE[0]


def test_of_equals_the_cheaper_is_built() -> None:
    thin, fat = (Profile(lto=lto) for lto in (Lto.THIN, Lto.FAT))
    observed = {CARGO_DEFAULT: Observation(size=1e6, speed=None, build=10)}
    for cheap in (thin, fat):
        costs = {thin: 100.0, fat: 100.0} | {cheap: 1.0}
        assert ask(observed, space=(CARGO_DEFAULT, thin, fat), cost=lambda p, c=costs: c[p]).profile == cheap  # type: ignore[misc]


def test_without_a_workload_size_and_build_cost_lead() -> None:
    world = World.make(5)
    observed = {
        profile: Observation(size=seen.size, speed=None, build=seen.build)
        for profile, seen in ((profile, world.observe(profile)) for profile in SPACE[::3])
    }
    proposal = ask(observed)
    assert proposal.profile is None or proposal.profile in SPACE


def test_one_without_a_speed_among_others_is_filled_in() -> None:
    world = World.make(6)
    observed = {profile: world.observe(profile) for profile in shuffled(9)[:8]}
    first = next(iter(observed))
    observed[first] = Observation(size=observed[first].size, speed=None, build=observed[first].build)
    assert ask(observed, goal=Goal.SPEED).profile in SPACE


def test_profiles_outside_the_space_teach_too() -> None:
    world = World.make(7)
    space = tuple(profile for profile in SPACE if profile.opt_level is not OptLevel.O1)
    observed = {profile: world.observe(profile) for profile in SPACE if profile.opt_level is OptLevel.O1}
    proposal = ask(observed, space=space)
    assert proposal.profile in space
    assert proposal.reason == (f"expected to be the best so far in size with probability {proposal.probability:.2f}")


def test_a_profile_that_can_only_be_as_good_is_not_worth_a_build() -> None:
    observed = {profile: Observation(size=1e6, speed=1.0, build=10) for profile in SPACE[:-1]}
    assert ask(observed).profile is None
    observed[SPACE[0]] = Observation(size=1e6, speed=None, build=10)
    assert ask(observed, goal=Goal.SPEED).profile is None
