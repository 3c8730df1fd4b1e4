"""Timing that is remembered: screening for the search, the race of finalists, the confirmation."""

import math
import random
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from burnish.errors import WorkloadError
from burnish.measure.instructions import VALGRIND_SLOWDOWN, Counter, Counts, count, find_counter
from burnish.measure.layouts import LAYOUTS, ROUNDS_EACH, LayoutLuck, layout_luck, ratios_by_layout
from burnish.measure.layouts import arm as layout_arm
from burnish.measure.rounds import ArmError, Bench, Output, expected_output, repeats_for
from burnish.measure.schedule import RaceState, judge, plan_round
from burnish.measure.statistics import log_ratios
from burnish.measure.values import CONTROL, Comparison, Kind, Round, Timing, Workload
from burnish.profile.profile import Profile
from burnish.tune.builds import Ledger
from burnish.tune.identity import digest
from burnish.tune.progress import Progress
from burnish.tune.result import Failure
from burnish.tune.session import Session
from burnish.units import format_change

#: Rounds of baseline and one candidate that steer the search. No verdict rests on them.
SCREENING: Final = 6
#: The same for criterion, each of whose samples is a mean over many runs of the code.
SCREENING_OF_MEANS: Final = 3
#: Rounds that a confirmation gets even when the budget is spent.
CONFIRM_ROUNDS: Final = 18
#: Pairs of the A/A control that a race ends with at least.
CONTROL_PAIRS: Final = 12
#: Seconds a count may take for each candidate while searching, and for a finalist.
COUNT_SEARCH: Final = 10.0
COUNT_FINAL: Final = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """What was counted (None where the counter gave nothing) and the seconds it took."""

    instructions: int | None
    seconds: float
    cycles: int | None = None

    @property
    def counts(self) -> Counts | None:
        """As a count, where there is one."""
        return None if self.instructions is None else Counts(instructions=self.instructions, cycles=self.cycles)


