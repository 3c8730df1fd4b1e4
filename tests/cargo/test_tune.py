"""Whole tunes on small projects with the real cargo: verdict, report, apply, resume after kill -9, two at once."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from test_bad_input import ENVIRONMENT, burnish, says

import projects

pytestmark = pytest.mark.cargo

# Two code-distinct candidates and a short budget: a tune of some seconds.
NARROW = ("--only", "o3-*-cgu1-*", "--options", "lto=false,fat", "--budget", "2m", "--progress", "plain")
LOOP = """\
fn main() {
    let mut total = 0u32;
    for number in 0..200_000u32 {
        total = total.wrapping_add(base::twice(number % 1000));
    }
    println!("{total}");
}
"""


# Long enough that the loop, which fat makes several times faster, is all of its run time: decided on any machine.
LONG_LOOP = LOOP.replace("200_000", "20_000_000")


def looping(directory: Path, loop: str = LOOP) -> Path:
    return projects.with_dep().plus({"src/main.rs": loop}).generate(directory)


def events(directory: Path) -> dict[str, int]:
    with sqlite3.connect(directory / "target" / "burnish" / "burnish.sqlite") as connection:
        return {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 (two fixed names)
            for table in ("builds", "rounds")
        }


def test_a_tune_for_size_is_measured_reported_applied_and_then_nothing_is_left_to_do(tmp_path: Path) -> None:
    directory = looping(tmp_path)
    before = (directory / "Cargo.toml").read_text()
    tuned = burnish(directory, "tune", "--goal", "size", *NARROW, "--format", "json")
    assert tuned.code == 0, tuned.err
    result = json.loads(tuned.out)
    recommendation = result["recommendation"]
    assert recommendation["outcome"] == "change"
    assert recommendation["profile"]["lto"] == "fat"
    assert recommendation["profile"]["strip"] == "symbols"
    assert result["workload"] is None
    assert any("No --run" in note for note in result["notes"])
    assert (directory / "Cargo.toml").read_text() == before

    for kind in ("text", "markdown", "html"):
        shown = burnish(directory, "report", "--format", kind)
        assert shown.code == 0, shown.err
        assert "fat" in shown.out
    says(burnish(directory, "apply"), 2, "nobody can be asked", "--yes")
    dry = burnish(directory, "apply", "--dry-run")
    assert dry.code == 0
    assert '+lto = "fat"' in dry.err
    assert (directory / "Cargo.toml").read_text() == before

    applied = burnish(directory, "apply", "--yes")
    assert applied.code == 0, applied.err
    assert projects.run_cargo(directory, "check", "--release").returncode == 0
    assert projects.run_cargo(directory, "build", "--release").returncode == 0
    built = (directory / "target" / "release" / "app").stat().st_size
    assert built == pytest.approx(recommendation["confirmation"]["size"]["file"], rel=0.001)
    again = burnish(directory, "apply", "--yes")
    assert again.code == 0
    assert "says so already" in again.err


def test_apply_as_a_custom_profile_leaves_release_alone(tmp_path: Path) -> None:
    directory = looping(tmp_path)
    tuned = burnish(directory, "tune", "--goal", "size", *NARROW, "--apply", "--name", "dist")
    assert tuned.code == 0, tuned.err
    manifest = (directory / "Cargo.toml").read_text()
    assert "[profile.dist]" in manifest
    assert 'inherits = "release"' in manifest
    assert "[profile.release]" not in manifest
    assert projects.run_cargo(directory, "build", "--profile", "dist").returncode == 0


def test_apply_refuses_where_the_manifest_does_not_decide(tmp_path: Path) -> None:
    directory = looping(tmp_path)
    assert burnish(directory, "tune", "--goal", "size", *NARROW).code == 0
    environment = {**ENVIRONMENT, "CARGO_PROFILE_RELEASE_LTO": "false"}
    before = (directory / "Cargo.toml").read_text()
    says(burnish(directory, "apply", "--yes", environment=environment), 6, "CARGO_PROFILE_RELEASE_LTO")
    assert (directory / "Cargo.toml").read_text() == before


def test_apply_refuses_a_profile_that_is_not_the_measured_one(tmp_path: Path) -> None:
    directory = looping(tmp_path)
    assert burnish(directory, "tune", "--goal", "size", *NARROW).code == 0
    manifest = directory / "Cargo.toml"
    changed = manifest.read_text() + '\n[profile.release]\nopt-level = "s"\n'
    manifest.write_text(changed)
    says(burnish(directory, "apply", "--yes"), 6, "when it was measured", "burnish tune again")
    assert manifest.read_text() == changed


def test_abort_that_changes_the_output_is_left_out(tmp_path: Path) -> None:
    source = 'fn main() { let r = std::panic::catch_unwind(|| { panic!("x") }); println!("{}", r.is_err()); }'
    directory = projects.hello().plus({"src/main.rs": source}).generate(tmp_path)
    tuned = burnish(
        directory,
        "tune",
        "--run",
        "{bin}",
        "--allow",
        "panic-abort",
        "--fix",
        "panic=abort",
        *NARROW,
        "--format",
        "json",
    )
    assert tuned.code == 0, tuned.err
    result = json.loads(tuned.out)
    assert result["recommendation"]["outcome"] == "nothing worth changing"
    reasons = [failure["reason"] for failure in result["failures"]]
    assert reasons
    assert all("exit code 134" in reason for reason in reasons)


def test_a_second_run_repeats_nothing(tmp_path: Path) -> None:
    directory = looping(tmp_path)
    args = ("tune", "--run", "{bin}", *NARROW, "--format", "json")
    first = burnish(directory, *args)
    assert first.code == 0, first.err
    done = events(directory)
    second = burnish(directory, *args)
    assert second.code == 0, second.err
    assert "building" in first.err
    assert "building" not in second.err
    assert events(directory) == done
    one, two = json.loads(first.out), json.loads(second.out)
    assert one["recommendation"] == two["recommendation"]
    assert one["rows"] == two["rows"]


def start(directory: Path, *args: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "burnish", *args],
        cwd=directory,
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def kill_when(child: subprocess.Popen[str], words: str) -> None:
    """SIGKILL as soon as a line of stderr has the words."""
    assert child.stderr is not None
    for line in child.stderr:
        if words in line:
            child.send_signal(signal.SIGKILL)
            break
    else:
        pytest.fail(f"the tune ended without saying {words!r}")
    child.stderr.close()
    child.wait()


def left_running(directory: Path) -> list[str]:
    """Processes with a path of the project in their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if str(directory) in line:
                found.append(line)
    return found


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param("by plain cargo from nothing", id="in the first build"),
        pytest.param("over shared libraries", id="in a shared build"),
        pytest.param("race: 1 round,", id="in a round"),
        pytest.param("confirmation: 1 round,", id="in the confirmation"),
        pytest.param("layouts: 1 round,", id="over layouts"),
    ],
)
def test_kill_9_at_any_moment_then_the_same_command_goes_on(tmp_path: Path, moment: str) -> None:
    directory = looping(tmp_path, LONG_LOOP)
    # What comes over the layouts comes last, and is left out where the budget is spent.
    budget = "120s" if "layouts" in moment else "60s"
    args = ("tune", "--run", "{bin}", "--goal", "speed", *NARROW, "--only", "o3-fat-*", "--budget", budget)
    kill_when(start(directory, *args), moment)
    deadline = time.monotonic() + 10
    while left_running(directory) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left_running(directory) == []
    store = directory / "target" / "burnish" / "burnish.sqlite"
    finished = set()
    if store.exists():
        with sqlite3.connect(store) as connection:
            finished = {key for (key,) in connection.execute("SELECT key FROM builds")}
    resumed = burnish(directory, *args, "--format", "json")
    assert resumed.code == 0, resumed.err
    assert json.loads(resumed.out)["recommendation"]["profile"]["lto"] == "fat"
    with sqlite3.connect(store) as connection:
        after = {key for (key,) in connection.execute("SELECT key FROM builds")}
    assert finished <= after
    linked_again = resumed.err.count("random orders")
    assert resumed.err.count("building") - linked_again == len(after) - len(finished)
    if "layouts" in moment:
        assert linked_again == 0
    unfinished = list(directory.rglob("*.unfinished"))
    assert unfinished == []


