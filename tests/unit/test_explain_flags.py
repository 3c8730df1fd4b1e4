"""What rustc is told: read off arguments, derived from a profile, and the processor that no profile sets."""

import pytest

from burnish.explain.flags import CODEGEN_OF, derived, flags_in, recorded
from burnish.explain.target_cpu import target_cpu
from burnish.profile.effective import EffectiveProfile, resolve
from burnish.profile.source import SourceText

LINUX = "x86_64-unknown-linux-gnu"


def effective(release: str, *, package: str | None = None) -> EffectiveProfile:
    manifest = SourceText(path="Cargo.toml", text=f"[profile.release]\n{release}\n")
    return resolve("release", manifest=manifest, environment={}, package=package)


@pytest.mark.parametrize(
    ("release", "key", "final", "library"),
    [
        pytest.param("", "lto", ("-C embed-bitcode=no",), ("-C embed-bitcode=no",), id="lto unset"),
        pytest.param("lto = true", "lto", ("-C lto",), ("-C linker-plugin-lto",), id="lto true"),
        pytest.param('lto = "fat"', "lto", ("-C lto=fat",), ("-C linker-plugin-lto",), id="lto fat"),
        pytest.param('lto = "thin"', "lto", ("-C lto=thin",), ("-C linker-plugin-lto",), id="lto thin"),
        pytest.param('lto = "off"', "lto", ("-C lto=off", "-C embed-bitcode=no"), ("-C lto=off", "-C embed-bitcode=no"),
                     id="lto off"),
        pytest.param("", "codegen-units", (), (), id="units unset"),
        pytest.param("codegen-units = 1", "codegen-units", ("-C codegen-units=1",), ("-C codegen-units=1",),
                     id="units 1"),
        pytest.param("", "opt-level", ("-C opt-level=3",), ("-C opt-level=3",), id="level 3 by default"),
        pytest.param('opt-level = "z"', "opt-level", ("-C opt-level=z",), ("-C opt-level=z",), id="level z"),
        pytest.param("opt-level = 0", "opt-level", (), (), id="level 0 is rustc's own default"),
        pytest.param("", "panic", (), (), id="unwind is the target's default"),
        pytest.param('panic = "abort"', "panic", ("-C panic=abort",), ("-C panic=abort",), id="abort"),
        pytest.param("", "strip", ("-C strip=debuginfo",), ("-C strip=debuginfo",), id="strip unset"),
        pytest.param("strip = false", "strip", (), (), id="strip false"),
        pytest.param("strip = true", "strip", ("-C strip=symbols",), ("-C strip=symbols",), id="strip true"),
        pytest.param("debug = 1", "debug", ("-C debuginfo=1",), ("-C debuginfo=1",), id="debug 1"),
        pytest.param("debug = true", "debug", ("-C debuginfo=2",), ("-C debuginfo=2",), id="debug true"),
        pytest.param('debug = "full"', "debug", ("-C debuginfo=2",), ("-C debuginfo=2",), id="debug full"),
        pytest.param("debug = 1", "strip", (), (), id="debug keeps what strip would drop"),
        pytest.param("overflow-checks = true", "overflow-checks", ("-C overflow-checks=on",),
                     ("-C overflow-checks=on",), id="checks"),
        pytest.param("debug-assertions = true\noverflow-checks = true", "overflow-checks", ("-C debug-assertions=on",),
                     ("-C debug-assertions=on",), id="checks come with assertions"),
        pytest.param("incremental = true", "incremental", ("-C incremental=...",), (), id="incremental"),
    ],
)  # fmt: skip
def test_flags_are_derived_as_cargo_says_them(
    release: str, key: str, final: tuple[str, ...], library: tuple[str, ...]
) -> None:
    told = derived(effective(release), key, takes_lto=True)
    assert (told.final, told.library, told.recorded) == (final, library, False)


def test_lto_that_a_crate_type_drops_is_not_told() -> None:
    told = derived(effective('lto = "fat"'), "lto", takes_lto=False)
    assert (told.final, told.library) == ((), ())


