"""The readers against the toolchain: its standard library, its LLVM, its linker; and against readelf's Python."""

import contextlib
import io
import re
import shutil
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import read_oracle
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerSymSection
from elftools.elf.sections import SymbolTableSection
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.errors import BitcodeError, UnsupportedError
from burnish.lto.modules import Kind, ModuleSummary, SymbolFlag, SymbolTable
from burnish.lto.objects import Form, Object
from burnish.lto.read import bitcode
from burnish.lto.read.bitcode import read_module
from burnish.lto.read.bitstream import Bitstream
from burnish.lto.read.codes import BLOCK_NAMES, BlockId
from burnish.lto.read.container import read_objects
from burnish.lto.read.elf import read_symbols
from burnish.lto.read.pack import pack, unpack

pytestmark = pytest.mark.cargo

#: Without debug info, so that it is small; with assembly, statics, generics, a trait object and an import from core.
_SOURCE = r"""
use std::fmt::Write;
core::arch::global_asm!(
    ".globl assembled", "assembled:", "call wanted_by_assembly", "ret", ".weak assembled_weakly", "assembled_weakly:",
    "ret", "not_global:", "ret"
);
extern "C" { fn assembled(); fn missing(x: i32) -> i32; }
#[used] #[no_mangle] pub static KEPT: [u8; 3] = [1, 2, 3];
#[no_mangle] pub static EXPORTED: &[&str] = &["one", "two"];
static mut COUNT: u32 = 0;
thread_local! { static LOCAL: std::cell::Cell<u32> = const { std::cell::Cell::new(7) }; }
#[inline(never)] fn hidden(text: &str) -> usize { text.bytes().filter(|b| *b == b'x').count() }
pub trait Shape { fn area(&self) -> u32; }
pub struct Square(pub u32);
impl Shape for Square { #[inline(never)] fn area(&self) -> u32 { self.0 * self.0 } }
pub fn shapes() -> Vec<Box<dyn Shape>> { vec![Box::new(Square(3))] }
#[no_mangle] pub fn entry(text: &str) -> u32 {
    let mut out = String::new();
    write!(out, "{text}{}", hidden(text)).unwrap();
    unsafe { COUNT += 1; assembled(); missing(COUNT as i32) as u32 + LOCAL.with(|l| l.get()) + out.len() as u32 }
}
"""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Loaded:
    """A module, its bytes and what was read of it."""

    label: str
    data: bytes
    summary: ModuleSummary


def _load(data: bytes, label: str) -> Loaded:
    return Loaded(label=label, data=data, summary=read_module(data, label))


@pytest.fixture(scope="module")
def llvm() -> read_oracle.Llvm:
    return read_oracle.Llvm()


@pytest.fixture(scope="module")
def library_objects() -> list[Object]:
    return [found for path in read_oracle.sysroot_libraries() for found in read_objects(path)]


@pytest.fixture(scope="module")
def std_modules(library_objects: list[Object]) -> list[Loaded]:
    return [
        _load(found.path.read_bytes()[found.module[0] :][: found.module[1]], found.label)
        for found in library_objects
        if found.module
    ]


