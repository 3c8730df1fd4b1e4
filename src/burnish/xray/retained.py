"""What would go with what: dominators of the graph of references, and the bytes that each node alone leads to. Pure.

Dominators are those of K. D. Cooper, T. J. Harvey and K. Kennedy ("A Simple, Fast Dominance Algorithm"), by rustworkx.
"""

from collections.abc import Iterable, Sequence

import rustworkx


def dominators(count: int, references: Sequence[tuple[int, int]], entries: Iterable[int]) -> list[int]:
    """What alone leads to each of ``count`` nodes; -1: an entry, or several ways lead there.

    Nodes that no entry leads to count as entries, the first of each group.
    """
    graph: rustworkx.PyDiGraph[None, None] = rustworkx.PyDiGraph(multigraph=False)
    graph.add_nodes_from([None] * (count + 1))
    graph.extend_from_edge_list(list(references))
    root = count
    reached = bytearray(count + 1)
    for entry in (*sorted(set(entries)), *range(count)):
        if not reached[entry]:
            graph.add_edge(root, entry, None)
            _reach(graph, entry, reached)
    for entry in set(entries):
        graph.add_edge(root, entry, None)
    found = rustworkx.immediate_dominators(graph, root)
    return [-1 if (above := found.get(node, root)) == root else above for node in range(count)]


def retained(weights: Sequence[int], dominator: Sequence[int]) -> list[int]:
    """Each node's weight, and that of all it dominates; ``dominator`` as `dominators` gives it."""
    totals, children = list(weights), [0] * len(weights)
    for above in dominator:
        if above >= 0:
            children[above] += 1
    ready = [node for node, number in enumerate(children) if not number]
    while ready:
        node = ready.pop()
        above = dominator[node]
        if above >= 0:
            totals[above] += totals[node]
            children[above] -= 1
            if not children[above]:
                ready.append(above)
    return totals


def _reach(graph: "rustworkx.PyDiGraph[None, None]", start: int, reached: bytearray) -> None:
    reached[start] = 1
    waiting = [start]
    while waiting:
        for node in graph.successor_indices(waiting.pop()):
            if not reached[node]:
                reached[node] = 1
                waiting.append(node)
