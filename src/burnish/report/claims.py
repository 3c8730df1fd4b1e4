"""Claims beside measurements, for a terminal, as Markdown and as JSON."""

import math
import textwrap
from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec

from burnish.explain.claims import Claim, ClaimCheck, ClaimVerdict
from burnish.explain.values import Correction, Metric
from burnish.explain.wording import figure, pair
from burnish.report.printable import printable
from burnish.units import format_change

_VERDICT: Final = 17


def render(
    title: str, measured: str, checks: Sequence[ClaimCheck], wrong: Sequence[Correction], width: int = 80
) -> str:
    """A claim: its verdict, the range, what was measured here, between which profiles; sources at the end."""
    sources = list(dict.fromkeys(check.claim.source for check in checks))
    lines = [*_wrap(title, width), *_wrap(measured, width), ""]
    for check in checks:
        number = sources.index(check.claim.source) + 1
        lines += _wrap(f"{check.claim.says} [{number}]", width, f"{check.verdict:<{_VERDICT}}")
        lines += _wrap(facts(check), width, " " * _VERDICT)
        if check.measured is not None:
            lines += _wrap(pair(check.measured), width, " " * _VERDICT)
    lines += ["", summary(checks), "", "Said, and not so:"]
    for each in wrong:
        lines += _wrap(f"{each.option}: {each.said}. Not so: {each.truth}", width, "  ", "    ")
        lines += _wrap(each.source, width, "    ")
    lines += ["", "Sources:"]
    for number, source in enumerate(sources, 1):
        lines += _wrap(source, width, f"  [{number}] ", "      ")
    return "\n".join(printable(line.rstrip()) for line in lines) + "\n"


def facts(check: ClaimCheck) -> str:
    """The claimed range and the figure of this project."""
    found = here(check)
    return f"claimed: {claimed(check.claim)}{f'; here: {found}' if found else ''}"


def here(check: ClaimCheck) -> str:
    """The figure of this project; empty where it was not measured."""
    return "" if check.measured is None else figure(check.measured)


def claimed(claim: Claim) -> str:
    """``run time -10.0 to -3.0 %``; with one end open, ``-10.0 % or less``."""
    if claim.beyond_sum:
        return "together less gain than the sum"
    if claim.metric is Metric.BUILD:
        return f"{claim.metric} x {claim.low:g} to x {claim.high:g}"
    if claim.low == 0.0:
        return f"{claim.metric} {format_change(claim.high)} or better"
    if math.isinf(claim.high):
        return f"{claim.metric} {format_change(claim.low)} or more"
    return f"{claim.metric} {format_change(claim.low).removesuffix(' %')} to {format_change(claim.high)}"


def summary(checks: Sequence[ClaimCheck]) -> str:
    """``21 claims: 3 hold, 4 do not hold, 2 not significant, 12 not measured``."""
    counts = Counter(check.verdict for check in checks)
    words = {
        ClaimVerdict.HOLDS: "hold",
        ClaimVerdict.FAILS: "do not hold",
        ClaimVerdict.UNCLEAR: "not significant",
        ClaimVerdict.UNMEASURED: "not measured",
    }
    return f"{len(checks)} claims: " + ", ".join(
        f"{counts[kind]} {word}" for kind, word in words.items() if counts[kind]
    )


def render_markdown(title: str, measured: str, checks: Sequence[ClaimCheck], wrong: Sequence[Correction]) -> str:
    """Two tables."""
    lines = [f"# Claims: {_md(title)}", "", _md(measured), ""]
    lines += ["| claim | claimed | measured here | between | verdict | source |", "|---|---|---|---|---|---|"]
    for check in checks:
        between = "" if check.measured is None else pair(check.measured)
        cells = (check.claim.says, claimed(check.claim), here(check), between, str(check.verdict), check.claim.source)
        lines.append(f"| {' | '.join(map(_md, cells))} |")
    lines += ["", f"{summary(checks)}.", "", "| option | said | truth | source |", "|---|---|---|---|"]
    lines += [f"| {' | '.join(map(_md, (each.option, each.said, each.truth, each.source)))} |" for each in wrong]
    return "\n".join(printable(line) for line in lines) + "\n"


def render_json(title: str, measured: str, checks: Sequence[ClaimCheck], wrong: Sequence[Correction]) -> str:
    """``version`` changes where a field loses its meaning; an end of a range that is open is null."""
    found = msgspec.to_builtins(checks)
    for plain, check in zip(found, checks, strict=True):
        plain["claim"]["high"] = None if math.isinf(check.claim.high) else check.claim.high
    body = {"version": 1, "title": title, "measured": measured, "claims": found, "wrong": msgspec.to_builtins(wrong)}
    return msgspec.json.format(msgspec.json.encode(body), indent=2).decode() + "\n"


def _wrap(text: str, width: int, indent: str = "", rest: str | None = None) -> list[str]:
    later = " " * len(indent) if rest is None else rest
    return textwrap.wrap(
        text, width, initial_indent=indent, subsequent_indent=later, break_long_words=False, break_on_hyphens=False
    )


def _md(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