@pytest.fixture(scope="module")
def crate(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    return _load(read_oracle.compile_module(tmp_path_factory.mktemp("crate"), "sample", _SOURCE), "sample.o")


@pytest.fixture(scope="module")
def modules(std_modules: list[Loaded], crate: Loaded) -> list[Loaded]:
    return [crate, *std_modules]


def test_std_has_a_module_for_each_crate_but_compiler_builtins(library_objects: list[Object]) -> None:
    by_library: dict[str, Counter[Form]] = {}
    for found in library_objects:
        by_library.setdefault(found.path.name.split("-")[0], Counter())[found.form] += 1
        assert (found.form is Form.OTHER) == (found.member == "lib.rmeta")
    builtins = by_library.pop("libcompiler_builtins")
    profiler = by_library.pop("libprofiler_builtins", Counter())
    assert builtins[Form.NATIVE] > 100
    assert not builtins[Form.BITCODE]
    assert profiler[Form.NATIVE] > 0 or not profiler
    assert {"libstd", "libcore", "liballoc"} <= by_library.keys()
    assert all(forms[Form.BITCODE] == 1 and not forms[Form.NATIVE] for forms in by_library.values())


def test_members_are_those_that_ar_lists(library_objects: list[Object]) -> None:
    for path in read_oracle.sysroot_libraries():
        listed = subprocess.run(["ar", "t", str(path)], check=True, capture_output=True, text=True).stdout.split()
        assert [found.member for found in library_objects if found.path == path] == listed


def test_values_are_those_that_llvm_finds(modules: list[Loaded], llvm: read_oracle.Llvm) -> None:
    for module in modules:
        found, values = module.summary, llvm.values(module.data)
        assert [found.name(value).encode() for value in range(len(found))] == [value.name for value in values]
        assert found.kind.tolist() == [value.kind for value in values]
        assert found.linkage.tolist() == [value.linkage for value in values]
        assert found.visibility.tolist() == [value.visibility for value in values]
        assert found.defined.tolist() == [value.defined for value in values]
        functions = found.summarized & (found.kind == Kind.FUNCTION)
        instructions = np.array([value.instructions for value in values])
        assert np.array_equal(found.instructions[functions], instructions[functions]), module.label


def test_std_says_what_it_is(std_modules: list[Loaded]) -> None:
    version = subprocess.run(["rustc", "-Vv"], check=True, capture_output=True, text=True).stdout
    (release,) = re.findall(r"LLVM version: (\S+)", version)
    for module in std_modules:
        assert module.summary.producer.startswith(f"LLVM{release}-rust-")
        assert module.summary.triple == "x86_64-unknown-linux-gnu"
        assert module.summary.version == 12
        assert any(module.summary.hash)
        assert re.fullmatch(r"\w+\.[0-9a-f]{16}-cgu\.\d+", module.summary.source_filename)


def test_all_definitions_of_std_are_summarized(std_modules: list[Loaded]) -> None:
    for module in std_modules:
        missing = np.flatnonzero(module.summary.defined & ~module.summary.summarized)
        # Lists that only LLVM reads.
        assert {module.summary.name(value) for value in missing.tolist()} <= {"llvm.used", "llvm.compiler.used"}


def _symbols(table: SymbolTable, *, without: SymbolFlag) -> list[tuple[str, int, int]]:
    flags = (table.flags & np.uint32(~int(without) & 0xFFFF)).tolist()
    return [(table.name(at), flags[at], value) for at, value in enumerate(table.values.tolist())]


def test_symbols_built_from_records_are_those_that_llvm_wrote(
    std_modules: list[Loaded], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bitcode, "read_symtab", lambda *_: None)
    for module in std_modules:
        built, written = read_module(module.data, module.label).symbols, module.summary.symbols
        assert _symbols(built, without=SymbolFlag.USED) == _symbols(written, without=SymbolFlag.USED)
        # More may be called used: any C function may be one that LLVM calls of its own accord.
        assert not (written.flags & ~built.flags).any()


def test_symbols_of_assembly_are_the_linkers_too(crate: Loaded) -> None:
    table = crate.summary.symbols
    found = {table.name(at): (int(table.values[at]), SymbolFlag(int(table.flags[at]))) for at in range(len(table))}
    code = SymbolFlag.GLOBAL | SymbolFlag.EXECUTABLE
    assert found["assembled_weakly"] == (-1, code | SymbolFlag.WEAK)
    assert found["wanted_by_assembly"][0] == -1
    assert SymbolFlag.UNDEFINED in found["wanted_by_assembly"][1]
    assert "not_global" not in found
    # Declared in Rust, defined in assembly: the linker sees both.
    names = [table.name(at) for at in range(len(table))]
    assert names.count("assembled") == 2
    assert found["KEPT"][1] == SymbolFlag.GLOBAL | SymbolFlag.USED


_ASSEMBLY = """
target triple = "x86_64-unknown-linux-gnu"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
$once = comdat any
@common = common global i32 0
@tls = thread_local global i32 1
@weak = weak hidden global i32 1
@constant = linkonce_odr local_unnamed_addr constant i32 5, comdat($once)
@variable = linkonce_odr local_unnamed_addr global i32 5
@wanted = extern_weak global i32
@"\\01unmangled" = protected global i32 3
@notes = global i32 4, section "llvm.metadata"
@alias_of_function = alias void (), ptr @once
@alias_inside = weak alias i32, getelementptr (i8, ptr @tls, i64 1)
@dispatched = ifunc void (), ptr @resolver
@private = private unnamed_addr constant [2 x i8] c"a\\00"
define linkonce_odr void @once() comdat { ret void }
define ptr @resolver() { ret ptr @once }
define available_externally i32 @elsewhere() { ret i32 1 }
define internal void @internal() { call void @"quoted name"() ret void }
declare void @"quoted name"()
"""


def test_rarer_kinds_of_symbols(llvm: read_oracle.Llvm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = llvm.assemble(tmp_path, _ASSEMBLY)
    found, values = read_module(data, "m"), llvm.values(data)
    assert [found.name(value).encode() for value in range(len(found))] == [value.name for value in values]
    for column, name in ((found.kind, "kind"), (found.linkage, "linkage"), (found.visibility, "visibility")):
        assert column.tolist() == [getattr(value, name) for value in values]
    assert found.defined.tolist() == [value.defined for value in values]
    assert (found.version, found.summarized.tolist(), found.hash) == (0, [False] * len(found), (0, 0, 0, 0, 0))
    monkeypatch.setattr(bitcode, "read_symtab", lambda *_: None)
    built = _symbols(read_module(data, "m").symbols, without=SymbolFlag.USED)
    assert built == _symbols(found.symbols, without=SymbolFlag.USED)
    assert {name for name, *_ in built} >= {"unmangled", "quoted name", "dispatched", "alias_inside"}
    assert not {name for name, *_ in built} & {"internal", "notes", ".Lprivate", "private"}


def test_assembly_without_a_symbol_table_is_left_to_lld(crate: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bitcode, "read_symtab", lambda *_: None)
    with pytest.raises(UnsupportedError, match="module assembly"):
        read_module(crate.data, crate.label)


@pytest.fixture(scope="module")
def indexes(tmp_path_factory: pytest.TempPathFactory, modules: list[Loaded]) -> dict[str, dict[int, list[int]]]:
    """By module: GUID -> operands of the summary that lld wrote of it, from the flags on."""
    directory = tmp_path_factory.mktemp("indexes")
    names = [f"{at}.bc" for at in range(len(modules))]
    for name, module in zip(names, modules, strict=True):
        (directory / name).write_bytes(module.data)
    command = [str(read_oracle.lld()), "--thinlto-index-only", "--thinlto-emit-index-files", "-shared", "-zmuldefs"]
    command += [*names, "-o", "x"]
    subprocess.run(command, check=True, cwd=directory)
    return {
        module.label: _summaries((directory / f"{name}.thinlto.bc").read_bytes(), name)
        for name, module in zip(names, modules, strict=True)
    }


def _summaries(data: bytes, own: str) -> dict[int, list[int]]:
    stream = Bitstream(data, start=4, label=own, names=BLOCK_NAMES)
    module = next(block for block in stream.blocks() if block.id == BlockId.MODULE)
    _, inner = stream.read(module, inner={BlockId.MODULE_STRTAB, BlockId.GLOBALVAL_SUMMARY})
    paths, summaries = (stream.read(block)[0] for block in inner)
    rows = [(code, paths.operands(row).tolist()) for row, code in enumerate(paths.codes.tolist())]
    (own_id,) = [words[0] for code, words in rows if code == 1 and bytes(words[1:]) == own.encode()]
    guids: dict[int, int] = {}
    found = {}
    for row, code in enumerate(summaries.codes.tolist()):
        words = summaries.operands(row).tolist()
        if code == 16:
            guids[words[0]] = words[1] << 32 | words[2]
        elif code in {5, 6} and words[1] == own_id:
            found[guids[words[0]]] = [code, *words[2:]]
    return found


def test_guids_and_summaries_are_those_that_lld_reads(
    modules: list[Loaded], indexes: dict[str, dict[int, list[int]]]
) -> None:
    for module in modules:
        summary, theirs = module.summary, indexes[module.label]
        ours = {int(summary.guid[value]): value for value in np.flatnonzero(summary.summarized).tolist()}
        assert ours.keys() == theirs.keys()
        for guid, value in ours.items():
            code, _, first, *rest = theirs[guid]
            if code == 5:
                assert [summary.instructions[value], summary.attributes[value]] == [first, rest[0]]
                calls = int(summary.call_starts[value + 1] - summary.call_starts[value])
                refs = int(summary.ref_starts[value + 1] - summary.ref_starts[value])
                # References and calls that lead out of the module's index are left out of it.
                assert rest[2] <= refs
                assert len(rest) - 5 - rest[2] <= 2 * calls
            else:
                # Bits 0 and 1 the thin link may have taken back.
                assert first & ~3 == int(summary.attributes[value]) & ~3


@pytest.mark.skipif(not shutil.which("llvm-bcanalyzer"), reason="no llvm-bcanalyzer here")
def test_records_are_those_that_bcanalyzer_dumps(crate: Loaded, std_modules: list[Loaded], tmp_path: Path) -> None:
    smallest = sorted(std_modules, key=lambda module: len(module.data))[:8]
    for module in [crate, *smallest]:
        (tmp_path / "m.bc").write_bytes(module.data)
        dump = subprocess.run(
            ["llvm-bcanalyzer", "--dump", "m.bc"], check=True, capture_output=True, cwd=tmp_path, timeout=60
        ).stdout.decode("utf-8", "replace")
        assert _ours(module.data) == _dumped(dump), module.label


def _ours(data: bytes) -> list[list[int]]:
    """The operands of all records but those that are only a blob, in order of size."""
    stream = Bitstream(data, start=4, label="m", names=BLOCK_NAMES)
    found = []
    todo = stream.blocks()[::-1]
    while todo:
        records, inner = stream.read(todo.pop(), inner=range(1, 100))
        lists = [records.operands(row).tolist() for row in range(len(records.codes))]
        found += [operands for row, operands in enumerate(lists) if operands or row not in records.blobs]
        todo += inner[::-1]
    return sorted(found)


def _dumped(dump: str) -> list[list[int]]:
    found = []
    for line in dump.splitlines():
        match = re.match(r"\s*<(?!BLOCKINFO)\w+( abbrevid=\d+)?(( op\d+=-?\d+)*)/>", line)
        if match and (match[2] or " blob " not in line):
            found.append([int(text) % 2**64 for text in re.findall(r"op\d+=(-?\d+)", match[2])])
    return sorted(found)


def test_packed_modules_come_back(modules: list[Loaded]) -> None:
    for module in modules:
        packed = pack(module.summary)
        assert pack(unpack(packed, module.label)) == packed
        assert unpack(packed, module.label).names == module.summary.names


def _by_elftools(data: bytes) -> list[tuple[str, bool, bool, int]]:
    """Name, defined, weak and visibility of each symbol that counts."""
    elf = ELFFile(io.BytesIO(data))
    shared = elf["e_type"] == "ET_DYN"
    table = elf.get_section_by_name(".dynsym" if shared else ".symtab")
    versions = elf.get_section_by_name(".gnu.version")
    assert isinstance(table, SymbolTableSection)
    found = []
    for at, symbol in enumerate(table.iter_symbols()):
        defined = symbol["st_shndx"] != "SHN_UNDEF"
        if symbol["st_info"]["bind"] == "STB_LOCAL" or not symbol.name:
            continue
        if shared and defined and isinstance(versions, GNUVerSymSection):
            index = versions.get_symbol(at)["ndx"]
            if index == "VER_NDX_LOCAL" or (isinstance(index, int) and index & 0x8000):
                continue
        names = ("STV_DEFAULT", "STV_INTERNAL", "STV_HIDDEN", "STV_PROTECTED")
        visibility = names.index(symbol["st_other"]["visibility"])
        found.append((symbol.name, defined, symbol["st_info"]["bind"] == "STB_WEAK", visibility))
    return found


def test_symbols_of_objects_are_those_of_pyelftools(library_objects: list[Object]) -> None:
    natives = [found for found in library_objects if found.form is Form.NATIVE]
    for found in natives[::10]:
        data = found.path.read_bytes()[found.offset :][: found.size]
        ours = [(each.name, each.defined, each.weak, each.visibility) for each in read_symbols(data, found.label)]
        assert ours == _by_elftools(data)


@pytest.mark.parametrize("name", ["libc.so.6", "libgcc_s.so.1"])
def test_symbols_of_libraries_are_those_of_pyelftools(name: str) -> None:
    done = subprocess.run(["cc", f"-print-file-name={name}"], check=True, capture_output=True, text=True)
    path = Path(done.stdout.strip())
    (found,) = read_objects(path)
    assert found.form is Form.SHARED
    ours = [(each.name, each.defined, each.weak, each.visibility) for each in read_symbols(path.read_bytes(), name)]
    assert ours == _by_elftools(path.read_bytes())
    assert len(ours) > 100


@given(st.data())
@settings(max_examples=60)
def test_a_damaged_module_is_read_or_refused(crate: Loaded, data: st.DataObject) -> None:
    damaged = bytearray(crate.data)
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(BitcodeError, UnsupportedError):
        assert read_module(bytes(damaged), "m").version in {0, 12}


def test_a_module_cut_off_is_refused(crate: Loaded) -> None:
    for length in range(0, len(crate.data) - 8, max(len(crate.data) // 150, 1)):
        with pytest.raises((BitcodeError, UnsupportedError)):
            read_module(crate.data[:length], "m")


@given(st.data())
@settings(max_examples=60)
def test_a_damaged_library_is_read_or_refused(std_modules: list[Loaded], data: st.DataObject) -> None:
    path = next(path for path in read_oracle.sysroot_libraries() if path.name.startswith("libadler2"))
    assert std_modules
    damaged = bytearray(path.read_bytes())
    # Where damage hurts: headers of members, and section headers at the ends.
    heads = st.integers(0, 400) | st.integers(len(damaged) - 2000, len(damaged) - 1)
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(heads)] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(BitcodeError, UnsupportedError):
        for found in read_objects(path, bytes(damaged)):
            content = bytes(damaged[found.offset :][: found.size])
            if found.module:
                read_module(bytes(damaged[found.module[0] :][: found.module[1]]), found.label)
            elif found.form in {Form.NATIVE, Form.SHARED}:
                read_symbols(content, found.label)
