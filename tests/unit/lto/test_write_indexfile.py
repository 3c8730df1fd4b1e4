from collections.abc import Sequence

import numpy as np
from hypothesis import given
from programs import Source, Value, programs, resolve, summary_of

from burnish.lto.decide.index import combine
from burnish.lto.decide.plan import Plan, decide
from burnish.lto.decide.thinlink import thin_link
from burnish.lto.modules import Kind, SummaryFlag, VariableFlag
from burnish.lto.read.bitstream import Bitstream
from burnish.lto.read.codes import BLOCK_NAMES, BlockId
from burnish.lto.write.bitwriter import MAGIC
from burnish.lto.write.indexfile import shard

Rows = list[tuple[int, list[int]]]


def planned(sources: Sequence[Source]) -> Plan:
    link = thin_link(combine([summary_of(source) for source in sources]), resolve(sources), range(len(sources)))
    return decide(link, np.arange(len(sources)))


def blocks_of(plan: Plan, unit: int) -> tuple[Rows, Rows]:
    """The records of modules and of summaries of a unit's index."""
    data = shard(plan, unit, {number: f"/bc/{number}.bc" for number in range(len(plan.index.modules))})
    stream = Bitstream(data, start=len(MAGIC), label="shard", names=BLOCK_NAMES)
    module, strtab = stream.blocks()
    assert (module.id, strtab.id) == (BlockId.MODULE, BlockId.STRTAB)
    _, inner = stream.read(module, inner={BlockId.MODULE_STRTAB, BlockId.GLOBALVAL_SUMMARY})
    modules, summaries = (stream.read(block)[0] for block in inner)
    return (
        [(int(code), modules.operands(row).tolist()) for row, code in enumerate(modules.codes)],
        [(int(code), summaries.operands(row).tolist()) for row, code in enumerate(summaries.codes)],
    )


PROGRAM = (
    Source(name="main", values=(Value(name="main", calls=("f", "alias")),)),
    Source(
        name="library",
        values=(
            Value(name="f", size=9, attributes=1 << 6, reads=("text",), flags=SummaryFlag.CAN_AUTO_HIDE),
            Value(name="text", kind=Kind.VARIABLE, attributes=VariableFlag.MAYBE_READ_ONLY | VariableFlag.CONSTANT),
            Value(name="alias", kind=Kind.ALIAS, aliasee="aliased"),
            Value(name="aliased", size=3),
        ),
    ),
)


def test_an_index_has_the_form_that_llvm_reads() -> None:
    plan = planned(PROGRAM)
    modules, summaries = blocks_of(plan, 0)
    library = plan.index.modules[1]
    assert modules == [(1, [0, *b"/bc/1.bc"]), (2, list(plan.index.identities[1]))]
    assert summaries[:2] == [(10, [12]), (20, [0x61])]
    values = {words[0]: words[1] << 32 | words[2] for code, words in summaries if code == 16}
    names = {int(guid): library.name(value) for value, guid in enumerate(library.guid)}
    rows = [(code, names[values[words[0]]], words[1:]) for code, words in summaries if code not in {10, 16, 20}]
    hidden = SummaryFlag.LIVE | SummaryFlag.DSO_LOCAL
    aliased = next(value for value, guid in values.items() if names[guid] == "aliased")
    assert rows == [
        (5, "f", [0, hidden | SummaryFlag.CAN_AUTO_HIDE, 9, 1 << 6, 0, 0, 0, 0]),
        (6, "text", [0, hidden, VariableFlag.MAYBE_READ_ONLY | VariableFlag.CONSTANT]),
        (8, "alias", [0, hidden, aliased]),
    ]


def test_a_variable_that_is_also_written_is_not_marked_as_read_only() -> None:
    text = Value(name="text", kind=Kind.VARIABLE, attributes=VariableFlag.MAYBE_READ_ONLY)
    program = (
        Source(name="main", values=(Value(name="main", reads=("text",), writes=("text",)),)),
        Source(name="library", values=(text,)),
    )
    _, summaries = blocks_of(planned(program), 0)
    assert [words[3] for code, words in summaries if code == 6] == [0]


@given(programs())
def test_a_shard_lists_exactly_what_is_imported(program: tuple[Source, ...]) -> None:
    plan = planned(program)
    for unit in range(len(program)):
        modules, summaries = blocks_of(plan, unit)
        paths = {words[0]: bytes(words[1:]).decode() for code, words in modules if code == 1}
        guids = {words[0]: words[1] << 32 | words[2] for code, words in summaries if code == 16}
        listed = {(guids[words[0]], paths[words[1]]) for code, words in summaries if code in {5, 6, 8}}
        rows = plan.imports.row[plan.imports_of(unit)]
        wanted = zip(plan.index.guids[plan.index.symbol[rows]].tolist(), plan.index.module[rows].tolist(), strict=True)
        assert listed == {(guid, f"/bc/{module}.bc") for guid, module in wanted}
