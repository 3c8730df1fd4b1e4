"""The thin link against the toolchain's own lld: the same modules, the same decisions."""

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from backend_inputs import link_line, sysroot
from lld_oracle import NO_NATIVE, Decisions, Native, burnish_decides, lld_decides, read_all, thin_plan

from burnish.lto.backend import Codegen, Unit
from burnish.lto.decide.fate import Fate
from burnish.lto.decide.plan import Plan
from burnish.lto.decide.units import Place, unit_of
from burnish.lto.do import run_units
from burnish.lto.llvm import find_library
from burnish.lto.modules import Linkage
from burnish.lto.write.indexfile import shard

pytestmark = pytest.mark.cargo

CROSSINGS = Path(__file__).parents[2] / "examples" / "crossings"


@dataclass(frozen=True, kw_only=True, slots=True)
class Linked:
    """One program, decided twice; the modules lie in ``directory`` as ``files``, in link order."""

    directory: Path
    files: list[str]
    plan: Plan
    ours: Decisions
    lld: Decisions


def decide_twice(directory: Path, files: list[str], native: Native = NO_NATIVE) -> Linked:
    lld = next(sysroot().glob("lib/rustlib/*/bin/gcc-ld/ld.lld"))
    plan = thin_plan(read_all(directory, files), native=native)
    return Linked(
        directory=directory,
        files=files,
        plan=plan,
        ours=burnish_decides(plan, files),
        lld=lld_decides(lld, directory, files, native=native),
    )


def crossings(work: Path) -> Linked:
    """Seven crates and all of std."""
    modules = work / "modules"
    modules.mkdir()
    files = []
    for number, member in enumerate(link_line(CROSSINGS, "crossings", work).members):
        files.append(f"{number:02}.bc")
        shutil.copyfile(member.bitcode, modules / files[-1])
    return decide_twice(modules, files)


_PRELUDE = """\
#![no_std]
#![feature(linkage)]
use core::hint::black_box;
"""

_MAIN = """\
extern "C" {
    fn odr(x: u32) -> u32;
    fn once(x: u32) -> u32;
    fn weak(x: u32) -> u32;
    fn beaten(x: u32) -> u32;
    fn asm_entry(x: u32) -> u32;
    static table: [fn(u32) -> u32; 2];
    static mut log: u32;
}
#[no_mangle]
pub unsafe extern "C" fn main(x: u32) -> u32 {
    log = x;
    odr(x) + once(x) + weak(x) + beaten(x) + asm_entry(x) + table[x as usize & 1](x)
}
"""

# Of `odr` and `once` the first copy is too large to import, the second is not.
_LARGE = "let mut y = x;" + "y = black_box(y).rotate_left(black_box(3)) ^ 5;" * 40 + "y"

_FIRST = f"""\
#[no_mangle] #[linkage = "weak_odr"] pub extern "C" fn odr(x: u32) -> u32 {{ {_LARGE} }}
#[no_mangle] #[linkage = "linkonce_odr"] pub extern "C" fn once(x: u32) -> u32 {{ {_LARGE} }}
#[no_mangle] #[linkage = "weak"] pub extern "C" fn weak(x: u32) -> u32 {{ black_box(x) + 2 }}
#[no_mangle] #[linkage = "weak"] pub extern "C" fn beaten(x: u32) -> u32 {{ only_weak(x) }}
#[inline(never)] fn only_weak(x: u32) -> u32 {{ black_box(x) + 4 }}
#[no_mangle] pub static mut log: u32 = 1;
#[no_mangle] pub extern "C" fn keep_first(x: u32) -> u32 {{ unsafe {{ once(x) + asm_target(x) }} }}
#[no_mangle] pub extern "C" fn asm_target(x: u32) -> u32 {{ black_box(x) + 9 }}
"""

_SECOND = """\
#[no_mangle] #[linkage = "weak_odr"] pub extern "C" fn odr(x: u32) -> u32 { black_box(x) + 1 }
#[no_mangle] #[linkage = "linkonce_odr"] pub extern "C" fn once(x: u32) -> u32 { black_box(x) + 1 }
#[no_mangle] #[linkage = "weak"] pub extern "C" fn weak(x: u32) -> u32 { black_box(x) + 3 }
#[no_mangle] pub extern "C" fn beaten(x: u32) -> u32 { unsafe { keep_first(x) + once(x) } }
extern "C" { fn keep_first(x: u32) -> u32; }
#[no_mangle] pub static table: [fn(u32) -> u32; 2] = [local_one, local_two];
fn local_one(x: u32) -> u32 { black_box(x) * 3 }
fn local_two(x: u32) -> u32 { HIDDEN_TABLE[x as usize & 3] }
static HIDDEN_TABLE: [u32; 4] = [9, 8, 7, 6];
#[no_mangle] pub extern "C" fn dead(x: u32) -> u32 { also_dead(x) }
#[inline(never)] fn also_dead(x: u32) -> u32 { black_box(x) + 6 }
core::arch::global_asm!(".globl asm_entry", "asm_entry: jmp asm_target");
"""


