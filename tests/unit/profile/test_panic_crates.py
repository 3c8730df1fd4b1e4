"""Whole crates: which files are read, and what a crate's findings come to."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from burnish.cargo import panics
from burnish.cargo.panics import audit_crate, audit_program, need_parser
from burnish.cargo.sources import Crate, Program, module_candidates
from burnish.errors import ToolError, UsageError
from burnish.profile.panics.reviewed import REVIEWS, judged
from burnish.profile.panics.values import (
    THREAD_KEPT,
    CrateAudit,
    PanicAudit,
    PanicFinding,
    PanicKind,
    Verdict,
    worst,
)
from burnish.report import panics as report
from burnish.tune.settings import Table, request
from burnish.tune.space import Narrowing
from burnish.tune.unwinding import ALLOWED, IF_SAFE, settled

CATCH = "pub fn f() { let _ = std::panic::catch_unwind(g); }\n"


def crate(directory: Path, files: dict[str, str | bytes], **more: object) -> Crate:
    """A crate of these files, of which src/lib.rs is the root."""
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    made = Crate(
        name="some",
        version="1.2.3",
        directory=directory,
        shown_from=directory,
        roots=(directory / "src/lib.rs",),
        features=frozenset(),
        dependencies=frozenset(),
        local=False,
    )
    return replace(made, **more)  # type: ignore[arg-type]  # names of fields


def places(audit: CrateAudit) -> list[str]:
    return [f"{finding.path}:{finding.line} {finding.kind} {finding.verdict}" for finding in audit.findings]


def finding(**more: object) -> PanicFinding:
    base = PanicFinding(
        crate="some",
        version="1.2.3",
        path="src/lib.rs",
        line=1,
        column=1,
        kind=PanicKind.CATCH_UNWIND,
        text="a text",
        verdict=Verdict.UNSAFE,
    )
    return replace(base, **more)  # type: ignore[arg-type]  # names of fields


def test_the_files_are_those_that_mod_declarations_name(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "src/lib.rs": 'mod a; mod b; mod inline { mod c; } #[path = "odd/place.rs"] mod d; include!("more.rs");',
        "src/a.rs": "mod deep;\n" + CATCH,
        "src/a/deep.rs": CATCH,
        "src/b/mod.rs": "mod beside;\n",
        "src/b/beside.rs": CATCH,
        "src/inline/c.rs": CATCH,
        "src/odd/place.rs": "mod near;\n" + CATCH,
        "src/odd/near.rs": CATCH,
        "src/more.rs": CATCH,
        "src/unused.rs": CATCH,
        "tests/t.rs": CATCH,
        "build.rs": CATCH,
    }
    audit = audit_crate(crate(tmp_path, files), "unix\n")
    assert places(audit) == [
        "src/a.rs:2 catch_unwind unsafe",
        "src/a/deep.rs:1 catch_unwind unsafe",
        "src/b/beside.rs:1 catch_unwind unsafe",
        "src/inline/c.rs:1 catch_unwind unsafe",
        "src/more.rs:1 catch_unwind unsafe",
        "src/odd/near.rs:1 catch_unwind unsafe",
        "src/odd/place.rs:2 catch_unwind unsafe",
    ]
    assert (audit.verdict, audit.files) == (Verdict.UNSAFE, 9)


@pytest.mark.parametrize(
    ("declared", "candidates"),
    [
        pytest.param(("src/lib.rs", "a", (), (), True), ["src/a.rs", "src/a/mod.rs"], id="in a root"),
        pytest.param(("src/x.rs", "a", (), (), False), ["src/x/a.rs", "src/x/a/mod.rs"], id="in a file"),
        pytest.param(("src/x.rs", "a", (), ("m",), False), ["src/x/m/a.rs", "src/x/m/a/mod.rs"], id="inline"),
        pytest.param(("src/x.rs", "a", ("p.rs",), (), False), ["src/p.rs"], id="path"),
        pytest.param(("src/x.rs", "a", ("p.rs",), ("m",), False), ["src/x/m/p.rs"], id="path inline"),
        pytest.param(("src/x.rs", "", ("i.rs",), (), False), ["src/i.rs"], id="include"),
    ],
)
def test_a_module_lies_where_the_reference_says(
    declared: tuple[str, str, tuple[str, ...], tuple[str, ...], bool], candidates: list[str]
) -> None:
    file, name, paths, inside, owns = declared
    found = module_candidates(Path(file), name, paths, inside, owns_directory=owns)
    assert [path.as_posix() for path in found] == candidates


def test_a_path_that_leads_out_of_the_package_is_not_read_and_said(tmp_path: Path) -> None:
    (tmp_path / "secret.rs").write_text(CATCH)
    inner = tmp_path / "package"
    files: dict[str, str | bytes] = {"src/lib.rs": '\n#[path = "../../secret.rs"]\nmod a;\n'}
    assert places(audit_crate(crate(inner, files), "")) == ["src/lib.rs:3 not read unknown"]
    within = crate(inner, files, shown_from=tmp_path, local=True)
    assert places(audit_crate(within, "")) == ["secret.rs:1 catch_unwind unsafe"]


def test_links_that_lead_out_or_in_circles_end(tmp_path: Path) -> None:
    (tmp_path / "secret.rs").write_text(CATCH)
    made = crate(tmp_path / "package", {"src/lib.rs": "mod out; mod circle; mod again;", "src/x/keep": ""})
    source = tmp_path / "package" / "src"
    (source / "out.rs").symlink_to(tmp_path / "secret.rs")
    (source / "circle.rs").symlink_to("circle.rs")
    (source / "again.rs").symlink_to("lib.rs")
    audit = audit_crate(made, "")
    assert places(audit) == ["src/lib.rs:1 not read unknown"] * 2
    assert audit.files == 1


def test_modules_that_name_each_other_end(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "src/lib.rs": '#[path = "a.rs"] mod a;',
        "src/a.rs": '#[path = "a.rs"] mod a; #[path = "lib.rs"] mod b;',
    }
    assert audit_crate(crate(tmp_path, files), "").files == 2


def test_what_is_no_ordinary_file_is_not_waited_for(tmp_path: Path) -> None:
    made = crate(tmp_path, {"src/lib.rs": "mod pipe; mod folder;", "src/folder.rs/x": ""})
    os.mkfifo(tmp_path / "src/pipe.rs")
    assert audit_crate(made, "").findings == ()


def test_a_file_with_other_bytes_than_text_is_read(tmp_path: Path) -> None:
    made = crate(tmp_path, {"src/lib.rs": b"// \xff\xfe\n" + CATCH.encode()})
    assert places(audit_crate(made, "")) == ["src/lib.rs:2 catch_unwind unsafe"]


def test_a_missing_root_or_module_is_no_finding(tmp_path: Path) -> None:
    assert audit_crate(crate(tmp_path, {"src/lib.rs": "mod nowhere;"}), "").findings == ()
    assert audit_crate(crate(tmp_path / "none", {}), "").files == 0


def test_the_number_of_files_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panics, "MOST_FILES", 3)
    files: dict[str, str | bytes] = {f"src/m{number}.rs": "" for number in range(9)}
    files["src/lib.rs"] = "".join(f"mod m{number};" for number in range(9))
    assert audit_crate(crate(tmp_path, files), "").files == 3


def test_a_program_is_as_safe_as_its_worst_crate(tmp_path: Path) -> None:
    unsafe = crate(tmp_path / "a", {"src/lib.rs": CATCH}, name="a")
    safe = crate(tmp_path / "b", {"src/lib.rs": ""}, name="b")
    audit = audit_program(Program(crates=(unsafe, safe), cfg=""))
    assert [each.verdict for each in audit.crates] == [Verdict.UNSAFE, Verdict.SAFE]
    assert audit.verdict is Verdict.UNSAFE
    assert worst([Verdict.UNKNOWN, Verdict.SAFE]) is Verdict.UNKNOWN
    assert worst([]) is Verdict.SAFE


def test_without_the_parser_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("tree_sitter", "burnish.profile.panics.scan", "burnish.profile.panics.syntax"):
        monkeypatch.setitem(__import__("sys").modules, name, None)
    with pytest.raises(ToolError) as raised:
        need_parser()
    assert "burnish[audit]" in raised.value.hint


def test_a_review_settles_a_finding_of_its_crate_and_series_alone() -> None:
    tokio = finding(crate="tokio", version="1.40.0", path="src/runtime/task/harness.rs")
    (settled_one,) = judged([tokio], local=False)
    assert settled_one.verdict is Verdict.SAFE
    assert settled_one.source.startswith("https://docs.rs/tokio/")
    for other in (
        replace(tokio, crate="tokio-else"),
        replace(tokio, version="2.0.0"),
        replace(tokio, version="10.0.0"),
        replace(tokio, kind=PanicKind.CFG),
    ):
        assert judged([other], local=False) == (other,)


def test_every_review_names_what_was_read_and_where_it_is_written() -> None:
    for review in REVIEWS:
        assert (review.read + ".").startswith(review.series + ".")
        assert review.source.startswith("https://docs.rs/")


def test_a_handle_that_is_kept_counts_as_seen_only_where_something_is_joined() -> None:
    kept = finding(kind=PanicKind.THREAD, verdict=Verdict.SAFE, text=THREAD_KEPT)
    joined = finding(kind=PanicKind.JOIN, verdict=Verdict.SAFE, line=9)
    assert [each.verdict for each in judged([kept], local=True)] == [Verdict.UNKNOWN]
    assert [each.verdict for each in judged([kept, joined], local=True)] == [Verdict.SAFE, Verdict.SAFE]


def test_what_drop_writes_out_counts_in_the_projects_own_crates() -> None:
    written = finding(kind=PanicKind.DROP, verdict=Verdict.UNKNOWN)
    assert [each.verdict for each in judged([written], local=True)] == [Verdict.UNKNOWN]
    assert [each.verdict for each in judged([written], local=False)] == [Verdict.SAFE]


def audited(*findings: PanicFinding) -> PanicAudit:
    verdict = worst(each.verdict for each in findings)
    crates = (CrateAudit(crate="some", version="1.2.3", verdict=verdict, findings=findings, files=4, local=True),)
    return PanicAudit(verdict=verdict, crates=crates)


@pytest.mark.parametrize(
    ("allow", "verdict", "allowed", "words"),
    [
        pytest.param({IF_SAFE}, Verdict.SAFE, True, "was tried: the panic audit found nothing", id="safe"),
        pytest.param({IF_SAFE}, Verdict.UNSAFE, False, "was not tried: the panic audit says unsafe", id="unsafe"),
        pytest.param({IF_SAFE}, Verdict.UNKNOWN, False, "was not tried: the panic audit says unknown", id="unknown"),
        pytest.param({ALLOWED}, Verdict.UNSAFE, True, "was tried as allowed, though", id="allowed anyhow"),
        pytest.param({ALLOWED, IF_SAFE}, Verdict.UNSAFE, True, "was tried as allowed, though", id="both"),
        pytest.param(
            {ALLOWED}, Verdict.SAFE, True, "found nothing that needs unwinding in 1 crate (4 files)", id="both safe"
        ),
    ],
)
def test_abort_if_safe_is_allowed_by_a_safe_audit_alone(
    allow: set[str], verdict: Verdict, allowed: bool, words: str
) -> None:
    narrowing, note = settled(Narrowing(allow=frozenset(allow)), audited(finding(verdict=verdict)))
    assert (ALLOWED in narrowing.allow) is allowed
    assert words in note


def test_settings_take_abort_if_safe_and_nothing_like_it() -> None:
    assert request(Table(allow=(IF_SAFE,)), cwd=".").narrowing.allow == {IF_SAFE}
    with pytest.raises(UsageError) as raised:
        request(Table(allow=("panic-abort=always",)), cwd=".")
    assert IF_SAFE in raised.value.hint


def test_the_report_is_readable_at_80_columns() -> None:
    many = [finding(line=line, text="a sentence that is long " * 8) for line in range(1, 9)]
    text = report.render(audited(*many, finding(verdict=Verdict.SAFE, line=99)))
    assert max(map(len, text.splitlines())) <= 80
    assert text.startswith("unsafe: ")
    assert "and 3 more" in text
    assert "src/lib.rs:99" not in text
    assert "src/lib.rs:99" in report.render(audited(*many, finding(verdict=Verdict.SAFE, line=99)), everything=True)


def test_a_report_shows_no_control_characters_of_a_project() -> None:
    text = report.render(audited(finding(path="src/\x1b[31m.rs", crate="some")))
    assert "\x1b" not in text


def test_the_json_has_every_field_of_a_finding() -> None:
    import json  # noqa: PLC0415  # burnish.report.json is another

    data = json.loads(report.render_json(audited(finding())))
    assert data["schema"] == 1
    assert data["verdict"] == "unsafe"
    (one,) = data["crates"][0]["findings"]
    assert one == {
        "crate": "some", "version": "1.2.3", "path": "src/lib.rs", "line": 1, "column": 1, "kind": "catch_unwind",
        "text": "a text", "verdict": "unsafe", "source": "",
    }  # fmt: skip
