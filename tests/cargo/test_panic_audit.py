"""The panic audit against the real toolchain: what it says of a piece of code is what abort does to it."""

import json
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

import projects
from burnish.cargo.invocation import Cargo
from burnish.cargo.panics import audit_workspace
from burnish.cli import main
from burnish.profile.panics.values import PanicAudit, PanicKind, Verdict, worst

pytestmark = pytest.mark.cargo

CROSSINGS = Path(__file__).parents[2] / "examples" / "crossings"

_PANIC = 'pub fn fail() -> u8 { if std::env::args().count() > 1 { panic!("on purpose") } 7 }\n'

#: One piece of code a file, run by its name.
_MODES = {
    "caught": "pub fn run() { let _ = std::panic::catch_unwind(crate::fail); }",
    "resumed": "use std::panic::{catch_unwind, resume_unwind};\n"
    "pub fn run() { if let Err(e) = catch_unwind(crate::fail) { resume_unwind(e) } }",
    "detached": "pub fn run() { std::thread::spawn(crate::fail); "
    "std::thread::sleep(std::time::Duration::from_millis(500)); }",
    "joined": 'pub fn run() { if std::thread::spawn(crate::fail).join().is_err() { println!("lost one") } }',
    "raised": "pub fn run() { std::thread::spawn(crate::fail).join().unwrap(); }",
    "scoped": "pub fn run() { std::thread::scope(|s| { s.spawn(crate::fail); }); }",
    "cleaned": 'struct File; impl Drop for File { fn drop(&mut self) { std::fs::remove_file("left").unwrap() } }\n'
    'pub fn run() { std::fs::write("left", "").unwrap(); let _file = File; crate::fail(); }',
    "hooked": 'pub fn run() { std::panic::set_hook(Box::new(|_| println!("the hook ran"))); crate::fail(); }',
    "guarded": 'pub fn run() { if cfg!(panic = "unwind") { let _ = std::panic::catch_unwind(crate::fail); } }',
    "thrown": "struct Stop; pub fn run() { let _ = std::panic::catch_unwind(|| "
    "if std::env::args().count() > 1 { std::panic::resume_unwind(Box::new(Stop)) }); }",
}


def modes() -> projects.CargoProject:
    """A program that runs the piece of code that it is given the name of; each is a file."""
    arms = "".join(f'        Some("{name}") => {name}::run(),\n' for name in _MODES)
    declared = "".join(f"mod {name};\n" for name in _MODES)
    tests = "#[cfg(test)]\nmod tests {\n    #[test]\n    #[should_panic]\n    fn it_panics() { panic!() }\n}\n"
    start = "fn main() {\n    match std::env::args().nth(1).as_deref() {\n"
    source = f'{declared}{_PANIC}{start}{arms}        _ => {{}}\n    }}\n    println!("went on");\n}}\n{tests}'
    files = {f"src/{name}.rs": code + "\n" for name, code in _MODES.items()}
    return projects.hello().plus({**files, "src/main.rs": source})


@dataclass(frozen=True, kw_only=True, slots=True)
class Built:
    """The program with unwinding and with abort, and what the audit says."""

    directory: Path
    unwind: Path
    abort: Path
    audit: PanicAudit


def build(directory: Path, panic: str) -> Path:
    target = directory / f"target-{panic}"
    config = f'profile.release.panic="{panic}"'
    run = projects.run_cargo(directory, "build", "--release", "--config", config, "--target-dir", str(target))
    assert run.returncode == 0, run.stderr
    return target / "release" / "hello"


def audit_of(directory: Path) -> PanicAudit:
    return audit_workspace(Cargo(directory, {**os.environ, "CARGO_NET_OFFLINE": "true"}), directory / "Cargo.toml")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    directory = modes().generate(tmp_path_factory.mktemp("modes"))
    return Built(
        directory=directory,
        unwind=build(directory, "unwind"),
        abort=build(directory, "abort"),
        audit=audit_of(directory),
    )


