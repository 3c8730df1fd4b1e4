"""What a project promises of its program, and whether it keeps it: limits judged on measured values. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import msgspec

from burnish.errors import UsageError
from burnish.measure.values import Comparison, Timing
from burnish.profile.options import Lto
from burnish.profile.profile import Profile
from burnish.tune.result import Outcome, TuneResult
from burnish.units import format_bytes, format_change, parse_bytes

_RELEASE: Final = re.compile(r"\d+\.\d+\.\d+\S*")


class Verdict(StrEnum):
    """What was found of a promise. What cannot be told breaks no build: noise is no reason to stop one."""

    KEPT = "kept"
    BROKEN = "broken"
    UNKNOWN = "cannot be told"


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """``[package.metadata.burnish.budgets]`` as written; the command line gives the same keys."""

    max_size: str | int | None = None
    max_runtime_ratio: float | None = None
    lto_applied: bool | None = None
    evidence: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Budgets:
    """The promises.

    Attributes:
        max_size: bytes of the file as shipped.
        max_runtime_ratio: of the workload's time, against the profile that the evidence started from, else Cargo's
            default.
        lto_applied: the profile must ask for link-time optimization, and rustc must be told to do it.
        evidence: a report as JSON, relative to the package; it must be of this profile and this toolchain.
    """

    max_size: int | None = None
    max_runtime_ratio: float | None = None
    lto_applied: bool = False
    evidence: str | None = None

    @property
    def empty(self) -> bool:
        return self == Budgets()


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A promise, what it asks for, what was found, and what to do where it is broken."""

    budget: str
    verdict: Verdict
    wanted: str
    found: str
    hint: str = ""


def read_budgets(raw: Mapping[str, Any], given: Table) -> Budgets:
    """The command line over the manifest's table.

    Raises:
        UsageError: an unknown key, or a value that means nothing.
    """
    try:
        table = msgspec.convert(dict(raw), Table)
    except msgspec.ValidationError as error:
        raise UsageError(
            f"[metadata.burnish.budgets] in Cargo.toml: {error}",
            hint="it takes max-size, max-runtime-ratio, lto-applied and evidence",
        ) from None

    def chosen(name: str) -> Any:  # noqa: ANN401  # a field of the table
        return getattr(given, name) if getattr(given, name) is not None else getattr(table, name)

    ratio = chosen("max_runtime_ratio")
    if ratio is not None and ratio <= 0:
        raise UsageError(f"max-runtime-ratio = {ratio:g} must be above zero, such as 1.02")
    return Budgets(
        max_size=_size(chosen("max_size")),
        max_runtime_ratio=ratio,
        lto_applied=bool(chosen("lto_applied")),
        evidence=chosen("evidence"),
    )


def _size(value: str | int | None) -> int | None:
    if value is None:
        return None
    try:
        return parse_bytes(value) if isinstance(value, str) else parse_bytes(str(value))
    except ValueError as error:
        raise UsageError(f"max-size: {error}") from None


def judge_size(size: int, limit: int) -> Finding:
    """The file as shipped."""
    return Finding(
        budget="max-size",
        verdict=Verdict.KEPT if size <= limit else Verdict.BROKEN,
        wanted=f"at most {format_bytes(limit)}",
        found=f"{format_bytes(size)} ({size:,} bytes, {format_change(size / limit)} of the limit)",
        hint="" if size <= limit else "burnish xray shows what it is made of",
    )


def judge_lto(profile: Profile, mismatches: tuple[str, ...]) -> Finding:
    """The profile asks for link-time optimization across crates, and rustc was told so."""
    refused = [each for each in mismatches if each.startswith("lto:")]
    asked = profile.lto in {Lto.THIN, Lto.FAT}
    if not asked:
        found, hint = f"the profile has lto = {profile.lto}", "set lto to thin or fat, or leave lto-applied out"
    elif refused:
        found, hint = refused[0].removeprefix("lto: "), "burnish lint and burnish explain --option lto say why"
    else:
        found, hint = f"rustc was told lto = {profile.lto}", ""
    return Finding(
        budget="lto-applied",
        verdict=Verdict.BROKEN if hint else Verdict.KEPT,
        wanted="link-time optimization over all crates",
        found=found,
        hint=hint,
    )


