"""A link's units given to a cluster, and its answers turned into objects; what the cluster cannot do is done here."""

import time
from pathlib import Path

import msgspec

from burnish.errors import ClusterError
from burnish.executor.addresses import ClusterSettings
from burnish.executor.opening import open_cluster
from burnish.executor.port import Cluster
from burnish.lto.away.asking import Asking, Portion, Task, fits, ordered
from burnish.lto.away.order import SOURCES, Answer
from burnish.lto.backends import TIMEOUT, Backed, Backends
from burnish.lto.record import ClusterRow
from burnish.lto.settings import Settings


def run_there(
    work: Backends, settings: Settings, cluster: ClusterSettings
) -> tuple[dict[int, Backed] | None, ClusterRow]:
    """Make the units' objects on a cluster.

    Returns:
        the objects, None where the cluster could not even be asked; and how it went.

    Raises:
        LtoError, StoreError: a backend failed here as well.
    """
    began = time.perf_counter()
    try:
        found = open_cluster(cluster, lambda greeting: fits(work.program.library, greeting))
    except ClusterError as error:
        return None, ClusterRow(address=str(cluster.address), lost=(error.message,))
    connecting = time.perf_counter() - began
    try:
        done, row = _run(work, settings, found)
    except UnicodeEncodeError:
        # Symbols of foreign objects may be any bytes; an order is JSON.
        done, row = None, ClusterRow(lost=("a symbol's name is no text",))
    finally:
        found.close()
    refused = tuple(f"{each.address}: {each.reason}" for each in found.refused)
    return done, msgspec.structs.replace(row, address=str(cluster.address), refused=refused, connecting=connecting)


def _run(work: Backends, settings: Settings, cluster: Cluster) -> tuple[dict[int, Backed], ClusterRow]:
    wanted = {item.name: item for item in work.wanted}
    done: dict[int, Backed] = {}

    def accept(answer: Answer) -> None:
        for made in answer.made:
            item = wanted[made.name]
            if settings.cache is not None:
                work.keep(item, made.outputs, made.remarks)
            done[item.unit] = Backed(
                objects=tuple(map(work.cache.blob, made.outputs)),
                remarks=work.cache.blob(made.remarks) if made.remarks else None,
                made=made.result is not None,
                result=made.result,
                host=answer.host,
            )

    program = work.program
    task = Task(codegen=program.codegen, road=program.road, library=program.library, timeout=TIMEOUT)
    orders = ordered(_portions(work), task, sum(machine.slots for machine in cluster.machines))
    asking = Asking(orders=orders, cache=work.cache, library=program.library, accept=accept)
    row = asking.run(cluster, jobs=settings.jobs)
    return done, row


def _portions(work: Backends) -> list[Portion]:
    """The units in the order of the link, with all contents in the cache."""
    plan = work.program.plan
    costs = plan.costs()
    digests = {number: _digest(work, path) for number, path in work.sources.items()}
    paths = {number: f"{SOURCES}/{path.name}" for number, path in work.sources.items()}
    return [
        Portion(
            cost=int(costs[item.unit]),
            key=item.key.exact,
            unit=work.unit(item, work.scratch),
            shard=work.shard(item, paths),
            sources={work.sources[number].stem: digests[number] for number in plan.sources_of(item.unit)},
        )
        for item in sorted(work.wanted, key=lambda item: item.unit)
    ]


def _digest(work: Backends, source: Path) -> str:
    """The digest of a file to import from: of a link into the cache it is the name."""
    return source.resolve().name if source.is_symlink() else work.cache.put_file(source)
