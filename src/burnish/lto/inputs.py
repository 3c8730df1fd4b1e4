"""What a link line's files hold: objects with the symbols a linker sees, and the summaries of their modules.

The only reader of input files. Summaries come from the cache where it has them: they are named by the digest of the
module's bytes.
"""

import mmap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from burnish.errors import BitcodeError, UnsupportedError
from burnish.lto.cache import Cache, digest_of
from burnish.lto.line.libraries import Located
from burnish.lto.modules import ModuleSummary, SymbolFlag, SymbolTable
from burnish.lto.objects import Form, LinkInput, LinkSymbol, Object
from burnish.lto.read.bitcode import read_module
from burnish.lto.read.container import read_objects
from burnish.lto.read.elf import read_symbols
from burnish.lto.read.pack import PACK_VERSION, pack, unpack


@dataclass(frozen=True, kw_only=True, slots=True)
class Gathered:
    """All inputs of a link.

    Attributes:
        inputs: in the order of the line, members of archives each for itself.
        located: for each input, the file that it came from.
        summaries: by input, of the BITCODE ones.
        digests: of the modules' bytes, by input.
    """

    inputs: list[LinkInput] = field(default_factory=list)
    located: list[Located] = field(default_factory=list)
    summaries: dict[int, ModuleSummary] = field(default_factory=dict)
    digests: dict[int, str] = field(default_factory=dict)


def gather(files: Sequence[Located], cache: Cache) -> Gathered:
    """Read the files of a link.

    Raises:
        BitcodeError: a module is damaged.
        UnsupportedError: a file cannot be read, or a module is of a form the engine does not take.
    """
    gathered = Gathered()
    for located in files:
        data = mapped(located.path)
        for item in read_objects(located.path, data):
            # A member of a thin archive is a file of its own.
            _add(gathered, located, item, data if item.path == located.path else mapped(item.path), cache)
    return gathered


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


def _add(gathered: Gathered, located: Located, item: Object, data: memoryview, cache: Cache) -> None:
    symbols: tuple[LinkSymbol, ...]
    if item.form is Form.OTHER:
        return
    if item.form is Form.BITCODE:
        module = module_of(item, data)
        digest = digest_of(module)
        summary = _summary(module, digest, item.label, cache)
        gathered.summaries[len(gathered.inputs)] = summary
        gathered.digests[len(gathered.inputs)] = digest
        symbols = tuple(_module_symbols(summary.symbols))
    else:
        symbols = read_symbols(data[item.offset : item.offset + item.size], item.label)
    in_archive = (bool(item.member) or item.path != located.path) and not located.whole_archive
    gathered.inputs.append(LinkInput(object=item, symbols=symbols, lazy=in_archive or located.lazy))
    gathered.located.append(located)


def _summary(module: memoryview, digest: str, label: str, cache: Cache) -> ModuleSummary:
    key = digest_of(f"summary {PACK_VERSION} {digest}".encode())
    known = cache.recall(key)
    if known and (packed := cache.get(known[0])) is not None:
        try:
            return unpack(packed, label)
        except BitcodeError:
            pass  # written by something else; read anew below
    summary = read_module(module, label)
    cache.record(key, [cache.put(pack(summary))])
    return summary


#: `SymbolFlag`s as (defined, weak, common) and the visibility, for each of the words that occur.
_KINDS: dict[int, tuple[bool, bool, bool, int] | None] = {}


def _kind(flags: int) -> tuple[bool, bool, bool, int] | None:
    """What a linker makes of the flags; None for what it does not see (``lto::InputFile``)."""
    if flags & SymbolFlag.FORMAT_SPECIFIC or not flags & SymbolFlag.GLOBAL:
        return None
    # GlobalValue counts default, hidden, protected; ELF's st_other default, internal, hidden, protected.
    visibility = (0, 2, 3, 0)[flags & 3]
    return (
        not flags & SymbolFlag.UNDEFINED,
        bool(flags & SymbolFlag.WEAK),
        bool(flags & SymbolFlag.COMMON),
        visibility,
    )


def _module_symbols(table: SymbolTable) -> Iterator[LinkSymbol]:
    names, ends = table.names, table.starts[1:].tolist()
    start = int(table.starts[0]) if len(table.starts) else 0
    for flags, end in zip(table.flags.tolist(), ends, strict=True):
        if flags not in _KINDS:
            _KINDS[flags] = _kind(flags)
        kind = _KINDS[flags]
        if kind is not None:
            defined, weak, common, visibility = kind
            yield LinkSymbol(
                name=names[start:end].decode("utf-8", "surrogateescape"),
                defined=defined,
                weak=weak,
                common=common,
                visibility=visibility,
            )
        start = end
