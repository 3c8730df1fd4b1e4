"""What burnish needs of a machine, what was found, and how to get what is missing."""

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from burnish.cache import cache_directory
from burnish.cargo.invocation import Cargo
from burnish.cargo.toolchain import MINIMUM, Toolchain, read_toolchain
from burnish.errors import BurnishError
from burnish.lto.build import HOSTS
from burnish.lto.llvm import find_library
from burnish.measure.instructions import Counter, find_counter
from burnish.units import format_bytes

#: Bytes that a tune of a middle-sized project easily takes in its target directory.
_ROOM = 5 * 10**9


class State(StrEnum):
    """How a requirement stands."""

    OK = "ok"
    MISSING = "missing"
    LIMITED = "limited"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One requirement.

    Attributes:
        name: what is needed.
        state: ``LIMITED``: burnish works without it, and something does not.
        found: what is there.
        serves: what it is needed for.
        remedy: how to get it; empty where nothing is missing.
    """

    name: str
    state: State
    found: str
    serves: str
    remedy: str = ""


def examine(directory: Path, environment: Mapping[str, str]) -> tuple[Finding, ...]:
    """Look at everything, in the order in which it is needed."""
    findings = [_platform(), _python()]
    cargo = Cargo(directory, environment)
    try:
        toolchain = read_toolchain(cargo)
    except BurnishError as error:
        remedy = error.hint or "install Rust with rustup: https://rustup.rs"
        findings.append(_missing("cargo and rustc", error.message.splitlines()[0], "everything", remedy))
    else:
        findings.extend(_of_toolchain(toolchain))
    findings.append(_linker(environment))
    findings.append(_counter(environment))
    findings.extend(_extras())
    findings.extend(_room(directory, environment))
    return tuple(findings)


def _ok(name: str, found: str, serves: str) -> Finding:
    return Finding(name=name, state=State.OK, found=found, serves=serves)


def _missing(name: str, found: str, serves: str, remedy: str) -> Finding:
    return Finding(name=name, state=State.MISSING, found=found, serves=serves, remedy=remedy)


def _limited(name: str, found: str, serves: str, remedy: str) -> Finding:
    return Finding(name=name, state=State.LIMITED, found=found, serves=serves, remedy=remedy)


def _platform() -> Finding:
    found = f"{platform.system()} {platform.machine()}"
    if sys.platform != "linux":
        return _missing("system", found, "everything", "burnish works on Linux; in a container too")
    if platform.machine() != "x86_64":
        return _limited("system", found, "everything", "tested on x86_64; tell us how it goes")
    return _ok("system", found, "everything")


def _python() -> Finding:
    return _ok("Python", platform.python_version(), "everything")


def _of_toolchain(toolchain: Toolchain) -> Iterator[Finding]:
    yield _ok("cargo and rustc", f"{toolchain.rustc} (needed: {'.'.join(map(str, MINIMUM))})", "everything")
    again = "rustup toolchain install stable: distributions' own packages leave it out"
    try:
        library = find_library(toolchain.sysroot)
    except BurnishError:
        yield _limited("libLLVM of rustc", "not in the sysroot", "burnish build, xray", again)
    else:
        words = f"LLVM {toolchain.llvm}, {library.name}"
        if toolchain.host in HOSTS:
            yield _ok("libLLVM of rustc", words, "burnish build, xray")
        else:
            remedy = "burnish build --engine lld, or cargo's own lto"
            yield _limited("libLLVM of rustc", f"{words}, host {toolchain.host}", "burnish build, xray", remedy)
    lld = toolchain.gcc_ld / "ld.lld"
    if lld.is_file():
        yield _ok("lld of rustc", "ships with the toolchain", "layouts, --engine lld")
    else:
        yield _limited("lld of rustc", "not in the sysroot", "layouts, --engine lld", again)
    if toolchain.objcopy.is_file():
        yield _ok("objcopy of rustc", "ships with the toolchain", "strip without a second link")
    else:
        yield _limited("objcopy of rustc", "not in the sysroot", "strip without a second link", again)


def _linker(environment: Mapping[str, str]) -> Finding:
    found = shutil.which("cc", path=environment.get("PATH"))
    if found is None:
        return _missing("C compiler as linker", "no cc", "every Rust build", "apt install gcc libc6-dev, or the like")
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False, env=dict(environment))
    return _ok("C compiler as linker", (said.stdout.splitlines() or [found])[0], "every Rust build")


def _counter(environment: Mapping[str, str]) -> Finding:
    serves = "instruction counts"
    counter = find_counter("auto", environment)
    if counter is Counter.PERF:
        return _ok("perf or valgrind", "perf, with hardware counters", serves)
    if counter is Counter.VALGRIND:
        return _ok("perf or valgrind", "valgrind", f"{serves}, --per-crate")
    return _limited("perf or valgrind", "neither", f"{serves}, --per-crate", "apt install valgrind, or the like")


#: Optional packages: name, a module of theirs, what they serve, the extra.
_EXTRAS = (
    ("tree-sitter", "tree_sitter_rust", "burnish audit", "audit"),
    ("starlette and uvicorn", "uvicorn", "burnish ui", "ui"),
    ("Dask's distributed", "distributed", "--cluster of burnish build and tune", "cluster"),
)


def _extras() -> Iterator[Finding]:
    for name, module, serves, extra in _EXTRAS:
        if importlib.util.find_spec(module) is not None:
            yield _ok(name, "installed", serves)
        else:
            yield _limited(name, "not installed", serves, f"pip install 'burnish[{extra}]'")


def _room(directory: Path, environment: Mapping[str, str]) -> Iterator[Finding]:
    for name, path, serves in (
        ("room for builds", directory, "burnish tune"),
        ("cache", cache_directory(environment), "burnish build"),
    ):
        there = next(each for each in (path, *path.parents) if each.exists())
        free = shutil.disk_usage(there).free
        words = f"{format_bytes(free)} free at {path}"
        if not os.access(there, os.W_OK):
            yield _limited(
                name, f"{path} cannot be written", serves, "another place: CARGO_TARGET_DIR, BURNISH_CACHE_DIR"
            )
        elif free < _ROOM:
            yield _limited(name, words, serves, f"{format_bytes(_ROOM)} are easily taken: make room")
        else:
            yield _ok(name, words, serves)
