"""Hosts with addresses of their own, in network namespaces, that speak TLS; and what is refused."""

import contextlib
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from cluster_hosts import Host, for_burnish, for_dask, issue
from cluster_processes import Expected, Processes, processes, same, wait_for
from lto_projects import Answer, Place, refuses

pytestmark = pytest.mark.cargo


@contextlib.contextmanager
def _cluster(tmp_path: Path, hosts: Sequence[Host], certificates: Path) -> Iterator[tuple[Processes, str]]:
    """A scheduler on the second host, a worker on the second and on the third."""
    with processes(tmp_path / "cluster", options=for_dask(certificates), scheme="tls") as nodes:
        scheduler = nodes.scheduler(host=hosts[1].address, inside=hosts[1].inside)
        for host in hosts[1:]:
            nodes.worker(scheduler, host=host.address, inside=host.inside)
        yield nodes, scheduler.address


def _build(place: Place, host: Host, *options: str) -> Answer:
    return place.run([*host.inside, *place.command("build", "--format", "json", *options)])


def test_hosts_with_certificates_give_the_same_program(
    expected: Expected, hosts: list[Host], certificates: Path, tmp_path: Path
) -> None:
    with _cluster(tmp_path, hosts, certificates) as (_, address):
        assert address.startswith(f"tls://{hosts[1].address}:")
        place = expected.fresh(tmp_path / "cache")
        answer = _build(place, hosts[0], "--cluster", address, *for_burnish(certificates))
        assert answer.code == 0, answer.err
        done = same(answer, expected)
        assert done["there"] == done["orders"] > 0
        assert len(done["machines"]) == 2


def test_who_has_other_certificates_is_not_spoken_to(
    expected: Expected, hosts: list[Host], certificates: Path, tmp_path: Path
) -> None:
    (tmp_path / "others").mkdir()
    strangers = issue(tmp_path / "others")
    with _cluster(tmp_path, hosts, certificates) as (_, address):
        place = expected.fresh(tmp_path / "cache")
        answer = _build(place, hosts[0], "--cluster", address, *for_burnish(strangers))
        assert answer.code == 0, answer.err
        done = same(answer, expected)
        assert done["machines"] == []
        assert "does not answer" in done["lost"][0], done
        plain = address.replace("tls://", "tcp://")
        refuses(_build(place, hosts[0], "--cluster", plain), 2, "without TLS")


def test_a_network_that_is_cut_in_the_middle(
    expected: Expected, hosts: list[Host], certificates: Path, tmp_path: Path
) -> None:
    with _cluster(tmp_path, hosts, certificates) as (nodes, address):
        _, near, far = nodes.nodes
        place = expected.fresh(tmp_path / "cache")
        answers: list[Answer] = []
        options = ("--cluster", address, *for_burnish(certificates))
        build = threading.Thread(target=lambda: answers.append(_build(place, hosts[0], *options)))
        build.start()
        wait_for(lambda: near.backends() or far.backends() or not build.is_alive())
        hosts[0].cut()
        build.join()
        (answer,) = answers
        assert answer.code == 0, answer.err
        assert same(answer, expected)["here"] > 0
        assert place.unfinished() == set()
