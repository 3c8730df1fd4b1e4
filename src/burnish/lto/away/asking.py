"""A link's backends on a cluster: orders made of its units, given out, and their objects taken in."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from burnish import __version__
from burnish.cache import Cache
from burnish.cargo.toolchain import llvm_name
from burnish.errors import ClusterError, LlvmError, LtoError, StoreError, UnsupportedError
from burnish.executor.blob import Blob, keep_in, kept
from burnish.executor.greeting import Greeting
from burnish.executor.port import Cluster
from burnish.executor.together import Together
from burnish.lto.away.order import (
    VERSION,
    Answer,
    Kind,
    Order,
    OrderedMember,
    OrderedUnit,
    Trouble,
    encode,
    read_answer,
)
from burnish.lto.away.performing import perform, work
from burnish.lto.backend import Codegen, Road, Unit
from burnish.lto.record import ClusterRow, OrderRow

#: Orders for each machine's slot: fewer leave some idle at the end, more cost a process each.
_ORDERS_PER_SLOT = 4
#: Of what the cluster lost, so many reasons stand in the record.
_REASONS = 5

Outcome = tuple[bytes, tuple[Blob, ...]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Portion:
    """A unit to be made elsewhere.

    Attributes:
        cost: what a backend has to do, in instructions.
        unit: its members are files named by their digests.
        shard: empty for a unit that imports nothing.
        sources: turn -> digest.
    """

    cost: int
    key: str
    unit: Unit
    shard: bytes
    sources: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """What all orders of a link share; ``timeout`` in seconds for one unit."""

    codegen: Codegen
    road: Road
    library: Path
    timeout: float


def fits(library: Path, greeting: Greeting) -> str:
    """Why a machine cannot do backends over this libLLVM, empty where it can."""
    wanted = llvm_name(library)
    if any(rust.library == wanted for rust in greeting.rusts):
        return ""
    there = ", ".join(rust.library for rust in greeting.rusts if rust.library) or "none"
    return f"it has no toolchain with {wanted} (there: {there})"


def ordered(portions: Sequence[Portion], task: Task, slots: int) -> list[Order]:
    """Orders of about equal cost, a few for each slot; the costliest first."""
    target = sum(portion.cost for portion in portions) / max(1, slots * _ORDERS_PER_SLOT)
    batches: list[tuple[int, list[Portion]]] = []
    batch: list[Portion] = []
    # Neighbours import from the same modules: those travel once.
    for portion in portions:
        if batch and sum(each.cost for each in batch) + portion.cost > target:
            batches.append((sum(each.cost for each in batch), batch))
            batch = []
        batch.append(portion)
    if batch:
        batches.append((sum(each.cost for each in batch), batch))
    batches.sort(key=lambda item: -item[0])
    return [
        Order(
            version=VERSION,
            burnish=__version__,
            library=llvm_name(task.library),
            codegen=task.codegen,
            road=task.road,
            timeout=task.timeout,
            units=tuple(map(_ordered, chosen)),
        )
        for _, chosen in batches
    ]


def _ordered(portion: Portion) -> OrderedUnit:
    unit = portion.unit
    return OrderedUnit(
        name=unit.name,
        key=portion.key,
        members=tuple(
            OrderedMember(
                digest=member.bitcode.name,
                label=member.label,
                promote=member.promote,
                dead=member.dead,
                other_copies=member.other_copies,
            )
            for member in unit.members
        ),
        outputs=len(unit.outputs),
        shard=portion.shard,
        sources=dict(portion.sources),
        imports=unit.imports,
        visible=unit.visible,
        hidden=unit.hidden,
        elsewhere=unit.elsewhere,
        remarks=unit.remarks is not None,
    )


@dataclass(kw_only=True, slots=True)
class Asking:
    """One link's orders.

    Attributes:
        cache: this machine's; all contents of the orders lie in it.
        accept: takes each answer once.
    """

    orders: Sequence[Order]
    cache: Cache
    library: Path
    accept: Callable[[Answer], None]
    _data: list[bytes] = field(default_factory=list)
    _handles: dict[str, object] = field(default_factory=dict)
    _work: list[OrderRow] = field(default_factory=list)
    _sent: set[int] = field(default_factory=set)
    _stop: threading.Event = field(default_factory=threading.Event)

    def run(self, cluster: Cluster, *, jobs: int) -> ClusterRow:
        """Have all of them done, there or with ``jobs`` at a time here.

        Raises:
            LtoError, StoreError: an order failed here too.
            UnicodeEncodeError: a symbol's name is no text.
        """
        self._data = [encode(order) for order in self.orders]
        keep_in(self.cache)
        here = ThreadPoolExecutor(max_workers=jobs)
        lost: list[str] = []
        began = time.perf_counter()
        try:
            try:
                self._handles = dict(cluster.share(self._blobs(range(len(self.orders)))))
                reached: Cluster | None = cluster
            except ClusterError as error:
                lost.append(error.message)
                reached = None
            sharing = time.perf_counter() - began
            together = Together[Answer](
                cluster=reached,
                send=self._send,
                here=here,
                slots=jobs,
                do=self._do,
                judge=self._judge,
                accept=self._accept,
            )
            tally = together.run(len(self.orders))
        finally:
            self._stop.set()
            here.shutdown(wait=True, cancel_futures=True)
            keep_in(None)
        return ClusterRow(
            machines=tuple(machine.greeting.host for machine in cluster.machines),
            orders=len(self.orders),
            there=tally.there,
            here=tally.here,
            again=tally.again,
            twice=tally.twice,
            sent=cluster.sent,
            sharing=sharing,
            work=tuple(self._work),
            lost=tuple(dict.fromkeys([*lost, *tally.lost]))[:_REASONS],
        )

    def _accept(self, number: int, answer: Answer) -> None:
        units = tuple(unit.name for unit in self.orders[number].units)
        self._work.append(OrderRow(host=answer.host, units=units, wall=answer.wall))
        self.accept(answer)

    def _blobs(self, numbers: Sequence[int]) -> list[Blob]:
        digests = dict.fromkeys(digest for number in numbers for digest in self.orders[number].contents())
        return [kept(digest, self.cache) for digest in digests]

    def _send(self, cluster: Cluster, number: int) -> "Future[Any]":
        if number in self._sent:
            # Its contents may have been lost with a machine.
            self._handles |= cluster.share(self._blobs([number]))
        self._sent.add(number)
        handles: Any = [self._handles[digest] for digest in self.orders[number].contents()]
        return cluster.executor.submit(work, self._data[number], handles)

    def _do(self, here: Executor, number: int) -> "Future[Any]":
        do = partial(perform, cache=self.cache, library=self.library, stop=self._stop)
        return here.submit(do, self._data[number], self._blobs([number]))

    def _judge(self, number: int, outcome: Any, *, here: bool) -> Answer | str:  # noqa: ANN401 - from elsewhere
        answer = _checked(outcome, self.orders[number], self.cache)
        if answer.trouble is None and not answer.missing:
            return answer
        if here:
            raise _error(answer.trouble) if answer.trouble else LtoError(
                "the cache lost modules while the link ran", hint="build again"
            )  # fmt: skip
        if answer.trouble is not None:
            return f"{answer.host}: {answer.trouble.message}"
        return f"{answer.host}: {len(answer.missing)} modules were gone there"


def _checked(outcome: Any, order: Order, cache: Cache) -> Answer:  # noqa: ANN401 - from elsewhere
    """An answer that is whole: of these units, with objects that are in the cache.

    Raises:
        ClusterError: it is not.
    """
    data, blobs = outcome
    answer = read_answer(data)
    if answer.trouble is not None or answer.missing:
        return answer
    if [(made.name, len(made.outputs)) for made in answer.made] != [(unit.name, unit.outputs) for unit in order.units]:
        raise ClusterError(f"{answer.host} made other units than it was asked to")
    for blob in blobs:
        if blob.data is not None:
            # received, but this machine's cache could not take it
            cache.put(blob.data, blob.digest)
    for made in answer.made:
        for digest in made.contents():
            if not cache.blob(digest).is_file():
                raise ClusterError(f"{answer.host} named an object that it did not send")
    return answer


def _error(trouble: Trouble) -> Exception:
    match trouble.kind:
        case Kind.LLVM:
            return LlvmError(trouble.message, hint=trouble.hint)
        case Kind.UNSUPPORTED:
            return UnsupportedError(trouble.message, hint=trouble.hint)
        case Kind.PLACE:
            return StoreError(trouble.message, hint=trouble.hint)
        case Kind.BUG:
            return RuntimeError(trouble.message)
