"""Rules: values that hold in one place and not in another where they are expected."""

from collections.abc import Iterator
from typing import Final

from burnish.profile.effective import EffectiveProfile
from burnish.profile.layers import OriginKind, Setting
from burnish.profile.lint import flags
from burnish.profile.lint.context import Context, place_of
from burnish.profile.lint.spelling import (
    CARGO_SOURCE,
    CONFIG,
    has_lto,
    library_of,
    listed,
    lto_is_dropped,
    meaning,
)
from burnish.profile.lint.values import Category, Edit, Fix, Hit, Place, Rule, Severity
from burnish.profile.lint.workspace import LINKED, Package


def _crate_types(context: Context) -> Iterator[Hit]:
    asking = [effective for effective in context.release_like() if has_lto(effective.settings["lto"].value)]
    if not asking:
        return
    named = listed([f"{effective.name} ({effective.settings['lto'].text})" for effective in asking])
    for package in context.workspace.packages:
        kinds = library_of(package)
        if not lto_is_dropped(kinds):
            continue
        shared = [kind for kind in kinds if kind in LINKED]
        others = [kind for kind in kinds if kind not in LINKED]
        mix = f"with {listed(others)} in the same crate-type" if others else "as Cargo never gives it to one"
        build = f"cargo rustc -p {package.name} --lib --release --crate-type {shared[0]}"
        yield Hit(
            place=_crate_type_place(package),
            message=f"the {listed(shared)} of {package.name} is linked without the LTO of {named}, {mix}",
            advice=f"ship what this builds: {build}; or keep the {shared[0]} in a package of its own"
            if others
            else "make it a cdylib if it needs no Rust interface",
        )


def _crate_type_place(package: Package) -> Place:
    place = place_of(package.manifest, "lib", "crate-type")
    return place if place.line else place_of(package.manifest, "lib")


def _strip_reset(context: Context) -> Iterator[Hit]:
    for effective in context.in_force():
        for package in context.workspace.packages:
            override = effective.override_of(package.name)
            if not package.ships or override is None:
                continue
            hit = _reset(context, effective, effective.for_package(package.name), override)
            if hit is not None:
                yield hit


def _reset(context: Context, effective: EffectiveProfile, artifact: EffectiveProfile, override: str) -> Hit | None:
    asked, got = effective.own_strip, artifact.settings["strip"]
    if not artifact.strip_reset or asked.value is None or meaning("strip", asked.value) == got.value:
        return None
    spec = override.removeprefix("package.")
    for profile in effective.chain:
        for table in context.tables:
            if table.path == ("profile", profile, "package", spec):
                if effective.name not in {profile, asked.origin.profile}:
                    return None  # Told where the profile is that it inherits both from.
                edit = Edit(path=table.document.source.path, table=table.path, key="strip", value=asked.value)
                return Hit(
                    place=place_of(table.document.source, *table.path),
                    message=f"{artifact.package} is built with strip = {got.text}, not {asked.text} of "
                    f"{effective.name}: an override without strip resets it",
                    fix=Fix(summary=f"repeat strip = {asked.text} in {table.header}", edits=(edit,)),
                )
    return None


def _not_published(context: Context) -> Iterator[Hit]:
    lost = [
        package.name
        for package in context.workspace.packages
        # Version 0.0.0 is how workspaces mark what they never publish.
        if package.published
        and package.version != "0.0.0"
        and not package.is_root
        and any(target.kind == "bin" for target in package.targets)
    ]
    for table in context.tables:
        if lost and table.path == ("profile", "release") and table.document is context.manifest and table.values:
            yield Hit(
                place=place_of(table.document.source, *table.path),
                message=f"cargo install of {listed(sorted(lost))} from a registry builds without [profile.release]",
                advice="only the workspace's root package takes the profile along; ship binaries, or say which "
                "--config values to install with",
            )


