"""The link line and symbol resolution against the toolchain's own lld: which files it loads, in which order, and how it
resolves each symbol (``--save-temps=resolution``: p prevailing, x visible to regular objects).
"""

import functools
import io
import random
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import tiny_objects
import zoo
from elftools.elf.elffile import ELFFile
from tiny_objects import Maker, Tiny

from burnish.lto.line.archive import Entry, write_archive
from burnish.lto.line.arguments import LinkLine, parse, rewritten
from burnish.lto.line.libraries import Disk, driver_directories, locate
from burnish.lto.line.rustc import RustcArguments, pass_through_reason
from burnish.lto.line.symbols import exports, kept, roots, version_scripts
from burnish.lto.line.words import quote
from burnish.lto.modules import SymbolFlag
from burnish.lto.objects import Form, LinkInput, LinkSymbol, Object, Resolution
from burnish.lto.read.bitcode import read_module
from burnish.lto.resolution import Exports, resolve

pytestmark = pytest.mark.cargo


@pytest.fixture(scope="module")
def sysroot() -> Path:
    done = subprocess.run(["rustc", "--print", "sysroot"], capture_output=True, text=True, check=True)
    return Path(done.stdout.strip())


@pytest.fixture(scope="module")
def lld(sysroot: Path) -> Path:
    return next(sysroot.glob("lib/rustlib/*/bin/gcc-ld/ld.lld"))


@pytest.fixture(scope="module")
def links(tmp_path_factory: pytest.TempPathFactory) -> dict[str, zoo.Link]:
    return zoo.build(tmp_path_factory.mktemp("zoo"))


# -- reading files with other means than burnish's -----------------------------------------------------------------


def archive_members(path: Path) -> list[tuple[str, int, int]]:
    """Name, offset and size of the members of a GNU archive."""
    data = path.read_bytes()
    place, long_names, found = 8, b"", []
    while place < len(data):
        name, size = data[place : place + 16].decode().rstrip(), int(data[place + 48 : place + 58])
        if name == "//":
            long_names = data[place + 60 : place + 60 + size]
        elif name[:1] == "/" and name[1:].isdigit():
            start = int(name[1:])
            found.append((long_names[start : long_names.index(b"/\n", start)].decode(), place + 60, size))
        elif name != "/":
            found.append((name.removesuffix("/"), place + 60, size))
        place += 60 + size + size % 2
    return found


def module_symbols(data: bytes, label: str) -> tuple[LinkSymbol, ...]:
    table = read_module(data, label).symbols
    return tuple(
        LinkSymbol(
            name=table.name(index),
            defined=not flags & SymbolFlag.UNDEFINED,
            weak=bool(flags & SymbolFlag.WEAK),
            common=bool(flags & SymbolFlag.COMMON),
            visibility=(0, 2, 3, 0)[flags & 3],
        )
        for index, flags in enumerate(table.flags.tolist())
        if flags & SymbolFlag.GLOBAL and not flags & SymbolFlag.FORMAT_SPECIFIC
    )


@functools.cache
def read_input(path: Path, member: str, offset: int, size: int, *, lazy: bool) -> LinkInput:
    with path.open("rb") as file:
        file.seek(offset)
        data = file.read(size)
    item = Object(path=path, member=member, offset=offset, size=size, form=Form.OTHER)
    if data.startswith(b"BC\xc0\xde"):
        found, symbols = Form.BITCODE, module_symbols(data, item.label)
    elif data.startswith(b"\x7fELF"):
        found = Form.SHARED if data[16] == 3 else Form.NATIVE
        symbols = tiny_objects.elf_symbols(io.BytesIO(data))
    else:
        found, symbols = Form.OTHER, ()
    return LinkInput(object=replace(item, form=found), symbols=symbols, lazy=lazy)


def inputs_of(line: LinkLine) -> list[LinkInput]:
    inputs = []
    for located in locate(line, driver_directories(["cc"], line), Disk()):
        if located.path.read_bytes()[:8] == b"!<arch>\n":
            inputs += [read_input(located.path, *member, lazy=True) for member in archive_members(located.path)]
        else:
            inputs.append(read_input(located.path, "", 0, located.path.stat().st_size, lazy=located.lazy))
    return inputs


# -- lld's account of a link ---------------------------------------------------------------------------------------


