"""Bitstreams, bitcode modules, ELF files and archives of a few lines, written by hand for the readers' tests."""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from burnish.lto.read.codes import BlockId, ModuleCode, SummaryCode

MAGIC = b"BC\xc0\xde"
TRIPLE = b"x86_64-unknown-linux-gnu"
CHAR6 = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._"


class Bits:
    """A bitstream in the making: a string of 0 and 1, the first bit first."""

    def __init__(self) -> None:
        self.bits = ""

    def __len__(self) -> int:
        return len(self.bits)

    def fixed(self, value: int, width: int) -> "Bits":
        self.bits += format(value, f"0{width}b")[::-1] if width else ""
        return self

    def vbr(self, value: int, width: int) -> "Bits":
        more = 1 << (width - 1)
        while value >= more:
            self.fixed(value & (more - 1) | more, width)
            value >>= width - 1
        return self.fixed(value, width)

    def align(self) -> "Bits":
        self.bits += "0" * (-len(self.bits) % 32)
        return self

    def record(self, code: int, operands: Iterable[int], width: int) -> "Bits":
        values = list(operands)
        self.fixed(3, width).vbr(code, 6).vbr(len(values), 6)
        for value in values:
            self.vbr(value, 6)
        return self

    def block(self, block_id: int, inner: "Bits", width: int, *, outer: int) -> "Bits":
        """``inner`` was written with ids of ``width`` bits; ``outer`` is the width around the block."""
        self.fixed(1, outer).vbr(block_id, 8).vbr(width, 4).align()
        body = Bits()
        body.bits = inner.bits
        body.fixed(0, width).align()
        self.fixed(len(body) // 32, 32)
        self.bits += body.bits
        return self

    def blob_record(self, content: bytes, width: int) -> "Bits":
        """Its abbreviation, [1, blob], and the record; the first of a block whose content starts aligned."""
        self.fixed(2, width).vbr(2, 5).fixed(1, 1).vbr(1, 8).fixed(0, 1).fixed(5, 3)
        self.fixed(4, width).vbr(len(content), 6).align()
        for byte in content:
            self.fixed(byte, 8)
        return self.align()

    def bytes(self) -> bytes:
        padded = self.bits + "0" * (-len(self.bits) % 8)
        return bytes(int(padded[at : at + 8][::-1], 2) for at in range(0, len(padded), 8))


def stream(*blocks: tuple[int, Bits]) -> bytes:
    """A file of these blocks; the content of each written with ids of three bits."""
    top = Bits()
    top.bits = "".join(format(byte, "08b")[::-1] for byte in MAGIC)
    for block_id, inner in blocks:
        top.block(block_id, inner, 3, outer=2)
    return top.bytes()


@dataclass(kw_only=True)
class Module:
    """A module to write. Values are (code, name, operands from the third on); summaries are (code, operands)."""

    values: Sequence[tuple[int, bytes, Sequence[int]]] = ()
    summaries: Sequence[tuple[int, Sequence[int]]] | None = ()
    version: int = 12
    module_version: int = 2
    epoch: int = 0
    source: bytes = b"crate.0-cgu.0"
    hash: Sequence[int] | None = (1, 2, 3, 4, 5)
    more: Sequence[tuple[int, Sequence[int]]] = ()
    symtab: bytes | None = None
    modules: int = 1
    tail: bytes = b""
    strtab: bytes = field(default=b"", init=False)

    def bytes(self) -> bytes:
        strtab = b"".join(name for _, name, _ in self.values)
        identification = Bits().record(1, b"LLVM22.1.2", 3).record(2, [self.epoch], 3)
        blocks = [(BlockId.IDENTIFICATION, identification)]
        blocks += [(BlockId.MODULE, self._module())] * self.modules
        if self.symtab is not None:
            blocks.append((BlockId.SYMTAB, Bits().blob_record(self.symtab, 3)))
        blocks.append((BlockId.STRTAB, Bits().blob_record(strtab, 3)))
        return stream(*blocks) + self.tail

    def _module(self) -> Bits:
        bits = Bits().record(ModuleCode.VERSION, [self.module_version], 3).record(ModuleCode.TRIPLE, TRIPLE, 3)
        bits.record(ModuleCode.SOURCE_FILENAME, self.source, 3)
        for code, operands in self.more:
            bits.record(code, operands, 3)
        offset = 0
        for code, name, operands in self.values:
            bits.record(code, [offset, len(name), *operands], 3)
            offset += len(name)
        # A function's body, to be skipped: it is no bitstream inside.
        garbage = Bits()
        garbage.bits = "1" * 61
        bits.block(BlockId.FUNCTION, garbage, 3, outer=3)
        if self.summaries is not None:
            summary = Bits().record(SummaryCode.VERSION, [self.version], 3).record(SummaryCode.FLAGS, [8], 3)
            for code, operands in self.summaries:
                summary.record(code, operands, 3)
            bits.block(BlockId.GLOBALVAL_SUMMARY, summary, 3, outer=3)
        if self.hash is not None:
            bits.record(ModuleCode.HASH, self.hash, 3)
        return bits


def variable(
    name: bytes, *, linkage: int = 0, defined: bool = True, visibility: int = 0
) -> tuple[int, bytes, list[int]]:
    return ModuleCode.GLOBALVAR, name, [0, 2, int(defined), linkage, 0, 0, visibility, 0, 0]


def function(
    name: bytes, *, linkage: int = 0, defined: bool = True, visibility: int = 0, unnamed_addr: int = 0
) -> tuple[int, bytes, list[int]]:
    return ModuleCode.FUNCTION, name, [0, 0, int(not defined), linkage, 0, 0, 0, visibility, 0, unnamed_addr]


def alias(name: bytes, aliasee: int, *, linkage: int = 0, visibility: int = 0) -> tuple[int, bytes, list[int]]:
    return ModuleCode.ALIAS, name, [0, 0, aliasee, linkage, visibility]


#: Two functions, a constant, an alias and a declaration, with their summaries: f calls g and the declaration.
SMALL = Module(
    values=[
        variable(b"table", linkage=3),
        function(b"f", visibility=1),
        function(b"g", linkage=3),
        function(b"outside", defined=False),
        alias(b"also_f", 1),
    ],
    summaries=[
        (SummaryCode.PERMODULE_PROFILE, [1, 0x160, 7, 0x10, 2, 1, 0, 2, 0, 2, 3, 3, 8]),
        (SummaryCode.PERMODULE_PROFILE, [2, 0x47, 3, 0x20, 1, 0, 1, 0]),
        (SummaryCode.PERMODULE_GLOBALVAR_INIT_REFS, [0, 0x47, 5, 2]),
        (SummaryCode.ALIAS, [4, 0x40, 1]),
    ],
)


def elf(
    *sections: tuple[bytes, int, bytes, dict[str, int]], kind: int = 1, ident: bytes = b"\x7fELF\x02\x01\x01"
) -> bytes:
    """An ELF file of sections (name, type, content, link/info/entry); the names' section comes last."""
    rows = [(b"", 0, b"", {}), *sections]
    names = b"\0".join([name for name, *_ in rows] + [b".shstrtab", b""])
    rows.append((b".shstrtab", 3, names, {}))
    body, headers, at = b"", b"", 64
    for name, section_kind, content, more in rows:
        offset = names.index(name + b"\0")
        headers += struct.pack(
            "<IIQQQQIIQQ", offset, section_kind, 0, 0, at, len(content),
            more.get("link", 0), more.get("info", 0), 1, more.get("entry", 0),
        )  # fmt: skip
        body += content
        at += len(content)
    header = struct.pack("<HHIQQQIHHHHHH", kind, 62, 1, 0, 0, at, 0, 64, 0, 0, 64, len(rows), len(rows) - 1)
    return ident.ljust(16, b"\0") + header + body + headers


def symbols(*rows: tuple[bytes, int, int, int]) -> tuple[bytes, bytes]:
    """A symbol table (name, info, other, section) after the null symbol, and its strings."""
    table, text = bytes(24), b"\0"
    for name, info, other, section in rows:
        table += struct.pack("<IBBHQQ", len(text), info, other, section, 0, 0)
        text += name + b"\0"
    return table, text


def member(name: bytes, content: bytes, *, thin: bool = False, size: int | None = None) -> bytes:
    header = name.ljust(16) + b"0".ljust(12) + b"0".ljust(6) * 2 + b"644".ljust(8)
    header += str(len(content) if size is None else size).encode().ljust(10) + b"`\n"
    return header if thin else header + content + b"\n" * (len(content) % 2)
