"""Rules: values that work against each other, or are not what their writer thinks."""

from collections.abc import Iterator
from typing import Final

from burnish.profile.effective import EffectiveProfile
from burnish.profile.layers import OriginKind, Setting
from burnish.profile.lint.context import Context
from burnish.profile.lint.spelling import CARGO_SOURCE, CODEGEN, PROFILES, has_debug, has_lto, meaning
from burnish.profile.lint.values import Category, Edit, Fix, Hit, Rule, Severity

#: Options that change the code that is measured.
_CODE: Final = ("opt-level", "lto", "codegen-units", "debug-assertions", "overflow-checks")


def _debug_stripped(context: Context) -> Iterator[Hit]:
    for effective in context.release_like():
        debug, strip, split = effective.settings["debug"], effective.own_strip, effective.settings["split-debuginfo"]
        own = context.own(effective, "strip", "debug")
        stripped = strip.value is not None and meaning("strip", strip.value) != "none"
        if own and stripped and has_debug(debug.value) and split.value in {None, "off"}:
            yield Hit(
                place=context.place(own),
                message=f"{effective.name} makes debug info (debug = {debug.text}, {debug.origin}) and strips it "
                f"(strip = {strip.text}, {strip.origin})",
                advice='drop one of the two; split-debuginfo = "packed" keeps it in a file of its own',
            )


def _incremental_lto(context: Context) -> Iterator[Hit]:
    for effective in context.release_like():
        incremental, lto = effective.settings["incremental"], effective.settings["lto"]
        if incremental.value is True and has_lto(lto.value):
            own = context.own(effective, "incremental", "lto")
            if own:
                yield Hit(
                    place=context.place(own),
                    message=f"{effective.name} is incremental ({incremental.origin}) and has lto = {lto.text}",
                    advice="drop incremental from what is shipped, or lto from what is built often",
                )


def _incremental_release(context: Context) -> Iterator[Hit]:
    for effective in context.release_like():
        incremental, units = effective.settings["incremental"], effective.settings["codegen-units"]
        if (
            incremental.value is True
            and units.value is None
            and effective.name == "release"
            and not has_lto(effective.settings["lto"].value)
        ):
            own = context.own(effective, "incremental")
            if own:
                yield Hit(
                    place=context.place(own),
                    message="an incremental release build splits each crate into up to 256 codegen units",
                    advice="if it is for daily work, give it a profile of its own and let release be what you ship",
                )


def _lto_off_one_unit(context: Context) -> Iterator[Hit]:
    for effective in context.release_like():
        lto, units = effective.settings["lto"], effective.settings["codegen-units"]
        own = context.own(effective, "lto", "codegen-units")
        if own and meaning("lto", lto.value) == "off" and units.value == 1:
            yield Hit(
                place=context.place(lto),
                message=f"lto = {lto.text} is the same as false here: with codegen-units = 1 there is nothing between "
                "the units of a crate to be optimized",
                advice='for optimization across crates write lto = "thin" or "fat"',
                fix=_without_lto(context, effective, lto),
            )


def _without_lto(context: Context, effective: EffectiveProfile, lto: Setting) -> Fix | None:
    below = effective.parent.settings["lto"].value if effective.parent else False
    if lto.origin.kind is not OriginKind.MANIFEST or lto.origin.profile != effective.name:
        return None
    if meaning("lto", below) != "false":
        return None
    table = ("profile", effective.name)
    edit = Edit(path=context.manifest.source.path, table=table, key="lto")
    return Fix(summary=f"remove lto from [{'.'.join(table)}]", edits=(edit,))


def _sixteen_units(context: Context) -> Iterator[Hit]:
    for effective in context.release_like():
        units = effective.settings["codegen-units"]
        if units.value == 16 and context.own(effective, "codegen-units"):
            yield Hit(
                place=context.place(units),
                message=f"codegen-units = 16 in {effective.name} is not Cargo's default",
                advice="leave it out for the default; set it only if the split was measured",
            )


def _unoptimized_lto(context: Context) -> Iterator[Hit]:
    for effective in context.release_like():
        level, lto = effective.settings["opt-level"], effective.settings["lto"]
        own = context.own(effective, "opt-level", "lto")
        if own and level.value == 0 and has_lto(lto.value):
            yield Hit(
                place=context.place(own),
                message=f"{effective.name} has lto = {lto.text} at opt-level = 0",
                advice="drop lto, or raise opt-level",
            )


def _unoptimized_release(context: Context) -> Iterator[Hit]:
    for effective in context.in_force():
        level = effective.settings["opt-level"]
        if effective.name == "release" and level.value == 0 and context.own(effective, "opt-level"):
            yield Hit(
                place=context.place(level),
                message="release is built without optimization: opt-level = 0",
                advice="use cargo build without --release, or a profile of your own that inherits from dev",
            )


