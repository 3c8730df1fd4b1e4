"""`burnish tune --cluster` on real schedulers and workers: the verdict and the files of this machine alone."""

import json
import signal
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from burnish.digests import digest_of
from cluster_processes import Node, Processes, wait_for
from lto_projects import Answer, Place, refuses
from projects import CargoProject

pytestmark = pytest.mark.cargo

_MANIFEST = '[package]\nname = "{}"\nversion = "0.1.0"\nedition = "2021"\n'
#: Without std: a link takes a tenth of a second.
_MAIN = """\
#![no_std]
#![no_main]
use core::ffi::{c_char, c_int};

#[link(name = "c")]
extern "C" {
    fn printf(format: *const c_char, ...) -> c_int;
}

#[no_mangle]
pub extern "C" fn rust_eh_personality() {}

#[no_mangle]
pub extern "C" fn main(_: c_int, _: *const *const c_char) -> c_int {
    let mut sum = 0u32;
    for number in 0..1_000_000 {
        sum = sum.wrapping_add(common::mixed(3, number % 1000));
    }
    unsafe { printf(c"%u %s\\n".as_ptr(), sum, concat!(env!("BUILT"), "\\0").as_ptr()) };
    0
}
"""
#: What the program calls with a constant: link-time optimization drops all cases but one, and is faster and smaller.
_COMMON = (
    "#![no_std]\n\n#[panic_handler]\nfn panic(_: &core::panic::PanicInfo) -> ! {\n    loop {}\n}\n\n"
    "pub fn mixed(kind: u32, x: u32) -> u32 {\n    match kind {\n"
    + "".join(
        f'{kind} => x.checked_mul({kind + 2}).expect("case {kind}: {kind * 7919:040}").rotate_left({kind % 31}),\n'
        for kind in range(200)
    )
    + "        _ => x,\n    }\n}\n"
)
#: A workspace whose program has a build script, with a member that it does not use and files that are no sources.
INSIDE = CargoProject(
    files={
        "work/Cargo.toml": '[workspace]\nresolver = "2"\nmembers = ["app", "idle", "common"]\n'
        '[profile.release]\npanic = "abort"\n',
        "work/app/Cargo.toml": _MANIFEST.format("app") + '[dependencies]\ncommon = { path = "../common" }\n',
        "work/app/build.rs": 'fn main() {\n    println!("cargo:rustc-env=BUILT={}", 7 * 6);\n}\n',
        "work/app/src/main.rs": _MAIN,
        "work/app/target/old": "not sent",
        "work/common/Cargo.toml": _MANIFEST.format("common"),
        "work/common/src/lib.rs": _COMMON,
        "work/idle/Cargo.toml": _MANIFEST.format("idle"),
        "work/idle/src/lib.rs": "#![no_std]\n",
    }
)
#: Three candidates, all of them much faster than the baseline, and one of them the smallest: little is to be measured.
ASKED = (
    "tune", "-p", "app", "--goal", "size", "--run", "{bin}", "--instructions", "none", "--limit", "time=9",
    "--options", "opt-level=2,3,z", "--options", "codegen-units=16", "--fix", "panic=abort", "--only", "o*-fat-*",
    "--budget", "5m", "--progress", "plain",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Alone:
    """A project that has been tuned on this machine alone: the result, and the digest of each candidate's file."""

    place: Place
    result: dict[str, Any]
    files: dict[str, str]

    def again(self, cluster: str, *more: str, inside: tuple[str, ...] = ()) -> Answer:
        """The same from the beginning, with a cluster."""
        command = self.place.command(*ASKED, "--format", "json", "--fresh", "--cluster", cluster, *more)
        return self.place.run([*inside, *command])

    def same(self, answer: Answer) -> dict[str, Any]:
        """That the verdict is the same and so is every file, byte for byte; gives the result."""
        assert answer.code == 0, answer.err
        result: dict[str, Any] = json.loads(answer.out)
        assert result["recommendation"]["profile"] == self.result["recommendation"]["profile"]
        assert result["recommendation"]["outcome"] == "change"
        assert result["recommendation"]["changes"] == self.result["recommendation"]["changes"]
        found = files(self.place)
        shared = found.keys() & self.files.keys()
        assert len(shared) >= 3
        assert {name: found[name] for name in shared} == {name: self.files[name] for name in shared}
        return result


def files(place: Place) -> dict[str, str]:
    """The digests of all candidates over shared libraries."""
    kept = (place.directory / "target" / "burnish" / "artifacts" / "app").glob("*-shared-*/*")
    return {f"{path.parent.name}/{path.name}": digest_of(path.read_bytes()) for path in kept}


def elsewhere(result: dict[str, Any]) -> list[str]:
    """The ids of the candidates that the cluster built."""
    return [str(row["profile"]) for row in result["rows"] if row["host"]]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Alone:
    root = INSIDE.generate(tmp_path_factory.mktemp("alone"))
    place = Place(directory=root / "work", cache=root / "cache")
    answer = place.burnish(*ASKED, "--format", "json")
    assert answer.code == 0, answer.err
    return Alone(place=place, result=json.loads(answer.out), files=files(place))


def test_the_verdict_and_every_file_are_those_of_this_machine_alone(alone: Alone, steady: Node) -> None:
    answer = alone.again(steady.address)
    result = alone.same(answer)
    assert elsewhere(result), answer.err
    assert any("were built on machines of a cluster" in note for note in result["notes"])
    assert "is left aside" not in answer.err
    # What is stored is not asked for again.
    again = alone.place.burnish(*ASKED, "--format", "json", "--cluster", steady.address)
    assert "building" not in again.err, again.err
    assert elsewhere(alone.same(again)) == elsewhere(result)


def tuned_while(alone: Alone, scheduler: Node, ready: Callable[[], object], act: Callable[[], None]) -> Answer:
    """Tune, and act in the middle of it."""
    answers: list[Answer] = []
    tune = threading.Thread(target=lambda: answers.append(alone.again(scheduler.address)))
    tune.start()
    try:
        wait_for(lambda: ready() or not tune.is_alive())
        assert tune.is_alive(), "it never came to that"
        act()
    finally:
        tune.join()
    (answer,) = answers
    return answer


def test_a_worker_killed_in_its_first_build(alone: Alone, pair: tuple[Node, Node, Node]) -> None:
    scheduler, victim, _ = pair
    answer = tuned_while(alone, scheduler, victim.builders, lambda: victim.signal(signal.SIGKILL))
    result = alone.same(answer)
    assert "it is not there any more" in answer.err
    assert elsewhere(result)
    wait_for(lambda: not victim.builders())


def test_a_worker_killed_in_a_later_build(alone: Alone, nodes: Processes) -> None:
    scheduler = nodes.scheduler()
    victim = nodes.worker(scheduler)
    seen: set[int] = set()

    def second() -> bool:
        seen.update(victim.builders())
        return len(seen) > 1

    answer = tuned_while(alone, scheduler, second, lambda: victim.signal(signal.SIGKILL))
    result = alone.same(answer)
    assert any("Of the cluster, the worker" in note for note in result["notes"]), result["notes"]


def test_a_scheduler_that_ends(alone: Alone, pair: tuple[Node, Node, Node]) -> None:
    scheduler, worker, _ = pair
    answer = tuned_while(alone, scheduler, worker.builders, lambda: scheduler.signal(signal.SIGKILL))
    alone.same(answer)
    assert "everything is built here" in answer.err or "is left aside" in answer.err, answer.err


def test_a_worker_whose_disk_is_full(alone: Alone, nodes: Processes) -> None:
    scheduler = nodes.scheduler()
    full = nodes.worker(scheduler)
    # Files beyond this size cannot be written, with an error as on a full disk.
    subprocess.run(["prlimit", f"--pid={full.process.pid}", "--fsize=2000:unlimited"], check=True)
    answer = alone.again(scheduler.address)
    result = alone.same(answer)
    assert elsewhere(result) == []
    assert "is left aside" in answer.err, answer.err
    assert not [path for path in full.cache.rglob("*") if ".unfinished" in path.name]


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
