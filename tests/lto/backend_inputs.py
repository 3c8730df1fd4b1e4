"""Bitcode for the backends' tests: small modules by rustc, and all that stands on the link line of a program."""

import io
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elftools.elf.elffile import ELFFile

from burnish.lto.backend import Codegen, Member

TRIPLE = "x86_64-unknown-linux-gnu"
CODEGEN = Codegen(triple=TRIPLE, cpu="x86-64")

#: A linker that only notes what it was asked, and links.
_NOTING_LINKER = """\
#!/bin/sh
printf '%s\\n' "$@" > "$NOTED_LINE"
for argument in "$@"; do case "$argument" in */symbols.o) cp "$argument" "$NOTED_LINE.symbols.o";; esac; done
exec cc "$@"
"""


def sysroot() -> Path:
    return Path(subprocess.run(["rustc", "--print", "sysroot"], capture_output=True, text=True, check=True).stdout[:-1])


def compile_module(directory: Path, name: str, source: str, *flags: str) -> Member:
    """One module of a crate without std, optimized as for the linker's LTO."""
    place = directory / f"{name}.rs"
    place.write_text(f"#![no_std]\n{source}", encoding="utf-8")
    out = directory / f"{name}.bc"
    command = [
        "rustc",
        "--edition=2021",
        "--crate-type=lib",
        "-Copt-level=3",
        "-Ccodegen-units=1",
        "-Clinker-plugin-lto",
    ]
    subprocess.run([*command, *flags, "--emit=llvm-bc", f"-o{out}", str(place)], check=True)
    return Member(bitcode=out, label=f"{name}.o")


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkLine:
    """A program's last link: modules in link order, native objects, and the driver's other arguments."""

    members: tuple[Member, ...]
    native: tuple[Path, ...]
    rest: tuple[str, ...]

    def undefined(self) -> set[str]:
        """What native code asks for, libraries' members included."""
        archives = [Path(word) for word in self.rest if word.endswith(".rlib")]
        return {
            symbol.name
            for path in (*self.native, *archives)
            for _, content in _objects(path)
            if content[:4] == b"\x7fELF"
            for symbol in symbols(content)
            if symbol.entry.st_shndx == "SHN_UNDEF" and symbol.name
        }


def symbols(content: bytes) -> Iterator[Any]:
    """Symbols of an ELF object, as pyelftools gives them."""
    table: Any = ELFFile(io.BytesIO(content)).get_section_by_name(".symtab")
    yield from table.iter_symbols() if table is not None else ()


def link_line(project: Path, package: str, work: Path) -> LinkLine:
    """Build a project as bitcode, note its link line, take its modules apart."""
    linker, noted = work / "noting-cc", work / "line"
    linker.write_text(_NOTING_LINKER, encoding="utf-8")
    linker.chmod(0o755)
    flags = ["-Clto=off", "-Clinker-plugin-lto", "-Csave-temps", f"-Clinker={linker}"]
    cargo(
        project,
        work / "thin",
        "rustc",
        "-p",
        package,
        "--config",
        'profile.release.lto="thin"',
        "--",
        *flags,
        noted=noted,
    )
    words = noted.read_text(encoding="utf-8").splitlines()
    members, native, rest = [], [Path(f"{noted}.symbols.o")], []
    for word in words:
        if not word.endswith((".o", ".rlib")) or "compiler_builtins" in word:
            rest.append(word)
        elif not word.endswith("symbols.o"):
            more_members, more_native = _taken_apart(Path(word), work)
            members += more_members
            native += more_native
    return LinkLine(members=tuple(members), native=tuple(native), rest=tuple(rest))


def cargo(project: Path, target: Path, command: str, *arguments: str, noted: Path = Path("/dev/null")) -> None:
    """Run cargo for a release build, offline."""
    environment = {**os.environ, "CARGO_TARGET_DIR": str(target), "NOTED_LINE": str(noted)}
    subprocess.run(
        ["cargo", command, "-q", "--release", "--offline", *arguments], cwd=project, env=environment, check=True
    )


def link(line: LinkLine, objects: tuple[Path, ...], out: Path) -> Path:
    """Link objects in the modules' place; the stripped program."""
    rest = list(line.rest)
    rest[rest.index("-o") + 1] = str(out)
    subprocess.run(["cc", *map(str, (*line.native, *objects)), *rest], check=True)
    return stripped(out)


def stripped(program: Path) -> Path:
    out = program.with_name(f"{program.name}.stripped")
    shutil.copy(program, out)
    subprocess.run(["strip", str(out)], check=True)
    return out


def _taken_apart(path: Path, work: Path) -> tuple[list[Member], list[Path]]:
    members, native = [], []
    for name, content in _objects(path):
        place = work / f"{path.name}.{name}"
        module = _module(content)
        if module:
            place.write_bytes(module)
            members.append(Member(bitcode=place, label=f"{path.name}({name})"))
        elif content[:4] == b"\x7fELF":
            place.write_bytes(content)
            native.append(place)
    return members, native


def _module(content: bytes) -> bytes:
    if content[:4] == b"BC\xc0\xde":
        return content
    if content[:4] != b"\x7fELF":
        return b""
    section = ELFFile(io.BytesIO(content)).get_section_by_name(".llvmbc")
    return bytes(section.data()) if section is not None else b""


def _objects(path: Path) -> Iterator[tuple[str, bytes]]:
    """Members of an archive, or the file itself."""
    data = path.read_bytes()
    if data[:8] != b"!<arch>\n":
        yield path.name, data
        return
    names, position = b"", 8
    while position < len(data):
        head = data[position : position + 60]
        name, size = head[:16].decode().rstrip(), int(head[48:58])
        content = data[position + 60 : position + 60 + size]
        position += 60 + size + size % 2
        if name == "//":
            names = content
        elif name not in {"/", "/SYM64/"}:
            start = int(name[1:]) if name.startswith("/") else -1
            real = names[start : names.index(b"/\n", start)].decode() if start >= 0 else name.rstrip("/")
            if real != "lib.rmeta":
                yield real, content
