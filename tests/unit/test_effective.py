"""What `resolve` says of manifests, config files and environments, as Cargo's rules have it.

tests/cargo/test_effective_cargo.py holds the same rules against the real cargo.
"""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.errors import UsageError
from burnish.profile.effective import EffectiveProfile, OriginKind, SourceText, resolve, spec_matches
from burnish.profile.keys import PROFILE_KEYS
from burnish.profile.options import Lto, Panic, Strip
from burnish.profile.profile import CARGO_DEFAULT, Profile
from burnish.profile.source import line_of


def effective(
    manifest: str = "",
    *configs: str,
    name: str = "release",
    env: Mapping[str, str] | None = None,
    package: str | None = "app",
) -> EffectiveProfile:
    return resolve(
        name,
        manifest=SourceText(path="Cargo.toml", text=manifest),
        configs=[SourceText(path=f"{place}/config.toml", text=text) for place, text in enumerate(configs)],
        environment=env or {},
        package=package,
    )


def test_release_without_a_word_in_the_manifest_is_cargos_default() -> None:
    release = effective('[package]\nname = "app"\n')
    assert release.profile == CARGO_DEFAULT
    assert release.chain == ("release",)
    assert release.codegen_units_in_force is None
    assert {key for key, setting in release.settings.items() if setting.value is None} == {
        "codegen-units",
        "split-debuginfo",
    }
    assert {setting.origin.where for key, setting in release.settings.items() if key != "strip"} == {"Cargo's default"}


def test_every_key_of_a_profile_has_a_setting() -> None:
    assert set(effective().settings) == {entry.key for entry in PROFILE_KEYS}


def test_dev_and_test_have_the_defaults_of_dev() -> None:
    assert effective(name="dev").profile == Profile.parse("o0-false-cgudef-unwind-none")
    assert effective(name="test").chain == ("test", "dev")
    assert effective(name="bench").chain == ("bench", "release")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("opt-level = 2", "o2-false-cgudef-unwind-debuginfo", id="opt-level a number"),
        pytest.param('opt-level = "z"', "oz-false-cgudef-unwind-debuginfo", id="opt-level a letter"),
        pytest.param("lto = true", "o3-fat-cgudef-unwind-debuginfo", id="lto true is fat"),
        pytest.param('lto = "yes"', "o3-fat-cgudef-unwind-debuginfo", id="rustc takes yes for fat"),
        pytest.param('lto = "thin"', "o3-thin-cgudef-unwind-debuginfo", id="thin"),
        pytest.param('lto = "off"', "o3-off-cgudef-unwind-debuginfo", id="off"),
        pytest.param('lto = "n"', "o3-off-cgudef-unwind-debuginfo", id="n is off"),
        pytest.param('lto = "no"', "o3-off-cgudef-unwind-debuginfo", id="no is off"),
        pytest.param('lto = "none"', "o3-off-cgudef-unwind-debuginfo", id="none is off"),
        pytest.param("lto = false", "o3-false-cgudef-unwind-debuginfo", id="false is not off"),
        pytest.param("codegen-units = 16", "o3-false-cgu16-unwind-debuginfo", id="16 is not unset"),
        pytest.param('panic = "abort"', "o3-false-cgudef-abort-debuginfo", id="abort"),
        pytest.param("strip = true", "o3-false-cgudef-unwind-symbols", id="strip true is symbols"),
        pytest.param("strip = false", "o3-false-cgudef-unwind-none", id="strip false is none"),
        pytest.param('strip = "debuginfo"', "o3-false-cgudef-unwind-debuginfo", id="strip debuginfo"),
        pytest.param("debug = 1", "o3-false-cgudef-unwind-none", id="debug keeps an unset strip away"),
        pytest.param('debug = "none"', "o3-false-cgudef-unwind-debuginfo", id="debug none is no debug info"),
        pytest.param("debug = 0", "o3-false-cgudef-unwind-debuginfo", id="debug 0 is no debug info"),
    ],
)
def test_a_value_means_what_cargo_makes_of_it(line: str, expected: str) -> None:
    assert effective(f"[profile.release]\n{line}\n").profile == Profile.parse(expected)


def test_an_unset_strip_is_implied_and_says_why() -> None:
    strip = effective().settings["strip"]
    assert (strip.value, strip.origin.kind) == ("debuginfo", OriginKind.IMPLIED)
    assert "unset" in strip.origin.where
    assert effective("[profile.release]\ndebug = true\n").settings["strip"].value == "none"


