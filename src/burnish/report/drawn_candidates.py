"""All candidates as marks, each two metrics against each other, and every interval of run time. Values only."""

from collections.abc import Sequence
from typing import Any, Final

from burnish.measure.values import Comparison
from burnish.report.drawing import Spec
from burnish.report.figures import cells, recommended
from burnish.report.vega_lite import TOLD, axis_of, drawing
from burnish.tune.result import Row, TuneResult
from burnish.units import format_change

#: An interval that is wider than this many times its distance from no change would flatten the picture: it is cut.
_REACH: Final = 3.0

#: What a mark is, from the least to the most to be seen: colour, shape and size say it together.
KINDS: Final = {
    "matched or beaten": ("grey", "circle", 90),
    "on the front": ("accent", "triangle-up", 150),
    "baseline": ("text", "square", 190),
    "recommended": ("accent", "diamond", 340),
}


def fronts(result: TuneResult) -> dict[str, tuple[str, Spec]]:
    """Each two metrics against each other, every candidate that has both: key, words, drawing."""
    marks = [_mark(row, result) for row in result.rows]
    axes = {
        "size": ("file size", ".2~s", "B"),
        "time": ("run time against the baseline", "+%", "%"),
        "build": ("CPU of a cold build, s", ",.4~r", ""),
    }
    found = {}
    for x, y in (("size", "time"), ("size", "build"), ("build", "time")):
        shown = [mark for mark in marks if mark[x] is not None and mark[y] is not None]
        if len(shown) > 1:
            found[f"front-{x}-{y}"] = (f"{axes[x][0]}, {axes[y][0]}", _front(shown, (x, axes[x]), (y, axes[y])))
    return found


def _mark(row: Row, result: TuneResult) -> Spec:
    base = result.rows[0]
    shown = cells(row, result)
    ratio = 1.0 if row is base else row.time.ratio if row.time else row.screened
    time = ratio - 1 if result.workload is not None and ratio is not None else None
    names = f" ({', '.join(shown.names)})" if shown.names else ""
    lines = (
        f"{shown.id}{names}",
        f"file {shown.size} {shown.size_change}",
        f"run time {shown.time_words} {shown.interval}" if result.workload else "",
        f"build {shown.cpu} CPU {shown.cpu_change}",
    )
    kind = (
        "recommended"
        if row is recommended(result)
        else "baseline"
        if row is base
        else ("on the front" if row.front else "matched or beaten")
    )
    return {
        "id": row.profile.id,
        "kind": kind,
        "order": list(KINDS).index(kind),
        "name": kind if kind in {"baseline", "recommended"} else "",
        "size": row.size.file,
        "build": round(row.cost.cpu, 3),
        "time": time,
        **_ends(row.time, time),
        "sure": row is base or row.time is not None or result.workload is None,
        "tip": "\n".join(line.strip() for line in lines if line),
    }


def _ends(time: Comparison | None, at: float | None) -> Spec:
    if time is None or at is None:
        return {"low": at, "high": at}
    reach = _REACH * max(abs(at), 0.01)
    return {"low": max(time.low - 1, at - reach), "high": min(time.high - 1, at + reach)}


