"""Hosts with addresses of their own, in network namespaces, that speak TLS; and what is refused."""

import contextlib
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from cluster_processes import Expected, Processes, processes, same, wait_for
from lto_projects import Answer, Place, refuses

pytestmark = pytest.mark.cargo

PAGE = Path(__file__).parents[2] / "docs" / "cluster.md"
#: RFC 5737: addresses that belong to nobody.
_NETWORK = "192.0.2"


@dataclass(frozen=True, kw_only=True, slots=True)
class Host:
    """A network namespace with an address, on a bridge that leads nowhere else."""

    name: str
    address: str
    cable: str

    @property
    def inside(self) -> tuple[str, ...]:
        return ("ip", "netns", "exec", self.name)

    def cut(self) -> None:
        """Pull the cable."""
        subprocess.run([*self.inside, "ip", "link", "set", self.cable, "down"], check=True)


@pytest.fixture(scope="module")
def hosts() -> Iterator[list[Host]]:
    """Three hosts: this side, and two more."""
    tag = f"bt{os.getpid() % 100_000}"
    made: list[str] = []

    def run(*argv: str) -> None:
        subprocess.run(argv, check=True, capture_output=True, text=True)

    try:
        run("ip", "netns", "add", f"{tag}-hub")
        made.append(f"{tag}-hub")
        run("ip", "-n", f"{tag}-hub", "link", "add", "bridge", "type", "bridge")
        run("ip", "-n", f"{tag}-hub", "link", "set", "bridge", "up")
        found = []
        for number in (1, 2, 3):
            name, cable = f"{tag}-{number}", f"{tag}e{number}"
            run("ip", "netns", "add", name)
            made.append(name)
            run("ip", "-n", name, "link", "add", cable, "type", "veth", "peer", "name", f"p{number}", "netns", made[0])
            run("ip", "-n", made[0], "link", "set", f"p{number}", "master", "bridge", "up")
            run("ip", "-n", name, "addr", "add", f"{_NETWORK}.{number}/24", "dev", cable)
            for link in (cable, "lo"):
                run("ip", "-n", name, "link", "set", link, "up")
            found.append(Host(name=name, address=f"{_NETWORK}.{number}", cable=cable))
    except (OSError, subprocess.CalledProcessError) as error:
        _forget(made)
        pytest.skip(f"no network namespaces here: {error}")
    yield found
    _forget(made)


def _forget(names: Sequence[str]) -> None:
    for name in names:
        subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made by the very commands of the page."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    return issue(tmp_path_factory.mktemp("certificates"))


def issue(directory: Path) -> Path:
    commands = re.findall(r"^\$ (openssl .*)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert len(commands) == 3
    for command in commands:
        subprocess.run(command.split(), cwd=directory, check=True, capture_output=True)
    return directory


def for_dask(directory: Path) -> tuple[str, ...]:
    files = {"--tls-ca-file": "ca.pem", "--tls-cert": "cert.pem", "--tls-key": "key.pem"}
    return tuple(word for flag, file in files.items() for word in (flag, str(directory / file)))


def for_burnish(directory: Path) -> tuple[str, ...]:
    files = {"--tls-ca": "ca.pem", "--tls-cert": "cert.pem", "--tls-key": "key.pem"}
    return tuple(word for flag, file in files.items() for word in (flag, str(directory / file)))


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
