"""What stands on a link line as values: objects, alone or as members of archives, and the symbols a linker sees."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Form(StrEnum):
    """What an object is to the link."""

    BITCODE = "bitcode"
    NATIVE = "native"
    SHARED = "shared"
    OTHER = "other"  # rustc's metadata, text, what no linker of ours reads


@dataclass(frozen=True, kw_only=True, slots=True)
class Object:
    """One object file, or one member of an archive.

    Attributes:
        path: the file on disk.
        member: the member's name in the archive ``path``, empty where the file is the object itself.
        offset, size: where the object's bytes lie in the file.
        form: what it is; an ELF object that carries its module in ``.llvmbc`` is BITCODE.
        module: offset and size of the bitcode in the file, where there is any.
    """

    path: Path
    member: str
    offset: int
    size: int
    form: Form
    module: tuple[int, int] | None = None

    @property
    def label(self) -> str:
        """``libstd.rlib(std.o)``, as linkers write it."""
        return f"{self.path.name}({self.member})" if self.member else self.path.name


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkSymbol:
    """A global symbol as linkers see it; ``visibility`` is ELF's: 0 default, 1 internal, 2 hidden, 3 protected."""

    name: str
    defined: bool
    weak: bool = False
    common: bool = False
    visibility: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkInput:
    """An object on the link line with its symbols. ``lazy``: a member of an archive, taken only where it is needed."""

    object: Object
    symbols: tuple[LinkSymbol, ...]
    lazy: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolution:
    """Which copy of each symbol the link takes, and who else looks at it (``lto::SymbolResolution``, LTO.h).

    Attributes:
        taken: the inputs that take part, in the order a linker loads them; indices of the inputs given.
        prevailing: symbol name -> index of the input whose definition is taken; only names that some BITCODE
            input taken defines.
        visible: of those names, the ones that native objects, shared libraries or the link line refer to or define
            (``VisibleToRegularObj``).
        exported: of those names, the ones in the dynamic symbol table (``ExportDynamic``).
    """

    taken: tuple[int, ...]
    prevailing: dict[str, int]
    visible: frozenset[str]
    exported: frozenset[str]
