"""An order's process: what it says, how it ends, and that it leaves nothing behind."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from burnish.errors import ClusterError
from burnish.executor.child import LateError, ask_child, counted, under_way
from cluster_processes import wait_for

pytestmark = pytest.mark.cargo
HERE = Path(__file__).parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(HERE)}


def ask(what: str, tmp_path: Path, **more: object) -> bytes:
    arguments = [what, str(tmp_path / "note")]
    return ask_child("child_module", arguments, b"abc", tmp_path, environment=ENVIRONMENT, **more)  # type: ignore[arg-type]


def running(tmp_path: Path) -> list[int]:
    """Of the process and what it started, those that still run."""
    found = []
    for pid in map(int, (tmp_path / "note").read_text(encoding="utf-8").split()):
        try:
            state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state != "Z":
            found.append(pid)
    return found


def test_it_answers_and_what_it_left_behind_ends_with_it(tmp_path: Path) -> None:
    assert ask("answers", tmp_path) == b"cba"
    wait_for(lambda: not running(tmp_path))


def test_one_that_fails_says_so(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match="ended with 1: no luck"):
        ask("fails", tmp_path)
    wait_for(lambda: not running(tmp_path))


def test_one_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    with pytest.raises(LateError, match="not done within 2 s"):
        ask("hangs", tmp_path, limit=2.0)
    wait_for(lambda: not running(tmp_path))


def test_one_that_nobody_wants_any_more_is_ended(tmp_path: Path) -> None:
    stop = threading.Event()

    def lose_interest() -> None:
        wait_for((tmp_path / "note").exists)
        stop.set()

    threading.Thread(target=lose_interest).start()
    with pytest.raises(ClusterError, match="faster"):
        ask("hangs", tmp_path, stop=stop)
    wait_for(lambda: not running(tmp_path))


def test_one_whose_time_is_up_ends_itself_and_what_it_started(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match="ended with -9"):
        ask("alarm", tmp_path)
    wait_for(lambda: not running(tmp_path))


def test_one_whose_worker_was_killed_ends_with_all_that_it_started(tmp_path: Path) -> None:
    script = (
        "import os, pathlib; from burnish.executor.child import ask_child; "
        f"ask_child('child_module', ['hangs', {str(tmp_path / 'note')!r}], b'', pathlib.Path({str(tmp_path)!r}), "
        "environment=dict(os.environ))"
    )
    worker = subprocess.Popen([sys.executable, "-c", script], env=ENVIRONMENT)
    wait_for(lambda: (tmp_path / "note").exists() and running(tmp_path))
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    wait_for(lambda: not running(tmp_path))


def test_orders_under_way_are_counted() -> None:
    assert under_way() == 0
    with counted(), counted():
        assert under_way() == 2
    assert under_way() == 0
