"""What a build is: its artifact in each strip variant, what it cost, and what every rustc was really told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from burnish.profile.options import Strip
from burnish.profile.profile import Profile


class Road(StrEnum):
    """How an artifact was made.

    ``SHARED``: dependencies built once as object and bitcode, only the final crate built for this lto mode.
    ``PLAIN``: cargo alone, in an empty target directory.
    """

    SHARED = "shared"
    PLAIN = "plain"


@dataclass(frozen=True, kw_only=True, slots=True)
class CrateRun:
    """One rustc run, as the shim recorded it.

    Attributes:
        wall, user, sys: seconds.
        maxrss: peak memory of the process, bytes.
        began: seconds since the epoch.
        code: exit code.
        args: the arguments rustc got.
    """

    crate: str
    package: str
    began: float
    wall: float
    user: float
    sys: float
    maxrss: int
    nivcsw: int
    code: int
    args: tuple[str, ...]

    @property
    def cpu(self) -> float:
        return self.user + self.sys


@dataclass(frozen=True, kw_only=True, slots=True)
class Artifact:
    """A file that could be shipped.

    Attributes:
        path: relative to burnish's directory in the target directory.
        size: bytes of the file.
        sha256: of the file; checked before a stored artifact is used again.
    """

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildCost:
    """What building from nothing costs.

    Attributes:
        cpu: user + system seconds of all processes of a cold build.
        wall: seconds of a cold build on this machine.
        peak_memory: bytes of the largest single process (not of the whole build).
        rebuild: wall seconds of rustc for the final crate when only it changed, link included.
        estimated: summed from a shared build; only a plain cold build measures it.
    """

    cpu: float
    wall: float
    peak_memory: int
    rebuild: float
    estimated: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Build:
    """One finished build of the chosen artifact; ``profile.strip`` is the profile's own, all variants are there.

    Attributes:
        mismatches: what rustc was told differently from the profile, in words; empty when all flags arrived.
        spent_cpu, spent_wall: seconds this build really took (a relink is cheap, its cost from nothing is not).
        host: the machine of a cluster that made it, empty for this one.
        waited: seconds that this machine waited for a cluster before it was there.
    """

    profile: Profile
    road: Road
    artifacts: Mapping[Strip, Artifact]
    cost: BuildCost
    crates: tuple[CrateRun, ...] = ()
    mismatches: tuple[str, ...] = ()
    spent_cpu: float = 0.0
    spent_wall: float = 0.0
    host: str = ""
    waited: float = 0.0

    @property
    def paid(self) -> float:
        """Seconds that it took from whoever asked for it."""
        return self.waited + (0.0 if self.host else self.spent_wall)


@dataclass(frozen=True, kw_only=True, slots=True)
class FailedBuild:
    """A candidate that does not build: recorded with rustc's own error, then left out."""

    profile: Profile
    road: Road
    error: str
    spent_wall: float = 0.0

    @property
    def paid(self) -> float:
        """Seconds that it took: a candidate that fails on a cluster is built here before that is believed."""
        return self.spent_wall


@dataclass(frozen=True, kw_only=True, slots=True)
class SizeReport:
    """What a file is made of, exact bytes.

    Attributes:
        file, stripped, gzip: bytes of the file as shipped, without any symbols, and compressed (gzip -6) as shipped.
        sections: bytes in the file by section, largest first.
        crates: bytes of code by crate from the unstripped twin, largest first; what no symbol covers is ``[unknown]``.
    """

    file: int
    stripped: int
    gzip: int
    sections: tuple[tuple[str, int], ...] = field(default=())
    crates: tuple[tuple[str, int], ...] = field(default=())