def lld_label(item: Object) -> str:
    """How lld's --trace names an object."""
    return f"{item.path}({item.member})" if item.member else str(item.path)


def lld_module(item: Object) -> str:
    """How resolution.txt names a module: a member of an archive with the offset of its header."""
    return f"{item.path}({item.member} at {item.offset - 60})" if item.member else str(item.path)


def lld_resolution(text: str, inputs: Sequence[LinkInput]) -> tuple[dict[str, int], set[str]]:
    """Prevailing definitions, by input, and the visible ones of them."""
    index = {lld_module(item.object): number for number, item in enumerate(inputs)}
    prevailing, visible = {}, set()
    for module, name, letters in re.findall(r"^-r=(.*?),([^,\n]*),([plxr]*)$", text, re.MULTILINE):
        if "p" in letters:
            prevailing[name] = index[module]
            if "x" in letters:
                visible.add(name)
    return prevailing, visible


def in_bitcode(inputs: Sequence[LinkInput], resolution: Resolution) -> dict[str, int]:
    """The prevailing definitions that lld prints: it has no letters for native ones."""
    return {
        name: number for name, number in resolution.prevailing.items() if inputs[number].object.form is Form.BITCODE
    }


# -- tests ---------------------------------------------------------------------------------------------------------

NAMES = [f"{letter}{digit}" for letter in "abc" for digit in range(4)]


def random_program(luck: random.Random) -> list[Tiny]:
    """A few objects over few names, so that they meet: all forms, bindings and visibilities."""
    program = []
    for _ in range(luck.randint(2, 8)):
        form = luck.choice([Form.BITCODE] * 4 + [Form.NATIVE] * 3 + [Form.SHARED])
        symbols = []
        for name in luck.sample(NAMES, luck.randint(1, 6)):
            defined = luck.random() < 0.5
            common = defined and form is not Form.SHARED and luck.random() < 0.12
            weak = not common and luck.random() < 0.3
            visibility = 0 if form is Form.SHARED else luck.choice([0, 0, 0, 2, 3 if defined else 2])
            symbols.append(LinkSymbol(name=name, defined=defined, weak=weak, common=common, visibility=visibility))
        lazy = form is not Form.SHARED and luck.random() < 0.6
        program.append(Tiny(form=form, lazy=lazy, symbols=tuple(symbols)))
    return program


@pytest.mark.parametrize("shared", [False, True], ids=["program", "shared object"])
def test_random_objects_resolve_as_in_lld(tmp_path: Path, sysroot: Path, lld: Path, *, shared: bool) -> None:
    maker = Maker(next(sysroot.glob("lib/libLLVM.so*")), lld, tmp_path)
    for seed in range(60):
        luck = random.Random(seed)  # noqa: S311 # the same programs every time
        inputs = [maker.make(tiny, f"s{seed}_{place}") for place, tiny in enumerate(random_program(luck))]
        wanted = [name for name in ("a1", "b1") if luck.random() < 0.4]
        every = shared or luck.random() < 0.2
        entry = "" if shared else "a0"
        argv = [str(lld), "--trace", "--save-temps=resolution", "--thinlto-index-only", "-z", "muldefs"]
        argv += ["--unresolved-symbols=ignore-all", "-o", str(tmp_path / "out")]
        argv += ["-shared"] if shared else ["-pie", "-e", entry]
        argv += ["--export-dynamic"] * (every and not shared)
        argv += [word for name in wanted for word in ("-u", name)]
        for item in inputs:
            argv += ["--start-lib", str(item.object.path), "--end-lib"] if item.lazy else [str(item.object.path)]
        (tmp_path / "out.resolution.txt").write_text("")  # lld writes none where no module takes part
        trace = subprocess.run(argv, capture_output=True, text=True, check=True).stdout

        resolution = resolve(inputs, roots=wanted, entry=entry, exports=Exports(every=every), multiple_definitions=True)
        said = f"seed {seed}: {' '.join(argv)}"
        assert [str(inputs[number].object.path) for number in resolution.taken] == trace.split(), said
        prevailing, visible = lld_resolution((tmp_path / "out.resolution.txt").read_text(), inputs)
        assert in_bitcode(inputs, resolution) == prevailing, said
        # Two things burnish keeps that lld does not: what a member not taken refers to, and common symbols under -u.
        more = {s.name for n, i in enumerate(inputs) for s in i.symbols if n not in resolution.taken or s.common}
        own = resolution.visible & prevailing.keys()
        assert visible <= own, said
        assert own - visible <= more, said


