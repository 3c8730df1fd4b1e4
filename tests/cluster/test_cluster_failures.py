"""What becomes of a build when a part of the cluster goes away in the middle: the same program, and a word on it."""

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cluster_processes import Expected, Node, Processes, same, wait_for
from lto_projects import Answer

pytestmark = pytest.mark.cargo


def built_while(
    expected: Expected, cache: Path, scheduler: Node, victim: Node, act: Callable[[], None]
) -> tuple[Answer, dict[str, object]]:
    """Build, and act once the victim is at work on an order."""
    answers: list[Answer] = []
    place = expected.fresh(cache)
    build = threading.Thread(target=lambda: answers.append(place.built("--cluster", scheduler.address)))
    build.start()
    try:
        wait_for(lambda: victim.backends() or not build.is_alive())
        assert build.is_alive(), victim.words()
        act()
    finally:
        build.join()
    (answer,) = answers
    assert place.unfinished() == set()
    return answer, same(answer, expected)


def test_a_worker_killed_in_the_middle_of_an_order(
    expected: Expected, pair: tuple[Node, Node, Node], tmp_path: Path
) -> None:
    scheduler, victim, _ = pair
    _, done = built_while(expected, tmp_path / "cache", scheduler, victim, lambda: victim.signal(signal.SIGKILL))
    assert done["there"]
    wait_for(lambda: not victim.backends())


def test_all_workers_killed(expected: Expected, pair: tuple[Node, Node, Node], tmp_path: Path) -> None:
    scheduler, *workers = pair

    def kill() -> None:
        for worker in workers:
            worker.signal(signal.SIGKILL)

    _, done = built_while(expected, tmp_path / "cache", scheduler, workers[0], kill)
    assert done["here"]


def test_a_scheduler_that_ends(expected: Expected, pair: tuple[Node, Node, Node], tmp_path: Path) -> None:
    scheduler, worker, _ = pair
    _, done = built_while(expected, tmp_path / "cache", scheduler, worker, lambda: scheduler.signal(signal.SIGKILL))
    assert done["here"]


def test_a_scheduler_that_is_started_again(
    expected: Expected, nodes: Processes, pair: tuple[Node, Node, Node], tmp_path: Path
) -> None:
    scheduler, worker, _ = pair
    built_while(expected, tmp_path / "cache", scheduler, worker, lambda: nodes.restarted(scheduler))
    # The next build has the new one.
    done = same(expected.fresh(tmp_path / "next").built("--cluster", scheduler.address), expected)
    assert done["there"] == done["orders"]


def test_a_worker_that_hangs_has_its_order_done_twice(
    expected: Expected, pair: tuple[Node, Node, Node], tmp_path: Path
) -> None:
    scheduler, victim, _ = pair
    _, done = built_while(expected, tmp_path / "cache", scheduler, victim, lambda: victim.signal(signal.SIGSTOP))
    assert done["twice"]
    assert done["there"]
    assert done["here"]


def test_a_worker_that_hung_before_does_not_hold_up_the_build(
    expected: Expected, pair: tuple[Node, Node, Node], tmp_path: Path
) -> None:
    scheduler, victim, _ = pair
    victim.signal(signal.SIGSTOP)
    done = same(expected.fresh(tmp_path / "cache").built("--cluster", scheduler.address), expected)
    assert len(done["machines"]) == 1
    assert "it does not answer" in done["refused"][0]


def test_a_worker_whose_disk_is_full(expected: Expected, nodes: Processes, tmp_path: Path) -> None:
    scheduler = nodes.scheduler()
    full = nodes.worker(scheduler)
    # Files beyond this size cannot be written, with an error as on a full disk.
    subprocess.run(["prlimit", f"--pid={full.process.pid}", "--fsize=2000:unlimited"], check=True)
    done = same(expected.fresh(tmp_path / "cache").built("--cluster", scheduler.address), expected)
    assert done["there"] == 0
    assert any("File too large" in reason for reason in done["lost"]), done
    assert not [path for path in full.cache.rglob("*") if ".unfinished" in path.name]
    # Once there is space again it is of use.
    subprocess.run(["prlimit", f"--pid={full.process.pid}", "--fsize=unlimited"], check=True)
    done = same(expected.fresh(tmp_path / "next").built("--cluster", scheduler.address), expected)
    assert done["there"] == done["orders"]


def test_ctrl_c_leaves_nothing_running_here(expected: Expected, pair: tuple[Node, Node, Node], tmp_path: Path) -> None:
    scheduler, worker, _ = pair
    place = expected.fresh(tmp_path / "cache")
    build = subprocess.Popen(
        ["env", "--default-signal=INT", *place.command("build", "--cluster", scheduler.address)],
        cwd=place.directory, env=place.environment(),
        stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    wait_for(worker.backends)
    os.killpg(build.pid, signal.SIGINT)
    _, err = build.communicate(timeout=60)
    assert build.returncode != 0
    assert "Traceback" not in err
    wait_for(lambda: not list(_in_session(build.pid)))
    # The cluster is as good as before, and the next link sweeps up what this one left.
    after = expected.fresh(tmp_path / "next")
    same(after.built("--cluster", scheduler.address), expected)
    assert after.unfinished() == set()


def _in_session(session: int) -> Iterator[int]:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            yield int(stat.parent.name)
