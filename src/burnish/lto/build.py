"""One cargo build whose final link goes through burnish's linker driver.

cargo compiles for ``lto = "thin"``: libraries become bitcode, host crates stay what they are. The shim next to rustc
hands the final crate's link-time optimization to the driver. All of it happens in a target directory of its own, so
that plain cargo never takes a file of this build for one of its own. A build that is to be looked into
(``Settings.seen``) has another one for its program, which keeps its symbols; what it compiles it shares with the first.
"""

import json
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from burnish import __version__
from burnish.build.shim import ensure_shim, guard
from burnish.cargo.config import read_configs, rustc_wrapper
from burnish.cargo.invocation import Cargo, CargoRun
from burnish.cargo.project import Project, Selection, find_manifest, read_project
from burnish.cargo.toolchain import Toolchain, read_toolchain
from burnish.digests import digest_of
from burnish.errors import StoreError, ToolError, UnsupportedError, UsageError
from burnish.lto.record import LtoBuild
from burnish.lto.recordfile import FAILURE, decisions_path, read_failure, read_record, seen_path
from burnish.lto.settings import CLUSTER_VARIABLES, Mode, Settings, environment_of
from burnish.machine import usable_cores

#: Hosts whose toolchains ship libLLVM as a library that can be loaded, and whose linkers speak ELF.
HOSTS = ("x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu")


def run_build(
    path: Path,
    selection: Selection,
    target_dir: Path | None,
    settings: Settings,
    environment: Mapping[str, str],
    *,
    quiet: bool = False,
    told: Callable[[str], None] | None = None,
) -> LtoBuild:
    """Build the artifact; ``told`` hears of each build of cargo.

    Raises:
        UsageError, ToolError: the project or the toolchain do not fit.
        UnsupportedError: this platform's toolchain cannot be driven.
    """
    manifest = find_manifest(path)
    cargo = Cargo(manifest.parent, environment)
    cargo.told = told
    cargo.tool("cargo")
    toolchain = read_toolchain(cargo)
    check_host(toolchain, selection.target)
    project = read_project(cargo, manifest, selection, target_dir, resolve=False)
    directory = project.own_directory
    arguments = cargo_arguments(project, selection, settings, directory, quiet=quiet)
    # What cargo takes for the same link has the same record: one that is fresh may be older than others.
    records = directory / "lto" / "records" / digest_of(repr(_asked(arguments)).encode())[:16]
    if settings.lto.mode is not Mode.OFF and not project.artifact.takes_lto:
        raise UsageError(
            f"{project.artifact.name} is built as {', '.join(project.artifact.crate_types)}: "
            "cargo does no link-time optimization for a library that Rust code can depend on as well",
            hint='link-time optimization needs crate-type = ["cdylib"] alone, or a program',
        )
    shim = _shim(cargo, toolchain, directory)
    cargo.guard = guard(shim)
    plan = decisions_path(records, project.artifact.crate)
    seen = seen_path(records, project.artifact.crate)
    _forget(records / FAILURE, *((plan,) if settings.plan_only else ()))
    run = cargo.run(
        "cargo",
        arguments,
        environment=_environment(project, settings, environment, shim, records),
        # A plan ends with a link that is refused on purpose; only an error without a plan is one.
        show=not settings.plan_only,
    )
    record = records / f"{project.artifact.crate}.json"
    return LtoBuild(
        code=run.code,
        product=_product(run, project),
        record=read_record(record) if settings.lto.mode is not Mode.OFF and record.is_file() else None,
        plan=plan,
        fresh=all(unit.fresh for unit in run.units),
        wall=run.wall,
        error=run.error,
        failure=read_failure(records),
        note=_note(project, settings),
        seen=seen if settings.seen and settings.lto.mode is not Mode.OFF and seen.is_file() else None,
    )


def cargo_arguments(
    project: Project, selection: Selection, settings: Settings, directory: Path, *, quiet: bool
) -> list[str]:
    """Cargo's arguments; target directories are made in ``directory``.

    The ``--cfg`` that nobody reads makes cargo link anew when the mode, the engine or burnish changes.
    """
    target_dir = directory / ("seen" if settings.seen else "lto")
    profile = selection.profile
    args = ["rustc", "--manifest-path", str(project.directory / "Cargo.toml"), "--profile", profile]
    args += [*project.artifact.args, *selection.metadata_args(), "--target-dir", str(target_dir)]
    if selection.target is not None:
        args += ["--target", selection.target]
    if quiet:
        args.append("--quiet")
    mode = "off" if settings.lto.mode is Mode.OFF else "thin"
    args += ["--message-format=json-render-diagnostics", "--config", f'profile.{profile}.lto="{mode}"']
    how = f"{settings.lto} {settings.engine} {__version__}{' plan' if settings.plan_only else ''}"
    if not settings.seen:
        return [*args, "--", "--cfg", f'burnish_lto="{how}"']
    args += ["--config", f"build.build-dir={_toml(str(directory / 'lto'))}"]
    # As words for the last crate alone: another strip in the profile would have all of them compiled again.
    own = ["--cfg", f'burnish_lto="{how} seen"', "-Cstrip=debuginfo"]
    # The driver asks for references itself; without it, rustc has to.
    return [*args, "--", *own, *(["-Clink-arg=-Wl,--emit-relocs"] if settings.lto.mode is Mode.OFF else [])]


