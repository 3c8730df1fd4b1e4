"""Criterion's own estimates: how its benches are told to be brief, and what they wrote, read as what it is: untrusted.

Criterion writes for each benchmark, in a directory of its own below ``CRITERION_HOME``, ``new/benchmark.json`` (who it
is) and ``new/estimates.json`` (what it found): criterion.rs 0.5, ``report.rs`` (``BenchmarkId``) and ``estimate.rs``
(``Estimates``). Tried with 0.5 and 0.8 (tests/crates).
"""

import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from burnish.errors import WorkloadError

#: Where a bench's results go, in criterion's word.
HOME: Final = "CRITERION_HOME"

#: What a run is told, each unless the user says it. Criterion's own times are 3 s and 5 s for each benchmark; burnish
#: takes many short runs in turn with the other profiles instead, and its interval is over those runs. The resamples
#: serve criterion's interval, which is not used; with fewer, criterion prints a warning.
_BRIEF: Final = (("--warm-up-time", "0.2"), ("--measurement-time", "0.5"), ("--nresamples", "1001"))
_SHORT: Final = {"--noplot": "-n"}

_LARGEST: Final = 1 << 20
_MOST: Final = 4096
_DEEPEST: Final = 16
_LONGEST: Final = 1024

T = TypeVar("T")


class _Estimate(msgspec.Struct):
    point_estimate: float


class _Estimates(msgspec.Struct):
    mean: _Estimate


class _Benchmark(msgspec.Struct):
    full_id: str


def arguments(given: Sequence[str]) -> tuple[str, ...]:
    """The arguments of a bench: as ``cargo bench`` starts it, brief and without plots, then the user's own."""
    said = {word.partition("=")[0] for word in given}
    brief = [part for name, value in _BRIEF if name not in said for part in (name, value)]
    plots = () if said & {"--noplot", _SHORT["--noplot"]} else ("--noplot",)
    return ("--bench", *plots, *brief, *given)


def read_estimates(home: Path) -> tuple[tuple[str, float], ...]:
    """Id and mean (nanoseconds, for criterion's own clock) of each benchmark that a run wrote, by id; maybe none.

    Raises:
        WorkloadError: what was written is not criterion's; the message names the file.
    """
    found: dict[str, float] = {}
    for directory in _written(home):
        name = _read(directory / "benchmark.json", _Benchmark).full_id
        mean = _read(directory / "estimates.json", _Estimates).mean.point_estimate
        if not (math.isfinite(mean) and mean > 0):
            raise _unfit(directory / "estimates.json", f"a mean of {mean:g}")
        if not name or len(name) > _LONGEST:
            raise _unfit(directory / "benchmark.json", f"an id of {len(name)} characters")
        if name in found:
            raise _unfit(directory / "benchmark.json", f"the id {name!r} for a second time")
        found[name] = mean
        if len(found) > _MOST:
            raise WorkloadError(
                f"the bench has more than {_MOST} benchmarks", hint="choose some with a filter after --"
            )
    return tuple(sorted(found.items()))


def _written(home: Path) -> Iterator[Path]:
    """The directories ``new`` with an estimate in them; links are not followed."""
    for parent, directories, names in os.walk(home):
        directories.sort()
        if Path(parent).name == "new" and "estimates.json" in names:
            yield Path(parent)
            directories.clear()
        elif len(Path(parent).relative_to(home).parts) >= _DEEPEST:
            directories.clear()


def _read(path: Path, kind: type[T]) -> T:
    try:
        if path.is_symlink() or not path.is_file():
            raise _unfit(path, "no file")
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise _unfit(path, f"more than {_LARGEST} bytes")
        return msgspec.json.decode(data, type=kind)
    except (OSError, msgspec.DecodeError) as error:
        raise _unfit(path, str(error)) from error


def _unfit(path: Path, what: str) -> WorkloadError:
    place = "/".join(path.parts[-4:])
    return WorkloadError(
        f"the bench wrote what criterion does not write: {place!r}: {what}",
        hint="--bench NAME takes the wall time of the bench's run instead",
    )
