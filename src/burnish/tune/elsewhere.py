"""The builds of a tune that a cluster makes while this machine builds and measures others.

Only shared builds of candidates are made elsewhere. The baseline, the checks of shared builds and the confirmation are
plain cargo's on this machine, and run time is measured here alone: on other machines builds go on meanwhile, on this
very machine nothing is built then.
"""

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from burnish import __version__
from burnish.build.audit import codegen_options
from burnish.build.away.asking import Away, Received, Work
from burnish.build.away.gathering import configuration_beyond, gather, wrapped
from burnish.build.away.hands import Standing
from burnish.build.away.order import LONGEST, OWN_TOOLS, VERSION, Names, Order, encode, read_order
from burnish.build.builder import Builder
from burnish.build.cost import total_cpu
from burnish.build.values import Build
from burnish.cache import DEFAULT_LIMIT, Cache, cache_directory
from burnish.cargo.config import cargo_home, read_configs
from burnish.cargo.inputs import relevant_environment
from burnish.cargo.invocation import Clock
from burnish.digests import digest_of
from burnish.errors import ClusterError, ToolError
from burnish.executor.addresses import ClusterSettings
from burnish.executor.blob import keep_in
from burnish.executor.greeting import Greeting
from burnish.executor.opening import open_cluster
from burnish.executor.port import Cluster
from burnish.machine import boot_id, cpu_name
from burnish.profile.profile import Profile
from burnish.tune.progress import Progress
from burnish.tune.session import Session
from burnish.units import format_bytes, plural

#: Times the longest build so far, and seconds at least: what an order may take.
_FACTOR = 4.0
_LEAST_PATIENCE = 20.0


class Elsewhere:
    """A cluster at work for one tune.

    Attributes:
        refused: which workers are not used, and why.
        reference: what the trial gave here; until it is known nothing is asked for.
        owed: seconds waited for the cluster that nothing was booked with yet.
    """

    def __init__(self, cluster: Cluster, work: Work, cache: Cache, session: Session, progress: Progress) -> None:
        self.away = Away(
            cluster, work, cache, work.order.limit, judge=self.judge, say=progress.note, detail=progress.detail
        )
        self.refused: tuple[str, ...] = ()
        self.builder: Builder = session.builder
        self.clock: Clock = session.cargo.clock
        self.reference: Build | None = None
        self.owed = 0.0

    def trust(self, reference: Build) -> None:
        """Say what the trial gave here."""
        self.reference = reference

    def allow(self, longest: float) -> None:
        """Say how long the longest build took so far, in seconds: a worker may take some times that."""
        if self.reference is not None:
            self.away.limit = max(_LEAST_PATIENCE, _FACTOR * longest)

    def want(self, profiles: Sequence[Profile]) -> None:
        """Candidates that will be asked for soon, the likeliest first."""
        if self.reference is not None:
            with self._waiting():
                self.away.want(profiles)

    def fetch(self, profile: Profile) -> Build | None:
        """A candidate's build, waited for where it is under way; None where it must be built here."""
        if self.reference is None:
            return None
        with self._waiting():
            received = self.away.fetch(profile)
        if received is None or (build := received.answer.build) is None or build.profile != profile:
            return None
        return self._adopted(build, received)

    def left(self, profile: Profile, seconds: float) -> float | None:
        """What is left of the seconds that a candidate takes, where a worker has begun it; None where none has."""
        since = None if self.reference is None else self.away.since(profile)
        return None if since is None else max(0.0, seconds - since)

    def rest(self) -> None:
        """Wait until nothing is built on this very machine.

        Raises:
            ClusterError: a worker here is at work for somebody else.
        """
        with self._waiting():
            self.away.rest()

    def notes(self) -> tuple[str, ...]:
        """What a report says of workers that were of no use."""
        return tuple(f"Of the cluster, {reason}." for reason in dict.fromkeys((*self.refused, *self.away.lost)))

    def judge(self, received: Received) -> str:
        """Why a machine cannot be used, by its trial; empty where it can."""
        build, reference, hand = received.answer.build, self.reference, received.hand
        if build is None or reference is None:
            return "its trial gave no build"
        own = reference.artifacts[self.builder.given.base_strip(reference.profile.strip)]
        processor = hand.machine.greeting.cpu
        if processor != cpu_name() and self._is_native(reference):
            return f"target-cpu=native is another processor there, {processor}"
        if received.product.digest != own.sha256:
            return (
                "its build of the baseline is not this machine's byte for byte "
                f"({format_bytes(received.product.size)}, here {format_bytes(own.size)}): it has another linker or C "
                "library, or a build script writes when or where it ran"
            )
        there = max(total_cpu(build.crates), 1e-3)
        hand.pace = max(1.0, there / max(total_cpu(reference.crates), 1e-3))
        if processor != cpu_name():
            hand.factor = total_cpu(reference.crates) / there
            self.away.say(
                f"the worker {hand.label} has another processor, {processor}: its seconds count "
                f"{hand.factor:.2f} of this machine's, by the baseline's crates"
            )
        return ""

    def _is_native(self, reference: Build) -> bool:
        """Whether code is made for the processor that it is built on, by rustc or by a C compiler."""
        told = codegen_options(reference.crates[-1].args).get("target-cpu")
        return told == "native" or any("=native" in value for value in self.away.work.order.environment.values())

    def _adopted(self, build: Build, received: Received) -> Build | None:
        """The build with files of this machine; None where they cannot be taken in, and it must be built here."""
        place = self.builder.workshop.directory / "received"
        shutil.rmtree(place, ignore_errors=True)
        try:
            content = received.product.data or self.away.cache.get(received.product.digest)
            if content is None:
                return None
            place.mkdir()
            product = place / received.answer.name
            product.write_bytes(content)
            product.chmod(0o755)
            adopted = self.builder.adopt(build, product, factor=received.hand.factor)
        except (OSError, ToolError):
            # A full disk, most often: building here says so in better words.
            return None
        finally:
            shutil.rmtree(place, ignore_errors=True)
        return replace(adopted, host=received.hand.name)

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            waited = time.perf_counter() - began
            self.owed += waited
            self.clock.waited.append(waited)

    def paid(self) -> float:
        """What is owed, once."""
        owed, self.owed = self.owed, 0.0
        return owed


