"""Slim copies of modules: what is imported from them is what is imported from the modules themselves."""

from collections.abc import Mapping
from pathlib import Path

import backend_inputs
import numpy as np
import pytest
from lld_oracle import read_all, thin_plan

from burnish.lto.backend import Codegen
from burnish.lto.decide.plan import Plan
from burnish.lto.decide.units import Place, unit_of
from burnish.lto.do import Slim, make_slim, run_units
from burnish.lto.llvm import find_library
from burnish.lto.write.indexfile import shard

pytestmark = pytest.mark.cargo

_PROJECT = Path(__file__).parents[2] / "examples" / "crossings"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The modules of crossings, std's among them."""
    line = backend_inputs.link_line(_PROJECT, "crossings", tmp_path_factory.mktemp("line"))
    return [member.bitcode for member in line.members]


@pytest.fixture(scope="module")
def plan(files: list[Path]) -> Plan:
    return thin_plan(read_all(Path("/"), [str(file) for file in files]))


def _slimmed(plan: Plan, files: list[Path], directory: Path, *, strip_debug: bool) -> dict[int, Path]:
    """A slim copy of each module that anything is imported from, under the name of the module."""
    directory.mkdir()
    rows, importers = plan.imported_by(range(plan.unit_count))
    modules = plan.index.module[rows]
    copies = {
        number: Slim(
            bitcode=files[number],
            label=files[number].name,
            size=files[number].stat().st_size,
            out=directory / f"{number:03}.bc",
            keep=frozenset(map(plan.index.ir_name, rows[modules == number].tolist())),
            strip_debug=strip_debug,
        )
        for number in importers
    }
    make_slim(list(copies.values()), library=find_library(backend_inputs.sysroot()), jobs=2, timeout=120)
    return {number: copy.out for number, copy in copies.items()}


def _linked(sources: Mapping[int, Path], directory: Path) -> dict[int, Path]:
    """The modules under names that have the order of the copies' names."""
    directory.mkdir()
    for number, source in sources.items():
        (directory / f"{number:03}.bc").symlink_to(source)
    return {number: directory / f"{number:03}.bc" for number in sources}


def _objects(
    plan: Plan, files: list[Path], sources: Mapping[int, Path], work: Path, codegen: Codegen
) -> dict[str, bytes]:
    """The objects of all units that import."""
    work.mkdir(exist_ok=True)
    places = [Place(bitcode=file, label=file.name) for file in files]
    units = []
    for number in np.unique(plan.imports.unit).tolist():
        index = work / f"{number}.thinlto.bc"
        index.write_bytes(shard(plan, number, {module: str(path) for module, path in sources.items()}))
        unit = unit_of(plan, number, name=str(number), places=places, outputs=[work / f"{number}.o"], shard=index)
        units.append(unit)
    run_units(units, codegen, library=find_library(backend_inputs.sysroot()), jobs=2, timeout=120)
    return {unit.name: unit.outputs[0].read_bytes() for unit in units}


def test_objects_are_the_same_whether_imported_from_modules_or_from_slim_copies(
    plan: Plan, files: list[Path], tmp_path: Path
) -> None:
    codegen = backend_inputs.CODEGEN
    slim = _slimmed(plan, files, tmp_path / "slim", strip_debug=codegen.strip_debug)
    whole = _linked({number: files[number] for number in slim}, tmp_path / "whole")
    from_slim = _objects(plan, files, slim, tmp_path / "from-slim", codegen)
    from_whole = _objects(plan, files, whole, tmp_path / "from-whole", codegen)
    assert len(from_slim) > 5
    assert [name for name, content in from_slim.items() if content != from_whole[name]] == []


def test_a_copy_is_much_smaller_than_the_module(plan: Plan, files: list[Path], tmp_path: Path) -> None:
    copies = _slimmed(plan, files, tmp_path / "slim", strip_debug=True)
    largest = max(copies, key=lambda number: files[number].stat().st_size)
    assert copies[largest].stat().st_size < files[largest].stat().st_size / 5
