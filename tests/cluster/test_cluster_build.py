"""`burnish build --cluster` on real schedulers and workers: the program of this machine alone, byte for byte."""

import shutil
from pathlib import Path

import pytest

from cluster_processes import Expected, Node, Processes, built_alone, same
from lto_projects import everything, refuses

pytestmark = pytest.mark.cargo


_MODES = ("thin", "grouped=3", "fat")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Expected:
    """A workspace with std, a build script and a procedural macro."""
    return built_alone(everything(), tmp_path_factory.mktemp("whole"), "app", "app/src/main.rs", _MODES)


@pytest.mark.parametrize("mode", _MODES)
def test_the_program_is_that_of_this_machine_alone(mode: str, whole: Expected, steady: Node, tmp_path: Path) -> None:
    place = whole.fresh(tmp_path / "cache")
    answer = place.built("--lto", mode, "--jobs", "2", "--cluster", steady.address)
    done = same(answer, whole, mode)
    assert done["there"] == done["orders"] > 0
    assert done["here"] == done["again"] == 0, done
    assert done["lost"] == done["refused"] == []
    assert len(done["machines"]) == 2
    redone = [unit for unit in answer.link["units"] if not unit["cached"]]
    assert redone
    assert all(unit["host"] for unit in redone)
    assert place.unfinished() == set()


def test_what_workers_hold_does_not_travel_again_and_is_not_made_again(
    expected: Expected, pair: tuple[Node, Node, Node], tmp_path: Path
) -> None:
    scheduler, *_ = pair
    first = expected.fresh(tmp_path / "first").built("--cluster", scheduler.address)
    assert same(first, expected)["sent"] > 100_000
    # Another user's machine, so to say: it has none of the objects.
    again = expected.fresh(tmp_path / "second").built("--cluster", scheduler.address)
    assert same(again, expected)["sent"] == 0
    assert any(not unit["stages"] for unit in again.link["units"])
    # And nothing is asked for where this machine's own cache has all.
    third = expected.fresh(tmp_path / "second").built("--cluster", scheduler.address)
    assert third.link["cluster"] is None
    assert third.redone == set()


def test_a_content_that_was_damaged_on_a_worker_is_sent_anew(
    expected: Expected, nodes: Processes, tmp_path: Path
) -> None:
    scheduler = nodes.scheduler()
    worker = nodes.worker(scheduler)
    same(expected.fresh(tmp_path / "first").built("--cluster", scheduler.address), expected)
    for blob in (worker.cache / "lto" / "blobs").rglob("*"):
        if blob.is_file():
            blob.write_bytes(blob.read_bytes()[:-1] + b"x")
    shutil.rmtree(worker.cache / "lto" / "actions")
    (worker.cache / "lto" / "actions").mkdir()
    done = same(expected.fresh(tmp_path / "second").built("--cluster", scheduler.address), expected)
    assert done["sent"] > 100_000
    assert any("modules were gone there" in reason for reason in done["lost"])


def test_a_worker_that_does_not_fit_is_left_aside_and_named(
    expected: Expected, nodes: Processes, tmp_path: Path
) -> None:
    scheduler = nodes.scheduler()
    nodes.worker(scheduler)
    empty = tmp_path / "empty"
    empty.mkdir()
    bare = {"RUSTUP_HOME": str(empty), "HOME": str(empty), "PATH": "/nowhere", "RUSTC": "/nowhere/rustc"}
    unfit = nodes.worker(scheduler, environment=bare)
    done = same(expected.fresh(tmp_path / "cache").built("--cluster", scheduler.address), expected)
    assert len(done["machines"]) == 1
    (reason,) = done["refused"]
    assert unfit.address in reason
    assert "no toolchain with libLLVM" in reason


def test_without_a_worker_all_is_done_here_and_said(expected: Expected, nodes: Processes, tmp_path: Path) -> None:
    scheduler = nodes.scheduler()
    place = expected.fresh(tmp_path / "cache")
    answer = place.burnish("build", "--cluster", scheduler.address)
    assert answer.code == 0
    assert "has no workers" in answer.out
    assert place.program("bare").read_bytes() == expected.programs["thin"]


def test_nothing_is_left_in_the_users_cache_where_it_is_not_wanted(
    expected: Expected, steady: Node, tmp_path: Path
) -> None:
    place = expected.fresh(tmp_path / "cache")
    done = same(place.built("--no-cache", "--cluster", steady.address), expected)
    assert done["there"] == done["orders"] > 0
    assert not list((tmp_path / "cache").rglob("*"))


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        pytest.param(("--cluster", "tcp://192.0.2.1:8786"), 2, "without TLS whoever reaches", id="beyond this machine"),
        pytest.param(("--cluster", "tcp://127.0.0.1:1"), 9, "does not answer", id="nobody there"),
        pytest.param(("--cluster", "http://localhost:1"), 2, "no address of a scheduler", id="no address"),
        pytest.param(("--cluster", "localhost:1", "--tls-ca", "Cargo.toml"), 2, "is missing", id="half of TLS"),
        pytest.param(("--tls-ca", "Cargo.toml"), 2, "says nothing without --cluster", id="TLS for nothing"),
        pytest.param(("--cluster", "tcp://127.0.0.1:1", "--engine", "lld"), 2, "alone", id="lld"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_built(
    options: tuple[str, ...], code: int, words: str, expected: Expected, tmp_path: Path
) -> None:
    refuses(expected.fresh(tmp_path / "cache").burnish("build", *options), code, words)
