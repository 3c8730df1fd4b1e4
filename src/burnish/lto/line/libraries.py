"""Which files a link line's inputs are: ``-l`` names searched as ld does, linker scripts followed.

The search is pure over a `Files` port; `Disk` is the real one, and `driver_directories` asks the driver for its own.
"""

import os.path
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from burnish.errors import ToolError, UnsupportedError
from burnish.lto.line.arguments import Input, LinkLine, OutputKind
from burnish.lto.line.lexer import MAX_SIZE
from burnish.lto.line.scripts import parse_linker_script

#: What begins a file that is no script: ELF, archives and thin ones, bitcode and its wrapper.
_BINARY = (b"\x7fELF", b"!<arch>\n", b"!<thin>\n", b"BC\xc0\xde", b"\xde\xc0\x17\x0b")

#: Scripts that name scripts: GNU's libraries have one level.
_MAX_DEPTH = 8

#: Driver options that change where it looks.
_SEARCH_OPTIONS = ("B", "sysroot", "target", "gcc-toolchain")
_SEARCH_FLAGS = ("m64", "m32", "mx32")


class Files(Protocol):
    """What a search asks of the file system."""

    def is_file(self, path: str) -> bool: ...

    def script(self, path: str) -> str | None:
        """The text of a linker script; None where the file is no text."""


class Disk:
    """The real file system."""

    def is_file(self, path: str) -> bool:
        # pathlib takes several times as long, and a link asks hundreds of times.
        return os.path.isfile(path)  # noqa: PTH113

    def script(self, path: str) -> str | None:
        try:
            with Path(path).open("rb") as file:
                head = file.read(8)
                if head.startswith(_BINARY):
                    return None
                rest = file.read(MAX_SIZE)
            return (head + rest).decode()
        except UnicodeDecodeError:
            return None
        except OSError as error:
            raise UnsupportedError(f"cannot read {path}: {error.strerror}", hint="the linker will say more") from error

    def text(self, path: str) -> str:
        """The text of a version script or dynamic list."""
        text = self.script(path)
        if text is None:
            raise UnsupportedError(f"{path} is no text", hint="a version script or dynamic list is expected")
        return text


@dataclass(frozen=True, kw_only=True, slots=True)
class Located:
    """A file that takes part in the link.

    Attributes:
        path: the file.
        input: index of the line's input that asked for it.
        whole_archive, lazy, as_needed: as `Input` says.
    """

    path: Path
    input: int
    whole_archive: bool
    lazy: bool
    as_needed: bool


def locate(line: LinkLine, directories: Sequence[str], files: Files) -> tuple[Located, ...]:
    """The files of a line's inputs, in order. ``directories``: the driver's own, searched after ``-L``.

    Raises:
        UnsupportedError: an input is not found, or a linker script is more than a list of libraries.
    """
    sysroot = line.last("sysroot") or ""
    given = (*line.values("library-path"), *directories)
    search = _Search(tuple(_rooted(path, sysroot) for path in given), sysroot, files)
    return tuple(
        Located(
            path=Path(path),
            input=index,
            whole_archive=item.whole_archive,
            lazy=item.lazy,
            as_needed=item.as_needed or as_needed,
        )
        for index, item in enumerate(line.inputs)
        for path, as_needed in search.input(item)
    )


def implicit_libraries(line: LinkLine) -> tuple[str, ...]:
    """The ``-l`` names the driver adds by itself (gcc's specs): none with rustc's ``-nodefaultlibs``."""
    if line.has("nodefaultlibs", "nostdlib") or line.kind is OutputKind.RELOCATABLE:
        return ()
    static = line.kind in {OutputKind.STATIC, OutputKind.STATIC_PIE}
    compiler = ("gcc", "gcc_eh") if static else ("gcc", "gcc_s")
    return compiler if line.has("nolibc") else (*compiler, "c")


