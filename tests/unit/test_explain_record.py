"""From a link line to modules, from a record to the arithmetic and the road, and what reports print of it."""

import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest
import results
from hypothesis import given
from hypothesis import strategies as st

from burnish.explain.arithmetic import arithmetic, sums
from burnish.explain.explanation import KEYS, canonical, explain
from burnish.explain.interactions import Context
from burnish.explain.pipeline import pipeline, recorded_mode
from burnish.explain.record import (
    MAX_LINE,
    BuildRecord,
    CrateRecord,
    LinkFacts,
    differences,
    link_facts,
    reached,
    without_ours,
    words_of,
)
from burnish.explain.values import Explanation, Mode
from burnish.lto.record import LinkRecord, ModuleRow, Stage, UnitRow
from burnish.profile.effective import resolve
from burnish.profile.source import SourceText
from burnish.report import explain as report
from burnish.report import pipeline as drawing

EXTRA = "-6fe0fafdf0b49476"
ALLOCATOR = f"/t/app{EXTRA}.205odc8o3puycnluac6g4m5xy.rcgu.o"


def unit(number: int) -> str:
    return f"/t/app{EXTRA}.app.1d0512ab90641f77-cgu.{number}.rcgu.o"


UPSTREAM = f"/t/app{EXTRA}.std-d1237ef7159db0a2.std.e28293b1aa0f68bd-cgu.0.rcgu.o.rcgu.o"


@pytest.mark.parametrize(
    ("words", "fat", "own", "upstream", "archives"),
    [
        pytest.param(
            ("cc", unit(0), unit(1), ALLOCATOR, "/d/libdep-27d950baddf142c5.rlib", "-o", "app"),
            False, 2, {}, ("dep",), id="objects and archives",
        ),
        pytest.param((unit(0), ALLOCATOR, UPSTREAM), False, 1, {"std-d1237ef7159db0a2": 1}, (),
                     id="thin: std's module came through"),
        pytest.param((unit(0), "/s/libcompiler_builtins-27cfc16bdf3bb694.rlib"), True, None, {},
                     ("compiler_builtins",), id="fat hides the units"),
        pytest.param((f"/t/app{EXTRA}.1abc.rcgu.o", f"/t/app{EXTRA}.2abc.rcgu.o", ALLOCATOR), False, 2, {}, (),
                     id="incremental names all by hashes"),
        pytest.param((f"/t/other{EXTRA}.x-cgu.0.rcgu.o", "/t/symbols.o"), False, None, {}, (), id="of another crate"),
        pytest.param((), False, None, {}, (), id="no line"),
    ],
)  # fmt: skip
def test_a_link_line_tells_the_modules(
    words: tuple[str, ...], fat: bool, own: int | None, upstream: dict[str, int], archives: tuple[str, ...]
) -> None:
    found = link_facts(words, crate="app", extra=EXTRA, fat=fat)
    assert found == LinkFacts(own=own, upstream=upstream, archives=archives)


def test_a_line_is_read_as_rustc_writes_it() -> None:
    assert words_of('LC_ALL="C" PATH="/bin" "cc" "-m64" "/a b/x.o"\n') == ("C", "/bin", "cc", "-m64", "/a b/x.o")
    assert words_of('"x"' * MAX_LINE) == ()


@given(st.text())
def test_no_line_breaks_the_reader(line: str) -> None:
    link_facts(words_of(line), crate="app", extra=EXTRA, fat=False)


def test_what_burnish_adds_to_the_arguments_is_taken_out() -> None:
    args = ("--crate-name", "app", "--print", "link-args=/t/app.line", "-C", "lto=fat")
    assert without_ours(args, "/t/app.line") == ("--crate-name", "app", "-C", "lto=fat")


def test_libraries_are_what_the_final_crate_reaches_without_going_through_proc_macros() -> None:
    def uses(*units: str) -> tuple[str, ...]:
        return tuple(word for unit in units for word in ("--extern", f"x=/d/libx-{unit}.rlib"))

    units = {
        "a": uses("b"), "b": uses("a"), "host": (), "macro": ("--crate-type", "proc-macro", *uses("host")),
    }  # fmt: skip
    assert reached(uses("a", "macro", "unknown"), units) == {"a", "b"}


def crate(name: str, role: str = "library", units: int | None = 1, *args: str, native: int = 0) -> CrateRecord:
    return CrateRecord(
        crate=name, package=name, role=role, args=("-C", "opt-level=3", *args), wall=1.0, cpu=2.0, memory=1,
        units=units, native=native,
    )  # fmt: skip


def record(*crates: CrateRecord, own: int | None = 3, **changes: Any) -> BuildRecord:
    plain = BuildRecord(
        version=1, created="2026-01-01T00:00:00+00:00", rustc="rustc 1.95.0", target="x86_64-unknown-linux-gnu",
        settings={"lto": "false"}, sources="s", crates=crates, std={"std": 1, "core": 1},
        link=LinkFacts(own=own, upstream={}, archives=("dep", "std", "compiler_builtins")), wall=5.0,
    )  # fmt: skip
    return msgspec.structs.replace(plain, **changes)


