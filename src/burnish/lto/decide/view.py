"""A link's decisions as a document: what was decided, and why; ready for JSON, the same whatever the order of modules.

Sorted by labels and names; units are named by the caller.
"""

from typing import Any

import numpy as np

from burnish.lto.decide.fate import Fate
from burnish.lto.decide.plan import Plan
from burnish.lto.decide.thinlink import Root
from burnish.lto.decided import VERSION, Decisions

_KEPT = frozenset({Fate.VISIBLE, Fate.HIDDEN, Fate.KEPT})

_Rows = dict[int, list[dict[str, Any]]]


def plan_view(decided: Decisions) -> dict[str, Any]:
    """The document."""
    imports, refusals, fates = _imports(decided), _refusals(decided), _fates(decided)
    members: dict[int, list[str]] = {}
    for module in decided.modules:
        members.setdefault(module.unit, []).append(module.label)
    modules = [
        {
            "label": module.label,
            "source": module.source,
            "unit": decided.units[module.unit],
            "definitions": module.definitions,
            "live": module.live,
            "fates": module.fates,
            **fates[number],
        }
        for number, module in enumerate(decided.modules)
    ]
    units = [
        {
            "name": name,
            "members": members.get(number, []),
            "cost": decided.costs[number],
            "imports": sorted(imports.get(number, ()), key=lambda entry: (entry["name"], entry["from"])),
            "refusals": sorted(refusals.get(number, ()), key=lambda entry: (entry["name"], entry["in"])),
        }
        for number, name in enumerate(decided.units)
    ]
    return {
        "version": VERSION,
        "modules": sorted(modules, key=lambda row: str(row["label"])),
        "units": sorted(units, key=lambda row: str(row["name"])),
    }


def _imports(decided: Decisions) -> _Rows:
    found: _Rows = {}
    columns, names = decided.imports, decided.names
    for place, unit in enumerate(columns.unit):
        entry: dict[str, Any] = {
            "name": names[columns.name[place]],
            "from": decided.modules[columns.module[place]].label,
            "for": names[columns.caller[place]],
            "depth": columns.depth[place],
        }
        if columns.threshold[place] >= 0:
            entry |= {"threshold": columns.threshold[place], "instructions": columns.instructions[place]}
        found.setdefault(unit, []).append(entry)
    return found


def _refusals(decided: Decisions) -> _Rows:
    found: _Rows = {}
    columns, names = decided.refusals, decided.names
    for place, unit in enumerate(columns.unit):
        found.setdefault(unit, []).append(
            {
                "name": names[columns.name[place]],
                "in": decided.modules[columns.module[place]].label,
                "for": names[columns.caller[place]],
                "depth": columns.depth[place],
                "reason": decided.reasons[columns.reason[place]],
                "threshold": columns.threshold[place],
                "instructions": columns.instructions[place],
            }
        )
    return found


def _fates(decided: Decisions) -> list[dict[str, dict[str, str]]]:
    """Of each module: what is kept and why, whose copy gives way and why, and the new names of promoted locals."""
    found: list[dict[str, dict[str, str]]] = [{"kept": {}, "other_copies": {}, "promoted": {}} for _ in decided.modules]
    columns = decided.fates
    ordered = sorted(range(len(columns.name)), key=lambda place: decided.names[columns.name[place]])
    for place in ordered:
        name, module = decided.names[columns.name[place]], columns.module[place]
        fate, reason = columns.fate[place], decided.reasons[columns.reason[place]]
        if fate in _KEPT:
            found[module]["kept"][name] = reason
        elif fate == Fate.OTHER_COPY:
            found[module]["other_copies"][name] = reason
        else:
            found[module]["promoted"][name] = name + decided.modules[module].suffix
    return found


def roots_view(plan: Plan) -> dict[str, str]:
    """What the link must keep, by name, and why."""
    link = plan.link
    kept = np.flatnonzero(link.root > Root.NONE).tolist()
    return {
        plan.index.name(int(link.prevailing[symbol])): Root(int(link.root[symbol])).name.lower()
        for symbol in sorted(kept, key=lambda symbol: plan.index.name(int(link.prevailing[symbol])))
    }
