"""The plan of a link: what a thin link and a partition of its modules into units come to."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from burnish.lto.decide.columns import Ints, Lists, distinct, joined, starts_of
from burnish.lto.decide.fates import Fates, fates
from burnish.lto.decide.grouping import live_weights
from burnish.lto.decide.imports import Imports, Refusals, cross_module_imports
from burnish.lto.decide.index import Identity, Index
from burnish.lto.decide.thinlink import ThinLink


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Plan:
    """What is done where.

    Attributes:
        units: i64[m], the unit of each module; units are numbered from 0 and none is empty.
        modules: of each unit its modules, in link order.
    """

    link: ThinLink
    units: Ints
    modules: Lists
    imports: Imports
    refusals: Refusals
    fates: Fates

    @property
    def index(self) -> Index:
        return self.link.index

    @property
    def unit_count(self) -> int:
        return len(self.modules.starts) - 1

    def members(self, unit: int) -> list[int]:
        """The modules of a unit, in link order."""
        found: list[int] = self.modules.of(np.array([unit])).tolist()
        return found

    def imports_of(self, unit: int) -> slice:
        """Where a unit's imports stand among all."""
        first, end = np.searchsorted(self.imports.unit, [unit, unit + 1])
        return slice(int(first), int(end))

    def sources_of(self, unit: int) -> list[int]:
        """The modules that a unit imports from, ascending."""
        found: list[int] = distinct(self.index.module[self.imports.row[self.imports_of(unit)]]).tolist()
        return found

    def imported_by(self, units: Iterable[int]) -> tuple[Ints, dict[int, int]]:
        """All definitions that these units import, each once, and how many of the units import from each module."""
        slices = [self.imports.row[self.imports_of(unit)] for unit in units]
        sources = joined([distinct(self.index.module[rows]) for rows in slices])
        modules, counts = np.unique(sources, return_counts=True)
        return distinct(joined(slices)), dict(zip(modules.tolist(), counts.tolist(), strict=True))

    def costs(self) -> Ints:
        """What each unit's backend has to do: live instructions of its own and imported ones."""
        costs = np.bincount(self.units, weights=live_weights(self.link), minlength=self.unit_count)
        imported = self.index.base[self.imports.row]
        costs += np.bincount(self.imports.unit, weights=self.index.instructions[imported], minlength=self.unit_count)
        return costs.astype(np.int64)


def decide(link: ThinLink, units: Ints) -> Plan:
    """Decide imports and fates for a partition: ``units`` gives the unit of each module."""
    imports, refusals = cross_module_imports(link, units)
    modules = Lists(
        starts=starts_of(np.bincount(units)),
        targets=np.argsort(units, kind="stable"),
        marks=np.zeros(0, np.uint8),
    )
    return Plan(
        link=link,
        units=units,
        modules=modules,
        imports=imports,
        refusals=refusals,
        fates=fates(link, units, imports),
    )


def promoted_name(index: Index, row: int) -> str:
    """The new name of a promoted local (``ModuleSummaryIndex::getGlobalNameForLocal``)."""
    return index.ir_name(row) + promoted_suffix(index.identities[int(index.module[row])])


def promoted_suffix(identity: Identity) -> str:
    """What the names of a module's promoted locals end with."""
    high, low, *_ = identity
    return f".llvm.{high << 32 | low}"
