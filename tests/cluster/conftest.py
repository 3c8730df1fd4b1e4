from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster_hosts import Host, connected, issue
from cluster_processes import Expected, Node, Processes, built_alone, processes
from cluster_tunes import Alone, tuned_alone
from lto_projects import bare


@pytest.fixture(scope="session")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Expected:
    """A program without std: a few units, a link of a tenth of a second."""
    return built_alone(bare(), tmp_path_factory.mktemp("alone"), "bare", "src/main.rs", ["thin"])


@pytest.fixture(scope="session")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Alone:
    """A workspace that was tuned on this machine alone."""
    return tuned_alone(tmp_path_factory.mktemp("alone"))


@pytest.fixture(scope="module")
def hosts() -> Iterator[list[Host]]:
    """Three hosts: this side, and two more."""
    with connected(3) as found:
        yield found


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made by the very commands of the page."""
    return issue(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[Processes]:
    with processes(tmp_path / "cluster") as found:
        yield found


@pytest.fixture
def pair(nodes: Processes) -> tuple[Node, Node, Node]:
    """A scheduler and two workers."""
    scheduler = nodes.scheduler()
    return scheduler, nodes.worker(scheduler), nodes.worker(scheduler)


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """The scheduler of a cluster of two workers that nobody harms."""
    with processes(tmp_path_factory.mktemp("cluster")) as found:
        scheduler = found.scheduler()
        found.worker(scheduler)
        found.worker(scheduler)
        yield scheduler
