"""How a link scales on a cluster: measured with one and two workers here, simulated beyond.

    python bench/scale.py measure DIR [--rounds 3]    real scheduler and workers, one core each; writes the recording
    python bench/scale.py simulate                    the tables, from the recording

`measure` builds bench/many cold: neither this machine nor a worker holds anything. The recording has each unit's
seconds, sizes and contents, and the stages of the driver; bench/cluster_model.py says what is made of them.
"""

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from burnish.lto.recordfile import read_decisions
from cluster_model import Link, Piece, World, bottleneck, grown, simulate

ROOT = Path(__file__).parents[1]
RECORDING = ROOT / "bench" / "data" / "scale" / "many.json"
_READY = 60.0
_GIGABIT = 125_000_000
_BOOT = "/proc/sys/kernel/random/boot_id"
#: Modules that many import from in slim copies, see burnish.lto.do.slim: about this share of their bytes.
_SLIM_IMPORTERS, _SLIM_BYTES = 12, 4_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    measuring = commands.add_parser("measure")
    measuring.add_argument("directory", type=Path)
    measuring.add_argument("--rounds", type=int, default=3)
    measuring.add_argument("--project", type=Path, default=ROOT / "bench" / "many")
    measuring.add_argument("--bin", default="many")
    measuring.set_defaults(do=measure)
    commands.add_parser("simulate").set_defaults(do=lambda _args: tables())
    args = parser.parse_args()
    args.do(args)


def measure(args: argparse.Namespace) -> None:
    project = args.directory / "project"
    shutil.copytree(args.project, project, ignore=shutil.ignore_patterns("target"), dirs_exist_ok=True)
    # Libraries, host crates and the shim are compiled before anything is measured.
    built(project, args, args.directory / "warm-cache", [])
    runs: dict[int, list[dict[str, Any]]] = {1: [], 2: []}
    for number in range(args.rounds):
        for workers in (1, 2) if number % 2 == 0 else (2, 1):
            place = args.directory / f"round-{number}-{workers}"
            with cluster(place, workers) as address:
                link = built(project, args, place / "cache", ["--cluster", address])
            if link["cluster"]["there"] != link["cluster"]["orders"]:
                raise SystemExit(f"not all was done there: {link['cluster']}")
            runs[workers].append(link)
            print(f"round {number + 1}, {workers} workers: {line(link)}", flush=True)
            shutil.rmtree(place)
    record(project, args.bin, runs)
    tables()


def line(link: dict[str, Any]) -> str:
    row = link["cluster"]
    return (
        f"{wall(link):.2f} s (backends {stage(link, 'backends'):.2f}, connecting {row['connecting']:.2f}, "
        f"sharing {row['sharing']:.2f}), {row['orders']} orders, {row['sent'] / 1e6:.0f} MB"
    )


def built(project: Path, args: argparse.Namespace, cache: Path, options: list[str]) -> dict[str, Any]:
    (project / "src" / "main.rs").touch()
    done = subprocess.run(
        [sys.executable, "-m", "burnish", "build", "--bin", args.bin, "--format", "json", "--jobs", "1", *options],
        cwd=project, env={**os.environ, "BURNISH_CACHE_DIR": str(cache)}, check=True, stdout=subprocess.PIPE,
    )  # fmt: skip
    link: dict[str, Any] = json.loads(done.stdout)["link"]
    return link


