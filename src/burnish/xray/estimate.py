"""Bytes of code that is no longer there: what an instruction of this program became, by its own functions. Pure.

A function's summary counts LLVM instructions before the link; only functions that are still in the program, and into
which nothing was inlined, show what these become. One ratio is fitted over them. Its residuals grow with the root of
the size (ratio estimation, W. G. Cochran, Sampling Techniques, chapter 6), so sums are known better than single
functions.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

#: Fewer functions give no ratio worth a name.
LEAST: Final = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Fit:
    """Bytes of machine code for an instruction.

    Attributes:
        ratio: bytes for one instruction.
        spread: standard deviation of a function of one instruction; of n instructions: times the root of n.
        functions: how many the fit rests on.
    """

    ratio: float
    spread: float
    functions: int

    def bytes(self, instructions: int) -> int:
        """The estimate."""
        return round(self.ratio * max(0, instructions))

    def error(self, instructions: int) -> int:
        """Two standard deviations of the estimate: of what is estimated, and of the ratio itself."""
        total = max(0, instructions)
        return math.ceil(2 * self.spread * math.sqrt(total))


def fit(functions: Sequence[tuple[int, int]]) -> Fit | None:
    """The ratio, from pairs of instructions and bytes; None where they are too few."""
    known = [(instructions, size) for instructions, size in functions if instructions > 0 and size > 0]
    if len(known) < LEAST:
        return None
    ratio = sum(size for _, size in known) / sum(instructions for instructions, _ in known)
    squares = sum((size - ratio * instructions) ** 2 / instructions for instructions, size in known)
    return Fit(ratio=ratio, spread=math.sqrt(squares / (len(known) - 1)), functions=len(known))
