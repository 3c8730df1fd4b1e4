"""The guard in conftest.py, from inside."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(lambda: subprocess.run([sys.executable, "-V"], check=False), id="subprocess.run"),
        pytest.param(lambda: subprocess.Popen([sys.executable, "-V"]), id="subprocess.Popen"),
        pytest.param(lambda: os.posix_spawn(sys.executable, [sys.executable, "-V"], {}), id="os.posix_spawn"),
        pytest.param(lambda: os.system("true"), id="os.system"),  # noqa: S605
    ],
)
def test_a_unit_test_cannot_start_a_process(start: Callable[[], object]) -> None:
    with pytest.raises(pytest.fail.Exception, match="started a process"):
        start()
