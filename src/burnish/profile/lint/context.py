"""What the rules share: every profile resolved once, and where in which file a thing stands."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from burnish.errors import UsageError
from burnish.profile import layers as written
from burnish.profile.effective import BUILT_IN, EffectiveProfile, resolve
from burnish.profile.keys import BY_KEY
from burnish.profile.layers import Document, Layers, OriginKind, Setting
from burnish.profile.lint.values import Place
from burnish.profile.lint.workspace import Workspace
from burnish.profile.source import SourceText, entries, parse_toml

#: How the variables begin that `resolve` looks at.
_PROFILE_VARIABLES = ("CARGO_PROFILE_", "CARGO_INCREMENTAL", "CARGO_BUILD_INCREMENTAL")


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolved:
    """One profile.

    Attributes:
        in_force: with environment and config files; None where Cargo could not build with it.
        in_manifest: of the manifest alone.
        problem: why it is not resolved.
    """

    name: str
    in_force: EffectiveProfile | None = None
    in_manifest: EffectiveProfile | None = None
    problem: UsageError | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A table of settings as one file writes it; ``path`` starts with ``profile`` and the profile's name."""

    document: Document
    path: tuple[str, ...]
    values: Mapping[str, Any]

    @property
    def profile(self) -> str:
        return self.path[1]

    @property
    def is_override(self) -> bool:
        return len(self.path) > 2

    @property
    def header(self) -> str:
        """``[profile.release.package.foo]``."""
        return f"[{'.'.join(self.path)}]"


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """A workspace prepared for the rules.

    Attributes:
        documents: config files and root manifest, highest precedence first.
        profiles: by name, those Cargo defines first.
        broken_variable: why an environment variable breaks every cargo command; `profiles` are then without it.
        tables: every table of settings of every document.
    """

    workspace: Workspace
    documents: tuple[Document, ...]
    profiles: Mapping[str, Resolved]
    broken_variable: tuple[str, UsageError] | None
    tables: tuple[Table, ...]

    @property
    def manifest(self) -> Document:
        return self.documents[-1]

    @property
    def ships(self) -> bool:
        """Something of the workspace is used as it was linked."""
        return any(package.ships for package in self.workspace.packages)

    def in_force(self) -> Iterator[EffectiveProfile]:
        """The profiles that can be built with."""
        for profile in self.profiles.values():
            if profile.in_force is not None:
                yield profile.in_force

    def release_like(self) -> Iterator[EffectiveProfile]:
        """Those of them that come from release, without bench."""
        for effective in self.in_force():
            if effective.chain[-1] == "release" and effective.name != "bench":
                yield effective

    def own(self, effective: EffectiveProfile, *keys: str) -> Setting | None:
        """The first of these settings that a file writes for this very profile, so that each is told once."""
        for key in keys:
            setting = effective.own_strip if key == "strip" else effective.settings[key]
            if setting.origin.profile == effective.name and setting.origin.kind not in {
                OriginKind.DEFAULT,
                OriginKind.IMPLIED,
            }:
                return setting
        return None

    def place(self, setting: Setting) -> Place:
        """Where a setting is written; for the environment the manifest as a whole."""
        for document in self.documents:
            path = ("profile", setting.origin.profile, setting.key)
            if document.kind is setting.origin.kind and _has(document.root, path):
                return place_of(document.source, *path)
        return Place(path=self.manifest.source.path)


def build_context(workspace: Workspace) -> Context:
    """Resolve every profile.

    Raises:
        UsageError: a file is no TOML, or a profile no table.
    """
    documents = (
        *(
            Document(kind=OriginKind.CONFIG, source=config.source, root=parse_toml(config.source))
            for config in workspace.configs
        ),
        _profiles_of(workspace.manifest),
    )
    own = Layers(documents=documents[-1:], environment={})
    environment, broken = _usable(documents, dict(workspace.environment), {*BUILT_IN, "debug", *written.names(own)})
    names = written.names(Layers(documents=documents, environment={})) - {"debug", "doc"}
    return Context(
        workspace=workspace,
        documents=documents,
        profiles={
            name: _resolved(name, workspace, documents[-1].source, environment)
            for name in (*BUILT_IN, *sorted(names - BUILT_IN.keys()))
        },
        broken_variable=broken,
        tables=tuple(_tables(documents)),
    )


