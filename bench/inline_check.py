"""Is what LLVM said of inlining true of the program? Functions said to be inlined everywhere, looked for in the code.

    python bench/inline_check.py PATH [--bin NAME] [--lto thin]

Builds the program as `burnish xray` does, takes the functions that remarks say were inlined at every call site, and
looks for calls of them among the relocations and in the disassembly of the linked program. Prints counts, and each
exception with its reason. Exit code 1 where an exception has none.
"""

import argparse
import io
import os
import sys
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from elftools.elf.elffile import ELFFile

from burnish.cache import DEFAULT_LIMIT, cache_directory
from burnish.cargo.invocation import Cargo
from burnish.cargo.project import Selection
from burnish.cargo.toolchain import read_toolchain
from burnish.errors import UsageError
from burnish.lto.build import run_build
from burnish.lto.facts import read_facts
from burnish.lto.listing import LONGEST, listing
from burnish.lto.llvm import find_library
from burnish.lto.objects import Form
from burnish.lto.recordfile import read_seen
from burnish.lto.remarks import plain_name
from burnish.lto.seen import Seen
from burnish.lto.settings import Engine, Settings, parse_lto
from burnish.machine import usable_cores

#: Callers that are disassembled as a second witness, evenly taken from all.
_LISTED = 400

_SHF_EXECINSTR = 4
_CALL26 = frozenset({282, 283})
#: Calls and jumps through the GOT, and conditional jumps.
_JUMPS = frozenset({b"\xff\x15", b"\xff\x25", *(bytes([0x0F, 0x80 + condition]) for condition in range(16))})


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """Functions by plain name, and who refers to each: who calls it, and how often its address is taken."""

    functions: set[str]
    raw: list[str]
    callers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    taken: Counter[str] = field(default_factory=Counter)


def inlined_everywhere(seen: Seen) -> set[str]:
    """Functions with call sites that were inlined, and none that was not."""
    some: set[int] = set()
    not_all: set[int] = set()
    for callee, inlined in zip(seen.inlines.callee, seen.inlines.inlined, strict=True):
        (some if inlined else not_all).add(callee)
    return {seen.names[number] for number in some - not_all}


def program_of(path: Path) -> Program:
    """Read symbols and relocations with pyelftools: not the code that xray itself uses."""
    elf: Any = ELFFile(io.BytesIO(path.read_bytes()))
    table = elf.get_section_by_name(".symtab")
    symbols = list(table.iter_symbols())
    spans = sorted(
        (each.entry.st_value, each.entry.st_value + each.entry.st_size, each.name)
        for each in symbols
        if each.entry.st_info.type == "STT_FUNC" and each.entry.st_shndx != "SHN_UNDEF"
    )
    raw = [name for *_, name in spans]
    found = Program(functions={plain_name(name) for name in raw}, raw=raw)
    starts = [start for start, *_ in spans]
    for section in elf.iter_sections():
        if section.header.sh_type != "SHT_RELA" or section.header.sh_link != elf.get_section_index(".symtab"):
            continue
        holder = elf.get_section(section.header.sh_info)
        for place, kind, target in _references(section, symbols):
            if _is_call(holder, place, kind):
                found.callers[plain_name(target)].add(spans[max(0, bisect_right(starts, place) - 1)][2])
            else:
                found.taken[plain_name(target)] += 1
    return found


def _references(section: Any, symbols: list[Any]) -> Iterator[tuple[int, int, str]]:  # noqa: ANN401  # untyped
    """Address, type and target of the relocations that name functions."""
    for relocation in section.iter_relocations():
        target = symbols[relocation.entry.r_info_sym]
        if target.entry.st_info.type == "STT_FUNC":
            yield relocation.entry.r_offset, relocation.entry.r_info_type, target.name


def _is_call(holder: Any, place: int, kind: int) -> bool:  # noqa: ANN401  # untyped
    """Whether what is relocated is a call or a jump: by its opcode on x86_64, by the relocation's type on AArch64."""
    if not holder.header.sh_flags & _SHF_EXECINSTR:
        return False
    at = place - holder.header.sh_addr
    before = holder.data()[max(0, at - 2) : at]
    return kind in _CALL26 or before[-1:] in {b"\xe8", b"\xe9"} or before in _JUMPS


def called_directly(libraries: Iterable[Path]) -> set[str]:
    """Names that some function of the libraries' bitcode calls, before the link, by the edges of their summaries."""
    found: set[str] = set()
    for path in libraries:
        for facts in read_facts(path):
            if facts.form is Form.BITCODE:
                module = facts.module_summary(facts.member)
                found.update(module.name(value) for value in set(module.callees.tolist()))
    return found


