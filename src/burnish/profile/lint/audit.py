"""From the panic audit's findings to what the rule abort-unwinding looks at."""

from pathlib import PurePosixPath

from burnish.profile.lint.workspace import Unwinding
from burnish.profile.panics.values import PanicAudit, PanicKind, Verdict


def unwinding(audit: PanicAudit, root: str) -> tuple[Unwinding, ...]:
    """The places that are unsafe with abort, tests left out; ``root`` is the workspace's directory as labels say it."""
    local = {(crate.crate, crate.version) for crate in audit.crates if crate.local}
    return tuple(
        Unwinding(
            crate=finding.crate,
            path=str(PurePosixPath(root) / finding.path),
            line=finding.line,
            column=finding.column,
            text=finding.text,
            local=(finding.crate, finding.version) in local,
        )
        for finding in audit.findings
        if finding.verdict is Verdict.UNSAFE and finding.kind is not PanicKind.SHOULD_PANIC
    )
