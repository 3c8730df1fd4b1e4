"""From a plan to its decisions as columns (`burnish.lto.decided`)."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np

from burnish.lto.decide.candidates import Refusal
from burnish.lto.decide.columns import Ints, distinct, find, joined
from burnish.lto.decide.fate import Fate
from burnish.lto.decide.fates import reason
from burnish.lto.decide.plan import Plan, promoted_suffix
from burnish.lto.decided import (
    VERSION,
    DecidedModule,
    Decisions,
    FateColumns,
    ImportColumns,
    RefusalColumns,
)

#: Fates that are told definition by definition, with a reason each; of the others there is one reason and a number.
_TOLD: Final = (Fate.VISIBLE, Fate.HIDDEN, Fate.KEPT, Fate.PROMOTED, Fate.OTHER_COPY)


def decisions_of(plan: Plan, *, labels: Sequence[str], names: Sequence[str]) -> Decisions:
    """The decisions of a plan; ``labels`` name its modules, ``names`` its units."""
    index, imports, refusals = plan.index, plan.imports, plan.refusals
    told = np.flatnonzero(np.isin(plan.fates.fate, _TOLD))
    told_reasons = [reason(plan.link, plan.fates, row) for row in told.tolist()]
    reasons = sorted({*told_reasons, *(Refusal(code).word for code in np.unique(refusals.reason).tolist())})
    numbers = {text: number for number, text in enumerate(reasons)}
    words = np.array([numbers.get(each.word, 0) for each in Refusal], np.int64)
    codes = np.array([int(each) for each in Refusal], np.int64)
    rows = distinct(joined([imports.row, imports.caller, refusals.row, refusals.caller, told]))

    def named(which: Ints) -> list[int]:
        found: list[int] = find(rows, which).tolist()
        return found

    def modules(which: Ints) -> list[int]:
        found: list[int] = index.module[which].tolist()
        return found

    return Decisions(
        version=VERSION,
        modules=_modules(plan, labels),
        units=list(names),
        costs=plan.costs().tolist(),
        names=[index.name(row) for row in rows.tolist()],
        reasons=reasons,
        imports=ImportColumns(
            unit=imports.unit.tolist(),
            name=named(imports.row),
            module=modules(imports.row),
            caller=named(imports.caller),
            depth=imports.depth.tolist(),
            threshold=imports.threshold.tolist(),
            instructions=index.instructions[index.base[imports.row]].tolist(),
        ),
        refusals=RefusalColumns(
            unit=refusals.unit.tolist(),
            name=named(refusals.row),
            module=modules(refusals.row),
            caller=named(refusals.caller),
            depth=refusals.depth.tolist(),
            threshold=refusals.threshold.tolist(),
            instructions=refusals.size.tolist(),
            reason=words[np.searchsorted(codes, refusals.reason)].tolist(),
        ),
        fates=FateColumns(
            module=modules(told),
            name=named(told),
            fate=plan.fates.fate[told].tolist(),
            reason=[numbers[text] for text in told_reasons],
        ),
    )


def _modules(plan: Plan, labels: Sequence[str]) -> list[DecidedModule]:
    index = plan.index
    count = len(index.modules)
    definitions = np.bincount(index.module[index.defined], minlength=count).tolist()
    live = np.bincount(index.module[plan.link.live], minlength=count).tolist()
    pairs = Counter(zip(index.module.tolist(), plan.fates.fate.tolist(), strict=True))
    fates: list[dict[str, int]] = [{} for _ in range(count)]
    for (module, fate), number in sorted(pairs.items()):
        if fate != Fate.NONE:
            fates[module][Fate(fate).name.lower()] = number
    return [
        DecidedModule(
            label=labels[number],
            source=module.source_filename,
            unit=int(plan.units[number]),
            definitions=definitions[number],
            live=live[number],
            fates=fates[number],
            suffix=promoted_suffix(index.identities[number]),
        )
        for number, module in enumerate(index.modules)
    ]
