"""Modules written by hand: each fact of the contract from its record, and what the engine does not take."""

import hashlib
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from read_bits import MAGIC, SMALL, Module, alias, function, variable

from burnish.errors import BitcodeError, UnsupportedError
from burnish.lto.modules import FunctionFlag, Kind, Linkage, ModuleSummary, SummaryFlag, SymbolFlag, VariableFlag
from burnish.lto.read.bitcode import read_module
from burnish.lto.read.codes import ModuleCode, SummaryCode

GLOBAL = SymbolFlag.GLOBAL
PROFILE = SummaryCode.PERMODULE_PROFILE
VARIABLE = SummaryCode.PERMODULE_GLOBALVAR_INIT_REFS
VTABLE = SummaryCode.PERMODULE_VTABLE_GLOBALVAR_INIT_REFS


def read(module: Module) -> ModuleSummary:
    return read_module(module.bytes(), "lib.rlib(m.o)")


def _slice(starts: np.ndarray, column: np.ndarray, value: int) -> list[int]:
    found: list[int] = column[starts[value] : starts[value + 1]].tolist()
    return found


def _guid(text: bytes) -> int:
    return int.from_bytes(hashlib.md5(text, usedforsecurity=False).digest()[:8], "little")


def test_a_module_says_who_it_is() -> None:
    found = read(SMALL)
    assert (found.source_filename, found.producer) == ("crate.0-cgu.0", "LLVM22.1.2")
    assert (found.triple, found.hash) == ("x86_64-unknown-linux-gnu", (1, 2, 3, 4, 5))
    assert (found.version, found.flags, len(found)) == (12, 8, 5)


def test_values_stand_in_the_order_of_their_records() -> None:
    found = read(SMALL)
    assert [found.name(value) for value in range(5)] == ["table", "f", "g", "outside", "also_f"]
    assert found.kind.tolist() == [Kind.VARIABLE, Kind.FUNCTION, Kind.FUNCTION, Kind.FUNCTION, Kind.ALIAS]
    assert found.linkage.tolist() == [Linkage.INTERNAL, 0, Linkage.INTERNAL, 0, 0]
    assert found.visibility.tolist() == [0, 1, 0, 0, 0]
    assert found.defined.tolist() == [True, True, True, False, True]


def test_summaries_stand_at_their_values() -> None:
    found = read(SMALL)
    assert found.summarized.tolist() == [True, True, True, False, True]
    assert found.instructions.tolist() == [0, 7, 3, 0, 0]
    assert found.summary_flags.tolist() == [0x47, 0x160, 0x47, 0, 0x40]
    assert SummaryFlag(int(found.summary_flags[1]) & 0xF0) == SummaryFlag.LIVE | SummaryFlag.DSO_LOCAL
    assert found.attributes.tolist() == [
        VariableFlag.MAYBE_READ_ONLY | VariableFlag.CONSTANT, FunctionFlag.NO_INLINE, FunctionFlag.ALWAYS_INLINE, 0, 0,
    ]  # fmt: skip
    assert found.aliasee.tolist() == [-1, -1, -1, -1, 1]
    assert [_slice(found.ref_starts, found.refs, value) for value in range(5)] == [[2], [2, 0], [0], [], []]
    assert [_slice(found.call_starts, found.callees, value) for value in range(5)] == [[], [2, 3], [], [], []]
    assert found.edges.tolist() == [3, 8]
    assert (found.read_only.tolist(), found.write_only.tolist()) == ([0, 1, 0, 0, 0], [0, 0, 1, 0, 0])


def test_columns_have_the_types_of_the_contract() -> None:
    found = read(SMALL)
    types = {
        name: getattr(found, name).dtype.name
        for name in ModuleSummary.__slots__
        if hasattr(getattr(found, name), "dtype")
    }
    assert types == {
        "name_starts": "uint32", "kind": "uint8", "linkage": "uint8", "visibility": "uint8", "defined": "bool",
        "guid": "uint64", "summarized": "bool", "summary_flags": "uint32", "instructions": "uint32",
        "attributes": "uint32", "aliasee": "int32", "ref_starts": "uint32", "refs": "uint32", "read_only": "uint32",
        "write_only": "uint32", "call_starts": "uint32", "callees": "uint32", "edges": "uint8",
    }  # fmt: skip
    assert [column.dtype.name for column in (found.symbols.starts, found.symbols.flags, found.symbols.values)] == [
        "uint32", "uint32", "int32",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("encoded", "linkage"),
    [
        *((encoded, Linkage.EXTERNAL) for encoded in (0, 5, 6, 15, 20, 300)),
        *((encoded, Linkage.WEAK_ANY) for encoded in (1, 16)),
        *((encoded, Linkage.WEAK_ODR) for encoded in (10, 17)),
        *((encoded, Linkage.LINK_ONCE_ANY) for encoded in (4, 18)),
        *((encoded, Linkage.LINK_ONCE_ODR) for encoded in (11, 19)),
        *((encoded, Linkage.PRIVATE) for encoded in (9, 13, 14)),
        (2, Linkage.APPENDING),
        (3, Linkage.INTERNAL),
        (7, Linkage.EXTERNAL_WEAK),
        (8, Linkage.COMMON),
        (12, Linkage.AVAILABLE_EXTERNALLY),
    ],
)
def test_linkages_are_decoded(encoded: int, linkage: Linkage) -> None:
    assert read(Module(values=[variable(b"v", linkage=encoded)])).linkage.tolist() == [linkage]