SMALL = record(
    crate("build_script_build", "host", None),
    crate("macros", "host", None, "--crate-type", "proc-macro"),
    crate("helper", "host", None),
    crate("dep", "library", 4, native=2),
    crate("app", "final", None),
)


def test_modules_are_counted_crate_by_crate() -> None:
    found = arithmetic(SMALL)
    assert [(each.crate, each.units, each.asked) for each in found.crates] == [("dep", 4, None), ("app", 3, None)]
    assert (found.own, found.std, found.std_crates) == (7, 2, 2)


def test_what_stays_outside_is_named_with_its_reason() -> None:
    outside = {each.what.partition(":")[0]: each.what for each in arithmetic(SMALL).outside}
    assert outside.keys() == {
        "compiler_builtins", "build scripts", "proc macros", "host libraries", "native objects",
        "libc and start-up objects",
    }  # fmt: skip
    assert outside["native objects"] == "native objects: dep (2)"
    assert outside["proc macros"] == "proc macros: macros"


def test_the_sums_are_those_of_the_usual_example() -> None:
    three = record(
        crate("a", "library", 16, "-C", "codegen-units=16"),
        crate("b", "library", 16, "-C", "codegen-units=16"),
        crate("app", "final", None, "-C", "codegen-units=16"),
        own=16,
        std={},
    )
    text = " ".join(sums(arithmetic(three)))
    assert "3 crates became 48 modules (codegen-units = 16: at most 16 a crate)" in text
    assert "16 x 3 = 48. With codegen-units = 1: 3." in text
    assert "among the 48 modules of 3 crates" in text


def test_unset_is_called_unset_and_merging() -> None:
    text = " ".join(sums(arithmetic(SMALL)))
    assert "2 crates became 7 modules (codegen-units is unset: at most 16 a crate, small ones merged)" in text
    assert "10 indexed, 10 backends" in text


def test_units_that_cannot_be_seen_are_not_made_up() -> None:
    hidden = msgspec.structs.replace(SMALL, link=LinkFacts(own=None, upstream={}, archives=()))
    assert arithmetic(hidden).own is None
    assert "cannot be seen" in " ".join(sums(arithmetic(hidden)))
    assert all("modules" not in stage.here for stage in pipeline(Mode.FAT, hidden, None).stages)


def test_the_probe_counts_where_fat_hid_the_units() -> None:
    fat = msgspec.structs.replace(
        SMALL,
        link=LinkFacts(own=None, upstream={}, archives=()),
        probe=LinkFacts(own=5, upstream={"std": 1}, archives=()),
    )
    assert arithmetic(fat).own == 9


@pytest.mark.parametrize(
    ("args", "mode"),
    [
        pytest.param((), Mode.THIN_LOCAL, id="nothing said"),
        pytest.param(("-C", "codegen-units=1"), Mode.NONE, id="nothing between one unit"),
        pytest.param(("-C", "lto=off"), Mode.NONE, id="off"),
        pytest.param(("-C", "lto"), Mode.FAT, id="true"),
        pytest.param(("-C", "lto=fat"), Mode.FAT, id="fat"),
        pytest.param(("-C", "lto=thin"), Mode.THIN, id="thin"),
    ],
)
def test_the_road_taken_is_read_off_the_flags(args: tuple[str, ...], mode: Mode) -> None:
    assert recorded_mode(record(crate("app", "final", None, *args))) is mode


def link(mode: str) -> LinkRecord:
    stages = (Stage(name="read", wall=0.1, cpu=0.1), Stage(name="thin link", wall=0.2, cpu=0.2),
              Stage(name="backends", wall=4.0, cpu=8.0), Stage(name="link", wall=0.3, cpu=0.3))  # fmt: skip
    module = ModuleRow(label="x", source="x", bytes=1, definitions=10, live=4, unit=0)
    row = UnitRow(name="x", key="k", cached=False, members=1, imports=12, bytes=1)
    return LinkRecord(
        version=1, output="app", crate="app", lto=mode, engine="burnish", done_by="burnish", stages=stages,
        modules=(module,), units=(row,),
    )  # fmt: skip


STAGES = {
    Mode.NONE: ["machine code", "link"],
    Mode.THIN_LOCAL: ["summaries", "machine code", "link"],
    Mode.THIN: ["bitcode", "summaries", "index", "imports", "machine code", "link"],
    Mode.FAT: ["bitcode", "merge", "machine code", "link"],
}


