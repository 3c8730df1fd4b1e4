"""Wall and CPU seconds of the stages of a link."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from burnish.lto.record import Stage


class Stopwatch:
    """Collects stages in their order; CPU time is that of this process and of the children it has waited for."""

    def __init__(self) -> None:
        self.stages: list[Stage] = []

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        wall, cpu = time.perf_counter(), _cpu()
        try:
            yield
        finally:
            self.stages.append(Stage(name=name, wall=time.perf_counter() - wall, cpu=_cpu() - cpu))


def _cpu() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
