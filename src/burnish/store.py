"""What was built and measured, in SQLite in the project's target directory, as it happens.

Every finished build, every round and every result is one committed row before the next thing starts, so that a kill at
any moment loses at most what was under way. A row's key holds everything the row depends on (`burnish.tune.identity`);
a row whose key is asked for again is the answer.

Schema history. 1: builds, failures, rounds, facts, results.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self, TypeVar

import msgspec

from burnish.build.values import Build, FailedBuild
from burnish.errors import StoreError
from burnish.measure.values import Round

SCHEMA: Final = 1
#: In burnish's own directory of a project.
FILE: Final = "burnish.sqlite"

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS builds (key TEXT PRIMARY KEY, failed INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS rounds (race TEXT NOT NULL, number INTEGER NOT NULL, body BLOB NOT NULL,
                                   PRIMARY KEY (race, number));
CREATE TABLE IF NOT EXISTS facts (key TEXT PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS results (id INTEGER PRIMARY KEY, subject TEXT NOT NULL, created TEXT NOT NULL,
                                    body BLOB NOT NULL);
"""

#: SQLite's integers go to here.
_LARGEST: Final = 2**63 - 1

T = TypeVar("T")


class Store:
    """The open store of one project."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open or create.

        Raises:
            StoreError: the directory cannot be written, the file is no database, or is of a newer burnish.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(path.parent, error) from error
        with _translated(path):
            # autocommit: each statement is a transaction of its own, on disk when it returns.
            connection = sqlite3.connect(path, isolation_level=None, timeout=30)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            _version(connection, path)
            connection.executescript(_TABLES)
            connection.execute(f"PRAGMA user_version={SCHEMA:d}")
        return cls(connection, path)

    @classmethod
    def of(cls, directory: Path) -> Self | None:
        """The store in burnish's own directory of a project, for reading alone; None where nothing was ever stored.

        Raises:
            StoreError: the file is no database, or is of a newer burnish.
        """
        path = directory / FILE
        if not path.is_file():
            return None
        with _translated(path):
            connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=30)
            version = _version(connection, path)
        if version == 0:  # a tune that was killed before its first table
            connection.close()
            return None
        return cls(connection, path)

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- builds ---

    def build(self, key: str) -> Build | FailedBuild | None:
        """The finished build of a key, successful or not."""
        with _translated(self._path):
            row = self._connection.execute("SELECT failed, body FROM builds WHERE key = ?", (key,)).fetchone()
        if row is None:
            return None
        return self._decode(row[1], FailedBuild) if row[0] else self._decode(row[1], Build)

    def keep_build(self, key: str, build: Build | FailedBuild) -> None:
        failed = isinstance(build, FailedBuild)
        self._write("INSERT OR REPLACE INTO builds VALUES (?, ?, ?)", (key, failed, msgspec.json.encode(build)))

    def forget_build(self, key: str) -> None:
        self._write("DELETE FROM builds WHERE key = ?", (key,))

    # --- rounds ---

    def rounds(self, race: str) -> tuple[Round, ...]:
        """All rounds of a race, in order."""
        with _translated(self._path):
            rows = self._connection.execute("SELECT body FROM rounds WHERE race = ? ORDER BY number", (race,))
            return tuple(self._decode(body, Round) for (body,) in rows)

    def keep_round(self, race: str, done: Round) -> None:
        self._write("INSERT INTO rounds VALUES (?, ?, ?)", (race, done.number, msgspec.json.encode(done)))

    # --- facts: anything else worth keeping, by key ---

    def fact(self, key: str, kind: type[T]) -> T | None:
        with _translated(self._path):
            row = self._connection.execute("SELECT body FROM facts WHERE key = ?", (key,)).fetchone()
        return None if row is None else self._decode(row[0], kind)

    def keep_fact(self, key: str, value: object) -> None:
        self._write("INSERT OR REPLACE INTO facts VALUES (?, ?)", (key, msgspec.json.encode(value)))

    # --- results ---

    def keep_result(self, subject: str, created: str, body: bytes) -> int:
        """Store a result in the form of `burnish.report.json`; gives its number.

        ``subject`` names project, artifact and profile: several projects may share one target directory.
        """
        return self._write("INSERT INTO results (subject, created, body) VALUES (?, ?, ?)", (subject, created, body))

    def result(self, subject: str, number: int | None = None) -> bytes | None:
        """A stored result of a subject, the newest without a number; None where there is none."""
        newest = "SELECT body FROM results WHERE subject = ? ORDER BY id DESC LIMIT 1"
        numbered = "SELECT body FROM results WHERE subject = ? AND id = ?"
        if number is not None and number > _LARGEST:
            return None
        with _translated(self._path):
            if number is None:
                row = self._connection.execute(newest, (subject,)).fetchone()
            else:
                row = self._connection.execute(numbered, (subject, number)).fetchone()
        return None if row is None else bytes(row[0])

    def newest(self, subject: str) -> int | None:
        """The number of the newest stored result of a subject."""
        with _translated(self._path):
            row = self._connection.execute("SELECT max(id) FROM results WHERE subject = ?", (subject,)).fetchone()
        return None if row[0] is None else int(row[0])

    def replace_result(self, number: int, body: bytes) -> None:
        """Store more of a result that is there."""
        self._write("UPDATE results SET body = ? WHERE id = ?", (body, number))

    def results(self) -> tuple[tuple[int, str, str], ...]:
        """Number, subject and time of every stored result, newest first."""
        with _translated(self._path):
            found = self._connection.execute("SELECT id, subject, created FROM results ORDER BY id DESC").fetchall()
        return tuple((int(number), str(subject), str(created)) for number, subject, created in found)

    def result_of(self, number: int) -> bytes | None:
        """A stored result by its number, whatever its subject."""
        if number > _LARGEST:
            return None
        with _translated(self._path):
            row = self._connection.execute("SELECT body FROM results WHERE id = ?", (number,)).fetchone()
        return None if row is None else bytes(row[0])

    def _write(self, statement: str, values: tuple[object, ...]) -> int:
        with _translated(self._path):
            cursor = self._connection.execute(statement, values)
        return int(cursor.lastrowid or 0)

    def _decode(self, body: bytes, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(body, type=kind)
        except msgspec.DecodeError as error:
            raise StoreError(
                f"{self._path} holds a {kind.__name__} that cannot be read: {error}", hint="start anew with --fresh"
            ) from error


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """The schema of an open file, 0 of one that is new; a newer one is refused, and the connection closed."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > SCHEMA:
        connection.close()
        raise StoreError(
            f"{path} was written by a newer burnish (schema {version}, this one knows {SCHEMA})",
            hint="update burnish, or start anew with --fresh",
        )
    return version


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """SQLite's errors in words: a full disk and a read-only place have a next step."""
    try:
        yield
    except sqlite3.Error as error:
        text = str(error)
        if "full" in text:
            raise StoreError(
                f"cannot store in {path}: the disk is full",
                hint="free space, then run the same command again: finished builds and rounds are kept",
            ) from error
        if "readonly" in text or "unable to open" in text:
            raise _unwritable(path, error) from error
        raise StoreError(f"cannot use {path}: {text}", hint="start anew with --fresh") from error


def _unwritable(path: Path, error: Exception) -> StoreError:
    return StoreError(
        f"cannot write in {path}: {error}",
        hint="choose a place that can be written with --target-dir DIRECTORY",
    )
