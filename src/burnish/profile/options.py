"""The one table of options: names, values, defaults, meaning, cost. Help, space, ids and documentation derive from it.

Spelling and defaults: the Cargo reference, "Profiles"; rustc book, "Codegen Options".
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class OptLevel(StrEnum):
    """``opt-level``."""

    O0 = "0"
    O1 = "1"
    O2 = "2"
    O3 = "3"
    S = "s"
    Z = "z"


class Lto(StrEnum):
    """``lto``. ``FALSE`` is thin-local LTO inside each crate; ``true`` in a manifest is ``FAT``."""

    OFF = "off"
    FALSE = "false"
    THIN = "thin"
    FAT = "fat"


class Panic(StrEnum):
    """``panic``."""

    UNWIND = "unwind"
    ABORT = "abort"


class Strip(StrEnum):
    """``strip``. Unset is no value of its own: see `burnish.profile.effective`."""

    NONE = "none"
    DEBUGINFO = "debuginfo"
    SYMBOLS = "symbols"


@dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    """One option of a profile as burnish varies it.

    Attributes:
        key: Cargo's spelling.
        values: what the default space tries, in the spelling of profile ids; ``unset`` for no value at all.
        default: what Cargo's release profile does where the key is absent.
        meaning: one sentence.
        cost: what it may cost, one sentence.
        changes_behaviour: the program may do something else; never in the space unless allowed.
    """

    key: str
    values: tuple[str, ...]
    default: str
    meaning: str
    cost: str
    changes_behaviour: tuple[str, ...] = ()


OPTIONS: Final = (
    Option(
        key="opt-level",
        values=("1", "2", "3", "s", "z"),
        default="3",
        meaning="how hard LLVM optimizes, for speed (1, 2, 3) or for size (s, z)",
        cost="s and z trade speed for size; 3 may be larger than 2 and is not always faster",
    ),
    Option(
        key="lto",
        values=("off", "false", "thin", "fat"),
        default="false",
        meaning="what LLVM may optimize across: nothing (off), the units of one crate (false), all crates (thin, fat)",
        cost="build time and memory, at each rebuild of the final crate; fat uses one core",
    ),
    Option(
        key="codegen-units",
        values=("unset", "1", "16"),
        default="unset",
        meaning="how many LLVM modules a crate is split into; unset merges small ones and is not the same as 16",
        cost="1 compiles each crate on one core",
    ),
    Option(
        key="panic",
        values=("unwind", "abort"),
        default="unwind",
        meaning="what a panic does: unwind the stack and run Drop, or end the process",
        cost="abort: catch_unwind catches nothing, a panicking thread ends the program, Drop does not run",
        changes_behaviour=("abort",),
    ),
    Option(
        key="strip",
        values=("none", "debuginfo", "symbols"),
        default="debuginfo",
        meaning="what the linker drops from the file; the code stays the same",
        cost="symbols: backtraces and profilers show no function names",
    ),
)

BY_KEY: Final = {option.key: option for option in OPTIONS}

#: How `codegen-units` without a value is written where a value is asked for.
UNSET: Final = "unset"
