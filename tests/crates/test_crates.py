"""Programs of the registry: tune, verdict, apply, and plain cargo then builds the recommended size.

The space is narrow so that each takes minutes, not hours; full tunes with their reports are in docs/cases.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from fetch import PINNED, crate_source

from projects import run_cargo

pytestmark = pytest.mark.crates


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """A program, its workload, and the goal under which the narrow space has a winner."""

    crate: str
    program: str
    run: str
    goal: str
    only: str


CASES = [
    # ripgrep ships debug info (debug = 1), 27 MB with it: much to gain without any other code.
    Case(
        crate="ripgrep",
        program="rg",
        run="{bin} --no-config -c -j1 fn crates tests",
        goal="size",
        only="o3-false-cgudef-*-symbols",
    ),
    # These two have lto = true, codegen-units = 1 and strip = true already: what is left is opt-level.
    Case(crate="fd-find", program="fd", run="{bin} -j1 -t f . src", goal="size", only="oz-fat-cgu1-*"),
    Case(crate="hyperfine", program="hyperfine", run="{bin} --version", goal="size", only="oz-fat-cgu1-*"),
]


def marks(case: Case) -> tuple[pytest.MarkDecorator, ...]:
    """The large ones take a quarter of an hour each."""
    return () if case.crate == "hyperfine" else (pytest.mark.long,)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.crate, marks=marks(case)) for case in CASES])
def test_the_applied_profile_builds_to_the_recommended_size(tmp_path: Path, case: Case) -> None:
    source = crate_source(case.crate, PINNED[case.crate], tmp_path)
    tune = [
        sys.executable,
        "-m",
        "burnish",
        "tune",
        "--locked",
        "--offline",
        "--bin",
        case.program,
        "--goal",
        case.goal,
    ]
    tune += ["--run", case.run, "--only", case.only, "--limit", "time=2", "--budget", "30m", "--format", "json"]
    ran = subprocess.run(
        [*tune, "--apply", "--progress", "plain"],
        cwd=source,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    result = json.loads(ran.stdout)
    recommendation = result["recommendation"]
    assert recommendation["outcome"] == "change", recommendation["headline"]
    assert all(sharing["faithful"] for sharing in result["sharing"]), result["sharing"]

    build = run_cargo(source, "build", "--release", "--locked", "--bin", case.program, "--target-dir", "built")
    assert build.returncode == 0, build.stderr
    size = (source / "built" / "release" / case.program).stat().st_size
    assert size == pytest.approx(recommendation["confirmation"]["size"]["file"], rel=0.001)
    base = result["rows"][0]["size"]["file"]
    assert size < 0.95 * base
