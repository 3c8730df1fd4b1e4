"""What options did to other projects: where the search starts from, before it has seen this one. Pure.

It is an expectation and never evidence: it chooses what is built first, and what is built corrects it. The figures
are in `burnish.tune.terms`, from the complete grids of bench/data/grids.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt

from burnish.profile.profile import Profile

#: What changes the code. Strip acts after the link: its effect on size is measured, not modelled.
FACTORS: Final = ("opt-level", "lto", "codegen-units", "panic")

#: Of each metric, in log units: values of options, and pairs of them that do more or less than their sum.
Terms = Mapping[str, float]


def names(profile: Profile) -> list[str]:
    """The terms of a profile: ``lto=fat``, then pairs, ``opt-level=z lto=fat``."""
    levels = [f"{key}={profile.value(key)}" for key in FACTORS]
    return levels + [f"{one} {other}" for one, other in combinations(levels, 2)]


def expected(terms: Terms, profiles: Sequence[Profile]) -> npt.NDArray[np.float64]:
    """Sum of the terms of each profile, in log units; a term that no project has shown counts nothing."""
    return np.array([sum(terms.get(name, 0.0) for name in names(profile)) for profile in profiles], dtype=np.float64)


def fit(responses: Mapping[Profile, float]) -> dict[str, float]:
    """The smallest terms that add up to the responses (ridge regression), rounded to a thousandth.

    An option that all profiles have alike gets none: what it does was not seen.
    """
    alike = {key for key in FACTORS if len({profile.value(key) for profile in responses}) == 1}
    of = {profile: [name for name in names(profile) if not _speaks_of(name, alike)] for profile in responses}
    there = sorted({name for used in of.values() for name in used})
    column = {name: at for at, name in enumerate(there)}
    design = np.zeros((len(responses), len(there)))
    for row, used in enumerate(of.values()):
        design[row, [column[name] for name in used]] = 1.0
    values = np.array(list(responses.values()))
    weights = np.linalg.solve(design.T @ design + 0.1 * np.eye(len(there)), design.T @ values)
    return {name: round(float(weights[at]), 3) for name, at in column.items()}


def _speaks_of(name: str, options: set[str]) -> bool:
    return any(level.partition("=")[0] in options for level in name.split())
