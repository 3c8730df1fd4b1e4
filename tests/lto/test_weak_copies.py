"""Copies of one symbol in several modules: the one that prevails is the one that runs, whoever defines or uses it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.cargo

MEMBERS = {
    # Interposable: the copies differ, and a losing body must not be inlined.
    "first": """
#![feature(linkage)]
#[linkage = "weak"]
#[no_mangle]
pub extern "C" fn chosen(x: u32) -> u32 { x + 7777 }
pub fn through_first(x: u32) -> u32 { kept(chosen(x)) * 2 }
#[linkage = "linkonce_odr"]
#[no_mangle]
#[inline(never)]
pub extern "C" fn kept(x: u32) -> u32 { x ^ 0x55 }
""",
    "second": """
#![feature(linkage)]
#[linkage = "weak"]
#[no_mangle]
pub extern "C" fn chosen(x: u32) -> u32 { x + 8888 }
pub fn through_second(x: u32) -> u32 { chosen(x) * 3 }
extern "C" { fn kept(x: u32) -> u32; }
pub fn kept_elsewhere(x: u32) -> u32 { unsafe { kept(x) } }
""",
}
MAIN = """
fn main() {
    let x = std::env::args().count() as u32;
    println!("{} {} {}", first::through_first(x), second::through_second(x), second::kept_elsewhere(x));
}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("weak")
    dependencies = "".join(f'{name} = {{ path = "{name}" }}\n' for name in MEMBERS)
    write(root, "weak", f"[dependencies]\n{dependencies}[workspace]\n", "src/main.rs", MAIN)
    for name, source in MEMBERS.items():
        write(root / name, name, "", "src/lib.rs", source)
    return root


def write(root: Path, name: str, rest: str, path: str, source: str) -> None:
    (root / path).parent.mkdir(parents=True)
    (root / "Cargo.toml").write_text(f'[package]\nname = "{name}"\nversion = "0.1.0"\nedition = "2021"\n{rest}')
    (root / path).write_text(source)


def run(*argv: str, cwd: Path, environment: dict[str, str] | None = None) -> str:
    # #[linkage] is how Rust comes to what C++ has every day; the stable compiler takes it where it is told to.
    environment = {**os.environ, "RUSTC_BOOTSTRAP": "1", **(environment or {})}
    done = subprocess.run(argv, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def expected(project: Path) -> str:
    run("cargo", "build", "--release", "--offline", cwd=project)
    return run(str(project / "target" / "release" / "weak"), cwd=project)


@pytest.mark.parametrize("mode", ["thin", "grouped=2", "fat"])
def test_the_copy_that_prevails_runs(project: Path, expected: str, mode: str) -> None:
    built = run(
        *(sys.executable, "-m", "burnish", "build", "--offline", "--lto", mode),
        cwd=project,
        environment={"BURNISH_CACHE_DIR": str(project / "cache")},
    )
    assert "by burnish" in built
    assert run(str(project / "target" / "burnish" / "lto" / "release" / "weak"), cwd=project) == expected
    # One body for both callers; which one is the linker's choice.
    assert expected in {f"{((1 + n) ^ 0x55) * 2} {(1 + n) * 3} {1 ^ 0x55}\n" for n in (7777, 8888)}
