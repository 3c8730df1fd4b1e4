import html
from collections.abc import Callable
from dataclasses import replace

import pytest
from results import hostile_result, row, sample_result, timed, unchanged_result, untimed_result

from burnish.measure.benchmarks import Benchmark
from burnish.measure.values import Kind, Timing, Workload
from burnish.report import sentences
from burnish.report.formats import FORMATS
from burnish.report.text import render
from burnish.tune.result import TuneResult

COPIED = "    "  # lines to copy are indented by four, and never wrapped


@pytest.mark.parametrize("make", [sample_result, untimed_result, unchanged_result, hostile_result])
@pytest.mark.parametrize("width", [80, 100, 132])
def test_nothing_but_lines_to_copy_is_wider_than_the_terminal(make: Callable[[], TuneResult], width: int) -> None:
    wide = [line for line in render(make(), width=width).splitlines() if len(line) > width]

    assert all(line.startswith(COPIED) for line in wide)


def test_the_widest_figures_are_readable_at_80_columns() -> None:
    time = timed(1.123, 1.118, 1.288, Timing.UNDECIDED, 200)
    ids = ["o3-false-cgudef-unwind-debuginfo", "o2-thin-cgu16-abort-symbols", "oz-fat-cgu1-unwind-none"]
    rows = [row(each, 123_456_789, 4567.8, 123_456_789, names=(f"preset{n}",), time=time) for n, each in enumerate(ids)]
    full = sample_result()
    for result in (replace(full, rows=tuple(rows)), replace(full, rows=tuple(rows), workload=None)):
        text = render(result)
        assert "…" not in text
        assert all(len(line) <= 80 for line in text.splitlines() if not line.startswith(COPIED))
        assert "o3-false-cgudef-\nunwind-debuginfo" in "\n".join(line.split(" ")[0] for line in text.splitlines())
        assert text.count("123.46 MB") == 6


def test_the_verdict_comes_first_and_the_block_to_copy_next() -> None:
    text = render(sample_result())

    assert text.startswith("Change [profile.release] to lto = fat: 7.7 % less run time")
    assert (
        text.index('    lto = "fat"  # was false') < text.index("Why") < text.index("Price") < text.index("Candidates")
    )


def test_the_baseline_is_the_first_row_and_the_recommended_the_second() -> None:
    lines = render(sample_result()).splitlines()
    head = next(n for n, line in enumerate(lines) if line.startswith("profile "))

    assert [lines[head + n].split(" ")[0] for n in (2, 4)] == ["baseline", "recommended"]


def test_long_commands_are_not_cut() -> None:
    command = "burnish tune --run '" + "x" * 200 + "'"

    assert f"{COPIED}{command}\n" in render(sample_result(reproduce=(command,)))


def test_color_is_there_only_when_asked_for() -> None:
    plain, colored = render(sample_result()), render(sample_result(), color=True)

    assert "\x1b[" not in plain
    assert "\x1b[32m-7.9 % faster" in colored


def test_the_environment_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = render(sample_result()), render(sample_result(), color=True)
    for name, value in {"COLUMNS": "40", "NO_COLOR": "1", "FORCE_COLOR": "1", "TERM": "dumb"}.items():
        monkeypatch.setenv(name, value)

    assert (render(sample_result()), render(sample_result(), color=True)) == before


def test_sections_without_content_have_no_heading() -> None:
    text = render(unchanged_result())

    assert not {"Price", "Left out", "Shared builds", "Notes", "Again"} & set(text.splitlines())


def test_markup_in_names_is_text() -> None:
    assert "[bold]x[/bold] :smile:" in render(sample_result(notes=("[bold]x[/bold] :smile:",)))


def test_a_bench_is_called_one_and_each_of_its_benchmarks_has_a_line_in_every_format() -> None:
    found = sample_result()
    confirmed = found.recommendation.confirmation
    assert confirmed is not None
    each = Benchmark(name="fib 20\x1b[1m", before=18.5e-9, ratio=0.9, low=0.88, high=0.92)
    result = replace(
        found,
        artifact="parsing",
        workload=Workload(argv=("{bin}", "--bench"), cwd=".", check="status", kind=Kind.CRITERION),
        benchmarks=(each.name, "other"),
        recommendation=replace(found.recommendation, confirmation=replace(confirmed, benchmarks=(each,))),
    )
    for form in ("text", "markdown", "html"):
        words = " ".join(html.unescape(FORMATS[form](result)).split())
        assert "bench parsing" in words
        assert "geometric mean of 2 benchmarks" in words
        assert "its size decides nothing" in words
        assert "-10.0 % (-12.0 to -8.0 %), from 18.5 ns" in words
        assert "\x1b" not in words
    assert sentences.STEPS in render(found)
    assert sentences.STEPS not in render(result)
