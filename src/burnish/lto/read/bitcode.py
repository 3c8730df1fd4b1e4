"""A module's bytes to its `ModuleSummary`: module records, names, symbol table and summary, no function bodies.

Source: llvm/Bitcode/LLVMBitCodes.h and llvm/Bitcode/Reader/BitcodeReader.cpp.
"""

import dataclasses
from typing import Final

from burnish.errors import UnsupportedError
from burnish.lto.modules import ModuleSummary
from burnish.lto.read.bitstream import Bitstream, Block
from burnish.lto.read.codes import BLOCK_NAMES, BlockId, IdentificationCode, ModuleCode, StrtabCode
from burnish.lto.read.records import FALLBACK, Records, damaged
from burnish.lto.read.summary import Summaries, read_summaries
from burnish.lto.read.symtab import build_symtab, read_symtab
from burnish.lto.read.values import read_values

MAGIC: Final = b"BC\xc0\xde"
#: ``BITCODE_CURRENT_EPOCH``.
_EPOCH = 0
#: The version of module records that keep names in STRTAB.
_MODULE_VERSION = 2
#: Linux takes paths of up to 4,096 bytes.
_LONGEST_SOURCE = 1 << 14


def read_module(data: bytes | memoryview, label: str) -> ModuleSummary:
    """What a file of bitcode says of its one module.

    Args:
        data: the file, from the magic on.
        label: how messages name it.

    Raises:
        BitcodeError: the bytes do not say what the format asks for.
        UnsupportedError: several modules, another version of the module's records or of its summary, or module
            assembly without a symbol table.
    """
    if data[:4] != MAGIC:
        raise damaged(label, "top", 0, "it does not start as bitcode does")
    stream = Bitstream(data, start=len(MAGIC), label=label, names=BLOCK_NAMES)
    blocks = _blocks(stream, label)
    producer = _producer(stream, blocks.get(BlockId.IDENTIFICATION), label)
    records, inner = stream.read(blocks[BlockId.MODULE], inner={BlockId.GLOBALVAL_SUMMARY})
    _check_version(records)
    strtab = _blob(stream, blocks.get(BlockId.STRTAB))
    values = read_values(records, strtab)
    count = len(values)
    summaries = read_summaries(stream.read(inner[0])[0], count) if inner else Summaries.none(count)
    symbols = read_symtab(_blob(stream, blocks.get(BlockId.SYMTAB)), strtab, values, label)
    if symbols is None:
        symbols = build_symtab(records, values, summaries, label)
    source = _source(records)
    return ModuleSummary(
        source_filename=source,
        producer=producer,
        triple=_text(records.text(ModuleCode.TRIPLE)),
        hash=_hash(records),
        names=values.names,
        name_starts=values.name_starts,
        kind=values.kind,
        linkage=values.linkage,
        visibility=values.visibility,
        defined=values.defined,
        guid=values.guids(source),
        symbols=symbols,
        **{field.name: getattr(summaries, field.name) for field in dataclasses.fields(summaries)},
    )


def _blocks(stream: Bitstream, label: str) -> dict[int, Block]:
    """The first block of each id, of one module."""
    found: dict[int, Block] = {}
    modules = 0
    for block in stream.blocks():
        modules += block.id == BlockId.MODULE
        found.setdefault(block.id, block)
    if not modules:
        raise damaged(label, "top", 0, "there is no module in it")
    if modules > 1:
        raise UnsupportedError(f"{label}: {modules} modules in one file", hint=FALLBACK)
    return found


def _producer(stream: Bitstream, block: Block | None, label: str) -> str:
    if block is None:
        return ""
    records, _ = stream.read(block)
    epoch = records.first(IdentificationCode.EPOCH)
    if epoch is not None and epoch.any():
        raise UnsupportedError(f"{label}: bitcode of epoch {epoch[0]}; this engine reads epoch {_EPOCH}", hint=FALLBACK)
    return _text(records.text(IdentificationCode.STRING))


def _check_version(records: Records) -> None:
    operands = records.first(ModuleCode.VERSION)
    version = int(operands[0]) if operands is not None and len(operands) else 0
    if version != _MODULE_VERSION:
        raise UnsupportedError(
            f"{records.label}: module records of version {version}; this engine reads version {_MODULE_VERSION}",
            hint=FALLBACK,
        )
    if len(records.rows(ModuleCode.ALIAS_OLD)):
        raise UnsupportedError(f"{records.label}: aliases as LLVM before 3.8 wrote them", hint=FALLBACK)


def _blob(stream: Bitstream, block: Block | None) -> bytes:
    if block is None:
        return b""
    records, _ = stream.read(block)
    return next((records.blobs.get(row, b"") for row in records.rows(StrtabCode.BLOB).tolist()), b"")


def _hash(records: Records) -> tuple[int, int, int, int, int]:
    rows = records.rows(ModuleCode.HASH)
    if not len(rows):
        return 0, 0, 0, 0, 0
    words = records.operands(int(rows[-1])).tolist()
    if len(words) != 5 or max(words) >> 32:
        records.fail(int(rows[-1]), "a hash is five words of 32 bits")
    one, two, three, four, five = words
    return one, two, three, four, five


def _source(records: Records) -> str:
    text = records.text(ModuleCode.SOURCE_FILENAME)
    # It goes into the GUID of each local value: a long one would cost its length as often.
    if len(text) > _LONGEST_SOURCE:
        records.fail(
            int(records.rows(ModuleCode.SOURCE_FILENAME)[-1]), f"a source file's name of {len(text)} characters"
        )
    return _text(text)


def _text(text: bytes) -> str:
    return text.decode("utf-8", "surrogateescape")
