"""Builds that are remembered: the store answers first, sharing is checked, every second is booked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from burnish.build.builder import Builder, deviation
from burnish.build.plan import NO_OVERRIDES, Deps, deps_for, sharing_obstacle
from burnish.build.values import Build, FailedBuild, Road
from burnish.errors import ToolError
from burnish.profile.options import Lto, Strip
from burnish.profile.profile import Profile
from burnish.store import Store
from burnish.tune.elsewhere import Elsewhere
from burnish.tune.identity import digest
from burnish.tune.progress import Progress
from burnish.tune.remaining import Outlook
from burnish.tune.result import Failure, Sharing
from burnish.tune.session import Session
from burnish.tune.space import code
from burnish.units import format_bytes, format_seconds

#: Largest relative difference in stripped size between a shared and a plain build that still counts as the same.
FAITHFUL = 0.001


#: What stands in failures that another try may not meet.
_PASSING = (
    "signal:",
    "could not download",
    "failed to download",
    "burnish-shim:",
    "custom build command",
    "Cannot allocate",
)


@dataclass
class Ledger:
    """What the tune has spent, in seconds of the work itself.

    Stored work counts as when it was done: a resumed tune goes the very same way as one that was never interrupted
    (but for what a cluster has under way).
    """

    budget: float
    spent: float = 0.0
    builds: int = 0
    rounds: int = 0
    booked: set[str] = field(default_factory=set)
    outlook: Outlook = field(default_factory=Outlook)

    def book(self, key: str, seconds: float) -> bool:
        """Book a piece of work; what serves twice (as a check, then as the confirmation) is paid once: then False."""
        if key in self.booked:
            return False
        self.booked.add(key)
        self.spent += seconds
        return True

    def tell(self, progress: Progress) -> None:
        """Say what is spent and how long the rest will take."""
        progress.spent(self.spent, self.budget, self.outlook.remaining(self.spent, self.budget))

    def left(self, share: float = 1.0) -> float:
        """Seconds until ``share`` of the budget is spent; negative beyond."""
        return self.budget * share - self.spent


@dataclass(frozen=True, slots=True)
class Group:
    """Candidates whose shared builds stand or fall together: the form of their libraries, with LTO or without."""

    deps: Deps
    lto: bool

    @classmethod
    def of(cls, profile: Profile) -> "Group":
        return cls(deps=deps_for(profile), lto=profile.lto in {Lto.THIN, Lto.FAT})


@dataclass
class Builds:
    """All builds of one tune.

    Attributes:
        base: the strip value that candidates are built with.
        plainly: groups whose shared builds are not to be trusted here.
        elsewhere: a cluster that makes shared builds, None where there is none.
    """

    session: Session
    progress: Progress
    ledger: Ledger
    base: Strip
    done: dict[Profile, Build] = field(default_factory=dict)
    failures: dict[Profile, Failure] = field(default_factory=dict)
    sharing: list[Sharing] = field(default_factory=list)
    plainly: set[Group] = field(default_factory=set)
    elsewhere: Elsewhere | None = None

    @property
    def builder(self) -> Builder:
        return self.session.builder

    @property
    def ships(self) -> bool:
        """Whether what is built is what is shipped; a bench executable is not."""
        return not self.session.project.artifact.is_bench

    @property
    def store(self) -> Store:
        return self.session.store

    def candidate(self, profile: Profile, reason: str) -> Build | None:
        """The candidate's code, over shared libraries where that is faithful; None where it does not build."""
        wanted = self.wanted(profile)
        found = self.done.get(code(profile))
        if found is not None:
            return found
        build = self.plainly_built(wanted, reason) if self.needs_plain(wanted) else self._shared(wanted, reason)
        if isinstance(build, FailedBuild):
            self.failures[code(profile)] = Failure(profile=code(profile), reason=build.error)
            return None
        self.done[code(profile)] = build
        return build

    def wanted(self, profile: Profile) -> Profile:
        """What is built for a candidate's code."""
        return replace(code(profile), strip=self.base)

    def expect(self, profiles: Sequence[Profile]) -> None:
        """Candidates that will be asked for soon, the likeliest first: a cluster can begin them."""
        if self.elsewhere is not None:
            wanted = [self.wanted(profile) for profile in profiles if code(profile) not in self.done]
            self.elsewhere.want([
                profile for profile in wanted
                if not self.needs_plain(profile) and not self.is_stored(profile)
            ])  # fmt: skip

    def is_stored(self, wanted: Profile) -> bool:
        """Whether the shared build of a candidate is known already."""
        return self.store.build(self._key(wanted, Road.SHARED)) is not None

    def awaited(self, profile: Profile, seconds: float) -> float | None:
        """What is left of the seconds that building a candidate takes, where a cluster has begun it; None elsewhere."""
        return None if self.elsewhere is None else self.elsewhere.left(self.wanted(profile), seconds)

    def rest(self) -> None:
        """Nothing is built on this machine from here on until the next candidate: something is to be measured."""
        if self.elsewhere is not None:
            self.elsewhere.rest()

    def needs_plain(self, profile: Profile) -> bool:
        """Whether a candidate is built by plain cargo: sharing is out of the question, or was found unfaithful."""
        return Group.of(profile) in self.plainly or self.obstacle(profile) is not None

    def obstacle(self, profile: Profile) -> str | None:
        """Why sharing is out of the question for a candidate, in words."""
        incremental = self.session.effective.settings["incremental"].value is True
        project = self.session.project
        return sharing_obstacle(
            profile,
            takes_lto=project.artifact.takes_lto,
            incremental=incremental,
            programs_beside=project.artifact.is_bench and bool(project.programs),
        )

    def _shared(self, profile: Profile, reason: str) -> Build | FailedBuild:
        build = self._remembered(profile, Road.SHARED, reason)
        if isinstance(build, FailedBuild) and Group.of(profile).lto:
            # It may be the sharing and not the profile: plain cargo decides.
            plain = self.plainly_built(profile, "plain cargo, because the shared build failed")
            if isinstance(plain, Build):
                self.plainly.add(Group.of(profile))
                self.progress.note(f"shared builds fail for {profile.lto} here: building plainly")
            return plain
        return build

    def plain(self, profile: Profile, reason: str) -> Build:
        """A cold build by plain cargo.

        Raises:
            ToolError: it fails, with rustc's own words.
        """
        build = self.plainly_built(profile, reason)
        if isinstance(build, FailedBuild):
            raise ToolError(
                f"the project does not build with profile {profile.id}:\n{build.error}",
                hint=f"cargo build --release{self._named()} must succeed before there is anything to tune",
            )
        return build

    def _named(self) -> str:
        artifact = self.session.project.artifact
        return f" --bench {artifact.name}" if artifact.is_bench else ""

    def plainly_built(self, profile: Profile, reason: str) -> Build | FailedBuild:
        """A cold build by plain cargo, or how it failed."""
        return self._remembered(profile, Road.PLAIN, reason)

    def overridden(self, profile: Profile, overrides: Mapping[str, str], reason: str) -> Build | FailedBuild:
        """The same with packages that have an opt-level of their own."""
        return self._remembered(profile, Road.PLAIN, reason, overrides)

    def _remembered(
        self, profile: Profile, road: Road, reason: str, overrides: Mapping[str, str] = NO_OVERRIDES
    ) -> Build | FailedBuild:
        key = self._key(profile, road, overrides)
        stored = self.store.build(key)
        if stored is None or not self._still_holds(stored, profile):
            self.progress.building(profile.id, reason)
            stored = self._made(profile, road, overrides)
            self.store.keep_build(key, stored)
            self.progress.built(_line(stored))
            if isinstance(stored, Build):
                artifact = stored.artifacts[Strip.SYMBOLS]
                self.progress.detail(f"kept in {(self.builder.workshop.directory / artifact.path).parent}")
        self.ledger.builds += self.ledger.book(key, stored.paid)
        self.ledger.outlook.built(stored.paid)
        self.ledger.tell(self.progress)
        return stored

    def _key(self, profile: Profile, road: Road, overrides: Mapping[str, str] = NO_OVERRIDES) -> str:
        return digest("build", self.session.key, profile.id, road, *([sorted(overrides.items())] if overrides else []))

    def _made(self, profile: Profile, road: Road, overrides: Mapping[str, str]) -> Build | FailedBuild:
        if road is Road.PLAIN:
            # What it costs is measured.
            self.rest()
            made = self.builder.plain(profile, overrides)
        elif self.elsewhere is None or (found := self.elsewhere.fetch(profile)) is None:
            made = self.builder.shared(profile)
        else:
            made = found
        if self.elsewhere is None or isinstance(made, FailedBuild):
            return made
        self.elsewhere.allow(max(build.cost.wall for build in (made, *self.done.values())))
        return replace(made, waited=self.elsewhere.paid())

    def _still_holds(self, stored: Build | FailedBuild, profile: Profile) -> bool:
        """Whether a stored build answers: files must be whole, and a failure must be the candidate's own.

        The baseline's failure, and one for want of a library, memory or network, may have been mended since.
        """
        if isinstance(stored, Build):
            return self.builder.intact(stored)
        passing = any(words in stored.error for words in _PASSING)
        return not passing and code(profile) != code(self.session.effective.profile)

    def built_plainly(self, profile: Profile) -> Build | None:
        """The cold build of a profile by plain cargo, if there was one."""
        found = self.store.build(self._key(profile, Road.PLAIN))
        return found if isinstance(found, Build) else None

    def check(self, plain: Build) -> Build | None:
        """Build a plainly built profile again over shared libraries and compare; where they differ, sharing ends.

        Gives the build to use for this code; None where sharing is out of the question.
        """
        profile = plain.profile
        if self.needs_plain(profile):
            self.done[code(profile)] = plain
            return None
        shared = self._remembered(replace(profile, strip=self.base), Road.SHARED, "the same over shared libraries")
        if isinstance(shared, FailedBuild):
            self._distrust(profile, 1.0)
            self.done[code(profile)] = plain
            return None
        self.builder.learn(plain, shared)
        apart = deviation(shared, plain)
        if apart > FAITHFUL:
            self._distrust(profile, apart)
            self.done[code(profile)] = plain
            return plain
        self.sharing.append(Sharing(profile=profile, deviation=apart, faithful=True))
        self.done[code(profile)] = shared
        if self.elsewhere is not None and code(profile) == code(self.session.effective.profile):
            self.elsewhere.trust(shared)
            self.elsewhere.allow(plain.spent_wall)
        return shared

    def _distrust(self, profile: Profile, apart: float) -> None:
        self.sharing.append(Sharing(profile=profile, deviation=apart, faithful=False))
        self.plainly.add(Group.of(profile))
        for other in [each for each in self.done if Group.of(each) == Group.of(profile)]:
            del self.done[other]
        self.progress.note(
            f"shared builds differ from plain cargo by {apart * 100:.2f} % here: building such profiles plainly"
        )


def _line(build: Build | FailedBuild) -> str:
    if isinstance(build, FailedBuild):
        return f"{build.profile.code_id} does not build: {build.error.splitlines()[0] if build.error else ''}"
    size = min(artifact.size for artifact in build.artifacts.values())
    where = f" on {build.host}" if build.host else ""
    return f"{build.profile.code_id}  {format_bytes(size)} stripped  {format_seconds(build.spent_wall)}{where}"
