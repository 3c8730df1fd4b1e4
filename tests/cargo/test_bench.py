"""Bench targets as workload, with the real cargo: what it builds, what is run, what is refused.

Criterion itself is not here: a bench of the test's own writes estimates in its form, from times it takes itself. That
the form is the real one's, tests/crates/test_criterion_crate.py shows.
"""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from test_bad_input import burnish, says, tree
from test_tune import NARROW

import projects

pytestmark = pytest.mark.cargo

OWN_MAIN = """\
fn main() {
    assert!(std::env::args().any(|arg| arg == "--bench"), "not as cargo bench starts it");
    assert!(std::path::Path::new("Cargo.toml").exists(), "not in the package's directory");
    assert_eq!(std::env::var("CARGO_PKG_NAME").as_deref(), Ok("alone"));
    let mut total = 0u32;
    for number in 0..20_000_000u32 {
        total = total.wrapping_add(alone::twice(number % 1000));
    }
    println!("{total} {:?}", std::time::SystemTime::now());
}
"""
# `twice` is called over a crate's border: fat makes the loop several times faster.
LIKE_CRITERION = """\
use std::{env, fs, path::PathBuf, time::Instant};

fn once(count: u32) -> f64 {
    let start = Instant::now();
    let mut total = 0u32;
    for number in 0..count {
        total = total.wrapping_add(alone::twice(number % 1000));
    }
    std::hint::black_box(total);
    start.elapsed().as_nanos() as f64
}

fn measure(id: &str, count: u32) {
    // The fastest of some: a busy machine must not decide a test.
    let mean = (0..9).map(|_| once(std::hint::black_box(count))).fold(f64::INFINITY, f64::min);
    let home = PathBuf::from(env::var_os("CRITERION_HOME").unwrap_or("target/criterion".into()));
    let place = home.join(id).join("new");
    fs::create_dir_all(&place).unwrap();
    let name = format!(r#"{{"group_id":"{id}","function_id":null,"full_id":"{id}","title":"{id}"}}"#);
    let one = format!(r#"{{"point_estimate":{mean},"standard_error":0.1}}"#);
    fs::write(place.join("benchmark.json"), name).unwrap();
    fs::write(place.join("estimates.json"), format!(r#"{{"mean":{one},"median":{one},"slope":null}}"#)).unwrap();
}

fn main() {
    let words: Vec<String> = env::args().skip(1).collect();
    assert!(words.iter().any(|word| word == "--noplot"));
    let filter = words.last().filter(|word| word.starts_with("loop")).cloned().unwrap_or_default();
    for (id, count) in [("loop/long", 2_000_000), ("loop/short", 500_000)] {
        if id.contains(&filter) {
            measure(id, count);
        }
    }
    if words.iter().any(|word| word == "changing") {
        measure(&format!("at {}", Instant::now().elapsed().as_nanos() + u128::from(std::process::id())), 1000);
    }
}
"""
BENCHES = """\
[dependencies]
base = { path = "base" }

[[bench]]
name = "own-main"
harness = false

[[bench]]
name = "estimates"
harness = false

[[bench]]
name = "libtest"
"""


def library(directory: Path, manifest: str = "", files: dict[str, str] | None = None) -> Path:
    """The library ``alone`` over ``base``, without any program, with three benches."""
    base = projects.with_dep().files
    project = projects.lib_only().plus(
        {
            "src/lib.rs": "pub use base::twice;\n",
            "base/Cargo.toml": base["base/Cargo.toml"],
            "base/src/lib.rs": base["base/src/lib.rs"],
            "benches/own-main.rs": OWN_MAIN,
            "benches/estimates.rs": LIKE_CRITERION,
            "benches/libtest.rs": "",
            **(files or {}),
        }
    )
    return project.with_manifest(f"{BENCHES}\n{manifest}").generate(directory)


def tuned(directory: Path, *args: str) -> dict[str, Any]:
    answer = burnish(directory, "tune", "--format", "json", *args)
    assert answer.code == 0, answer.err
    found: dict[str, Any] = json.loads(answer.out)
    return found


def fresh(directory: Path, *args: str) -> list[bool]:
    """Whether cargo finds what it would build already built, unit by unit."""
    run = projects.run_cargo(directory, *args, "--message-format=json")
    assert run.returncode == 0, run.stderr
    return [each["fresh"] for each in map(json.loads, run.stdout.splitlines()) if "fresh" in each]


