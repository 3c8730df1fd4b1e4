"""Rules: lines that do nothing, though they look as if they did."""

import difflib
import re
from collections.abc import Iterator
from typing import Any, Final

from burnish.profile import layers as written
from burnish.profile.effective import spec_matches
from burnish.profile.keys import BY_KEY
from burnish.profile.lint import flags
from burnish.profile.lint.context import Context, Table, place_of, read_toml
from burnish.profile.lint.spelling import CARGO_SOURCE, CODEGEN, CONFIG, PROFILES, has_debug, listed, shown
from burnish.profile.lint.values import Category, Edit, Fix, Hit, Place, Rule, Severity
from burnish.profile.source import SourceText

#: Keys of a profile besides the compiler's; some ask for nightly (``TomlProfile`` in cargo-util-schemas).
_OTHER_KEYS: Final = frozenset({
    "build-override", "codegen-backend", "dir-name", "hint-mostly-unused", "inherits", "package", "rustflags",
    "trim-paths",
})  # fmt: skip


def _member_profile(context: Context) -> Iterator[Hit]:
    for package in context.workspace.packages:
        if package.is_root or "profile" not in package.manifest.text:
            continue
        names = _profiles_of(package.manifest)
        if names:
            yield Hit(
                place=place_of(package.manifest, "profile"),
                message=f"Cargo ignores {listed([f'[profile.{name}]' for name in names])} of the member {package.name}",
                advice=f"move it to the workspace root, {context.manifest.source.path}, where it holds for all members",
            )


def _profiles_of(manifest: SourceText) -> list[str]:
    profiles: Any = read_toml(manifest).get("profile")
    return list(profiles) if isinstance(profiles, dict) else []


def _unknown_key(context: Context) -> Iterator[Hit]:
    known = BY_KEY.keys() | _OTHER_KEYS
    for table in context.tables:
        for key in table.values:
            if key not in known:
                yield _misspelt(table, key, sorted(known))


def _misspelt(table: Table, key: str, known: list[str]) -> Hit:
    plain = key.replace("_", "-").lower()
    meant = plain if plain in known else next(iter(difflib.get_close_matches(plain, known, n=1)), None)
    value = table.values[key]
    fix = None
    if plain in BY_KEY and plain not in table.values and BY_KEY[plain].accepts(value):
        edit = Edit(path=table.document.source.path, table=table.path, key=key, renamed=plain)
        fix = Fix(summary=f"write {plain}", edits=(edit,))
    return Hit(
        place=place_of(table.document.source, *table.path, key),
        message=f"{table.header} has no key {key}: Cargo ignores it",
        advice="" if fix else f"did you mean {meant}?" if meant else "remove it",
        fix=fix,
    )


def _unmatched_override(context: Context) -> Iterator[Hit]:
    locked = context.workspace.locked
    if locked is None:
        return
    direct = frozenset().union(*(package.dependencies for package in context.workspace.packages))
    for table in context.tables:
        if table.path[2:3] != ("package",) or table.path[3] == "*":
            continue
        spec = table.path[3]
        versions = {version for name, version in locked if spec_matches(spec, name)}
        wanted = _version_of(spec)
        if any(spec_matches(spec, name) for name in direct) and not versions:
            continue  # The lock file is behind the manifest.
        if versions and (wanted is None or any(_fits(wanted, version) for version in versions)):
            continue
        yield Hit(
            place=place_of(table.document.source, *table.path),
            message=f"{table.header} matches no package of Cargo.lock",
            advice=_other_package(spec, versions, [name for name, _ in locked]),
        )


def _other_package(spec: str, versions: set[str], names: list[str]) -> str:
    if versions:
        return f"there is version {listed(sorted(versions))}"
    close = difflib.get_close_matches(spec, names, n=1)
    return f"did you mean {close[0]}?" if close else "remove it"


