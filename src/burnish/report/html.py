"""The report as one HTML file: no request leaves it, light and dark, printable, all text escaped."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import Final

from burnish.explain.claims import ClaimVerdict, check_all
from burnish.report import claims, drawn_candidates, drawn_options, drawn_parts, html_link, json, sentences
from burnish.report.drawing import POLICY, STYLE, Spec, embedded, inert_json, scripts
from burnish.report.figures import Cells, cells, profile_toml, recommended, select, size_of_recommended
from burnish.report.printable import printable
from burnish.tune.result import Outcome, Row, TuneResult
from burnish.units import format_bytes, format_change

_PAIR: Final = re.compile(r"[a-z-]+ = [a-z0-9-]+")
_UNIT: Final = re.compile(r"(\d) (?=(?:%|[kMG]?B|m?s|min|h)(?!\w))")

_STYLE: Final = """
:root { color-scheme: light dark; --page: #fbfaf8; --card: #ffffff; --text: #1d1c1a; --dim: #66635d; --line: #e3e0da;
  --accent: #c2410c; --soft: #fdf0e8; --grey: #8d8a83; --good: #15803d; --bad: #b91c1c; }
@media (prefers-color-scheme: dark) { :root { --page: #161513; --card: #1f1d1b; --text: #ece9e3; --dim: #a29d94;
  --line: #37342f; --accent: #fb8c4b; --soft: #33241a; --grey: #8f8b83; --good: #4ade80; --bad: #f87171; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1000px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { font-size: 1.45rem; line-height: 1.3; margin: 4px 0 18px; text-wrap: balance; overflow-wrap: anywhere; }
h2 { font-size: 1rem; margin: 0 0 10px; }
p, ul { margin: 0 0 10px; } ul { padding-left: 20px; } li { margin-bottom: 3px; overflow-wrap: anywhere; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 16px 18px;
  margin-bottom: 16px; min-width: 0; }
.dim, small, summary { color: var(--dim); } .dim { overflow-wrap: anywhere; }
.two { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(420px, 100%), 1fr)); gap: 0 16px; }
.verdict { border-left: 5px solid var(--grey); } .change { border-left-color: var(--accent); }
.toml { position: relative; background: var(--soft); border-radius: 8px; }
pre { margin: 0; padding: 12px 14px; overflow-x: auto; } code, pre { font: 13px/1.5 ui-monospace, monospace; }
button { font: inherit; font-size: 13px; color: var(--text); background: var(--card); border: 1px solid var(--line);
  border-radius: 6px; padding: 3px 10px; cursor: pointer; } .toml button { position: absolute; top: 8px; right: 8px; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 7px 10px 7px 0; border-top: 1px solid var(--line); text-align: right; vertical-align: top;
  white-space: nowrap; } th { text-align: left; font-weight: normal; } thead th { border: 0; color: var(--dim); }
thead th:not(:first-child) { text-align: right; } td small { display: block; font-size: 12px; }
tr.best { background: var(--soft); } tr.best th { box-shadow: -6px 0 var(--accent); } th code { display: block; }
.wide > table > tbody > tr > th { white-space: normal; } th code { white-space: nowrap; }
.chip { display: inline-block; font-size: 12px; color: var(--dim); border: 1px solid var(--line); border-radius: 9px;
  max-width: 34ch; padding: 0 8px; margin: 3px 6px 0 0; white-space: normal; overflow-wrap: anywhere; }
.faster { color: var(--good); } .slower { color: var(--bad); } .undecided { color: var(--dim); font-weight: normal; }
.breakdown tbody th { width: 46%; min-width: 132px; white-space: normal; overflow-wrap: anywhere; }
#front .role-mark text { paint-order: stroke; stroke: var(--card); stroke-width: 4px; } .one { white-space: nowrap; }
.drawing { min-height: 60px; } .drawing.tall { min-height: 420px; }
.head { display: flex; flex-wrap: wrap; gap: 4px 16px; align-items: baseline; justify-content: space-between; }
select, input { font: inherit; font-size: 13px; color: var(--text); background: var(--card);
  border: 1px solid var(--line); border-radius: 6px; padding: 3px 8px; max-width: 100%; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
td button, th button { padding: 0 7px; font-size: 12px; }
button[aria-pressed=true] { background: var(--accent); color: var(--card); border-color: var(--accent); }
table.words td, table.words th { white-space: normal; } table.words small { overflow-wrap: anywhere; }
#pinned:empty { display: none; } #pinned { margin: 10px 0; } #pinned th { white-space: normal; }
details > summary { cursor: pointer; } details .wide { margin-top: 8px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 3px 16px; margin: 0; }
dt { color: var(--dim); } dd { margin: 0; overflow-wrap: anywhere; min-width: 0; }
@media (min-width: 800px) { table.words td { white-space: nowrap; } }
@media (max-width: 600px) { main { padding: 14px 10px 40px; } section { padding: 13px 12px; } h1 { font-size: 1.2rem; }
  table { font-size: 13px; } th, td { padding-right: 5px; }
  dl { grid-template-columns: 1fr; } dd { margin-bottom: 6px; }
  .toml button { position: static; margin: 0 14px 10px; } }
@media print { button { display: none; } section { break-inside: avoid; border-color: #bbb; } main { max-width: none; }
  body { font-size: 11px; } h1 { font-size: 16px; } h2 { font-size: 12px; }
  td small, .chip { font-size: 9px; } code, pre { font-size: 9px; }
  .head select, .head input, th button { display: none; } .wide { overflow: visible; }
  th, td { padding: 4px 6px 4px 0; }
  :root { --page: #fff; --card: #fff; --text: #000; --dim: #444; --line: #ccc; --soft: #fff; --accent: #c2410c;
    --good: #15803d; --bad: #b91c1c; } }
"""

_SCRIPT: Final = """
const text = id => document.getElementById(id).textContent;
document.getElementById('copy').onclick = async event => {
  const button = event.target;
  try { await navigator.clipboard.writeText(text('toml')); button.textContent = 'Copied'; }
  catch { getSelection().selectAllChildren(document.getElementById('toml')); button.textContent = 'Press Ctrl+C'; }
};
function save(name, type, body) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([body], { type }));
  link.download = name; link.click();
}
document.getElementById('save').onclick = () => save('burnish.json', 'application/json', text('result'));
const facts = JSON.parse(text('facts'));
document.getElementById('save-csv').onclick = () => {
  const quoted = value => '"' + String(value).replaceAll('"', '""') + '"';
  const lines = [facts.columns, ...Object.entries(facts.rows).map(([id, cells]) => [id, ...cells])];
  save('burnish.csv', 'text/csv', lines.map(line => line.map(quoted).join(',')).join('\\r\\n') + '\\r\\n');
};
// Two profiles beside each other: click a mark, or the button in the table.
const pinned = [];
function pin(id) {
  if (!(id in facts.rows)) return;
  const at = pinned.indexOf(id);
  if (at >= 0) pinned.splice(at, 1); else { pinned.push(id); if (pinned.length > 2) pinned.shift(); }
  for (const button of document.querySelectorAll('button[data-pin]'))
    button.setAttribute('aria-pressed', pinned.includes(button.dataset.pin));
  const place = document.getElementById('pinned');
  place.replaceChildren();
  if (!pinned.length) return;
  const table = place.appendChild(document.createElement('table'));
  const row = (tag, cells) => {
    const line = table.appendChild(document.createElement('tr'));
    cells.forEach((cell, number) => {
      const made = line.appendChild(document.createElement(number ? tag : 'th'));
      made.textContent = cell;
    });
  };
  row('th', ['', ...pinned]);
  facts.columns.slice(1).forEach((name, number) => row('td', [name, ...pinned.map(id => facts.rows[id][number])]));
}
for (const button of document.querySelectorAll('button[data-pin]')) button.onclick = () => pin(button.dataset.pin);
pages.front = view => view.addEventListener('click', (event, item) => item?.datum?.id && pin(item.datum.id));
for (const box of document.querySelectorAll('input[data-table]')) box.oninput = () => {
  const words = box.value.toLowerCase().split(/\\s+/);
  for (const row of document.getElementById(box.dataset.table).tBodies[0].rows)
    row.hidden = !words.every(word => row.textContent.toLowerCase().includes(word));
};
"""


def render(result: TuneResult, vega: str = "") -> str:
    """One page that stands alone; the JSON form of the result is in it.

    Args:
        result: what to show.
        vega: the script that draws (`burnish.report.drawing`); without it the page has words and tables alone.
    """
    title = escape(sentences.title(result))
    specs: dict[str, Spec] = {}
    body = (*_verdict(result), *_candidates(result, specs), *_options(result, specs), *_size(result, specs))
    body = (*body, *html_link.section(result, specs), *_noise(result, specs), *_builds(result, specs))
    body = (*body, *_claims(result), *_rest(result))
    return "\n".join(
        (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>burnish: {title}</title>\n<style>{_STYLE}{STYLE}</style>\n</head>\n<body>\n<main>",
            *body,
            '<p><button id="save">Save the result as JSON</button>',
            '<button id="save-csv">Save the table as CSV</button></p>\n</main>',
            f'<script type="application/json" id="result">{inert_json(json.render(result))}</script>',
            f'<script type="application/json" id="facts">{embedded(_facts(result))}</script>',
            scripts(specs, _SCRIPT, vega),
            "</body>\n</html>\n",
        )
    )


#: The columns of a row as `burnish.report.figures` words them: heading, figure, change against the baseline.
_COLUMNS: Final[tuple[tuple[str, Callable[[Cells], str], Callable[[Cells], str]], ...]] = (
    ("file", lambda row: row.size, lambda row: row.size_change),
    ("gzip", lambda row: row.gzip, lambda row: row.gzip_change),
    ("run time", lambda row: row.time_words, lambda row: row.interval),
    ("instructions", lambda row: row.instructions, lambda _: ""),
    ("build CPU", lambda row: row.cpu, lambda row: row.cpu_change),
    ("rebuild", lambda row: row.rebuild, lambda row: row.rebuild_change),
    ("build memory", lambda row: row.memory, lambda row: row.memory_change),
)


def _columns(result: TuneResult) -> tuple[tuple[str, Callable[[Cells], str], Callable[[Cells], str]], ...]:
    """Those that have something to say: run time with a workload, compressed size without."""
    absent = {"gzip"} if result.workload else {"run time", "instructions"}
    return tuple(column for column in _COLUMNS if column[0] not in absent)


def _facts(result: TuneResult) -> dict[str, object]:
    """All rows as text, for what the page does with them: pins, CSV."""
    rows = {}
    for row in result.rows:
        shown = cells(row, result)
        rows[shown.id] = [
            ", ".join(shown.names),
            *(f"{figure(shown)} {change(shown)}".strip() for _, figure, change in _columns(result)),
        ]
    return {"columns": ["profile", "known as", *(name for name, *_ in _columns(result))], "rows": rows}


def _drawing(key: str, spec: Spec, words: str, specs: dict[str, Spec], kind: str = "") -> str:
    """A place for a drawing; what it shows is also said in words or in a table beside it."""
    specs[key] = spec
    return f'<div class="drawing{kind}" id="{key}" role="figure" aria-label="{escape(words)}"></div>'


def _choice(
    key: str, heading: str, choices: Mapping[str, tuple[str, Spec]], specs: dict[str, Spec], kind: str = ""
) -> str:
    """A heading, a select among drawings, and their place; without a select for a single one."""
    specs.update({each: spec for each, (_, spec) in choices.items()})
    first, (words, _) = next(iter(choices.items()))
    options = "".join(f'<option value="{each}">{escape(said)}</option>' for each, (said, _) in choices.items())
    hidden = " hidden" if len(choices) == 1 else ""
    label = f'<select data-drawing="{key}" aria-label="{escape(heading)}: what is shown"{hidden}>{options}</select>'
    specs.setdefault(key, specs[first])
    return (
        f'<div class="head"><h2>{heading}</h2>{label}</div>'
        f'<div class="drawing{kind}" id="{key}" role="figure" aria-label="{escape(words)}"></div>'
    )


def _verdict(result: TuneResult) -> Iterable[str]:
    found = result.recommendation
    kind = "verdict change" if found.outcome is Outcome.CHANGE else "verdict"
    toml = escape(profile_toml(found.profile, result.profile_name, found.changes))
    headline = _PAIR.sub('<span class="one">\\g<0></span>', _prose(found.headline))
    yield f'<p class="dim">{escape(sentences.title(result))}</p>'
    yield f'<section class="{kind}"><h1>{headline}</h1>'
    if line := sentences.measured(result):
        yield f"<p><b>{escape(line)}</b></p>"
    yield f'<p class="dim">{escape(sentences.toml_caption(result))}</p>'
    yield f'<div class="toml"><pre id="toml">{toml}</pre><button id="copy">Copy</button></div></section>'
    yield '<div class="two">'
    yield _listed("Why", found.reasons)
    yield _listed("Price", found.price)
    yield "</div>"


def _candidates(result: TuneResult, specs: dict[str, Spec]) -> Iterable[str]:
    columns = _columns(result)
    head = "".join(f"<th>{name}</th>" for name in ("profile", *(name for name, *_ in columns)))
    fronts = drawn_candidates.fronts(result)
    yield "<section>"
    yield _choice("front", "Candidates", fronts, specs, " tall") if fronts else "<h2>Candidates</h2>"
    if fronts:
        bars = " Bars are intervals of the time." if any(row.time for row in result.rows) else ""
        hollow = any(row.screened is not None and row.time is None for row in result.rows)
        dashed = " Hollow: screened only, no interval." if hollow else ""
        yield f'<p class="dim">Click a mark to pin its profile, a second one beside it.{bars}{dashed}</p>'
    yield '<div id="pinned" class="wide" aria-live="polite"></div>'
    body = "".join(_row(row, result) for row in select(result).rows)
    yield f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    yield '<p class="dim">~ is an estimate from shared builds or screening rounds. '
    yield f"{escape(sentences.others(select(result).others))}</p>"
    yield f"<p>{_prose(sentences.confirmation(result))}</p></section>"


def _row(row: Row, result: TuneResult) -> str:
    shown = cells(row, result)
    names = "".join(f'<span class="chip">{escape(name)}</span>' for name in shown.names)
    pin = f'<button data-pin="{escape(shown.id)}" aria-pressed="false">pin</button>'
    numbers = "".join(
        f"<td>{_figure(name, figure(shown), shown)}<small>{escape(change(shown))}</small></td>"
        for name, figure, change in _columns(result)
    )
    mark = ' class="best"' if row is recommended(result) else ""
    return f'<tr{mark}><th scope="row"><code>{escape(shown.id)}</code>{names}{pin}</th>{numbers}</tr>'


def _figure(name: str, figure: str, shown: Cells) -> str:
    if name == "run time" and shown.timing:
        return f'<b class="{shown.timing}">{escape(figure)}</b>'
    return escape(figure)


def _options(result: TuneResult, specs: dict[str, Spec]) -> Iterable[str]:
    """What each option does: the way step by step, drawn and in words, and what they do alone and together."""
    ways = drawn_options.ways(result)
    if ways:
        steps = "".join(f"<li>{_prose(step)}</li>" for step in sentences.steps(result))
        yield f"<section>{_choice('way', sentences.STEPS, ways, specs)}"
        yield '<p class="dim">~ was not built: expected by the model of effects.</p>'
        yield f"<details><summary>in words, of the size</summary><ul>{steps}</ul></details></section>"
    else:
        yield _listed(sentences.STEPS, sentences.steps(result))
    yield _listed(sentences.BENCHMARKS, sentences.benchmarks(result))
    yield _listed(sentences.EFFECTS, sentences.effects(result))
    yield _listed(sentences.PER_CRATE, sentences.per_crate(result))


def _size(result: TuneResult, specs: dict[str, Spec]) -> Iterable[str]:
    old, new = result.rows[0].size, size_of_recommended(result)
    yield '<div class="two">'
    yield _breakdown("Size by section", "sections", old.sections, new.sections if new else None, specs)
    yield _breakdown("Code by crate", "crates", old.crates, new.crates if new else None, specs)
    yield "</div>"


def _breakdown(  # heading, key, both sides, and where drawings go
    heading: str,
    key: str,
    old: Sequence[tuple[str, int]],
    new: Sequence[tuple[str, int]] | None,
    specs: dict[str, Spec],
) -> str:
    spec = drawn_parts.sizes(old, new)
    if spec is None:
        return ""
    columns = ("", "baseline") if new is None else ("", "baseline", "recommended", "change")
    head = "".join(f"<th>{name}</th>" for name in columns)
    rows = "".join(_part(*row, compare=new is not None) for row in drawn_parts.breakdown(old, new))
    return (
        f"<section><h2>{heading}</h2>{_drawing(key, spec, heading, specs)}"
        f'<details><summary>as a table</summary><div class="wide"><table class="breakdown">'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div></details></section>"
    )


def _part(name: str, old: int, new: int, *, compare: bool) -> str:
    numbers = f"<td>{format_bytes(old)}</td>"
    if compare:
        change = format_change(new / old) if old else "new"
        numbers += f"<td>{format_bytes(new)}</td><td>{change if new else 'gone'}</td>"
    return f'<tr><th scope="row">{escape(name)}</th>{numbers}</tr>'


def _noise(result: TuneResult, specs: dict[str, Spec]) -> Iterable[str]:
    spec = drawn_candidates.intervals(result)
    if spec is None:
        return
    said = "".join(f"<li>{_prose(each)}</li>" for each in sentences.noise(result))
    yield "<section><h2>Noise and layout</h2>"
    yield _drawing("noise", spec, "intervals of all run times", specs)
    yield '<p class="dim">The grey band is what cannot be told from no change on that machine; bars that meet the '
    yield f"dashed line are no difference.</p><ul>{said}</ul></section>"
    yield _listed(sentences.INSTRUCTIONS, sentences.instructions(result))


def _builds(result: TuneResult, specs: dict[str, Spec]) -> Iterable[str]:
    shown = drawn_parts.timelines(result)
    if shown:
        yield f"<section>{_choice('timeline', 'Cold build, crate by crate', shown, specs)}"
        yield '<p class="dim">By plain cargo from nothing, the longest crates.</p>'
        yield "</section>"


def _claims(result: TuneResult) -> Iterable[str]:
    """What is said of the profile, beside what was measured here; only what was measured."""
    checks = [each for each in check_all(result) if each.verdict is not ClaimVerdict.UNMEASURED]
    if not checks:
        return
    rows = "".join(
        f'<tr><th scope="row">{escape(check.claim.says)}<br><small>{escape(check.claim.source)}</small></th>'
        f"<td>{escape(claims.claimed(check.claim))}</td>"
        f"<td>{escape(claims.here(check))}</td><td>{escape(str(check.verdict))}</td></tr>"
        for check in checks
    )
    yield '<section><div class="head"><h2>What is said, and what was measured here</h2>'
    yield '<input data-table="claims" placeholder="filter" aria-label="filter the claims"></div>'
    yield '<div class="wide"><table id="claims" class="words"><thead><tr><th>claim</th><th>claimed</th><th>here</th>'
    yield f"<th>verdict</th></tr></thead><tbody>{rows}</tbody></table></div></section>"


def _rest(result: TuneResult) -> Iterable[str]:
    if result.failures:
        yield f"<section><h2>Left out</h2><ul>{''.join(map(_failure, sentences.failures(result)))}</ul></section>"
    yield _listed("Flags that did not arrive", sentences.mismatches(result))
    yield '<div class="two">'
    yield _listed("Baseline", sentences.baseline(result))
    yield _listed("Shared builds", sentences.sharing(result))
    yield "</div>"
    pairs = [*sentences.circumstances(result), ("effort", sentences.effort(result))]
    entries = "".join(f"<dt>{escape(label)}</dt><dd>{escape(value)}</dd>" for label, value in pairs)
    yield f"<section><h2>Circumstances</h2><dl>{entries}</dl></section>"
    yield _listed("Notes", result.notes)
    if result.reproduce:
        commands = escape("\n".join(map(printable, result.reproduce)))
        yield f'<section><h2>Again</h2><div class="toml"><pre>{commands}</pre></div></section>'


def _prose(text: str) -> str:
    """A sentence, escaped; a number and its unit stay on one line."""
    return _UNIT.sub("\\1\u00a0", escape(printable(text)))


def _failure(each: tuple[str, str, str]) -> str:
    identifier, reason, whole = each
    line = f"<code>{escape(identifier)}</code>: {escape(reason)}"
    shown = "\n".join(map(printable, whole.splitlines()))
    return (
        f"<li>{line}</li>"
        if not whole
        else f"<li><details><summary>{line}</summary><pre>{escape(shown)}</pre></details></li>"
    )


def _listed(heading: str, items: Sequence[str]) -> str:
    """A section with its sentences, or nothing at all."""
    entries = "".join(f"<li>{_prose(item)}</li>" for item in items)
    return f"<section><h2>{heading}</h2><ul>{entries}</ul></section>" if items else ""