@pytest.mark.parametrize("mode", list(Mode))
def test_each_road_has_its_stages_with_or_without_counts(mode: Mode) -> None:
    front = ["source", "HIR", "MIR", "codegen units", "LLVM modules"]
    for found in (pipeline(mode, None, None), pipeline(mode, SMALL, link(str(mode)))):
        assert [stage.name for stage in found.stages] == front + STAGES[mode]
        assert json.loads(drawing.render_json(found, "t"))["mode"] == str(mode)
        text = drawing.render(found, "t")
        assert max(map(len, text.splitlines())) <= 80
        assert "\0" not in text
        assert "\1" not in text
        assert drawing.render_markdown(found, "t").startswith("# t: the road")


def test_counts_and_times_stand_at_their_stages() -> None:
    found = {stage.name: stage for stage in pipeline(Mode.THIN, SMALL, link("thin")).stages}
    assert found["summaries"].here == "10 modules"
    assert found["index"].here == "4 of 10 live"
    assert found["imports"].here == "12 imports"
    assert (found["machine code"].here, found["machine code"].seconds) == ("10 backends", 4.0)
    assert found["LLVM modules"].seconds == pytest.approx(2.0)
    fat = {stage.name: stage for stage in pipeline(Mode.FAT, SMALL, None).stages}
    assert fat["merge"].here == "10 into 1"
    assert fat["link"].seconds is None, "the recorded build took another road"


def test_a_record_of_another_profile_is_told_apart() -> None:
    assert differences(SMALL, {"lto": "false"}, "rustc 1.95.0") == ()
    assert differences(SMALL, {"lto": '"fat"'}, "rustc 1.96.0") == ("lto was false", "the compiler was rustc 1.95.0")


def explained(release: str = "", *, only: str | None = None, with_record: bool = True) -> Explanation:
    manifest = SourceText(path="Cargo.toml", text=f"[profile.release]\n{release}\n")
    context = Context(
        effective=resolve("release", manifest=manifest, environment={}, package="app"),
        crate_types=("bin",),
        takes_lto=True,
        target="x86_64-unknown-linux-gnu",
        result=results.sample_result(),
    )
    found = SMALL if with_record else None
    return explain(context, title="app 0.1.0", record=found, stale="recorded", cpu_origin="", only=only)


def test_all_options_are_explained_with_value_origin_and_flags() -> None:
    found = explained('lto = "fat"')
    assert [view.key for view in found.options] == list(KEYS)
    lto = found.options[0]
    assert (lto.value, lto.origin) == ('"fat"', "Cargo.toml:2 [profile.release]")
    for view in found.options:
        assert len(view.text.does) == 3
        assert all(each.startswith("https://") for each in view.text.sources)
        assert view.text.price
        assert view.text.use
        assert view.text.avoid


def test_just_one_value_of_each_option_is_the_one_in_force() -> None:
    for view in explained().options:
        assert sum(each.current for each in view.values) == (view.key != "overrides"), view.key


def test_measured_values_stand_beside_what_each_value_would_do() -> None:
    release = 'codegen-units = 1\nstrip = "none"\ndebug = 1'
    (lto,) = explained(release, only="lto").options
    fat = next(each for each in lto.values if each.text.value == '"fat"')
    assert {measured.metric for measured in fat.measured} == {"run time", "file", "build CPU"}
    assert "here: run time -7.7 %" in report.render(explained(release, only="lto"))


def test_without_a_record_the_flags_are_derived_and_said_to_be() -> None:
    found = explained('panic = "abort"', with_record=False)
    assert found.arithmetic is None
    panic = next(view for view in found.options if view.key == "panic")
    assert report.told_words(panic.told) == "-C panic=abort (as Cargo would)"


@pytest.mark.parametrize("only", [None, *KEYS])
def test_the_text_fits_80_columns(only: str | None) -> None:
    for line in report.render(explained('lto = "fat"\ndebug = true', only=only)).splitlines():
        assert len(line) <= 80 or "https://" in line, line


def test_json_and_markdown_say_all_of_it() -> None:
    found = explained()
    plain = json.loads(report.render_json(found))
    assert [view["key"] for view in plain["options"]] == list(KEYS)
    assert plain["arithmetic"]["std"] == 2
    page = report.render_markdown(found)
    for view in found.options:
        assert f"## {view.key} = " in page


def test_control_characters_do_not_reach_a_terminal() -> None:
    assert "\x1b" not in report.render(replace(explained(), title="app \x1b[31m"))


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        pytest.param("lto", "true", "fat", id="lto true"),
        pytest.param("lto", "false", "false", id="lto false"),
        pytest.param("strip", "true", "symbols", id="strip true"),
        pytest.param("debug", "true", "full", id="debug true"),
        pytest.param("debug", "0", "none", id="debug 0"),
        pytest.param("debug", "false", "none", id="debug false"),
        pytest.param("codegen-units", "1", "1", id="a number"),
        pytest.param("incremental", "true", "true", id="a switch"),
    ],
)
def test_values_are_compared_in_one_spelling(key: str, value: str, expected: str) -> None:
    assert canonical(key, value) == expected
