"""Does the thin link grow as the program does? Made-up programs of 100, 1,000 and 10,000 modules.

    python bench/growth.py [100 1000 10000] [--values 100]

Each module has half its values local, and refers to and calls values of modules near to it, as crates do, and now and
then of a few that all use, as std. Prints seconds and memory of combining the summaries, liveness, imports and fates,
grouping and cache keys, each also for 1,000 modules, which stays the same where growth is linear. Every size runs in a
process of its own, so that its peak memory is its own.
"""

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from burnish.lto.backend import Codegen
from burnish.lto.decide.grouping import contiguous, live_weights
from burnish.lto.decide.index import combine
from burnish.lto.decide.keys import unit_keys
from burnish.lto.decide.plan import decide
from burnish.lto.decide.thinlink import guid, thin_link
from burnish.lto.modules import Kind, Linkage, ModuleSummary, SymbolTable
from burnish.lto.objects import Resolution

_CALLS = 4
#: Of all calls, so many go to a module near by, to one that all use, and within the module.
_NEAR, _COMMON = 0.3, 0.1
_REACH = 20
_COMMON_MODULES = 5


def module(number: int, count: int, values: int, random: np.random.Generator) -> ModuleSummary:
    """A module of functions, with an eighth variables; the first half of its values is visible to others."""
    total = values + values  # as many declarations as definitions
    kind = np.where(np.arange(total) % 8 == 7, Kind.VARIABLE, Kind.FUNCTION).astype(np.uint8)
    local = (np.arange(total) >= values // 2) & (np.arange(total) < values)
    near = (number + random.integers(1, _REACH, values)) % count
    other = np.where(random.random(values) < _COMMON / _NEAR, random.integers(0, _COMMON_MODULES, values), near)
    guids = np.concatenate([_guids(np.full(values, number), np.arange(values)), _guids(other, np.arange(values) // 2)])
    if number == 0:
        guids[0] = guid("main")
    defined = np.arange(total) < values
    linkage = np.where(local, Linkage.INTERNAL, Linkage.EXTERNAL)
    callees = np.where(
        random.random(values * _CALLS) < _NEAR,
        values + random.integers(0, values, values * _CALLS),
        random.integers(0, values, values * _CALLS),
    )
    callees = callees // 8 * 8 + callees % 7  # no variables
    names = b"".join(b"v%05d" % value for value in range(total))
    nothing = np.zeros(0, np.uint32)
    return ModuleSummary(
        source_filename=f"crate{number}.0123456789abcdef-cgu.0",
        producer="LLVM",
        triple="x86_64-unknown-linux-gnu",
        hash=(number + 1, number, 0, 0, 0),
        version=12,
        flags=0,
        names=names,
        name_starts=np.arange(total + 1, dtype=np.uint32) * 6,
        kind=kind,
        linkage=linkage.astype(np.uint8),
        visibility=np.zeros(total, np.uint8),
        defined=defined,
        guid=guids,
        summarized=defined.copy(),
        summary_flags=np.where(defined, linkage, 0).astype(np.uint32),
        instructions=np.where(kind == Kind.FUNCTION, random.integers(1, 300, total), 0).astype(np.uint32),
        attributes=np.where(kind == Kind.FUNCTION, 0, 4).astype(np.uint32),
        aliasee=np.full(total, -1, np.int32),
        ref_starts=np.minimum(np.arange(total + 1), values).astype(np.uint32),
        refs=random.integers(0, total, values).astype(np.uint32),
        read_only=np.zeros(total, np.uint32),
        write_only=np.zeros(total, np.uint32),
        call_starts=(np.minimum(np.arange(total + 1), values) * _CALLS).astype(np.uint32),
        callees=callees.astype(np.uint32),
        edges=np.zeros(len(callees), np.uint8),
        symbols=SymbolTable(names=b"", starts=np.zeros(1, np.uint32), flags=nothing, values=np.zeros(0, np.int32)),
    )


def _guids(modules: NDArray[np.int64], values: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Numbers that look drawn, one for each value of each module (the finalizer of splitmix64)."""
    words = (modules.astype(np.uint64) << np.uint64(32)) + values.astype(np.uint64) + np.uint64(1)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        words = (words ^ words >> np.uint64(shift)) * np.uint64(factor)
    return words ^ words >> np.uint64(31)


@contextmanager
def timed(what: str, count: int, into: list[str]) -> Iterator[None]:
    start = time.perf_counter()
    yield
    wall = time.perf_counter() - start
    into.append(f"{what} {wall:.3f} ({wall / count * 1000:.3f})")


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def run(count: int, values: int) -> None:
    random = np.random.default_rng(1)
    modules = [module(number, count, values, random) for number in range(count)]
    resolution = Resolution(
        taken=tuple(range(count)), prevailing={"main": 0}, visible=frozenset({"main"}), exported=frozenset()
    )
    digests = [f"{number:064x}" for number in range(count)]
    codegen = Codegen(triple="x86_64-unknown-linux-gnu")
    before = peak()
    times: list[str] = []
    with timed("combine", count, times):
        index = combine(modules)
    with timed("live", count, times):
        link = thin_link(index, resolution, range(count))
    with timed("imports and fates, thin", count, times):
        plan = decide(link, np.arange(count))
    with timed("keys", count, times):
        unit_keys(plan, digests=digests, codegen=codegen, toolchain="LLVM")
    with timed("grouped=8", count, times):
        grouped = decide(link, contiguous(live_weights(link), 8))
    live = int(link.live.sum())
    print(f"{count} modules, {int(index.summarized.sum())} definitions, {live} of them live:")
    print(f"  {len(plan.imports)} imports thin, {len(grouped.imports)} grouped")
    print(f"  seconds (for 1,000 modules): {', '.join(times)}")
    print(f"  memory: {before} MiB of summaries, {peak()} MiB at the peak")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", type=int, nargs="*", default=[100, 1000, 10000])
    parser.add_argument("--values", type=int, default=100, help="definitions in each module")
    options = parser.parse_args()
    if len(options.modules) == 1:
        run(options.modules[0], options.values)
        return
    for count in options.modules:
        command = [sys.executable, __file__, str(count), "--values", str(options.values)]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
