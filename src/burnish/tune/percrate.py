"""An opt-level for some crates: which to try, from bytes and instructions by crate, and whether it pays. Pure.

Projects keep such overrides by hand: s or z for what is large and hardly runs, 3 for what runs most. Here they are
proposed from a count, built, measured, and accepted only where the goal gains.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from burnish.build.audit import is_host
from burnish.build.symbols import crate_of
from burnish.build.values import CrateRun
from burnish.measure.values import Comparison
from burnish.profile.options import OptLevel
from burnish.tune.goals import RELEVANT, utility
from burnish.tune.result import Goal
from burnish.tune.verdict import counted_time

#: A crate with a smaller share of the instructions is cold; one with a larger share than the other is hot.
COLD: Final = 0.005
HOT: Final = 0.1
#: A crate with a smaller share of the code is not worth a line in the manifest.
WORTH: Final = 0.005
#: The most a program with overrides may be slower, whatever it gains.
SLOWER: Final = 1.02


@dataclass(frozen=True, kw_only=True, slots=True)
class CrateShare:
    """A crate's bytes of code and instructions of the workload, as shares of the program's."""

    crate: str
    package: str
    code: float
    instructions: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """An opt-level for some packages."""

    opt_level: OptLevel
    packages: tuple[str, ...]

    @property
    def overrides(self) -> dict[str, str]:
        """By package."""
        return dict.fromkeys(self.packages, str(self.opt_level))


def packages_of(crates: Iterable[CrateRun]) -> dict[str, str]:
    """The package of each crate that goes into the program, where one name means one package.

    A package of which two versions are compiled is left out: an override could not say which.
    """
    libraries = [run for run in crates if not is_host(run) and run.package]
    units = Counter((run.package, run.crate) for run in libraries)
    return {crate: package for (package, crate), count in units.items() if count == 1}


def shares(
    code: Iterable[tuple[str, int]], instructions: Mapping[str, int], packages: Mapping[str, str]
) -> tuple[CrateShare, ...]:
    """Largest first; only crates that cargo compiles.

    Args:
        code: bytes by crate.
        instructions: by function, mangled.
        packages: of the crates that cargo compiles.
    """
    sizes = dict(code)
    counts: Counter[str] = Counter()
    for name, count in instructions.items():
        counts[crate_of(name)] += count
    whole, all_instructions = sum(sizes.values()) or 1, sum(counts.values()) or 1
    found = [
        CrateShare(
            crate=crate,
            package=package,
            code=sizes.get(crate, 0) / whole,
            instructions=counts[crate] / all_instructions,
        )
        for crate, package in packages.items()
    ]
    return tuple(sorted(found, key=lambda each: (-each.code, each.crate)))


def proposals(found: Iterable[CrateShare], level: OptLevel) -> tuple[Proposal, ...]:
    """What to try on a program of this opt-level; nothing where no crate is worth it."""
    rows = list(found)
    small = level in {OptLevel.S, OptLevel.Z}
    if small:
        hot = tuple(sorted({each.package for each in rows if each.instructions >= HOT}))
        return (Proposal(opt_level=OptLevel.O3, packages=hot),) if hot else ()
    cold = tuple(sorted({each.package for each in rows if each.instructions < COLD and each.code >= WORTH}))
    warm = {each.package for each in rows if each.instructions >= COLD}
    cold = tuple(package for package in cold if package not in warm)
    return tuple(Proposal(opt_level=each, packages=cold) for each in (OptLevel.S, OptLevel.Z)) if cold else ()


def gain(goal: Goal, *, size: float, build: float, time: Comparison | None) -> float:
    """What ratios to the program without overrides are worth, as a log ratio; a time that is not significant is 1."""
    return -utility(goal, size=math.log(size), time=math.log(counted_time(time)), build=math.log(build))


def pays(goal: Goal, *, size: float, build: float, time: Comparison | None) -> bool:
    """Whether overrides are worth their lines: a relevant gain, and not slower by more than `SLOWER` for sure."""
    slow = time is None or time.high > SLOWER
    return not slow and gain(goal, size=size, build=build, time=time) >= RELEVANT
