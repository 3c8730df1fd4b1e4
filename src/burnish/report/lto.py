"""What a link did, for a terminal and as JSON."""

import re
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from burnish.lto.record import ClusterRow, LinkRecord, LtoBuild, Stage, UnitRow
from burnish.units import format_bytes, format_seconds

#: Units of a link, and of a plan, that are shown one by one.
_SHOWN: Final = 5
_PLANNED: Final = 30
#: Seconds of a stage that is worth a line.
_WORTH: Final = 0.001
#: ``libstd-0123456789abcdef.rlib(std-….std.…-cgu.0.rcgu.o)``, and ``app-0123456789abcdef.app.…-cgu.0.rcgu.o``.
_MEMBER: Final = re.compile(r"\blib(\w+)-[0-9a-f]{16}\.rlib\(([^()]*)\)")
_OBJECT: Final = re.compile(r"\b(\w+)-[0-9a-f]{16}\.([\w.-]*)\.rcgu\.o\b")
_CODEGEN_UNIT: Final = re.compile(r"cgu\.(\d+)")


def render(built: LtoBuild, *, product: str = "", width: int = 80) -> str:
    """Some lines: what was linked by whom, what it took, which units were redone.

    Args:
        built: the build.
        product: the path of the file as people read it; uncut however long it is.
        width: columns.
    """
    lines = [product or str(built.product or "nothing was built")]
    if built.note:
        lines += _wrapped(built.note, width)
    if built.record is not None:
        lines += _linked(built.record, width, fresh=built.fresh)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _linked(record: LinkRecord, width: int, *, fresh: bool) -> list[str]:
    if record.passed_through:
        return _wrapped(f"linked without link-time optimization: {record.passed_through}", width)
    if fresh:
        return [f"  {format_bytes(record.size)}, {_by(record)}; nothing has changed since"]
    spent = f"{format_seconds(record.wall)} wall, {format_seconds(record.cpu)} CPU"
    lines = [f"  {format_bytes(record.size)}, {_by(record)}: {spent}"]
    if record.reason:
        lines += _wrapped(f"burnish left it to lld: {short_names(record.reason)}", width)
    lines += [f"    {_stage(stage)}" for stage in record.stages if stage.wall >= _WORTH]
    if record.cluster is not None:
        lines += _wrapped(_shared(record.cluster), width)
        lines += [line for reason in record.cluster.lost for line in _wrapped(f"lost: {short_names(reason)}", width)]
        lines += [line for reason in record.cluster.refused for line in _wrapped(f"not used: {reason}", width)]
    return lines + [f"  {line}"[:width] for line in _units(record)]


def _shared(row: ClusterRow) -> str:
    """Who did the backends, in a sentence."""
    if not row.machines:
        return f"the cluster at {row.address} did nothing, all was done here"
    machines = _count(len(row.machines), "worker")
    said = f"{_count(row.orders, 'order')} for {machines} at {row.address}: {row.there} done there, {row.here} here"
    more = [f"{format_bytes(row.sent)} sent"] if row.sent else []
    more += [f"{row.again} given again"] if row.again else []
    more += [f"{row.twice} begun twice"] if row.twice else []
    return ", ".join([said, *more])


def _by(record: LinkRecord) -> str:
    if record.done_by == record.engine or record.lto == "thin":
        return f"{record.lto} by {record.done_by}"
    return f"thin by {record.done_by} (asked for: {record.lto})"


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)


def render_json(built: LtoBuild) -> str:
    """The product and the link's record as it is stored."""
    content = {
        "product": None if built.product is None else str(built.product),
        "fresh": built.fresh,
        "wall": built.wall,
        "note": built.note,
        "link": None if built.record is None else msgspec.to_builtins(built.record),
    }
    return msgspec.json.format(msgspec.json.encode(content), indent=1).decode() + "\n"


