"""The summary of a module (GLOBALVAL_SUMMARY), of the one version that LLVM 22 writes.

Source: ``parseEntireSummary`` (llvm/Bitcode/Reader/BitcodeReader.cpp) and ``writePerModuleGlobalValueSummary``
(llvm/Bitcode/Writer/BitcodeWriter.cpp).
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from burnish.errors import UnsupportedError
from burnish.lto.modules import I32, U8, U32, Bools
from burnish.lto.read.codes import SummaryCode
from burnish.lto.read.records import FALLBACK, Ints, Records, damaged, spread

#: ``ModuleSummaryIndex::BitcodeSummaryVersion`` of LLVM 22.
VERSION = 12
#: Hotness and the bit of a tail call: all that an edge may say.
_EDGE = 0xF
_U32 = 2**32 - 1

#: Of each record, where a list starts among the operands, and how many items it has.
_Lists = tuple[Ints, Ints]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Summaries:
    """The summaries of ``n`` values; the columns are those of `ModuleSummary`."""

    version: int
    flags: int
    summarized: Bools
    summary_flags: U32
    instructions: U32
    attributes: U32
    aliasee: I32
    ref_starts: U32
    refs: U32
    read_only: U32
    write_only: U32
    call_starts: U32
    callees: U32
    edges: U8

    @classmethod
    def none(cls, count: int) -> Self:
        """Of a module without summary."""
        zeros = np.zeros(count, np.uint32)
        starts = np.zeros(count + 1, np.uint32)
        empty = np.empty(0, np.uint32)
        return cls(
            version=0,
            flags=0,
            summarized=np.zeros(count, np.bool_),
            summary_flags=zeros,
            instructions=zeros,
            attributes=zeros,
            aliasee=np.full(count, -1, np.int32),
            ref_starts=starts,
            refs=empty,
            read_only=zeros,
            write_only=zeros,
            call_starts=starts,
            callees=empty,
            edges=np.empty(0, np.uint8),
        )


def read_summaries(records: Records, count: int) -> Summaries:
    """The summaries of a module of ``count`` values.

    Raises:
        BitcodeError: a record names a value that there is not, or its lists are longer than itself.
        UnsupportedError: another version, or records that version 12 has only for profiles.
    """
    version = _version(records)
    flags = records.first(SummaryCode.FLAGS)
    functions = records.rows(SummaryCode.PERMODULE_PROFILE)
    variables = records.rows(SummaryCode.PERMODULE_GLOBALVAR_INIT_REFS)
    vtables = records.rows(SummaryCode.PERMODULE_VTABLE_GLOBALVAR_INIT_REFS)
    aliases = records.rows(SummaryCode.ALIAS)
    rows = np.concatenate((functions, variables, vtables, aliases))
    ids = _ids(records, rows, count)

    ref_lists, calls = _function_lists(records, functions)
    no_calls = _no_lists(len(rows) - len(functions))
    refs = _together(
        ref_lists, _variable_lists(records, variables), _vtable_lists(records, vtables), _no_lists(len(aliases))
    )
    ref_starts, ref_at = _in_order(count, ids, refs, stride=1)
    call_starts, call_at = _in_order(count, ids, _together(calls, no_calls), stride=2)
    of_functions = ids[: len(functions)]
    of_variables = ids[len(functions) : len(rows) - len(aliases)]
    summarized = np.zeros(count, np.bool_)
    summarized[ids] = True
    attributes = _scatter(records, count, 3, functions, of_functions)
    attributes |= _scatter(records, count, 2, rows[len(functions) : len(rows) - len(aliases)], of_variables)
    return Summaries(
        version=version,
        flags=int(flags[0]) & _U32 if flags is not None and len(flags) else 0,
        summarized=summarized,
        summary_flags=_scatter(records, count, 1, rows, ids),
        instructions=_scatter(records, count, 2, functions, of_functions),
        attributes=attributes,
        aliasee=_aliasees(records, count, aliases, ids[len(rows) - len(aliases) :]),
        ref_starts=ref_starts,
        refs=_named(records, ref_at, count),
        read_only=_scatter(records, count, 5, functions, of_functions),
        write_only=_scatter(records, count, 6, functions, of_functions),
        call_starts=call_starts,
        callees=_named(records, call_at, count),
        edges=(records.values[call_at + 1] & np.uint64(_EDGE)).astype(np.uint8),
    )


def _version(records: Records) -> int:
    if not len(records.values) or records.codes[0] != SummaryCode.VERSION or not records.starts[1]:
        raise damaged(records.label, records.path, 0, "the summary does not start with its version")
    version = int(records.values[0])
    if version != VERSION:
        raise UnsupportedError(
            f"{records.label}: its summary has version {version}; this engine reads version {VERSION}",
            hint=FALLBACK,
        )
    for code in (SummaryCode.PERMODULE, SummaryCode.PERMODULE_RELBF):
        if len(records.rows(code)):
            raise UnsupportedError(
                f"{records.label}: its summary has {code.name} records, which no LLVM writes in version {VERSION}",
                hint=FALLBACK,
            )
    return version


def _ids(records: Records, rows: Ints, count: int) -> Ints:
    """The value each of these records is about."""
    ids = records.column(rows, 0)
    records.expect(rows, ids < count, f"it is about a value that is not among the module's {count}")
    _, first = np.unique(ids, return_index=True)
    alone = np.zeros(len(rows), np.bool_)
    alone[first] = True
    records.expect(rows, alone, "its value has a summary already")
    return ids.astype(np.int64)


def _function_lists(records: Records, rows: Ints) -> tuple[_Lists, _Lists]:
    """References; and calls, which are pairs of callee and edge."""
    start = records.starts[rows] + 7
    room = records.starts[rows + 1] - start
    refs, read_only, write_only = (records.column(rows, index) for index in (4, 5, 6))
    records.expect(rows, refs <= room.astype(np.uint64), "it has fewer operands than references")
    enough = (read_only <= refs) & (write_only <= refs - np.minimum(read_only, refs))
    records.expect(rows, enough, "more of its references only read or write than there are")
    count = refs.astype(np.int64)
    records.expect(rows, (room - count) % 2 == 0, "its last call is cut off")
    return (start, count), (start + count, (room - count) // 2)


def _variable_lists(records: Records, rows: Ints) -> _Lists:
    start = records.starts[rows] + 3
    room = records.starts[rows + 1] - start
    records.expect(rows, room >= 0, "it is too short for a variable's summary")
    return start, room


def _vtable_lists(records: Records, rows: Ints) -> _Lists:
    refs = records.column(rows, 3)
    start = records.starts[rows] + 4
    room = records.starts[rows + 1] - start
    records.expect(rows, refs <= room.astype(np.uint64), "it has fewer operands than references")
    return start, refs.astype(np.int64)


def _no_lists(count: int) -> _Lists:
    return np.zeros(count, np.int64), np.zeros(count, np.int64)


def _together(*parts: _Lists) -> _Lists:
    return np.concatenate([first for first, _ in parts]), np.concatenate([counts for _, counts in parts])


def _in_order(count: int, ids: Ints, lists: _Lists, *, stride: int) -> tuple[U32, Ints]:
    """The lists in the order of their values: where each starts in the columns, and where its operands stand."""
    firsts = np.zeros(count, np.int64)
    lengths = np.zeros(count, np.int64)
    firsts[ids], lengths[ids] = lists
    starts = np.zeros(count + 1, np.uint32)
    np.cumsum(lengths, out=starts[1:], dtype=np.uint32)
    return starts, np.repeat(firsts, lengths) + spread(np.zeros(count, np.int64), lengths) * stride


def _scatter(records: Records, count: int, index: int, rows: Ints, ids: Ints) -> U32:
    """Operand ``index`` of these records, each at the place of its value."""
    column = records.column(rows, index)
    records.expect(rows, column <= _U32, f"operand {index} has more than 32 bits")
    found = np.zeros(count, np.uint32)
    found[ids] = column
    return found


def _aliasees(records: Records, count: int, rows: Ints, ids: Ints) -> I32:
    aliasees = records.column(rows, 2)
    records.expect(rows, aliasees < count, f"its aliasee is not among the module's {count} values")
    found = np.full(count, -1, np.int32)
    found[ids] = aliasees
    return found


def _named(records: Records, at: Ints, count: int) -> U32:
    """The values that these operands name."""
    ids = records.values[at]
    good = ids < count
    if not good.all():
        # LLVM gives targets of profiled indirect calls ids of their own, after those of the module's values.
        if len(records.rows(SummaryCode.VALUE_GUID)):
            raise UnsupportedError(
                f"{records.label}: its summary refers to values outside the module, as profiles make it",
                hint=FALLBACK,
            )
        row = int(np.searchsorted(records.starts, at[good.argmin()], side="right")) - 1
        records.fail(row, f"it names a value that is not among the module's {count}")
    return ids.astype(np.uint32)
