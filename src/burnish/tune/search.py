"""What to build next: the profile with the most to gain for its cost, by the model of effects. Pure.

The posterior is sampled, as Thompson did (Biometrika 25, 1933): each draw is one way in which the profiles that are not
built could turn out, given those that are.
"""

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from burnish.profile.profile import Profile
from burnish.tune.effects import NOTHING, Model
from burnish.tune.goals import EPSILON_BUILD, EPSILON_SIZE, EPSILON_TIME, RELEVANT, WEIGHTS
from burnish.tune.prior import Terms
from burnish.tune.result import Goal
from burnish.tune.terms import TERMS

#: Posterior draws for each decision.
DRAWS: Final = 48
#: A profile with a smaller chance is not worth a build.
PROMISING: Final = 0.05


_PURPOSES: Final[Mapping[Goal, str]] = {
    Goal.SPEED: "in speed",
    Goal.SIZE: "in size",
    Goal.BUILD: "in build cost",
    Goal.BALANCED: "in the balance of speed and size",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """What was seen of a built profile.

    Attributes:
        size: bytes, stripped; None where it counts nothing, the same for all.
        speed: instructions or a time, as a positive number, the same kind for all; None where there is none.
        build: CPU seconds.
    """

    size: float | None
    speed: float | None
    build: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """The profile to build next, or None to stop.

    Attributes:
        probability: that it is better than all built so far; where there is no profile, the highest of any.
        reason: for people, without a full stop.
        others: what else is promising, the best first: it may be built beside the profile, and comes next if nothing
            else is learnt.
    """

    profile: Profile | None
    probability: float
    reason: str
    others: tuple[Profile, ...] = ()


def next_candidate(
    space: Sequence[Profile],
    observed: Mapping[Profile, Observation],
    *,
    failed: frozenset[Profile],
    goal: Goal,
    expected_cost: Callable[[Profile], float],
    seed: str,
    prior: Mapping[str, Terms] = TERMS,
) -> Proposal:
    """The unbuilt profile with the largest expected gain for its cost.

    A profile counts as better in a draw when it is on the front, that is, beyond each built profile by more than
    epsilon in some metric (1 % of size or time, 5 % of build cost), and its utility for the goal is better than that of
    everything built by 0.01 or more. The gain is averaged over the draws in which it is better. The search stops when
    no profile is better in 5 % of the draws.

    Args:
        space: canonical profiles, strip at its default.
        observed: what was built; profiles outside the space teach the model too.
        failed: profiles that cannot be built or used.
        goal: what to gain.
        expected_cost: seconds to build a profile.
        seed: with the other arguments it fixes the answer.
        prior: what other projects let expect, for ``size``, ``instructions`` and ``build`` where they do.
    """
    unbuilt = [profile for profile in dict.fromkeys(space) if profile not in observed and profile not in failed]
    if not unbuilt:
        return Proposal(profile=None, probability=0.0, reason="every profile of the space was built")
    if not observed:
        return Proposal(profile=unbuilt[0], probability=1.0, reason="nothing was built yet")
    rng = np.random.default_rng(int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8]))
    gains = _gains(unbuilt, observed, goal, rng, prior)
    chances = (gains > 0).mean(axis=0)
    highest = float(chances.max())
    if highest < PROMISING:
        reason = f"nothing promising is left (highest chance {100 * highest:.0f} %)"
        return Proposal(profile=None, probability=highest, reason=reason)
    costs = np.array([max(expected_cost(profile), 1e-6) for profile in unbuilt])
    worth = np.where(chances >= PROMISING, gains.mean(axis=0) / costs, 0.0)
    best, *others = (int(at) for at in np.argsort(-worth, kind="stable") if worth[at] > 0.0)
    chance = float(chances[best])
    reason = f"expected to be the best so far {_PURPOSES[goal]} with probability {chance:.2f}"
    return Proposal(
        profile=unbuilt[best], probability=chance, reason=reason, others=tuple(unbuilt[at] for at in others)
    )


@dataclass(frozen=True, slots=True)
class _Metric:
    """The log responses of one metric, with its weight in the goal and the difference that counts."""

    responses: Mapping[Profile, float]
    terms: Terms
    weight: float
    epsilon: float


def _metrics(observed: Mapping[Profile, Observation], goal: Goal, prior: Mapping[str, Terms]) -> tuple[_Metric, ...]:
    weights = WEIGHTS[goal]
    size = {profile: math.log(seen.size) for profile, seen in observed.items() if seen.size is not None}
    build = {profile: math.log(seen.build) for profile, seen in observed.items()}
    speed = {profile: math.log(seen.speed) for profile, seen in observed.items() if seen.speed is not None}
    metrics = [_Metric(size, prior.get("size", NOTHING), weights.size, EPSILON_SIZE)] if size else []
    metrics.append(_Metric(build, prior.get("build", NOTHING), weights.build, EPSILON_BUILD))
    if speed:
        metrics.append(_Metric(speed, prior.get("instructions", NOTHING), weights.time, EPSILON_TIME))
    return tuple(metrics)


def _gains(
    unbuilt: Sequence[Profile],
    observed: Mapping[Profile, Observation],
    goal: Goal,
    rng: np.random.Generator,
    prior: Mapping[str, Terms],
) -> npt.NDArray[np.float64]:
    """Gain of utility over the best built, for each draw and unbuilt profile; 0 where it is not better."""
    built = list(observed)
    utility = np.zeros((DRAWS, len(unbuilt)))
    standard = np.zeros(len(built))
    matched = np.ones((DRAWS, len(unbuilt), len(built)), dtype=bool)
    for metric in _metrics(observed, goal, prior):
        model = Model.fit(metric.responses, metric.terms)
        draws = model.draw(unbuilt, DRAWS, rng)
        expected, _ = model.predict(built)
        seen = np.array([metric.responses.get(profile, expected[at]) for at, profile in enumerate(built)])
        utility += metric.weight * draws
        standard += metric.weight * seen
        matched &= seen[None, None, :] <= draws[:, :, None] + math.log1p(metric.epsilon)
    gains = standard.min() - utility
    return np.where(matched.any(axis=2) | (gains < RELEVANT), 0.0, gains)
