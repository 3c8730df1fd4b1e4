import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.errors import UsageError
from burnish.profile.options import OPTIONS, Lto, Panic
from burnish.profile.profile import CARGO_DEFAULT, Profile
from burnish.tune.space import Narrowing, changes_behaviour, code, codes, profiles, strips

ABORT = frozenset({"panic-abort"})


@st.composite
def any_profile(draw: st.DrawFn) -> Profile:
    profile = CARGO_DEFAULT
    for option in OPTIONS:
        profile = profile.with_value(option.key, draw(st.sampled_from(option.values)))
    return profile


@given(any_profile())
def test_an_id_is_a_profile_and_back(profile: Profile) -> None:
    assert Profile.parse(profile.id) == profile


@given(any_profile())
def test_the_canonical_form_is_canonical_and_in_the_space(profile: Profile) -> None:
    canonical = profile.canonical()
    assert canonical.canonical() == canonical
    assert canonical in profiles(Narrowing(allow=ABORT), CARGO_DEFAULT)
    assert code(code(profile)) == code(profile)


def test_equal_profiles_are_one_candidate() -> None:
    space = profiles(Narrowing(allow=ABORT), CARGO_DEFAULT)
    # 5 opt-level x (4 lto x 3 units - off with one unit, which is false) x 2 panic x 3 strip
    assert len(space) == len(set(space)) == 5 * 11 * 2 * 3
    assert len(codes(space)) == 5 * 11 * 2
    assert not any(profile.lto is Lto.OFF and profile.codegen_units == 1 for profile in space)


def test_abort_is_tried_only_where_allowed_or_in_force() -> None:
    aborting = CARGO_DEFAULT.with_value("panic", "abort")
    assert all(each.panic is Panic.UNWIND for each in profiles(Narrowing(), CARGO_DEFAULT))
    assert any(each.panic is Panic.ABORT for each in profiles(Narrowing(), aborting))
    assert any(each.panic is Panic.ABORT for each in profiles(Narrowing(allow=ABORT), CARGO_DEFAULT))
    assert changes_behaviour(CARGO_DEFAULT, aborting)
    assert not changes_behaviour(aborting, CARGO_DEFAULT)


@pytest.mark.parametrize(
    ("narrowing", "count"),
    [
        pytest.param(Narrowing(fixed={"lto": "thin"}), 5 * 3 * 3, id="one value"),
        pytest.param(Narrowing(values={"lto": ("thin", "fat")}), 5 * 2 * 3 * 3, id="some values"),
        pytest.param(Narrowing(only=("o3-*",)), 11 * 3, id="a glob over ids"),
        pytest.param(Narrowing(only=("o3-fat-cgu1-unwind",)), 3, id="a code"),
        pytest.param(Narrowing(only=("oz-*-symbols", "os-*-symbols")), 2 * 11, id="several globs"),
    ],
)
def test_the_space_is_narrowed(narrowing: Narrowing, count: int) -> None:
    assert len(profiles(narrowing, CARGO_DEFAULT)) == count


@pytest.mark.parametrize(
    ("narrowing", "words"),
    [
        (Narrowing(fixed={"lto": "full"}), "lto has no value 'full'"),
        (Narrowing(values={"codegen-units": ("0",)}), "codegen-units has no value '0'"),
        (Narrowing(only=("nothing",)), "no profile matches"),
        (Narrowing(fixed={"panic": "abort"}), "changes what the program does"),
    ],
)
def test_what_leaves_nothing_is_refused(narrowing: Narrowing, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        profiles(narrowing, CARGO_DEFAULT)


def test_strip_variants_belong_to_their_code() -> None:
    space = profiles(Narrowing(values={"strip": ("symbols", "debuginfo")}), CARGO_DEFAULT)
    assert set(strips(space, CARGO_DEFAULT)) == {"symbols", "debuginfo"}
