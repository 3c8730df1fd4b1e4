"""Units of small modules to objects: which symbols come out, what is imported, how code is spread over objects."""

import ctypes
import hashlib
import re
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import backend_inputs
import pytest

from burnish.errors import LlvmError, UnsupportedError
from burnish.lto.backend import Codegen, Member, Road, Unit, UnitResult
from burnish.lto.do import Slim, make_slim, run_units
from burnish.lto.do.pool import Job, run_jobs
from burnish.lto.do.unit import Backend, run_unit
from burnish.lto.llvm import find_library, load
from burnish.lto.write.bitwriter import BitWriter

pytestmark = pytest.mark.cargo

_CODEGEN = backend_inputs.CODEGEN

_MAIN = """
extern "C" { fn other(x: u32) -> u32; static OTHER: [u32; 4]; }
#[no_mangle] pub extern "C" fn visible(x: u32) -> u32 {
    unseen(x) ^ local(x) ^ unsafe { other(x) ^ OTHER[x as usize & 3] }
}
#[no_mangle] pub extern "C" fn for_units(x: u32) -> u32 { local(x).wrapping_add(5) }
#[no_mangle] #[inline(never)] pub extern "C" fn unseen(x: u32) -> u32 { x.rotate_left(7) ^ TABLE[x as usize & 3] }
#[no_mangle] pub extern "C" fn dead(x: u32) -> u32 { unsafe { nowhere(x) } }
extern "C" { fn nowhere(x: u32) -> u32; }
#[inline(never)] fn local(x: u32) -> u32 { x.wrapping_mul(0x9E37_79B9) ^ x >> 3 }
#[no_mangle] pub static TABLE: [u32; 4] = [3, 1, 4, 1];
"""
_OTHER = """
#[no_mangle] pub extern "C" fn other(x: u32) -> u32 { x.wrapping_mul(77) }
#[no_mangle] pub static OTHER: [u32; 4] = [2, 7, 1, 8];
#[no_mangle] pub extern "C" fn second(x: u32) -> u32 { other(x).wrapping_add(first(x)) }
#[no_mangle] #[inline(never)] pub extern "C" fn first(x: u32) -> u32 { (x | 1).rotate_right(9) }
"""

# What C code sees of a definition: binding and visibility. An undefined symbol has no section.
_Seen = Mapping[str, tuple[str, str]]


@pytest.fixture(scope="module")
def library() -> Path:
    return find_library(backend_inputs.sysroot())


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Member]:
    place = tmp_path_factory.mktemp("modules")
    return {
        name: backend_inputs.compile_module(place, name, source, "-Cdebuginfo=2")
        for name, source in (("main", _MAIN), ("other", _OTHER))
    }


@pytest.fixture
def unit(modules: Mapping[str, Member], tmp_path: Path) -> Unit:
    return Unit(
        name="main",
        members=(modules["main"],),
        outputs=(tmp_path / "main.o",),
        visible=("visible",),
        hidden=("for_units",),
    )


def _make(library: Path, *units: Unit, codegen: Codegen = _CODEGEN) -> list[UnitResult]:
    return run_units(units, codegen, library=library, jobs=2, timeout=60)


def _symbols(path: Path, *, defined: bool = True) -> _Seen:
    return {
        symbol.name: (symbol.entry.st_info.bind, symbol.entry.st_other.visibility)
        for symbol in backend_inputs.symbols(path.read_bytes())
        if symbol.entry.st_info.type in {"STT_FUNC", "STT_OBJECT", "STT_NOTYPE"}
        and symbol.name
        and (symbol.entry.st_shndx != "SHN_UNDEF") is defined
    }


def _local_name(member: Member) -> str:
    """The mangled name of the function ``local``."""
    (name,) = set(re.findall(rb"_ZN4main5local17h[0-9a-f]{16}E", member.bitcode.read_bytes()))
    return str(name.decode())


def _loaded(tmp_path: Path, *objects: Path) -> ctypes.CDLL:
    shared = tmp_path / "loaded.so"
    subprocess.run(["cc", "-shared", "-nostdlib", "-Wl,-z,defs", f"-o{shared}", *map(str, objects)], check=True)
    return ctypes.CDLL(str(shared))