def test_cargo_bench_under_the_profile_release_runs_what_cargo_build_makes(tmp_path: Path) -> None:
    """The premise: the bench of ``--release`` is what ``cargo bench`` measures where no profile bench is."""
    directory = library(tmp_path, '[profile.release]\npanic = "abort"\nlto = "thin"\n')
    built = projects.run_cargo(directory, "build", "--release", "--bench", "own-main", "-v")
    assert built.returncode == 0, built.stderr
    # Neither the bench nor its libraries: a bench target unwinds, with libtest's harness and without.
    assert "-C lto=thin" in built.stderr
    assert "panic=abort" not in built.stderr
    assert all(fresh(directory, "bench", "--no-run", "--profile", "release", "--bench", "own-main"))
    assert all(fresh(directory, "bench", "--no-run", "--bench", "own-main"))


def test_a_library_without_a_program_is_tuned_on_a_bench_with_a_main_of_its_own(tmp_path: Path) -> None:
    settings = (
        '[package.metadata.burnish]\nbench = "own-main"\nper-crate = true\nlimits = { size = 0.1, build = 1000 }\n'
    )
    directory = library(tmp_path, f"{settings}\n[profile.bench]\ncodegen-units = 4\n")
    result = tuned(directory, *NARROW)
    assert result["workload"]["kind"] == "bench"
    assert result["workload"]["argv"] == ["{bin}", "--bench"]
    assert (result["artifact"], result["goal"]) == ("own-main", "speed")
    assert result["sharing"]
    assert all(each["faithful"] for each in result["sharing"])
    assert not any(row["mismatches"] for row in result["rows"])
    # The file is not shipped: a limit that none keeps is no obstacle. (Which verdict a busy machine gives is its own.)
    assert " file " not in " ".join([result["recommendation"]["headline"], *result["recommendation"]["reasons"]])
    assert any("limit on size was passed over" in note for note in result["notes"])
    assert any("[profile.bench], where codegen-units differs" in note for note in result["notes"])
    assert result["per_crate"] == []
    assert result["reproduce"] == ["burnish tune --goal speed --bench own-main"]

    for kind, size in (("text", "its size decides nothing"), ("markdown", "size decides nothing"), ("html", "decides")):
        shown = burnish(directory, "report", "--format", kind)
        assert shown.code == 0, shown.err
        assert size in " ".join(shown.out.split())
    assert burnish(directory, "report", "--bench", "own-main").code == 0
    says(burnish(directory, "report", "--bench", "estimates"), 2, "no result is stored")

    report = directory / "profile.json"
    report.write_text(json.dumps(result))
    again = burnish(directory, "reproduce", str(report), "--yes", "--budget", "20s", "-q", "--format", "json")
    assert again.code in {0, 1}, again.err
    sizes = [each for each in json.loads(again.out)["findings"] if each["budget"].startswith("size")]
    assert {each["verdict"] for each in sizes} == {"kept"}
    says(burnish(directory, "check", "--max-size", "1 MB", "-q"), 2, "a bench executable is not", "--bin NAME")
    ratio = ("check", "--bench", "own-main", "--max-runtime-ratio", "50", "--budget", "10s", "-q", "--format", "json")
    kept = burnish(directory, *ratio, "--evidence", str(report))
    assert kept.code in {0, 1}, kept.err
    judged = {each["budget"]: each["verdict"] for each in json.loads(kept.out)["findings"]}
    assert judged["max-runtime-ratio"] == "kept"

    applied = burnish(directory, "apply", "--yes")
    assert applied.code == 0, applied.err
    changed = result["recommendation"]["outcome"] == "change"
    assert ("[profile.release]" in (directory / "Cargo.toml").read_text()) is changed


def test_of_a_bench_and_a_program_of_one_name_the_bench_is_measured_and_panic_stays_as_it_is(tmp_path: Path) -> None:
    directory = library(
        tmp_path,
        '[profile.release]\npanic = "abort"\n',
        {"src/bin/own-main.rs": "fn main() { std::process::exit(7) }\n"},
    )
    # Libraries as bitcode alone, from which cargo would not link the program beside the bench.
    narrow = ("--only", "o3-fat-cgu1-*", "--fix", "lto=fat", "--fix", "codegen-units=1", "--instructions", "none")
    result = tuned(directory, "--bench", "own-main", *narrow, "--allow", "panic-abort", "--budget", "4m")
    assert [row["profile"]["lto"] for row in result["rows"]] == ["false", "fat"]
    assert not result["failures"]
    assert not any(row["mismatches"] for row in result["rows"])
    assert {row["profile"]["panic"] for row in result["rows"]} == {"abort"}
    assert any("unwinding, whatever panic says" in note for note in result["notes"])
    # The program is what is tuned where no bench is named.
    says(burnish(directory, "tune", "--run", "{bin}", *narrow, "--progress", "none"), 4, "exit code 7")


