"""What all reports print alike: a row as cells, which rows to show, the TOML to copy. One place for the wording.

Everything here is plain text for any format; each format escapes it in its own way.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import tomlkit

from burnish.build.values import SizeReport
from burnish.measure.values import Comparison, Timing
from burnish.profile.options import BY_KEY
from burnish.profile.profile import Profile
from burnish.report.printable import printable
from burnish.tune.result import OptionChange, Outcome, Row, TuneResult
from burnish.units import format_bytes, format_change, format_seconds

#: Where there is nothing to print: the baseline against itself, or not measured.
NOTHING: Final = "—"
#: Stands before every figure that was summed from a shared build or a few screening rounds, not measured.
ESTIMATE: Final = "~"
#: The name of the row that the verdict is about.
RECOMMENDED: Final = "recommended"

_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
# A comparison of fewer than two rounds has no end to its interval.
_UNBOUNDED: Final = 1e6


@dataclass(frozen=True, kw_only=True, slots=True)
class Cells:
    """One row, ready to print; ``*_change`` compare with the baseline and are empty for the baseline itself.

    Attributes:
        timing: what the interval says; None where there is none.
        interval: ``-9.0 to -7.2 %, n 27``; ``screened`` for a ratio without one.
        cpu, rebuild, memory: of building, with `ESTIMATE` where they are estimates.
    """

    id: str
    names: tuple[str, ...]
    size: str
    size_change: str
    gzip: str
    gzip_change: str
    time: str
    timing: Timing | None
    interval: str
    instructions: str
    cpu: str
    cpu_change: str
    rebuild: str
    rebuild_change: str
    memory: str
    memory_change: str

    @property
    def time_words(self) -> str:
        """``-8.1 % faster``."""
        return f"{self.time} {self.timing}" if self.timing else self.time


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """The rows worth a reader's time, baseline first and the recommended one next; the rest is counted."""

    rows: tuple[Row, ...]
    others: int


def first_line(text: str) -> str:
    """The first line that says something."""
    return printable(next((line.strip() for line in text.splitlines() if line.strip()), ""))


def recommended(result: TuneResult) -> Row | None:
    """The row the verdict would change to; None where nothing is worth changing, or the row is not among the rows."""
    if result.recommendation.outcome is Outcome.NOTHING:
        return None
    return next((row for row in result.rows if row.profile == result.recommendation.profile), None)


def select(result: TuneResult) -> Selection:
    """Baseline, recommended, and what is on the front or has a name."""
    best = recommended(result)
    head = [*result.rows[:1], *([best] if best is not None and best is not result.rows[0] else [])]
    rest = [row for row in result.rows if (row.front or row.names) and not any(row is each for each in head)]
    return Selection(rows=(*head, *rest), others=len(result.rows) - len(head) - len(rest))


def names_of(row: Row, result: TuneResult) -> tuple[str, ...]:
    """What a row is known as, the verdict's mark included."""
    own = tuple(printable(name) for name in row.names)
    return (*own, RECOMMENDED) if row is recommended(result) and RECOMMENDED not in own else own


def cells(row: Row, result: TuneResult) -> Cells:
    """The row against the baseline of its result."""
    base = result.rows[0]
    mine = row is base
    mark = ESTIMATE if row.cost.estimated else ""
    # A ratio of an estimate is an estimate too.
    doubt = ESTIMATE if row.cost.estimated or base.cost.estimated else ""

    def against(new: float, old: float, sign: str = "") -> str:
        return "" if mine or old <= 0 else sign + format_change(new / old)

    return Cells(
        id=row.profile.id,
        names=names_of(row, result),
        size=format_bytes(row.size.file),
        size_change=against(row.size.file, base.size.file),
        gzip=format_bytes(row.size.gzip),
        gzip_change=against(row.size.gzip, base.size.gzip),
        time=_time(row),
        timing=row.time.timing if row.time else None,
        interval=interval(row.time) if row.time else _screened(row),
        instructions=_instructions(row, base),
        cpu=mark + format_seconds(row.cost.cpu),
        cpu_change=against(row.cost.cpu, base.cost.cpu, doubt),
        rebuild=mark + format_seconds(row.cost.rebuild),
        rebuild_change=against(row.cost.rebuild, base.cost.rebuild, doubt),
        memory=mark + format_bytes(row.cost.peak_memory),
        memory_change=against(row.cost.peak_memory, base.cost.peak_memory, doubt),
    )