def find_library(name: str, *, static: bool, directories: Sequence[str], files: Files) -> str | None:
    """The file of ``-lname``, in each directory the shared library first unless ``static`` (``searchLibrary``, lld)."""
    names = [f"lib{name}.a"] if static else [f"lib{name}.so", f"lib{name}.a"]
    if name.startswith(":"):
        names = [name[1:]]
    return next((path for d in directories for n in names if files.is_file(path := f"{d}/{n}")), None)


@dataclass(frozen=True)
class _Search:
    directories: tuple[str, ...]
    sysroot: str
    files: Files

    def input(self, item: Input) -> Iterator[tuple[str, bool]]:
        """The files of one input, and whether the script that names one has it under AS_NEEDED."""
        if item.library:
            yield from self._followed(self._library(item.name, static=item.static), static=item.static, depth=0)
            return
        if not self.files.is_file(item.name):
            raise _missing(item.name)
        yield from self._followed(item.name, static=item.static, depth=0)

    def _library(self, name: str, *, static: bool) -> str:
        found = find_library(name, static=static, directories=self.directories, files=self.files)
        if found is None:
            raise _missing(f"-l{name}")
        return found

    def _followed(self, path: str, *, static: bool, depth: int) -> Iterator[tuple[str, bool]]:
        # Objects and archives come by the hundred: their names spare opening them here.
        text = None if path.endswith((".o", ".rlib", ".bc")) else self.files.script(path)
        if text is None:
            yield path, False
            return
        if depth == _MAX_DEPTH:
            raise UnsupportedError(f"{path}: linker scripts name each other without end", hint="see what they ask for")
        script = parse_linker_script(text, origin=path)
        inner = _Search(
            (*self.directories, *(_rooted(directory, self.sysroot) for directory in script.search_dirs)),
            self.sysroot,
            self.files,
        )
        for wanted in script.inputs:
            target = inner._named(wanted.name, beside=path.rpartition("/")[0] or ".", static=static)
            for found, as_needed in inner._followed(target, static=static, depth=depth + 1):
                yield found, as_needed or wanted.as_needed

    def _named(self, name: str, *, beside: str, static: bool) -> str:
        """A file that a script names (``ScriptParser::addFile``)."""
        if name.startswith("-l"):
            return self._library(name[2:], static=static)
        candidates = [_rooted(name, self.sysroot)]
        if name.startswith("/"):
            candidates.insert(0, self.sysroot + name)
        elif candidates[0] == name:
            candidates += [f"{directory}/{name}" for directory in (beside, *self.directories)]
        found = next((path for path in candidates if self.files.is_file(path)), None)
        if found is None:
            raise _missing(name)
        return found


def _rooted(path: str, sysroot: str) -> str:
    """A directory or file, ``=`` and ``$SYSROOT`` replaced."""
    for prefix in ("=", "$SYSROOT"):
        if path.startswith(prefix):
            return sysroot + path.removeprefix(prefix)
    return path


def _missing(name: str) -> UnsupportedError:
    return UnsupportedError(f"cannot find {name}", hint="the linker names the directories it searched")


def driver_directories(driver: Sequence[str], line: LinkLine) -> tuple[str, ...]:
    """The directories that the driver searches after ``-L``, by ``-print-search-dirs``.

    Raises:
        ToolError: the driver cannot be run.
    """
    command = [*driver, *_search_arguments(line), "-print-search-dirs"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError) as error:
        raise ToolError(f"cannot ask {driver[0]} for its library directories: {error}") from error
    return parse_search_dirs(done.stdout)


def parse_search_dirs(text: str) -> tuple[str, ...]:
    """The library directories in what gcc or clang prints for ``-print-search-dirs``."""
    line = next((line for line in text.splitlines() if line.startswith("libraries: ")), "")
    listed = line.removeprefix("libraries: ").removeprefix("=")
    return tuple(dict.fromkeys(path for path in listed.split(":") if path))


def _search_arguments(line: LinkLine) -> list[str]:
    return [
        word.text
        for argument in line.arguments
        if argument.option in _SEARCH_OPTIONS or argument.option in _SEARCH_FLAGS
        for word in line.words[argument.start : argument.stop]
        if not word.carrier
    ]
