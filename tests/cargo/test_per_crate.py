"""`burnish tune --per-crate` on a project with a hot crate and a large cold one, with the real cargo and valgrind."""

import json
import shutil
import tomllib
from pathlib import Path

import pytest
from test_bad_input import burnish
from test_tune import NARROW

import projects

pytestmark = pytest.mark.cargo

# Runs once in the workload; many loops that opt-level 3 unrolls and vectorizes.
PART = """\
#[inline(never)]
pub fn part{0}(data: &mut [u32]) {{
    for (at, each) in data.iter_mut().enumerate() {{
        *each = each.rotate_left({0}) ^ (at as u32 * {0});
    }}
    let total: u32 = data.iter().fold({0}, |sum, each| sum.wrapping_mul(31).wrapping_add(*each));
    for each in data.iter_mut().rev() {{
        *each = each.wrapping_add(total).count_ones() * {0};
    }}
}}
"""
PARTS = range(1, 60)
CALLS = "".join(f"    part{number}(data);\n" for number in PARTS)
COLD = "".join(PART.format(number) for number in PARTS) + f"pub fn all(data: &mut [u32]) {{\n{CALLS}}}\n"

HOT = """\
#[inline(never)]
pub fn work(rounds: u32) -> u32 {
    (0..rounds).fold(1, |sum, at| sum.rotate_left(3) ^ at.wrapping_mul(sum))
}
"""

MAIN = """\
fn main() {
    let mut data = [7u32; 8];
    cold::all(std::hint::black_box(&mut data));
    println!("{} {}", hot::work(std::hint::black_box(3_000_000)), data[3]);
}
"""

MANIFEST = '[package]\nname = "{0}"\nversion = "0.1.0"\nedition = "2021"\n'


def project(directory: Path) -> Path:
    files = {
        "Cargo.toml": MANIFEST.format("app")
        + '[dependencies]\ncold = { path = "cold" }\nhot = { path = "hot" }\n[profile.release]\ncodegen-units = 1\n',
        "src/main.rs": MAIN,
        "cold/Cargo.toml": MANIFEST.format("cold"),
        "cold/src/lib.rs": COLD,
        "hot/Cargo.toml": MANIFEST.format("hot"),
        "hot/src/lib.rs": HOT,
    }
    return projects.CargoProject(files=files).generate(directory)


@pytest.mark.skipif(shutil.which("valgrind") is None, reason="counting by function needs valgrind")
def test_the_cold_crate_is_found_tried_and_measured(tmp_path: Path) -> None:
    directory = project(tmp_path / "project")
    asked = ("--run", "{bin}", "--goal", "size", "--per-crate", *NARROW, "--fix", "lto=false", "--budget", "40s")
    done = burnish(directory, "tune", *asked, "--format", "json")
    assert done.code == 0, done.err
    tried = json.loads(done.out)["per_crate"]
    assert [each["opt_level"] for each in tried] == ["s", "z"], done.err
    for each in tried:
        assert each["packages"] == ["cold"]
        before, after = each["size"]
        assert after < before
        assert each["time"] is not None
    assert sum(each["accepted"] for each in tried) <= 1
    assert "An opt-level for single crates" in burnish(directory, "report").out
    assert "opt-level" not in (directory / "Cargo.toml").read_text()

    applied = burnish(directory, "apply", "--yes")
    written = tomllib.loads((directory / "Cargo.toml").read_text())["profile"]["release"]
    paid = [each for each in tried if each["accepted"]]
    assert written.get("package", {}) == ({"cold": {"opt-level": paid[0]["opt_level"]}} if paid else {})
    assert applied.code == 0, applied.err
    assert projects.run_cargo(directory, "build", "--release").returncode == 0
    if paid:
        built = (directory / "target" / "release" / "app").stat().st_size
        assert built == pytest.approx(paid[0]["size"][1], rel=0.001)


def test_without_a_workload_nobody_knows_what_is_cold(tmp_path: Path) -> None:
    directory = project(tmp_path / "project")
    done = burnish(
        directory, "tune", "--goal", "size", "--per-crate", *NARROW, "--fix", "lto=false", "--format", "json"
    )
    assert done.code == 0, done.err
    assert "without --run nobody knows which crates are cold" in done.err
    assert json.loads(done.out)["per_crate"] == []
