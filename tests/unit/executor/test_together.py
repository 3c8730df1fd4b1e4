"""The run of jobs with this machine as last resort, over executors that do as the test says; no clock, no sleep."""

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from typing import Any

import pytest

from burnish.errors import ClusterError, LlvmError
from burnish.executor.blob import Blob
from burnish.executor.port import Machine
from burnish.executor.together import Tally, Together


class GoneError(Exception):
    """What an executor raises when it has lost a job."""


@dataclass
class Fake:
    """A cluster whose answers are a script: job -> answers in turn; None never comes."""

    script: dict[int, list[Any]]
    machines: Sequence[Machine] = ()
    sent: int = 0
    given: list[int] = field(default_factory=list)

    @property
    def executor(self) -> Executor:
        raise NotImplementedError

    def share(self, blobs: Iterable[Blob]) -> Mapping[str, object]:
        raise NotImplementedError

    def close(self) -> None:
        """Nothing."""


def answer(future: "Future[Any]", outcome: Any) -> "Future[Any]":
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    elif outcome is not None:
        future.set_result(outcome)
    return future


@dataclass
class Run:
    tally: Tally
    results: dict[int, str]
    here: list[int]


def run(
    script: dict[int, list[Any]],
    *,
    jobs: int,
    here: Callable[[int], Any] = lambda job: f"here {job}",
    silent: bool = False,
) -> Run:
    """Run jobs; time goes on only where the cluster is silent, by a second with each look at the clock."""
    done_here: list[int] = []
    results: dict[int, str] = {}
    clock = itertools.count()

    def send(cluster: Any, job: int) -> "Future[Any]":
        cluster.given.append(job)
        outcome = script[job].pop(0)
        if isinstance(outcome, ClusterError):
            raise outcome
        return answer(Future(), outcome)

    def do(_executor: Executor, job: int) -> "Future[Any]":
        done_here.append(job)
        return answer(Future(), here(job))

    def accept(job: int, result: "_Result") -> None:
        assert job not in results, "a job's result is taken once"
        results[job] = result.text

    def judge(_job: int, outcome: Any, /, *, here: bool) -> "_Result | str":
        del here
        return str(outcome) if str(outcome).startswith("lost") else _Result(outcome)

    together = Together[_Result](
        cluster=Fake(script), send=send, here=None, slots=2, do=do, judge=judge,  # type: ignore[arg-type]
        accept=accept, patience=3.0, now=lambda: float(next(clock)) if silent else 0.0,
    )  # fmt: skip
    return Run(tally=together.run(jobs), results=results, here=done_here)


@dataclass
class _Result:
    text: str


def test_a_cluster_that_answers_does_all() -> None:
    done = run({0: ["a"], 1: ["b"], 2: ["c"]}, jobs=3)
    assert done.results == {0: "a", 1: "b", 2: "c"}
    assert (done.tally.there, done.tally.here, done.tally.again) == (3, 0, 0)


def test_a_lost_job_is_given_again() -> None:
    done = run({0: [GoneError("killed"), "a"]}, jobs=1)
    assert done.results == {0: "a"}
    assert done.tally.again == 1
    assert done.tally.lost == ["GoneError: killed"]


def test_a_job_lost_twice_is_done_here() -> None:
    done = run({0: [GoneError(), "lost: no space"], 1: ["b"]}, jobs=2)
    assert done.results == {0: "here 0", 1: "b"}
    assert (done.tally.there, done.tally.here) == (1, 1)


def test_a_cluster_that_takes_nothing_more_is_given_up() -> None:
    done = run({0: ["a"], 1: [ClusterError("gone")], 2: ["c"]}, jobs=3)
    assert done.results == {0: "a", 1: "here 1", 2: "here 2"}
    assert done.here == [1, 2]


def test_a_silent_cluster_is_helped_and_the_first_answer_counts() -> None:
    done = run({0: [None], 1: [None], 2: [None]}, jobs=3, silent=True)
    assert done.results == {job: f"here {job}" for job in range(3)}
    assert done.tally.twice == 3


def test_what_fails_here_is_the_runs_error() -> None:
    with pytest.raises(LlvmError, match="its own words"):
        run({0: [GoneError(), GoneError()]}, jobs=1, here=lambda _job: LlvmError("its own words"))


def test_no_jobs_no_work() -> None:
    assert run({}, jobs=0).tally == Tally()
