"""The lint's findings as text, JSON, SARIF and annotations, and the page of rules."""

import argparse
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.cli import build_parser
from burnish.profile.lint import RULES, Category, Finding, Severity, lint_project
from burnish.report import github, lint, sarif
from lint_projects import CASES, workspace_of

ROOT = Path(__file__).parents[2]
FINDINGS = tuple(
    finding for case in CASES for finding in lint_project(workspace_of(case.failing, case.environment, case.unwinding))
)


def test_the_page_of_rules_is_current() -> None:
    assert (ROOT / "docs" / "lint" / "rules.md").read_text(encoding="utf-8") == lint.rules_page(RULES), (
        "burnish lint --rules > docs/lint/rules.md"
    )


def test_no_line_is_longer_than_the_terminal_and_colour_changes_no_word() -> None:
    plain = lint.render(FINDINGS)
    assert max(map(len, plain.splitlines())) <= 80
    colored = lint.render(FINDINGS, color=True)
    assert colored != plain
    for code in ("31", "33", "36", "0"):
        colored = colored.replace(f"\x1b[{code}m", "")
    assert colored == plain


def test_the_reason_of_a_rule_is_told_once() -> None:
    twice = lint.render([FINDINGS[0], FINDINGS[0]])
    assert twice.count("  why: ") == 1


@pytest.mark.parametrize(
    ("severities", "text"),
    [
        pytest.param([], "no findings", id="none"),
        pytest.param(["warning"], "1 finding: 1 warning", id="one"),
        pytest.param(["info", "error", "info"], "3 findings: 1 error, 2 info", id="several"),
    ],
)
def test_the_last_line_counts(severities: list[str], text: str) -> None:
    findings = [replace(FINDINGS[0], severity=Severity(severity), fix=None) for severity in severities]
    assert lint.summary(findings) == text


def test_json_has_every_field_of_a_finding() -> None:
    body = json.loads(lint.as_json(FINDINGS, ["a note"]))
    assert body["version"] == 1
    assert body["notes"] == ["a note"]
    assert {frozenset(finding) for finding in body["findings"]} == {frozenset(Finding.__dataclass_fields__)}


def test_sarif_has_what_the_standard_demands() -> None:
    log = json.loads(sarif.render(FINDINGS, RULES))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.id for rule in RULES]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for finding, result in zip(FINDINGS, run["results"], strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == finding.rule
        assert result["level"] in {"error", "warning", "note"}
        assert result["message"]["text"].startswith(finding.message)
        physical = result["locations"][0]["physicalLocation"]
        assert physical["artifactLocation"]["uri"] == finding.path
        assert ("region" in physical) is (finding.line is not None)


def test_sarif_escapes_relative_paths_and_makes_full_ones_addresses() -> None:
    for path, uri in (
        ("a b/Cargo.toml", "a%20b/Cargo.toml"),
        ("/h/.cargo/config.toml", "file:///h/.cargo/config.toml"),
    ):
        log = json.loads(sarif.render([replace(FINDINGS[0], path=path)], RULES))
        physical = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
        assert physical["artifactLocation"]["uri"] == uri


@given(message=st.text(), path=st.text(min_size=1))
def test_an_annotation_is_one_line_whatever_a_message_holds(message: str, path: str) -> None:
    text = github.render([replace(FINDINGS[0], message=message, path=path, advice="")])
    assert text.count("\n") == 1
    assert "\r" not in text
    head, _, told = text.removeprefix("::").partition("::")
    assert "," not in head.partition("file=")[2].partition(",line=")[0]
    assert told.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%").removesuffix("\n") == message


def test_every_category_has_rules() -> None:
    assert {rule.category for rule in RULES} == set(Category)


def test_the_page_of_the_command_has_its_flags_categories_and_severities() -> None:
    page = (ROOT / "docs" / "commands" / "lint.md").read_text(encoding="utf-8")
    (commands,) = (
        action for action in build_parser(only="lint")._actions if isinstance(action, argparse._SubParsersAction)
    )
    flags = {flag for action in commands.choices["lint"]._actions for flag in action.option_strings}
    shown = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", page))
    assert {flag for flag in flags if flag.startswith("--")} - {"--help"} == shown - {
        "--config",
        "--no-deps",
        "--offline",
    }
    words = set(re.findall(r"^\| `(\w+)` \|", page, flags=re.MULTILINE))
    assert words == {*Category, *Severity}
