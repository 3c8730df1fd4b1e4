"""Manifests before and after, whole files: what `set_profile` writes and, above all, what it leaves alone."""

import os
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.cargo.manifest import FileChange, changed_keys, set_package_levels, set_profile, shadowed
from burnish.cargo.write import write_change
from burnish.errors import ChangeError
from burnish.profile.effective import EffectiveProfile, SourceText, resolve
from burnish.profile.options import Lto, OptLevel, Panic, Strip
from burnish.profile.profile import Profile

WHY = "7 % faster, 31 % smaller"
RECIPE = "o3-fat-cgu1-unwind-symbols"


def effective(
    text: str, name: str = "release", config: str = "", env: dict[str, str] | None = None
) -> EffectiveProfile:
    return resolve(
        name,
        manifest=SourceText(path="Cargo.toml", text=text),
        configs=[SourceText(path=".cargo/config.toml", text=config)],
        environment=env or {},
        package="app",
    )


def applied(text: str, profile: str | Profile, *, name: str = "release", config: str = "", why: str = WHY) -> str:
    wanted = Profile.parse(profile) if isinstance(profile, str) else profile
    return set_profile(
        text,
        name=name,
        profile=wanted,
        effective=effective(text, name, config),
        evidence=why,
        artifact_package="app",
    )


def created(text: str, profile: str, *, inherits: str = "release", name: str = "dist") -> str:
    return set_profile(
        text,
        name=name,
        profile=Profile.parse(profile),
        effective=effective(text, inherits),
        evidence=WHY,
        artifact_package="app",
        create_inherits=inherits,
    )


