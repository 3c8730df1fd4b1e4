"""What a backend spends: wall and CPU time of each stage, and the memory it reached."""

import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from burnish.lto.backend import StageCost


def _cpu() -> float:
    """Seconds of this process and of the ones it has waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _memory() -> int:
    """Peak bytes of this process, or of the largest that it has waited for."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(kind).ru_maxrss for kind in kinds) * 1024


class StageLog:
    """Measures stages and says when one begins.

    Args:
        entered: called with the stage's name, so that whoever waits can say where it was when it died.
    """

    def __init__(self, entered: Callable[[str], None] = lambda _stage: None) -> None:
        self.costs: list[StageCost] = []
        self._entered = entered

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure what is done inside; nothing is noted where it raises."""
        self._entered(name)
        wall, cpu = time.perf_counter(), _cpu()
        yield
        cost = StageCost(stage=name, wall=time.perf_counter() - wall, cpu=_cpu() - cpu, memory=_memory())
        self.costs.append(cost)
