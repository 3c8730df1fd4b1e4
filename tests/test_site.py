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
from doc_lines import PAGES, ROOT, filled, lines_of


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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_line_is_understood(page: Path) -> None:
    parser = build_parser()
    for line in lines_of(page):
        program, _, command = filled(line.text).partition(" ")
        if program != "burnish":
            continue
        words = shlex.split(re.split(r" [>|] ", command)[0])
        refused = io.StringIO()
        code: object = 0
        with contextlib.redirect_stderr(refused), contextlib.redirect_stdout(io.StringIO()):
            try:
                parser.parse_args(words)
            except SystemExit as exit_:
                code = exit_.code
        assert code == 0, f"{line.page}: {line.text}\n{refused.getvalue()}"


def test_there_are_command_lines_to_understand() -> None:
    assert sum(line.text.startswith("burnish ") for page in PAGES for line in lines_of(page)) > 100
