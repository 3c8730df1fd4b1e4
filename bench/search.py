"""Searches over complete recorded grids: how many builds until the best is found, and for what share of the cost?

    python bench/search.py [--seeds 50] [--builds 12]

Reads bench/data/grids (recorded by bench/grid.py). Peers: any order, one option at a time, a fractional factorial with
main effects, and, where it is installed (`pip install 'burnish[bench]'`), Optuna's TPE. The present search stops by
itself; the others get the number of builds that it took with the same seed. The tables of docs/method.md.
"""

import argparse
import random
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "unit"))

from search_trials import SEARCHES, Outcome, Search, World, grids, load, run  # noqa: E402  # the tests' searches

from burnish.profile.profile import Profile  # noqa: E402
from burnish.tune.prior import FACTORS  # noqa: E402
from burnish.tune.result import Goal  # noqa: E402
from burnish.tune.space import code  # noqa: E402

GOALS = (Goal.SIZE, Goal.SPEED, Goal.BALANCED)


def tpe(world: World, luck: random.Random) -> Iterator[Profile]:
    """Optuna's default sampler over the four options, told the baseline first."""
    import optuna  # noqa: PLC0415  # not needed by the others

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    values = {key: sorted({profile.value(key) for profile in world.space}) for key in FACTORS}
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=luck.randrange(2**31)))
    study.enqueue_trial({key: world.base.value(key) for key in FACTORS})
    for _ in range(20 * len(world.space)):
        trial = study.ask()
        profile = world.base
        for key, choices in values.items():
            profile = profile.with_value(key, trial.suggest_categorical(key, choices))
        profile = code(profile)
        if profile not in world.points:
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
            continue
        yield profile
        study.tell(trial, world.utility(profile))


def searches() -> dict[str, Search]:
    found = dict(SEARCHES)
    try:
        import optuna  # noqa: F401, PLC0415
    except ImportError:
        print("Optuna is not installed: left out", file=sys.stderr)
    else:
        found["Optuna TPE"] = tpe
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=50)
    args = parser.parse_args()
    peers = {name: search for name, search in searches().items() if name != "burnish"}
    print(f"{args.seeds} seeds. Shares of the cost of the whole grid: libraries shared, and each by plain cargo.")
    print("Then regret: percent of the utility, mean and worst seed.\n")
    head = ("project (codes)", "goal", "builds", "share, shared", "share, plain", "burnish", *peers)
    print(f"| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for name in grids():
        grid = load(name)
        for goal in GOALS:
            own = [run(SEARCHES["burnish"], grid, goal, seed=seed) for seed in range(args.seeds)]
            cells = [
                f"{name} ({len(grid.points)})",
                str(goal),
                f"{statistics.mean(each.builds for each in own):.1f}",
                f"{statistics.mean(each.share for each in own) * 100:.0f} %",
                f"{statistics.mean(each.alone for each in own) * 100:.0f} %",
                _regret(own),
            ]
            for search in peers.values():
                found = [run(search, grid, goal, seed=at, builds=each.builds) for at, each in enumerate(own)]
                cells.append(_regret(found))
            print(f"| {' | '.join(cells)} |")


def _regret(found: list[Outcome]) -> str:
    """Mean, and the worst seed."""
    mean, worst = statistics.mean(each.regret for each in found), max(each.regret for each in found)
    return f"{mean * 100:.1f} ({worst * 100:.1f})"


if __name__ == "__main__":
    main()
