"""``--verbose``: what cargo is told and does, and why candidates are chosen or left, on stderr."""

import re
import shlex
from pathlib import Path

import pytest
from test_bad_input import burnish, says
from test_tune import NARROW, looping

pytestmark = pytest.mark.cargo


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return looping(tmp_path_factory.mktemp("verbose") / "project")


def command_lines(said: str) -> list[list[str]]:
    return [shlex.split(line.strip()[2:]) for line in said.splitlines() if line.strip().startswith("$ ")]


def test_a_tune_says_what_it_runs_and_why(project: Path) -> None:
    done = burnish(project, "tune", "--run", "{bin}", "-v", *NARROW)
    assert done.code == 0, done.err
    lines = command_lines(done.err)
    assert any("build" in line and "--profile" in line for line in lines)
    assert any(line[-2:] == ["-C", "lto=fat"] for line in lines)
    assert all(any(word.startswith("RUSTC_WRAPPER=") for word in line) for line in lines)
    did = re.findall(r"^ +(\d+) units? compiled, (\d+) fresh, .*; files in (\S+);", done.err, flags=re.MULTILINE)
    assert len(did) == len(lines)
    assert all(Path(where).parent == project / "target" / "burnish" for *_, where in did)
    assert any(int(fresh) for _, fresh, _ in did)
    assert re.search(r"^ +finalist: o3-fat-cgu1-unwind-\w+: ", done.err, flags=re.MULTILINE)
    quiet = burnish(project, "tune", "--run", "{bin}", *NARROW)
    assert "finalist" not in quiet.err
    assert command_lines(quiet.err) == []


def test_explain_says_what_it_builds(project: Path) -> None:
    done = burnish(project, "explain", "--build", "--option", "lto", "--verbose")
    assert [line[-2] for line in command_lines(done.err)] == ["--print"]
    assert "2 units compiled, 0 fresh" in done.err


def test_quiet_and_verbose_exclude_each_other(project: Path) -> None:
    done = burnish(project, "tune", "-q", "-v")
    assert (done.code, done.out) == (2, "")
    assert "not allowed with argument" in done.err
    says(burnish(project, "check", "-v"), 2, "there is no budget to check")
