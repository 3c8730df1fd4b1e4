"""The effective profile: what Cargo builds with, value by value, and where each value comes from.

Cargo merges environment, config files and manifest for each profile name, then lays the profiles of the inherits
chain over the root's defaults (``merge_config_profiles``, ``process_chain`` and ``merge_profile`` in ``profiles.rs``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from burnish.errors import UsageError
from burnish.profile import layers as written
from burnish.profile.keys import LTO_SPELLINGS, NO_DEBUG, PROFILE_KEYS, STRIP_SPELLINGS
from burnish.profile.layers import Document, Layers, Origin, OriginKind, Setting
from burnish.profile.options import Lto, OptLevel, Panic, Strip
from burnish.profile.profile import Profile
from burnish.profile.source import SourceText, line_of, parse_toml

__all__ = ["EffectiveProfile", "Origin", "OriginKind", "Setting", "SourceText", "resolve", "spec_matches"]

#: Profiles that Cargo defines, and what they inherit; None for the roots.
BUILT_IN: Final[Mapping[str, str | None]] = {"release": None, "dev": None, "bench": "release", "test": "dev"}

_DEFAULT: Final = "Cargo's default"


@dataclass(frozen=True, kw_only=True, slots=True)
class EffectiveProfile:
    """A profile as Cargo builds with it.

    Attributes:
        chain: the profile and what it inherits from, the root last: ``("dist", "release")``.
        settings: one for each of Cargo's profile keys. ``strip`` is what holds for the artifact of ``package``,
            ``IMPLIED`` where nothing sets it; unset codegen-units and split-debuginfo have the value None.
        overrides: ``package.<spec>`` and ``build-override`` along the chain, to the keys they set.
        own_strip: ``strip`` of the profile itself, whatever an override does to the artifact.
        parent: the effective profile it inherits from; None for a root.
        package: the artifact's package, see `for_package`.
        strip_reset: an override of the artifact's package sets no ``strip`` and so resets it to unset
            (``merge_profile``: every override writes ``strip``; where it has none, the deferred default).
    """

    name: str
    chain: tuple[str, ...]
    settings: Mapping[str, Setting]
    overrides: Mapping[str, Mapping[str, Setting]]
    own_strip: Setting
    parent: "EffectiveProfile | None" = None
    package: str | None = None
    strip_reset: bool = field(default=False)

    @property
    def profile(self) -> Profile:
        """The five options. Overrides of single packages count for ``strip`` alone, which acts on the artifact."""
        value = {key: setting.value for key, setting in self.settings.items()}
        units = value["codegen-units"]
        return Profile(
            opt_level=OptLevel(str(value["opt-level"])),
            lto=Lto(LTO_SPELLINGS[value["lto"] or False]),
            codegen_units=None if units is None else int(units),
            panic=Panic(str(value["panic"])),
            strip=Strip(STRIP_SPELLINGS[value["strip"] or False]),
        )

    @property
    def codegen_units_in_force(self) -> int | None:
        """The user's number, which rustc tries fairly hard to reach; None where the merging default holds."""
        return self.profile.codegen_units

    def override_of(self, package: str) -> str | None:
        """The key in `overrides` that applies to a workspace member; ``package."*"`` never does."""
        for key in self.overrides:
            if key.startswith("package.") and spec_matches(key.removeprefix("package."), package):
                return key
        return None

    def for_package(self, package: str | None) -> "EffectiveProfile":
        """The same for the artifact of this workspace member: an override of the package decides its ``strip``."""
        override = self.override_of(package) if package else None
        own = self.overrides[override] if override else {}
        reset = override is not None and "strip" not in own
        strip = own.get("strip") or (_implied_strip(self, override) if reset else self.own_strip)
        if strip.value is None:
            strip = _implied_strip(self, override)
        return replace(self, package=package, strip_reset=reset, settings={**self.settings, "strip": strip})


def spec_matches(spec: str, package: str) -> bool:
    """Whether a package id spec names this package. The version in it is not looked at.

    Cargo reference, "Package ID Specifications": ``name``, ``name@1.2``, ``name:1.2``, ``url``, ``url#name@1.2``,
    ``url#1.2`` (the name is then the last part of the URL).
    """
    url, _, fragment = spec.rpartition("#") if "#" in spec else (spec if "://" in spec else "", "", "")
    named = fragment or ("" if url else spec)
    if url and not named[:1].isalpha() and not named.startswith("_"):
        return url.rstrip("/").rsplit("/", 1)[-1].removesuffix(".git") == package
    return named.replace(":", "@").split("@")[0] == package


def resolve(
    name: str,
    *,
    manifest: SourceText,
    configs: Sequence[SourceText] = (),
    environment: Mapping[str, str],
    package: str | None = None,
) -> EffectiveProfile:
    """What Cargo builds with under ``--profile name``.

    Args:
        name: of the profile.
        manifest: the workspace root's Cargo.toml.
        configs: the config files, the closest to the working directory first, the one in CARGO_HOME last.
        environment: the variables cargo will see.
        package: the artifact's package, for the override that may change its ``strip``.

    Raises:
        UsageError: the profile is not defined, cannot be resolved, or has a value that Cargo or rustc refuses.
    """
    documents = [Document(kind=OriginKind.CONFIG, source=source, root=parse_toml(source)) for source in configs]
    documents.append(Document(kind=OriginKind.MANIFEST, source=manifest, root=parse_toml(manifest)))
    layers = Layers(documents=tuple(documents), environment=environment)
    chain = _chain(layers, name)
    in_manifest = Layers(documents=tuple(documents[-1:]), environment={})
    written.check_variables(layers, {*BUILT_IN, "debug", *chain, *written.names(in_manifest)})
    effective = _root(chain[-1])
    for profile in reversed(chain):
        effective = _overlay(layers, effective, profile)
    effective = replace(effective, settings={**effective.settings, "incremental": _incremental(layers, effective)})
    return effective.for_package(package)


