"""A tune's builds on machines that do as the test says: who is given what, who is believed, and what ends a wait.

No clock: time goes on by a second with each pause, and by what a machine takes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import CancelledError, Executor, Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
from build_orders import BUILD, ORDER

from burnish.build.away import asking
from burnish.build.away.asking import Away, Received, Work
from burnish.build.away.hands import Hand, Standing, choose
from burnish.build.away.order import Answer, Order, encode, read_order
from burnish.build.plan import cell
from burnish.build.values import FailedBuild, Road
from burnish.cache import Cache
from burnish.digests import digest_of
from burnish.errors import ClusterError
from burnish.executor.blob import Blob
from burnish.executor.greeting import Greeting
from burnish.executor.port import Machine, Refused
from burnish.profile.profile import Profile

BASE, FAT, THIN, SMALL, ONE = (
    Profile.parse(f"{code}-unwind-debuginfo")
    for code in ("o3-false-cgu16", "o3-fat-cgu16", "o3-thin-cgu16", "oz-fat-cgu16", "o3-fat-cgu1")
)
PART = b"sources"
HERE, THERE = "this boot", "that boot"
LIMIT = 60.0


class GoneError(Exception):
    """What an executor raises when it has lost a job."""


def machine(name: str, boot: str = THERE) -> Machine:
    return Machine(
        address=f"tls://{name}:1",
        greeting=Greeting(burnish="0", host=name, boot=boot, cpu="c", cores=2, free=1),
        slots=1,
    )


@dataclass
class Fake:
    """A cluster whose futures the test ends."""

    machines: Sequence[Machine]
    sent: int = 0
    gone: set[str] = field(default_factory=set)
    lost: bool = False
    deaf: set[str] = field(default_factory=set)
    others: dict[str, list[int]] = field(default_factory=dict)
    given: list[tuple[str, Order, "Future[Any]"]] = field(default_factory=list)
    shared: list[str] = field(default_factory=list)
    closed: bool = False
    refused: Sequence[Refused] = ()

    @property
    def executor(self) -> Executor:
        raise NotImplementedError

    def executor_of(self, machine: Machine) -> Executor:
        return _Executor(self, machine.greeting.host)

    def present(self) -> frozenset[str]:
        if self.lost:
            raise ClusterError("the scheduler does not answer")
        return frozenset(each.address for each in self.machines if each.greeting.host not in self.gone)

    def at_work(self, machines: Sequence[Machine]) -> Mapping[str, int]:
        names = {each.address: each.greeting.host for each in machines}
        counts = {address: self.others.get(name, [0]) for address, name in names.items() if name not in self.deaf}
        return {address: count.pop(0) if len(count) > 1 else count[0] for address, count in counts.items()}

    def share(self, blobs: Iterable[Blob], machines: Sequence[Machine] | None = None) -> Mapping[str, object]:
        assert machines is not None
        (host,) = (machine.greeting.host for machine in machines)
        if host in self.deaf:
            raise ClusterError("the cluster took no contents")
        self.shared.append(host)
        return {blob.digest: (host, len(self.shared)) for blob in blobs}

    def close(self) -> None:
        self.closed = True

    def of(self, host: str) -> "Future[Any]":
        """What the machine was given last."""
        return next(future for name, _, future in reversed(self.given) if name == host)

    def profiles(self, host: str) -> list[Profile]:
        return [order.profile for name, order, _ in self.given if name == host]


@dataclass
class _Executor(Executor):
    cluster: Fake
    host: str

    def submit(self, _function: Any, /, order: bytes, _handles: Any) -> "Future[Any]":  # type: ignore[override]
        future: Future[Any] = Future()
        self.cluster.given.append((self.host, read_order(order), future))
        return future


@dataclass
class Stage:
    """An `Away`, its cluster, and what it said."""

    cluster: Fake
    away: Away
    said: list[str]
    clock: list[float]

    def pass_time(self, seconds: float) -> None:
        self.clock[0] += seconds

    def once(self, condition: Callable[[], bool], act: Callable[[], object]) -> None:
        """From here on each look at the clock takes a second; once the condition holds, act."""
        todo = [act]

        def now() -> float:
            self.pass_time(1.0)
            if todo and condition():
                todo.pop()()
            return self.clock[0]

        self.away.now = now

    def made(self, host: str, profile: Profile) -> None:
        """The machine has done what it was given."""
        content = f"{host} {profile.id}".encode()
        blob = Blob(digest_of(content), len(content), data=content)
        build = msgspec.structs.replace(
            Answer(host=host, wall=1.0, product=blob.digest, name="app"),
            build=msgspec.convert({**msgspec.to_builtins(BUILD), "profile": msgspec.to_builtins(profile)}, type(BUILD)),
        )
        self.cluster.of(host).set_result((encode(build), (blob,)))

    def answered(self, host: str, **changes: Any) -> None:
        self.cluster.of(host).set_result((encode(Answer(host=host, wall=1.0, **changes)), ()))

    def trusted(self, *hosts: str) -> "Stage":
        """All of them have built what this machine has built."""
        self.away.want([FAT])
        for host in hosts:
            self.made(host, BASE)
        self.away.want([])
        return self

    def hand(self, host: str) -> Hand:
        return next(hand for hand in self.away.hands if hand.name == host)


def stage(
    tmp_path: Path, *machines: Machine, differs: str = "", early: bool = False, unfit: Sequence[Machine] = ()
) -> Stage:
    refused = [Refused(address=each.address, reason="another rustc", machine=each) for each in unfit]
    cluster = Fake(machines=machines, refused=[*refused, Refused(address="tls://mute:1", reason="it does not answer")])
    said: list[str] = []
    clock = [100.0]

    def pause(seconds: float) -> None:
        clock[0] += max(1.0, seconds)

    def judge(received: Received) -> str:
        return "another file" if received.hand.name == differs else ""

    order = msgspec.structs.replace(ORDER, parts=(digest_of(PART),), profile=BASE, boot=HERE)
    away = Away(
        cluster=cluster,
        work=Work(order=order, parts=(PART,)),
        cache=Cache(tmp_path),
        limit=LIMIT,
        judge=judge,
        say=said.append,
        detail=lambda _: None,
        now=lambda: clock[0],
        pause=pause,
        listens=lambda machine: machine.greeting.host not in cluster.gone,
    )
    away.begin(BASE, early=early)
    return Stage(cluster, away, said, clock)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    # Futures end when the test says so, not while somebody waits: what waits looks at the clock again and again.
    monkeypatch.setattr(asking, "_PRESENCE", 0.0)
    monkeypatch.setattr(asking, "_LOOK", 0.0)


def test_a_machine_is_tried_before_it_is_given_candidates(tmp_path: Path) -> None:
    at = stage(tmp_path, machine("a"))
    assert at.cluster.given == [], "nothing is wanted yet"
    at.away.want([FAT, THIN])
    assert at.cluster.profiles("a") == [BASE]
    assert at.away.fetch(FAT) is None, "who is not trusted yet is not waited for"
    at.made("a", BASE)
    at.away.want([FAT, THIN])
    assert at.cluster.profiles("a") == [BASE, FAT]
    at.made("a", FAT)
    received = at.away.fetch(FAT)
    assert received is not None
    assert received.product.data == b"a " + FAT.id.encode()
    assert at.cluster.profiles("a") == [BASE, FAT, THIN], "the next is given as soon as one is done"
    assert at.cluster.shared == ["a"], "sources travel once"


def test_who_is_far_away_begins_at_once_and_who_is_here_only_when_something_is_wanted(tmp_path: Path) -> None:
    at = stage(tmp_path, machine("near", HERE), machine("far"), machine("unknown", ""), early=True)
    assert [host for host, *_ in at.cluster.given] == ["far"]
    at.away.want([FAT])
    assert [host for host, *_ in at.cluster.given] == ["far", "near", "unknown"]


def test_a_machine_whose_trial_differs_is_left_aside_and_named(tmp_path: Path) -> None:
    at = stage(tmp_path, machine("a"), machine("b"), differs="a").trusted("a", "b")
    assert at.hand("a").standing is Standing.ASIDE
    assert at.said == ["the worker a (tls://a:1) is left aside: another file"]
    at.away.want([FAT, THIN])
    assert at.cluster.profiles("a") == [BASE]
    assert at.cluster.profiles("b") == [BASE, FAT]


def test_each_machine_links_over_the_libraries_that_it_has(tmp_path: Path) -> None:
    at = stage(tmp_path, machine("a"), machine("b")).trusted("a", "b")
    at.away.want([SMALL, FAT, THIN])
    assert at.cluster.profiles("a")[-1] == FAT, "the cell of the trial"
    assert at.cluster.profiles("b")[-1] == THIN
    at.made("a", FAT)
    at.made("b", THIN)
    at.away.want([SMALL, ONE])
    assert (at.cluster.profiles("a")[-1], at.cluster.profiles("b")[-1]) == (SMALL, ONE)


def test_the_choice_is_a_link_then_a_cell_of_its_own_then_the_first() -> None:
    todo = [SMALL, FAT, ONE]
    assert choose(todo, {cell(FAT)}, {cell(SMALL)}) == FAT
    assert choose(todo, set(), {cell(SMALL), cell(FAT)}) == ONE
    assert choose(todo, set(), {cell(each) for each in todo}) == SMALL
    assert choose([], {cell(FAT)}, set()) is None


def test_what_a_machine_fails_at_is_found_out_here(tmp_path: Path) -> None:
    at = stage(tmp_path, machine("a")).trusted("a")
    at.away.want([FAT, THIN])
    at.answered("a", failed=FailedBuild(profile=FAT, road=Road.SHARED, error="error: no\nmore"))
    assert at.away.fetch(FAT) is None
    at.away.want([FAT, THIN])
    assert at.cluster.profiles("a") == [BASE, FAT, THIN], "it is not asked for again, and the machine is not blamed"
    assert at.hand("a").standing is Standing.TRUSTED


def test_a_machine_that_does_not_even_build_the_baseline_is_left_aside(tmp_path: Path) -> None:
    at = stage(tmp_path, machine("a"))
    at.away.want([FAT])
    at.answered("a", failed=FailedBuild(profile=BASE, road=Road.SHARED, error="error: no cc\nmore"))
    at.away.want([FAT])
    assert at.said == ["the worker a (tls://a:1) is left aside: it does not build what this machine does: error: no cc"]


def test_a_trouble_is_forgiven_once(tmp_path: Path) -> None:
    at = stage(tmp_path, machine("a")).trusted("a")
    at.away.want([FAT])
    at.answered("a", trouble="No space left on device")
    at.away.want([FAT])
    assert at.cluster.profiles("a") == [BASE, FAT, FAT]
    at.cluster.of("a").set_exception(GoneError("lost"))
    assert at.away.fetch(FAT) is None
    assert at.hand("a").standing is Standing.ASIDE
    assert at.away.lost == [
        "the worker a (tls://a:1): No space left on device",
        "the worker a (tls://a:1) is left aside: GoneError: lost",
    ]


def test_sources_that_are_gone_are_sent_anew(tmp_path: Path) -> None:
    at = stage(tmp_path, machine("a")).trusted("a")
    at.away.want([FAT])
    at.answered("a", missing=(digest_of(PART),))
    at.away.want([FAT])
    assert at.cluster.shared == ["a", "a"]
    at.made("a", FAT)
    assert at.away.fetch(FAT) is not None


def test_a_worker_that_takes_no_sources_does_not_keep_the_others_from_work(tmp_path: Path) -> None:
    at = stage(tmp_path, machine("hangs"), machine("b"))
    at.cluster.deaf.add("hangs")
    at.away.want([FAT])
    assert at.said == ["the worker hangs (tls://hangs:1) is left aside: the cluster took no contents"]
    assert at.cluster.profiles("b") == [BASE]


def test_what_a_cluster_lost_is_sent_again(tmp_path: Path) -> None:
    at = stage(tmp_path, machine("a")).trusted("a")
    at.away.want([FAT])
    at.cluster.of("a").set_exception(CancelledError())
    at.away.want([FAT])
    assert at.away.lost == ["the worker a (tls://a:1): what it was given was lost"]
    assert at.cluster.shared == ["a", "a"]
    at.made("a", FAT)
    assert at.away.fetch(FAT) is not None


def test_what_takes_too_long_on_one_worker_is_not_given_to_the_next(tmp_path: Path) -> None:
    at = stage(tmp_path, machine("a"), machine("b")).trusted("a", "b")
    at.away.want([FAT])
    at.answered("a", trouble="not done within 60 s", late=True)
    at.away.want([FAT])
    assert at.away.fetch(FAT) is None
    assert FAT not in at.cluster.profiles("b")


def test_a_worker_that_is_slower_may_take_longer(tmp_path: Path) -> None:
    at = stage(tmp_path, machine("a")).trusted("a")
    at.hand("a").pace = 3.0
    at.away.want([FAT])
    (_, order, _) = at.cluster.given[-1]
    assert order.limit == 3 * LIMIT
    assert order.until == at.hand("a").until > at.clock[0] + 3 * LIMIT


def test_another_file_than_was_named_is_not_taken(tmp_path: Path) -> None:
    at = stage(tmp_path, machine("a")).trusted("a")
    at.away.want([FAT])
    answer = Answer(host="a", wall=1.0, build=BUILD, product=digest_of(b"x"), name="app")
    at.cluster.of("a").set_result((encode(answer), (Blob(digest_of(b"y"), 1, data=b"y"),)))
    at.away.want([])
    assert at.away.fetch(FAT) is None
    assert "another file came than was named" in at.away.lost[0]


def test_a_machine_that_vanishes_is_not_waited_for(tmp_path: Path) -> None:
    at = stage(tmp_path, machine("a"), machine("b")).trusted("a", "b")
    at.away.want([FAT])
    at.cluster.gone.add("a")
    at.once(lambda: at.cluster.profiles("b")[-1] == FAT, lambda: at.made("b", FAT))
    received = at.away.fetch(FAT)
    assert received is not None
    assert received.hand.name == "b", "who is there is given it"
    assert at.said == ["the worker a (tls://a:1) is left aside: it is not there any more"]


def test_a_cluster_that_is_lost_is_said_once_and_all_is_built_here(tmp_path: Path) -> None:
    at = stage(tmp_path, machine("a"), machine("b")).trusted("a", "b")
    at.away.want([FAT, THIN])
    at.cluster.lost = True
    assert at.away.fetch(FAT) is None
    assert at.away.fetch(THIN) is None
    assert at.said == ["the cluster is lost, everything is built here: the scheduler does not answer"]


def test_a_slow_machine_is_waited_for_as_long_as_its_limit(tmp_path: Path) -> None:
    at = stage(tmp_path, machine("a")).trusted("a")
    at.away.want([FAT])
    began = at.clock[0]
    at.once(lambda: False, lambda: None)
    assert at.away.fetch(FAT) is None
    assert at.clock[0] - began > LIMIT
    assert "is left aside: no answer for" in at.said[0]
    (_, order, _) = at.cluster.given[-1]
    assert order.limit == LIMIT, "the machine ends it by itself"


def test_what_is_waited_for_is_given_to_an_idle_machine_as_well_and_who_is_first_wins(tmp_path: Path) -> None:
    at = stage(tmp_path, machine("slow"), machine("idle")).trusted("slow", "idle")
    at.away.want([FAT])
    at.once(lambda: at.cluster.profiles("idle")[-1] == FAT, lambda: at.made("idle", FAT))
    received = at.away.fetch(FAT)
    assert received is not None
    assert received.hand.name == "idle"
    assert at.said == []
    assert at.hand("slow").standing is Standing.TRUSTED
    at.made("slow", FAT)
    at.away.want([THIN])
    assert at.cluster.profiles("slow") == [BASE, FAT, THIN], "and goes on"


def test_the_time_that_a_candidate_has_been_under_way_is_known(tmp_path: Path) -> None:
    at = stage(tmp_path, machine("a")).trusted("a")
    assert at.away.since(FAT) is None
    at.away.want([FAT])
    at.pass_time(7.0)
    assert at.away.since(FAT) == 7.0
    at.made("a", FAT)
    assert at.away.since(FAT) == float("inf")


def test_nothing_is_measured_beside_a_build_on_this_machine(tmp_path: Path) -> None:
    at = stage(tmp_path, machine("near", HERE), machine("far")).trusted("near", "far")
    at.away.want([FAT, THIN])
    until = at.clock[0] + 10
    at.once(lambda: at.clock[0] >= until, lambda: at.made("near", FAT))
    at.away.rest()
    assert at.clock[0] >= until
    assert not at.cluster.of("far").done(), "others go on"
    assert at.cluster.profiles("near") == [BASE, FAT], "nothing more is given meanwhile"


def test_other_machines_go_on_while_this_one_measures(tmp_path: Path) -> None:
    at = stage(tmp_path, machine("near", HERE), machine("far")).trusted("near", "far")
    at.away.want([FAT, THIN, SMALL, ONE])
    at.made("near", FAT)
    at.made("far", THIN)
    at.away.rest()
    assert at.cluster.profiles("far") == [BASE, THIN, SMALL]
    assert at.cluster.profiles("near") == [BASE, FAT]
    at.made("far", SMALL)
    at.pass_time(10.0)
    at.away.rest()
    assert at.cluster.profiles("far") == [BASE, THIN, SMALL, ONE]


def test_others_orders_on_a_worker_of_this_machine_are_waited_for(tmp_path: Path) -> None:
    at = stage(tmp_path, machine("near", HERE))
    at.cluster.others["near"] = [2, 1, 0]
    began = at.clock[0]
    at.away.rest()
    assert at.clock[0] - began >= 2.0
    assert at.said == ["waiting for the worker near (tls://near:1) on this machine, which is at work for somebody else"]
    assert at.clock[0] - began < LIMIT
    at.pass_time(10.0)
    at.cluster.others["near"] = [1]
    with pytest.raises(ClusterError, match=r"near \(tls://near:1\) is at work for somebody else"):
        at.away.rest()


def test_orders_on_a_worker_that_is_of_no_use_are_waited_for_as_well(tmp_path: Path) -> None:
    at = stage(tmp_path, machine("far"), unfit=[machine("near", HERE), machine("away")])
    at.cluster.others |= {"near": [1], "away": [1]}
    with pytest.raises(ClusterError, match="near"):
        at.away.rest()


def test_whether_all_is_at_rest_is_not_asked_before_each_round(tmp_path: Path) -> None:
    at = stage(tmp_path, machine("near", HERE))
    at.away.rest()
    at.cluster.others["near"] = [1, 0]
    at.away.rest()
    assert at.cluster.others["near"] == [1, 0]
    at.pass_time(10.0)
    at.away.rest()
    assert at.cluster.others["near"] == [0]


def test_a_worker_of_this_machine_that_hangs_is_given_until_its_order_has_ended_by_itself(tmp_path: Path) -> None:
    at = stage(tmp_path, machine("near", HERE)).trusted("near")
    at.away.want([FAT])
    at.away.want([])
    at.cluster.deaf.add("near")
    given = at.clock[0]
    at.cluster.of("near").set_exception(GoneError("lost"))
    at.away.rest()
    assert at.clock[0] - given >= LIMIT
    assert at.hand("near").standing is Standing.ASIDE
    began = at.clock[0]
    at.pass_time(10.0)
    at.away.rest()
    assert at.clock[0] == began + 10.0, "and never again"


def test_a_worker_of_this_machine_that_never_answers_is_left_aside(tmp_path: Path) -> None:
    at = stage(tmp_path, machine("near", HERE)).trusted("near")
    at.away.want([FAT])
    at.once(lambda: False, lambda: None)
    at.away.rest()
    assert "is left aside: no answer for" in at.said[0]
    at.away.rest()
    assert len(at.said) == 1


def test_a_worker_of_this_machine_that_is_dead_is_not_waited_for(tmp_path: Path) -> None:
    at = stage(tmp_path, machine("near", HERE)).trusted("near")
    at.away.want([FAT])
    at.cluster.gone.add("near")
    given = at.clock[0]
    at.away.rest()
    assert at.clock[0] - given < LIMIT / 2


def test_letting_go_gives_back_what_was_not_begun(tmp_path: Path) -> None:
    at = stage(tmp_path, machine("a")).trusted("a")
    at.away.want([FAT])
    at.away.close()
    assert at.cluster.of("a").cancelled()
    assert at.cluster.closed
