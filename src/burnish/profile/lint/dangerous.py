"""Rules: the build breaks, or the program behaves otherwise."""

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from burnish.profile.effective import EffectiveProfile
from burnish.profile.keys import BY_KEY, LTO_SPELLINGS, Value
from burnish.profile.lint import flags
from burnish.profile.lint.context import Context, Table, place_of, refused
from burnish.profile.lint.spelling import CODEGEN, CONFIG, PROFILES, has_lto, listed, shown
from burnish.profile.lint.values import Category, Edit, Fix, Hit, Place, Rule, Severity

#: Bindings that turn a panic into an exception of the host, to what the host is.
_HOSTS: Final[Mapping[str, str]] = {
    "extendr-api": "R",
    "magnus": "Ruby",
    "neon": "Node.js",
    "pyo3": "Python",
    "rustler": "the Erlang VM",
}


def _refused_value(context: Context) -> Iterator[Hit]:
    for table in context.tables:
        for key in refused(table):
            if not _needs_nightly(context, table, key):
                yield _refusal(table, key)


def _needs_nightly(context: Context, table: Table, key: str) -> bool:
    return key == "panic" and table.values[key] == "immediate-abort" and "cargo-features" in context.manifest.root


def _refusal(table: Table, key: str) -> Hit:
    value = table.values[key]
    place = place_of(table.document.source, *table.path, key)
    if table.is_override and not BY_KEY[key].in_overrides:
        return Hit(
            place=place,
            message=f"Cargo does not allow {key} in {table.header}",
            advice=f"{key} holds for the whole program: set it in [profile.{table.profile}]",
        )
    plain = _meant(key, value)
    fix = None
    if plain is not None:
        edit = Edit(path=table.document.source.path, table=table.path, key=key, value=plain)
        fix = Fix(summary=f"write {key} = {shown(plain)}", edits=(edit,))
    return Hit(
        place=place,
        message=f"{key} = {shown(value)} is refused by Cargo or rustc",
        advice=f"{key} takes {BY_KEY[key].expected}",
        fix=fix,
    )


def _meant(key: str, value: Any) -> Value | None:  # noqa: ANN401 (a TOML value)
    """The value without quotes, or LTO by LLVM's name for it, where that is accepted."""
    if not isinstance(value, str):
        return None
    if key == "lto" and value == "full":
        return "fat"
    try:
        plain = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return None
    if key == "lto" and plain not in LTO_SPELLINGS:
        return None
    return plain if isinstance(plain, int) and BY_KEY[key].accepts(plain) else None


def _unresolved_profile(context: Context) -> Iterator[Hit]:
    if any(True for table in context.tables for _ in refused(table)):
        return  # Told by refused-value, and perhaps all there is.
    # A problem of a profile is also that of each profile which inherits from it.
    problems = {
        profile.problem.message: (profile.name, profile.problem.hint)
        for profile in reversed(list(context.profiles.values()))
        if profile.problem is not None
    }
    for message, (name, advice) in reversed(problems.items()):
        yield Hit(place=_best_place(context, name), message=message, advice=advice)
    if any(table.path == ("profile", "debug") for table in context.tables):
        yield Hit(
            place=_best_place(context, "debug"),
            message="the profile name debug is reserved: Cargo does not read the manifest",
            advice="the profile behind target/debug is called dev",
        )


def _best_place(context: Context, name: str) -> Place:
    for table in context.tables:
        if table.path == ("profile", name):
            return place_of(table.document.source, *table.path)
    return Place(path=context.manifest.source.path)


def _broken_variable(context: Context) -> Iterator[Hit]:
    if context.broken_variable is not None:
        variable, problem = context.broken_variable
        meant = next((name for name in context.profiles if _begins(variable, name)), "")
        place = _best_place(context, meant) if meant else Place(path=context.manifest.source.path)
        yield Hit(place=place, message=problem.message, advice=problem.hint)


def _begins(variable: str, profile: str) -> bool:
    name = profile.replace("-", "_").upper()
    return "-" in profile and variable.startswith(f"CARGO_PROFILE_{name}_")


def _lto_in_rustflags(context: Context) -> Iterator[Hit]:
    without = [effective.name for effective in context.release_like() if not has_lto(effective.settings["lto"].value)]
    for given in flags.in_force(context):
        options = dict(given.options())
        value = options.get("lto")
        if value in {None, "off", "no", "n", "false"} or options.get("embed-bitcode") == "yes" or not without:
            continue
        yield Hit(
            place=given.place,
            message=f"-C lto={value} in {given.source} breaks every build in {listed(without)}",
            advice=f'take it out, and write lto = "{value}" in the profile' if value else "write lto in the profile",
        )


def _prefer_dynamic(context: Context) -> Iterator[Hit]:
    lto = [effective.name for effective in context.release_like() if has_lto(effective.settings["lto"].value)]
    for given in flags.in_force(context):
        value = dict(given.options()).get("prefer-dynamic", "no")
        if lto and value in {"", "yes", "y", "on", "true"}:
            yield Hit(
                place=given.place,
                message=f"-C prefer-dynamic in {given.source} breaks every build with the LTO of {listed(lto)}",
                advice="drop one of the two",
            )


