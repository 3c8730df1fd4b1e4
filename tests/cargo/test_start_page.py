"""docs/start.md: a first-time user's way, command by command, on a copy of the example."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from test_bad_input import ENVIRONMENT

from doc_lines import ROOT, lines_of

pytestmark = pytest.mark.cargo

PAGE = ROOT / "docs" / "start.md"
PYTHON = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
#: For the manifest of the copy: the tune of the page ends with these instead of with its budget.
NARROW = 'only = ["o3-*-cgudef-*"]\noptions = { lto = ["false", "fat"] }\n'


def commands() -> list[str]:
    found = [line.text for line in lines_of(PAGE) if line.text.startswith("burnish ")]
    assert len(found) > 10
    return [text.removeprefix("burnish ") for text in found]


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
    manifest = tmp_path / "crossings" / "Cargo.toml"
    assert manifest.read_text().rstrip().endswith('budget = "3m"'), "not the table of burnish"
    manifest.write_text(manifest.read_text() + NARROW)
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
    assert re.search(r'^lto = "fat"$', manifest.read_text(), flags=re.MULTILINE)
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