def _chain(layers: Layers, name: str) -> tuple[str, ...]:
    _check_name(layers, name)
    chain = [name]
    while (parent := _parent(layers, chain[-1])) is not None:
        if parent in chain:
            raise UsageError(
                f"the profiles {' -> '.join((*chain, parent))} inherit in a circle",
                hint='Let one of them inherit from "release" or "dev".',
            )
        if parent not in BUILT_IN and not _is_written(layers, parent):
            raise UsageError(
                f"the profile {chain[-1]} inherits from {parent}, which is not defined",
                hint=f"Known profiles: {_known(layers)}.",
            )
        chain.append(parent)
    return tuple(chain)


def _check_name(layers: Layers, name: str) -> None:
    if name in {"debug", "doc"}:
        raise UsageError(
            f"{name} is not the name of a profile one can build with",
            hint="The profile behind target/debug is called dev." if name == "debug" else "Use dev or release.",
        )
    if name not in BUILT_IN and not _is_written(layers, name):
        raise UsageError(f"the profile {name} is not defined", hint=f"Known profiles: {_known(layers)}.")


def _is_written(layers: Layers, name: str) -> bool:
    prefix = f"{written.env_name(name)}_"
    return name in written.names(layers) or any(variable.startswith(prefix) for variable in layers.environment)


def _known(layers: Layers) -> str:
    custom = written.names(layers) - BUILT_IN.keys() - {"debug", "doc"}
    return ", ".join((*BUILT_IN, *sorted(custom)))


def _parent(layers: Layers, name: str) -> str | None:
    parent = written.string(layers, name, "inherits")
    if name in {"release", "dev"}:
        if parent is not None:
            raise UsageError(
                f"the profile {name} is a root and must not inherit, but inherits = {parent!r} is set",
                hint="Remove inherits from it; a profile of your own may inherit.",
            )
        return None
    parent = parent or BUILT_IN.get(name)
    if parent is None:
        raise UsageError(
            f"the profile {name} does not say what it inherits from",
            hint=f'Add inherits = "release" to [profile.{name}]; Cargo demands it of every profile of your own.',
        )
    return parent


def _root(name: str) -> EffectiveProfile:
    origin = Origin(kind=OriginKind.DEFAULT, where=_DEFAULT, profile=name)
    settings = {
        entry.key: Setting(key=entry.key, value=entry.dev if name == "dev" else entry.release, origin=origin)
        for entry in PROFILE_KEYS
    }
    return EffectiveProfile(name=name, chain=(), settings=settings, overrides={}, own_strip=settings["strip"])


def _overlay(layers: Layers, below: EffectiveProfile, name: str) -> EffectiveProfile:
    """The profile ``name`` laid over what it inherits from."""
    own = written.settings(layers, name)
    overrides = dict(below.overrides)
    for key, keys in written.overrides(layers, name).items():
        overrides[key] = {**overrides.get(key, {}), **keys}
    effective = EffectiveProfile(
        name=name,
        chain=(name, *below.chain),
        settings={**below.settings, **own},
        overrides=overrides,
        own_strip=own.get("strip", below.own_strip),
        parent=below if below.chain else None,
    )
    return effective.for_package(None)


def _implied_strip(effective: EffectiveProfile, override: str | None) -> Setting:
    """``strip`` where nothing sets it: Cargo strips debug info, unless the artifact or what it links asked for some.

    ``cargo_compile``: a deferred strip becomes debuginfo where the unit and its direct dependencies have none
    (since 1.77). Which packages are direct dependencies is not known here: any of them with debug info counts.
    """
    asked = effective.settings["debug"].value not in NO_DEBUG or any(
        "debug" in keys and keys["debug"].value not in NO_DEBUG
        for key, keys in effective.overrides.items()
        if key.startswith("package.")
    )
    if override:
        where = f"unset by [profile.{effective.name}.{override}], an override without strip"
    elif asked:
        where = "unset, and kept for the debug info"
    else:
        where = "unset, and there is no debug info to keep (Cargo since 1.77)"
    origin = Origin(kind=OriginKind.IMPLIED, where=where, profile=effective.name)
    return Setting(key="strip", value="none" if asked else "debuginfo", origin=origin)


def _incremental(layers: Layers, effective: EffectiveProfile) -> Setting:
    """``CARGO_INCREMENTAL`` and ``build.incremental`` hold for every profile (``Profiles::new``)."""
    name = effective.name
    for variable, true in (("CARGO_INCREMENTAL", "1"), ("CARGO_BUILD_INCREMENTAL", "true")):
        if (text := layers.environment.get(variable)) is not None:
            origin = Origin(kind=OriginKind.ENVIRONMENT, where=variable, profile=name)
            return Setting(key="incremental", value=text == true, origin=origin)
    for document in layers.documents:
        match document:
            case Document(kind=OriginKind.CONFIG, source=source, root={"build": {"incremental": bool(value)}}):
                line = line_of(source.text, ("build", "incremental"))
                origin = Origin(kind=OriginKind.CONFIG, where=f"{source.path}:{line} [build]", profile=name)
                return Setting(key="incremental", value=value, origin=origin)
            case _:
                pass
    return effective.settings["incremental"]
