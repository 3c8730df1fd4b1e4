"""Sources on their way: what is read here, and what a machine lays down of it."""

import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.build.away import gathering, places
from burnish.build.away.gathering import configuration_beyond, gather, wrapped
from burnish.build.away.places import builds_of, lay, remove_unused, taken_slot
from burnish.build.away.snapshot import SourceFile, is_inside, read_part, write_part
from burnish.cargo.project import Project, Target
from burnish.errors import ClusterError


def file(path: str, content: bytes = b"x", *, executable: bool = False) -> SourceFile:
    return SourceFile(path=path, executable=executable, content=content)


def laid(tree: Path) -> dict[str, bytes]:
    return {path.relative_to(tree).as_posix(): path.read_bytes() for path in tree.rglob("*") if path.is_file()}


def test_the_same_files_are_the_same_content_in_any_order() -> None:
    files = [file("b"), file("a", executable=True)]
    assert write_part(files) == write_part(files[::-1])
    assert read_part(write_part(files)) == (file("a", executable=True), file("b"))


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../x", "a//b", "", ".", "a/.", "a/", "a\0b", "x" * 5000])
def test_a_part_with_a_path_that_leads_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(ClusterError, match="leads elsewhere"):
        read_part(msgspec.msgpack.encode((file(path),)))


@given(st.binary(max_size=100))
def test_what_is_no_part_is_refused_or_has_inner_paths_only(data: bytes) -> None:
    try:
        files = read_part(data)
    except ClusterError:
        return
    assert all(is_inside(each.path) for each in files)


def test_a_tree_holds_what_was_sent_and_nothing_else(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    lay(tree, [file("a/b", b"1"), file("c", b"2", executable=True)])
    assert laid(tree) == {"a/b": b"1", "c": b"2"}
    assert os.access(tree / "c", os.X_OK)
    (tree / "a" / "made").write_text("by a build script")
    (tree / "more" / "deep").mkdir(parents=True)
    (tree / "more" / "deep" / "x").touch()
    lay(tree, [file("a/b", b"3"), file("d")])
    assert laid(tree) == {"a/b": b"3", "d": b"x"}
    assert not (tree / "more").exists()


def test_a_file_that_did_not_change_keeps_its_time(tmp_path: Path) -> None:
    lay(tmp_path, [file("a"), file("b")])
    os.utime(tmp_path / "a", (1, 1))
    lay(tmp_path, [file("a"), file("b", b"other")])
    assert (tmp_path / "a").stat().st_mtime == 1


def test_nothing_is_written_through_a_link_that_a_build_left_behind(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "b").write_bytes(b"x")
    tree = tmp_path / "tree"
    lay(tree, [file("a/b"), file("c")])
    for name, target in (("a", outside), ("c", outside / "b")):
        place = tree / name
        if place.is_dir():
            (place / "b").unlink()
            place.rmdir()
        else:
            place.unlink()
        place.symlink_to(target)
    lay(tree, [file("a/b", b"new"), file("c", b"new")])
    assert laid(tree) == {"a/b": b"new", "c": b"new"}
    assert (outside / "b").read_bytes() == b"x"
    assert not (tree / "a").is_symlink()


def test_a_file_in_the_place_of_a_directory_is_refused_and_a_changed_one_is_laid(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match="place of a directory"):
        lay(tmp_path / "tree", [file("a"), file("a/b")])
    lay(tmp_path / "tree", [file("a")])
    lay(tmp_path / "tree", [file("a/b")])
    assert laid(tmp_path / "tree") == {"a/b": b"x"}
    lay(tmp_path / "tree", [file("a")])
    assert laid(tmp_path / "tree") == {"a": b"x"}


def test_a_disk_that_is_full_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, _data: bytes) -> int:
        path.touch()
        raise OSError(28, "No space left on device")

    lay(tmp_path, [file("a", b"1")])
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        lay(tmp_path, [file("a", b"2")])
    assert laid(tmp_path) == {"a": b"1"}


def test_orders_of_a_project_have_a_slot_each_and_old_ones_go(tmp_path: Path) -> None:
    builds = builds_of(tmp_path)
    with taken_slot(builds, "p") as first, taken_slot(builds, "p") as second:
        assert first.path != second.path
        assert remove_unused(builds, 0.0) == 0, "both are in use"
    with taken_slot(builds, "p") as again:
        assert again.path == first.path
    os.utime(second.path / "lock", (1, 1))
    with taken_slot(builds, "q"):
        assert not second.path.exists()
        assert first.path.exists()
    assert remove_unused(builds, 0.0) == 2
    assert not (builds / "p").exists()


def test_a_machine_has_a_last_slot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "_SLOTS", 1)
    with taken_slot(tmp_path, "p"), pytest.raises(ClusterError, match="under way"), taken_slot(tmp_path, "p"):
        pass


