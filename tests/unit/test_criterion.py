"""Criterion's files as they may come, and what is made of them. That the form is criterion's own: tests/crates."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from burnish.errors import WorkloadError
from burnish.measure.benchmarks import benchmarks
from burnish.measure.criterion import arguments, read_estimates
from burnish.measure.statistics import log_ratios
from burnish.measure.values import Round, Sample, geometric_mean


def written(home: Path, place: str, name: object, mean: object) -> Path:
    directory = home / place / "new"
    directory.mkdir(parents=True)
    (directory / "benchmark.json").write_text(json.dumps({"group_id": "g", "full_id": name}))
    (directory / "estimates.json").write_text(json.dumps({"mean": {"point_estimate": mean}, "slope": None}))
    return directory


def test_each_benchmark_is_read_once_and_by_its_id(tmp_path: Path) -> None:
    written(tmp_path, "group/fib/20", "group/fib/20", 2e6)
    other = written(tmp_path, "a b", "a b", 4)
    # What criterion keeps beside it: the run before, and a directory that holds no run.
    other.rename(other.with_name("base"))
    written(tmp_path, "a b", "a b", 5.5)
    (tmp_path / "report" / "new").mkdir(parents=True)
    assert read_estimates(tmp_path) == (("a b", 5.5), ("group/fib/20", 2e6))
    assert read_estimates(tmp_path / "nothing") == ()


@pytest.mark.parametrize(
    ("name", "mean", "words"),
    [
        ("a", 0, "a mean of 0"),
        ("a", -1.5, "a mean of -1.5"),
        ("a", "fast", "Expected `float`"),
        ("", 1, "an id of 0 characters"),
        ("a" * 2000, 1, "an id of 2000 characters"),
        (7, 1, "Expected `str`"),
    ],
)
def test_what_criterion_would_not_write_is_refused_with_its_place(
    tmp_path: Path, name: object, mean: object, words: str
) -> None:
    written(tmp_path, "a", name, mean)
    with pytest.raises(WorkloadError, match=words) as caught:
        read_estimates(tmp_path)
    assert "a/new/" in caught.value.message
    assert "--bench NAME" in caught.value.hint


@pytest.mark.parametrize("case", ["missing", "linked", "large", "no json"])
def test_a_file_that_is_missing_linked_too_large_or_no_json_is_refused(tmp_path: Path, case: str) -> None:
    file = written(tmp_path / "home", "a", "a", 1) / "benchmark.json"
    match case:
        case "missing":
            file.unlink()
        case "linked":
            file.symlink_to(file.rename(tmp_path / "elsewhere"))
        case "large":
            file.write_text(file.read_text() + " " * (1 << 20))
        case _:
            file.write_bytes(b"\xff")
    with pytest.raises(WorkloadError, match=r"benchmark\.json"):
        read_estimates(tmp_path / "home")


def test_an_id_that_comes_twice_is_refused(tmp_path: Path) -> None:
    written(tmp_path, "a", "same", 1)
    written(tmp_path, "b", "same", 1)
    with pytest.raises(WorkloadError, match="second time"):
        read_estimates(tmp_path)


def test_a_run_is_brief_unless_the_user_says_how_long() -> None:
    plain = arguments(())
    assert plain[:2] == ("--bench", "--noplot")
    assert "--measurement-time" in plain
    given = ("--measurement-time", "5", "--warm-up-time=1", "-n", "fib")
    found = arguments(given)
    assert found[-5:] == given
    # Criterion refuses an option that comes twice.
    assert [word.partition("=")[0] for word in found].count("--measurement-time") == 1
    assert "--warm-up-time" not in found
    assert "--noplot" not in found


def sample(arm: str, wall: float, **estimates: float) -> Sample:
    found: dict[str, Any] = {"arm": arm, "wall": wall, "user": wall, "sys": 0.0, "maxrss": 1, "nivcsw": 0}
    return Sample(**found, estimates=tuple(sorted(estimates.items())))


def test_the_geometric_mean_weighs_each_benchmark_by_its_ratio() -> None:
    assert geometric_mean((("a", 1.0), ("b", 1e6))) == pytest.approx(1e-6)
    # One twice as fast, one twice as slow, whatever their sizes: no change. The wall time of the run says nothing.
    done = [Round(number=0, samples=(sample("x", 9.0, a=10.0, b=2e6), sample("base", 1.0, a=20.0, b=1e6)))]
    assert log_ratios(done, "x", "base") == pytest.approx((0.0,))


def test_each_benchmark_by_itself() -> None:
    rounds = [
        Round(
            number=number, samples=(sample("x", 1.0, a=90.0 + number % 2, b=8.0), sample("base", 1.0, a=100.0, b=4.0))
        )
        for number in range(10)
    ]
    fast, slow = benchmarks(rounds, "x", "base")
    assert (fast.name, slow.name) == ("a", "b")
    assert fast.before == pytest.approx(100e-9)
    assert fast.low < fast.ratio < fast.high < 1
    assert (slow.ratio, slow.low, slow.high) == pytest.approx((2.0, 2.0, 2.0))
    assert benchmarks([Round(number=0, samples=(sample("x", 1.0), sample("base", 1.0)))], "x", "base") == ()
    assert math.isfinite(fast.high)
