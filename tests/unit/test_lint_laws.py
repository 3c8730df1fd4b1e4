"""Laws of the lint over made-up profiles, and what it takes from the panic audit."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.cargo.fix import plan_fixes
from burnish.errors import UsageError
from burnish.profile.effective import resolve
from burnish.profile.lint import Edit, Fix, choose, lint_project
from burnish.profile.lint.audit import unwinding
from burnish.profile.lint.context import build_context
from burnish.profile.panics.values import CrateAudit, PanicAudit, PanicFinding, PanicKind, Verdict
from burnish.profile.source import SourceText, line_of
from lint_projects import release, workspace_of
from projects import hello

_VALUES = {
    "opt-level": ["0", "1", "2", "3", '"s"', '"z"', '"3"'],
    "lto": ["true", "false", '"thin"', '"fat"', '"off"', '"full"'],
    "codegen-units": ["1", "16", "256"],
    "panic": ['"unwind"', '"abort"'],
    "strip": ["true", "false", '"none"', '"debuginfo"', '"symbols"'],
    "debug": ["true", "0", "1", '"full"', '"none"'],
    "incremental": ["true", "false"],
    "codegen_units": ["1"],
}

_TABLE = st.fixed_dictionaries({}, optional={key: st.sampled_from(values) for key, values in _VALUES.items()})


@st.composite
def manifests(draw: st.DrawFn) -> str:
    """A package with some profiles, comments between the lines."""
    parts = [hello().files["Cargo.toml"]]
    for name, parent in (("release", ""), ("dev", ""), ("bench", ""), ("dist", "release"), ("ci", "dist")):
        table = draw(_TABLE)
        lines = [f"[profile.{name}] # {name}"]
        if parent:
            lines.append(f'inherits = "{parent}"')
        lines += [f"{key} = {value}   # {key}" for key, value in table.items()]
        if draw(st.booleans()):
            lines += ["", f"[profile.{name}.package.hello]", "opt-level = 2"]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


@settings(max_examples=25)
@given(text=manifests())
def test_redundant_keys_can_go_without_a_change_to_any_profile(text: str) -> None:
    workspace = workspace_of(hello().plus({"Cargo.toml": text}))
    findings = lint_project(workspace, choose(select=["redundant"]))
    fixes = [finding.fix for finding in findings if finding.fix]
    changes = plan_fixes(fixes, {"Cargo.toml": workspace.manifest}, base=Path())
    after = changes[0].new if changes else text
    for name in ("release", "dev", "test", "bench", "dist", "ci"):
        profiles: list[dict[str, str] | None] = []
        for each in (text, after):
            try:
                source = SourceText(path="Cargo.toml", text=each)
                effective = resolve(name, manifest=source, environment={}, package="hello")
            except UsageError:
                profiles.append(None)
            else:
                profiles.append({key: str(setting.value) for key, setting in effective.settings.items()})
        assert normal(profiles[0]) == normal(profiles[1])


def normal(profile: dict[str, str] | None) -> dict[str, str] | None:
    """Spellings of the same value made one."""
    if profile is None:
        return None
    same = {"lto": {"True": "fat"}, "strip": {"True": "symbols", "False": "none"}}
    same["debug"] = {"True": "2", "full": "2", "False": "0", "none": "0"}
    return {key: same.get(key, {}).get(value, value) for key, value in profile.items()}


@settings(max_examples=25)
@given(text=manifests())
def test_every_place_is_a_line_of_the_file_that_says_it(text: str) -> None:
    lines = text.splitlines()
    for finding in lint_project(workspace_of(hello().plus({"Cargo.toml": text}))):
        assert finding.line is not None
        assert finding.column is not None
        assert lines[finding.line - 1][finding.column - 1 :].strip()


@settings(max_examples=25)
@given(text=manifests())
def test_blanking_out_all_but_the_profiles_keeps_every_line_number(text: str) -> None:
    context = build_context(workspace_of(hello().plus({"Cargo.toml": text})))
    assert set(context.manifest.root) == {"profile"}
    for table in context.tables:
        assert line_of(context.manifest.source.text, table.path) == line_of(text, table.path)


@settings(max_examples=25)
@given(text=manifests())
def test_all_fixes_together_leave_nothing_that_could_be_fixed(text: str) -> None:
    # What one fix renames another may then find redundant, profile by profile: each line is fixed twice at most.
    for _ in range(2 * len(text.splitlines())):
        workspace = workspace_of(hello().plus({"Cargo.toml": text}))
        fixes = [finding.fix for finding in lint_project(workspace) if finding.fix]
        if not fixes:
            return
        changes = plan_fixes(fixes, {"Cargo.toml": workspace.manifest}, base=Path())
        assert changes
        text = changes[0].new
    pytest.fail("fixes without end")


def test_a_fix_that_another_one_has_made_moot_is_left_out() -> None:
    workspace = workspace_of(release("opt-level = 3"))
    edit = Edit(path="Cargo.toml", table=("profile", "release"), key="opt-level")
    fix = Fix(summary="remove it", edits=(edit, edit))
    (change,) = plan_fixes([fix, fix], {"Cargo.toml": workspace.manifest}, base=Path())
    assert change.new == change.old.replace("opt-level = 3\n", "")


def test_of_the_panic_audit_what_is_unsafe_in_the_program_counts() -> None:
    def found(kind: PanicKind, verdict: Verdict, crate: str = "own") -> PanicFinding:
        return PanicFinding(
            crate=crate, version="1.0.0", path="src/a.rs", line=3, column=7, kind=kind, text="catches", verdict=verdict
        )

    own = CrateAudit(
        crate="own",
        version="1.0.0",
        verdict=Verdict.UNSAFE,
        findings=(
            found(PanicKind.CATCH_UNWIND, Verdict.UNSAFE),
            found(PanicKind.SHOULD_PANIC, Verdict.UNSAFE),
            found(PanicKind.JOIN, Verdict.UNKNOWN),
        ),
        files=1,
        local=True,
    )
    other = CrateAudit(
        crate="other",
        version="1.0.0",
        verdict=Verdict.UNSAFE,
        findings=(found(PanicKind.TASK, Verdict.UNSAFE, "other"),),
        files=1,
    )
    places = unwinding(PanicAudit(verdict=Verdict.UNSAFE, crates=(own, other)), "sub")
    assert [(place.path, place.line, place.local) for place in places] == [
        ("sub/src/a.rs", 3, True),
        ("sub/src/a.rs", 3, False),
    ]
