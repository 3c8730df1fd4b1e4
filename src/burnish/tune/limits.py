"""What a recommendation may cost at most, as ratios to the baseline."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Final

from burnish.tune.result import Goal


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Upper bounds of candidate / baseline; None is no bound.

    Attributes:
        time: run time; the upper end of the interval must keep it.
        size: file size.
        build: CPU time of a cold build.
        memory: peak memory of the largest build process.
    """

    time: float | None = None
    size: float | None = None
    build: float | None = None
    memory: float | None = None


#: What holds where the user sets no limit. A goal must not be reached by ruining what nobody spoke of: smaller is not
#: worth a tenth of the speed, a faster build not a noticeably slower or larger program.
DEFAULTS: Final[Mapping[Goal, Limits]] = {
    Goal.SPEED: Limits(size=1.5),
    Goal.SIZE: Limits(time=1.10),
    Goal.BUILD: Limits(time=1.05, size=1.10),
    Goal.BALANCED: Limits(time=1.05, size=1.05),
}


def effective_limits(goal: Goal, given: Limits) -> Limits:
    """The user's limits over the goal's defaults."""
    default = DEFAULTS[goal]
    set_by_user = {
        field.name: getattr(given, field.name) for field in fields(Limits) if getattr(given, field.name) is not None
    }
    return replace(default, **set_by_user)
