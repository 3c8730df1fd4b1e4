"""Symbol resolution as lld does it: which archive members take part, whose definition prevails, who else looks at it.

Pure. Follows lld/ELF: files load in the order of the line; a member of an archive loads the moment an undefined symbol
asks for it, wherever the two stand (``Symbol::resolve``, Symbols.cpp; ``BitcodeFile::parse``, InputFiles.cpp), its
definitions before its references; ``BitcodeCompiler::add`` (LTO.cpp) then says what LTO must leave visible.

Not followed, as `LinkSymbol` does not carry it: among common symbols the first prevails, not the largest; COMDAT groups
count by their symbols; sections with a C name and ``__start_`` symbols; ``canBeOmittedFromSymbolTable``. Nor do common
symbols take members (``--fortran-common``, which lld no longer does by itself).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from burnish.errors import UnsupportedError
from burnish.lto.objects import Form, LinkInput, Resolution

_INTERNAL = 1
_HIDDEN = 2
_PROTECTED = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Exports:
    """What the link line says of the dynamic symbol table.

    Attributes:
        every: all definitions of default visibility go there (``-shared``, ``--export-dynamic``).
        dynamic: there is such a table even without a shared library (``-shared``, ``-pie``).
        is_listed: whether a dynamic list or ``--export-dynamic-symbol`` names the symbol.
        is_local: whether the version script keeps it back.
    """

    every: bool = False
    dynamic: bool = True
    is_listed: Callable[[str], bool] | None = None
    is_local: Callable[[str], bool] | None = None


def resolve(
    inputs: Sequence[LinkInput],
    *,
    roots: Iterable[str] = (),
    entry: str = "",
    kept: Iterable[str] = (),
    libcalls: Iterable[str] = (),
    exports: Exports | None = None,
    multiple_definitions: bool = False,
) -> Resolution:
    """Resolve the symbols of a link.

    Args:
        inputs: what is on the line, in its order; ``lazy`` where only a need takes it (archives, ``--start-lib``).
        roots: names the line itself refers to (``-u``, what the driver's own objects need): they take members.
        entry: the entry symbol: a root whose member loads after all else.
        kept: names that stay visible where they are defined, and take nothing (``-init``, ``-fini``, ``--defsym``).
        libcalls: functions that code generation may call: they take members that are bitcode.
        exports: what goes to the dynamic symbol table; that of an executable by default.
        multiple_definitions: ``-z muldefs``: the first of several strong definitions counts.

    Returns:
        The resolution. A strong definition in native code and another in bitcode stay visible both, so that the
        linker names them.

    Raises:
        UnsupportedError: two modules define the same strong symbol; the linker says so better.
    """
    table = _Table(inputs)
    wanted = tuple(roots)
    table.load_all(wanted, entry, libcalls)
    if not multiple_definitions:
        table.refuse_duplicates()
    prevailing = table.prevailing()
    exported = table.exported(prevailing, exports or Exports())
    visible = {name for name in (*wanted, entry, *kept) if name in prevailing}
    visible.update(name for name in table.natives if name in prevailing)
    visible.update(name for name in table.later() if name in prevailing)
    return Resolution(
        taken=tuple(table.taken),
        prevailing=prevailing,
        visible=exported.union(visible),
        exported=exported,
    )


class _Table:
    """The symbol table while files load. A name is defined (``owner``), shared, lazy or wanted: the first that holds.

    Attributes:
        owner: name -> input with the definition taken so far; ``weak`` and ``commons`` qualify it.
        lazy: name -> first archive member that offers a definition.
        wanted: strongly undefined names; ``unsure`` those that only shared libraries want: the first reference of an
            object decides whether they are weak. ``weakly``: names that something refers to weakly.
        shared: names that a shared library defines; ``dynamic`` those any of them mentions.
        natives: names that loaded native objects mention.
        hidden: names that leave the dynamic symbol table (the strictest visibility counts); ``protected`` likewise.
        mixed: names with several definitions, one of them at least in bitcode.
        duplicates: names with several strong definitions, and the inputs that have them.
    """

    def __init__(self, inputs: Sequence[LinkInput]) -> None:
        self.inputs = inputs
        self.bitcode = [item.object.form is Form.BITCODE for item in inputs]
        self.loaded = bytearray(len(inputs))
        self.taken: list[int] = []
        self.owner: dict[str, int] = {}
        self.weak: set[str] = set()
        self.commons: set[str] = set()
        self.lazy: dict[str, int] = {}
        self.wanted: set[str] = set()
        self.unsure: set[str] = set()
        self.weakly: set[str] = set()
        self.shared: set[str] = set()
        self.dynamic: set[str] = set()
        self.natives: set[str] = set()
        self.native_definitions: list[str] = []
        self.hidden: set[str] = set()
        self.protected: set[str] = set()
        self.mixed: set[str] = set()
        self.duplicates: dict[str, tuple[int, int]] = {}

    def load_all(self, roots: Iterable[str], entry: str, libcalls: Iterable[str]) -> None:
        self.wanted.update(roots)
        for index, item in enumerate(self.inputs):
            if item.object.form is Form.SHARED:
                self._share(index)
            elif item.lazy:
                self._offer(index)
            else:
                self._load(index)
        self._want(entry)
        for name in libcalls:
            member = self.lazy.get(name)
            if member is not None and name not in self.owner and self.bitcode[member]:
                self._load(member)

    def _offer(self, index: int) -> None:
        """A member of an archive: load it if its definitions are wanted already (``parseLazy``)."""
        for symbol in self.inputs[index].symbols:
            if not symbol.defined:
                continue
            name = symbol.name
            if name in self.owner:
                continue
            if name in self.wanted:
                self._load(index)
                return
            if name not in self.shared:
                self.lazy.setdefault(name, index)

    def _share(self, index: int) -> None:
        self.taken.append(index)
        for symbol in self.inputs[index].symbols:
            name = symbol.name
            self.dynamic.add(name)
            if not symbol.defined:
                self._share_reference(name, weak=symbol.weak)
            elif name not in self.owner and name not in self.hidden and name not in self.protected:
                self.lazy.pop(name, None)
                self.wanted.discard(name)
                self.shared.add(name)

    def _share_reference(self, name: str, *, weak: bool) -> None:
        """A shared library refers to a name; what is weakly undefined stays so (``Symbol::resolve(Undefined)``)."""
        if weak:
            self.weakly.add(name)
        elif name not in self.wanted and (name not in self.weakly or name in self.lazy):
            self.unsure.add(name)
            self._want(name)

    def _want(self, name: str) -> None:
        member = self._refer(name)
        if member is not None:
            self._load(member)

    def _refer(self, name: str) -> int | None:
        """A strong reference: the member that must load for it, if any."""
        if name in self.owner:
            return None
        if name in self.wanted:
            self.unsure.discard(name)
            return None
        if name in self.shared:
            return None
        self.wanted.add(name)
        return self.lazy.get(name)

    def _load(self, index: int) -> None:
        """Load a file, and depth first the members its references need. A stack: chains can be long."""
        if self.loaded[index]:
            return
        pending = [self._enter(index)]
        while pending:
            for name in pending[-1]:
                member = self._refer(name)
                if member is not None and not self.loaded[member]:
                    pending.append(self._enter(member))
                    break
            else:
                pending.pop()

    def _enter(self, index: int) -> Iterator[str]:
        """Take the file's definitions; its strong references are still to be followed."""
        self.loaded[index] = True
        self.taken.append(index)
        owner, references = self.owner, []
        native = not self.bitcode[index]
        for symbol in self.inputs[index].symbols:
            name = symbol.name
            if symbol.visibility:
                (self.protected if symbol.visibility == _PROTECTED else self.hidden).add(name)
                self.shared.discard(name)  # must be satisfied within this output
            if native:
                self.natives.add(name)
            if symbol.defined:
                if native:
                    self.native_definitions.append(name)
                if name in owner or symbol.weak or symbol.common:
                    self._define(name, index, weak=symbol.weak, common=symbol.common)
                else:
                    owner[name] = index
            elif not symbol.weak:
                references.append(name)
            else:
                self.weakly.add(name)
                if name in self.unsure:
                    self.unsure.discard(name)
                    self.wanted.discard(name)
        return iter(references)

    def _define(self, name: str, index: int, *, weak: bool, common: bool) -> None:
        """``Symbol::resolve`` and ``shouldReplace``: strong over common over weak; otherwise the first stays."""
        present = self.owner.get(name)
        if present is not None:
            if self.bitcode[present] or self.bitcode[index]:
                self.mixed.add(name)
            rank = self._rank(weak=name in self.weak, common=name in self.commons)
            new_rank = self._rank(weak=weak, common=common)
            if rank == new_rank == _STRONG and present != index:
                self.duplicates.setdefault(name, (present, index))
            if new_rank <= rank:
                return
        self.owner[name] = index
        for flag, names in ((weak and not common, self.weak), (common, self.commons)):
            (names.add if flag else names.discard)(name)

    @staticmethod
    def _rank(*, weak: bool, common: bool) -> int:
        if common:
            return _COMMON
        return _WEAK if weak else _STRONG

    def refuse_duplicates(self) -> None:
        for name, (first, second) in self.duplicates.items():
            if self.bitcode[first] and self.bitcode[second]:
                raise UnsupportedError(
                    f"duplicate symbol: {name} is defined in {self.inputs[first].object.label} "
                    f"and in {self.inputs[second].object.label}",
                    hint="rename one of the two, or keep one of the crates out of the link",
                )

    def prevailing(self) -> dict[str, int]:
        """The definitions taken, without the names that only native objects define."""
        found = dict(self.owner)
        for name in self.native_definitions:
            if name not in self.mixed:
                found.pop(name, None)
        return found

    def exported(self, prevailing: dict[str, int], exports: Exports) -> frozenset[str]:
        """``Symbol::includeInDynsym`` of the names."""
        if not exports.dynamic and not any(item.object.form is Form.SHARED for item in self.inputs):
            return frozenset()
        names: Iterable[str]
        if exports.every:
            names = prevailing.keys() - self.hidden
        else:
            names = (self.dynamic & prevailing.keys()) - self.hidden
            if exports.is_listed is not None:
                names.update(filter(exports.is_listed, prevailing.keys() - self.hidden))
        if exports.is_local is None:
            return frozenset(names)
        is_local = exports.is_local
        return frozenset(name for name in names if not is_local(name))

    def later(self) -> Iterator[str]:
        """What native members not taken refer to: code generation may still call for them (runtime libraries)."""
        for index, item in enumerate(self.inputs):
            if item.lazy and not self.loaded[index] and item.object.form is Form.NATIVE:
                yield from (symbol.name for symbol in item.symbols if not symbol.defined)


_WEAK, _COMMON, _STRONG = range(3)


def redefined(resolution: Resolution, names: Iterable[str]) -> tuple[str, ...]:
    """Which of the names that the linker gives another meaning (``--wrap``, ``--defsym``) are defined in bitcode.

    LTO would take such a definition for final and inline it (``LinkerRedefined``, LTO.h).
    """
    return tuple(sorted(name for name in set(names) if name in resolution.prevailing))
