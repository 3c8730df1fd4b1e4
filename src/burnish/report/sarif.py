"""Findings of the lint as SARIF 2.1.0, which code scanners take.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from collections.abc import Sequence
from pathlib import PurePath
from typing import Any, Final

import msgspec

from burnish import __version__
from burnish.profile.lint import Finding, Rule, Severity

_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def render(findings: Sequence[Finding], rules: Sequence[Rule]) -> str:
    """One run with the rules that were looked at and a result for each finding."""
    places = {rule.id: number for number, rule in enumerate(rules)}
    driver = {
        "name": "burnish",
        "semanticVersion": __version__,
        "version": __version__,
        "rules": [_rule(rule) for rule in rules],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, places[finding.rule]) for finding in findings],
    }
    body = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return msgspec.json.format(msgspec.json.encode(body), indent=2).decode() + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.why},
        "helpUri": rule.source,
        "help": {"text": rule.why},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"category": rule.category, "tags": [rule.category]},
    }


def _result(finding: Finding, rule_index: int) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(finding.path)}}
    if finding.line is not None:
        physical["region"] = {"startLine": finding.line, "startColumn": finding.column or 1}
    advice = finding.fix.summary if finding.fix else finding.advice
    return {
        "ruleId": finding.rule,
        "ruleIndex": rule_index,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.message}. {advice[:1].upper()}{advice[1:]}" if advice else finding.message},
        "locations": [{"physicalLocation": physical}],
    }


def _uri(path: str) -> str:
    """Relative paths stay relative, so that a scanner finds the file in its checkout."""
    pure = PurePath(path)
    return pure.as_uri() if pure.is_absolute() else (PurePath("/") / pure).as_uri().removeprefix("file:///")
