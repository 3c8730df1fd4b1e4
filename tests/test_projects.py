"""The ready projects are what their names promise, to the real cargo."""

import json
from pathlib import Path

import pytest

import projects
from projects import CargoProject, run_cargo


def test_files_are_written_with_their_directories(tmp_path: Path) -> None:
    directory = CargoProject(files={"a/b.rs": "//\n", "Cargo.toml": ""}).generate(tmp_path / "new")
    assert directory == tmp_path / "new"
    assert (directory / "a/b.rs").read_text(encoding="utf-8") == "//\n"


def test_text_is_added_to_the_root_manifest_alone() -> None:
    before = projects.with_dep()
    after = before.with_manifest("[profile.release]\nlto = true\n")
    assert after.files["Cargo.toml"].endswith('base = { path = "base" }\n\n[profile.release]\nlto = true\n')
    assert {name for name in after.files if after.files[name] != before.files[name]} == {"Cargo.toml"}


@pytest.mark.cargo
@pytest.mark.parametrize(
    ("project", "arguments", "output"),
    [
        pytest.param(projects.hello(), (), "hello\n", id="hello"),
        pytest.param(projects.two_bins(), ("--bin", "two"), "two\n", id="two_bins"),
        pytest.param(projects.virtual_workspace(), ("--package", "tool"), "tool 42\n", id="virtual_workspace"),
        pytest.param(projects.with_dep(), (), "app 42\n", id="with_dep"),
    ],
)
def test_a_binary_runs(project: CargoProject, arguments: tuple[str, ...], output: str, tmp_path: Path) -> None:
    run = run_cargo(project.generate(tmp_path), "run", "--quiet", *arguments)
    assert (run.stdout, run.stderr) == (output, "")


@pytest.mark.cargo
@pytest.mark.parametrize(
    ("project", "kinds"),
    [
        pytest.param(projects.lib_only(), [["lib"]], id="lib_only"),
        pytest.param(projects.cdylib_and_rlib(), [["cdylib", "rlib"]], id="cdylib_and_rlib"),
        pytest.param(projects.two_bins(), [["bin"], ["bin"]], id="two_bins"),
        pytest.param(projects.virtual_workspace(), [["bin"], ["bin"], ["lib"]], id="virtual_workspace"),
    ],
)
def test_cargo_sees_the_targets(project: CargoProject, kinds: list[list[str]], tmp_path: Path) -> None:
    run = run_cargo(project.generate(tmp_path), "metadata", "--no-deps", "--format-version", "1")
    packages = json.loads(run.stdout)["packages"]
    assert sorted(target["kind"] for package in packages for target in package["targets"]) == kinds


@pytest.mark.cargo
@pytest.mark.parametrize(
    ("project", "words"),
    [
        pytest.param(projects.broken_toml(), "Cargo.toml:2", id="broken_toml"),
        pytest.param(projects.does_not_compile(), "error[E0308]", id="does_not_compile"),
        pytest.param(projects.two_bins(), "could not determine which binary to run", id="two_bins, none chosen"),
    ],
)
def test_cargo_refuses(project: CargoProject, words: str, tmp_path: Path) -> None:
    run = run_cargo(project.generate(tmp_path), "run", "--quiet")
    assert run.returncode != 0
    assert words in run.stderr
