"""The report for a terminal: the verdict first, then what it rests on. Readable at 80 columns."""

from collections.abc import Iterable
from io import StringIO
from typing import Final

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from burnish.measure.values import Timing
from burnish.report import sentences
from burnish.report.figures import (
    NOTHING,
    RECOMMENDED,
    Cells,
    cells,
    common_parts,
    profile_toml,
    select,
    short_id,
)
from burnish.report.printable import printable
from burnish.tune.result import Outcome, TuneResult

WIDTH: Final = 80

# Wider ids are broken in two, so that the figures stay on the screen.
_ID_WIDTH: Final = 22
_INDENT: Final = (0, 0, 0, 2)
_STYLE: Final = {Timing.FASTER: "green", Timing.SLOWER: "red", Timing.SAME: "", Timing.UNDECIDED: "dim"}


def render(result: TuneResult, *, width: int = WIDTH, color: bool = False) -> str:
    """The report at a width in columns; without ``color`` there is not one escape sequence in it."""
    console = Console(
        file=StringIO(),
        width=width,
        height=1000,  # with both given, no terminal is asked
        force_terminal=color,
        color_system="standard" if color else None,
        no_color=not color,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
        _environ={},
    )
    with console.capture() as captured:
        _verdict(console, result)
        _candidates(console, result)
        _rest(console, result)
    return "\n".join(line.rstrip() for line in captured.get().splitlines()) + "\n"


def _verdict(console: Console, result: TuneResult) -> None:
    found = result.recommendation
    style = "bold green" if found.outcome is Outcome.CHANGE else "bold"
    console.print(Text(printable(found.headline), style=style))
    console.print(Text(sentences.title(result), style="dim"))
    if line := sentences.measured(result):
        console.print(Text(line))
    _heading(console, sentences.toml_caption(result))
    toml = profile_toml(found.profile, result.profile_name, found.changes)
    _verbatim(console, toml.splitlines())
    _section(console, "Why", found.reasons)
    _section(console, "Price", found.price)


def _candidates(console: Console, result: TuneResult) -> None:
    chosen = select(result)
    common = common_parts(chosen.rows)
    rows = [(short_id(row.profile, common), cells(row, result)) for row in chosen.rows]
    _heading(console, f"Candidates (all {', '.join(common)})" if common else "Candidates")
    console.print(_timed_table(rows) if result.workload else _untimed_table(rows))
    if any("~" in each.cpu + each.cpu_change + each.time for _, each in rows):
        console.print(Text("~ is an estimate: build costs summed from shared builds, times from screening.", "dim"))
    if line := sentences.others(chosen.others):
        console.print(Text(line, style="dim"))
    if line := sentences.confirmation(result):
        console.print(Text(line))


def _timed_table(rows: Iterable[tuple[str, Cells]]) -> Table:
    table = _table("profile", "file", "run time", "build CPU", "memory")
    for short, each in rows:
        table.add_row(
            _label(short, each),
            _pair(each.size, each.size_change),
            Text.assemble((each.time_words, _STYLE[each.timing] if each.timing else ""), "\n", (each.interval, "dim")),
            _pair(each.cpu, each.cpu_change),
            _pair(each.memory, each.memory_change),
        )
    return table


def _untimed_table(rows: Iterable[tuple[str, Cells]]) -> Table:
    table = _table("profile", "file", "gzip", "build CPU", "rebuild", "memory")
    for short, each in rows:
        table.add_row(
            _label(short, each),
            _pair(each.size, each.size_change),
            _pair(each.gzip, each.gzip_change),
            _pair(each.cpu, each.cpu_change),
            _pair(each.rebuild, each.rebuild_change),
            _pair(each.memory, each.memory_change),
        )
    return table


def _table(first: str, *columns: str) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
    table.add_column(first, overflow="fold", min_width=12)
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _label(short: str, each: Cells) -> Text:
    label = Text("\n".join(_broken(short)), style="bold" if RECOMMENDED in each.names else "")
    if each.names:
        label.append("\n" + ", ".join(each.names), style="not bold cyan")
    return label


def _broken(identifier: str) -> tuple[str, ...]:
    if len(identifier) <= _ID_WIDTH:
        return (identifier,)
    parts = identifier.split("-")
    return "-".join(parts[:3]) + "-", "-".join(parts[3:])


def _pair(value: str, change: str) -> Text:
    return Text.assemble(value or NOTHING, "\n", (change, "dim"))


def _rest(console: Console, result: TuneResult) -> None:
    _section(console, sentences.BENCHMARKS, sentences.benchmarks(result))
    _section(console, sentences.EFFECTS, sentences.effects(result))
    _section(console, sentences.STEPS, sentences.steps(result))
    _section(console, sentences.PER_CRATE, sentences.per_crate(result))
    _section(console, sentences.INSTRUCTIONS, sentences.instructions(result))
    _section(console, "Noise", sentences.noise(result))
    _section(console, "Left out", [_failure(*each) for each in sentences.failures(result)])
    _section(console, "Flags that did not arrive", sentences.mismatches(result))
    _section(console, "Shared builds", sentences.sharing(result))
    _section(console, "Baseline", sentences.baseline(result))
    _heading(console, "Circumstances")
    grid = Table.grid(padding=(0, 2, 0, 0))
    for label, value in sentences.circumstances(result):
        grid.add_row(Text(label, style="dim"), Text(value, overflow="fold"))
    grid.add_row(Text("effort", style="dim"), Text(sentences.effort(result), overflow="fold"))
    console.print(Padding(grid, _INDENT))
    _section(console, "Notes", [printable(note) for note in result.notes])
    if result.reproduce:
        _heading(console, "Again")
        _verbatim(console, result.reproduce)


def _failure(identifier: str, reason: str, whole: str) -> str:
    return f"{identifier}: {reason}" + (" (the whole error is in the JSON report)" if whole else "")


def _verbatim(console: Console, lines: Iterable[str]) -> None:
    """Lines to copy: indented, never wrapped or cut, whatever the width."""
    for line in lines:
        console.print(Text(f"    {printable(line)}"), soft_wrap=True)


def _heading(console: Console, words: str) -> None:
    console.print()
    console.print(Text(words, style="bold"))


def _section(console: Console, heading: str, items: Iterable[str]) -> None:
    """A heading and its sentences, or nothing at all."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    for item in items:
        grid.add_row(Text("•", style="dim"), Text(printable(item), overflow="fold"))
    if grid.row_count:
        _heading(console, heading)
        console.print(Padding(grid, _INDENT))
