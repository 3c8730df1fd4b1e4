"""LLVM's bitstream container: bits, blocks, abbreviations and records, without knowing what they mean.

A block is read in two passes. The walk here finds where each record lies: of variable-width integers it only counts the
high bits, a population count for all operands of a record at once. Then records.py reads the operands of all records of
the block together.

Source: https://llvm.org/docs/BitCodeFormat.html, llvm/Bitstream/BitstreamReader.h and BitstreamReader.cpp.
"""

import struct
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from burnish.errors import BitcodeError
from burnish.lto.read.abbreviations import (
    ENTRY_BITS,
    ENTRY_WINDOW,
    FEW,
    WIDEST,
    Abbreviation,
    abbreviation_of,
    few_high_bits,
    high_bits,
)
from burnish.lto.read.records import BLOB, CHAR6, CHAR6_ALPHABET, FIXED, SHAPE, VBR, Records, damaged, gather

_END_BLOCK, _ENTER_SUBBLOCK, _DEFINE_ABBREV, _UNABBREV_RECORD, _FIRST_ABBREV = range(5)
_BLOCK_INFO = 0
_SET_BID = 1
#: Bytes after the data: a window at its end needs no bounds, and reads zeros.
_PADDING = bytes(8)
_SIZED = frozenset({FIXED, VBR})
_U64 = 2**64 - 1
_shape = struct.Struct(f"={len(SHAPE)}q").pack


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """A block that has not been read: its id, first bit, the bit after its last, and the width of abbreviation ids."""

    id: int
    start: int
    end: int
    width: int
    path: str


