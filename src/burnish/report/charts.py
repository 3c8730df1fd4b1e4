"""Charts of the HTML report as SVG and table rows: pure text, no scripts, every label escaped."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from burnish.report.figures import cells, recommended, select
from burnish.report.printable import printable
from burnish.tune.result import Row, TuneResult
from burnish.units import format_bytes, format_change, format_seconds

_WIDTH: Final = 760
_HEIGHT: Final = 380
_LEFT, _RIGHT, _TOP, _BOTTOM = 78, 24, 34, 46
#: Sections or crates with a row of their own; the rest is summed.
_BARS: Final = 10
_MAX_POINTS_SPAN: Final = 0.12  # margin around the points, as a share of their span


@dataclass(frozen=True, kw_only=True, slots=True)
class _Axis:
    """A linear scale from values to pixels, with round ticks."""

    low: float
    high: float
    start: float
    stop: float

    def at(self, value: float) -> float:
        inside = min(max(value, self.low), self.high)
        return self.start + (inside - self.low) / (self.high - self.low) * (self.stop - self.start)

    def ticks(self) -> tuple[float, ...]:
        rough = (self.high - self.low) / 5
        power = 10 ** math.floor(math.log10(rough))
        step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough)
        first = math.ceil(self.low / step)
        return tuple(each * step for each in range(first, math.floor(self.high / step) + 1))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Point:
    row: Row
    y: float
    low: float
    high: float


def scatter(result: TuneResult) -> str:
    """File size against run time, or against build CPU without a workload; every built candidate that has both."""
    timed = result.workload is not None
    points = tuple(point for row in result.rows if (point := _point(row, result, timed=timed)))
    if len(points) < 2:
        return ""
    x = _scale([float(each.row.size.file) for each in points], _LEFT, _WIDTH - _RIGHT)
    y = _scale([v for each in points for v in (each.low, each.high)], _HEIGHT - _BOTTOM, _TOP)
    label = "run time against the baseline" if timed else "CPU of a cold build"
    parts = [
        f'<svg class="scatter" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="file size and {label}">',
        *_grid(x, y, _percent if timed else format_seconds),
        f'<text class="axis" x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 8}" text-anchor="end">file size</text>',
        f'<text class="axis" x="8" y="16">{label}</text>',
        *_reference(points[0], x, y),
        *(_mark(each, result, x, y) for each in sorted(points, key=lambda each: _weight(each.row, result))),
        "</svg>",
    ]
    return "".join(parts)


def _point(row: Row, result: TuneResult, *, timed: bool) -> _Point | None:
    if not timed:
        return _Point(row=row, y=row.cost.cpu, low=row.cost.cpu, high=row.cost.cpu)
    if row is result.rows[0]:
        return _Point(row=row, y=0, low=0, high=0)
    if row.time is not None:
        y = row.time.ratio - 1
        # An endless interval would flatten the picture: its bar is cut at three times the distance.
        reach = 3 * max(abs(y), 0.01)
        return _Point(row=row, y=y, low=max(row.time.low - 1, y - reach), high=min(row.time.high - 1, y + reach))
    return (
        None
        if row.screened is None
        else _Point(row=row, y=row.screened - 1, low=row.screened - 1, high=row.screened - 1)
    )


def _scale(values: Sequence[float], start: float, stop: float) -> _Axis:
    low, high = min(values), max(values)
    margin = (high - low) * _MAX_POINTS_SPAN or abs(high) * 0.1 or 1.0
    return _Axis(low=low - margin, high=high + margin, start=start, stop=stop)


def _grid(x: _Axis, y: _Axis, y_label: Callable[[float], str]) -> list[str]:
    found = []
    for value in x.ticks():
        at = f"{x.at(value):.1f}"
        found.append(f'<line class="grid" x1="{at}" x2="{at}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}"/>')
        found.append(f'<text x="{at}" y="{_HEIGHT - _BOTTOM + 16}" text-anchor="middle">{format_bytes(value)}</text>')
    for value in y.ticks():
        at = f"{y.at(value):.1f}"
        found.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{at}" y2="{at}"/>')
        found.append(f'<text x="{_LEFT - 8}" y="{at}" dy="4" text-anchor="end">{y_label(value)}</text>')
    return found


def _percent(value: float) -> str:
    return format_change(1 + value)


def _reference(base: _Point, x: _Axis, y: _Axis) -> tuple[str, str]:
    across, down = f"{y.at(base.y):.1f}", f"{x.at(base.row.size.file):.1f}"
    return (
        f'<line class="base" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{across}" y2="{across}"/>',
        f'<line class="base" x1="{down}" x2="{down}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}"/>',
    )


def _weight(row: Row, result: TuneResult) -> int:
    """Later marks lie on top: plain, front, baseline, recommended."""
    return 3 if row is recommended(result) else 2 if row is result.rows[0] else int(row.front)


def _mark(point: _Point, result: TuneResult, x: _Axis, y: _Axis) -> str:
    row, kind = point.row, ("plain", "front", "baseline", "best")[_weight(point.row, result)]
    at_x, at_y = x.at(row.size.file), y.at(point.y)
    screened = " screened" if row.time is None and row.screened is not None else ""
    bar = ""
    if point.high > point.low:
        ends = f'y1="{y.at(point.low):.1f}" y2="{y.at(point.high):.1f}"'
        bar = f'<line class="interval" x1="{at_x:.1f}" x2="{at_x:.1f}" {ends}/>'
    label = ""
    if kind in {"baseline", "best"}:
        left = at_x > (_LEFT + _WIDTH - _RIGHT) / 2
        # One above its mark and one below, so that a small change does not print them over each other.
        down = -9 if kind == "baseline" else 19
        place = (
            f'x="{at_x + (-11 if left else 11):.1f}" y="{at_y + down:.1f}" text-anchor="{"end" if left else "start"}"'
        )
        label = f'<text class="name" {place}>{"baseline" if kind == "baseline" else "recommended"}</text>'
    radius = {"plain": 4, "front": 5.5, "baseline": 6.5, "best": 7.5}[kind]
    circle = f'<circle cx="{at_x:.1f}" cy="{at_y:.1f}" r="{radius}"/>'
    return f'<g class="{kind}{screened}"><title>{escape(_tooltip(row, result))}</title>{bar}{circle}{label}</g>'


def _tooltip(row: Row, result: TuneResult) -> str:
    shown = cells(row, result)
    lines = [
        shown.id + (f" ({', '.join(shown.names)})" if shown.names else ""),
        f"file {shown.size} {shown.size_change}",
        f"run time {shown.time_words} {shown.interval}" if result.workload else "",
        f"build {shown.cpu} CPU {shown.cpu_change}",
    ]
    return "\n".join(line.strip() for line in lines if line)


def legend(result: TuneResult) -> str:
    """What the marks mean; only those that are there."""
    found = [
        ("baseline", "baseline"),
        ("best", "recommended"),
        ("front", "on the front"),
        ("plain", "matched or beaten"),
    ]
    there = {("plain", "front", "baseline", "best")[_weight(row, result)] for row in result.rows}
    swatch = '<svg viewBox="0 0 16 16" width="16" height="16"><g class="{}"><circle cx="8" cy="8" r="6"/></g></svg>'
    items = [f"<span>{swatch.format(kind)}{words}</span>" for kind, words in found if kind in there]
    if any(row.time for row in result.rows):
        items.append("<span>bars: intervals of the time</span>")
    if result.workload and any(row.screened is not None and row.time is None for row in result.rows):
        items.append("<span>dashed: screened only, no interval</span>")
    return f'<p class="legend">{"".join(items)}</p>'


def breakdown(old: Sequence[tuple[str, int]], new: Sequence[tuple[str, int]] | None) -> str:
    """Table rows of bytes by section or crate, largest first, a bar each for the baseline and the recommended."""
    before, after = dict(old), dict(new or ())
    names = sorted({*before, *after}, key=lambda name: (-max(before.get(name, 0), after.get(name, 0)), name))
    shown = [(name, before.get(name, 0), after.get(name, 0)) for name in names[:_BARS]]
    rest = names[_BARS:]
    if rest:
        sums = sum(before.get(name, 0) for name in rest), sum(after.get(name, 0) for name in rest)
        shown.append((f"{len(rest)} others", *sums))
    most = max((max(row[1:]) for row in shown), default=0) or 1
    return "".join(_bars(*row, most=most, compare=new is not None) for row in shown)


def _bars(name: str, old: int, new: int, *, most: int, compare: bool) -> str:
    def bar(kind: str, value: int) -> str:
        width = value / most * 100
        return (
            f'<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
            f'<rect class="{kind}" width="{width:.2f}" height="8"/></svg>'
        )

    bars = bar("baseline", old) + (bar("best", new) if compare else "")
    numbers = f"<td>{format_bytes(old)}</td>"
    if compare:
        change = format_change(new / old) if old else "new"
        numbers += f"<td>{format_bytes(new)}</td><td>{change if new else 'gone'}</td>"
    return f'<tr><th scope="row">{escape(printable(name))}{bars}</th>{numbers}</tr>'


def table(result: TuneResult) -> str:
    """The rows of evidence, as table rows."""
    return "".join(_table_row(row, result) for row in select(result).rows)


def _table_row(row: Row, result: TuneResult) -> str:
    shown = cells(row, result)
    names = "".join(f'<span class="chip">{escape(name)}</span>' for name in shown.names)
    columns = [(shown.size, shown.size_change)]
    if result.workload:
        timing = f'<b class="{shown.timing}">{escape(shown.time_words)}</b>' if shown.timing else escape(shown.time)
        columns += [(timing, shown.interval), (shown.instructions, "")]
    else:
        columns += [(shown.gzip, shown.gzip_change)]
    columns += [
        (shown.cpu, shown.cpu_change),
        (shown.rebuild, shown.rebuild_change),
        (shown.memory, shown.memory_change),
    ]
    numbers = "".join(f"<td>{value}<small>{escape(detail)}</small></td>" for value, detail in columns)
    mark = ' class="best"' if row is recommended(result) else ""
    return f'<tr{mark}><th scope="row"><code>{escape(shown.id)}</code>{names}</th>{numbers}</tr>'
