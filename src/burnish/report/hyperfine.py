"""The timed runs as hyperfine 2.0 exports them, for the scripts and tools that read that. Pure.

Source of the form: README.md of hyperfine 2.0, section "JSON" (schema version 2).
"""

import statistics
from collections.abc import Sequence

import msgspec

from burnish.tune.result import Runs, TuneResult


def render(result: TuneResult) -> str:
    """Baseline first, then each timed candidate; nothing but an empty list without a workload."""
    command = result.workload.command if result.workload is not None else ""
    body = {
        "schema_version": 2,
        "primary_metric": "time_wall_clock",
        "metadata": {
            "start_time": result.created,
            "platform": {"os": "Linux", "architecture": result.circumstances.target.partition("-")[0]},
            "exported_by": f"burnish {result.circumstances.burnish}",
        },
        "results": [_result(each, command) for each in result.runs],
    }
    return msgspec.json.format(msgspec.json.encode(body), indent=2).decode() + "\n"


def _result(runs: Runs, command: str) -> dict[str, object]:
    seconds = {
        "time_wall_clock": runs.wall,
        "time_cpu": tuple(user + sys for user, sys in zip(runs.user, runs.sys, strict=True)),
        "time_user": runs.user,
        "time_system": runs.sys,
    }
    measurements = [
        {
            **{name: {"value": values[at], "unit": "second"} for name, values in seconds.items()},
            "memory_peak_resident": {"value": float(runs.memory[at]), "unit": "byte"},
            "exit_code": 0,
        }
        for at in range(len(runs.wall))
    ]
    summary = {name: {"unit": "second", **_summary(values)} for name, values in seconds.items()}
    memory = {"unit": "byte", **_summary([float(value) for value in runs.memory])}
    return {
        "command": command,
        "name": runs.name,
        "parameters": {"profile": {"value": runs.name}},
        "measurements": measurements,
        "summary": {**summary, "memory_peak_resident": memory},
    }


def _summary(values: Sequence[float]) -> dict[str, float | int | None]:
    return {
        "count": len(values),
        "mean": statistics.fmean(values),
        "stddev": statistics.stdev(values) if len(values) > 1 else None,
        "median": statistics.median(values),
        "min": min(values),
        "max": max(values),
    }
