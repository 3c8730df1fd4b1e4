"""Each rule of the lint: what it finds, what it leaves alone, and that its fix ends the finding."""

from pathlib import Path

import pytest

from burnish.cargo.fix import plan_fixes
from burnish.errors import UsageError
from burnish.profile.lint import RULES, Finding, Severity, choose, lint_project
from lint_projects import CASES, Case, release, workspace_of
from projects import CargoProject, hello

BY_RULE = {case.rule: case for case in CASES}
FIXABLE = [rule.id for rule in RULES if rule.fixable]


def find(project: CargoProject, rule: str = "", environment: dict[str, str] | None = None) -> tuple[Finding, ...]:
    return lint_project(workspace_of(project, environment), choose(select=[rule] if rule else ()))


def test_every_rule_has_a_failing_and_a_clean_project() -> None:
    assert [case.rule for case in CASES] == [rule.id for rule in RULES]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_a_rule_finds_what_is_wrong_and_names_the_values(case: Case) -> None:
    workspace = workspace_of(case.failing, case.environment, case.unwinding or None)
    findings = lint_project(workspace, choose(select=[case.rule]))
    assert findings
    assert case.finds in findings[0].message
    if case.where:
        assert f"{findings[0].path}:{findings[0].line}:{findings[0].column}" == case.where


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_a_rule_is_silent_where_nothing_is_wrong(case: Case) -> None:
    workspace = workspace_of(case.clean, case.clean_environment, case.unwinding or None)
    assert lint_project(workspace, choose(select=[case.rule])) == ()


def test_a_profile_that_others_inherit_from_is_told_once() -> None:
    (finding,) = find(hello().with_manifest("[profile]\nrelease = 3\n"), "unusable-profile")
    assert "[profile.release] is not a table" in finding.message


@pytest.mark.parametrize("rule", FIXABLE)
def test_a_fix_ends_its_finding_and_changes_no_other_line(rule: str) -> None:
    case = BY_RULE[rule]
    workspace = workspace_of(case.failing)
    findings = lint_project(workspace, choose(select=[rule]))
    fixes = [finding.fix for finding in findings if finding.fix]
    (change,) = plan_fixes(fixes, {"Cargo.toml": workspace.manifest}, base=Path())
    unfixable = [finding for finding in findings if finding.fix is None]
    after = find(case.failing.plus({"Cargo.toml": change.new}), rule)
    assert len(after) == len(unfixable)
    lines = [line for line in change.diff().splitlines() if line[:1] in "+-" and line[:3] not in {"+++", "---"}]
    assert len(lines) <= 2 * len(fixes)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_only_rules_that_say_so_have_fixes(case: Case) -> None:
    workspace = workspace_of(case.failing, case.environment, case.unwinding or None)
    fixed = {finding.rule for finding in lint_project(workspace) if finding.fix}
    assert fixed <= set(FIXABLE)


def test_a_fix_keeps_comments_and_the_layout_around_it() -> None:
    text = '[profile.release]   # shipped\n# speed\nopt-level = "3" # three\nlto="thin"\n'
    project = hello().with_manifest(text)
    workspace = workspace_of(project)
    fixes = [finding.fix for finding in find(project, "refused-value") if finding.fix]
    (change,) = plan_fixes(fixes, {"Cargo.toml": workspace.manifest}, base=Path())
    assert change.new == change.old.replace('"3"', "3")


def test_a_misspelt_key_is_renamed_in_place_but_never_over_another() -> None:
    (finding,) = find(release("codegen_units = 1 # one"), "unknown-key")
    assert finding.fix is not None
    source = workspace_of(release("codegen_units = 1 # one")).manifest
    (change,) = plan_fixes([finding.fix], {"Cargo.toml": source}, base=Path())
    assert change.new == change.old.replace("codegen_units", "codegen-units")
    (both,) = find(release("codegen_units = 1\ncodegen-units = 2"), "unknown-key")
    assert both.fix is None


def test_a_file_outside_of_the_project_gets_no_fix() -> None:
    workspace = workspace_of(hello().plus({".cargo/config.toml": "[profile.release]\ncodegen_units = 1\n"}))
    (config,) = workspace.configs
    from dataclasses import replace  # noqa: PLC0415

    outside = replace(workspace, configs=(replace(config, in_project=False),))
    rules = choose(select=["unknown-key"])
    assert [finding.fix is None for finding in lint_project(outside, rules)] == [True]
    assert [finding.fix is None for finding in lint_project(workspace, rules)] == [False]


def test_a_key_that_keeps_a_config_file_out_is_not_redundant() -> None:
    project = hello().with_manifest(
        '[profile.release]\nlto = "thin"\n\n[profile.dist]\ninherits = "release"\nlto = "thin"\n'
    )
    assert [finding.line for finding in find(project, "redundant-value")] == [11]
    held = project.plus({".cargo/config.toml": '[profile.release]\nlto = "off"\n'})
    assert find(held, "redundant-value") == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("codegen-units = 0", "codegen-units = 0 is refused", id="no unit"),
        pytest.param('lto = "full"', 'lto = "full" is refused', id="LLVM's word"),
        pytest.param('strip = "true"', 'strip = "true" is refused', id="quoted true"),
        pytest.param('[profile.release.package."*"]\nlto = true', "Cargo does not allow lto in", id="lto in override"),
    ],
)
def test_values_that_break_the_build_are_errors(text: str, message: str) -> None:
    (finding,) = find(release(text), "refused-value")
    assert message in finding.message
    assert finding.severity is Severity.ERROR


def test_selection_knows_ids_and_categories_and_refuses_others() -> None:
    dead = choose(select=["dead"])
    assert {rule.category for rule in dead} == {"dead"}
    assert len(choose(ignore=["dead"])) == len(RULES) - len(dead)
    with pytest.raises(UsageError, match="no rule or category 'strip-rest'") as told:
        choose(select=["strip-rest"])
    assert told.value.hint == "did you mean strip-reset?"


def test_findings_stand_in_the_order_of_the_file() -> None:
    project = release("strip = false\nopt-level = 3\ncodegen-units = 16")
    assert [finding.line for finding in find(project)] == [7, 8, 9]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_says_what_it_is_in_the_words_of_the_others(rule: object) -> None:
    assert getattr(rule, "id").replace("-", "").isalnum()  # noqa: B009
    why = str(getattr(rule, "why"))  # noqa: B009
    assert why.endswith((".", ".)"))
    assert str(getattr(rule, "source")).startswith("https://")  # noqa: B009
