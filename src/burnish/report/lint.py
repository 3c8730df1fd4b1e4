"""Findings of the lint for a terminal and as JSON, and the page of all rules as Markdown."""

import textwrap
from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec

from burnish.profile.lint import Category, Finding, Rule, Severity

_COLORS: Final = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.INFO: "36"}


def render(findings: Sequence[Finding], notes: Sequence[str] = (), *, width: int = 80, color: bool = False) -> str:
    """A paragraph for each finding, the reason once for each rule, what was not looked at, and the sum."""
    told: set[str] = set()
    paragraphs = []
    for finding in findings:
        paragraphs.append(_paragraph(finding, width, color=color, why=finding.rule not in told))
        told.add(finding.rule)
    said = [_wrap(f"note: {note}", width, "") for note in notes]
    return "\n".join((*paragraphs, *said, summary(findings))) + "\n"


def summary(findings: Sequence[Finding]) -> str:
    """``3 findings: 1 error, 2 warnings; 1 can be mended with --fix``."""
    if not findings:
        return "no findings"
    counts = Counter(finding.severity for finding in findings)
    words = [_plural(counts[severity], severity) for severity in Severity if counts[severity]]
    fixable = sum(finding.fix is not None for finding in findings)
    tail = f"; {fixable} can be mended with --fix" if fixable else ""
    return f"{_plural(len(findings), 'finding')}: {', '.join(words)}{tail}"


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 or word == Severity.INFO else f"{count} {word}s"


def place(finding: Finding) -> str:
    """``Cargo.toml:14:1``."""
    parts = (finding.path, finding.line, finding.column)
    return ":".join(str(part) for part in parts if part is not None)


def _paragraph(finding: Finding, width: int, *, color: bool, why: bool) -> str:
    head = f"{finding.severity}[{finding.rule}]"
    first = _wrap(f"{place(finding)}: {head}: {finding.message}", width, "    ")
    if color:
        first = first.replace(head, f"\x1b[{_COLORS[finding.severity]}m{head}\x1b[0m", 1)
    lines = [first]
    if why:
        lines.append(_wrap(f"  why: {finding.why}", width, "       "))
    if finding.fix is not None:
        lines.append(_wrap(f"  fix: {finding.fix.summary} (--fix)", width, "       "))
    if finding.advice:
        lines.append(_wrap(f"  help: {finding.advice}", width, "        "))
    return "\n".join(lines) + "\n"


def _wrap(text: str, width: int, indent: str) -> str:
    return textwrap.fill(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def as_json(findings: Sequence[Finding], notes: Sequence[str] = ()) -> str:
    """``version`` changes where a field loses its meaning; fixes are given as keys and values."""
    body = {"version": 1, "findings": findings, "notes": notes, "summary": summary(findings)}
    return msgspec.json.format(msgspec.json.encode(body), indent=2).decode() + "\n"


def rules_page(rules: Sequence[Rule]) -> str:
    """``docs/lint/rules.md``."""
    lines = [
        "# Rules of burnish lint",
        "",
        "Made by `burnish lint --rules`. Each fact is tested with the real cargo (`tests/cargo/test_lint_facts.py`).",
        "",
    ]
    for category in Category:
        lines += [f"## {str(category).capitalize()}", ""]
        for rule in rules:
            if rule.category is category:
                mark = ", `--fix`" if rule.fixable else ""
                lines += [f"### {rule.id}", "", f"{rule.severity}{mark}. Finds: {rule.summary}.", ""]
                lines += [f"{rule.why} [Source]({rule.source})", ""]
    return "\n".join(lines).rstrip("\n") + "\n"
