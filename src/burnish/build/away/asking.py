"""A tune's shared builds on a cluster: given out ahead of when they are asked for, taken in as they come.

One order at a time for each worker, as cargo takes all cores of its machine. A worker's first order is a trial: a build
that was made here as well; one whose file differs is left aside. Nothing here waits without an end: what a worker lost
or does not answer is built by whoever asks. And each order has a limit that the worker keeps by itself: what is not
heard of any more has ended then, and does not run beside a measurement.
"""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, wait
from dataclasses import dataclass, field
from typing import Any

import msgspec

from burnish.build.away.hands import Hand, Standing, choose
from burnish.build.away.order import Answer, Order, encode, read_answer
from burnish.build.away.performing import work
from burnish.build.plan import cell
from burnish.cache import Cache
from burnish.errors import ClusterError
from burnish.executor.blob import Blob, kept
from burnish.executor.port import Cluster, Machine
from burnish.executor.reachable import listens
from burnish.profile.profile import Profile
from burnish.units import format_seconds

#: Seconds between two looks at what came back, at whether the workers are still there, and at whether all is at rest.
_LOOK = 0.25
_PRESENCE = 2.0
_REST = 2.0
#: Seconds for an answer to travel, beyond what an order may take.
_GRACE = 5.0
#: Share of its limit after which an order is given to a second worker as well, where one is idle.
_SUSPECT = 0.5
#: Troubles of a worker before it is left aside.
_TROUBLES = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Received:
    """A build that came back; its file lies in this machine's cache."""

    answer: Answer
    product: Blob
    hand: Hand


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """What all orders of a tune share.

    Attributes:
        order: any of them; another profile makes it another. Its ``boot`` is this machine's.
        parts: the sources' contents.
    """

    order: Order
    parts: tuple[bytes, ...]


