"""The road of a project's code as a drawing of plain text, as Markdown and as JSON."""

import textwrap
from collections.abc import Iterator
from typing import Final

import msgspec

from burnish.explain.values import Mode, Pipeline, Stage
from burnish.report.printable import printable
from burnish.units import format_seconds

_NAME: Final = 15
_HERE: Final = 22
_ROAD: Final = "    |"
#: Where the road parts into several or becomes one again, by the stage that follows.
_PARTING: Final = {"codegen units": "   /|\\", "imports": "   /|\\", "merge": "   \\|/", "link": "   \\|/"}


def render(found: Pipeline, title: str, *, width: int = 80) -> str:
    """A stage a box of the road: what happens, the count here, the time."""
    lines = [*textwrap.wrap(f"{title}: the road {found.mode}", width), ""]
    for number, stage in enumerate(found.stages):
        if number:
            single = found.mode is Mode.FAT and stage.name == "link"
            lines.append(_ROAD if single else _PARTING.get(stage.name, _ROAD))
        lines += _stage(stage, width)
    clocks = dict.fromkeys(stage.clock for stage in found.stages if stage.seconds is not None)
    notes = [f"{_mark(clock, found)} {clock}" for clock in clocks]
    lines.append("")
    for note in (*notes, *found.notes):
        lines += textwrap.wrap(note, width, subsequent_indent="  ", break_long_words=False)
    return "\n".join(printable(line.rstrip()) for line in _marked(lines, found)) + "\n"


def _stage(stage: Stage, width: int) -> Iterator[str]:
    room = width - _NAME - 2 - _HERE - 1
    does = textwrap.wrap(stage.does, room) or [""]
    took = [] if stage.seconds is None else [f"{format_seconds(stage.seconds)} {_OPEN}{stage.clock}{_CLOSE}"]
    right = [part for part in (stage.here, *took) if part]
    for row in range(max(len(does), len(right))):
        name = stage.name if row == 0 else ""
        left = does[row] if row < len(does) else ""
        end = right[row] if row < len(right) else ""
        bar = "  " if row == 0 else _ROAD
        head = f"{bar}{name:<{_NAME - (len(bar) - 2)}}"
        yield f"{head}{left:<{room}} {end}"


#: Around a clock's words until each has its mark.
_OPEN: Final = "\0"
_CLOSE: Final = "\1"


def _marked(lines: list[str], found: Pipeline) -> Iterator[str]:
    """Each time with the mark of its clock."""
    for line in lines:
        head, opened, clock = line.partition(_OPEN)
        yield f"{head}{_mark(clock.rstrip(_CLOSE), found)}" if opened else line


def _mark(clock: str, found: Pipeline) -> str:
    clocks = list(dict.fromkeys(stage.clock for stage in found.stages if stage.seconds is not None))
    return f"[{clocks.index(clock) + 1}]"


def render_json(found: Pipeline, title: str) -> str:
    """Mode, stages, notes; ``version`` changes where a field loses its meaning."""
    body = {"version": 1, "title": title, **msgspec.to_builtins(found)}
    return msgspec.json.format(msgspec.json.encode(body), indent=2).decode() + "\n"


def render_markdown(found: Pipeline, title: str) -> str:
    """A table of the stages."""
    lines = [f"# {title}: the road {found.mode}", "", "| stage | does | here | time |", "|---|---|---|---|"]
    for stage in found.stages:
        took = "" if stage.seconds is None else f"{format_seconds(stage.seconds)} ({stage.clock})"
        lines.append(f"| {stage.name} | {stage.does} | {stage.here} | {took} |")
    lines += ["", *(f"- {note}" for note in found.notes)]
    return "\n".join(printable(line) for line in lines) + "\n"
