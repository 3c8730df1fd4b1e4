"""The layers a profile is written in: environment over config files over the manifest, merged per profile name.

``merge_config_profiles`` and ``get_config_profile`` in Cargo's ``profiles.rs``; for the environment, Cargo reference,
"Configuration", `profile` (https://doc.rust-lang.org/cargo/reference/config.html#profile).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from burnish.errors import UsageError
from burnish.profile.keys import BY_KEY, PROFILE_KEYS, ProfileKey, Value
from burnish.profile.source import SourceText, line_of


class OriginKind(StrEnum):
    """What kind of place a value comes from; ``IMPLIED``: nowhere written, follows from other values."""

    DEFAULT = "default"
    MANIFEST = "manifest"
    CONFIG = "config"
    ENVIRONMENT = "environment"
    IMPLIED = "implied"


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Where a value comes from.

    Attributes:
        where: ``Cargo.toml:14 [profile.release]``, ``CARGO_PROFILE_RELEASE_LTO``, ``Cargo's default``.
        profile: the profile of the inherits chain that it was written for.
    """

    kind: OriginKind
    where: str
    profile: str

    def __str__(self) -> str:
        return self.where


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """One key with its value as written and its origin; ``value`` None is unset."""

    key: str
    value: Value | None
    origin: Origin

    @property
    def text(self) -> str:
        """The value as TOML spells it; ``unset`` for None."""
        match self.value:
            case None:
                return "unset"
            case bool():
                return str(self.value).lower()
            case str():
                return f'"{self.value}"'
            case number:
                return str(number)


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """One parsed file."""

    kind: OriginKind
    source: SourceText
    root: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Layers:
    """All that is written about profiles; ``documents`` has the highest precedence first, the manifest last."""

    documents: tuple[Document, ...]
    environment: Mapping[str, str]


#: The part of a profile that stands for the build scripts, proc-macros and what they depend on.
BUILD_OVERRIDE: Final = "build-override"

#: Keys that Cargo reads besides those of `PROFILE_KEYS`; an environment variable can stumble over their names too.
_OTHER_KEYS: Final = ("inherits", "codegen-backend", "dir-name", "rustflags", "trim-paths", "hint-mostly-unused")


def env_name(profile: str, *keys: str) -> str:
    """Cargo's environment variable for a key of a profile."""
    return "_".join(("CARGO", "PROFILE", profile, *keys)).replace("-", "_").upper()


def tables(layers: Layers, *path: str) -> Iterator[tuple[Document, Mapping[str, Any]]]:
    """The tables at ``profile.<path>``, highest precedence first.

    Raises:
        UsageError: something other than a table stands there.
    """
    for document in layers.documents:
        table: Any = document.root
        for key in ("profile", *path):
            if not isinstance(table, dict):
                raise UsageError(
                    f"{place(document, *path)} is not a table of settings",
                    hint="Write the profile as a table, for example [profile.release].",
                )
            table = table.get(key, {})
        if not isinstance(table, dict):
            raise UsageError(
                f"{place(document, *path)} is not a table of settings",
                hint="Write the profile as a table, for example [profile.release].",
            )
        yield document, table


def place(document: Document, *path: str, key: str = "") -> str:
    """``Cargo.toml:14 [profile.release]`` for a key there; without a key for the table itself."""
    full = ("profile", *path, key) if key else ("profile", *path)
    line = line_of(document.source.text, full)
    label = document.source.path if line is None else f"{document.source.path}:{line}"
    return f"{label} [{'.'.join(('profile', *path))}]"


def names(layers: Layers) -> set[str]:
    """The profiles that a file writes something about."""
    return {name for _, table in tables(layers) for name in table}


def string(layers: Layers, profile: str, key: str) -> str | None:
    """A text that is no option of the compiler: ``inherits``."""
    if (text := layers.environment.get(env_name(profile, key))) is not None:
        return text
    for document, table in tables(layers, profile):
        if key in table:
            value = table[key]
            if not isinstance(value, str):
                raise UsageError(
                    f"{place(document, profile, key=key)}: {key} = {value!r} is not a string",
                    hint='Write the name of a profile in quotes, for example inherits = "release".',
                )
            return value
    return None


