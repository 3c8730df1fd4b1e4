"""One source file: which places are found, and what is said of each."""

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.profile.panics import scan as scanning
from burnish.profile.panics.cfg import Cfg, known
from burnish.profile.panics.scan import Context, FileScan, ModuleFile, scan
from burnish.profile.panics.values import PanicKind, Verdict

LINUX = known('unix\ntarget_os="linux"\ntarget_arch="x86_64"\npanic="unwind"\n', frozenset({"std"}))


def scanned(source: str, *, tasks: bool = False, pools: bool = False) -> FileScan:
    return scan(textwrap.dedent(source).encode(), Context(cfg=LINUX, tasks=tasks, pools=pools))


def found(source: str, kind: PanicKind, *, tasks: bool = False, pools: bool = False) -> list[str]:
    """Verdicts of the findings of a kind, in order."""
    return [str(p.verdict) for p in scanned(source, tasks=tasks, pools=pools).places if p.kind is kind]


def in_function(code: str) -> str:
    return f"use std::panic;\nuse std::thread;\nfn f() -> Option<u8> {{\n{code}\n}}\n"


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        pytest.param("panic::catch_unwind(work).ok()", "unsafe", id="ok"),
        pytest.param("let _ = panic::catch_unwind(work); None", "unsafe", id="thrown away"),
        pytest.param("panic::catch_unwind(work); None", "unsafe", id="a statement"),
        pytest.param("drop(panic::catch_unwind(work)); None", "unsafe", id="dropped"),
        pytest.param("if panic::catch_unwind(work).is_err() { return None; } Some(1)", "unsafe", id="is_err"),
        pytest.param("if let Err(e) = panic::catch_unwind(work) { log(&e); } None", "unsafe", id="if let, logged"),
        pytest.param("if let Ok(v) = panic::catch_unwind(work) { return Some(v) } None", "unsafe", id="if let Ok"),
        pytest.param("match panic::catch_unwind(work) { Ok(v) => Some(v), Err(_) => None }", "unsafe", id="match"),
        pytest.param("match panic::catch_unwind(work) { Ok(v) => Some(v), _ => None }", "unsafe", id="match, all else"),
        pytest.param("let Ok(v) = panic::catch_unwind(work) else { return None }; Some(v)", "unsafe", id="let else"),
        pytest.param("let r = panic::catch_unwind(work); r.unwrap_or_default()", "unsafe", id="by a name"),
        pytest.param("panic::catch_unwind(work).unwrap_or_else(|_| std::process::exit(2))", "unsafe", id="exit"),
        pytest.param("Some(panic::catch_unwind(work).unwrap())", "safe", id="unwrap"),
        pytest.param("panic::catch_unwind(work).unwrap_or_else(|e| panic::resume_unwind(e))", "safe", id="resume"),
        pytest.param("panic::catch_unwind(work).unwrap_or_else(panic::resume_unwind)", "safe", id="resume by name"),
        pytest.param("panic::catch_unwind(work).unwrap_or_else(|_| std::process::abort())", "safe", id="abort"),
        pytest.param(
            "match panic::catch_unwind(work) { Ok(v) => v, Err(e) => { clean(); panic::resume_unwind(e) } }",
            "safe",
            id="resume in a match",
        ),
        pytest.param(
            "let r = panic::catch_unwind(work); clean(); if let Err(e) = r { panic::resume_unwind(e) } None",
            "safe",
            id="resume later",
        ),
        pytest.param("let Ok(v) = panic::catch_unwind(work) else { panic!() }; Some(v)", "safe", id="let else panic"),
        pytest.param('if panic::catch_unwind(work).is_err() { panic!("again") } None', "safe", id="panics again"),
        pytest.param("panic::catch_unwind(work)", "unknown", id="returned"),
        pytest.param("panic::catch_unwind(work)?; None", "unknown", id="question mark"),
        pytest.param("self.slot = Some(panic::catch_unwind(work)); None", "unknown", id="kept"),
        pytest.param("sender.send(panic::catch_unwind(work)); None", "unknown", id="sent"),
        pytest.param(
            "match panic::catch_unwind(work) { Ok(v) => Job::Done(v), Err(e) => Job::Panicked(e) }",
            "unknown",
            id="payload handed on",
        ),
        pytest.param("unsafe { panic::catch_unwind(work) }.ok()", "unsafe", id="out of an unsafe block"),
        pytest.param("handles.map(|w| panic::catch_unwind(w)).collect::<Result<_, _>>().unwrap()", "safe", id="mapped"),
    ],
)  # fmt: skip
def test_what_becomes_of_a_caught_panic_decides(code: str, verdict: str) -> None:
    assert found(in_function(code), PanicKind.CATCH_UNWIND) == [verdict]


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("fn f() { let _ = std::panic::catch_unwind(g); }", id="whole path"),
        pytest.param("fn f() { let _ = ::std::panic::catch_unwind(g); }", id="leading colons"),
        pytest.param("use std::panic::catch_unwind; fn f() { let _ = catch_unwind(g); }", id="imported"),
        pytest.param("use std::panic::catch_unwind as cu; fn f() { let _ = cu(g); }", id="renamed"),
        pytest.param(
            "use std::{io, panic::{self as p, Location}}; fn f() { let _ = p::catch_unwind(g); }", id="nested"
        ),
        pytest.param("use std::panic::*; fn f() { let _ = catch_unwind(g); }", id="glob"),
        pytest.param("fn f() { let _ = std::panic::catch_unwind::<_, ()>(g); }", id="turbofish"),
        pytest.param("async fn f() { let _ = fut().catch_unwind().await; }", id="FutureExt"),
        pytest.param("fn f() { run!({ let _ = std::panic::catch_unwind(g); }) }", id="in a macro's argument"),
        pytest.param("macro_rules! m { ($f:expr) => { let _ = std::panic::catch_unwind($f); } }", id="macro_rules"),
        pytest.param("mod inner { fn f() { let _ = std::panic::catch_unwind(g); } }", id="in an inline module"),
    ],
)
def test_catch_unwind_is_found_by_whatever_name(source: str) -> None:
    assert found(source, PanicKind.CATCH_UNWIND) == ["unsafe"]


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("// catch_unwind(f)\nfn f() {}", id="comment"),
        pytest.param('fn f() -> &\'static str { "catch_unwind(f)" }', id="string"),
        pytest.param("use std::panic::catch_unwind;", id="an import alone"),
        pytest.param("fn f(x: Thing) { x.catch_unwind(1, 2); }", id="a method with arguments"),
        pytest.param("fn catch_unwind(f: F) {}\nfn g() { catch_unwind(h); }", id="the file's own function"),
        pytest.param("#[cfg(test)] mod tests { fn f() { let _ = std::panic::catch_unwind(g); } }", id="cfg(test)"),
        pytest.param("#[test]\nfn f() { let _ = std::panic::catch_unwind(g); }", id="test function"),
        pytest.param("#[cfg(windows)] fn f() { let _ = std::panic::catch_unwind(g); }", id="another system"),
        pytest.param('#[cfg(feature = "no")] fn f() { let _ = std::panic::catch_unwind(g); }', id="feature off"),
        pytest.param("#![cfg(windows)]\nfn f() { let _ = std::panic::catch_unwind(g); }", id="whole file"),
        pytest.param(
            "cfg_if! { if #[cfg(windows)] { fn f() { let _ = std::panic::catch_unwind(g); } } else { fn f() {} } }",
            id="cfg_if",
        ),
    ],
)
def test_what_is_not_part_of_the_program_is_no_finding(source: str) -> None:
    assert found(source, PanicKind.CATCH_UNWIND) == []


