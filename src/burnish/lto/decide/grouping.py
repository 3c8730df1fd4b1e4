"""Modules into units: how many, which together, and in which order backends start on them."""

import numpy as np

from burnish.lto.decide.columns import Ints
from burnish.lto.decide.thinlink import ThinLink
from burnish.lto.modules import Kind

#: Groups for each core: enough that the last ones to end leave no core idle for long.
GROUPS_PER_CORE = 2


def live_weights(link: ThinLink) -> Ints:
    """Live instructions of each module (i64[m]), what its optimization and code generation costs."""
    index = link.index
    rows = np.flatnonzero(link.live & (index.kind == Kind.FUNCTION))
    weights = np.bincount(index.module[rows], weights=index.instructions[rows], minlength=len(index.modules))
    return weights.astype(np.int64)


def default_groups(weights: Ints, cores: int) -> int:
    """A good number of groups.

    Fewer and larger groups give smaller programs and cost less CPU in importing; more groups keep more cores busy.
    With `GROUPS_PER_CORE` groups for each core, started largest first, the cores end at nearly the same time; more than
    that only costs. No group can be smaller than the largest module, as a module is never split: when std alone is
    two thirds of a small program, a third group ends long before std does and saves nothing. So there are never more
    groups than would weigh as much as the largest module. Measured on 2 cores: best with 4 groups where the largest
    module is a seventh of the program, with 2 where it is two thirds.
    """
    total, largest = int(weights.sum()), int(weights.max(initial=0))
    if not largest:
        return 1
    useful = -(-total // largest)
    return max(1, min(GROUPS_PER_CORE * cores, useful, int(np.count_nonzero(weights))))


def one_each(modules: int) -> Ints:
    """Thin: each module its own unit."""
    return np.arange(modules)


def contiguous(weights: Ints, groups: int) -> Ints:
    """The group of each module: contiguous in link order, which keeps crates together, the heaviest as light as can be.

    Groups are numbered from 0 and none is empty; there are as many as asked for, or as modules.
    """
    groups = max(1, min(groups, len(weights)))
    # A module without live code costs something too, and must not make a group of its own.
    ends = np.cumsum(weights + 1)
    if not len(ends):
        return np.zeros(0, np.int64)
    low, high = max(int(weights.max()) + 1, -(-int(ends[-1]) // groups)), int(ends[-1])
    while low < high:
        middle = (low + high) // 2
        if len(_cuts(ends, middle)) <= groups:
            high = middle
        else:
            low = middle + 1
    cuts = _split_more(ends, _cuts(ends, low), groups)
    return np.searchsorted(np.array(cuts, np.int64), np.arange(len(weights)), side="right").astype(np.int64)


def _cuts(ends: Ints, capacity: int) -> list[int]:
    """The end of each group, when each takes as many modules as it can bear."""
    cuts: list[int] = []
    weight = 0
    while not cuts or cuts[-1] < len(ends):
        # The largest module fits: every search finds at least one more.
        cut = int(np.searchsorted(ends, weight + capacity, side="right"))
        cuts.append(cut)
        weight = int(ends[cut - 1])
    return cuts


def _split_more(ends: Ints, cuts: list[int], groups: int) -> list[int]:
    """Split the heaviest groups of several modules until there are as many as asked for."""
    while len(cuts) < groups:
        starts = [0, *cuts[:-1]]
        splittable = [place for place, (start, end) in enumerate(zip(starts, cuts, strict=True)) if end - start > 1]
        before = [int(ends[start - 1]) if start else 0 for start in starts]
        place = max(splittable, key=lambda at: int(ends[cuts[at] - 1]) - before[at])
        start, end = starts[place], cuts[place]
        middle = (before[place] + int(ends[end - 1])) // 2
        cut = start + int(np.searchsorted(ends[start:end], middle)) + 1
        cuts.insert(place, min(max(cut, start + 1), end - 1))
    return cuts


def largest_first(costs: Ints) -> tuple[int, ...]:
    """The order in which a pool takes units: LPT, of equal ones the first (``generateModulesOrdering``)."""
    return tuple(int(unit) for unit in np.argsort(-costs, kind="stable"))
