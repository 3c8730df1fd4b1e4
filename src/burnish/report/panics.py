"""The panic audit for a terminal and as JSON: the verdict, then what needs unwinding, crate by crate."""

import textwrap
from collections.abc import Iterable
from typing import Final

import msgspec

from burnish.profile.panics.values import CrateAudit, PanicAudit, PanicFinding, Verdict
from burnish.report.printable import printable

#: Version of the JSON form. 1: the first.
SCHEMA: Final = 1
#: Findings shown for one crate, where not all are asked for.
SHOWN: Final = 5

_COLORS: Final = {Verdict.SAFE: "32", Verdict.UNSAFE: "31", Verdict.UNKNOWN: "33"}
_HEADLINES: Final = {
    Verdict.SAFE: 'a panic ends the program today as well; panic = "abort" changes how, not whether',
    Verdict.UNSAFE: 'panic = "abort" changes what the program does after a panic',
    Verdict.UNKNOWN: 'whether panic = "abort" changes the program cannot be told from its source alone',
}


def render(audit: PanicAudit, *, everything: bool = False, width: int = 80, color: bool = False) -> str:
    """A paragraph for each crate with something to say; ``everything``: what is safe as well, without a limit."""
    shown = [crate for crate in audit.crates if crate.findings and (everything or crate.verdict is not Verdict.SAFE)]
    lines = [_wrap(f"{audit.verdict}: {_HEADLINES[audit.verdict]}", width, "", audit.verdict if color else None), ""]
    for crate in shown:
        lines += [*_crate(crate, width, everything=everything, color=color), ""]
    lines += [_wrap(line, width, "") for line in _closing(audit, everything=everything)]
    return "\n".join(lines) + "\n"


def render_json(audit: PanicAudit) -> str:
    """Indented JSON: the schema's version, then the fields of `PanicAudit`."""
    plain = msgspec.json.encode({"schema": SCHEMA, **msgspec.to_builtins(audit)})
    return msgspec.json.format(plain, indent=2).decode() + "\n"


def _crate(crate: CrateAudit, width: int, *, everything: bool, color: bool) -> Iterable[str]:
    head = f"{printable(crate.crate)} {printable(crate.version)}"
    yield f"{head}: {_paint(crate.verdict, color=color)}"
    found = sorted(crate.findings, key=lambda finding: list(_COLORS).index(finding.verdict) != 1)
    found = [finding for finding in found if everything or finding.verdict is not Verdict.SAFE]
    for finding in found if everything else found[:SHOWN]:
        yield from _finding(finding, crate.verdict, width)
    if not everything and len(found) > SHOWN:
        yield f"  and {len(found) - SHOWN} more"


def _finding(finding: PanicFinding, around: Verdict, width: int) -> Iterable[str]:
    apart = "" if finding.verdict is around else f" ({finding.verdict})"
    yield f"  {printable(finding.path)}:{finding.line}:{finding.column}  {finding.kind}{apart}"
    yield _wrap(printable(finding.text), width, "    ")
    if finding.source:
        yield f"    {finding.source}"


def _closing(audit: PanicAudit, *, everything: bool) -> Iterable[str]:
    verdicts = [crate.verdict for crate in audit.crates]
    counts = ", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in Verdict if verdict in verdicts)
    yield f"{_counted(len(audit.crates), 'crate')} ({counts}), {_counted(audit.files, 'source file')}."
    safe = sum(finding.verdict is Verdict.SAFE for finding in audit.findings)
    if safe and not everything:
        yield f"{_counted(safe, 'more place')} where panics are dealt with: safe by what is seen there (--all)."
    if audit.verdict is not Verdict.UNSAFE:
        yield "With abort, no Drop runs after a panic, buffers are not written out, and the exit is by SIGABRT."


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _paint(verdict: Verdict, *, color: bool) -> str:
    return f"\x1b[{_COLORS[verdict]}m{verdict}\x1b[0m" if color else str(verdict)


def _wrap(text: str, width: int, indent: str, paint: Verdict | None = None) -> str:
    wrapped = textwrap.fill(
        text, width, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    return wrapped if paint is None else wrapped.replace(str(paint), _paint(paint, color=True), 1)
