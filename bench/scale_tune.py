"""How a tune scales: on one machine alone, and with workers of a cluster beside it.

    python bench/scale_tune.py DIR PROJECT [--rounds 2] [--run '{bin} ...']

A machine is a core here: burnish and each worker have one of their own, and a worker says that it is a machine of its
own (another boot id, in a mount namespace: as root). Nothing is known on either side before a tune; crates are fetched
before. With a workload, its rounds are this machine's alone, as always.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from scale import cluster


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("project", type=Path)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--goal", default="size")
    parser.add_argument("--run")
    args = parser.parse_args()
    directory = args.directory.resolve()
    project = directory / "project"
    shutil.copytree(args.project, project, ignore=shutil.ignore_patterns("target"), dirs_exist_ok=True)
    machines = len(os.sched_getaffinity(0))
    asked = ["--goal", args.goal, "--budget", "3h", *(["--run", args.run] if args.run else [])]
    walls: dict[int, list[float]] = {0: [], machines - 1: []}
    for number in range(args.rounds):
        for workers in sorted(walls, reverse=number % 2 == 1):
            place = directory / f"round-{number}-{workers}"
            result, wall = tuned(project, place, asked, workers)
            walls[workers].append(wall)
            print(f"round {number + 1}, {workers} workers: {line(result, wall)}", flush=True)
            shutil.rmtree(place)
    table(walls)


def tuned(project: Path, place: Path, asked: list[str], workers: int) -> tuple[dict[str, Any], float]:
    """A tune from nothing; gives the result and the seconds by the clock."""
    if workers == 0:
        place.mkdir()
        return _tuned(project, place, asked)
    with cluster(place, workers, first=1, apart=True) as address:
        return _tuned(project, place, [*asked, "--cluster", address])


def _tuned(project: Path, place: Path, asked: list[str]) -> tuple[dict[str, Any], float]:
    shutil.rmtree(project / "target", ignore_errors=True)
    core = str(min(os.sched_getaffinity(0)))
    began = time.perf_counter()
    pinned = ["taskset", "-c", core]
    done = subprocess.run(
        [*pinned, sys.executable, "-m", "burnish", "tune", str(project), "--format", "json", *asked],
        cwd=place, env={**os.environ, "BURNISH_CACHE_DIR": str(place / "cache"), "CARGO_NET_OFFLINE": "true"},
        check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    result: dict[str, Any] = json.loads(done.stdout)
    return result, time.perf_counter() - began


def line(result: dict[str, Any], wall: float) -> str:
    there = sum(bool(row["host"]) for row in result["rows"])
    verdict = result["recommendation"]["profile"]
    words = "-".join(str(verdict[key]) for key in ("opt_level", "lto", "codegen_units"))
    lost = [note for note in result["notes"] if note.startswith("Of the cluster")]
    return f"{wall:.0f} s, {len(result['rows'])} rows, {there} built by workers, verdict {words} {lost or ''}"


def table(walls: dict[int, list[float]]) -> None:
    alone = statistics.median(walls[0])
    print("\n| machines | tune | speed-up |\n|---|---|---|")
    for workers, seconds in walls.items():
        wall = statistics.median(seconds)
        print(f"| {workers + 1} | {wall:.0f} s | {alone / wall:.2f} |")


if __name__ == "__main__":
    main()
