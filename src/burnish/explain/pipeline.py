"""The road of a project's code through the compiler, stage by stage, with the counts that are known. Pure.

Stages as in the rustc development guide, "Overview of the compiler", and clang's "ThinLTO".
"""

from burnish.explain.arithmetic import arithmetic
from burnish.explain.record import BuildRecord
from burnish.explain.values import Arithmetic, Mode, Pipeline, Stage
from burnish.lto.record import LinkRecord
from burnish.units import plural

_BY = "burnish build"


def pipeline(mode: Mode, record: BuildRecord | None, link: LinkRecord | None) -> Pipeline:
    """The road of one mode.

    Args:
        mode: which.
        record: of a real build, for counts and times; None: the road alone.
        link: of ``burnish build`` in the same mode, for the times of its stages; None where there is none.
    """
    if mode not in {Mode.THIN, Mode.FAT}:
        link = None
    count = None if record is None else arithmetic(record)
    modules = _modules(count)
    stages = (*_front(record, count), *_middle(mode, count, modules, link), *_end(mode, count, modules, record, link))
    return Pipeline(mode=mode, stages=stages, notes=_notes(mode, record, link))


def _modules(count: Arithmetic | None) -> int | None:
    """Modules that LTO of the whole program takes, the allocator's included."""
    if count is None or count.own is None:
        return None
    return count.own + (count.std or 0) + 1


def _front(record: BuildRecord | None, count: Arithmetic | None) -> tuple[Stage, ...]:
    crates = "" if count is None else plural(len(count.crates), "crate")
    own = None if count is None else count.own
    seconds = None if record is None else sum(crate.cpu for crate in record.libraries)
    return (
        Stage(name="source", does="one rustc for each crate", here=crates),
        Stage(name="HIR", does="names resolved, types checked", here=crates),
        Stage(name="MIR", does="borrows checked, small functions inlined; exported ones go to other crates"),
        Stage(
            name="codegen units",
            does="generic code made concrete, each crate cut into units",
            here="" if own is None else plural(own, "unit"),
        ),
        Stage(
            name="LLVM modules",
            does="one for each unit; each optimized for itself",
            here="" if own is None else plural(own, "module"),
            seconds=seconds,
            clock="CPU of rustc for the libraries, source to here or to machine code",
        ),
    )


def _middle(mode: Mode, count: Arithmetic | None, modules: int | None, link: LinkRecord | None) -> tuple[Stage, ...]:
    match mode:
        case Mode.NONE:
            return ()
        case Mode.THIN_LOCAL:
            return _thin_local(count)
        case Mode.THIN:
            total = "" if modules is None else plural(modules, "module")
            imports = "" if link is None else f"{sum(unit.imports for unit in link.units)} imports"
            return (
                Stage(name="bitcode", does="libraries are kept as bitcode in their rlibs, not as machine code"),
                Stage(
                    name="summaries",
                    does="of each function: size, calls, references; std's from the toolchain",
                    here=total,
                    seconds=_took(link, "read"),
                    clock=_BY,
                ),
                Stage(
                    name="index",
                    does="all summaries as one: what is dead, who may import what",
                    here=_live(link) or total,
                    seconds=_took(link, "thin link"),
                    clock=_BY,
                ),
                Stage(name="imports", does="each module copies in what is small enough to inline", here=imports),
            )
        case Mode.FAT:
            total = "" if modules is None else f"{modules} into 1"
            return (
                Stage(name="bitcode", does="libraries are kept as bitcode in their rlibs, not as machine code"),
                Stage(
                    name="merge",
                    does="all modules into one, std's included; what nobody needs is dropped",
                    here=total,
                    seconds=_took(link, "read"),
                    clock=_BY,
                ),
            )


def _thin_local(count: Arithmetic | None) -> tuple[Stage, ...]:
    several = [] if count is None else [crate for crate in count.crates if (crate.units or 0) > 1]
    here = "" if count is None or count.own is None else f"{plural(len(several), 'crate')} with several"
    return (
        Stage(
            name="summaries", does="of the units of one crate, index, imports: as thin, inside each crate", here=here
        ),
    )


def _end(
    mode: Mode, count: Arithmetic | None, modules: int | None, record: BuildRecord | None, link: LinkRecord | None
) -> tuple[Stage, ...]:
    own = None if count is None else count.own
    objects = {
        Mode.NONE: ("an object for each module", own),
        Mode.THIN_LOCAL: ("an object for each module", own),
        Mode.THIN: ("a backend for each module, on all cores", modules),
        Mode.FAT: ("one optimization of everything, on one core", None if modules is None else 1),
    }
    does, number = objects[mode]
    archives = "" if record is None else plural(len(set(record.link.archives)), "rlib")
    whole = mode in {Mode.THIN, Mode.FAT}
    asked = "" if not whole else "compiler_builtins and native code join here"
    final = _final_seconds(mode, record)
    return (
        Stage(
            name="machine code",
            does=does,
            here="" if number is None else plural(number, "object" if not whole else "backend"),
            seconds=_took(link, "backends") if whole else None,
            clock=_BY,
        ),
        Stage(
            name="link",
            does=asked or "rlibs and objects to one file; sections that nothing refers to are dropped",
            here="" if whole else archives,
            seconds=_took(link, "link") if whole and link else final,
            clock=_BY if whole and link else "wall of rustc for the final crate, all its stages",
        ),
    )


def _final_seconds(mode: Mode, record: BuildRecord | None) -> float | None:
    return record.final.wall if record is not None and recorded_mode(record) is mode else None


def recorded_mode(record: BuildRecord) -> Mode:
    """The road that the recorded build took, by what rustc was told and what it linked."""
    flags = [value for flag, value in zip(record.final.args, record.final.args[1:], strict=False) if flag == "-C"]
    lto = [value for value in flags if value == "lto" or value.startswith("lto=")]
    match lto[-1:]:
        case ["lto" | "lto=fat"]:
            return Mode.FAT
        case ["lto=thin"]:
            return Mode.THIN
        case ["lto=off"]:
            return Mode.NONE
        case _:
            return Mode.NONE if "codegen-units=1" in flags or "opt-level=0" in flags else Mode.THIN_LOCAL


def _took(link: LinkRecord | None, stage: str) -> float | None:
    if link is None:
        return None
    return next((each.wall for each in link.stages if each.name == stage), None)


def _live(link: LinkRecord | None) -> str:
    if link is None or not link.modules:
        return ""
    definitions = sum(module.definitions for module in link.modules)
    live = sum(module.live for module in link.modules)
    return f"{live} of {definitions} live"


def _notes(mode: Mode, record: BuildRecord | None, link: LinkRecord | None) -> tuple[str, ...]:
    found = []
    if record is None:
        found.append("No build is recorded, so no counts: burnish explain --build makes one.")
    elif recorded_mode(record) is mode:
        found.append("This is the road of the profile as it is set.")
    else:
        found.append(
            f"The profile as it is set takes the road {recorded_mode(record)}; codegen units are the same on all roads."
        )
    if link is not None:
        found.append(
            f"Wall times marked {_BY} are of its last link with lto = {link.lto}: "
            f"{plural(len(link.modules), 'module')} that the program needs, by {link.done_by}."
        )
    elif mode in {Mode.THIN, Mode.FAT}:
        found.append(f"Times of the stages: burnish build --lto {mode} records them.")
    return tuple(found)
