"""``python -m burnish.build.away.building``: one order with cargo, in a process of its own.

The order comes on stdin, its sources lie in the slot that is the argument, the `Reply` goes to stdout.
"""

import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import msgspec

from burnish.build.away.gathering import configuration_beyond
from burnish.build.away.order import Order, read_order
from burnish.build.away.performing import Reply, seconds_left
from burnish.build.away.places import Slot
from burnish.build.builder import Builder, Workshop
from burnish.build.shim import ensure_shim, guard
from burnish.build.values import FailedBuild
from burnish.cargo.config import cargo_home
from burnish.cargo.invocation import Cargo
from burnish.cargo.project import read_project
from burnish.cargo.toolchain import read_toolchain
from burnish.errors import BurnishError, ClusterError
from burnish.processes import die_with_parent, end_group_on

#: Seconds for the order to come, and beyond its limit.
_HANDING_OVER = 15.0
_GRACE = 1.0


def built(order: Order, slot: Slot, environment: Mapping[str, str]) -> Reply:
    """Build the candidate over this slot's shared libraries.

    Raises:
        BurnishError: cargo cannot be asked, the disk is full, or this machine is configured in another way.
    """
    start = slot.tree / order.start
    if configuration_beyond(start, slot.tree, environment) != order.configuration:
        raise ClusterError("cargo's configuration beyond the project (CARGO_HOME) says something else of builds here")
    cargo = Cargo(start, environment)
    toolchain = read_toolchain(cargo)
    if toolchain.verbose != order.rustc:
        raise ClusterError(f"cargo runs {toolchain.rustc} here")
    # What is not locked would be resolved anew, perhaps to other crates.
    selection = replace(order.selection, package=None, locked=True)
    project = read_project(cargo, slot.tree / order.manifest, selection)
    shim = ensure_shim(cargo, toolchain, slot.own / "bin")
    cargo.guard = guard(shim)
    names = order.names
    shop = Workshop(directory=slot.own, shim=shim)
    shop = replace(
        shop,
        remap=(
            (slot.tree, names.sources), (cargo_home(environment), names.cargo_home), (shop.shared, names.target),
        ),
    )  # fmt: skip
    builder = Builder(
        cargo=cargo, project=project, selection=selection, toolchain=toolchain, workshop=shop, given=order.given
    )
    build = builder.shared(order.profile)
    if isinstance(build, FailedBuild):
        return Reply(failed=build)
    strip = order.given.base_strip(order.profile.strip)
    made = builder.variant(build, strip)
    if made is None:
        raise ClusterError("the build has no file")
    # Under the name that cargo gives it, as `Builder.adopt` wants it.
    product = made.with_name(made.name.removeprefix(f"{strip}-"))
    made.replace(product)
    return Reply(build=build, product=str(product.relative_to(slot.own)))


def main() -> int:
    """Do the order of the slot that the argument behind the parent's process id names."""
    parent, place = sys.argv[1:]
    # Cargo ends with this process, its build scripts only with the group.
    end_group_on(signal.SIGALRM)
    signal.setitimer(signal.ITIMER_REAL, _HANDING_OVER)
    die_with_parent(int(parent), signal.SIGALRM)
    # Whatever cargo may print: only the reply goes to stdout.
    with os.fdopen(os.dup(1), "wb") as stdout:
        os.dup2(2, 1)
        try:
            order = read_order(sys.stdin.buffer.read())
            # Who started this ends it in time, unless it is stopped or hangs itself.
            signal.setitimer(signal.ITIMER_REAL, seconds_left(order) + _GRACE)
            reply = built(order, Slot(path=Path(place)), dict(os.environ))
        except BurnishError as error:
            reply = Reply(trouble=error.message)
        stdout.write(msgspec.json.encode(reply))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
