"""Bits, blocks, abbreviations, records: what was written is read, and nothing else passes."""

import contextlib
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from read_bits import CHAR6, MAGIC, Bits, stream

from burnish.errors import BitcodeError
from burnish.lto.read.bitstream import Bitstream, Block
from burnish.lto.read.records import Records

FIXED, VBR, ARRAY, CHAR6_ENCODING, BLOB = range(1, 6)
U64 = st.integers(0, 2**64 - 1) | st.integers(0, 40)

#: An operand of an abbreviation: encoding (0 for a literal), and width or value.
Operand = tuple[int, int]


def open_stream(data: bytes) -> Bitstream:
    return Bitstream(data, start=len(MAGIC), label="lib.rlib(m.o)", names={8: "OUTER", 9: "INNER"})


def only_block(data: bytes, inner: frozenset[int] = frozenset()) -> tuple[Records, list[Block]]:
    opened = open_stream(data)
    (block,) = opened.blocks()
    return opened.read(block, inner=inner)


def lists(records: Records) -> list[tuple[int, list[int]]]:
    return [(code, records.operands(row).tolist()) for row, code in enumerate(records.codes.tolist())]


def define(bits: Bits, operands: list[Operand], width: int) -> None:
    bits.fixed(2, width).vbr(len(operands), 5)
    for encoding, argument in operands:
        if encoding == 0:
            bits.fixed(1, 1).vbr(argument, 8)
        else:
            bits.fixed(0, 1).fixed(encoding, 3)
            if encoding in {FIXED, VBR}:
                bits.vbr(argument, 5)


def write(bits: Bits, operand: Operand, value: int) -> None:
    match operand:
        case 0, _:
            pass
        case 1, width:
            bits.fixed(value, width)
        case 2, width:
            bits.vbr(value, width)
        case _:
            bits.fixed(CHAR6.index(value), 6)


@st.composite
def encodings(draw: st.DrawFn, kinds: tuple[int, ...]) -> tuple[Operand, st.SearchStrategy[int]]:
    """An operand of one of the kinds, and the values that it can hold."""
    match draw(st.sampled_from(kinds)):
        case 0:
            value = draw(U64)
            return (0, value), st.just(value)
        case 1:
            width = draw(st.integers(1, 32))
            return (FIXED, width), st.integers(0, 2**width - 1)
        case 2:
            return (VBR, draw(st.integers(2, 32))), U64
        case _:
            return (CHAR6_ENCODING, 0), st.sampled_from(list(CHAR6))


@st.composite
def abbreviated_records(draw: st.DrawFn) -> tuple[list[Operand], list[tuple[int, list[int]]]]:
    """An abbreviation, and records that fit it."""
    scalars = [((0, 7), st.just(7)), *draw(st.lists(encodings((0, 1, 2, 3)), max_size=6))]
    operands = [operand for operand, _ in scalars]
    elements: st.SearchStrategy[list[int]] = st.just([])
    if draw(st.booleans()):
        element, values = draw(encodings((1, 2, 3)))
        operands += [(ARRAY, 0), element]
        elements = st.lists(values, max_size=80)
    record = st.tuples(st.tuples(*(values for _, values in scalars)), elements)
    found = draw(st.lists(record, min_size=1, max_size=6))
    return operands, [(known[0], [*known[1:], *array]) for known, array in found]


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.lists(U64, max_size=90)), max_size=12), st.integers(2, 9))
def test_unabbreviated_records_read_as_written(records: list[tuple[int, list[int]]], width: int) -> None:
    inner = Bits()
    for code, operands in records:
        inner.record(code, operands, width)
    top = Bits()
    top.bits = "".join(format(byte, "08b")[::-1] for byte in MAGIC)
    found, _ = only_block(top.block(8, inner, width, outer=2).bytes())
    assert lists(found) == records


@given(abbreviated_records(), st.lists(U64, max_size=5))
def test_abbreviated_records_read_as_written(
    written: tuple[list[Operand], list[tuple[int, list[int]]]], others: list[int]
) -> None:
    operands, records = written
    inner = Bits()
    define(inner, operands, 3)
    is_array = len(operands) > 1 and operands[-2][0] == ARRAY
    scalars = operands[:-2] if is_array else operands
    for code, values in records:
        inner.fixed(4, 3)
        for operand, value in zip(scalars, [code, *values], strict=False):
            write(inner, operand, value)
        if is_array:
            rest = values[len(scalars) - 1 :]
            inner.vbr(len(rest), 6)
            for value in rest:
                write(inner, operands[-1], value)
        inner.record(5, others, 3)
    found, _ = only_block(stream((8, inner)))
    assert lists(found) == [row for record in records for row in (record, (5, others))]


@given(st.binary(max_size=50))
def test_a_blob_is_read_as_written(content: bytes) -> None:
    found, _ = only_block(stream((8, Bits().blob_record(content, 3).record(2, [9], 3))))
    assert found.blobs == {0: content}
    assert lists(found) == [(1, []), (2, [9])]