def _expected(x: int) -> int:
    """What ``visible`` computes."""
    word = 0xFFFFFFFF
    unseen = ((x << 7 | x >> 25) & word) ^ (3, 1, 4, 1)[x & 3]
    local = (x * 0x9E3779B9 & word) ^ x >> 3
    return unseen ^ local ^ (x * 77 & word) ^ (2, 7, 1, 8)[x & 3]


def test_only_what_others_refer_to_can_be_seen(library: Path, unit: Unit) -> None:
    (result,) = _make(library, unit)
    found = _symbols(unit.outputs[0])
    assert found["visible"] == ("STB_GLOBAL", "STV_DEFAULT")
    assert found["for_units"] == ("STB_GLOBAL", "STV_HIDDEN")
    assert {name for name, (bind, _) in found.items() if bind != "STB_LOCAL"} == {"visible", "for_units"}
    assert "dead" not in found
    assert [cost.stage for cost in result.stages] == ["start", "parse", "linkage", "opt", "codegen"]
    assert all(cost.memory > 1 << 20 for cost in result.stages)


def test_other_units_names_are_hidden_and_unknown_ones_are_not(library: Path, unit: Unit) -> None:
    _make(library, replace(unit, elsewhere=("other",)))
    found = _symbols(unit.outputs[0], defined=False)
    assert found["other"] == ("STB_GLOBAL", "STV_HIDDEN")
    assert found["OTHER"] == ("STB_GLOBAL", "STV_DEFAULT")


def test_a_promoted_local_can_be_seen_by_other_units_under_its_new_name(library: Path, unit: Unit) -> None:
    name = _local_name(unit.members[0])
    member = replace(unit.members[0], promote={name: f"{name}.llvm.12"})
    _make(library, replace(unit, members=(member,), hidden=(f"{name}.llvm.12",)))
    found = _symbols(unit.outputs[0])
    assert found[f"{name}.llvm.12"] == ("STB_GLOBAL", "STV_HIDDEN")
    assert name not in found


def test_what_is_dead_is_never_read(library: Path, unit: Unit) -> None:
    # nobody may see it, and it is dead: what it refers to is not referred to
    member = replace(unit.members[0], dead=("dead",))
    _make(library, replace(unit, members=(member,)))
    assert "nowhere" not in _symbols(unit.outputs[0], defined=False)
    assert "dead" not in _symbols(unit.outputs[0])


def test_a_copy_that_lost_serves_inlining_only(library: Path, unit: Unit) -> None:
    member = replace(unit.members[0], other_copies=("unseen", "TABLE"))
    _make(library, replace(unit, members=(member,), elsewhere=("unseen", "TABLE")))
    assert "unseen" not in _symbols(unit.outputs[0])
    assert _symbols(unit.outputs[0], defined=False)["unseen"] == ("STB_GLOBAL", "STV_HIDDEN")


_COPIED = """
#![feature(linkage)]
#[linkage = "linkonce_odr"] #[inline(never)] #[no_mangle] pub extern "C" fn copied(x: u32) -> u32 { x ^ 1 }
#[no_mangle] pub extern "C" fn unseen(x: u32) -> u32 { copied(x) }
"""


@pytest.mark.parametrize("seen", ["visible", "hidden"])
def test_a_copy_that_prevails_stays_even_where_its_own_unit_does_not_use_it(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seen: str
) -> None:
    monkeypatch.setenv("RUSTC_BOOTSTRAP", "1")
    member = backend_inputs.compile_module(tmp_path, "copies", _COPIED)
    unit = Unit(name="copies", members=(member,), outputs=(tmp_path / "copies.o",))
    _make(library, replace(unit, visible=("copied",)) if seen == "visible" else replace(unit, hidden=("copied",)))
    visibility = "STV_DEFAULT" if seen == "visible" else "STV_HIDDEN"
    assert _symbols(unit.outputs[0])["copied"] == ("STB_WEAK", visibility)


@pytest.mark.parametrize("road", Road)
def test_members_become_one_module(library: Path, unit: Unit, modules: Mapping[str, Member], road: Road) -> None:
    whole = replace(unit, members=(modules["main"], modules["other"]), hidden=(), road=road)
    _make(library, whole)
    assert {name for name, (bind, _) in _symbols(unit.outputs[0]).items() if bind == "STB_GLOBAL"} == {"visible"}
    assert _symbols(unit.outputs[0], defined=False) == {}


