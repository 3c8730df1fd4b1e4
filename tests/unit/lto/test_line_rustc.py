import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.lto.backend import Codegen
from burnish.lto.line.arguments import parse
from burnish.lto.line.features import llvm_features
from burnish.lto.line.rustc import (
    codegen_of,
    expand_rustc,
    parse_cmdline,
    parse_rustc,
    pass_through_reason,
    rustc_of,
)
from burnish.lto.line.scripts import parse_version_script

LINES: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "link_lines.json").read_text())
X86 = "x86_64-unknown-linux-gnu"


def exported(name: str) -> tuple[str, ...]:
    text = LINES[name]["version_script"]
    return parse_version_script(text, origin="list").nodes[0].globals.exact if text else ()


def test_what_cargo_told_rustc_of_a_program() -> None:
    told = parse_rustc(LINES["bin"]["rustc"][1:])
    assert told.crate_name == "app"
    assert told.crate_types == ("bin",)
    assert not told.test
    assert told.opt_level == "3"
    assert told.last("lto") == "thin"
    assert told.last("linker-plugin-lto") == ""
    assert told.last("strip") == "debuginfo"
    assert parse_rustc(LINES["test"]["rustc"][1:]).test


@pytest.mark.parametrize(
    ("argv", "option", "value"),
    [
        pytest.param(["-C", "opt-level=s"], "opt-level", "s", id="separate"),
        pytest.param(["-Copt-level=s"], "opt-level", "s", id="joined"),
        pytest.param(["--codegen", "opt-level=s"], "opt-level", "s", id="long"),
        pytest.param(["--codegen=opt-level=s"], "opt-level", "s", id="long with equals"),
        pytest.param(["-Copt_level=s"], "opt-level", "s", id="underscore"),
        pytest.param(["-Copt-level=3", "-Copt-level=s"], "opt-level", "s", id="the last counts"),
        pytest.param(["-O"], "opt-level", "3", id="O"),
        pytest.param(["-g"], "debuginfo", "2", id="g"),
        pytest.param(["--cfg", "-Copt-level=1", "-Copt-level=2"], "opt-level", "2", id="another option's value"),
    ],
)
def test_codegen_options_however_they_are_spelled(argv: list[str], option: str, value: str) -> None:
    assert parse_rustc(argv).last(option) == value


@pytest.mark.parametrize(
    ("argv", "codegen"),
    [
        pytest.param([], Codegen(triple=X86, opt_level="O0"), id="nothing said"),
        pytest.param(["-Copt-level=z"], Codegen(triple=X86, opt_level="Oz"), id="size"),
        pytest.param(
            ["-O", "-Ctarget-cpu=haswell", "-Ctarget-feature=+bmi1,-avx2"],
            Codegen(triple=X86, cpu="haswell", features="+bmi,-avx2"),
            id="cpu and features",
        ),
        pytest.param(
            ["-O", "-Crelocation-model=static", "-Ccode-model=large"],
            Codegen(triple=X86, relocation_model="static", code_model="large"),
            id="models",
        ),
        pytest.param(
            ["-O", "-Cllvm-args=-a -b", "-Cllvm-args=-c=1", "-Cstrip=symbols"],
            Codegen(triple=X86, llvm_args=("-a", "-b", "-c=1"), strip_debug=True),
            id="LLVM arguments",
        ),
        pytest.param(["-O", "-Ctarget-cpu=native"], Codegen(triple=X86, cpu="znver3"), id="native"),
    ],
)
def test_the_backends_options_are_what_rustc_was_told(argv: list[str], codegen: Codegen) -> None:
    assert codegen_of(parse(["a.o"]), parse_rustc(argv), triple=X86, native_cpu=lambda: "znver3") == codegen


@pytest.mark.parametrize(
    ("argv", "codegen"),
    [
        pytest.param(
            ["-Wl,-plugin-opt=O2,-plugin-opt=mcpu=x86-64"],
            Codegen(triple=X86, opt_level="O2", cpu="x86-64"),
            id="hints",
        ),
        pytest.param([], Codegen(triple=X86), id="no hints"),
        pytest.param(["-s"], Codegen(triple=X86, strip_debug=True), id="stripped"),
        pytest.param(["-Wl,--strip-debug"], Codegen(triple=X86, strip_debug=True), id="debug info stripped"),
    ],
)
def test_where_rustc_is_unknown_the_lines_hints_have_to_do(argv: list[str], codegen: Codegen) -> None:
    assert codegen_of(parse(["a.o", *argv]), None, triple=X86) == codegen