def test_the_code_of_a_record_may_be_a_field() -> None:
    inner = Bits()
    define(inner, [(VBR, 4), (CHAR6_ENCODING, 0)], 3)
    inner.fixed(4, 3).vbr(20, 4).fixed(CHAR6.index(b"q"), 6)
    found, _ = only_block(stream((8, inner)))
    assert lists(found) == [(20, [ord("q")])]


def test_a_field_of_no_bits_is_zero() -> None:
    inner = Bits()
    define(inner, [(0, 1), (FIXED, 0), (VBR, 0)], 3)
    found, _ = only_block(stream((8, inner.fixed(4, 3))))
    assert lists(found) == [(1, [0, 0])]


def test_abbreviations_of_blockinfo_hold_for_blocks_of_their_id() -> None:
    info = Bits().record(1, [9], 2)
    define(info, [(0, 3), (FIXED, 5)], 2)
    inner = Bits().fixed(4, 4).fixed(17, 5)
    define(inner, [(0, 4), (FIXED, 2)], 4)
    inner.fixed(5, 4).fixed(2, 2)
    outer = Bits().block(0, info, 2, outer=3).block(9, inner, 4, outer=3)
    data = stream((8, outer))
    _, blocks = only_block(data, frozenset({9}))
    assert [block.path for block in blocks] == ["OUTER/INNER"]
    opened = open_stream(data)
    _, (block,) = opened.read(opened.blocks()[0], inner={9})
    assert lists(opened.read(block)[0]) == [(3, [17]), (4, [2])]


def test_blocks_nobody_asks_for_are_not_looked_into() -> None:
    garbage = Bits()
    garbage.bits = "1" * 95
    outer = Bits().block(30, garbage, 2, outer=3).block(200, garbage, 9, outer=3).record(2, [1], 3)
    found, blocks = only_block(stream((8, outer)), frozenset({9}))
    assert blocks == []
    assert lists(found) == [(2, [1])]


def test_padding_after_the_last_block_is_no_block() -> None:
    data = stream((8, Bits())) + bytes(8)
    assert [block.id for block in open_stream(data).blocks()] == [8]


def test_long_records_are_read_whole() -> None:
    values = [index * 2**40 if index % 3 else index for index in range(5000)]
    found, _ = only_block(stream((8, Bits().record(2, values, 3).record(3, [1], 3))))
    assert lists(found) == [(2, values), (3, [1])]


def _raw(text: str) -> Bits:
    bits = Bits()
    bits.bits = text
    return bits


def _abbreviation(operands: list[Operand]) -> Bits:
    bits = Bits()
    define(bits, operands, 3)
    return bits


@pytest.mark.parametrize(
    ("inner", "words"),
    [
        pytest.param(Bits().fixed(7, 3), "no abbreviation has id 7", id="an abbreviation that nobody defined"),
        pytest.param(Bits().fixed(3, 3).vbr(1, 6).vbr(2**30, 6), "beyond the end", id="more operands than bits"),
        pytest.param(Bits().fixed(3, 3).vbr(2**40, 6).vbr(0, 6), "no record has code", id="a code of 41 bits"),
        pytest.param(Bits().record(1, [2**66], 3), "more than 64 bits", id="an operand of 67 bits"),
        pytest.param(Bits().fixed(3, 3).fixed(2**78 - 1, 78), "more than 64 bits", id="a code without end"),
        pytest.param(_abbreviation([]), "without a code", id="an abbreviation of nothing"),
        pytest.param(_abbreviation([(0, 1), (ARRAY, 0), (0, 1)]), "array of nothing", id="an array of literals"),
        pytest.param(_abbreviation([(0, 1), (ARRAY, 0), (BLOB, 0)]), "not its end", id="an array of blobs"),
        pytest.param(_abbreviation([(BLOB, 0), (FIXED, 1)]), "not its end", id="a blob in the middle"),
        pytest.param(_abbreviation([(0, 1), (FIXED, 33)]), "33 bits", id="an operand too wide"),
        pytest.param(_abbreviation([(0, 1), (VBR, 1)]), "1 bits", id="an integer that never ends"),
        pytest.param(_abbreviation([(0, 1), (7, 0)]), "encoding 7", id="an unknown encoding"),
        pytest.param(_abbreviation([(0, 1)] * 300), "300 operands", id="an abbreviation too long"),
        pytest.param(Bits().fixed(2, 3).vbr(2**31, 5), "operands", id="an abbreviation longer than the block"),
        pytest.param(
            _abbreviation([(0, 1), (ARRAY, 0), (FIXED, 8)]).fixed(4, 3).vbr(10**6, 6), "beyond", id="an array too long"
        ),
        pytest.param(_abbreviation([(0, 1), (BLOB, 0)]).fixed(4, 3).vbr(10**6, 6), "beyond", id="a blob too long"),
        pytest.param(
            _abbreviation([(0, 1), (VBR, 6)]).fixed(4, 3).fixed(2**96 - 1, 96), "64 bits", id="a field without end"
        ),
        pytest.param(_raw("0" * 64), "does not end where", id="an end before the end"),
        pytest.param(
            Bits().fixed(1, 3).vbr(9, 8).vbr(3, 4).align().fixed(99, 32), "beyond the end", id="a block too long"
        ),
        pytest.param(
            Bits().fixed(1, 3).vbr(0, 8).vbr(3, 4).align().fixed(99, 32), "99 words", id="a BLOCKINFO too long"
        ),
        pytest.param(Bits().block(0, Bits().fixed(2, 2), 2, outer=3), "before SETBID", id="an abbreviation for no id"),
        pytest.param(Bits().block(0, Bits(), 1, outer=3), "ids of 1 bits", id="ids of one bit"),
    ],
)
def test_what_no_writer_writes_is_refused(inner: Bits, words: str) -> None:
    with pytest.raises(BitcodeError, match=words) as caught:
        only_block(stream((8, inner)))
    assert re.match(r"lib\.rlib\(m\.o\): OUTER.*, bit \d+: ", caught.value.message)
    assert caught.value.hint


