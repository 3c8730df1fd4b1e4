"""Programs of the crates registry as their authors publish them, by ordinary cargo."""

import shutil
from pathlib import Path

from projects import CargoProject, run_cargo

#: Published with their Cargo.lock, so that each builds the same wherever it is built.
PINNED = {"ripgrep": "15.2.0", "fd-find": "10.5.0", "hyperfine": "1.20.0"}


def crate_source(name: str, version: str, into: Path) -> Path:
    """The sources of a crate in ``into/name``, ready for ``cargo build --locked --offline``.

    Raises:
        RuntimeError: cargo cannot get it; with what cargo said.
    """
    source = into / name
    scratch = into / f".{name}-scratch"
    _scratch(name, version).generate(scratch)
    # A crate without a library is no dependency one could build, but vendoring fetches it all the same.
    _cargo(scratch, "vendor", "--quiet", "--versioned-dirs", "vendor")
    shutil.copytree(scratch / "vendor" / f"{name}-{version}", source)
    shutil.rmtree(scratch)
    # It lists what a vendored crate must contain; these are sources to work with.
    (source / ".cargo-checksum.json").unlink()
    _cargo(source, "fetch", "--quiet", "--locked")
    return source


def _scratch(name: str, version: str) -> CargoProject:
    manifest = f"""\
[package]
name = "scratch"
version = "0.0.0"
edition = "2021"

[dependencies]
{name} = "={version}"

[workspace]
"""
    return CargoProject(files={"Cargo.toml": manifest, "src/lib.rs": ""})


def _cargo(directory: Path, *arguments: str) -> None:
    run = run_cargo(directory, *arguments, offline=False)
    if run.returncode != 0:
        raise RuntimeError(f"cargo {' '.join(arguments)} failed in {directory}:\n{run.stderr}")