def test_the_else_branch_of_cfg_if_is_part_of_the_program() -> None:
    source = "cfg_if! { if #[cfg(windows)] { fn f() {} } else { fn f() { let _ = std::panic::catch_unwind(g); } } }"
    assert found(source, PanicKind.CATCH_UNWIND) == ["unsafe"]


@pytest.mark.parametrize(
    "source",
    [
        pytest.param('#[cfg(panic = "unwind")] fn f() { let _ = std::panic::catch_unwind(g); }', id="item"),
        pytest.param('fn f() { if cfg!(panic = "unwind") { let _ = std::panic::catch_unwind(g); } }', id="branch"),
        pytest.param(
            'fn f() { if cfg!(panic = "abort") { g() } else { let _ = std::panic::catch_unwind(g); } }', id="else"
        ),
    ],
)
def test_what_cfg_panic_guards_is_safe(source: str) -> None:
    assert found(source, PanicKind.CATCH_UNWIND) == ["safe"]
    assert found(source, PanicKind.CFG) == ["safe"]


def test_a_crate_that_refuses_abort_is_unsafe() -> None:
    source = '#[cfg(not(panic = "unwind"))]\ncompile_error!("needs unwinding");\n'
    assert "unsafe" in found(source, PanicKind.CFG)


@pytest.mark.parametrize(
    ("code", "verdicts"),
    [
        pytest.param("Some(thread::spawn(work).join().unwrap())", ["safe"], id="unwrap"),
        pytest.param("match h.join() { Ok(v) => v, Err(e) => panic::resume_unwind(e) }", ["safe"], id="raised again"),
        pytest.param("h.join().ok()", ["unsafe"], id="ok"),
        pytest.param("let _ = h.join(); None", ["unsafe"], id="passed over"),
        pytest.param('if h.join().is_err() { eprintln!("lost one"); } None', ["unsafe"], id="told"),
        pytest.param("h.take().map(|h| h.join()); None", ["unsafe"], id="in a closure, thrown away"),
        pytest.param("h.join()", ["unknown"], id="returned"),
        pytest.param("pool.join(); None", [], id="a pool's own join"),
        pytest.param('path.join("x"); words.join(", "); None', [], id="paths and words"),
    ],
)  # fmt: skip
def test_a_joined_thread_is_judged_by_what_follows(code: str, verdicts: list[str]) -> None:
    assert found(in_function(code), PanicKind.JOIN) == verdicts