@pytest.mark.parametrize(
    ("value", "source", "text"),
    [
        pytest.param(function(b"main"), b"c", b"main", id="external"),
        pytest.param(function(b"main", defined=False), b"c", b"main", id="declared"),
        pytest.param(function(b"f", linkage=3), b"crate.1-cgu.0", b"crate.1-cgu.0;f", id="internal"),
        pytest.param(variable(b"anon.0", linkage=9), b"c", b"c;anon.0", id="private"),
        pytest.param(function(b"f", linkage=3), b"", b"<unknown>;f", id="no source file"),
        pytest.param(function(b"\x01_start"), b"c", b"_start", id="unmangled"),
        pytest.param(function(b"\x01\x01x", linkage=3), b"c", b"c;\x01x", id="one mark goes, not two"),
        pytest.param(function("grün".encode()), b"c", "grün".encode(), id="beyond ASCII"),
    ],
)
def test_guids_are_md5(value: tuple[int, bytes, list[int]], source: bytes, text: bytes) -> None:
    assert read(Module(values=[value], source=source)).guid.tolist() == [_guid(text)]


def test_the_guid_of_main_is_known() -> None:
    # As `llvm-lto -thinlto-index-stats` and all indexes of lld have it.
    assert read(Module(values=[function(b"main")])).guid.tolist() == [15822663052811949562]


def test_local_symbols_have_no_visibility() -> None:
    assert read(Module(values=[function(b"f", linkage=3, visibility=1)])).visibility.tolist() == [0]


def test_a_vtable_has_references_and_no_calls() -> None:
    module = Module(values=[variable(b"vtable"), function(b"f")], summaries=[(VTABLE, [0, 0, 4, 1, 1, 1, 16])])
    found = read(module)
    assert (found.refs.tolist(), found.callees.tolist(), found.attributes.tolist()) == ([1], [], [4, 0])


@pytest.mark.parametrize("summaries", [pytest.param(None, id="none"), pytest.param((), id="an empty one")])
def test_a_module_without_summaries(summaries: tuple[()] | None) -> None:
    found = read(Module(values=[function(b"f")], summaries=summaries, hash=None))
    assert (found.version, found.hash) == (0 if summaries is None else 12, (0, 0, 0, 0, 0))
    assert (found.summarized.tolist(), found.aliasee.tolist()) == ([False], [-1])
    assert (found.ref_starts.tolist(), found.call_starts.tolist()) == ([0, 0], [0, 0])


def test_an_empty_module() -> None:
    found = read(Module(source=b""))
    assert (len(found), len(found.symbols), found.source_filename) == (0, 0, "")


def test_symbols_are_built_where_the_module_brings_none() -> None:
    values = [
        variable(b"_Rhidden", visibility=1),
        variable(b"local", linkage=3),
        variable(b"llvm.global_ctors", linkage=2),
        function(b"_Rf", unnamed_addr=1),
        function(b"memcpy", linkage=10),
        function(b"_Rold", linkage=12),
        function(b"\x01_Rw", linkage=7, defined=False),
        alias(b"_Ra", 3),
        alias(b"_Rb", 0, linkage=1),
    ]
    symbols = read(Module(values=values, symtab=b"old")).symbols
    code = GLOBAL | SymbolFlag.EXECUTABLE
    assert {symbols.name(at): SymbolFlag(int(symbols.flags[at])) for at in range(len(symbols))} == {
        "_Rf": code | SymbolFlag.UNNAMED_ADDR,
        "memcpy": code | SymbolFlag.WEAK | SymbolFlag.USED,
        "_Rold": code | SymbolFlag.UNDEFINED,
        "_Rw": code | SymbolFlag.UNDEFINED | SymbolFlag.WEAK | SymbolFlag.USED,
        "_Rhidden": GLOBAL | 1,
        "_Ra": code | SymbolFlag.INDIRECT,
        "_Rb": GLOBAL | SymbolFlag.INDIRECT | SymbolFlag.WEAK,
    }
    assert symbols.values.tolist() == [3, 4, 5, 6, 0, 7, 8]