def _units(record: LinkRecord) -> list[str]:
    if not record.units:
        return []
    redone = [(unit, name) for unit, name in _named(record.units) if not unit.cached]
    redone.sort(key=lambda item: -_wall(item[0]))
    cached = len(record.units) - len(redone)
    live = sum(module.live for module in record.modules)
    definitions = sum(module.definitions for module in record.modules)
    imports = sum(unit.imports for unit in record.units)
    lines = [
        f"{definitions - live} of {_count(definitions, 'definition')} dead, {imports} imported into other units",
        f"{_extent(len(record.modules), len(record.units))}: {len(redone)} redone, {cached} from the cache",
    ]
    lines += [f"  {format_seconds(_wall(unit)):>8}  {name}" for unit, name in redone[:_SHOWN]]
    if len(redone) > _SHOWN:
        lines.append(f"  {'':8}  and {len(redone) - _SHOWN} more")
    return lines


def _named(units: Sequence[UnitRow]) -> list[tuple[UnitRow, str]]:
    return list(zip(units, distinct_names([unit.name for unit in units]), strict=True))


def _wall(unit: UnitRow) -> float:
    return sum(stage.wall for stage in unit.stages)


def _stage(stage: Stage) -> str:
    return f"{stage.name:<14}{format_seconds(stage.wall):>8} wall {format_seconds(stage.cpu):>8} CPU"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _extent(modules: int, units: int) -> str:
    return f"{_count(modules, 'module')} in {_count(units, 'unit')}"


def short_names(text: str) -> str:
    """A text with each object that rustc made named after its crate."""
    return _OBJECT.sub(r"\1", _MEMBER.sub(r"\1", text))


def distinct_names(labels: Sequence[str]) -> list[str]:
    """A short name for each object: its crate's, with the codegen unit where a crate has several."""
    names = [short_names(label) for label in labels]
    often = Counter(names)
    return [
        name if often[name] == 1 or name == label else f"{name}, {_part(label)}"
        for name, label in zip(names, labels, strict=True)
    ]


def _part(label: str) -> str:
    """Which object of its crate: the number of the codegen unit, or the end of rustc's name for it."""
    if found := _CODEGEN_UNIT.search(label):
        return f"codegen unit {int(found[1])}"
    return label.removesuffix(")").removesuffix(".rcgu.o").rpartition(".")[2]


def render_plan(plan: Mapping[str, Any], *, width: int = 80) -> str:
    """A plan in short: each unit with what it imports and what it was refused, most imports first."""
    modules, units = plan["modules"], plan["units"]
    definitions, live = (sum(module[key] for module in modules) for key in ("definitions", "live"))
    imports = sum(len(unit["imports"]) for unit in units)
    refused = Counter(refusal["reason"] for unit in units for refusal in unit["refusals"])
    reasons = ", ".join(f"{count} {reason}" for reason, count in refused.most_common())
    lines = [
        _extent(len(modules), len(units)),
        f"{live} of {_count(definitions, 'definition')} live; {_count(imports, 'import')}",
        *textwrap.wrap(f"refused: {reasons or 'nothing'}", width, subsequent_indent="  "),
        "",
        f"{'imports':>8}{'refused':>9}{'cost':>9}  unit",
    ]
    named = zip(units, distinct_names([unit["name"] for unit in units]), strict=True)
    ordered = sorted(named, key=lambda item: (-len(item[0]["imports"]), item[0]["name"]))
    told = [(unit, name) for unit, name in ordered if unit["imports"] or unit["cost"]]
    lines += [
        f"{len(unit['imports']):>8}{len(unit['refusals']):>9}{unit['cost']:>9}  {name}"[:width]
        for unit, name in told[:_PLANNED]
    ]
    if len(told) > _PLANNED:
        lines.append(f"{'':26}  and {len(told) - _PLANNED} more")
    lines += ["", "each import and refusal with its reason: --json"]
    return "\n".join(line.rstrip() for line in lines) + "\n"
