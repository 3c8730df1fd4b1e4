"""A failing and a clean project for each rule of the lint, and workspaces made of them without cargo."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from burnish.profile.lint import ConfigFile, CrateTarget, Package, Unwinding, Workspace
from burnish.profile.source import SourceText
from projects import CargoProject, cdylib_and_rlib, hello, lib_only, virtual_workspace, with_dep

LOCK = '[[package]]\nname = "hello"\nversion = "0.1.0"\n'

#: What makes a member's package the root's neighbour: `with_dep` as a workspace.
MEMBERS = with_dep().with_manifest("[workspace]\n")


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """A project in which the rule finds something, and one like it in which it does not.

    Attributes:
        finds: a part of the message, with the real values.
        line: of the first finding, with its file; empty where it is not looked at.
        environment: for the failing project.
    """

    rule: str
    failing: CargoProject
    clean: CargoProject
    finds: str
    where: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    clean_environment: Mapping[str, str] = field(default_factory=dict)
    unwinding: tuple[Unwinding, ...] = ()


def release(text: str, project: CargoProject | None = None) -> CargoProject:
    """The project with these lines in its ``[profile.release]``."""
    return (project or hello()).with_manifest(f"[profile.release]\n{text}\n")


def config(text: str, project: CargoProject | None = None) -> CargoProject:
    """The project with a config file."""
    return (project or hello()).plus({".cargo/config.toml": text})


_EXTENSION = '\n[lib]\ncrate-type = ["cdylib"]\n\n[dependencies]\npyo3 = { path = "pyo3" }\n'
EXTENSION = lib_only().plus(
    {
        "Cargo.toml": lib_only().files["Cargo.toml"] + _EXTENSION,
        "pyo3/Cargo.toml": '[package]\nname = "pyo3"\nversion = "0.1.0"\nedition = "2021"\n',
        "pyo3/src/lib.rs": "",
    }
)

CASES = (
    Case(
        rule="redundant-value",
        failing=release("opt-level = 3\ndebug = 0"),
        clean=release("opt-level = 2\ndebug = 1"),
        finds="opt-level = 3 is Cargo's default for release",
        where="Cargo.toml:7:1",
    ),
    Case(
        rule="redundant-inherits",
        failing=hello().with_manifest('[profile.bench]\ninherits = "release"\ndebug = 1\n'),
        clean=hello().with_manifest('[profile.bench]\ninherits = "dev"\nopt-level = 3\n'),
        finds='inherits = "release" is Cargo\'s default for bench',
    ),
    Case(
        rule="member-profile",
        failing=MEMBERS.plus(
            {"base/Cargo.toml": MEMBERS.files["base/Cargo.toml"] + '\n[profile.release]\nlto = "thin"\n'}
        ),
        clean=release('lto = "thin"', MEMBERS),
        finds="Cargo ignores [profile.release] of the member base",
        where="base/Cargo.toml:6:1",
    ),
    Case(
        rule="unknown-key",
        failing=release("codegen_units = 1\nltoo = true"),
        clean=release("codegen-units = 1"),
        finds="[profile.release] has no key codegen_units",
        where="Cargo.toml:7:1",
    ),
    Case(
        rule="unmatched-override",
        failing=hello().with_manifest("[profile.release.package.helo]\nopt-level = 1\n").plus({"Cargo.lock": LOCK}),
        clean=hello().with_manifest("[profile.release.package.hello]\nopt-level = 1\n").plus({"Cargo.lock": LOCK}),
        finds="[profile.release.package.helo] matches no package",
        where="Cargo.toml:6:1",
    ),
    Case(
        rule="ignored-panic",
        failing=hello().with_manifest('[profile.test]\npanic = "abort"\n'),
        clean=hello().with_manifest('[profile.dev]\npanic = "abort"\n'),
        finds='Cargo ignores panic = "abort" in [profile.test]',
    ),
    Case(
        rule="doc-profile",
        failing=hello().with_manifest("[profile.doc]\nopt-level = 3\n"),
        clean=hello().with_manifest("[profile.dev]\nopt-level = 3\n"),
        finds="[profile.doc] has no effect",
    ),
    Case(
        rule="nothing-to-split",
        failing=release('split-debuginfo = "packed"'),
        clean=release('split-debuginfo = "packed"\ndebug = 1'),
        finds='split-debuginfo = "packed" in release does nothing',
    ),
    Case(
        rule="unknown-variable",
        failing=hello(),
        clean=hello(),
        environment={"CARGO_PROFILE_RELEASSE_OPT_LEVEL": "1"},
        clean_environment={"CARGO_PROFILE_RELEASE_OPT_LEVEL": "1", "CARGO_PROFILE_MINE_LTO": "true"},
        finds="CARGO_PROFILE_RELEASSE_OPT_LEVEL sets nothing",
    ),
    Case(
        rule="library-profile",
        failing=release("lto = true", lib_only()),
        clean=release("lto = true"),
        finds="[profile.release] reaches nobody: a library does not take lto along",
    ),
    Case(
        rule="inline-threshold",
        failing=config('[build]\nrustflags = ["-C", "inline-threshold=100"]\n'),
        clean=config('[build]\nrustflags = ["-C", "llvm-args=--inline-threshold=100"]\n'),
        finds="-C inline-threshold=100 in build.rustflags does nothing",
        where=".cargo/config.toml:2:1",
    ),
    Case(
        rule="lto-dropped",
        failing=release("lto = true", cdylib_and_rlib()),
        clean=release(
            "lto = true",
            cdylib_and_rlib().plus(
                {"Cargo.toml": cdylib_and_rlib().files["Cargo.toml"].replace('["cdylib", "rlib"]', '["cdylib"]')}
            ),
        ),
        finds="the cdylib of both is linked without the LTO of release (true)",
        where="Cargo.toml:7:1",
    ),
    Case(
        rule="strip-reset",
        failing=hello().with_manifest(
            '[profile.release]\nstrip = "symbols"\n\n[profile.release.package.hello]\nopt-level = 2\n'
        ),
        clean=hello().with_manifest(
            '[profile.release]\nstrip = "symbols"\n\n[profile.release.package.hello]\nopt-level = 2\nstrip = true\n'
        ),
        finds='hello is built with strip = "debuginfo", not "symbols" of release',
        where="Cargo.toml:9:1",
    ),
    Case(
        rule="profile-not-published",
        failing=release("lto = true", virtual_workspace()),
        clean=release("lto = true"),
        finds="cargo install of app, tool from a registry builds without [profile.release]",
    ),
    Case(
        rule="environment-wins",
        failing=release('lto = "thin"'),
        clean=release('lto = "thin"'),
        environment={"CARGO_PROFILE_RELEASE_LTO": "off"},
        clean_environment={"CARGO_PROFILE_RELEASE_LTO": "thin"},
        finds='lto = "thin" does not hold: the variable CARGO_PROFILE_RELEASE_LTO makes it "off"',
        where="Cargo.toml:7:1",
    ),
    Case(
        rule="config-wins",
        failing=config("[profile.release]\nopt-level = 1\n", release("opt-level = 2")),
        clean=config("[profile.release]\nopt-level = 2\n", release("opt-level = 2")),
        finds="opt-level = 1 here beats opt-level = 2 in Cargo.toml:7 [profile.release]",
        where=".cargo/config.toml:2:1",
    ),
    Case(
        rule="rustflags-shadowed",
        failing=config('[build]\nrustflags = ["--cfg", "mine"]\n'),
        clean=config('[build]\nrustflags = ["--cfg", "mine"]\n'),
        environment={"RUSTFLAGS": "--cfg other"},
        finds="--cfg mine of build.rustflags is not given: RUSTFLAGS is set too",
    ),
    Case(
        rule="debug-stripped",
        failing=release("debug = true\nstrip = true"),
        clean=release('debug = true\nstrip = true\nsplit-debuginfo = "packed"'),
        finds="release makes debug info (debug = true, Cargo.toml:7",
        where="Cargo.toml:8:1",
    ),
    Case(
        rule="incremental-lto",
        failing=release('incremental = true\nlto = "thin"'),
        clean=release('lto = "thin"'),
        finds="release is incremental",
    ),
    Case(
        rule="incremental-release",
        failing=release("incremental = true"),
        clean=release("incremental = true\ncodegen-units = 16"),
        finds="up to 256 codegen units",
    ),
    Case(
        rule="lto-off-one-unit",
        failing=release('lto = "off"\ncodegen-units = 1'),
        clean=release('lto = "off"'),
        finds='lto = "off" is the same as false here',
        where="Cargo.toml:7:1",
    ),
    Case(
        rule="sixteen-units",
        failing=release("codegen-units = 16"),
        clean=release("codegen-units = 8"),
        finds="codegen-units = 16 in release is not Cargo's default",
    ),
    Case(
        rule="unoptimized-lto",
        failing=hello().with_manifest('[profile.dist]\ninherits = "release"\nopt-level = 0\nlto = true\n'),
        clean=hello().with_manifest('[profile.dist]\ninherits = "release"\nopt-level = 1\nlto = true\n'),
        finds="dist has lto = true at opt-level = 0",
    ),
    Case(
        rule="unoptimized-release",
        failing=release("opt-level = 0"),
        clean=hello().with_manifest('[profile.plain]\ninherits = "release"\nopt-level = 0\n'),
        finds="release is built without optimization",
    ),
    Case(
        rule="strip-none",
        failing=release("strip = false"),
        clean=release("strip = false\ndebug = 1"),
        finds="strip = false is not Cargo's default",
    ),
    Case(
        rule="bench-differs",
        failing=hello().with_manifest("[profile.release]\nlto = true\n\n[profile.bench]\nlto = false\n"),
        clean=hello().with_manifest("[profile.release]\nlto = true\n\n[profile.bench]\ndebug = true\n"),
        finds="lto = false (release: true)",
    ),
    Case(
        rule="refused-value",
        failing=release('opt-level = "3"'),
        clean=release('opt-level = "s"'),
        finds='opt-level = "3" is refused',
        where="Cargo.toml:7:1",
    ),
    Case(
        rule="unusable-profile",
        failing=hello().with_manifest("[profile.relase]\nlto = true\n"),
        clean=hello().with_manifest('[profile.relase]\ninherits = "release"\nlto = true\n'),
        finds="the profile relase does not say what it inherits from",
        where="Cargo.toml:6:1",
    ),
    Case(
        rule="breaking-variable",
        failing=hello().with_manifest('[profile.release-lto]\ninherits = "release"\nlto = true\n'),
        clean=hello().with_manifest('[profile.release-lto]\ninherits = "release"\nlto = true\n'),
        environment={"CARGO_PROFILE_RELEASE_LTO_CODEGEN_UNITS": "1"},
        finds="CARGO_PROFILE_RELEASE_LTO_CODEGEN_UNITS breaks every cargo command",
        where="Cargo.toml:6:1",
    ),
    Case(
        rule="lto-in-rustflags",
        failing=hello(),
        clean=hello(),
        environment={"RUSTFLAGS": "-Clto=fat"},
        clean_environment={"RUSTFLAGS": "-Clto=fat -Cembed-bitcode=yes"},
        finds="-C lto=fat in RUSTFLAGS breaks every build in release",
    ),
    Case(
        rule="prefer-dynamic-lto",
        failing=config('[build]\nrustflags = "-C prefer-dynamic"\n', release("lto = true")),
        clean=config('[build]\nrustflags = "-C prefer-dynamic"\n'),
        finds="-C prefer-dynamic in build.rustflags breaks every build with the LTO of release",
    ),
    Case(
        rule="native-cpu",
        failing=config('[target.x86_64-unknown-linux-gnu]\nrustflags = ["-C", "target-cpu=native"]\n'),
        clean=config('[target.x86_64-unknown-linux-gnu]\nrustflags = ["-C", "target-cpu=x86-64-v2"]\n'),
        finds="target-cpu=native in target.x86_64-unknown-linux-gnu.rustflags",
        where=".cargo/config.toml:2:1",
    ),
    Case(
        rule="abort-in-host",
        failing=release('panic = "abort"', EXTENSION),
        clean=release("lto = true", EXTENSION),
        finds="a panic in alone ends the process of Python",
    ),
    Case(
        rule="abort-unwinding",
        failing=release('panic = "abort"'),
        clean=release("lto = true"),
        unwinding=(
            Unwinding(crate="hello", path="src/main.rs", line=3, column=5, text="catch_unwind", local=True),
            Unwinding(crate="rayon", path="job.rs", line=1, column=1, text="catch_unwind", local=False),
        ),
        finds='panic = "abort" in release, and dependencies rely on unwinding: rayon',
    ),
    Case(
        rule="dev-lto",
        failing=hello().with_manifest("[profile.dev]\nlto = true\n"),
        clean=hello().with_manifest('[profile.dev]\nlto = "off"\n'),
        finds="dev has lto = true",
    ),
    Case(
        rule="dev-one-unit",
        failing=hello().with_manifest("[profile.dev]\ncodegen-units = 1\n"),
        clean=hello().with_manifest("[profile.dev]\ncodegen-units = 1\nopt-level = 3\n"),
        finds="dev has codegen-units = 1 at opt-level = 0",
    ),
    Case(
        rule="dev-abort",
        failing=hello().with_manifest('[profile.dev]\npanic = "abort"\n'),
        clean=release('panic = "abort"'),
        finds="cargo test compiles every dependency a second time",
    ),
    Case(
        rule="inherited-lto",
        failing=release("lto = true").with_manifest('[profile.profiling]\ninherits = "release"\n').plus({}),
        clean=hello().with_manifest(
            '[profile.release]\nlto = true\n\n[profile.profiling]\ninherits = "release"\nlto = false\n'
        ),
        finds="profiling inherits lto = true from Cargo.toml:7 [profile.release]",
    ),
)


def workspace_of(
    project: CargoProject, environment: Mapping[str, str] | None = None, unwinding: tuple[Unwinding, ...] | None = None
) -> Workspace:
    """The workspace of the project's files, as `cargo metadata` would tell it; members are named one by one."""
    root = tomllib.loads(project.files["Cargo.toml"])
    members = list(root.get("workspace", {}).get("members", []))
    if "workspace" in root and not members:
        members = [dep["path"] for dep in root.get("dependencies", {}).values() if isinstance(dep, dict)]
    packages = [_package(project, f"{member}/", is_root=False) for member in members]
    if "package" in root:
        packages.insert(0, _package(project, "", is_root=True))
    lock = project.files.get("Cargo.lock")
    text = project.files.get(".cargo/config.toml")
    found = tomllib.loads(lock)["package"] if lock else None
    return Workspace(
        manifest=SourceText(path="Cargo.toml", text=project.files["Cargo.toml"]),
        packages=tuple(packages),
        environment=environment or {},
        configs=(ConfigFile(source=SourceText(path=".cargo/config.toml", text=text), in_project=True),) if text else (),
        locked=None if found is None else frozenset((each["name"], each["version"]) for each in found),
        unwinding=unwinding,
    )


