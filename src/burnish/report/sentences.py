"""What all reports say in sentences: noise, sharing, confirmation, circumstances, effort. Plain text, a line each."""

from collections.abc import Iterator, Sequence
from typing import Final

from burnish.measure.benchmarks import Benchmark
from burnish.measure.layouts import LayoutLuck, Linker
from burnish.measure.values import Kind, Timing
from burnish.profile.profile import CARGO_DEFAULT
from burnish.report.figures import ESTIMATE, comparison, first_line, interval, smallest
from burnish.report.printable import printable
from burnish.tune.contributions import METRICS, Contributions, Effect, contributions, stripping, waterfall
from burnish.tune.result import Outcome, PerCrate, Row, Sharing, TuneResult
from burnish.units import format_bytes, format_change, format_seconds, format_short

#: Closer than this, instructions and time say the same.
_APART: Final = 0.01

#: Headings of what the options contribute.
EFFECTS: Final = "What each option does"
PER_CRATE: Final = "An opt-level for single crates"
INSTRUCTIONS: Final = "Instructions and time"
BENCHMARKS: Final = "Each benchmark by itself (95 % intervals; of many, some leave 0 out by chance)"
STEPS: Final = "From Cargo's default, one option at a time"
#: What a report without a workload must say wherever run time would stand.
NO_RUN: Final = "No --run: sizes and build costs alone; run time was not measured."


def title(result: TuneResult) -> str:
    """``fd-find 10.3.0 (fd), [profile.release], goal balanced``."""
    what = result.artifact if result.ships else f"bench {result.artifact}"
    return printable(f"{result.package} {result.version} ({what}), [profile.{result.profile_name}], goal {result.goal}")


def measured(result: TuneResult) -> str:
    """What stands below the title where the program that is shipped was not measured, or no time; else nothing."""
    if result.workload is None:
        return NO_RUN
    if result.ships:
        return ""
    return (
        f"Measured: {sample(result)}. The file and the build costs are those of the bench executable with its "
        "dev-dependencies; it is not shipped, so its size decides nothing."
    )


def sample(result: TuneResult) -> str:
    """What a sample is: ``criterion's mean, geometric mean of 3 benchmarks``."""
    kind = Kind.PROGRAM if result.workload is None else result.workload.kind
    if kind is Kind.CRITERION:
        return f"criterion's mean, geometric mean of {_count(len(result.benchmarks), 'benchmark')}"
    return "wall time of one run of the bench" if kind is Kind.BENCH else "wall time of one run"


def benchmarks(result: TuneResult) -> tuple[str, ...]:
    """Criterion's benchmarks, the recommendation against the baseline; nothing where none was confirmed."""
    confirmed = result.recommendation.confirmation
    return () if confirmed is None else tuple(map(_benchmark, confirmed.benchmarks))


def _benchmark(each: Benchmark) -> str:
    between = f"{format_change(each.low).removesuffix(' %')} to {format_change(each.high)}"
    return f"{printable(each.name)}: {format_change(each.ratio)} ({between}), from {format_short(each.before)}"


def toml_caption(result: TuneResult) -> str:
    """What the block of TOML is."""
    if result.recommendation.outcome is Outcome.CHANGE:
        return "In Cargo.toml"
    return "What the profile does now, spelled out (nothing to change)"


def others(count: int) -> str:
    """What became of the rows that are not shown; empty where all are."""
    if not count:
        return ""
    verb = "more candidate was built, and is" if count == 1 else "more candidates were built, and are each"
    return f"{count} {verb} matched or beaten in every metric by one shown here."


def noise(result: TuneResult) -> tuple[str, ...]:
    """How small a difference can be seen; nothing without a workload."""
    if result.workload is None:
        return ()
    if result.noise is None:
        return ("No A/A control was run: how much of the differences is noise is not known.",)
    control = result.noise.control
    said = f"A/A control, the baseline against itself: {format_change(control.ratio)} ({interval(control)})"
    honest = control.timing in {Timing.SAME, Timing.UNDECIDED}
    return (
        f"{said}."
        if honest
        else f"{said}: not around zero, so this machine was not quiet, and the times are to be read with care.",
        f"Differences below {result.noise.floor * 100:.1f} % cannot be seen here.",
        *_seen(result),
    )


def _seen(result: TuneResult) -> tuple[str, ...]:
    """The smallest difference that each verdict could have found."""
    timed = [row for row in result.rows if row.time is not None and row.time.smallest is not None]
    if not timed:
        return ()
    each = ", ".join(f"{smallest(row.time)} of {row.profile.id}" for row in timed if row.time is not None)
    return (f"Differences that would have been found in four of five cases: from {each}.",)


