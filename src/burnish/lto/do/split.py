"""Code generation of one module by several processes: this one, and others forked with the optimized module in memory.

Every definition gets one owner. Each process turns what others own into declarations and emits the rest; so every
local definition first needs a name that the linker can bind, hidden from the outside.
"""

import hashlib
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from burnish.errors import LlvmError
from burnish.lto.backend import Unit
from burnish.lto.do.output import own_id, write_whole
from burnish.lto.llvm import LOCAL, Linkage, Module, PassOptions, TargetMachine, ValueRef, Visibility, run_passes
from burnish.processes import describe_status, die_with_parent

#: Owner of all that cannot be spread: variables, aliases, groups, what is kept by name.
_MAIN = 0
_USED = (b"llvm.used", b"llvm.compiler.used")
#: Arrays that the whole program has once; parts but the main one drop them.
_ONCE = (b"llvm.global_ctors", b"llvm.global_dtors", *_USED)
_MARK = b".llvm."


@dataclass(frozen=True, kw_only=True, slots=True)
class Definition:
    """A function to place: its address, its weight in basic blocks, and whether it must be in the main part."""

    address: int
    weight: int
    pinned: bool


def assign(functions: list[Definition], parts: int) -> dict[int, int]:
    """Address -> part: heaviest first to the part with the least so far."""
    loads = [0] * parts
    owner = {}
    for function in sorted(functions, key=lambda each: (not each.pinned, -each.weight)):
        part = _MAIN if function.pinned else loads.index(min(loads))
        loads[part] += function.weight + 1
        owner[function.address] = part
    return owner


def emit_parts(module: Module, unit: Unit, machine: TargetMachine, options: PassOptions) -> None:
    """Emit the module as as many objects as the unit has outputs.

    Raises:
        LlvmError: a part failed.
    """
    if not can_be_split(module):
        _emit_whole(module, unit.outputs, machine)
        return
    owner = assign(_prepare(module, suffix(unit.name)), len(unit.outputs))
    worker = own_id()

    def emit(part: int) -> None:
        keep_part(module, owner, part)
        run_passes(module, "globaldce,elim-avail-extern,globaldce", machine, options)
        write_whole(unit.outputs[part], machine.emit(module).view(), worker)

    _side_by_side(len(unit.outputs), emit)


def can_be_split(module: Module) -> bool:
    """Whether all is Rust's: C may take addresses of labels, or resolve functions at load time (ifuncs)."""
    compilers = module.compilers()
    rust = bool(compilers) and all(text.startswith("rustc ") for text in compilers)
    return rust and not any(True for _ in module.ifuncs())


def suffix(unit: str) -> bytes:
    """What makes a unit's local names its own; of the form that demanglers drop."""
    return str(int.from_bytes(hashlib.sha256(unit.encode()).digest()[:8], "big")).encode()


def _emit_whole(module: Module, outputs: tuple[Path, ...], machine: TargetMachine) -> None:
    write_whole(outputs[_MAIN], machine.emit(module).view(), own_id())
    empty = module.context.new_module("empty")
    empty.copy_target_of(module)
    content = machine.emit(empty).view()
    for output in outputs[1:]:
        write_whole(output, content, own_id())


def _prepare(module: Module, own: bytes) -> list[Definition]:
    """Make all locals nameable from other parts, and list the functions."""
    used = {name for array in _USED for name in module.members(array)}
    aliased = {module.aliasee(alias).value for alias in module.aliases()}
    counter = 0
    for value in list(module.globals()):
        if module.linkage(value) not in LOCAL or module.is_declaration(value):
            continue
        name = module.name(value)
        if module.linkage(value) == Linkage.PRIVATE and name not in used:
            # In one object it would have no name at all; here the symbol table has to carry one, so a short one.
            counter += 1
            module.rename(value, b"L$%x" % counter)
        elif name not in used:
            # assembly refers to used ones by their name
            counter += not name
            module.rename(value, unique_name(name or b"anon.%d" % counter, own))
        module.set_linkage(value, Linkage.EXTERNAL)
        module.set_visibility(value, Visibility.HIDDEN)
    return [
        Definition(
            address=value.value or 0,
            weight=module.block_count(value),
            pinned=value.value in aliased or module.name(value) in used or module.has_comdat(value),
        )
        for value in module.functions()
        if not module.is_declaration(value) and module.linkage(value) != Linkage.AVAILABLE_EXTERNALLY
    ]


def unique_name(name: bytes, own: bytes) -> bytes:
    """A local's name with the unit's number; one number only, or demanglers would show it."""
    return name + (b"" if _MARK in name else _MARK) + own


def keep_part(module: Module, owner: dict[int, int], part: int) -> None:
    """Leave only a part's own definitions; all others' bodies go with the next ``elim-avail-extern``."""
    for value in module.functions():
        if owner.get(value.value or 0, part) != part:
            module.set_linkage(value, Linkage.AVAILABLE_EXTERNALLY)
    if part == _MAIN:
        return
    module.clear_assembly()
    for name in _ONCE:
        if (array := module.named(name)) is not None:
            module.delete_variable(array)
    for alias in list(module.aliases()):
        _forget_alias(module, alias)
    for value in module.variables():
        if not module.is_declaration(value) and not module.name(value).startswith(b"llvm."):
            _disown(module, value)


def _disown(module: Module, value: ValueRef) -> None:
    module.clear_comdat(value)
    module.set_linkage(value, Linkage.AVAILABLE_EXTERNALLY)


def _forget_alias(module: Module, alias: ValueRef) -> None:
    hidden = module.linkage(alias) in LOCAL or module.visibility(alias) == Visibility.HIDDEN
    declaration = module.replace_by_declaration(alias)
    if hidden:
        module.set_visibility(declaration, Visibility.HIDDEN)
    module.set_linkage(alias, Linkage.INTERNAL, Visibility.DEFAULT)


def _side_by_side(count: int, task: Callable[[int], None]) -> None:
    """Do all parts at once: the main one here, as a process that only waits would hold the module once more.

    Raises:
        LlvmError: with what the parts that failed said, or how they died. Forked ones die with this process.
    """
    children = [_fork_part(part, task) for part in range(_MAIN + 1, count)]
    task(_MAIN)
    failed = []
    for part, (pid, said) in enumerate(children, start=_MAIN + 1):
        with os.fdopen(said, "rb") as pipe:
            text = pipe.read().decode(errors="replace")
        _, status = os.waitpid(pid, 0)
        if status:
            failed.append(text or f"part {part + 1} of {count} {describe_status(status)}")
    if failed:
        raise LlvmError("; ".join(failed))


def _fork_part(part: int, task: Callable[[int], None]) -> tuple[int, int]:
    reading, writing = os.pipe()
    parent = os.getpid()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    status = 1
    try:
        die_with_parent(parent)
        task(part)
        status = 0
    except LlvmError as error:
        os.write(writing, error.message.encode())
    except BaseException:  # noqa: BLE001 - this process ends here, whatever it is
        os.write(writing, traceback.format_exc().encode())
    finally:
        sys.stderr.flush()
        os._exit(status)
