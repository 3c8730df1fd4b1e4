"""Bad input: one clear message with the next step, the right exit code, no traceback, nothing left behind."""

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

import projects

pytestmark = pytest.mark.cargo

ENVIRONMENT = {**os.environ, "CARGO_NET_OFFLINE": "true", "NO_COLOR": "1"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """How a burnish command ended."""

    code: int
    out: str
    err: str


def burnish(directory: Path, *args: str, environment: dict[str, str] | None = None) -> Answer:
    run = subprocess.run(
        [sys.executable, "-m", "burnish", *args],
        cwd=directory,
        env=environment or ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert "Traceback" not in run.stderr, run.stderr
    return Answer(code=run.returncode, out=run.stdout, err=run.stderr)


def tree(directory: Path) -> set[str]:
    return {str(path.relative_to(directory)) for path in directory.rglob("*")}


def says(answer: Answer, code: int, *words: str) -> None:
    assert answer.code == code, answer.err
    assert answer.out == ""
    assert "error: " in answer.err
    for word in words:
        assert word in answer.err


@pytest.mark.parametrize(
    ("project", "args", "code", "words"),
    [
        pytest.param(
            projects.CargoProject(files={"a.txt": ""}), (), 2, ("no Cargo.toml", "hint: "), id="no Cargo.toml"
        ),
        pytest.param(projects.broken_toml(), (), 3, ("Cargo.toml:2", "hint: "), id="broken TOML"),
        pytest.param(
            projects.virtual_workspace(), (), 2, ("several packages", "-p: app, tool"), id="virtual workspace"
        ),
        pytest.param(
            projects.virtual_workspace(), ("-p", "none"), 2, ("no package 'none'", "app"), id="unknown package"
        ),
        pytest.param(projects.two_bins(), (), 2, ("--bin one, --bin two",), id="two bins"),
        pytest.param(projects.two_bins(), ("--bin", "three"), 2, ("no bin 'three'", "--bin one"), id="unknown bin"),
        pytest.param(projects.lib_only(), (), 2, ("no program of its own", "example"), id="lib only"),
        pytest.param(
            projects.lib_only(), ("--lib",), 2, ("linked into other programs", "--example"), id="lib only, --lib"
        ),
        pytest.param(
            projects.hello(), ("--profile", "dist"), 2, ("profile dist is not defined", "release"), id="unknown profile"
        ),
        pytest.param(projects.hello(), ("--fix", "lto=full"), 2, ("no value 'full'", "thin"), id="unknown value"),
        pytest.param(
            projects.hello(), ("--fix", "colour=red"), 2, ("no option 'colour'", "codegen-units"), id="unknown key"
        ),
        pytest.param(projects.hello(), ("--only", "o9-*"), 2, ("no profile matches o9-*",), id="empty space"),
        pytest.param(projects.hello(), ("--budget", "soon"), 2, ("not a duration",), id="no duration"),
        pytest.param(projects.hello(), ("--run", "echo hello"), 2, ("{bin}",), id="workload without the program"),
        pytest.param(projects.hello(), ("--run", "'{bin}"), 2, ("cannot be split",), id="unbalanced quotes"),
        pytest.param(projects.hello(), ("--export", "report.pdf"), 2, (".html",), id="unknown format"),
        pytest.param(
            projects.hello(),
            ("--fix", "panic=abort"),
            2,
            ("--allow panic-abort", "Drop does not run"),
            id="abort unasked",
        ),
        pytest.param(
            projects.hello().with_manifest("[package.metadata.burnish]\ngoals = 1\n"),
            (),
            2,
            ("goals",),
            id="bad setting",
        ),
    ],
)
def test_a_request_that_cannot_be_met_is_explained_and_leaves_nothing(
    tmp_path: Path, project: projects.CargoProject, args: Sequence[str], code: int, words: Sequence[str]
) -> None:
    directory = project.generate(tmp_path)
    before = tree(directory)
    says(burnish(directory, "tune", *args), code, *words)
    left = {name for name in tree(directory) - before if not name.startswith("target")}
    assert left <= {"Cargo.lock"}


def test_a_crate_that_does_not_compile_is_told_with_the_error_of_rustc(tmp_path: Path) -> None:
    directory = projects.does_not_compile().generate(tmp_path)
    says(burnish(directory, "tune"), 3, "does not build", "E0308", "hint: cargo build --release must succeed")


@pytest.mark.parametrize(
    ("source", "args", "words"),
    [
        pytest.param(
            "fn main() { std::process::exit(3); }", ("--run", "{bin}"), ("exit code 3", "by hand"), id="workload fails"
        ),
        pytest.param(
            "fn main() { loop { std::thread::park(); } }",
            ("--run", "{bin}", "--timeout", "1s"),
            ("did not end within 1 s", "--timeout"),
            id="workload hangs",
        ),
        pytest.param(
            'fn main() { println!("{:?}", std::time::SystemTime::now()); }',
            ("--run", "{bin}"),
            ("something different each time", "--check status"),
            id="workload is not deterministic",
        ),
        pytest.param(
            "fn main() {}", ("--run", "no-such-program {bin}"), ("cannot be started", "--run"), id="workload is missing"
        ),
    ],
)
def test_a_workload_that_cannot_be_measured_ends_the_tune_before_the_search(
    tmp_path: Path, source: str, args: Sequence[str], words: Sequence[str]
) -> None:
    directory = projects.hello().plus({"src/main.rs": source}).generate(tmp_path)
    says(burnish(directory, "tune", *args), 4, *words)


SLEEPER = """\
fn main() {
    std::fs::write(std::env::args().nth(1).unwrap(), std::process::id().to_string()).unwrap();
    loop { std::thread::park(); }
}
"""


def is_running(pid: int) -> bool:
    """A process that was killed and not yet collected by init does not run."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except FileNotFoundError:
        return False


def test_a_hanging_workload_is_not_left_running(tmp_path: Path) -> None:
    directory = projects.hello().plus({"src/main.rs": SLEEPER}).generate(tmp_path / "project")
    pid_file = tmp_path / "pid"
    says(burnish(directory, "tune", "--run", f"{{bin}} {pid_file}", "--timeout", "1s"), 4, "did not end")
    assert not is_running(int(pid_file.read_text()))


def test_without_cargo_one_line_says_how_to_get_it(tmp_path: Path) -> None:
    directory = projects.hello().generate(tmp_path)
    environment = {**ENVIRONMENT, "PATH": str(tmp_path / "nowhere")}
    answer = burnish(directory, "tune", environment=environment)
    says(answer, 3, "cargo was not found", "rustup")
    assert len(answer.err.splitlines()) == 2


def test_a_toolchain_that_is_too_old_is_named(tmp_path: Path) -> None:
    directory = projects.hello().generate(tmp_path / "project")
    old = tmp_path / "rustc"
    old.write_text("#!/bin/sh\necho 'rustc 1.60.0 (7737e0b5c 2022-04-04)'\n")
    old.chmod(0o755)
    answer = burnish(directory, "tune", environment={**ENVIRONMENT, "RUSTC": str(old)})
    says(answer, 3, "rustc 1.60.0", "too old", "rustup update")


@pytest.mark.skipif(os.geteuid() != 0 and not os.environ.get("CI"), reason="as root, permissions hold nobody back")
def test_a_place_that_cannot_be_written_is_told_with_the_way_out(tmp_path: Path) -> None:
    directory = projects.hello().generate(tmp_path / "project")
    blocked = tmp_path / "file"
    blocked.write_text("not a directory")
    says(burnish(directory, "tune", "--target-dir", str(blocked / "target")), 5, "cannot write", "--target-dir")


def test_a_read_only_directory_is_told_with_the_way_out(tmp_path: Path) -> None:
    directory = projects.hello().generate(tmp_path / "project")
    directory.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        if os.access(directory, os.W_OK):
            # As root nothing is read-only by its mode: a read-only mount is, where one can be had.
            answer = _on_read_only_mount(directory)
            if answer is None:
                pytest.skip("root, and no private mount can be made here")
        else:
            answer = burnish(directory, "tune")
    finally:
        directory.chmod(0o755)
    assert answer.code in {3, 5}, answer.err
    assert "error: " in answer.err


def _on_read_only_mount(directory: Path) -> Answer | None:
    script = (
        f'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && cd "$1" && exec {sys.executable} -m burnish tune'
    )
    return _in_mount_namespace(script, directory)


def _in_mount_namespace(script: str, directory: Path) -> Answer | None:
    probe = subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False)
    if probe.returncode != 0:
        return None
    run = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, "sh", str(directory)],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert "Traceback" not in run.stderr, run.stderr
    return Answer(code=run.returncode, out=run.stdout, err=run.stderr)


def test_a_full_disk_is_told_and_what_was_finished_stays(tmp_path: Path) -> None:
    directory = projects.hello().generate(tmp_path / "project")
    target = tmp_path / "small"
    target.mkdir()
    script = (
        'mount -t tmpfs -o size=6m tmpfs "$1/../small" && cd "$1" && '
        f'{sys.executable} -m burnish tune --target-dir "$1/../small"'
    )
    answer = _in_mount_namespace(script, directory)
    if answer is None:
        pytest.skip("no private mount can be made here")
    says(answer, 5, "disk is full", "run the same command again")


def test_ctrl_c_ends_at_once_and_says_that_nothing_is_lost(tmp_path: Path) -> None:
    source = "fn main() { std::thread::sleep(std::time::Duration::from_secs(30)); }"
    directory = projects.hello().plus({"src/main.rs": source}).generate(tmp_path)
    child = subprocess.Popen(
        # A shell without job control starts background commands with SIGINT ignored, and that is inherited.
        [
            "env",
            "--default-signal=INT",
            sys.executable,
            "-m",
            "burnish",
            "tune",
            "--run",
            "{bin}",
            "--progress",
            "plain",
        ],
        cwd=directory,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    )
    assert child.stderr is not None
    try:
        for line in child.stderr:
            if "== workload" in line:
                break
        time.sleep(0.5)
        os.killpg(child.pid, signal.SIGINT)
        _, err = child.communicate(timeout=20)
    finally:
        child.kill()
    assert child.returncode == 130
    assert "run the same command again" in err
    assert "Traceback" not in err


def test_apply_and_report_without_a_result_say_what_makes_one(tmp_path: Path) -> None:
    directory = projects.hello().generate(tmp_path)
    for command in ("apply", "report"):
        says(burnish(directory, command), 2, "no result is stored", "burnish tune")
    assert not (directory / "target").exists()
