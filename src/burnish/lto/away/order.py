"""What a machine is asked to do, and what it answers: JSON, with contents by their digests.

An order says nothing of places: whoever carries it out lays the files where it wants to. Values only.
"""

import re
from enum import StrEnum
from typing import Final

import msgspec

from burnish.digests import is_digest
from burnish.errors import ClusterError
from burnish.executor.spoken import order_of, said
from burnish.lto.backend import Codegen, Road, UnitResult

#: Version of the form.
VERSION: Final = 1
#: Where sources lie for a backend, relative to where it works: LLVM imports in the order of these paths.
SOURCES: Final = "sources"

_TURN = re.compile(r"[0-9a-f]{8,64}")


class OrderedMember(msgspec.Struct, frozen=True, kw_only=True):
    """A module of a unit: its content, and the rest of `burnish.lto.backend.Member`."""

    digest: str
    label: str
    promote: dict[str, str] = {}
    dead: tuple[str, ...] = ()
    other_copies: tuple[str, ...] = ()


class OrderedUnit(msgspec.Struct, frozen=True, kw_only=True):
    """A unit, see `burnish.lto.backend.Unit`.

    Attributes:
        key: the exact key of its objects: a machine that knows it need not make them.
        shard: the index of what it imports, empty for none; its paths are `SOURCES` and the turn of each source.
        sources: turn (see `burnish.lto.sources`) -> content.
        outputs: number of objects.
        remarks: LLVM's remarks are wanted as well.
    """

    name: str
    key: str
    members: tuple[OrderedMember, ...]
    outputs: int
    shard: bytes = b""
    sources: dict[str, str] = {}
    imports: int = 0
    visible: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    remarks: bool = False

    def contents(self) -> tuple[str, ...]:
        """The digests of all that it is made from."""
        return (*(member.digest for member in self.members), *self.sources.values())


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """Units of one link for one machine.

    Attributes:
        burnish: the version that asks; another one does not do it.
        library: which libLLVM, as `burnish.executor.greeting` names it.
        timeout: seconds for one unit.
    """

    version: int
    burnish: str
    library: str
    codegen: Codegen
    road: Road
    timeout: float
    units: tuple[OrderedUnit, ...]

    def contents(self) -> tuple[str, ...]:
        """The digests of all that is needed, each once."""
        return tuple(dict.fromkeys(digest for unit in self.units for digest in unit.contents()))


class Kind(StrEnum):
    """Whose trouble it is: LLVM's, the machine's, or that of whoever wrote the order (or of burnish itself)."""

    LLVM = "llvm"
    UNSUPPORTED = "unsupported"
    PLACE = "place"
    BUG = "bug"


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """Why an order was not carried out."""

    kind: Kind
    message: str
    hint: str = ""


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A unit's objects and remarks, by digest; ``result`` is None where the machine had them."""

    name: str
    outputs: tuple[str, ...]
    remarks: str | None = None
    result: UnitResult | None = None

    def contents(self) -> tuple[str, ...]:
        """The digests of all that it gave."""
        return (*self.outputs, *((self.remarks,) if self.remarks is not None else ()))


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an order.

    Attributes:
        host: the machine.
        wall: seconds it took there.
        missing: contents that were said to be there and are not.
    """

    host: str
    wall: float
    made: tuple[Made, ...] = ()
    missing: tuple[str, ...] = ()
    trouble: Trouble | None = None


_orders = msgspec.json.Decoder(Order)
_answers = msgspec.json.Decoder(Answer)


def encode(value: Order | Answer) -> bytes:
    """As JSON.

    Raises:
        UnicodeEncodeError: a name is no text (symbols of foreign objects may be any bytes).
    """
    return msgspec.json.encode(value)


def read_order(data: bytes) -> Order:
    """An order, checked: nothing in it can be taken for a path.

    Raises:
        ClusterError: it is none of this version.
    """
    order = order_of(_orders, data, VERSION)
    for unit in order.units:
        if not (is_digest(unit.key) and all(map(is_digest, unit.contents()))):
            raise ClusterError(f"an order names a content of {unit.name!r} by what is no digest")
        if not all(map(_TURN.fullmatch, unit.sources)) or unit.outputs < 1:
            raise ClusterError(f"an order has turns or outputs of {unit.name!r} that there cannot be")
    return order


def read_answer(data: bytes) -> Answer:
    """An answer.

    Raises:
        ClusterError: it is none.
    """
    answer = said(_answers, data, "an answer")
    digests = [digest for made in answer.made for digest in made.contents()]
    if not all(map(is_digest, (*digests, *answer.missing))):
        raise ClusterError(f"an answer of {answer.host!r} names a content by what is no digest")
    return answer
