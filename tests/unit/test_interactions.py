"""Each rule of how options act together speaks where it should, and is silent where it should."""

from dataclasses import replace

import pytest
import results

from burnish.explain.interactions import Context, interactions
from burnish.profile.effective import resolve
from burnish.profile.panics.values import CrateAudit, PanicAudit, PanicFinding, PanicKind, Verdict
from burnish.profile.profile import Profile
from burnish.profile.source import SourceText

LINUX = "x86_64-unknown-linux-gnu"


def context(release: str = "", **changes: object) -> Context:
    manifest = SourceText(path="Cargo.toml", text=f"[profile.release]\n{release}\n")
    plain = Context(
        effective=resolve("release", manifest=manifest, environment={}, package="app"),
        crate_types=("bin",),
        takes_lto=True,
        target=LINUX,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def rules(found: Context) -> set[str]:
    return {each.rule for each in interactions(found)}


DROPPED = {"crate_types": ("cdylib", "rlib"), "takes_lto": False}


@pytest.mark.parametrize(
    ("rule", "release", "changes"),
    [
        pytest.param("lto-dropped", 'lto = "thin"', DROPPED, id="lto dropped"),
        pytest.param("fat-units", 'lto = "fat"\ncodegen-units = 1', {}, id="fat and one"),
        pytest.param("fat-units", 'lto = "fat"', {}, id="fat and unset"),
        pytest.param("thin-one", 'lto = "thin"\ncodegen-units = 1', {}, id="thin and one"),
        pytest.param("thin-units", 'lto = "thin"', {}, id="thin and unset"),
        pytest.param("one-unit", "codegen-units = 1", {}, id="one alone"),
        pytest.param("thin-local", "", {}, id="the default"),
        pytest.param("off-units", 'lto = "off"', {}, id="off"),
        pytest.param("incremental-lto", 'incremental = true\nlto = "thin"', {}, id="incremental and lto"),
        pytest.param("incremental-units", "incremental = true", {}, id="incremental"),
        pytest.param("debug-stripped", "debug = true\nstrip = true", {}, id="debug and strip"),
        pytest.param("debug-std", "debug = 1", {}, id="debug alone"),
        pytest.param("strip-reset", 'strip = "symbols"\n[profile.release.package.app]\nopt-level = 2', {}, id="reset"),
        pytest.param("strip-backtraces", "strip = true", {}, id="no names"),
        pytest.param("strip-backtraces", "", {}, id="no lines"),
        pytest.param("abort-audit", 'panic = "abort"', {}, id="abort, not audited"),
        pytest.param("abort-tests", 'panic = "abort"', {}, id="abort and tests"),
        pytest.param("level-lto", 'opt-level = 0\nlto = "fat"', {}, id="lto of nothing"),
        pytest.param("size-lto", 'opt-level = "z"', {}, id="small without lto"),
        pytest.param("generics", "", {}, id="generics"),
        pytest.param("checks", "overflow-checks = true", {}, id="checks"),
        pytest.param("target-cpu", "", {"target_cpu": "native"}, id="processor"),
        pytest.param("override-lto", 'lto = "fat"\n[profile.release.package.x]\nopt-level = "z"', {}, id="override"),
        pytest.param("build-override", "[profile.release.build-override]\nopt-level = 3", {}, id="build-override"),
    ],
)
def test_a_rule_speaks(rule: str, release: str, changes: dict[str, object]) -> None:
    found = [each for each in interactions(context(release, **changes)) if each.rule == rule]
    assert found
    for each in found:
        assert each.options
        assert each.source.startswith("https://")


@pytest.mark.parametrize(
    ("rule", "release", "changes"),
    [
        pytest.param("lto-dropped", "", DROPPED, id="nothing to drop"),
        pytest.param("lto-dropped", 'lto = "fat"', {}, id="a program takes lto"),
        pytest.param("fat-units", 'lto = "fat"', DROPPED, id="lto is not done at all"),
        pytest.param("incremental-lto", 'lto = "thin"', {}, id="not incremental"),
        pytest.param("debug-stripped", "strip = true", {}, id="no debug"),
        pytest.param("debug-stripped", 'debug = 1\nstrip = "none"', {}, id="not stripped"),
        pytest.param("debug-std", "", {}, id="no debug info asked for"),
        pytest.param("strip-reset", "[profile.release.package.other]\nopt-level = 2", {}, id="another package"),
        pytest.param("strip-backtraces", 'strip = "none"', {}, id="nothing stripped"),
        pytest.param("abort-audit", "", {}, id="unwinding, not audited"),
        pytest.param("abort-tests", "", {}, id="unwinding"),
        pytest.param("level-lto", "opt-level = 0", {}, id="no lto"),
        pytest.param("size-lto", 'opt-level = "z"\nlto = true', {}, id="small with lto"),
        pytest.param("checks", "overflow-checks = true\nopt-level = 0", {}, id="nothing optimized"),
        pytest.param("target-cpu", "", {}, id="base processor"),
        pytest.param("override-lto", '[profile.release.package.x]\nopt-level = "z"', {}, id="no lto over the override"),
    ],
)
def test_a_rule_is_silent(rule: str, release: str, changes: dict[str, object]) -> None:
    assert rule not in rules(context(release, **changes))


def test_unwind_tables_under_abort_are_said_of_the_target_that_keeps_them() -> None:
    def words(target: str) -> str:
        found = interactions(context('panic = "abort"\nstrip = true', target=target))
        return next(each.text for each in found if each.rule == "strip-backtraces")

    assert "Unwind tables are there" in words(LINUX)
    assert "Unwind tables are there" not in words("thumbv7em-none-eabi")


def audit(verdict: Verdict) -> PanicAudit:
    finding = PanicFinding(
        crate="guard", version="0.1.0", path="src/lib.rs", line=10, column=5, kind=PanicKind.CATCH_UNWIND, text="x",
        verdict=verdict,
    )  # fmt: skip
    crate = CrateAudit(crate="guard", version="0.1.0", verdict=verdict, findings=(finding,), files=1)
    return PanicAudit(verdict=verdict, crates=(crate,))


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        pytest.param(Verdict.UNSAFE, "guard src/lib.rs:10 (catch_unwind)", id="unsafe: the place"),
        pytest.param(Verdict.UNKNOWN, "cannot be told", id="unknown"),
        pytest.param(Verdict.SAFE, "changes no behaviour", id="safe"),
    ],
)
def test_the_audit_decides_what_is_said_of_abort(verdict: Verdict, words: str) -> None:
    (said,) = (each for each in interactions(context(panics=audit(verdict))) if each.rule == "abort-audit")
    assert words in said.text


def test_the_overlap_of_fat_and_one_unit_stands_with_what_was_measured() -> None:
    result = results.sample_result()
    old = Profile.parse("o3-fat-cgu16-unwind-none")
    release = 'lto = "fat"\ncodegen-units = 1\nstrip = "none"\ndebug = 1'
    assert "Measured here" not in "".join(each.text for each in interactions(context(release, result=result)))
    unset = replace(result.rows[7], profile=replace(old, codegen_units=None))
    with_unset = replace(result, rows=(*result.rows, unset))
    (said,) = (each for each in interactions(context(release, result=with_unset)) if each.rule == "fat-units")
    assert "almost redundant" in said.text
    assert "Measured here, from unset to 1: run time -7.5 %" in said.text
    (abort,) = (
        each
        for each in interactions(context(f'{release}\npanic = "abort"', result=with_unset))
        if each.rule == "fat-units"
    )
    assert "from unset to 1, at o3-fat-cgudef-unwind: run time -7.5 %" in abort.text
