import pytest

from burnish.build.plan import Deps, Given, cell, deps_for, plan_plain, plan_shared, sharing_obstacle, tag
from burnish.profile.options import OPTIONS, Strip
from burnish.profile.profile import CARGO_DEFAULT, Profile
from burnish.tune.space import Narrowing, codes, profiles

GIVEN = Given(profile_name="release")


@pytest.mark.parametrize(
    ("profile", "deps"),
    [
        pytest.param("o3-false-cgudef-unwind-none", Deps.BOTH, id="thin-local: objects serve as they are"),
        pytest.param("o3-fat-cgu16-unwind-none", Deps.BOTH, id="bitcode beside the object"),
        pytest.param("o3-fat-cgu1-unwind-none", Deps.BITCODE, id="one unit under LTO"),
        pytest.param("o3-false-cgu1-unwind-none", Deps.OBJECT, id="one unit without LTO has a pipeline of its own"),
        pytest.param("o3-off-cgu16-unwind-none", Deps.OFF, id="off has its own"),
    ],
)
def test_the_form_of_libraries_follows_what_rustc_does(profile: str, deps: Deps) -> None:
    assert deps_for(Profile.parse(profile)) is deps


def test_tags_tell_all_cells_of_the_space_apart_that_differ_in_libraries_or_units() -> None:
    space = codes(profiles(Narrowing(allow=frozenset({"panic-abort"})), CARGO_DEFAULT))
    by_tag: dict[tuple[int, str, str], set[str]] = {}
    for profile in space:
        by_tag.setdefault((tag(profile), profile.opt_level, profile.panic), set()).add(cell(profile))
    assert all(len(cells) == 1 for cells in by_tag.values())
    assert len(by_tag) == len({cell(profile) for profile in space})


def test_candidates_of_a_cell_give_cargo_the_same_configuration() -> None:
    false, fat = (Profile.parse(f"o2-{lto}-cgudef-abort-debuginfo") for lto in ("false", "fat"))
    one, other = plan_shared(false, GIVEN), plan_shared(fat, GIVEN)
    assert one.config == other.config
    assert one.environment == other.environment
    assert (one.final, other.final) == ((), ("-C", "lto=fat"))


def test_a_shared_build_rewrites_and_a_plain_one_does_not() -> None:
    profile = Profile.parse("oz-thin-cgu1-unwind-symbols")
    shared, plain = plan_shared(profile, GIVEN), plan_plain(profile, GIVEN)
    assert shared.environment == {"BURNISH_CODEGEN_UNITS": f"{tag(profile)}=1", "BURNISH_DEPS": "bitcode"}
    assert plain.environment == {}
    assert plain.config == (
        'profile.release.opt-level="z"',
        'profile.release.lto="thin"',
        'profile.release.panic="unwind"',
        'profile.release.strip="symbols"',
        "profile.release.codegen-units=1",
    )
    assert plain.config_args[::2] == ("--config",) * 5


def test_units_that_the_project_sets_are_dropped_where_the_candidate_has_none() -> None:
    given = Given(profile_name="dist", codegen_units_set=True)
    plan = plan_plain(CARGO_DEFAULT, given)
    assert plan.environment == {"BURNISH_CODEGEN_UNITS": f"{tag(CARGO_DEFAULT)}="}
    assert f"profile.dist.codegen-units={tag(CARGO_DEFAULT)}" in plan.config
    assert not any("codegen-units" in value for value in plan_plain(CARGO_DEFAULT, GIVEN).config)


def test_an_override_without_strip_is_given_one() -> None:
    given = Given(profile_name="release", strip_overrides=("app@1.0.0",))
    assert 'profile.release.package."app@1.0.0".strip="debuginfo"' in plan_shared(CARGO_DEFAULT, given).config


@pytest.mark.parametrize(
    ("debug", "wanted", "base"),
    [
        (False, Strip.DEBUGINFO, Strip.DEBUGINFO),
        (False, Strip.SYMBOLS, Strip.DEBUGINFO),
        (False, Strip.NONE, Strip.NONE),
        (True, Strip.SYMBOLS, Strip.NONE),
    ],
)
def test_the_least_stripped_file_that_is_wanted_is_built(debug: bool, wanted: Strip, base: Strip) -> None:
    assert Given(profile_name="release", debug=debug).base_strip(wanted) is base


@pytest.mark.parametrize(
    ("profile", "takes_lto", "incremental", "word"),
    [
        ("o0-false-cgudef-unwind-none", True, False, "opt-level"),
        ("o3-false-cgudef-unwind-none", False, False, "crate type"),
        ("o3-false-cgudef-unwind-none", True, True, "incremental"),
        ("o3-false-cgudef-unwind-none", True, False, None),
    ],
)
def test_sharing_is_refused_with_the_reason(profile: str, takes_lto: bool, incremental: bool, word: str | None) -> None:
    reason = sharing_obstacle(Profile.parse(profile), takes_lto=takes_lto, incremental=incremental)
    assert (reason is None) if word is None else (reason is not None and word in reason)


def test_every_option_is_in_every_plain_configuration_but_unset_units() -> None:
    keys = {value.split("=")[0].removeprefix("profile.release.") for value in plan_plain(CARGO_DEFAULT, GIVEN).config}
    assert keys == {option.key for option in OPTIONS} - {"codegen-units"}


@pytest.mark.parametrize(
    ("profile", "shares"),
    [
        ("o3-fat-cgu1-unwind-none", False),
        ("o3-thin-cgu1-unwind-none", False),
        ("o3-false-cgu1-unwind-none", True),
        ("o3-fat-cgudef-unwind-none", True),
        ("o3-off-cgudef-unwind-none", True),
    ],
)
def test_a_program_beside_a_bench_is_in_the_way_only_of_libraries_that_are_bitcode_alone(
    profile: str, shares: bool
) -> None:
    found = sharing_obstacle(Profile.parse(profile), takes_lto=True, incremental=False, programs_beside=True)
    assert (found is None) is shares
    assert sharing_obstacle(Profile.parse(profile), takes_lto=True, incremental=False) is None