def test_what_llvm_used_lists_is_used() -> None:
    values = [variable(b"_Rkept"), variable(b"_Rother"), variable(b"llvm.compiler.used", linkage=2)]
    symbols = read(Module(values=values, summaries=[(VARIABLE, [2, 6, 0, 0])])).symbols
    assert [int(flags) & SymbolFlag.USED for flags in symbols.flags] == [SymbolFlag.USED, 0]


def _symtab(rows: list[tuple[int, int, int, int, int, int]], *, version: int = 3, modules: int = 1) -> bytes:
    header = [version, 0, 0, 76, modules, 88, 0, 88, len(rows), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, len(rows), 0]
    return np.array([*header, *(word for row in rows for word in row)], "<u4").tobytes()


#: name, IR name, comdat, flags: a hidden weak function, an internal one, one of module assembly.
ROWS = [(0, 3, 0, 3, 0, 1 << 10 | 1 << 13 | 1 << 4 | 1), (3, 1, 3, 1, 0, 1 << 13), (4, 3, 0, 0, 0, 1 << 10 | 1 << 3)]
NAMES = [function(b"foo"), function(b"g", linkage=3), function(b"asm", defined=False)]


def test_symbols_are_read_where_the_module_brings_them() -> None:
    symbols = read(Module(values=NAMES, symtab=_symtab(ROWS))).symbols
    assert [symbols.name(at) for at in range(len(symbols))] == ["foo", "asm"]
    assert symbols.values.tolist() == [0, -1]
    assert symbols.flags.tolist() == [
        GLOBAL | SymbolFlag.EXECUTABLE | SymbolFlag.WEAK | 1, GLOBAL | SymbolFlag.UNDEFINED,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "symtab",
    [
        pytest.param(_symtab(ROWS, version=2), id="of another version"),
        pytest.param(_symtab(ROWS, modules=2), id="of two modules"),
        pytest.param(_symtab(ROWS)[:70], id="shorter than its header"),
    ],
)
def test_another_symbol_table_is_not_believed(symtab: bytes) -> None:
    symbols = read(Module(values=NAMES, symtab=symtab)).symbols
    assert symbols.values.tolist() == [0, 2]


@pytest.mark.parametrize(
    ("module", "words"),
    [
        pytest.param(Module(version=11), "version 11; this engine reads version 12", id="an older summary"),
        pytest.param(Module(version=13), "version 13; this engine reads version 12", id="a newer summary"),
        pytest.param(Module(module_version=1), "module records of version 1", id="names in a symbol table of values"),
        pytest.param(Module(epoch=1), "epoch 1", id="another epoch"),
        pytest.param(Module(modules=2), "2 modules in one file", id="two modules"),
        pytest.param(Module(more=[(ModuleCode.ASM, b"nop")]), "module assembly", id="assembly without symbols"),
        pytest.param(Module(more=[(ModuleCode.ALIAS_OLD, [0])]), "aliases", id="aliases of old"),
        pytest.param(
            Module(values=[variable(b"llvm.used", linkage=2)], summaries=None), "used symbols", id="used, but what"
        ),
        pytest.param(
            replace(SMALL, summaries=[(PROFILE, [1, 0, 1, 0, 0, 0, 0, 5, 0]), (SummaryCode.VALUE_GUID, [5, 1, 1])]),
            "profiles",
            id="targets of indirect calls",
        ),
        pytest.param(
            replace(SMALL, summaries=[(SummaryCode.PERMODULE, [1, 0, 1, 0, 0, 0, 0])]), "PERMODULE", id="no hotness"
        ),
    ],
)
def test_what_the_engine_does_not_take_names_another_way(module: Module, words: str) -> None:
    with pytest.raises(UnsupportedError, match=words) as caught:
        read(module)
    assert caught.value.message.startswith("lib.rlib(m.o)")
    assert "--engine lld" in caught.value.hint


def _summary(code: int, *operands: int) -> Module:
    return replace(SMALL, summaries=[(code, operands)])