@pytest.mark.parametrize(
    ("old", "profile", "new"),
    [
        pytest.param(
            '[package]\nname = "app"\n\n[dependencies]\n',
            RECIPE,
            """\
[package]
name = "app"

[dependencies]

[profile.release]
# burnish: 7 % faster, 31 % smaller
lto = "fat"
codegen-units = 1
strip = "symbols"
""",
            id="no profile at all",
        ),
        pytest.param(
            "",
            "o3-thin-cgudef-unwind-debuginfo",
            '[profile.release]\n# burnish: 7 % faster, 31 % smaller\nlto = "thin"\n',
            id="an empty file",
        ),
        pytest.param(
            '[workspace]\nmembers = ["a"]\nresolver = "3"',
            "o3-thin-cgudef-unwind-debuginfo",
            """\
[workspace]
members = ["a"]
resolver = "3"

[profile.release]
# burnish: 7 % faster, 31 % smaller
lto = "thin"
""",
            id="a virtual workspace without a final newline",
        ),
        pytest.param(
            """\
# top
[profile.release] # ship it
  # why thin
  lto = 'thin'   # since 2023
  codegen-units=16

# the rest
[dependencies]
""",
            RECIPE,
            """\
# top
[profile.release] # ship it
# burnish: 7 % faster, 31 % smaller
  # why thin
  lto = "fat"   # since 2023
  codegen-units=1
  strip = "symbols"

# the rest
[dependencies]
""",
            id="comments, indents and order stay",
        ),
        pytest.param(
            """\
[profile.release]
# burnish: old news
lto = true
# burnish: of last year
codegen-units = 1 # all on one core

[dependencies]
""",
            "o3-fat-cgudef-unwind-debuginfo",
            """\
[profile.release]
# burnish: 7 % faster, 31 % smaller
lto = true

[dependencies]
""",
            id="unset units go with their line, old evidence is replaced, true stays the word for fat",
        ),
        pytest.param(
            "[profile]\nrelease = { lto = true, codegen-units = 1 } # all\ndev = { debug = 1 }\n",
            "os-thin-cgudef-unwind-symbols",
            """\
[profile]
# burnish: 7 % faster, 31 % smaller
release = { lto = "thin", opt-level = "s", strip = "symbols" } # all
dev = { debug = 1 }
""",
            id="an inline table",
        ),
        pytest.param(
            "profile = { release = {} }\n",
            "o3-thin-cgudef-unwind-debuginfo",
            '# burnish: 7 % faster, 31 % smaller\nprofile = { release = { lto = "thin" } }\n',
            id="inline in inline, empty",
        ),
        pytest.param(
            "[profile]\nrelease = {\n  lto = true, # all of it\n  panic = 'abort',\n}\n",
            "o3-thin-cgu1-abort-debuginfo",
            "[profile]\n# burnish: 7 % faster, 31 % smaller\nrelease = {\n"
            "  lto = \"thin\", # all of it\n  panic = 'abort', codegen-units = 1,\n}\n",
            id="an inline table over several lines",
        ),
        pytest.param(
            'profile.release.lto = true\nprofile."release".codegen-units = 1\n\n[package]\nname = "app"\n',
            "o2-fat-cgudef-unwind-debuginfo",
            """\
# burnish: 7 % faster, 31 % smaller
profile.release.lto = true
profile.release.opt-level = 2

[package]
name = "app"
""",
            id="dotted keys",
        ),
        pytest.param(
            "[profile]\nrelease.lto = true\ndev.debug = 1\n",
            "o3-thin-cgu1-unwind-debuginfo",
            """\
[profile]
# burnish: 7 % faster, 31 % smaller
release.lto = "thin"
release.codegen-units = 1
dev.debug = 1
""",
            id="dotted keys under profile",
        ),
        pytest.param(
            "[package]\r\nname = 'app'\r\n\r\n[profile.release]\r\nlto = true\r\n",
            "o3-thin-cgu1-unwind-debuginfo",
            "[package]\r\nname = 'app'\r\n\r\n[profile.release]\r\n# burnish: 7 % faster, 31 % smaller\r\n"
            'lto = "thin"\r\ncodegen-units = 1\r\n',
            id="CRLF line ends",
        ),
        pytest.param(
            "[package]\r\nname = 'app'",
            "o3-thin-cgudef-unwind-debuginfo",
            "[package]\r\nname = 'app'\r\n\r\n[profile.release]\r\n# burnish: 7 % faster, 31 % smaller\r\n"
            'lto = "thin"\r\n',
            id="CRLF and no final newline",
        ),
        pytest.param(
            "[profile.dev]\ndebug = 1\n# of dev\n\n[dependencies]\n",
            "o3-thin-cgudef-unwind-debuginfo",
            """\
[profile.dev]
debug = 1
# of dev

[profile.release]
# burnish: 7 % faster, 31 % smaller
lto = "thin"

[dependencies]
""",
            id="a new table goes to its like",
        ),
        pytest.param(
            "[dependencies]\n\n# hot\n[profile.release.package.serde]\nopt-level = 2\n",
            "o3-thin-cgudef-unwind-debuginfo",
            """\
[dependencies]

[profile.release]
# burnish: 7 % faster, 31 % smaller
lto = "thin"

# hot
[profile.release.package.serde]
opt-level = 2
""",
            id="a new table goes before the overrides it holds",
        ),
        pytest.param(
            "[profile.release]\nstrip = true\n\n[profile.release.package.app]\nopt-level = 2\n",
            "o3-false-cgudef-unwind-symbols",
            """\
[profile.release]
# burnish: 7 % faster, 31 % smaller
strip = true

[profile.release.package.app]
opt-level = 2
strip = "symbols"
""",
            id="strip is repeated in the override that resets it",
        ),
        pytest.param(
            '[profile.release.package."app@0.1.0"]\nstrip = "none"\n',
            "o3-false-cgudef-unwind-debuginfo",
            f'# burnish: {WHY}\n[profile.release.package."app@0.1.0"]\nstrip = "debuginfo"\n',
            id="an override's own strip is changed there alone",
        ),
        pytest.param(
            "[profile.release]\npackage.app.opt-level = 2\n",
            "o3-false-cgudef-unwind-symbols",
            """\
[profile.release]
# burnish: 7 % faster, 31 % smaller
package.app.opt-level = 2
package.app.strip = "symbols"
strip = "symbols"
""",
            id="an override of dotted keys",
        ),
        pytest.param(
            "[profile.release]\npackage = { app = { opt-level = 2 } }\n",
            "o3-false-cgudef-unwind-symbols",
            """\
[profile.release]
# burnish: 7 % faster, 31 % smaller
package = { app = { opt-level = 2, strip = "symbols" } }
strip = "symbols"
""",
            id="an inline override",
        ),
        pytest.param(
            "[profile.release]\ndebug = 1\n",
            "o3-false-cgudef-unwind-debuginfo",
            '[profile.release]\n# burnish: 7 % faster, 31 % smaller\ndebug = 1\nstrip = "debuginfo"\n',
            id="with debug info an unset strip is none",
        ),
        pytest.param(
            "[profile.release]\npanic = 'abort'\nopt-level = 'z'\nlto = 'fat'\n",
            "o3-off-cgudef-unwind-debuginfo",
            '[profile.release]\n# burnish: 7 % faster, 31 % smaller\npanic = "unwind"\nopt-level = 3\nlto = "off"\n',
            id="numbers stay without quotes",
        ),
    ],
)
def test_the_new_manifest_is(old: str, profile: str, new: str) -> None:
    assert applied(old, profile) == new
    assert effective(new).profile == Profile.parse(profile)
    assert applied(new, profile) == new


