"""The pictures of xray's page as Vega specifications: the graph of crates and the map of sizes. Values only.

Vega: https://vega.github.io/vega/docs/. Colours come from signals that the page sets, so that it can be light or dark.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, Final

from burnish.report.drawing import Spec, signals
from burnish.xray.crossed import Crossed
from burnish.xray.estimate import Fit
from burnish.xray.made import Made, module_of

_SCHEMA: Final = "https://vega.github.io/schema/vega/v6.json"
#: Crates of the graph and edges between them; what is smaller is left out, and said.
CRATES: Final = 40
EDGES: Final = 160
#: What the width of an edge may say.
WEIGHTS: Final = ("imports", "bytes", "calls")
#: Functions of the map with a place of their own; of each crate the rest is one place.
FUNCTIONS: Final = 1200


def edges(found: Crossed, fit: Fit | None) -> list[dict[str, Any]]:
    """Between crates, heaviest first: imports, their bytes (estimated; 0: no estimate), calls inlined."""
    weights: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: {"imports": 0, "bytes": 0, "calls": 0})
    for pair in found.pairs:
        weights[pair.source, pair.target] |= {
            "imports": pair.imports,
            "bytes": fit.bytes(pair.instructions) if fit else 0,
        }
    for each in found.inlined_pairs:
        weights[each.source, each.target]["calls"] = each.calls
    heaviest = sorted(weights.items(), key=lambda item: (-item[1]["imports"] - item[1]["calls"], item[0]))
    return [{"source": pair[0], "target": pair[1], **weight} for pair, weight in heaviest if pair[0] != pair[1]]


def graph_rows(
    found: Crossed, made: Made, own: frozenset[str], fit: Fit | None
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], int]:
    """Nodes, edges by the numbers of their nodes, and how many crates are left out."""
    between = edges(found, fit)
    weight: Counter[str] = Counter()
    for row in between:
        for end in ("source", "target"):
            weight[str(row[end])] += int(row["imports"]) + int(row["calls"])
    sizes = {row.name: row.size for row in made.crates}
    # The program's own crates stay, whatever they weigh: they are what the reader looks for.
    ordered = sorted(weight, key=lambda name: (name not in own, -weight[name], name))
    names = sorted(ordered[:CRATES])
    numbers = {name: number for number, name in enumerate(names)}
    nodes = [{"name": name, "size": sizes.get(name, 0), "own": name in own} for name in names]
    shown = [
        {**row, "source": numbers[row["source"]], "target": numbers[row["target"]]}
        for row in between
        if row["source"] in numbers and row["target"] in numbers
    ]
    return nodes, shown[:EDGES], len(ordered) - len(names)


def tree_rows(made: Made) -> list[dict[str, Any]]:
    """Rows of a tree: the program, its crates, their functions and variables; sizes at the leaves."""
    rows: list[dict[str, Any]] = [{"id": 0, "parent": None, "name": "", "crate": "", "module": "", "size": 0}]
    crates: dict[str, int] = {}
    rest: Counter[str] = Counter()
    count: Counter[str] = Counter()
    for place, row in enumerate(made.functions):
        if row.crate not in crates:
            crates[row.crate] = len(rows)
            rows.append(_leaf(len(rows), 0, row.crate, row.crate, "", 0))
        if place < FUNCTIONS:
            module = module_of(row.name, row.crate)
            rows.append(_leaf(len(rows), crates[row.crate], row.name, row.crate, module, row.size))
        else:
            rest[row.crate] += row.size
            count[row.crate] += 1
    for crate, size in rest.items():
        rows.append(_leaf(len(rows), crates[crate], f"{count[crate]:,} smaller ones", crate, crate, size))
    return rows


def _leaf(number: int, parent: int, name: str, crate: str, module: str, size: int) -> dict[str, Any]:  # noqa: PLR0917
    return {"id": number, "parent": parent, "name": name, "crate": crate, "module": module, "size": size}


def graph(nodes: Sequence[Spec], links: Sequence[Spec], *, first: str) -> Spec:
    """Crates as circles, pulled together by what went from one into another; ``first`` is the weight of the edges."""
    radius = "4 + 26 * sqrt(datum.size / max(1, biggest))"
    width = "0.6 + 9 * sqrt(datum[weight] / max(1, heaviest))"
    touches = "!hovered || datum.source.name === hovered || datum.target.name === hovered"
    return {
        "$schema": _SCHEMA,
        "width": 900,
        "height": 560,
        "padding": 4,
        "autosize": "none",
        "signals": [
            *signals(),
            {"name": "weight", "value": first},
            {"name": "biggest", "value": max((node["size"] for node in nodes), default=1)},
            {"name": "peak", "value": {each: max((link[each] for link in links), default=1) for each in WEIGHTS}},
            {"name": "heaviest", "update": "peak[weight]"},
            {
                "name": "hovered",
                "value": "",
                "on": [
                    {"events": "@circles:pointerover, @circles:click", "update": "datum.name"},
                    {"events": "@circles:pointerout", "update": "''"},
                ],
            },
            {
                "name": "fixed",
                "value": None,
                "on": [
                    {"events": "@circles:pointerup", "update": "null"},
                    {"events": "@circles:pointerdown", "update": "item()"},
                ],
            },
            {
                "name": "moved",
                "value": None,
                "on": [
                    {
                        "events": "[@circles:pointerdown, window:pointerup] > window:pointermove",
                        "update": "fixed ? {node: fixed, at: xy()} : null",
                    }
                ],
            },
            {
                "name": "restart",
                "value": False,
                "on": [{"events": {"signal": "moved"}, "update": "moved !== null"}],
            },
        ],
        "data": [
            {"name": "nodes", "values": list(nodes)},
            {"name": "links", "values": list(links)},
        ],
        "marks": [
            {
                "name": "circles",
                "type": "symbol",
                "zindex": 1,
                "from": {"data": "nodes"},
                "on": [
                    {
                        "trigger": "moved",
                        "modify": "moved.node",
                        "values": "{fx: moved.at[0], fy: moved.at[1]}",
                    },
                ],
                "encode": {
                    "enter": {"cursor": {"value": "pointer"}},
                    "update": {
                        "size": {"signal": f"4 * pow({radius}, 2)"},
                        "fill": {"signal": "datum.own ? accent : dim"},
                        "fillOpacity": {"signal": "!hovered || datum.name === hovered ? 0.95 : 0.6"},
                        "stroke": {"signal": "card"},
                        "strokeWidth": {"value": 1.5},
                        "tooltip": {"signal": "datum.name + ': ' + format(datum.size, ',') + ' bytes in the program'"},
                    },
                },
                "transform": [
                    {
                        "type": "force",
                        "iterations": 400,
                        "static": True,
                        "restart": {"signal": "restart"},
                        "signal": "force",
                        "forces": [
                            {"force": "center", "x": {"signal": "width / 2"}, "y": {"signal": "height / 2"}},
                            {"force": "x", "x": {"expr": "width / 2"}, "strength": 0.12},
                            {"force": "y", "y": {"expr": "height / 2"}, "strength": 0.16},
                            {
                                "force": "collide",
                                "radius": {"expr": f"14 + {radius}".replace("datum.", "datum.datum.")},
                            },
                            {"force": "nbody", "strength": -420},
                            {"force": "link", "links": "links", "distance": 120, "strength": 0.08},
                        ],
                    }
                ],
            },
            {
                "type": "path",
                "from": {"data": "links"},
                "interactive": True,
                "encode": {
                    "update": {
                        "stroke": {"signal": "datum.source.name === hovered ? accent : dim"},
                        "strokeWidth": {"signal": f"datum[weight] ? {width} : 0"},
                        "strokeOpacity": {"signal": f"({touches}) ? (hovered ? 0.9 : 0.35) : 0.06"},
                        "tooltip": {
                            "signal": "datum.source.name + ' -> ' + datum.target.name + ': ' + datum.imports + "
                            "' imports, ~' + format(datum.bytes, ',') + ' bytes; ' + datum.calls + ' calls inlined'"
                        },
                    }
                },
                "transform": [
                    {
                        "type": "linkpath",
                        "require": {"signal": "force"},
                        "shape": "arc",
                        "sourceX": "datum.source.x",
                        "sourceY": "datum.source.y",
                        "targetX": "datum.target.x",
                        "targetY": "datum.target.y",
                    }
                ],
            },
            {
                "type": "text",
                "zindex": 2,
                "interactive": False,
                "from": {"data": "circles"},
                "encode": {
                    "update": {
                        "x": {"field": "x"},
                        "y": {"signal": f"datum.y - 4 - ({radius.replace('datum.', 'datum.datum.')})"},
                        "text": {"field": "datum.name"},
                        "align": {"value": "center"},
                        "fontSize": {"value": 12},
                        "fontWeight": {"signal": "datum.datum.own ? 600 : 400"},
                        "fill": {"signal": "text"},
                        "fillOpacity": {"signal": "!hovered || datum.datum.name === hovered ? 1 : 0.55"},
                    }
                },
            },
        ],
    }


def treemap(rows: Sequence[Spec]) -> Spec:
    """Sizes as areas, a crate a group; a click shows one crate alone, another click all again."""
    leaf = "datum.size > 0 && (focus === '' || datum.crate === focus)"
    return {
        "$schema": _SCHEMA,
        "width": 900,
        "height": 520,
        "padding": 0,
        "autosize": "none",
        "signals": [
            *signals(),
            {
                "name": "focus",
                "value": "",
                "on": [{"events": "@tiles:click", "update": "focus === '' ? datum.crate : ''"}],
            },
        ],
        "data": [
            {
                "name": "tree",
                "values": list(rows),
                "transform": [
                    {"type": "filter", "expr": "focus === '' || datum.parent === null || datum.crate === focus"},
                    {"type": "stratify", "key": "id", "parentKey": "parent"},
                    {
                        "type": "treemap",
                        "field": "size",
                        "sort": {"field": "value", "order": "descending"},
                        "method": "squarify",
                        "ratio": 1.4,
                        "paddingInner": 1,
                        "paddingOuter": 1,
                        "paddingTop": 16,
                        "size": [{"signal": "width"}, {"signal": "height"}],
                    },
                ],
            },
            {
                "name": "groups",
                "source": "tree",
                "transform": [{"type": "filter", "expr": "datum.parent === 0"}],
            },
            {"name": "leaves", "source": "tree", "transform": [{"type": "filter", "expr": leaf}]},
        ],
        "scales": [
            {
                "name": "colour",
                "type": "ordinal",
                "domain": {"data": "groups", "field": "crate", "sort": True},
                "range": {"scheme": "tableau20"},
            }
        ],
        "marks": [
            {
                "name": "tiles",
                "type": "rect",
                "from": {"data": "leaves"},
                "encode": {
                    "update": {
                        "x": {"field": "x0"},
                        "y": {"field": "y0"},
                        "x2": {"field": "x1"},
                        "y2": {"field": "y1"},
                        "fill": {"scale": "colour", "field": "crate"},
                        "fillOpacity": {"value": 0.72},
                        "cursor": {"value": "pointer"},
                        "tooltip": {
                            "signal": "datum.name + ': ' + format(datum.size, ',') + ' bytes, ' + datum.module"
                        },
                    },
                    "hover": {"fillOpacity": {"value": 1}},
                },
            },
            {
                "type": "text",
                "interactive": False,
                "from": {"data": "groups"},
                "encode": {
                    "update": {
                        "x": {"signal": "datum.x0 + 3"},
                        "y": {"signal": "datum.y0 + 12"},
                        "text": {"signal": "datum.name"},
                        "limit": {"signal": "max(0, datum.x1 - datum.x0 - 5)"},
                        "fontSize": {"value": 12},
                        "fontWeight": {"value": 600},
                        "fill": {"signal": "text"},
                    }
                },
            },
            {
                "type": "text",
                "interactive": False,
                "from": {"data": "leaves"},
                "encode": {
                    "update": {
                        "x": {"signal": "datum.x0 + 3"},
                        "y": {"signal": "datum.y0 + 11"},
                        "text": {
                            "signal": "datum.x1 - datum.x0 > 46 && datum.y1 - datum.y0 > 14 ? "
                            "(datum.module && indexof(datum.name, datum.module + '::') === 0 ? "
                            "substring(datum.name, length(datum.module) + 2) : datum.name) : ''"
                        },
                        "limit": {"signal": "max(0, datum.x1 - datum.x0 - 6)"},
                        "fontSize": {"value": 10},
                        "fill": {"value": "#111111"},
                    }
                },
            },
        ],
    }