def test_an_override_of_the_package_decides_on_the_strip_of_the_artifact_alone() -> None:
    found = effective('strip = "symbols"\n[profile.release.package.app]\nopt-level = 2', package="app")
    told = derived(found, "strip", takes_lto=True)
    assert (told.final, told.library) == (("-C strip=debuginfo",), ("-C strip=symbols",))


@pytest.mark.parametrize(
    ("args", "key", "found"),
    [
        pytest.param(("-C", "lto=fat"), "lto", ("-C lto=fat",), id="two words"),
        pytest.param(("-Clto=fat",), "lto", ("-C lto=fat",), id="one word"),
        pytest.param(("-C", "lto"), "lto", ("-C lto",), id="no value"),
        pytest.param(("-C", "embed_bitcode=no"), "lto", ("-C embed_bitcode=no",), id="underscores"),
        pytest.param(("-C", "incremental=/home/me/x"), "incremental", ("-C incremental=...",), id="paths are left out"),
        pytest.param(("-C",), "lto", (), id="cut short"),
        pytest.param(("--crate-name", "lto=fat"), "lto", (), id="a word of another option"),
    ],
)
def test_flags_are_found_among_the_arguments(args: tuple[str, ...], key: str, found: tuple[str, ...]) -> None:
    assert flags_in(args, key) == found


def test_a_program_without_libraries_has_flags_of_its_own_alone() -> None:
    told = recorded(("-C", "opt-level=2"), None, "opt-level")
    assert (told.final, told.library, told.recorded) == (("-C opt-level=2",), ("-C opt-level=2",), True)


def test_every_option_but_the_overrides_has_its_flags() -> None:
    from burnish.explain.explanation import KEYS  # noqa: PLC0415

    assert set(CODEGEN_OF) == set(KEYS) - {"overrides"}


def config(text: str, path: str = ".cargo/config.toml") -> SourceText:
    return SourceText(path=path, text=text)


@pytest.mark.parametrize(
    ("configs", "environment", "found"),
    [
        pytest.param((), {}, ("", ""), id="not given"),
        pytest.param((), {"RUSTFLAGS": "-C target-cpu=native"}, ("native", "RUSTFLAGS"), id="RUSTFLAGS"),
        pytest.param((), {"CARGO_ENCODED_RUSTFLAGS": "-C\x1ftarget-cpu=x86-64-v3"},
                     ("x86-64-v3", "CARGO_ENCODED_RUSTFLAGS"), id="encoded"),
        pytest.param((config('[build]\nrustflags = ["-Ctarget-cpu=native"]'),), {},
                     ("native", ".cargo/config.toml:2 [build]"), id="config"),
        pytest.param((config('[build]\nrustflags = "-C target-cpu=native"'),), {},
                     ("native", ".cargo/config.toml:2 [build]"), id="config as one string"),
        pytest.param((config('[build]\nrustflags = ["-Ctarget-cpu=native"]'),), {"RUSTFLAGS": "-g"}, ("", ""),
                     id="the first source holds alone"),
        pytest.param((config(f'[target.{LINUX}]\nrustflags = ["-Ctarget-cpu=skylake"]\n'
                             '[build]\nrustflags = ["-Ctarget-cpu=native"]'),), {},
                     ("skylake", f".cargo/config.toml:2 [target.{LINUX}]"), id="target before build"),
        pytest.param((), {"CARGO_BUILD_RUSTFLAGS": "-Ctarget-cpu=znver3"}, ("znver3", "CARGO_BUILD_RUSTFLAGS"),
                     id="config by variable"),
        pytest.param((config("build = 7\ntarget = []"),), {}, ("", ""), id="no tables"),
    ],
)  # fmt: skip
def test_the_processor_is_found_where_cargo_looks(
    configs: tuple[SourceText, ...], environment: dict[str, str], found: tuple[str, str]
) -> None:
    assert target_cpu(configs, environment, LINUX) == found
