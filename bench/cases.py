"""Full tunes of three programs of the registry; the reports go to docs/cases.

    python bench/cases.py --work DIRECTORY [ripgrep] [fd-find] [hyperfine]

Fetches each program at its pinned version with its lock file, tunes it with plain `burnish tune`, applies the
recommendation, builds the applied manifest with plain cargo and compares the size. The corpus that rg and fd search is
the vendored sources of hyperfine's dependencies. Network, an idle machine and about a quarter of an hour each.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "crates")]

from fetch import PINNED, crate_source  # noqa: E402  # the tests' own way to get the sources

CASES = {
    "ripgrep": ("rg", r"{bin} --no-config -j1 -c 'fn \w+\(&self' ../corpus", ()),
    "fd-find": ("fd", "{bin} -j1 -u -e rs . ../corpus", ()),
    # Its output is timings, so exit codes are compared; the work is spawning and waiting.
    "hyperfine": ("hyperfine", "{bin} -N --style none --warmup 1 --runs 150 true", ("--check", "status")),
}


def corpus(work: Path) -> Path:
    """Sources to search in, the same on every machine."""
    place = work / "corpus"
    if not place.exists():
        hyperfine = crate_source("hyperfine", PINNED["hyperfine"], work / "corpus-of")
        run("cargo", "vendor", "--quiet", "--locked", str(place), cwd=hyperfine)
    return place


def run(*command: str, cwd: Path) -> str:
    return subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.PIPE, text=True).stdout


def case(name: str, work: Path, budget: str) -> None:
    program, workload, more = CASES[name]
    source = work / name
    if not source.exists():
        crate_source(name, PINNED[name], work)
    tune = (sys.executable, "-m", "burnish", "tune", "--locked", "--bin", program, "--run", workload, *more)
    cases = ROOT / "docs" / "cases"
    exports = [part for kind in ("md", "json", "html") for part in ("--export", str(cases / f"{name}.{kind}"))]
    out = run(*tune, "--budget", budget, "--format", "json", *exports, "--progress", "plain", cwd=source)
    recommendation = json.loads(out)["recommendation"]
    print(f"{name}: {recommendation['headline']}")
    if recommendation["outcome"] != "change":
        return
    apply = (sys.executable, "-m", "burnish", "apply", "--locked", "--bin", program, "--yes")
    run(*apply, cwd=source)
    run("cargo", "build", "--release", "--locked", "--bin", program, "--target-dir", "applied", cwd=source)
    size = (source / "applied" / "release" / program).stat().st_size
    expected = recommendation["confirmation"]["size"]["file"]
    print(f"{name}: applied and built by plain cargo: {size} bytes, recommended {expected}, {size / expected - 1:+.4%}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=list(CASES))
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--budget", default="12m")
    args = parser.parse_args()
    work = args.work.absolute()
    work.mkdir(parents=True, exist_ok=True)
    corpus(work)
    for name in args.names:
        case(name, work, args.budget)


if __name__ == "__main__":
    main()
