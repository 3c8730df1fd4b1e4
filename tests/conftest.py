"""Unit tests start no process: whatever tries fails, and says so."""

import os
import subprocess
from pathlib import Path
from typing import Any, Never

import pytest
from hypothesis import HealthCheck, settings

# No test measures time: a busy machine must not fail a law.
settings.register_profile("burnish", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("burnish")

UNIT = Path(__file__).parent / "unit"

_REASON = "a unit test started a process: pass it what the process would have said, or move it to tests/cargo"


class _RefusedPopen(subprocess.Popen[Any]):
    """A class, as annotations such as ``subprocess.Popen[str]`` must still evaluate."""

    def __init__(self, *_args: object, **_kwargs: object) -> None:
        pytest.fail(_REASON)


def _refuse(*_args: object, **_kwargs: object) -> Never:
    pytest.fail(_REASON)


@pytest.fixture(autouse=True)
def _no_processes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if UNIT not in request.path.parents:
        return
    monkeypatch.setattr(subprocess, "Popen", _RefusedPopen)
    for name in ("fork", "posix_spawn", "posix_spawnp", "system"):
        monkeypatch.setattr(os, name, _refuse)
