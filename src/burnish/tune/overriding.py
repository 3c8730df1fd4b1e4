"""Opt-levels for single crates at work: count, propose, build, time, and say what pays."""

from dataclasses import dataclass, replace

from burnish.build.values import Build, FailedBuild
from burnish.measure.rounds import ArmError
from burnish.measure.samples import CALLGRIND_SLOWDOWN, instructions_by_function
from burnish.profile.profile import Profile
from burnish.tune.builds import Builds
from burnish.tune.identity import digest
from burnish.tune.percrate import Proposal, gain, packages_of, pays, proposals, shares
from burnish.tune.result import Goal, PerCrate
from burnish.tune.rows import measure_size, strength
from burnish.tune.space import code
from burnish.tune.timing import CONFIRM_ROUNDS, Timer

#: Seconds that counting by function may take.
LONGEST_COUNT = 300.0


@dataclass(frozen=True, kw_only=True, slots=True)
class _Counts:
    """Instructions by function, and whether there was an answer; as it is stored."""

    found: dict[str, int]


def try_per_crate(builds: Builds, timer: Timer | None, goal: Goal, chosen: Profile) -> tuple[PerCrate, ...]:
    """Try what is worth trying on the profile of the verdict; at most one is accepted. A note says why nothing was."""
    refused = "a bench is not what is shipped, and runs other code"
    found = _tried(builds, timer, goal, chosen) if builds.ships else refused
    if isinstance(found, str):
        builds.progress.note(f"--per-crate: {found}")
        return ()
    gains = [_gain(goal, each) if each.accepted else 0.0 for each in found]
    best = max(gains, default=0.0)
    return tuple(
        replace(each, accepted=each.accepted and own == best, reason=each.reason or _reason(each, own, best))
        for each, own in zip(found, gains, strict=True)
    )


def _reason(each: PerCrate, own: float, best: float) -> str:
    if each.accepted:
        return "it pays" if own == best else "another level pays more"
    return "the goal does not gain enough, or it may be slower"


def _gain(goal: Goal, each: PerCrate) -> float:
    return gain(goal, size=each.size[1] / each.size[0], build=each.cpu[1] / each.cpu[0], time=each.time)


def _tried(builds: Builds, timer: Timer | None, goal: Goal, chosen: Profile) -> tuple[PerCrate, ...] | str:
    if timer is None:
        return "without --run nobody knows which crates are cold"
    looked = builds.done.get(code(chosen))
    plain = builds.plainly_built(chosen, "the profile of the verdict, by plain cargo from nothing")
    if looked is None or isinstance(plain, FailedBuild):
        return "the profile of the verdict was not built"
    if timer.wall * CALLGRIND_SLOWDOWN > LONGEST_COUNT:
        return f"counting by function would take over {LONGEST_COUNT:g} s: give it less to do"
    counts = _counts(builds, timer, looked)
    if counts is None:
        return "valgrind is missing, or the workload fails under it"
    size = measure_size(builds, looked, min(looked.artifacts, key=strength), by_crate=True)
    wanted = proposals(shares(size.crates, counts, packages_of(looked.crates)), chosen.opt_level)
    if not wanted:
        return "no crate is cold and large enough, or hot enough, for an opt-level of its own"
    return tuple(_try(builds, timer, goal, plain, proposal) for proposal in wanted)


def _counts(builds: Builds, timer: Timer, looked: Build) -> dict[str, int] | None:
    """Of the variant that has its names."""
    strip = min(looked.artifacts, key=strength)
    path = builds.builder.variant(looked, strip)
    if path is None:
        return None
    timer.place("counted", path, looked.artifacts[strip].sha256)
    key = digest("functions", timer.key("functions", ("counted",)))
    stored = builds.store.fact(key, _Counts)
    if stored is None:
        builds.progress.counting(looked.profile.id, "callgrind")
        workload = timer.bench.workload
        found = instructions_by_function(
            timer.bench.argv("counted"), workload.cwd, builds.session.environment, timeout=2 * LONGEST_COUNT
        )
        stored = _Counts(found=dict(found or {}))
        builds.store.keep_fact(key, stored)
    return stored.found or None


def _try(builds: Builds, timer: Timer, goal: Goal, plain: Build, proposal: Proposal) -> PerCrate:
    profile = plain.profile
    before = plain.artifacts[profile.strip].size
    row = PerCrate(
        opt_level=str(proposal.opt_level),
        packages=proposal.packages,
        size=(before, before),
        cpu=(plain.cost.cpu, plain.cost.cpu),
        time=None,
        accepted=False,
        reason="",
    )
    reason = f"with opt-level {proposal.opt_level} for {len(proposal.packages)} packages"
    built = builds.overridden(profile, proposal.overrides, reason)
    if isinstance(built, FailedBuild):
        return replace(row, reason="it does not build")
    for arm, build in (("without", plain), ("with", built)):
        path = builds.builder.variant(build, profile.strip)
        if path is not None:
            timer.place(arm, path, build.artifacts[profile.strip].sha256)
    try:
        state = timer.race(
            f"per-crate {proposal.opt_level}", ["with"], "without", until=builds.ledger.budget, n_min=CONFIRM_ROUNDS
        )
    except ArmError as error:
        return replace(row, reason=error.message)
    time = state.comparisons.get("with")
    size, cpu = built.artifacts[profile.strip].size, built.cost.cpu
    paying = pays(goal, size=size / before, build=cpu / plain.cost.cpu, time=time)
    return replace(row, size=(before, size), cpu=(plain.cost.cpu, cpu), time=time, accepted=paying)
