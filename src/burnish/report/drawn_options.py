"""The way from Cargo's default to the recommendation, one option at a time. Values only."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from burnish.profile.profile import CARGO_DEFAULT
from burnish.report.drawing import Spec
from burnish.report.vega_lite import TOLD, axis_of, drawing
from burnish.tune.contributions import METRICS, Metric, waterfall
from burnish.tune.result import Outcome, TuneResult
from burnish.units import format_bytes, format_change, format_seconds


def ways(result: TuneResult) -> dict[str, tuple[str, Spec]]:
    """From Cargo's default to the recommendation, one option at a time, for each metric: key, words, drawing."""
    if result.recommendation.outcome is Outcome.NOTHING:
        return {}
    forms: Mapping[str, Callable[[float], str]] = {
        "size without symbols": format_bytes,
        "instructions": lambda value: f"{value / 1e6:,.1f} M",
        "CPU of a cold build": format_seconds,
    }
    found = {}
    for metric in METRICS:
        steps = _steps(result, metric, forms[metric.name])
        if steps:
            found[f"way-{metric.name.split()[0].lower()}"] = (metric.name, _way(steps, metric.name))
    return found


def _steps(result: TuneResult, metric: Metric, form: Callable[[float], str]) -> list[Spec]:
    """Each option from where the one before it ended, then all together; shares of Cargo's default."""
    way = waterfall(result.rows, CARGO_DEFAULT, result.recommendation.profile, metric)
    found: list[Spec] = []
    for before, step in pairwise(way):
        mark = "" if step.measured and before.measured else "~"
        change = mark + format_change(step.value / before.value)
        label = " = ".join(step.change or ())
        found.append(
            {
                "step": label,
                "from": before.value / way[0].value - 1,
                "to": step.value / way[0].value - 1,
                "kind": "less" if step.value <= before.value else "more",
                "label": change,
                "tip": f"{label}: {change}, to {mark}{form(step.value)}{' (expected, not built)' if mark else ''}",
            }
        )
    if found:
        start, end = way[0], way[-1]
        mark = "" if start.measured and end.measured else "~"
        change = mark + format_change(end.value / start.value)
        words = f"{form(start.value)} to {form(end.value)}"
        whole = {"step": "all of them", "from": 0.0, "to": found[-1]["to"], "kind": "all"}
        found.append(
            {**whole, "label": f"{change}, {words}", "short": change, "tip": f"from Cargo's default: {change}, {words}"}
        )
    return found


def _way(steps: Sequence[Spec], metric: str) -> Spec:
    y = {"field": "step", "type": "nominal", "sort": [step["step"] for step in steps], "axis": {"title": None}}
    edges = [0.0, *(step[end] for step in steps for end in ("from", "to"))]
    span = max(edges) - min(edges) or 0.01
    scale = {"domain": [min(edges) - span * 0.05, max(edges) + span * 0.45], "nice": False}
    colour = {
        "field": "kind",
        "scale": {"domain": ["less", "more", "all"], "range": [{"expr": name} for name in ("good", "bad", "accent")]},
        "legend": None,
    }
    axis = axis_of(f"{metric}, against Cargo's default", "+%", "%")
    x = {"field": "from", "type": "quantitative", "scale": scale, "axis": axis}
    zero = {"mark": {"type": "rule", "color": {"expr": "grey"}}, "encoding": {"x": {**x, "field": "zero"}}}
    # On a phone there is no room for the figures themselves.
    said = "width < 420 && datum.short ? datum.short : datum.label"
    return drawing(
        34 * len(steps),
        {
            "data": {"values": list(steps)},
            "layer": [
                {
                    "mark": {"type": "bar", "height": {"band": 0.62}},
                    "encoding": {"y": y, "x": x, "x2": {"field": "to"}, "color": colour, **TOLD},
                },
                {**zero, "data": {"values": [{"zero": 0}]}},
                {
                    "transform": [{"calculate": "max(datum.from, datum.to)", "as": "edge"}],
                    "mark": {
                        "type": "text",
                        "align": "left",
                        "dx": 6,
                        "color": {"expr": "text"},
                        "text": {"expr": said},
                    },
                    "encoding": {"y": y, "x": {**x, "field": "edge"}},
                },
            ],
        },
    )
