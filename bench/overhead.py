"""Burnish's own share of the wall time of a tune: everything that is neither cargo nor the workload nor a counter.

    python bench/overhead.py PATH [burnish tune options]

Runs the tune as a command in an empty target directory and compares its wall time, start of Python included, with the
seconds that its children ran. Aim: at most 2 %.
"""

import json
import subprocess
import sys
import tempfile
import time


def main() -> None:
    args = sys.argv[1:]
    if not args:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as target:
        command = [sys.executable, "-m", "burnish", "tune", *args, "--target-dir", target, "--format", "json"]
        start = time.perf_counter()
        run = subprocess.run([*command, "--progress", "none"], stdout=subprocess.PIPE, check=True)
        wall = time.perf_counter() - start
    effort = json.loads(run.stdout)["effort"]
    # Start of Python, reading the project and the store lie outside of what the tune itself counts.
    outside = wall - effort["wall"]
    own = effort["own"] + max(0.0, outside)
    print(
        f"{wall:.1f} s wall, {effort['builds']} builds, {effort['rounds']} rounds: {own:.2f} s were burnish's own, "
        f"{own / wall * 100:.2f} % (tune {effort['own']:.2f} s, before and after it {outside:.2f} s)"
    )


if __name__ == "__main__":
    main()