def test_rustc_and_the_hints_agree_on_a_line_of_cargo() -> None:
    for name in ("bin", "cdylib", "test"):
        line, told = parse(LINES[name]["linker"]), parse_rustc(LINES[name]["rustc"][1:])
        assert codegen_of(line, told, triple=X86) == codegen_of(line, None, triple=X86)


@pytest.mark.parametrize(
    ("triple", "features", "llvm"),
    [
        pytest.param(X86, ["+pclmulqdq", "+rdrand", "+cmpxchg16b"], "+pclmul,+rdrnd,+cx16", id="x86 names"),
        pytest.param("aarch64-unknown-linux-gnu", ["+fp16", "-neon"], "+fullfp16,-neon,-fp-armv8", id="Arm names"),
        pytest.param(X86, ["+crt-static", "+sse4.2"], "+sse4.2", id="rustc's own is left out"),
        pytest.param(X86, ["+avx2", "+sse3", "-avx2"], "+sse3,-avx2", id="the last mention counts"),
        pytest.param(X86, ["", "avx2"], "", id="no sign, no feature"),
    ],
)
def test_features_in_llvms_words(triple: str, features: list[str], llvm: str) -> None:
    assert llvm_features(features, triple=triple) == llvm


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param("bin", None, id="program"),
        pytest.param("cdylib", None, id="cdylib"),
        pytest.param("test", None, id="test"),
        pytest.param("proc macro", "a procedural macro", id="procedural macro"),
        pytest.param("build script", "a build script", id="build script"),
    ],
)
def test_the_engine_takes_what_is_worth_optimizing(name: str, reason: str | None) -> None:
    line, told = parse(LINES[name]["linker"]), parse_rustc(LINES[name]["rustc"][1:])
    assert pass_through_reason(line, told, exported=exported(name)) == reason
    # The line alone says as much.
    assert pass_through_reason(line, None, exported=exported(name)) == reason


@pytest.mark.parametrize(
    ("line", "rustc", "reason"),
    [
        pytest.param(["a.o", "-r"], [], "relocatable", id="relocatable"),
        pytest.param(["-v"], [], "no input files", id="nothing to link"),
        pytest.param(["-c", "a.c"], [], "-c is no link", id="compiling"),
        pytest.param(["a.o", "-Wl,@args"], [], "response file", id="the linker's response file"),
        pytest.param(["a.o", "-Wl,-T,x.ld"], [], "script", id="linker script"),
        pytest.param(["a.o", "-Wl,--thinlto-cache-dir=x"], [], "thinlto-cache-dir", id="lld's own LTO asked for"),
        pytest.param(["a.o"], ["--crate-type=dylib", "-O"], "dylib", id="dylib"),
        pytest.param(["a.o"], ["--crate-type=lib,proc-macro", "-O"], "procedural", id="two crate types"),
        pytest.param(["a.o"], ["--crate-name", "build_script_main"], "build script", id="build script"),
        pytest.param(["a.o"], [], "opt-level 0", id="not optimized"),
        pytest.param(["a.o"], ["-O", "-Cno-vectorize-slp"], "no-vectorize-slp", id="an option not carried"),
    ],
)
def test_what_passes_through_and_why(line: list[str], rustc: list[str], reason: str) -> None:
    assert reason in str(pass_through_reason(parse(line), parse_rustc(rustc)))


def test_a_line_without_bitcode_passes_through() -> None:
    name = "bin without bitcode"
    line, told = parse(LINES[name]["linker"]), parse_rustc(LINES[name]["rustc"][1:])
    assert "no bitcode" in str(pass_through_reason(line, told, bitcode=False))


def test_rustcs_argument_files_hold_one_argument_a_line() -> None:
    files = {"args": '-C\nopt-level=3\n--cfg\nfeature="a b"\n'}
    assert expand_rustc(["@args", "@absent"], files.get) == ("-C", "opt-level=3", "--cfg", 'feature="a b"', "@absent")


@given(st.lists(st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=1))
def test_a_command_line_of_proc_is_its_arguments(argv: list[str]) -> None:
    data = b"".join(argument.encode() + b"\0" for argument in argv)
    assert list(parse_cmdline(data)) == argv


def test_a_process_that_is_no_rustc_says_nothing() -> None:
    assert parse_cmdline(b"") == ()
    assert rustc_of(os.getpid()) is None
    assert rustc_of(2**30) is None


@given(st.lists(st.text(max_size=12)))
def test_any_arguments_are_read(argv: list[str]) -> None:
    told = parse_rustc(argv)
    assert codegen_of(parse(argv), told, triple=X86).triple == X86