def _package(project: CargoProject, prefix: str, *, is_root: bool) -> Package:
    label = f"{prefix}Cargo.toml"
    try:
        root: dict[str, Any] = tomllib.loads(project.files[label])
    except tomllib.TOMLDecodeError:
        root = {"package": {"name": "broken", "version": "0.0.0"}}
    targets = []
    if f"{prefix}src/main.rs" in project.files:
        targets.append(CrateTarget(name=root["package"]["name"], kind="bin", crate_types=("bin",)))
    if f"{prefix}src/lib.rs" in project.files:
        kinds = tuple(root.get("lib", {}).get("crate-type", ["lib"]))
        targets.append(CrateTarget(name=root["package"]["name"], kind="lib", crate_types=kinds))
    return Package(
        name=root["package"]["name"],
        version=root["package"]["version"],
        manifest=SourceText(path=label, text=project.files[label]),
        is_root=is_root,
        published=root["package"].get("publish", True) is not False,
        targets=tuple(targets),
        dependencies=frozenset(root.get("dependencies", {})),
        normal=frozenset(root.get("dependencies", {})),
    )


def many_members(count: int) -> CargoProject:
    """A workspace of that many members, each with a library, a program and a test, every tenth with a profile."""
    files = {
        "Cargo.toml": '[workspace]\nresolver = "2"\nmembers = ["crates/*"]\n\n'
        '[profile.release]\nlto = true\ncodegen-units = 1\n\n[profile.dist]\ninherits = "release"\nstrip = true\n'
    }
    for number in range(count):
        place = f"crates/member{number}"
        uses = f'member{number - 1} = {{ path = "../member{number - 1}" }}\n' if number else ""
        profile = "\n[profile.release]\nlto = false\n" if number % 10 == 0 else ""
        files |= {
            f"{place}/Cargo.toml": f'[package]\nname = "member{number}"\nversion = "0.1.0"\nedition = "2021"\n\n'
            f"[dependencies]\n{uses}{profile}",
            f"{place}/src/lib.rs": "",
            f"{place}/src/main.rs": "fn main() {}\n",
            f"{place}/tests/it.rs": "",
        }
    return CargoProject(files=files)