@pytest.mark.parametrize(
    ("module", "words"),
    [
        pytest.param(_summary(PROFILE, 9, 0, 1, 0, 0, 0, 0), "about a value that is not", id="about no value"),
        pytest.param(_summary(PROFILE, 1, 0, 1, 0, 2, 0, 0, 1), "fewer operands", id="references cut off"),
        pytest.param(_summary(PROFILE, 1, 0, 1, 0, 2**63, 0, 0, 1), "fewer operands", id="references beyond counting"),
        pytest.param(_summary(PROFILE, 1, 0, 1, 0, 1, 1, 1, 1), "only read or write", id="more read than referred to"),
        pytest.param(_summary(PROFILE, 1, 0, 1, 0, 0, 0, 0, 2), "last call", id="a call cut off"),
        pytest.param(_summary(PROFILE, 1, 0, 1, 0, 0, 0, 0, 5, 0), "names a value", id="a callee that is not"),
        pytest.param(_summary(PROFILE, 1, 0, 1, 0, 1, 0, 0, 2**40), "names a value", id="a reference that is not"),
        pytest.param(_summary(PROFILE, 1, 0, 2**32, 0, 0, 0, 0), "more than 32 bits", id="too many instructions"),
        pytest.param(_summary(PROFILE, 1, 0, 1), "no operand", id="a function cut off"),
        pytest.param(_summary(VARIABLE, 0, 0), "too short", id="a variable cut off"),
        pytest.param(_summary(VTABLE, 0, 0, 0, 3, 1), "fewer operands", id="a vtable cut off"),
        pytest.param(_summary(SummaryCode.ALIAS, 4, 0, 77), "aliasee", id="an alias of nothing"),
        pytest.param(
            replace(SMALL, summaries=[(VARIABLE, [0, 0, 0]), (VARIABLE, [0, 0, 0])]), "already", id="two of one value"
        ),
        pytest.param(Module(values=[(ModuleCode.FUNCTION, b"f", [0, 0])]), "too short", id="a function's record"),
        pytest.param(Module(values=[function(b"f", visibility=3)]), "visibility", id="an unknown visibility"),
        pytest.param(Module(hash=[1, 2]), "five words", id="a hash of two words"),
        pytest.param(Module(hash=[1, 2, 3, 4, 2**32]), "five words", id="a hash of long words"),
        pytest.param(Module(source=b"x" * 20000, values=[function(b"f", linkage=3)]), "characters", id="a long source"),
        pytest.param(
            replace(SMALL, more=[(ModuleCode.FUNCTION, [90, 1, *function(b"")[2]])]), "STRTAB", id="a name outside"
        ),
        pytest.param(
            replace(SMALL, more=[(ModuleCode.FUNCTION, [0, 20, *function(b"")[2]])]), "overlap", id="names that overlap"
        ),
        pytest.param(Module(values=NAMES, symtab=_symtab(ROWS)[:-4]), "beyond its end", id="symbols cut off"),
        pytest.param(Module(values=NAMES, symtab=_symtab([(90, 1, 0, 0, 0, 1 << 10)])), "STRTAB", id="symbols' names"),
        pytest.param(
            Module(values=NAMES, symtab=_symtab([(0, 3, 0, 2, 0, 1 << 10)])), "does not have", id="symbols of no value"
        ),
        pytest.param(
            Module(values=NAMES, symtab=_symtab([(0, 7, 0, 0, 0, 1 << 10)] * 3)), "overlap", id="symbols' names again"
        ),
        pytest.param(Module(modules=0), "no module", id="no module at all"),
    ],
)
def test_what_contradicts_itself_is_refused(module: Module, words: str) -> None:
    with pytest.raises(BitcodeError, match=words) as caught:
        read(module)
    assert "bit " in caught.value.message


def test_an_error_in_a_summary_names_block_and_record() -> None:
    with pytest.raises(BitcodeError, match=r"MODULE/GLOBALVAL_SUMMARY/record 2, bit \d+: it is about a value"):
        read(_summary(PROFILE, 9, 0, 1, 0, 0, 0, 0))


@pytest.mark.parametrize("data", [b"", b"BC", b"\x7fELF", b"BC\xc0\xdd" + bytes(80), MAGIC], ids=repr)
def test_what_is_no_bitcode_is_refused(data: bytes) -> None:
    with pytest.raises(BitcodeError):
        read_module(data, "x")


def test_views_are_read_as_bytes_are() -> None:
    data = b"before" + SMALL.bytes() + b"after"
    found = read_module(memoryview(data)[6:-5], "x")
    assert found.guid.tolist() == read(SMALL).guid.tolist()


def _survives(data: bytes, read_data: Callable[[bytes, str], object]) -> bool:
    try:
        read_data(data, "x")
    except (BitcodeError, UnsupportedError):
        return False
    return True


FULL = replace(SMALL, symtab=_symtab([(5, 1, 5, 1, 0, 1 << 10 | 1 << 13), (0, 5, 0, 5, 0, 1 << 11)])).bytes()


@given(st.data())
def test_a_damaged_module_is_read_or_refused(data: st.DataObject) -> None:
    damaged = bytearray(FULL)
    for _ in range(data.draw(st.integers(1, 5))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    _survives(bytes(damaged), read_module)


def test_a_module_cut_off_is_refused() -> None:
    assert _survives(FULL, read_module)
    assert not any(_survives(FULL[:length], read_module) for length in range(len(FULL) - 4))
