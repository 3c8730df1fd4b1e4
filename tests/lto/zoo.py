"""A Rust workspace whose links have something of everything, built once with its link lines recorded.

A program with a C archive that calls back, a weak C function that Rust overrides, an exported symbol; a cdylib; a
procedural macro; a build script.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

FILES = {
    "Cargo.toml": """
[workspace]
resolver = "2"
members = ["app", "plug", "mac", "dep"]
""",
    "app/Cargo.toml": """
[package]
name = "app"
version = "0.1.0"
edition = "2021"
[dependencies]
mac = { path = "../mac" }
dep = { path = "../dep" }
""",
    "app/build.rs": """
use std::process::Command;
fn main() {
    let out = std::env::var("OUT_DIR").unwrap();
    let mut objects = vec![];
    for name in ["one", "two", "unused"] {
        let object = format!("{out}/{name}.o");
        let mut cc = Command::new("cc");
        assert!(cc.args(["-O1", "-fPIC", "-c", &format!("{name}.c"), "-o", &object]).status().unwrap().success());
        objects.push(object);
    }
    assert!(Command::new("ar").arg("crs").arg(format!("{out}/libparts.a")).args(objects).status().unwrap().success());
    println!("cargo:rustc-link-search=native={out}");
    println!("cargo:rustc-link-lib=static:-bundle=parts");
    println!("cargo:rustc-link-arg-bins=-Wl,--export-dynamic-symbol=app_exported");
}
""",
    "app/one.c": """
int rust_callback(int x);
int two(int x);
__attribute__((weak)) int rust_override(int x) { return x; }
int one(int x) { return two(rust_callback(x)) + rust_override(x); }
""",
    "app/two.c": """
__attribute__((weak)) int maybe_there(int x);
int two(int x) { return maybe_there ? maybe_there(x) : x + 2; }
""",
    "app/unused.c": """
int rust_only_unused(int x);
int unused(int x) { return rust_only_unused(x); }
""",
    "app/src/main.rs": """
use mac::Nothing;
#[derive(Nothing)]
#[allow(dead_code)]
struct S;
extern "C" { fn one(x: i32) -> i32; }
#[no_mangle] pub extern "C" fn rust_callback(x: i32) -> i32 { dep::twice(x) }
#[no_mangle] pub extern "C" fn rust_override(x: i32) -> i32 { x * 100 }
#[no_mangle] pub extern "C" fn rust_only_unused(x: i32) -> i32 { x * 3 }
#[no_mangle] pub extern "C" fn app_exported(x: i32) -> i32 { x * 7 }
fn main() { println!("{}", unsafe { one(std::env::args().count() as i32) }); }
""",
    "plug/Cargo.toml": """
[package]
name = "plug"
version = "0.1.0"
edition = "2021"
[lib]
crate-type = ["cdylib"]
[dependencies]
dep = { path = "../dep" }
""",
    "plug/src/lib.rs": """
#[no_mangle] pub extern "C" fn plug_add(a: i32, b: i32) -> i32 { dep::twice(a) + b }
#[no_mangle] pub static PLUG_TABLE: [i32; 3] = [1, 2, 3];
""",
    "mac/Cargo.toml": """
[package]
name = "mac"
version = "0.1.0"
edition = "2021"
[lib]
proc-macro = true
""",
    "mac/src/lib.rs": """
use proc_macro::TokenStream;
#[proc_macro_derive(Nothing)]
pub fn nothing(_: TokenStream) -> TokenStream { TokenStream::new() }
""",
    "dep/Cargo.toml": """
[package]
name = "dep"
version = "0.1.0"
edition = "2021"
""",
    "dep/src/lib.rs": """
#[inline(never)] pub fn twice(x: i32) -> i32 { x.wrapping_mul(2) + TABLE[(x & 3) as usize] }
static TABLE: [i32; 4] = [0; 4];
#[no_mangle] pub extern "C" fn dep_c_name() -> i32 { 5 }
""",
}

#: Stands for burnish-cc: notes the line and what rustc was told, keeps rustc's temporary files, and links.
RECORDER = """#!{python}
import dataclasses, json, os, pathlib, shutil, sys
from burnish.lto.line.rustc import rustc_of
told = rustc_of(os.getppid())
directory = pathlib.Path({records!r}) / (told.crate_name + ("-macro" if "proc-macro" in told.crate_types else ""))
directory.mkdir(exist_ok=True)  # cargo builds macros of the workspace twice
line = []
for argument in sys.argv[1:]:
    before, equals, path = argument.rpartition("=")
    if "/rustc" in path and os.path.isfile(path) and pathlib.Path(path).parent.name.startswith("rustc"):
        argument = before + equals + shutil.copy(path, directory)
    line.append(argument)
(directory / "record.json").write_text(json.dumps({{"line": line, "told": dataclasses.asdict(told)}}))
os.execvp("cc", ["cc", *sys.argv[1:]])
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """A link that cargo ran: the line, to be run again, and what rustc was told by its own account."""

    line: list[str]
    told: dict[str, object]


def build(root: Path) -> dict[str, Link]:
    """Build the workspace; its links by crate."""
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip())
    records = root / "records"
    records.mkdir()
    linker = root / "burnish-cc"
    linker.write_text(RECORDER.format(python=sys.executable, records=str(records)))
    linker.chmod(0o755)
    environment = {
        **os.environ,
        "CARGO_PROFILE_RELEASE_LTO": "thin",
        "CARGO_TARGET_DIR": str(root / "target"),
        # The objects of the final crates are needed after rustc is gone.
        "RUSTFLAGS": f"-Clinker-plugin-lto -Csave-temps -Clinker={linker}",
    }
    command = ["cargo", "build", "--release", "--offline"]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    links = {}
    for record in records.glob("*/record.json"):
        content = json.loads(record.read_text())
        links[record.parent.name] = Link(line=content["line"], told=content["told"])
    return links
