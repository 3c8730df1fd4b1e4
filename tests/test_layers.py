"""The house plan, held: one direction of imports, a pure core, modules of a readable size."""

import ast
from pathlib import Path

import pytest

import burnish
import layers

PACKAGE = Path(burnish.__file__).parent


def _module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {_module_name(path): path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob("*.py"))}
TREES = {name: ast.parse(text) for name, text in SOURCES.items()}
PURE = sorted(layers.reached(frozenset(layers.PURE), TREES))


@pytest.mark.parametrize("module", SOURCES)
def test_imports_go_one_way(module: str) -> None:
    assert layers.direction(module, TREES[module]) == []


@pytest.mark.parametrize("module", PURE)
def test_a_pure_module_and_all_it_imports_touch_nothing(module: str) -> None:
    assert layers.impurities(module, TREES[module]) == []


def test_every_module_called_pure_exists() -> None:
    assert set(layers.PURE) - SOURCES.keys() == set()


@pytest.mark.parametrize("module", SOURCES)
def test_a_module_can_be_read_in_one_sitting(module: str) -> None:
    assert len(SOURCES[module].splitlines()) <= layers.MAX_LINES


@pytest.mark.parametrize("module", SOURCES)
def test_a_module_is_named_for_what_it_holds(module: str) -> None:
    assert not {"util", "utils", "helpers", "misc", "common"} & set(module.split("."))


@pytest.mark.parametrize(
    ("module", "source", "complaints"),
    [
        pytest.param("burnish.tune.search", "from burnish.measure.values import Round", 0, id="downwards"),
        pytest.param("burnish.tune.search", "from burnish.tune import space", 0, id="sideways"),
        pytest.param("burnish.cargo.project", "import re, msgspec", 0, id="other packages"),
        pytest.param("burnish.measure.rounds", "from burnish import __version__", 0, id="the version"),
        pytest.param("burnish.profile.lint", "from burnish.cargo.project import Project", 1, id="upwards"),
        pytest.param("burnish.build.run", "import burnish.tune.space", 1, id="upwards by plain import"),
        pytest.param("burnish.units", "def f():\n    from burnish.cli import main", 1, id="upwards inside a function"),
        pytest.param("burnish.tune.search", "from . import space", 1, id="relative"),
        pytest.param("burnish.build.run", "from burnish.news import thing", 1, id="of a package without rank"),
        pytest.param("burnish.news.thing", "import re", 1, id="in a package without rank"),
    ],
)
def test_the_direction_is_checked(module: str, source: str, complaints: int) -> None:
    assert len(layers.direction(module, ast.parse(source))) == complaints


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("import subprocess", id="process"),
        pytest.param("from os import environ", id="environment"),
        pytest.param("import os.path", id="os by a submodule"),
        pytest.param("def f():\n    import time", id="clock, inside a function"),
        pytest.param("datetime.now(UTC)", id="clock by datetime"),
        pytest.param("open('x')", id="open"),
        pytest.param("path.read_text()", id="read_text"),
        pytest.param("Path('x').open('rb')", id="Path.open"),
        pytest.param("print(1)", id="print"),
        pytest.param("random.shuffle(x)", id="the module's own generator"),
        pytest.param("from random import choice", id="the module's own generator, imported"),
        pytest.param("random.Random()", id="a generator without seed"),
        pytest.param("np.random.default_rng()", id="numpy's generator without seed"),
        pytest.param("np.random.normal(0, 1)", id="numpy's own generator"),
    ],
)
def test_impurity_is_found(source: str) -> None:
    assert len(layers.impurities("m", ast.parse(source))) == 1


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("from pathlib import Path\nPath('a') / 'b'", id="a path as a value"),
        pytest.param("import random\nrandom.Random(seed).shuffle(x)", id="a seeded generator"),
        pytest.param("def f(rng: np.random.Generator): return rng.normal(0, 1)", id="a generator that is given"),
        pytest.param("np.random.default_rng(seed)", id="numpy's generator with a seed"),
        pytest.param("'open(x); time.time()'", id="words in a string"),
    ],
)
def test_what_is_pure_may_pass(source: str) -> None:
    assert layers.impurities("m", ast.parse(source)) == []


def test_purity_follows_imports_of_modules_and_of_names() -> None:
    trees = {
        name: ast.parse(source)
        for name, source in {
            "burnish.report": "",
            "burnish.report.text": "from burnish.tune import words\nimport re",
            "burnish.tune": "",
            "burnish.tune.words": "from burnish.units import Seconds",
            "burnish.units": "",
            "burnish.store": "import sqlite3",
        }.items()
    }
    assert layers.reached(frozenset({"burnish.report"}), trees) == {
        "burnish.report", "burnish.report.text", "burnish.tune.words", "burnish.units",
    }  # fmt: skip
