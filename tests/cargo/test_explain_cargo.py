"""What explain says of flags and modules, against the real cargo and rustc."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

import projects
from burnish.cli import build_parser
from burnish.cli.explain import read_site
from burnish.explain.arithmetic import arithmetic
from burnish.explain.flags import CODEGEN_OF, derived, recorded
from burnish.explain.pipeline import recorded_mode
from burnish.explain.record import BuildRecord
from burnish.explain.recording import Site, find_record, make_record
from burnish.explain.values import Mode

pytestmark = pytest.mark.cargo

CROSSINGS = Path(__file__).parents[2] / "examples" / "crossings"
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith(("CARGO_PROFILE", "RUSTFLAGS"))},
    "CARGO_NET_OFFLINE": "true",
    "NO_COLOR": "1",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    code: int
    out: str
    err: str


def burnish(directory: Path, *args: str) -> Answer:
    run = subprocess.run(
        [sys.executable, "-m", "burnish", *args], cwd=directory, env=ENVIRONMENT, capture_output=True, text=True,
        check=False, timeout=300,
    )  # fmt: skip
    assert "Traceback" not in run.stderr, run.stderr
    return Answer(code=run.returncode, out=run.stdout, err=run.stderr)


def site(directory: Path, *args: str) -> Site:
    return read_site(build_parser(only="explain").parse_args(["explain", str(directory), *args]), ENVIRONMENT)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program and a library without std, which abort: LTO takes no time. One directory: the shim is made once."""
    place = tmp_path_factory.mktemp("explain") / "app"
    files = {"src/main.rs": BARE, "base/src/lib.rs": "#![no_std]\npub fn twice(x: u8) -> u8 { x.wrapping_mul(2) }\n"}
    return projects.with_dep().plus(files).generate(place)


BARE = """\
#![no_std]
#![no_main]
#[link(name = "c")]
#[link(name = "gcc_s")]
extern "C" {}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}

#[no_mangle]
pub extern "C" fn rust_eh_personality() {}

#[no_mangle]
pub extern "C" fn main(argc: i32) -> i32 {
    i32::from(base::twice(argc as u8))
}
"""


def with_release(directory: Path, release: str) -> Path:
    manifest = f"{projects.with_dep().files['Cargo.toml']}\n[profile.release]\npanic = 'abort'\n{release}\n"
    (directory / "Cargo.toml").write_text(manifest, encoding="utf-8")
    return directory


@pytest.mark.parametrize(
    "release",
    [
        pytest.param("", id="nothing set"),
        pytest.param('lto = true\nstrip = "symbols"', id="lto true"),
        pytest.param('lto = "fat"\ncodegen-units = 1', id="fat, one"),
        pytest.param('lto = "thin"\ndebug = 1', id="thin and debug"),
        pytest.param('lto = "off"\nopt-level = "z"', id="off, z"),
        pytest.param("incremental = true\nopt-level = 1", id="incremental"),
        pytest.param("debug-assertions = true", id="assertions without checks"),
        pytest.param("opt-level = 0\noverflow-checks = true", id="level 0 with checks"),
        pytest.param('debug = "line-tables-only"\nstrip = "none"\noverflow-checks = true', id="lines and checks"),
        pytest.param('strip = "symbols"\n[profile.release.package.app]\nopt-level = 2', id="an override resets strip"),
    ],
)
def test_derived_flags_are_those_that_rustc_gets(app: Path, release: str) -> None:
    here = site(with_release(app, release))
    record = make_record(here)
    library = next(crate for crate in record.libraries if crate.crate == "base")
    for key in CODEGEN_OF:
        told = recorded(record.final.args, library.args, key)
        expected = derived(here.effective, key, takes_lto=True)
        final, of_library = expected.final, expected.library
        if key == "incremental":
            of_library = final  # `base` is a path dependency, which incremental holds for as well
        if key == "opt-level" and "package.app" in release:
            final = ("-C opt-level=2",)  # overrides of single packages are not derived
        assert (told.final, told.library) == (final, of_library), key