def test_criterions_estimates_decide_and_its_own_directory_is_left_alone(tmp_path: Path) -> None:
    directory = library(tmp_path)
    result = tuned(directory, "--criterion", "estimates", *NARROW)
    assert result["benchmarks"] == ["loop/long", "loop/short"]
    assert result["workload"]["kind"] == "criterion"
    assert result["rows"][0]["instructions"] is None
    confirmed = result["recommendation"]["confirmation"]
    assert result["recommendation"]["profile"]["lto"] == "fat"
    assert [each["name"] for each in confirmed["benchmarks"]] == result["benchmarks"]
    low, high = sorted(each["ratio"] for each in confirmed["benchmarks"])
    # Each interval is of its own trimmed mean; the whole lies between its parts, as near as trimming leaves it.
    assert low * 0.9 < confirmed["time"]["ratio"] < high * 1.1
    assert not (directory / "target" / "criterion").exists()
    assert not list((directory / "target" / "burnish" / "run").glob("output-*"))

    shown = burnish(directory, "report", "--criterion", "estimates")
    words = " ".join(shown.out.split())
    assert "criterion's mean, geometric mean of 2 benchmarks" in words
    assert "loop/short: -" in words
    assert result["reproduce"] == ["burnish tune --goal speed --criterion estimates"]


def test_arguments_after_two_dashes_go_to_the_bench_as_in_cargo_bench(tmp_path: Path) -> None:
    directory = library(tmp_path)
    narrow = ("--only", "o3-false-cgu1-*", "--options", "lto=false", "--budget", "20s")
    result = tuned(directory, ".", "--criterion", "estimates", *narrow, "--", "loop/sh")
    assert result["benchmarks"] == ["loop/short"]
    assert result["workload"]["given"] == ["loop/sh"]
    assert result["reproduce"][0].endswith("--criterion estimates -- loop/sh")


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        pytest.param(("--bench", "none"), 2, ("no bench target 'none'", "it has: ", "own-main"), id="no such bench"),
        pytest.param(("--bench", "libtest"), 2, ("nightly", "harness = false"), id="libtest"),
        pytest.param(("--bench", "own-main", "--run", "{bin}"), 2, ("each name a workload",), id="two workloads"),
        pytest.param(("--bench", "own-main", "--criterion", "own-main"), 2, ("not allowed with",), id="two benches"),
        pytest.param(("--bench", "own-main", "--goal", "size"), 2, ("is not", "--goal speed"), id="for size"),
        pytest.param(("--run", "{bin}", "--", "x"), 2, ("no program of its own", "own-main"), id="no program"),
        pytest.param(("--lib", "--criterion", "own-main"), 2, ("not allowed with",), id="bench and library"),
    ],
)
def test_a_bench_that_cannot_be_measured_is_refused_before_anything_is_built(
    tmp_path: Path, args: Sequence[str], code: int, words: Sequence[str]
) -> None:
    directory = library(tmp_path)
    before = tree(directory)
    answer = burnish(directory, "tune", *args)
    assert answer.code == code, answer.err
    assert answer.out == ""
    for word in words:
        assert word in answer.err
    left = {name for name in tree(directory) - before if not name.startswith("target/burnish")}
    assert left <= {"Cargo.lock", "target"}


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return library(tmp_path_factory.mktemp("compiled") / "project")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        pytest.param(
            ("--criterion", "own-main"), ("wrote no estimates of criterion", "--bench NAME"), id="no criterion bench"
        ),
        pytest.param(
            ("--criterion", "estimates", "--", "loop/none"), ("wrote no estimates", "filter"), id="nothing left"
        ),
        pytest.param(
            ("--bench", "estimates", "--", "--noplot"), ("criterion bench", "--criterion NAME"), id="a criterion bench"
        ),
        pytest.param(
            ("--criterion", "estimates", "--", "changing"), ("other benchmarks than before", "at "), id="other ids"
        ),
        pytest.param(("--bench", "estimates"), ("exit code 101", "by hand"), id="it fails"),
        pytest.param(
            ("--bench", "own-main", "--check", "stdout"),
            ("something different each time",),
            id="its output is asked for",
        ),
    ],
)
def test_a_bench_that_gives_no_samples_ends_the_tune_before_the_search(
    compiled: Path, args: Sequence[str], words: Sequence[str]
) -> None:
    says(burnish(compiled, "tune", "--progress", "none", *args), 4, *words)
    assert not (compiled / "target" / "criterion").exists()


def test_a_bench_that_does_not_compile_is_told_with_the_error_of_rustc(tmp_path: Path) -> None:
    directory = library(tmp_path, files={"benches/own-main.rs": 'fn main() { let _x: u32 = "text"; }\n'})
    says(burnish(directory, "tune", "--bench", "own-main"), 3, "E0308", "cargo build --release --bench own-main must")
    shutil.rmtree(directory / "target")
