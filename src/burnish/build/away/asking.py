"""A tune's shared builds on a cluster: given out ahead of when they are asked for, taken in as they come.

One order at a time for each machine, as cargo takes all of its cores. A machine's first order is a trial: a build that
was made here as well; one whose result differs is left aside. Nothing here waits without an end: what a machine lost or
does not answer is built by whoever asks.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec

from burnish.build.away.order import Answer, Order, encode, read_answer
from burnish.build.away.performing import work
from burnish.cache import Cache
from burnish.errors import ClusterError
from burnish.executor.blob import Blob, kept
from burnish.executor.port import Cluster, Machine
from burnish.profile.profile import Profile

#: Seconds between two looks at what came back, and at whether the workers are still there.
_LOOK = 0.25
_PRESENCE = 2.0
#: Times the longest build so far, and seconds: a machine that takes longer is left aside.
_FACTOR = 3.0
_LEAST_PATIENCE = 30.0
#: Troubles of a machine before it is left aside.
_TROUBLES = 2


class Standing(StrEnum):
    """What is thought of a machine."""

    NEW = "new"
    TRUSTED = "trusted"
    ASIDE = "aside"


@dataclass(slots=True)
class Hand:
    """A machine at work.

    Attributes:
        here: it shares this machine's processor, and must rest while anything is measured.
        factor: seconds of this machine per second of that one.
        made: builds that came back.
    """

    machine: Machine
    here: bool
    standing: Standing = Standing.NEW
    factor: float = 1.0
    made: int = 0
    troubles: int = 0
    job: Profile | None = None
    began: float = 0.0
    future: "Future[Any] | None" = None

    @property
    def name(self) -> str:
        return self.machine.greeting.host

    @property
    def label(self) -> str:
        """For people: several workers may share a host's name."""
        return f"{self.name} ({self.machine.address})"

    @property
    def idle(self) -> bool:
        return self.future is None and self.standing is not Standing.ASIDE


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
        order: any of them; another profile makes it another.
        parts: the sources' contents.
        boot: of this machine, see `burnish.machine.boot_id`.
    """

    order: Order
    parts: tuple[bytes, ...]
    boot: str


@dataclass(slots=True)
class Away:
    """The cluster's side of one tune.

    Args:
        judge: of a machine's trial: why it cannot be used, empty where it can; may set the hand's factor.
        say: told of what is lost, for people.
    """

    cluster: Cluster
    work: Work
    cache: Cache
    judge: Callable[[Received], str]
    say: Callable[[str], None]
    now: Callable[[], float] = time.monotonic
    lost: list[str] = field(default_factory=list)
    hands: list[Hand] = field(default_factory=list)
    _trial: Profile | None = None
    _wanted: list[Profile] = field(default_factory=list)
    _done: dict[Profile, Received] = field(default_factory=dict)
    _failed: set[Profile] = field(default_factory=set)
    _handles: Mapping[str, object] = field(default_factory=dict)
    _seen: float = 0.0

    def __post_init__(self) -> None:
        self.hands = [
            Hand(machine, here=machine.greeting.boot in {"", self.work.boot}) for machine in self.cluster.machines
        ]

    def begin(self, trial: Profile, *, early: bool) -> None:
        """Say what a machine is tried with; ``early``: on other machines than this one at once."""
        self._trial = trial
        if early:
            self._give(resting=True)

    def want(self, profiles: Iterable[Profile]) -> None:
        """Say what will be asked for soon, the likeliest first; what was said before and not begun is forgotten."""
        self._take()
        self._wanted = [profile for profile in profiles if profile not in self._failed]
        self._give()

    def fetch(self, profile: Profile, longest: float) -> Received | None:
        """The build of a candidate that was given out, once it is there; None: it must be built here.

        Args:
            profile: as it was wanted.
            longest: seconds of the longest build so far, for how long a machine is waited for.
        """
        patience = max(_LEAST_PATIENCE, _FACTOR * longest)
        while True:
            self._take()
            self._give()
            if profile in self._done or not (hand := self._hand_of(profile)):
                return self._done.get(profile)
            if self.now() - hand.began > patience:
                self._leave(hand, f"no answer for {patience:.0f} s")
                return None
            self._wait([hand])

    def rest(self, longest: float) -> None:
        """Wait until nothing is built on this very machine, so that something can be measured here."""
        self._wanted = []
        patience = max(_LEAST_PATIENCE, _FACTOR * longest)
        while busy := [hand for hand in self.hands if hand.here and hand.future is not None]:
            for hand in busy:
                if self.now() - hand.began > patience:
                    self._leave(hand, f"no answer for {patience:.0f} s")
            self._wait(busy)
            self._take()

    def close(self) -> None:
        """Let go of the cluster; what is under way there is forgotten."""
        self._wanted = []
        for hand in self.hands:
            if hand.future is not None:
                hand.future.cancel()
        self.cluster.close()

    def _hand_of(self, profile: Profile) -> Hand | None:
        return next((hand for hand in self.hands if hand.job == profile and hand.standing is Standing.TRUSTED), None)

    def _wait(self, hands: Sequence[Hand]) -> None:
        futures = [hand.future for hand in hands if hand.future is not None]
        if futures:
            wait(futures, timeout=_LOOK, return_when=FIRST_COMPLETED)
        self._look()

    def _look(self, *, at_once: bool = False) -> None:
        """Leave aside whoever is not there any more: what it was given would never end."""
        if not at_once and self.now() - self._seen < _PRESENCE:
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
            if hand.standing is not Standing.ASIDE and hand.machine.address not in present:
                self._leave(hand, "it is not there any more")

    def _leave(self, hand: Hand, reason: str, *, quietly: bool = False) -> None:
        if hand.standing is not Standing.ASIDE and not quietly:
            self._tell(f"the worker {hand.label} is left aside: {reason}")
        if hand.future is not None:
            hand.future.cancel()
        hand.standing, hand.job, hand.future = Standing.ASIDE, None, None

    def _tell(self, text: str) -> None:
        self.lost.append(text)
        self.say(text)

    def _give(self, *, resting: bool = False) -> None:
        """Give each idle machine what is likeliest, or its trial."""
        for hand in self.hands:
            if not hand.idle or (resting and hand.here) or self._trial is None:
                continue
            if hand.standing is Standing.NEW:
                # Nobody is tried where nothing is wanted; but who is far away may begin early.
                if self._wanted or resting:
                    self._send(hand, self._trial)
                continue
            under_way = {other.job for other in self.hands if other.standing is Standing.TRUSTED}
            todo = (each for each in self._wanted if each not in under_way and each not in self._done)
            if (profile := next(todo, None)) is not None:
                self._send(hand, profile)

    def _send(self, hand: Hand, profile: Profile) -> None:
        order = encode(msgspec.structs.replace(self.work.order, profile=profile))
        try:
            handles: Any = [self._shared()[digest] for digest in self.work.order.contents()]
            hand.future = self.cluster.executor_of(hand.machine).submit(work, order, handles)
        except Exception as error:  # noqa: BLE001 - whatever an executor raises, it takes no more orders
            self._leave(hand, _words(error))
            return
        hand.job, hand.began = profile, self.now()

    def _shared(self) -> Mapping[str, object]:
        if not self._handles:
            blobs = [kept(self.cache.put(part), self.cache) for part in self.work.parts]
            self._handles = dict(self.cluster.share(blobs))
        return self._handles

    def _take(self) -> None:
        """Take in what has come back."""
        for hand in self.hands:
            future, profile = hand.future, hand.job
            if future is None or profile is None or not future.done():
                continue
            hand.future, hand.job = None, None
            try:
                self._conclude(hand, profile, future.result())
            except Exception as error:  # noqa: BLE001 - a machine's, or of the way to it
                self._trouble(hand, _words(error))
                self._look(at_once=True)

    def _conclude(self, hand: Hand, profile: Profile, outcome: Any) -> None:  # noqa: ANN401 - from elsewhere
        data, blobs = outcome
        answer = read_answer(data)
        if answer.missing:
            # Sent anew, under new names.
            self._handles = {}
            self._trouble(hand, "the sources were gone there")
            return
        if answer.trouble:
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
        hand.made += 1
        if hand.standing is Standing.NEW:
            reason = self.judge(received)
            if reason:
                self._leave(hand, reason)
            else:
                hand.standing = Standing.TRUSTED
            return
        self._done[profile] = received

    def _trouble(self, hand: Hand, reason: str) -> None:
        hand.troubles += 1
        if hand.troubles >= _TROUBLES:
            self._leave(hand, reason)
        else:
            self.lost.append(f"the worker {hand.label}: {reason}")


def _first(text: str) -> str:
    return text.partition("\n")[0]


def _words(error: Exception) -> str:
    return error.message if isinstance(error, ClusterError) else f"{type(error).__name__}: {error}"
