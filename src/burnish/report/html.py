"""The report as one HTML file: no request leaves it, light and dark, printable, all text escaped."""

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from burnish.report import charts, json, sentences
from burnish.report.figures import profile_toml, select, size_of_recommended
from burnish.report.printable import printable
from burnish.tune.result import Outcome, TuneResult

# The page may run its own two lines of script and nothing else; the browser holds it to that.
_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
)

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
.dim, .legend, small, summary { color: var(--dim); } .dim { overflow-wrap: anywhere; }
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
svg.scatter { display: block; width: 100%; min-width: 560px; height: auto; }
svg text { fill: var(--dim); font-size: 12px; }
svg .name { fill: var(--text); font-weight: 600; } .grid { stroke: var(--line); }
.base { stroke: var(--grey); stroke-dasharray: 4 4; }
.interval { stroke: var(--grey); stroke-width: 1.5; } .best .interval { stroke: var(--accent); stroke-width: 2; }
circle { stroke-width: 2; } .plain circle { fill: var(--card); stroke: var(--grey); opacity: .75; }
.front circle { fill: var(--card); stroke: var(--accent); } .baseline circle { fill: var(--grey); stroke: var(--card); }
.best circle { fill: var(--accent); stroke: var(--card); } .screened circle { stroke-dasharray: 2 2; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 13px; margin: 6px 0 0; }
.legend span { display: inline-flex; align-items: center; gap: 6px; }
.breakdown tbody th { width: 46%; min-width: 132px; white-space: normal; overflow-wrap: anywhere; }
svg.bar { display: block; width: 100%; height: 7px; margin: 3px 0; } rect.baseline { fill: var(--grey); }
rect.best { fill: var(--accent); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 3px 16px; margin: 0; }
dt { color: var(--dim); } dd { margin: 0; overflow-wrap: anywhere; min-width: 0; }
@media (max-width: 600px) { main { padding: 14px 10px 40px; } section { padding: 13px 12px; } h1 { font-size: 1.2rem; }
  table { font-size: 13px; } th, td { padding-right: 5px; }
  dl { grid-template-columns: 1fr; } dd { margin-bottom: 6px; }
  .toml button { position: static; margin: 0 14px 10px; } }
@media print { button { display: none; } section { break-inside: avoid; border-color: #bbb; } main { max-width: none; }
  body { font-size: 11px; } h1 { font-size: 16px; } h2 { font-size: 12px; }
  td small, .chip, .legend { font-size: 9px; } code, pre { font-size: 9px; }
  .wide { overflow: visible; } svg.scatter { min-width: 0; } th, td { padding: 4px 6px 4px 0; }
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
document.getElementById('save').onclick = () => {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text('result')], { type: 'application/json' }));
  link.download = 'burnish.json'; link.click();
};
"""


def render(result: TuneResult) -> str:
    """One page that stands alone; the JSON form of the result is in it."""
    title = escape(sentences.title(result))
    return "\n".join(
        (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>burnish: {title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>",
            *_verdict(result),
            *_candidates(result),
            *_size(result),
            *_rest(result),
            '<p><button id="save">Save the result as JSON</button></p>\n</main>',
            f'<script type="application/json" id="result">{_embedded(result)}</script>',
            f"<script>{_SCRIPT}</script>\n</body>\n</html>\n",
        )
    )


def _embedded(result: TuneResult) -> str:
    # Within a script element nothing is escaped, and only `<` could end or confuse it.
    return json.render(result).replace("<", "\\u003c")


def _verdict(result: TuneResult) -> Iterable[str]:
    found = result.recommendation
    kind = "verdict change" if found.outcome is Outcome.CHANGE else "verdict"
    toml = escape(profile_toml(found.profile, result.profile_name, found.changes))
    yield f'<p class="dim">{escape(sentences.title(result))}</p>'
    yield f'<section class="{kind}"><h1>{_prose(found.headline)}</h1>'
    if result.workload is None:
        yield f"<p><b>{escape(sentences.NO_RUN)}</b></p>"
    yield f'<p class="dim">{escape(sentences.toml_caption(result))}</p>'
    yield f'<div class="toml"><pre id="toml">{toml}</pre><button id="copy">Copy</button></div></section>'
    yield '<div class="two">'
    yield _listed("Why", found.reasons)
    yield _listed("Price", found.price)
    yield "</div>"


def _candidates(result: TuneResult) -> Iterable[str]:
    timed = ("run time", "instructions") if result.workload else ("gzip",)
    head = "".join(f"<th>{name}</th>" for name in ("profile", "file", *timed, "build CPU", "rebuild", "build memory"))
    yield "<section><h2>Candidates</h2>"
    if picture := charts.scatter(result):
        yield f'<div class="wide">{picture}</div>{charts.legend(result)}'
    yield f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{charts.table(result)}</tbody></table></div>'
    yield '<p class="dim">~ is an estimate from shared builds or screening rounds. '
    yield f"{escape(sentences.others(select(result).others))}</p>"
    yield f"<p>{_prose(sentences.confirmation(result))}</p></section>"


def _size(result: TuneResult) -> Iterable[str]:
    old, new = result.rows[0].size, size_of_recommended(result)
    yield '<div class="two">'
    yield _breakdown("Size by section", old.sections, new.sections if new else None)
    yield _breakdown("Code by crate", old.crates, new.crates if new else None)
    yield "</div>"


def _breakdown(heading: str, old: Sequence[tuple[str, int]], new: Sequence[tuple[str, int]] | None) -> str:
    if not old:
        return ""
    columns = ("", "baseline") if new is None else ("", "baseline", "recommended", "change")
    head = "".join(f"<th>{name}</th>" for name in columns)
    rows = charts.breakdown(old, new)
    return (
        f'<section><h2>{heading}</h2><div class="wide"><table class="breakdown">'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div></section>"
    )


def _rest(result: TuneResult) -> Iterable[str]:
    yield _listed(sentences.EFFECTS, sentences.effects(result))
    yield _listed(sentences.STEPS, sentences.steps(result))
    yield _listed(sentences.PER_CRATE, sentences.per_crate(result))
    yield _listed(sentences.INSTRUCTIONS, sentences.instructions(result))
    yield _listed("Noise", sentences.noise(result))
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
