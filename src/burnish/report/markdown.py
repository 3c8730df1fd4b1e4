"""The report for a pull request: GitHub-flavoured Markdown. Everything untrusted is escaped or in a code span."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from burnish.report import sentences
from burnish.report.figures import Cells, cells, profile_toml, select
from burnish.report.printable import printable
from burnish.tune.result import TuneResult

# What Markdown or HTML would act on, and what GitHub would: mentions, references to issues.
_ACTIVE: Final = re.compile(r"([\\`*_{}\[\]<>|~#])")
_MENTION: Final = re.compile(r"@(?=\w)")
_LINK: Final = re.compile(r"\b(https?:/|www)(?=[/.])", re.IGNORECASE)
_INVISIBLE: Final = "\u200b"  # breaks a mention or a bare link where it would begin


def render(result: TuneResult) -> str:
    """The report as one Markdown document that begins with a heading of the third level."""
    found = result.recommendation
    blocks = [
        f"### {escaped(found.headline)}",
        escaped(sentences.title(result)),
        f"**{escaped(line)}**" if (line := sentences.measured(result)) else "",
        _fenced(profile_toml(found.profile, result.profile_name, found.changes), "toml"),
        _list("Why", found.reasons),
        _list("Price", found.price),
        "**Evidence**",
        *_evidence(result),
        _list(sentences.BENCHMARKS, sentences.benchmarks(result)),
        _list("Flags that did not arrive", sentences.mismatches(result)),
        _list("Notes", result.notes),
        *_folded(
            "What each option does, and how sure that is",
            _list(sentences.EFFECTS, sentences.effects(result)),
            _list(sentences.STEPS, sentences.steps(result)),
            _list(sentences.PER_CRATE, sentences.per_crate(result)),
            _list(sentences.INSTRUCTIONS, sentences.instructions(result)),
            _list("Noise", sentences.noise(result)),
            _list("Left out", [f"{identifier}: {reason}" for identifier, reason, _ in sentences.failures(result)]),
        ),
        *_folded(
            "Circumstances, and how to reproduce",
            _circumstances(result),
            _fenced("\n".join(map(printable, result.reproduce)), "sh") if result.reproduce else "",
        ),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _folded(summary: str, *blocks: str) -> tuple[str, ...]:
    """What a reader opens; nothing where there is nothing. GitHub reads Markdown within HTML after an empty line."""
    there = [block for block in blocks if block]
    return (f"<details><summary>{summary}</summary>", *there, "</details>") if there else ()


def escaped(text: str) -> str:
    """Text that renders as it reads, on one line, and pings nobody."""
    text = _LINK.sub(rf"\1{_INVISIBLE}", _MENTION.sub(f"@{_INVISIBLE}", printable(text)))
    return _ACTIVE.sub(r"\\\1", text).replace("&", "&amp;")


def code(text: str) -> str:
    """A code span, whatever backticks the text has."""
    text = printable(text)
    ticks = "`" * (max((len(run) for run in re.findall(r"`+", text)), default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def _evidence(result: TuneResult) -> tuple[str, ...]:
    chosen = select(result)
    rows = [cells(row, result) for row in chosen.rows]
    table = _timed(rows) if result.workload else _untimed(rows)
    estimate = "\\~ is an estimate from shared builds or screening rounds; everything else was measured."
    return (
        table,
        estimate if "~" in table else "",
        escaped(sentences.others(chosen.others)),
        escaped(sentences.confirmation(result)),
    )


def _timed(rows: Sequence[Cells]) -> str:
    body = [
        (
            _label(each),
            _pair(each.size, each.size_change),
            _pair(each.time_words, each.interval),
            each.instructions,
            _pair(each.cpu, each.cpu_change),
            _pair(each.memory, each.memory_change),
        )
        for each in rows
    ]
    return _table(("profile", "file", "run time", "instructions", "build CPU", "build memory"), body)


def _untimed(rows: Sequence[Cells]) -> str:
    body = [
        (
            _label(each),
            _pair(each.size, each.size_change),
            _pair(each.gzip, each.gzip_change),
            _pair(each.cpu, each.cpu_change),
            _pair(each.rebuild, each.rebuild_change),
            _pair(each.memory, each.memory_change),
        )
        for each in rows
    ]
    return _table(("profile", "file", "gzip", "build CPU", "rebuild", "build memory"), body)


def _table(head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    rule = [":--", *["--:"] * (len(head) - 1)]
    rows = [head, rule, *([row[0], *(cell.replace("~", "\\~") for cell in row[1:])] for row in body)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _label(each: Cells) -> str:
    # In a table a pipe ends the cell even within a code span.
    return "<br>".join(code(name).replace("|", "\\|") for name in (each.id, *each.names))


def _pair(value: str, detail: str) -> str:
    return f"{value}<br><sub>{detail}</sub>" if detail else value


def _list(heading: str, items: Sequence[str]) -> str:
    return f"**{heading}**\n\n" + "\n".join(f"- {escaped(item)}" for item in items) if items else ""


def _circumstances(result: TuneResult) -> str:
    lines = [f"- {label}: {code(value)}" for label, value in sentences.circumstances(result)]
    lines += [f"- baseline: {code(setting)}" for setting in sentences.baseline(result)]
    lines += [f"- {escaped(line)}" for line in (*sentences.sharing(result), sentences.effort(result))]
    return "\n".join(lines)


def _fenced(text: str, language: str) -> str:
    fence = "`" * max(3, max((len(run) for run in re.findall(r"`+", text)), default=0) + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"
