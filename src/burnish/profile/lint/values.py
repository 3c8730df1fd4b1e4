"""The values of the lint: rules, what they hit, findings and fixes."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from burnish.profile.keys import Value

if TYPE_CHECKING:
    from burnish.profile.lint.context import Context


class Severity(StrEnum):
    """How bad, in the words of GitHub's annotations but for ``INFO``."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """Higher is worse."""
        return {"error": 2, "warning": 1, "info": 0}[self]


class Category(StrEnum):
    """What is wrong.

    ``REDUNDANT``: without the line everything is the same. ``DEAD``: the line does nothing, though it looks as if it
    did. ``LOST``: it holds in one place and not in another where it is expected. ``CONTRADICTORY``: it works against
    another value. ``DANGEROUS``: the build breaks, or the program behaves otherwise. ``DEVELOPMENT``: it costs time
    where nobody gains from it.
    """

    REDUNDANT = "redundant"
    DEAD = "dead"
    LOST = "lost"
    CONTRADICTORY = "contradictory"
    DANGEROUS = "dangerous"
    DEVELOPMENT = "development"


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A file by its label, line and column from 1; without a line the whole file."""

    path: str
    line: int | None = None
    column: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Edit:
    """One key of one table of a TOML file: ``value`` is set, ``renamed`` is its new name, neither removes it."""

    path: str
    table: tuple[str, ...]
    key: str
    value: Value | None = None
    renamed: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Fix:
    """A change that keeps what is built, or makes the file do what it already says; ``summary`` in the imperative."""

    summary: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """What a rule gives for each thing it finds: message, where, what to do about it by hand, or a fix."""

    place: Place
    message: str
    advice: str = ""
    fix: Fix | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """A rule of the lint.

    Attributes:
        id: kebab-case, stable.
        summary: what it finds, in half a sentence.
        why: the fact behind it, in one or two sentences.
        source: where the fact is written, or the source code that makes it so.
        fixable: some of its findings come with a fix.
        check: gives what it finds.
    """

    id: str
    severity: Severity
    category: Category
    summary: str
    why: str
    source: str
    check: "Callable[[Context], Iterable[Hit]]"
    fixable: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A hit with what its rule says about it."""

    rule: str
    severity: Severity
    category: Category
    message: str
    why: str
    advice: str
    source: str
    path: str
    line: int | None
    column: int | None
    fix: Fix | None
