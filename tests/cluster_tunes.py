"""A project whose tune has a clear verdict, and what a tune with a cluster must have in common with one without."""

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from burnish.digests import digest_of
from cluster_processes import wait_for
from lto_projects import Answer, Place
from projects import CargoProject

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

const NOTES: &str = include_str!("../../NOTES");

#[no_mangle]
pub extern "C" fn rust_eh_personality() {}

#[no_mangle]
pub extern "C" fn main(_: c_int, _: *const *const c_char) -> c_int {
    let mut sum = 0u32;
    let table: [u32; 64] = core::hint::black_box(core::array::from_fn(|place| place as u32));
    for number in 0..1_000_000 {
        sum = sum.wrapping_add(common::mixed(3, number % 1000));
        if number % 1000 == 0 {
            sum = sum.wrapping_add(common::total(number / 1000 % 40, &table));
        }
    }
    unsafe { printf(c"%u %zu %s\\n".as_ptr(), sum, NOTES.len(), concat!(env!("BUILT"), "\\0").as_ptr()) };
    0
}
"""
#: What the program calls with a constant: link-time optimization drops all cases but one, and is faster and smaller.
#: And loops that opt-level 2 and 3 unroll: opt-level z is the smallest by far.
_COMMON = (
    "#![no_std]\n\n#[panic_handler]\nfn panic(_: &core::panic::PanicInfo) -> ! {\n    loop {}\n}\n\n"
    "pub fn mixed(kind: u32, x: u32) -> u32 {\n    match kind {\n"
    + "".join(
        f'{kind} => x.checked_mul({kind + 2}).expect("case {kind}: {kind * 7919:040}").rotate_left({kind % 31}),\n'
        for kind in range(200)
    )
    + "        _ => x,\n    }\n}\n\n"
    "pub fn total(kind: u32, table: &[u32; 64]) -> u32 {\n    let mut sum = 0u32;\n    match kind {\n"
    + "".join(
        f"{kind} => for x in table {{ sum = sum.wrapping_add(x.wrapping_mul({kind + 3}) ^ (x >> {kind % 7})); }}\n"
        for kind in range(40)
    )
    + "        _ => (),\n    }\n    sum\n}\n"
)
#: A workspace whose program has a build script and takes in a file beside the packages, with a member that it does not
#: use and files that are no sources.
INSIDE = CargoProject(
    files={
        "work/Cargo.toml": '[workspace]\nresolver = "2"\nmembers = ["app", "idle", "common"]\n'
        '[profile.release]\npanic = "abort"\nstrip = "symbols"\n',
        "work/app/Cargo.toml": _MANIFEST.format("app") + '[dependencies]\ncommon = { path = "../common" }\n',
        "work/app/build.rs": 'fn main() {\n    println!("cargo:rustc-env=BUILT={}", 7 * 6);\n}\n',
        "work/app/src/main.rs": _MAIN,
        "work/app/target/old": "not sent",
        "work/common/Cargo.toml": _MANIFEST.format("common"),
        "work/common/src/lib.rs": _COMMON,
        "work/NOTES": "beside the packages",
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

    def command(self, cluster: str, *more: str) -> list[str]:
        return self.place.command(*ASKED, "--format", "json", "--cluster", cluster, *more)

    def again(self, cluster: str, *more: str, inside: Sequence[str] = ()) -> Answer:
        """The same from the beginning, with a cluster."""
        return self.place.run([*inside, *self.command(cluster, "--fresh", *more)])

    def again_while(
        self,
        cluster: str,
        ready: Callable[[], object],
        act: Callable[[], object],
        *more: str,
        inside: Sequence[str] = (),
    ) -> Answer:
        """The same, with something done in the middle of it, once it is so far."""
        answers: list[Answer] = []
        tune = threading.Thread(target=lambda: answers.append(self.again(cluster, *more, inside=inside)))
        tune.start()
        try:
            wait_for(lambda: ready() or not tune.is_alive())
            assert tune.is_alive(), "it never came to that"
            act()
        finally:
            tune.join()
        (answer,) = answers
        return answer

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


def tuned_alone(root: Path) -> Alone:
    """Tune the project on this machine alone."""
    place = Place(directory=INSIDE.generate(root) / "work", cache=root / "cache")
    answer = place.burnish(*ASKED, "--format", "json")
    assert answer.code == 0, answer.err
    return Alone(place=place, result=json.loads(answer.out), files=files(place))
