"""Programs whose behaviour hangs on what a linker does: built by burnish they do what they do built by plain cargo.

The small ones of bench/behaviour; `bench/behaviour.py` compares all of them, and programs of the registry.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from projects import run_cargo

pytestmark = pytest.mark.crates

PROJECTS = Path(__file__).parents[2] / "bench" / "behaviour"


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """A project, its calls, and words that its output must have: an empty workload would always be the same."""

    project: str
    calls: tuple[tuple[str, ...], ...] = ((),)
    words: tuple[str, ...]


CASES = [
    Case(project="startup", words=("started 11", "steps [6, 15, 40]", "marks [1111, 2222]", "after main")),
    Case(project="native", words=("bounce 41", "1227 18", "strong, of Rust default of C 0")),
    Case(
        project="abrupt",
        calls=tuple((word,) for word in ("work", "panic", "hook", "thread", "overflow", "exit")),
        words=("dropped main", "hook: panicked at"),
    ),
]


def answers(program: Path, case: Case) -> list[tuple[int, str]]:
    """Exit code or signal, and standard output, of each call."""
    environment = {**os.environ, "RUST_BACKTRACE": "0"}
    runs = [
        subprocess.run([program, *call], env=environment, capture_output=True, text=True, check=False, timeout=60)
        for call in case.calls
    ]
    return [(run.returncode, run.stdout) for run in runs]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all: their standard library is the same."""
    return tmp_path_factory.mktemp("cache")


@pytest.mark.parametrize("case", [pytest.param(case, id=case.project) for case in CASES])
def test_a_program_built_in_any_mode_does_what_plain_cargos_does(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    source = tmp_path / case.project
    shutil.copytree(PROJECTS / case.project, source)
    fetched = run_cargo(source, "fetch", "--locked", offline=False)
    assert fetched.returncode == 0, fetched.stderr
    plain = run_cargo(source, "build", "--release", "--locked")
    assert plain.returncode == 0, plain.stderr
    expected = answers(source / "target" / "release" / case.project, case)
    for word in case.words:
        assert any(word in out for _, out in expected), expected

    monkeypatch.setenv("BURNISH_CACHE_DIR", str(cache))
    for mode in ("thin", "grouped", "fat"):
        command = [sys.executable, "-m", "burnish", "build", "--lto", mode, "--locked", "--offline", "--quiet"]
        built = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
        assert built.returncode == 0, built.stderr
        program = source / "target" / "burnish" / "lto" / "release" / case.project
        assert answers(program, case) == expected, mode
