"""What a file is made of: bytes by section, code by crate, compressed size. Reads ELF files, changes nothing."""

import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
from elftools.common.exceptions import ELFError
from elftools.construct import ConstructError
from elftools.elf.elffile import ELFFile
from numpy.typing import NDArray

from burnish.build.symbols import UNKNOWN, crate_of
from burnish.errors import ToolError

#: What of a file is in no section: the ELF header, the tables of segments and sections, padding.
HEADERS: Final = "[headers]"

_CHUNK: Final = 1 << 20
_GZIP: Final = 16 + zlib.MAX_WBITS  # zlib's way to ask for gzip's header, which it writes with mtime 0
_NOT_IN_FILE: Final = ("SHT_NOBITS", "SHT_NULL")
_SYMBOL_BITS: Final = 0xF
_FUNCTIONS: Final = (2, 10)  # STT_FUNC, STT_GNU_IFUNC


def sections(path: Path) -> tuple[tuple[str, int], ...]:
    """Bytes in the file by section, largest first, with ``[headers]`` for the rest: they sum to the file size.

    Raises:
        ToolError: the file cannot be read, is no ELF file, or is corrupt.
    """
    with _elf(path) as elf:
        found: dict[str, int] = defaultdict(int)
        for section in elf.iter_sections():
            if section["sh_type"] not in _NOT_IN_FILE:
                found[section.name] += section["sh_size"]
        found[HEADERS] += elf.stream_len - sum(found.values())
        if found[HEADERS] < 0:
            raise ELFError("the sections overlap")
        return _largest_first(found)


def crates(path: Path) -> tuple[tuple[str, int], ...]:
    """Bytes of ``.text`` by crate, largest first: they sum to its size. Needs the unstripped file.

    Bytes that several symbols share count once, for the symbol that begins first; what no symbol covers (padding,
    everything in a stripped file) is ``[unknown]``.

    Raises:
        ToolError: the file cannot be read, is no ELF file, or is corrupt.
    """
    with _elf(path) as elf:
        text, symtab = elf.get_section_by_name(".text"), elf.get_section_by_name(".symtab")
        if text is None:
            return ()
        found: dict[str, int] = defaultdict(int)
        if symtab is not None:
            names = _bytes(elf, elf.get_section(symtab["sh_link"]))
            index = elf.get_section_index(".text")
            entries = np.frombuffer(_bytes(elf, symtab), dtype=_symbol_layout(elf))
            begin, end = text["sh_addr"], text["sh_addr"] + text["sh_size"]
            for offset, size in _covered(entries[entries["shndx"] == index], begin, end):
                found[crate_of(names[offset : names.index(b"\0", offset)].decode("utf-8", "replace"))] += size
        found[UNKNOWN] += text["sh_size"] - sum(found.values())
        return _largest_first(found)


def gzip_size(path: Path) -> int:
    """Bytes of the file as gzip: zlib's level 6, no name, no time.

    Raises:
        ToolError: the file cannot be read.
    """
    packer = zlib.compressobj(level=6, wbits=_GZIP)
    total = 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                total += len(packer.compress(chunk))
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    return total + len(packer.flush())


@contextmanager
def _elf(path: Path) -> Iterator[Any]:
    """The parsed file; whatever pyelftools trips over in corrupt data becomes one error."""
    try:
        with path.open("rb") as file:
            elf = ELFFile(file)
            _check_table(elf)
            yield elf
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    except (ELFError, ConstructError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
        raise _unreadable(path, f"not an ELF file, or a corrupt one ({error})") from error


def _check_table(elf: Any) -> None:  # noqa: ANN401 -- pyelftools has no types
    """Nothing may reach beyond the file: damaged sizes would ask for more memory than there is."""
    count, entry = elf.num_sections(), elf["e_shentsize"]
    if count and entry != (64 if elf.elfclass == 64 else 40):
        raise ELFError(f"the section headers have {entry} bytes")
    if elf["e_shoff"] + count * entry > elf.stream_len:
        raise ELFError("the section headers end beyond the file")
    for section in elf.iter_sections():
        if section["sh_type"] not in _NOT_IN_FILE and section["sh_offset"] + section["sh_size"] > elf.stream_len:
            raise ELFError(f"section {section.name!r} ends beyond the file")


def _bytes(elf: Any, section: Any) -> bytes:  # noqa: ANN401 -- pyelftools has no types
    elf.stream.seek(section["sh_offset"])
    data: bytes = elf.stream.read(section["sh_size"])
    return data


def _unreadable(path: Path, why: str) -> ToolError:
    return ToolError(
        f"cannot measure {path}: {why}",
        hint="size analysis reads the ELF files that rustc links for Linux; build again if the file was cut short",
    )


def _symbol_layout(elf: Any) -> np.dtype[Any]:  # noqa: ANN401 -- pyelftools has no types
    """Elf32_Sym or Elf64_Sym (gABI, "Symbol Table") in the file's byte order."""
    wide = [("name", "u4"), ("info", "u1"), ("other", "u1"), ("shndx", "u2"), ("value", "u8"), ("size", "u8")]
    narrow = [("name", "u4"), ("value", "u4"), ("size", "u4"), ("info", "u1"), ("other", "u1"), ("shndx", "u2")]
    layout = np.dtype(wide if elf.elfclass == 64 else narrow)
    return layout.newbyteorder("<" if elf.little_endian else ">")


def _covered(symbols: NDArray[Any], begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Name offset and bytes of each function that covers bytes no earlier one covers, within the section."""
    functions = symbols[np.isin(symbols["info"] & _SYMBOL_BITS, _FUNCTIONS)]
    low, high = np.uint64(begin), np.uint64(end)
    starts = np.minimum(functions["value"].astype(np.uint64), high)
    # The room up to the end comes first: value + size of a damaged entry would wrap around.
    stops = starts + np.minimum(functions["size"].astype(np.uint64), high - starts)
    starts, stops = np.maximum(starts, low).astype(np.int64), np.maximum(stops, low).astype(np.int64)
    order = np.lexsort((-stops, starts))
    starts, stops = starts[order], stops[order]
    reached = np.concatenate(([begin], np.maximum.accumulate(stops)[:-1])) if len(stops) else stops
    fresh = stops - np.maximum(starts, reached)
    offsets = functions["name"][order]
    mine = fresh > 0
    yield from zip(offsets[mine].tolist(), fresh[mine].tolist(), strict=True)


def _largest_first(found: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(((name, size) for name, size in found.items() if size), key=lambda item: (-item[1], item[0])))
