"""Packed summaries: what was packed is unpacked, and nothing else is."""

import struct
import zlib
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from read_bits import SMALL, Module

from burnish.errors import BitcodeError
from burnish.lto.modules import ModuleSummary, SymbolTable
from burnish.lto.read.bitcode import read_module
from burnish.lto.read.pack import PACK_VERSION, pack, unpack

HEADER = struct.calcsize("<8sII2I5I9I")
TEXT = st.text(max_size=20) | st.binary(max_size=9).map(lambda raw: raw.decode("utf-8", "surrogateescape"))


def same(left: object, right: object) -> bool:
    if isinstance(left, np.ndarray) and isinstance(right, np.ndarray):
        return left.dtype == right.dtype and bool(np.array_equal(left, right))
    if is_dataclass(left) and not isinstance(left, type):
        return all(same(getattr(left, field.name), getattr(right, field.name)) for field in fields(left))
    return type(left) is type(right) and left == right


@st.composite
def summaries(draw: st.DrawFn) -> ModuleSummary:
    """Any summary whose indices hold."""
    count, symbols = draw(st.integers(0, 6)), draw(st.integers(0, 5))

    def column(length: int, kind: type[np.generic], low: int, high: int) -> NDArray[Any]:
        return np.array(draw(st.lists(st.integers(low, max(low, high)), min_size=length, max_size=length)), kind)

    def starts(length: int, total: int) -> NDArray[np.uint32]:
        inner = sorted(draw(st.lists(st.integers(0, total), min_size=max(length - 1, 0), max_size=max(length - 1, 0))))
        return np.array([0, *inner, total][: length + 1] if length else [0], np.uint32)

    refs, calls = (draw(st.integers(0, 8)) if count else 0 for _ in range(2))
    names, symbol_names = (draw(st.binary(max_size=30)) if there else b"" for there in (count, symbols))
    u32, i32, u8 = np.uint32, np.int32, np.uint8
    top = 2**32 - 1
    return ModuleSummary(
        source_filename=draw(TEXT),
        producer=draw(TEXT),
        triple=draw(TEXT),
        hash=draw(st.tuples(*[st.integers(0, top)] * 5)),
        version=draw(st.sampled_from([0, 12])),
        flags=draw(st.integers(0, top)),
        names=names,
        name_starts=starts(count, len(names)),
        kind=column(count, u8, 0, 3),
        linkage=column(count, u8, 0, 10),
        visibility=column(count, u8, 0, 2),
        defined=column(count, np.bool_, 0, 1),
        guid=column(count, np.uint64, 0, 2**64 - 1),
        summarized=column(count, np.bool_, 0, 1),
        summary_flags=column(count, u32, 0, top),
        instructions=column(count, u32, 0, top),
        attributes=column(count, u32, 0, top),
        aliasee=column(count, i32, -1, count - 1),
        ref_starts=starts(count, refs),
        refs=column(refs, u32, 0, count - 1),
        read_only=column(count, u32, 0, top),
        write_only=column(count, u32, 0, top),
        call_starts=starts(count, calls),
        callees=column(calls, u32, 0, count - 1),
        edges=column(calls, u8, 0, 15),
        symbols=SymbolTable(
            names=symbol_names,
            starts=starts(symbols, len(symbol_names)),
            flags=column(symbols, u32, 0, top),
            values=column(symbols, i32, -1, count - 1),
        ),
    )


@given(summaries())
def test_what_was_packed_is_unpacked(summary: ModuleSummary) -> None:
    assert same(unpack(pack(summary), "m"), summary)


def _small() -> ModuleSummary:
    return read_module(SMALL.bytes(), "m")


def test_a_module_comes_back_from_the_cache_as_it_was_read() -> None:
    assert same(unpack(pack(_small()), "m"), _small())


def test_columns_are_views_that_nobody_can_change() -> None:
    found = unpack(pack(_small()), "m")
    assert not found.guid.flags.owndata
    with pytest.raises(ValueError, match="read-only"):
        found.guid[0] = 1


