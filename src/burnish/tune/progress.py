"""What a tune tells while it works. The command line shows it; a library user may ignore it."""

from typing import Protocol


class Progress(Protocol):
    """Events in the order they happen; every text is for people."""

    def phase(self, name: str) -> None:
        """Another part of the tune begins."""

    def building(self, profile: str, reason: str) -> None:
        """A build starts."""

    def unit(self, name: str) -> None:
        """Cargo finished (or found fresh) one unit of the build under way."""

    def built(self, text: str) -> None:
        """A build ended, with its main figures or its failure; `text` is one line."""

    def counting(self, arm: str, counter: str) -> None:
        """An instruction count starts; under valgrind it takes tens of times as long as a run."""

    def rounds(self, purpose: str, done: int, active: int, best: str) -> None:
        """A round ended."""

    def best(self, profile: str, size: float | None, time: float | None) -> None:
        """The best candidate so far, for the goal: its ratios of size and run time to the baseline; not confirmed."""

    def spent(self, seconds: float, budget: float, remaining: float | None) -> None:
        """How much of the budget is gone, and how long the rest will take, about (`burnish.tune.remaining`)."""

    def note(self, text: str) -> None:
        """Something worth knowing."""

    def detail(self, text: str) -> None:
        """Something that only who asks wants to know: cargo's command lines, what was left out and why."""


class Silent:
    """Says nothing."""

    def phase(self, name: str) -> None:
        del name

    def building(self, profile: str, reason: str) -> None:
        del profile, reason

    def unit(self, name: str) -> None:
        del name

    def built(self, text: str) -> None:
        del text

    def counting(self, arm: str, counter: str) -> None:
        del arm, counter

    def rounds(self, purpose: str, done: int, active: int, best: str) -> None:
        del purpose, done, active, best

    def best(self, profile: str, size: float | None, time: float | None) -> None:
        del profile, size, time

    def spent(self, seconds: float, budget: float, remaining: float | None) -> None:
        del seconds, budget, remaining

    def note(self, text: str) -> None:
        del text

    def detail(self, text: str) -> None:
        del text
