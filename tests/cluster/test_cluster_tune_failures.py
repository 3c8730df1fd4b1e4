"""A tune when a part of the cluster goes away in the middle: the same verdict and files, and a word on it."""

import os
import signal
import subprocess
import time

import pytest

from burnish.digests import digest_of
from cluster_processes import Node, Processes, wait_for
from cluster_tunes import Alone, elsewhere

pytestmark = pytest.mark.cargo


def test_a_worker_killed_in_its_first_build(alone: Alone, pair: tuple[Node, Node, Node]) -> None:
    scheduler, victim, _ = pair
    answer = alone.again_while(scheduler.address, victim.builders, lambda: victim.signal(signal.SIGKILL))
    result = alone.same(answer)
    assert "it is not there any more" in answer.err
    assert elsewhere(result)
    wait_for(lambda: not victim.builders())


def test_a_worker_killed_in_a_later_build(alone: Alone, nodes: Processes) -> None:
    scheduler = nodes.scheduler()
    victim = nodes.worker(scheduler)
    seen: set[int] = set()

    def second() -> bool:
        seen.update(victim.builders())
        return len(seen) > 1

    result = alone.same(alone.again_while(scheduler.address, second, lambda: victim.signal(signal.SIGKILL)))
    assert any("Of the cluster, the worker" in note for note in result["notes"]), result["notes"]


def test_all_workers_killed(alone: Alone, pair: tuple[Node, Node, Node]) -> None:
    scheduler, *workers = pair

    def kill() -> None:
        for worker in workers:
            worker.signal(signal.SIGKILL)

    answer = alone.again_while(scheduler.address, workers[0].builders, kill)
    assert elsewhere(alone.same(answer)) == []
    assert answer.err.count("it is not there any more") == 2, answer.err


def test_a_scheduler_that_ends(alone: Alone, pair: tuple[Node, Node, Node]) -> None:
    scheduler, worker, _ = pair
    answer = alone.again_while(scheduler.address, worker.builders, lambda: scheduler.signal(signal.SIGKILL))
    alone.same(answer)
    assert "everything is built here" in answer.err or "is left aside" in answer.err, answer.err


def test_a_scheduler_that_is_started_again(alone: Alone, nodes: Processes, pair: tuple[Node, Node, Node]) -> None:
    scheduler, worker, _ = pair
    alone.same(alone.again_while(scheduler.address, worker.builders, lambda: nodes.restarted(scheduler)))


def test_a_worker_that_hangs_is_not_waited_for_without_an_end(alone: Alone, pair: tuple[Node, Node, Node]) -> None:
    scheduler, victim, _ = pair
    result = alone.same(alone.again_while(scheduler.address, victim.builders, lambda: victim.signal(signal.SIGSTOP)))
    assert any(victim.address in note for note in result["notes"]), result["notes"]
    # What it had begun ended by itself, though nobody could end it: nothing was measured beside it.
    assert victim.builders() == []


def test_a_worker_whose_disk_is_full(alone: Alone, nodes: Processes) -> None:
    scheduler = nodes.scheduler()
    full = nodes.worker(scheduler)
    # Files beyond this size cannot be written, with an error as on a full disk.
    subprocess.run(["prlimit", f"--pid={full.process.pid}", "--fsize=2000:unlimited"], check=True)
    answer = alone.again(scheduler.address)
    result = alone.same(answer)
    assert elsewhere(result) == []
    assert "is left aside" in answer.err, answer.err
    assert not [path for path in full.cache.rglob("*") if ".unfinished" in path.name]


def test_sources_that_were_damaged_on_a_worker_are_sent_anew(alone: Alone, nodes: Processes) -> None:
    scheduler = nodes.scheduler()
    worker = nodes.worker(scheduler)
    alone.same(alone.again(scheduler.address))
    blobs = [path for path in (worker.cache / "lto" / "blobs").rglob("*") if path.is_file()]
    for blob in blobs:
        blob.write_bytes(blob.read_bytes()[:-1] + b"x")
    answer = alone.again(scheduler.address)
    result = alone.same(answer)
    assert any("the sources were gone there" in note for note in result["notes"]), result["notes"]
    assert "is left aside" not in answer.err, answer.err
    assert any(digest_of(blob.read_bytes()) == blob.name for blob in blobs if blob.exists())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_tune_that_ends_in_the_middle_goes_on_where_it_was(
    number: signal.Signals, alone: Alone, pair: tuple[Node, Node, Node]
) -> None:
    scheduler, *workers = pair
    tune = subprocess.Popen(
        ["env", "--default-signal=INT", *alone.command(scheduler.address, "--fresh")],
        cwd=alone.place.directory, env=alone.place.environment(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    wait_for(lambda: any(worker.builders() for worker in workers))
    time.sleep(1)
    os.killpg(tune.pid, number)
    _, err = tune.communicate(timeout=60)
    assert tune.returncode != 0
    assert "Traceback" not in err
    again = alone.place.run(alone.command(scheduler.address))
    alone.same(again)
    assert "the baseline, by plain cargo from nothing" not in again.err, "it was kept"
