"""A `ModuleSummary` as bytes for the cache, and back: its columns as they are, behind a header that tells their sizes.

Columns stand in the order of `_COLUMNS`, those with the widest items first, so that all are aligned and none is copied
when it is read. Numbers are little-endian.
"""

import struct
import zlib
from operator import mul
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from burnish.errors import BitcodeError
from burnish.lto.modules import Kind, Linkage, ModuleSummary, SymbolTable, Visibility

#: Part of the key under which packed summaries are kept; to be raised with every change of what they say.
PACK_VERSION: Final = 1

_MAGIC: Final = b"burnsum\0"
#: Magic, version, CRC of all that follows, and then: FS_VERSION, FS_FLAGS, the five words of the hash, and how many
#: values, references, calls and symbols, and bytes of names, of symbols' names and of three texts there are.
_HEADER: Final = struct.Struct("<8sII2I5I9I")
_CHECKED_FROM: Final = 16
#: Column, type, and the count it goes with (its place among the four above), and how many more there are.
_COLUMNS: Final = (
    ("guid", "<u8", 0, 0),
    ("name_starts", "<u4", 0, 1),
    ("ref_starts", "<u4", 0, 1),
    ("call_starts", "<u4", 0, 1),
    ("symbol_starts", "<u4", 3, 1),
    ("summary_flags", "<u4", 0, 0),
    ("instructions", "<u4", 0, 0),
    ("attributes", "<u4", 0, 0),
    ("read_only", "<u4", 0, 0),
    ("write_only", "<u4", 0, 0),
    ("aliasee", "<i4", 0, 0),
    ("refs", "<u4", 1, 0),
    ("callees", "<u4", 2, 0),
    ("symbol_flags", "<u4", 3, 0),
    ("symbol_values", "<i4", 3, 0),
    ("kind", "u1", 0, 0),
    ("linkage", "u1", 0, 0),
    ("visibility", "u1", 0, 0),
    ("defined", "?", 0, 0),
    ("summarized", "?", 0, 0),
    ("edges", "u1", 2, 0),
)
_WIDTHS: Final = {"<u8": 8, "<u4": 4, "<i4": 4, "u1": 1, "?": 1}
#: Bytes of all columns together: those of each count, and those there always are.
_BYTES: Final = tuple(sum(_WIDTHS[kind] for _, kind, count, _ in _COLUMNS if count == index) for index in range(4))
_BYTES_ALWAYS: Final = sum(_WIDTHS[kind] * more for _, kind, _, more in _COLUMNS)
#: What the bytes of these columns may be; an edge is hotness and a tail call's bit.
_ALLOWED: Final = {
    "kind": bytes(Kind),
    "linkage": bytes(Linkage),
    "visibility": bytes(Visibility),
    "defined": bytes(range(2)),
    "summarized": bytes(range(2)),
    "edges": bytes(range(16)),
}


def pack(summary: ModuleSummary) -> bytes:
    """The summary as bytes that `unpack` reads."""
    symbols = summary.symbols
    texts = [
        text.encode("utf-8", "surrogateescape") for text in (summary.source_filename, summary.producer, summary.triple)
    ]
    others = {"symbol_starts": symbols.starts, "symbol_flags": symbols.flags, "symbol_values": symbols.values}
    columns = (others.get(name, getattr(summary, name, None)) for name, *_ in _COLUMNS)
    body = b"".join((
        *(np.ascontiguousarray(column, row[1]).tobytes() for column, row in zip(columns, _COLUMNS, strict=True)),
        summary.names,
        symbols.names,
        *texts,
    ))  # fmt: skip
    counts = len(summary), len(summary.refs), len(summary.callees), len(symbols)
    lengths = len(summary.names), len(symbols.names), *map(len, texts)
    header = _HEADER.pack(
        _MAGIC, PACK_VERSION, 0, summary.version, summary.flags, *summary.hash, *counts, *lengths
    )  # fmt: skip
    crc = zlib.crc32(body, zlib.crc32(header[_CHECKED_FROM:]))
    return b"".join((header[: _CHECKED_FROM - 4], crc.to_bytes(4, "little"), header[_CHECKED_FROM:], body))


