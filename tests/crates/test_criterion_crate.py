"""Criterion of the registry: what burnish reads of it, and tells it, is what it writes and takes."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from burnish.measure.criterion import HOME, arguments, read_estimates
from projects import CargoProject, run_cargo

pytestmark = pytest.mark.crates

BENCH = """\
use criterion::{criterion_group, criterion_main, BenchmarkId, Criterion};

fn all(c: &mut Criterion) {
    c.bench_function("a plain one", |b| b.iter(|| std::hint::black_box(2) + 2));
    let mut group = c.benchmark_group("group/of two");
    for n in [5u32, 500] {
        let id = BenchmarkId::new("sum", n);
        group.bench_with_input(id, &n, |b, n| b.iter(|| (0..std::hint::black_box(*n)).sum::<u32>()));
    }
    group.finish();
}

criterion_group!(benches, all);
criterion_main!(benches);
"""


def bench(directory: Path, version: str) -> Path:
    """The bench's executable."""
    manifest = f"""\
[package]
name = "measured"
version = "0.1.0"
edition = "2021"

[dev-dependencies]
criterion = {{ version = "{version}", default-features = false }}

[[bench]]
name = "sums"
harness = false
"""
    files = {"Cargo.toml": manifest, "src/lib.rs": "", "benches/sums.rs": BENCH}
    CargoProject(files=files).generate(directory)
    built = run_cargo(directory, "build", "--release", "--bench", "sums", "--message-format=json", offline=False)
    assert built.returncode == 0, built.stderr
    messages: list[dict[str, Any]] = [json.loads(line) for line in built.stdout.splitlines()]
    return next(Path(each["executable"]) for each in messages if each.get("executable"))


@pytest.mark.parametrize("version", ["0.5", "0.8"])
def test_what_criterion_writes_is_read_and_what_it_is_told_it_takes(tmp_path: Path, version: str) -> None:
    program = bench(tmp_path / "project", version)
    for given, ids in (
        ((), ["a plain one", "group/of two/sum/5", "group/of two/sum/500"]),
        (("sum/5$", "--measurement-time", "0.3"), ["group/of two/sum/5"]),
    ):
        home = tmp_path / f"home-{len(given)}"
        run = subprocess.run(
            [str(program), *arguments(given)],
            cwd=tmp_path / "project",
            env={**os.environ, HOME: str(home)},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert run.returncode == 0, run.stderr
        found = dict(read_estimates(home))
        assert sorted(found) == ids
        # In nanoseconds, as it prints them itself, between the ends of its interval.
        shown = json.loads((home / "group_of two" / "sum" / "5" / "new" / "estimates.json").read_text())
        assert found["group/of two/sum/5"] == shown["mean"]["point_estimate"]
        assert 0.01 < found["group/of two/sum/5"] < 1e6
        assert not list(home.rglob("*.svg"))
    assert not (tmp_path / "project" / "target" / "criterion").exists()
