"""What link-time optimization did to a program, for a terminal: some lines for each question, tables of 80 columns."""

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from burnish.report.lto import distinct_names
from burnish.report.printable import printable
from burnish.units import format_bytes, format_seconds, plural
from burnish.xray.crossed import Crossed, Reason
from burnish.xray.made import Made
from burnish.xray.road import Road
from burnish.xray.vanished import Vanished, Way
from burnish.xray.views import Part, Views

#: Rows of a table, in the overview of all questions and where one is asked.
BRIEF: Final = 5
ROWS: Final = 20

_NOTHING: Final = "-"


def render(
    views: Views, *, width: int = 80, top: int | None = None, parts: Sequence[Part] = tuple(Part)
) -> Iterator[str]:
    """The answers, in the order of the questions, each as soon as it is known; tables of at most ``top`` rows."""
    rows = top or (ROWS if len(parts) == 1 else BRIEF)
    page = Page(width, rows)
    page.text(views.title + (f", lto = {views.mode}" if views.mode else ""))
    if views.crate:
        page.text(f"only the crate {views.crate}")
    for note in views.missing:
        page.text(note)
    yield page.render()
    for part in parts:
        page = Page(width, rows)
        page.lines.append("")
        _section(views, part, page)
        yield page.render()
    if len(parts) > 1:
        page = Page(width, rows)
        page.lines.append("")
        page.text("more rows: --section NAME, --top N; one crate: --crate NAME; a function's story: --why NAME")
        yield page.render()


def _section(views: Views, part: Part, page: "Page") -> None:
    match part:
        case Part.CROSSED:
            page.heading("What crossed between modules")
            _crossed(page, views.crossed)
        case Part.VANISHED:
            page.heading("What vanished")
            _vanished(page, views.vanished)
        case Part.MADE_OF:
            page.heading("What it is made of")
            _made(page, views.made)
        case Part.ROAD:
            page.heading("The road")
            _road(page, views.road)


class Page:
    """Lines of a page that grow downwards, each cut or broken at its width."""

    def __init__(self, width: int, rows: int) -> None:
        self.width = width
        self.rows = rows
        self.lines: list[str] = []

    def heading(self, words: str) -> None:
        self.lines.append(words)

    def text(self, words: str, indent: int = 0) -> None:
        """Words, broken over as many lines as they need."""
        room, first = " " * indent, printable(words)
        self.lines += textwrap.wrap(
            first,
            self.width,
            initial_indent=room,
            subsequent_indent=room + "  " * bool(indent),
            break_on_hyphens=False,
            break_long_words=False,
        ) or [""]

    def table(self, head: Sequence[str], rows: Iterable[Sequence[str]], *, more: str = "") -> None:
        """Figures to the right, the last column (a name) to the left and cut in its middle; no rows: nothing."""
        found = list(rows)
        shown = found[: self.rows]
        if not shown:
            return
        widths = [max(len(row[place]) for row in (head, *shown)) for place in range(len(head) - 1)]
        room = self.width - 2 - sum(width + 2 for width in widths)
        for row in (head, *shown):
            figures = "".join(f"{cell:>{size}}  " for cell, size in zip(row, widths, strict=False))
            self.lines.append(f"  {figures}{cut(printable(row[-1]), room)}")
        if len(found) > len(shown):
            self.lines.append(f"  {' ' * sum(width + 2 for width in widths)}and {len(found) - len(shown):,} more{more}")

    def render(self) -> str:
        return "\n".join(line.rstrip() for line in self.lines) + "\n"


_ARGUMENTS: Final = re.compile(r"(?<=\w)(?:::)?<(?!…)[^<>]*>")


