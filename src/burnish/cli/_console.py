"""Progress for people, on stderr: live lines on a terminal, a line per event elsewhere."""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console, RenderableType
from rich.progress import BarColumn, ProgressColumn, SpinnerColumn, Task, TaskID, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.text import Text

from burnish.report.printable import printable
from burnish.tune.progress import Progress, Silent
from burnish.tune.remaining import roughly
from burnish.units import format_change, plural

#: Rounds that are told; one in twenty besides.
_TOLD = frozenset({1, 8, 12, 18})


class PlainProgress(Silent):
    """One line for each event that ends something; with ``verbose`` the details too."""

    def __init__(self, console: Console, *, verbose: bool = False) -> None:
        self._console = console
        self._verbose = verbose
        self._best = ""
        self._left = ""

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def phase(self, name: str) -> None:
        self._say(f"== {name}")

    def building(self, profile: str, reason: str) -> None:
        self._say(f"   building {profile}: {reason}{self._left}")

    def built(self, text: str) -> None:
        self._say(f"   {text}")

    def rounds(self, purpose: str, done: int, active: int, best: str) -> None:
        if done in _TOLD or done % 20 == 0:
            self._say(
                f"   {purpose}: {plural(done, 'round')}, {active} undecided{f'; {best}' if best else ''}{self._left}"
            )

    def best(self, profile: str, size: float | None, time: float | None) -> None:
        words = best_words(profile, size, time)
        if words != self._best:
            self._best = words
            self._say(f"   {words}")

    def spent(self, seconds: float, budget: float, remaining: float | None) -> None:
        self._left = f" ({left_words(seconds, budget, remaining)})" if budget else ""

    def note(self, text: str) -> None:
        self._say(f"note: {text}")

    def detail(self, text: str) -> None:
        if self._verbose:
            self._say(f"     {printable(text)}")


def best_words(profile: str, size: float | None, time: float | None) -> str:
    """``best so far o3-fat-cgu1-unwind: size -12.0 %, time ~-4.1 %``; a screened time is an estimate."""
    sized = [] if size is None else [f"size {format_change(size)}"]
    timed = [] if time is None else [f"time ~{format_change(time)}"]
    return f"best so far {profile}: {', '.join([*sized, *timed]) or 'nothing is measured yet'}"


def left_words(seconds: float, budget: float, remaining: float | None) -> str:
    """``about 3 min left``; where nothing is known yet, what the budget leaves."""
    if seconds >= budget:
        return "the budget is spent: ending"
    return f"{roughly(budget - seconds)} left at most" if remaining is None else f"{roughly(remaining)} left"


class _Left(ProgressColumn):
    """What is left, counted down since it was told."""

    def render(self, task: Task) -> RenderableType:
        told = task.fields["told"]
        if told is None:
            return Text("")
        at, seconds, budget, remaining = told
        gone = task.get_time() - at
        now = None if remaining is None else max(0.0, remaining - gone)
        return Text(left_words(seconds, budget, now), style="dim", no_wrap=True)


class _Lines(Bars):
    """A bar, and below it what is being done and the best candidate, each on one line however narrow."""

    below: tuple[str, str] = ("", "")

    def get_renderables(self) -> Iterable[RenderableType]:
        yield self.make_tasks_table(self.tasks)
        for line, style in zip(self.below, ("", "dim"), strict=True):
            if line:
                yield Text(f"  {line}", style=style, no_wrap=True, overflow="ellipsis")


class LiveProgress(PlainProgress):
    """What is being done, what is left, the best so far; finished things scroll by above."""

    def __init__(self, console: Console, bars: _Lines, task: TaskID, *, verbose: bool = False) -> None:
        super().__init__(console, verbose=verbose)
        self._bars = bars
        self._task = task
        self._what = ""
        self._units = 0

    def _now(self, text: str) -> None:
        self._bars.below = (printable(text), self._best)

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
        self._now(f"{purpose}: round {done}, {active} undecided{f'; {best}' if best else ''}")

    def best(self, profile: str, size: float | None, time: float | None) -> None:
        self._best = best_words(profile, size, time)
        self._bars.below = (self._bars.below[0], self._best)

    def spent(self, seconds: float, budget: float, remaining: float | None) -> None:
        total = budget if remaining is None else seconds + remaining
        told = (self._bars.get_time(), seconds, budget, remaining)
        self._bars.update(self._task, completed=min(seconds, total), total=total or None, told=told)


def _is_live(console: Console) -> bool:
    """Whether somebody looks: no pipe, no log of a CI, no terminal that cannot or shall not draw."""
    refused = console.is_dumb_terminal or os.environ.get("NO_COLOR") or os.environ.get("CI")
    return sys.stderr.isatty() and console.is_terminal and not refused


@contextmanager
def open_progress(wanted: str, *, verbose: bool = False) -> Iterator[Progress]:
    """The display that is asked for: ``auto``, ``plain`` or ``none``."""
    console = Console(stderr=True, no_color=bool(os.environ.get("NO_COLOR")) or None)
    if wanted == "none":
        yield Silent()
    elif wanted == "plain" or not _is_live(console):
        yield PlainProgress(console, verbose=verbose)
    else:
        columns = (SpinnerColumn(), BarColumn(bar_width=24), TimeElapsedColumn(), _Left())
        with _Lines(*columns, console=console, transient=True) as bars:
            yield LiveProgress(console, bars, bars.add_task("", total=None, told=None), verbose=verbose)