def test_an_error_names_the_record_and_the_bit() -> None:
    inner = Bits().record(1, [5], 3).record(2, [], 3)
    bit = 32 + 64 + len(inner)
    with pytest.raises(BitcodeError) as caught:
        only_block(stream((8, inner.fixed(6, 3))))
    assert caught.value.message == f"lib.rlib(m.o): OUTER/record 2, bit {bit}: no abbreviation has id 6"


def test_the_stream_holds_nothing_but_blocks() -> None:
    with pytest.raises(BitcodeError, match="top, bit 32: no block starts here, but entry 3"):
        open_stream(MAGIC + b"\x03" + bytes(11)).blocks()


def test_a_column_knows_short_records() -> None:
    found, _ = only_block(stream((8, Bits().record(1, [5, 6], 3).record(1, [7], 3))))
    rows = found.rows(1)
    assert found.column(rows, 0).tolist() == [5, 7]
    assert found.column(rows, 1, default=9).tolist() == [6, 9]
    with pytest.raises(BitcodeError, match=r"OUTER/record 1, bit .*: it has no operand 1"):
        found.column(rows, 1)


def _everything() -> bytes:
    info = Bits().record(1, [9], 2)
    define(info, [(0, 3), (ARRAY, 0), (VBR, 8)], 2)
    inner = Bits().fixed(4, 3).vbr(3, 6).vbr(5, 8).vbr(500, 8).vbr(2**40, 8).record(20, [2**63, 1, 40], 3)
    define(inner, [(0, 4), (FIXED, 7), (CHAR6_ENCODING, 0), (VBR, 4)], 3)
    inner.fixed(5, 3).fixed(99, 7).fixed(11, 6).vbr(2**33, 4)
    outer = Bits().block(0, info, 2, outer=3).record(7, range(60), 3).block(9, inner, 3, outer=3).record(1, [], 3)
    return stream((13, Bits().record(1, b"LLVM", 3)), (8, outer), (23, Bits().blob_record(b"names", 3)))


EVERYTHING = _everything()


def _read_all(data: bytes) -> int:
    opened = open_stream(data)
    read = 0
    todo = opened.blocks()
    while todo:
        records, inner = opened.read(todo.pop(), inner=range(300))
        assert all(start <= end for start, end in pairwise(records.starts.tolist()))
        read += 1
        todo += inner
    return read


def _blocks_read(data: bytes) -> int:
    """How many blocks could be read; 0 where the stream is refused."""
    with contextlib.suppress(BitcodeError):
        return _read_all(data)
    return 0


@given(st.data())
def test_a_damaged_stream_is_read_or_refused(data: st.DataObject) -> None:
    damaged = bytearray(EVERYTHING)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(4, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    assert _blocks_read(bytes(damaged)) <= 8


def test_a_stream_cut_off_is_refused_or_ends_between_blocks() -> None:
    read = [_blocks_read(EVERYTHING[:length]) for length in range(4, len(EVERYTHING))]
    assert max(read) < _blocks_read(EVERYTHING)
    assert read.count(0) > len(read) // 2


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\xff" * 1_000_000, id="ones"),
        # An unabbreviated record whose every second operand goes on.
        pytest.param(Bits().fixed(3, 3).vbr(1, 6).vbr(600_000, 6).bytes() + b"\x08\x82\x20" * 300_000, id="operands"),
        # Abbreviation 4, [1, array of integers of two bits], each of which goes on for long.
        pytest.param(
            _abbreviation([(0, 1), (ARRAY, 0), (VBR, 2)]).fixed(4, 3).vbr(100_000, 6).bytes() + b"\xea" * 900_000,
            id="short chunks",
        ),
    ],
)
def test_long_chains_take_no_time_out_of_proportion(content: bytes) -> None:
    content += bytes(-len(content) % 4)
    header = Bits().fixed(1, 2).vbr(8, 8).vbr(3, 4).align().fixed(len(content) // 4, 32)
    # Quadratic work would run for hours.
    with pytest.raises(BitcodeError, match="OUTER/record"):
        only_block(MAGIC + header.bytes() + content)
