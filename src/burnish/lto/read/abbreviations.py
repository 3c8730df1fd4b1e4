"""Abbreviations of a bitstream: the shapes of records, prepared so that a walk decides as little as possible.

Source: https://llvm.org/docs/BitCodeFormat.html#define-abbrev-encoding and llvm/Bitstream/BitCodes.h.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import starmap
from typing import Final

from burnish.lto.read.records import ARRAY, BLOB, CHAR6, FIXED, VBR

#: LLVM's ``MaxChunkSize``: no operand is wider.
WIDEST = 32
#: Bytes looked at for an entry, and the bits of its fields that are sure to be in them: most records fit.
ENTRY_WINDOW = 64
ENTRY_BITS = ENTRY_WINDOW * 8 - 7 - WIDEST
#: LLVM's longest has some thirty. Literals take no bits: without a limit a small file could ask for any memory.
_MOST_OPERANDS = 256


@dataclass(frozen=True, kw_only=True, slots=True)
class Abbreviation:
    """The shape of a record.

    Attributes:
        code: the record's code, or None where it is the first of the scalars.
        scalars: for each the width, a mask of so many bits, the bit that says that more chunks follow (0 where none
            may), and what to add: a literal is its value in no bits.
        letters: which of the scalars are CHAR6.
        known: how many scalars are operands.
        pack: these as words of 64 bits; struct.error where one has more.
        bits: the widths together.
        longest: bits that the scalars and the length of the tail take at most.
        tail: encoding and width of the elements of an array at the end, or ``(BLOB, 0)``; ``(0, 0)`` for nothing.
    """

    code: int | None
    scalars: tuple[tuple[int, int, int, int], ...]
    letters: tuple[int, ...]
    known: int
    pack: Callable[..., bytes]
    bits: int
    longest: int
    tail: tuple[int, int]


@lru_cache(maxsize=512)
def abbreviation_of(shape: tuple[tuple[int, int], ...]) -> Abbreviation:
    """The operands as a shape; a ValueError says what is wrong with them. All of LLVM's modules have the same few."""
    if len(shape) > _MOST_OPERANDS:
        raise ValueError(f"of {len(shape)} operands")
    operands = list(shape)
    tail = _tail_of(operands)
    if not operands:
        raise ValueError("without a code")
    if any(encoding in {ARRAY, BLOB} for encoding, _ in operands):
        raise ValueError("with an array or a blob that is not its end")
    code = None if operands[0][0] else operands.pop(0)[1]
    known = len(operands) - (code is None)
    return Abbreviation(
        code=code,
        scalars=tuple(starmap(_scalar, operands)),
        letters=tuple(index for index, (encoding, _) in enumerate(operands) if encoding == CHAR6),
        known=known,
        pack=_words(known),
        bits=sum(width for encoding, width in operands if encoding),
        longest=sum(starmap(_longest, operands)) + _longest(VBR, 6),
        tail=tail,
    )


def _tail_of(operands: list[tuple[int, int]]) -> tuple[int, int]:
    """The array or blob at the end, which is taken from the operands."""
    if operands and operands[-1][0] == BLOB:
        return operands.pop()
    if len(operands) > 1 and operands[-2][0] == ARRAY:
        tail = operands.pop()
        operands.pop()
        if tail[0] not in {FIXED, VBR, CHAR6}:
            raise ValueError("of an array of nothing")
        return tail
    return 0, 0


def _scalar(encoding: int, width: int) -> tuple[int, int, int, int]:
    if not encoding:
        return 0, 0, 0, width
    return width, (1 << width) - 1, 1 << (width - 1) if encoding == VBR else 0, 0


def _longest(encoding: int, width: int) -> int:
    if encoding == VBR:
        return -(-64 // (width - 1)) * width
    return width if encoding else 0


@cache
def _words(count: int) -> Callable[..., bytes]:
    return struct.Struct(f"={count}Q").pack


def high_bits(width: int, count: int) -> int:
    """The high bits of so many chunks."""
    return ((1 << width * count) - 1) // ((1 << width) - 1) << (width - 1)


#: Nearly all operands and arrays have fewer chunks.
FEW: Final = 64


@cache
def few_high_bits(width: int) -> list[int]:
    """By number of chunks, their high bits."""
    return [high_bits(width, count) for count in range(FEW)]