def test_environment_wins_over_the_closest_config_over_others_over_the_manifest() -> None:
    manifest = '[profile.release]\nlto = "off"\ncodegen-units = 2\nopt-level = 1\npanic = "abort"\n'
    near = '[profile.release]\nlto = "thin"\ncodegen-units = 3\n'
    far = '[profile.release]\nlto = "fat"\ncodegen-units = 4\nopt-level = 2\n'
    settings = effective(manifest, near, far, env={"CARGO_PROFILE_RELEASE_LTO": "true"}).settings
    got = {key: (settings[key].text, settings[key].origin.where) for key in ("lto", "codegen-units", "opt-level")}
    assert got == {
        "lto": ("true", "CARGO_PROFILE_RELEASE_LTO"),
        "codegen-units": ("3", "0/config.toml:3 [profile.release]"),
        "opt-level": ("2", "1/config.toml:4 [profile.release]"),
    }
    assert settings["panic"].text == '"abort"'
    assert settings["panic"].origin.where == "Cargo.toml:5 [profile.release]"


def test_places_are_merged_for_each_name_before_profiles_inherit() -> None:
    manifest = '[profile.dist]\ninherits = "release"\nlto = "thin"\n'
    dist = effective(manifest, '[profile.release]\nlto = "fat"\ncodegen-units = 2\n', name="dist")
    assert dist.chain == ("dist", "release")
    assert dist.profile == Profile(lto=Lto.THIN, codegen_units=2)
    assert dist.settings["codegen-units"].origin.profile == "release"
    assert dist.parent is not None
    assert dist.parent.profile == Profile(lto=Lto.FAT, codegen_units=2)


def test_a_profile_may_be_defined_in_a_config_file_or_in_the_environment_alone() -> None:
    assert effective("", '[profile.x]\ninherits = "release"\nlto = true\n', name="x").profile.lto is Lto.FAT
    env = {"CARGO_PROFILE_MY_OWN_INHERITS": "release", "CARGO_PROFILE_MY_OWN_STRIP": "true"}
    assert effective(name="my-own", env=env).profile.strip is Strip.SYMBOLS


def test_a_config_file_may_redirect_what_a_profile_inherits_from() -> None:
    manifest = '[profile.dist]\ninherits = "release"\n'
    assert effective(manifest, '[profile.dist]\ninherits = "dev"\n', name="dist").chain == ("dist", "dev")


@pytest.mark.parametrize(
    ("config", "env", "expected"),
    [
        pytest.param("", {}, True, id="the profile's own"),
        pytest.param("[build]\nincremental = false\n", {}, False, id="build.incremental"),
        pytest.param(
            "[build]\nincremental = false\n", {"CARGO_BUILD_INCREMENTAL": "true"}, True, id="CARGO_BUILD_INCREMENTAL"
        ),
        pytest.param("", {"CARGO_INCREMENTAL": "0"}, False, id="CARGO_INCREMENTAL"),
    ],
)
def test_incremental_is_overruled_for_all_profiles(config: str, env: dict[str, str], expected: bool) -> None:
    release = effective("[profile.release]\nincremental = true\n", config, env=env)
    assert release.settings["incremental"].value is expected


OVERRIDE = '[profile.release]\nstrip = "symbols"\n[profile.release.package.{}]\n{}\n'


@pytest.mark.parametrize(
    ("manifest", "strip", "reset"),
    [
        pytest.param(OVERRIDE.format("app", "opt-level = 2"), Strip.DEBUGINFO, True, id="an override without strip"),
        pytest.param(OVERRIDE.format("app", "debug = 1"), Strip.NONE, True, id="an override with debug info"),
        pytest.param(OVERRIDE.format('"app@0.1.0"', "opt-level = 2"), Strip.DEBUGINFO, True, id="a spec with version"),
        pytest.param(OVERRIDE.format("app", 'strip = "none"'), Strip.NONE, False, id="an override with strip"),
        pytest.param(OVERRIDE.format('"*"', "opt-level = 2"), Strip.SYMBOLS, False, id="the star skips members"),
        pytest.param(OVERRIDE.format("serde", "opt-level = 2"), Strip.SYMBOLS, False, id="another package"),
    ],
)
def test_an_override_of_the_artifacts_package_decides_its_strip(manifest: str, strip: Strip, reset: bool) -> None:
    release = effective(manifest)
    assert (release.profile.strip, release.strip_reset) == (strip, reset)
    assert release.own_strip.value == "symbols"
    assert effective(manifest, package=None).profile.strip is Strip.SYMBOLS


def test_overrides_are_merged_along_the_chain() -> None:
    manifest = """
[profile.release.package.app]
opt-level = 2
[profile.release.build-override]
opt-level = 1
[profile.dist]
inherits = "release"
[profile.dist.package.app]
debug = 1
"""
    env = {"CARGO_PROFILE_DIST_BUILD_OVERRIDE_CODEGEN_UNITS": "4"}
    overrides = effective(manifest, name="dist", env=env).overrides
    assert {part: {key: keys[key].value for key in keys} for part, keys in overrides.items()} == {
        "package.app": {"opt-level": 2, "debug": 1},
        "build-override": {"opt-level": 1, "codegen-units": 4},
    }