def unpack(data: bytes, label: str) -> ModuleSummary:
    """The summary that was packed; its columns are views of ``data`` and cannot be written.

    Raises:
        BitcodeError: ``data`` is not what `pack` of this version made, or has been damaged since.
    """
    numbers = _check_header(data, label)
    columns, position = _columns(data, numbers[7:])
    names, symbol_names, *texts = _split(data, position, numbers[11:])
    source_filename, producer, triple = (text.decode("utf-8", "surrogateescape") for text in texts)
    if not _consistent(columns, numbers):
        raise _damaged(label, "its numbers contradict each other")
    symbols = SymbolTable(
        names=symbol_names,
        starts=columns.pop("symbol_starts"),
        flags=columns.pop("symbol_flags"),
        values=columns.pop("symbol_values"),
    )
    version, flags, one, two, three, four, five = numbers[:7]
    return ModuleSummary(
        source_filename=source_filename,
        producer=producer,
        triple=triple,
        hash=(one, two, three, four, five),
        version=version,
        flags=flags,
        names=names,
        symbols=symbols,
        **columns,
    )


def _check_header(data: bytes, label: str) -> tuple[int, ...]:
    """The header's numbers after the CRC."""
    if len(data) < _HEADER.size:
        raise _damaged(label, "it is shorter than its header")
    magic, version, crc, *numbers = _HEADER.unpack_from(data)
    if magic != _MAGIC or version != PACK_VERSION:
        raise _damaged(label, f"it is not of version {PACK_VERSION}")
    counts = numbers[7:]
    size = sum(map(mul, counts, _BYTES)) + _BYTES_ALWAYS + sum(counts[4:])
    if len(data) != _HEADER.size + size:
        raise _damaged(label, f"it has {len(data)} bytes, and should have {_HEADER.size + size}")
    if zlib.crc32(memoryview(data)[_CHECKED_FROM:]) != crc:
        raise _damaged(label, "its checksum is wrong")
    return tuple(numbers)


def _columns(data: bytes, counts: tuple[int, ...]) -> tuple[dict[str, NDArray[Any]], int]:
    """The columns, and the position after them."""
    found: dict[str, NDArray[Any]] = {}
    position = _HEADER.size
    for name, kind, count, more in _COLUMNS:
        length = counts[count] + more
        found[name] = np.frombuffer(data, kind, length, position)
        position += length * _WIDTHS[kind]
    return found, position


def _split(data: bytes, position: int, lengths: tuple[int, ...]) -> list[bytes]:
    parts = []
    for length in lengths:
        parts.append(data[position : position + length])
        position += length
    return parts


def _consistent(columns: dict[str, NDArray[Any]], numbers: tuple[int, ...]) -> bool:
    """Whether no index of the columns leads out of them, and no number means nothing."""
    count, refs, calls, _, names, symbol_names = numbers[7:13]
    starts = {"name_starts": names, "ref_starts": refs, "call_starts": calls, "symbol_starts": symbol_names}
    return (
        all(_rises(columns[name], end) for name, end in starts.items())
        # Several times as fast as numpy: deleting the bytes that may be leaves nothing.
        and not any(columns[name].tobytes().translate(None, allowed) for name, allowed in _ALLOWED.items())
        and all(_at_most(columns[name], count - 1) for name in ("refs", "callees"))
        # -1 is the greatest of unsigned numbers, and 0 when one is added.
        and all(_at_most(columns[name].view("<u4") + np.uint32(1), count) for name in ("aliasee", "symbol_values"))
    )


def _rises(starts: NDArray[Any], end: int) -> bool:
    return bool(starts[0] == 0 and starts[-1] == end and (starts[1:] >= starts[:-1]).all())


def _at_most(column: NDArray[Any], most: int) -> bool:
    return not len(column) or bool(column.max() <= most)


def _damaged(label: str, what: str) -> BitcodeError:
    return BitcodeError(f"{label}: its cached summary is damaged: {what}", hint="It will be read anew.")