def judge_time(time: Comparison | None, limit: float, reference: str) -> Finding:
    """The workload's time against the reference's: broken where the whole interval lies above the limit."""
    if time is None:
        verdict, found = Verdict.UNKNOWN, "too few rounds"
    else:
        low, high = format_change(time.low), format_change(time.high)
        found = f"{time.ratio:.3f} times ({low} to {high}, n {time.pairs}) of {reference}"
        verdict = Verdict.BROKEN if time.low > limit else Verdict.KEPT if time.high <= limit else Verdict.UNKNOWN
    hints = {
        Verdict.BROKEN: "burnish tune finds what this program needs now",
        Verdict.UNKNOWN: "a longer workload, a quieter machine or more --budget narrows the interval",
    }
    return Finding(
        budget="max-runtime-ratio",
        verdict=verdict,
        wanted=f"at most {limit:g} times {reference}",
        found=found,
        hint=hints.get(verdict, ""),
    )


def same_profile(limit: float, reference: str) -> Finding:
    """The profile is the reference: there is nothing to measure."""
    kept = limit >= 1
    return Finding(
        budget="max-runtime-ratio",
        verdict=Verdict.KEPT if kept else Verdict.BROKEN,
        wanted=f"at most {limit:g} times {reference}",
        found="the profile in force is that one",
        hint="" if kept else "burnish tune finds a faster one, where there is one",
    )


def judge_evidence(result: TuneResult, profile: Profile, rustc: str) -> tuple[Finding, Finding]:
    """Whether the evidence speaks of the profile in force, and of the toolchain in use."""
    wanted = result.recommendation.profile
    what = "recommends" if result.recommendation.outcome is Outcome.CHANGE else "leaves"
    same = profile == wanted
    then, now = (_release(text) for text in (result.circumstances.rustc, rustc))
    return (
        Finding(
            budget="evidence: profile",
            verdict=Verdict.KEPT if same else Verdict.BROKEN,
            wanted=f"{wanted.id}, which the report of {result.created[:10]} {what}",
            found=profile.id,
            hint="" if same else "burnish apply writes the recommended one; burnish tune makes new evidence",
        ),
        Finding(
            budget="evidence: toolchain",
            verdict=Verdict.KEPT if then == now else Verdict.BROKEN,
            wanted=f"measured with rustc {now}",
            found=f"measured with rustc {then} on {result.created[:10]}",
            hint="" if then == now else "burnish reproduce says whether it still holds; burnish tune measures anew",
        ),
    )


def judge_reproduced(name: str, then: Comparison, now: Comparison | None) -> Finding:
    """A time of a report against the same comparison in fresh rounds.

    It holds where the verdicts are the same, or the fresh interval lies on the same side of 1; it is broken where the
    two intervals do not meet; else this machine cannot tell.
    """
    wanted = f"{format_change(then.ratio)} ({format_change(then.low)} to {format_change(then.high)})"
    if now is None:
        return Finding(budget=name, verdict=Verdict.UNKNOWN, wanted=wanted, found="too few rounds")
    meet = now.low <= then.high and then.low <= now.high
    different = {Timing.FASTER, Timing.SLOWER}
    opposite = {then.timing, now.timing} == different
    lost = then.timing in different and now.timing is Timing.SAME
    if now.timing is then.timing and (meet or then.timing in different):
        verdict = Verdict.KEPT
    elif opposite or lost or not meet:
        verdict = Verdict.BROKEN
    else:
        verdict = Verdict.UNKNOWN
    return Finding(
        budget=name,
        verdict=verdict,
        wanted=wanted,
        found=f"{format_change(now.ratio)} ({format_change(now.low)} to {format_change(now.high)}, n {now.pairs}), "
        f"{now.timing}",
        hint="burnish tune measures anew" if verdict is Verdict.BROKEN else "",
    )


#: Largest relative difference between a size in a report and the same build again that is no difference: paths and
#: hashes move some bytes.
SAME_SIZE: Final = 0.001


def judge_same_size(name: str, then: int, now: int) -> Finding:
    """A size of a report against the same build again."""
    same = abs(now - then) <= SAME_SIZE * then
    return Finding(
        budget=name,
        verdict=Verdict.KEPT if same else Verdict.BROKEN,
        wanted=f"{then:,} bytes",
        found=f"{now:,} bytes" + ("" if now == then or not then else f" ({format_change(now / then, digits=2)})"),
        hint="" if same else "the program, its dependencies or the toolchain are not those of the report",
    )


def broken(findings: tuple[Finding, ...]) -> bool:
    """Whether any promise is."""
    return any(finding.verdict is Verdict.BROKEN for finding in findings)


def _release(text: str) -> str:
    found = _RELEASE.search(text)
    return found[0] if found else text
