"""What rustc was told: its arguments as values for the backends, and whether the engine takes the link at all.

The linker learns next to nothing of it (``-plugin-opt=O3``, ``mcpu=``); rustc is the parent of the linker it calls, so
its arguments can be read there. Where they cannot, the hints on the line have to do.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from burnish.lto.backend import Codegen
from burnish.lto.line.arguments import LinkLine, OutputKind, Strip
from burnish.lto.line.features import llvm_features

#: rustc's options whose value is the next argument or follows ``=``; short ones also follow at once.
_SHORT = frozenset({"-C", "-L", "-l", "-o", "-A", "-W", "-D", "-F", "-Z"})
_LONG = frozenset({
    "--allow", "--cap-lints", "--cfg", "--check-cfg", "--codegen", "--color", "--crate-name", "--crate-type", "--deny",
    "--diagnostic-width", "--edition", "--emit", "--env-set", "--error-format", "--explain", "--extern", "--forbid",
    "--force-warn", "--json", "--out-dir", "--print", "--remap-path-prefix", "--remap-path-scope", "--sysroot",
    "--target", "--warn",
})  # fmt: skip

#: cmdline of a process that is asked for more than a kernel would hold.
_MAX_ARGUMENT_BYTES = 64 << 20
_MAX_ARGUMENT_FILES = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class RustcArguments:
    """rustc's arguments.

    Attributes:
        crate_name: ``--crate-name``, empty where the file name decides.
        crate_types: ``--crate-type``, each; empty for rustc's default (bin).
        test: ``--test``.
        target: ``--target``, empty for the host.
        codegen: ``-C`` options in order, (name, value); value empty for a flag; dashes in names.
    """

    crate_name: str
    crate_types: tuple[str, ...]
    test: bool
    target: str
    codegen: tuple[tuple[str, str], ...]

    def last(self, name: str) -> str | None:
        """The value of a ``-C`` option; the last one counts."""
        return next((value for key, value in reversed(self.codegen) if key == name), None)

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(value for key, value in self.codegen if key == name)

    @property
    def opt_level(self) -> str:
        return self.last("opt-level") or "0"


def parse_rustc(argv: Sequence[str]) -> RustcArguments:
    """Read rustc's arguments (the program's name and ``@files`` gone; see `expand_rustc`)."""
    found: dict[str, list[str]] = {}
    codegen: list[tuple[str, str]] = []
    for option, value in _options(argv):
        if option in {"-C", "--codegen"}:
            name, _, chosen = value.partition("=")
            codegen.append((name.replace("_", "-"), chosen))
        elif option == "-O":
            codegen.append(("opt-level", "3"))
        elif option == "-g":
            codegen.append(("debuginfo", "2"))
        else:
            found.setdefault(option, []).append(value)
    return RustcArguments(
        crate_name=found.get("--crate-name", [""])[-1],
        crate_types=tuple(kind for kinds in found.get("--crate-type", ()) for kind in kinds.split(",")),
        test="--test" in found,
        target=found.get("--target", [""])[-1],
        codegen=tuple(codegen),
    )


def _options(argv: Sequence[str]) -> Iterable[tuple[str, str]]:
    arguments = iter(argv)
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if argument in _SHORT or argument in _LONG:
            yield argument, next(arguments, "")
        elif equals and name in _LONG:
            yield name, value
        elif argument[:2] in _SHORT and not argument.startswith("--"):
            yield argument[:2], argument[2:]
        else:
            yield argument, ""


def expand_rustc(argv: Sequence[str], read: Callable[[str], str | None]) -> tuple[str, ...]:
    """The arguments with each ``@file`` replaced by its lines (rustc's way: one argument a line, no quotes)."""
    expanded: list[str] = []
    budget = _MAX_ARGUMENT_FILES
    for argument in argv:
        text = read(argument[1:]) if argument.startswith("@") and budget else None
        if text is None:
            expanded.append(argument)
        else:
            budget -= 1
            expanded += text.splitlines()
    return tuple(expanded)


def parse_cmdline(data: bytes) -> tuple[str, ...]:
    """The arguments in ``/proc/<pid>/cmdline``, the program's name first."""
    text = data.decode("utf-8", "surrogateescape")
    return tuple(text.removesuffix("\0").split("\0")) if text else ()


def rustc_of(pid: int) -> RustcArguments | None:
    """What the process was told if it is rustc (or clippy-driver); None where that cannot be read."""
    process = Path("/proc") / str(pid)
    try:
        with (process / "cmdline").open("rb") as file:
            argv = parse_cmdline(file.read(_MAX_ARGUMENT_BYTES))
        directory = (process / "cwd").readlink()
    except OSError:
        return None
    if not argv or Path(argv[0]).stem not in {"rustc", "clippy-driver"}:
        return None
    return parse_rustc(expand_rustc(argv[1:], lambda name: _text(directory / name)))


def _text(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_ARGUMENT_BYTES).decode("utf-8", "surrogateescape")
    except OSError:
        return None


_OPT_LEVELS = {"0": "O0", "1": "O1", "2": "O2", "3": "O3", "s": "Os", "z": "Oz"}


def codegen_of(
    line: LinkLine, rustc: RustcArguments | None, *, triple: str, native_cpu: Callable[[], str] | None = None
) -> Codegen:
    """The backends' options.

    Args:
        line: the link line: its hints, and whether it strips debug info.
        rustc: what rustc was told, if that is known.
        triple: the modules' target triple.
        native_cpu: what ``target-cpu=native`` is on this machine, asked only where it is needed (else the line's hint).
    """
    hints = _hints(line)
    told = rustc or RustcArguments(crate_name="", crate_types=(), test=False, target="", codegen=())
    cpu = told.last("target-cpu") or hints.get("mcpu", "")
    if cpu == "native":
        # rustc has put the CPU's own name on the line.
        cpu = native_cpu() if native_cpu is not None else hints.get("mcpu", "")
    level = told.opt_level if rustc is not None else hints.get("O", "3")
    items = [item for value in told.all("target-feature") for item in value.split(",")]
    return Codegen(
        triple=triple,
        cpu=cpu,
        features=llvm_features(items, triple=triple),
        opt_level=_OPT_LEVELS.get(level, "O3"),
        relocation_model=told.last("relocation-model") or "pic",
        code_model=told.last("code-model") or "",
        strip_debug=line.strip is not Strip.NONE or told.last("strip") in {"debuginfo", "symbols"},
        llvm_args=tuple(word for value in told.all("llvm-args") for word in value.split()),
    )


def _hints(line: LinkLine) -> dict[str, str]:
    """``O`` and ``mcpu`` of ``-plugin-opt`` (``push_linker_plugin_lto_args``, rustc_codegen_ssa's linker.rs)."""
    hints = {}
    for option in line.plugin_options:
        if len(option) == 2 and option[0] == "O":
            hints["O"] = option[1]
        elif option.startswith("mcpu="):
            hints["mcpu"] = option.removeprefix("mcpu=")
    return hints


_NOT_A_LINK = {"compile": "-c", "assembly": "-S", "preprocess": "-E", "###": "-###", "-version": "--version"}

#: Options of the linker whose effect on symbols the engine does not follow.
_UNFOLLOWED = (
    "script", "default-script", "mri-script", "just-symbols", "R", "undefined-glob", "remap-inputs", "format",
    "plugin", "fat-lto-objects",
)  # fmt: skip

#: -C options that change what LLVM runs and that `Codegen` does not carry.
_UNCARRIED = ("passes", "no-prepopulate-passes", "no-vectorize-loops", "no-vectorize-slp")


def pass_through_reason(
    line: LinkLine, rustc: RustcArguments | None, *, exported: Iterable[str] = (), bitcode: bool = True
) -> str | None:
    """Why the engine leaves a link to the real linker as it stands; None where it takes it.

    Args:
        line: the link line.
        rustc: what rustc was told, if that is known.
        exported: exact global names of the line's version scripts.
        bitcode: whether an object of the line itself is bitcode.
    """
    return _line_reason(line) or _crate_reason(line, rustc, exported) or _code_reason(line, rustc, bitcode=bitcode)


def _line_reason(line: LinkLine) -> str | None:
    """What the line asks for."""
    for option, spelling in _NOT_A_LINK.items():
        if line.has(option):
            return f"{spelling} is no link"
    if not line.inputs:
        return "no input files"
    if line.kind is OutputKind.RELOCATABLE:
        return "a relocatable output (-r)"
    if any(item.name.startswith("@") for item in line.inputs):
        return "a response file that the linker reads itself"
    for argument in line.arguments:
        if argument.option in _UNFOLLOWED or argument.option.startswith(("thinlto-", "lto-", "flto")):
            return f"the option {argument.option}"
    return None


def _crate_reason(line: LinkLine, rustc: RustcArguments | None, exported: Iterable[str]) -> str | None:
    """What kind of crate it is."""
    types = rustc.crate_types if rustc else ()
    if "proc-macro" in types or any(name.startswith("__rustc_proc_macro_decls") for name in exported):
        return "a procedural macro"
    if "dylib" in types:
        return "a Rust dylib"
    name = rustc.crate_name if rustc else ""
    output = Path(line.output).name
    if name.startswith("build_script_") or (not name and output.startswith("build_script_")):
        return "a build script"
    return None


def _code_reason(line: LinkLine, rustc: RustcArguments | None, *, bitcode: bool) -> str | None:
    """Whether there is anything to optimize, in a way that the engine knows."""
    if not bitcode:
        return "no bitcode among the objects (without -C linker-plugin-lto)"
    level = rustc.opt_level if rustc else _hints(line).get("O", "3")
    if level == "0":
        return "opt-level 0"
    for option in _UNCARRIED:
        if rustc and rustc.last(option) is not None:
            return f"-C {option}"
    return None