def test_a_join_in_a_file_without_threads_is_another() -> None:
    assert found("fn f() -> Value { words.join() }", PanicKind.JOIN) == []
    assert found("fn f(h: JoinHandle<()>) -> Value { h.join() }", PanicKind.JOIN) == ["unknown"]


@pytest.mark.parametrize(
    ("code", "verdicts"),
    [
        pytest.param("thread::spawn(work); None", ["unknown"], id="nobody waits"),
        pytest.param("let _worker = thread::spawn(work); None", ["unknown"], id="a name that is not used"),
        pytest.param("let h = thread::spawn(work); h.join().unwrap(); None", ["safe"], id="joined"),
        pytest.param("thread::Builder::new().name(n).spawn(work).unwrap(); None", ["unknown"], id="builder"),
        pytest.param("thread::Builder::new().spawn(work).map_err(Error::Io)?; None", ["unknown"], id="builder, error"),
        pytest.param("thread::scope(|s| { s.spawn(work); }); None", [], id="a scope panics by itself"),
        pytest.param('Command::new("ls").spawn().unwrap(); None', [], id="a process"),
    ],
)  # fmt: skip
def test_a_thread_that_nobody_waits_for_is_unknown(code: str, verdicts: list[str]) -> None:
    assert found(in_function(code), PanicKind.THREAD) == verdicts


@pytest.mark.parametrize(
    ("code", "verdicts"),
    [
        pytest.param("tokio::spawn(serve());", ["unsafe"], id="detached"),
        pytest.param("tokio::spawn(serve()).await.unwrap();", ["safe"], id="raised again"),
        pytest.param("let h = tokio::spawn(serve()); h.await.unwrap();", ["safe"], id="raised again by a name"),
        pytest.param("if let Err(e) = tokio::task::spawn_blocking(work).await { log(&e) }", ["unsafe"], id="logged"),
        pytest.param("all.push(tokio::spawn(serve()));", ["unknown"], id="kept"),
        pytest.param("set.spawn(serve());", ["unknown"], id="of a JoinSet or a handle"),
        pytest.param("s.spawn(|| work());", [], id="a closure is no task"),
        pytest.param("if e.is_panic() { std::panic::resume_unwind(e.into_panic()) }", ["safe", "safe"], id="resumed"),
        pytest.param("if e.is_panic() { log(e) }", ["unsafe"], id="asked"),
        pytest.param(
            "match r { Ok(v) => v, Err(e) if e.is_panic() => panic!(), Err(_) => 0 };", ["safe"], id="asked in a guard"
        ),
    ],
)
def test_tasks_of_tokio_are_judged_where_they_are_spawned(code: str, verdicts: list[str]) -> None:
    assert found(f"async fn f() {{ {code} }}", PanicKind.TASK, tasks=True) == verdicts


def test_rayon_with_a_handler_goes_on_after_a_panic() -> None:
    source = "fn f() { ThreadPoolBuilder::new().panic_handler(|_| {}).build(); }"
    assert found(source, PanicKind.TASK, pools=True) == ["unsafe"]
    assert found(source, PanicKind.TASK) == []


