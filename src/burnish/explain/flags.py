"""What rustc is told of each option: read off recorded arguments, or derived from the profile as Cargo would.

Derived after ``build_base_args`` in cargo/core/compiler/mod.rs and ``lto_args`` in cargo/core/compiler/lto.rs; a test
holds it against the command lines of the real cargo.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from burnish.explain.values import Told
from burnish.profile.effective import EffectiveProfile
from burnish.profile.keys import LTO_SPELLINGS
from burnish.profile.layers import Setting

#: The ``-C`` options by which rustc learns of an option.
CODEGEN_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "lto": ("lto", "linker-plugin-lto", "embed-bitcode"),
    "codegen-units": ("codegen-units",),
    "opt-level": ("opt-level",),
    "panic": ("panic",),
    "strip": ("strip",),
    "debug": ("debuginfo",),
    "incremental": ("incremental",),
    "overflow-checks": ("overflow-checks", "debug-assertions"),
    "target-cpu": ("target-cpu",),
}

#: ``TomlDebugInfo`` as Cargo passes it on.
_DEBUGINFO: Final = {"full": "2", "limited": "1", "none": "0"}


def flags_in(args: Sequence[str], key: str) -> tuple[str, ...]:
    """The flags of an option among rustc's arguments, in order, as ``-C name=value``; a path is left out."""
    names = CODEGEN_OF.get(key, ())
    found = []
    for index, arg in enumerate(args):
        if arg in {"-C", "--codegen"} and index + 1 < len(args):
            given = args[index + 1]
        elif arg.startswith("-C") and len(arg) > 2:
            given = arg[2:]
        else:
            continue
        name, equals, value = given.partition("=")
        if name.replace("_", "-") in names:
            found.append(f"-C {name}{equals}{'...' if name == 'incremental' else value}")
    return tuple(found)


def recorded(final: Sequence[str], library: Sequence[str] | None, key: str) -> Told:
    """What a real build's rustc was told; ``library`` are the arguments of one library, None where there is none."""
    return Told(final=flags_in(final, key), library=flags_in(final if library is None else library, key), recorded=True)


def derived(effective: EffectiveProfile, key: str, *, takes_lto: bool) -> Told:
    """What Cargo would say for a program's final crate and its libraries; overrides of single packages aside."""
    settings = effective.settings
    match key:
        case "lto":
            final, library = _lto(settings, takes_lto=takes_lto)
        case "opt-level":
            value = settings[key].value
            final = library = () if str(value) == "0" else (f"-C opt-level={value}",)
        case "codegen-units":
            value = settings[key].value
            final = library = () if value is None else (f"-C codegen-units={value}",)
        case "panic":
            final = library = ("-C panic=abort",) if settings[key].value == "abort" else ()
        case "strip":
            final, library = _strip(effective)
        case "debug":
            final = library = _debug(settings[key])
        case "incremental":
            final, library = (("-C incremental=...",) if settings[key].value is True else ()), ()
        case "overflow-checks":
            final = library = _checks(settings)
        case _:
            final, library = (), ()
    return Told(final=final, library=library, recorded=False)


def _lto(settings: Mapping[str, Setting], *, takes_lto: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    written = settings["lto"].value or False
    object_only = ("-C embed-bitcode=no",)
    match LTO_SPELLINGS[written]:
        case "off":
            both = ("-C lto=off", *object_only)
            return both, both
        case "false":
            return object_only, object_only
        case _ if not takes_lto:
            # Neither LTO nor its refusal: objects with bitcode beside them, for whoever links them with LTO.
            return (), ()
        case _:
            return ("-C lto" if written is True else f"-C lto={written}",), ("-C linker-plugin-lto",)


def _strip(effective: EffectiveProfile) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Libraries get the profile's own; an override of the artifact's package decides for the final crate alone."""
    final = effective.profile.strip
    library = effective.for_package(None).profile.strip
    return (
        () if final == "none" else (f"-C strip={final}",),
        () if library == "none" else (f"-C strip={library}",),
    )


def _debug(setting: Setting) -> tuple[str, ...]:
    value = setting.value
    level = "2" if value is True else "0" if value is False else _DEBUGINFO.get(str(value), str(value))
    return () if level == "0" else (f"-C debuginfo={level}",)


def _checks(settings: Mapping[str, Setting]) -> tuple[str, ...]:
    """``debug-assertions`` and ``overflow-checks``: only what differs from rustc's default for the opt-level."""
    assertions = settings["debug-assertions"].value is True
    checks = settings["overflow-checks"].value is True
    by_default = str(settings["opt-level"].value) == "0"
    found = []
    if assertions != by_default:
        found.append(f"-C debug-assertions={_switch(on=assertions)}")
    if checks != assertions:
        found.append(f"-C overflow-checks={_switch(on=checks)}")
    return tuple(found)


def _switch(*, on: bool) -> str:
    return "on" if on else "off"