def _elsewhere(context: Context, kind: OriginKind) -> Iterator[tuple[Setting, Setting]]:
    """What the manifest says and what another kind of place makes of it."""
    for profile in context.profiles.values():
        if profile.in_force is None or profile.in_manifest is None:
            continue
        for key, setting in profile.in_force.settings.items():
            said = profile.in_manifest.settings[key]
            if (
                setting.origin.kind is kind
                and said.origin.kind is OriginKind.MANIFEST
                and said.origin.profile == profile.name
                and meaning(key, said.value) != meaning(key, setting.value)
            ):
                yield said, setting


def _environment_wins(context: Context) -> Iterator[Hit]:
    for said, setting in _elsewhere(context, OriginKind.ENVIRONMENT):
        yield Hit(
            place=context.place(said),
            message=f"{said.key} = {said.text} does not hold: the variable {setting.origin} makes it {setting.text}",
            advice=f"unset {setting.origin} to build what the manifest says",
        )


def _config_wins(context: Context) -> Iterator[Hit]:
    for said, setting in _elsewhere(context, OriginKind.CONFIG):
        yield Hit(
            place=context.place(setting),
            message=f"{said.key} = {setting.text} here beats {said.key} = {said.text} in {said.origin}",
            advice="keep it in one of the two",
        )


def _rustflags_shadowed(context: Context) -> Iterator[Hit]:
    given = flags.rustflags(context)
    winner = given[0] if given else None
    for loser in given:
        if winner is None or loser.rank == winner.rank or set(loser.words) <= set(winner.words):
            continue
        where = f" where {winner.source.removesuffix('.rustflags')} is built" if winner.rank == 2 else ""
        yield Hit(
            place=loser.place if loser.place.line else winner.place,
            message=f"{flags.spelled(loser.words)} of {loser.source} is not given{where}: {winner.source} is set too",
            advice=f"put all flags in {winner.source}",
        )


RULES: Final = (
    Rule(
        id="lto-dropped",
        severity=Severity.WARNING,
        category=Category.LOST,
        summary="a cdylib or staticlib shares its crate-type with a type that takes no LTO",
        why="Cargo does link-time optimization only if all crate types of the target take it; "
        "otherwise rustc gets no -C lto, and nobody says so.",
        source=f"{CARGO_SOURCE}/core/compiler/lto.rs",
        check=_crate_types,
    ),
    Rule(
        id="strip-reset",
        severity=Severity.WARNING,
        category=Category.LOST,
        summary="an override of a program's own package silently resets strip",
        why="An override without strip sets it back to unset for the package's own artifacts (Cargo since 1.77).",
        source=f"{CARGO_SOURCE}/core/profiles.rs",
        check=_strip_reset,
        fixable=True,
    ),
    Rule(
        id="profile-not-published",
        severity=Severity.INFO,
        category=Category.LOST,
        summary="programs of workspace members are published without the profile",
        why="cargo package writes a member's manifest without the workspace's profiles, "
        "so cargo install builds with Cargo's defaults.",
        source="https://github.com/rust-lang/cargo/issues/8264",
        check=_not_published,
    ),
    Rule(
        id="environment-wins",
        severity=Severity.WARNING,
        category=Category.LOST,
        summary="an environment variable beats a value of the manifest",
        why="Cargo takes CARGO_PROFILE_<name>_<key> and CARGO_INCREMENTAL before config files and manifest.",
        source=f"{CONFIG}#profile",
        check=_environment_wins,
    ),
    Rule(
        id="config-wins",
        severity=Severity.WARNING,
        category=Category.LOST,
        summary="a config file beats a value of the manifest",
        why="Cargo takes [profile] of .cargo/config.toml, in the project or in the home directory, before it.",
        source=f"{CONFIG}#profile",
        check=_config_wins,
    ),
    Rule(
        id="rustflags-shadowed",
        severity=Severity.WARNING,
        category=Category.LOST,
        summary="rustflags of two sources, of which only one is used",
        why="CARGO_ENCODED_RUSTFLAGS, RUSTFLAGS, target.*.rustflags and build.rustflags exclude each other: "
        "the first that is set wins, and the others are not added.",
        source=f"{CONFIG}#buildrustflags",
        check=_rustflags_shadowed,
    ),
)