@pytest.mark.parametrize(
    ("text", "profile"),
    [
        pytest.param("", "o3-false-cgudef-unwind-debuginfo", id="Cargo's default in an empty file"),
        pytest.param("[profile.release]\nlto = true", "o3-fat-cgudef-unwind-debuginfo", id="true is fat"),
        pytest.param('[profile.release]\nlto = "no"', "o3-off-cgudef-unwind-debuginfo", id="no is off"),
        pytest.param("[profile.release]\nstrip = false", "o3-false-cgudef-unwind-none", id="false is none"),
        pytest.param("[profile.release]\nlto=false # mine", "o3-false-cgudef-unwind-debuginfo", id="written defaults"),
    ],
)
def test_what_is_in_force_already_leaves_every_byte(text: str, profile: str) -> None:
    assert applied(text, profile) == text


def test_evidence_of_two_lines_is_two_comments_without_control_characters() -> None:
    new = applied("", "o3-thin-cgudef-unwind-debuginfo", why="one\x1b[1m \t line\n\ntwo\n")
    assert new.splitlines()[1:3] == ["# burnish: one [1m line", "# burnish: two"]


def test_no_evidence_is_no_comment() -> None:
    assert applied("", "o3-thin-cgudef-unwind-debuginfo", why="") == '[profile.release]\nlto = "thin"\n'


def test_a_value_in_force_from_a_config_file_is_not_repeated() -> None:
    new = applied("", RECIPE, config="[profile.release]\nlto = true\n")
    assert "lto" not in new
    assert tomllib.loads(new)["profile"]["release"] == {"codegen-units": 1, "strip": "symbols"}


def test_a_custom_profile_gets_only_what_differs_from_its_parent() -> None:
    release = '[profile.release]\nlto = "fat"\ncodegen-units = 1\n\n'
    new = applied(f'{release}[profile.dist]\ninherits = "release"\n', "o3-thin-cgu1-unwind-symbols", name="dist")
    assert new == f'{release}[profile.dist]\n# burnish: {WHY}\ninherits = "release"\nlto = "thin"\nstrip = "symbols"\n'


def test_a_new_profile_inherits_and_has_only_the_differing_keys() -> None:
    old = "[profile.release]\nlto = 'fat'\n\n[profile.release.package.app]\nopt-level = 2\n\n[lints]\n"
    new = created(old, "o3-fat-cgu1-unwind-symbols")
    assert new == old.replace(
        "[lints]\n",
        f'[profile.dist]\n# burnish: {WHY}\ninherits = "release"\ncodegen-units = 1\nstrip = "symbols"\n\n'
        '[profile.dist.package.app]\nstrip = "symbols"\n\n[lints]\n',
    )
    assert effective(new, "dist").profile == Profile.parse("o3-fat-cgu1-unwind-symbols")
    assert effective(new).profile == effective(old).profile


@pytest.mark.parametrize(
    "old",
    [
        pytest.param("profile.release.lto = true\n", id="dotted"),
        pytest.param("profile = { release = { lto = true } }\n", id="inline"),
        pytest.param("[profile]\nrelease = { lto = true }\n", id="inline under profile"),
        pytest.param("", id="nothing"),
    ],
)
def test_a_new_profile_fits_in_however_the_others_are_written(old: str) -> None:
    new = created(old, "os-thin-cgu1-unwind-symbols")
    assert effective(new, "dist").profile == Profile.parse("os-thin-cgu1-unwind-symbols")
    assert effective(new).profile == effective(old).profile


def test_a_profile_that_only_a_config_file_defines_gets_its_inherits() -> None:
    new = applied("", "o3-thin-cgudef-unwind-debuginfo", name="x", config='[profile.x]\ninherits = "release"\n')
    assert new == f'[profile.x]\n# burnish: {WHY}\ninherits = "release"\nlto = "thin"\n'


def test_units_that_a_parent_sets_cannot_be_unset() -> None:
    old = '[profile.release]\ncodegen-units = 1\n[profile.dist]\ninherits = "release"\ncodegen-units = 4\n'
    with pytest.raises(ChangeError, match=r"cannot unset codegen-units: it inherits 1 from Cargo\.toml:2") as caught:
        applied(old, "o3-false-cgudef-unwind-debuginfo", name="dist")
    assert "release itself" in caught.value.hint
    with pytest.raises(ChangeError, match="cannot unset"):
        created("[profile.release]\ncodegen-units = 1\n", "o3-false-cgudef-unwind-debuginfo")