def effects(result: TuneResult) -> tuple[str, ...]:
    """What the options of the recommendation do alone and together, a sentence for each metric and pair."""
    if not result.rows or result.recommendation.outcome is Outcome.NOTHING:
        return ()
    metrics = METRICS if result.ships else METRICS[1:]
    found = [contributions(result.rows, metric, result.recommendation.profile) for metric in metrics]
    return tuple(line for each in found if each is not None for line in _effects(each))


def _effects(found: Contributions) -> Iterator[str]:
    head = f"{found.metric[0].upper()}{found.metric[1:]}, from {found.builds} builds: "
    if not found.pairs:
        yield f"{head}{', '.join(f'{_changes(each.changes)} {_effect(each)}' for each in found.alone)}."
    for pair in found.pairs:
        one, other = (f"{_changes(each.changes)} alone {_effect(each)}" for each in (pair.first, pair.second))
        word = "overlap" if pair.overlap >= 0 else "gained together"
        mark = "" if pair.measured else ESTIMATE
        yield f"{head}{one}, {other}, both {_effect(pair.both)}: {word} {mark}{abs(pair.overlap) * 100:.1f} %."


def _changes(changes: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{key} = {value}" for key, value in changes)


def _effect(each: Effect) -> str:
    if each.measured:
        return format_change(each.ratio)
    low, high = format_change(each.low).removesuffix(" %"), format_change(each.high)
    return f"{ESTIMATE}{format_change(each.ratio)} ({low} to {high})"


def steps(result: TuneResult) -> tuple[str, ...]:
    """From Cargo's default to the recommendation, one option at a time; sizes without symbols."""
    end = result.recommendation.profile
    if not result.rows or not result.ships or result.recommendation.outcome is Outcome.NOTHING:
        return ()
    way = waterfall(result.rows, CARGO_DEFAULT, end)
    lines = []
    for before, step in zip((None, *way), way, strict=False):
        mark = "" if step.measured else ESTIMATE
        if before is None or step.change is None:
            lines.append(f"Cargo's default, {step.profile.id}: {mark}{format_bytes(round(step.value))} without symbols")
        else:
            doubt = "" if step.measured and before.measured else ESTIMATE
            change = format_change(step.value / before.value)
            lines.append(f"{_changes((step.change,))}: {mark}{format_bytes(round(step.value))} ({doubt}{change})")
    stripped = stripping(result.rows, CARGO_DEFAULT, end)
    if lines and stripped is not None:
        lines.append(
            f"strip = symbols, of Cargo's default: {format_bytes(stripped[0])} to {format_bytes(stripped[1])} "
            f"({format_change(stripped[1] / stripped[0])})"
        )
    return tuple(lines)


def per_crate(result: TuneResult) -> tuple[str, ...]:
    """What opt-levels of single crates were tried, and whether they pay."""
    return tuple(_overridden(each, result.profile_name) for each in result.per_crate)


def _overridden(each: PerCrate, profile: str) -> str:
    before, after = each.size
    time = f", run time {comparison(each.time)}" if each.time else ""
    figures = f"{format_change(after / before, digits=2)} file size{time}" if before else ""
    packages = ", ".join(map(printable, each.packages))
    verdict = "accepted" if each.accepted else "not accepted"
    where = f" Written as [profile.{profile}.package.NAME] opt-level = {each.opt_level}." if each.accepted else ""
    return f"opt-level {each.opt_level} for {packages}: {figures}; {verdict}: {printable(each.reason)}.{where}"


def instructions(result: TuneResult) -> tuple[str, ...]:
    """Where instruction counts and run times of the timed rows do not say the same, and what that means."""
    if not result.rows or not result.rows[0].instructions:
        return ()
    return tuple(line for row in result.rows[1:] for line in _disagreement(row, result.rows[0]))


def _disagreement(row: Row, base: Row) -> Iterator[str]:
    """A sentence where the count lies outside of the time's interval by more than a percent; cycles say why."""
    time = row.time
    if time is None or row.instructions is None or not base.instructions:
        return
    ratio = row.instructions / base.instructions
    cycles = row.cycles / base.cycles if row.cycles is not None and base.cycles else None
    seen = "" if cycles is None else f"{format_change(cycles)} cycles, "
    figures = f"{row.profile.id}: {format_change(ratio)} instructions, {seen}{format_change(time.ratio)} run time"
    if ratio < time.low - _APART:
        if cycles is None:
            yield f"{figures}: each that is left takes longer (memory, branches, or the kernel, which is not counted)."
        elif cycles < time.low - _APART:
            yield f"{figures}: the rest of the time is not the program's own code (the kernel, waiting)."
        else:
            yield f"{figures}: each that is left takes more cycles (misses, branches, longer chains)."
    elif ratio > time.high + _APART:
        if cycles is not None and cycles > time.high + _APART:
            yield f"{figures}: more work in less time (other threads, a higher clock, less waiting)."
        else:
            yield f"{figures}: they do more each, or wait less (vectorized or unrolled code, fewer misses)."


def confirmation(result: TuneResult) -> str:
    """How the winner held when plain cargo built it from nothing; empty where there was none."""
    confirmed = result.recommendation.confirmation
    if confirmed is None:
        return ""
    time = f", run time {comparison(confirmed.time)}" if confirmed.time else ""
    return (
        f"Confirmed: plain cargo, from nothing: {format_bytes(confirmed.size.file)}{time}; "
        f"{format_seconds(confirmed.cost.cpu)} CPU, {format_seconds(confirmed.cost.wall)} by the clock. "
        f"Its stripped size differs from the shared build's by {_deviation(confirmed.size_deviation)}."
        f"{_layouts(confirmed.layouts)}"
    )


def _layouts(luck: LayoutLuck | None) -> str:
    """What code placement has to do with it; nothing where that was not looked at."""
    if luck is None:
        return ""
    between = f"{format_change(luck.low).removesuffix(' %')} to {format_change(luck.high)}"
    lld = "" if luck.linker is Linker.OWN else ", linked by lld"
    return (
        f" Over {luck.layouts} random layouts of both programs{lld}: {format_change(luck.ratio)} run time "
        f"({between}, {luck.spread * 100:.1f} % between layouts); under another one it is the "
        f"faster with a chance of {luck.chance * 100:.0f} %."
    )


def sharing(result: TuneResult) -> tuple[str, ...]:
    """The self-check of shared builds, a sentence for each profile that was built both ways."""
    return tuple(_shared(each) for each in result.sharing)


def _shared(check: Sharing) -> str:
    differ = f"{check.profile.id}: stripped, the shared build and plain cargo's differ by {_deviation(check.deviation)}"
    if check.faithful:
        return f"{differ}: sharing is faithful."
    return f"{differ}: not faithful, so all candidates of lto = {check.profile.lto} were built by plain cargo."


def _deviation(relative: float) -> str:
    percent = abs(relative) * 100
    return "nothing" if percent == 0 else "less than 0.01 %" if percent < 0.01 else f"{percent:.2f} %"


def mismatches(result: TuneResult) -> tuple[str, ...]:
    """Flags that did not reach rustc as the profile says."""
    return tuple(f"{row.profile.id}: {printable('; '.join(row.mismatches))}" for row in result.rows if row.mismatches)


def failures(result: TuneResult) -> tuple[tuple[str, str, str], ...]:
    """Candidates left out: id, the first line of the reason, and the whole reason where it is longer."""
    return tuple(
        (
            failure.profile.id,
            first_line(failure.reason),
            failure.reason.strip() if len(failure.reason.strip().splitlines()) > 1 else "",
        )
        for failure in result.failures
    )


def baseline(result: TuneResult) -> tuple[str, ...]:
    """``lto = "thin" (Cargo.toml)``: the effective settings and where each comes from."""
    return tuple(printable(f"{each.key} = {each.value} ({each.origin})") for each in result.baseline)


def circumstances(result: TuneResult) -> tuple[tuple[str, str], ...]:
    """Label and value of everything the numbers depend on."""
    where = result.circumstances
    found = [
        ("machine", f"{where.cpu}, {where.cores} cores, load {where.load:.2f}, kernel {where.kernel}"),
        ("toolchain", f"{where.rustc}; {where.cargo}; {where.target}"),
    ]
    if result.workload is not None:
        work = result.workload
        found += [
            ("command", work.command),
            ("in", work.cwd),
            ("sample", sample(result)),
            ("checked", "exit code and output" if work.check == "stdout" else "exit code alone"),
        ]
    found.append(("measured", f"{result.created} by burnish {where.burnish}"))
    return tuple((label, printable(value)) for label, value in found)


def effort(result: TuneResult) -> str:
    """What the tune spent, and why it ended."""
    spent = result.effort
    return printable(
        f"{format_seconds(spent.wall)} for {_count(spent.builds, 'build')} out of {_count(spent.space, 'candidate')} "
        f"and {_count(spent.rounds, 'round')}; {format_seconds(spent.own)} of it burnish's own. Ended: {spent.stopped}"
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