def test_a_record_answers_until_the_profile_changes(app: Path) -> None:
    first = with_release(app, 'opt-level = "s"')
    assert burnish(first, "explain", "--build", "--option", "opt-level").code == 0
    again = burnish(first, "explain", "--option", "opt-level")
    assert "-C opt-level=s (recorded)" in again.out
    (app / "src" / "main.rs").write_text(f"{BARE}\n", encoding="utf-8")
    assert "the sources have changed since" in burnish(first, "explain", "--option", "lto").out
    changed = burnish(with_release(app, "opt-level = 1"), "explain", "--option", "opt-level")
    assert "does not fit: opt-level was" in changed.out
    assert "-C opt-level=1 (as Cargo would)" in changed.out


@pytest.fixture(scope="module")
def crossings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("crossings")
    answer = burnish(CROSSINGS, "explain", "--build", "--target-dir", str(target), "--no-audit")
    assert answer.code == 0, answer.err
    assert "7 crates became 7 modules" in answer.out
    assert "If each crate really were 16 modules: 16 x 7 = 112" in answer.out
    return target


def test_crossings_is_explained_from_end_to_end(crossings: Path) -> None:
    answer = burnish(CROSSINGS, "explain", "--target-dir", str(crossings), "--no-audit", "--format", "json")
    found = json.loads(answer.out)
    counts = {crate["crate"]: crate["units"] for crate in found["arithmetic"]["crates"]}
    assert counts == dict.fromkeys(("arith", "codec", "guard", "helpers", "kernel", "limits", "crossings"), 1)
    assert found["arithmetic"]["std"] >= 10
    assert any(outside["what"] == "compiler_builtins" for outside in found["arithmetic"]["outside"])
    assert all(view["told"]["recorded"] for view in found["options"])


def test_derived_flags_are_right_for_a_profile_that_is_not_there(crossings: Path) -> None:
    here = site(CROSSINGS, "--target-dir", str(crossings))
    record = find_record(here)
    assert record is not None
    for key in CODEGEN_OF:
        told = recorded(record.final.args, record.libraries[-1].args, key)
        expected = derived(here.effective, key, takes_lto=True)
        assert (told.final, told.library) == (expected.final, expected.library), key


@pytest.mark.parametrize("mode", [str(mode) for mode in Mode])
def test_every_road_of_crossings_is_drawn_with_its_counts(crossings: Path, mode: str) -> None:
    answer = burnish(CROSSINGS, "explain", "--target-dir", str(crossings), "--pipeline", mode)
    assert "7 units" in answer.out
    assert max(map(len, answer.out.splitlines())) <= 80


def test_claims_of_a_project_without_a_tune_are_not_measured(crossings: Path) -> None:
    answer = burnish(CROSSINGS, "claims", "--target-dir", str(crossings), "--format", "json")
    assert {each["verdict"] for each in json.loads(answer.out)["claims"]} == {"not measured"}


#: Many small modules of code that only calls: what the default merges, and a number asked for does not.
MANY = "".join(
    f"pub mod m{number} {{ #[inline(never)] pub fn f(x: &[u64]) -> String "
    f'{{ format!("{{:?}}{{}}", x, x.iter().fold({number}, |a, b| a ^ b)) }} }}\n'
    for number in range(24)
)
CALLS = ", ".join(f"m{number}::f(&[1])" for number in range(24))


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> dict[str, BuildRecord]:
    directory = tmp_path_factory.mktemp("explain") / "many"
    source = f'{MANY}fn main() {{ println!("{{}}", [{CALLS}].len()); }}\n'
    project = projects.hello().plus({"src/main.rs": source})
    found = {}
    for name, release in (
        ("unset", ""),
        ("16", "codegen-units = 16"),
        ("fat", 'lto = "fat"\ncodegen-units = 16'),
    ):
        project.with_manifest(f"[profile.release]\n{release}\n").generate(directory)
        found[name] = make_record(site(directory))
    return found


def test_codegen_units_left_unset_are_not_16(many: dict[str, BuildRecord]) -> None:
    unset, asked = many["unset"].own_units, many["16"].own_units
    assert unset is not None
    assert asked is not None
    assert unset < asked <= 16