# Takes the place of a copy that may be inlined, of one that may not, and wants something that only it wants.
_NATIVE = """\
#[no_mangle] pub extern "C" fn odr(x: u32) -> u32 { black_box(x) + 1 }
#[no_mangle] pub extern "C" fn weak(x: u32) -> u32 { unsafe { dead(x) } }
extern "C" { fn dead(x: u32) -> u32; }
"""


def compiled(work: Path, name: str, source: str, *flags: str) -> None:
    place = work / f"{name}.rs"
    place.write_text(_PRELUDE + source, encoding="utf-8")
    command = ["rustc", "--edition=2021", "--crate-type=lib", "-Copt-level=2", "-Ccodegen-units=1", "-Awarnings"]
    # Linkages are no stable feature; the test needs them as C++ has them.
    environment = {**os.environ, "RUSTC_BOOTSTRAP": "1"}
    subprocess.run([*command, *flags, str(place)], check=True, env=environment)


def copies(work: Path, native: Native = NO_NATIVE) -> Linked:
    """Symbols with several copies of all linkages that rustc can give, variables, module assembly."""
    files = []
    for name, source in (("main", _MAIN), ("first", _FIRST), ("second", _SECOND)):
        files.append(f"{name}.bc")
        compiled(work, name, source, "-Clinker-plugin-lto", "--emit=llvm-bc", f"-o{work / files[-1]}")
    return decide_twice(work, files, native)


def copies_and_native_code(work: Path) -> Linked:
    """The same beside an object."""
    compiled(work, "native", _NATIVE, "--emit=obj", f"-o{work / 'native.o'}")
    native = Native(objects=("native.o",), defines=frozenset({"odr", "weak"}), wants=frozenset({"dead"}))
    return copies(work, native)


PROGRAMS = [
    pytest.param(crossings, id="crossings"),
    pytest.param(copies, id="copies"),
    pytest.param(copies_and_native_code, id="copies and native code"),
]


@pytest.fixture(scope="module", params=PROGRAMS)
def linked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Linked:
    program: Callable[[Path], Linked] = request.param
    return program(tmp_path_factory.mktemp("oracle"))


def test_the_same_definitions_live(linked: Linked) -> None:
    assert linked.ours.live == linked.lld.live
    assert 0 < int(linked.plan.link.live.sum()) < int(linked.plan.index.summarized.sum())


def test_each_module_imports_the_same_from_the_same_modules(linked: Linked) -> None:
    assert linked.ours.imports == linked.lld.imports
    assert any(linked.ours.imports.values())


def test_the_same_is_refused_for_the_same_reason(linked: Linked) -> None:
    refused = {file: linked.lld.refused.get(file, {}) for file in linked.files}
    assert linked.ours.refused == refused
    assert any(refused.values())


def test_nothing_stays_external_that_lld_makes_local(linked: Linked) -> None:
    assert all(linked.ours.exported[file] <= linked.lld.exported[file] for file in linked.files)


def test_lld_keeps_more_only_where_the_only_reason_is_a_name_in_two_symbol_tables(linked: Linked) -> None:
    index, link = linked.plan.index, linked.plan.link
    for number, file in enumerate(linked.files):
        for guid in linked.lld.exported[file] - linked.ours.exported[file]:
            (symbol,) = index.find(np.array([guid], np.uint64))
            rows = np.flatnonzero((index.symbol == symbol) & (index.module == number))
            copied = link.read_only[rows].any() or link.write_only[rows].any()
            named = len(np.unique(index.module[index.symbol == symbol])) > 1
            assert copied or named or (index.linkage[rows] == Linkage.APPENDING).any()


def test_llvm_imports_all_that_the_shards_ask_for(linked: Linked, tmp_path: Path) -> None:
    units = [unit for unit in _units(linked, tmp_path) if unit.imports]
    # The small ones: this is about importing, not about code generation.
    units.sort(key=lambda unit: sum(member.bitcode.stat().st_size for member in unit.members))
    module = linked.plan.index.modules[0]
    results = run_units(
        units[:5],
        Codegen(triple=module.triple, opt_level="O1"),
        library=find_library(sysroot()),
        jobs=2,
        timeout=120,
        on_result=lambda _result: None,
    )
    assert [result.imported for result in results] == [unit.imports for unit in units[:5]]


def _units(linked: Linked, work: Path) -> list[Unit]:
    places = [Place(bitcode=linked.directory / file, label=file) for file in linked.files]
    paths = {number: str(place.bitcode) for number, place in enumerate(places)}
    found = []
    for number, file in enumerate(linked.files):
        index = work / f"{file}.thinlto.bc"
        index.write_bytes(shard(linked.plan, number, paths))
        found.append(unit_of(linked.plan, number, name=file, places=places, outputs=[work / f"{file}.o"], shard=index))
    return found


def test_a_copy_gives_way_to_one_that_stays(linked: Linked) -> None:
    index, fate = linked.plan.index, linked.plan.fates.fate
    others = np.flatnonzero(fate == Fate.OTHER_COPY)
    for row in others.tolist():
        prevailing = int(linked.plan.link.prevailing[index.symbol[row]])
        if prevailing < 0:
            assert index.name(row) in {"odr", "weak"}
            continue
        assert index.module[prevailing] != index.module[row]
        assert fate[prevailing] in {Fate.HIDDEN, Fate.VISIBLE}