def resolved(line: LinkLine, inputs: Sequence[LinkInput]) -> Resolution:
    return resolve(inputs, roots=roots(line), entry=line.entry, kept=kept(line), exports=exports(line, Disk().text))


def assert_as_lld(line: LinkLine, directory: Path) -> tuple[list[LinkInput], Resolution]:
    """Link with lld, and compare files loaded, prevailing and visible symbols."""
    inputs = inputs_of(line)
    resolution = resolved(line, inputs)
    argv = [*line.argv(), "-Wl,--trace,--save-temps=resolution,--thinlto-index-only", "-o", str(directory / "out")]
    done = subprocess.run(["cc", *argv], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    start_files = re.compile(r"/(S|g|r)?crt[^/]*\.o$")
    loaded = [path for path in done.stdout.splitlines() if not start_files.search(path)]
    assert [lld_label(inputs[number].object) for number in resolution.taken] == loaded
    prevailing, visible = lld_resolution((directory / "out.resolution.txt").read_text(), inputs)
    assert in_bitcode(inputs, resolution) == prevailing
    untaken = set(range(len(inputs))) - set(resolution.taken)
    maybe = {symbol.name for number in untaken for symbol in inputs[number].symbols if not symbol.defined}
    own = resolution.visible & prevailing.keys()
    assert visible <= own
    assert own - visible <= maybe
    return inputs, resolution


def test_a_program_resolves_as_in_lld(links: dict[str, zoo.Link], tmp_path: Path) -> None:
    inputs, resolution = assert_as_lld(parse(links["app"].line), tmp_path)
    labels = [inputs[number].object.label for number in resolution.taken]
    assert "libparts.a(one.o)" in labels
    assert "libparts.a(unused.o)" not in labels
    assert {"main", "rust_callback", "rust_override", "app_exported"} <= resolution.visible
    assert resolution.exported == {"app_exported"}
    assert "dep_c_name" not in resolution.visible


def test_a_cdylib_resolves_as_in_lld(links: dict[str, zoo.Link], tmp_path: Path) -> None:
    _, resolution = assert_as_lld(parse(links["plug"].line), tmp_path)
    assert resolution.exported == {"PLUG_TABLE", "plug_add", "dep_c_name"}


def with_std_as_bitcode(line: LinkLine, inputs: Sequence[LinkInput], directory: Path) -> LinkLine:
    """The line with std's archives replaced by ones of their modules, which lld then optimizes too."""
    replaced: dict[int, list[str]] = {}
    for number, item in enumerate(line.inputs):
        path = Path(item.name)
        if "rustlib" not in path.parts or path.name.startswith("libcompiler_builtins"):
            continue
        entries: list[Entry] = []
        for member in (i.object for i in inputs if i.object.path == path and i.object.form is Form.NATIVE):
            file = directory / f"{number}-{len(entries)}.o"
            with path.open("rb") as archive:
                archive.seek(member.offset)
                section = ELFFile(io.BytesIO(archive.read(member.size))).get_section_by_name(".llvmbc")
            if section is None:  # lib.rmeta
                continue
            file.write_bytes(section.data())
            size = file.stat().st_size
            entries.append(
                Entry(object=Object(path=file, member=member.member, offset=0, size=size, form=Form.BITCODE))
            )
        write_archive(directory / path.name, entries)
        replaced[number] = [str(directory / path.name)]
    return rewritten(line, replaced=replaced)


@pytest.mark.parametrize("crate", ["app", "plug"])
def test_std_as_bitcode_resolves_as_in_lld(links: dict[str, zoo.Link], tmp_path: Path, crate: str) -> None:
    line = parse(links[crate].line)
    new = with_std_as_bitcode(line, inputs_of(line), tmp_path)
    inputs, resolution = assert_as_lld(new, tmp_path)
    modules = [n for n in resolution.taken if inputs[n].object.form is Form.BITCODE]
    assert len(modules) > 12
    assert any(inputs[n].object.member.startswith("std-") for n in modules)


def told_of(link: zoo.Link) -> RustcArguments:
    told = link.told
    codegen = tuple((str(name), str(value)) for name, value in told["codegen"])  # type: ignore[attr-defined]
    return RustcArguments(
        crate_name=str(told["crate_name"]),
        crate_types=tuple(told["crate_types"]),  # type: ignore[arg-type]
        test=bool(told["test"]),
        target=str(told["target"]),
        codegen=codegen,
    )


def test_every_line_that_cargo_caused_comes_back_and_rustc_is_found_above_the_linker(
    links: dict[str, zoo.Link],
) -> None:
    assert sorted(links) == ["app", "build_script_build", "mac-macro", "plug"]
    for link in links.values():
        assert list(parse(link.line).argv()) == link.line
        assert told_of(link).last("linker-plugin-lto") == ""
    assert told_of(links["app"]).opt_level == "3"


@pytest.mark.parametrize(
    ("crate", "reason"),
    [("app", None), ("plug", None), ("mac-macro", "a procedural macro"), ("build_script_build", "a build script")],
)
def test_the_engine_takes_programs_and_cdylibs_only(links: dict[str, zoo.Link], crate: str, reason: str | None) -> None:
    line = parse(links[crate].line)
    names = [n for _, script in version_scripts(line, Disk().text) for node in script.nodes for n in node.globals.exact]
    assert pass_through_reason(line, told_of(links[crate]), exported=names) == reason


def test_a_line_with_filtered_archives_links_to_the_same_program(links: dict[str, zoo.Link], tmp_path: Path) -> None:
    line = parse(links["app"].line)
    replaced: dict[int, list[str]] = {}
    inputs = inputs_of(line)
    for number, item in enumerate(line.inputs):
        if not item.name.endswith(".rlib"):
            continue
        members = [i for i in inputs if str(i.object.path) == item.name and i.object.form is not Form.OTHER]
        target = tmp_path / Path(item.name).name
        write_archive(
            target,
            [Entry(object=i.object, symbols=tuple(s.name for s in i.symbols if s.defined)) for i in members],
        )
        listed = subprocess.run(["ar", "t", str(target)], capture_output=True, text=True, check=True).stdout.split()
        assert listed == [i.object.member for i in members]
        replaced[number] = [str(target)]
    new = [*rewritten(line, replaced=replaced).argv(), "-o", str(tmp_path / "app")]
    subprocess.run(["cc", *new], check=True, capture_output=True)
    assert subprocess.run([tmp_path / "app"], capture_output=True, text=True, check=True).stdout == "104\n"


@pytest.mark.skipif(shutil.which("ld.bfd") is None, reason="no GNU ld")
def test_gnu_ld_finds_members_by_the_index(tmp_path: Path) -> None:
    sources = {"m": "int f(void); int main(void) { return f(); }", "f": "int g(void); int f(void) { return g(); }"}
    sources["g"] = "int g(void) { return 7; }"
    for name, text in sources.items():
        (tmp_path / f"{name}.c").write_text(text)
        subprocess.run(["cc", "-c", f"{name}.c"], cwd=tmp_path, check=True)
    entries = []
    for name in ("g", "f"):  # the wrong order, which an index makes right
        path = tmp_path / f"{name}.o"
        item = Object(path=path, member="", offset=0, size=path.stat().st_size, form=Form.NATIVE)
        with path.open("rb") as file:
            names = tuple(symbol.name for symbol in tiny_objects.elf_symbols(file) if symbol.defined)
        entries.append(Entry(object=item, symbols=names))
    write_archive(tmp_path / "lib.a", entries)
    subprocess.run(["cc", "-fuse-ld=bfd", "m.o", "lib.a", "-o", "m"], cwd=tmp_path, check=True)
    assert subprocess.run([tmp_path / "m"], check=False).returncode == 7


def test_the_driver_reads_response_files_as_they_are_written(tmp_path: Path) -> None:
    directory = tmp_path / "odd \\ 'names' \"of\" tests"
    directory.mkdir()
    (directory / "a b.c").write_text("int main(void) { return 5; }")
    (tmp_path / "args").write_text(quote([str(directory / "a b.c"), "-o", str(directory / "out")]))
    subprocess.run(["cc", f"@{tmp_path / 'args'}"], check=True)
    assert subprocess.run([directory / "out"], check=False).returncode == 5
