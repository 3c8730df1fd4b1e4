"""Writing a static library with chosen members (GNU format), index included.

A filtered archive keeps what is native of an rlib on the link line: still lazy, at the same place.
Format: llvm/lib/Object/ArchiveWriter.cpp, binutils' ar.h. Dates, owners and modes are constant.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from burnish.errors import LtoError
from burnish.lto.objects import Object

_MAGIC = b"!<arch>\n"
_HEADER = 60
_SHORT_NAME = 15
#: Offsets in the index have 32 bits; ``/SYM64/`` begins beyond (``K_GNU64``).
_MAX_SYM32 = 0xFFFF_FFFF
#: The size of a member has ten digits.
_MAX_SIZE = 9_999_999_999


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A member to write: where its bytes are, its name, and the symbols it defines for the index."""

    object: Object
    symbols: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.object.member or self.object.path.name


def write_archive(target: Path, entries: Sequence[Entry]) -> None:
    """Write the archive; ``target`` is either as before or complete.

    Raises:
        LtoError: a member cannot be read, is shorter than its header says, or has a name that no archive can hold;
            the disk is full.
    """
    handle, scratch = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            _write(file, entries)
        Path(scratch).replace(target)
    except OSError as error:
        raise LtoError(
            f"cannot write {target}: {error.strerror or error}", hint="see whether the disk is full"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            Path(scratch).unlink()


def _write(file: IO[bytes], entries: Sequence[Entry]) -> None:
    long_names, names = _names(entries)
    sizes = [entry.object.size for entry in entries]
    if max(sizes, default=0) > _MAX_SIZE:
        raise LtoError("a member of more than 9 GB fits in no archive", hint="link it as an object of its own")
    wide = sum(sizes) + len(long_names) + _HEADER * len(sizes) > _MAX_SYM32 // 2
    index = _index_size(entries, wide=wide)
    first = len(_MAGIC) + _padded(index) + (_padded(len(long_names)) if long_names else 0)
    file.write(_MAGIC)
    file.write(_header(b"/SYM64/" if wide else b"/", index))
    file.write(_pad(_index(entries, sizes, first, wide=wide)))
    if long_names:
        file.write(_header(b"//", len(long_names)) + _pad(long_names))
    for entry, name in zip(entries, names, strict=True):
        file.write(_header(name, entry.object.size))
        _copy(entry.object, file)
        file.write(b"\n" * (entry.object.size % 2))


def _names(entries: Iterable[Entry]) -> tuple[bytes, list[bytes]]:
    """The table of long names, and each member's name field."""
    table = bytearray()
    fields = []
    for entry in entries:
        name = os.fsencode(entry.name)
        if b"\n" in name or b"\0" in name or not name:
            raise LtoError(f"{entry.object.label!r}: no archive can hold this name", hint="rename the member")
        if len(name) <= _SHORT_NAME and b"/" not in name:
            fields.append(name + b"/")
        else:
            fields.append(b"/%d" % len(table))
            table += name + b"/\n"
    return bytes(table), fields


def _padded(size: int) -> int:
    return _HEADER + size + size % 2


def _pad(data: bytes) -> bytes:
    return data + b"\n" * (len(data) % 2)


def _header(name: bytes, size: int) -> bytes:
    return b"%-16s%-12d%-6d%-6d%-8o%-10d`\n" % (name, 0, 0, 0, 0o100644, size)


def _index_size(entries: Iterable[Entry], *, wide: bool) -> int:
    word = 8 if wide else 4
    return word + sum(word + len(_encoded(symbol)) for entry in entries for symbol in entry.symbols)


def _index(entries: Sequence[Entry], sizes: Sequence[int], first: int, *, wide: bool) -> bytes:
    word = 8 if wide else 4
    offsets = bytearray()
    names = bytearray()
    place = first
    for entry, size in zip(entries, sizes, strict=True):
        offsets += place.to_bytes(word, "big") * len(entry.symbols)
        names += b"".join(map(_encoded, entry.symbols))
        place += _padded(size)
    return (len(offsets) // word).to_bytes(word, "big") + bytes(offsets + names)


def _encoded(symbol: str) -> bytes:
    # A name from a damaged file must not shift the ones after it.
    return symbol.encode("utf-8", "surrogateescape").replace(b"\0", b"?") + b"\0"


def _copy(item: Object, file: IO[bytes]) -> None:
    try:
        source = item.path.open("rb")
    except OSError as error:
        raise LtoError(f"cannot read {item.path}: {error.strerror}", hint="build it anew") from error
    with source:
        end = os.fstat(source.fileno()).st_size
        if item.offset < 0 or item.size < 0 or item.offset + item.size > end:
            raise LtoError(
                f"{item.label} is bytes {item.offset} to {item.offset + item.size} of {item.path}, which has {end}",
                hint="the file is damaged or changed while it was read; build it anew",
            )
        source.seek(item.offset)
        left = item.size
        while left:
            block = source.read(min(left, 1 << 20))
            if not block:
                raise LtoError(f"{item.path} became shorter while it was read", hint="build it anew")
            file.write(block)
            left -= len(block)