def ran(program: Path, mode: str, cwd: Path) -> tuple[int, str]:
    done = subprocess.run([program, mode], cwd=cwd, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def verdict_of(audit: PanicAudit, file: str) -> Verdict:
    return worst(finding.verdict for finding in audit.findings if finding.path == f"src/{file}.rs")


@pytest.mark.parametrize("mode", ["caught", "detached", "joined", "thrown"])
def test_what_is_not_safe_goes_on_today_and_is_aborted_then(built: Built, tmp_path: Path, mode: str) -> None:
    assert verdict_of(built.audit, mode) in {Verdict.UNSAFE, Verdict.UNKNOWN}
    code, said = ran(built.unwind, mode, tmp_path)
    assert (code, said.splitlines()[-1]) == (0, "went on")
    code, said = ran(built.abort, mode, tmp_path)
    assert (code, "went on" in said) == (-signal.SIGABRT, False)


@pytest.mark.parametrize("mode", ["resumed", "raised", "scoped", "hooked"])
def test_what_is_safe_ends_the_program_either_way(built: Built, tmp_path: Path, mode: str) -> None:
    assert verdict_of(built.audit, mode) is Verdict.SAFE
    (before, said), (after, said_then) = ran(built.unwind, mode, tmp_path), ran(built.abort, mode, tmp_path)
    assert (before, after) == (101, -signal.SIGABRT)
    assert said == said_then
    assert ("the hook ran" in said) is (mode == "hooked")


def test_a_file_that_drop_removes_stays_after_an_abort(built: Built, tmp_path: Path) -> None:
    assert verdict_of(built.audit, "cleaned") is Verdict.UNSAFE
    assert ran(built.unwind, "cleaned", tmp_path)[0] == 101
    assert not (tmp_path / "left").exists()
    assert ran(built.abort, "cleaned", tmp_path)[0] == -signal.SIGABRT
    assert (tmp_path / "left").exists()


def test_what_cfg_panic_guards_is_left_out_with_abort(built: Built, tmp_path: Path) -> None:
    assert verdict_of(built.audit, "guarded") is Verdict.SAFE
    assert ran(built.unwind, "guarded", tmp_path) == ran(built.abort, "guarded", tmp_path) == (0, "went on\n")


def test_tests_unwind_whatever_the_profile_says(built: Built) -> None:
    assert any(finding.kind is PanicKind.SHOULD_PANIC for finding in built.audit.findings)
    config = 'profile.release.panic="abort"'
    run = projects.run_cargo(built.directory, "test", "--release", "--config", config)
    assert (run.returncode, "1 passed" in run.stdout) == (0, True), run.stderr


def test_a_crate_that_refuses_abort_does_not_build_with_it(tmp_path: Path) -> None:
    refusing = '#[cfg(not(panic = "unwind"))]\ncompile_error!("this needs unwinding");\nfn main() {}\n'
    directory = projects.hello().plus({"src/main.rs": refusing}).generate(tmp_path)
    assert audit_of(directory).verdict is Verdict.UNSAFE
    for panic, fine in (("unwind", True), ("abort", False)):
        run = projects.run_cargo(directory, "check", "--release", "--config", f'profile.release.panic="{panic}"')
        assert ((run.returncode == 0), ("this needs unwinding" in run.stderr)) == (fine, not fine)


def test_crossings_is_unsafe_for_its_catch_unwind(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", str(CROSSINGS), "--offline", "--format", "json"]) == 1
    data = json.loads(capsys.readouterr().out)
    unsafe = [
        (finding["path"], finding["line"], finding["kind"])
        for crate in data["crates"]
        for finding in crate["findings"]
        if finding["verdict"] == "unsafe"
    ]
    source = (CROSSINGS / "crates/guard/src/lib.rs").read_text(encoding="utf-8").splitlines()
    line = 1 + next(number for number, text in enumerate(source) if "catch_unwind(" in text)
    assert unsafe == [("crates/guard/src/lib.rs", line, "catch_unwind")]


def test_a_clean_program_is_safe(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    directory = projects.with_dep().generate(tmp_path)
    assert main(["audit", str(directory), "--offline"]) == 0
    assert capsys.readouterr().out.startswith("safe: ")


def test_build_scripts_macros_and_dev_dependencies_are_no_part_of_the_program(tmp_path: Path) -> None:
    catching = "pub fn f() { let _ = std::panic::catch_unwind(|| ()); }\n"
    package = '[package]\nname = "{0}"\nversion = "0.1.0"\nedition = "2021"\n'
    depends = '{0} = {{ path = "{0}" }}\n'
    manifest = (
        package.format("hello")
        + "[dependencies]\n"
        + depends.format("linked")
        + depends.format("derive")
        + "[dev-dependencies]\n"
        + depends.format("tested")
        + "[build-dependencies]\n"
        + depends.format("built")
        + '[target."cfg(windows)".dependencies]\n'
        + depends.format("foreign")
        + "[workspace]\n"
    )
    files = {"Cargo.toml": manifest, "build.rs": f"fn main() {{}}\n{catching}"}
    for name in ("linked", "derive", "tested", "built", "foreign"):
        macro = "[lib]\nproc-macro = true\n" if name == "derive" else ""
        files |= {f"{name}/Cargo.toml": package.format(name) + macro, f"{name}/src/lib.rs": catching}
    audit = audit_of(projects.hello().plus(files).generate(tmp_path))
    assert [(crate.crate, crate.verdict) for crate in audit.crates] == [
        ("hello", Verdict.SAFE),
        ("linked", Verdict.UNSAFE),
    ]


def test_a_virtual_workspace_is_audited_whole_or_by_package(tmp_path: Path) -> None:
    directory = projects.virtual_workspace().generate(tmp_path)
    (directory / "tool/src/main.rs").write_text("fn main() { let _ = std::panic::catch_unwind(|| ()); }\n")
    assert {crate.crate for crate in audit_of(directory).crates} == {"app", "tool", "base"}
    assert main(["audit", str(directory), "--offline", "-p", "app"]) == 0
    assert main(["audit", str(directory), "--offline", "-p", "tool"]) == 1
    assert main(["audit", str(directory), "--offline", "-p", "none"]) == 2
    assert main(["audit", str(directory), "--offline", "--bin", "none"]) == 2


def tuned(directory: Path, capsys: pytest.CaptureFixture[str]) -> tuple[set[str], str]:
    """Values of panic that were built under --allow panic-abort=if-safe, and the notes of the report."""
    words = [
        "tune",
        str(directory),
        "--offline",
        "--goal",
        "size",
        "--allow",
        "panic-abort=if-safe",
        "--format",
        "json",
    ]
    fixed = ("lto=false", "codegen-units=1", "opt-level=3")
    assert main([*words, *(word for each in fixed for word in ("--fix", each)), "--progress", "none"]) == 0
    data = json.loads(capsys.readouterr().out)
    return {row["profile"]["panic"] for row in data["rows"]}, " ".join(data["notes"])


def test_tune_tries_abort_where_the_audit_says_safe(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    panics, notes = tuned(projects.hello().generate(tmp_path), capsys)
    assert panics == {"unwind", "abort"}
    assert 'panic = "abort" was tried: the panic audit found nothing' in notes


def test_tune_leaves_abort_out_where_the_audit_does_not(built: Built, capsys: pytest.CaptureFixture[str]) -> None:
    panics, notes = tuned(built.directory, capsys)
    assert panics == {"unwind"}
    assert 'panic = "abort" was not tried: the panic audit says unsafe: hello 0.1.0, src/' in notes