def _native(context: Context) -> Iterator[Hit]:
    for given in flags.rustflags(context):
        if given.in_project and dict(given.options()).get("target-cpu") == "native":
            yield Hit(
                place=given.place,
                message=f"target-cpu=native in {given.source}: what is built runs on processors like the builder's",
                advice="name the least processor you support (x86-64-v2, x86-64-v3), or keep native out of the project",
            )


def aborting(context: Context) -> Iterator[EffectiveProfile]:
    """The profiles for shipping that end the process on a panic and say so themselves."""
    for effective in context.release_like():
        if effective.settings["panic"].value == "abort" and context.own(effective, "panic"):
            yield effective


def _abort_in_host(context: Context) -> Iterator[Hit]:
    for effective in aborting(context):
        for package in context.workspace.packages:
            hosts = [host for name, host in _HOSTS.items() if name in package.normal]
            if hosts and any({"cdylib", "staticlib"} & set(target.crate_types) for target in package.targets):
                yield Hit(
                    place=context.place(effective.settings["panic"]),
                    message=f'panic = "abort" in {effective.name}: a panic in {package.name} ends the process of '
                    f"{listed(hosts)} instead of raising an exception there",
                    advice="leave panic out; or keep it, if the host shall end",
                )


def _abort_unwinding(context: Context) -> Iterator[Hit]:
    places = context.workspace.unwinding or ()
    local, foreign = [at for at in places if at.local], sorted({at.crate for at in places if not at.local})
    for effective in aborting(context):
        panic = effective.settings["panic"]
        for at in local:
            yield Hit(
                place=Place(path=at.path, line=at.line, column=at.column),
                message=f'panic = "abort" in {effective.name} ({panic.origin}): {at.text}',
                advice="tests and benchmarks always unwind: that they pass shows nothing about the program",
            )
        if foreign:
            yield Hit(
                place=context.place(panic),
                message=f'panic = "abort" in {effective.name}, and dependencies rely on unwinding: {listed(foreign)}',
                advice="see whether what they catch can happen in your program",
            )


RULES: Final = (
    Rule(
        id="refused-value",
        severity=Severity.ERROR,
        category=Category.DANGEROUS,
        summary="a value that Cargo or rustc refuses",
        why="The manifest cannot be read, or every build in this profile fails.",
        source=f"{PROFILES}#profile-settings",
        check=_refused_value,
        fixable=True,
    ),
    Rule(
        id="unusable-profile",
        severity=Severity.ERROR,
        category=Category.DANGEROUS,
        summary="a profile that cannot be built with",
        why="A profile of one's own must inherit, in the end from release or dev, and Cargo checks all of them at "
        "every build.",
        source=f"{PROFILES}#custom-profiles",
        check=_unresolved_profile,
    ),
    Rule(
        id="breaking-variable",
        severity=Severity.ERROR,
        category=Category.DANGEROUS,
        summary="an environment variable for a profile such as release-lto breaks every build",
        why="Cargo reads CARGO_PROFILE_RELEASE_LTO_X as something inside the key lto of release and fails.",
        source=f"{CONFIG}#environment-variables",
        check=_broken_variable,
    ),
    Rule(
        id="lto-in-rustflags",
        severity=Severity.ERROR,
        category=Category.DANGEROUS,
        summary="-C lto in rustflags",
        why="Without LTO in the profile Cargo passes -C embed-bitcode=no, which rustc refuses together with -C lto.",
        source=f"{CODEGEN}#embed-bitcode",
        check=_lto_in_rustflags,
    ),
    Rule(
        id="prefer-dynamic-lto",
        severity=Severity.ERROR,
        category=Category.DANGEROUS,
        summary="-C prefer-dynamic in rustflags together with LTO",
        why="rustc refuses to prefer dynamic linking when it does link-time optimization.",
        source=f"{CODEGEN}#prefer-dynamic",
        check=_prefer_dynamic,
    ),
    Rule(
        id="native-cpu",
        severity=Severity.WARNING,
        category=Category.DANGEROUS,
        summary="target-cpu=native in a config file of the project",
        why="Everybody who builds gets another program, and one that is shipped dies of SIGILL on an older processor.",
        source=f"{CODEGEN}#target-cpu",
        check=_native,
    ),
    Rule(
        id="abort-in-host",
        severity=Severity.WARNING,
        category=Category.DANGEROUS,
        summary='panic = "abort" in an extension module of Python, Ruby, Node.js, R or Erlang',
        why="The bindings catch a panic and raise an exception; with abort nothing is caught, and the process ends.",
        source=f"{PROFILES}#panic",
        check=_abort_in_host,
    ),
    Rule(
        id="abort-unwinding",
        severity=Severity.WARNING,
        category=Category.DANGEROUS,
        summary='panic = "abort" where the code relies on unwinding (found by the panic audit)',
        why="With abort, catch_unwind catches nothing, a panicking thread ends the program and Drop does not run.",
        source=f"{PROFILES}#panic",
        check=_abort_unwinding,
    ),
)
