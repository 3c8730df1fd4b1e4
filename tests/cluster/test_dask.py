"""What burnish asks of Dask, on real processes: nothing that hangs there is waited for without an end."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from burnish.build.away.performing import work
from burnish.cache import Cache
from burnish.errors import ClusterError
from burnish.executor import dask
from burnish.executor.addresses import ClusterSettings, parse_address
from burnish.executor.blob import keep_in, kept
from burnish.executor.dask import DaskCluster, connect
from cluster_processes import Node

pytestmark = [pytest.mark.cargo, pytest.mark.filterwarnings("ignore::ResourceWarning")]


@pytest.fixture
def cluster(pair: tuple[Node, Node, Node], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DaskCluster]:
    """A cluster that is asked for a second at most, once it has been greeted."""
    found = connect(ClusterSettings(address=parse_address(pair[0].address)), lambda _: "")
    monkeypatch.setattr(dask, "ANSWER", 1.0)
    keep_in(Cache(tmp_path / "own"))
    yield found
    keep_in(None)
    found.close()


def test_contents_are_not_handed_to_a_worker_that_hangs(
    cluster: DaskCluster, pair: tuple[Node, Node, Node], tmp_path: Path
) -> None:
    cache = Cache(tmp_path / "own")
    blobs = [kept(cache.put(f"{number}".encode() * 5000), cache) for number in range(8)]
    _, hangs, works = pair
    here = {machine.address: machine for machine in cluster.machines}
    hangs.signal(signal.SIGSTOP)
    with pytest.raises(ClusterError, match="took no contents"):
        cluster.share(blobs, [here[hangs.address]])
    assert set(cluster.share(blobs, [here[works.address]])) == {blob.digest for blob in blobs}
    assert cluster.at_work(cluster.machines) == {works.address: 0}
    assert cluster.present() == {hangs.address, works.address}


def test_what_one_worker_held_is_lost_with_it_alone(
    cluster: DaskCluster, pair: tuple[Node, Node, Node], tmp_path: Path
) -> None:
    cache = Cache(tmp_path / "own")
    blob = kept(cache.put(b"x" * 5000), cache)
    _, dies, lives = pair
    here = {machine.address: machine for machine in cluster.machines}
    handles = {address: cluster.share([blob], [machine]) for address, machine in here.items()}
    dies.signal(signal.SIGKILL)
    dies.process.wait()
    held: Any = [handles[lives.address][blob.digest]]
    answer, _ = cluster.executor_of(here[lives.address]).submit(work, b"no order", held).result(timeout=60)
    assert b"cannot be read" in answer


def test_a_scheduler_that_hangs_counts_as_gone(cluster: DaskCluster, pair: tuple[Node, Node, Node]) -> None:
    os.kill(pair[0].process.pid, signal.SIGSTOP)
    with pytest.raises(ClusterError, match="does not answer"):
        cluster.present()
