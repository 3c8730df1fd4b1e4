"""Carrying out an order on the machine that got it: a process with cargo, in the project's directory of this machine.

`work` is what an executor calls: bytes and blobs in, bytes and blobs out.
"""

import os
import socket
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from burnish import __version__
from burnish.build.away.order import Answer, Order, encode, read_order
from burnish.build.away.places import builds_of, lay, taken_slot
from burnish.build.away.snapshot import SourceFile, read_part
from burnish.build.values import Build, FailedBuild
from burnish.cache import DEFAULT_LIMIT
from burnish.cargo.inputs import is_relevant
from burnish.errors import BurnishError, ClusterError
from burnish.executor.blob import Blob, at_hand, kept, own_cache
from burnish.executor.child import LateError, ask_child, counted
from burnish.executor.greeting import Rust, toolchains
from burnish.machine import boot_id

#: Variables of this machine that would change what is built, or which cargo and rustc are run.
_OWN = frozenset({"CARGO", "CARGO_INCREMENTAL", "RUSTUP_TOOLCHAIN"})


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What the process says: a build and its file, or how it failed, or why there was none."""

    build: Build | None = None
    product: str = ""
    failed: FailedBuild | None = None
    trouble: str = ""


def work(order: bytes, blobs: Sequence[Blob]) -> tuple[bytes, tuple[Blob, ...]]:
    """Carry out an order with this machine's own cargo; never an exception: an executor would carry it.

    Args:
        order: see `burnish.build.away.order`.
        blobs: the sources.

    Returns:
        an answer, and the file that was linked.
    """
    began = time.perf_counter()
    answer = Answer(host=socket.gethostname(), wall=0.0)
    found: tuple[Blob, ...] = ()
    try:
        with counted():
            answer, found = _performed(read_order(order), order, blobs, answer)
        own_cache().prune_now_and_then(DEFAULT_LIMIT)
    except LateError as error:
        answer = msgspec.structs.replace(answer, trouble=error.message, late=True)
    except BurnishError as error:
        answer = msgspec.structs.replace(answer, trouble=error.message)
    except Exception as error:  # noqa: BLE001 - a worker's trouble is for the tune to judge
        answer = msgspec.structs.replace(answer, trouble=f"{type(error).__name__}: {error}")
    return encode(msgspec.structs.replace(answer, wall=time.perf_counter() - began)), found


def _performed(order: Order, data: bytes, blobs: Sequence[Blob], answer: Answer) -> tuple[Answer, tuple[Blob, ...]]:
    if order.burnish != __version__:
        raise ClusterError(f"this machine has burnish {__version__}, the tune is of {order.burnish}")
    environment = dict(os.environ)
    rust = _toolchain(order.rustc, environment)
    cache = own_cache()
    files, missing = at_hand(order.contents(), blobs, cache)
    if missing:
        return msgspec.structs.replace(answer, missing=missing), ()
    with taken_slot(builds_of(cache.path), order.project) as slot:
        lay(slot.tree, _sources(files.values()))
        out = ask_child(
            "burnish.build.away.building",
            [str(slot.path)],
            data,
            slot.path,
            environment=_environment(environment, rust, order.environment),
            limit=seconds_left(order),
        )
        reply = msgspec.json.decode(out, type=Reply)
        if reply.trouble:
            raise ClusterError(reply.trouble)
        if reply.build is None:
            return msgspec.structs.replace(answer, failed=reply.failed), ()
        product = kept(cache.put_file(slot.own / reply.product), cache)
        # The next link makes another.
        (slot.own / reply.product).unlink()
    name = Path(reply.product).name
    return msgspec.structs.replace(answer, build=reply.build, product=product.digest, name=name), (product,)


def seconds_left(order: Order) -> float:
    """Seconds that it may take from now on.

    Raises:
        LateError: none; it waited for its turn too long.
    """
    if not order.boot or order.boot != boot_id():
        return order.limit
    left = min(order.limit, order.until - time.monotonic())
    if left <= 0:
        raise LateError("its turn came too late")
    return left


def _sources(parts: Iterable[Path | bytes]) -> list[SourceFile]:
    return [file for part in parts for file in read_part(part if isinstance(part, bytes) else part.read_bytes())]


def _toolchain(verbose: str, environment: Mapping[str, str]) -> Rust:
    """The toolchain that an order names.

    Raises:
        ClusterError: there is none here.
    """
    for rust in toolchains(environment):
        if rust.verbose == verbose:
            return rust
    raise ClusterError(f"no toolchain on this machine is {verbose.partition(chr(10))[0]}")


def _environment(own: Mapping[str, str], rust: Rust, asked: Mapping[str, str]) -> dict[str, str]:
    """This machine's variables but for those that change builds; these are the order's."""
    kept = {name: value for name, value in own.items() if not is_relevant(name) and name not in _OWN}
    binaries = Path(rust.sysroot) / "bin"
    return {**kept, **asked, "CARGO": str(binaries / "cargo"), "PATH": f"{binaries}{os.pathsep}{own.get('PATH', '')}"}
