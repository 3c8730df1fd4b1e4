"""What is known of a file on a link line: its objects, their symbols and summaries, kept from one link to the next.

An archive of a dependency is the same in a hundred links. What was read of it is kept under its identity on disk: path,
device, inode, size, and the times of its last change. A change of content changes the ctime, which nobody can set; a
file whose ctime is so young that another change could fall on the same tick is read anew (git calls that racy).
"""

import mmap
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from burnish.cache import Cache
from burnish.digests import digest_of
from burnish.errors import UnsupportedError
from burnish.lto.modules import ModuleSummary, SymbolFlag, SymbolTable
from burnish.lto.objects import Form, LinkSymbol, Object
from burnish.lto.read.bitcode import read_module
from burnish.lto.read.container import read_objects
from burnish.lto.read.elf import read_symbols
from burnish.lto.read.pack import PACK_VERSION, pack, unpack

#: Counted up when facts take another form.
_VERSION: Final = 1
#: Seconds; far more than the coarsest clock of a file system in use.
_RACY: Final = 3.0
_DEFINED, _WEAK, _COMMON, _VISIBILITY = 1, 2, 4, 3
#: Plain numbers: members of an enum cost as much to combine as all else that is done for a symbol.
_SEEN = int(SymbolFlag.GLOBAL | SymbolFlag.FORMAT_SPECIFIC)
_UNDEFINED_FLAG, _WEAK_FLAG, _COMMON_FLAG = int(SymbolFlag.UNDEFINED), int(SymbolFlag.WEAK), int(SymbolFlag.COMMON)
#: GlobalValue counts default, hidden, protected; ELF's st_other default, internal, hidden, protected.
_ELF_VISIBILITY = np.array([0, 2, 3, 0], np.uint32) << _VISIBILITY


class ObjectFacts(msgspec.Struct, frozen=True, array_like=True):
    """An object, its global symbols (names, and a byte of flags for each), and for bitcode its digest and summary."""

    path: str
    member: str
    offset: int
    size: int
    form: Form
    module: tuple[int, int] | None
    names: bytes
    flags: bytes
    digest: str = ""
    summary: bytes = b""

    @property
    def object(self) -> Object:
        return Object(
            path=Path(self.path),
            member=self.member,
            offset=self.offset,
            size=self.size,
            form=self.form,
            module=self.module,
        )

    def symbols(self) -> tuple[LinkSymbol, ...]:
        """What a linker sees."""
        if not self.flags:
            return ()
        return tuple(
            LinkSymbol(
                name=name,
                defined=bool(flags & _DEFINED),
                weak=bool(flags & _WEAK),
                common=bool(flags & _COMMON),
                visibility=flags >> _VISIBILITY,
            )
            for name, flags in zip(self.names.decode("utf-8", "surrogateescape").split("\0"), self.flags, strict=True)
        )

    def module_summary(self, label: str) -> ModuleSummary:
        """The summary of a BITCODE object.

        Raises:
            BitcodeError: what was kept of it is damaged.
        """
        return unpack(self.summary, label)


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(tuple[ObjectFacts, ...])


def known_facts(path: Path, cache: Cache) -> tuple[ObjectFacts, ...] | None:
    """The facts that an earlier link has kept of a file; None where it kept none."""
    key = _identity(path)
    return _known(key, cache) if key else None


def keep_facts(path: Path, facts: tuple[ObjectFacts, ...], cache: Cache) -> None:
    """Keep them for later links.

    Raises:
        StoreError: the cache cannot be written.
    """
    if key := _identity(path):
        cache.record(key, [cache.put(_ENCODER.encode(facts))])


def read_facts(path: Path) -> Iterator[ObjectFacts]:
    """Read a file."""
    data = mapped(path)
    for item in read_objects(path, data):
        if item.form is Form.OTHER:
            continue
        # A member of a thin archive is a file of its own.
        content = data if item.path == path else mapped(item.path)
        digest, summary = "", b""
        if item.form is Form.BITCODE:
            module = module_of(item, content)
            read = read_module(module, item.label)
            digest, summary = digest_of(module), pack(read)
            names, flags = _module_symbols(read.symbols)
        else:
            symbols = read_symbols(content[item.offset : item.offset + item.size], item.label)
            names = "\0".join(symbol.name for symbol in symbols).encode("utf-8", "surrogateescape")
            flags = bytes(_word(symbol.defined, symbol.weak, symbol.common, symbol.visibility) for symbol in symbols)
        yield ObjectFacts(
            path=str(item.path),
            member=item.member,
            offset=item.offset,
            size=item.size,
            form=item.form,
            module=item.module,
            names=names,
            flags=flags,
            digest=digest,
            summary=summary,
        )


def mapped(path: Path) -> memoryview:
    """A file's bytes, mapped for as long as somebody holds them.

    Raises:
        UnsupportedError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except ValueError:
        return memoryview(b"")  # an empty file has nothing to map
    except OSError as error:
        raise UnsupportedError(f"cannot read {path}: {error.strerror}", hint="the linker will say more") from error


def module_of(item: Object, data: memoryview) -> memoryview:
    """The bitcode of a BITCODE object in the bytes of its file."""
    offset, size = item.module or (item.offset, item.size)
    return data[offset : offset + size]


def _identity(path: Path) -> str:
    """The key of a file's facts; empty where they are not to be kept: the crate's own objects never come again."""
    if path.suffix == ".o":
        return ""
    try:
        found = path.stat()
    except OSError:
        return ""
    if time.time() - found.st_ctime < _RACY:
        return ""
    words = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    return digest_of(f"facts {_VERSION} {PACK_VERSION} {os.fspath(path)} {words}".encode("utf-8", "surrogateescape"))


def _known(key: str, cache: Cache) -> tuple[ObjectFacts, ...] | None:
    digests = cache.recall(key)
    if not digests or (data := cache.get(digests[0])) is None:
        return None
    try:
        return _DECODER.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _word(defined: bool, weak: bool, common: bool, visibility: int) -> int:
    return defined * _DEFINED | weak * _WEAK | common * _COMMON | visibility << _VISIBILITY


def _module_symbols(table: SymbolTable) -> tuple[bytes, bytes]:
    """Names and flags of what a linker sees of a module (``lto::InputFile``)."""
    seen = (table.flags & _SEEN) == int(SymbolFlag.GLOBAL)
    flags = table.flags[seen]
    words = _DEFINED * ((flags & _UNDEFINED_FLAG) == 0)
    words += _WEAK * ((flags & _WEAK_FLAG) != 0)
    words += _COMMON * ((flags & _COMMON_FLAG) != 0)
    words += _ELF_VISIBILITY[flags & 3]
    starts = table.starts.tolist()
    names = [table.names[starts[symbol] : starts[symbol + 1]] for symbol in np.flatnonzero(seen).tolist()]
    return b"\0".join(names), words.astype(np.uint8).tobytes()
