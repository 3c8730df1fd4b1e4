"""What a machine says of itself, and whether it fits a job."""

import os
import shutil
import socket
from collections.abc import Mapping
from pathlib import Path

import msgspec

from burnish import __version__
from burnish.cache import cache_directory
from burnish.cargo.invocation import Cargo
from burnish.cargo.toolchain import find_llvm, llvm_name
from burnish.errors import BurnishError
from burnish.machine import boot_id, cpu_name, usable_cores


class Rust(msgspec.Struct, frozen=True, kw_only=True):
    """A toolchain: all of ``rustc -vV``, where it lies, and its libLLVM by name and bytes, empty where it has none."""

    verbose: str
    sysroot: str
    library: str


class Greeting(msgspec.Struct, frozen=True, kw_only=True):
    """A machine.

    Attributes:
        burnish: its burnish's version.
        host: its name.
        boot: its running kernel, see `burnish.machine.boot_id`: workers of one machine share it.
        cpu: model of its processor.
        cores: that its processes may use.
        free: bytes where its cache lies.
        rusts: its toolchains, the one in use first.
    """

    burnish: str
    host: str
    boot: str = ""
    cpu: str
    cores: int
    free: int
    rusts: tuple[Rust, ...] = ()


def greet() -> bytes:
    """This machine's greeting, as JSON."""
    environment = dict(os.environ)
    place = cache_directory(environment)
    while not place.exists() and place != place.parent:
        place = place.parent
    return msgspec.json.encode(
        Greeting(
            burnish=__version__,
            host=socket.gethostname(),
            boot=boot_id(),
            cpu=cpu_name(),
            cores=usable_cores(),
            free=shutil.disk_usage(place).free,
            rusts=tuple(toolchains(environment)),
        )
    )


def read_greeting(data: bytes) -> Greeting:
    """A machine's greeting.

    Raises:
        msgspec.MsgspecError: it is none.
    """
    return msgspec.json.decode(data, type=Greeting)


def toolchains(environment: Mapping[str, str]) -> list[Rust]:
    """The toolchains here: the one that ``rustc`` is, then all that rustup has; asking installs none."""
    environment = {**environment, "RUSTUP_AUTO_INSTALL": "0"}
    found: dict[str, Rust] = {}
    try:
        in_use = Cargo(Path.cwd(), environment).text("rustc", "--print", "sysroot").strip()
    except (BurnishError, OSError):
        in_use = ""
    home = environment.get("RUSTUP_HOME") or str(Path(environment.get("HOME", "/")) / ".rustup")
    places = [*([Path(in_use)] if in_use else []), *sorted(Path(home).glob("toolchains/*"))]
    for place in places:
        sysroot = str(place.resolve())
        if sysroot in found or not (place / "bin" / "rustc").is_file():
            continue
        try:
            verbose = Cargo(Path.cwd(), {**environment, "RUSTC": str(place / "bin" / "rustc")}).text("rustc", "-vV")
        except (BurnishError, OSError):
            continue
        llvm = find_llvm(place)
        found[sysroot] = Rust(verbose=verbose, sysroot=sysroot, library=llvm_name(llvm) if llvm is not None else "")
    return list(found.values())
