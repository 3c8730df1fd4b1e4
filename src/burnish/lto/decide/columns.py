"""Columns of numbers and what all of decide does with them: rows of lists (CSR) and sets of sorted keys."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Bytes = NDArray[np.uint8]
Words = NDArray[np.uint32]
Guids = NDArray[np.uint64]

NO_INTS: Ints = np.zeros(0, np.int64)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Lists:
    """One list for each of ``n`` rows.

    Attributes:
        starts: n + 1; the list of row ``i`` is ``targets[starts[i]:starts[i + 1]]``.
        targets: all lists, one after the other.
        marks: one byte for each target.
    """

    starts: Ints
    targets: Ints
    marks: Bytes

    def places(self, rows: Ints) -> tuple[Ints, Ints]:
        """Where the targets of these rows stand in ``targets``, and the place in ``rows`` each belongs to."""
        return spans(self.starts[rows], self.starts[rows + 1])

    def counts(self, rows: Ints) -> Ints:
        """How long the lists of these rows are."""
        counts: Ints = self.starts[rows + 1] - self.starts[rows]
        return counts

    def of(self, rows: Ints) -> Ints:
        """The targets of these rows."""
        return self.targets[self.places(rows)[0]]


def starts_of(counts: Ints) -> Ints:
    """Where lists of these lengths start when they stand one after the other; one more than there are lists."""
    starts = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=starts[1:])
    return starts


def spans(first: Ints, end: Ints) -> tuple[Ints, Ints]:
    """All integers of the ranges ``first[i]`` to ``end[i]``, end excluded, and the ``i`` of each."""
    counts = end - first
    owners = np.repeat(np.arange(len(counts)), counts)
    within = np.arange(len(owners)) - (np.cumsum(counts) - counts)[owners]
    return first[owners] + within, owners


def find(keys: Ints, wanted: Ints) -> Ints:
    """The place of each wanted key among the sorted ``keys``, -1 where it is not there."""
    if not len(keys):
        return np.full(len(wanted), -1, np.int64)
    places = np.searchsorted(keys, wanted)
    places[places == len(keys)] = 0
    return np.where(keys[places] == wanted, places, -1)


def contains(keys: Ints, wanted: Ints) -> Bools:
    """Whether each wanted key is among the sorted ``keys``."""
    return find(keys, wanted) >= 0


def distinct(keys: Ints) -> Ints:
    """Each key once, ascending; by sorting, which for numbers beats numpy's own hashing several times."""
    ordered = np.sort(keys)
    fresh = np.ones(len(keys), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=fresh[1:])
    return ordered[fresh]


def first_of_each(keys: Ints, *ranks: Ints) -> Ints:
    """Places of the first of each key in ascending order of key; of equal keys the least in the first rank, then on."""
    if not len(keys):
        return NO_INTS
    order = np.lexsort((*reversed(ranks), keys)) if ranks else np.argsort(keys, kind="stable")
    ordered = keys[order]
    fresh = np.empty(len(keys), np.bool_)
    fresh[0] = True
    np.not_equal(ordered[1:], ordered[:-1], out=fresh[1:])
    return order[fresh]


def joined(parts: list[Ints]) -> Ints:
    """All parts, one after the other; there may be none."""
    return np.concatenate(parts) if parts else NO_INTS
