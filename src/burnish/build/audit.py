"""The truth about flags: what rustc was told for the final crate against what the profile asked for. Pure.

What cargo says is not enough: its JSON shows no lto, codegen-units, panic or strip, and a crate type without LTO in the
list drops LTO in silence (cargo/core/compiler/lto.rs).
"""

from collections.abc import Sequence

from burnish.build.values import CrateRun
from burnish.profile.options import Lto, Panic, Strip
from burnish.profile.profile import Profile


def codegen_options(args: Sequence[str]) -> dict[str, str]:
    """``-C key=value`` in all spellings to a mapping; the last one wins, as in rustc. A key alone has value ''."""
    options: dict[str, str] = {}
    for index, arg in enumerate(args):
        if arg in {"-C", "--codegen"} and index + 1 < len(args):
            key, _, value = args[index + 1].partition("=")
        elif arg.startswith(("-C", "--codegen=")) and len(arg) > 2:
            key, _, value = arg.removeprefix("-C").removeprefix("--codegen=").partition("=")
        else:
            continue
        options[key] = value
    return options


def crate_types(run: CrateRun) -> frozenset[str]:
    """All ``--crate-type`` values of a run."""
    return frozenset(value for flag, value in zip(run.args, run.args[1:], strict=False) if flag == "--crate-type")


def is_test(run: CrateRun) -> bool:
    """The run compiles a test or bench target: a program, though cargo names no crate type.

    With libtest's harness cargo passes ``--test``, without it ``--cfg test`` (cargo/core/compiler/mod.rs,
    ``build_base_args``).
    """
    bare = ("--cfg", "test") in zip(run.args, run.args[1:], strict=False)
    return not crate_types(run) and ("--test" in run.args or bare)


def is_linked(run: CrateRun) -> bool:
    """The run links a file of its own that can be run or shipped (no rlib, no proc macro)."""
    if run.crate.startswith("build_script_"):
        return False
    return is_test(run) or bool(crate_types(run) & {"bin", "cdylib", "staticlib"})


def is_host(run: CrateRun) -> bool:
    """A build script, a proc macro, or something only they use."""
    if run.crate.startswith("build_script_") or "proc-macro" in crate_types(run):
        return True
    return "opt-level" not in codegen_options(run.args)


def unit_hash(run: CrateRun) -> str:
    """The hash in ``-C extra-filename=-HASH``, which the names of the output files end with."""
    return codegen_options(run.args).get("extra-filename", "").lstrip("-")


def mismatches(profile: Profile, final: CrateRun, *, strip: Strip | None = None) -> tuple[str, ...]:
    """Where the final crate's flags are not the profile's; empty when all arrived.

    A bench target unwinds whatever the profile says (cargo/core/profiles.rs, ``get_profile``): with libtest's harness
    and without, it and all its libraries are compiled without ``-C panic``.

    Args:
        profile: what was asked for.
        final: the rustc run of the artifact's own crate.
        strip: the value that this build passes to rustc; None where it is not checked.
    """
    given = codegen_options(final.args)
    found: list[str] = []

    def check(key: str, wanted: str | None, got: str | None) -> None:
        if wanted != got:
            asked = "no value" if wanted is None else wanted
            told = "none" if got is None else got
            found.append(f"{key}: the profile says {asked}, rustc was told {told}")

    check("opt-level", str(profile.opt_level), given.get("opt-level", "0"))
    check("codegen-units", _text(profile.codegen_units), given.get("codegen-units"))
    aborts = profile.panic is Panic.ABORT and not is_test(final)
    check("panic", "abort" if aborts else None, given.get("panic"))
    check("lto", None if profile.lto is Lto.FALSE else str(profile.lto), _lto(given))
    if strip is not None:
        check("strip", None if strip is Strip.NONE else str(strip), given.get("strip"))
    return tuple(found)


def _text(units: int | None) -> str | None:
    return None if units is None else str(units)


_LTO_SPELLINGS = {"": "fat", "yes": "fat", "y": "fat", "on": "fat", "true": "fat", "no": "off", "n": "off"}


def _lto(given: dict[str, str]) -> str | None:
    """The value of ``-C lto``; alone it means fat (rustc book, codegen options)."""
    value = given.get("lto")
    return None if value is None else _LTO_SPELLINGS.get(value, value)
