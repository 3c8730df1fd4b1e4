"""Files on a link line to objects: bitcode, ELF, archives of them, and rustc's rlibs.

Source: https://llvm.org/docs/CommandGuide/llvm-ar.html and llvm/lib/Object/Archive.cpp (archives);
https://llvm.org/docs/BitCodeFormat.html#bitcode-wrapper-format; rustc's back/metadata.rs and back/write.rs (members of
rlibs, ``.llvmbc``).
"""

import mmap
import os
import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from burnish.errors import BitcodeError
from burnish.lto.objects import Form, Object
from burnish.lto.read import bitcode, elf

_ARCHIVE: Final = b"!<arch>\n"
_THIN_ARCHIVE: Final = b"!<thin>\n"
_WRAPPER_MAGIC: Final = b"\xde\xc0\x17\x0b"
#: Magic, version, offset and size of the bitcode, CPU.
_WRAPPER: Final = struct.Struct("<5I")
_MEMBER: Final = struct.Struct("16s12s6s6s8s10s2s")
_INDICES: Final = frozenset({b"/", b"/SYM64/", b"__.SYMDEF", b"__.SYMDEF SORTED", b"__.SYMDEF_64"})
_LONG_NAMES: Final = b"//"
_BSD_NAME: Final = b"#1/"

#: LLVM turns intrinsics into calls of what this crate defines, after it has optimized: in link-time optimization its
#: definitions would be gone by then. rustc leaves `#![no_builtins]` crates out by crate (``ignored_for_lto``), as their
#: objects carry ``.llvmbc`` like all others of the sysroot.
_NO_BUILTINS: Final = ("libcompiler_builtins-", ".rlib")


def read_objects(path: Path, data: bytes | memoryview | None = None) -> list[Object]:
    """The objects of a file: itself, or the members of an archive in their order, without its index.

    Members of a thin archive are files of their own: their ``path`` is not the archive's, and they have no ``member``.

    Args:
        path: what is on the link line.
        data: its bytes; None: they are read here.

    Raises:
        BitcodeError: it cannot be read, or is damaged.
        UnsupportedError: an ELF file of 32 bits, or big-endian.
    """
    data = _map(path) if data is None else memoryview(data)
    head = bytes(data[:8])
    if head == _ARCHIVE:
        return [_member(path, data, *member) for member in _members(path, data, thin=False)]
    if head == _THIN_ARCHIVE:
        return [_thin_member(path, name) for name, _, _ in _members(path, data, thin=True)]
    return [_classified(Object(path=path, member="", offset=0, size=len(data), form=Form.OTHER), data)]


def _map(path: Path) -> memoryview:
    try:
        with path.open("rb") as file:
            # An empty file cannot be mapped.
            if not file.seek(0, os.SEEK_END):
                return memoryview(b"")
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except OSError as error:
        raise BitcodeError(
            f"{path}: cannot be read: {error.strerror or error}", hint="See whether it was removed; build again."
        ) from error


def _members(path: Path, data: memoryview, *, thin: bool) -> Iterator[tuple[str, int, int]]:
    """Name, offset and size of each member that is neither index nor table of names."""
    position = len(_ARCHIVE)
    long_names = b""
    while position + _MEMBER.size <= len(data):
        field, *_, length, end = _MEMBER.unpack_from(data, position)
        name, length = field.rstrip(b" "), length.rstrip(b" ")
        position += _MEMBER.size
        if end != b"`\n" or not length.isdigit():
            raise _damaged(path, position, "no member's header stands here")
        special = name in _INDICES or name == _LONG_NAMES
        size = int(length)
        inside = 0 if thin and not special else size
        if position + inside > len(data):
            raise _damaged(path, position, f"a member of {size} bytes reaches beyond the end")
        if name == _LONG_NAMES:
            long_names = bytes(data[position : position + size])
        elif not special:
            yield _named(path, data, (name, position, size), long_names)
        position += inside + (inside & 1)


def _named(path: Path, data: memoryview, member: tuple[bytes, int, int], long_names: bytes) -> tuple[str, int, int]:
    """The member by its own name: ``name/``, ``/offset`` in the table of names, or ``#1/length`` before the content."""
    name, position, size = member
    if name.startswith(_BSD_NAME) and name[3:].isdigit():
        length = int(name[3:])
        if length > size:
            raise _damaged(path, position, "a name is longer than its member")
        name = bytes(data[position : position + length]).rstrip(b"\0")
        position, size = position + length, size - length
    elif name.startswith(b"/") and name[1:].isdigit():
        start = int(name[1:])
        end = long_names.find(b"\n", start)
        if not 0 <= start < end:
            raise _damaged(path, position, f"there is no name at {start} in the table of names")
        name = long_names[start:end]
    return name.removesuffix(b"/").decode("utf-8", "surrogateescape"), position, size


def _member(path: Path, data: memoryview, name: str, offset: int, size: int) -> Object:
    found = Object(path=path, member=name, offset=offset, size=size, form=Form.OTHER)
    return _classified(found, data[offset : offset + size])


def _thin_member(path: Path, name: str) -> Object:
    """A thin archive only names its members; each stands in a file of its own, beside the archive."""
    if "\0" in name:
        raise _damaged(path, 0, "a name with a NUL in it")
    file = path.parent / name
    data = _map(file)
    return _classified(Object(path=file, member="", offset=0, size=len(data), form=Form.OTHER), data)


def _classified(found: Object, data: memoryview) -> Object:
    """The object with its form and module."""
    # rustc's metadata: plain, or wrapped in an object of the target's format (create_wrapper_file).
    if found.member.endswith(".rmeta"):
        return found
    magic = bytes(data[:4])
    if magic == bitcode.MAGIC:
        return replace(found, form=Form.BITCODE, module=(found.offset, found.size))
    if magic == _WRAPPER_MAGIC:
        return _wrapped(found, data)
    if magic == elf.MAGIC:
        return _classified_elf(found, data)
    return found


def _wrapped(found: Object, data: memoryview) -> Object:
    if len(data) < _WRAPPER.size:
        raise BitcodeError(f"{found.label}: a bitcode wrapper cut off", hint="The file is damaged: build it again.")
    _, _, offset, size, _ = _WRAPPER.unpack_from(data)
    if offset + size > len(data) or bytes(data[offset : offset + 4]) != bitcode.MAGIC:
        raise BitcodeError(
            f"{found.label}: its wrapper points to {size} bytes of bitcode at {offset}, where there is none",
            hint="The file is damaged: build it again.",
        )
    return replace(found, form=Form.BITCODE, module=(found.offset + offset, size))


def _classified_elf(found: Object, data: memoryview) -> Object:
    file = elf.read_elf(data, found.label)
    if file.kind == elf.ET_DYN:
        return replace(found, form=Form.SHARED)
    if file.kind != elf.ET_REL or file.find(b".rmeta") is not None:
        return found
    section = None if _is_no_builtins(found.path) else file.find(b".llvmbc")
    if section is None:
        return replace(found, form=Form.NATIVE)
    content = file.content(section)
    # clang's -fembed-bitcode-marker leaves a section of one byte.
    if bytes(content[:4]) != bitcode.MAGIC:
        return replace(found, form=Form.NATIVE)
    return replace(found, form=Form.BITCODE, module=(found.offset + section.offset, section.size))


def _is_no_builtins(path: Path) -> bool:
    prefix, suffix = _NO_BUILTINS
    return path.name.startswith(prefix) and path.name.endswith(suffix)


def _damaged(path: Path, position: int, what: str) -> BitcodeError:
    return BitcodeError(f"{path.name}: byte {position}: {what}", hint="The archive is damaged: build it again.")
