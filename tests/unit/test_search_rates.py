"""The search over complete recorded grids: what it finds for what cost stays in its bounds, and it beats its peers.

It knows what the other grids let expect, never the grid that it searches. `python bench/search.py` prints the tables.
"""

import statistics
from functools import cache

import pytest
from search_trials import CLOSE, SEARCHES, Outcome, grids, load, run, terms

from burnish.tune.result import Goal
from burnish.tune.terms import TERMS

SEEDS = range(4)
GOALS = (Goal.SIZE, Goal.SPEED, Goal.BALANCED)
#: The most of the cost of the whole grid, each built from nothing by plain cargo, that a search may take.
MOST = {Goal.SIZE: 0.28, Goal.SPEED: 0.32, Goal.BALANCED: 0.22}


@cache
def outcomes(name: str, goal: Goal) -> tuple[Outcome, ...]:
    return tuple(run(SEARCHES["burnish"], load(name), goal, seed=seed) for seed in SEEDS)


def test_there_are_grids_of_several_projects() -> None:
    assert len(grids()) >= 4
    assert all(len(load(name).points) >= 40 for name in grids())


@pytest.mark.parametrize("goal", GOALS)
@pytest.mark.parametrize("name", grids())
def test_the_best_of_the_grid_is_found_for_a_small_share_of_its_cost(name: str, goal: Goal) -> None:
    found = outcomes(name, goal)
    assert max(each.regret for each in found) < CLOSE
    assert statistics.mean(each.alone for each in found) < MOST[goal]


@pytest.mark.parametrize("peer", [name for name in SEARCHES if name != "burnish"])
@pytest.mark.parametrize("goal", GOALS)
def test_no_peer_does_better_with_as_many_builds(goal: Goal, peer: str) -> None:
    ours, theirs = [], []
    for name in grids():
        for seed, own in zip(SEEDS, outcomes(name, goal), strict=True):
            ours.append(own.regret)
            theirs.append(run(SEARCHES[peer], load(name), goal, seed=seed, builds=own.builds).regret)
    assert statistics.mean(ours) <= statistics.mean(theirs) + 0.002
    if goal is Goal.SIZE:
        assert statistics.mean(theirs) > statistics.mean(ours) + 0.02


def test_what_the_search_expects_is_what_the_grids_say() -> None:
    """`python bench/prior.py --write` after a grid is recorded."""
    assert terms([load(name) for name in grids()]) == TERMS
