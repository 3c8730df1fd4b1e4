"""Names as Rust writes them, and what generics share. Pure."""

import re
from functools import lru_cache
from typing import Final

from pyderust import DemangleError, demangle

_ARGUMENTS: Final = re.compile(r"(?<=[\w>])(?:::)?<[^<>]*>")
_APPENDED: Final = re.compile(r"(?<=[\w}>])(?:\.(?:llvm|cold|part|constprop|\d+))+\Z")
#: Nobody wrote these: constants, vtables and tables of switches, under names that LLVM, rustc and burnish's split of
#: code generation (`burnish.lto.do.split`) make up.
_MADE_UP: Final = re.compile(
    r"(?:\.L)?(?:anon\.[0-9a-f]+\.\d+|alloc_[0-9a-f]{32}|vtable\.\d+|switch\.table|str\.\d+|L\$[0-9a-f]+\Z)"
)


#: In place of a name, with the crate: a constant, a string, a vtable.
UNNAMED: Final = "[constant]"


@lru_cache(maxsize=1 << 18)
def shown(mangled: str) -> str:
    """A linker's name, v0 or legacy, as Rust writes it and without its hash; another language's as it is."""
    try:
        return str(demangle(mangled))
    except (DemangleError, UnicodeEncodeError):  # the other: a name of bytes that are no text
        return mangled


def without_arguments(name: str) -> str:
    """``a::Vec<u8>::push`` as ``a::Vec::push``; a leading ``<A as B>`` stays, it is no argument."""
    before = ""
    while before != name:
        before, name = name, _ARGUMENTS.sub("", name.replace("->", "\0")).replace("\0", "->")
    return name


def bare_name(name: str) -> str:
    """The same without what LLVM appends to the names of parts and copies, ``.0`` or ``.llvm.123``."""
    return _APPENDED.sub("", without_arguments(name))


def is_made_up(mangled: str) -> bool:
    """Whether the compiler named it for itself: nothing in the name says whose it is."""
    return _MADE_UP.match(mangled) is not None