@pytest.mark.parametrize(
    ("body", "verdicts"),
    [
        pytest.param("let _ = std::fs::remove_file(&self.path);", ["unsafe"], id="file"),
        pytest.param("self.0.take().map(fs::remove_dir_all);", ["unsafe"], id="handed over"),
        pytest.param("execute!(stdout(), LeaveAlternateScreen);", ["unsafe"], id="in a macro"),
        pytest.param("self.restore();", ["unsafe"], id="in a function of its own"),
        pytest.param("self.child.kill();", ["unsafe"], id="child"),
        pytest.param("let _ = self.out.flush();", ["unknown"], id="flush"),
        pytest.param("self.list.unlink(node);", [], id="a list's unlink"),
        pytest.param("drop(self.memory.take());", [], id="memory"),
    ],
)
def test_clean_up_in_drop_counts_where_it_outlives_the_process(body: str, verdicts: list[str]) -> None:
    source = f"""
        impl<T> Drop for Guard<T> {{ fn drop(&mut self) {{ {body} }} }}
        impl<T> Guard<T> {{ fn restore(&self) {{ disable_raw_mode(); }} }}
    """
    assert found(source, PanicKind.DROP) == verdicts


@pytest.mark.parametrize(
    ("source", "kind", "verdicts"),
    [
        pytest.param('extern "C-unwind" { fn call(); }', PanicKind.UNWIND_ABI, ["unknown"], id="foreign functions"),
        pytest.param('extern "C-unwind" fn back() {}', PanicKind.UNWIND_ABI, ["unknown"], id="a callback"),
        pytest.param('type F = unsafe extern "C-unwind" fn();', PanicKind.UNWIND_ABI, [], id="a type"),
        pytest.param('extern "C" { fn call(); }', PanicKind.UNWIND_ABI, [], id="C cannot unwind"),
        pytest.param("#[test]\n#[should_panic]\nfn f() {}", PanicKind.SHOULD_PANIC, ["safe"], id="should_panic"),
        pytest.param(
            "fn f() { m.lock().unwrap_or_else(PoisonError::into_inner); }", PanicKind.POISON, ["safe"], id="poison"
        ),
        pytest.param(
            "fn f() { m.lock().unwrap_or_else(|e| e.into_inner()); }", PanicKind.POISON, ["safe"], id="closure"
        ),
        pytest.param("fn f() { m.is_poisoned(); }", PanicKind.POISON, ["safe"], id="is_poisoned"),
        pytest.param("fn f() { std::panic::set_hook(Box::new(h)); }", PanicKind.HOOK, ["safe"], id="hook"),
        pytest.param("fn f() { p::resume_unwind(Box::new(Stop)); }", PanicKind.RESUME_UNWIND, ["unsafe"], id="control"),
        pytest.param("fn f() -> bool { std::thread::panicking() }", PanicKind.PANICKING, ["unknown"], id="told"),
        pytest.param("fn f() { if !std::thread::panicking() { g() } }", PanicKind.PANICKING, ["safe"], id="asked"),
        pytest.param("fn f() { defer_on_unwind! { g() } }", PanicKind.PANICKING, ["unsafe"], id="on unwind"),
        pytest.param("fn f() { crossbeam::scope(|s| g(s)).is_err(); }", PanicKind.JOIN, ["unsafe"], id="crossbeam"),
        pytest.param("static F: Catch = std::panic::catch_unwind;", PanicKind.CATCH_UNWIND, ["unknown"], id="a value"),
        pytest.param("fn f( { ) catch_unwind ] }", PanicKind.CATCH_UNWIND, ["unknown"], id="no Rust"),
    ],
)
def test_other_places(source: str, kind: PanicKind, verdicts: list[str]) -> None:
    assert found(source, kind) == verdicts


def test_a_finding_points_to_the_call() -> None:
    source = 'fn f() {\n    let é = "é"; let _ = thing()\n        .catch_unwind();\n}\n'
    (place,) = scanned(source).places
    assert (place.line, place.column) == (3, 10)


def test_columns_count_characters() -> None:
    (place,) = scanned('fn f() { g("éé"); std::panic::catch_unwind(h).ok(); }').places
    assert place.column == 19


