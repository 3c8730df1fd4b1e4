"""Writes LLVM's bitstream container: bits, blocks and records, of any meaning.

The mirror of `burnish.lto.read.bitstream`; see llvm/docs/BitCodeFormat.rst and llvm/Bitstream/BitstreamWriter.h.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

MAGIC = b"BC\xc0\xde"

#: Abbreviation ids that every block knows, and the width of an id outside of all blocks.
END_BLOCK, ENTER_SUBBLOCK, DEFINE_ABBREV, UNABBREV_RECORD = range(4)
_OUTER_WIDTH = 2

#: After so many bits the bytes are laid aside: an integer that grows with the file would cost its square.
_FLUSH = 4096

#: Pieces of five bits in 64.
_PIECES = 13


class BitWriter:
    """Bits, lowest first. Blocks must be closed in the order opposite to that they were opened in."""

    def __init__(self) -> None:
        self._bytes = bytearray(MAGIC)
        self._value = 0
        self._bits = 0
        self._width = _OUTER_WIDTH
        self._open: list[tuple[int, int]] = []  # width outside, and where the block's length goes

    def fixed(self, value: int, width: int) -> None:
        """``width`` bits."""
        self._value |= value << self._bits
        self._bits += width
        if self._bits >= _FLUSH:
            self._lay_aside()

    def vbr(self, value: int, width: int) -> None:
        """A number from 0 in pieces of ``width`` bits, the highest of which says that another follows."""
        more = 1 << (width - 1)
        while value >= more:
            self.fixed(value & (more - 1) | more, width)
            value >>= width - 1
        self.fixed(value, width)

    def align(self) -> None:
        """Zeros up to a whole 32-bit word."""
        self._bits += -(8 * len(self._bytes) + self._bits) % 32
        self._lay_aside()

    def enter(self, block: int, width: int) -> None:
        """Open a block whose abbreviation ids have ``width`` bits."""
        self.fixed(ENTER_SUBBLOCK, self._width)
        self.vbr(block, 8)
        self.vbr(width, 4)
        self.align()
        self._open.append((self._width, len(self._bytes)))
        self._bytes += bytes(4)
        self._width = width

    def end(self) -> None:
        """Close the block opened last."""
        self.fixed(END_BLOCK, self._width)
        self.align()
        self._width, place = self._open.pop()
        words = (len(self._bytes) - place) // 4 - 1
        self._bytes[place : place + 4] = words.to_bytes(4, "little")

    def record(self, code: int, operands: Iterable[int]) -> None:
        """A record without abbreviation."""
        words = list(operands)
        value, bits = UNABBREV_RECORD, self._width
        for word in (code, len(words), *words):
            rest = word
            while rest >= 32:
                value |= (rest & 31 | 32) << bits
                rest >>= 5
                bits += 6
            value |= rest << bits
            bits += 6
        self.fixed(value, bits)

    def table(self, code: int, rows: NDArray[np.uint64]) -> None:
        """A record without abbreviation for each row of a table; the columns are the operands."""
        if not rows.size:
            return
        head = np.broadcast_to(np.array([code, rows.shape[1]], np.uint64), (len(rows), 2))
        words = np.concatenate([head, rows], axis=1)
        lengths = np.ones(words.shape, np.int64)
        for piece in range(1, _PIECES):
            lengths += words >> np.uint64(5 * piece) != 0
        flat = lengths.ravel()
        first = np.cumsum(flat) - flat
        owners = np.repeat(np.arange(len(flat)), flat)
        number = np.arange(len(owners)) - first[owners]
        pieces = (words.ravel()[owners] >> (5 * number).astype(np.uint64) & np.uint64(31)).astype(np.uint8)
        pieces[number + 1 < flat[owners]] |= 32
        # Six bits a piece, and before each row's first the abbreviation id.
        ids = np.arange(len(rows)) + 1
        places = 6 * np.arange(len(pieces)) + self._width * np.repeat(ids, lengths.sum(axis=1))
        bits = np.zeros(6 * len(pieces) + self._width * len(rows), np.uint8)
        bits[places[:, np.newaxis] + np.arange(6)] = np.unpackbits(pieces[:, np.newaxis], axis=1, bitorder="little")[
            :, :6
        ]
        starts = 6 * first[:: words.shape[1]] + self._width * (ids - 1)
        bits[starts] = bits[starts + 1] = 1  # UNABBREV_RECORD is 3
        self.fixed(int.from_bytes(np.packbits(bits, bitorder="little").tobytes(), "little"), len(bits))

    def define_text(self, code: int) -> None:
        """An abbreviation, the block's first, for records of a number and a text."""
        self.fixed(DEFINE_ABBREV, self._width)
        self.vbr(4, 5)
        self.fixed(1, 1)  # a literal: the code
        self.vbr(code, 8)
        self.fixed(0, 1)
        self.fixed(2, 3)  # vbr
        self.vbr(6, 5)
        self.fixed(0, 1)
        self.fixed(3, 3)  # an array
        self.fixed(0, 1)
        self.fixed(1, 3)  # of fixed width
        self.vbr(8, 5)

    def text(self, number: int, content: bytes) -> None:
        """A record of the abbreviation that `define_text` made."""
        self.fixed(UNABBREV_RECORD + 1, self._width)
        self.vbr(number, 6)
        self.vbr(len(content), 6)
        self.fixed(int.from_bytes(content, "little"), 8 * len(content))

    def blob(self, code: int, content: bytes) -> None:
        """A record of one blob, with an abbreviation of its own: a blob has no other form."""
        self.fixed(DEFINE_ABBREV, self._width)
        self.vbr(2, 5)
        self.fixed(1, 1)  # a literal: the code
        self.vbr(code, 8)
        self.fixed(0, 1)
        self.fixed(5, 3)  # a blob
        self.fixed(UNABBREV_RECORD + 1, self._width)
        self.vbr(len(content), 6)
        self.align()
        self._bytes += content
        self.align()

    def content(self) -> bytes:
        """All that was written; no block may be open."""
        self.align()
        return bytes(self._bytes)

    def _lay_aside(self) -> None:
        whole = self._bits // 8
        self._bytes += (self._value & ((1 << 8 * whole) - 1)).to_bytes(whole, "little")
        self._value >>= 8 * whole
        self._bits -= 8 * whole
