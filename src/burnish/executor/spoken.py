"""What machines say to each other, read: JSON of one form, and of one version where it is an order."""

from typing import Protocol, TypeVar

import msgspec

from burnish.errors import ClusterError


class _Versioned(Protocol):
    @property
    def version(self) -> int: ...


Said = TypeVar("Said")
Ordered = TypeVar("Ordered", bound=_Versioned)


def order_of(decoder: "msgspec.json.Decoder[Ordered]", data: bytes, version: int) -> Ordered:
    """An order, as far as its form goes.

    Raises:
        ClusterError: it is none of this version.
    """
    order = said(decoder, data, "an order")
    if order.version != version:
        raise ClusterError(f"an order of version {order.version}, this burnish knows {version}")
    return order


def said(decoder: "msgspec.json.Decoder[Said]", data: bytes, what: str) -> Said:
    """A value, as far as its form goes; ``what`` it should be, for the error.

    Raises:
        ClusterError: it is none.
    """
    try:
        return decoder.decode(data)
    except msgspec.MsgspecError as error:
        raise ClusterError(f"{what} that cannot be read: {error}") from error
