"""Findings that the documentation of a widely used crate settles, and those that only a whole crate tells.

A review holds where the crate promises what becomes of a panic, or where it only offers to catch one and its callers
are found by `places`. It names the releases it holds for, what was read, and where the promise stands.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Final

from burnish.profile.panics.values import THREAD_IGNORED, THREAD_KEPT, PanicFinding, PanicKind, Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """What is known of some findings of a crate.

    Attributes:
        series: of releases that Cargo takes for compatible: ``1``, or ``0.8``.
        read: the release whose source was read.
        paths: globs over files.
        reason: one sentence.
        source: where it is documented.
    """

    crate: str
    series: str
    read: str
    paths: tuple[str, ...]
    kinds: frozenset[PanicKind]
    reason: str
    source: str

    def covers(self, finding: PanicFinding) -> bool:
        """Whether it speaks of a finding."""
        return (
            finding.crate == self.crate
            and (finding.version + ".").startswith(self.series + ".")
            and finding.kind in self.kinds
            and any(fnmatchcase(finding.path, glob) for glob in self.paths)
        )


_TASKS: Final = frozenset({
    PanicKind.CATCH_UNWIND, PanicKind.RESUME_UNWIND, PanicKind.TASK, PanicKind.THREAD, PanicKind.JOIN,
    PanicKind.PANICKING,
})  # fmt: skip

REVIEWS: Final = (
    Review(
        crate="tokio",
        series="1",
        read="1.54.1",
        paths=("src/*",),
        kinds=_TASKS | {PanicKind.DROP},
        reason="tokio keeps a panic in its task; who spawns one is looked at instead",
        source="https://docs.rs/tokio/1/tokio/task/struct.JoinError.html",
    ),
    Review(
        crate="rayon-core",
        series="1",
        read="1.13.0",
        paths=("src/*",),
        kinds=_TASKS,
        reason="rayon raises a job's panic again in who waits for it, and aborts where nobody does",
        source="https://docs.rs/rayon-core/1/rayon_core/struct.ThreadPoolBuilder.html#method.panic_handler",
    ),
    Review(
        crate="futures-util",
        series="0.3",
        read="0.3.34",
        paths=("src/future/future/*", "src/stream/stream/catch_unwind.rs"),
        kinds=frozenset({PanicKind.CATCH_UNWIND, PanicKind.RESUME_UNWIND}),
        reason="offers to catch a panic, or raises it again (RemoteHandle); who asks for it is looked at instead",
        source="https://docs.rs/futures-util/0.3/futures_util/future/trait.FutureExt.html#method.catch_unwind",
    ),
    Review(
        crate="crossbeam-utils",
        series="0.8",
        read="0.8.22",
        paths=("src/thread.rs",),
        kinds=frozenset({PanicKind.CATCH_UNWIND, PanicKind.JOIN, PanicKind.RESUME_UNWIND}),
        reason="a scope gives the panics of its threads to its caller, who is looked at instead",
        source="https://docs.rs/crossbeam-utils/0.8/crossbeam_utils/thread/fn.scope.html",
    ),
    Review(
        crate="scopeguard",
        series="1",
        read="1.2.0",
        paths=("src/lib.rs",),
        kinds=frozenset({PanicKind.PANICKING}),
        reason="offers guards that run while unwinding; who uses one is looked at instead",
        source="https://docs.rs/scopeguard/1/scopeguard/fn.guard_on_unwind.html",
    ),
    Review(
        crate="git2",
        series="0.20",
        read="0.20.4",
        paths=("src/panic.rs",),
        kinds=frozenset({PanicKind.CATCH_UNWIND}),
        reason="holds a panic back while C code is on the stack, and raises it again after",
        source="https://docs.rs/git2/0.20.4/src/git2/panic.rs.html",
    ),
)


def judged(findings: Iterable[PanicFinding], *, local: bool) -> tuple[PanicFinding, ...]:
    """The findings of one crate in order, with what only a crate as a whole tells; ``local``: of the workspace.

    A library's buffers that Drop writes out are lost as those of std's BufWriter are: that says nothing of a program.
    """
    given = tuple(findings)
    joins = any(finding.kind is PanicKind.JOIN for finding in given)
    found = (_judged(_unjoined(finding, joins=joins), local=local) for finding in given)
    return tuple(sorted(found, key=lambda finding: (finding.path, finding.line, finding.column)))


def _unjoined(finding: PanicFinding, *, joins: bool) -> PanicFinding:
    """A handle that is kept in a crate that never joins one."""
    if joins or finding.text != THREAD_KEPT:
        return finding
    return replace(finding, verdict=Verdict.UNKNOWN, text=THREAD_IGNORED)


def _judged(finding: PanicFinding, *, local: bool) -> PanicFinding:
    if finding.verdict is Verdict.SAFE:
        return finding
    review = next((each for each in REVIEWS if each.covers(finding)), None)
    if review is not None:
        return replace(finding, verdict=Verdict.SAFE, text=review.reason, source=review.source)
    if not local and finding.kind is PanicKind.DROP and finding.verdict is Verdict.UNKNOWN:
        return replace(finding, verdict=Verdict.SAFE)
    return finding
