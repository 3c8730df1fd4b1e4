"""The thin link of burnish beside lld's: are the decisions the same, and what does each cost?

    python bench/thinlink.py DIRECTORY [--lld PATH] [--entry main]

The directory holds the modules of one program as files of bitcode, ``*.bc``, in link order by name. They are copied
first, as lld writes its indexes beside them. Prints sizes, differences (there should be none but in what stays
external, where burnish keeps less), and the seconds of each stage, the best of five.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "lto"))

from lld_oracle import burnish_decides, first_definitions, lld_decides, read_all  # noqa: E402  # the tests' oracle

from burnish.lto.decide.index import combine  # noqa: E402
from burnish.lto.decide.plan import decide  # noqa: E402
from burnish.lto.decide.thinlink import thin_link  # noqa: E402

_Result = TypeVar("_Result")


def best(work: Callable[[], _Result], times: int = 5) -> tuple[float, _Result]:
    """The shortest of several runs, in seconds, and what the last gave."""
    shortest, result = float("inf"), None
    for _ in range(times):
        start = time.perf_counter()
        result = work()
        shortest = min(shortest, time.perf_counter() - start)
    if result is None:
        sys.exit("nothing was measured")
    return shortest, result


def toolchain_lld() -> Path:
    command = ["rustc", "--print", "sysroot"]
    sysroot = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    return next(Path(sysroot).glob("lib/rustlib/*/bin/gcc-ld/ld.lld"))


def differences(what: str, files: list[str], left: Mapping[str, object], right: Mapping[str, object]) -> None:
    wrong = [file for file in files if left.get(file) != right.get(file)]
    print(f"{what}: {len(wrong)} of {len(files)} modules differ{': ' + ', '.join(wrong[:5]) if wrong else ''}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--lld", type=Path)
    parser.add_argument("--entry", default="main")
    options = parser.parse_args()
    files = sorted(path.name for path in options.directory.glob("*.bc"))
    with tempfile.TemporaryDirectory() as work:
        place = Path(work)
        for file in files:
            shutil.copyfile(options.directory / file, place / file)
        lld = options.lld or toolchain_lld()
        of_lld, theirs = best(lambda: lld_decides(lld, place, files, entry=options.entry), 3)
        reading, modules = best(lambda: read_all(place, files), 1)
    resolution = first_definitions(modules, entry=options.entry)
    combining, index = best(lambda: combine(modules))
    linking, link = best(lambda: thin_link(index, resolution, range(len(modules))))
    deciding, plan = best(lambda: decide(link, np.arange(len(modules))))
    ours = burnish_decides(plan, files)
    print(
        f"{len(files)} modules, {index.rows} values, {int(link.live.sum())} of them live, {len(plan.imports)} imports"
    )
    differences("live", files, ours.live, theirs.live)
    differences("imports", files, ours.imports, theirs.imports)
    differences("refusals", files, ours.refused, {file: theirs.refused.get(file, {}) for file in files})
    more = sum(len(ours.exported[file] - theirs.exported[file]) for file in files)
    less = sum(len(theirs.exported[file] - ours.exported[file]) for file in files)
    print(f"external in the end: burnish keeps {less} fewer, {more} more")
    print(
        f"seconds: read {reading:.3f}, combine {combining:.4f}, live {linking:.4f}, imports and fates {deciding:.4f}; "
        f"lld with reading its indexes {of_lld:.3f}"
    )


if __name__ == "__main__":
    main()