def test_fat_lto_hides_the_units_and_the_probe_finds_them(many: dict[str, BuildRecord]) -> None:
    assert many["fat"].link.own is None
    assert many["fat"].own_units == many["16"].own_units


def test_the_standard_library_counts_the_same_by_archives_and_by_thin_lto(many: dict[str, BuildRecord]) -> None:
    assert many["16"].std == many["fat"].std
    assert "compiler_builtins" not in many["fat"].std
    assert "compiler_builtins" in many["fat"].link.archives


def test_the_road_recorded_is_the_road_asked_for(many: dict[str, BuildRecord]) -> None:
    assert {name: recorded_mode(record) for name, record in many.items()} == {
        "unset": Mode.THIN_LOCAL, "16": Mode.THIN_LOCAL, "fat": Mode.FAT,
    }  # fmt: skip


def test_lto_that_a_crate_type_drops_is_seen_and_said(tmp_path: Path) -> None:
    project = projects.cdylib_and_rlib().with_manifest('[profile.release]\nlto = "fat"\n').generate(tmp_path)
    answer = burnish(project, "explain", "--lib", "--build", "--option", "lto")
    assert "no flag (recorded)" in answer.out
    assert "has no effect" in answer.out
    here = site(project, "--lib")
    assert derived(here.effective, "lto", takes_lto=False).final == ()
    record = find_record(here)
    assert record is not None
    assert arithmetic(record).own is not None


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="a fact of x86_64 Linux")
def test_unwind_tables_stay_under_abort_on_x86_64_linux(tmp_path: Path) -> None:
    release = '[profile.release]\npanic = "abort"\n'
    project = projects.hello().with_manifest(release).generate(tmp_path)
    assert projects.run_cargo(project, "build", "--release").returncode == 0
    with (project / "target" / "release" / "hello").open("rb") as file:
        section = ELFFile(file).get_section_by_name(".eh_frame")
        assert section is not None
        assert section["sh_size"] > 1000


@pytest.mark.parametrize(
    ("project", "args", "code", "words"),
    [
        pytest.param(projects.broken_toml(), ("explain",), 3, ("Cargo.toml",), id="no TOML"),
        pytest.param(projects.lib_only(), ("explain",), 2, ("no program",), id="nothing to run"),
        pytest.param(projects.two_bins(), ("claims",), 2, ("--bin one",), id="which program"),
        pytest.param(projects.hello(), ("explain", "--profile", "no"), 2, ("no is not defined",), id="no such profile"),
        pytest.param(projects.hello(), ("explain", "nowhere"), 2, ("no Cargo.toml",), id="no project"),
        pytest.param(projects.does_not_compile(), ("explain", "--build"), 3, ("mismatched types",), id="no build"),
    ],
)
def test_bad_input_is_told_plainly(
    tmp_path: Path, project: projects.CargoProject, args: tuple[str, ...], code: int, words: tuple[str, ...]
) -> None:
    here = project.generate(tmp_path / "project")
    answer = burnish(here if "nowhere" not in args else tmp_path, *args)
    assert (answer.code, answer.out) == (code, ""), answer.err
    assert answer.err.startswith("error: ")
    for word in words:
        assert word in answer.err


@pytest.mark.parametrize("option", ["--option", "--pipeline", "--format"])
def test_a_value_that_there_is_not_is_a_usage_error(tmp_path: Path, option: str) -> None:
    answer = burnish(tmp_path, "explain", option, "no-such")
    assert answer.code == 2
    assert "invalid choice" in answer.err


def test_explaining_without_build_writes_nothing(tmp_path: Path) -> None:
    project = projects.hello().generate(tmp_path)
    assert projects.run_cargo(project, "generate-lockfile").returncode == 0
    before = {path: path.stat().st_mtime_ns for path in project.rglob("*")}
    assert burnish(project, "explain").code == 0
    assert burnish(project, "claims").code == 0
    assert {path: path.stat().st_mtime_ns for path in project.rglob("*")} == before
