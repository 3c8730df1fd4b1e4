"""What a link took away and brought across crates, as bars. Values only."""

from collections.abc import Sequence

from burnish.report.drawing import Spec
from burnish.report.printable import printable
from burnish.report.vega_lite import TOLD, axis_of, drawing
from burnish.tune.result import LinkPicture, Loss
from burnish.units import format_bytes, plural


def crossings(link: LinkPicture) -> Spec | None:
    """Calls inlined from crate to crate, most first."""
    rows = [
        (
            f"{printable(each.source)} → {printable(each.target)}",
            each.calls,
            f"{plural(each.calls, 'call')} inlined, {plural(each.imports, 'import')}",
        )
        for each in link.crossings
        if each.calls
    ]
    return _bars(rows, "calls inlined", "accent")


def fates(link: LinkPicture) -> Spec | None:
    """What became of the functions that went into the link."""
    rows = [("in the program", link.left, plural(link.left, "function"))]
    for each in link.losses:
        words = f"{plural(each.functions, 'function')}: {fate(each)}"
        rows.append((printable(each.way), each.functions, words))
    return _bars(rows, "functions", "grey")


def fate(each: Loss) -> str:
    """What a way out of the program means, and the bytes that were saved, where they can be estimated."""
    if each.size is None or each.error is None:
        return each.meaning
    return f"{each.meaning}, ~{format_bytes(each.size)} ±{format_bytes(each.error)}"


def _bars(rows: Sequence[tuple[str, int, str]], title: str, colour: str) -> Spec | None:
    if not any(count for _, count, _ in rows):
        return None
    marks = [{"name": name, "count": count, "tip": f"{name}: {words}"} for name, count, words in rows]
    y = {"field": "name", "type": "nominal", "sort": [mark["name"] for mark in marks],
         "axis": {"title": None, "labelLimit": 190}}  # fmt: skip
    x = {"field": "count", "type": "quantitative", "axis": axis_of(title, ",", "")}
    return drawing(
        26 * len(marks),
        {
            "data": {"values": marks},
            "mark": {"type": "bar", "color": {"expr": colour}},
            "encoding": {"y": y, "x": x, **TOLD},
        },
    )