@pytest.mark.parametrize("road", Road)
def test_the_code_does_what_the_source_says(
    library: Path, unit: Unit, modules: Mapping[str, Member], road: Road
) -> None:
    _make(library, replace(unit, members=(modules["main"], modules["other"]), road=road))
    visible = _loaded(unit.outputs[0].parent, unit.outputs[0]).visible
    visible.restype, visible.argtypes = ctypes.c_uint32, (ctypes.c_uint32,)
    assert [visible(x) for x in (0, 1, 2, 3, 12345)] == [_expected(x) for x in (0, 1, 2, 3, 12345)]


def _shard(imports: Mapping[str, Path]) -> bytes:
    """An index that asks for functions, by name, each of a module of its own."""
    writer = BitWriter()
    writer.enter(8, 3)
    writer.record(1, [2])
    writer.enter(19, 3)
    for number, path in enumerate(imports.values()):
        writer.record(1, [number, *bytes(path)])
        writer.record(2, [1, 2, 3, 4, 5])
    writer.end()
    writer.enter(20, 3)
    writer.record(10, [12])
    writer.record(20, [0x61])
    for value, name in enumerate(imports):
        guid = int.from_bytes(hashlib.md5(name.encode(), usedforsecurity=False).digest()[:8], "little")
        writer.record(16, [value, guid >> 32, guid & 0xFFFFFFFF])
        writer.record(5, [value, value, 0x20, 3, 0, 0, 0, 0, 0])
    writer.end()
    writer.end()
    writer.enter(23, 3)
    writer.blob(1, b"")
    writer.end()
    return writer.content()


def test_a_function_of_another_unit_is_imported(
    library: Path, unit: Unit, modules: Mapping[str, Member], tmp_path: Path
) -> None:
    shard = tmp_path / "main.thinlto.bc"
    shard.write_bytes(_shard({"other": modules["other"].bitcode}))
    (result,) = _make(library, replace(unit, shard=shard, imports=1, elsewhere=("other",)))
    assert result.imported == 1
    assert "other" not in _symbols(unit.outputs[0], defined=False)
    assert "other" not in _symbols(unit.outputs[0])


def _slim(bitcode: Path, out: Path, *, keep: str = "") -> Slim:
    size = bitcode.stat().st_size if bitcode.exists() else 0
    return Slim(bitcode=bitcode, label=bitcode.stem, size=size, out=out, keep=frozenset({keep}), strip_debug=True)


def test_functions_are_imported_from_slim_copies_too(
    library: Path, unit: Unit, modules: Mapping[str, Member], tmp_path: Path
) -> None:
    copy, shard = tmp_path / "copy.bc", tmp_path / "main.thinlto.bc"
    make_slim([_slim(modules["other"].bitcode, copy, keep="other")], library=library, jobs=1, timeout=60)
    assert copy.stat().st_size < modules["other"].bitcode.stat().st_size
    shard.write_bytes(_shard({"other": copy}))
    (result,) = _make(library, replace(unit, shard=shard, imports=1), codegen=replace(_CODEGEN, strip_debug=True))
    assert result.imported == 1
    assert b".debug_info" not in unit.outputs[0].read_bytes()


@pytest.mark.parametrize("damage", ["a missing module", "no index", "nothing that the module has"])
def test_an_import_that_llvm_skips_is_an_error(
    library: Path, unit: Unit, modules: Mapping[str, Member], tmp_path: Path, damage: str
) -> None:
    shard = tmp_path / "main.thinlto.bc"
    content = {
        "a missing module": _shard({"other": tmp_path / "none.bc"}),
        "no index": b"not an index",
        "nothing that the module has": _shard({"nobody": modules["other"].bitcode}),
    }
    shard.write_bytes(content[damage])
    with pytest.raises(LlvmError, match=r"main: main\.o \(stage import\): "):
        _make(library, replace(unit, shard=shard, imports=1))
    assert not unit.outputs[0].exists()


