"""Keys: everything that a stored build or round depends on, as one hash. The only part of tune that reads sources."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from burnish.cargo.inputs import source_files


def digest(*parts: object) -> str:
    """A hash of plain values and dataclasses, by their JSON."""
    return hashlib.sha256(msgspec.json.encode(parts, order="deterministic")).hexdigest()[:32]


def sources_digest(directories: Sequence[Path], files: Sequence[Path]) -> str:
    """A hash of the source files below directories, and of single files; names count relative to their directory."""
    total = hashlib.sha256()
    for directory in directories:
        for path in source_files(directory):
            _add(total, str(path.relative_to(directory)), path)
    for path in files:
        if path.is_file():
            _add(total, path.name, path)
    return total.hexdigest()[:32]


def _add(total: "hashlib._Hash", name: str, path: Path) -> None:
    try:
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        content = "unreadable"
    total.update(f"{name}\0{content}\n".encode("utf-8", errors="surrogateescape"))
