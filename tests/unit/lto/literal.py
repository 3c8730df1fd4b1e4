"""The import rules once more, one function of one unit after the other, with LLVM's own work list: slow and plain."""

from collections.abc import Iterator

import numpy as np

from burnish.lto.decide.thinlink import ThinLink
from burnish.lto.modules import FunctionFlag, Kind, Linkage, SummaryFlag, VariableFlag

_MULTIPLIERS = {0: 1.0, 1: 0.1, 2: 1.0, 3: 10.0, 4: 100.0}


def imports_of(link: ThinLink, modules: set[int]) -> tuple[set[tuple[int, int]], dict[int, str]]:
    """Symbol and source module of all imports of a unit, and LLVM's reason for each symbol refused."""
    return _Unit(link, modules).run()


class _Unit:
    def __init__(self, link: ThinLink, modules: set[int]) -> None:
        self.link = link
        self.index = link.index
        self.rows = [
            row for row in range(self.index.rows) if self.index.summarized[row] and self._module(row) in modules
        ]
        self.own = {int(self.index.symbol[row]) for row in self.rows}
        self.imports: set[tuple[int, int]] = set()
        self.resolved: dict[int, tuple[float, int | None]] = {}
        self.reasons: dict[int, str] = {}
        self.worklist: list[tuple[int, int]] = []

    def _module(self, row: int) -> int:
        return int(self.index.module[row])

    def _copies(self, symbol: int) -> list[int]:
        copies = self.index.copies
        return [int(row) for row in copies.targets[copies.starts[symbol] : copies.starts[symbol + 1]]]

    def _edges(self, row: int) -> Iterator[tuple[int, int]]:
        calls = self.index.calls
        for place in range(int(calls.starts[row]), int(calls.starts[row + 1])):
            yield int(calls.targets[place]), int(calls.marks[place]) & 7

    def _refs(self, row: int) -> list[int]:
        refs = self.index.refs
        return [int(symbol) for symbol in refs.targets[refs.starts[row] : refs.starts[row + 1]]]

    def run(self) -> tuple[set[tuple[int, int]], dict[int, str]]:
        for row in self.rows:
            base = int(self.index.base[row])
            if self.link.live[row] and self.index.kind[base] == Kind.FUNCTION:
                self.function(base, 100)
        while self.worklist:
            self.function(*self.worklist.pop())
        return self.imports, self.reasons

    def function(self, row: int, threshold: int) -> None:
        self.variables(row)
        for symbol, hotness in self._edges(row):
            if symbol in self.own or not self._copies(symbol):
                continue
            allowed = np.float32(threshold) * np.float32(_MULTIPLIERS[hotness])
            before = self.resolved.get(symbol)
            if before is not None and allowed <= before[0]:
                continue
            callee = before[1] if before is not None else None
            if callee is None:
                callee = self.select(symbol, int(allowed), row)
                if callee is not None:
                    self.imports.add((symbol, self._module(callee)))
            self.resolved[symbol] = (int(allowed), callee)
            if callee is not None:
                factor = 1.0 if hotness == 3 else 0.7
                self.worklist.append((int(self.index.base[callee]), int(np.float32(threshold) * np.float32(factor))))

    def select(self, symbol: int, threshold: int, caller: int) -> int | None:
        for row in self._copies(symbol):
            reason = self.verdict(row, symbol, threshold, caller)
            self.reasons[symbol] = reason
            if reason == "None":
                del self.reasons[symbol]
                return row
        return None

    def verdict(self, row: int, symbol: int, threshold: int, caller: int) -> str:
        base = int(self.index.base[row])
        attributes = int(self.index.attributes[base])
        local = Linkage(int(self.index.linkage[base])).is_local
        always = attributes & FunctionFlag.ALWAYS_INLINE
        tests = (
            ("NotLive", not self.link.live[row]),
            ("InterposableLinkage", Linkage(int(self.index.linkage[row])).is_interposable),
            ("GlobalVar", self.index.kind[base] != Kind.FUNCTION),
            (
                "LocalLinkageNotInModule",
                local and len(self._copies(symbol)) > 1 and self._module(base) != self._module(caller),
            ),
            ("NotEligible", bool(self.index.flags[base] & SummaryFlag.NOT_ELIGIBLE_TO_IMPORT)),
            ("TooLarge", self.index.instructions[base] > threshold and not always),
            ("NoInline", bool(attributes & FunctionFlag.NO_INLINE)),
        )
        return next((reason for reason, failed in tests if failed), "None")

    def variables(self, row: int) -> None:
        todo = [row]
        while todo:
            row = todo.pop()
            for symbol in self._refs(row):
                if symbol in self.own and not self.must_import_still(symbol):
                    continue
                for copy in self._copies(symbol):
                    if not self.importable(copy, row):
                        continue
                    if (symbol, self._module(copy)) not in self.imports:
                        self.imports.add((symbol, self._module(copy)))
                        if not self.link.write_only[copy]:
                            todo.append(copy)
                    break

    def must_import_still(self, symbol: int) -> bool:
        own = [row for row in self.rows if self.index.symbol[row] == symbol]
        return len(self._copies(symbol)) > 1 and all(
            Linkage(int(self.index.linkage[row])).is_interposable and self.link.prevailing[symbol] != row for row in own
        )

    def importable(self, row: int, referrer: int) -> bool:
        linkage = Linkage(int(self.index.linkage[row]))
        if self.index.kind[row] != Kind.VARIABLE or linkage.is_interposable:
            return False
        if self.index.flags[row] & SummaryFlag.NOT_ELIGIBLE_TO_IMPORT:
            return False
        if linkage.is_local and self._module(row) != self._module(referrer):
            return False
        harmless = self.index.attributes[row] & VariableFlag.CONSTANT or self.link.read_only[row]
        return bool(harmless or self.link.write_only[row] or not self._refs(row))
