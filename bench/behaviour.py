"""The same behaviour: programs built by plain cargo and by burnish thin, grouped and fat do the same.

    python bench/behaviour.py --work DIR [NAME ...] [--roads thin,fat] [--tests] [--engine lld]

Each program is built by plain cargo (with the profile of its authors) and by `burnish build`, and runs its workload
from the same place: standard output, exit code or signal, and standard error (but for thread numbers and the frames of
backtraces) must be equal byte for byte, and of a library the exported symbols. Programs of the registry are fetched at
pinned versions with their lock files; the others are the projects in bench/behaviour, around libraries of the registry.
With --tests the own test suites of crates run as well, by plain cargo with and without the lines of `burnish build
--print-config`: each test must end alike.

What differs is left in DIR/differs; the exit code says whether anything did. Network, a C compiler, and about five
minutes a program.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "crates")]

from fetch import crate_source  # noqa: E402  # the tests' own way to get the sources

from behaviour_cases import CASES, SUITES, Case, Run  # noqa: E402  # beside this file

ROADS = ("thin", "grouped", "fat")


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How one call ended."""

    code: int
    out: bytes
    err: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Built:
    """What a road made of a program: bytes when stripped, and how each call ended."""

    size: int
    outcomes: tuple[Outcome, ...]
    note: str = ""


def main() -> None:
    args = arguments()
    work = Path(args.work).absolute()
    work.mkdir(parents=True, exist_ok=True)
    roads = args.roads.split(",")
    os.environ.setdefault("BURNISH_CACHE_DIR", str(work / "cache"))
    print(f"| program | has | runs | cargo | {' | '.join(roads)} |")
    print(f"|---|---|---:|---:|{'---:|' * len(roads)}", flush=True)
    bad = 0
    for case in CASES:
        if args.names and case.name not in args.names:
            continue
        row, differing = compared(case, work, roads, args.engine)
        bad += differing
        print(row, flush=True)
    for name in SUITES if args.tests else ():
        if not args.names or name in args.names:
            bad += suite(name, work, roads)
    raise SystemExit(bad != 0)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--work", required=True)
    parser.add_argument("--roads", default=",".join(ROADS))
    parser.add_argument("--engine", default="burnish")
    parser.add_argument("--tests", action="store_true")
    return parser.parse_args()


def compared(case: Case, work: Path, roads: Sequence[str], engine: str) -> tuple[str, int]:
    """The table's row, and how many roads differ."""
    source = source_of(case, work)
    by_cargo = plain(case, source, work)
    show(work / "outcomes" / f"{case.name}.txt", case, by_cargo)
    cells = [megabytes(by_cargo.size)]
    differing = 0
    for road in roads:
        try:
            built = burnished(case, source, work, road, engine)
        except subprocess.CalledProcessError as error:
            differing += 1
            cells.append(f"**fails: {error.returncode}**")
            continue
        numbers = [
            number for number, pair in enumerate(zip(by_cargo.outcomes, built.outcomes, strict=True)) if differ(*pair)
        ]
        for number in numbers:
            keep(work / "differs" / f"{case.name}-{road}-{number}", by_cargo.outcomes[number], built.outcomes[number])
        differing += bool(numbers)
        cells.append((f"**differs: {numbers}**" if numbers else f"same {megabytes(built.size)}") + built.note)
    label = f"{case.name} {case.version}".rstrip()
    return f"| {label} | {case.has} | {len(case.runs)} | {' | '.join(cells)} |", differing


def differ(one: Outcome, other: Outcome) -> bool:
    return one != other


def show(where: Path, case: Case, built: Built) -> None:
    """What the workload is worth: exit code, bytes of stdout and stderr of each call."""
    where.parent.mkdir(exist_ok=True)
    lines = [
        f"{outcome.code:4} {len(outcome.out):9} {len(outcome.err):6}  {' '.join(call.argv)}\n"
        for outcome, call in zip(built.outcomes, case.runs, strict=False)
    ]
    where.write_text("".join(lines))


def keep(where: Path, one: Outcome, other: Outcome) -> None:
    where.mkdir(parents=True, exist_ok=True)
    for name, outcome in (("cargo", one), ("burnish", other)):
        (where / f"{name}.out").write_bytes(outcome.out)
        (where / f"{name}.err").write_bytes(outcome.err)
        (where / f"{name}.code").write_text(f"{outcome.code}\n")


def source_of(case: Case, work: Path) -> Path:
    """The program's sources: written once, as its targets lie in it."""
    place = work / "sources" / case.name
    if place.exists() and case.version:
        return place
    if case.version:
        return crate_source(case.name, case.version, work / "sources")
    return Path(shutil.copytree(ROOT / "bench" / "behaviour" / case.name, place, dirs_exist_ok=True))


def corpus(work: Path) -> Path:
    """Sources to read, the same on every machine."""
    place = work / "corpus"
    if not place.exists():
        source = crate_source("regex-automata", "0.4.13", work / "corpus-of")
        shutil.copytree(source, place, ignore=shutil.ignore_patterns("target", ".*"))
        # No file of a crate is JSON that is worth reading.
        data = {
            "workspace": {"a": 1, "b": ["x", 2.5]},
            "packages": [{"n": n, "text": chr(n + 60) * n} for n in range(200)],
        }
        (place / "package.json").write_text(json.dumps(data))
    return place


def plain(case: Case, source: Path, work: Path) -> Built:
    target = work / "targets" / case.name / "cargo"
    run(("cargo", "build", "--release", "--quiet", *case.selection, "--target-dir", str(target)), source)
    return measured(case, target / "release" / case.file, source, work)


