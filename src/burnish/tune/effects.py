"""The model of what options do to a metric: main effects and pairwise interactions, by Bayesian ridge. Pure.

The model chooses what to build next. It never stands behind a recommendation: those need measurements.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from burnish.profile.profile import Profile
from burnish.tune.prior import FACTORS, Terms, expected, names

Array = npt.NDArray[np.float64]

#: No expectation: all is learnt from the data.
NOTHING: Final[Terms] = MappingProxyType({})

#: Prior variances, in units of the squared scale of the response.
_INTERCEPT: Final = 100.0
_MAIN: Final = 1.0
_PAIR: Final = 0.3

#: What is left of the variance of a term whose size in other projects is known (`burnish.tune.prior`): a project
#: differs from the others' mean by about a fifth of what an option does at all (`python bench/prior.py`).
_KNOWN: Final = 0.04

#: Before anything is seen, one option's value is expected to move a response by about this (log units): options move
#: size by 3 to 30 %, instructions and build cost by about as much. This counts as `_PRIOR_WEIGHT` observations.
_PRIOR_SCALE: Final = 0.15
_PRIOR_WEIGHT: Final = 1.0

#: Candidates for the noise variance, same units: measurement noise and what interactions of three options leave.
_NOISES: Final = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Model:
    """A fitted model of one response, the logarithm of a metric.

    One-hot features of every level and every pair of levels, with independent normal weights, are the same as a
    normal process whose covariance counts the levels and the pairs that two profiles share. In that form no levels
    need to be listed: one that was never observed has its prior.
    """

    profiles: tuple[Profile, ...]
    offset: float
    scale: float
    noise: float
    inverse: Array
    weights: Array
    terms: Terms

    @classmethod
    def fit(cls, observations: Mapping[Profile, float], terms: Terms = NOTHING) -> Self:
        """Fit to log responses. Scale and noise are estimated from the data, held near the prior while data are few.

        Args:
            observations: log responses.
            terms: what options are expected to do; what the data say differently is learnt on top of it.

        Raises:
            ValueError: a response is not finite.
        """
        profiles = tuple(observations)
        values = np.array([observations[profile] for profile in profiles], dtype=float)
        if not np.isfinite(values).all():
            raise ValueError("a response must be the logarithm of a positive number")
        values = values - expected(terms, profiles)
        offset = float(values.mean()) if len(values) else 0.0
        shared = _covariance(profiles, profiles, terms)
        fits = [_fit_noise(shared, values - offset, noise) for noise in _NOISES]
        best = max(fits, key=lambda fit: fit.evidence)
        return cls(
            profiles=profiles,
            offset=offset,
            scale=best.scale,
            noise=best.noise,
            inverse=best.inverse,
            weights=best.inverse @ (values - offset),
            terms=terms,
        )

    def predict(self, profiles: Sequence[Profile]) -> tuple[Array, Array]:
        """Mean and standard deviation of the log response of each profile, as it would be observed."""
        mean, covariance = self._posterior(profiles)
        return mean, np.sqrt(np.diag(covariance))

    def draw(self, profiles: Sequence[Profile], n: int, rng: np.random.Generator) -> Array:
        """Joint posterior samples of the log responses, as they would be observed; shape (n, len(profiles))."""
        mean, covariance = self._posterior(profiles)
        root = np.linalg.cholesky(covariance)  # the noise on its diagonal keeps it positive definite
        draws: Array = mean + rng.standard_normal((n, len(profiles))) @ root.T
        return draws

    def _posterior(self, profiles: Sequence[Profile]) -> tuple[Array, Array]:
        across = _covariance(profiles, self.profiles, self.terms)
        own = _covariance(profiles, profiles, self.terms) + self.noise * np.eye(len(profiles))
        mean = self.offset + expected(self.terms, profiles) + across @ self.weights
        return mean, self.scale**2 * (own - across @ self.inverse @ across.T)


@dataclass(frozen=True, slots=True)
class _Fit:
    evidence: float
    scale: float
    noise: float
    inverse: Array


def _fit_noise(shared: Array, values: Array, noise: float) -> _Fit:
    """The fit for one noise variance, its scale integrated out under an inverse-gamma prior."""
    covariance = shared + noise * np.eye(len(values))
    inverse: Array = np.linalg.inv(covariance).astype(np.float64)
    squares = _PRIOR_WEIGHT * _PRIOR_SCALE**2 + float(values @ inverse @ values)
    weight = _PRIOR_WEIGHT + max(len(values) - 1, 0)  # one went into the offset
    _, logdet = np.linalg.slogdet(covariance)
    return _Fit(
        evidence=-0.5 * (float(logdet) + weight * math.log(squares)),
        scale=math.sqrt(squares / weight),
        noise=noise,
        inverse=inverse,
    )


def _covariance(left: Sequence[Profile], right: Sequence[Profile], terms: Terms) -> Array:
    """Prior covariance of two lists of profiles: what the levels and pairs of levels they share add up to."""
    total = np.full((len(left), len(right)), _INTERCEPT)
    ours, theirs = np.array([names(each) for each in left]), np.array([names(each) for each in right])
    for at in range(ours.shape[-1] if left and right else 0):
        variance = _MAIN if at < len(FACTORS) else _PAIR
        of_level = np.array([variance * (_KNOWN if name in terms else 1.0) for name in ours[:, at]])
        total += of_level[:, None] * (ours[:, at][:, None] == theirs[:, at][None, :])
    return total
