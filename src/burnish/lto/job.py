"""One link to do: its line, what rustc was told, and the toolchain it belongs to."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from burnish.errors import UnsupportedError
from burnish.lto.line.arguments import LinkLine, rewritten, with_references
from burnish.lto.line.rustc import RustcArguments
from burnish.lto.settings import Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkJob:
    """A link.

    Attributes:
        line: what rustc asked of the linker.
        told: what rustc itself was told, None where that cannot be known.
        sysroot: of the toolchain whose rustc asks.
    """

    line: LinkLine
    told: RustcArguments | None
    settings: Settings
    sysroot: Path

    @property
    def library(self) -> Path:
        """The toolchain's libLLVM.

        Raises:
            UnsupportedError: it ships none as a library.
        """
        # Only what runs backends pays for loading the module.
        from burnish.lto.llvm import find_library  # noqa: PLC0415

        return find_library(self.sysroot)

    @property
    def linker_choice(self) -> tuple[str, ...]:
        """Driver arguments that make it use the toolchain's lld, where the line does not say so already.

        Bitcode on the line needs a linker of the same LLVM.
        """
        if self.line.last("fuse-ld") == "lld":
            return ()
        places = sorted(self.sysroot.glob("lib/rustlib/*/bin/gcc-ld"))
        return (f"-B{places[0]}", "-fuse-ld=lld") if places else ("-fuse-ld=lld",)

    def with_inputs(self, replaced: Mapping[int, Sequence[str]], *, objects: Sequence[str]) -> LinkLine:
        """The line with other files in the place of some inputs, see `burnish.lto.line.arguments.rewritten`.

        A program that is to be looked into keeps symbols and relocations.
        """
        line = rewritten(self.line, replaced=replaced, objects=objects)
        return with_references(line) if self.settings.seen else line


def sysroot_of(pid: int, environment: Mapping[str, str]) -> Path:
    """The sysroot of the rustc that runs as ``pid``; ``BURNISH_SYSROOT`` says it where that cannot be read.

    Raises:
        UnsupportedError: neither says it.
    """
    if chosen := environment.get("BURNISH_SYSROOT"):
        return Path(chosen)
    try:
        program = Path(os.readlink(f"/proc/{pid}/exe"))  # noqa: PTH115  # the link's text, no resolving
    except OSError:
        program = Path()
    sysroot = program.parent.parent
    if not (sysroot / "lib" / "rustlib").is_dir():
        raise UnsupportedError(
            "the toolchain that calls the linker cannot be found",
            hint="set BURNISH_SYSROOT to what rustc --print sysroot says",
        )
    return sysroot