def cut(name: str, room: int) -> str:
    """The name in at most so many columns: without type arguments, then cut in its middle, for the end tells most."""
    while len(name) > room and (shorter := _ARGUMENTS.sub("<…>", name)) != name:
        name = shorter
    if len(name) <= room:
        return name
    head = max(1, (room - 1) // 3)
    return f"{name[:head]}…{name[len(name) - (room - 1 - head) :]}"


def _crossed(page: Page, found: Crossed | None) -> None:
    if found is None:
        page.text("not known: see above", 2)
        return
    extent = f"{plural(found.modules, 'module')} of {plural(found.crates, 'crate')}"
    imports = sum(pair.imports for pair in found.pairs)
    if found.units == 1:
        page.text(f"{extent} merged into one: every call sees every definition, nothing needs to be imported.", 2)
    else:
        page.text(f"{extent} in {plural(found.units, 'unit')}: {plural(imports, 'import')}.", 2)
    page.table(
        ("imports", "names", "instructions", "from -> into"),
        (
            (f"{pair.imports:,}", f"{pair.functions:,}", f"{pair.instructions:,}", f"{pair.source} -> {pair.target}")
            for pair in found.pairs
        ),
    )
    _imported(page, found)
    for reason in found.reasons:
        _refused(page, reason)
    _inlined(page, found)


def _imported(page: Page, found: Crossed) -> None:
    if not found.imported:
        return
    page.text("Imported functions, the program's own crates first:", 2)
    page.table(
        ("instructions", "limit", "units", "function -> into"),
        (
            (f"{row.instructions:,}", f"{row.limit:,}", f"{row.times:,}", _into(row.function, row.into))
            for row in found.imported
        ),
    )


def _into(function: str, into: Sequence[str]) -> str:
    shown = ", ".join(into[:2]) + (f" and {len(into) - 2} more" if len(into) > 2 else "")
    return f"{function} -> {shown}"


def _refused(page: Page, reason: Reason) -> None:
    meaning = f" ({reason.meaning})" if reason.meaning else ""
    page.text(f"Not imported, {reason.word}{meaning}: {plural(reason.refusals, 'time')}", 2)
    page.table(
        ("instructions", "limit", "units", "function, wanted by"),
        (
            (_known(row.instructions), _known(row.limit), f"{row.times:,}", _into(row.function, row.into))
            for row in reason.functions
        ),
    )


def _known(value: int) -> str:
    return f"{value:,}" if value >= 0 else _NOTHING


def _inlined(page: Page, found: Crossed) -> None:
    if not found.calls:
        return
    within = f", {found.standard_calls:,} of them within the standard library" if found.standard_calls else ""
    page.text(f"Inlined across crates: {plural(found.calls, 'call')}{within}:", 2)
    page.table(
        ("calls", "cost", "threshold", "function -> into"),
        (
            (f"{row.calls:,}", span(row.costs), span(row.thresholds), _into(row.function, row.into))
            for row in found.inlined
        ),
    )
    if found.kept:
        page.text(f"Calls across crates that stay calls: {plural(len(found.kept), 'pair')} of functions:", 2)
        page.table(
            ("cost", "threshold", "why", "function, called by"),
            (
                (
                    _known(row.cost) if row.threshold >= 0 else _NOTHING,
                    _known(row.threshold),
                    cut(row.reason, 24),
                    f"{row.function} <- {row.caller}",
                )
                for row in found.kept
            ),
        )


def span(values: tuple[int, int] | None) -> str:
    """``15``, ``-35..15``; ``always`` where LLVM asked for no cost."""
    if values is None:
        return "always"
    return str(values[0]) if values[0] == values[1] else f"{values[0]}..{values[1]}"


def _vanished(page: Page, found: Vanished | None) -> None:
    if found is None:
        page.text("not known: see above", 2)
        return
    page.text(f"{found.left:,} of {plural(found.functions, 'function')} are in the program.", 2)
    for way in Way:
        if count := found.count(way):
            size = f", ~{format_bytes(found.size(way))} ±{format_bytes(found.error(way))}" if found.fit else ""
            page.text(f"{count:,} {way} ({way.meaning}){size}", 2)
    if found.fit is not None:
        page.text(
            f"~ is an estimate: {found.fit.ratio:.2f} bytes an instruction, as in {found.fit.functions:,} functions "
            "of this program that nothing was inlined into; ± two standard deviations.",
            2,
        )
    page.table(
        ("functions", *Way, "bytes", "crate"),
        (
            (
                f"{row.functions:,}",
                *(f"{row.counts.get(way, 0):,}" for way in Way),
                f"~{row.size:,}" if found.fit else _NOTHING,
                row.crate,
            )
            for row in found.crates
        ),
    )
    page.text("Largest, the program's own crates first:", 2)
    page.table(
        ("instructions", "bytes", "how", "name"),
        (
            (
                _known(row.instructions) if row.instructions >= 0 else "variable",
                f"~{row.size:,}" if found.fit and row.size else _NOTHING,
                str(row.way),
                row.name,
            )
            for row in found.gone
        ),
    )


def _made(page: Page, found: Made) -> None:
    page.text(
        f"{format_bytes(found.stripped)} without symbols. The file looked at has {format_bytes(found.size)}, "
        f"{format_bytes(found.kept)} of it symbols and the like, which no run of the program reads.",
        2,
    )
    page.table(("bytes", "kind", "section"), ((f"{row.size:,}", row.kind, row.name) for row in found.sections))
    page.text("By crate, code and data:", 2)
    page.table(
        ("bytes", "code", "data", "crate"),
        ((f"{row.size:,}", f"{row.code:,}", f"{row.data:,}", row.name) for row in found.crates),
    )
    page.text("By module:", 2)
    page.table(
        ("bytes", "symbols", "module"), ((f"{row.size:,}", f"{row.symbols:,}", row.name) for row in found.modules)
    )
    page.text("Largest functions and variables:", 2)
    page.table(("bytes", "name"), ((f"{row.size:,}", row.name) for row in found.functions))
    if found.generics:
        page.text("Generics, all copies together:", 2)
        page.table(
            ("bytes", "copies", "generic"),
            ((f"{row.size:,}", f"{row.copies:,}", row.name) for row in found.generics if row.copies > 1),
        )
    if found.retained:
        page.text("What would go with a function if it went (retained):", 2)
        page.table(
            ("bytes", "own", "name"), ((f"{row.retained:,}", f"{row.size:,}", row.name) for row in found.retained)
        )


def _road(page: Page, found: Road | None) -> None:
    if found is None:
        page.text("not known: no link by burnish is recorded", 2)
        return
    page.text(
        f"{found.lto} by {found.done_by}, {plural(found.jobs, 'job')}: {format_seconds(found.wall)} wall, "
        f"{format_seconds(found.cpu)} CPU, {format_bytes(found.memory)} in the largest process.",
        2,
    )
    lines = list(_stages(found))
    for wall, cpu, memory, name, does in (("wall", "CPU", "memory", "stage", ""), *lines):
        head = f"  {wall:>8}  {cpu:>8}  {memory:>9}  {name:<10}  "
        body = textwrap.wrap(does, page.width - len(head)) or [""]
        page.lines.append(head + body[0])
        page.lines += [" " * len(head) + line for line in body[1:]]
    if found.cached:
        page.text(f"{plural(found.cached, 'unit')} from the cache: no times of their backends.", 2)
    names = distinct_names([unit.name for unit in found.units])
    page.table(
        ("wall", "memory", "imports", "objects", "slowest backends"),
        (
            (
                format_seconds(unit.wall),
                format_bytes(unit.memory),
                f"{unit.imports:,}",
                format_bytes(unit.bytes),
                name,
            )
            for unit, name in zip(found.units, names, strict=True)
        ),
    )


def _stages(found: Road) -> Iterator[tuple[str, str, str, str, str]]:
    for stage in found.stages:
        yield (
            format_seconds(stage.wall),
            format_seconds(stage.cpu),
            format_bytes(stage.memory) if stage.memory else _NOTHING,
            f"  {stage.name}" if stage.inner else stage.name,
            f"{stage.does}: {stage.here}" if stage.here else stage.does,
        )
