"""Carrying out an order on the machine that got it: its cache first, then a process with LLVM.

`work` is what an executor calls, here and elsewhere: bytes and blobs in, bytes and blobs out.
"""

import contextlib
import os
import socket
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import msgspec

from burnish import __version__
from burnish.cache import DEFAULT_LIMIT, Cache
from burnish.cargo.toolchain import find_llvm, llvm_name
from burnish.errors import BurnishError, ClusterError
from burnish.executor.blob import Blob, at_hand, kept, own_cache
from burnish.executor.child import ask_child, counted
from burnish.executor.greeting import toolchains
from burnish.lto import malloc
from burnish.lto.away.backend import Reply, lay, outputs, remarks
from burnish.lto.away.order import Answer, Kind, Made, Order, OrderedUnit, Trouble, encode, read_order
from burnish.lto.native import scratch_directory


def work(order: bytes, blobs: Sequence[Blob]) -> tuple[bytes, tuple[Blob, ...]]:
    """Carry out an order with this machine's own cache and toolchains; never an exception: an executor would carry it.

    Args:
        order: see `burnish.lto.away.order`.
        blobs: contents that it needs.

    Returns:
        an answer, and the contents that it names.
    """
    with counted():
        done = perform(order, blobs)
    with contextlib.suppress(BurnishError):
        own_cache().prune_now_and_then(DEFAULT_LIMIT)
    return done


def perform(
    order: bytes,
    blobs: Sequence[Blob],
    *,
    cache: Cache | None = None,
    library: Path | None = None,
    stop: threading.Event | None = None,
) -> tuple[bytes, tuple[Blob, ...]]:
    """As `work`, with a cache and a library of the caller's, and an event that ends it early."""
    began = time.perf_counter()
    made: tuple[Made, ...] = ()
    missing: tuple[str, ...] = ()
    trouble: Trouble | None = None
    found: tuple[Blob, ...] = ()
    try:
        read = read_order(order)
        _check_version(read)
        cache = cache or own_cache()
        files, missing = at_hand(read.contents(), blobs, cache)
        if not missing:
            where = library or _library(read.library)
            made = _made(_Job(order=read, data=order, files=files, cache=cache, library=where, stop=stop))
            found = _contents(made, cache)
    except Exception as error:  # noqa: BLE001 - a worker's trouble is the link's to judge
        made, trouble = (), _trouble(error)
    host = f"{socket.gethostname()} {os.getpid()}"
    wall = time.perf_counter() - began
    return encode(Answer(host=host, wall=wall, made=made, missing=missing, trouble=trouble)), found


def _contents(made: Sequence[Made], cache: Cache) -> tuple[Blob, ...]:
    digests = dict.fromkeys(digest for each in made for digest in each.contents())
    return tuple(kept(digest, cache) for digest in digests)


def _trouble(error: Exception) -> Trouble:
    match error:
        case _BackendError():
            return error.trouble
        case BurnishError():
            return Trouble(kind=Kind.PLACE, message=error.message, hint=error.hint)
        case OSError():
            return Trouble(kind=Kind.PLACE, message=str(error))
        case _:
            return Trouble(kind=Kind.BUG, message=f"{type(error).__name__}: {error}")


class _BackendError(Exception):
    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.message)
        self.trouble = trouble


def _check_version(order: Order) -> None:
    if order.burnish != __version__:
        raise ClusterError(f"this machine has burnish {__version__}, the link is done by {order.burnish}")


@lru_cache(maxsize=8)
def _library(name: str) -> Path:
    """The libLLVM that an order names.

    Raises:
        ClusterError: no toolchain here has it.
    """
    for rust in toolchains(dict(os.environ)):
        if rust.library == name and (path := find_llvm(Path(rust.sysroot))) is not None and llvm_name(path) == name:
            return path
    raise ClusterError(f"no toolchain on this machine has {name}", hint="install the toolchain that the project uses")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Job:
    """An order with what it takes to do it; ``data`` is the order as it came."""

    order: Order
    data: bytes
    files: dict[str, Path | bytes]
    cache: Cache
    library: Path
    stop: threading.Event | None


def _made(job: _Job) -> tuple[Made, ...]:
    units = job.order.units
    known = {number: held for number, unit in enumerate(units) if (held := _known(unit, job.cache)) is not None}
    todo = [(number, unit) for number, unit in enumerate(units) if number not in known]
    if todo:
        known |= _run(job, todo)
    return tuple(known[number] for number in range(len(units)))


def _known(unit: OrderedUnit, cache: Cache) -> Made | None:
    """What this machine remembers of the unit's objects; remarks are made anew."""
    held = None if unit.remarks else cache.recall_all(unit.key, unit.outputs)
    return None if held is None else Made(name=unit.name, outputs=held)


def _run(job: _Job, todo: Sequence[tuple[int, OrderedUnit]]) -> dict[int, Made]:
    # by host: others may share the cache's directory, and their processes cannot be seen from here
    place = job.cache.path / "work" / socket.gethostname()
    place.mkdir(parents=True, exist_ok=True)
    with scratch_directory(place / "order") as scratch:
        lay(scratch, todo, _placed(job.files, scratch))
        reply = _reply(job, [number for number, _ in todo], scratch)
        made = {}
        for (number, unit), result in zip(todo, reply.results, strict=True):
            digests = tuple(job.cache.put_file(scratch / path) for path in outputs(number, unit))
            job.cache.record(unit.key, digests)
            said = job.cache.put_file(scratch / remarks(number)) if unit.remarks else None
            made[number] = Made(name=unit.name, outputs=digests, remarks=said, result=result)
        return made


def _placed(files: dict[str, Path | bytes], scratch: Path) -> dict[str, Path]:
    """Where each content lies; what no cache could take goes to the scratch directory."""
    places = {}
    for digest, file in files.items():
        if isinstance(file, bytes):
            places[digest] = scratch / digest
            places[digest].write_bytes(file)
        else:
            places[digest] = file.absolute()
    return places


def _reply(job: _Job, numbers: Sequence[int], scratch: Path) -> Reply:
    environment = dict(os.environ)
    allocator = malloc.find(environment, sys.path)
    if allocator is not None:
        environment = malloc.preloaded(environment, allocator)
    arguments = [str(job.library), *map(str, numbers)]
    out = ask_child(
        "burnish.lto.away.backend", arguments, job.data, scratch, environment=environment, stop=job.stop
    )  # fmt: skip
    reply = msgspec.json.decode(out, type=Reply)
    if reply.message:
        kind = Kind.UNSUPPORTED if reply.unsupported else Kind.LLVM
        raise _BackendError(Trouble(kind=kind, message=reply.message, hint=reply.hint))
    return reply
