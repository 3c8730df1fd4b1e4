"""Laws of the simulation of a link on a cluster (bench/cluster_model.py), on made-up programs."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))

from cluster_model import Link, Piece, World, batches, bottleneck, grown, simulate

WORLD = World(bandwidth=1e8, sharing=1e8, receiving=1e8)


@st.composite
def links(draw: st.DrawFn) -> Link:
    count = draw(st.integers(1, 40))
    contents = tuple(draw(st.lists(st.integers(0, 10**7), min_size=count, max_size=count)))
    pieces = tuple(
        Piece(
            cost=draw(st.integers(1, 10**6)),
            seconds=draw(st.floats(0.001, 20.0)),
            out=draw(st.integers(0, 10**6)),
            contents=(number, *draw(st.lists(st.integers(0, count - 1), max_size=5))),
        )
        for number in range(count)
    )
    return Link(pieces=pieces, contents=contents, reading=1.0, deciding=0.5, linking=0.25)


@given(links(), st.integers(1, 50))
def test_no_link_is_faster_than_its_work_its_largest_unit_and_what_is_done_here(link: Link, workers: int) -> None:
    found = simulate(link, WORLD, workers)
    here = link.reading + link.deciding + link.linking + WORLD.connecting
    work = sum(piece.seconds for piece in link.pieces)
    largest = max(piece.seconds for piece in link.pieces)
    assert found.wall >= here + max(work / workers, largest)


@given(links())
def test_one_worker_does_one_after_another(link: Link) -> None:
    found = simulate(link, WORLD, 1)
    work = sum(piece.seconds for piece in link.pieces) + found.orders * WORLD.start
    assert found.backends >= work
    assert (
        found.backends
        <= work
        + found.orders * (2 * WORLD.latency + WORLD.scheduling)
        + sum(piece.out for piece in link.pieces) / WORLD.receiving
        + 1e-6
    )


@given(links(), st.integers(1, 20))
def test_a_faster_network_does_not_slow_a_link(link: Link, workers: int) -> None:
    slow = simulate(link, WORLD, workers)
    fast = simulate(link, replace(WORLD, sharing=1e10, receiving=1e10), workers)
    assert fast.sharing <= slow.sharing
    assert fast.wall <= slow.wall + 1e-6


@given(links(), st.integers(1, 20))
def test_each_unit_is_in_one_order(link: Link, slots: int) -> None:
    assert sorted(unit for order in batches(link, slots) for unit in order) == list(range(len(link.pieces)))


@given(links(), st.integers(1, 100))
def test_a_grown_program_has_so_many_units_of_the_same_kind(link: Link, modules: int) -> None:
    program = grown(link, modules)
    assert len(program.pieces) == modules
    assert {piece.seconds for piece in program.pieces} <= {piece.seconds for piece in link.pieces}
    assert max(content for piece in program.pieces for content in piece.contents) < len(program.contents)


def program(count: int = 100, **changes: Any) -> Link:
    pieces = tuple(Piece(cost=100, seconds=1.0, out=1000, contents=(number,)) for number in range(count))
    link = Link(pieces=pieces, contents=(1000,) * count, reading=0.1, deciding=0.1, linking=0.1)
    return replace(link, **changes)


@pytest.mark.parametrize(
    ("link", "world", "workers", "expected"),
    [
        pytest.param(program(), WORLD, 4, "workers", id="few workers"),
        pytest.param(program(deciding=60.0), WORLD, 100, "reading and thin link", id="a slow thin link"),
        pytest.param(program(linking=60.0), WORLD, 100, "native link", id="a slow linker"),
        pytest.param(program(contents=(10**9,) * 100), WORLD, 100, "contents from this machine", id="large contents"),
        pytest.param(
            replace(program(), pieces=(*program().pieces, Piece(cost=10**5, seconds=60.0, out=1, contents=(0,)))),
            WORLD, 100, "largest unit", id="one large unit",
        ),
        pytest.param(program(), replace(WORLD, start=60.0), 100, "a process for each order", id="slow processes"),
        pytest.param(program(), replace(WORLD, connecting=60.0), 100, "connecting", id="slow to connect"),
    ],
)  # fmt: skip
def test_the_bottleneck_is_named(link: Link, world: World, workers: int, expected: str) -> None:
    assert bottleneck(link, world, workers)[0] == expected
