"""What the toolchain's own lld decides in a thin link, read from the indexes it writes; and the same of burnish."""

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from burnish.lto.decide.index import combine
from burnish.lto.decide.plan import Plan, decide
from burnish.lto.decide.thinlink import thin_link
from burnish.lto.modules import ModuleSummary, SummaryFlag, SymbolFlag
from burnish.lto.objects import Resolution
from burnish.lto.read.bitcode import read_module
from burnish.lto.read.bitstream import Bitstream
from burnish.lto.read.codes import BLOCK_NAMES, BlockId

_FAILURE = re.compile(r"^(\d+) \(.*\): Reason = (\w+), Threshold = (\d+), Size = (-?\d+),")
_COMBINED = {5, 6, 8}  # FS_COMBINED_PROFILE, _GLOBALVAR_INIT_REFS, _ALIAS
_VALUE_GUID = 16
_NOT_MINE = SymbolFlag.UNDEFINED | SymbolFlag.FORMAT_SPECIFIC


@dataclass(frozen=True, kw_only=True, slots=True)
class Decisions:
    """Of each module, by the name of its file.

    Attributes:
        imports: GUID and file of what it imports.
        live: GUIDs of its own that live.
        exported: GUIDs of its own that do not become local.
        refused: GUID -> reason, threshold and size.
    """

    imports: dict[str, set[tuple[int, str]]]
    live: dict[str, set[int]]
    exported: dict[str, set[int]]
    refused: dict[str, dict[int, tuple[str, int, int]]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Index:
    """An index as LLVM writes it for one module: GUID -> file of the module and word of flags; FS_FLAGS, hashes."""

    summaries: dict[int, tuple[str, int]]
    flags: int
    hashes: dict[str, tuple[int, ...]]


def read_index(data: bytes, label: str) -> Index:
    stream = Bitstream(data, start=4, label=label, names=BLOCK_NAMES)
    top = next(block for block in stream.blocks() if block.id == BlockId.MODULE)
    _, inner = stream.read(top, inner={BlockId.MODULE_STRTAB, BlockId.GLOBALVAL_SUMMARY})
    paths: dict[int, str] = {}
    hashes: dict[str, tuple[int, ...]] = {}
    guids: dict[int, int] = {}
    summaries: dict[int, tuple[str, int]] = {}
    flags = 0
    for block in inner:
        records, _ = stream.read(block)
        for row, code in enumerate(records.codes.tolist()):
            words = records.operands(row).tolist()
            if block.id == BlockId.MODULE_STRTAB and code == 1:
                paths[words[0]] = bytes(words[1:]).decode()
            elif block.id == BlockId.MODULE_STRTAB and code == 2:
                hashes[paths[max(paths)]] = tuple(words)
            elif block.id == BlockId.GLOBALVAL_SUMMARY and code == 20:
                flags = words[0]
            elif block.id == BlockId.GLOBALVAL_SUMMARY and code == _VALUE_GUID:
                guids[words[0]] = words[1] << 32 | words[2]
            elif block.id == BlockId.GLOBALVAL_SUMMARY and code in _COMBINED:
                summaries[guids[words[0]]] = (Path(paths[words[1]]).name, words[2])
    return Index(summaries=summaries, flags=flags, hashes=hashes)


@dataclass(frozen=True, kw_only=True, slots=True)
class Native:
    """Native code on the link line: its object, what it defines, and what it refers to."""

    objects: tuple[str, ...] = ()
    defines: frozenset[str] = frozenset()
    wants: frozenset[str] = frozenset()


NO_NATIVE = Native()


def lld_decides(
    lld: Path, directory: Path, files: Sequence[str], *, entry: str = "main", native: Native = NO_NATIVE
) -> Decisions:
    """Let lld do the thin link of these files of the directory; it writes beside them."""
    command = [str(lld), "--thinlto-index-only", "--thinlto-emit-index-files", "-pie", "-e", entry]
    command += ["--unresolved-symbols=ignore-all", "-mllvm", "-print-import-failures"]
    command += ["-mllvm", "-import-cold-multiplier=0.1", *files, *native.objects, "-o", "out"]
    run = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=True)
    found = Decisions(imports={}, live={}, exported={}, refused=_refused(run.stderr))
    for file in files:
        index = read_index((directory / f"{file}.thinlto.bc").read_bytes(), file)
        found.imports[file] = {(guid, source) for guid, (source, _) in index.summaries.items() if source != file}
        own = {guid: flags for guid, (source, flags) in index.summaries.items() if source == file}
        found.live[file] = {guid for guid, flags in own.items() if flags & SummaryFlag.LIVE}
        found.exported[file] = {guid for guid in found.live[file] if own[guid] & 15 not in {7, 8}}
    return found