@pytest.mark.parametrize(
    ("old", "name", "inherits"),
    [
        pytest.param('[profile.dist]\ninherits = "release"\n', "dist", "release", id="there already"),
        pytest.param("", "bench", "release", id="built in"),
    ],
)
def test_a_profile_that_exists_is_not_created(old: str, name: str, inherits: str) -> None:
    with pytest.raises(ChangeError, match="exists already"):
        created(old, RECIPE, name=name, inherits=inherits)


def test_a_profile_is_created_only_from_what_was_resolved() -> None:
    with pytest.raises(ChangeError, match="cannot be derived"):
        set_profile(
            "",
            name="dist",
            profile=Profile(),
            effective=effective("", "dev"),
            evidence="",
            artifact_package=None,
            create_inherits="release",
        )


def test_keys_that_other_places_win_are_shadowed_and_refused() -> None:
    env = {"CARGO_PROFILE_RELEASE_LTO": "off"}
    release = effective("", config='[profile.release]\nopt-level = "s"\npanic = "abort"\n', env=env)
    wanted = Profile.parse("o3-fat-cgu1-abort-debuginfo")
    changes = changed_keys(release, wanted)
    assert changes == ("opt-level", "lto", "codegen-units")
    assert [(setting.key, setting.origin.where) for setting in shadowed(release, changes)] == [
        ("opt-level", ".cargo/config.toml:2 [profile.release]"),
        ("lto", "CARGO_PROFILE_RELEASE_LTO"),
    ]
    with pytest.raises(ChangeError, match='lto = "off" in CARGO_PROFILE_RELEASE_LTO'):
        set_profile("", name="release", profile=wanted, effective=release, evidence="", artifact_package=None)


def test_a_config_value_of_the_parent_does_not_shadow_the_childs_key() -> None:
    old = '[profile.dist]\ninherits = "release"\n'
    config = "[profile.release]\nlto = true\n"
    dist = effective(old, "dist", config)
    assert shadowed(dist, ("lto",)) == ()
    new = applied(old, "o3-thin-cgudef-unwind-debuginfo", name="dist", config=config)
    assert effective(new, "dist", config).profile.lto is Lto.THIN


profiles = st.builds(
    Profile,
    opt_level=st.sampled_from(OptLevel),
    lto=st.sampled_from(Lto),
    codegen_units=st.none() | st.integers(1, 64),
    panic=st.sampled_from(Panic),
    strip=st.sampled_from(Strip),
)

comments = st.sampled_from(("", "# a comment\n", "\n", "\n\n# burnish\n", "  # lto = true\n"))
pairs = st.sampled_from(
    (
        "lto = true",
        "lto='thin' # why",
        'strip = "none"',
        "codegen-units = 16",
        "debug = 1",
        "opt-level=2",
        "package.app.opt-level = 1",
        'package."app".strip = true',
        "build-override = { opt-level = 1 }",
    )
)


@st.composite
def manifests(draw: st.DrawFn) -> str:
    """Manifests with a release profile in every form that TOML has for it, among other tables."""
    keys = draw(st.lists(pairs, unique_by=lambda pair: pair.replace('"', "").split("=")[0].strip(), max_size=4))
    bare = [pair.split(" #")[0] for pair in keys]
    form = draw(st.sampled_from(("header", "inline", "dotted", "under", "override", "none")))
    body = {
        "header": "[profile.release]\n" + "".join(f"{pair}\n{draw(comments)}" for pair in keys),
        "inline": f"[profile]\nrelease = {{ {', '.join(bare)} }} # inline\n",
        "dotted": "".join(f"profile.release.{pair}\n" for pair in keys),
        "under": "[profile]\n" + "".join(f"release.{pair}\n" for pair in keys) + "dev.debug = 1\n",
        "override": "[profile.release.package.app]\nopt-level = 1\n[profile.dev]\nopt-level = 1\n",
        "none": "",
    }[form]
    package = '[package]\nname = "app" # x\ndescription = """\n[profile.release]\nlto = 3\n"""\n' + draw(comments)
    after = draw(comments) + "[dependencies]\nserde = { version = '1', features = [\n  'derive',\n] }\n"
    text = body + package + after if form == "dotted" else package + body + after
    text = text if draw(st.booleans()) else text.rstrip("\n")
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


def without_profile(text: str) -> dict[str, Any]:
    document = tomllib.loads(text)
    document.get("profile", {}).pop("release", None)
    return {key: value for key, value in document.items() if value}