@dataclass(slots=True)
class Away:
    """The cluster's side of one tune.

    Args:
        limit: seconds that an order may take, on a worker as fast as this machine.
        judge: of a worker's trial: why it cannot be used, empty where it can; may set the hand's factors.
        say: told of what is lost, for people.
        detail: told of what is given and what comes, for who wants to know.
        listens: whether anybody does at a worker's address.
    """

    cluster: Cluster
    work: Work
    cache: Cache
    limit: float
    judge: Callable[[Received], str]
    say: Callable[[str], None]
    detail: Callable[[str], None]
    now: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep
    listens: Callable[[Machine], bool] = lambda machine: listens(machine.address)
    lost: list[str] = field(default_factory=list)
    hands: list[Hand] = field(default_factory=list)
    _beside: list[Hand] = field(default_factory=list)
    _trial: Profile | None = None
    _wanted: list[Profile] = field(default_factory=list)
    _done: dict[Profile, Received] = field(default_factory=dict)
    _failed: set[Profile] = field(default_factory=set)
    _seen: float = -math.inf
    _rested: float = -math.inf

    def __post_init__(self) -> None:
        self.hands = [Hand(machine, here=self._is_here(machine)) for machine in self.cluster.machines]
        # Of no use for this tune, but others may give them work, too.
        unfit = [refused.machine for refused in self.cluster.refused if refused.machine is not None]
        self._beside = [
            Hand(machine, here=True, standing=Standing.ASIDE) for machine in unfit if self._is_here(machine)
        ]

    def _is_here(self, machine: Machine) -> bool:
        return machine.greeting.boot in {"", self.work.order.boot}

    def begin(self, trial: Profile, *, early: bool) -> None:
        """Say what a worker is tried with; ``early``: on other machines than this one at once."""
        self._trial = trial
        if early:
            self._give(elsewhere=True, early=True)

    def want(self, profiles: Iterable[Profile]) -> None:
        """Say what will be asked for soon, the likeliest first; what was said before and not begun is forgotten."""
        self._look()
        self._take()
        self._wanted = list(profiles)
        self._give()

    def fetch(self, profile: Profile) -> Received | None:
        """The build of a candidate that was given out, once it is there; None: it must be built here."""
        while True:
            self._take()
            self._give()
            hands = self._hands_of(profile)
            if profile in self._done or not hands:
                return self._done.get(profile)
            self._give_up(hands)
            self._give_again(profile, hands)
            self._wait(hands)

    def rest(self) -> None:
        """Wait until nothing is built on this very machine, so that something can be measured here; others go on.

        Cheap where it was asked for a moment ago: before each round of a measurement.

        Raises:
            ClusterError: a worker here is at work for somebody else, and stays so.
        """
        here = [hand for hand in (*self.hands, *self._beside) if hand.here]
        given = any(hand.future is not None for hand in here)
        if not given and self.now() - self._rested < _REST:
            return
        self._take()
        self._give(elsewhere=True)
        until = self.now() + self.limit + _GRACE
        said = False
        while busy := self._at_work(here):
            if not (said or given):
                self.say(f"waiting for the worker {busy[0].label} on this machine, which is at work for somebody else")
                said = True
            if self.now() > max(until, *(hand.until for hand in busy)):
                raise ClusterError(
                    f"the worker {busy[0].label} is at work for somebody else on this machine: nothing is measured "
                    "beside a build",
                    hint="end it, or name a cluster whose workers are other machines; what is done is kept",
                )
            self._wait(busy)
            self._take()
        self._rested = self.now()

    def _at_work(self, here: Sequence[Hand]) -> list[Hand]:
        """Workers of this machine that may be building; who is dead builds nothing."""
        self._give_up(here)
        if busy := [hand for hand in here if hand.future is not None]:
            return busy
        there = [hand for hand in here if self.listens(hand.machine)]
        asked = [hand for hand in there if not hand.deaf]
        counts = self.cluster.at_work([hand.machine for hand in asked]) if asked else {}
        for hand in asked:
            if hand.machine.address not in counts:
                hand.deaf = True
                self._leave(hand, "it does not answer")
        # Of who does not answer nothing is known but when what it was given has ended by itself.
        return [
            hand for hand in there if (self.now() < hand.until if hand.deaf else counts.get(hand.machine.address, 0))
        ]

    def since(self, profile: Profile) -> float | None:
        """Seconds that a candidate has been under way, infinity where it is there; None where nobody has it."""
        self._take()
        if profile in self._done:
            return math.inf
        return max((self.now() - hand.began for hand in self._hands_of(profile)), default=None)

    def close(self) -> None:
        """Let go of the cluster; what is under way there is forgotten."""
        self._wanted = []
        for hand in self.hands:
            if hand.future is not None:
                hand.future.cancel()
        self.cluster.close()

    def _hands_of(self, profile: Profile) -> list[Hand]:
        return [hand for hand in self.hands if hand.job == profile and hand.standing is Standing.TRUSTED]

    def _give_up(self, hands: Iterable[Hand]) -> None:
        """Wait no longer for who should have answered by now."""
        for hand in hands:
            if hand.future is not None and self.now() > hand.until:
                self._leave(hand, f"no answer for {self.now() - hand.began:.0f} s")

    def _wait(self, hands: Sequence[Hand]) -> None:
        futures = [hand.future for hand in hands if hand.future is not None]
        if futures:
            wait(futures, timeout=_LOOK, return_when=FIRST_COMPLETED)
        else:
            self.pause(_LOOK)
        self._look()

    def _look(self, *, at_once: bool = False) -> None:
        """Leave aside whoever is not there any more: what it was given would never end."""
        if not at_once and self.now() - self._seen < _PRESENCE:
            return
        if all(hand.standing is Standing.ASIDE for hand in self.hands):
            return
        self._seen = self.now()
        try:
            present = self.cluster.present()
        except ClusterError as error:
            for hand in self.hands:
                self._leave(hand, error.message, quietly=True)
            self._tell(f"the cluster is lost, everything is built here: {error.message}")
            return
        for hand in self.hands:
            if hand.machine.address not in present:
                self._leave(hand, "it is not there any more")

    def _leave(self, hand: Hand, reason: str, *, quietly: bool = False) -> None:
        if hand.standing is not Standing.ASIDE and not quietly:
            self._tell(f"the worker {hand.label} is left aside: {reason}")
        if hand.future is not None:
            hand.future.cancel()
        hand.standing, hand.job, hand.future, hand.handles = Standing.ASIDE, None, None, {}

    def _tell(self, text: str) -> None:
        self.lost.append(text)
        self.say(text)

    def _give(self, *, elsewhere: bool = False, early: bool = False) -> None:
        """Give each idle worker, ``elsewhere`` none of this machine, what is likeliest, or its trial."""
        for hand in self.hands:
            if not hand.idle or (elsewhere and hand.here) or self._trial is None:
                continue
            if hand.standing is Standing.NEW:
                # Nobody is tried where nothing is wanted; but who is far away may begin early.
                if self._wanted or early:
                    self._send(hand, self._trial)
                continue
            if (profile := self._next_for(hand)) is not None:
                self._send(hand, profile)

    def _next_for(self, hand: Hand) -> Profile | None:
        trusted = [other for other in self.hands if other.standing is Standing.TRUSTED]
        begun = {other.job for other in trusted} | self._done.keys() | self._failed
        others = {held for other in trusted if other is not hand for held in other.cells}
        return choose([each for each in self._wanted if each not in begun], hand.cells, others)

    def _give_again(self, profile: Profile, hands: Sequence[Hand]) -> None:
        """Give a candidate that is waited for to a second worker, where the first is slow and another has nothing."""
        if len(hands) != 1 or self.now() - hands[0].began < _SUSPECT * self.limit:
            return
        for hand in self.hands:
            if hand.idle and hand.standing is Standing.TRUSTED:
                self._send(hand, profile)
                return

    def _send(self, hand: Hand, profile: Profile) -> None:
        try:
            handles: Any = self._shared_with(hand)
            hand.began = self.now()
            limit = self.limit * hand.pace
            hand.until = hand.began + limit + _GRACE
            order = msgspec.structs.replace(self.work.order, profile=profile, limit=limit, until=hand.until)
            hand.future = self.cluster.executor_of(hand.machine).submit(work, encode(order), handles)
        except Exception as error:  # noqa: BLE001 - whatever an executor raises, it takes no more orders
            self._leave(hand, _words(error))
            return
        hand.job = profile
        hand.cells.add(cell(profile))
        self.detail(f"given to the worker {hand.label}: {profile.code_id}")

    def _shared_with(self, hand: Hand) -> list[object]:
        """The sources for one worker: what others hold may go with them."""
        if not hand.handles:
            blobs = [kept(self.cache.put(part), self.cache) for part in self.work.parts]
            hand.handles = dict(self.cluster.share(blobs, [hand.machine]))
        return [hand.handles[digest] for digest in self.work.order.contents()]

    def _take(self) -> None:
        """Take in what has come back."""
        for hand in self.hands:
            future, profile = hand.future, hand.job
            if future is None or profile is None or not future.done():
                continue
            hand.future, hand.job = None, None
            try:
                self._conclude(hand, profile, future.result())
            except (Exception, CancelledError) as error:  # noqa: BLE001 - a worker's, or of the way to it
                hand.handles = {}
                self._trouble(hand, _words(error))
                self._look(at_once=True)

    def _conclude(self, hand: Hand, profile: Profile, outcome: Any) -> None:  # noqa: ANN401 - from elsewhere
        data, blobs = outcome
        answer = read_answer(data)
        if answer.missing:
            # Sent anew, under new names.
            hand.handles = {}
            self._trouble(hand, "the sources were gone there")
            return
        if answer.trouble:
            if answer.late:
                # Another worker would not be faster: it is built here, without a limit.
                self._failed.add(profile)
            self._trouble(hand, answer.trouble)
            return
        if answer.failed is not None:
            # Whether the candidate is to blame or the machine is found out here.
            self._failed.add(profile)
            if hand.standing is Standing.NEW:
                self._leave(hand, f"it does not build what this machine does: {_first(answer.failed.error)}")
            return
        (product,) = blobs
        if product.digest != answer.product:
            raise ClusterError("another file came than was named")
        received = Received(answer=answer, product=product, hand=hand)
        if hand.standing is Standing.NEW:
            self._conclude_trial(received)
            return
        self._done[profile] = received
        self.detail(f"from the worker {hand.label}: {profile.code_id}, {format_seconds(answer.wall)}")

    def _conclude_trial(self, received: Received) -> None:
        hand = received.hand
        if reason := self.judge(received):
            self._leave(hand, reason)
            return
        hand.standing = Standing.TRUSTED
        words = format_seconds(received.answer.wall)
        self.detail(f"the worker {hand.label} builds what this machine does, in {words}")

    def _trouble(self, hand: Hand, reason: str) -> None:
        hand.troubles += 1
        if hand.troubles >= _TROUBLES:
            self._leave(hand, reason)
        else:
            self.lost.append(f"the worker {hand.label}: {reason}")


def _first(text: str) -> str:
    return text.partition("\n")[0]


def _words(error: BaseException) -> str:
    match error:
        case ClusterError():
            return error.message
        case CancelledError():
            return "what it was given was lost"
        case _:
            return f"{type(error).__name__}: {error}"