def _version_of(spec: str) -> str | None:
    match = re.search(r"[@:#](\d+(?:\.\d+)*[^/]*)$", spec)
    return match[1] if match else None


def _fits(wanted: str, version: str) -> bool:
    return version == wanted or version.startswith((f"{wanted}.", f"{wanted}-", f"{wanted}+"))


def _ignored_panic(context: Context) -> Iterator[Hit]:
    for table in context.tables:
        if table.profile in {"test", "bench"} and not table.is_override and "panic" in table.values:
            edit = Edit(path=table.document.source.path, table=table.path, key="panic")
            yield Hit(
                place=place_of(table.document.source, *table.path, "panic"),
                message=f"Cargo ignores panic = {shown(table.values['panic'])} in {table.header}: tests always unwind",
                fix=Fix(summary=f"remove panic from {table.header}", edits=(edit,)),
            )


def _doc_profile(context: Context) -> Iterator[Hit]:
    for table in context.tables:
        if table.path == ("profile", "doc"):
            yield Hit(
                place=place_of(table.document.source, *table.path),
                message="[profile.doc] has no effect",
                advice="remove it; cargo doc uses the profile dev",
            )


def _nothing_to_split(context: Context) -> Iterator[Hit]:
    for effective in context.in_force():
        split, debug = effective.settings["split-debuginfo"], effective.settings["debug"]
        own = context.own(effective, "split-debuginfo")
        in_overrides = any(
            key.startswith("package.") and "debug" in keys and has_debug(keys["debug"].value)
            for key, keys in effective.overrides.items()
        )
        if own and split.value != "off" and not has_debug(debug.value) and not in_overrides:
            yield Hit(
                place=context.place(split),
                message=f"split-debuginfo = {split.text} in {effective.name} does nothing: debug is {debug.text}",
                advice='ask for debug info (debug = "line-tables-only" is the smallest useful), or remove the line',
            )


def _unknown_variable(context: Context) -> Iterator[Hit]:
    keys = [*BY_KEY, *_OTHER_KEYS, *(f"{written.BUILD_OVERRIDE}-{key}" for key in BY_KEY)]
    broken = context.broken_variable[0] if context.broken_variable else ""
    known = {written.env_name(profile, key) for profile in context.profiles for key in keys}
    for variable in sorted(context.workspace.environment):
        if variable.startswith("CARGO_PROFILE_") and variable not in known and variable != broken:
            advice = _advice_for(variable, tuple(context.profiles), keys)
            if advice:
                yield Hit(
                    place=Place(path=context.manifest.source.path),
                    message=f"the environment variable {variable} sets nothing, and Cargo does not say so",
                    advice=advice,
                )


def _advice_for(variable: str, profiles: tuple[str, ...], keys: list[str]) -> str:
    """What is meant; empty for a variable that may be of another project's profile."""
    for profile in profiles:
        if variable.startswith(f"{written.env_name(profile, 'package')}_"):
            return "overrides of packages have no variable: set them in a file, or with --config"
        if variable.startswith(f"{written.env_name(profile)}_"):
            close = difflib.get_close_matches(variable, [written.env_name(profile, key) for key in keys], n=1)
            return f"did you mean {close[0]}?" if close else "no key of a profile has this name; unset it"
    names = {written.env_name(profile).removeprefix("CARGO_PROFILE_"): profile for profile in profiles}
    for key in keys:
        suffix = written.env_name("", key).removeprefix("CARGO_PROFILE_")
        if variable.endswith(suffix):
            name = variable.removeprefix("CARGO_PROFILE_").removesuffix(suffix)
            close = difflib.get_close_matches(name, names, n=1, cutoff=0.8)
            if close:
                return f"did you mean {written.env_name(names[close[0]], key)}?"
    return ""


