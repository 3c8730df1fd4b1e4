"""How long a tune will still take, about: from what its work has taken so far, and what is planned. Pure.

It is for people who wait, and nothing is decided by it. All seconds are of work as the budget counts them.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Stage(StrEnum):
    """The parts of a tune, in their order."""

    BASELINE = "baseline"
    WORKLOAD = "workload"
    SEARCH = "search"
    RACE = "race"
    CONFIRMATION = "confirmation"
    PER_CRATE = "per crate"


#: Builds of the baseline's stage, as long as its first: plain, over shared libraries, and fat in both ways.
_BASELINE: Final = 3.0
#: Candidates that a search builds, about, before nothing promising is left (docs/cases: 4 to 12).
_CANDIDATES: Final = 8
#: The last candidates, whose seconds are what the next one is expected to take.
_LATEST: Final = 3
#: Rounds after which a race is decided, about; one that is not goes on for this share of those it had.
_ROUNDS: Final = 40
_MORE: Final = 0.25


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What lies ahead, as far as it is known.

    Attributes:
        search_until, race_until: seconds of the budget at which search and race end at the latest.
        unbuilt: candidates that the search may still build.
        finalists: programs of the race, beside the baseline; 0 without a workload.
        confirmation, per_crate: seconds that these take, 0 where there is none.
    """

    search_until: float
    race_until: float
    unbuilt: int
    finalists: int
    confirmation: float
    per_crate: float


@dataclass
class Outlook:
    """What was seen of a tune under way.

    Attributes:
        stage: where it is, and ``since`` when: seconds of the budget that were spent before.
        longest: seconds of the longest build, 0 before there is one.
        tried: seconds of each candidate of the search: its build, its screening, its count; ``tried_at``: when the last
            of them was done.
        run: seconds of one program's part of a round.
        rounds, arms: of the race: rounds so far, programs that are undecided.
        plan: None before the baseline is built.
    """

    stage: Stage = Stage.BASELINE
    since: float = 0.0
    longest: float = 0.0
    tried: list[float] = field(default_factory=list)
    tried_at: float = 0.0
    run: float = 0.0
    rounds: int = 0
    arms: int = 0
    plan: Plan | None = None

    def enter(self, stage: Stage, spent: float) -> None:
        """Another stage begins."""
        self.stage, self.since, self.tried_at = stage, spent, spent

    def built(self, seconds: float) -> None:
        """A build ended."""
        self.longest = max(self.longest, seconds)

    def tried_one(self, spent: float) -> None:
        """The search is done with a candidate."""
        self.tried.append(spent - self.tried_at)
        self.tried_at = spent

    def remaining(self, spent: float, budget: float) -> float | None:
        """Seconds until the result, about, never more than the budget has left; None before anything was built."""
        if not self.longest:
            return None
        left = max(0.0, budget - spent)
        if self.plan is None:
            # What follows the baseline is not planned yet: the search alone is likely to be as long as that.
            return min(left, self._rest(_BASELINE * self.longest, spent) + _CANDIDATES * self.longest)
        at = spent
        for stage in list(Stage)[list(Stage).index(self.stage) :]:
            seconds, until = self._of(stage, self.plan, spent)
            at += max(0.0, min(seconds, until - at))
        return min(left, at - spent)

    def _of(self, stage: Stage, plan: Plan, spent: float) -> tuple[float, float]:
        """Seconds of a stage from now on, and of the budget when it ends at the latest."""
        never = float("inf")
        match stage:
            case Stage.SEARCH:
                return self._search(plan, spent), plan.search_until
            case Stage.RACE:
                return self._race(plan), plan.race_until
            case Stage.CONFIRMATION:
                return self._rest_of(stage, plan.confirmation, spent), never
            case Stage.PER_CRATE:
                return self._rest_of(stage, plan.per_crate, spent), never
            case _:
                return 0.0, never

    def _search(self, plan: Plan, spent: float) -> float:
        latest = self.tried[-_LATEST:] or [self.longest]
        count = min(plan.unbuilt - len(self.tried), max(1, _CANDIDATES - len(self.tried)))
        return max(0.0, max(0, count) * sum(latest) / len(latest) - (spent - self.tried_at))

    def _race(self, plan: Plan) -> float:
        if self.stage is not Stage.RACE or not self.rounds:
            return _ROUNDS * (plan.finalists + 1) * self.run if plan.finalists else 0.0
        more = max(_ROUNDS - self.rounds, _MORE * self.rounds) if self.arms else 1
        return more * (self.arms + 1) * self.run

    def _rest_of(self, stage: Stage, whole: float, spent: float) -> float:
        return self._rest(whole, spent) if self.stage is stage else whole

    def _rest(self, whole: float, spent: float) -> float:
        return max(0.0, whole - (spent - self.since))


def roughly(seconds: float) -> str:
    """As people say it: ``a few seconds``, ``about 40 s``, ``about 3 min``, ``about 1 h 20 min``."""
    if seconds < 7.5:
        return "a few seconds"
    if seconds < 95:
        return f"about {5 * round(seconds / 5)} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"about {minutes} min"
    hours, rest = divmod(10 * round(seconds / 600), 60)
    return f"about {hours} h {rest} min" if rest else f"about {hours} h"
