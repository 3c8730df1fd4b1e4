"""The index of one unit, for LLVM's ``function-import`` pass with ``-import-all-index``.

It holds the summaries of what the unit imports, each under the path of its module, and nothing else: not the unit's
own summaries, as with them the pass would promote every local, and neither references nor calls, which the pass does
not ask for. Codes are those of llvm/Bitcode/LLVMBitCodes.h; the layout is that of ``IndexBitcodeWriter``
(BitcodeWriter.cpp), version 12.
"""

from collections.abc import Mapping

import numpy as np

from burnish.lto.decide.columns import Ints, Words, distinct
from burnish.lto.decide.fate import Fate
from burnish.lto.decide.plan import Plan
from burnish.lto.modules import Kind, SummaryFlag, VariableFlag
from burnish.lto.write.bitwriter import BitWriter

_MODULE_BLOCK, _MODULE_STRTAB_BLOCK, _SUMMARY_BLOCK, _STRTAB_BLOCK = 8, 19, 20, 23
_WIDTH = 3
_MODULE_VERSION, _STRTAB_BLOB = 1, 1
_ENTRY, _HASH = 1, 2
_COMBINED_PROFILE, _COMBINED_VARIABLE, _COMBINED_ALIAS = 5, 6, 8
_VERSION, _VALUE_GUID, _FLAGS = 10, 16, 20

#: The version of summaries written; libLLVM reads its own and the ones before.
SUMMARY_VERSION = 12

#: Dead symbols are marked, attributes propagated, and so is what lies in this output (``setFlags``).
_INDEX_FLAGS = 0x1 | 0x20 | 0x40

_READ, _WRITTEN = int(VariableFlag.MAYBE_READ_ONLY), int(VariableFlag.MAYBE_WRITE_ONLY)


def shard(plan: Plan, unit: int, paths: Mapping[int, str]) -> bytes:
    """The bytes of a unit's index.

    Args:
        plan: the link's.
        unit: the unit's number.
        paths: of each module that the unit imports from, the file that holds exactly it.
    """
    rows = plan.imports.row[plan.imports_of(unit)]
    sources = distinct(plan.index.module[rows])
    writer = BitWriter()
    writer.enter(_MODULE_BLOCK, _WIDTH)
    writer.record(_MODULE_VERSION, [2])
    _write_modules(writer, plan, sources.tolist(), paths)
    _write_summaries(writer, plan, rows, sources)
    writer.end()
    writer.enter(_STRTAB_BLOCK, _WIDTH)
    writer.blob(_STRTAB_BLOB, b"")
    writer.end()
    return writer.content()


def _write_modules(writer: BitWriter, plan: Plan, sources: list[int], paths: Mapping[int, str]) -> None:
    writer.enter(_MODULE_STRTAB_BLOCK, _WIDTH)
    writer.define_text(_ENTRY)
    for number, source in enumerate(sources):
        writer.text(number, paths[source].encode("utf-8", "surrogateescape"))
        writer.record(_HASH, plan.index.identities[source])
    writer.end()


def _write_summaries(writer: BitWriter, plan: Plan, rows: Ints, sources: Ints) -> None:
    index = plan.index
    writer.enter(_SUMMARY_BLOCK, _WIDTH)
    writer.record(_VERSION, [SUMMARY_VERSION])
    writer.record(_FLAGS, [_INDEX_FLAGS])
    # An aliasee has a value id but no summary: it comes as a part of its alias.
    symbols = distinct(np.concatenate([index.symbol[rows], index.symbol[index.base[rows]]]))
    guids = index.guids[symbols]
    values = np.arange(1, len(symbols) + 1, dtype=np.uint64)
    writer.table(_VALUE_GUID, np.stack([values, guids >> np.uint64(32), guids & np.uint64(0xFFFFFFFF)], axis=1))
    # Aliases come last, as readers ask for it.
    for code, kind in (
        (_COMBINED_PROFILE, Kind.FUNCTION),
        (_COMBINED_VARIABLE, Kind.VARIABLE),
        (_COMBINED_ALIAS, Kind.ALIAS),
    ):
        chosen = rows[index.kind[rows] == kind]
        head = [
            values[np.searchsorted(symbols, index.symbol[chosen])],
            np.searchsorted(sources, index.module[chosen]),
            _flags(plan, chosen),
        ]
        columns = [*head, *_operands(plan, kind, chosen, symbols)]
        writer.table(code, np.stack([np.asarray(column).astype(np.uint64) for column in columns], axis=1))
    writer.end()


def _operands(plan: Plan, kind: Kind, rows: Ints, symbols: Ints) -> list[Ints | Words]:
    """What follows the flags."""
    index, link = plan.index, plan.link
    match kind:
        case Kind.FUNCTION:
            # The entry count of old, and no references of the three sorts.
            return [index.instructions[rows], index.attributes[rows], *[np.zeros(len(rows), np.uint32)] * 4]
        case Kind.VARIABLE:
            found = index.attributes[rows].astype(np.int64) & ~(_READ | _WRITTEN)
            return [found | _READ * link.read_only[rows] | _WRITTEN * link.write_only[rows]]
        case _:
            return [np.searchsorted(symbols, index.symbol[index.base[rows]]) + 1]


def _flags(plan: Plan, rows: Ints) -> Words:
    """The summaries' own, live, and local to the output where nobody outside can see them."""
    flags = plan.index.flags[rows] | np.uint32(SummaryFlag.LIVE)
    fate = plan.fates.fate[rows]
    ours = (fate == Fate.HIDDEN) | (fate == Fate.PROMOTED) | (fate == Fate.LOCAL) | (fate == Fate.INTERNAL)
    return np.where(ours, flags | np.uint32(SummaryFlag.DSO_LOCAL), flags).astype(np.uint32)
