"""Rules: what costs time where nobody gains from it."""

import re
from collections.abc import Iterator
from typing import Final

from burnish.profile.effective import EffectiveProfile
from burnish.profile.layers import OriginKind
from burnish.profile.lint.context import Context, place_of
from burnish.profile.lint.spelling import PROFILES, has_lto
from burnish.profile.lint.values import Category, Hit, Rule, Severity

#: Names of profiles that are built often and shipped never; a `release-ci` is what CI ships.
_PASSING: Final = re.compile(
    r"(^|[-_])(ci|debug|dev|fast|iter|local|prof|profile|profiling|quick|test|testing)($|[-_])"
)
_SHIPPED: Final = re.compile(r"(^|[-_])(dist|prod|production|release|ship)($|[-_])")


def _development(context: Context) -> Iterator[EffectiveProfile]:
    for effective in context.in_force():
        if effective.chain[-1] == "dev":
            yield effective


def _dev_lto(context: Context) -> Iterator[Hit]:
    for effective in _development(context):
        lto = effective.settings["lto"]
        if has_lto(lto.value) and context.own(effective, "lto"):
            yield Hit(
                place=context.place(lto),
                message=f"{effective.name} has lto = {lto.text}: every build and every test binary waits for it",
                advice="leave lto to release",
            )


def _dev_one_unit(context: Context) -> Iterator[Hit]:
    for effective in _development(context):
        units = effective.settings["codegen-units"]
        if units.value == 1 and effective.settings["opt-level"].value == 0 and context.own(effective, "codegen-units"):
            yield Hit(
                place=context.place(units),
                message=f"{effective.name} has codegen-units = 1 at opt-level = 0: each crate is redone as a whole, "
                "on one core",
                advice="leave it to release",
            )


def _dev_abort(context: Context) -> Iterator[Hit]:
    for effective in context.in_force():
        panic = effective.settings["panic"]
        if effective.name == "dev" and panic.value == "abort" and context.own(effective, "panic"):
            yield Hit(
                place=context.place(panic),
                message='dev has panic = "abort": cargo test compiles every dependency a second time, to unwind',
                advice="leave it to release, unless the program is to be tried with it",
            )


def _inherited_lto(context: Context) -> Iterator[Hit]:
    for effective in context.release_like():
        lto = effective.settings["lto"]
        inherited = lto.origin.profile != effective.name and lto.origin.kind is OriginKind.MANIFEST
        passing = _PASSING.search(effective.name) and not _SHIPPED.search(effective.name)
        if has_lto(lto.value) and inherited and passing:
            yield Hit(
                place=place_of(context.manifest.source, "profile", effective.name),
                message=f"{effective.name} inherits lto = {lto.text} from {lto.origin}",
                advice="say lto = false in it if it is for quick builds; keep it if it must be the shipped code",
            )


RULES: Final = (
    Rule(
        id="dev-lto",
        severity=Severity.WARNING,
        category=Category.DEVELOPMENT,
        summary="LTO in dev or test",
        why="The link-time optimizer runs over all crates for each program and each test binary, at every change.",
        source=f"{PROFILES}#lto",
        check=_dev_lto,
    ),
    Rule(
        id="dev-one-unit",
        severity=Severity.INFO,
        category=Category.DEVELOPMENT,
        summary="codegen-units = 1 in dev without optimization",
        why="Development builds have up to 256 units for each crate, so that several cores work and few are redone.",
        source=f"{PROFILES}#codegen-units",
        check=_dev_one_unit,
    ),
    Rule(
        id="dev-abort",
        severity=Severity.INFO,
        category=Category.DEVELOPMENT,
        summary='panic = "abort" in dev',
        why="Tests always unwind, so cargo build and cargo test share no compiled dependency.",
        source=f"{PROFILES}#panic",
        check=_dev_abort,
    ),
    Rule(
        id="inherited-lto",
        severity=Severity.INFO,
        category=Category.DEVELOPMENT,
        summary="a profile for tests, profiling or CI inherits LTO",
        why="A profile takes over every key of the one it inherits from, the dear ones too.",
        source=f"{PROFILES}#inherits",
        check=_inherited_lto,
    ),
)
