"""Jobs on a cluster with this machine as the last resort: each is done, whatever becomes of the cluster.

A job that its machine lost, or could not do, is given to the cluster once more and then done here. Where nothing has
come back for a while the job that has waited longest is done here as well, and who is first wins: a slow machine, one
that hangs, and a network that is gone look alike from here.
"""

import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from burnish.executor.port import Cluster

Result = TypeVar("Result")
Result_co = TypeVar("Result_co", covariant=True)

#: Seconds without a result from the cluster before this machine helps: at first and at most, and at least.
PATIENCE = 10.0
_LEAST_PATIENCE = 2.0
#: Times the longest job that this machine has done, for the same.
_FACTOR = 3.0
#: Times that a job is given to the cluster.
_TRIES = 2
#: Seconds between two looks while the cluster is silent.
_LOOK = 0.5


@dataclass(kw_only=True, slots=True)
class Tally:
    """How it went: jobs done by the cluster and here, given again after a loss, and done twice."""

    there: int = 0
    here: int = 0
    again: int = 0
    twice: int = 0
    lost: list[str] = field(default_factory=list)


class Judge(Protocol[Result_co]):
    """What became of an attempt: a result, or in words why it is none. What it raises of one here ends the run."""

    def __call__(self, job: int, outcome: Any, /, *, here: bool) -> Result_co | str: ...  # noqa: ANN401


@dataclass(slots=True)
class _Attempt:
    job: int
    here: bool
    began: float


@dataclass(kw_only=True, slots=True)
class Together(Generic[Result]):
    """One set of jobs under way.

    Attributes:
        cluster: None where it is gone, or never was.
        send: gives a job to the cluster.
        here: does jobs on this machine; ``slots`` of them at a time.
        do: gives a job to ``here``.
        judge: see `Judge`.
        accept: takes a job's result; called here, once for each job.
    """

    cluster: Cluster | None
    send: Callable[[Cluster, int], "Future[Any]"]
    here: Executor
    slots: int
    do: Callable[[Executor, int], "Future[Any]"]
    judge: "Judge[Result]"
    accept: Callable[[int, Result], None]
    patience: float = PATIENCE
    now: Callable[[], float] = time.monotonic
    tally: Tally = field(default_factory=Tally)
    _running: "dict[Future[Any], _Attempt]" = field(default_factory=dict)
    _tries: dict[int, int] = field(default_factory=dict)
    _done: set[int] = field(default_factory=set)
    _longest: float = 0.0
    _heard: float = 0.0
    _waiting: list[int] = field(default_factory=list)

    def run(self, jobs: int) -> Tally:
        """Do jobs 0 to ``jobs``, begun in this order.

        Raises:
            BurnishError: a job's own, from this machine: then it is not the cluster's.
        """
        for job in range(jobs):
            self._give(job)
        self._heard = self.now()
        while len(self._done) < jobs:
            if self._silence() <= 0:
                self._help()
            self._begin_here()
            ended, _ = wait(self._running, timeout=max(_LOOK, self._silence()), return_when=FIRST_COMPLETED)
            for future in ended:
                self._conclude(future, self._running.pop(future))
        return self.tally

    def _silence(self) -> float:
        """Seconds until the cluster counts as silent."""
        patience = self.patience if self._longest == 0.0 else max(_LEAST_PATIENCE, _FACTOR * self._longest)
        return self._heard + min(patience, self.patience) - self.now()

    def _give(self, job: int) -> None:
        self._tries[job] = self._tries.get(job, 0) + 1
        if self.cluster is None or self._tries[job] > _TRIES:
            self._waiting.append(job)
            return
        try:
            future = self.send(self.cluster, job)
        except Exception as error:  # noqa: BLE001 - whatever an executor raises, it will take no more jobs
            self.tally.lost.append(f"{type(error).__name__}: {error}")
            self.cluster = None
            self._waiting.append(job)
            return
        self._running[future] = _Attempt(job, here=False, began=self.now())

    def _begin_here(self) -> None:
        busy = sum(attempt.here for attempt in self._running.values())
        while self._waiting and busy < self.slots:
            job = self._waiting.pop(0)
            if job in self._done:
                continue
            self._running[self.do(self.here, job)] = _Attempt(job, here=True, began=self.now())
            busy += 1

    def _conclude(self, future: "Future[Any]", attempt: _Attempt) -> None:
        if attempt.job in self._done:
            return
        try:
            judged = self.judge(attempt.job, future.result(), here=attempt.here)
        except Exception as error:
            if attempt.here:
                raise
            judged = f"{type(error).__name__}: {error}"
        if isinstance(judged, str):
            self.tally.lost.append(judged)
            self.tally.again += 1
            self._give(attempt.job)
            return
        if attempt.here:
            self._longest = max(self._longest, self.now() - attempt.began)
        else:
            self._heard = self.now()
        self._done.add(attempt.job)
        self.tally.here += attempt.here
        self.tally.there += not attempt.here
        self.accept(attempt.job, judged)

    def _help(self) -> None:
        """Do here what the cluster has had longest, as much as this machine can at a time."""
        ours = {attempt.job for attempt in self._running.values() if attempt.here} | set(self._waiting)
        theirs = sorted(
            (attempt.began, attempt.job)
            for attempt in self._running.values()
            if not attempt.here and attempt.job not in ours and attempt.job not in self._done
        )
        for _, job in theirs[: max(0, self.slots - len(ours))]:
            self.tally.twice += 1
            self._waiting.append(job)
