"""What pages with drawings share: the policy that lets no request out, and the script that draws by Vega.

A drawing is a Vega or Vega-Lite specification (https://vega.github.io), as a value. Its colours are signals that the
page sets, so that it follows light and dark; the element it goes to has ``class="drawing"`` and the key as its id.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

Spec = dict[str, Any]

#: Signals that every specification has; the page's style sheet has a variable of each name.
COLOURS: Final = ("text", "dim", "line", "accent", "card", "soft", "grey", "good", "bad")

# Vega compiles its expressions, hence unsafe-eval; nothing can be fetched or sent, with or without it.
POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline' 'unsafe-eval'; base-uri 'none'; "
    "form-action 'none'"
)

STYLE: Final = """
.drawing svg { display: block; max-width: 100%; height: auto; }
.tip { position: fixed; z-index: 9; max-width: min(420px, 90vw); padding: 5px 9px; border-radius: 6px; font-size: 13px;
  background: var(--text); color: var(--page); pointer-events: none; overflow-wrap: anywhere; white-space: pre-line; }
"""

# `pages[id]` is called with each view once it is drawn. A select with data-drawing chooses among several drawings of
# one place; they are drawn when they are first shown, at the width they have there.
_SCRIPT: Final = """
const specs = JSON.parse(document.getElementById('specs').textContent);
const views = new Map();
const pages = {};
const tip = document.createElement('div');
tip.className = 'tip'; tip.hidden = true; document.body.append(tip);
function show(handler, event, item, value) {
  tip.hidden = value == null || value === '';
  if (tip.hidden) return;
  tip.textContent = value;
  tip.style.left = Math.max(4, Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8)) + 'px';
  tip.style.top = Math.max(4, Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 8)) + 'px';
}
function paint() {
  const style = getComputedStyle(document.documentElement);
  for (const view of views.values()) {
    for (const name of COLOURS) view.signal(name, style.getPropertyValue('--' + name).trim());
    view.runAsync();
  }
}
async function draw(place, key) {
  const spec = specs[key];
  const options = { mode: spec.$schema.includes('lite') ? 'vega-lite' : 'vega', renderer: 'svg', actions: false,
    defaultStyle: false, hover: true, tooltip: show, logLevel: 1 };
  views.get(place)?.finalize();
  const { view } = await vegaEmbed(place, spec, options);
  views.set(place, view);
  const svg = place.querySelector('svg');
  if (typeof spec.width === 'number')
    svg.setAttribute('viewBox', '0 0 ' + svg.getAttribute('width') + ' ' + svg.getAttribute('height'));
  pages[place.id]?.(view);
  paint();
  place.dataset.drawn = key;
}
for (const place of window.vegaEmbed ? document.querySelectorAll('.drawing') : []) {
  const choice = document.querySelector(`select[data-drawing="${place.id}"]`);
  if (choice) choice.onchange = () => draw(place, choice.value);
  queueMicrotask(() => draw(place, choice ? choice.value : place.id));
}
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', paint);
matchMedia('print').addEventListener('change', paint);
""".replace("COLOURS", str(list(COLOURS)))


def signals() -> list[Spec]:
    """The colours, as Vega's signals and Vega-Lite's parameters alike."""
    return [{"name": name, "value": "#888888"} for name in COLOURS]


def scripts(specs: Mapping[str, Spec], own: str, vega: str) -> str:
    """The drawings of a page and all that draws them, as script elements.

    Args:
        specs: drawings by the id of their place, or by what a select calls them.
        own: the page's own script.
        vega: the script that defines ``vegaEmbed``; without it places stay empty.
    """
    return "\n".join(
        (
            f'<script type="application/json" id="specs">{embedded(specs)}</script>',
            # Each in a function: their names must not meet.
            f"<script>(() => {{{_inert(vega)}}})();</script>",
            f"<script>(() => {{{_SCRIPT}{own}}})();</script>",
        )
    )


def embedded(value: object) -> str:
    """A value as JSON for a script element, in which nothing is escaped and only ``<`` could end or confuse it."""
    return inert_json(msgspec.json.encode(value).decode())


def inert_json(text: str) -> str:
    """JSON that cannot end a script element."""
    return text.replace("<", "\\u003c")


def _inert(script: str) -> str:
    """A script that cannot end its element early: `</script` stands in it only within strings."""
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")
