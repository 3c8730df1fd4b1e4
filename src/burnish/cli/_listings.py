"""The code of functions for ``burnish xray --why``: LLVM of the toolchain reads it off the program."""

import os
from collections.abc import Iterable
from pathlib import Path

from burnish.cargo.invocation import Cargo
from burnish.cargo.toolchain import read_toolchain
from burnish.errors import BurnishError
from burnish.lto.listing import Instruction, listing
from burnish.lto.llvm import find_library
from burnish.xray.names import shown

#: Instructions of one function that are shown.
LONGEST = 40


def listings(product: Path, directory: Path, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The instructions of each function that can be shown, by its mangled name; the toolchain is ``directory``'s."""
    found: dict[str, tuple[str, ...]] = {}
    try:
        library = find_library(read_toolchain(Cargo(directory, os.environ)).sysroot)
    except BurnishError:
        return found
    for name in names:
        try:
            code = listing(product, name, library)
        except BurnishError:
            continue  # a variable, or code of a machine that LLVM here does not know
        found[name] = lines(code)
    return found


def lines(code: tuple[Instruction, ...]) -> tuple[str, ...]:
    """One line each, with the name of what is called or referred to; of long functions the beginning."""
    shown = [_line(each) for each in code[:LONGEST]]
    return (*shown, *([f"and {len(code) - LONGEST:,} more instructions"] if len(code) > LONGEST else []))


def _line(each: Instruction) -> str:
    return f"{each.text:<32}  {shown(each.target)}".rstrip() if each.target else each.text