_PARTS = """
#[no_mangle] pub extern "C" fn visible(x: u32) -> u32 { F.iter().fold(x, |sum, f| sum ^ f(sum)) }
#[no_mangle] pub extern "C" fn twin_a(x: u32) -> u32 { x.wrapping_mul(3) ^ unsafe { COUNT } }
#[no_mangle] pub extern "C" fn twin_b(x: u32) -> u32 { x.wrapping_mul(3) ^ unsafe { COUNT } }
static F: [fn(u32) -> u32; 4] = [f0, f1, f2, f3];
fn f0(x: u32) -> u32 { deep(x).rotate_left(1) }
fn f1(x: u32) -> u32 { deep(x ^ 1).rotate_left(2) }
fn f2(x: u32) -> u32 { deep(x ^ 2).wrapping_add(9) }
fn f3(x: u32) -> u32 { unsafe { COUNT += 1; asm_function(x) } }
#[inline(never)] fn deep(x: u32) -> u32 { x.wrapping_mul(0x9E37_79B9) ^ 1 }
static mut COUNT: u32 = 0;
extern "C" fn at_start() { unsafe { COUNT += 100; } }
#[used] #[link_section = ".init_array"] static START: extern "C" fn() = at_start;
extern "C" { fn asm_function(x: u32) -> u32; }
core::arch::global_asm!(".globl asm_function", ".hidden asm_function", "asm_function:", "lea eax, [rdi + 7]", "ret");
"""


def _parts(x: int) -> list[int]:
    """``visible``, ``twin_a``, ``twin_b`` of the source above, called in that order first of all."""
    word = 0xFFFFFFFF

    def deep(y: int) -> int:
        return (y * 0x9E3779B9 & word) ^ 1

    def left(y: int, bits: int) -> int:
        return (y << bits | y >> 32 - bits) & word

    total = x
    total ^= left(deep(total), 1)
    total ^= left(deep(total ^ 1), 2)
    total ^= (deep(total ^ 2) + 9) & word
    total ^= (total + 7) & word
    return [total, x * 3 & word ^ 101, x * 3 & word ^ 101]


@pytest.mark.parametrize("parts", [1, 2, 5])
@pytest.mark.parametrize("road", Road)
def test_code_spread_over_objects_does_the_same(library: Path, tmp_path: Path, road: Road, parts: int) -> None:
    member = backend_inputs.compile_module(tmp_path, "parts", _PARTS, "-Cdebuginfo=2")
    outputs = tuple(tmp_path / f"{part}.o" for part in range(parts))
    names = ("visible", "twin_a", "twin_b")
    _make(library, Unit(name="all", members=(member,), outputs=outputs, visible=(*names, "asm_function"), road=road))
    seen = [name for output in outputs for name, (bind, _) in _symbols(output).items() if bind == "STB_GLOBAL"]
    assert len(seen) == len(set(seen))
    assert set(names) <= set(seen)
    loaded = _loaded(tmp_path, *outputs)
    results = []
    for name in names:
        function = loaded[name]
        function.restype, function.argtypes = ctypes.c_uint32, (ctypes.c_uint32,)
        results.append(function(1234))
    assert results == _parts(1234)


@pytest.mark.parametrize("parts", [1, 3])
def test_the_same_unit_gives_the_same_bytes(library: Path, unit: Unit, tmp_path: Path, parts: int) -> None:
    runs = []
    for run in range(2):
        outputs = tuple(tmp_path / f"{run}.{part}.o" for part in range(parts))
        _make(library, replace(unit, outputs=outputs))
        runs.append([output.read_bytes() for output in outputs])
    assert runs[0] == runs[1]


@pytest.mark.parametrize("wanted", [True, False])
def test_functions_and_variables_have_sections_of_their_own_where_rustc_gives_them(
    library: Path, unit: Unit, *, wanted: bool
) -> None:
    _make(library, replace(unit, visible=("visible", "TABLE")), codegen=replace(_CODEGEN, function_sections=wanted))
    content = unit.outputs[0].read_bytes()
    assert (b".text.visible\0" in content) is wanted
    assert (b".rodata.TABLE\0" in content or b".rodata.cst16.TABLE\0" in content) is wanted


