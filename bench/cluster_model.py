"""A link on a cluster as a simulation: pure, driven by the recorded costs and sizes of a real link.

The scheme is that of `burnish.lto.away`: read and decide here, share the contents from here over one link, orders
costliest first to whoever is free, contents from worker to worker, a process for each order, objects back over one
link, and the native link here.
"""

import heapq
import random
from dataclasses import dataclass, replace
from pathlib import Path

from burnish.lto.away.asking import Portion, Task, ordered
from burnish.lto.backend import Codegen, Member, Road, Unit


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """A unit: what `ordered` weighs, seconds of a backend, bytes of objects, and the contents that it needs."""

    cost: int
    seconds: float
    out: int
    contents: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """A program's link: its units, bytes of each content, and seconds of what is done here, one after another."""

    pieces: tuple[Piece, ...]
    contents: tuple[int, ...]
    reading: float
    deciding: float
    linking: float


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    """What is not the program's.

    Attributes:
        bandwidth: bytes a second of each machine's link, each way; ``sharing`` and ``receiving`` of this machine's.
        latency: seconds of a message there and back.
        connecting: seconds until the workers are known.
        start: seconds of an order beyond its backends: a process, checking contents.
        scheduling: seconds of the scheduler for an order.
    """

    bandwidth: float
    sharing: float
    receiving: float
    latency: float = 0.001
    connecting: float = 1.0
    start: float = 0.3
    scheduling: float = 0.0003


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """Seconds: of all, until contents are shared, from then until the last object is here, and of the longest order."""

    wall: float
    sharing: float
    backends: float
    longest: float
    orders: int


def batches(link: Link, slots: int) -> list[list[int]]:
    """The orders that burnish makes of the units, by number."""
    task = Task(codegen=Codegen(triple=""), road=Road.THIN, library=Path(__file__), timeout=1.0)
    nothing = (Member(bitcode=Path("x"), label=""),)
    portions = [
        Portion(
            cost=piece.cost,
            key="",
            unit=Unit(name=str(number), members=nothing, outputs=(Path("o"),)),
            shard=b"",
            sources={},
        )
        for number, piece in enumerate(link.pieces)
    ]
    return [[int(unit.name) for unit in order.units] for order in ordered(portions, task, slots)]


def simulate(link: Link, world: World, workers: int, *, seed: int = 0) -> Outcome:
    """The link on so many workers of one slot each."""
    chance = random.Random(seed)  # noqa: S311 - a simulation
    orders = batches(link, workers)
    needed = sorted({content for piece in link.pieces for content in piece.contents})
    shared = world.connecting + sum(link.contents[content] for content in needed) / world.sharing
    holders = {content: [place % workers] for place, content in enumerate(needed)}
    sender_free = [shared] * workers
    free = [(shared, worker) for worker in range(workers)]
    heapq.heapify(free)
    back = last = longest = 0.0
    for number, order in enumerate(orders):
        ready, worker = heapq.heappop(free)
        begun = max(ready, shared + (number + 1) * world.scheduling) + world.latency
        at = begun
        for content in {content for piece in order for content in link.pieces[piece].contents}:
            places = holders[content]
            if worker in places:
                continue
            some = places if len(places) <= 2 else chance.sample(places, 2)
            source = min(some, key=lambda place: sender_free[place])
            at = max(at, sender_free[source]) + link.contents[content] / world.bandwidth
            sender_free[source] = at
            places.append(worker)
        ended = at + world.start + sum(link.pieces[piece].seconds for piece in order)
        longest = max(longest, ended - begun)
        heapq.heappush(free, (ended, worker))
        back = max(back, ended) + sum(link.pieces[piece].out for piece in order) / world.receiving + world.latency
        last = max(last, back)
    before = link.reading + link.deciding
    return Outcome(
        wall=before + last + link.linking, sharing=shared, backends=last - shared, longest=longest, orders=len(orders)
    )


def grown(link: Link, modules: int) -> Link:
    """A program of so many modules: the recorded one again and again, with common what a fifth of its units need."""
    size = len(link.pieces)
    often = [0] * len(link.contents)
    for piece in link.pieces:
        for content in piece.contents:
            often[content] += 1
    common = {content for content, count in enumerate(often) if count > size / 5}
    contents = list(link.contents)
    pieces: list[Piece] = []
    names: dict[tuple[int, int], int] = {}
    for number in range(modules):
        copy, place = divmod(number, size)
        known = []
        for content in link.pieces[place].contents:
            if copy == 0 or content in common:
                known.append(content)
                continue
            if (copy, content) not in names:
                names[copy, content] = len(contents)
                contents.append(link.contents[content])
            known.append(names[copy, content])
        pieces.append(replace(link.pieces[place], contents=tuple(known)))
    factor = modules / size
    return Link(
        pieces=tuple(pieces),
        contents=tuple(contents),
        reading=link.reading * factor,
        deciding=link.deciding * factor,
        linking=link.linking * factor,
    )


def split_largest(link: Link) -> Link:
    """Units above half of the largest in halves: more codegen units of these crates."""
    most = max(piece.seconds for piece in link.pieces) / 2
    halves: list[Piece] = []
    for piece in link.pieces:
        if piece.seconds > most:
            half = replace(piece, cost=piece.cost // 2, seconds=piece.seconds / 2, out=piece.out // 2)
            halves += [half, half]
        else:
            halves.append(piece)
    return replace(link, pieces=tuple(halves))


def remedies(link: Link, world: World) -> dict[str, tuple[Link, World]]:
    """What could be better, and the same link if it were."""
    return {
        "reading and thin link": (replace(link, reading=link.reading / 2, deciding=link.deciding / 2), world),
        "contents from this machine": (link, replace(world, sharing=world.sharing * 2)),
        "objects back to this machine": (link, replace(world, receiving=world.receiving * 2)),
        "contents between workers": (link, replace(world, bandwidth=world.bandwidth * 2)),
        "largest unit": (split_largest(link), world),
        "a process for each order": (link, replace(world, start=world.start / 2)),
        "connecting": (link, replace(world, connecting=world.connecting / 2)),
        "scheduler": (link, replace(world, scheduling=world.scheduling / 2)),
        "native link": (replace(link, linking=link.linking / 2), world),
    }


def bottleneck(link: Link, world: World, workers: int) -> tuple[str, float]:
    """What would help most if it took half the time (or were split in two), and the share of the wall time it saves."""
    wall = simulate(link, world, workers).wall
    saved = {name: 1 - simulate(*better, workers).wall / wall for name, better in remedies(link, world).items()}
    backends = replace(link, pieces=tuple(replace(piece, seconds=piece.seconds / 2) for piece in link.pieces))
    more = 1 - simulate(link, world, workers * 2).wall / wall
    if more > max(saved.values()):
        return "workers", more
    name = max(saved, key=lambda each: saved[each])
    if saved[name] < 0.01:
        return "backends", 1 - simulate(backends, world, workers).wall / wall
    return name, saved[name]
