"""xray's page: one HTML file that stands alone, with the graph of crates, the map of sizes and tables that filter.

Vega draws; its script is in the page, and the browser is told to let no request out. All text is escaped.
"""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from burnish.report import xray_vega as drawings
from burnish.report.drawing import POLICY, STYLE, Spec, scripts
from burnish.report.printable import printable
from burnish.report.xray import span
from burnish.units import format_bytes, format_seconds, plural
from burnish.xray.crossed import Crossed
from burnish.xray.made import Made
from burnish.xray.picture import Picture
from burnish.xray.road import Road
from burnish.xray.vanished import Vanished, Way, bytes_per_instruction
from burnish.xray.views import Views

#: Rows of a table in the page; what is beyond is counted.
ROWS: Final = 400

_STYLE: Final = """
:root { color-scheme: light dark; --page: #fbfaf8; --card: #ffffff; --text: #1d1c1a; --dim: #66635d; --line: #e3e0da;
  --accent: #c2410c; --soft: #fdf0e8; --grey: #8d8a83; --good: #15803d; --bad: #b91c1c; }
@media (prefers-color-scheme: dark) { :root { --page: #161513; --card: #1f1d1b; --text: #ece9e3; --dim: #a29d94;
  --line: #37342f; --accent: #fb8c4b; --soft: #33241a; --grey: #8f8b83; --good: #4ade80; --bad: #f87171; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1040px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { font-size: 1.45rem; line-height: 1.3; margin: 4px 0 14px; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 0 0 8px; } h3 { font-size: .95rem; margin: 16px 0 6px; }
p { margin: 0 0 8px; } .dim, label, caption { color: var(--dim); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 16px 18px;
  margin-bottom: 16px; min-width: 0; }
nav a { color: var(--accent); margin-right: 14px; text-decoration: none; }
.drawing { overflow-x: auto; }
.head { display: flex; flex-wrap: wrap; gap: 4px 16px; align-items: baseline; margin-top: 14px; }
.head h3 { margin: 0; } input, select { font: inherit; font-size: 13px; color: var(--text); background: var(--card);
  border: 1px solid var(--line); border-radius: 6px; padding: 3px 8px; }
.head input { margin-left: auto; width: 15em; max-width: 100%; }
.wide { overflow: auto; max-height: 420px; margin-top: 6px; } table { border-collapse: collapse; width: 100%;
  font-size: 13px; font-variant-numeric: tabular-nums; }
td, th { padding: 4px 12px 4px 0; border-top: 1px solid var(--line); text-align: right; vertical-align: top;
  white-space: nowrap; font-weight: normal; }
thead th { position: sticky; top: 0; background: var(--card); color: var(--dim); border: 0; }
td:last-child, th:last-child { text-align: left; width: 100%; white-space: normal; overflow-wrap: anywhere;
  min-width: 16em; } td:last-child { font: 12px/1.5 ui-monospace, monospace; }
@media (max-width: 600px) { main { padding: 14px 8px 40px; } section { padding: 12px 10px; } h1 { font-size: 1.2rem; }
  .drawing svg { min-width: 560px; max-width: none; } .head input { margin-left: 0; width: 100%; } }
@media print { input, select { display: none; } .wide { max-height: none; overflow: visible; } }
"""

_SCRIPT: Final = """
pages.graph = view => {
  const choice = document.getElementById('graph-weight');
  choice.onchange = () => view.signal('weight', choice.value).runAsync();
};
for (const box of document.querySelectorAll('input[data-table]')) box.oninput = () => {
  const words = box.value.toLowerCase().split(/\\s+/);
  for (const row of document.getElementById(box.dataset.table).tBodies[0].rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every(word => text.includes(word));
  }
};
"""


def render(picture: Picture, vega: str) -> str:
    """The page, with the script that draws in it (`burnish.report.drawing`)."""
    views = Views(picture)
    facts = views.facts
    made = views.made
    specs: dict[str, Spec] = {}
    sections = []
    if facts is not None and views.crossed is not None:
        fit = bytes_per_instruction(facts)
        nodes, links, left_out = drawings.graph_rows(views.crossed, made, facts.own, fit)
        thin = any(pair.imports for pair in views.crossed.pairs)
        specs["graph"] = drawings.graph(nodes, links, first="imports" if thin else "calls")
        sections.append(_graph(left_out, thin=thin))
    specs["map"] = drawings.treemap(drawings.tree_rows(made))
    sections.append(_map())
    sections += [*_crossed(views.crossed), *_vanished(views.vanished), *_made(made), *_road(views.road)]
    title = escape(printable(views.title + (f", lto = {views.mode}" if views.mode else "")))
    return "\n".join(
        (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>burnish xray: {title}</title>\n<style>{_STYLE}{STYLE}</style>\n</head>\n<body>\n<main>",
            f"<h1>{title}</h1>",
            *_notes(views),
            *sections,
            "</main>",
            scripts(specs, _SCRIPT, vega),
            "</body>\n</html>\n",
        )
    )