def interval(time: Comparison) -> str:
    """``-9.0 to -7.2 %, n 27``."""
    if not math.isfinite(time.high) or time.high > _UNBOUNDED:
        return f"no interval, n {time.pairs}"
    low = format_change(time.low).removesuffix(" %")
    return f"{low} to {format_change(time.high)}, n {time.pairs}"


def comparison(time: Comparison) -> str:
    """``-8.1 % (-9.0 to -7.2 %, n 27), faster; 1.1 % can be seen``."""
    seen = f"; {smallest(time)} can be seen" if time.smallest is not None else ""
    return f"{format_change(time.ratio)} ({interval(time)}), {time.timing}{seen}"


def smallest(time: Comparison) -> str:
    """``1.1 %``: the smallest difference that would be found in four of five cases."""
    return NOTHING if time.smallest is None else f"{time.smallest * 100:.1f} %"


def _time(row: Row) -> str:
    if row.time is not None:
        return format_change(row.time.ratio)
    return NOTHING if row.screened is None else ESTIMATE + format_change(row.screened)


def _screened(row: Row) -> str:
    return "" if row.screened is None else "screened"


def _instructions(row: Row, base: Row) -> str:
    if row.instructions is None:
        return NOTHING
    if row is base or not base.instructions:
        return f"{row.instructions / 1e6:,.1f} M"
    return format_change(row.instructions / base.instructions, digits=2)


def size_of_recommended(result: TuneResult) -> SizeReport | None:
    """The sizes to set against the baseline's: of the same road where there is a row, else of the confirmation."""
    row = recommended(result)
    if row is not None:
        return row.size
    confirmation = result.recommendation.confirmation
    return confirmation.size if confirmation else None


def common_parts(rows: Sequence[Row]) -> tuple[str, ...]:
    """The parts of the ids that all rows share, in the order of the id; nothing for a single row."""
    parts = [row.profile.id.split("-") for row in rows]
    return tuple(same[0] for same in zip(*parts, strict=True) if len(set(same)) == 1) if len(rows) > 1 else ()


def short_id(profile: Profile, common: Sequence[str]) -> str:
    """The id without the parts that all rows share: ``o3-fat-cgu1``."""
    return "-".join(part for part in profile.id.split("-") if part not in common) or profile.id


def profile_toml(profile: Profile, name: str, changes: Sequence[OptionChange] = ()) -> str:
    """The block for Cargo.toml: the changed options with what they were, or all options without changes.

    An option that is to stay unset is a comment: the line must go, and no line can say so.
    """
    before = {change.key: printable(change.old) for change in changes}
    lines = [f"[profile.{_key(name)}]"]
    for key in before or BY_KEY:
        value = profile.toml_value(key)
        if value is None:
            what = "remove the line" if key in before else "not set"
            lines.append(f"# {printable(key)}: {what}{_was(before.get(key), ' (was ', ')')}")
        else:
            lines.append(f"{key} = {tomlkit.item(value).as_string()}{_was(before.get(key), '  # was ')}")
    return "\n".join(lines) + "\n"


def _key(name: str) -> str:
    """A bare key, or a quoted one in which what cannot be seen is escaped (TOML 1.0, "Keys" and "String")."""
    if _BARE_KEY.fullmatch(name):
        return name
    return (
        '"'
        + "".join(each if each.isprintable() and each not in '"\\' else f"\\U{ord(each):08x}" for each in name)
        + '"'
    )


def _was(old: str | None, before: str, after: str = "") -> str:
    return "" if old is None else f"{before}{old}{after}"
