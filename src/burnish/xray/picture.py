"""One program with all that is known of it: what it is made of, what its link decided, what the optimizer said.

Stored whole, so that it outlives the build that it shows. Values only.
"""

from typing import Final

import msgspec

from burnish.lto.decided import Decisions
from burnish.lto.record import LinkRecord
from burnish.lto.seen import Seen
from burnish.xray.values import Anatomy

#: Version of the stored form.
VERSION: Final = 1


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """Rows as in `Seen.names`: each name as Rust writes it, and its crate (number into ``crates``)."""

    shown: list[str]
    crate: list[int]
    crates: list[str]


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """A program.

    Attributes:
        title: ``crossings 0.1.0 (crossings), [profile.release]``, or a file's name.
        mode: ``thin``, ``fat,codegen-units=1``, ...; empty where burnish did not build it.
        decisions, seen, names, link: None where the link left none; ``missing`` says why, one sentence each.
    """

    version: int
    title: str
    mode: str
    anatomy: Anatomy
    decisions: Decisions | None = None
    seen: Seen | None = None
    names: Names | None = None
    link: LinkRecord | None = None
    missing: tuple[str, ...] = ()
