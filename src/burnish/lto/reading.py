"""Reading the files of a link that no cache knows, by several processes: the first link of a program has hundreds.

A helper gives back what it has read. Where one gives nothing, for whatever reason, this process reads its share itself:
errors need no way from one process to another.
"""

import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from burnish.cache import Cache
from burnish.errors import BurnishError
from burnish.lto.facts import ObjectFacts, keep_facts, known_facts, read_facts
from burnish.processes import die_with_parent

#: Bytes; a helper for less costs more than it saves.
_WORTH_HELP: Final = 2_000_000

_Share = list[tuple[int, tuple[ObjectFacts, ...]]]
_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Share)


def read_all(paths: Sequence[Path], cache: Cache, jobs: int) -> list[tuple[ObjectFacts, ...]]:
    """The facts of each file, in the order given.

    Raises:
        UnsupportedError: a file cannot be read, or is of a form the engine does not take.
        BitcodeError: it is damaged.
    """
    found = {number: known for number, path in enumerate(paths) if (known := known_facts(path, cache)) is not None}
    shares = shared_out([(number, _size(path)) for number, path in enumerate(paths) if number not in found], jobs)
    helpers = [(_helper(paths, share), share) for share in shares[1:]]
    mine = shares[:1]
    for share in mine:
        found.update((number, tuple(read_facts(paths[number]))) for number in share)
    for (pid, pipe), share in helpers:
        found.update(_collected(pid, pipe) or [(number, tuple(read_facts(paths[number]))) for number in share])
    for share in shares:
        for number in share:
            keep_facts(paths[number], found[number], cache)
    return [found[number] for number in range(len(paths))]


def shared_out(files: Sequence[tuple[int, int]], jobs: int) -> list[list[int]]:
    """Numbers of files in shares of about equal bytes, none too small to be worth a process; at least one if any."""
    total = sum(size for _, size in files)
    count = max(1, min(jobs, total // _WORTH_HELP))
    shares: list[list[int]] = [[] for _ in range(count)]
    loads = [0] * count
    for number, size in sorted(files, key=lambda file: -file[1]):
        lightest = loads.index(min(loads))
        shares[lightest].append(number)
        loads[lightest] += size
    return [share for share in shares if share]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _helper(paths: Sequence[Path], share: list[int]) -> tuple[int, int]:
    """Start a process that reads a share; gives its id and the pipe that its answer comes through."""
    reading, writing = os.pipe()
    parent = os.getpid()
    with warnings.catch_warnings():
        # numpy's idle threads are no danger: the helper waits for nobody.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    status = 1
    try:
        die_with_parent(parent)
        os.close(reading)
        answer = _ENCODER.encode([(number, tuple(read_facts(paths[number]))) for number in share])
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(answer)
        status = 0
    except (BurnishError, OSError, MemoryError):
        pass  # the parent meets the same, and says so
    finally:
        os._exit(status)


def _collected(pid: int, pipe: int) -> _Share:
    """What a helper has read; nothing where it failed."""
    with os.fdopen(pipe, "rb") as file:
        data = file.read()
    _, status = os.waitpid(pid, 0)
    return _DECODER.decode(data) if status == 0 else []