@pytest.mark.parametrize(
    ("manifest", "name", "message", "hint"),
    [
        pytest.param("", "debug", "debug is not the name", "is called dev", id="debug"),
        pytest.param("", "doc", "doc is not the name", "dev or release", id="doc"),
        pytest.param(
            '[profile.dist]\ninherits = "release"\n', "disk", "disk is not defined", "dist", id="an unknown name"
        ),
        pytest.param("[profile.dist]\nlto = true\n", "dist", "does not say", 'inherits = "release"', id="no inherits"),
        pytest.param('[profile.a]\ninherits = "b"\n', "a", "inherits from b", "Known", id="an unknown parent"),
        pytest.param(
            '[profile.a]\ninherits = "b"\n[profile.b]\ninherits = "a"\n', "a", "a -> b -> a", "release", id="a circle"
        ),
        pytest.param('[profile.a]\ninherits = "a"\n', "a", "a -> a", "release", id="a circle of one"),
        pytest.param('[profile.release]\ninherits = "dev"\n', "release", "root", "Remove", id="a root that inherits"),
        pytest.param("[profile.a]\ninherits = 3\n", "a", "inherits = 3 is not a string", "quotes", id="no name"),
        pytest.param("profile = 3\n", "release", "not a table", "[profile.release]", id="profile no table"),
        pytest.param("[profile]\nrelease = true\n", "release", "not a table", "table", id="release no table"),
        pytest.param('[profile.release]\nlto = "true"\n', "release", "Cargo.toml:2", "without quotes", id="lto quoted"),
        pytest.param('[profile.release]\nlto = "full"\n', "release", 'lto = "full"', '"fat"', id="lto full"),
        pytest.param('[profile.release]\nopt-level = "3"\n', "release", "opt-level", "without quotes", id="quoted 3"),
        pytest.param("[profile.release]\nopt-level = 4\n", "release", "opt-level = 4", "0, 1, 2, 3", id="4"),
        pytest.param("[profile.release]\nopt-level = true\n", "release", "opt-level = true", "takes", id="a boolean"),
        pytest.param("[profile.release]\ncodegen-units = 0\n", "release", "codegen-units = 0", "from 1", id="0 units"),
        pytest.param("[profile.release]\ndebug = 3\n", "release", "debug = 3", "line-tables-only", id="debug 3"),
        pytest.param('[profile.release]\nstrip = "all"\n', "release", 'strip = "all"', "symbols", id="strip all"),
        pytest.param('[profile.release]\npanic = "stop"\n', "release", "panic", '"abort"', id="panic stop"),
        pytest.param("[profile.release]\nrpath = 1\n", "release", "rpath = 1", "true or false", id="rpath 1"),
        pytest.param("[profile.release]\nlto = {}\n", "release", "lto = {}", "takes", id="a table for a value"),
        pytest.param(
            "[profile.release.package.app]\nlto = true\n", "release", "does not allow lto", "Move", id="lto overridden"
        ),
    ],
)
def test_what_cargo_refuses_is_refused_with_a_way_out(manifest: str, name: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        effective(manifest, name=name)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_broken_toml_names_file_line_and_column() -> None:
    with pytest.raises(UsageError) as caught:
        effective('[package]\nname = "app"\nlto = = 3\n')
    assert caught.value.message.startswith("Cargo.toml:3:6: ")


def test_a_broken_config_file_is_named() -> None:
    with pytest.raises(UsageError) as caught:
        effective("", "", "[profile\n")
    assert caught.value.message.startswith("1/config.toml:1:")


@pytest.mark.parametrize(
    ("env", "broken"),
    [
        pytest.param({"CARGO_PROFILE_RELEASE_LTO_CODEGEN_UNITS": "1"}, True, id="meant for release-lto"),
        pytest.param({"CARGO_PROFILE_RELEASE_DEBUG_LTO": "true"}, True, id="meant for release-debug"),
        pytest.param({"CARGO_PROFILE_BENCH_LTO_LTO": "true"}, True, id="a built-in that is not asked for"),
        pytest.param({"CARGO_PROFILE_OTHER_LTO_LTO": "true"}, True, id="a profile of the manifest"),
        pytest.param({"CARGO_PROFILE_ABSENT_LTO_LTO": "true"}, False, id="a profile nobody has"),
        pytest.param({"CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS": "true"}, False, id="a key of its own"),
        pytest.param(
            {"CARGO_PROFILE_RELEASE_LTO": "true", "CARGO_PROFILE_RELEASE_LTO_LTO": "true"}, False, id="key also set"
        ),
    ],
)
def test_the_env_dash_trap_is_reported_just_where_cargo_fails(env: dict[str, str], broken: bool) -> None:
    manifest = '[profile.other]\ninherits = "release"\n'
    if broken:
        with pytest.raises(UsageError, match="breaks every cargo command"):
            effective(manifest, env=env)
    else:
        assert effective(manifest, env=env).name == "release"


def test_a_key_set_in_a_config_file_disarms_the_env_dash_trap() -> None:
    env = {"CARGO_PROFILE_RELEASE_STRIP_LTO": "true"}
    assert effective("", "[profile.release]\nstrip = false\n", env=env).profile.strip is Strip.NONE


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "LTO", id="empty"),
        pytest.param("full", "LTO", id="no such value"),
    ],
)
def test_a_bad_variable_is_named(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        effective(env={"CARGO_PROFILE_RELEASE_LTO": text})


def test_variables_are_read_as_booleans_numbers_or_text() -> None:
    env = {
        "CARGO_PROFILE_RELEASE_OPT_LEVEL": "s",
        "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "04",
        "CARGO_PROFILE_RELEASE_PANIC": "abort",
        "CARGO_PROFILE_RELEASE_RPATH": "true",
        "cargo_profile_release_lto": "fat",
    }
    release = effective(env=env)
    assert release.profile == Profile.parse("os-false-cgu4-abort-debuginfo")
    assert release.settings["rpath"].value is True
    assert release.profile.panic is Panic.ABORT


@pytest.mark.parametrize(
    ("manifest", "line"),
    [
        pytest.param("[profile]\nrelease = { lto = true }\n", 2, id="inline"),
        pytest.param("profile.release.lto = true\n", 1, id="dotted"),
        pytest.param('# c\n\n["profile" . \'release\']\n"lto" = true\n', 4, id="quoted"),
        pytest.param('x = """\n[profile.release]\nlto = 1\n"""\n[profile.release]\nlto = true\n', 6, id="in a string"),
        pytest.param("x = [\n  ']',\n  # [\n  1,\n]\r\n[profile.release]\r\nlto=true", 7, id="arrays and CRLF"),
        pytest.param("\ufeff[profile.release]\nlto = true\n", 2, id="byte order mark"),
        pytest.param("[profile]\nrelease = {\n  lto = true,\n}\n", 3, id="TOML 1.1 inline over lines"),
        pytest.param("[profile.release] # [x]\nopt-level = 3 # lto = 1\nlto = true\n", 3, id="comments"),
    ],
)
def test_an_origin_names_the_line_however_the_key_is_written(manifest: str, line: int) -> None:
    lto = effective(manifest).settings["lto"]
    assert lto.value is True
    assert lto.origin.where == f"Cargo.toml:{line} [profile.release]"


def test_line_of_a_table_that_only_its_parts_are_written_of_is_the_first_part() -> None:
    text = "[profile.release.package.app]\nopt-level = 1\n"
    assert line_of(text, ("profile", "release")) == 1
    assert line_of(text, ("profile", "dev")) is None


@pytest.mark.parametrize(
    ("spec", "matches"),
    [
        pytest.param("app", True, id="name"),
        pytest.param("app@1.2", True, id="name and version"),
        pytest.param("app:1.2", True, id="old separator"),
        pytest.param("apples", False, id="a longer name"),
        pytest.param("https://example.com/app", True, id="url"),
        pytest.param("https://example.com/app.git#1.2", True, id="url and version"),
        pytest.param("https://example.com/x#app@1.2", True, id="url with name and version"),
        pytest.param("path+file:///src/app#other", False, id="url with another name"),
    ],
)
def test_specs_name_packages_as_cargo_reads_them(spec: str, matches: bool) -> None:
    assert spec_matches(spec, "app") is matches


@given(
    units=st.none() | st.integers(1, 256),
    lto=st.sampled_from(Lto),
    strip=st.sampled_from(Strip),
    where=st.sampled_from(("manifest", "config", "environment")),
)
def test_a_profile_comes_back_from_wherever_it_is_written(
    units: int | None, lto: Lto, strip: Strip, where: str
) -> None:
    profile = Profile(lto=lto, codegen_units=units, strip=strip)
    values = {key: profile.toml_value(key) for key in ("lto", "strip", "codegen-units")}
    written = {key: value for key, value in values.items() if value is not None}
    if where == "environment":
        env = {
            f"CARGO_PROFILE_RELEASE_{key.upper().replace('-', '_')}": str(value).lower()
            for key, value in written.items()
        }
        assert effective(env=env).profile == profile
        return
    lines = [
        f"{key} = {str(value).lower() if not isinstance(value, str) else repr(value)}" for key, value in written.items()
    ]
    text = "\n".join(("[profile.release]", *lines))
    assert effective(*((text,) if where == "manifest" else ("", text))).profile == profile
