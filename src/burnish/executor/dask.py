"""A cluster of Dask's (`distributed`): scheduler and workers are its own, burnish only asks.

Each worker must have burnish of the same version installed. What travels as a call is a reference to a function of
burnish, bytes, and blobs.
"""

import contextlib
import secrets
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from functools import partial
from typing import Any

import msgspec
from distributed import Client
from distributed.security import Security

from burnish import __version__
from burnish.errors import ClusterError
from burnish.executor.addresses import ClusterSettings, check_safe, is_loopback
from burnish.executor.blob import Blob, own_cache
from burnish.executor.child import under_way
from burnish.executor.greeting import Greeting, greet, read_greeting
from burnish.executor.port import Machine, Refused

#: Seconds for a scheduler to answer, and for a worker to say who it is.
CONNECT = 10.0
ANSWER = 10.0
#: Bytes handed over at a time: they are copied on the way.
_CHUNK = 64 << 20
#: Bytes per second of the slowest network that is waited for.
_SLOWEST = 1 << 20
#: Workers asked at a time.
_ASKED = 32

Fits = Callable[[Greeting], str]


class DaskCluster:
    """A cluster that is spoken to.

    Attributes:
        machines: the workers that fit.
        refused: the others.
        sent: bytes of contents, as they are (Dask may compress them).
    """

    def __init__(self, client: Client, machines: Sequence[Machine], refused: Sequence[Refused]) -> None:
        self.machines = machines
        self.refused = refused
        self._client = client
        self._name = secrets.token_hex(4)
        self._shared = 0
        self.sent = 0

    @property
    def executor(self) -> Executor:
        executor: Executor = self._client.get_executor(
            workers=[machine.address for machine in self.machines], pure=False, retries=0
        )
        return executor

    def executor_of(self, machine: Machine) -> Executor:
        """See `burnish.executor.port.Cluster`."""
        executor: Executor = self._client.get_executor(workers=[machine.address], pure=False, retries=0)
        return executor

    def present(self) -> frozenset[str]:
        """See `burnish.executor.port.Cluster`."""
        try:
            return frozenset(_within(ANSWER, partial(_workers, self._client)))
        except (OSError, Late, RuntimeError, ValueError) as error:
            raise ClusterError(f"the scheduler does not answer: {str(error) or type(error).__name__}") from error

    def at_work(self, machines: Sequence[Machine]) -> Mapping[str, int]:
        """See `burnish.executor.port.Cluster`."""
        answers = _ask(self._client, [machine.address for machine in machines], under_way)
        return {address: answer for address, answer in answers.items() if isinstance(answer, int)}

    def share(self, blobs: Iterable[Blob], machines: Sequence[Machine] | None = None) -> Mapping[str, object]:
        """See `burnish.executor.port.Cluster`."""
        addresses = [machine.address for machine in (self.machines if machines is None else machines)]
        wanted = {blob.digest: blob for blob in blobs}
        # Names are never used twice: a lost content under the same name would be taken for the one that is shared anew.
        self._shared += 1
        prefix = f"burnish-{self._name}-{self._shared}"
        handles: dict[str, object] = {}
        try:
            holders = self._holders(list(wanted), addresses)
            groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
            for digest in wanted:
                groups[tuple(sorted(holders.get(digest, ())))].append(digest)
            for places, digests in groups.items():
                for chunk in _chunks([wanted[digest] for digest in digests]):
                    sent = {f"{prefix}-{blob.digest}": blob.mention() if places else blob for blob in chunk}
                    # Its own timeout is for workers to come, not for one that hangs.
                    scatter = partial(self._client.scatter, direct=True, hash=False, timeout=ANSWER)
                    got = _within(
                        ANSWER + sum(blob.size for blob in chunk) / _SLOWEST,
                        partial(scatter, sent, workers=list(places) or addresses, broadcast=bool(places)),
                    )
                    self.sent += 0 if places else sum(blob.size for blob in chunk)
                    handles |= {key.rpartition("-")[2]: future for key, future in got.items()}
        except (OSError, Late, RuntimeError, ValueError) as error:
            raise ClusterError(f"the cluster took no contents: {str(error) or type(error).__name__}") from error
        return handles

    def _holders(self, digests: list[str], addresses: Sequence[str]) -> dict[str, list[str]]:
        """Which workers hold each content."""
        found: dict[str, list[str]] = defaultdict(list)
        answers = _ask(self._client, addresses, held, digests)
        for address, answer in answers.items():
            if isinstance(answer, list):
                for digest in answer:
                    found[digest].append(address)
        return found

    def close(self) -> None:
        """See `burnish.executor.port.Cluster`."""
        with contextlib.suppress(Exception):
            self._client.close(timeout=2)


def held(digests: list[str]) -> list[str]:
    """Runs on a worker: which of these contents its cache has, by name; a job checks what it takes."""
    cache = own_cache()
    return [digest for digest in digests if cache.blob(digest).is_file()]