@contextmanager
def cluster(place: Path, workers: int, *, first: int = 0, apart: bool = False) -> Iterator[str]:
    """A scheduler and workers with a core each.

    Args:
        place: for their caches and logs.
        workers: how many.
        first: the core of the first.
        apart: each says that it is a machine of its own (another boot id, in a mount namespace: as root).
    """
    place.mkdir()
    cores = sorted(os.sched_getaffinity(0))
    nodes: list[subprocess.Popen[bytes]] = []

    def start(name: str, words: list[str], core: int | None) -> Path:
        log = place / f"{name}.log"
        pinned = ["taskset", "-c", str(core)] if core is not None else []
        if apart and core is not None:
            boot = place / f"{name}.boot"
            boot.write_text(f"{name}\n")
            pinned += ["unshare", "--mount", "sh", "-c", f'mount --bind "$0" {_BOOT} && exec "$@"', str(boot)]
        with log.open("wb") as file:
            nodes.append(
                subprocess.Popen(
                    [*pinned, sys.executable, "-m", "dask", *words, "--no-dashboard"],
                    env={**os.environ, "BURNISH_CACHE_DIR": str(place / f"{name}.cache")},
                    stdout=file, stderr=subprocess.STDOUT, start_new_session=True,
                )
            )  # fmt: skip
        return log

    try:
        log = start("scheduler", ["scheduler", "--host", "127.0.0.1", "--port", "0"], None)
        address = said(log, "Scheduler at:").split()[-1]
        for number in range(workers):
            words = ["worker", address, "--host", "127.0.0.1", "--nthreads", "1", "--no-nanny"]
            words += ["--local-directory", str(place / f"local-{number}")]
            said(start(f"worker-{number}", words, cores[(first + number) % len(cores)]), "Registered to:")
        yield address
    finally:
        for node in nodes:
            os.killpg(node.pid, signal.SIGKILL)
            node.wait()


def said(log: Path, words: str) -> str:
    until = time.monotonic() + _READY
    while time.monotonic() < until:
        for each in log.read_text(errors="replace").splitlines():
            if words in each:
                return each
        time.sleep(0.05)
    raise SystemExit(f"{log}: nothing of {words!r}")


def wall(link: dict[str, Any]) -> float:
    return float(sum(each["wall"] for each in link["stages"]))


def stage(link: dict[str, Any], name: str) -> float:
    return float(next(each["wall"] for each in link["stages"] if each["name"] == name))


