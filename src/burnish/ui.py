"""A local page that follows a running tune and browses stored ones. It reads; nothing can be changed through it.

Loopback only: the server binds 127.0.0.1, and a request that names another host is refused, so that no page of the web
can reach it under a name of its own (DNS rebinding). There is nothing secret in it, and no secret in its addresses.
"""

from html import escape
from pathlib import Path
from typing import Final

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from burnish.cli._vega import vega
from burnish.errors import BurnishError
from burnish.report import html, json
from burnish.report.printable import printable
from burnish.store import Store
from burnish.tune.events import NAME, Place, read_from

#: What a request may call this machine.
HOSTS: Final = ("127.0.0.1", "localhost")

#: An offset of more digits is none.
_DIGITS: Final = 16

_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)

_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>burnish: {title}</title>
<style>
:root {{ color-scheme: light dark; --page: #fbfaf8; --card: #fff; --text: #1d1c1a; --dim: #66635d; --line: #e3e0da;
  --accent: #c2410c; }}
@media (prefers-color-scheme: dark) {{ :root {{ --page: #161513; --card: #1f1d1b; --text: #ece9e3; --dim: #a29d94;
  --line: #37342f; --accent: #fb8c4b; }} }}
body {{ margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }}
main {{ max-width: 900px; margin: 0 auto; padding: 28px 20px 60px; }}
section {{ background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 16px 18px;
  margin-bottom: 16px; }}
h1 {{ font-size: 1.3rem; }} h2 {{ font-size: 1rem; margin: 0 0 8px; }} .dim {{ color: var(--dim); }}
progress {{ width: 100%; accent-color: var(--accent); }} a {{ color: var(--accent); }}
ol {{ list-style: none; padding: 0; margin: 8px 0 0; max-height: 340px; overflow: auto;
  font: 13px/1.6 ui-monospace, monospace; }} li {{ overflow-wrap: anywhere; }}
</style></head><body><main>
<h1>{title}</h1>
<section aria-live="polite"><h2 id="state">no tune was seen yet</h2>
<progress id="spent" max="1" value="0" aria-label="time spent of the budget"></progress>
<p class="dim" id="now"></p><p id="doing"></p><p id="best"></p><ol id="events"></ol></section>
<section><h2>Stored results</h2><ul>{results}</ul></section>
</main><script>
let next = 0, of = '';
const put = (id, text) => {{ document.getElementById(id).textContent = text; }};
const seconds = value => value < 120 ? value.toFixed(0) + ' s' : (value / 60).toFixed(0) + ' min';
const words = {{
  phase: e => '== ' + e.name, building: e => 'building ' + e.profile + ': ' + e.reason, built: e => e.text,
  counting: e => 'counting instructions of ' + e.arm + ' with ' + e.counter, note: e => 'note: ' + e.text,
}};
function take(event) {{
  if (event.event === 'began') {{
    put('state', 'tuning ' + event.package + ', goal ' + event.goal);
    for (const each of ['now', 'doing', 'best']) put(each, '');
    document.getElementById('events').replaceChildren();
  }} else if (event.event === 'ended') {{
    put('state', event.headline);
    put('now', 'ended ' + event.at + ': reload for its report'); put('doing', '');
    document.getElementById('spent').value = 1;
  }} else if (event.event === 'failed') {{
    put('state', 'ended without a result: ' + event.reason);
    put('now', 'ended ' + event.at); put('doing', '');
    document.getElementById('spent').value = 1;
  }} else if (event.event === 'spent') {{
    document.getElementById('spent').value = Math.min(1, event.seconds / event.budget);
    const most = seconds(Math.max(0, event.budget - event.seconds)) + ' at most';
    put('now', event.remaining == null ? most : 'about ' + seconds(event.remaining) + ' left, ' + most);
  }} else if (event.event === 'best') {{
    const change = ratio => (ratio < 1 ? '' : '+') + ((ratio - 1) * 100).toFixed(1) + ' %';
    put('best', 'best so far ' + event.profile + ':' +
      (event.size == null ? '' : ' size ' + change(event.size)) +
      (event.time == null ? '' : ' time ~' + change(event.time)));
  }} else if (event.event === 'rounds') {{
    put('doing', event.purpose + ': ' + event.done + ' rounds, ' + event.active + ' undecided' +
      (event.best ? '; best ' + event.best : ''));
  }} else if (words[event.event]) {{
    const line = document.createElement('li');
    line.textContent = words[event.event](event);
    const list = document.getElementById('events');
    list.append(line); list.scrollTop = list.scrollHeight;
  }}
}}
async function follow() {{
  try {{
    const found = await (await fetch('/events?from=' + next + '&of=' + of)).json();
    next = found.next; of = found.of;
    for (const event of found.events) take(event);
  }} catch {{ put('now', 'burnish ui has ended'); }}
  setTimeout(follow, 1000);
}}
follow();
</script></body></html>
"""


def app(directory: Path, title: str) -> Starlette:
    """The application over burnish's own directory of a project."""

    async def index(_: Request) -> Response:
        listed = await run_in_threadpool(_listed, directory)
        return _page(_PAGE.format(title=escape(printable(title)), results=listed), _POLICY)

    async def events(request: Request) -> Response:
        asked = request.query_params
        offset = asked.get("from", "0")
        if not (offset.isdecimal() and len(offset) < _DIGITS):
            return PlainTextResponse("from must be a number\n", status_code=400, headers=_HEADERS)
        place = Place(of=asked.get("of", ""), offset=int(offset))
        lines, after = await run_in_threadpool(read_from, directory / NAME, place)
        found = [msgspec.Raw(line) for line in lines if _is_json(line)]
        body = msgspec.json.encode({"events": found, "of": after.of, "next": after.offset})
        return Response(body, media_type="application/json", headers=_HEADERS)

    async def report(request: Request) -> Response:
        try:
            text = await run_in_threadpool(_report, directory, int(request.path_params["number"]))
        except BurnishError as error:
            return PlainTextResponse(f"{printable(error.message)}\n", status_code=500, headers=_HEADERS)
        if text is None:
            return PlainTextResponse("there is no such result\n", status_code=404, headers=_HEADERS)
        return _page(text, None)  # the report brings its own policy

    routes = [
        Route("/", index, methods=["GET"]),
        Route("/events", events, methods=["GET"]),
        Route("/results/{number:int}", report, methods=["GET"]),
    ]
    return Starlette(routes=routes, middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=list(HOSTS))])


def _is_json(line: bytes) -> bool:
    """Whether a line is whole: a disk may have been full."""
    try:
        msgspec.json.decode(line, type=msgspec.Raw)
    except msgspec.DecodeError:
        return False
    return True


def _page(text: str, policy: str | None) -> HTMLResponse:
    headers = _HEADERS if policy is None else {**_HEADERS, "Content-Security-Policy": policy}
    return HTMLResponse(text, headers=headers)


def _listed(directory: Path) -> str:
    nothing = "<li>none yet: burnish tune makes one</li>"
    try:
        store = Store.of(directory)
        if store is None:
            return nothing
        with store:
            found = store.results()
    except BurnishError as error:
        return f"<li>{escape(printable(error.message))}</li>"
    rows = (
        f'<li><a href="/results/{number}">{escape(printable(created))}</a> '
        f'<span class="dim">{escape(printable(subject))}</span></li>'
        for number, subject, created in found
    )
    return "".join(rows) or nothing


def _report(directory: Path, number: int) -> str | None:
    store = Store.of(directory)
    if store is None:
        return None
    with store:
        body = store.result_of(number)
    return None if body is None else html.render(json.decode(body), vega())