@dataclass
class Timer:
    """The workload of one tune.

    Attributes:
        wall: seconds of one run of the baseline.
        programs: content and file of each arm.
        raced: rounds by their purpose.
        sizes: of arms, against the baseline; for people who wait.
        quiet: waits until nothing else is done on this machine, before each round.
    """

    session: Session
    bench: Bench
    progress: Progress
    ledger: Ledger
    counter: Counter
    output: Output
    wall: float
    programs: dict[str, tuple[str, Path]] = field(default_factory=dict)
    raced: dict[str, tuple[Round, ...]] = field(default_factory=dict)
    sizes: dict[str, float] = field(default_factory=dict)
    quiet: Callable[[], None] = lambda: None

    @property
    def repeats(self) -> int:
        return 1 if self.bench.workload.kind is Kind.CRITERION else repeats_for(self.wall)

    @property
    def screening(self) -> int:
        """Rounds that screen a candidate."""
        return SCREENING_OF_MEANS if self.bench.workload.kind is Kind.CRITERION else SCREENING

    def key(self, purpose: str, arms: Sequence[str]) -> str:
        """Of a race: programs by content, workload and circumstances, load aside."""
        here = self.session.circumstances
        programs = sorted((arm, self.programs[arm][0]) for arm in arms)
        machine = (here.cpu, here.cores, here.kernel, here.rustc)
        return digest("race", purpose, self.session.key, programs, self.bench.workload, machine)

    def place(self, arm: str, program: Path, sha256: str) -> None:
        """Make an arm's program known."""
        if self.programs.get(arm, ("", program))[0] != sha256:
            self.bench.place(arm, program)
            self.programs[arm] = (sha256, program)

    def screen(self, arm: str, baseline: str) -> float:
        """Median ratio of a few rounds.

        Raises:
            ArmError: the candidate's program does something else.
        """
        race = self.key("screen", (baseline, arm))
        rounds = list(self.session.store.rounds(race))
        for done in rounds:
            self._book(race, done)
        while len(rounds) < self.screening:
            number = len(rounds)
            order = (baseline, arm) if number % 2 else (arm, baseline)
            rounds.append(self._round(race, number, order, {}))
        ratios = log_ratios(rounds, arm, baseline)
        return math.exp(statistics.median(ratios))

    def race(
        self,
        purpose: str,
        arms: Sequence[str],
        baseline: str,
        *,
        until: float,
        n_min: int,
        n_max: int = 200,
        apart: str = "",
        dominance: Mapping[str, frozenset[str]] | None = None,
    ) -> RaceState:
        """Rounds until all arms are decided, or the budget is; at least ``n_min`` rounds.

        Rounds that were taken before for the same purpose and programs count, unless they are kept ``apart`` by a word.

        Raises:
            ArmError: an arm's program did something else in the middle of it.
        """
        race = self.key(f"{purpose} {apart}".strip(), (baseline, *arms))
        rounds = list(self.session.store.rounds(race))
        for done in rounds:
            self._book(race, done)
        controls = {CONTROL: baseline}

        def judged(*, ended: bool) -> RaceState:
            return judge(rounds, arms, baseline=baseline, n_max=n_max, dominance=dominance or {}, ended=ended)

        state = judged(ended=False)
        while self._goes_on(rounds, state, until, n_min):
            # When all is decided, the control still needs its rounds: it says how far this machine can be trusted.
            order = plan_round(state, number=len(rounds), seed=race, baseline=baseline) or (
                (baseline, CONTROL) if len(rounds) % 2 else (CONTROL, baseline)
            )
            rounds.append(self._round(race, len(rounds), order, controls))
            state = judged(ended=False)
            self.ledger.outlook.rounds, self.ledger.outlook.arms = len(rounds), len(state.active)
            self.progress.rounds(purpose, len(rounds), len(state.active), _best(state, self.sizes))
        self.raced[purpose] = tuple(rounds)
        return state if state.finished else judged(ended=True)

    def _goes_on(self, rounds: Sequence[Round], state: RaceState, until: float, n_min: int) -> bool:
        if state.finished:
            return sum(sample.arm == CONTROL for done in rounds for sample in done.samples) < CONTROL_PAIRS
        return len(rounds) < n_min or self.ledger.spent < until

    def layouts(self, program: str, reference: str) -> LayoutLuck | None:
        """Time two programs over their layouts, which were placed as ``program@1`` and so on.

        The number of rounds is fixed: nobody looks before the last.

        Raises:
            ArmError: one did something else.
        """
        numbers = range(1, LAYOUTS + 1)
        race = self.key("layouts", [layout_arm(each, number) for number in numbers for each in (reference, program)])
        rounds = list(self.session.store.rounds(race))
        for done in rounds:
            self._book(race, done)
        while len(rounds) < LAYOUTS * ROUNDS_EACH:
            number = len(rounds)
            order = [layout_arm(each, number % LAYOUTS + 1) for each in (reference, program)]
            random.Random(f"{race}:{number}").shuffle(order)  # noqa: S311  # order, not secrets
            rounds.append(self._round(race, number, order, {}))
            self.progress.rounds("layouts", len(rounds), 1, "")
        return layout_luck(ratios_by_layout(rounds, program, reference))

    def count(self, arm: str, longest: float) -> Counts | None:
        """What one run executes; None without a counter or where a count would take longer than ``longest``."""
        slowdown = VALGRIND_SLOWDOWN if self.counter is Counter.VALGRIND else 1.0
        if self.counter is Counter.NONE or self.wall * slowdown > longest:
            return None
        key = digest("instructions", self.key("count", (arm,)), self.counter)
        stored = self.session.store.fact(key, Counted)
        if stored is None:
            self.progress.counting(arm, str(self.counter))
            stored = self._count(arm, longest)
            self.session.store.keep_fact(key, stored)
        self.ledger.book(key, stored.seconds)
        return stored.counts

    def _count(self, arm: str, longest: float) -> Counted:
        self.quiet()
        start = time.perf_counter()
        found = count(
            self.counter,
            self.bench.argv(arm),
            self.bench.workload.cwd,
            self.bench.environment,
            timeout=longest * 5,
        )
        seconds = time.perf_counter() - start
        self.bench.clock.waited.append(seconds)
        if found is None:
            return Counted(instructions=None, seconds=seconds)
        return Counted(instructions=found.instructions, cycles=found.cycles, seconds=seconds)

    def _round(self, race: str, number: int, order: Sequence[str], aliases: Mapping[str, str]) -> Round:
        self.quiet()
        pairs = tuple((arm, aliases.get(arm, arm)) for arm in order)
        done = self.bench.round(number, pairs, expected=self.output, repeats=self.repeats, seed=race)
        self.session.store.keep_round(race, done)
        self._book(race, done)
        self.ledger.tell(self.progress)
        return done

    def _book(self, race: str, done: Round) -> None:
        seconds = sum(sample.wall * sample.repeats for sample in done.samples)
        self.ledger.rounds += self.ledger.book(f"{race} {done.number}", seconds)


