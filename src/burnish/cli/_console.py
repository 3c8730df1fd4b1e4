"""Progress for people, on stderr: a live line on a terminal, a line per event elsewhere."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from burnish.tune.progress import Progress, Silent
from burnish.units import format_seconds


class PlainProgress(Silent):
    """One line for each event that ends something."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def phase(self, name: str) -> None:
        self._say(f"== {name}")

    def building(self, profile: str, reason: str) -> None:
        self._say(f"   building {profile}: {reason}")

    def built(self, text: str) -> None:
        self._say(f"   {text}")

    def rounds(self, purpose: str, done: int, active: int, best: str) -> None:
        if done in {1, 8, 12, 18} or done % 20 == 0:
            self._say(f"   {purpose}: {done} rounds, {active} undecided; {best}".rstrip("; "))

    def note(self, text: str) -> None:
        self._say(f"note: {text}")


class LiveProgress(PlainProgress):
    """What is being done, what is left, how long; finished things scroll by above."""

    def __init__(self, console: Console, bars: Bars, task: TaskID) -> None:
        super().__init__(console)
        self._bars = bars
        self._task = task
        self._what = ""
        self._units = 0

    def _now(self, text: str) -> None:
        self._bars.update(self._task, description=text)

    def building(self, profile: str, reason: str) -> None:
        self._what, self._units = profile, 0
        self._say(f"   {profile}: {reason}")
        self._now(f"building {profile}")

    def unit(self, name: str) -> None:
        self._units += 1
        self._now(f"building {self._what}: {self._units} crates, last {name}")

    def built(self, text: str) -> None:
        self._say(f"   {text}")
        self._now("measuring")

    def counting(self, arm: str, counter: str) -> None:
        self._now(f"counting instructions of {arm} with {counter}")

    def rounds(self, purpose: str, done: int, active: int, best: str) -> None:
        self._now(f"{purpose}: round {done}, {active} undecided  {best}")

    def spent(self, seconds: float, budget: float) -> None:
        left = max(0.0, budget - seconds)
        self._bars.update(self._task, completed=min(seconds, budget), total=budget, left=format_seconds(left))


@contextmanager
def open_progress(wanted: str) -> Iterator[Progress]:
    """The display that is asked for: ``auto``, ``plain`` or ``none``."""
    console = Console(stderr=True, no_color=bool(os.environ.get("NO_COLOR")) or None)
    if wanted == "none":
        yield Silent()
    elif wanted == "plain" or not sys.stderr.isatty():
        yield PlainProgress(console)
    else:
        columns = (
            SpinnerColumn(),
            BarColumn(bar_width=20),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]} left at most", style="dim"),
            TextColumn("{task.description}", markup=False),
        )
        with Bars(*columns, console=console, transient=True) as bars:
            yield LiveProgress(console, bars, bars.add_task("reading the project", total=None, left="?"))
