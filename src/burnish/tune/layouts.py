"""The finalist and the baseline linked in random orders, and what is left of a difference in run time over them."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from burnish.build.values import Artifact
from burnish.measure.layouts import LAYOUTS, ROUNDS_EACH, LayoutLuck, Linker, arm
from burnish.measure.rounds import ArmError
from burnish.measure.values import Timing
from burnish.profile.profile import Profile
from burnish.tune.builds import Builds
from burnish.tune.identity import digest
from burnish.tune.result import Row
from burnish.tune.space import code
from burnish.tune.timing import Timer

_DIFFERENT = frozenset({Timing.FASTER, Timing.SLOWER})


@dataclass(frozen=True, kw_only=True, slots=True)
class Linked:
    """The layouts of one code, what linked them, and the seconds that took; none where nothing could."""

    artifacts: tuple[Artifact, ...]
    linker: Linker
    seconds: float


def over_layouts(builds: Builds, timer: Timer | None, row: Row, base: Profile) -> LayoutLuck | None:
    """Time a confirmed row against the baseline over random layouts of both.

    None where there is no difference in time to look at; and, with a note that says why, where the libraries are not
    shared (only the final crate is done again), nothing links it in another order, or the budget does not allow it.
    """
    if timer is None or row.time is None or row.time.timing not in _DIFFERENT or code(base) == code(row.profile):
        return None
    programs = {"baseline": code(base), "winner": code(row.profile)}
    found = _timed(builds, timer, programs)
    if isinstance(found, str):
        builds.progress.note(f"luck of layout was not looked at: {found}")
        return None
    return found


def _timed(builds: Builds, timer: Timer, programs: Mapping[str, Profile]) -> LayoutLuck | str | None:
    """Over layouts, or why not, in words."""
    cost = sum(builds.done[each].cost.rebuild for each in programs.values() if each in builds.done)
    if any(builds.needs_plain(each) for each in programs.values()):
        return "the libraries are not shared here"
    if cost + layout_seconds(timer) > builds.ledger.left():
        return "the budget is spent"
    linker = Linker.OWN
    for name, profile in programs.items():
        linked = _linked(builds, profile)
        if len(linked.artifacts) != LAYOUTS:
            return "neither the linker nor the toolchain's lld links it with its sections shuffled"
        linker = linked.linker
        for number, artifact in enumerate(linked.artifacts, 1):
            timer.place(arm(name, number), builds.builder.workshop.directory / artifact.path, artifact.sha256)
    try:
        found = timer.layouts("winner", "baseline")
        return None if found is None else replace(found, linker=linker)
    except ArmError as error:
        return error.message


def layout_seconds(timer: Timer) -> float:
    """How long the rounds over layouts take, about."""
    return 2 * LAYOUTS * ROUNDS_EACH * timer.wall * timer.repeats


def held(row: Row, luck: LayoutLuck | None) -> Row:
    """The row as it may be judged: a time that does not hold over layouts is none that counts."""
    if luck is None or row.time is None or luck.holds:
        return row
    return replace(row, time=replace(row.time, timing=Timing.UNDECIDED))


def _linked(builds: Builds, profile: Profile) -> Linked:
    """The layouts of a code; linked once, and again where their files are gone."""
    key = digest("layouts", builds.session.key, profile.id, LAYOUTS)
    found = builds.store.fact(key, Linked)
    if found is None or not builds.builder.whole(found.artifacts):
        builds.progress.building(profile.id, f"again, in {LAYOUTS} random orders")
        start = time.perf_counter()
        linker = Linker.OWN
        wanted = replace(profile, strip=builds.base)
        artifacts = builds.builder.layouts(wanted, LAYOUTS)
        if not artifacts:
            linker = Linker.LLD
            artifacts = builds.builder.layouts(wanted, LAYOUTS, lld=True)
        found = Linked(artifacts=artifacts, linker=linker, seconds=time.perf_counter() - start)
        builds.store.keep_fact(key, found)
    builds.ledger.book(key, found.seconds)
    return found
