"""The panic audit on crates of the registry: ripgrep, and small programs that use tokio and rayon. Nothing is built."""

import os
from pathlib import Path

import pytest
from fetch import PINNED, crate_source

from burnish.cargo.invocation import Cargo
from burnish.cargo.panics import audit_workspace
from burnish.profile.panics.values import PanicAudit, PanicKind, Verdict
from projects import CargoProject, hello

pytestmark = pytest.mark.crates

TOKIO = 'tokio = { version = "1", features = ["rt-multi-thread", "macros", "time"] }'
RAYON = 'rayon = "1"'


def using(dependency: str, source: str) -> CargoProject:
    return hello().with_manifest(f"[dependencies]\n{dependency}\n").plus({"src/main.rs": source})


def audit_of(directory: Path) -> PanicAudit:
    return audit_workspace(Cargo(directory, os.environ), directory / "Cargo.toml")


def own(audit: PanicAudit, kind: PanicKind) -> list[tuple[int, Verdict]]:
    return [(each.line, each.verdict) for each in audit.findings if each.crate == "hello" and each.kind is kind]


def test_ripgrep_is_safe_and_its_dependencies_were_read(tmp_path: Path) -> None:
    audit = audit_of(crate_source("ripgrep", PINNED["ripgrep"], tmp_path))
    assert audit.verdict is Verdict.SAFE
    assert {"ripgrep", "ignore", "regex-automata", "crossbeam-utils"} <= {crate.crate for crate in audit.crates}
    joins = [each for each in audit.findings if each.crate == "ignore" and each.kind is PanicKind.JOIN]
    assert [each.verdict for each in joins] == [Verdict.SAFE]
    reviewed = [each for each in audit.findings if each.source]
    assert {each.crate for each in reviewed} == {"crossbeam-utils"}


def test_a_program_that_spawns_tasks_of_tokio_is_unsafe_there(tmp_path: Path) -> None:
    source = """\
#[tokio::main]
async fn main() {
    tokio::spawn(async { panic!("a connection") });
    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
}
"""
    audit = audit_of(using(TOKIO, source).generate(tmp_path))
    assert own(audit, PanicKind.TASK) == [(3, Verdict.UNSAFE)]
    # tokio's own catch_unwind is what makes it so: it is found, and settled by what tokio documents.
    tokio = [each for each in audit.findings if each.crate == "tokio" and each.kind is PanicKind.CATCH_UNWIND]
    assert any(each.path == "src/runtime/task/harness.rs" and each.source for each in tokio)
    assert {crate.crate for crate in audit.crates if crate.verdict is Verdict.UNSAFE} == {"hello"}


def test_a_program_that_only_waits_for_futures_of_tokio_is_safe(tmp_path: Path) -> None:
    source = "#[tokio::main]\nasync fn main() {\n    tokio::time::sleep(std::time::Duration::ZERO).await;\n}\n"
    audit = audit_of(using(TOKIO, source).generate(tmp_path))
    assert [each for each in audit.findings if each.verdict is not Verdict.SAFE] == []


def test_rayon_raises_a_panic_again_and_is_safe(tmp_path: Path) -> None:
    source = "use rayon::prelude::*;\nfn main() {\n    let _: u32 = (1..9u32).into_par_iter().sum();\n}\n"
    audit = audit_of(using(RAYON, source).generate(tmp_path))
    assert [each for each in audit.findings if each.verdict is not Verdict.SAFE] == []
    core = [each for each in audit.findings if each.crate == "rayon-core" and each.kind is PanicKind.CATCH_UNWIND]
    assert [bool(each.source) for each in core] == [True]


def test_rayon_with_a_panic_handler_is_unsafe(tmp_path: Path) -> None:
    source = (
        "fn main() {\n    let pool = rayon::ThreadPoolBuilder::new()\n        .panic_handler(|_| {})\n"
        "        .build()\n        .unwrap();\n    pool.spawn(|| panic!());\n}\n"
    )
    audit = audit_of(using(RAYON, source).generate(tmp_path))
    assert own(audit, PanicKind.TASK) == [(3, Verdict.UNSAFE)]