class Bitstream:
    """A stream and the abbreviations its BLOCKINFO has given so far.

    Args:
        data: all of it; bit offsets count from its start.
        start: the first byte after the magic.
        label: how messages name the module.
        names: block id -> name, for messages.
    """

    def __init__(self, data: bytes | memoryview, *, start: int, label: str, names: Mapping[int, str]) -> None:
        self.data = b"".join((data, _PADDING))
        self.label = label
        self.abbreviations: dict[int, list[Abbreviation]] = {}
        self._start = start * 8
        self._end = len(data) * 8
        self._names = names

    def blocks(self) -> list[Block]:
        """The blocks on top.

        Raises:
            BitcodeError: something else stands there.
        """
        found = []
        position = self._start
        # LLVM as well takes what is shorter than a block's header for padding that an archiver left.
        while self._end - position > 64:
            entry, position = self.fixed(position, 2, self._end, "top")
            if entry != _ENTER_SUBBLOCK:
                raise damaged(self.label, "top", position - 2, f"no block starts here, but entry {entry}")
            block = self.enter(position, self._end, "")
            found.append(block)
            position = block.end
        return found

    def read(self, block: Block, *, inner: Collection[int] = ()) -> tuple[Records, list[Block]]:
        """The records of a block, and those blocks in it of which the id is in ``inner``; others are skipped unseen.

        Raises:
            BitcodeError: the block does not hold what the format asks for.
        """
        walk = _Walk(self, block, inner)
        walk.run()
        return walk.records(), walk.blocks

    def fixed(self, position: int, width: int, end: int, path: str) -> tuple[int, int]:
        """An integer of at most 57 bits, and the position after it."""
        after = position + width
        if after > end:
            raise damaged(self.label, path, position, "it ends in the middle of an entry")
        byte = position >> 3
        return int.from_bytes(self.data[byte : byte + 8], "little") >> (position & 7) & ((1 << width) - 1), after

    def vbr(self, position: int, width: int, end: int, path: str) -> tuple[int, int]:
        """A variable-width integer of at most 64 bits, and the position after it."""
        value = shift = 0
        more = 1 << (width - 1)
        while shift < 64:
            chunk, position = self.fixed(position, width, end, path)
            value |= (chunk & (more - 1)) << shift
            if chunk < more:
                return value & _U64, position
            shift += width - 1
        raise damaged(self.label, path, position, "an integer has more than 64 bits")

    def enter(self, position: int, end: int, path: str) -> Block:
        """The block of which the header starts here, after ENTER_SUBBLOCK."""
        where = path or "top"
        block_id, position = self.vbr(position, 8, end, where)
        width, position = self.vbr(position, 4, end, where)
        words, position = self.fixed(-(-position // 32) * 32, 32, end, where)
        name = self._names.get(block_id, f"block {block_id}")
        inside = f"{path}/{name}" if path else name
        if not 2 <= width <= WIDEST:
            raise damaged(self.label, inside, position, f"abbreviation ids of {width} bits")
        after = position + words * 32
        if after > end:
            raise damaged(self.label, inside, position, f"{words} words reach beyond the end of {where}")
        return Block(id=block_id, start=position, end=after, width=width, path=inside)

    def define(self, position: int, end: int, path: str) -> tuple[Abbreviation, int]:
        """The abbreviation defined here, after DEFINE_ABBREV, and the position after it."""
        count, position = self.vbr(position, 5, end, path)
        if count * 2 > end - position:
            raise damaged(self.label, path, position, f"an abbreviation of {count} operands")
        operands: list[tuple[int, int]] = []
        for _ in range(count):
            operand, position = self._operand(position, end, path)
            operands.append(operand)
        try:
            return abbreviation_of(tuple(operands)), position
        except ValueError as error:
            raise damaged(self.label, path, position, f"an abbreviation {error}") from None

    def _operand(self, position: int, end: int, path: str) -> tuple[tuple[int, int], int]:
        """Encoding and width; encoding 0 is a literal and its value."""
        byte = position >> 3
        window = int.from_bytes(self.data[byte : byte + 2], "little") >> (position & 7)
        if window & 1:
            value, position = self.vbr(position + 1, 8, end, path)
            return (0, value), position
        encoding, position = window >> 1 & 7, position + 4
        width = 6 if encoding == CHAR6 else 0
        if encoding in _SIZED:
            width, position = self.vbr(position, 5, end, path)
            # So LLVM reads them: no bits, and the value 0.
            encoding = encoding if width else 0
        if position > end:
            raise damaged(self.label, path, position, "it ends in the middle of an entry")
        if encoding > BLOB or width > WIDEST or (encoding, width) == (VBR, 1):
            raise damaged(self.label, path, position, f"an operand of encoding {encoding} and {width} bits")
        return (encoding, width), position

    def read_block_info(self, block: Block) -> None:
        """BLOCKINFO: the abbreviations that every block of an id starts with.

        Raises:
            BitcodeError: there is anything else in it than these and the ids.
        """
        try:
            found = _known_block_info(self.data[block.start >> 3 : block.end >> 3], block.width)
        except BitcodeError:
            # Once more in place, for the message.
            found = _block_info(self, block)
        for block_id, abbreviations in found.items():
            self.abbreviations.setdefault(block_id, []).extend(abbreviations)


@lru_cache(maxsize=64)
def _known_block_info(content: bytes, width: int) -> Mapping[int, list[Abbreviation]]:
    """LLVM writes the same few hundred bytes into all modules with as many types."""
    stream = Bitstream(content, start=0, label="", names={})
    return _block_info(stream, Block(id=_BLOCK_INFO, start=0, end=len(content) * 8, width=width, path=""))


def _block_info(stream: Bitstream, block: Block) -> Mapping[int, list[Abbreviation]]:
    found: dict[int, list[Abbreviation]] = {}
    current: list[Abbreviation] | None = None
    position, end, path = block.start, block.end, block.path
    while True:
        entry, position = stream.fixed(position, block.width, end, path)
        if entry == _END_BLOCK:
            return found
        if entry == _DEFINE_ABBREV and current is not None:
            abbreviation, position = stream.define(position, end, path)
            current.append(abbreviation)
        elif entry == _UNABBREV_RECORD:
            code, position = stream.vbr(position, 6, end, path)
            count, position = stream.vbr(position, 6, end, path)
            numbers = []
            for _ in range(count):
                number, position = stream.vbr(position, 6, end, path)
                numbers.append(number)
            if code == _SET_BID and numbers:
                current = found.setdefault(numbers[0], [])
        else:
            raise damaged(stream.label, path, position, f"entry {entry} before SETBID")


class _Walk:
    """The first pass over one block: the shapes of its records (`SHAPE`)."""

    def __init__(self, stream: Bitstream, block: Block, inner: Collection[int]) -> None:
        self.blocks: list[Block] = []
        self._stream = stream
        self._data = stream.data
        self._block = block
        self._inner = inner
        self._abbreviations = list(stream.abbreviations.get(block.id, ()))
        # Packed at once and decoded by numpy: half the price of Python's integers one by one.
        self._shapes: list[bytes] = []
        self._known: list[bytes] = []
        self._blobs: dict[int, bytes] = {}

    def run(self) -> None:
        data, end, width = self._data, self._block.end, self._block.width
        mask = (1 << width) - 1
        position = self._block.start
        while True:
            byte = position >> 3
            window = int.from_bytes(data[byte : byte + ENTRY_WINDOW], "little") >> (position & 7)
            entry = window & mask
            if entry == _UNABBREV_RECORD:
                position = self._unabbreviated(position, window >> width)
            elif entry >= _FIRST_ABBREV:
                position = self._abbreviated(position, entry - _FIRST_ABBREV, window >> width)
            elif entry == _ENTER_SUBBLOCK:
                position = self._skip(position, window >> width)
            elif entry == _DEFINE_ABBREV:
                abbreviation, position = self._stream.define(position + width, end, self._block.path)
                self._abbreviations.append(abbreviation)
            else:
                break
            if position > end:
                raise self._damaged(position, "it reaches beyond the end of the block")
        if -(-(position + width) // 32) * 32 != end:
            raise self._damaged(position, "the block does not end where its length says")

    def records(self) -> Records:
        """The second pass."""
        shape = np.frombuffer(b"".join(self._shapes), np.int64).reshape(-1, len(SHAPE))
        known = np.frombuffer(b"".join(self._known), np.uint64)
        return gather(self._data, shape, known, self._blobs, label=self._stream.label, path=self._block.path)

    def _damaged(self, position: int, what: str) -> BitcodeError:
        return damaged(self._stream.label, f"{self._block.path}/record {len(self._shapes)}", position, what)

    def _skip(self, position: int, window: int) -> int:
        """The bit after a block, which is read only if it is a BLOCKINFO."""
        at = position + self._block.width
        block_id = window & 0xFF
        if block_id < 128 and block_id != _BLOCK_INFO and block_id not in self._inner and not window & 0x800:
            at = (at + 12 + 31) >> 5 << 2
            return at * 8 + 32 + int.from_bytes(self._data[at : at + 4], "little") * 32
        block = self._stream.enter(at, self._block.end, self._block.path)
        if block.id == _BLOCK_INFO:
            self._stream.read_block_info(block)
        elif block.id in self._inner:
            self.blocks.append(block)
        return block.end

    def _unabbreviated(self, position: int, window: int) -> int:
        code = window & 63
        count = window >> 6 & 63
        start = position + self._block.width + 12
        if code >= 32 or count >= 32:
            stream, end, path = self._stream, self._block.end, self._block.path
            code, start = stream.vbr(position + self._block.width, 6, end, path)
            count, start = stream.vbr(start, 6, end, path)
            after = self._after(start, 6, count, 0, 0)
        else:
            after = self._after(start, 6, count, window >> 12, ENTRY_BITS - 12)
        if code >> 32:
            raise self._damaged(position, f"no record has code {code}")
        self._shapes.append(_shape(position, code, 0, start, 6, VBR, (after - start) // 6, count))
        return after

    def _after(self, position: int, width: int, count: int, window: int, room: int) -> int:
        """The bit after so many variable-width integers: a chunk for each, and one more for each high bit met.

        ``window`` has ``room`` bits from ``position`` on.
        """
        high = few_high_bits(width)
        while count:
            bits = count * width
            if bits > room:
                if position + bits > self._block.end:
                    raise self._damaged(position, f"{count} operands reach beyond the end of the block")
                byte = position >> 3
                # Twice what is sure to be needed: there will be further chunks.
                room = 2 * bits + ENTRY_BITS
                window = int.from_bytes(self._data[byte : byte + (room >> 3) + 2], "little") >> (position & 7)
            few = high[count] if count < FEW else high_bits(width, count)
            count = (window & few).bit_count()
            window >>= bits
            room -= bits
            position += bits
        return position

    def _abbreviated(self, position: int, index: int, window: int) -> int:
        if index >= len(self._abbreviations):
            raise self._damaged(position, f"no abbreviation has id {index + _FIRST_ABBREV}")
        abbreviation = self._abbreviations[index]
        at = position + self._block.width
        room = ENTRY_BITS
        if abbreviation.longest > ENTRY_BITS:
            room = abbreviation.longest
            byte = at >> 3
            window = int.from_bytes(self._data[byte : byte + (room >> 3) + 2], "little") >> (at & 7)
        taken = abbreviation.bits
        values = []
        for width, mask, high, literal in abbreviation.scalars:
            value = window & mask
            window >>= width
            if value & high:
                value, window, more = _rest(value ^ high, window, width)
                taken += more
            values.append(value + literal)
        for letter in abbreviation.letters:
            values[letter] = int(CHAR6_ALPHABET[values[letter]])
        code = values.pop(0) if abbreviation.code is None else abbreviation.code
        try:
            self._known.append(abbreviation.pack(*values))
        except struct.error:
            raise self._damaged(position, "an operand has more than 64 bits") from None
        if code >> 32:
            raise self._damaged(position, f"no record has code {code}")
        return self._tail((position, code, abbreviation.known), abbreviation.tail, at + taken, window, room - taken)

    def _tail(self, head: tuple[int, int, int], tail: tuple[int, int], at: int, window: int, room: int) -> int:
        encoding, width = tail
        if not encoding:
            self._shapes.append(_shape(*head, at, 1, FIXED, 0, 0))
            return at
        count = window & 63
        start = at + 6
        window >>= 6
        room -= 6
        if count >= 32:
            count, start = self._stream.vbr(at, 6, self._block.end, self._block.path)
            room = 0
        if encoding == BLOB:
            return self._blob(head, start, count)
        after = start + count * width
        if encoding == VBR:
            after = self._after(start, width, count, window, room)
        elif after > self._block.end:
            raise self._damaged(at, f"an array of {count} reaches beyond the end of the block")
        self._shapes.append(_shape(*head, start, width, encoding, (after - start) // width, count))
        return after

    def _blob(self, head: tuple[int, int, int], at: int, count: int) -> int:
        start = -(-at // 32) * 4
        after = (start + -(-count // 4) * 4) * 8
        if after > self._block.end:
            raise self._damaged(at, f"a blob of {count} bytes reaches beyond the end of the block")
        self._blobs[len(self._shapes)] = self._data[start : start + count]
        self._shapes.append(_shape(*head, after, 1, FIXED, 0, 0))
        return after


def _rest(value: int, window: int, width: int) -> tuple[int, int, int]:
    """The rest of an integer after its first chunk, the window behind it, and the bits it took; 2**64 for too many."""
    more = 1 << (width - 1)
    shift = width - 1
    taken = 0
    while shift < 64:
        chunk = window & (2 * more - 1)
        window >>= width
        taken += width
        value |= (chunk & (more - 1)) << shift
        if chunk < more:
            return value & _U64, window, taken
        shift += width - 1
    return _U64 + 1, window, taken
