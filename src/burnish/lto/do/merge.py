"""Members of a unit to one module: only what lives, under the names that other units use.

Modules are read lazily and linked into fresh ones: LLVM's linker then never reads the bodies of definitions that are
local and not referred to. Every link looks at all types of the destination, so many members go through groups first.
"""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from burnish.lto.backend import Member
from burnish.lto.llvm import Context, Linkage, Module, ValueRef, Visibility

Item = TypeVar("Item")

_INTERPOSABLE = frozenset({Linkage.LINK_ONCE_ANY, Linkage.WEAK_ANY, Linkage.COMMON})
_KEPT: Mapping[int, Linkage] = {Linkage.LINK_ONCE_ANY: Linkage.WEAK_ANY, Linkage.LINK_ONCE_ODR: Linkage.WEAK_ODR}

#: Modules in a group, and groups in a group: 448 modules link in a tenth of the time that one after the other takes.
_TOGETHER = 8


def encoded(name: str) -> bytes:
    """A symbol's name as LLVM has it; names need not be UTF-8."""
    return name.encode("utf-8", "surrogateescape")


def merge_members(context: Context, members: tuple[Member, ...], *, strip_debug: bool) -> Module:
    """One module of all members.

    Raises:
        LlvmError: a member is no module of this LLVM, or they do not go together.
    """
    parts = []
    for group in _groups(members):
        part = context.new_module("burnish")
        for member in group:
            part.link_in(prepare(context, member, strip_debug=strip_debug))
        parts.append(part)
    while len(parts) > 1:
        parts = [_joined(group) for group in _groups(parts)]
    return parts[0]


def _groups(items: Sequence[Item]) -> list[Sequence[Item]]:
    return [items[start : start + _TOGETHER] for start in range(0, len(items), _TOGETHER)]


def _joined(parts: Sequence[Module]) -> Module:
    whole, *others = parts
    for part in others:
        whole.link_in(part)
    return whole


def prepare(context: Context, member: Member, *, strip_debug: bool) -> Module:
    """A member's module, read lazily: exported locals renamed, dead definitions local, lost copies for inlining only.

    Raises:
        LlvmError: it is no module of this LLVM.
    """
    module = context.parse(member.bitcode, lazy=True)
    if strip_debug:
        module.strip_debug()
    for name, promoted in member.promote.items():
        if (value := module.named(encoded(name))) is not None:
            module.rename(value, encoded(promoted))
            module.set_linkage(value, Linkage.EXTERNAL)
            module.set_visibility(value, Visibility.HIDDEN)
    for name in member.dead:
        if (value := module.named(encoded(name))) is not None:
            internalize(module, value)
    for name in member.other_copies:
        if (value := module.named(encoded(name))) is not None and not module.is_declaration(value):
            _yield_to_other(module, value)
    for value in list(module.globals()):
        keep_prevailing(module, value)
    return module


def _yield_to_other(module: Module, value: ValueRef) -> None:
    """Another module's copy prevails: what says the same may be inlined, what may differ is only declared.

    ``thinLTOFinalizeInModule`` and ``convertToDeclaration`` (llvm/lib/Transforms/IPO/FunctionImport.cpp).
    """
    module.clear_comdat(value)
    if module.linkage(value) in _INTERPOSABLE:
        module.replace_by_declaration(value)
        internalize(module, value)
    else:
        module.set_linkage(value, Linkage.AVAILABLE_EXTERNALLY)


def keep_prevailing(module: Module, value: ValueRef) -> None:
    """A copy that prevails must stay even where its own module does not use it: another one does.

    ``thinLTOResolvePrevailingInModule``; LLVM's linker would not even take it over.
    """
    kept = _KEPT.get(module.linkage(value))
    if kept is not None and not module.is_declaration(value):
        module.set_linkage(value, kept)


def internalize(module: Module, value: ValueRef) -> None:
    """Make a definition local, and no member of a group: another file's group must not displace it."""
    if not module.is_declaration(value):
        module.clear_comdat(value)
        module.set_linkage(value, Linkage.INTERNAL, Visibility.DEFAULT)