def _library_profile(context: Context) -> Iterator[Hit]:
    linked = {"bin", "example", "bench"}
    targets = [target for package in context.workspace.packages for target in package.targets]
    if context.ships or not targets or any(target.kind in linked for target in targets):
        return
    if any("proc-macro" in target.crate_types for target in targets):
        return
    for table in context.tables:
        keys = sorted(table.values.keys() & {"lto", "codegen-units", "panic", "strip", "opt-level"})
        if table.path == ("profile", "release") and table.document is context.manifest and keys:
            yield Hit(
                place=place_of(table.document.source, *table.path),
                message=f"[profile.release] reaches nobody: a library does not take {', '.join(keys)} along",
                advice="the profile of the program that uses the library decides; say there what you recommend",
            )


def _inline_threshold(context: Context) -> Iterator[Hit]:
    for given in flags.rustflags(context):
        for key, value in given.options():
            if key == "inline-threshold":
                yield Hit(
                    place=given.place,
                    message=f"-C inline-threshold={value} in {given.source} does nothing",
                    advice=f"write -C llvm-args=--inline-threshold={value}",
                )


RULES: Final = (
    Rule(
        id="member-profile",
        severity=Severity.WARNING,
        category=Category.DEAD,
        summary="a workspace member has a [profile] of its own",
        why="Cargo reads profiles from the workspace root alone; a member's are ignored, with a warning at each build.",
        source=PROFILES,
        check=_member_profile,
    ),
    Rule(
        id="unknown-key",
        severity=Severity.WARNING,
        category=Category.DEAD,
        summary="a profile has a key that Cargo does not know",
        why="Cargo warns of an unused key and builds without it.",
        source=f"{PROFILES}#profile-settings",
        check=_unknown_key,
        fixable=True,
    ),
    Rule(
        id="unmatched-override",
        severity=Severity.WARNING,
        category=Category.DEAD,
        summary="an override names a package that is not in Cargo.lock",
        why="Cargo warns that the spec matches no package and builds without the override.",
        source=f"{PROFILES}#overrides",
        check=_unmatched_override,
    ),
    Rule(
        id="ignored-panic",
        severity=Severity.WARNING,
        category=Category.DEAD,
        summary="test or bench sets panic",
        why="Tests and benchmarks are always built to unwind, because the test harness catches panics.",
        source=f"{PROFILES}#panic",
        check=_ignored_panic,
        fixable=True,
    ),
    Rule(
        id="doc-profile",
        severity=Severity.WARNING,
        category=Category.DEAD,
        summary="there is a [profile.doc]",
        why="The profile doc is deprecated and has no effect.",
        source=f"{CARGO_SOURCE}/core/profiles.rs",
        check=_doc_profile,
    ),
    Rule(
        id="nothing-to-split",
        severity=Severity.INFO,
        category=Category.DEAD,
        summary="split-debuginfo without debug info",
        why="Cargo does not pass split-debuginfo on where no debug info is asked for.",
        source=f"{PROFILES}#split-debuginfo",
        check=_nothing_to_split,
    ),
    Rule(
        id="unknown-variable",
        severity=Severity.WARNING,
        category=Category.DEAD,
        summary="a variable CARGO_PROFILE_... that sets nothing",
        why="Cargo ignores variables it does not know, without a warning; overrides of packages have none at all.",
        source=f"{CONFIG}#profile",
        check=_unknown_variable,
    ),
    Rule(
        id="library-profile",
        severity=Severity.INFO,
        category=Category.DEAD,
        summary="a [profile.release] in a workspace of libraries without program, example or benchmark",
        why="The profile of the workspace that is built holds for all of its dependencies; theirs are not read.",
        source=PROFILES,
        check=_library_profile,
    ),
    Rule(
        id="inline-threshold",
        severity=Severity.WARNING,
        category=Category.DEAD,
        summary="-C inline-threshold in rustflags",
        why="The option is deprecated and does nothing; LLVM has one of that name.",
        source=f"{CODEGEN}#inline-threshold",
        check=_inline_threshold,
    ),
)
