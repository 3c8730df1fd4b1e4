"""The allocator of LLVM's processes: mimalloc in the place of the C library's.

LLVM allocates all the time. rustc brings jemalloc for it; libLLVM in a Python process would get the C library's
``malloc``, and fat would take a sixth more CPU (docs/performance.md). Another one can only be put before the C
library's when a process starts (``LD_PRELOAD``, ld.so(8)): so a driver that has backends to run starts itself once
more, and takes the variable out of its environment again before it runs anything else.
"""

import ctypes
import json
import os
import sys
from collections.abc import Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import NoReturn

from burnish.errors import UsageError

#: ``off``, or the library to use; nothing for that of the package cmeel-mimalloc.
CHOICE = "BURNISH_LTO_MALLOC"
#: Set while a driver starts anew: the variables changed for it, as they were before (JSON; null: not set).
_BEFORE = "BURNISH_LTO_BEFORE_MALLOC"
_PRELOAD = "LD_PRELOAD"
#: mimalloc's own (include/mimalloc.h): free memory goes back at once, as there is a worker for each core, and no huge
#: pages, of which a forked worker's first write copies all.
_OPTIONS = {"MIMALLOC_PURGE_DELAY": "0", "MIMALLOC_ALLOW_THP": "0"}
#: Where the package puts it, below a directory of packages.
_LIBRARY = "cmeel.prefix/lib/libmimalloc.so.3"
#: ld.so takes these for the end of a name.
_SEPARATORS = frozenset(" :")


def find(environment: Mapping[str, str], packages: Sequence[str]) -> Path | None:
    """The allocator to load, None for the C library's own.

    Args:
        environment: may choose another, or none.
        packages: directories of Python packages, as in `sys.path`.

    Raises:
        UsageError: the one chosen is not there.
    """
    choice = environment.get(CHOICE, "")
    if choice == "off":
        return None
    if choice:
        if not Path(choice).is_file() or _SEPARATORS & set(choice):
            raise UsageError(
                f"{CHOICE}={choice}: no such file, or a space or colon in its path",
                hint="it takes off, or the path of an allocator's shared library",
            )
        return Path(choice)
    found = (Path(directory) / _LIBRARY for directory in packages if directory)
    return next((path for path in found if path.is_file() and not _SEPARATORS & set(str(path))), None)


def preloaded(environment: Mapping[str, str], library: Path) -> dict[str, str]:
    """An environment whose programs use the allocator; options that the user has set stay."""
    names = [str(library), *filter(None, [environment.get(_PRELOAD)])]
    return {**_OPTIONS, **environment, _PRELOAD: " ".join(names)}


def started_anew(environment: Mapping[str, str], library: Path) -> dict[str, str]:
    """The environment of a process that starts anew; `settle` gives what it was."""
    before = {name: environment.get(name) for name in (_PRELOAD, *_OPTIONS)}
    return {**preloaded(environment, library), _BEFORE: json.dumps(before)}


def settle(environment: MutableMapping[str, str]) -> bool:
    """Whether this process was started anew for an allocator; the environment becomes what it was before."""
    before = environment.pop(_BEFORE, None)
    if before is None:
        return False
    for name, value in json.loads(before).items():
        environment.pop(name, None)
        if value is not None:
            environment[name] = value
    return True


def start_anew(environment: Mapping[str, str], library: Path) -> NoReturn:
    """This process from its beginning, under the same number, with the allocator.

    Raises:
        OSError: Python cannot be run.
    """
    argv = [sys.executable, *sys.orig_argv[1:]]
    os.execve(sys.executable, argv, started_anew(environment, library))  # noqa: S606  # no shell


def give_back() -> None:
    """Give memory that is free but kept to the kernel: workers about to be forked would carry it along."""
    collect = getattr(ctypes.CDLL(None), "mi_collect", None)
    if collect is not None:
        collect(ctypes.c_bool(True))


def in_use() -> str:
    """The name of the allocator's library in this process, empty for the C library's own."""
    try:
        maps = Path("/proc/self/maps").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""
    names = (Path(line.split(maxsplit=5)[-1]).name for line in maps.splitlines() if "/" in line)
    return next((name for name in names if name.startswith(("libmimalloc", "libjemalloc", "libtcmalloc"))), "")
