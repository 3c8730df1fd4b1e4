"""What a program is made of, and when each crate of a build was compiled. Values only."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from burnish.report.drawing import Spec
from burnish.report.printable import printable
from burnish.report.vega_lite import TOLD, axis_of, drawing
from burnish.tune.result import Timeline, TuneResult
from burnish.units import format_bytes, format_change, format_seconds

#: Sections or crates with a bar of their own; the rest is summed.
_BARS: Final = 10
#: Crates of a timeline, the longest ones.
_CRATES: Final = 40


def sizes(old: Sequence[tuple[str, int]], new: Sequence[tuple[str, int]] | None) -> Spec | None:
    """Bytes by section or crate, largest first, a bar each for the baseline and the recommended."""
    rows = breakdown(old, new)
    if not rows:
        return None
    marks = []
    for name, before, after in rows:
        change = f", {format_change(after / before)}" if new is not None and before and after else ""
        marks.append({"name": name, "of": "baseline", "bytes": before, "tip": f"{name}: {format_bytes(before)}"})
        if new is not None:
            words = f"{name}: {format_bytes(after)}{change}"
            marks.append({"name": name, "of": "recommended", "bytes": after, "tip": words})
    order = [name for name, *_ in rows]
    which = ["baseline", "recommended"] if new is not None else ["baseline"]
    colours = [{"expr": name} for name in ("grey", "accent")][: len(which)]
    axis = axis_of("", ".2~s", "B") | {"title": None}
    return drawing(
        (30 if new is not None else 24) * len(rows),
        {
            "data": {"values": marks},
            "mark": {"type": "bar"},
            "encoding": {
                "y": {"field": "name", "type": "nominal", "sort": order, "axis": {"title": None, "labelLimit": 130}},
                **({"yOffset": {"field": "of", "sort": which}} if new is not None else {}),
                "x": {"field": "bytes", "type": "quantitative", "axis": axis},
                "color": {
                    "field": "of",
                    "scale": {"domain": which, "range": colours},
                    "legend": {} if new is not None else None,
                },
                **TOLD,
            },
        },
    )


def breakdown(
    old: Sequence[tuple[str, int]], new: Sequence[tuple[str, int]] | None
) -> tuple[tuple[str, int, int], ...]:
    """Name, bytes before and after, largest first; the small ones are summed."""
    before, after = dict(old), dict(new or ())
    names = sorted({*before, *after}, key=lambda name: (-max(before.get(name, 0), after.get(name, 0)), name))
    shown = [(printable(name), before.get(name, 0), after.get(name, 0)) for name in names[:_BARS]]
    rest = names[_BARS:]
    if rest:
        sums = sum(before.get(name, 0) for name in rest), sum(after.get(name, 0) for name in rest)
        shown.append((f"{len(rest)} others", *sums))
    return tuple(shown)


def timelines(result: TuneResult) -> dict[str, tuple[str, Spec]]:
    """When each crate of a cold build was compiled, for the baseline and the recommended: key, words, drawing."""
    return {
        f"timeline-{number}": (printable(each.name), _timeline(each))
        for number, each in enumerate(result.timelines, 1)
        if each.crates
    }


def _timeline(of: Timeline) -> Spec:
    longest = sorted(of.crates, key=lambda crate: -crate.wall)[:_CRATES]
    shown = sorted(longest, key=lambda crate: (crate.start, crate.name))
    met: Counter[str] = Counter()
    marks = []
    for crate in shown:
        name = printable(crate.name)
        met[name] += 1
        marks.append(
            {
                # A build has many crates of the name build_script_build.
                "name": name if met[name] == 1 else f"{name} {met[name]}",
                "start": crate.start,
                "end": crate.start + crate.wall,
                "tip": f"{name}: {format_seconds(crate.wall)} from {format_seconds(crate.start)}, "
                f"{format_seconds(crate.cpu)} CPU, {format_bytes(crate.memory)}",
            }
        )
    y = {"field": "name", "type": "nominal", "sort": [mark["name"] for mark in marks], "axis": {"title": None}}
    x = {"field": "start", "type": "quantitative", "axis": {"title": "seconds from the start"}}
    return drawing(
        16 * len(marks),
        {
            "data": {"values": marks},
            "mark": {"type": "bar", "color": {"expr": "accent"}},
            "encoding": {
                "y": y,
                "x": x,
                "x2": {"field": "end"},
                **TOLD,
            },
        },
    )
