"""The folklore of the release profile as data, and the rule that sets it beside what was measured here. Pure.

Ranges are changes of a metric as ratios: 0.90 to 0.97 is "3 to 10 % less". Claims of *speed* are read as so much less
run time. "usual explanation": the text that is copied from page to page; one copy of it is linked.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from burnish.explain.measured import compare, pairs
from burnish.explain.values import Evidence, Measurement, Metric
from burnish.tune.result import TuneResult

USUAL: Final = "usual explanation, e.g. https://younghakim7.github.io/blog/posts/240201_rust_toml_lto_strip"
_PERF_BOOK: Final = "https://nnethercote.github.io/perf-book/build-configuration.html"
_PRACTICES: Final = "https://rust.learningz.xyz/books/engineering-practices/ch07-release-profiles-and-binary-size"
_LESSON: Final = "https://www.atharvapandey.com/post/rust/rust-deploy-release-profiles"


class ClaimVerdict(StrEnum):
    """What measuring says of a claim."""

    HOLDS = "holds"
    FAILS = "does not hold"
    UNCLEAR = "not significant"
    UNMEASURED = "not measured"


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """A claim.

    Attributes:
        says: in a few words.
        low, high: the claimed range of new over old.
        old, new: the options that change.
        beyond_sum: the claim is of both changes together against each alone: the ratio is of the gains that are lost.
    """

    id: str
    says: str
    source: str
    metric: Metric
    low: float
    high: float
    old: Mapping[str, str]
    new: Mapping[str, str]
    beyond_sum: bool = field(default=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimCheck:
    """A claim beside what was measured here."""

    claim: Claim
    verdict: ClaimVerdict
    measured: Measurement | None


_OFF: Final = {"lto": "false"}
_FAT: Final = {"lto": "fat"}
_THIN: Final = {"lto": "thin"}
_UNSET: Final = {"codegen-units": "unset"}
_ONE: Final = {"codegen-units": "1"}


def _claim(  # noqa: PLR0917  # a table of rows
    name: str,
    says: str,
    metric: Metric,
    low: float,
    high: float,
    old: Mapping[str, str],
    new: Mapping[str, str],
    source: str = USUAL,
) -> Claim:
    return Claim(id=name, says=says, source=source, metric=metric, low=low, high=high, old=old, new=new)


_RUN, _FILE, _BUILD = Metric.RUN_TIME, Metric.FILE, Metric.BUILD

CLAIMS: Final = (
    _claim("lto-speed", "LTO: 3-10 % faster", _RUN, 0.90, 0.97, _OFF, _FAT),
    _claim("lto-speed-book", "LTO: 10-20 % faster or more", _RUN, 0.0, 0.90, _OFF, _FAT, _PERF_BOOK),
    _claim("lto-speed-practices", "LTO: 5-20 % faster", _RUN, 0.80, 0.95, _OFF, _FAT, _PRACTICES),
    _claim("thin-speed", "thin LTO: 2-8 % faster", _RUN, 0.92, 0.98, _OFF, _THIN),
    _claim("fat-speed", "fat LTO: 3-12 % faster", _RUN, 0.88, 0.97, _OFF, _FAT),
    _claim("fat-speed-2", "fat LTO: 2-8 % faster", _RUN, 0.92, 0.98, _OFF, _FAT),
    _claim("thin-size", "thin LTO: file 5-15 % smaller", _FILE, 0.85, 0.95, _OFF, _THIN),
    _claim("fat-size", "fat LTO: file 10-20 % smaller", _FILE, 0.80, 0.90, _OFF, _FAT),
    _claim("units-speed", "codegen-units = 1: 2-5 % faster", _RUN, 0.95, 0.98, _UNSET, _ONE),
    _claim("units-speed-2", "codegen-units = 1: 1-3 % faster", _RUN, 0.97, 0.99, _UNSET, _ONE),
    _claim("both-speed", "fat LTO and codegen-units = 1: 3-9 % faster", _RUN, 0.91, 0.97, {**_OFF, **_UNSET},
           {**_FAT, **_ONE}),
    Claim(id="not-additive", says="fat LTO and codegen-units = 1: gains do not add up", source=USUAL, metric=_RUN,
          low=1.0, high=math.inf, old={**_OFF, **_UNSET}, new={**_FAT, **_ONE}, beyond_sum=True),
    _claim("level-speed", "opt-level 3: 5-15 % faster than 2 in computations", _RUN, 0.85, 0.95, {"opt-level": "2"},
           {"opt-level": "3"}, _LESSON),
    _claim("level-s-size", 'opt-level "s": file 10-20 % smaller', _FILE, 0.80, 0.90, {"opt-level": "3"},
           {"opt-level": "s"}, _LESSON),
    _claim("level-z-size", 'opt-level "z": file 10-20 % smaller', _FILE, 0.80, 0.90, {"opt-level": "3"},
           {"opt-level": "z"}, _LESSON),
    _claim("strip-size", "strip = true: file 30-50 % smaller", _FILE, 0.50, 0.70, {"strip": "debuginfo"},
           {"strip": "symbols"}),
    _claim("strip-size-none", "strip = true: 5.2 MB to 2.8 MB (from nothing stripped)", _FILE, 0.50, 0.70,
           {"strip": "none"}, {"strip": "symbols"}),
    _claim("abort-size", 'panic = "abort": a smaller file', _FILE, 0.0, 0.999, {"panic": "unwind"},
           {"panic": "abort"}),
    _claim("abort-speed", 'panic = "abort": faster', _RUN, 0.0, 0.999, {"panic": "unwind"}, {"panic": "abort"}),
    _claim("lto-build", "LTO: 2-5 times longer builds", _BUILD, 2.0, 5.0, _OFF, _FAT, _PRACTICES),
    _claim("both-build", "fat LTO and codegen-units = 1: 5-10 times longer builds", _BUILD, 5.0, 10.0,
           {**_OFF, **_UNSET}, {**_FAT, **_ONE}),
)  # fmt: skip


def judge(claim: Claim, measured: Measurement | None) -> ClaimVerdict:
    """The verdict rule.

    An interval that misses the claimed range contradicts the claim; one inside the range supports it. One that lies
    across an end of the range supports the claim where the change is significant (the interval leaves out 1) and the
    figure itself is in the range; otherwise it cannot tell. Estimates and screenings give no verdict.
    """
    if measured is None or measured.evidence in {Evidence.ESTIMATE, Evidence.SCREENED}:
        return ClaimVerdict.UNMEASURED
    low, high = measured.low, measured.high
    if high < claim.low or low > claim.high or (claim.beyond_sum and high <= 1.0):
        return ClaimVerdict.FAILS
    if claim.low <= low and high <= claim.high:
        return ClaimVerdict.HOLDS
    significant = not low <= 1.0 <= high
    return ClaimVerdict.HOLDS if significant and claim.low <= measured.ratio <= claim.high else ClaimVerdict.UNCLEAR


def check(claim: Claim, result: TuneResult | None) -> ClaimCheck:
    """A claim against a stored tune: the best known pair of profiles that differ in just what it speaks of."""
    measured = None if result is None else _measured(claim, result)
    return ClaimCheck(claim=claim, verdict=judge(claim, measured), measured=measured)


def check_all(result: TuneResult | None) -> tuple[ClaimCheck, ...]:
    """Every claim."""
    return tuple(check(claim, result) for claim in CLAIMS)


def _measured(claim: Claim, result: TuneResult) -> Measurement | None:
    found = []
    for old, new in pairs(result, claim.old, claim.new):
        one = compare(result, old, new, claim.metric)
        if one is not None and claim.beyond_sum:
            one = _lost(claim, result, one)
        if one is not None:
            found.append(one)
    order = (Evidence.EXACT, Evidence.INTERVAL, Evidence.SINGLE, Evidence.ESTIMATE, Evidence.SCREENED)
    return min(found, key=lambda each: order.index(each.evidence), default=None)


def _lost(claim: Claim, result: TuneResult, both: Measurement) -> Measurement | None:
    """Both changes together over the product of each alone: above 1, a part of the gains was the same gain."""
    low = high = ratio = 1.0
    rounds = both.rounds
    for key, value in claim.new.items():
        alone = compare(result, both.old, both.old.with_value(key, value), claim.metric)
        if alone is None or alone.evidence is not Evidence.INTERVAL or both.evidence is not Evidence.INTERVAL:
            return None
        low, high, ratio = low * alone.low, high * alone.high, ratio * alone.ratio
        rounds = min(rounds, alone.rounds)
    return Measurement(
        metric=claim.metric,
        ratio=both.ratio / ratio,
        low=both.low / high,
        high=both.high / low,
        evidence=Evidence.INTERVAL,
        rounds=rounds,
        old=both.old,
        new=both.new,
    )
