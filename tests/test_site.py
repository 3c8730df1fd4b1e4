"""The documentation as a site: built with warnings as errors, every page in its navigation, its commands understood."""

import contextlib
import io
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from burnish.cli import build_parser

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("mkdocs", reason="mkdocs is not installed")
    place = tmp_path_factory.mktemp("site") / "site"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "mkdocs", "build", "--strict", "--site-dir", str(place)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return place


def test_every_page_is_in_the_site_and_the_reference_is_filled(site: Path) -> None:
    for page in (ROOT / "docs").rglob("*.md"):
        relative = page.relative_to(ROOT / "docs").with_suffix("")
        where = site / relative.parent if relative.name == "README" else site / relative
        assert (where / "index.html").is_file(), relative
    reference = (site / "python" / "index.html").read_text(encoding="utf-8")
    assert all(name in reference for name in ("burnish.api.tune", "burnish.api.frame", "TuneResult", "Confirmation"))


def commands(page: Path) -> list[str]:
    """What stands behind ``$ burnish`` in the console listings of a page."""
    blocks = re.findall(r"^```console\n(.*?)^```$", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("$ burnish ")]
    return [line.removeprefix("$ burnish ") for line in lines]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_line_is_understood(page: Path) -> None:
    parser = build_parser()
    for command in commands(page):
        asked = re.split(r" [>|#] |\s{2,}#", command)[0]
        words = shlex.split(asked)
        refused = io.StringIO()
        code: object = 0
        with contextlib.redirect_stderr(refused), contextlib.redirect_stdout(io.StringIO()):
            try:
                parser.parse_args(words)
            except SystemExit as exit_:
                code = exit_.code
        assert code == 0, f"{page.name}: burnish {command}\n{refused.getvalue()}"


def test_there_are_command_lines_to_understand() -> None:
    assert sum(len(commands(page)) for page in PAGES) > 50
