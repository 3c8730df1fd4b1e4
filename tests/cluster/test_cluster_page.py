"""docs/cluster.md: its clusters are started by its own lines, on this machine and on hosts with certificates."""

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster_hosts import PAGE, Host
from cluster_processes import Expected, Processes, processes, same

pytestmark = pytest.mark.cargo


def trio(section: str, number: int) -> list[list[str]]:
    """The three lines of a listing in a section, as words."""
    text = PAGE.read_text(encoding="utf-8").partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    block = re.findall(r"^```console\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)[number]
    lines = [line.removeprefix("$ ").split() for line in block.splitlines()]
    assert [line[:2] for line in lines] == [["dask", "scheduler"], ["dask", "worker"], ["burnish", "build"]]
    return lines


def test_a_job_in_ci_starts_the_cluster_on_one_machine() -> None:
    text = PAGE.read_text(encoding="utf-8").partition("\n## In CI\n")[2].partition("\n## ")[0]
    block = re.findall(r"^```yaml\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)[1]
    lines = [line.removeprefix("- run: ").removesuffix(" &").split() for line in block.splitlines()]
    assert lines == trio("By hand", 1)


@pytest.fixture
def nodes_at(tmp_path: Path) -> Iterator[Processes]:
    with processes(tmp_path / "cluster") as found:
        yield found


def test_the_cluster_on_one_machine(expected: Expected, nodes_at: Processes, tmp_path: Path) -> None:
    scheduler, worker, build = trio("By hand", 1)
    # Its port may be taken here.
    node = nodes_at.started([*scheduler[1:-1], "0"])
    port = node.address.rpartition(":")[2]
    nodes_at.started([word.replace("8786", port) for word in worker[1:]])
    place = expected.fresh(tmp_path / "cache")
    done = same(place.built(*[word.replace("8786", port) for word in build[2:]]), expected)
    assert done["there"] == done["orders"] > 0


def test_the_cluster_of_several_hosts(
    expected: Expected, hosts: list[Host], certificates: Path, nodes_at: Processes, tmp_path: Path
) -> None:
    scheduler, worker, build = (
        [word.replace("SCHEDULER", hosts[1].address) for word in line] for line in trio("By hand", 0)
    )
    for name in ("ca.pem", "cert.pem", "key.pem"):
        shutil.copy(certificates / name, nodes_at.directory)
        shutil.copy(certificates / name, expected.place.directory)
    nodes_at.started(scheduler[1:], inside=hosts[1].inside)
    nodes_at.started(worker[1:], inside=hosts[2].inside)
    place = expected.fresh(tmp_path / "cache")
    words = [sys.executable, "-m", *build, "--format", "json"]
    answer = place.run([*hosts[0].inside, *words])
    assert answer.code == 0, answer.err
    done = same(answer, expected)
    assert done["there"] == done["orders"] > 0