def test_kill_9_while_applying_leaves_the_old_manifest_or_the_new_one(tmp_path: Path) -> None:
    directory = looping(tmp_path)
    assert burnish(directory, "tune", "--goal", "size", *NARROW).code == 0
    manifest = directory / "Cargo.toml"
    old = manifest.read_text()
    seen = set()
    for delay in (0.3, 0.4, 0.5, 0.6, 0.7, 0.9):
        child = start(directory, "apply", "--yes")
        time.sleep(delay)
        child.send_signal(signal.SIGKILL)
        child.communicate()
        text = manifest.read_text()
        seen.add(text)
        assert text == old or 'lto = "fat"' in text
        assert projects.run_cargo(directory, "metadata", "--no-deps", "--format-version", "1").returncode == 0
    assert burnish(directory, "apply", "--yes").code == 0
    assert 'lto = "fat"' in manifest.read_text()


def test_two_at_once_the_second_waits_or_says_why_not(tmp_path: Path) -> None:
    source = "fn main() { std::thread::sleep(std::time::Duration::from_millis(700)); }"
    directory = projects.hello().plus({"src/main.rs": source}).generate(tmp_path)
    first = start(directory, "tune", "--run", "{bin}", *NARROW)
    assert first.stderr is not None
    for line in first.stderr:
        if "== workload" in line:
            break
    says(burnish(directory, "tune", "--no-wait"), 7, f"process {first.pid}", "--no-wait")
    second = start(directory, "tune", "--progress", "plain", *NARROW)
    assert second.stderr is not None
    assert f"waiting for another burnish (process {first.pid})" in second.stderr.readline()
    first.send_signal(signal.SIGKILL)
    first.communicate()
    _, err = second.communicate(timeout=200)
    assert second.returncode == 0, err


