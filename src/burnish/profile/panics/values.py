"""What the panic audit says, as values."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Verdict(StrEnum):
    """Whether ``panic = "abort"`` changes what the program does after a panic.

    ``SAFE``: a panic ends the program today as well. ``UNSAFE``: today the program goes on, or puts something right
    that stays wrong with abort. ``UNKNOWN``: the source alone does not tell.
    """

    SAFE = "safe"
    UNSAFE = "unsafe"
    UNKNOWN = "unknown"


class PanicKind(StrEnum):
    """What was found; the values are the words of reports."""

    CATCH_UNWIND = "catch_unwind"
    RESUME_UNWIND = "resume_unwind"
    THREAD = "thread"
    JOIN = "join"
    TASK = "task"
    POISON = "poisoned lock"
    DROP = "Drop"
    PANICKING = "panicking"
    HOOK = "panic hook"
    UNWIND_ABI = "unwind ABI"
    CFG = "cfg(panic)"
    SHOULD_PANIC = "should_panic"
    UNREAD = "not read"


#: What is said of a thread whose handle is kept, and of one that nobody joins, which only the whole crate tells.
THREAD_KEPT: Final = "a thread whose end somebody can see"
THREAD_IGNORED: Final = "a thread that nobody waits for: after a panic in it the others go on, with abort they end"


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A finding in one source file. ``line`` and ``column`` count from 1, columns in characters."""

    line: int
    column: int
    kind: PanicKind
    text: str
    verdict: Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class PanicFinding:
    """A finding in a program.

    Attributes:
        path: of the file, ``/`` between parts; from the workspace root for its own packages, else from the package.
        line, column: from 1.
        text: one sentence: what is there and what abort does to it.
        source: where a reviewed guarantee is documented; empty where the verdict is the scan's own.
    """

    crate: str
    version: str
    path: str
    line: int
    column: int
    kind: PanicKind
    text: str
    verdict: Verdict
    source: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class CrateAudit:
    """One crate of the program; ``local``: a package of the workspace; ``files``: sources that were read."""

    crate: str
    version: str
    verdict: Verdict
    findings: tuple[PanicFinding, ...]
    files: int
    local: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class PanicAudit:
    """A whole program; crates by name and version, the workspace's own first."""

    verdict: Verdict
    crates: tuple[CrateAudit, ...]

    @property
    def findings(self) -> tuple[PanicFinding, ...]:
        """All findings, in the order of the crates."""
        return tuple(finding for crate in self.crates for finding in crate.findings)

    @property
    def files(self) -> int:
        """Sources that were read."""
        return sum(crate.files for crate in self.crates)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict of a whole: unsafe where a part is, else unknown where a part is."""
    found = frozenset(verdicts)
    for verdict in (Verdict.UNSAFE, Verdict.UNKNOWN):
        if verdict in found:
            return verdict
    return Verdict.SAFE
