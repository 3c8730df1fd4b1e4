"""What an explanation is made of."""

from dataclasses import dataclass
from enum import StrEnum

from burnish.profile.profile import Profile


class Metric(StrEnum):
    """What a change is measured in; the values are the words of reports."""

    RUN_TIME = "run time"
    FILE = "file"
    BUILD = "build CPU"


class Evidence(StrEnum):
    """How well a figure is known.

    ``EXACT``: bytes. ``INTERVAL``: time with its interval. ``SINGLE``: one cold build, no interval. ``ESTIMATE``:
    summed from a shared build. ``SCREENED``: a few rounds, no interval. No verdict rests on the last two.
    """

    EXACT = "exact"
    INTERVAL = "interval"
    SINGLE = "single"
    ESTIMATE = "estimate"
    SCREENED = "screened"


@dataclass(frozen=True, kw_only=True, slots=True)
class Measurement:
    """What a change of profile did to a metric in this project.

    Attributes:
        ratio: new over old; ``low`` and ``high`` are its interval, equal to it where the figure is exact.
        rounds: paired rounds behind the interval; 0 where there are none.
        old, new: the two profiles compared.
    """

    metric: Metric
    ratio: float
    low: float
    high: float
    evidence: Evidence
    old: Profile
    new: Profile
    rounds: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class ValueText:
    """What one value of an option does, in one sentence; ``value`` as TOML spells it, ``unset`` for none."""

    value: str
    does: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OptionText:
    """What there is to say of an option whatever the project.

    Attributes:
        does: three sentences.
        sources: addresses of what the sentences rest on.
    """

    key: str
    does: tuple[str, str, str]
    values: tuple[ValueText, ...]
    price: str
    use: str
    avoid: str
    sources: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Correction:
    """What is often said of an option and is not so."""

    option: str
    said: str
    truth: str
    source: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Interaction:
    """How values act together as they are set here; ``rule`` names it for programs."""

    rule: str
    options: tuple[str, ...]
    text: str
    source: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What rustc is told of an option.

    Attributes:
        final, library: the flags of the final crate, and of the libraries of the program.
        recorded: read off a real build; otherwise derived as Cargo would.
    """

    final: tuple[str, ...]
    library: tuple[str, ...]
    recorded: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ValueView:
    """A value of an option with what changing to it did here; ``current`` is the one in force."""

    text: ValueText
    current: bool
    measured: tuple[Measurement, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class OptionView:
    """An option as it is in force in a project.

    Attributes:
        value: as TOML spells it.
        origin: where it comes from.
        inherited: the profile of the inherits chain it was written for, empty where that is the profile itself.
        minor: one of those that act with the five.
    """

    key: str
    value: str
    origin: str
    inherited: str
    told: Told
    text: OptionText
    values: tuple[ValueView, ...]
    interactions: tuple[Interaction, ...]
    corrections: tuple[Correction, ...]
    minor: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class CrateCount:
    """A crate of the program and its codegen units.

    Attributes:
        asked: ``-C codegen-units`` as rustc got it, None where it got none.
        units: how many LLVM modules it became; None where that cannot be seen.
        native: objects in its archive that are no Rust.
        seconds: CPU of its rustc.
    """

    crate: str
    asked: int | None
    units: int | None
    native: int
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Outside:
    """What no link-time optimization takes in, and why."""

    what: str
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Arithmetic:
    """The modules of a program.

    Attributes:
        crates: of the program, the final one last.
        std: modules of the standard library that a link takes, None where that is not known.
        std_crates: how many crates they are of.
        default: units a crate may have where codegen-units is unset.
    """

    crates: tuple[CrateCount, ...]
    std: int | None
    std_crates: int
    outside: tuple[Outside, ...]
    asked: int | None
    default: int

    @property
    def own(self) -> int | None:
        """Codegen units of the program's crates; None where one of them is not known."""
        units = [crate.units for crate in self.crates]
        return None if None in units else sum(number for number in units if number is not None)


class Mode(StrEnum):
    """A road of the program's code: what is optimized together."""

    NONE = "none"
    THIN_LOCAL = "thin-local"
    THIN = "thin"
    FAT = "fat"


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """A stage of the road.

    Attributes:
        does: what happens, a few words.
        here: the count in this project, empty where it is not known.
        seconds: what it took, None where it is not known; ``clock`` says which seconds.
    """

    name: str
    does: str
    here: str = ""
    seconds: float | None = None
    clock: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pipeline:
    """The road of a project's code."""

    mode: Mode
    stages: tuple[Stage, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """All that is explained of a project's profile.

    Attributes:
        title: package, artifact and profile.
        record: of what build the flags and modules are, or that there is none, in a sentence.
        measured: of what tune the figures are, or that there is none, in a sentence.
    """

    title: str
    profile: str
    record: str
    measured: str
    options: tuple[OptionView, ...]
    arithmetic: Arithmetic | None
    notes: tuple[str, ...]
