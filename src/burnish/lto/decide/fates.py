"""What becomes of each definition: internalized, promoted, kept, dropped, each with its reason.

The rules are those of ``thinLTOInternalizeAndPromoteInIndex`` and ``thinLTOResolvePrevailingInIndex``
(llvm/lib/LTO/LTO.cpp), with one difference. LLVM calls a symbol exported where the symbol tables of two modules have
its name; here it is where a live function or variable of another unit, or what that unit imports, refers to it. So
fewer definitions stay external, and none that another object asks for becomes internal.
"""

from dataclasses import dataclass

import numpy as np

from burnish.lto.decide.columns import Bools, Bytes, Ints, contains, distinct, joined
from burnish.lto.decide.fate import REASONS, Fate
from burnish.lto.decide.imports import Imports
from burnish.lto.decide.index import Index
from burnish.lto.decide.thinlink import NATIVE, UNKNOWN, Root, ThinLink
from burnish.lto.modules import Kind, Linkage

_ROOT_REASONS = {
    Root.ASSEMBLY: "module-level assembly refers to it",
    Root.USED: "in llvm.used, or code generation may call it",
    Root.VISIBLE: "native code or the link line refers to it",
    Root.EXPORTED: "in the dynamic symbol table",
}


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Fates:
    """What units need of each other, and what follows for each definition.

    Attributes:
        fate: u8[n], `Fate`.
        needed: bool[s], symbols that a unit refers to and another one defines.
        wants: pairs of unit and symbol, sorted: what each unit refers to of what other units define.
    """

    fate: Bytes
    needed: Bools
    wants_unit: Ints
    wants_symbol: Ints

    def wanted_by(self, unit: int) -> Ints:
        """The symbols that a unit wants."""
        first, end = np.searchsorted(self.wants_unit, [unit, unit + 1])
        return self.wants_symbol[first:end]


def fates(link: ThinLink, units: Ints, imports: Imports) -> Fates:
    """Decide for each row; ``units`` gives the unit of each module."""
    index = link.index
    unit = units[index.module]
    owner = _owners(link, unit)
    pairs = _foreign(link, unit, imports, owner)
    wants_unit, wants_symbol = np.divmod(pairs, max(index.symbols, 1))
    needed = np.zeros(index.symbols, np.bool_)
    needed[wants_symbol] = True
    return Fates(fate=_fate(link, needed), needed=needed, wants_unit=wants_unit, wants_symbol=wants_symbol)


#: In place of the unit that owns a symbol: several do (locals of one GUID), or none does.
_SEVERAL = -1
_NOBODY = -2


def _owners(link: ThinLink, unit: Ints) -> Ints:
    """The unit of each symbol's definition."""
    index = link.index
    owner = np.full(index.symbols, _NOBODY, np.int64)
    locals_ = np.flatnonzero(index.local() & index.summarized)
    owner[index.symbol[locals_]] = unit[locals_]
    many = np.bincount(index.symbol[locals_], minlength=index.symbols) > 1
    owner[many] = _SEVERAL
    taken = np.flatnonzero(link.prevailing >= 0)
    owner[taken] = unit[link.prevailing[taken]]
    return owner


def _foreign(link: ThinLink, unit: Ints, imports: Imports, owner: Ints) -> Ints:
    """Sorted keys of unit and symbol: what units refer to of what others define."""
    index = link.index
    live = np.flatnonzero(link.live)
    imported = index.base[imports.row]
    # What is only written comes without its initializer.
    whole = ~link.write_only[imported]
    parts = [
        _keys(index, imports.unit, imports.symbol),
        _references(index, unit[live], live, owner),
        _references(index, imports.unit[whole], imported[whole], owner),
    ]
    keys = distinct(joined(parts))
    units, symbols = np.divmod(keys, max(index.symbols, 1))
    foreign = (owner[symbols] != units) & (owner[symbols] != _NOBODY)
    keys, several = keys[foreign], owner[symbols[foreign]] == _SEVERAL
    wanted: Ints = keys[several | ~contains(_private_copies(link, imports), keys)]
    return wanted


def _references(index: Index, unit: Ints, rows: Ints, owner: Ints) -> Ints:
    found = []
    for edges in (index.refs, index.calls):
        places, owners = edges.places(rows)
        symbols, units = edges.targets[places], unit[owners]
        foreign = owner[symbols] != units
        found.append(_keys(index, units[foreign], symbols[foreign]))
    return joined(found)


def _keys(index: Index, units: Ints, symbols: Ints) -> Ints:
    keys: Ints = units * index.symbols + symbols
    return keys


def _private_copies(link: ThinLink, imports: Imports) -> Ints:
    """Imports of which the importing unit gets a copy of its own: variables that are only read, or only written."""
    own = link.read_only[imports.row] | link.write_only[imports.row]
    return _keys(link.index, imports.unit[own], imports.symbol[own])


def _fate(link: ThinLink, needed: Bools) -> Bytes:
    """The rules from the weakest to the strongest, each writing over the ones before."""
    index = link.index
    symbol, local = index.symbol, index.local()
    prevailing = link.prevailing[symbol]
    fate = np.where(index.defined, np.uint8(Fate.KEPT), np.uint8(Fate.NONE))
    known = index.summarized & index.defined & (index.linkage != Linkage.APPENDING)
    ours = known & ~local & (prevailing == np.arange(index.rows))
    fate[ours] = Fate.INTERNAL
    fate[ours & needed[symbol]] = Fate.HIDDEN
    fate[ours & (link.root[symbol] > Root.NONE)] = Fate.VISIBLE
    others = known & ~local & ~ours & (prevailing != UNKNOWN)
    # An alias and its aliasee cannot become available_externally: such copies stay, and the linker drops them.
    fate[others & ~_in_aliases(index)] = Fate.OTHER_COPY
    fate[known & ~local & (index.linkage == Linkage.AVAILABLE_EXTERNALLY)] = Fate.OTHER_COPY
    fate[known & local] = Fate.LOCAL
    fate[known & local & needed[symbol]] = Fate.PROMOTED
    # What lives may refer to a copy that is dead as native code defines the symbol: a declaration must remain.
    fate[known & ~link.live & ~(others & (prevailing == NATIVE))] = Fate.DEAD
    return fate


def _in_aliases(index: Index) -> Bools:
    aliases = np.flatnonzero((index.kind == Kind.ALIAS) & index.summarized)
    involved = np.zeros(index.rows, np.bool_)
    involved[aliases] = involved[index.base[aliases]] = True
    return involved


def reason(link: ThinLink, found: Fates, row: int) -> str:
    """Why a definition has its fate."""
    fate, symbol = Fate(int(found.fate[row])), int(link.index.symbol[row])
    if fate is Fate.VISIBLE:
        return _ROOT_REASONS[Root(int(link.root[symbol]))]
    if fate is Fate.OTHER_COPY:
        return _other_copy(link, int(link.prevailing[symbol]))
    if fate is Fate.KEPT:
        return "no summary tells of it" if not link.index.summarized[row] else "the linker decides on it"
    return REASONS.get(fate, "")


def _other_copy(link: ThinLink, prevailing: int) -> str:
    if prevailing == NATIVE:
        return "native code defines it"
    if prevailing == UNKNOWN:
        return "no definition of its own: available_externally"
    return f"the copy of {link.index.modules[int(link.index.module[prevailing])].source_filename} prevails"
