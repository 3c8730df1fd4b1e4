"""What a tune found, as one value: stored, and rendered by `burnish.report`."""

from dataclasses import dataclass
from enum import StrEnum

from burnish.build.values import BuildCost, Road, SizeReport
from burnish.measure.benchmarks import Benchmark
from burnish.measure.layouts import LayoutLuck
from burnish.measure.values import Circumstances, Comparison, Workload
from burnish.profile.options import Lto
from burnish.profile.profile import Profile

#: Version of the stored form. 1: the first.
SCHEMA = 1


class Goal(StrEnum):
    """What the recommendation should serve."""

    SPEED = "speed"
    SIZE = "size"
    BUILD = "build"
    BALANCED = "balanced"


class Outcome(StrEnum):
    """The kind of verdict."""

    CHANGE = "change"
    NOTHING = "nothing worth changing"


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One candidate: everything measured about it.

    Attributes:
        names: what it is known as (``baseline``, ``cargo default``, a preset), may be empty.
        time: against the baseline; None without a workload, for the baseline, or where it was not timed.
        screened: ratio of times from a few screening rounds, no interval; steers the search, never a verdict.
        instructions, cycles: of one run of the workload, where a counter was at hand; cycles only from perf.
        front: no other candidate is as good in every metric and better in one.
        host: the machine of a cluster that built it, empty for the one that measured.
    """

    profile: Profile
    names: tuple[str, ...]
    road: Road
    size: SizeReport
    cost: BuildCost
    time: Comparison | None = None
    screened: float | None = None
    instructions: int | None = None
    cycles: int | None = None
    mismatches: tuple[str, ...] = ()
    front: bool = False
    host: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """A candidate left out, and why: rustc's error, or what its output did."""

    profile: Profile
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Confirmation:
    """The winner built again by plain cargo from nothing and measured in fresh rounds.

    Attributes:
        size_deviation: relative difference between the shared and the plain build's stripped size.
        time: fresh rounds, plain build against the baseline's plain build; None without a workload.
        layouts: both programs over random orders of their functions; None where that was not looked at.
        benchmarks: each of criterion's in the same fresh rounds; empty for other workloads.
    """

    size: SizeReport
    cost: BuildCost
    size_deviation: float
    time: Comparison | None
    layouts: LayoutLuck | None = None
    benchmarks: tuple[Benchmark, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class OptionChange:
    """One line of the recommendation: Cargo's key, the value now, the value proposed."""

    key: str
    old: str
    new: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Recommendation:
    """The verdict: one profile with reasons and price, or nothing worth changing with the reason why.

    Attributes:
        profile: what to ship; the baseline itself for ``NOTHING``.
        headline: one sentence.
        reasons, price: sentences.
        confirmation: None for ``NOTHING``.
    """

    outcome: Outcome
    profile: Profile
    headline: str
    changes: tuple[OptionChange, ...] = ()
    reasons: tuple[str, ...] = ()
    price: tuple[str, ...] = ()
    confirmation: Confirmation | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Sharing:
    """The self-check of shared builds: one profile built both ways.

    Attributes:
        deviation: relative difference of the stripped sizes.
        faithful: within the bound; where not, all candidates of that lto mode were built plainly.
    """

    profile: Profile
    deviation: float
    faithful: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Noise:
    """The A/A control: the baseline against itself in the same rounds.

    Attributes:
        control: an honest machine gives an interval around 1.
        floor: half-width of the control's interval, relative: smaller differences cannot be seen here.
    """

    control: Comparison
    floor: float


@dataclass(frozen=True, kw_only=True, slots=True)
class PerCrate:
    """An opt-level of their own for some packages, tried on the profile of the verdict.

    Attributes:
        opt_level, packages: what was tried; empty packages: nothing was worth trying, ``reason`` says why.
        size: bytes of the file as shipped, without the overrides and with them.
        cpu: CPU seconds of a cold build, in the same way.
        time: against the profile without them.
        accepted: whether it pays for the goal.
    """

    opt_level: str
    packages: tuple[str, ...]
    size: tuple[int, int]
    cpu: tuple[float, float]
    time: Comparison | None
    accepted: bool
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Runs:
    """The timed runs of one profile in the race, in order: seconds, and bytes at the peak. ``name``: its id."""

    name: str
    wall: tuple[float, ...]
    user: tuple[float, ...]
    sys: tuple[float, ...]
    memory: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class CrateTime:
    """One rustc of a cold build: seconds from the start of the first, and of its own; CPU seconds; peak bytes."""

    name: str
    start: float
    wall: float
    cpu: float
    memory: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeline:
    """When each crate of a cold build by plain cargo was compiled; ``name`` says of which profile."""

    name: str
    crates: tuple[CrateTime, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Crossing:
    """From one crate into another: calls that were inlined, functions that a thin link imported."""

    source: str
    target: str
    calls: int
    imports: int


@dataclass(frozen=True, kw_only=True, slots=True)
class InlinedFunction:
    """A function whose calls were inlined into other crates, and how many."""

    name: str
    crates: tuple[str, ...]
    calls: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Loss:
    """Functions that a link took out of the program in one way: dead, inlined everywhere, optimized away.

    Attributes:
        size, error: bytes that they would have cost, estimated, and two standard deviations; None: too few to tell.
    """

    way: str
    meaning: str
    functions: int
    size: int | None
    error: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkPicture:
    """What link-time optimization does to the program, in short; of a link by burnish's own engine, not by rustc.

    Attributes:
        name: whose ``profile`` it is: ``recommended`` or ``baseline``.
        modules, crates, units: that took part; 0 where nothing is known, and ``missing`` says why.
        calls, standard_calls: calls inlined across crates; those within the standard library.
        imports: of a thin link.
        functions, left: names of functions that the modules define; those that are in the program.
        crossings: with a crate of the program's own on one side, most calls first; ``inlined`` the program's own crates
            first; both only the largest.
    """

    name: str
    profile: Profile
    modules: int = 0
    crates: int = 0
    units: int = 0
    calls: int = 0
    standard_calls: int = 0
    imports: int = 0
    functions: int = 0
    left: int = 0
    losses: tuple[Loss, ...] = ()
    crossings: tuple[Crossing, ...] = ()
    inlined: tuple[InlinedFunction, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class BaselineSetting:
    """One effective setting of the baseline: key, value as written, where it comes from."""

    key: str
    value: str
    origin: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Effort:
    """What the tune spent.

    Attributes:
        wall: seconds from start to result, resumed time included.
        builds, rounds: how many.
        space: code-distinct candidates in the space (before strip variants).
        own: seconds of the wall time that were burnish's own, not cargo's nor the workload's.
        stopped: why the search ended, in words.
    """

    wall: float
    builds: int
    rounds: int
    space: int
    own: float
    stopped: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TuneResult:
    """Everything a report shows.

    ``rows`` has the baseline first; ``created`` is ISO 8601, UTC; ``benchmarks`` are the ids of criterion's, none for
    other workloads.
    """

    schema: int
    created: str
    package: str
    version: str
    artifact: str
    profile_name: str
    goal: Goal
    workload: Workload | None
    circumstances: Circumstances
    baseline: tuple[BaselineSetting, ...]
    rows: tuple[Row, ...]
    failures: tuple[Failure, ...]
    sharing: tuple[Sharing, ...]
    recommendation: Recommendation
    noise: Noise | None
    effort: Effort
    notes: tuple[str, ...] = ()
    reproduce: tuple[str, ...] = ()
    per_crate: tuple[PerCrate, ...] = ()
    timelines: tuple[Timeline, ...] = ()
    runs: tuple[Runs, ...] = ()
    benchmarks: tuple[str, ...] = ()
    link: LinkPicture | None = None

    @property
    def ships(self) -> bool:
        """Whether the artifact is what is shipped; a bench executable is not, and its size decided nothing."""
        return self.workload is None or not self.workload.is_bench


def linked_profile(result: TuneResult) -> tuple[str, Profile] | None:
    """Whose link is worth a look, and its profile: the recommended one, else the baseline; None without LTO."""
    recommended = ("recommended", result.recommendation.profile)
    offered = (recommended, ("baseline", result.rows[0].profile)) if result.rows else (recommended,)
    return next(((name, profile) for name, profile in offered if profile.lto in {Lto.THIN, Lto.FAT}), None)
