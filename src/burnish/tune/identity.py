"""Keys: everything that a stored build or round depends on, as one hash. The only part of tune that reads sources."""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

#: Directories that hold no sources of a package.
_PASSED_OVER = frozenset({"node_modules", "__pycache__"})
#: Environment variables that change what cargo builds, by prefix.
_RELEVANT = (
    "CARGO_BUILD_",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_PROFILE_",
    "CARGO_TARGET_",
    "RUSTC",
    "RUSTFLAGS",
    "CC",
    "CFLAGS",
)
_IRRELEVANT = frozenset({"CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR", "CARGO_BUILD_JOBS"})


def digest(*parts: object) -> str:
    """A hash of plain values and dataclasses, by their JSON."""
    return hashlib.sha256(msgspec.json.encode(parts, order="deterministic")).hexdigest()[:32]


def sources_digest(directories: Sequence[Path], files: Sequence[Path]) -> str:
    """A hash of all files below the directories, and of single files; names count relative to their directory.

    Hidden and linked directories and build output (`target` at the top, CACHEDIR.TAG) are passed over.
    """
    total = hashlib.sha256()
    for directory in directories:
        for path in _walk(directory):
            _add(total, str(path.relative_to(directory)), path)
    for path in files:
        if path.is_file():
            _add(total, path.name, path)
    return total.hexdigest()[:32]


def relevant_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that change what is built."""
    return {
        name: value
        for name, value in sorted(environment.items())
        if name.startswith(_RELEVANT) and name not in _IRRELEVANT
    }


def _walk(directory: Path) -> Iterator[Path]:
    for parent, directories, names in os.walk(directory):
        top = parent == str(directory)
        directories[:] = sorted(
            name
            for name in directories
            if not name.startswith(".") and name not in _PASSED_OVER and not (top and name == "target")
        )
        if parent != str(directory) and "CACHEDIR.TAG" in names:
            directories.clear()
            continue
        for name in sorted(names):
            path = Path(parent) / name
            if path.is_file():
                yield path


def _add(total: "hashlib._Hash", name: str, path: Path) -> None:
    try:
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        content = "unreadable"
    total.update(f"{name}\0{content}\n".encode("utf-8", errors="surrogateescape"))
