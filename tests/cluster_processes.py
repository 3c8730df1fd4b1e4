"""A real cluster for the tests: Dask's scheduler and workers as processes, here or on hosts in network namespaces."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lto_projects import Answer, Place
from projects import CargoProject

#: Seconds for a process to say that it is ready; machines may be busy.
READY = 90.0
_LISTENS = re.compile(r"(?:Scheduler|Start worker) at:\s+(\S+)")
_REGISTERED = re.compile(r"Registered to:\s+(\S+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """A scheduler or a worker that runs.

    Attributes:
        address: where it listens.
        cache: of burnish, its own.
    """

    process: subprocess.Popen[bytes]
    address: str
    cache: Path
    log: Path

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def backends(self) -> list[int]:
        """Process ids of the backends that it has running."""
        return self._running(b"burnish.lto.away.backend")

    def builders(self) -> list[int]:
        """Process ids of the builds that it has running."""
        return self._running(b"burnish.build.away.building")

    def _running(self, module: bytes) -> list[int]:
        try:
            children = Path(f"/proc/{self.process.pid}/task").glob("*/children")
            pids = [int(pid) for task in children for pid in task.read_text().split()]
            return [pid for pid in pids if module in Path(f"/proc/{pid}/cmdline").read_bytes()]
        except OSError:
            return []

    def words(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")


@dataclass(kw_only=True, slots=True)
class Processes:
    """Starts nodes and ends them all.

    Attributes:
        directory: for their logs and caches.
        options: for each node, such as certificates.
        scheme: ``tcp`` or ``tls``.
    """

    directory: Path
    options: Sequence[str] = ()
    scheme: str = "tcp"
    nodes: list[Node] = field(default_factory=list)

    def scheduler(self, *, host: str = "127.0.0.1", port: int = 0, inside: Sequence[str] = ()) -> Node:
        argv = ["scheduler", "--host", f"{self.scheme}://{host}", "--port", str(port), "--no-show", "--no-dashboard"]
        return self._start("scheduler", argv, _LISTENS, inside=inside)

    def worker(
        self,
        scheduler: Node,
        *,
        host: str = "127.0.0.1",
        inside: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        ready: bool = True,
    ) -> Node:
        number = len(self.nodes)
        argv = ["worker", scheduler.address, "--host", f"{self.scheme}://{host}", "--nthreads", "1", "--no-nanny"]
        argv += ["--no-dashboard", "--local-directory", str(self.directory / f"local-{number}")]
        node = self._start(f"worker-{number}", argv, _LISTENS, inside=inside, environment=environment)
        if ready:
            wait_for(lambda: _REGISTERED.search(node.words()), node)
        return node

    def restarted(self, scheduler: Node) -> None:
        """Kill the scheduler and start another one in its place, with a worker of its own."""
        scheduler.signal(signal.SIGKILL)
        scheduler.process.wait()
        self.worker(self.scheduler(port=int(scheduler.address.rpartition(":")[2])))

    def started(self, argv: Sequence[str], *, inside: Sequence[str] = ()) -> Node:
        """A node by the words of its command line."""
        node = self._start(argv[0], argv, _LISTENS, inside=inside)
        if argv[0] == "worker":
            wait_for(lambda: _REGISTERED.search(node.words()), node)
        return node

    def _start(
        self,
        name: str,
        argv: Sequence[str],
        listens: re.Pattern[str],
        *,
        inside: Sequence[str],
        environment: Mapping[str, str] | None = None,
    ) -> Node:
        log = self.directory / f"{name}-{len(self.nodes)}.log"
        cache = self.directory / f"{name}-{len(self.nodes)}.cache"
        kept = {"BURNISH_CACHE_DIR": str(cache), "PYTHONUNBUFFERED": "1", **(environment or {})}
        with log.open("wb") as file:
            process = subprocess.Popen(
                [*inside, sys.executable, "-m", "dask", *argv, *self.options],
                cwd=self.directory,
                env={**os.environ, **kept},
                stdout=file,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        node = Node(process=process, address="", cache=cache, log=log)
        self.nodes.append(node)
        wait_for(lambda: listens.search(node.words()), node)
        found = listens.search(node.words())
        assert found is not None
        whole = Node(process=process, address=found[1], cache=cache, log=log)
        self.nodes[-1] = whole
        return whole

    def end(self) -> None:
        for node in self.nodes:
            for number in (signal.SIGCONT, signal.SIGKILL):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(node.process.pid, number)
            node.process.wait()


@contextlib.contextmanager
def processes(directory: Path, *, options: Sequence[str] = (), scheme: str = "tcp") -> Iterator[Processes]:
    """Nodes that end with the block."""
    directory.mkdir(parents=True, exist_ok=True)
    found = Processes(directory=directory, options=options, scheme=scheme)
    try:
        yield found
    finally:
        found.end()


def wait_for(condition: object, node: Node | None = None, *, seconds: float = READY) -> None:
    """Wait until something callable gives what is true."""
    assert callable(condition)
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"waited in vain; {node.words() if node else ''}"
        assert node is None or node.process.poll() is None, node.words()
        time.sleep(0.05)


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """A project that has been built on this machine alone, and the program that each mode gave.

    Attributes:
        name: of the program.
        source: of its last crate.
    """

    place: Place
    name: str
    source: str
    programs: dict[str, bytes]

    def fresh(self, cache: Path) -> Place:
        """The same project, of which nothing is known in this cache; its last crate is linked anew."""
        (self.place.directory / self.source).touch()
        return Place(directory=self.place.directory, cache=cache)


def built_alone(project: CargoProject, root: Path, name: str, source: str, modes: Sequence[str]) -> Expected:
    """Build a project on this machine alone."""
    place = Place(directory=project.generate(root / "project"), cache=root / "cache")
    programs = {}
    for mode in modes:
        place.built("--lto", mode, "--jobs", "2")
        programs[mode] = place.program(name).read_bytes()
    return Expected(place=place, name=name, source=source, programs=programs)


def same(answer: Answer, expected: Expected, mode: str = "thin") -> dict[str, Any]:
    """That the program is what this machine alone gives, byte for byte; gives what the cluster did."""
    assert expected.place.program(expected.name).read_bytes() == expected.programs[mode]
    done = answer.link["cluster"]
    assert isinstance(done, dict)
    return done
