"""``python -m burnish.lto.away.backend``: the units of one order, in a process of its own, in the directory it is in.

LLVM's options belong to a process, and a cluster's worker must not fork: it has threads. So each order gets a process,
which forks its backends as a link does. The order comes on stdin, its files lie as `lay` has laid them, the `Reply`
goes to stdout.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from burnish.errors import LtoError, UnsupportedError
from burnish.lto.away.order import SOURCES, Order, OrderedUnit, read_order
from burnish.lto.backend import Member, Road, Unit, UnitResult
from burnish.lto.do import run_units
from burnish.processes import die_with_parent

#: Contents under their digests, shards, and outputs; all relative.
CONTENTS: Final = Path("contents")
_SHARDS, _OUTPUTS = Path("shards"), Path("outputs")


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """The results in the order of the units, or why there are none."""

    results: tuple[UnitResult, ...] = ()
    message: str = ""
    hint: str = ""
    unsupported: bool = False


def outputs(number: int, unit: OrderedUnit) -> tuple[Path, ...]:
    """Where the objects of an order's unit go."""
    return tuple(_OUTPUTS / f"{number}.{part}.o" for part in range(unit.outputs))


def remarks(number: int) -> Path:
    """Where the remarks on an order's unit go."""
    return _OUTPUTS / f"{number}.remarks"


def lay(place: Path, units: Sequence[tuple[int, OrderedUnit]], files: dict[str, Path]) -> None:
    """Lay the files of some units of an order below ``place``; ``files`` says where each content lies.

    Raises:
        OSError: the disk is full.
    """
    for directory in (CONTENTS, _SHARDS, _OUTPUTS, Path(SOURCES)):
        (place / directory).mkdir()
    for number, unit in units:
        for digest in unit.contents():
            if not (link := place / CONTENTS / digest).is_symlink():
                link.symlink_to(files[digest])
        for turn, digest in unit.sources.items():
            if not (link := place / SOURCES / f"{turn}.bc").is_symlink():
                link.symlink_to(files[digest])
        if unit.shard:
            (place / _shard(number)).write_bytes(unit.shard)


def _shard(number: int) -> Path:
    return _SHARDS / f"{number}.bc"


def _unit(number: int, unit: OrderedUnit, road: Road) -> Unit:
    return Unit(
        name=unit.name,
        members=tuple(
            Member(
                bitcode=CONTENTS / member.digest,
                label=member.label,
                promote=member.promote,
                dead=member.dead,
                other_copies=member.other_copies,
            )
            for member in unit.members
        ),
        outputs=outputs(number, unit),
        shard=_shard(number) if unit.shard else None,
        imports=unit.imports,
        visible=unit.visible,
        hidden=unit.hidden,
        elsewhere=unit.elsewhere,
        road=road,
        remarks=remarks(number) if unit.remarks else None,
    )


def _done(order: Order, library: Path, numbers: Sequence[int]) -> Reply:
    units = [_unit(number, order.units[number], order.road) for number in numbers]
    try:
        results = run_units(units, order.codegen, library=library, jobs=1, timeout=order.timeout)
    except LtoError as error:
        return Reply(message=error.message, hint=error.hint, unsupported=isinstance(error, UnsupportedError))
    return Reply(results=tuple(results))


def main() -> int:
    """Do the units whose numbers are the arguments behind parent's process id and the library."""
    parent, library, *numbers = sys.argv[1:]
    die_with_parent(int(parent))
    # LLVM may print where it was asked to; only the reply goes to stdout.
    with os.fdopen(os.dup(1), "wb") as stdout:
        os.dup2(2, 1)
        reply = _done(read_order(sys.stdin.buffer.read()), Path(library), [int(number) for number in numbers])
        stdout.write(msgspec.json.encode(reply))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
