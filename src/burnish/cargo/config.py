"""The config files that cargo reads for a directory, closest first (Cargo reference, "Hierarchical structure")."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from burnish.errors import UsageError
from burnish.profile.source import SourceText


def config_files(directory: Path, environment: Mapping[str, str]) -> tuple[Path, ...]:
    """Existing config files from the directory upwards, then the one in CARGO_HOME, each once."""
    places = [*(parent / ".cargo" for parent in (directory, *directory.parents)), cargo_home(environment)]
    found: dict[Path, None] = {}
    for place in places:
        # Cargo takes `config` without ending before `config.toml` where both are there.
        for name in ("config", "config.toml"):
            path = place / name
            if path.is_file():
                found[path] = None
                break
    return tuple(found)


def cargo_home(environment: Mapping[str, str]) -> Path:
    """Where cargo keeps the crates that it fetched, and its own config file."""
    home = environment.get("CARGO_HOME")
    return Path(home) if home else Path(environment.get("HOME", "~")).expanduser() / ".cargo"


def read_configs(directory: Path, environment: Mapping[str, str]) -> tuple[SourceText, ...]:
    """The texts of the config files.

    Raises:
        UsageError: one cannot be read.
    """
    texts: list[SourceText] = []
    for path in config_files(directory, environment):
        label = str(path.relative_to(directory)) if path.is_relative_to(directory) else str(path)
        try:
            texts.append(SourceText(path=label, text=path.read_bytes().decode()))
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"cannot read {path}: {error}") from error
    return tuple(texts)


#: Wrappers that answer from a cache: a build through them says nothing about what building costs.
CACHING_WRAPPERS = frozenset({"sccache", "cachepot", "kache", "rustc-cache"})


def rustc_wrapper(configs: Sequence[SourceText], environment: Mapping[str, str]) -> str | None:
    """The user's own rustc wrapper (RUSTC_WRAPPER, CARGO_BUILD_RUSTC_WRAPPER, build.rustc-wrapper); None if caching."""
    chosen = environment.get("RUSTC_WRAPPER", environment.get("CARGO_BUILD_RUSTC_WRAPPER"))
    for config in configs:
        if chosen is not None:
            break
        build = tomllib.loads(config.text).get("build", {})
        chosen = build.get("rustc-wrapper") if isinstance(build, dict) else None
    if not chosen or Path(chosen).stem in CACHING_WRAPPERS:
        return None
    return chosen
