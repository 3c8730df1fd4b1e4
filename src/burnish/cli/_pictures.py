"""Pictures for ``burnish xray``: built and taken where there is no fresh one."""

import argparse
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from burnish.cargo.invocation import Cargo
from burnish.cargo.project import Project, find_manifest, read_project
from burnish.cli import _selection, build
from burnish.digests import digest_of
from burnish.errors import ToolError
from burnish.xray.picture import Picture
from burnish.xray.taking import keep, kept, picture_of_file, stamp_of, take
from burnish.xray.variant import Variant, is_variant, parse_variant


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """A picture and the file that it shows, None where that is not at hand."""

    picture: Picture
    product: Path | None
    directory: Path

    def listings(self, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """The code of functions, by their mangled names; nothing where it cannot be shown."""
        if self.product is None:
            return {}
        from burnish.cli._listings import listings  # noqa: PLC0415  # loads LLVM

        return listings(self.product, self.directory, names)


def picture(args: argparse.Namespace, word: str) -> Taken:
    """The picture of ``--program``, of a file, or of the project built in a mode.

    Raises:
        UsageError, ToolError, LtoError, StoreError: it cannot be built or read.
    """
    if args.program:
        return _of_file(Path(args.program))
    if not is_variant(word) and Path(word).exists():
        return _of_file(Path(word))
    return _of_project(args, parse_variant(word))


def _of_file(path: Path) -> Taken:
    found = picture_of_file(path)
    return Taken(picture=found, product=path if not found.mode else None, directory=Path.cwd())


def _of_project(args: argparse.Namespace, variant: Variant) -> Taken:
    asked = argparse.Namespace(**vars(args))
    asked.lto = str(variant.lto)
    environment = dict(os.environ) | variant.variables(args.profile)
    if variant.units is not None:
        # Records of links do not tell codegen units apart.
        asked.target_dir = str(_project(args).own_directory / "xray" / f"codegen-units-{variant.units}")
    settings = replace(build.settings_of(asked), seen=True)
    built = build.build(asked, settings, environment)
    if built.product is None:
        raise ToolError(
            "cargo built no program and no shared library", hint="choose one with --bin, --example or --lib"
        )
    stamp = stamp_of(built.product)
    place = _place(args, built.product, variant)
    found = kept(place, stamp)
    if found is None:
        title = f"{built.product.name}, [profile.{args.profile}]"
        found = take(built, built.product, title=title, mode=str(variant))
        keep(place, stamp, found)
    return Taken(picture=found, product=built.product, directory=find_manifest(_selection.project_path(args)).parent)


def _place(args: argparse.Namespace, product: Path, variant: Variant) -> Path:
    """Where the picture lies: the name says what it shows, and what was selected."""
    above = next((each for each in product.parents if each.name == "burnish"), product.parent)
    selected = digest_of(repr(_selection.selection(args)).encode())[:8]
    return above / "xray" / f"{product.name}-{selected}.{variant}.json"


def units_in_force(args: argparse.Namespace) -> int | None:
    """The codegen units that the profile sets, None where nothing does."""
    from burnish.tune.session import read_effective  # noqa: PLC0415  # loads all of tune

    return read_effective(_project(args), args.profile, os.environ).codegen_units_in_force


def _project(args: argparse.Namespace) -> Project:
    manifest = find_manifest(_selection.project_path(args))
    cargo = Cargo(manifest.parent, dict(os.environ))
    return read_project(cargo, manifest, _selection.selection(args), _selection.target_dir(args), resolve=False)