def connect(settings: ClusterSettings, fits: Fits) -> DaskCluster:
    """Speak to a cluster.

    Args:
        settings: which, and with what.
        fits: why a machine is of no use, empty where it is.

    Raises:
        UsageError: it is not safe.
        ClusterError: it does not answer, or none of its workers fits.
    """
    check_safe(settings)
    client = _client(settings)
    try:
        machines, refused = _sorted_out(client, settings, fits)
    except BaseException:
        with contextlib.suppress(Exception):
            client.close(timeout=2)
        raise
    return DaskCluster(client, machines, refused)


def _sorted_out(client: Client, settings: ClusterSettings, fits: Fits) -> tuple[list[Machine], list[Refused]]:
    """The workers that fit and the others.

    Raises:
        ClusterError: none fits.
    """
    workers = _workers(client)
    answers = _ask(client, list(workers), greet)
    machines: list[Machine] = []
    refused: list[Refused] = []
    for address, slots in workers.items():
        found = _judge(address, answers.get(address), slots, settings, fits)
        if isinstance(found, Machine):
            machines.append(found)
        else:
            refused.append(found)
    if not machines:
        raise ClusterError(_nobody(settings, refused), hint=_how(refused))
    return machines, refused


def _workers(client: Client) -> dict[str, int]:
    """Address -> jobs at a time, of all workers: `Client.scheduler_info` names five of them in some versions."""
    return {str(address): int(slots) for address, slots in client.nthreads().items()}


def _client(settings: ClusterSettings) -> Client:
    import dask  # noqa: PLC0415

    security: Security | None = None
    if settings.address.scheme == "tls":
        given = settings.credentials
        own = {
            "tls_ca_file": str(given.authority),
            "tls_client_cert": str(given.certificate),
            "tls_client_key": str(given.key),
        } if given else {}  # fmt: skip
        security = Security(require_encryption=True, **own)
    try:
        with dask.config.set({"distributed.comm.retry.count": 0}):
            return Client(
                str(settings.address), timeout=CONNECT, security=security, set_as_default=False, name="burnish",
            )  # fmt: skip
    except Exception as error:
        raise ClusterError(
            f"the cluster at {settings.address} does not answer: {str(error) or type(error).__name__}",
            hint="is the scheduler running there, with the same certificates? docs/cluster.md shows how to start one",
        ) from error


def _judge(address: str, answer: object, slots: int, settings: ClusterSettings, fits: Fits) -> Machine | Refused:
    host = address.partition("://")[2].rpartition(":")[0].strip("[]")
    if not (address.startswith("tls://") or is_loopback(host) or settings.insecure):
        return Refused(address=address, reason="it speaks without TLS beyond its own machine")
    if isinstance(answer, BaseException):
        return Refused(address=address, reason=_reason(answer))
    try:
        greeting = read_greeting(answer) if isinstance(answer, bytes) else None
    except msgspec.MsgspecError:
        greeting = None
    if greeting is None:
        return Refused(address=address, reason="it does not say who it is")
    if greeting.burnish != __version__:
        return Refused(address=address, reason=f"it has burnish {greeting.burnish}, this is {__version__}")
    machine = Machine(address=address, greeting=greeting, slots=slots)
    reason = fits(greeting)
    return Refused(address=address, reason=reason, machine=machine) if reason else machine


def _reason(error: BaseException) -> str:
    if isinstance(error, ImportError):
        return "it has no burnish (or another version of it)"
    if isinstance(error, Late):
        return "it does not answer"
    return f"{type(error).__name__}: {error}"


def _ask(client: Client, addresses: Sequence[str], question: Callable[..., Any], *args: object) -> dict[str, object]:
    """What each worker answers, or the exception; one that hangs does not keep the others waiting."""
    pool = ThreadPoolExecutor(max_workers=_ASKED)
    asked = {
        address: pool.submit(client.run, question, *args, workers=[address], on_error="return") for address in addresses
    }
    answers: dict[str, object] = {}
    until = time.monotonic() + ANSWER
    for address, future in asked.items():
        try:
            answers[address] = future.result(timeout=max(0.0, until - time.monotonic())).get(address)
        except Exception as error:  # noqa: BLE001 - whatever keeps it from answering
            answers[address] = error
    pool.shutdown(wait=False, cancel_futures=True)
    return answers


def _within(seconds: float, call: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever it gives
    """What a call gives; one that hangs is left behind, in a thread that no exit waits for.

    Raises:
        concurrent.futures.TimeoutError: it does not end.
    """
    answer: Future[Any] = Future()

    def run() -> None:
        try:
            answer.set_result(call())
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            answer.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return answer.result(timeout=seconds)


def _nobody(settings: ClusterSettings, refused: Sequence[Refused]) -> str:
    if not refused:
        return f"the cluster at {settings.address} has no workers"
    lines = "".join(f"\n  {each.address}: {each.reason}" for each in refused)
    return f"no worker of the cluster at {settings.address} can be used:{lines}"


def _how(refused: Sequence[Refused]) -> str:
    return "start workers with: dask worker" if not refused else "docs/cluster.md says what a worker needs"


def _chunks(blobs: Sequence[Blob]) -> Iterable[list[Blob]]:
    chunk: list[Blob] = []
    size = 0
    for blob in blobs:
        if chunk and size + blob.size > _CHUNK:
            yield chunk
            chunk, size = [], 0
        chunk.append(blob)
        size += blob.size
    if chunk:
        yield chunk
