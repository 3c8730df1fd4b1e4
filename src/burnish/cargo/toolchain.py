"""The user's Rust toolchain: versions, host, sysroot and the tools that ship in it."""

import re
from dataclasses import dataclass
from pathlib import Path

from burnish.cargo.invocation import Cargo
from burnish.errors import ToolError

#: Oldest toolchain whose profiles mean what `burnish.profile.effective` says: since 1.77 an unset `strip` drops
#: debug info where none is asked for (Cargo changelog 1.77).
MINIMUM = (1, 77)

_LLVM = ("lib/libLLVM.so*", "lib/libLLVM-*.so*", "lib/x86_64-linux-gnu/libLLVM*.so*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Toolchain:
    """What ``rustc -vV`` and ``cargo -V`` say.

    Attributes:
        rustc, cargo: first line of each.
        verbose: all of ``rustc -vV``: two toolchains that differ in a byte of it are different ones.
        host: target triple.
        llvm: LLVM version.
        sysroot: where rustc's own libraries and tools lie.
    """

    rustc: str
    cargo: str
    verbose: str
    host: str
    llvm: str
    sysroot: Path

    @property
    def objcopy(self) -> Path:
        """LLVM's objcopy as rustup ships it beside rust-lld."""
        return self.sysroot / "lib" / "rustlib" / self.host / "bin" / "rust-objcopy"

    @property
    def gcc_ld(self) -> Path:
        """The directory of ``ld.lld`` that a C compiler finds lld in (``-B``), as rustup ships it."""
        return self.sysroot / "lib" / "rustlib" / self.host / "bin" / "gcc-ld"


def read_toolchain(cargo: Cargo) -> Toolchain:
    """Ask rustc and cargo who they are.

    Raises:
        ToolError: one is missing, does not answer, or is too old.
    """
    cargo_version = cargo.text("cargo", "-V").strip()
    verbose = cargo.text("rustc", "-vV")
    facts = dict(line.split(": ", 1) for line in verbose.splitlines() if ": " in line)
    first = verbose.splitlines()[0] if verbose else ""
    check_version(first)
    return Toolchain(
        rustc=first,
        cargo=cargo_version,
        verbose=verbose,
        host=facts.get("host", ""),
        llvm=facts.get("LLVM version", ""),
        sysroot=Path(cargo.text("rustc", "--print", "sysroot").strip()),
    )


def check_version(first_line: str) -> None:
    """Refuse what is too old to mean the same by a profile.

    Raises:
        ToolError: too old, or not rustc at all.
    """
    match = re.match(r"rustc (\d+)\.(\d+)", first_line)
    if match is None:
        raise ToolError(f"rustc gave no version that can be read: {first_line!r}")
    version = int(match[1]), int(match[2])
    if version < MINIMUM:
        wanted = ".".join(map(str, MINIMUM))
        raise ToolError(
            f"{first_line} is too old: burnish needs rustc {wanted} or newer",
            hint="rustup update stable, or name a newer toolchain in rust-toolchain.toml",
        )


def find_llvm(sysroot: Path) -> Path | None:
    """The path of a toolchain's libLLVM; None where LLVM is linked into rustc itself."""
    for pattern in _LLVM:
        # a file of a few bytes is a linker script that names the library proper
        found = sorted(path for path in sysroot.glob(pattern) if path.is_file() and path.stat().st_size > 1 << 16)
        if found:
            return found[0].resolve()
    return None


def llvm_name(library: Path) -> str:
    """A libLLVM by name and bytes: no two releases share both."""
    return f"{library.name} {library.stat().st_size}"
