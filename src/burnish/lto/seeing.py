"""From a plan and its units' remarks to what was seen of the link (`burnish.lto.seen`)."""

from collections.abc import Mapping, Sequence

import numpy as np

from burnish.lto.decide.plan import Plan
from burnish.lto.modules import Kind
from burnish.lto.remarks import UnitRemarks
from burnish.lto.seen import VERSION, DefinitionColumns, InlineColumns, Seen

_NO_FUNCTION = -1


class _Names:
    """Numbers for texts, in the order in which they come."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        return self.numbers.setdefault(text, len(self.numbers))

    def of(self, texts: Sequence[str], numbers: Sequence[int]) -> list[int]:
        """Numbers into ``texts`` as numbers of this table; -1 stays."""
        own = [*map(self.number, texts), -1]
        return [own[number] for number in numbers]


def seen_of(plan: Plan, *, units: Sequence[str], remarks: Mapping[int, UnitRemarks]) -> Seen:
    """All that was seen; ``units`` names the units, ``remarks`` holds those of the units that have any, by number."""
    names, reasons = _Names(), _Names()
    definitions = _definitions(plan, names)
    inlines = InlineColumns(unit=[], caller=[], callee=[], inlined=[], cost=[], threshold=[], reason=[], count=[])
    for unit, said in sorted(remarks.items()):
        inlines.unit.extend([unit] * len(said.caller))
        inlines.caller.extend(names.of(said.names, said.caller))
        inlines.callee.extend(names.of(said.names, said.callee))
        inlines.inlined.extend(said.inlined)
        inlines.cost.extend(said.cost)
        inlines.threshold.extend(said.threshold)
        inlines.reason.extend(reasons.of(said.reasons, said.reason))
        inlines.count.extend(said.count)
    return Seen(
        version=VERSION,
        names=list(names.numbers),
        reasons=list(reasons.numbers),
        units=list(units),
        inlines=inlines,
        definitions=definitions,
        unknown=sum(said.unknown for said in remarks.values()),
    )


def _definitions(plan: Plan, names: _Names) -> DefinitionColumns:
    index = plan.index
    rows = np.flatnonzero(index.defined)
    function = (index.kind[rows] == Kind.FUNCTION) & index.summarized[rows]
    instructions = np.where(function, index.instructions[rows].astype(np.int64), _NO_FUNCTION)
    return DefinitionColumns(
        module=index.module[rows].tolist(),
        name=[names.number(index.name(row)) for row in rows.tolist()],
        instructions=instructions.tolist(),
        live=plan.link.live[rows].tolist(),
    )