def _strip_none(context: Context) -> Iterator[Hit]:
    for effective in context.release_like():
        strip, debug = effective.own_strip, effective.settings["debug"]
        own = context.own(effective, "strip")
        if own and meaning("strip", strip.value) == "none" and not has_debug(debug.value):
            yield Hit(
                place=context.place(strip),
                message=f"strip = {strip.text} is not Cargo's default: it keeps the debug info of the standard library",
                advice='leave it out, or write strip = "debuginfo": function names stay in the file; '
                "keep it if backtraces shall name the standard library's lines",
            )


def _bench_differs(context: Context) -> Iterator[Hit]:
    bench, release = context.profiles.get("bench"), context.profiles.get("release")
    if not context.ships or bench is None or release is None or bench.in_force is None or release.in_force is None:
        return
    differing = [
        bench.in_force.settings[key]
        for key in _CODE
        if meaning(key, bench.in_force.settings[key].value) != meaning(key, release.in_force.settings[key].value)
    ]
    written = [setting for setting in differing if setting.origin.profile == "bench"]
    if written:
        words = ", ".join(
            f"{setting.key} = {setting.text} (release: {release.in_force.settings[setting.key].text})"
            for setting in written
        )
        yield Hit(
            place=context.place(written[0]),
            message=f"benchmarks measure another program than release ships: {words}",
            advice="leave these keys out of [profile.bench], which inherits from release",
        )


RULES: Final = (
    Rule(
        id="debug-stripped",
        severity=Severity.WARNING,
        category=Category.CONTRADICTORY,
        summary="debug info is made and stripped again",
        why="rustc makes the debug info of every crate and the linker throws it away: time and memory for nothing. "
        "(On Linux; Apple's and Microsoft's linkers write it to a file of its own first.)",
        source=f"{PROFILES}#strip",
        check=_debug_stripped,
    ),
    Rule(
        id="incremental-lto",
        severity=Severity.WARNING,
        category=Category.CONTRADICTORY,
        summary="incremental compilation together with LTO",
        why="Incremental compilation splits a crate into up to 256 units so that few are redone; LTO over all crates "
        "then comes on top of it, at every build.",
        source=f"{CODEGEN}#incremental",
        check=_incremental_lto,
    ),
    Rule(
        id="incremental-release",
        severity=Severity.INFO,
        category=Category.CONTRADICTORY,
        summary="incremental = true in release",
        why="Without a number of codegen units, rustc splits a crate into up to 256 for incremental compilation and "
        "optimizes each apart; the rustc book advises against it for release builds.",
        source=f"{CODEGEN}#codegen-units",
        check=_incremental_release,
    ),
    Rule(
        id="lto-off-one-unit",
        severity=Severity.INFO,
        category=Category.CONTRADICTORY,
        summary='lto = "off" together with codegen-units = 1',
        why='false differs from "off" only by optimization between the units of one crate; with one unit the machine '
        "code is the same, and no crate is optimized with another.",
        source=f"{PROFILES}#lto",
        check=_lto_off_one_unit,
        fixable=True,
    ),
    Rule(
        id="sixteen-units",
        severity=Severity.INFO,
        category=Category.CONTRADICTORY,
        summary="codegen-units = 16 as if it were the default",
        why="Unset, rustc merges small units; a number that is written it tries to reach. Where it is unset, small "
        "crates have fewer units.",
        source=f"{CODEGEN}#codegen-units",
        check=_sixteen_units,
    ),
    Rule(
        id="unoptimized-lto",
        severity=Severity.WARNING,
        category=Category.CONTRADICTORY,
        summary="LTO at opt-level 0",
        why="The link-time optimizer runs over the whole program at its level 0: the price of LTO without its gain.",
        source=f"{PROFILES}#opt-level",
        check=_unoptimized_lto,
    ),
    Rule(
        id="unoptimized-release",
        severity=Severity.WARNING,
        category=Category.CONTRADICTORY,
        summary="opt-level = 0 in release",
        why="cargo build --release and cargo install then build code without optimization.",
        source=f"{PROFILES}#opt-level",
        check=_unoptimized_release,
    ),
    Rule(
        id="strip-none",
        severity=Severity.INFO,
        category=Category.CONTRADICTORY,
        summary='strip = "none" in a release profile without debug info',
        why="Where strip is unset and no debug info is asked for, Cargo strips debug info (since 1.77): the file holds "
        "only the standard library's, some megabytes. Writing the documented default brings it back.",
        source=f"{CARGO_SOURCE}/ops/cargo_compile/mod.rs",
        check=_strip_none,
    ),
    Rule(
        id="bench-differs",
        severity=Severity.INFO,
        category=Category.CONTRADICTORY,
        summary="[profile.bench] generates other code than release",
        why="Benchmarks are to say something about what is shipped; without keys of its own bench is release.",
        source=f"{PROFILES}#bench",
        check=_bench_differs,
    ),
)
