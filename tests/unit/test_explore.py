"""What this machine does while a worker of a cluster has what the search proposes."""

from burnish.profile.profile import Profile
from burnish.tune.explore import fits_in

A, B = (Profile.parse(f"{code}-unwind-none") for code in ("o3-fat-cgu1", "oz-fat-cgu1"))


def test_the_first_that_takes_about_as_long_as_there_is_to_wait() -> None:
    assert fits_in(10.0, {A: 12.0, B: 1.0}) == A
    assert fits_in(10.0, {A: 40.0, B: 12.0}) == B


def test_nothing_that_takes_much_longer_is_begun() -> None:
    assert fits_in(10.0, {A: 40.0}) is None
    assert fits_in(10.0, {}) is None