def _refused(text: str) -> dict[str, dict[int, tuple[str, int, int]]]:
    found: dict[str, dict[int, tuple[str, int, int]]] = {}
    module: dict[int, tuple[str, int, int]] = {}
    for line in text.splitlines():
        if line.startswith("Missed imports into module "):
            module = found.setdefault(line.split()[-1], {})
        # Without any definition in the link LLVM gives no reason, and there is nothing to refuse.
        elif (match := _FAILURE.match(line)) and match[2] != "None":
            module[int(match[1])] = (match[2], int(match[3]), int(match[4]))
    return found


def first_definitions(
    modules: Sequence[ModuleSummary], *, entry: str = "main", native: Native = NO_NATIVE
) -> Resolution:
    """The resolution of a link of these modules: strong definitions before weak ones, then the first."""
    taken: dict[str, tuple[bool, int]] = {}
    for number, module in enumerate(modules):
        symbols = module.symbols
        for symbol in np.flatnonzero((symbols.flags & _NOT_MINE) == 0).tolist():
            weak = bool(int(symbols.flags[symbol]) & (SymbolFlag.WEAK | SymbolFlag.COMMON))
            name = symbols.name(symbol)
            taken[name] = min(taken.get(name, (True, len(modules))), (weak, number))
    return Resolution(
        taken=tuple(range(len(modules))),
        prevailing={name: len(modules) if name in native.defines else number for name, (_, number) in taken.items()},
        visible=frozenset({entry, *native.defines, *native.wants}),
        exported=frozenset(),
    )


def read_all(directory: Path, files: Sequence[str]) -> list[ModuleSummary]:
    return [read_module((directory / file).read_bytes(), file) for file in files]


def thin_plan(modules: Sequence[ModuleSummary], *, entry: str = "main", native: Native = NO_NATIVE) -> Plan:
    resolution = first_definitions(modules, entry=entry, native=native)
    link = thin_link(combine(modules), resolution, range(len(modules)))
    return decide(link, np.arange(len(modules)))


def burnish_decides(plan: Plan, files: Sequence[str]) -> Decisions:
    """A plan of one unit for each module in the oracle's terms."""
    index, link, imports, refusals = plan.index, plan.link, plan.imports, plan.refusals
    found = Decisions(
        imports={file: set() for file in files},
        live={file: set() for file in files},
        exported={file: set() for file in files},
        refused={file: {} for file in files},
    )
    guids = index.guids[index.symbol].tolist()
    for place in range(len(imports)):
        row = int(imports.row[place])
        found.imports[files[imports.unit[place]]].add((guids[row], files[index.module[row]]))
    for row in np.flatnonzero(link.live).tolist():
        found.live[files[index.module[row]]].add(guids[row])
        if plan.fates.needed[index.symbol[row]] or link.root[index.symbol[row]]:
            found.exported[files[index.module[row]]].add(guids[row])
    for place in range(len(refusals)):
        guid = int(index.guids[refusals.symbol[place]])
        found.refused[files[refusals.unit[place]]][guid] = (
            refusals.word(place),
            int(refusals.threshold[place]),
            int(refusals.size[place]),
        )
    return found
