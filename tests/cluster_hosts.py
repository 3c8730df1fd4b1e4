"""Hosts with addresses of their own, in network namespaces, and certificates by the lines of docs/cluster.md."""

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "cluster.md"
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

    def machine(self, directory: Path, *, cpu: str | None = None) -> tuple[str, ...]:
        """This host as a machine of its own: another boot of another kernel, so to say, and perhaps another processor.

        What the kernel says of both is covered by files in a mount namespace.
        """
        directory.mkdir(parents=True, exist_ok=True)
        covers = {"/proc/sys/kernel/random/boot_id": f"{self.name}-boot\n"}
        if cpu is not None:
            covers["/proc/cpuinfo"] = f"model name\t: {cpu}\n"
        lines = []
        for number, (place, text) in enumerate(covers.items()):
            cover = directory / f"cover-{number}"
            cover.write_text(text, encoding="utf-8")
            lines.append(f'mount --bind "{cover}" {place}')
        script = " && ".join([*lines, f"hostname {self.name}", 'exec "$@"'])
        return (*self.inside, "unshare", "--mount", "--uts", "sh", "-c", script, "sh")

    def cut(self) -> None:
        """Pull the cable."""
        subprocess.run([*self.inside, "ip", "link", "set", self.cable, "down"], check=True)


@contextlib.contextmanager
def connected(count: int) -> Iterator[list[Host]]:
    """So many hosts that reach each other and nobody else; a test without the rights for that skips."""
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
        for number in range(1, count + 1):
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
    try:
        yield found
    finally:
        _forget(made)


def _forget(names: Sequence[str]) -> None:
    for name in names:
        subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


def issue(directory: Path) -> Path:
    """Certificates made by the very commands of the page."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
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