def _front(marks: Sequence[Spec], x: tuple[str, tuple[str, str, str]], y: tuple[str, tuple[str, str, str]]) -> Spec:
    there = [kind for kind in KINDS if any(mark["kind"] == kind for mark in marks)]
    across = {"field": x[0], "type": "quantitative", "scale": {"zero": False, "padding": 24}, "axis": axis_of(*x[1])}
    up = {"field": y[0], "type": "quantitative", "scale": {"zero": False, "padding": 24}, "axis": axis_of(*y[1])}
    interval = {
        "mark": {"type": "rule", "strokeWidth": 1.5, "color": {"expr": "grey"}, "tooltip": False},
        "encoding": {"x": across, "y": {**up, "field": "low"}, "y2": {"field": "high"}},
    }
    points = {
        "mark": {"type": "point", "filled": True, "opacity": 0.9, "cursor": "pointer"},
        "encoding": {
            "x": across,
            "y": up,
            "order": {"field": "order"},
            "fillOpacity": {"condition": {"test": "!datum.sure", "value": 0}, "value": 1},
            "strokeDash": {"condition": {"test": "!datum.sure", "value": [2, 2]}, "value": [1, 0]},
            "strokeWidth": {"value": 1.6},
            "color": _by_kind(there, [{"expr": KINDS[kind][0]} for kind in there]),
            "stroke": _by_kind(there, [{"expr": KINDS[kind][0]} for kind in there]),
            "shape": _by_kind(there, [KINDS[kind][1] for kind in there]) | {"type": "nominal"},
            "size": _by_kind(there, [KINDS[kind][2] for kind in there]),
            **TOLD,
        },
    }
    # Below the interval: what lies there would be better, and the recommended has nothing better below it.
    foot = "low" if y[0] == "time" else y[0]
    names = {
        "mark": {"type": "text", "dy": 18, "fontWeight": 600, "color": {"expr": "text"}},
        "encoding": {"x": across, "y": {**up, "field": foot}, "text": {"field": "name"}},
    }
    layers = [*([interval] if y[0] == "time" else []), points, names]
    return drawing(360, {"data": {"values": list(marks)}, "layer": layers})


def _by_kind(there: Sequence[str], values: Sequence[Any]) -> Spec:
    scale = {"domain": list(there), "range": list(values)}
    return {"field": "kind", "type": "ordinal", "sort": list(there), "scale": scale}


def intervals(result: TuneResult) -> Spec | None:
    """Every interval of run time there is: the control, the race, the confirmation, the layouts."""
    rows: list[tuple[str, str, Comparison]] = []
    if result.noise is not None:
        rows.append(("baseline against itself", "control", result.noise.control))
    rows += [(row.profile.id, "race", row.time) for row in result.rows if row.time is not None]
    confirmed = result.recommendation.confirmation
    if confirmed is not None and confirmed.time is not None:
        rows.append(("recommended, fresh builds", "confirmation", confirmed.time))
    marks = [_bar(name, kind, time.ratio, time.low, time.high) for name, kind, time in rows]
    luck = confirmed.layouts if confirmed is not None else None
    if luck is not None:
        words = f"recommended, {luck.layouts} random layouts"
        marks.append(_bar(words, "confirmation", luck.ratio, luck.low, luck.high))
    if not marks:
        return None
    y = {"field": "name", "type": "nominal", "sort": [mark["name"] for mark in marks], "axis": {"title": None}}
    x = {"field": "low", "type": "quantitative", "axis": axis_of("run time against the baseline", "+%", "%")}
    colour = {
        "field": "kind",
        "scale": {
            "domain": ["control", "race", "confirmation"],
            "range": [{"expr": name} for name in ("grey", "text", "accent")],
        },
        "legend": None,
    }
    floor = result.noise.floor if result.noise is not None else 0.0
    return drawing(
        26 * len(marks),
        {
            "data": {"values": marks},
            "layer": [
                {
                    "data": {"values": [{"low": -floor, "high": floor}]},
                    "mark": {"type": "rect", "color": {"expr": "line"}, "opacity": 0.6},
                    "encoding": {"x": x, "x2": {"field": "high"}},
                },
                {
                    "data": {"values": [{"low": 0}]},
                    "mark": {"type": "rule", "color": {"expr": "grey"}, "strokeDash": [4, 4]},
                    "encoding": {"x": x},
                },
                {
                    "mark": {"type": "rule", "strokeWidth": 3},
                    "encoding": {"y": y, "x": x, "x2": {"field": "high"}, "color": colour, **TOLD},
                },
                {
                    "mark": {"type": "point", "filled": True, "size": 80},
                    "encoding": {"y": y, "x": {**x, "field": "at"}, "color": colour, **TOLD},
                },
            ],
        },
    )


def _bar(name: str, kind: str, ratio: float, low: float, high: float) -> Spec:
    at = ratio - 1
    reach = _REACH * max(abs(at), 0.01)
    ends = f"{format_change(low).removesuffix(' %')} to {format_change(high)}" if high < 1e6 else "no interval"
    return {
        "name": name,
        "kind": kind,
        "at": at,
        "low": max(low - 1, at - reach),
        "high": min(high - 1, at + reach),
        "tip": f"{name}: {format_change(ratio)} ({ends})",
    }
