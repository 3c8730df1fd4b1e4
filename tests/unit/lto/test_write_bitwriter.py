import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.lto.read.bitstream import Bitstream
from burnish.lto.read.records import Records
from burnish.lto.write.bitwriter import MAGIC, BitWriter

NUMBERS = st.integers(0, 2**64 - 1) | st.integers(0, 70)


def read(data: bytes) -> Records:
    """The records of the first block."""
    assert data.startswith(MAGIC)
    stream = Bitstream(data, start=len(MAGIC), label="written", names={})
    return stream.read(stream.blocks()[0])[0]


def operands(records: Records) -> list[tuple[int, list[int]]]:
    return [(int(code), records.operands(row).tolist()) for row, code in enumerate(records.codes)]


@given(st.lists(st.tuples(st.integers(0, 500), st.lists(NUMBERS, max_size=9)), max_size=9), st.integers(2, 7))
def test_records_are_read_as_they_were_written(written: list[tuple[int, list[int]]], width: int) -> None:
    writer = BitWriter()
    writer.enter(8, width)
    for code, words in written:
        writer.record(code, words)
    writer.end()
    assert operands(read(writer.content())) == written


@given(st.integers(0, 500), st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), max_size=20), st.integers(2, 5))
def test_a_table_is_what_its_rows_are_as_records(code: int, rows: list[tuple[int, ...]], width: int) -> None:
    at_once, one_by_one = BitWriter(), BitWriter()
    for writer in (at_once, one_by_one):
        writer.enter(20, width)
        writer.record(1, [7])
    at_once.table(code, np.array(rows, np.uint64).reshape(len(rows), 3))
    for row in rows:
        one_by_one.record(code, row)
    for writer in (at_once, one_by_one):
        writer.end()
    assert at_once.content() == one_by_one.content()


@given(st.lists(st.tuples(st.integers(0, 1000), st.binary(max_size=300)), max_size=5))
def test_texts_are_read_as_they_were_written(texts: list[tuple[int, bytes]]) -> None:
    writer = BitWriter()
    writer.enter(19, 3)
    writer.define_text(1)
    for number, content in texts:
        writer.text(number, content)
        writer.record(2, [number])
    writer.end()
    expected = [row for number, content in texts for row in ((1, [number, *content]), (2, [number]))]
    assert operands(read(writer.content())) == expected


@pytest.mark.parametrize("content", [b"", b"x", b"four", bytes(range(256))], ids=len)
def test_a_blob_is_read_as_it_was_written(content: bytes) -> None:
    writer = BitWriter()
    writer.enter(23, 3)
    writer.blob(1, content)
    writer.end()
    assert read(writer.content()).blobs == {0: content}


def test_blocks_stand_in_each_other() -> None:
    writer = BitWriter()
    writer.enter(8, 3)
    writer.record(1, [2])
    writer.enter(20, 4)
    writer.record(10, [12])
    writer.end()
    writer.record(3, [])
    writer.end()
    writer.enter(23, 3)
    writer.end()
    data = writer.content()
    stream = Bitstream(data, start=len(MAGIC), label="written", names={})
    first, second = stream.blocks()
    records, inner = stream.read(first, inner={20})
    assert (first.id, second.id, [block.id for block in inner]) == (8, 23, [20])
    assert operands(records) == [(1, [2]), (3, [])]
    assert operands(stream.read(inner[0])[0]) == [(10, [12])]
    assert len(data) % 4 == 0
