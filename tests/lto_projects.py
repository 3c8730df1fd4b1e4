"""Small projects for `burnish build`, the command itself, and what a build leaves behind."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from projects import CargoProject

_SHIM = Path("target", "burnish", "bin")

#: The project's own program, std-free: a link takes a tenth of a second instead of five.
_BARE = """\
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
pub extern "C" fn main(argc: c_int, _argv: *const *const c_char) -> c_int {
    unsafe { printf(c"bare %u\\n".as_ptr(), base::mixed(argc as u32 + 20)) };
    0
}
"""

#: core calls the panic handler, so core's unit imports from this crate.
_BASE = """\
#![no_std]

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}

pub fn mixed(x: u32) -> u32 {
    x.checked_mul(2).expect("small")
}
"""

_MANIFEST = '[package]\nname = "{}"\nversion = "0.1.0"\nedition = "2021"\n'


def bare() -> CargoProject:
    """The binary ``bare`` without std and the library ``base``; prints ``bare 42``."""
    return CargoProject(
        files={
            "Cargo.toml": _MANIFEST.format("bare")
            + '[dependencies]\nbase = { path = "base" }\n[profile.release]\npanic = "abort"\n',
            "src/main.rs": _BARE,
            "base/Cargo.toml": _MANIFEST.format("base"),
            "base/src/lib.rs": _BASE,
        }
    )


def everything() -> CargoProject:
    """A workspace whose binary ``app`` has a build script, a proc macro and a library, at opt-level 1 to save time."""
    main = """\
fn main() {
    let n: u32 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(21);
    println!("{} {} {}", base::twice(n), mac::answer!(), env!("BUILT"));
    std::panic::set_hook(Box::new(|_| ()));
    println!("{}", std::panic::catch_unwind(|| base::twice(u32::MAX)).is_err());
}
"""
    macro = (
        "#[proc_macro]\npub fn answer(_: proc_macro::TokenStream) -> proc_macro::TokenStream {\n"
        '    "42u8".parse().unwrap()\n}\n'
    )
    return CargoProject(
        files={
            "Cargo.toml": '[workspace]\nresolver = "2"\nmembers = ["app", "mac", "base"]\n'
            "[profile.release]\nopt-level = 1\n",
            "app/Cargo.toml": _MANIFEST.format("app")
            + '[dependencies]\nbase = { path = "../base" }\nmac = { path = "../mac" }\n',
            "app/build.rs": 'fn main() {\n    println!("cargo:rustc-env=BUILT={}", 7 * 6);\n}\n',
            "app/src/main.rs": main,
            "mac/Cargo.toml": _MANIFEST.format("mac") + "[lib]\nproc-macro = true\n",
            "mac/src/lib.rs": macro,
            "base/Cargo.toml": _MANIFEST.format("base"),
            "base/src/lib.rs": 'pub fn twice(x: u32) -> u32 {\n    x.checked_mul(2).expect("small enough")\n}\n',
        }
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def link(self) -> dict[str, Any]:
        """The record of the link (``--format json``)."""
        found: dict[str, Any] = json.loads(self.out)["link"]
        return found

    @property
    def redone(self) -> set[str]:
        """First words of the units that no cache gave."""
        return {unit["name"].partition("-")[0] for unit in self.link["units"] if not unit["cached"]}


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A project's directory and the cache it uses."""

    directory: Path
    cache: Path

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in {"RUSTFLAGS", "RUSTC_WRAPPER"}}
        fixed = {"BURNISH_CACHE_DIR": str(self.cache), "CARGO_NET_OFFLINE": "true", "NO_COLOR": "1"}
        return {**kept, **fixed, **(more or {})}

    def command(self, *args: str) -> list[str]:
        return [sys.executable, "-m", "burnish", *args]

    def burnish(self, *args: str, environment: Mapping[str, str] | None = None) -> Answer:
        return self.run(self.command(*args), environment)

    def run(self, command: list[str], environment: Mapping[str, str] | None = None) -> Answer:
        done = subprocess.run(
            command,
            cwd=self.directory,
            env=self.environment(environment),
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Answer(code=done.returncode, out=done.stdout, err=done.stderr)

    def built(self, *args: str, environment: Mapping[str, str] | None = None) -> Answer:
        """`burnish build --format json` that must succeed."""
        answer = self.burnish("build", "--format", "json", *args, environment=environment)
        assert answer.code == 0, answer.err
        return answer

    def with_shim_of(self, other: "Place") -> "Place":
        """Take over what is compiled once for a project, to save a second in each test."""
        shutil.copytree(other.directory / _SHIM, self.directory / _SHIM)
        return self

    @property
    def outputs(self) -> Path:
        return self.directory / "target" / "burnish" / "lto" / "release"

    def program(self, name: str) -> Path:
        return self.outputs / name

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.directory / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def unfinished(self) -> set[str]:
        """Scratch directories of links, and files that were being written."""
        below = [*self.directory.rglob("*"), *self.cache.rglob("*")]
        return {path.name for path in below if path.name.startswith(".burnish-link-") or ".unfinished" in path.name}


def says(program: Path, *args: str) -> str:
    """What a program prints; it must succeed."""
    return subprocess.run([program, *args], check=True, capture_output=True, text=True, timeout=60).stdout


def refuses(answer: Answer, code: int, *words: str) -> None:
    """An error of one message and a hint, and nothing on stdout."""
    assert answer.code == code, answer.err
    assert answer.out == ""
    assert answer.err.count("error: ") >= 1
    for word in words:
        assert word in answer.err, answer.err
