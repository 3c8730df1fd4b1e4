"""`burnish lint` as a user runs it: formats, exit codes, fixes, bad input."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import projects
from burnish.cargo.fix import plan_fixes
from burnish.cargo.project import find_manifest
from burnish.cargo.workspace import read_workspace
from burnish.cli import lint, main
from burnish.errors import ChangeError
from burnish.profile.lint import RULES, choose, lint_project
from lint_projects import CASES, Case, many_members, release

pytestmark = pytest.mark.cargo

BAD = 'opt-level = "3"   # fast\ncodegen_units = 1\nlto = "thin"\n'


@pytest.fixture(autouse=True)
def _no_foreign_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("CARGO_PROFILE_") or "RUSTFLAGS" in name]:
        monkeypatch.delenv(name)


def run_in(directory: Path, monkeypatch: pytest.MonkeyPatch, *args: str) -> int:
    monkeypatch.chdir(directory)
    return main(["lint", *args])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_the_rules_find_the_same_in_a_project_that_cargo_has_read(tmp_path: Path, case: Case) -> None:
    if case.unwinding:
        return
    for name, project, environment in (("failing", case.failing, case.environment), ("clean", case.clean, {})):
        directory = project.generate(tmp_path / name)
        seen = {**os.environ, **environment, "CARGO_HOME": str(tmp_path)}
        _, findings = lint.look(directory / "Cargo.toml", seen, choose(select=[case.rule]))
        assert bool(findings) is (name == "failing")


def test_findings_are_told_with_place_reason_and_next_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = release("debug = true\nstrip = true").generate(tmp_path)
    assert run_in(directory, monkeypatch) == 1
    out = capsys.readouterr().out
    assert out.startswith("Cargo.toml:8:1: warning[debug-stripped]: release makes debug info")
    assert "\n  why: " in out
    assert "\n  help: " in out
    assert out.endswith("1 finding: 1 warning\n")
    assert max(map(len, out.splitlines())) <= 80


def test_a_project_without_findings_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_in(projects.hello().generate(tmp_path), monkeypatch) == 0
    assert capsys.readouterr().out == "no findings\n"


@pytest.mark.parametrize(
    ("args", "code"),
    [
        pytest.param((), 1, id="warning fails"),
        pytest.param(("--fail-on", "error"), 0, id="warning is no error"),
        pytest.param(("--fail-on", "never"), 0, id="never"),
        pytest.param(("--select", "redundant"), 0, id="info does not fail"),
        pytest.param(("--select", "redundant", "--fail-on", "info"), 1, id="info fails"),
        pytest.param(("--ignore", "debug-stripped,redundant"), 0, id="ignored"),
    ],
)
def test_the_exit_code_follows_severity_and_selection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: Sequence[str], code: int
) -> None:
    directory = release("debug = true\nstrip = true\nopt-level = 3").generate(tmp_path)
    assert run_in(directory, monkeypatch, *args) == code


def test_paths_are_those_from_where_the_user_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    release("codegen-units = 16").generate(tmp_path / "a" / "b")
    run_in(tmp_path, monkeypatch, "a/b", "--format", "github")
    assert capsys.readouterr().out.startswith(
        "::notice file=a/b/Cargo.toml,line=7,col=1,title=burnish sixteen-units::codegen-units = 16 in release"
    )


def test_json_and_sarif_name_rule_place_and_severity(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = release(BAD).generate(tmp_path)
    assert run_in(directory, monkeypatch, "--format", "json") == 1
    told = json.loads(capsys.readouterr().out)
    (finding,) = told["findings"]
    assert (finding["rule"], finding["path"], finding["line"]) == ("refused-value", "Cargo.toml", 7)
    assert finding["fix"]["edits"][0]["value"] == 3
    run_in(directory, monkeypatch, "--format", "sarif")
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    (result,) = run["results"]
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "refused-value"


def test_fixes_are_shown_and_written_until_none_is_left_and_cargo_takes_the_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = release(BAD).generate(tmp_path)
    manifest = directory / "Cargo.toml"
    before = manifest.read_text(encoding="utf-8")
    assert run_in(directory, monkeypatch, "--diff") == 1
    assert manifest.read_text(encoding="utf-8") == before
    assert "+opt-level = 3   # fast" in capsys.readouterr().out
    assert run_in(directory, monkeypatch, "--fix") == 0
    err = capsys.readouterr().err
    assert "-codegen_units = 1" in err
    assert "wrote " in err
    expected = before.replace('opt-level = "3"   # fast\n', "").replace("codegen_units", "codegen-units")
    assert manifest.read_text(encoding="utf-8") == expected
    check = subprocess.run(["cargo", "check", "--offline"], cwd=directory, capture_output=True, check=False)
    assert check.returncode == 0


@pytest.mark.parametrize("rule", [rule.id for rule in RULES if rule.fixable])
def test_the_fix_of_each_rule_passes_cargo_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rule: str) -> None:
    case = next(case for case in CASES if case.rule == rule)
    directory = case.failing.generate(tmp_path)
    run_in(directory, monkeypatch, "--fix", "--select", rule)
    check = subprocess.run(["cargo", "check", "--offline"], cwd=directory, capture_output=True, check=False)
    assert check.returncode == 0, check.stderr


def test_a_file_that_changed_meanwhile_is_left_as_it_is(tmp_path: Path) -> None:
    directory = release("opt-level = 3").generate(tmp_path)
    manifest = directory / "Cargo.toml"
    workspace = read_workspace(find_manifest(directory), os.environ, base=directory)
    fixes = [finding.fix for finding in lint_project(workspace) if finding.fix]
    changes = plan_fixes(fixes, {"Cargo.toml": workspace.manifest}, base=directory)
    manifest.write_text(manifest.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    with pytest.raises(ChangeError, match="has changed since it was read"):
        lint.write_fixes(changes, manifest, os.environ)
    assert manifest.read_text(encoding="utf-8").endswith("opt-level = 3\n# mine\n")


@pytest.mark.parametrize(
    ("files", "args", "code", "words"),
    [
        pytest.param({"a.txt": ""}, (), 2, ("no Cargo.toml", "hint: "), id="not a project"),
        pytest.param(projects.broken_toml().files, (), 3, ("Cargo.toml:2", "hint: "), id="broken TOML"),
        pytest.param({"Cargo.toml": "profile = 3\n"}, (), 3, ("cargo cannot read", "hint: "), id="no table"),
        pytest.param({"a.txt": "hello"}, ("a.txt",), 3, ("cargo cannot read",), id="a file that is no manifest"),
        pytest.param(projects.hello().files, ("nowhere",), 0, (), id="a missing path below a project"),
        pytest.param(projects.hello().files, ("--select", "dead,lots"), 2, ("'lots'", "mean lost?"), id="no rule"),
        pytest.param(
            projects.hello().plus({".cargo/config.toml": "[profile"}).files, (), 3, ("config.toml",), id="broken config"
        ),
    ],
)
def test_bad_input_is_explained(
    tmp_path: Path, files: dict[str, str], args: Sequence[str], code: int, words: Sequence[str]
) -> None:
    projects.CargoProject(files=files).generate(tmp_path)
    command = [sys.executable, "-m", "burnish", "lint", *args]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert "Traceback" not in run.stderr
    assert run.returncode == code, run.stderr
    assert all(word in run.stderr for word in words), run.stderr


def test_a_manifest_that_is_not_utf8_is_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    directory = projects.hello().generate(tmp_path)
    (directory / "Cargo.toml").write_bytes(b'[package]\nname = "\xff"\n')
    assert main(["lint", str(directory)]) == 3
    assert "error: cargo cannot read this project" in capsys.readouterr().err


def test_a_path_to_the_manifest_is_a_path_to_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = release("codegen-units = 16").generate(tmp_path)
    assert run_in(directory, monkeypatch, "Cargo.toml", "--fail-on", "info") == 1
    assert "sixteen-units" in capsys.readouterr().out


def test_a_member_is_linted_with_its_whole_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = release("codegen-units = 16", projects.virtual_workspace()).generate(tmp_path)
    run_in(directory / "app", monkeypatch)
    assert "../Cargo.toml:6:1: info[sixteen-units]" in capsys.readouterr().out


def test_every_member_of_a_large_workspace_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = many_members(200).generate(tmp_path)
    run_in(directory, monkeypatch, "--select", "member-profile", "--format", "json")
    assert len(json.loads(capsys.readouterr().out)["findings"]) == 20
    assert not (directory / "target").exists()
    assert not (directory / "Cargo.lock").exists()


def test_where_panic_aborts_the_audit_names_what_needs_unwinding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("tree_sitter_rust")
    source = 'fn main() {\n    if std::panic::catch_unwind(|| panic!("mine")).is_err() { println!("on"); }\n}\n'
    directory = release('panic = "abort"').plus({"src/main.rs": source}).generate(tmp_path)
    assert run_in(directory, monkeypatch) == 0
    assert "was not audited" in capsys.readouterr().out  # There is no Cargo.lock.
    subprocess.run(["cargo", "generate-lockfile", "--offline"], cwd=directory, check=True, capture_output=True)
    assert run_in(directory, monkeypatch) == 1
    assert capsys.readouterr().out.startswith("src/main.rs:2:8: warning[abort-unwinding]")
    assert run_in(directory, monkeypatch, "--no-audit") == 0
