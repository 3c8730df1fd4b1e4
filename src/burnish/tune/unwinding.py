"""``--allow panic-abort=if-safe``: does the panic audit let ``panic = "abort"`` be tried, and what is said of it."""

from dataclasses import replace

from burnish.profile.options import Panic
from burnish.profile.panics.values import PanicAudit, Verdict
from burnish.profile.profile import Profile
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


def of_bench(narrowing: Narrowing, base: Profile) -> tuple[Narrowing, tuple[str, ...]]:
    """The narrowing with panic as it is: cargo builds a bench unwinding, whatever the profile says (`build.audit`)."""
    asked = bool(narrowing.allow & {ALLOWED, IF_SAFE}) or "panic" in {*narrowing.fixed, *narrowing.values}
    kept = Narrowing(
        values={key: values for key, values in narrowing.values.items() if key != "panic"},
        fixed={**narrowing.fixed, "panic": str(base.panic)},
        only=narrowing.only,
        allow=narrowing.allow - {ALLOWED, IF_SAFE},
    )
    if base.panic is Panic.ABORT:
        said = 'the programs of this profile have panic = "abort", and what was measured unwinds'
    elif asked:
        said = 'panic = "abort" was not tried'
    else:
        return kept, ()
    return kept, (f"Cargo builds bench targets unwinding, whatever panic says: {said}.",)


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