def _notes(views: Views) -> Iterable[str]:
    for note in views.missing:
        yield f"<p>{escape(printable(note))}</p>"
    yield '<nav><a href="#crossed">crossed</a><a href="#vanished">vanished</a><a href="#made">made of</a>'
    yield '<a href="#road">the road</a></nav><br>'


def _graph(left_out: int, *, thin: bool) -> str:
    options = (("imports", "imports"), ("bytes", "bytes imported (estimate)"), ("calls", "calls inlined"))
    shown = options if thin else options[2:]
    choice = "".join(f'<option value="{value}">{words}</option>' for value, words in shown)
    more = f" {plural(left_out, 'crate')} with less between them left out." if left_out else ""
    return (
        '<section><h2>Between crates</h2><p class="dim">An edge is what went from one crate into another; a circle is '
        "a crate&#x27;s bytes in the program; coloured ones are the program&#x27;s own and its dependencies. Point at "
        f'a circle or an edge; drag a circle.{more}</p><label>width of an edge: <select id="graph-weight">{choice}'
        '</select></label><div class="drawing" id="graph"></div></section>'
    )


def _map() -> str:
    return (
        '<section><h2>Sizes</h2><p class="dim">Functions and variables by crate, the area is bytes in the file. Click '
        'for one crate alone, again for all.</p><div class="drawing" id="map"></div></section>'
    )


def _section(anchor: str, heading: str, words: Sequence[str], tables: Iterable[str]) -> str:
    prose = "".join(f"<p>{escape(printable(each))}</p>" for each in words)
    return f'<section id="{anchor}"><h2>{heading}</h2>{prose}{"".join(tables)}</section>'


