"""Module arithmetic of a real project: codegen units, what each kind of LTO makes of them, what stays outside. Pure."""

from typing import Final

from burnish.build import audit
from burnish.build.values import CrateRun
from burnish.explain.record import BuildRecord, CrateRecord
from burnish.explain.values import Arithmetic, CrateCount, Outside
from burnish.units import plural

#: ``Session::codegen_units`` in rustc: units where codegen-units is unset, without and with incremental.
DEFAULT_UNITS: Final = 16
INCREMENTAL_UNITS: Final = 256

_BUILTINS: Final = "compiler_builtins"


def arithmetic(record: BuildRecord) -> Arithmetic:
    """The modules of a recorded build."""
    final = record.final
    crates = [_count(crate, crate.units) for crate in record.libraries]
    incremental = "incremental" in audit.codegen_options(final.args)
    return Arithmetic(
        crates=(*crates, _count(final, record.own_units)),
        std=sum(record.std.values()) if record.std else None,
        std_crates=len(record.std),
        outside=_outside(record),
        asked=_asked(final),
        default=INCREMENTAL_UNITS if incremental else DEFAULT_UNITS,
    )


def _count(crate: CrateRecord, units: int | None) -> CrateCount:
    return CrateCount(crate=crate.crate, asked=_asked(crate), units=units, native=crate.native, seconds=crate.cpu)


def _asked(crate: CrateRecord) -> int | None:
    given = audit.codegen_options(crate.args).get("codegen-units", "")
    return int(given) if given.isdigit() else None


def _outside(record: BuildRecord) -> tuple[Outside, ...]:
    found = []
    if _BUILTINS in record.link.archives:
        found.append(
            Outside(
                what=_BUILTINS,
                why="LLVM turns operations into calls of it after LTO is done; rustc keeps it out (#![no_builtins])",
            )
        )
    scripts = [crate.package for crate in record.hosts if crate.crate.startswith("build_script_")]
    macros = [crate.crate for crate in record.hosts if "proc-macro" in audit.crate_types(_as_run(crate))]
    others = [crate.crate for crate in record.hosts if crate.package not in scripts and crate.crate not in macros]
    kinds = (
        ("build scripts", scripts, "programs of their own that run while building"),
        ("proc macros", macros, "shared libraries that the compiler loads"),
        ("host libraries", others, "linked into build scripts and proc macros alone"),
    )
    found += [Outside(what=f"{name}: {listed(names)}", why=why) for name, names, why in kinds if names]
    native = [f"{crate.crate} ({crate.native})" for crate in record.libraries if crate.native]
    if native:
        found.append(
            Outside(what=f"native objects: {listed(native)}", why="C, C++ or assembly: machine code, no LLVM modules")
        )
    found.append(Outside(what="libc and start-up objects", why="the system's, linked as machine code or at run time"))
    return tuple(found)


def _as_run(crate: CrateRecord) -> CrateRun:
    return CrateRun(
        crate=crate.crate, package=crate.package, began=0.0, wall=0.0, user=0.0, sys=0.0, maxrss=0, nivcsw=0, code=0,
        args=crate.args,
    )  # fmt: skip


def listed(names: list[str], limit: int = 6) -> str:
    """``a, b, c and 4 more``."""
    shown = ", ".join(names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"


def sums(count: Arithmetic) -> tuple[str, ...]:
    """The arithmetic in sentences."""
    crates = len(count.crates)
    own, std = count.own, count.std
    setting = "is unset" if count.asked is None else f"= {count.asked}"
    if own is None:
        return (f"{plural(crates, 'crate')}; codegen-units {setting}; the units of some cannot be seen.",)
    limit = count.asked or count.default
    found = [
        f"{plural(crates, 'crate')} became {plural(own, 'module')} (codegen-units {setting}: at most {limit} a crate"
        + (", small ones merged)." if count.asked is None else ").")
    ]
    if limit > 1:
        found.append(
            f"If each crate really were {limit} modules: {limit} x {crates} = {limit * crates}. "
            f"With codegen-units = 1: {crates}."
        )
    extra = "" if std is None else f" and {std} of the standard library"
    total = own + (std or 0) + 1
    local = _local(count)
    found += [
        f'lto = "off": {plural(own, "module")}, each optimized alone; false: thin-local, {local}.',
        f'lto = "thin": {own} of the program{extra}, and the allocator\'s: {total} indexed, {total} backends.',
        f'lto = "fat": the same {total} merged into 1, optimized by one thread.',
    ]
    return tuple(found)


def _local(count: Arithmetic) -> str:
    several = [crate for crate in count.crates if (crate.units or 0) > 1]
    if not several:
        return "which finds nothing to do: no crate has more than one"
    units = sum(crate.units or 0 for crate in several)
    return f"among the {units} modules of {plural(len(several), 'crate')} with more than one"
