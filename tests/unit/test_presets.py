"""The well-known profiles and what becomes of their ``panic = "abort"``."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.profile.options import Lto, OptLevel, Panic, Strip
from burnish.profile.presets import PRESETS, presets
from burnish.profile.profile import CARGO_DEFAULT, Profile

ABORT = replace(CARGO_DEFAULT, panic=Panic.ABORT)

profiles = st.builds(
    Profile,
    opt_level=st.sampled_from(OptLevel),
    lto=st.sampled_from(Lto),
    codegen_units=st.none() | st.integers(1, 64),
    panic=st.sampled_from(Panic),
    strip=st.sampled_from(Strip),
)


def by_name(*, allowed: bool, base: Profile) -> dict[str, Profile]:
    return {preset.name: preset.profile for preset in presets(allowed_panic_abort=allowed, base=base)}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("cargo default", "o3-false-cgudef-unwind-debuginfo", id="default"),
        pytest.param("blog recipe", "o3-fat-cgu1-abort-symbols", id="blog recipe"),
        pytest.param("fat + 1", "o3-fat-cgu1-unwind-debuginfo", id="fat + 1"),
        pytest.param("min size", "oz-fat-cgu1-unwind-symbols", id="min size"),
    ],
)
def test_a_preset_is_the_profile_its_name_is_known_for(name: str, expected: str) -> None:
    assert by_name(allowed=True, base=CARGO_DEFAULT)[name] == Profile.parse(expected)


def test_every_preset_is_a_profile_of_its_own_and_says_where_it_is_known_from() -> None:
    assert len({preset.profile.canonical() for preset in PRESETS}) == len(PRESETS)
    assert len({preset.name for preset in PRESETS}) == len(PRESETS)
    assert all(preset.known_from.endswith(".") for preset in PRESETS)


def test_without_leave_abort_is_taken_out_and_the_name_says_so() -> None:
    found = by_name(allowed=False, base=CARGO_DEFAULT)
    assert "blog recipe" not in found
    assert found["blog recipe without abort"] == Profile.parse("o3-fat-cgu1-unwind-symbols")


def test_a_baseline_with_abort_keeps_it_in_all_presets_but_cargos_default() -> None:
    found = by_name(allowed=False, base=ABORT)
    assert found.pop("cargo default") == CARGO_DEFAULT
    assert {profile.panic for profile in found.values()} == {Panic.ABORT}
    assert "blog recipe" in found


@given(base=profiles)
def test_no_preset_has_abort_unless_it_is_allowed_or_there_already(base: Profile) -> None:
    found = presets(allowed_panic_abort=False, base=base)
    assert base.panic is Panic.ABORT or all(preset.profile.panic is Panic.UNWIND for preset in found)
    assert len({preset.profile for preset in found}) == len(PRESETS)
