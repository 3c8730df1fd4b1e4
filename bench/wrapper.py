"""What the rustc wrapper costs a crate: a program that does nothing, run through the shim and alone, in turns.

    python bench/wrapper.py [RUNS]

The shim rewrites the arguments of a real rustc call (120 of them), spawns, waits and appends its line to the log. Aim:
under 2 ms a crate.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from burnish.build.shim import ensure_shim
from burnish.cargo.invocation import Cargo
from burnish.cargo.toolchain import read_toolchain

ARGS = ["--crate-name", "x", "--crate-type", "lib", "-C", "opt-level=3", "-C", "embed-bitcode=no"]
ARGS += [part for number in range(56) for part in ("--extern", f"dependency{number}=/target/deps/lib{number}.rmeta")]


def timed(argv: list[str], environment: dict[str, str]) -> float:
    """Milliseconds from spawn to end."""
    start = time.perf_counter()
    pid = os.posix_spawn(argv[0], argv, environment)
    os.waitpid(pid, 0)
    return (time.perf_counter() - start) * 1e3


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    with tempfile.TemporaryDirectory() as directory:
        cargo = Cargo(Path(directory), os.environ)
        shim = str(ensure_shim(cargo, read_toolchain(cargo), Path(directory)))
        environment = {**os.environ, "BURNISH_LOG": f"{directory}/log", "BURNISH_DEPS": "both"}
        alone, wrapped = [], []
        for _ in range(runs):
            alone.append(timed(["/bin/true", *ARGS], environment))
            wrapped.append(timed([shim, "/bin/true", *ARGS], environment))
    one, other = statistics.median(alone), statistics.median(wrapped)
    print(
        f"{runs} runs each, median: alone {one:.2f} ms, through the shim {other:.2f} ms: {other - one:.2f} ms a crate"
    )


if __name__ == "__main__":
    main()
