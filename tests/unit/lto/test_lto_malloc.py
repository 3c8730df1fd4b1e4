from pathlib import Path

import pytest

from burnish.errors import UsageError
from burnish.lto import malloc


def package(directory: Path) -> Path:
    library = directory / "cmeel.prefix" / "lib" / "libmimalloc.so.3"
    library.parent.mkdir(parents=True)
    library.touch()
    return library


def test_the_package_is_found_where_python_looks_for_packages(tmp_path: Path) -> None:
    library = package(tmp_path / "second")
    assert malloc.find({}, ["", str(tmp_path / "first"), str(tmp_path / "second")]) == library
    assert malloc.find({}, [str(tmp_path / "first")]) is None


def test_a_path_that_the_loader_would_split_is_not_taken(tmp_path: Path) -> None:
    package(tmp_path / "with space")
    assert malloc.find({}, [str(tmp_path / "with space")]) is None


def test_the_user_chooses(tmp_path: Path) -> None:
    package(tmp_path / "packages")
    own = tmp_path / "own.so"
    own.touch()
    packages = [str(tmp_path / "packages")]
    assert malloc.find({malloc.CHOICE: "off"}, packages) is None
    assert malloc.find({malloc.CHOICE: str(own)}, packages) == own
    with pytest.raises(UsageError, match="no such file"):
        malloc.find({malloc.CHOICE: str(tmp_path / "none.so")}, packages)


@pytest.mark.parametrize("before", ["", "/lib/theirs.so"])
def test_the_environment_is_what_it_was(before: str) -> None:
    user = {"A": "b", **({"LD_PRELOAD": before} if before else {})}
    started = malloc.started_anew(user, Path("/m/libmimalloc.so.3"))
    assert started["LD_PRELOAD"].split() == ["/m/libmimalloc.so.3", *before.split()]
    assert malloc.settle(started)
    assert started == user
    assert not malloc.settle(started)
    assert started == user