def _table(heading: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with a box that filters it; nothing where there are no rows. The heading names it in the page."""
    if not rows:
        return ""
    name = f"table-{heading.lower().replace(' ', '-')}"
    cells = "".join(f"<th>{escape(each)}</th>" for each in head)
    body = "".join(f"<tr>{''.join(f'<td>{escape(printable(cell))}</td>' for cell in row)}</tr>" for row in rows[:ROWS])
    more = f'<p class="dim">and {len(rows) - ROWS:,} more: burnish xray --format json</p>' if len(rows) > ROWS else ""
    return (
        f'<div class="head"><h3>{escape(heading)}</h3><input data-table="{name}" placeholder="filter" '
        f'aria-label="filter {escape(heading)}"></div><div class="wide"><table id="{name}"><thead><tr>{cells}'
        f"</tr></thead><tbody>{body}</tbody></table></div>{more}"
    )


def _crossed(found: Crossed | None) -> Iterable[str]:
    if found is None:
        return
    merged = found.units == 1
    extent = f"{plural(found.modules, 'module')} of {plural(found.crates, 'crate')}"
    words = [
        f"{extent} merged into one." if merged else f"{extent} in {plural(found.units, 'unit')}.",
        (
            f"{plural(found.calls, 'call')} inlined across crates, {found.standard_calls:,} of them within the "
            "standard library."
        ),
    ]
    tables = [
        _table(
            "Imports from crate to crate",
            ("imports", "names", "instructions", "from -> into"),
            [
                (f"{row.imports:,}", f"{row.functions:,}", f"{row.instructions:,}", f"{row.source} -> {row.target}")
                for row in found.pairs
            ],
        ),
        _table(
            "Imported functions",
            ("instructions", "limit", "units", "function -> into"),
            [
                (
                    f"{row.instructions:,}",
                    f"{row.limit:,}",
                    f"{row.times:,}",
                    f"{row.function} -> {', '.join(row.into)}",
                )
                for row in found.imported
            ],
        ),
        _table(
            "Not imported",
            ("why", "instructions", "limit", "function, wanted by"),
            [
                (
                    reason.word,
                    f"{row.instructions:,}" if row.instructions >= 0 else "",
                    f"{row.limit:,}" if row.limit >= 0 else "",
                    f"{row.function} -> {', '.join(row.into)}",
                )
                for reason in found.reasons
                for row in reason.functions
            ],
        ),
        _table(
            "Inlined across crates",
            ("calls", "cost", "threshold", "function -> into"),
            [
                (
                    f"{row.calls:,}",
                    span(row.costs),
                    span(row.thresholds),
                    f"{row.function} -> {', '.join(row.into[:4])}",
                )
                for row in found.inlined
            ],
        ),
        _table(
            "Calls across crates that stay calls",
            ("cost", "threshold", "why", "function, called by"),
            [
                (
                    f"{row.cost:,}" if row.threshold >= 0 else "",
                    f"{row.threshold:,}" if row.threshold >= 0 else "",
                    row.reason,
                    f"{row.function} <- {row.caller}",
                )
                for row in found.kept
            ],
        ),
    ]
    yield _section("crossed", "What crossed between modules", words, tables)


def _vanished(found: Vanished | None) -> Iterable[str]:
    if found is None:
        return
    words = [f"{found.left:,} of {plural(found.functions, 'function')} are in the program."]
    for way in Way:
        size = f", ~{format_bytes(found.size(way))} ±{format_bytes(found.error(way))}" if found.fit else ""
        words.append(f"{found.count(way):,} {way}: {way.meaning}{size}.")
    if found.fit is not None:
        words.append(
            f"~ is an estimate: {found.fit.ratio:.2f} bytes an instruction, as in {found.fit.functions:,} functions "
            "of this program; ± two standard deviations."
        )
    tables = [
        _table(
            "Vanished by crate",
            ("functions", *Way, "bytes, estimated", "crate"),
            [
                (f"{row.functions:,}", *(f"{row.counts.get(way, 0):,}" for way in Way), f"{row.size:,}", row.crate)
                for row in found.crates
            ],
        ),
        _table(
            "Vanished functions and variables",
            ("instructions", "bytes, estimated", "how", "name"),
            [
                (
                    f"{row.instructions:,}" if row.instructions >= 0 else "variable",
                    f"{row.size:,}" if row.size else "",
                    str(row.way),
                    row.name,
                )
                for row in found.gone
            ],
        ),
    ]
    yield _section("vanished", "What vanished", words, tables)


def _made(found: Made) -> Iterable[str]:
    words = [
        (
            f"{format_bytes(found.stripped)} without symbols. The file looked at has {format_bytes(found.size)}, "
            f"{format_bytes(found.kept)} of it symbols and the like, which no run of the program reads."
        )
    ]
    tables = [
        _table(
            "Sections", ("bytes", "kind", "section"), [(f"{row.size:,}", row.kind, row.name) for row in found.sections]
        ),
        _table(
            "Crates",
            ("bytes", "code", "data", "crate"),
            [(f"{row.size:,}", f"{row.code:,}", f"{row.data:,}", row.name) for row in found.crates],
        ),
        _table(
            "Modules",
            ("bytes", "symbols", "module"),
            [(f"{row.size:,}", f"{row.symbols:,}", row.name) for row in found.modules],
        ),
        _table(
            "Functions and variables",
            ("bytes", "retained", "name"),
            [(f"{row.size:,}", f"{row.retained:,}" if row.retained >= 0 else "", row.name) for row in found.functions],
        ),
        _table(
            "Generics",
            ("bytes", "copies", "generic"),
            [(f"{row.size:,}", f"{row.copies:,}", row.name) for row in found.generics if row.copies > 1],
        ),
    ]
    yield _section("made", "What it is made of", words, tables)


def _road(found: Road | None) -> Iterable[str]:
    if found is None:
        return
    words = [
        (
            f"{found.lto} by {found.done_by}: {format_seconds(found.wall)} wall, {format_seconds(found.cpu)} CPU, "
            f"{format_bytes(found.memory)} in the largest process."
        )
    ]
    rows = [
        (
            format_seconds(stage.wall),
            format_seconds(stage.cpu),
            format_bytes(stage.memory) if stage.memory else "",
            stage.name,
            f"{stage.does}: {stage.here}" if stage.here else stage.does,
        )
        for stage in found.stages
    ]
    tables = [_table("Stages", ("wall", "CPU", "memory", "stage", "what it does"), rows)]
    yield _section("road", "The road", words, tables)
