"""The toolchain's own libLLVM through the table: modules read, changed, linked, made to code."""

from pathlib import Path

import backend_inputs
import pytest

from burnish.errors import LlvmError, UnsupportedError
from burnish.lto.backend import Member
from burnish.lto.llvm import (
    Context,
    Library,
    Linkage,
    MachineOptions,
    Module,
    PassOptions,
    TargetMachine,
    Visibility,
    find_library,
    load,
    run_passes,
)

pytestmark = pytest.mark.cargo

_OPTIONS = MachineOptions(triple=backend_inputs.TRIPLE, cpu="x86-64")

_SOURCE = """
#[no_mangle] pub fn public(x: u32) -> u32 { local(x) }
#[inline(never)] fn local(x: u32) -> u32 { x.wrapping_mul(3) }
#[no_mangle] pub static TABLE: [u32; 2] = [1, 2];
"""


@pytest.fixture(scope="module")
def library() -> Library:
    library = load(find_library(backend_inputs.sysroot()))
    library.initialize_target(_OPTIONS.triple)
    return library


@pytest.fixture(scope="module")
def member(tmp_path_factory: pytest.TempPathFactory) -> Member:
    return backend_inputs.compile_module(tmp_path_factory.mktemp("member"), "small", _SOURCE, "-Cdebuginfo=2")


def _definitions(module: Module) -> dict[bytes, Linkage]:
    return {
        module.name(value): Linkage(module.linkage(value))
        for value in module.globals()
        if not module.is_declaration(value)
    }


def _local_name(module: Module) -> bytes:
    (name,) = [
        name for name, linkage in _definitions(module).items() if linkage is Linkage.INTERNAL and b"local" in name
    ]
    return name


def test_the_library_is_of_the_version_that_the_engine_knows(library: Library) -> None:
    assert library.version[0] == 22


@pytest.mark.parametrize("lazy", [True, False], ids=["lazy", "eager"])
def test_a_module_shows_its_definitions(library: Library, member: Member, *, lazy: bool) -> None:
    with Context(library) as context, context.parse(member.bitcode, lazy=lazy) as module:
        found = _definitions(module)
        assert found[b"public"] is found[b"TABLE"] is Linkage.EXTERNAL
        assert _local_name(module)
        assert module.triple == _OPTIONS.triple
        assert all(text.startswith("rustc version") for text in module.compilers())


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"no bitcode at all", id="text"),
        pytest.param(b"BC\xc0\xde", id="only the magic"),
        pytest.param(None, id="cut short"),
    ],
)
@pytest.mark.parametrize("lazy", [True, False], ids=["lazy", "eager"])
def test_what_is_no_module_is_an_error_with_llvms_words(
    library: Library, member: Member, tmp_path: Path, content: bytes | None, *, lazy: bool
) -> None:
    path = tmp_path / "bad.bc"
    path.write_bytes(member.bitcode.read_bytes()[:-2000] if content is None else content)
    with Context(library) as context, pytest.raises(LlvmError, match=r"bad\.bc: \w+"):
        context.parse(path, lazy=lazy)


def test_a_missing_file_is_an_error(library: Library, tmp_path: Path) -> None:
    with Context(library) as context, pytest.raises(LlvmError, match="No such file"):
        context.parse(tmp_path / "none.bc", lazy=True)


def test_linking_moves_a_module_and_ends_its_handle(library: Library, member: Member) -> None:
    with Context(library) as context, context.new_module("whole") as whole:
        part = context.parse(member.bitcode, lazy=True)
        whole.link_in(part)
        assert b"public" in _definitions(whole)
        assert whole.triple == _OPTIONS.triple
        with pytest.raises(ValueError, match="handed over"):
            part.triple  # noqa: B018 - asking is what fails


def test_two_definitions_of_one_name_are_an_error(library: Library, member: Member) -> None:
    with Context(library) as context, context.new_module("whole") as whole:
        whole.link_in(context.parse(member.bitcode, lazy=True))
        with pytest.raises(LlvmError, match="symbol multiply defined"):
            whole.link_in(context.parse(member.bitcode, lazy=True))


