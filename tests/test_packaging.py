"""Wheel and source distribution: built, installed in an environment of their own, and run."""

import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
#: What is no Python and must be there all the same.
DATA = ("burnish/py.typed", "burnish/__init__.pyi", "burnish/build/shim.rs", "burnish/report/vega.js")

pytestmark = pytest.mark.crates  # needs the Python package index


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run([*map(str, command)], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the wheel and the source distribution."""
    place = tmp_path_factory.mktemp("dist")
    environment = place / "build"
    venv.create(environment, with_pip=True)
    run(environment / "bin" / "python", "-m", "pip", "install", "-q", "hatchling", cwd=place)
    run(environment / "bin" / "hatchling", "build", "-d", place / "out", cwd=ROOT)
    return place / "out"


def test_both_have_what_is_no_python(built: Path) -> None:
    (wheel,), (source,) = built.glob("*.whl"), built.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert set(DATA) <= names
    assert any(name.endswith("licenses/LICENSE-MIT") for name in names)
    assert not [name for name in names if name.startswith("tests")]
    with tarfile.open(source) as archive_:
        inside = {name.partition("/")[2] for name in archive_.getnames()}
    assert {f"src/{name}" for name in DATA} <= inside
    assert not [name for name in inside if name.startswith((".ci", "docs/cases"))]


@pytest.mark.parametrize("kind", ["*.whl", "*.tar.gz"])
def test_each_installs_in_a_clean_environment_and_runs(built: Path, tmp_path: Path, kind: str) -> None:
    (package,) = built.glob(kind)
    venv.create(tmp_path / "venv", with_pip=True)
    python, burnish = tmp_path / "venv" / "bin" / "python", tmp_path / "venv" / "bin" / "burnish"
    run(python, "-m", "pip", "install", "-q", package, cwd=tmp_path)
    assert run(burnish, "--version", cwd=tmp_path).startswith("burnish ")
    assert "tune" in run(burnish, "--help", cwd=tmp_path)
    assert "cargo and rustc" in run(burnish, "doctor", cwd=tmp_path)
    program = "import burnish; from burnish.cli._vega import vega; print(callable(burnish.tune), len(vega()) > 500_000)"
    assert run(python, "-c", program, cwd=tmp_path).split() == ["True", "True"]
    (tmp_path / "Cargo.toml").write_text('[package]\nname = "x"\nversion = "0.1.0"\n[profile.release]\nlto = "fatt"\n')
    linted = subprocess.run([burnish, "lint"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert linted.returncode != 0
    assert "fatt" in linted.stdout + linted.stderr


def test_the_base_install_is_small(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    assert wheel.stat().st_size < 1_500_000
    assert sys.version_info >= (3, 11)
