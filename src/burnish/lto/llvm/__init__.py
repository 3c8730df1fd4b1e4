"""libLLVM of the user's toolchain, as typed Python. All that calls LLVM is below here.

A process that calls more than `find_library` and `load` should be one that may end: LLVM aborts where it meets what it
did not expect, and its command-line options belong to the whole process.
"""

from burnish.lto.llvm._disassembler import Decoded, Disassembler
from burnish.lto.llvm._functions import Linkage, Severity, ValueRef, Visibility
from burnish.lto.llvm._library import Library, find_library, load
from burnish.lto.llvm._machine import MachineOptions, TargetMachine, heeds_section_flags
from burnish.lto.llvm._module import LOCAL, Buffer, Context, Diagnostic, Module
from burnish.lto.llvm._passes import PassOptions, option_arguments, run_passes

__all__ = [
    "LOCAL",
    "Buffer",
    "Context",
    "Decoded",
    "Diagnostic",
    "Disassembler",
    "Library",
    "Linkage",
    "MachineOptions",
    "Module",
    "PassOptions",
    "Severity",
    "TargetMachine",
    "ValueRef",
    "Visibility",
    "find_library",
    "heeds_section_flags",
    "load",
    "option_arguments",
    "run_passes",
]
