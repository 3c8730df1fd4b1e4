"""``-C target-cpu`` and where it comes from: profiles have no key for it, RUSTFLAGS and config files do. Pure.

Cargo reference, "Configuration", `build.rustflags`: four sources, of which the first that there is holds alone;
``target.<cfg>`` tables are not evaluated here.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from burnish.explain.flags import flags_in
from burnish.profile.source import SourceText, line_of, parse_toml


def target_cpu(configs: Sequence[SourceText], environment: Mapping[str, str], target: str) -> tuple[str, str]:
    """The processor and its origin; two empty strings where none is given."""
    for flags, origin in _sources(configs, environment, target):
        found = [flag.partition("=")[2] for flag in flags_in(flags, "target-cpu")]
        return (found[-1], origin) if found else ("", "")
    return "", ""


def _sources(
    configs: Sequence[SourceText], environment: Mapping[str, str], target: str
) -> Iterator[tuple[Sequence[str], str]]:
    encoded = environment.get("CARGO_ENCODED_RUSTFLAGS")
    if encoded:
        yield encoded.split("\x1f"), "CARGO_ENCODED_RUSTFLAGS"
    if flags := environment.get("RUSTFLAGS", "").split():
        yield flags, "RUSTFLAGS"
    variable = f"CARGO_TARGET_{re.sub(r'[-.]', '_', target).upper()}_RUSTFLAGS"
    yield from _source(configs, environment.get(variable), variable, ("target", target, "rustflags"))
    yield from _source(
        configs, environment.get("CARGO_BUILD_RUSTFLAGS"), "CARGO_BUILD_RUSTFLAGS", ("build", "rustflags")
    )


def _source(
    configs: Sequence[SourceText], given: str | None, variable: str, path: tuple[str, ...]
) -> Iterator[tuple[Sequence[str], str]]:
    """Lists of a variable and of all config files are joined, the highest precedence last; the origin is that one's."""
    joined: list[str] = []
    origin = ""
    for config in reversed(configs):
        value = _at(parse_toml(config), path)
        words = value.split() if isinstance(value, str) else value
        if isinstance(words, list) and words:
            joined += [str(word) for word in words]
            origin = f"{config.path}:{line_of(config.text, path)} [{'.'.join(path[:-1])}]"
    if given:
        joined += given.split()
        origin = variable
    if joined:
        yield joined, origin


def _at(document: Any, path: tuple[str, ...]) -> Any:  # noqa: ANN401 (a TOML value)
    for key in path:
        if not isinstance(document, dict):
            return None
        document = document.get(key)
    return document