def environment_of(session: Session, workload: Workload) -> Mapping[str, str]:
    """What the workload sees: for a bench also what ``cargo bench`` says of its package."""
    if not workload.is_bench:
        return session.environment
    project = session.project
    return {
        **session.environment,
        "CARGO_MANIFEST_DIR": str(project.directory),
        "CARGO_MANIFEST_PATH": str(project.directory / "Cargo.toml"),
        "CARGO_PKG_NAME": project.package,
        "CARGO_PKG_VERSION": project.version,
    }


def start_timer(
    session: Session,
    bench: Bench,
    progress: Progress,
    ledger: Ledger,
    *,
    program: tuple[str, Path],
    counter: str,
    quiet: Callable[[], None] = lambda: None,
) -> Timer:
    """Run the baseline's program until its output is known to be always the same.

    Raises:
        WorkloadError: it fails, hangs, or prints something else each time.
    """
    sha256, path = program
    bench.place("baseline", path)
    quiet()
    output, wall = expected_output(bench, "baseline")
    key = digest("wall", session.key, sha256, bench.workload, session.circumstances.cpu)
    stored = session.store.fact(key, float)
    if stored is None:
        session.store.keep_fact(key, wall)
    return Timer(
        session=session,
        bench=bench,
        progress=progress,
        ledger=ledger,
        counter=find_counter(counter, session.environment) if counter != "none" else Counter.NONE,
        output=output,
        # The first session's value: what follows from it (repeats, counts) must not change on resuming.
        wall=wall if stored is None else stored,
        quiet=quiet,
    )


def raise_if_baseline(error: ArmError, baseline: str) -> None:
    """Where the baseline itself did something else, no candidate is to blame.

    Raises:
        WorkloadError: that says so.
    """
    if error.arm in {baseline, CONTROL}:
        raise WorkloadError(
            f"the baseline {error.what} in a later run: the workload is not the same every time",
            hint="make it deterministic, give it more time with --timeout, or compare exit codes with --check status",
        ) from error


def failure_of(profile: Profile, error: ArmError) -> Failure:
    """A candidate that is left out because its program does something else."""
    return Failure(profile=profile, reason=f"its program behaves differently: {error.message}")


def _best(state: RaceState, sizes: Mapping[str, float]) -> str:
    """The fastest arm so far, in words, with its size where that is known."""

    def middle(item: tuple[str, Comparison]) -> float:
        return item[1].ratio

    faster = {arm: each for arm, each in state.comparisons.items() if each.timing is not Timing.SLOWER}
    if not faster:
        return ""
    arm, comparison = min(faster.items(), key=middle)
    size = f", size {format_change(sizes[arm])}" if arm in sizes else ""
    return f"{arm}: time {format_change(comparison.ratio)}{size}"
