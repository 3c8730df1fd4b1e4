"""How often does the race err? Equal programs called different, true differences not found.

    python bench/noise.py record NAME --rounds 1500 [--path examples/crossings] [--run '{bin} 20']
    python bench/noise.py rates [--trials 400]

`record` builds a program with plain cargo and runs it three times a round, as the race does it (own process each, the
order and the environment's padding drawn anew), and keeps the seconds in bench/data/noise/NAME.json.gz. The name says
what the machine did: `--beside N` keeps N cores at work with loops that start and stop.

`rates` runs seeded trials of `burnish.measure.schedule` over every recording and over simulated machines: no difference
(how many verdicts say there is one) and a true one of 1, 2 and 5 % (how many find it). The table of docs/method.md.
"""

import argparse
import contextlib
import gzip
import hashlib
import os
import random
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "unit"))

from noise_trials import RECORDINGS, SIMULATED, Recording, load, rates, recordings, replayed, simulated  # noqa: E402

from burnish.build.shim import ensure_shim  # noqa: E402
from burnish.cargo.invocation import Cargo  # noqa: E402
from burnish.cargo.toolchain import read_toolchain  # noqa: E402
from burnish.measure.circumstances import read_circumstances  # noqa: E402
from burnish.measure.rounds import Bench, expected_output, repeats_for  # noqa: E402
from burnish.measure.values import Timing, Workload  # noqa: E402

#: Runs of the program in a round: baseline and two candidates that are the same.
RUNS = 3

_BUSY = """\
import random, time
luck = random.Random({seed})
while True:
    end = time.monotonic() + luck.expovariate(1 / 2)
    while time.monotonic() < end:
        pass
    time.sleep(luck.expovariate(1 / 2))
"""


def record(args: argparse.Namespace) -> None:
    cargo = Cargo(args.path.resolve(), dict(os.environ))
    if cargo.run("cargo", ("build", "--release", "--quiet"), show=True).code != 0:
        sys.exit("it does not build")
    program = _program(args.path)
    workload = Workload(argv=tuple(shlex.split(args.run)), cwd=str(args.path.resolve()))
    toolchain = read_toolchain(cargo)
    with tempfile.TemporaryDirectory() as work, _beside(args.beside):
        shim = ensure_shim(cargo, toolchain, Path(work))
        # As artifacts are kept: what stands before the dash is not part of the program's name.
        kept = Path(shutil.copy2(program, Path(work) / f"kept-{program.name}"))
        with Bench(shim, workload, Path(work) / "run", dict(os.environ)) as bench:
            arms = [f"arm{number}" for number in range(RUNS)]
            for arm in arms:
                bench.place(arm, kept)
            output, wall = expected_output(bench, arms[0])
            repeats, walls = repeats_for(wall), []
            luck = random.Random(args.name)  # noqa: S311  # order, not secrets
            start = time.monotonic()
            for number in range(args.rounds):
                order = arms[:]
                luck.shuffle(order)
                done = bench.round(
                    number, [(arm, arm) for arm in order], expected=output, repeats=repeats, seed=args.name
                )
                walls.append([round(sample.wall, 7) for sample in done.samples])
            took = time.monotonic() - start
    here = read_circumstances(toolchain, None)
    recording = Recording(
        name=args.name,
        recorded=datetime.now(UTC).isoformat(timespec="seconds"),
        circumstances=f"{here.cpu}, {here.cores} cores, kernel {here.kernel}, {here.rustc}, beside {args.beside}",
        command=f"{program.name} {hashlib.sha256(program.read_bytes()).hexdigest()[:12]}: {args.run} x {repeats}",
        walls=walls,
    )
    RECORDINGS.mkdir(parents=True, exist_ok=True)
    path = RECORDINGS / f"{args.name}.json.gz"
    path.write_bytes(gzip.compress(msgspec.json.encode(recording), mtime=0))
    print(f"{path}: {len(walls)} rounds in {took:.0f} s")


def _program(path: Path) -> Path:
    found = [
        each
        for each in (path / "target" / "release").iterdir()
        if each.is_file() and os.access(each, os.X_OK) and not each.suffix
    ]
    if len(found) != 1:
        sys.exit(f"{len(found)} programs in {path}/target/release")
    return found[0]


@contextlib.contextmanager
def _beside(number: int) -> Iterator[None]:
    children = [subprocess.Popen([sys.executable, "-c", _BUSY.format(seed=seed)]) for seed in range(number)]
    try:
        yield
    finally:
        for child in children:
            child.kill()
            child.wait()


def table(trials: int) -> None:
    machines = {f"recorded: {name}": replayed(load(name)) for name in recordings()}
    machines |= {f"simulated: {kind}": simulated(kind) for kind in SIMULATED}
    print(f"{trials} trials each, 2 candidates, error rate 5 %, at most 200 rounds\n")
    print("| machine | A/A: verdicts | A/A: races | same | true 1 % found | 2 % | 5 % | rounds at 2 % |")
    print("|---|---|---|---|---|---|---|---|")
    for name, machine in machines.items():
        equal = rates(machine, factors=(1.0, 1.0), trials=trials, seed=1)
        found = [rates(machine, factors=(1 - true,), trials=trials, seed=2) for true in (0.01, 0.02, 0.05)]
        cells = [
            f"{equal.significant * 100:.1f} %",
            f"{equal.families / trials * 100:.1f} %",
            f"{equal.share(Timing.SAME) * 100:.0f} %",
            *(f"{each.share(Timing.FASTER) * 100:.0f} %" for each in found),
            f"{found[1].pairs:.0f}",
        ]
        print(f"| {name} | {' | '.join(cells)} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, dest="command")
    recorder = commands.add_parser("record")
    recorder.add_argument("name")
    recorder.add_argument("--rounds", type=int, default=1500)
    recorder.add_argument("--path", type=Path, default=ROOT / "examples" / "crossings")
    recorder.add_argument("--run", default="{bin} 20")
    recorder.add_argument("--beside", type=int, default=0)
    rater = commands.add_parser("rates")
    rater.add_argument("--trials", type=int, default=400)
    args = parser.parse_args()
    if args.command == "record":
        record(args)
    else:
        table(args.trials)


if __name__ == "__main__":
    main()
