"""Flags for rustc from outside of profiles: RUSTFLAGS and its kin in environment and config files."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from burnish.profile.layers import Document, OriginKind
from burnish.profile.lint.context import Context, place_of
from burnish.profile.lint.values import Place


@dataclass(frozen=True, kw_only=True, slots=True)
class Flags:
    """The flags that one place gives.

    Attributes:
        source: ``RUSTFLAGS``, ``build.rustflags``, ``target.'cfg(unix)'.rustflags``.
        rank: of Cargo's four exclusive sources, the lowest of those that are present wins.
        in_project: a file of the project gives them.
    """

    source: str
    rank: int
    words: tuple[str, ...]
    place: Place
    in_project: bool

    def options(self) -> Iterator[tuple[str, str]]:
        """Codegen options with their values, ``-C key=value`` in any spelling."""
        words = iter(self.words)
        for word in words:
            if word in {"-C", "--codegen"}:
                text = next(words, "")
            elif word.startswith("--codegen="):
                text = word.removeprefix("--codegen=")
            elif word.startswith("-C"):
                text = word.removeprefix("-C")
            else:
                continue
            key, _, value = text.partition("=")
            yield key.replace("_", "-"), value


def rustflags(context: Context) -> tuple[Flags, ...]:
    """All flags that are given anywhere, in the order of Cargo's precedence (Cargo reference, `build.rustflags`)."""
    found = [*_from_environment(context), *_from_files(context)]
    return tuple(sorted(found, key=lambda flags: flags.rank))


def in_force(context: Context) -> tuple[Flags, ...]:
    """The flags of the source that wins; those of a target only where no variable is set, for that target."""
    found = rustflags(context)
    return tuple(flags for flags in found if flags.rank == found[0].rank)


def _from_environment(context: Context) -> Iterator[Flags]:
    environment = context.workspace.environment
    place = Place(path=context.manifest.source.path)
    for rank, name in ((0, "CARGO_ENCODED_RUSTFLAGS"), (1, "RUSTFLAGS"), (3, "CARGO_BUILD_RUSTFLAGS")):
        text = environment.get(name)
        if text:
            words = text.split("\x1f") if rank == 0 else text.split()
            yield Flags(source=name, rank=rank, words=tuple(words), place=place, in_project=False)


def _from_files(context: Context) -> Iterator[Flags]:
    local = {config.source.path for config in context.workspace.configs if config.in_project}
    for document in context.documents:
        if document.kind is OriginKind.CONFIG:
            yield from _of_document(document, in_project=document.source.path in local)


def _of_document(document: Document, *, in_project: bool) -> Iterator[Flags]:
    tables: list[tuple[int, tuple[str, ...], Any]] = [(3, ("build",), document.root.get("build"))]
    targets = document.root.get("target")
    if isinstance(targets, dict):
        tables += [(2, ("target", name), table) for name, table in targets.items()]
    for rank, path, table in tables:
        words = _words(table.get("rustflags")) if isinstance(table, dict) else ()
        if words:
            yield Flags(
                source=".".join((*path, "rustflags")),
                rank=rank,
                words=words,
                place=place_of(document.source, *path, "rustflags"),
                in_project=in_project,
            )


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(value.split())
    return tuple(str(word) for word in value) if isinstance(value, list) else ()


def spelled(words: Sequence[str]) -> str:
    """The flags on one line, cut where they are long."""
    text = shlex.join(words)
    return text if len(text) <= 60 else f"{text[:57]}..."
