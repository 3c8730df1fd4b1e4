"""The fact behind each rule of the lint, on the installed toolchain: a rule whose fact no longer holds fails here.

Facts are read off rustc's command lines (`cargo build -v`), off the files it makes, and off what cargo says.
"""

import json
import os
import re
import shlex
import subprocess
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from burnish.profile.lint import RULES
from lint_projects import CASES, MEMBERS, release
from projects import CargoProject, cdylib_and_rlib, hello, virtual_workspace, with_dep

pytestmark = pytest.mark.cargo

CASE = {case.rule: case for case in CASES}

#: Variables of the outside that would decide instead of the projects.
_FOREIGN = re.compile(r"CARGO_(PROFILE|BUILD|ENCODED|INCREMENTAL|TARGET)|RUSTFLAGS|RUSTC")

MODULES = (
    "".join(
        f'mod m{n} {{ #[inline(never)] pub fn f(x: &str) -> String {{ format!("{{x}}{n}") }} }}\n' for n in range(40)
    )
    + "fn main() {\n"
    + "".join(f'    println!("{{}}", m{n}::f("a"));\n' for n in range(40))
    + "}\n"
)

CATCHES = """\
fn main() {
    let caught = std::panic::catch_unwind(|| panic!("mine"));
    std::process::exit(if caught.is_err() { 7 } else { 8 });
}

#[test]
fn a_panic_is_caught() {
    assert!(std::panic::catch_unwind(|| panic!("mine")).is_err());
}
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cargo:
    """How a cargo run ended; ``rustc`` has the words of each rustc command by crate name, build scripts left out."""

    code: int
    said: str
    rustc: Mapping[str, list[str]]

    def options(self, crate: str) -> dict[str, str]:
        """The codegen options that the crate was compiled with."""
        words = self.rustc[crate]
        texts = [words[at + 1] for at, word in enumerate(words[:-1]) if word == "-C"]
        texts += [word[2:] for word in words if word.startswith("-C") and word != "-C"]
        return dict(text.partition("=")[::2] for text in texts)

    def flags(self, crate: str) -> dict[str, str]:
        """The same without what names files."""
        named = {"metadata", "extra-filename", "incremental"}
        return {key: value for key, value in self.options(crate).items() if key not in named}


def cargo(directory: Path, *args: str, **environment: str) -> Cargo:
    outside = {key: value for key, value in os.environ.items() if not _FOREIGN.match(key)}
    run = subprocess.run(
        ["cargo", *args],
        cwd=directory,
        env={**outside, "CARGO_NET_OFFLINE": "true", "CARGO_TERM_COLOR": "never", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    lines = [shlex.split(line) for line in re.findall(r"Running `(.*)`$", run.stderr, flags=re.MULTILINE)]
    commands = {words[words.index("--crate-name") + 1]: words for words in lines if "--crate-name" in words}
    return Cargo(code=run.returncode, said=run.stderr, rustc=commands)


def unbuildable(project: CargoProject) -> CargoProject:
    """The same, but rustc stops early: its command lines are all there is to see."""
    stop = 'compile_error!("enough");\n'
    return project.plus({name: stop for name in project.files if name.endswith((".rs",))})


def build(project: CargoProject, directory: Path, *args: str, **environment: str) -> Cargo:
    """A release build of the project, written into the directory."""
    return cargo(project.generate(directory), "build", "--release", "-v", *args, **environment)


def sections(path: Path) -> dict[str, bytes]:
    with path.open("rb") as file:
        return {section.name: section.data() for section in ELFFile(file).iter_sections()}


def test_every_rule_has_its_fact_here() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    named = set(re.findall(r'fact\("([a-z0-9-]+)"\)', text))
    assert named == {rule.id for rule in RULES}


def fact(*_rules: str) -> pytest.MarkDecorator:
    """Names the rules whose fact a test shows."""
    return pytest.mark.cargo


@fact("redundant-value")
def test_a_value_that_is_the_default_gives_rustc_the_same_flags(tmp_path: Path) -> None:
    line = 'opt-level = 3\ndebug = 0\nlto = false\npanic = "unwind"\nincremental = false\noverflow-checks = false'
    assert build(release(line), tmp_path / "a").flags("hello") == build(hello(), tmp_path / "b").flags("hello")


@fact("redundant-inherits")
def test_bench_inherits_from_release_without_a_word(tmp_path: Path) -> None:
    bench = hello().with_manifest("[profile.release]\nopt-level = 1\n\n[profile.bench]\n")
    silent = cargo(bench.generate(tmp_path / "a"), "build", "-v", "--profile", "bench").flags("hello")
    said = hello().with_manifest('[profile.release]\nopt-level = 1\n\n[profile.bench]\ninherits = "release"\n')
    assert silent == cargo(said.generate(tmp_path / "b"), "build", "-v", "--profile", "bench").flags("hello")
    assert silent["opt-level"] == "1"


@fact("member-profile")
def test_the_profile_of_a_member_is_ignored(tmp_path: Path) -> None:
    run = build(CASE["member-profile"].failing, tmp_path)
    assert "profiles for the non root package will be ignored" in run.said
    assert "lto" not in run.options("app")


@fact("unknown-key")
def test_an_unknown_key_is_ignored_with_a_warning(tmp_path: Path) -> None:
    run = build(CASE["unknown-key"].failing, tmp_path)
    assert "unused manifest key: profile.release.codegen_units" in run.said
    assert "codegen-units" not in run.options("hello")


@fact("unmatched-override")
def test_an_override_of_an_unknown_package_is_ignored_with_a_warning(tmp_path: Path) -> None:
    run = build(CASE["unmatched-override"].failing, tmp_path)
    assert "profile package spec `helo` in profile `release` did not match any packages" in run.said
    assert run.options("hello")["opt-level"] == "3"


@fact("ignored-panic")
def test_panic_in_test_is_ignored_and_tests_unwind(tmp_path: Path) -> None:
    project = CASE["ignored-panic"].failing.generate(tmp_path)
    run = cargo(project, "test", "--no-run", "-v")
    assert "`panic` setting is ignored for `test` profile" in run.said
    assert "panic" not in run.options("hello")


@fact("doc-profile")
def test_the_profile_doc_has_no_effect(tmp_path: Path) -> None:
    assert "profile `doc` is deprecated and has no effect" in build(CASE["doc-profile"].failing, tmp_path).said


@fact("nothing-to-split")
def test_split_debuginfo_without_debug_info_is_not_passed_on(tmp_path: Path) -> None:
    assert "split-debuginfo" not in build(CASE["nothing-to-split"].failing, tmp_path / "a").options("hello")
    assert "split-debuginfo" in build(CASE["nothing-to-split"].clean, tmp_path / "b").options("hello")


@fact("unknown-variable")
@pytest.mark.parametrize(
    "variable",
    [
        "CARGO_PROFILE_RELEASSE_OPT_LEVEL",
        "CARGO_PROFILE_RELEASE_OPTLEVEL",
        "CARGO_PROFILE_RELEASE_PACKAGE_HELLO_OPT_LEVEL",
    ],
)
def test_a_variable_that_cargo_does_not_know_is_ignored_in_silence(tmp_path: Path, variable: str) -> None:
    run = build(hello(), tmp_path, **{variable: "1"})
    assert run.options("hello")["opt-level"] == "3"
    assert "warning" not in run.said


@fact("library-profile")
def test_the_profile_of_a_dependency_is_not_read(tmp_path: Path) -> None:
    profile = {"base/Cargo.toml": with_dep().files["base/Cargo.toml"] + "\n[profile.release]\nopt-level = 1\n"}
    assert build(with_dep().plus(profile), tmp_path).options("base")["opt-level"] == "3"


@fact("inline-threshold")
def test_inline_threshold_does_nothing_and_rustc_says_so(tmp_path: Path) -> None:
    run = build(CASE["inline-threshold"].failing, tmp_path)
    assert "`-C inline-threshold`: this option is deprecated and does nothing" in run.said


@fact("lto-dropped")
@pytest.mark.parametrize(
    ("crate_types", "lto"),
    [
        pytest.param('["cdylib", "rlib"]', None, id="cdylib and rlib"),
        pytest.param('["staticlib", "lib"]', None, id="staticlib and lib"),
        pytest.param('["dylib"]', None, id="dylib"),
        pytest.param('["cdylib"]', "", id="cdylib alone"),
    ],
)
def test_a_crate_type_without_lto_drops_it_for_all(tmp_path: Path, crate_types: str, lto: str | None) -> None:
    manifest = cdylib_and_rlib().files["Cargo.toml"].replace('["cdylib", "rlib"]', crate_types)
    run = build(unbuildable(release("lto = true", cdylib_and_rlib().plus({"Cargo.toml": manifest}))), tmp_path)
    assert run.options("both").get("lto") == lto
    assert "warning" not in run.said


@fact("lto-dropped")
def test_a_single_crate_type_on_the_command_line_brings_lto_back(tmp_path: Path) -> None:
    project = unbuildable(release("lto = true", cdylib_and_rlib())).generate(tmp_path)
    run = cargo(project, "rustc", "-p", "both", "--lib", "--release", "--crate-type", "cdylib", "-v")
    assert "lto" in run.options("both")


@fact("strip-reset")
def test_an_override_without_strip_resets_it_and_repeating_it_helps(tmp_path: Path) -> None:
    assert build(CASE["strip-reset"].failing, tmp_path / "a").options("hello")["strip"] == "debuginfo"
    assert build(CASE["strip-reset"].clean, tmp_path / "b").options("hello")["strip"] == "symbols"


@fact("profile-not-published")
def test_a_published_member_leaves_the_profile_behind_and_the_root_package_takes_it(tmp_path: Path) -> None:
    def packed(project: CargoProject, directory: Path, name: str) -> str:
        made = cargo(project.generate(directory), "package", "--no-verify", "--allow-dirty", "-p", name)
        assert made.code == 0, made.said
        with tarfile.open(directory / "target" / "package" / f"{name}-0.1.0.crate") as archive:
            member = archive.extractfile(f"{name}-0.1.0/Cargo.toml")
            assert member is not None
            return member.read().decode()

    alone = {"app/Cargo.toml": virtual_workspace().files["app/Cargo.toml"].partition("[dependencies]")[0]}
    workspace = release("lto = true", virtual_workspace().plus(alone))
    assert "[profile" not in packed(workspace, tmp_path / "a", "app")
    assert "[profile.release]" in packed(release("lto = true"), tmp_path / "b", "hello")


@fact("environment-wins")
def test_a_variable_beats_the_manifest(tmp_path: Path) -> None:
    assert (
        build(release("opt-level = 2"), tmp_path, CARGO_PROFILE_RELEASE_OPT_LEVEL="1").options("hello")["opt-level"]
        == "1"
    )


@fact("config-wins")
def test_a_config_file_beats_the_manifest(tmp_path: Path) -> None:
    assert build(CASE["config-wins"].failing, tmp_path).options("hello")["opt-level"] == "1"


@fact("rustflags-shadowed")
def test_rustflags_of_two_sources_are_not_added(tmp_path: Path) -> None:
    both = build(CASE["rustflags-shadowed"].failing, tmp_path, RUSTFLAGS="--cfg other")
    assert "other" in both.rustc["hello"]
    assert "mine" not in both.rustc["hello"]


@fact("debug-stripped")
def test_debug_info_that_is_stripped_is_made_and_not_in_the_file(tmp_path: Path) -> None:
    run = build(CASE["debug-stripped"].failing, tmp_path)
    assert run.options("hello")["debuginfo"] == "2"
    assert ".debug_info" not in sections(tmp_path / "target/release/hello")
    assert not list((tmp_path / "target/release").glob("*.dwp"))


def objects(directory: Path) -> int:
    """How many objects of codegen units the last incremental session kept."""
    return len(list((directory / "target/release/incremental").rglob("*.o")))


@fact("incremental-lto")
@fact("incremental-release")
def test_incremental_compilation_makes_more_units_and_goes_together_with_lto(tmp_path: Path) -> None:
    many = hello().plus({"src/main.rs": MODULES})
    run = build(release("incremental = true", many), tmp_path / "a")
    assert "incremental" in run.options("hello")
    assert objects(tmp_path / "a") > 16
    both = build(release('incremental = true\nlto = "thin"', many), tmp_path / "b")
    assert both.code == 0
    assert {"incremental", "lto"} <= both.options("hello").keys()


@fact("lto-off-one-unit")
def test_lto_off_and_false_are_the_same_code_at_one_unit(tmp_path: Path) -> None:
    build(release('lto = "off"\ncodegen-units = 1'), tmp_path / "a")
    build(release("lto = false\ncodegen-units = 1"), tmp_path / "b")
    files = [sections(tmp_path / name / "target/release/hello")[".text"] for name in ("a", "b")]
    assert files[0] == files[1]


@fact("sixteen-units")
def test_sixteen_units_are_not_what_unset_gives(tmp_path: Path) -> None:
    counts = []
    for name, project in (("a", hello()), ("b", release("codegen-units = 16"))):
        directory = project.plus({"src/main.rs": MODULES}).generate(tmp_path / name)
        run = cargo(directory, "rustc", "--release", "-v", "--", "-C", "save-temps")
        assert run.code == 0, run.said
        counts.append(len(list((directory / "target/release/deps").glob("hello-*.rcgu.o"))))
    assert counts[0] < counts[1]


@fact("unoptimized-lto")
def test_lto_runs_at_opt_level_0(tmp_path: Path) -> None:
    run = cargo(CASE["unoptimized-lto"].failing.generate(tmp_path), "build", "--profile", "dist", "-v")
    assert run.code == 0
    assert "lto" in run.options("hello")
    assert "opt-level" not in run.options("hello")


@fact("unoptimized-release")
def test_opt_level_0_in_release_is_no_optimization(tmp_path: Path) -> None:
    assert "opt-level" not in build(CASE["unoptimized-release"].failing, tmp_path).options("hello")


@fact("strip-none")
def test_strip_none_keeps_the_debug_info_of_std_that_unset_drops(tmp_path: Path) -> None:
    build(CASE["strip-none"].failing, tmp_path / "a")
    build(hello(), tmp_path / "b")
    assert ".debug_info" in sections(tmp_path / "a/target/release/hello")
    assert ".debug_info" not in sections(tmp_path / "b/target/release/hello")


@fact("bench-differs")
def test_bench_with_keys_of_its_own_gives_rustc_other_flags(tmp_path: Path) -> None:
    project = unbuildable(CASE["bench-differs"].failing).generate(tmp_path)
    shipped = cargo(project, "build", "--release", "-v").options("hello")
    measured = cargo(project, "build", "--profile", "bench", "-v").options("hello")
    assert "lto" in shipped
    assert "lto" not in measured


@fact("refused-value")
@pytest.mark.parametrize(
    "line",
    [
        'opt-level = "3"', "opt-level = 4", 'lto = "true"', 'lto = "full"', "codegen-units = 0", 'codegen-units = "1"',
        'strip = "true"', 'panic = "abrot"', 'debug = "true"', 'incremental = "true"',
        '[profile.release.package."*"]\nlto = true', '[profile.release.package."*"]\npanic = "abort"',
    ],
)  # fmt: skip
def test_a_refused_value_breaks_the_build(tmp_path: Path, line: str) -> None:
    assert build(release(line), tmp_path).code != 0


@fact("unusable-profile")
@pytest.mark.parametrize(
    "text",
    [
        "[profile.relase]\nlto = true\n",
        '[profile.dist]\ninherits = "nope"\n',
        '[profile.a]\ninherits = "b"\n\n[profile.b]\ninherits = "a"\n',
        '[profile.release]\ninherits = "dev"\n',
        "[profile.debug]\nopt-level = 1\n",
    ],
)
def test_an_unusable_profile_breaks_every_build(tmp_path: Path, text: str) -> None:
    assert cargo(hello().with_manifest(text).generate(tmp_path), "build").code != 0


@fact("breaking-variable")
def test_a_variable_for_release_lto_breaks_every_build(tmp_path: Path) -> None:
    case = CASE["breaking-variable"]
    project = case.failing.generate(tmp_path)
    run = cargo(project, "build", **case.environment)
    assert run.code != 0
    assert "error in environment variable `CARGO_PROFILE_RELEASE`" in run.said


@fact("lto-in-rustflags")
def test_lto_in_rustflags_breaks_the_build_without_lto_in_the_profile(tmp_path: Path) -> None:
    run = build(hello(), tmp_path / "a", RUSTFLAGS="-Clto=fat")
    assert "options `-C embed-bitcode=no` and `-C lto` are incompatible" in run.said
    assert build(hello(), tmp_path / "b", RUSTFLAGS="-Clto=off").code == 0


@fact("prefer-dynamic-lto")
def test_prefer_dynamic_and_lto_break_the_build(tmp_path: Path) -> None:
    run = build(CASE["prefer-dynamic-lto"].failing, tmp_path)
    assert "cannot prefer dynamic linking when performing LTO" in run.said


@fact("native-cpu")
def test_native_is_another_processor_on_another_machine(tmp_path: Path) -> None:
    said = subprocess.run(["rustc", "--print", "target-cpus"], capture_output=True, text=True, check=True).stdout
    assert re.search(r"native\s+- Select the CPU of the current host", said)
    project = hello().plus({".cargo/config.toml": '[build]\nrustflags = ["-C", "target-cpu=native"]\n'})
    assert build(project, tmp_path).options("hello")["target-cpu"] == "native"


@fact("abort-in-host")
@fact("abort-unwinding")
def test_abort_catches_nothing_and_the_tests_do_not_show_it(tmp_path: Path) -> None:
    project = release('panic = "abort"').plus({"src/main.rs": CATCHES}).generate(tmp_path)
    assert cargo(project, "build", "--release").code == 0
    aborted = subprocess.run([project / "target/release/hello"], capture_output=True, check=False)
    assert aborted.returncode == -6
    assert cargo(project, "test", "--release").code == 0


@fact("dev-lto")
def test_lto_in_dev_is_done_for_test_binaries_too(tmp_path: Path) -> None:
    run = cargo(unbuildable(CASE["dev-lto"].failing).generate(tmp_path), "test", "--no-run", "-v")
    assert "--test" in run.rustc["hello"]
    assert "lto" in run.options("hello")


@fact("dev-one-unit")
def test_one_unit_in_dev_leaves_one_object_to_redo(tmp_path: Path) -> None:
    counts = []
    for name, project in (("a", CASE["dev-one-unit"].failing), ("b", hello())):
        directory = project.plus({"src/main.rs": MODULES}).generate(tmp_path / name)
        assert cargo(directory, "build").code == 0
        counts.append(len(list((directory / "target/debug/incremental").rglob("*.o"))))
    assert counts[0] < 4
    assert counts[1] > 16


@fact("dev-abort")
def test_abort_in_dev_compiles_dependencies_again_for_tests(tmp_path: Path) -> None:
    for name, text, again in (("a", '[profile.dev]\npanic = "abort"\n', True), ("b", "", False)):
        project = with_dep().with_manifest(text).generate(tmp_path / name)
        assert cargo(project, "build").code == 0
        assert ("base" in cargo(project, "test", "--no-run", "-v").rustc) is again


@fact("inherited-lto")
def test_a_profile_takes_lto_over(tmp_path: Path) -> None:
    run = cargo(unbuildable(CASE["inherited-lto"].failing).generate(tmp_path), "build", "--profile", "profiling", "-v")
    assert "lto" in run.options("hello")


def test_the_members_of_the_cases_are_members_for_cargo(tmp_path: Path) -> None:
    out = subprocess.run(
        ["cargo", "metadata", "--no-deps", "--offline", "--format-version", "1"],
        cwd=MEMBERS.generate(tmp_path),
        capture_output=True,
        check=True,
    ).stdout
    assert sorted(package["name"] for package in json.loads(out)["packages"]) == ["app", "base"]