def reason(name: str, program: Program, seen: Seen, direct: set[str]) -> str:
    """Why there may still be a call of it; empty: there should be none."""
    callers = {plain_name(each) for each in program.callers[name]}
    told = {
        seen.names[caller]
        for caller, callee in zip(seen.inlines.caller, seen.inlines.callee, strict=True)
        if seen.names[callee] == name
    }
    if name in callers:
        return "it calls itself"
    if not callers & told:
        return "called from functions of which no remark speaks: calls that later passes made direct"
    if name not in direct:
        return "no library calls it but through a pointer: calls that passes made direct, some after the inliner"
    return ""


def build(args: argparse.Namespace) -> tuple[Path, Seen]:
    settings = Settings(
        lto=parse_lto(args.lto),
        engine=Engine.BURNISH,
        jobs=usable_cores(),
        cache=cache_directory(dict(os.environ)),
        limit=DEFAULT_LIMIT,
        record=None,
        linker="",
        seen=True,
    )
    built = run_build(args.path, Selection(bin=args.bin), None, settings, dict(os.environ), quiet=True)
    if built.product is None or built.seen is None:
        sys.exit("the program could not be built with burnish's engine")
    return built.product, read_seen(built.seen)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path)
    parser.add_argument("--bin")
    parser.add_argument("--lto", default="thin")
    args = parser.parse_args()
    product, seen = build(args)
    program = program_of(product)
    sysroot = read_toolchain(Cargo(args.path.resolve(), dict(os.environ))).sysroot
    library = find_library(sysroot)
    direct = called_directly(libraries(product, sysroot))
    everywhere = inlined_everywhere(seen)
    rows = zip(seen.inlines.inlined, seen.inlines.count, strict=True)
    sites = Counter[bool]()
    for inlined, count in rows:
        sites[inlined] += count
    print(f"{product.name}, {args.lto}: {sites[True]} call sites inlined, {sites[False]} times LLVM would not")
    print(f"remarks that could not be read: {seen.unknown}")
    gone = {name for name in everywhere if name not in program.functions}
    left = everywhere - gone
    uncalled = {name for name in left if not program.callers[name]}
    print(f"functions said to be inlined at every call site: {len(everywhere)}")
    print(f"  no longer in the program: {len(gone)}")
    print(
        f"  in the program, never called: {len(uncalled)}; its address is taken: {len(uncalled & set(program.taken))}"
    )
    called = sorted(left - uncalled)
    print(f"  still called: {len(called)}")
    unexplained = 0
    for kind, names in sorted(_by_reason(called, program, seen, direct).items()):
        print(f"    {kind or 'NO REASON'}: {len(names)}")
        unexplained += 0 if kind else len(names)
        for name in names[: 3 if kind else 20]:
            print(f"      {name} <- {', '.join(sorted(program.callers[name])[:2])}")
    return _second_witness(product, program, everywhere - set(called), library) or unexplained > 0


def libraries(product: Path, sysroot: Path) -> list[Path]:
    """Those that cargo built for the program, and the toolchain's."""
    burnish = next(each for each in product.parents if each.name == "burnish")
    return [*burnish.glob("lto/**/deps/*.rlib"), *sysroot.glob("lib/rustlib/*/lib/*.rlib")]


def _by_reason(names: list[str], program: Program, seen: Seen, direct: set[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for name in names:
        found[reason(name, program, seen, direct)].append(name)
    return found


def _second_witness(product: Path, program: Program, absent: set[str], library: Path) -> int:
    """Disassemble some functions: none may call what is said to be called nowhere."""
    chosen = program.raw[:: max(1, len(program.raw) // _LISTED)]
    calls = wrong = 0
    for name in chosen:
        try:
            instructions = listing(product, name, library)
        except UsageError:
            print(f"  not listed, over {LONGEST} bytes: {name}")
            continue
        for each in instructions:
            if each.target and each.text.startswith(("call", "jmp", "bl")):
                calls += 1
                if plain_name(each.target) in absent:
                    wrong += 1
                    print(f"  CALL in {name}: {each.text} -> {each.target}")
    print(f"disassembled {len(chosen)} of {len(program.raw)} functions, {calls} calls: {wrong} of what nobody calls")
    return wrong > 0


if __name__ == "__main__":
    raise SystemExit(main())
