"""What a machine is asked to build, and what it answers: JSON, with contents by their digests.

An order carries no arguments and no absolute path that is ever opened: the machine reads the sources that it was sent
with its own cargo, and plans the build itself. Values only.
"""

import re
from typing import Final

import msgspec

from burnish.build.away.snapshot import is_inside
from burnish.build.plan import Given
from burnish.build.values import Build, FailedBuild
from burnish.cargo.inputs import is_relevant
from burnish.cargo.project import Selection
from burnish.digests import is_digest
from burnish.errors import ClusterError
from burnish.executor.spoken import order_of, said
from burnish.profile.profile import Profile

#: Version of the form.
VERSION: Final = 1
#: Seconds that an order may allow at most.
LONGEST: Final = 24 * 3600.0
#: Variables that say which programs stand for rustc: an order names the toolchain itself.
OWN_TOOLS: Final = frozenset({
    "RUSTC", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER",
    "CARGO_BUILD_RUSTC", "CARGO_BUILD_RUSTC_WRAPPER", "CARGO_BUILD_RUSTC_WORKSPACE_WRAPPER",
})  # fmt: skip
#: Specs of packages; they become keys of TOML, in quotes.
_SPEC = re.compile(r"[\w.@:+/#?=~-]+", re.ASCII)
#: Names of linked files, profiles and targets.
_NAME = re.compile(r"\w[\w.-]*")


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """What directories are called where the order comes from: rustc writes these names, and opens none of them.

    Attributes:
        sources: what holds the project's sources.
        cargo_home: where cargo keeps crates.
        target: the target directory of shared builds.
    """

    sources: str
    cargo_home: str
    target: str


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate over shared libraries.

    Attributes:
        burnish: the version that asks; another one does not do it.
        rustc: all of ``rustc -vV``.
        project: names the project's directory on the machine, a digest: its libraries stay there for the next order.
        parts: the sources, see `burnish.build.away.snapshot`.
        start: where cargo runs, relative to what the parts hold.
        manifest: of the package, the same.
        configuration: of `burnish.build.away.gathering.configuration_beyond`; must be the machine's own.
        environment: variables that change what is built.
        limit: seconds; what takes longer ends there by itself, whoever can still be heard.
        boot: of the machine that asks, see `burnish.machine.boot_id`; empty where unknown.
        until: when it must have ended on that very machine, by its monotonic clock.
    """

    version: int
    burnish: str
    rustc: str
    project: str
    parts: tuple[str, ...]
    start: str
    manifest: str
    selection: Selection
    given: Given
    profile: Profile
    configuration: str
    environment: dict[str, str]
    names: Names
    limit: float
    boot: str = ""
    until: float = 0.0

    def contents(self) -> tuple[str, ...]:
        """The digests of all that is needed, each once."""
        return tuple(dict.fromkeys(self.parts))


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an order.

    Attributes:
        host: the machine.
        wall: seconds it took there.
        build: as the machine made it.
        product: the digest of the file that was linked, and ``name`` what cargo calls it.
        failed: rustc's or cargo's own error.
        missing: contents that were said to be there and are not.
        trouble: why the order was not carried out.
        late: because it would have taken longer than it may.
    """

    host: str
    wall: float
    build: Build | None = None
    product: str = ""
    name: str = ""
    failed: FailedBuild | None = None
    missing: tuple[str, ...] = ()
    trouble: str = ""
    late: bool = False


_orders = msgspec.json.Decoder(Order)
_answers = msgspec.json.Decoder(Answer)


def encode(value: Order | Answer) -> bytes:
    """As JSON."""
    return msgspec.json.encode(value)


def read_order(data: bytes) -> Order:
    """An order, checked: nothing in it leads out of the machine's directory for the project.

    Raises:
        ClusterError: it is none of this version.
    """
    order = order_of(_orders, data, VERSION)
    if not all(map(is_digest, (order.project, *order.parts))):
        raise ClusterError("an order names a content by what is no digest")
    if not (is_inside(order.start) and is_inside(order.manifest)):
        raise ClusterError("an order has a path that leads elsewhere")
    _check_words(order)
    return order


def _check_words(order: Order) -> None:
    profiles = (order.given.profile_name, order.selection.profile)
    if not (all(map(_NAME.fullmatch, profiles)) and all(map(_SPEC.fullmatch, order.given.strip_overrides))):
        raise ClusterError("an order names a profile or a package by what cannot be one")
    words = (*order.selection.features, order.selection.target, order.selection.bin, order.selection.example)
    if order.selection.target is not None and not _NAME.fullmatch(order.selection.target):
        raise ClusterError("an order names its target by a path")
    if any(word.startswith("-") for word in (*words, order.selection.bench) if word):
        raise ClusterError("an order has an option in the place of a name")
    if not all(is_relevant(name) and name not in OWN_TOOLS for name in order.environment):
        raise ClusterError("an order sets a variable that is not its own to set")
    if not 0 < order.limit <= LONGEST:
        raise ClusterError(f"an order allows {order.limit} seconds")
    if any("\n" in name or "=" in name for name in (order.names.sources, order.names.cargo_home, order.names.target)):
        raise ClusterError("an order has a directory's name that cannot be one")


def read_answer(data: bytes) -> Answer:
    """An answer.

    Raises:
        ClusterError: it is none, or neither a build nor a failure nor a reason.
    """
    answer = said(_answers, data, "an answer")
    if answer.missing or answer.trouble or answer.failed is not None:
        return answer
    if answer.build is None or not answer.build.crates or not is_digest(answer.product):
        raise ClusterError(f"{answer.host!r} answered with no build")
    if not _NAME.fullmatch(answer.name):
        raise ClusterError(f"{answer.host!r} named a file by what cannot be one")
    return answer
