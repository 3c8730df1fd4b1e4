"""The log the shim writes: one JSON line for each crate that rustc compiled, kept for as long as the target directory.

A line cut short (power, full disk, kill) is passed over: that crate's file is not finished either, and cargo will
compile it again.
"""

from pathlib import Path

import msgspec

from burnish.build.audit import unit_hash
from burnish.build.values import CrateRun

_DECODER = msgspec.json.Decoder(CrateRun)


class CrateLog:
    """The crates compiled so far, by the hash in their file names."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> dict[str, CrateRun]:
        """The newest successful run of each unit."""
        runs: dict[str, CrateRun] = {}
        try:
            lines = self.path.read_bytes().splitlines()
        except FileNotFoundError:
            return runs
        for line in lines:
            run = parse_run(line)
            if run is not None and run.code == 0:
                runs[unit_hash(run)] = run
        return runs


def parse_run(line: bytes) -> CrateRun | None:
    """The run of a line; None where the line is not whole."""
    try:
        return _DECODER.decode(line)
    except msgspec.DecodeError:
        return None