def test_settings_of_the_manifest_suffice(tmp_path: Path) -> None:
    manifest = '[package.metadata.burnish]\nrun = "{bin}"\ngoal = "size"\nbudget = "60s"\nonly = ["o3-*-cgu1-*"]\n'
    directory = projects.with_dep().plus({"src/main.rs": LOOP}).with_manifest(manifest).generate(tmp_path)
    tuned = burnish(directory, "tune", "--options", "lto=false,fat", "--format", "json")
    assert tuned.code == 0, tuned.err
    result = json.loads(tuned.out)
    assert result["goal"] == "size"
    assert result["workload"]["argv"] == ["{bin}"]


def test_as_a_cargo_subcommand(tmp_path: Path) -> None:
    directory = projects.lib_only().generate(tmp_path)
    environment = {**ENVIRONMENT, "PATH": f"{Path(sys.executable).parent}:{ENVIRONMENT['PATH']}"}
    run = subprocess.run(
        ["cargo", "burnish", "tune"], cwd=directory, env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 2
    assert "no program of its own" in run.stderr


def test_a_program_that_prints_its_own_path_is_the_same_program(tmp_path: Path) -> None:
    source = 'fn main() { println!("usage: {}", std::env::args().next().unwrap()); }'
    directory = projects.hello().plus({"src/main.rs": source}).generate(tmp_path)
    tuned = burnish(directory, "tune", "--run", "{bin}", *NARROW, "--format", "json")
    assert tuned.code == 0, tuned.err
    result = json.loads(tuned.out)
    assert result["failures"] == []
    assert len(result["rows"]) > 1


def test_results_of_projects_that_share_a_target_directory_are_kept_apart(tmp_path: Path) -> None:
    one = looping(tmp_path / "one")
    two = projects.hello().generate(tmp_path / "two")
    environment = {**ENVIRONMENT, "CARGO_TARGET_DIR": str(tmp_path / "target")}
    assert burnish(one, "tune", "--goal", "size", *NARROW, environment=environment).code == 0
    says(burnish(two, "apply", "--yes", environment=environment), 2, "no result is stored for hello")
    assert "profile" not in (two / "Cargo.toml").read_text()


def test_a_manifest_with_windows_line_ends_keeps_them(tmp_path: Path) -> None:
    directory = looping(tmp_path)
    manifest = directory / "Cargo.toml"
    manifest.write_bytes(manifest.read_bytes().replace(b"\n", b"\r\n"))
    tuned = burnish(directory, "tune", "--goal", "size", *NARROW, "--apply")
    assert tuned.code == 0, tuned.err
    written = manifest.read_bytes()
    assert b'lto = "fat"' in written
    assert written.count(b"\n") == written.count(b"\r\n")


def test_a_baseline_that_failed_is_tried_again(tmp_path: Path) -> None:
    directory = looping(tmp_path)
    # As a missing C library would: outside of the sources, and mended outside of them.
    missing = {**ENVIRONMENT, "PATH": f"{tmp_path / 'bin'}:{ENVIRONMENT['PATH']}"}
    (tmp_path / "bin").mkdir()
    linker = tmp_path / "bin" / "cc"
    linker.write_text('#!/bin/sh\nexec $(PATH=/usr/bin:/bin command -v cc) "$@"\n')
    linker.chmod(0o755)
    shim = burnish(directory, "tune", "--only", "o3-false-cgu1-*", environment=missing)
    assert shim.code == 0, shim.err
    linker.write_text("#!/bin/sh\nexit 1\n")
    (directory / "src" / "main.rs").write_text(LOOP + "// changed\n")
    says(burnish(directory, "tune", "--only", "o3-false-cgu1-*", environment=missing), 3, "does not build")
    linker.unlink()
    again = burnish(directory, "tune", "--only", "o3-false-cgu1-*", environment=missing)
    assert again.code == 0, again.err