@pytest.mark.parametrize(
    ("source", "modules"),
    [
        pytest.param("mod a; pub(crate) mod b;", [ModuleFile(name="a"), ModuleFile(name="b")], id="names"),
        pytest.param("mod r#type;", [ModuleFile(name="type")], id="raw"),
        pytest.param("mod a { }", [], id="inline"),
        pytest.param('#[path = "x.rs"] mod a;', [ModuleFile(name="a", paths=("x.rs",))], id="path"),
        pytest.param('#[cfg_attr(unix, path = "u.rs")] mod a;', [ModuleFile(name="a", paths=("u.rs",))], id="if unix"),
        pytest.param('#[cfg_attr(windows, path = "w.rs")] mod a;', [ModuleFile(name="a")], id="if windows"),
        pytest.param("mod a { mod b; }", [ModuleFile(name="b", inside=("a",))], id="inside"),
        pytest.param("#[cfg(test)] mod tests;", [], id="tests"),
        pytest.param("#[cfg(windows)] mod win;", [], id="another system"),
        pytest.param("#[cfg(made_up)] mod a;", [ModuleFile(name="a")], id="unknown condition"),
        pytest.param('include!("more.rs");', [ModuleFile(name="", paths=("more.rs",))], id="include"),
        pytest.param('include!(concat!(env!("OUT_DIR"), "/x.rs"));', [], id="generated"),
        pytest.param("macro! { mod a; }", [ModuleFile(name="a")], id="in a macro"),
    ],
)
def test_further_files_are_named(source: str, modules: list[ModuleFile]) -> None:
    assert list(scanned(source).modules) == modules


def test_a_file_too_large_to_parse_is_said_to_be_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "LARGEST", 10)
    (place,) = scanned("fn f() { let _ = std::panic::catch_unwind(g); }").places
    assert (place.kind, place.verdict) == (PanicKind.UNREAD, Verdict.UNKNOWN)


def test_no_more_findings_are_kept_than_anybody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "MOST", 3)
    assert len(scanned("fn f() { catch_unwind(g).ok(); }\n" * 10).places) == 3


def test_no_more_is_looked_at_than_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "VISITS", 10)
    (place,) = scanned("use std::thread;\nfn f() { h.join(); h.join(); h.join(); h.join(); }").places
    assert (place.kind, place.verdict) == (PanicKind.UNREAD, Verdict.UNKNOWN)


_PIECES = st.sampled_from([
    "catch_unwind(f)", "std::panic::catch_unwind", ".ok()", ".unwrap()", "let _ = ", "let x = ", "x", ";", "{", "}",
    "(", ")", "match ", " => ", "Err(e)", "if let ", "else", "mod a;", "mod a {", "#[cfg(", "#[cfg(test)]", "]",
    'panic = "unwind"', "m! {", "cfg_if! {", "if #[cfg(unix)] {", "impl Drop for T {", "fn f()", ".join()", "|a|",
    'extern "C-unwind" ', "use a::{", "as b", "::", "<", ">", "tokio::spawn(", ".await", "\n", " ", "?", '"', "//",
    "\\", "é", "\x00", "resume_unwind(e)", "include!(", "loop {", ".map(", "unsafe {", "return ", "spawn(", "r#",
])  # fmt: skip


@given(st.lists(_PIECES, max_size=60).map("".join))
def test_pieces_of_rust_in_any_order_never_raise(source: str) -> None:
    found = scan(source.encode(), Context(cfg=LINUX, tasks=True, pools=True))
    lines = source.encode().count(b"\n") + 1
    assert all(1 <= place.line <= lines and place.column >= 1 for place in found.places)


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_bytes_that_are_no_text_never_raise(before: bytes, after: bytes) -> None:
    scan(before + b" catch_unwind(f) mod a; " + after, Context())


@pytest.mark.parametrize("opening", ["(", "{", "m!{", "if x {", "mod a {", "&", "catch_unwind("])
def test_deep_nesting_is_bounded(opening: str) -> None:
    scan(f"fn f() {{ {opening * 3000} catch_unwind(f)".encode(), Context(cfg=Cfg()))


@given(st.integers(0, 40))
def test_comments_and_lines_before_move_a_finding_and_nothing_else(lines: int) -> None:
    source = "fn f() { let _ = std::panic::catch_unwind(g); }"
    (place,) = scanned(source).places
    (moved,) = scanned("// catch_unwind(f).unwrap()\n" * lines + source).places
    assert (moved.line, moved.column, moved.verdict) == (place.line + lines, place.column, place.verdict)