@contextmanager
def opened(
    session: Session,
    cluster: ClusterSettings | None,
    trial: Profile,
    progress: Progress,
    *,
    budget: float,
    early: bool,
) -> Iterator[Elsewhere | None]:
    """The cluster for one tune; None where none is asked for.

    Args:
        session: the project.
        cluster: as asked for.
        trial: the build that each machine makes first, and this one too.
        progress: told of workers that are not used.
        budget: of the tune, in seconds.
        early: other machines begin with it at once: there is work for them.

    Raises:
        UsageError: it is not safe.
        ClusterError: it does not answer, none of its workers fits, or the project cannot be built elsewhere.
    """
    if cluster is None:
        yield None
        return
    work = _work(session, trial, budget)
    found = open_cluster(cluster, lambda greeting: fits(session.toolchain.verbose, greeting))
    cache = Cache(cache_directory(session.environment))
    elsewhere = Elsewhere(found, work, cache, session, progress)
    elsewhere.refused = tuple(f"the worker {each.address} is not used: {each.reason}" for each in found.refused)
    away = elsewhere.away
    keep_in(cache)
    try:
        for refused in elsewhere.refused:
            progress.note(refused)
        hosts = ", ".join(hand.name for hand in away.hands)
        progress.detail(f"of use in the cluster {cluster.address}: {plural(len(away.hands), 'worker')}, {hosts}")
        away.begin(trial, early=early)
        yield elsewhere
        unused = [hand.name for hand in away.hands if hand.standing is Standing.NEW]
        if unused:
            progress.detail(f"nothing came from {', '.join(unused)} in time")
    finally:
        away.close()
        keep_in(None)
        cache.prune_now_and_then(DEFAULT_LIMIT)


def fits(verbose: str, greeting: Greeting) -> str:
    """Why a machine cannot build for this toolchain, empty where it can."""
    if any(rust.verbose == verbose for rust in greeting.rusts):
        return ""
    there = ", ".join(_first(rust.verbose) for rust in greeting.rusts) or "no toolchain"
    return f"it has no {_first(verbose)} (there: {there})"


def _work(session: Session, trial: Profile, budget: float) -> Work:
    """What travels, and the order that goes with it; until it is known how long builds take, one may take the budget.

    Raises:
        ClusterError: it is too large, or something stands between cargo and rustc here.
    """
    environment = session.environment
    shop = session.builder.workshop
    configs = [config.text for config in read_configs(session.project.start, environment)]
    if wrapper := wrapped(environment, configs) or (shop.chain or ""):
        raise ClusterError(
            f"{wrapper} stands between cargo and rustc here; what it does is not known on other machines",
            hint="unset it for this tune, or leave --cluster out",
        )
    gathered = gather(session.project, environment)
    order = Order(
        version=VERSION,
        burnish=__version__,
        rustc=session.toolchain.verbose,
        # Others may have it at the same place: whose sources lie there is looked at with each order.
        project=digest_of(f"{session.project.package} {session.project.root}".encode(errors="surrogateescape")),
        parts=tuple(map(digest_of, gathered.parts)),
        start=gathered.start,
        manifest=gathered.manifest,
        selection=replace(session.selection, package=None),
        given=session.builder.given,
        profile=trial,
        configuration=configuration_beyond(session.project.start, gathered.base, environment),
        environment={
            name: value for name, value in relevant_environment(environment).items() if name not in OWN_TOOLS
        },
        names=Names(
            sources=str(gathered.base), cargo_home=str(cargo_home(environment)), target=str(shop.shared)
        ),
        limit=min(budget, LONGEST),
        boot=boot_id(),
    )  # fmt: skip
    try:
        read_order(encode(order))
    except ClusterError as error:
        raise ClusterError(
            f"this project cannot be sent: {error.message}",
            hint="leave --cluster out, or give it another place or name",
        ) from error
    return Work(order=order, parts=gathered.parts)


def _first(text: str) -> str:
    return text.partition("\n")[0]
