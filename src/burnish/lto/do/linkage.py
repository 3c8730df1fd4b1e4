"""Which names of a unit the rest of the link may see, once all that the unit needs is in it."""

from burnish.lto.backend import Unit
from burnish.lto.do.merge import encoded, internalize, keep_prevailing
from burnish.lto.llvm import LOCAL, Linkage, Module, Visibility

_UNTOUCHED = LOCAL | {Linkage.APPENDING}


def resolve_linkages(module: Module, unit: Unit) -> None:
    """Visible definitions stay, hidden ones become hidden, all others internal; other units' names become hidden.

    Hidden tells code generation what the thin link knows: the symbol lies in this very file, no GOT is needed.
    Names of the form ``llvm.*`` mean something to LLVM and stay as they are.
    """
    visible = frozenset(map(encoded, unit.visible))
    hidden = frozenset(map(encoded, unit.hidden))
    elsewhere = frozenset(map(encoded, unit.elsewhere))
    for value in list(module.globals()):
        linkage = module.linkage(value)
        if linkage in _UNTOUCHED:
            continue
        name = module.name(value)
        if name.startswith(b"llvm."):
            continue
        if linkage == Linkage.AVAILABLE_EXTERNALLY or module.is_declaration(value):
            if name in elsewhere:
                module.set_visibility(value, Visibility.HIDDEN)
        elif name in visible or name in hidden:
            keep_prevailing(module, value)
            if name not in visible:
                module.set_visibility(value, Visibility.HIDDEN)
        else:
            internalize(module, value)