@settings(deadline=None)
@given(text=manifests(), profile=profiles)
def test_any_manifest_gets_the_profile_keeps_the_rest_and_a_second_time_changes_nothing(
    text: str, profile: Profile
) -> None:
    new = applied(text, profile)
    assert effective(new).profile == profile
    assert without_profile(new) == without_profile(text)
    assert applied(new, profile) == new
    kept = [line for line in new.splitlines() if not line.lstrip().startswith("# burnish:")]
    changed = {line for line in text.splitlines() if line not in kept}
    assert all("release" in line or line.split("=")[0].strip() in PROFILE_LINES for line in changed)
    assert ("\r\n" in new) == ("\r\n" in text)
    assert new.count("\n") == new.count("\r\n") or "\r\n" not in new


PROFILE_LINES = {"lto", "strip", "codegen-units", "opt-level", 'package."app".strip', "package.app.opt-level"}


def change(path: Path, old: str, new: str) -> FileChange:
    return FileChange(path=path, old=old, new=new)


def test_a_diff_is_unified_and_marks_a_missing_final_newline() -> None:
    diff = change(Path("Cargo.toml"), "a = 1\nb = 2", "a = 1\nb = 3\n").diff()
    assert diff == (
        "--- Cargo.toml\n+++ Cargo.toml\n@@ -1,2 +1,2 @@\n a = 1\n-b = 2\n\\ No newline at end of file\n+b = 3\n"
    )


def test_a_diff_in_color_has_the_same_words() -> None:
    plain = change(Path("Cargo.toml"), "a = 1\r\nb = 2\r\n", "a = 1\r\nb = 3\r\n")
    colored = plain.diff(color=True)
    assert "\x1b[31m-b = 2\x1b[0m\r\n" in colored
    assert "\x1b[32m+b = 3\x1b[0m\r\n" in colored
    for code in ("\x1b[1m", "\x1b[31m", "\x1b[32m", "\x1b[36m", "\x1b[0m"):
        colored = colored.replace(code, "")
    assert colored == plain.diff()


def test_no_change_has_no_diff() -> None:
    assert change(Path("x"), "a", "a").is_empty
    assert not change(Path("x"), "a", "a").diff()


def test_a_change_is_written_whole_with_the_files_mode(tmp_path: Path) -> None:
    path = tmp_path / "Cargo.toml"
    path.write_bytes(b"a = 1\r\n")
    path.chmod(0o640)
    write_change(change(path, "a = 1\r\n", "a = 'ü'\r\n"))
    assert path.read_bytes() == "a = 'ü'\r\n".encode()
    assert path.stat().st_mode & 0o777 == 0o640
    assert [file.name for file in tmp_path.iterdir()] == ["Cargo.toml"]


def test_a_link_stays_and_its_target_is_changed(tmp_path: Path) -> None:
    target = tmp_path / "real" / "Cargo.toml"
    target.parent.mkdir()
    target.write_text("a")
    link = tmp_path / "Cargo.toml"
    link.symlink_to("real/Cargo.toml")
    write_change(change(link, "a", "b"))
    assert link.is_symlink()
    assert target.read_text() == "b"


@pytest.mark.parametrize("content", [pytest.param("other", id="changed"), pytest.param(None, id="gone")])
def test_a_file_that_is_not_as_it_was_is_left_alone(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "Cargo.toml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ChangeError):
        write_change(change(path, "old", "new"))
    assert [file.read_text() for file in tmp_path.iterdir()] == ([content] if content else [])


def test_a_failure_leaves_the_file_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "Cargo.toml"
    path.write_text("old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ChangeError, match="No space left"):
        write_change(change(path, "old", "new"))
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["Cargo.toml"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(
            "[profile.release]\nlto = true  # kept\n",
            '[profile.release]\nlto = true  # kept\n\n[profile.release.package.cold]\nopt-level = "s"\n\n'
            "[profile.release.package.hot-one]\nopt-level = 3\n",
            id="new tables",
        ),
        pytest.param(
            "[profile.release.package.cold]\nopt-level = 3\ndebug = true\n",
            '[profile.release.package.cold]\nopt-level = "s"\ndebug = true\n\n'
            "[profile.release.package.hot-one]\nopt-level = 3\n",
            id="a table that is there",
        ),
    ],
)
def test_packages_get_an_opt_level_of_their_own(old: str, new: str) -> None:
    found = set_package_levels(old, name="release", levels={"cold": "s", "hot-one": "3"})
    assert tomllib.loads(found) == tomllib.loads(new)
    assert all(line in found for line in old.splitlines() if "opt-level" not in line)
    assert set_package_levels(found, name="release", levels={"cold": "s", "hot-one": "3"}) == found
    assert set_package_levels(old, name="release", levels={}) == old