def project(root: Path, *sources: str, start: str = ".") -> Project:
    return Project(
        root=root, directory=root / "app", start=root / start, target_directory=root / "out", package="app",
        version="1", artifact=Target(name="app", kind="bin", crate_types=("bin",)),
        sources=tuple(root / each for each in sources),
    )  # fmt: skip


def sent(root: Path, given: Project) -> list[set[str]]:
    home = root.parent / "home"
    gathered = gather(given, {"CARGO_HOME": str(home)})
    return [{each.path for each in read_part(part)} for part in gathered.parts]


FILES = (
    "Cargo.toml", "Cargo.lock", "README.md", ".cargo/config.toml", "app/Cargo.toml", "app/src/main.rs",
    "app/.sqlx/query", "vendor/dep/.github/x", "vendor/dep/src/lib.rs", "proto/a.proto",
)  # fmt: skip
LEFT = (
    ".git/HEAD", "target/release/app", "out/x", "app/target/old", "node_modules/x/y", "env/pyvenv.cfg", "env/lib/x",
    "big/CACHEDIR.TAG", "big/x",
)  # fmt: skip


def spread(root: Path) -> Path:
    for name in (*FILES, *LEFT):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    return root


def test_a_workspace_travels_whole_but_for_what_is_no_source(tmp_path: Path) -> None:
    root = spread(tmp_path / "work")
    parts = sent(root, project(root, "app"))
    assert set().union(*parts) == set(FILES)
    assert {"app/Cargo.toml", "app/src/main.rs", "app/.sqlx/query"} in parts, "a package is a part of its own"
    assert {"README.md"} in parts
    assert {"vendor/dep/.github/x", "vendor/dep/src/lib.rs"} in parts


def test_linked_directories_are_what_they_lead_to(tmp_path: Path) -> None:
    root = spread(tmp_path / "work")
    (root / "app" / "shared").symlink_to(root / "proto")
    (root / "app" / "up").symlink_to(root)
    (root / "app" / "loose").symlink_to(tmp_path / "nowhere")
    found = set().union(*sent(root, project(root, "app")))
    assert "app/shared/a.proto" in found
    assert "app/up/README.md" in found
    assert "app/loose" not in found
    assert not any(name.startswith("app/up/app/up/") for name in found)


def test_of_a_large_workspace_the_packages_travel_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = spread(tmp_path / "work")
    monkeypatch.setattr(gathering, "LARGEST", sum(len(name) for name in FILES) - 1)
    found = set().union(*sent(root, project(root, "app")))
    assert found == {name for name in FILES if name.startswith(("app/", "Cargo", ".cargo"))}
    monkeypatch.setattr(gathering, "LARGEST", 20)
    with pytest.raises(ClusterError, match="more than 20 B"):
        gather(project(root, "app"), {})


def test_a_package_outside_the_workspace_comes_with_the_manifests_above_it(tmp_path: Path) -> None:
    root = spread(tmp_path / "all" / "work")
    (root.parent / "other" / "lib" / "src").mkdir(parents=True)
    for name in ("Cargo.toml", "lib/Cargo.toml", "lib/src/lib.rs", "secret"):
        (root.parent / "other" / name).touch()
    parts = sent(root, project(root, "app", "../other/lib".replace("..", str(root.parent))))
    assert {f"work/{name}" for name in FILES} | {
        "other/Cargo.toml", "other/lib/Cargo.toml", "other/lib/src/lib.rs"
    } == set().union(*parts)  # fmt: skip


def test_what_cargo_is_configured_to_beyond_the_project_counts_where_it_changes_builds(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    config = home / "config.toml"

    def said(text: str) -> str:
        config.write_text(text)
        return configuration_beyond(tmp_path / "work", tmp_path / "work", {"CARGO_HOME": str(home)})

    nothing = said("")
    assert said('[net]\noffline = true\n[build]\njobs = 3\n[source.x]\ndirectory = "v"\n') == nothing
    flags = said('[build]\nrustflags = ["-Ctarget-cpu=native"]\n')
    assert flags != nothing
    assert said('[build]\njobs = 2\nrustflags = ["-Ctarget-cpu=native"]\n') == flags
    assert said("[profile.release]\nlto = true\n") not in {nothing, flags}
    with pytest.raises(ClusterError, match="cannot read"):
        said("[build")


def test_wrappers_that_no_other_machine_knows_are_found() -> None:
    assert wrapped({}, ["[build]\njobs = 1\n"]) == ""
    assert wrapped({"RUSTC_WORKSPACE_WRAPPER": "clippy"}, []) == "RUSTC_WORKSPACE_WRAPPER"
    assert wrapped({}, ['[build]\nrustc-workspace-wrapper = "x"\n']) == "build.rustc-workspace-wrapper"
