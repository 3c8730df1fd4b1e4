"""Binding and ownership, tried on the C library: every process has it."""

import ctypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from burnish.errors import LlvmError, UnsupportedError
from burnish.lto.llvm import find_library, load, option_arguments
from burnish.lto.llvm._functions import FUNCTIONS, TARGETS, MessageRef, ModuleRef, Pointer, ValueRef
from burnish.lto.llvm._handle import Handle
from burnish.lto.llvm._library import Library, bind

_LIBC = ctypes.CDLL(None)
_TABLE: Mapping[str, Any] = {"strlen": (ctypes.c_size_t, (MessageRef,)), "getenv": (ValueRef, (ctypes.c_char_p,))}


class _Owned(Handle[ModuleRef]):
    def __init__(self, log: list[int]) -> None:
        super().__init__(ModuleRef(42))
        self._log = log

    def _dispose(self, pointer: ModuleRef) -> None:
        self._log.append(pointer.value or 0)


def test_a_pointer_of_one_type_is_refused_where_another_is_asked_for() -> None:
    functions = bind(_LIBC, _TABLE, name="libc")
    text = ctypes.create_string_buffer(b"four")
    assert functions.strlen(MessageRef(ctypes.addressof(text))) == 4
    with pytest.raises(ctypes.ArgumentError):
        functions.strlen(ValueRef(ctypes.addressof(text)))


def test_results_have_the_types_of_the_table() -> None:
    value = bind(_LIBC, _TABLE, name="libc").getenv(b"NO_SUCH_VARIABLE_IN_ANY_ENVIRONMENT")
    assert isinstance(value, ValueRef)
    assert not value


def test_all_functions_that_a_library_lacks_are_named_at_once() -> None:
    table = {**_TABLE, "LLVMFirstMissing": (None, ()), "LLVMSecondMissing": (None, ())}
    with pytest.raises(LlvmError, match="libc does not have LLVMFirstMissing, LLVMSecondMissing") as caught:
        bind(_LIBC, table, name="libc")
    assert "--engine lld" in caught.value.hint


def test_a_function_outside_of_the_table_cannot_be_called() -> None:
    with pytest.raises(AttributeError, match="abort stands in no row"):
        bind(_LIBC, _TABLE, name="libc").abort()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_row_states_the_type_of_each_pointer(name: str) -> None:
    result, arguments = FUNCTIONS[name]
    mine = [kind for kind in (result, *arguments) if isinstance(kind, type) and issubclass(kind, ctypes.c_void_p)]
    assert all(kind is ctypes.c_void_p or issubclass(kind, Pointer) for kind in mine)
    assert name.startswith("LLVM")


def test_a_handle_is_closed_once() -> None:
    log: list[int] = []
    with _Owned(log) as handle:
        assert handle.pointer.value == 42
    handle.close()
    assert log == [42]


def test_a_handle_given_away_is_not_closed() -> None:
    log: list[int] = []
    with _Owned(log) as handle:
        handle.detach()
    assert log == []


@pytest.mark.parametrize("end", ["close", "detach"])
def test_a_handle_is_refused_after_its_end(end: str) -> None:
    handle = _Owned([])
    getattr(handle, end)()
    with pytest.raises(ValueError, match="closed or handed over"):
        _ = handle.pointer


def test_a_toolchain_without_libllvm_says_what_to_use_instead(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "libLLVM-22-rust-1.95.0-stable.so").write_text("INPUT(libLLVM.so.22)")
    with pytest.raises(UnsupportedError, match="no libLLVM") as caught:
        find_library(tmp_path)
    assert "--engine lld" in caught.value.hint


def test_libllvm_is_found_beside_its_linker_script(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "libLLVM.so").write_text("INPUT(libLLVM.so.22)")
    library = tmp_path / "lib" / "libLLVM.so.22.1-rust-1.95.0-stable"
    library.write_bytes(bytes(1 << 17))
    assert find_library(tmp_path) == library


def test_a_file_that_is_no_library_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "libLLVM.so").write_bytes(b"no ELF")
    with pytest.raises(LlvmError, match=r"cannot load .*libLLVM\.so"):
        load(tmp_path / "libLLVM.so")


class _OfVersion(Library):
    def __init__(self, version: tuple[int, int, int]) -> None:
        self.version = version


@pytest.mark.parametrize(
    ("producer", "taken"),
    [
        pytest.param("LLVM22.1.2-rust-1.95.0-stable", True, id="the same"),
        pytest.param("LLVM22.1.2", True, id="the same, from elsewhere"),
        pytest.param("LLVM22.1.4-rust-1.96.0-nightly", False, id="a later patch"),
        pytest.param("LLVM21.1.2-rust-1.90.0-stable", False, id="an earlier one"),
        pytest.param("APPLE_1_1600.0.26.6_0", False, id="Apple's count"),
        pytest.param("", False, id="none"),
    ],
)
def test_only_bitcode_of_the_same_llvm_is_taken(producer: str, *, taken: bool) -> None:
    library = _OfVersion((22, 1, 2))
    if taken:
        library.check_producer(producer)
    else:
        with pytest.raises(UnsupportedError, match=r"the toolchain's LLVM 22\.1\.2"):
            library.check_producer(producer)


def test_targets_are_named_by_the_first_part_of_a_triple() -> None:
    assert TARGETS["x86_64"] == TARGETS["i686"] == "X86"
    assert TARGETS["aarch64"] == "AArch64"


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        pytest.param((), "-mergefunc-use-aliases", id="rustc's"),
        pytest.param(("-mergefunc-use-aliases=false",), "-mergefunc-use-aliases=false", id="the user's instead"),
    ],
)
def test_an_llvm_option_of_the_users_takes_the_place_of_rustcs(own: tuple[str, ...], expected: str) -> None:
    arguments = option_arguments(own)
    assert [each for each in arguments if each.startswith("-mergefunc-use-aliases")] == [expected]
    assert "-import-cold-multiplier=0.1" in arguments
