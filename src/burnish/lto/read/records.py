"""The records of one block of a bitstream, as columns; what measures them is bitstream.py."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from burnish.errors import BitcodeError

Ints = NDArray[np.int64]
Words = NDArray[np.uint64]

#: ``BitCodeAbbrevOp::Encoding`` (llvm/Bitstream/BitCodes.h): how an operand of an abbreviation is written.
FIXED, VBR, ARRAY, CHAR6, BLOB = range(1, 6)

CHAR6_ALPHABET = np.frombuffer(
    b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._", dtype=np.uint8
).astype(np.uint64)

#: The hint where another LLVM wrote a file.
FALLBACK = (
    "Another LLVM than this toolchain's may have written it. The toolchain's own linker may take it: --engine lld."
)

#: Columns of a shape: a record's bit offset, its code and how many operands are known; then those that are not:
#: where they start, their width, their encoding, how many chunks they take, and how many they are.
SHAPE = ("bit", "code", "known", "start", "width", "encoding", "chunks", "count")


def damaged(label: str, path: str, bit: int, what: str) -> BitcodeError:
    """The one form of message: module, block path, bit offset, and what is wrong there."""
    hint = "The file is damaged, or no LLVM wrote it: remove it and build again."
    return BitcodeError(f"{label}: {path}, bit {bit}: {what}", hint=hint)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Records:
    """``n`` records.

    Attributes:
        label, path: where they come from, for messages.
        bits: i64[n], the offset of each.
        codes: i64[n].
        starts: i64[n + 1]; the operands of record ``i`` are ``values[starts[i]:starts[i + 1]]``.
        blobs: record -> its blob.
    """

    label: str
    path: str
    bits: Ints
    codes: Ints
    starts: Ints
    values: Words
    blobs: Mapping[int, bytes]

    def rows(self, code: int) -> Ints:
        """The records of this code, in order."""
        return np.flatnonzero(self.codes == code)

    def column(self, rows: Ints, index: int, *, default: int | None = None) -> Words:
        """Operand ``index`` of these records; ``default`` where a record is shorter.

        Raises:
            BitcodeError: a record is shorter and there is no default.
        """
        at = self.starts[rows] + index
        present = at < self.starts[rows + 1]
        if present.all():
            return self.values[at]
        if default is None:
            self.expect(rows, present, f"it has no operand {index}")
        column = np.full(len(rows), default, np.uint64)
        column[present] = self.values[at[present]]
        return column

    def operands(self, row: int) -> Words:
        return self.values[self.starts[row] : self.starts[row + 1]]

    def first(self, code: int) -> Words | None:
        """The operands of the first record of this code."""
        rows = self.rows(code)
        return self.operands(int(rows[0])) if len(rows) else None

    def text(self, code: int) -> bytes:
        """The characters of the last record of this code; empty where there is none."""
        rows = self.rows(code)
        if not len(rows):
            return b""
        characters = self.operands(int(rows[-1]))
        if (characters > 255).any():
            self.fail(int(rows[-1]), "an operand is no character")
        return characters.astype(np.uint8).tobytes()

    def expect(self, rows: Ints, good: NDArray[np.bool_], what: str) -> None:
        """Nothing, where all these records are ``good``.

        Raises:
            BitcodeError: the message names the first that is not.
        """
        if not good.all():
            self.fail(int(rows[good.argmin()]), what)

    def fail(self, row: int, what: str) -> NoReturn:
        raise damaged(self.label, f"{self.path}/record {row}", int(self.bits[row]), what)


def gather(
    data: bytes, shape: Ints, known: Words, blobs: Mapping[int, bytes], *, label: str, path: str
) -> Records:  # fmt: skip
    """The records of these shapes (`SHAPE`); ``known`` holds the operands the walk has read already.

    ``data`` ends with at least eight bytes that no record reaches.

    Raises:
        BitcodeError: an operand has more than 64 bits.
    """
    bits, codes, knowns, _, _, _, chunks, counts = np.ascontiguousarray(shape.T)
    starts = np.zeros(len(shape) + 1, np.int64)
    np.cumsum(knowns + counts, out=starts[1:])
    values = np.empty(starts[-1], np.uint64)
    if len(known):
        values[spread(starts[:-1], knowns)] = known
    forms = shape[:, 4] << 8 | shape[:, 5]
    for form in np.unique(forms[counts > 0]).tolist():
        rows = np.flatnonzero((forms == form) & (counts > 0))
        operands = _operands(_parts(data, shape[rows, 3], chunks[rows], form >> 8), form >> 8, form & 0xFF)
        if operands is None:
            raise damaged(label, path, int(bits[rows[0]]), "an operand from here on has more than 64 bits")
        values[spread(starts[rows] + knowns[rows], counts[rows])] = operands
    return Records(label=label, path=path, bits=bits, codes=codes, starts=starts, values=values, blobs=blobs)


def spread(starts: Ints, counts: Ints) -> Ints:
    """``starts[0], starts[0] + 1, ...``, ``counts[0]`` of them, then as many from ``starts[1]``, and so on."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) + np.repeat(starts - ends + counts, counts)


def _parts(data: bytes, starts: Ints, counts: Ints, width: int) -> Words | NDArray[np.uint16]:
    """Chunks of ``width`` bits: ``counts[0]`` from bit ``starts[0]`` on, then those from ``starts[1]``, and so on."""
    octets = np.frombuffer(data, np.uint8)
    ends = np.cumsum(counts)
    bits = np.arange(int(ends[-1])) * width + np.repeat(starts - (ends - counts) * width, counts)
    byte = bits >> 3
    # Two bytes hold a chunk of up to nine bits, wherever it starts: all those that LLVM writes often.
    word = np.uint16 if width <= 9 else np.uint64
    window: Words | NDArray[np.uint16] = octets[byte].astype(word)
    for index in range(1, (width + 14) // 8):
        window |= octets[byte + index].astype(word) << word(8 * index)
    window >>= (bits & 7).astype(word)
    window &= word((1 << width) - 1)
    return window


def _operands(parts: Words | NDArray[np.uint16], width: int, encoding: int) -> Words | None:
    """What these chunks say; None where an operand has more than 64 bits."""
    if encoding == CHAR6:
        return CHAR6_ALPHABET[parts]
    if encoding != VBR:
        return parts.astype(np.uint64)
    payload = width - 1
    more = parts >> parts.dtype.type(payload) != 0
    low = (parts & parts.dtype.type((1 << payload) - 1)).astype(np.uint64)
    starts = np.ones(len(parts), np.bool_)
    starts[1:] = ~more[:-1]
    chunk = np.flatnonzero(starts)
    values: Words = low[chunk]
    left = np.flatnonzero(more[chunk])
    chunk = chunk[left]
    for shift in range(payload, 64, payload):
        if not len(left):
            break
        chunk += 1
        values[left] |= low[chunk] << np.uint64(shift)
        left, chunk = left[more[chunk]], chunk[more[chunk]]
    return None if len(left) else values
