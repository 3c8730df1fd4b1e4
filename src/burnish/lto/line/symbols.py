"""What a link line says of symbols: the ones it refers to, the ones it gives another meaning, the ones it exports."""

import re
from collections.abc import Callable

from burnish.lto.line.arguments import LinkLine, OutputKind
from burnish.lto.line.scripts import (
    Patterns,
    VersionScript,
    parse_dynamic_list,
    parse_version_script,
    patterns_of,
)
from burnish.lto.resolution import Exports

#: What the driver's own start files need of an executable (crt1.o).
START_NEEDS = ("main",)

_IDENTIFIER = re.compile(r"[A-Za-z_.$][\w.$]*")


def roots(line: LinkLine) -> tuple[str, ...]:
    """The names the line refers to besides its entry: ``-u``, ``--defsym``, ``--wrap``, what start files need."""
    names: list[str] = []
    if line.kind.is_executable and not line.has("nostartfiles", "nostdlib"):
        names += START_NEEDS
    names += line.values("undefined", "require-defined")
    for definition in line.values("defsym"):
        names += _IDENTIFIER.findall(definition.partition("=")[2])
    names += [f"__wrap_{name}" for name in line.values("wrap")]
    return tuple(dict.fromkeys(names))


def kept(line: LinkLine) -> tuple[str, ...]:
    """Names that stay visible where something defines them: entry, ``-init``, ``-fini``, what the linker redefines."""
    entry = (line.entry,) if line.entry else ()
    return (*entry, line.last("init") or "_init", line.last("fini") or "_fini", *redefined(line))


def redefined(line: LinkLine) -> tuple[str, ...]:
    """Names the linker gives another meaning (``--wrap``, ``--defsym``): no definition in bitcode is the final one."""
    wrapped = [prefix + name for name in line.values("wrap") for prefix in ("", "__real_")]
    return (*wrapped, *(definition.partition("=")[0] for definition in line.values("defsym")))


def exports(line: LinkLine, read: Callable[[str], str]) -> Exports:
    """What goes to the dynamic symbol table; ``read`` gives the text of the line's scripts.

    Raises:
        UnsupportedError: a script of a form that is not read.
    """
    nodes = [node for _, script in version_scripts(line, read) for node in script.nodes]
    shared = line.kind is OutputKind.SHARED
    listed = [
        parse_dynamic_list(read(path), origin=path)
        for path in line.values("dynamic-list", "export-dynamic-symbol-list")
    ]
    listed.append(patterns_of(line.values("export-dynamic-symbol")))
    patterns = Patterns(
        exact=tuple(name for one in listed for name in one.exact),
        globs=tuple(glob for one in listed for glob in one.globs),
    )
    return Exports(
        every=shared or line.is_on("export-dynamic"),
        dynamic=line.kind not in {OutputKind.STATIC, OutputKind.NO_PIE},
        is_listed=patterns.matcher() if patterns.exact or patterns.globs else None,
        is_local=VersionScript(nodes=tuple(nodes)).is_local() if nodes else None,
    )


def version_scripts(line: LinkLine, read: Callable[[str], str]) -> tuple[tuple[str, VersionScript], ...]:
    """The line's version scripts and their paths."""
    return tuple((path, parse_version_script(read(path), origin=path)) for path in line.values("version-script"))