def settings(layers: Layers, profile: str, *part: str) -> dict[str, Setting]:
    """What is written in a profile, or in a part of it (``package`` and a spec, or ``build-override``).

    Raises:
        UsageError: Cargo or rustc does not accept a value, or the key in this place.
    """
    found = {}
    for entry in PROFILE_KEYS:
        if setting := _setting(layers, entry, profile, part):
            _check(entry, setting, part)
            found[entry.key] = setting
    return found


def _setting(layers: Layers, entry: ProfileKey, profile: str, part: tuple[str, ...]) -> Setting | None:
    variable = env_name(profile, *part, entry.key)
    # Cargo reference: the package tables of a profile have no form in the environment.
    if part[:1] != ("package",) and (text := layers.environment.get(variable)) is not None:
        origin = Origin(kind=OriginKind.ENVIRONMENT, where=variable, profile=profile)
        return Setting(key=entry.key, value=_env_value(text), origin=origin)
    for document, table in tables(layers, profile, *part):
        if entry.key in table:
            where = place(document, profile, *part, key=entry.key)
            origin = Origin(kind=document.kind, where=where, profile=profile)
            return Setting(key=entry.key, value=table[entry.key], origin=origin)
    return None


def _env_value(text: str) -> Value:
    """``get_cv_with_env`` in Cargo's ``context/mod.rs``: true, false, an integer, else text."""
    if text in {"true", "false"}:
        return text == "true"
    return int(text) if re.fullmatch(r"[+-]?[0-9]+", text) else text


def _check(entry: ProfileKey, setting: Setting, part: tuple[str, ...]) -> None:
    if part and not entry.in_overrides:
        raise UsageError(
            f"{setting.origin}: Cargo does not allow {entry.key} in an override",
            hint=f"Move {entry.key} to the profile itself: it holds for the whole program.",
        )
    if not entry.accepts(setting.value):
        raise UsageError(
            f"{setting.origin}: {entry.key} = {_shown(setting)} is not a value that Cargo and rustc accept",
            hint=f"{entry.key} takes {entry.expected}.",
        )


def _shown(setting: Setting) -> str:
    return setting.text if isinstance(setting.value, str | int) else repr(setting.value)


def overrides(layers: Layers, profile: str) -> dict[str, dict[str, Setting]]:
    """The overrides written in a profile: ``package.<spec>`` and ``build-override`` to their settings."""
    specs = list(dict.fromkeys(spec for _, table in tables(layers, profile, "package") for spec in table))
    found = {f"package.{spec}": settings(layers, profile, "package", spec) for spec in specs}
    if any(table for _, table in tables(layers, profile, BUILD_OVERRIDE)) or any(
        env_name(profile, BUILD_OVERRIDE, key) in layers.environment for key in BY_KEY
    ):
        found[BUILD_OVERRIDE] = settings(layers, profile, BUILD_OVERRIDE)
    return found


def check_variables(layers: Layers, profiles: set[str]) -> None:
    """Refuse an environment in which Cargo itself fails, for every profile that it loads.

    ``CARGO_PROFILE_RELEASE_LTO_CODEGEN_UNITS``, meant for ``[profile.release-lto]``, reads as something inside the
    key ``lto`` of ``release``; where neither environment nor config sets that key, Cargo asks for its value in vain
    (``has_key`` in ``context/mod.rs``). A prefix that is also the start of another key that is set is not looked at.
    """
    for profile in sorted(profiles):
        for key in (*BY_KEY, *_OTHER_KEYS):
            prefix = env_name(profile, key)
            if prefix in layers.environment or _in_config(layers, profile, key):
                continue
            if key == "debug" and env_name(profile, "debug-assertions") in layers.environment:
                continue
            for variable in layers.environment:
                if variable.startswith(f"{prefix}_"):
                    raise UsageError(
                        f"the environment variable {variable} breaks every cargo command here: Cargo takes it for "
                        f"a part of {key} in the profile {profile}",
                        hint=f"Unset it; set the key in Cargo.toml or .cargo/config.toml, "
                        f"or name the profile so that it does not begin with {profile}-{key}.",
                    )


def _in_config(layers: Layers, profile: str, key: str) -> bool:
    return any(key in table for document, table in tables(layers, profile) if document.kind is OriginKind.CONFIG)
