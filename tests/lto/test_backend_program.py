"""A whole program through the backends, std included: it does the same, and is as small as rustc's own fat link."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import backend_inputs
import pytest

from burnish.lto.backend import Member, Road, Unit
from burnish.lto.do import run_units
from burnish.lto.llvm import LOCAL, Context, Library, find_library, load

pytestmark = pytest.mark.cargo

_PROJECT = Path(__file__).parents[2] / "examples" / "crossings"
_ARGUMENTS = ("200",)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("program")


@pytest.fixture(scope="module")
def library() -> Library:
    return load(find_library(backend_inputs.sysroot()))


@pytest.fixture(scope="module")
def line(work: Path) -> backend_inputs.LinkLine:
    return backend_inputs.link_line(_PROJECT, "crossings", work)


@pytest.fixture(scope="module")
def by_rustc(work: Path) -> Path:
    """The program by rustc's own fat link."""
    backend_inputs.cargo(_PROJECT, work / "fat", "build", "-p", "crossings", "--config", 'profile.release.lto="fat"')
    return backend_inputs.stripped(work / "fat" / "release" / "crossings")


def _output(program: Path) -> str:
    return subprocess.run([str(program), *_ARGUMENTS], capture_output=True, text=True, check=True).stdout


def _names(library: Library, members: tuple[Member, ...]) -> tuple[set[str], set[str]]:
    """What the members define for others, and what they ask of others."""
    defined: set[str] = set()
    wanted: set[str] = set()
    for member in members:
        with Context(library) as context, context.parse(member.bitcode, lazy=True) as module:
            for value in module.globals():
                name = module.name(value).decode()
                if module.linkage(value) not in LOCAL and not name.startswith("llvm."):
                    (wanted if module.is_declaration(value) else defined).add(name)
    return defined, wanted


def test_one_fat_unit_is_the_program_and_no_larger_than_rustcs(
    library: Library, line: backend_inputs.LinkLine, by_rustc: Path, work: Path
) -> None:
    outputs = (work / "fat-0.o", work / "fat-1.o")
    unit = Unit(
        name="all", members=line.members, outputs=outputs, visible=("main", *sorted(line.undefined())), road=Road.FAT
    )
    codegen = backend_inputs.CODEGEN
    (result,) = run_units([unit], codegen, library=library.path, jobs=2, timeout=300)
    program = backend_inputs.link(line, outputs, work / "by-fat")
    assert _output(program) == _output(by_rustc)
    assert program.stat().st_size <= by_rustc.stat().st_size * 1.005
    assert result.imported == 0


def test_groups_that_import_nothing_are_the_program(
    library: Library, line: backend_inputs.LinkLine, by_rustc: Path, work: Path
) -> None:
    visible = {"main", *line.undefined()}
    groups = {"user": line.members[:-18], "std": line.members[-18:]}
    names = {group: _names(library, members) for group, members in groups.items()}
    units = [_group(group, members, names, visible, work) for group, members in groups.items()]
    seen: list[str] = []
    run_units(
        units,
        backend_inputs.CODEGEN,
        library=library.path,
        jobs=2,
        timeout=300,
        on_result=lambda result: seen.append(result.name),
    )
    assert sorted(seen) == ["std", "user"]
    objects = tuple(output for unit in units for output in unit.outputs)
    assert _output(backend_inputs.link(line, objects, work / "by-groups")) == _output(by_rustc)


def _group(
    name: str,
    members: tuple[Member, ...],
    names: Mapping[str, tuple[set[str], set[str]]],
    visible: set[str],
    work: Path,
) -> Unit:
    defined = names[name][0]
    others = [pair for group, pair in names.items() if group != name]
    elsewhere = {symbol for other, _ in others for symbol in other} - visible
    hidden = {symbol for _, wanted in others for symbol in wanted} & defined
    return Unit(
        name=name,
        members=members,
        outputs=(work / f"{name}.o",),
        visible=tuple(sorted(visible)),
        hidden=tuple(sorted(hidden - visible)),
        elsewhere=tuple(sorted(elsewhere)),
    )
