"""What a build depends on besides its profile: the files of its packages and what cargo and rustc read of variables."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

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


def relevant_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that change what is built."""
    return {name: value for name, value in sorted(environment.items()) if is_relevant(name)}


def is_relevant(name: str) -> bool:
    """Whether a variable changes what is built."""
    return name.startswith(_RELEVANT) and name not in _IRRELEVANT


def source_files(directory: Path) -> Iterator[Path]:
    """The files below a package's directory, in a fixed order.

    Hidden and linked directories and build output (`target` at the top, CACHEDIR.TAG) are passed over.
    """
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
