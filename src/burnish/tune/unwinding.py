"""``--allow panic-abort=if-safe``: does the panic audit let ``panic = "abort"`` be tried, and what is said of it."""

from dataclasses import replace

from burnish.profile.panics.values import PanicAudit, Verdict
from burnish.tune.space import Narrowing

#: The words of ``--allow``: whatever the audit says, and only where it says safe.
ALLOWED = "panic-abort"
IF_SAFE = "panic-abort=if-safe"

NOT_AUDITED = (
    'panic = "abort" was tried as allowed; what relies on unwinding was not looked for (extra burnish[audit]).'
)


def settled(narrowing: Narrowing, audit: PanicAudit) -> tuple[Narrowing, str]:
    """The narrowing with ``panic-abort`` allowed or not, and a sentence for the report."""
    if ALLOWED in narrowing.allow:
        if audit.verdict is Verdict.SAFE:
            return narrowing, f'panic = "abort" was tried: {_safe(audit)}.'
        return narrowing, f'panic = "abort" was tried as allowed, though {_found(audit)}.'
    kept = narrowing.allow - {IF_SAFE}
    if audit.verdict is Verdict.SAFE:
        return replace(narrowing, allow=kept | {ALLOWED}), f'panic = "abort" was tried: {_safe(audit)}.'
    return replace(narrowing, allow=kept), f'panic = "abort" was not tried: {_found(audit)}.'


def _safe(audit: PanicAudit) -> str:
    crates, files = _counted(len(audit.crates), "crate"), _counted(audit.files, "file")
    return f"the panic audit found nothing that needs unwinding in {crates} ({files})"


def _found(audit: PanicAudit) -> str:
    """The verdict with its first place."""
    places = [finding for finding in audit.findings if finding.verdict is audit.verdict]
    first = places[0]
    more = f" and {len(places) - 1} more places" if len(places) > 2 else " and 1 more place" if len(places) == 2 else ""
    return (
        f"the panic audit says {audit.verdict}: {first.crate} {first.version}, {first.path}:{first.line}, "
        f"{first.text}{more} (burnish audit lists them)"
    )


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
