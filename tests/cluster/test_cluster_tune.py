"""`burnish tune --cluster` on real schedulers and workers: the verdict and the files of this machine alone."""

from pathlib import Path

import pytest

from cluster_processes import Node, Processes
from cluster_tunes import ASKED, INSIDE, Alone, elsewhere
from lto_projects import Place, refuses

pytestmark = pytest.mark.cargo


def test_the_verdict_and_every_file_are_those_of_this_machine_alone(alone: Alone, steady: Node) -> None:
    answer = alone.again(steady.address)
    result = alone.same(answer)
    assert elsewhere(result), answer.err
    assert any("were built on machines of a cluster" in note for note in result["notes"])
    assert "is left aside" not in answer.err
    # What is stored is not asked for again.
    again = alone.place.run(alone.command(steady.address))
    assert "building" not in again.err, again.err
    assert elsewhere(alone.same(again)) == elsewhere(result)


def test_a_worker_that_does_not_fit_is_refused_and_named(alone: Alone, nodes: Processes, tmp_path: Path) -> None:
    scheduler = nodes.scheduler()
    empty = tmp_path / "empty"
    empty.mkdir()
    bare = {"RUSTUP_HOME": str(empty), "HOME": str(empty), "PATH": "/nowhere", "RUSTC": "/nowhere/rustc"}
    nodes.worker(scheduler, environment=bare)
    refuses(alone.again(scheduler.address), 9, "no worker of the cluster", "it has no rustc", "there: no toolchain")


def test_another_configuration_of_cargo_is_no_use(alone: Alone, nodes: Processes, tmp_path: Path) -> None:
    scheduler = nodes.scheduler()
    home = tmp_path / "cargo"
    home.mkdir()
    (home / "config.toml").write_text('[build]\nrustflags = ["-Ctarget-cpu=native"]\n')
    nodes.worker(scheduler, environment={"CARGO_HOME": str(home)})
    answer = alone.again(scheduler.address)
    assert elsewhere(alone.same(answer)) == []
    assert "says something else of builds here" in answer.err


def test_what_only_plain_cargo_builds_is_refused_before_anything_is_built(steady: Node, tmp_path: Path) -> None:
    root = INSIDE.plus({
        "work/Cargo.toml": INSIDE.files["work/Cargo.toml"] + "incremental = true\n"
    }).generate(tmp_path / "project")  # fmt: skip
    place = Place(directory=root / "work", cache=tmp_path / "cache")
    refuses(place.burnish(*ASKED, "--cluster", steady.address), 9, "incremental = true", "leave --cluster out")
    wrapper = tmp_path / "wrapper"
    wrapper.write_text('#!/bin/sh\nexec "$@"\n')
    wrapper.chmod(0o755)
    root = INSIDE.generate(tmp_path / "wrapped")
    place = Place(directory=root / "work", cache=tmp_path / "cache")
    answer = place.burnish(*ASKED, "--cluster", steady.address, environment={"RUSTC_WRAPPER": str(wrapper)})
    refuses(answer, 9, "stands between cargo and rustc")
