"""Small Cargo projects, written where a test wants them, and cargo to try them.

None has dependencies from outside: cargo builds them offline.
"""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_HELLO = 'fn main() {\n    println!("hello");\n}\n'


@dataclass(frozen=True, kw_only=True, slots=True)
class CargoProject:
    """Files by their path relative to the project, ``/`` between parts."""

    files: Mapping[str, str]

    def generate(self, directory: Path) -> Path:
        """Writes all files into the directory, which may not exist yet, and returns it."""
        for name, text in self.files.items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return directory

    def plus(self, files: Mapping[str, str]) -> "CargoProject":
        """A copy with more files, or others in their place."""
        return CargoProject(files={**self.files, **files})

    def with_manifest(self, text: str) -> "CargoProject":
        """A copy whose root manifest ends with the text, for example a ``[profile.release]``."""
        return self.plus({"Cargo.toml": f"{self.files['Cargo.toml']}\n{text}"})


def run_cargo(directory: Path, *arguments: str, offline: bool = True) -> subprocess.CompletedProcess[str]:
    """The cargo that a shell would find, run to its end in the directory."""
    environment = {**os.environ, "CARGO_NET_OFFLINE": str(offline).lower()}
    command = ["cargo", *arguments]
    return subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)


def hello() -> CargoProject:
    """One binary, ``hello``; prints ``hello``."""
    return CargoProject(files={"Cargo.toml": _package("hello"), "src/main.rs": _HELLO})


def two_bins() -> CargoProject:
    """One package, ``pair``, with the binaries ``one`` and ``two``: which is meant must be said."""
    return CargoProject(
        files={
            "Cargo.toml": _package("pair"),
            "src/bin/one.rs": _HELLO,
            "src/bin/two.rs": _HELLO.replace("hello", "two"),
        }
    )


def virtual_workspace() -> CargoProject:
    """No root package; the binaries ``app`` and ``tool`` both use the library ``base``."""
    files = {"Cargo.toml": '[workspace]\nresolver = "2"\nmembers = ["app", "tool", "base"]\n'}
    for name in ("app", "tool"):
        files[f"{name}/Cargo.toml"] = _package(name, '[dependencies]\nbase = { path = "../base" }\n')
        files[f"{name}/src/main.rs"] = _greeting(name)
    files["base/Cargo.toml"] = _package("base")
    files["base/src/lib.rs"] = _LIBRARY
    return CargoProject(files=files)


def lib_only() -> CargoProject:
    """The library ``alone``: nothing that could be run."""
    return CargoProject(files={"Cargo.toml": _package("alone"), "src/lib.rs": _LIBRARY})


def broken_toml() -> CargoProject:
    """The manifest stops being TOML in its line 2."""
    return CargoProject(files={"Cargo.toml": '[package]\nname = "broken\n', "src/main.rs": _HELLO})


def does_not_compile() -> CargoProject:
    """The binary ``wrong``: rustc refuses it with E0308, mismatched types."""
    return CargoProject(
        files={"Cargo.toml": _package("wrong"), "src/main.rs": 'fn main() {\n    let _number: u32 = "text";\n}\n'}
    )


def cdylib_and_rlib() -> CargoProject:
    """The library ``both`` as cdylib and rlib: Cargo drops its LTO without a word."""
    library = '[lib]\ncrate-type = ["cdylib", "rlib"]\n'
    source = '#[no_mangle]\npub extern "C" fn twice(x: u32) -> u32 {\n    x.wrapping_mul(2)\n}\n'
    return CargoProject(files={"Cargo.toml": _package("both", library), "src/lib.rs": source})


def with_dep() -> CargoProject:
    """The binary ``app`` and the library ``base`` it depends on, beside it."""
    return CargoProject(
        files={
            "Cargo.toml": _package("app", '[dependencies]\nbase = { path = "base" }\n'),
            "src/main.rs": _greeting("app"),
            "base/Cargo.toml": _package("base"),
            "base/src/lib.rs": _LIBRARY,
        }
    )


# `expect` calls a panic, so rustc leaves the function in its crate: a call without LTO, gone with it.
_LIBRARY = """\
pub fn twice(x: u32) -> u32 {
    x.checked_mul(2).expect("small enough")
}
"""


def _greeting(name: str) -> str:
    return f'fn main() {{\n    println!("{name} {{}}", base::twice(21));\n}}\n'


def _package(name: str, rest: str = "") -> str:
    return f'[package]\nname = "{name}"\nversion = "0.1.0"\nedition = "2021"\n' + (f"\n{rest}" if rest else "")