def record(project: Path, crate: str, runs: dict[int, list[dict[str, Any]]]) -> None:
    """Write what the simulation needs: units and contents of a run with one worker, medians of all."""
    first = runs[1][-1]
    plans = sorted((project / "target" / "burnish" / "lto" / "records").glob(f"*/{crate}.plan.json"))
    plan = read_decisions(max(plans, key=lambda path: path.stat().st_mtime))
    sources: dict[int, set[int]] = {}
    for unit, module in zip(plan.imports.unit, plan.imports.module, strict=True):
        sources.setdefault(unit, set()).add(module)
    numbers = {name: number for number, name in enumerate(plan.units)}
    units = []
    for row in first["units"]:
        number = numbers[row["name"]]
        seconds = sum(each["wall"] for each in row["stages"])
        units.append([number, plan.costs[number], round(seconds, 4), row["bytes"], sorted(sources.get(number, ()))])
    recording = {
        "when": time.strftime("%Y-%m-%d"),
        "cpu": next((each.partition(":")[2].strip() for each in cpuinfo() if each.startswith("model name")), ""),
        "load": round(os.getloadavg()[0], 2),
        "modules": [module["bytes"] for module in first["modules"]],
        "units": units,
        "runs": {
            str(workers): [
                {
                    "wall": round(wall(link), 3),
                    "stages": {each["name"]: round(each["wall"], 3) for each in link["stages"]},
                    "connecting": round(link["cluster"]["connecting"], 3),
                    "sharing": round(link["cluster"]["sharing"], 3),
                    "sent": link["cluster"]["sent"],
                    "orders": link["cluster"]["orders"],
                    "work": round(sum(order["wall"] for order in link["cluster"]["work"]), 3),
                    "backends": round(sum(each["wall"] for row in link["units"] for each in row["stages"]), 3),
                }
                for link in links
            ]
            for workers, links in runs.items()
        },
    }
    RECORDING.parent.mkdir(parents=True, exist_ok=True)
    RECORDING.write_text(json.dumps(recording, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"wrote {RECORDING.relative_to(ROOT)}, {RECORDING.stat().st_size} bytes")


def cpuinfo() -> list[str]:
    return Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()


def read(recording: dict[str, Any]) -> tuple[Link, World]:
    """The link and the world of the runs with one worker: all but the two workers' run goes into the model."""
    runs = recording["runs"]["1"]

    def middle(name: str) -> float:
        return float(statistics.median(each[name] for each in runs))

    def stages(name: str) -> float:
        return float(statistics.median(each["stages"][name] for each in runs))

    importers: dict[int, int] = {}
    for *_, sources in recording["units"]:
        for module in sources:
            importers[module] = importers.get(module, 0) + 1
    modules = recording["modules"]
    slim = {
        module for module, count in importers.items()
        if (count - _SLIM_IMPORTERS) * modules[module] > _SLIM_BYTES
    }  # fmt: skip
    # What was sent in all says how large the slim copies are.
    whole = {number for number, *_ in recording["units"]} | set(importers) - slim
    rest = middle("sent") - sum(modules[module] for module in whole)
    share = max(0.02, rest / max(1, sum(modules[module] for module in slim)))
    contents = [*modules, *(int(modules[module] * share) for module in sorted(slim))]
    copies = {module: len(modules) + place for place, module in enumerate(sorted(slim))}
    factor = middle("backends") / sum(seconds for _, _, seconds, *_ in recording["units"])
    pieces = tuple(
        Piece(
            cost=cost,
            seconds=seconds * factor,
            out=out,
            contents=(number, *(copies.get(module, module) for module in sources if module != number)),
        )
        for number, cost, seconds, out, sources in recording["units"]
    )
    link = Link(
        pieces=pieces,
        contents=tuple(contents),
        reading=stages("read"),
        deciding=stages("thin link"),
        linking=stages("link"),
    )
    orders = middle("orders")
    # Here contents and objects never leave the machine: their rates are what was seen.
    sharing = middle("sent") / middle("sharing")
    spent = stages("backends") - middle("connecting") - middle("sharing") - middle("work")
    world = World(
        bandwidth=sharing,
        sharing=sharing,
        receiving=sum(piece.out for piece in pieces) / max(0.05, spent),
        connecting=middle("connecting"),
        start=(middle("work") - middle("backends")) / orders,
    )
    return link, world


def tables() -> None:
    recording = json.loads(RECORDING.read_text(encoding="utf-8"))
    link, world = read(recording)
    print(f"recorded {recording['when']}, {recording['cpu']}, load {recording['load']}")
    print(f"{len(link.pieces)} units, largest {max(piece.seconds for piece in link.pieces):.2f} s\n")
    print("| workers | measured | simulated | error |\n|---|---|---|---|")
    measured = {}
    for workers in (1, 2):
        runs = [each["wall"] for each in recording["runs"][str(workers)]]
        measured[workers] = statistics.median(runs)
        guessed = simulate(link, world, workers).wall
        print(f"| {workers} | {measured[workers]:.2f} s | {guessed:.2f} s | {guessed / measured[workers] - 1:+.1%} |")
    print(f"\nspeed-up from 1 to 2 workers: {measured[1] / measured[2]:.2f} measured, "
          f"{simulate(link, world, 1).wall / simulate(link, world, 2).wall:.2f} simulated\n")  # fmt: skip
    for gigabits in (1, 10):
        print(f"{gigabits} Gbit/s\n")
        print("| modules | workers | wall | speed-up | sharing | longest order | what would help most | saves |")
        print("|---|---|---|---|---|---|---|---|")
        rate = gigabits * _GIGABIT
        there = replace(
            world, bandwidth=rate, sharing=min(rate, world.sharing), receiving=min(rate, world.receiving),
        )  # fmt: skip
        for modules in (1_000, 3_162, 10_000):
            program = grown(link, modules)
            alone = simulate(program, there, 1).wall
            for workers in (8, 32, 100, 316, 1_000):
                found = simulate(program, there, workers)
                what, saves = bottleneck(program, there, workers)
                print(
                    f"| {modules:,} | {workers} | {found.wall:.1f} s | {alone / found.wall:.1f} "
                    f"| {found.sharing:.1f} s | {found.longest:.1f} s | {what} | {saves:.0%} |"
                )
        print()


if __name__ == "__main__":
    main()
