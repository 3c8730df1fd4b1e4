"""What is linted: a workspace as Cargo sees it, its files as text. Read by `burnish.cargo.workspace`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from burnish.profile.source import SourceText

#: Crate types that the linker makes, so that the profile decides what they are.
LINKED: Final = frozenset({"bin", "cdylib", "staticlib", "dylib"})


@dataclass(frozen=True, kw_only=True, slots=True)
class CrateTarget:
    """A target of a package; ``kind`` is ``bin``, ``example``, ``test``, ``bench``, ``custom-build``, else ``lib``."""

    name: str
    kind: str
    crate_types: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Package:
    """A workspace member.

    Attributes:
        manifest: its Cargo.toml; for the root package the very one that holds the profiles.
        is_root: its Cargo.toml is the workspace's.
        published: a registry may get it (``publish`` is not false).
        dependencies: names of the packages it depends on directly, of whatever kind.
        normal: those of them that are linked into its library or program.
    """

    name: str
    version: str
    manifest: SourceText
    is_root: bool
    published: bool
    targets: tuple[CrateTarget, ...]
    dependencies: frozenset[str] = frozenset()
    normal: frozenset[str] = frozenset()

    @property
    def ships(self) -> bool:
        """Something of it is used as it was linked: a program, a C library or a plug-in."""
        return any(target.kind in {"bin", "lib"} and LINKED & set(target.crate_types) for target in self.targets)


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfigFile:
    """One of Cargo's config files; ``in_project``: it lies below the workspace root and so may be committed."""

    source: SourceText
    in_project: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Unwinding:
    """A place that needs unwinding, as the panic audit found it; ``local`` for a package of the workspace."""

    crate: str
    path: str
    line: int
    column: int
    text: str
    local: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Workspace:
    """All that the rules look at.

    Attributes:
        manifest: the workspace root's Cargo.toml.
        packages: the members.
        configs: the closest to the working directory first.
        environment: the variables cargo will see.
        locked: name and version of each package in Cargo.lock; None where there is none.
        unwinding: what the panic audit found; None where it did not run.
    """

    manifest: SourceText
    packages: tuple[Package, ...]
    environment: Mapping[str, str]
    configs: tuple[ConfigFile, ...] = ()
    locked: frozenset[tuple[str, str]] | None = None
    unwinding: tuple[Unwinding, ...] | None = None
