"""The shim: a small Rust program that stands next to rustc and the workload, compiled once with the user's rustc."""

import hashlib
import os
from importlib import resources
from pathlib import Path

from burnish.cargo.invocation import Cargo
from burnish.cargo.toolchain import Toolchain
from burnish.errors import ToolError


def shim_source() -> bytes:
    """The source that ships in the package."""
    return resources.files("burnish.build").joinpath("shim.rs").read_bytes()


def ensure_shim(cargo: Cargo, toolchain: Toolchain, directory: Path) -> Path:
    """The compiled shim in ``directory``, named after its source and toolchain; compiled where it is missing.

    Raises:
        ToolError: rustc cannot compile and link a program (no linker, most often).
    """
    source = shim_source()
    digest = hashlib.sha256(source + toolchain.verbose.encode()).hexdigest()[:16]
    shim = directory / f"burnish-shim-{digest}"
    if shim.is_file():
        return shim
    directory.mkdir(parents=True, exist_ok=True)
    text = directory / f"{shim.name}.rs"
    text.write_bytes(source)
    unfinished = directory / f"{shim.name}.{os.getpid()}"
    flags = ("--edition", "2021", "-C", "opt-level=2", "-C", "panic=abort", "-C", "strip=symbols")
    run = cargo.run("rustc", (*flags, "--crate-name", "burnish_shim", "-o", str(unfinished), str(text)))
    if run.code != 0:
        raise ToolError(
            f"rustc cannot build a small program:\n{run.error}",
            hint="a linker is needed: install gcc or clang (Debian: build-essential)",
        )
    unfinished.replace(shim)
    return shim


def guard(shim: Path) -> tuple[str, ...]:
    """What is put in front of a command so that it ends with this process, however that ends (`Cargo.guard`)."""
    return (str(shim), "--burnish-exec", str(os.getpid()))
