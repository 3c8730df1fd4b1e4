"""LLVM's remarks on inlining, read: who was to go into whom, what became of it, at which cost, and why not.

A remark is a sentence for people; the forms are those of InlineAdvisor.cpp and Inliner.cpp (llvm/lib/Analysis,
llvm/lib/Transforms/IPO). What follows no known form is counted and left out. Values only: no LLVM, no files.

To make remarks changes nothing in the objects, and costs a fourteenth more CPU time in backends (hyperfine, LLVM 22:
13.9 s without, 14.8 s with).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

#: Version of a unit's stored form.
VERSION: Final = 1

#: ``cl::opt`` that make LLVM say what it inlines. It then makes the remarks of all passes: `is_of_inlining` chooses.
OPTIONS: Final = ("-pass-remarks=^inline$", "-pass-remarks-missed=^inline$")

#: Cost or threshold that LLVM did not give: it always inlines, or never.
NOT_GIVEN: Final = -1

# Texts, compiled when they are first used: every link imports this module, few read remarks.
_FORM: Final = r"(?s)'([^\s']+)' (not |is not |will not be )?inlined into '([^\s']+)'(.*)"
#: The one form without quotes.
_UNAVAILABLE: Final = r"([^\s']+) will not be inlined into ([^\s']+) because its definition is unavailable"
_DEFERRED: Final = (
    r"Not inlining\. Cost of inlining '([^\s']+)' increases the cost of inlining '([^\s']+)' in other contexts"
)
_COST: Final = r"(?s)\(cost=(-?\d+|always|never)(?:, threshold=(-?\d+))?\)(?:: (.*))?"
#: Where a call stands, for modules with debug info; nothing that a link of stripped modules has.
_PLACE: Final = r"(?s) at callsite .*"
#: What makes a name unique: of promoted locals, of locals that met another of their name.
_PROMOTED: Final = r"\.llvm\.\d+"
_NUMBERED: Final = r"(?:\.\d+)+\Z"

_TOO_COSTLY: Final = "too costly"
_NO_DEFINITION: Final = "unavailable definition"
_IN_OTHER_CONTEXTS: Final = "deferred: the caller itself is to be inlined"


class Remark(msgspec.Struct, frozen=True, kw_only=True):
    """One sentence. ``cost`` and ``threshold``: `NOT_GIVEN` where LLVM gave none; ``reason``: empty where none."""

    caller: str
    callee: str
    inlined: bool
    cost: int
    threshold: int
    reason: str


class UnitRemarks(msgspec.Struct, frozen=True, kw_only=True):
    """A unit's remarks as columns; each different one once.

    Attributes:
        names, reasons: each once; the numbers of ``caller``, ``callee`` and ``reason`` (-1: none) point into them.
        count: how often LLVM said the very same.
        unknown: remarks that follow no known form.
    """

    version: int
    names: list[str]
    reasons: list[str]
    caller: list[int]
    callee: list[int]
    inlined: list[bool]
    cost: list[int]
    threshold: list[int]
    reason: list[int]
    count: list[int]
    unknown: int


def is_of_inlining(text: str) -> bool:
    """Whether a remark may be the inliner's, at a glance."""
    return " inlined into " in text or "Not inlining" in text


def parse_remark(text: str) -> Remark | None:
    """A remark's sentence; None where it has no known form."""
    if deferred := re.search(_DEFERRED, text):
        return _remark(deferred[2], deferred[1], inlined=False, reason=_IN_OTHER_CONTEXTS)
    if unavailable := re.search(_UNAVAILABLE, text):
        return _remark(unavailable[2], unavailable[1], inlined=False, reason=_NO_DEFINITION)
    found = re.search(_FORM, text)
    if found is None:
        return None
    callee, refused, caller, rest = found.groups()
    if not refused:
        rest = re.sub(_PLACE, "", rest)
    return _judged(caller, callee, inlined=not refused, rest=rest.strip())


def _judged(caller: str, callee: str, *, inlined: bool, rest: str) -> Remark:
    """A verdict, with what LLVM said after the names."""
    cost = re.search(_COST, rest)
    if cost is None:
        return _remark(caller, callee, inlined=inlined, reason=_reason(rest))
    number, threshold, reason = cost.groups()
    if threshold is None:
        return _remark(caller, callee, inlined=inlined, reason=(reason or "").strip())
    usual = "" if inlined else _TOO_COSTLY
    return _remark(
        caller,
        callee,
        inlined=inlined,
        reason=(reason or "").strip() or usual,
        cost=int(number) if number.lstrip("-").isdigit() else NOT_GIVEN,
        threshold=int(threshold),
    )


def plain_name(name: str) -> str:
    """A function's name as in its module, without what LLVM added to make it unique."""
    return re.sub(_NUMBERED, "", re.sub(_PROMOTED, "", name)) or name


def columns_of(said: Mapping[str, int]) -> UnitRemarks:
    """Remarks, and how often each was made, as columns in a fixed order."""
    counts: dict[Remark, int] = {}
    unknown = 0
    for text, count in said.items():
        remark = parse_remark(text)
        if remark is None:
            unknown += count
        else:
            counts[remark] = counts.get(remark, 0) + count
    remarks = sorted(
        counts, key=lambda each: (each.caller, each.callee, each.inlined, each.cost, each.threshold, each.reason)
    )
    names = {name: number for number, name in enumerate(dict.fromkeys(_names(remarks)))}
    reasons = {text: number for number, text in enumerate(sorted({each.reason for each in remarks} - {""}))}
    return UnitRemarks(
        version=VERSION,
        names=list(names),
        reasons=list(reasons),
        caller=[names[each.caller] for each in remarks],
        callee=[names[each.callee] for each in remarks],
        inlined=[each.inlined for each in remarks],
        cost=[each.cost for each in remarks],
        threshold=[each.threshold for each in remarks],
        reason=[reasons.get(each.reason, -1) for each in remarks],
        count=[counts[each] for each in remarks],
        unknown=unknown,
    )


def encode(remarks: UnitRemarks) -> bytes:
    """A unit's remarks as the cache keeps them."""
    return msgspec.json.encode(remarks)


def decode(data: bytes) -> UnitRemarks | None:
    """A unit's remarks; None where the bytes are none, or of another version."""
    try:
        found = msgspec.json.decode(data, type=UnitRemarks)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return found if found.version == VERSION else None


def _names(remarks: list[Remark]) -> Iterator[str]:
    for remark in remarks:
        yield remark.caller
        yield remark.callee


def _remark(
    caller: str, callee: str, *, inlined: bool, reason: str, cost: int = NOT_GIVEN, threshold: int = NOT_GIVEN
) -> Remark:
    return Remark(
        caller=plain_name(caller),
        callee=plain_name(callee),
        inlined=inlined,
        cost=cost,
        threshold=threshold,
        reason=reason,
    )


def _reason(rest: str) -> str:
    """LLVM's words where it gave no cost: after a colon, or after ``because``."""
    return (
        _NO_DEFINITION
        if "definition is unavailable" in rest
        else rest.removeprefix(":").removeprefix("because").strip()
    )
