"""What the search may expect of a project it has not seen: the mean of the recorded grids, as terms.

    python bench/prior.py [--write]

Reads bench/data/grids. Prints how well the terms of all other grids foretell each grid (standard deviation of ln ratio
against Cargo's default, before and after); with --write renews src/burnish/tune/terms.py, which a test compares.
"""

import argparse
import math
import statistics
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "unit"))

from search_trials import grids, load, others, terms  # noqa: E402  # the tests replay the same grids

from burnish.profile.profile import CARGO_DEFAULT, Profile  # noqa: E402
from burnish.tune.prior import Terms, expected  # noqa: E402
from burnish.tune.space import code  # noqa: E402

HEAD = '''"""Terms of the search's expectation, written by `python bench/prior.py --write` from bench/data/grids. Pure.

Grids: {names}. Log units against Cargo's default, mean of the projects.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

TERMS: Final[Mapping[str, Mapping[str, float]]] = MappingProxyType(
    {{
'''


def text() -> str:
    """The module."""
    found = terms([load(name) for name in grids()])
    lines = [HEAD.format(names=", ".join(grids()))]
    for metric, values in found.items():
        lines.append(f'        "{metric}": {{\n')
        lines.extend(f'            "{name}": {value},\n' for name, value in values.items())
        lines.append("        },\n")
    return "".join((*lines, "    }\n)\n"))


def foretold(known: Mapping[str, Terms], name: str) -> dict[str, tuple[float, float]]:
    """Of each metric, the standard deviation of the grid's log ratios, and of what the terms leave of them."""
    found = {}
    points = {Profile.parse(point.profile): point for point in load(name).points}
    for metric, values in known.items():
        seen = {each: getattr(point, metric) for each, point in points.items() if getattr(point, metric)}
        base = seen.get(code(CARGO_DEFAULT))
        if base is None:
            continue
        logs = [math.log(value / base) for value in seen.values()]
        left = [one - other for one, other in zip(logs, expected(values, list(seen)), strict=True)]
        found[metric] = (statistics.pstdev(logs), statistics.pstdev(left))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    print("| project | metric | spread | left |\n|---|---|---|---|")
    for name in grids():
        for metric, (before, after) in foretold(others(load(name)), name).items():
            print(f"| {name} | {metric} | {before:.3f} | {after:.3f} |")
    if args.write:
        (ROOT / "src" / "burnish" / "tune" / "terms.py").write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
