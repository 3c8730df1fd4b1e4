"""`burnish check` and `burnish reproduce` on a tuned project: what holds, what does not, what is refused."""

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from test_bad_input import burnish, says
from test_tune import NARROW, looping

pytestmark = pytest.mark.cargo

FAST = ("--progress", "none", "--budget", "10s")


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a workload that was tuned for size, its report beside it."""
    directory = looping(tmp_path_factory.mktemp("checked") / "project")
    # A busy machine's wide intervals must not forbid the smaller program.
    asked = ("--run", "{bin}", "--goal", "size", *NARROW, "--budget", "30s", "--limit", "time=50", "--format", "json")
    done = burnish(directory, "tune", *asked)
    assert done.code == 0, done.err
    (directory / "profile.json").write_text(done.out)
    return directory


@pytest.fixture
def project(tuned: Path, tmp_path: Path) -> Path:
    """A copy to write in; what is built lies in the same place in it."""
    shutil.copytree(tuned, tmp_path / "project")
    return tmp_path / "project"


def checked(directory: Path, *args: str, code: int) -> dict[str, Any]:
    answer = burnish(directory, "check", *FAST, "--format", "json", *args)
    assert answer.code == code, answer.err
    return {each["budget"]: each for each in json.loads(answer.out)["findings"]}


def test_size_and_lto_as_the_profile_gives_them(project: Path) -> None:
    large = checked(project, "--max-size", "1 kB", "--lto-applied", code=1)
    assert {each["verdict"] for each in large.values()} == {"broken"}
    assert "lto = false" in large["lto-applied"]["found"]
    # Results are stored for a place, and this is a copy: what apply would write, by hand.
    changes = json.loads((project / "profile.json").read_text())["recommendation"]["changes"]
    profile = "".join(f"{each['key']} = {json.dumps(_plain(each['new']))}\n" for each in changes)
    (project / "Cargo.toml").write_text(
        (project / "Cargo.toml").read_text()
        + f"\n[profile.release]\n{profile}"
        + '\n[package.metadata.burnish.budgets]\nmax-size = "10 MB"\nlto-applied = true\nevidence = "profile.json"\n'
    )
    kept = checked(project, code=0)
    assert set(kept) == {"max-size", "lto-applied", "evidence: profile", "evidence: toolchain"}
    assert {each["verdict"] for each in kept.values()} == {"kept"}


def _plain(value: str) -> str | int:
    return int(value) if value.isdigit() else value


def test_evidence_of_another_profile_or_toolchain_is_too_old(project: Path) -> None:
    report = json.loads((project / "profile.json").read_text())
    report["circumstances"]["rustc"] = "rustc 1.0.0 (a59de37e9 2015-05-13)"
    (project / "old.json").write_text(json.dumps(report))
    found = checked(project, "--evidence", "old.json", code=1)
    assert {name: each["verdict"] for name, each in found.items()} == {
        "evidence: profile": "broken",
        "evidence: toolchain": "broken",
    }


def test_the_run_time_is_held_against_cargos_default(project: Path) -> None:
    found = checked(project, "--run", "{bin}", "--max-runtime-ratio", "1.0", code=0)
    assert found["max-runtime-ratio"]["found"] == "the profile in force is that one"
    (project / "Cargo.toml").write_text((project / "Cargo.toml").read_text() + "\n[profile.release]\nopt-level = 0\n")
    slow = checked(project, "--run", "{bin}", "--max-runtime-ratio", "0.1", code=1)
    assert slow["max-runtime-ratio"]["verdict"] == "broken"


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        pytest.param([], 2, "there is no budget to check", id="nothing promised"),
        pytest.param(["--max-size", "large"], 2, "not a size", id="no size"),
        pytest.param(["--max-runtime-ratio", "1.1"], 2, "needs a workload", id="no workload"),
        pytest.param(["--max-runtime-ratio", "-1"], 2, "above zero", id="no ratio"),
        pytest.param(["--evidence", "no.json"], 5, "cannot read the evidence", id="no evidence"),
        pytest.param(["--evidence", "Cargo.toml"], 5, "cannot be read", id="no report"),
        pytest.param(["--max-size", "1MB", "--budget", "soon"], 2, "not a duration", id="no duration"),
    ],
)
def test_bad_requests_of_check(tuned: Path, args: list[str], code: int, words: str) -> None:
    says(burnish(tuned, "check", *args), code, words)


def test_a_report_is_measured_again_and_holds(project: Path) -> None:
    before = (project / "Cargo.toml").read_text()
    with sqlite3.connect(project / "target" / "burnish" / "burnish.sqlite") as connection:
        rounds = connection.execute("SELECT count(*) FROM rounds").fetchone()[0]
    answer = burnish(project, "reproduce", "profile.json", "--yes", *FAST, "--format", "json")
    told = json.loads(answer.out)
    sizes = [each for each in told["findings"] if each["budget"].startswith("size")]
    assert [each["verdict"] for each in sizes] == ["kept", "kept"], answer.out
    assert len(told["findings"]) == 3
    assert answer.code == (0 if told["ok"] else 1)
    with sqlite3.connect(project / "target" / "burnish" / "burnish.sqlite") as connection:
        assert connection.execute("SELECT count(*) FROM rounds").fetchone()[0] > rounds
    assert (project / "Cargo.toml").read_text() == before


def test_a_report_of_another_program_does_not_hold(project: Path) -> None:
    report = json.loads((project / "profile.json").read_text())
    report["rows"][0]["size"]["file"] *= 2
    report["workload"] = None
    (project / "other.json").write_text(json.dumps(report))
    answer = burnish(project, "reproduce", "other.json", *FAST)
    assert answer.code == 1, answer.err
    assert "FAILED size of the baseline" in answer.out
    assert max(map(len, answer.out.splitlines())) <= 80


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        pytest.param({}, 2, "nobody can be asked", id="its command runs only with leave"),
        pytest.param({"package": "else", "workload": None}, 2, "the report is of else", id="another project"),
        pytest.param({"schema": 99}, 5, "schema 99", id="another schema"),
    ],
)
def test_bad_requests_of_reproduce(project: Path, change: dict[str, Any], code: int, words: str) -> None:
    report = json.loads((project / "profile.json").read_text()) | change
    (project / "changed.json").write_text(json.dumps(report))
    says(burnish(project, "reproduce", "changed.json"), code, words)
    says(burnish(project, "reproduce", "no.json"), 5, "cannot read no.json")
