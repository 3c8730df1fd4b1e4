"""What a tune tells, also as a file: a JSON object per line, for whoever follows it (`burnish ui`)."""

import contextlib
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self, TextIO

import msgspec

from burnish.errors import BurnishError
from burnish.tune.progress import Progress

#: In burnish's own directory; a new tune begins it anew.
NAME: Final = "events.jsonl"


class Recorded:
    """A progress that passes everything on, and writes it down. A disk that is full stops the writing, not the tune.

    As a context it says how the tune ended: what leaves it by an error is the last line, and the file is closed.
    """

    def __init__(self, inner: Progress, directory: Path) -> None:
        self._inner = inner
        self._file: TextIO | None = None
        try:
            self._file = (directory / NAME).open("w", encoding="utf-8")
        except OSError:
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is not None:
            self._write("failed", reason=_reason(error))
        self._close()

    def _close(self) -> None:
        if self._file is not None:
            # On a full disk closing fails too, for what is left in the buffer.
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None

    def _write(self, event: str, **values: object) -> None:
        if self._file is None:
            return
        line = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event, **values}
        try:
            self._file.write(msgspec.json.encode(line).decode() + "\n")
            self._file.flush()
        except OSError:
            self._close()

    def began(self, package: str, goal: str, budget: float) -> None:
        """What is tuned, and for how many seconds at most."""
        self._write("began", package=package, goal=goal, budget=budget)

    def ended(self, number: int, headline: str) -> None:
        """The result's number in the store, and its first sentence."""
        self._write("ended", result=number, headline=headline)

    def phase(self, name: str) -> None:
        self._inner.phase(name)
        self._write("phase", name=name)

    def building(self, profile: str, reason: str) -> None:
        self._inner.building(profile, reason)
        self._write("building", profile=profile, reason=reason)

    def unit(self, name: str) -> None:
        self._inner.unit(name)

    def built(self, text: str) -> None:
        self._inner.built(text)
        self._write("built", text=text)

    def counting(self, arm: str, counter: str) -> None:
        self._inner.counting(arm, counter)
        self._write("counting", arm=arm, counter=counter)

    def rounds(self, purpose: str, done: int, active: int, best: str) -> None:
        self._inner.rounds(purpose, done, active, best)
        self._write("rounds", purpose=purpose, done=done, active=active, best=best)

    def best(self, profile: str, size: float | None, time: float | None) -> None:
        self._inner.best(profile, size, time)
        self._write("best", profile=profile, size=size, time=time)

    def spent(self, seconds: float, budget: float, remaining: float | None) -> None:
        self._inner.spent(seconds, budget, remaining)
        self._write("spent", seconds=round(seconds, 3), budget=budget, remaining=remaining)

    def note(self, text: str) -> None:
        self._inner.note(text)
        self._write("note", text=text)

    def detail(self, text: str) -> None:
        self._inner.detail(text)


def _reason(error: BaseException) -> str:
    """Why a tune ended without a result, on one line."""
    match error:
        case BurnishError():
            return error.message.partition("\n")[0]
        case KeyboardInterrupt():
            return "interrupted; the same command goes on where it stopped"
        case _:
            return f"{type(error).__name__}: {error}".partition("\n")[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A place in the file of one tune: what tells it from others' files, and an offset in bytes."""

    of: str = ""
    offset: int = 0


def read_from(path: Path, place: Place) -> tuple[list[bytes], Place]:
    """The whole lines behind a place, and the next place; from the start where the file was begun anew."""
    try:
        with path.open("rb") as file:
            of = hashlib.sha256(file.readline()).hexdigest()[:16]
            start = place.offset if place.of == of and 0 <= place.offset <= file.seek(0, 2) else 0
            file.seek(start)
            body = file.read(1_000_000)
    except OSError:
        return [], Place()
    whole = body[: body.rfind(b"\n") + 1]
    return whole.splitlines(), Place(of=of, offset=start + len(whole))
