"""What a link did, for a terminal and as JSON."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from burnish.lto.record import LinkRecord, LtoBuild, Stage
from burnish.units import format_bytes, format_seconds

_SHOWN: Final = 5


def render(built: LtoBuild, *, width: int = 80) -> str:
    """Some lines: what was linked by whom, what it took, which units were redone."""
    lines = [f"{built.product}" if built.product is not None else "nothing was built"]
    record = built.record
    if record is None:
        return "\n".join(lines) + "\n"
    if record.passed_through:
        return "\n".join([*lines, f"  linked without burnish: {record.passed_through}"]) + "\n"
    lines.append(f"  {_headline(record, fresh=built.fresh)}")
    if record.reason:
        lines.append(f"  {record.reason}")
    lines += [f"  {line}" for line in _units(record)]
    lines += [f"  {_stage(stage)}" for stage in record.stages if stage.wall >= 0.001]
    return "\n".join(line[:width] for line in lines) + "\n"


def render_json(built: LtoBuild) -> str:
    """The product and the link's record as it is stored."""
    content = {
        "product": None if built.product is None else str(built.product),
        "fresh": built.fresh,
        "wall": built.wall,
        "link": None if built.record is None else msgspec.to_builtins(built.record),
    }
    return msgspec.json.format(msgspec.json.encode(content), indent=1).decode() + "\n"


def _headline(record: LinkRecord, *, fresh: bool) -> str:
    what = f"{format_bytes(record.size)}, {record.lto} by {record.done_by}"
    spent = f"{format_seconds(record.wall)} wall, {format_seconds(record.cpu)} CPU"
    when = " (as linked before: nothing has changed)" if fresh else ""
    return f"{what}: {spent}{when}"


def _units(record: LinkRecord) -> list[str]:
    if not record.units:
        return []
    cached = sum(unit.cached for unit in record.units)
    live = sum(module.live for module in record.modules)
    definitions = sum(module.definitions for module in record.modules)
    imports = sum(unit.imports for unit in record.units)
    lines = [
        f"{len(record.modules)} modules in {len(record.units)} units, {cached} from the cache",
        f"{definitions - live} of {definitions} definitions dead, {imports} imported",
    ]
    redone = sorted((unit for unit in record.units if not unit.cached), key=lambda unit: -_wall(unit.stages))
    lines += [f"  {format_seconds(_wall(unit.stages)):>9}  {unit.name}" for unit in redone[:_SHOWN]]
    if len(redone) > _SHOWN:
        lines.append(f"  and {len(redone) - _SHOWN} more")
    return lines


def _wall(stages: tuple[msgspec.Struct, ...]) -> float:
    return float(sum(getattr(stage, "wall", 0.0) for stage in stages))


def _stage(stage: Stage) -> str:
    return f"{stage.name:<14}{format_seconds(stage.wall):>9} wall{format_seconds(stage.cpu):>10} CPU"


def render_plan(plan: Mapping[str, Any], *, width: int = 80) -> str:
    """A plan in short: each unit with what it imports and what it was refused, most imports first."""
    modules, units = plan["modules"], plan["units"]
    definitions, live = (sum(module[key] for module in modules) for key in ("definitions", "live"))
    imports = sum(len(unit["imports"]) for unit in units)
    refused = Counter(refusal["reason"] for unit in units for refusal in unit["refusals"])
    lines = [
        f"{len(modules)} modules in {len(units)} units",
        f"{live} of {definitions} definitions live; {imports} imports",
        "refused: " + (", ".join(f"{count} {reason}" for reason, count in refused.most_common()) or "nothing"),
        "",
        f"{'imports':>8}{'refused':>9}{'cost':>9}  unit",
    ]
    ordered = sorted(units, key=lambda unit: (-len(unit["imports"]), unit["name"]))
    lines += [
        f"{len(unit['imports']):>8}{len(unit['refusals']):>9}{unit['cost']:>9}  {unit['name']}"
        for unit in ordered
        if unit["imports"] or unit["cost"]
    ]
    lines += ["", "each import and refusal with its reason: --json"]
    return "\n".join(line[:width] for line in lines) + "\n"
