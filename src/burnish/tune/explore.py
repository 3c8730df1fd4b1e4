"""The search at work: builds what `burnish.tune.search` proposes and feeds back what was seen."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from burnish.build.builder import stripped_size
from burnish.build.plan import cell
from burnish.build.values import Build
from burnish.measure.instructions import Counts
from burnish.measure.rounds import ArmError
from burnish.profile.profile import Profile
from burnish.tune.builds import Builds
from burnish.tune.goals import utility
from burnish.tune.result import Goal
from burnish.tune.search import Observation, Proposal, next_candidate
from burnish.tune.space import code
from burnish.tune.timing import COUNT_SEARCH, Timer, failure_of, raise_if_baseline

#: Times the wait for a worker, which something else may take meanwhile.
_STRETCH = 1.5


@dataclass
class Explorer:
    """What the search has seen."""

    builds: Builds
    timer: Timer | None
    goal: Goal
    space: Sequence[Profile]
    base: Profile
    until: float
    observed: dict[Profile, Observation] = field(default_factory=dict)
    screened: dict[Profile, float] = field(default_factory=dict)
    counted: dict[Profile, Counts] = field(default_factory=dict)

    def may_build(self, profile: Profile) -> bool:
        """Whether the budget for building allows one more."""
        return self.builds.ledger.spent + self.expected_cost(profile) <= self.until

    def expected_cost(self, profile: Profile) -> float:
        """Seconds that building (and screening) a candidate will take, from what others took."""
        screening = 0.0 if self.timer is None else 2 * self.timer.screening * self.timer.wall * self.timer.repeats
        building = self._building(profile)
        left = self.builds.awaited(profile, building)
        return (building if left is None else left) + screening

    def _building(self, profile: Profile) -> float:
        done = self.builds.done
        same_cell = [build for other, build in done.items() if cell(other) == cell(profile)]
        if same_cell:
            relinks = [build.cost.rebuild for other, build in done.items() if other.lto is profile.lto]
            return max(relinks or [build.cost.rebuild for build in same_cell])
        return max((build.spent_wall for build in done.values()), default=1.0)

    def look(self, profile: Profile, reason: str) -> None:
        """Build a candidate and see how it does; one that fails is left out."""
        ledger = self.builds.ledger
        builds = ledger.builds
        self._look(profile, reason)
        if ledger.builds > builds:
            ledger.outlook.tried_one(ledger.spent)
        ledger.tell(self.builds.progress)

    def _look(self, profile: Profile, reason: str) -> None:
        build = self.builds.candidate(profile, reason)
        if build is None:
            return
        try:
            speed = self._speed(profile, build)
        except ArmError as error:
            raise_if_baseline(error, code(self.base).code_id)
            self.builds.failures[profile] = failure_of(profile, error)
            del self.builds.done[profile]
            self.builds.progress.note(f"{profile.code_id} is left out: {error.message}")
            return
        self.observed[profile] = self._observation(build, speed)
        self._tell_best()

    def _observation(self, build: Build, speed: float | None) -> Observation:
        size = float(stripped_size(build)) if self.builds.ships else None
        return Observation(size=size, speed=speed, build=max(build.cost.cpu, 1e-3))

    def _tell_best(self) -> None:
        """Say which candidate the goal likes most so far; nothing while that is the baseline."""
        base = self.observed.get(code(self.base))
        if base is None:
            return
        values = {profile: self._value(seen, base) for profile, seen in self.observed.items()}
        best = min(values, key=lambda profile: values[profile])
        if values[best] < 0:
            time = self.screened.get(best)
            self.builds.progress.best(best.code_id, _ratio(self.observed[best].size, base.size), time)

    def _value(self, seen: Observation, base: Observation) -> float:
        return utility(
            self.goal,
            size=math.log(_ratio(seen.size, base.size) or 1.0),
            time=math.log(_ratio(seen.speed, base.speed) or 1.0),
            build=math.log(seen.build / base.build),
        )

    def _speed(self, profile: Profile, build: Build) -> float | None:
        """Instructions where they are cheap to count, else a screened time ratio."""
        timer = self.timer
        if timer is None:
            return None
        self._place(timer, profile.code_id, build)
        if profile == code(self.base):
            counted = timer.count(profile.code_id, COUNT_SEARCH)
            if counted is not None:
                self.counted[profile] = counted
            return float(counted.instructions) if counted is not None else 1.0
        self.screened[profile] = timer.screen(profile.code_id, code(self.base).code_id)
        if code(self.base) in self.counted:
            counted = timer.count(profile.code_id, COUNT_SEARCH)
            if counted is not None:
                self.counted[profile] = counted
                return float(counted.instructions)
            return self.screened[profile] * self.counted[code(self.base)].instructions
        return self.screened[profile]

    def _place(self, timer: Timer, arm: str, build: Build) -> None:
        strip = self.base.strip if self.base.strip in build.artifacts else build.profile.strip
        path = self.builds.builder.variant(build, strip)
        if path is not None:
            timer.place(arm, path, build.artifacts[strip].sha256)

    def run(self) -> str:
        """Search until nothing promising is left or the budget for building is spent; gives the reason, in words."""
        while True:
            proposal = self._proposal(self.observed)
            if proposal.profile is None:
                return proposal.reason
            if not self.may_build(proposal.profile):
                return "the budget for building was spent"
            self.builds.expect(proposal.others)
            self._look_at(proposal.profile, proposal)

    def foresee(self, first: Sequence[Profile]) -> None:
        """Let a cluster begin what will be asked for first, as far as the baseline and other projects tell.

        Args:
            first: what is looked at in any case.
        """
        if self.builds.elsewhere is None:
            return
        base = code(self.base)
        known = self.observed or {base: self._observation(self.builds.done[base], 1.0)}
        proposal = self._proposal(known)
        guessed = () if proposal.profile is None else (proposal.profile, *proposal.others)
        self.builds.expect(tuple(dict.fromkeys(each for each in (*first, *guessed) if each != base)))

    def _look_at(self, profile: Profile, proposal: Proposal) -> None:
        """Look at what is proposed; where a worker still has it, at something that nobody has meanwhile."""
        wait = self.builds.awaited(profile, self._building(profile))
        if wait:
            costs = {
                other: self._building(other) for other in proposal.others
                if self.builds.awaited(other, 0.0) is None and self.may_build(other)
            }  # fmt: skip
            other = fits_in(wait, costs)
            if other is not None:
                self.look(other, f"next in line, while a worker has {profile.code_id}")
                return
        self.look(profile, proposal.reason)

    def _proposal(self, observed: Mapping[Profile, Observation]) -> Proposal:
        return next_candidate(
            self.space,
            observed,
            failed=frozenset(self.builds.failures),
            goal=self.goal,
            expected_cost=self.expected_cost,
            seed=f"{self.builds.session.key}:{len(observed)}",
        )

    @staticmethod
    def time_gain(goal: Goal, ratio: float) -> float:
        """What a time ratio adds to a goal's gain, for choosing whom to time, never for a verdict."""
        return -utility(goal, size=0.0, time=math.log(ratio), build=0.0)


def fits_in(wait: float, costs: Mapping[Profile, float]) -> Profile | None:
    """The first candidate that takes about as long as there is to wait, or less; None where there is none.

    Args:
        wait: seconds.
        costs: seconds of each, the most promising first.
    """
    return next((profile for profile, cost in costs.items() if cost <= _STRETCH * wait), None)


def _ratio(value: float | None, base: float | None) -> float | None:
    """None where either is not known."""
    return value / base if value and base else None