def test_functions_have_sections_where_the_target_machine_cannot_be_told(library: Path, unit: Unit) -> None:
    loaded = load(library)

    def task(unit: Unit, stages: object) -> UnitResult:
        del stages
        return run_unit(unit, Backend(library=loaded, codegen=_CODEGEN, section_flags=None))

    job = Job(label="main", task=partial(task, unit), outputs=unit.outputs)
    run_jobs([job], loaded, workers=1, timeout=60, on_result=lambda _: None)
    assert b".text.visible\0" in unit.outputs[0].read_bytes()


@pytest.mark.parametrize("strip", [True, False])
def test_debug_info_stays_unless_nobody_will_see_it(library: Path, unit: Unit, *, strip: bool) -> None:
    _make(library, unit, codegen=replace(_CODEGEN, strip_debug=strip))
    assert (b".debug_info\0" in unit.outputs[0].read_bytes()) is not strip


def test_more_llvm_arguments_are_heeded(library: Path, unit: Unit, capfd: pytest.CaptureFixture[str]) -> None:
    _make(library, unit, codegen=replace(_CODEGEN, llvm_args=("-print-pipeline-passes", "-print-changed=quiet")))
    assert "IR Dump After" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "file too small|Invalid bitcode|not a module", id="empty"),
        pytest.param(b"BC\xc0\xde" + bytes(400), r"\w", id="zeros"),
        pytest.param(None, r"\w", id="cut short"),
    ],
)
def test_bitcode_that_llvm_does_not_take_is_an_error_that_names_the_module(
    library: Path, unit: Unit, tmp_path: Path, content: bytes | None, message: str
) -> None:
    bad = tmp_path / "bad.bc"
    bad.write_bytes(unit.members[0].bitcode.read_bytes()[:-2000] if content is None else content)
    member = Member(bitcode=bad, label="libbad.rlib(bad.o)")
    with pytest.raises(LlvmError, match=rf"main: libbad\.rlib\(bad\.o\) \(stage parse\): .*bad\.bc: {message}"):
        _make(library, replace(unit, members=(member,)))
    assert not list(tmp_path.glob("*.o*"))


def test_damaged_function_bodies_are_an_error_too(library: Path, unit: Unit, tmp_path: Path) -> None:
    content = bytearray(unit.members[0].bitcode.read_bytes())
    for offset in range(len(content) // 3, len(content) // 2):
        content[offset] ^= 0x55
    bad = tmp_path / "bad.bc"
    bad.write_bytes(content)
    with pytest.raises(LlvmError, match=r"stage parse\)"):
        _make(library, replace(unit, members=(Member(bitcode=bad, label="bad.o"),)))


def test_wrong_codegen_words_are_an_error(library: Path, unit: Unit) -> None:
    with pytest.raises(LlvmError, match="'O9' is no word"):
        _make(library, unit, codegen=replace(_CODEGEN, opt_level="O9", function_sections=False))


def test_a_target_that_llvm_does_not_know_is_for_others(library: Path, unit: Unit) -> None:
    with pytest.raises(UnsupportedError, match="quux-unknown-linux-gnu"):
        _make(library, unit, codegen=Codegen(triple="quux-unknown-linux-gnu"))


def test_no_units_need_no_llvm(tmp_path: Path) -> None:
    assert run_units([], _CODEGEN, library=tmp_path / "none.so", jobs=1, timeout=None) == []


def test_each_of_many_copies_is_written(library: Path, modules: Mapping[str, Member], tmp_path: Path) -> None:
    copies = [_slim(member.bitcode, tmp_path / f"{name}.bc") for name, member in modules.items()]
    make_slim(copies, library=library, jobs=2, timeout=60)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["main.bc", "other.bc"]


@pytest.mark.parametrize("bad", ["missing", "damaged"])
def test_a_copy_of_what_is_no_module_is_an_error(library: Path, tmp_path: Path, bad: str) -> None:
    source = tmp_path / "bad.bc"
    if bad == "damaged":
        source.write_bytes(b"BC\xc0\xde damaged")
    with pytest.raises(LlvmError, match=r"bad\.bc"):
        make_slim([_slim(source, tmp_path / "out.bc")], library=library, jobs=1, timeout=60)
    assert not (tmp_path / "out.bc").exists()
