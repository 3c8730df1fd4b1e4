"""A plan as a document: what was decided, and why; ready for JSON, the same whatever the order of modules.

Sorted by labels and names; units are named by the caller.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from burnish.lto.decide.fates import Fate, reason
from burnish.lto.decide.plan import Plan, promoted_name
from burnish.lto.decide.thinlink import Root

#: Version of the document's form.
VERSION = 1


def plan_view(plan: Plan, *, labels: Sequence[str], names: Sequence[str]) -> dict[str, Any]:
    """The plan.

    Args:
        plan: the link's.
        labels: of all modules, in link order.
        names: of all units.
    """
    costs = plan.costs().tolist()
    return {
        "version": VERSION,
        "modules": sorted((_module(plan, module, labels, names) for module in range(len(labels))), key=_by_label),
        "units": sorted(
            (_unit(plan, unit, labels, name, costs[unit]) for unit, name in enumerate(names)), key=_by_name
        ),
    }


def _by_label(row: dict[str, Any]) -> str:
    return str(row["label"])


def _by_name(row: dict[str, Any]) -> str:
    return str(row["name"])


def _module(plan: Plan, module: int, labels: Sequence[str], names: Sequence[str]) -> dict[str, Any]:
    index = plan.index
    rows = np.arange(index.starts[module], index.starts[module + 1])
    fates = plan.fates.fate[rows]
    counts = Counter(fates[fates != Fate.NONE].tolist())
    return {
        "label": labels[module],
        "source": index.modules[module].source_filename,
        "unit": names[int(plan.units[module])],
        "definitions": int(index.defined[rows].sum()),
        "live": int(plan.link.live[rows].sum()),
        "fates": {Fate(fate).name.lower(): count for fate, count in sorted(counts.items())},
        "kept": _kept(plan, rows[(fates == Fate.VISIBLE) | (fates == Fate.HIDDEN) | (fates == Fate.KEPT)]),
        "other_copies": _kept(plan, rows[fates == Fate.OTHER_COPY]),
        "promoted": {
            index.name(row): promoted_name(index.name(row), index.modules[module])
            for row in sorted(rows[fates == Fate.PROMOTED].tolist(), key=index.name)
        },
    }


def _kept(plan: Plan, rows: "np.typing.NDArray[np.int64]") -> dict[str, str]:
    return {
        plan.index.name(row): reason(plan.link, plan.fates, row) for row in sorted(rows.tolist(), key=plan.index.name)
    }


def _unit(plan: Plan, unit: int, labels: Sequence[str], name: str, cost: int) -> dict[str, Any]:
    return {
        "name": name,
        "members": [labels[module] for module in plan.members(unit)],
        "cost": cost,
        "imports": _imports(plan, unit, labels),
        "refusals": _refusals(plan, unit, labels),
    }


def _imports(plan: Plan, unit: int, labels: Sequence[str]) -> list[dict[str, Any]]:
    index, found = plan.index, plan.imports
    where = plan.imports_of(unit)
    rows = []
    for place in range(where.start, where.stop):
        row = int(found.row[place])
        entry: dict[str, Any] = {
            "name": index.name(row),
            "from": labels[int(index.module[row])],
            "for": index.name(int(found.caller[place])),
            "depth": int(found.depth[place]),
        }
        if found.threshold[place] >= 0:
            entry |= {
                "threshold": int(found.threshold[place]),
                "instructions": int(index.instructions[index.base[row]]),
            }
        rows.append(entry)
    return sorted(rows, key=lambda entry: (entry["name"], entry["from"]))


def _refusals(plan: Plan, unit: int, labels: Sequence[str]) -> list[dict[str, Any]]:
    index, found = plan.index, plan.refusals
    first, end = np.searchsorted(found.unit, [unit, unit + 1])
    rows = [
        {
            "name": index.name(row),
            "in": labels[int(index.module[row])],
            "for": index.name(int(found.caller[place])),
            "depth": int(found.depth[place]),
            "reason": found.word(place),
            "threshold": int(found.threshold[place]),
            "instructions": int(found.size[place]),
        }
        for place in range(first, end)
        for row in [int(found.row[place])]
    ]
    return sorted(rows, key=lambda entry: (entry["name"], entry["in"]))


def roots_view(plan: Plan) -> dict[str, str]:
    """What the link must keep, by name, and why."""
    link = plan.link
    kept = np.flatnonzero(link.root > Root.NONE).tolist()
    return {
        plan.index.name(int(link.prevailing[symbol])): Root(int(link.root[symbol])).name.lower()
        for symbol in sorted(kept, key=lambda symbol: plan.index.name(int(link.prevailing[symbol])))
    }
