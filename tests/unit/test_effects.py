"""The model of main effects and interactions."""

import itertools
import math

import numpy as np
import pytest

from burnish.profile.options import Lto, OptLevel, Panic, Strip
from burnish.profile.profile import Profile
from burnish.tune.effects import Model

SPACE = tuple(
    dict.fromkeys(
        Profile(opt_level=opt, lto=lto, codegen_units=units, panic=panic).canonical()
        for opt, lto, units, panic in itertools.product(
            (OptLevel.O2, OptLevel.O3, OptLevel.S, OptLevel.Z), Lto, (None, 1), Panic
        )
    )
)
MAIN = {
    "2": 0.0,
    "3": 0.06,
    "s": -0.15,
    "z": -0.22,
    "thin": -0.05,
    "fat": -0.17,
    "off": 0.02,
    "1": -0.06,
    "abort": -0.09,
}


def additive(profile: Profile) -> float:
    keys = ("opt-level", "lto", "codegen-units", "panic")
    return 14 + sum(MAIN.get(profile.value(key), 0.0) for key in keys)


def interacting(profile: Profile) -> float:
    return additive(profile) + 0.08 * (profile.lto is Lto.FAT) * (profile.opt_level is OptLevel.O3)


def chosen(n: int, seed: int) -> list[Profile]:
    rng = np.random.default_rng(seed)
    return [SPACE[at] for at in rng.permutation(len(SPACE))[:n]]


def test_effects_that_add_up_are_learnt_from_a_third_of_the_space() -> None:
    seen = chosen(18, 1)
    rest = [profile for profile in SPACE if profile not in seen]
    mean, sd = Model.fit({profile: additive(profile) for profile in seen}).predict(rest)
    truth = np.array([additive(profile) for profile in rest])
    assert np.median(np.abs(mean - truth)) < 0.02
    assert np.all(np.abs(mean - truth) < 4 * sd)


def test_an_interaction_of_two_options_is_learnt() -> None:
    seen = chosen(36, 2)
    model = Model.fit({profile: interacting(profile) for profile in seen})
    rest = [profile for profile in SPACE if profile not in seen]
    mean, _ = model.predict(rest)
    assert np.max(np.abs(mean - [interacting(profile) for profile in rest])) < 0.03


def test_intervals_cover_about_as_often_as_they_say() -> None:
    inside = total = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        truth = {profile: interacting(profile) + 0.01 * rng.standard_normal() for profile in SPACE}
        seen = chosen(14, seed)
        rest = [profile for profile in SPACE if profile not in seen]
        mean, sd = Model.fit({profile: truth[profile] for profile in seen}).predict(rest)
        inside += int(np.sum(np.abs(mean - [truth[profile] for profile in rest]) < 2 * sd))
        total += len(rest)
    assert 0.9 < inside / total <= 1


def test_what_was_observed_is_surer_than_what_was_not() -> None:
    seen = chosen(10, 3)
    model = Model.fit({profile: additive(profile) for profile in seen})
    _, known = model.predict(seen)
    _, unknown = model.predict([profile for profile in SPACE if profile not in seen])
    assert known.max() < unknown.min()


def test_a_level_that_was_never_seen_can_be_predicted_and_is_unsure() -> None:
    seen = [profile for profile in SPACE if profile.opt_level is not OptLevel.Z]
    model = Model.fit({profile: additive(profile) for profile in seen})
    unseen = [profile for profile in SPACE if profile.opt_level is OptLevel.Z]
    _, sd = model.predict(unseen)
    _, known = model.predict(seen)
    assert np.isfinite(sd).all()
    assert sd.min() > 3 * known.max()


def test_strip_plays_no_part() -> None:
    seen = chosen(10, 4)
    model = Model.fit({profile: additive(profile) for profile in seen})
    plain = Profile(opt_level=OptLevel.S)
    mean, _ = model.predict([plain, plain.with_value("strip", Strip.SYMBOLS)])
    assert mean[0] == mean[1]


def test_draws_have_the_predicted_mean_and_spread_and_move_together() -> None:
    seen = chosen(10, 5)
    model = Model.fit({profile: additive(profile) for profile in seen})
    rest = [profile for profile in SPACE if profile not in seen]
    mean, sd = model.predict(rest)
    draws = model.draw(rest, 20_000, np.random.default_rng(1))
    assert draws.shape == (20_000, len(rest))
    assert draws.mean(axis=0) == pytest.approx(mean, abs=0.01)
    assert draws.std(axis=0) == pytest.approx(sd, rel=0.05)
    z = [at for at, profile in enumerate(rest) if profile.opt_level is rest[0].opt_level and profile is not rest[0]]
    assert np.corrcoef(draws[:, 0], draws[:, z[0]])[0, 1] > 0.1


def test_the_same_generator_state_draws_the_same() -> None:
    model = Model.fit({profile: additive(profile) for profile in chosen(6, 6)})
    once, again = (model.draw(SPACE, 5, np.random.default_rng(7)) for _ in range(2))
    assert np.array_equal(once, again)


def test_a_single_observation_is_the_mean_of_everything() -> None:
    mean, sd = Model.fit({SPACE[0]: 14.0}).predict(SPACE)
    assert mean == pytest.approx(np.full(len(SPACE), 14.0))
    assert sd[1:].min() > 0.05


def test_nothing_observed_leaves_the_prior() -> None:
    mean, sd = Model.fit({}).predict(SPACE)
    assert mean == pytest.approx(np.zeros(len(SPACE)))
    assert sd.min() > 1


def test_a_response_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="logarithm of a positive number"):
        Model.fit({SPACE[0]: math.nan})
