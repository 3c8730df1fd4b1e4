"""The sentences of a verdict: headline, reasons, price. Pure; every figure comes from the rows."""

from collections import Counter
from collections.abc import Sequence

from burnish.measure.values import Comparison, Timing
from burnish.profile.options import BY_KEY, OPTIONS, Lto, Panic, Strip
from burnish.profile.profile import Profile
from burnish.tune.goals import RELEVANT
from burnish.tune.result import Confirmation, Goal, Noise, OptionChange, Row
from burnish.tune.verdict import Standing
from burnish.units import format_bytes, format_change, format_seconds, plural


def option_changes(old: Profile, new: Profile) -> tuple[OptionChange, ...]:
    """The options that differ, in the order of the table."""
    return tuple(
        OptionChange(key=option.key, old=old.value(option.key), new=new.value(option.key))
        for option in OPTIONS
        if old.value(option.key) != new.value(option.key)
    )


def time_words(time: Comparison) -> str:
    """``12.3 % less run time (11.0 to 13.5 %, 40 rounds)``, or that no difference can be seen."""
    low, high = format_change(time.low), format_change(time.high)
    seen = "" if time.smallest is None else f", {time.smallest * 100:.1f} % can be seen"
    between = f"interval {low} to {high}, {time.pairs} rounds{seen}"
    match time.timing:
        case Timing.FASTER:
            return f"{(1 - time.ratio) * 100:.1f} % less run time ({between})"
        case Timing.SLOWER:
            return f"{(time.ratio - 1) * 100:.1f} % more run time ({between})"
        case Timing.SAME:
            return f"the same run time ({between})"
        case Timing.UNDECIDED:
            return f"no difference in run time that can be seen here ({between})"


def headline_change(row: Row, baseline: Row, confirmation: Confirmation, name: str, *, ships: bool) -> str:
    """One sentence: what to ship and what it brings; of the size only where the file ``ships``."""
    brings = [size_words(confirmation.size.file, baseline.size.file)] if ships else []
    if confirmation.time is not None:
        brings.insert(0, time_words(confirmation.time).partition(" (")[0])
    build = confirmation.cost.cpu / baseline.cost.cpu
    brings.append(f"{format_change(build, digits=0)} CPU for a cold build{'' if ships else ' of the bench'}")
    changes = ", ".join(f"{each.key} = {each.new}" for each in option_changes(baseline.profile, row.profile))
    return f"Change [profile.{name}] to {changes}: {'; '.join(brings)}."


def size_words(new: int, old: int) -> str:
    """``a file 12.3 % smaller (1.20 MB instead of 1.37 MB)``."""
    percent = (new / old - 1) * 100
    sizes = f"{format_bytes(new)} instead of {format_bytes(old)}"
    if abs(percent) < 0.05:
        return f"a file of the same size ({format_bytes(new)})"
    return f"a file {abs(percent):.1f} % {'smaller' if percent < 0 else 'larger'} ({sizes})"


def reasons_for(
    row: Row, baseline: Row, confirmation: Confirmation, *, goal: Goal, tried: int, noise: Noise | None
) -> tuple[str, ...]:
    """Why this one."""
    found = [f"It serves the goal {goal!s} best of {tried} profiles that were built and measured."]
    if confirmation.time is not None:
        found.append(f"Confirmed on fresh builds by plain cargo in fresh rounds: {time_words(confirmation.time)}.")
    else:
        found.append("Confirmed on a fresh build by plain cargo.")
    if noise is not None:
        found.append(
            f"The baseline against itself: {format_change(noise.control.ratio)}; differences below "
            f"{noise.floor * 100:.1f} % cannot be seen on this machine now."
        )
    if row.instructions is not None and baseline.instructions:
        change = format_change(row.instructions / baseline.instructions)
        cycles = ""
        if row.cycles is not None and baseline.cycles:
            cycles = f" in {row.cycles:,} cycles ({format_change(row.cycles / baseline.cycles)})"
        found.append(f"It executes {row.instructions:,} instructions on the workload ({change}){cycles}.")
    return tuple(found)


def price_of(row: Row, baseline: Row, confirmation: Confirmation, *, ships: bool) -> tuple[str, ...]:
    """What it costs: build time, memory, debuggability, behaviour."""
    cost, before = confirmation.cost, baseline.cost
    built = "Cold build" if ships else "Cold build of the bench, dev-dependencies included"
    found = [
        (
            f"{built}: {format_seconds(cost.cpu)} CPU instead of {format_seconds(before.cpu)} "
            f"({format_seconds(cost.wall)} instead of {format_seconds(before.wall)} by the clock)."
        ),
        (
            f"Rebuild after a change in the final crate: {format_seconds(cost.rebuild)} instead of "
            f"{format_seconds(before.rebuild)}."
        ),
        (
            f"Memory of the largest build process: {format_bytes(cost.peak_memory)} instead of "
            f"{format_bytes(before.peak_memory)}."
        ),
    ]
    old, new = baseline.profile, row.profile
    if new.strip is Strip.SYMBOLS and old.strip is not Strip.SYMBOLS:
        found.append("Backtraces, profilers and crash reports show no function names (strip = symbols).")
    if new.strip is Strip.DEBUGINFO and old.strip is Strip.NONE:
        found.append("Backtraces show no file and line (strip = debuginfo).")
    if new.panic is Panic.ABORT and old.panic is not Panic.ABORT:
        found.append(f"Behaviour: {BY_KEY['panic'].cost}.")
    if new.lto is Lto.FAT and old.lto is not Lto.FAT:
        found.append("Fat LTO links on one core; each test and bench binary of this profile pays it too.")
    return tuple(found)


def headline_nothing(name: str, best: Standing | None) -> str:
    """One sentence: keep the profile, and why."""
    if best is None:
        return f"Nothing worth changing: no other profile could be compared with [profile.{name}]."
    if best.obstacles:
        out = f"the next best, {best.row.profile.id}, is out: {best.obstacles[0]}"
        return f"Nothing worth changing in [profile.{name}]: {out}."
    return (
        f"Nothing worth changing in [profile.{name}]: the best of the others, {best.row.profile.id}, gains "
        f"{max(0.0, best.gain) * 100:.1f} % of what the goal counts; {RELEVANT * 100:.0f} % would be worth it."
    )


def nothing_reasons(standings: Sequence[Standing], baseline: Row, *, ships: bool) -> tuple[str, ...]:
    """What the closest candidates would have given."""
    found: list[str] = []
    for standing in standings[:3]:
        row = standing.row
        parts = [size_words(row.size.file, baseline.size.file)] if ships else []
        if row.time is not None:
            parts.append(time_words(row.time))
        parts.extend(standing.obstacles)
        if parts:
            found.append(f"{row.profile.id}: {'; '.join(parts)}.")
    return tuple(found)


def built_elsewhere(hosts: Sequence[str]) -> tuple[str, ...]:
    """What machines of a cluster built, given the host of each candidate's build, empty for this machine."""
    by_host = Counter(host for host in hosts if host)
    if not by_host:
        return ()
    machines = ", ".join(f"{host} ({count})" for host, count in by_host.most_common())
    built = f"{by_host.total()} of {plural(len(hosts), 'candidate')} were built on machines of a cluster, {machines}"
    return (f"{built}; the baseline, the confirmation and all run times are this machine's own.",)
