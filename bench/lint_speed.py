"""Seconds of `burnish lint` on a made workspace of N members, each with a library, a program and a test.

python bench/lint_speed.py [--members 200] [--runs 5]
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from lint_projects import many_members  # noqa: E402  # the tests' own generator


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--members", type=int, default=200)
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        directory = many_members(args.members).generate(Path(name))
        seconds = []
        said = ""
        for _ in range(args.runs):
            began = time.perf_counter()
            command = [sys.executable, "-m", "burnish", "lint", "--fail-on", "never"]
            run = subprocess.run(command, cwd=directory, stdout=subprocess.PIPE, text=True, check=True)
            seconds.append(time.perf_counter() - began)
            said = run.stdout.splitlines()[-1]
    print(f"{args.members} members: median {median(seconds):.2f} s, worst {max(seconds):.2f} s; {said}")


if __name__ == "__main__":
    main()
