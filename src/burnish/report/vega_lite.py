"""The look that all drawings of a tune's report share, as Vega-Lite: https://vega.github.io/vega-lite/docs/."""

from typing import Final

from burnish.report.drawing import Spec, signals

_SCHEMA: Final = "https://vega.github.io/schema/vega-lite/v6.json"

#: What a mark says when it is pointed at, and to a screen reader.
TOLD: Final[Spec] = {"tooltip": {"field": "tip"}, "description": {"field": "tip"}}


def drawing(height: int, body: Spec) -> Spec:
    """As wide as its place, so many pixels high, in the page's colours."""
    quiet = {"labelColor": {"expr": "dim"}, "titleColor": {"expr": "dim"}, "titleFontWeight": "normal"}
    return {
        "$schema": _SCHEMA,
        "width": "container",
        "autosize": {"type": "fit-x", "contains": "padding"},
        "height": height,
        "background": "transparent",
        "params": signals(),
        "config": {
            "font": "system-ui, sans-serif",
            "axis": {
                **quiet,
                "labelFontSize": 12,
                "titleFontSize": 12,
                "labelLimit": 240,
                "gridColor": {"expr": "line"},
                "domainColor": {"expr": "line"},
                "tickColor": {"expr": "line"},
            },
            # A title at its end has the room of the labels too, on a phone.
            "axisX": {"titleAnchor": "end"},
            "legend": {
                **quiet,
                "labelFontSize": 12,
                "orient": "bottom",
                "title": None,
                "columns": 2,
                "labelLimit": 300,
            },
            "view": {"stroke": None},
            "text": {"color": {"expr": "text"}, "fontSize": 12},
        },
        **body,
    }


def axis_of(title: str, form: str, unit: str) -> Spec:
    """An axis with so many digits (d3-format) and a unit behind its numbers, with a space as in the words."""
    spaced = {
        "%": "replace(datum.label, '%', ' %')",
        "B": f"replace(format(datum.value, '{form}'), /([kMGT]?)$/, ' $1B')",
    }
    label = {"labelExpr": spaced[unit]} if unit else {}
    return {"title": title, "tickCount": 6, "format": form, **label}
