"""What was found of promises and of an earlier report: for a terminal and as JSON."""

import textwrap
from collections.abc import Sequence
from typing import Final

import msgspec

from burnish.report.printable import printable
from burnish.tune.budgets import Finding, Verdict, broken

#: Changes where a field loses its meaning.
VERSION: Final = 1

_MARKS: Final = {Verdict.KEPT: "ok", Verdict.BROKEN: "FAILED", Verdict.UNKNOWN: "?"}


def render(title: str, findings: Sequence[Finding], *, notes: Sequence[str] = (), width: int = 80) -> str:
    """A short report: one block for each promise, the worst word last."""
    lines = [*_wrapped(title, "", width), ""]
    for each in findings:
        lines += _wrapped(f"{_MARKS[each.verdict]:<6} {each.budget}: {each.found}", "", width)
        lines += _wrapped(f"wanted {each.wanted}", "       ", width)
        if each.hint:
            lines += _wrapped(f"hint: {each.hint}", "       ", width)
    for note in notes:
        lines += ["", *_wrapped(note, "", width)]
    return "\n".join([*lines, "", _summary(findings)]) + "\n"


def render_json(title: str, findings: Sequence[Finding], *, notes: Sequence[str] = ()) -> str:
    """The same as values."""
    body = {
        "version": VERSION,
        "title": title,
        "ok": not broken(tuple(findings)),
        "findings": [msgspec.to_builtins(each) for each in findings],
        "notes": list(notes),
    }
    return msgspec.json.format(msgspec.json.encode(body), indent=1).decode() + "\n"


def _wrapped(words: str, indent: str, width: int) -> list[str]:
    return textwrap.wrap(
        printable(words),
        width,
        initial_indent=indent,
        subsequent_indent=indent or "       ",
        break_on_hyphens=False,
        break_long_words=False,
    )


def _summary(findings: Sequence[Finding]) -> str:
    counts = [
        f"{sum(each.verdict is verdict for each in findings)} {words}"
        for verdict, words in ((Verdict.KEPT, "ok"), (Verdict.BROKEN, "failed"), (Verdict.UNKNOWN, "cannot be told"))
        if any(each.verdict is verdict for each in findings)
    ]
    return ", ".join(counts)
