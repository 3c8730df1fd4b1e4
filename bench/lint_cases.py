"""Lint over the manifests of well-known crates of the registry; docs/cases/lint.md tells what was found.

    python bench/lint_cases.py --work DIRECTORY [NAME ...] [--also CHECKOUT ...] > findings.md

`cargo info` fetches each crate at its pinned version; nothing is built. A published Cargo.toml is normalized, so the
author's own (Cargo.toml.orig) is taken wherever cargo reads it outside of its workspace. `--also` adds checkouts of
whole workspaces. Network for what is not in the registry cache yet, and a second or so each.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

#: Programs first, then libraries.
CRATES = {
    "ripgrep": "15.2.0", "fd-find": "10.5.0", "hyperfine": "1.20.0", "bat": "0.26.1", "hexyl": "0.17.0",
    "sd": "1.0.0", "tokei": "15.0.0", "xsv": "0.13.0", "eza": "0.23.5", "zoxide": "0.10.0", "starship": "1.27.0",
    "du-dust": "1.2.7", "bottom": "0.15.0", "procs": "0.14.12", "git-delta": "0.20.1", "just": "1.59.0",
    "zellij": "0.45.1", "nu": "0.115.1", "alacritty": "0.17.0", "tealdeer": "1.9.1", "gitui": "0.28.1",
    "cargo-edit": "0.13.13", "cargo-nextest": "0.9.151", "cargo-binstall": "1.24.0", "wasm-pack": "0.15.1",
    "mdbook": "0.5.4", "broot": "1.62.0", "lsd": "1.2.0", "watchexec-cli": "1.20.5", "sccache": "0.19.0",
    "typos-cli": "1.52.0", "oha": "1.16.0", "xh": "0.26.3", "dprint": "0.64.3", "cargo-deny": "0.20.2",
    "jaq": "3.1.2", "jless": "0.9.0", "ouch": "0.8.3", "miniserve": "0.35.0", "rustpython": "0.6.0",
    "diesel_cli": "2.3.14", "sqlx-cli": "0.9.0", "deno": "2.9.8", "wasmtime-cli": "48.0.8",
    "tokio": "1.54.1", "serde": "1.0.229", "rayon": "1.12.0", "regex": "1.13.2", "clap": "4.6.9", "hyper": "1.12.0",
    "axum": "0.8.9", "polars": "0.55.2", "bevy": "0.19.1", "memchr": "2.8.3", "indexmap": "2.14.2", "csv": "1.4.0",
}  # fmt: skip


def registry() -> Path:
    """Where cargo unpacks crates."""
    home = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
    return next((home / "registry" / "src").glob("index.crates.io-*"))


def source(name: str, version: str, work: Path) -> Path:
    """A copy of the crate with the author's manifest if cargo takes it."""
    place = work / f"{name}-{version}"
    if not place.exists():
        packed = registry() / place.name
        if not packed.exists():
            command = ("cargo", "info", "--quiet", "--registry", "crates-io", f"{name}@{version}")
            subprocess.run(command, check=True, capture_output=True, cwd=work)
        shutil.copytree(packed, place)
    normalized, original = place / "Cargo.toml", place / "Cargo.toml.orig"
    if original.exists():
        published = normalized.read_bytes()
        normalized.write_bytes(original.read_bytes())
        question = ("cargo", "metadata", "--no-deps", "--offline", "--format-version", "1")
        environment = {**os.environ, "RUSTUP_TOOLCHAIN": "stable"}
        if subprocess.run(question, cwd=place, env=environment, capture_output=True, check=False).returncode != 0:
            normalized.write_bytes(published)
    return place


def lint(place: Path) -> tuple[list[dict[str, object]], float]:
    """The findings and the seconds."""
    began = time.perf_counter()
    command = (sys.executable, "-m", "burnish", "lint", "--format", "json", "--fail-on", "never", "--no-audit")
    # A project's rust-toolchain.toml may ask for one that is not installed; profiles are read without it.
    environment = {**os.environ, "RUSTUP_TOOLCHAIN": "stable"}
    run = subprocess.run(command, cwd=place, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(run.stdout)["findings"], time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=list(CRATES))
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--also", type=Path, nargs="*", default=[])
    args = parser.parse_args()
    work = args.work.absolute()
    work.mkdir(parents=True, exist_ok=True)
    places = {f"{name} {CRATES[name]}": source(name, CRATES[name], work) for name in args.names}
    places |= {path.name: path for path in args.also}
    counts: Counter[str] = Counter()
    slowest = 0.0
    print("| project | finding | message |\n|---|---|---|")
    for title, place in places.items():
        findings, seconds = lint(place)
        slowest = max(slowest, seconds)
        counts["projects with findings"] += bool(findings)
        for finding in findings:
            counts[f"{finding['severity']}[{finding['rule']}]"] += 1
            where = f"`{finding['path']}:{finding['line']}`"
            print(f"| {title} | {where} {finding['severity']}[{finding['rule']}] | {finding['message']} |")
    print(f"\n{len(places)} projects, the slowest took {slowest:.1f} s.\n")
    for name, count in counts.most_common():
        print(f"- {name}: {count}")


if __name__ == "__main__":
    main()
