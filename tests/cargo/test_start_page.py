"""docs/start.md: a first-time user's way, command by command, on a copy of the example."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from test_bad_input import ENVIRONMENT

pytestmark = pytest.mark.cargo

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "start.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```console\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
PYTHON = re.findall(r"^```python\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    lines = [line for block in BLOCKS for line in block.splitlines()]
    assert all(line.startswith("$ burnish ") for line in lines)
    return [line.removeprefix("$ burnish ") for line in lines]


def run(directory: Path, words: list[str], output: Path | None) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "burnish", *words],
        cwd=directory, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"burnish {shlex.join(words)}: exit code {done.returncode}\n{done.stderr}"
    if output is not None:
        output.write_text(done.stdout, encoding="utf-8")
    return done.stdout


def test_the_way_of_the_page_leads_there(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples" / "crossings", tmp_path / "crossings", ignore=shutil.ignore_patterns("target"))
    printed = {}
    for command in commands():
        asked, _, file = command.partition(" > ")
        words = shlex.split(asked)
        printed[words[0]] = run(tmp_path, words, tmp_path / file if file else None)
    assert "Change [profile.release]" in printed["tune"]
    page = (tmp_path / "report.html").read_text()
    assert "Content-Security-Policy" in page
    assert "window.vegaEmbed" in page
    assert (tmp_path / "profile.md").read_text().startswith("#")
    manifest = (tmp_path / "crossings" / "Cargo.toml").read_text()
    assert re.search(r'^lto = "(fat|thin)"$', manifest, flags=re.MULTILINE)
    assert "checked_square" in printed["xray"]
    for program in PYTHON:
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "lto" in done.stdout


def test_the_python_of_the_page_is_ten_lines_at_most() -> None:
    assert all(len([line for line in program.splitlines() if line]) <= 10 for program in PYTHON)
    assert len(PYTHON) == 1