def test_names_and_linkages_change(library: Library, member: Member) -> None:
    with Context(library) as context, context.parse(member.bitcode, lazy=False) as module:
        value = module.named(_local_name(module))
        assert value is not None
        module.rename(value, b"renamed")
        module.set_linkage(value, Linkage.EXTERNAL)
        module.set_visibility(value, Visibility.HIDDEN)
        assert _definitions(module)[b"renamed"] is Linkage.EXTERNAL
        assert module.visibility(value) == Visibility.HIDDEN
        assert module.named(b"no such name") is None


def test_an_unknown_pass_is_an_error_with_its_name(library: Library, member: Member) -> None:
    with (
        Context(library) as context,
        context.parse(member.bitcode, lazy=False) as module,
        TargetMachine(library, _OPTIONS) as machine,
        PassOptions(library, "O3") as options,
        pytest.raises(LlvmError, match="no-such-pass"),
    ):
        run_passes(module, "globaldce,no-such-pass", machine, options)


def test_internal_definitions_that_nobody_uses_go(library: Library, member: Member) -> None:
    with (
        Context(library) as context,
        context.parse(member.bitcode, lazy=False) as module,
        TargetMachine(library, _OPTIONS) as machine,
        PassOptions(library, "O3") as options,
    ):
        value = module.named(b"public")
        assert value is not None
        module.set_linkage(value, Linkage.INTERNAL, Visibility.DEFAULT)
        run_passes(module, "globaldce", machine, options)
        assert _definitions(module) == {b"TABLE": Linkage.EXTERNAL}


def test_wrong_module_assembly_is_an_error_not_the_end(library: Library, tmp_path: Path) -> None:
    source = 'core::arch::global_asm!("burnish_label: nop");'
    twice = [backend_inputs.compile_module(tmp_path, name, source) for name in ("one", "two")]
    with (
        Context(library) as context,
        context.new_module("whole") as whole,
        TargetMachine(library, _OPTIONS) as machine,
    ):
        for member in twice:
            whole.link_in(context.parse(member.bitcode, lazy=True))
        assert whole.assembly().count(b"burnish_label") == 2
        with pytest.raises(LlvmError, match=r"burnish_label.* already defined"):
            machine.emit(whole)
        whole.clear_assembly()
        assert whole.assembly() == b""


def test_a_copy_without_debug_info_has_the_same_definitions(library: Library, member: Member, tmp_path: Path) -> None:
    with Context(library) as context, context.parse(member.bitcode, lazy=False) as module:
        names = _definitions(module)
        assert module.strip_debug()
        assert not module.strip_debug()
        with module.write_bitcode() as buffer:
            (tmp_path / "copy.bc").write_bytes(buffer.view())
    assert (tmp_path / "copy.bc").stat().st_size < member.bitcode.stat().st_size
    with Context(library) as context, context.parse(tmp_path / "copy.bc", lazy=False) as module:
        assert _definitions(module) == names


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(MachineOptions(triple="quux-none-none"), "quux", id="target"),
        pytest.param(MachineOptions(triple=_OPTIONS.triple, opt_level="O9"), "O9", id="level"),
        pytest.param(MachineOptions(triple=_OPTIONS.triple, relocation_model="tape"), "tape", id="relocation model"),
        pytest.param(MachineOptions(triple=_OPTIONS.triple, code_model="huge"), "huge", id="code model"),
    ],
)
def test_what_llvm_has_no_machine_for_is_an_error(library: Library, options: MachineOptions, message: str) -> None:
    with pytest.raises(LlvmError, match=message):
        TargetMachine(library, options)


def test_an_unknown_architecture_is_left_to_lld(library: Library) -> None:
    with pytest.raises(UnsupportedError, match="quux-none-none"):
        library.initialize_target("quux-none-none")
