"""Progress on stderr: lines on a terminal, a line per event elsewhere."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

import pytest

from burnish.cli._console import best_words, left_words, open_progress
from burnish.tune.progress import Progress

#: Colours and movements of a terminal.
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def tell(progress: Progress) -> None:
    """A tune in short."""
    progress.phase("search")
    progress.spent(60.0, 600.0, 170.0)
    progress.building("o3-fat-cgu1-unwind", "expected to be the best so far")
    progress.unit("serde")
    progress.detail("$ cargo rustc --profile release")
    progress.built("o3-fat-cgu1-unwind  445.9 kB stripped  12.3 s")
    progress.best("o3-fat-cgu1-unwind", 0.88, 0.96)
    progress.best("o3-fat-cgu1-unwind", 0.88, 0.96)
    progress.spent(100.0, 600.0, 40.0)
    for done in range(1, 9):
        progress.rounds("race", done, 2, "o3-fat-cgu1-unwind: time -4.0 %, size -12.0 %")


@contextmanager
def terminal(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Iterator[list[str]]:
    """Stderr is a terminal of 80 columns; what came to it is in the list at the end."""
    for name in ("NO_COLOR", "CI", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm-256color", "COLUMNS": "80", **variables}.items():
        monkeypatch.setenv(name, value)
    ours, theirs = os.openpty()
    came: list[bytes] = []

    def read() -> None:
        with suppress(OSError):  # Linux says the end of a terminal so
            while chunk := os.read(ours, 65536):
                came.append(chunk)

    reader = Thread(target=read)
    reader.start()
    found: list[str] = []
    with os.fdopen(theirs, "w", encoding="utf-8") as stream, monkeypatch.context() as within:
        within.setattr(sys, "stderr", stream)
        yield found
    reader.join()
    os.close(ours)
    found.append(b"".join(came).decode().replace("\r\n", "\n"))


PLAIN = """\
== search
   building o3-fat-cgu1-unwind: expected to be the best so far (about 3 min left)
   o3-fat-cgu1-unwind  445.9 kB stripped  12.3 s
   best so far o3-fat-cgu1-unwind: size -12.0 %, time ~-4.0 %
   race: 1 round, 2 undecided; o3-fat-cgu1-unwind: time -4.0 %, size -12.0 % (about 40 s left)
   race: 8 rounds, 2 undecided; o3-fat-cgu1-unwind: time -4.0 %, size -12.0 % (about 40 s left)
"""


def test_a_pipe_gets_a_line_per_event(capsys: pytest.CaptureFixture[str]) -> None:
    with open_progress("auto") as progress:
        tell(progress)
    assert capsys.readouterr().err == PLAIN


def test_verbose_adds_the_details(capsys: pytest.CaptureFixture[str]) -> None:
    with open_progress("plain", verbose=True) as progress:
        tell(progress)
    lines = capsys.readouterr().err.splitlines()
    assert "     $ cargo rustc --profile release" in lines
    assert [line for line in lines if not line.startswith("     ")] == PLAIN.splitlines()


@pytest.mark.parametrize(("variable", "value"), [("NO_COLOR", "1"), ("CI", "true"), ("TERM", "dumb")])
def test_a_terminal_that_shall_not_draw_gets_lines(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    with terminal(monkeypatch, **{variable: value}) as came, open_progress("auto") as progress:
        tell(progress)
    assert came == [PLAIN]


def test_a_terminal_shows_what_is_left_and_the_best(monkeypatch: pytest.MonkeyPatch) -> None:
    with terminal(monkeypatch) as came, open_progress("auto") as progress:
        tell(progress)
    lines = [_ESCAPES.sub("", line) for line in re.split(r"[\r\n]+", came[0])]
    assert "\x1b[" in came[0]
    assert any("left" in line and "about 40 s" in line for line in lines)
    assert "  race: round 8, 2 undecided; o3-fat-cgu1-unwind: time -4.0 %, size -12.0 %" in lines
    assert "  best so far o3-fat-cgu1-unwind: size -12.0 %, time ~-4.0 %" in lines
    assert max(map(len, lines)) <= 80


def test_none_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    with open_progress("none", verbose=True) as progress:
        tell(progress)
    assert capsys.readouterr().err == ""


def test_words() -> None:
    assert left_words(10.0, 600.0, None) == "about 10 min left at most"
    assert left_words(600.0, 600.0, 0.0) == "the budget is spent: ending"
    assert best_words("o3", 1.1, None) == "best so far o3: size +10.0 %"
