"""A tune with hosts that have addresses, kernels and processors of their own: what is built there, and what is said."""

import contextlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from cluster_hosts import Host, for_burnish, for_dask
from cluster_processes import Node, Processes, processes
from cluster_tunes import Alone, elsewhere

pytestmark = pytest.mark.cargo

OTHER = "Another Processor at 9 GHz"


@contextlib.contextmanager
def _cluster(tmp_path: Path, hosts: Sequence[Host], certificates: Path, *cpus: str | None) -> Iterator[list[Node]]:
    """A scheduler on the second host, a worker on the second and on the third; gives all of them."""
    with processes(tmp_path / "cluster", options=for_dask(certificates), scheme="tls") as nodes:
        scheduler = nodes.scheduler(host=hosts[1].address, inside=hosts[1].inside)
        for host, cpu in zip(hosts[1:], cpus, strict=True):
            nodes.worker(scheduler, host=host.address, inside=host.machine(tmp_path / host.name, cpu=cpu))
        yield nodes.nodes


def _blobs(worker: Node) -> dict[str, int]:
    """The contents that a worker holds, and when each was written."""
    blobs = (worker.cache / "lto" / "blobs").rglob("*")
    return {path.name: path.stat().st_mtime_ns for path in blobs if path.is_file()}


def test_hosts_with_certificates_give_the_same_verdict_and_files(
    alone: Alone, hosts: list[Host], certificates: Path, tmp_path: Path
) -> None:
    with _cluster(tmp_path, hosts, certificates, None, OTHER) as (scheduler, *workers):
        assert scheduler.address.startswith(f"tls://{hosts[1].address}:")
        # The first time workers compile the shim and the libraries, and may come too late for so few candidates.
        options = ("-v", *for_burnish(certificates))
        alone.same(alone.again(scheduler.address, *options, inside=hosts[0].inside))
        before = [_blobs(worker) for worker in workers]
        answer = alone.again(scheduler.address, *options, inside=hosts[0].inside)
        result = alone.same(answer)
        after = [_blobs(worker) for worker in workers]
    assert all(then and then.items() <= now.items() for then, now in zip(before, after, strict=True)), "sent once"
    built = {row["host"] for row in result["rows"] if row["host"]}
    assert built <= {hosts[1].name, hosts[2].name}
    assert built
    # They are other machines: their trials begin at once, and what they build does not stop for measurements.
    assert answer.err.index("given to the worker") < answer.err.index("== baseline")
    # The processor that is another one builds, and its seconds are not taken for those of this one.
    assert f"has another processor, {OTHER}: its seconds count" in answer.err, answer.err
    assert result["circumstances"]["cpu"] != OTHER


def test_code_for_the_processor_it_is_built_on_is_not_built_on_another(
    alone: Alone, hosts: list[Host], certificates: Path, tmp_path: Path
) -> None:
    with _cluster(tmp_path, hosts, certificates, OTHER, OTHER) as (scheduler, *_):
        command = alone.command(scheduler.address, "--fresh", *for_burnish(certificates))
        answer = alone.place.run([*hosts[0].inside, *command], {"RUSTFLAGS": "-Ctarget-cpu=native"})
    assert answer.code == 0, answer.err
    assert elsewhere(json.loads(answer.out)) == []
    assert f"target-cpu=native is another processor there, {OTHER}" in answer.err


def test_a_network_that_is_cut_in_the_middle(
    alone: Alone, hosts: list[Host], certificates: Path, tmp_path: Path
) -> None:
    with _cluster(tmp_path, hosts, certificates, None, None) as (scheduler, near, far):
        answer = alone.again_while(
            scheduler.address,
            lambda: near.builders() or far.builders(),
            hosts[0].cut,
            *for_burnish(certificates),
            inside=hosts[0].inside,
        )
        alone.same(answer)
        assert "everything is built here" in answer.err or "is left aside" in answer.err, answer.err


def test_plain_tcp_beyond_this_machine_is_refused(alone: Alone, hosts: list[Host], nodes: Processes) -> None:
    scheduler = nodes.scheduler(host=hosts[1].address, inside=hosts[1].inside)
    answer = alone.again(scheduler.address, inside=hosts[0].inside)
    assert answer.code == 2
    assert "without TLS" in answer.err