def burnished(case: Case, source: Path, work: Path, road: str, engine: str) -> Built:
    """Built by burnish.

    Raises:
        CalledProcessError: it did not.
    """
    target = work / "targets" / case.name
    command = (sys.executable, "-m", "burnish", "build", "--lto", road, "--engine", engine, "--format", "json", "-q")
    said = json.loads(run((*command, *case.selection, "--target-dir", str(target)), source))
    link = said["link"]
    if link is None:
        raise SystemExit(f"{case.name}: nothing was linked, and no record says by whom: remove {target}")
    by_another = link["done_by"] != engine or link["passed_through"]
    note = f" (by {link['done_by']}: {link['reason']}{link['passed_through']})" if by_another else ""
    return measured(case, target / "burnish" / "lto" / "release" / case.file, source, work, note)


def measured(case: Case, product: Path, source: Path, work: Path, note: str = "") -> Built:
    """Runs the workload from a place that is the same for all roads."""
    place = work / "run"
    shutil.rmtree(place, ignore_errors=True)
    (place / "scratch").mkdir(parents=True)
    binary = place / case.file
    shutil.copy2(product, binary)
    outcomes = tuple(outcome(call, binary, source, work) for call in case.runs)
    if case.file.endswith(".so"):
        # What others can link to belongs to what a library does.
        names = sorted(
            line.split()[-1] for line in run(("nm", "-D", "--defined-only", str(binary)), place).splitlines()
        )
        outcomes += (Outcome(code=0, out="\n".join(names).encode(), err=b""),)
    run(("strip", "--strip-all", str(binary)), place)
    return Built(size=binary.stat().st_size, outcomes=outcomes, note=note)


def outcome(call: Run, binary: Path, source: Path, work: Path) -> Outcome:
    files = {"{bin}": str(binary), "{corpus}": str(corpus(work)), "{source}": str(source)}
    argv = [replaced(word, files) for word in call.argv]
    stdin = (corpus(work) / call.stdin).read_bytes() if call.stdin else b""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RUST", "BAT", "CARGO"))}
    environment = {**kept, "RUST_BACKTRACE": "0", "LC_ALL": "C.UTF-8", "NO_COLOR": "", "HOME": str(work / "run")}
    done = subprocess.run(
        argv, cwd=work / "run" / "scratch", env=environment, input=stdin, capture_output=True, check=False, timeout=300
    )
    if call.status_only:
        return Outcome(code=done.returncode, out=b"", err=b"")
    # A panic names its thread by the number that the system gave it.
    err = re.sub(rb"(thread '[^']*') \(\d+\)", rb"\1", done.stderr)
    # Where unwinding is not possible std prints frames whatever RUST_BACKTRACE says: addresses, and what was inlined.
    err = re.sub(rb"(stack backtrace:\n)(?: +\d+: .*\n| +at .*\n)*", rb"\1", err)
    return Outcome(code=done.returncode, out=done.stdout, err=err)


def replaced(word: str, files: dict[str, str]) -> str:
    for name, path in files.items():
        word = word.replace(name, path)
    return word


def suite(name: str, work: Path, roads: Sequence[str]) -> int:
    """How many roads make any test end otherwise; prints one line."""
    version, features = SUITES[name]
    place = work / "sources" / name
    source = place if place.exists() else crate_source(name, version, work / "sources")
    selection = ("--locked", *(("--features", features) if features else ()))
    targets = work / "targets" / name
    expected = tests(source, selection, targets / "tests-cargo")
    cells = []
    for road in roads:
        with drop_in(source, road):
            got = tests(source, selection, targets / f"tests-{road}")
        cells.append(f"{road} same" if got == expected else f"{road} **differs: {sorted(got ^ expected)[:6]}**")
    passed = sum(line.endswith(" ok") for line in expected)
    failed = f", {len(expected) - passed} of them not ok" if passed < len(expected) else ""
    print(f"cargo test of {name} {version}: {len(expected)} tests{failed}; {', '.join(cells)}", flush=True)
    return sum("differs" in cell for cell in cells)


@contextlib.contextmanager
def drop_in(source: Path, road: str) -> Iterator[None]:
    """The lines of --print-config, for as long as it lasts."""
    config = source / ".cargo" / "config.toml"
    if config.exists():
        raise SystemExit(f"{config}: the project has a configuration of its own")
    lines = run((sys.executable, "-m", "burnish", "build", "--lto", road, "--print-config"), source)
    config.parent.mkdir(exist_ok=True)
    config.write_text(lines)
    try:
        yield
    finally:
        config.unlink()


def tests(source: Path, selection: Sequence[str], target: Path) -> frozenset[str]:
    """Each test of each test binary with how it ended."""
    command = ["cargo", "test", "--release", "--no-fail-fast", "--lib", "--bins", "--tests", *selection]
    done = subprocess.run(
        [*command, "--target-dir", str(target)],
        cwd=source,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    found, binary = set(), ""
    for line in done.stdout.splitlines():
        if running := re.match(r"\s+Running (.*) \(", line):
            binary = running[1]
        elif test := re.match(r"test (.*) \.\.\. (\w+)", line):
            found.add(f"{binary}: {test[1]} {test[2]}")
    if not found:
        raise SystemExit(f"cargo test in {source} ran nothing:\n{done.stdout[-3000:]}")
    return frozenset(found)


def run(command: Sequence[str], cwd: Path) -> str:
    """What it printed; its standard error is shown."""
    return subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.PIPE, text=True).stdout


def megabytes(size: int) -> str:
    return f"{size / 1e6:.3f} MB"


if __name__ == "__main__":
    main()
