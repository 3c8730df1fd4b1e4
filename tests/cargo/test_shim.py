"""The shim beside the processes it stands for: nothing runs for a parent that is gone."""

import os
import subprocess
from pathlib import Path

import pytest

from burnish.build.shim import ensure_shim, guard
from burnish.cargo.invocation import Cargo
from burnish.cargo.toolchain import read_toolchain

pytestmark = pytest.mark.cargo


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("shim")
    cargo = Cargo(directory, dict(os.environ))
    return ensure_shim(cargo, read_toolchain(cargo), directory)


def test_a_guarded_command_runs_under_its_parent(shim: Path) -> None:
    done = subprocess.run([*guard(shim), "echo", "here"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "here\n", "")


@pytest.mark.parametrize("role", ["--burnish-exec", "--burnish-round"])
def test_a_parent_killed_before_the_shim_could_ask_is_noticed(shim: Path, role: str, tmp_path: Path) -> None:
    # The process that starts the shim is not the one that the shim is told of: so it looks after a kill in between.
    mark = tmp_path / "mark"
    done = subprocess.run(
        [str(shim), role, str(os.getpid() + 1), "touch", str(mark)], stdin=subprocess.DEVNULL, check=False
    )
    assert done.returncode == 137
    assert not mark.exists()