def _profiles_of(manifest: SourceText) -> Document:
    """The manifest with all but its profiles blanked out: lines keep their numbers, and it is read in no time."""
    root = read_toml(manifest)
    kept = {key: value for key, value in root.items() if key in {"cargo-features", "profile"}}
    lines = "".join(
        manifest.text[entry.start : entry.end]
        if entry.path[:1] and entry.path[0] in kept
        else "\n" * manifest.text.count("\n", entry.start, entry.end)
        for entry in entries(manifest.text)
        if not entry.inline
    )
    slim = SourceText(path=manifest.path, text=lines)
    try:
        same = parse_toml(slim) == kept
    except UsageError:
        same = False
    return Document(kind=OriginKind.MANIFEST, source=slim if same else manifest, root=kept if same else root)


def read_toml(source: SourceText) -> dict[str, Any]:
    """`parse_toml`, but quick; what the quick reader refuses, it has to explain or to read.

    Raises:
        UsageError: the text is no TOML.
    """
    try:
        return tomllib.loads(source.text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError:
        return parse_toml(source)


def _usable(
    documents: tuple[Document, ...], environment: dict[str, str], names: set[str]
) -> tuple[Mapping[str, str], tuple[str, UsageError] | None]:
    """The environment without what breaks cargo, and the first such variable."""
    first: tuple[str, UsageError] | None = None
    while True:
        try:
            written.check_variables(Layers(documents=documents, environment=environment), names)
        except UsageError as error:
            variable = next((word for word in error.message.split() if word in environment), None)
            if variable is None:
                return {}, first
            first = first or (variable, error)
            del environment[variable]
        else:
            return environment, first


def _resolved(name: str, workspace: Workspace, manifest: SourceText, environment: Mapping[str, str]) -> Resolved:
    configs = tuple(config.source for config in workspace.configs)
    try:
        in_force = resolve(name, manifest=manifest, configs=configs, environment=environment)
    except UsageError as error:
        return Resolved(name=name, problem=error)
    if not configs and not any(variable.startswith(_PROFILE_VARIABLES) for variable in environment):
        return Resolved(name=name, in_force=in_force, in_manifest=in_force)
    try:
        in_manifest = resolve(name, manifest=manifest, environment={})
    except UsageError:
        return Resolved(name=name, in_force=in_force)
    return Resolved(name=name, in_force=in_force, in_manifest=in_manifest)


def _tables(documents: tuple[Document, ...]) -> Iterator[Table]:
    for document in documents:
        profiles = document.root.get("profile", {})
        for name, values in profiles.items() if isinstance(profiles, dict) else ():
            if not isinstance(values, dict):
                continue
            yield Table(document=document, path=("profile", name), values=values)
            packages = values.get("package", {})
            for spec, override in packages.items() if isinstance(packages, dict) else ():
                if isinstance(override, dict):
                    yield Table(document=document, path=("profile", name, "package", spec), values=override)
            override = values.get(written.BUILD_OVERRIDE)
            if isinstance(override, dict):
                yield Table(document=document, path=("profile", name, written.BUILD_OVERRIDE), values=override)


def refused(table: Table) -> Iterator[str]:
    """The keys of a table whose values Cargo or rustc refuses, or that it refuses in an override."""
    for key, value in table.values.items():
        entry = BY_KEY.get(key)
        if entry is not None and (not entry.accepts(value) or (table.is_override and not entry.in_overrides)):
            yield key


def place_of(source: SourceText, *keys: str) -> Place:
    """Where a key or a table is written, or the first thing inside it."""
    inside: int | None = None
    for entry in entries(source.text):
        if entry.path == keys:
            inside = entry.start
            break
        if inside is None and entry.path[: len(keys)] == keys:
            inside = entry.start
    if inside is None:
        return Place(path=source.path)
    rest = source.text[inside:]
    start = inside + len(rest) - len(rest.lstrip(" \t\ufeff"))
    line_start = source.text.rfind("\n", 0, start) + 1
    column = start - line_start + 1 - source.text.startswith("\ufeff", line_start)
    return Place(path=source.path, line=source.text.count("\n", 0, start) + 1, column=column)


def _has(root: Mapping[str, Any], path: tuple[str, ...]) -> bool:
    value: Any = root
    for part in path:
        if not isinstance(value, dict) or part not in value:
            return False
        value = value[part]
    return True