def test_packing_is_the_same_every_time() -> None:
    assert pack(_small()) == pack(unpack(pack(_small()), "m"))


PACKED = pack(_small())


def test_any_byte_changed_is_noticed() -> None:
    for at in range(len(PACKED)):
        damaged = bytearray(PACKED)
        damaged[at] ^= 0x40
        with pytest.raises(BitcodeError, match=r"^m: its cached summary is damaged"):
            unpack(bytes(damaged), "m")


@pytest.mark.parametrize("length", [*range(HEADER + 2), len(PACKED) - 1])
def test_what_is_cut_off_is_noticed(length: int) -> None:
    with pytest.raises(BitcodeError, match="damaged"):
        unpack(PACKED[:length], "m")


def test_what_is_longer_is_noticed() -> None:
    with pytest.raises(BitcodeError, match="should have"):
        unpack(PACKED + b"\0", "m")


def test_another_version_is_refused() -> None:
    other = PACKED[:8] + (PACK_VERSION + 1).to_bytes(4, "little") + PACKED[12:]
    with pytest.raises(BitcodeError, match="not of version"):
        unpack(other, "m")


def _signed(data: bytearray) -> bytes:
    """With a right checksum, as if `pack` had written it."""
    data[12:16] = zlib.crc32(data[16:]).to_bytes(4, "little")
    return bytes(data)


@given(st.data())
def test_a_wrong_number_under_a_right_checksum_cannot_lead_out_of_the_columns(data: st.DataObject) -> None:
    damaged = bytearray(PACKED)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(16, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = unpack(_signed(damaged), "m")
    except BitcodeError:
        return
    count = len(found)
    for column in (found.kind, found.refs, found.callees, found.aliasee, found.symbols.values):
        assert all(-1 <= value < max(count, 4) for value in column.tolist())
    assert [found.name(value) for value in range(count)]
    assert all(isinstance(found.symbols.name(at), str) for at in range(len(found.symbols)))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda s: replace(s, kind=s.kind + np.uint8(4)), id="a kind that is not"),
        pytest.param(lambda s: replace(s, linkage=s.linkage + np.uint8(11)), id="a linkage that is not"),
        pytest.param(lambda s: replace(s, visibility=s.visibility + np.uint8(3)), id="a visibility that is not"),
        pytest.param(lambda s: replace(s, edges=s.edges + np.uint8(16)), id="an edge that is not"),
        pytest.param(lambda s: replace(s, refs=s.refs + np.uint32(5)), id="a reference beyond the values"),
        pytest.param(lambda s: replace(s, callees=s.callees + np.uint32(5)), id="a callee beyond the values"),
        pytest.param(lambda s: replace(s, aliasee=s.aliasee + np.int32(5)), id="an aliasee beyond the values"),
        pytest.param(lambda s: replace(s, aliasee=s.aliasee - np.int32(1)), id="an aliasee before the values"),
        pytest.param(lambda s: replace(s, ref_starts=s.ref_starts[::-1]), id="lists that go backwards"),
        pytest.param(lambda s: replace(s, call_starts=s.call_starts + np.uint32(1)), id="lists that end too late"),
        pytest.param(lambda s: replace(s, name_starts=s.name_starts * np.uint32(2)), id="names beyond their end"),
        pytest.param(
            lambda s: replace(s, symbols=replace(s.symbols, starts=s.symbols.starts * np.uint32(2))),
            id="symbols' names",
        ),
        pytest.param(
            lambda s: replace(s, symbols=replace(s.symbols, values=s.symbols.values + np.int32(5))),
            id="symbols' values",
        ),
    ],
)
def test_contradictions_are_refused(change: Callable[[ModuleSummary], ModuleSummary]) -> None:
    with pytest.raises(BitcodeError, match="contradict"):
        unpack(pack(change(_small())), "m")


def test_an_empty_module_can_be_packed() -> None:
    empty = read_module(Module().bytes(), "m")
    assert same(unpack(pack(empty), "m"), empty)