def linker_driver() -> Path:
    """Where ``burnish-cc`` was installed: beside this Python, or in PATH.

    Raises:
        ToolError: it was not.
    """
    beside = Path(sys.executable).with_name("burnish-cc")
    found = str(beside) if beside.is_file() else shutil.which("burnish-cc")
    if found is None:
        raise ToolError(
            "the linker driver burnish-cc was not found",
            hint="it is installed with burnish: pip install --force-reinstall burnish",
        )
    return Path(found).absolute()


def check_host(toolchain: Toolchain, target: str | None) -> None:
    """Refuse what cannot work.

    Raises:
        UnsupportedError: says what to use instead.
    """
    if toolchain.host not in HOSTS:
        raise UnsupportedError(
            f"burnish build works on {' and '.join(HOSTS)}, not on {toolchain.host}",
            hint='use rustc\'s own link-time optimization there: lto = "thin" or "fat" in [profile.release]',
        )
    if target is not None and target not in HOSTS:
        raise UnsupportedError(
            f"burnish build links for {' and '.join(HOSTS)}, not for {target}",
            hint='use rustc\'s own link-time optimization there: lto = "thin" or "fat" in [profile.release]',
        )


def config_text(path: Path, selection: Selection, settings: Settings, environment: Mapping[str, str]) -> str:
    """Lines for a project's ``.cargo/config.toml`` that make plain cargo link through burnish.

    Raises:
        UsageError: link-time optimization is off, there is no project.
    """
    if settings.lto.mode is Mode.OFF:
        raise UsageError("--lto off --print-config: without link-time optimization there is nothing to configure")
    toolchain = read_toolchain(Cargo(find_manifest(path).parent, environment))
    check_host(toolchain, selection.target)
    variables = environment_of(settings)
    names = ["BURNISH_LTO", "BURNISH_LTO_ENGINE"]
    if settings.jobs != usable_cores():
        names.append("BURNISH_LTO_JOBS")
    if settings.cache is None:
        names.append("BURNISH_LTO_CACHE")
    names += [name for name in CLUSTER_VARIABLES if variables.get(name)]
    lines = "\n".join(f"{name} = {_toml(variables[name])}" for name in names)
    return f"""\
# Plain cargo with burnish's link-time optimization: put these lines into .cargo/config.toml.
# Build scripts and proc macros are linked as ever: the driver passes them on to cc.
# A linker of the project's own goes to [env] as BURNISH_REAL_LINKER. cargo clean when these lines change.

[target.{selection.target or toolchain.host}]
linker = {_toml(str(linker_driver()))}
rustflags = ["-Clinker-plugin-lto"]

[profile.{selection.profile}]
lto = "thin"

[env]
{lines}
"""


def _toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _asked(arguments: list[str]) -> list[str]:
    return [argument for argument in arguments if argument != "--quiet"]


def _forget(*files: Path) -> None:
    try:
        for file in files:
            file.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(
            f"cannot write to {files[0].parent}: {error.strerror}", hint="choose another place with --target-dir"
        ) from error


def _note(project: Project, settings: Settings) -> str:
    if settings.lto.mode is Mode.OFF or "staticlib" not in project.artifact.crate_types:
        return ""
    return "thin by rustc itself: a staticlib is not linked, no linker can optimize it"


def _shim(cargo: Cargo, toolchain: Toolchain, directory: Path) -> Path:
    try:
        return ensure_shim(cargo, toolchain, directory / "bin")
    except OSError as error:
        raise StoreError(
            f"cannot write to {directory}: {error.strerror}", hint="choose another place with --target-dir"
        ) from error


def _environment(
    project: Project, settings: Settings, environment: Mapping[str, str], shim: Path, records: Path
) -> dict[str, str]:
    if settings.lto.mode is Mode.OFF:
        return {}
    variables = environment_of(replace(settings, record=records))
    variables |= {"RUSTC_WRAPPER": str(shim), "BURNISH_LINKER": str(linker_driver())}
    chain = rustc_wrapper(read_configs(project.start, environment), environment)
    if chain is not None:
        variables["BURNISH_CHAIN"] = chain
    return variables


def _product(run: CargoRun, project: Project) -> Path | None:
    for unit in reversed(run.units):
        if unit.name != project.artifact.name or "custom-build" in unit.kind:
            continue
        if unit.executable is not None:
            return Path(unit.executable)
        for name in unit.filenames:
            if name.endswith((".so", ".a")):
                return Path(name)
    return None
