"""The rows of a result as columns, for data frames. Values only."""

from burnish.profile.options import BY_KEY
from burnish.report.figures import names_of
from burnish.tune.result import TuneResult


def columns(result: TuneResult) -> dict[str, list[object]]:
    """One list for each column, an entry for each row; None where something was not measured.

    Bytes: ``size``, ``stripped``, ``gzip``, ``peak_memory``. Seconds of a build: ``cpu``, ``wall``, ``rebuild``. Run
    time against the baseline (0.95: 5 % less): ``time``, its interval ``time_low`` and ``time_high``.
    """
    rows = result.rows
    found: dict[str, list[object]] = {"profile": [row.profile.id for row in rows]}
    found |= {key: [row.profile.value(key) for row in rows] for key in BY_KEY}
    found |= {
        "names": [", ".join(names_of(row, result)) for row in rows],
        "size": [row.size.file for row in rows],
        "stripped": [row.size.stripped for row in rows],
        "gzip": [row.size.gzip for row in rows],
        "time": [row.time.ratio if row.time else None for row in rows],
        "time_low": [row.time.low if row.time else None for row in rows],
        "time_high": [row.time.high if row.time else None for row in rows],
        "timing": [str(row.time.timing) if row.time else None for row in rows],
        "screened": [row.screened for row in rows],
        "instructions": [row.instructions for row in rows],
        "cycles": [row.cycles for row in rows],
        "cpu": [row.cost.cpu for row in rows],
        "wall": [row.cost.wall for row in rows],
        "rebuild": [row.cost.rebuild for row in rows],
        "peak_memory": [row.cost.peak_memory for row in rows],
        "estimated": [row.cost.estimated for row in rows],
        "front": [row.front for row in rows],
    }
    return found
