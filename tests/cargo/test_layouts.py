"""Programs linked in random orders, by the real cargo and linker: the same code elsewhere, and nothing else changed."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from test_bad_input import ENVIRONMENT, burnish
from test_build import opened
from test_tune import NARROW, looping

import projects
from burnish.build.shim import ensure_shim
from burnish.build.values import Artifact
from burnish.cargo.invocation import Cargo
from burnish.cargo.project import Selection
from burnish.cargo.toolchain import read_toolchain
from burnish.profile.profile import Profile
from burnish.tune.session import Opening, Session, open_session
from burnish.xray.read import anatomy_of

pytestmark = pytest.mark.cargo

FAT = Profile.parse("o3-fat-cgudef-unwind-none")


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    directory = tmp_path_factory.mktemp("layouts")
    with opened(looping(directory / "project"), directory / "target") as found:
        yield found


def paths(session: Session, artifacts: tuple[Artifact, ...]) -> list[Path]:
    return [session.builder.workshop.directory / each.path for each in artifacts]


@pytest.mark.parametrize("profile", [FAT, Profile.parse("o3-false-cgu1-unwind-none")], ids=["fat", "no LTO"])
def test_layouts_are_the_same_functions_in_other_places(session: Session, profile: Profile) -> None:
    session.builder.shared(profile)
    found = session.builder.layouts(profile, 3)
    programs = paths(session, found)
    if not programs:
        pytest.skip("the linker cannot shuffle sections")
    assert len({each.sha256 for each in found}) == 3
    said = {subprocess.run([program], capture_output=True, check=True).stdout for program in programs}
    assert len(said) == 1
    pictures = [anatomy_of(program) for program in programs]
    # Of Rust's own functions: start-up code of the C library has no sizes of its own.
    functions = [
        sorted(
            (name, size)
            for name, size in zip((one.names[n] for n in one.symbols.name), one.symbols.size, strict=True)
            if name.startswith(("_R", "_ZN"))
        )
        for one in pictures
    ]
    assert functions[0] == functions[1] == functions[2]
    orders = {tuple(one.names[n] for n in one.symbols.name) for one in pictures}
    assert len(orders) == 3


def code_of(program: Path) -> bytes:
    with program.open("rb") as file:
        section = ELFFile(file).get_section_by_name(".text")
        assert section is not None
        return bytes(section.data())


def test_where_the_linker_cannot_shuffle_the_toolchains_lld_does(tmp_path: Path) -> None:
    if shutil.which("ld.bfd") is None:
        pytest.skip("there is no ld.bfd")
    environment = {**os.environ, "RUSTFLAGS": "-Clink-arg=-fuse-ld=bfd"}
    project = looping(tmp_path / "project")
    opening = Opening(path=project, selection=Selection(offline=True), target_dir=tmp_path / "target")
    with open_session(opening, environment, print) as session:
        assert session.builder.layouts(FAT, 2) == ()
        found = paths(session, session.builder.layouts(FAT, 2, lld=True))
        assert len({code_of(program) for program in found}) == 2
        assert len({subprocess.run([program], capture_output=True, check=True).stdout for program in found}) == 1


def test_other_symbol_hashes_leave_the_code_where_it_is(tmp_path: Path) -> None:
    project = looping(tmp_path / "project")
    programs = []
    for seed in ("one", "two"):
        where = tmp_path / seed
        args = ("rustc", "--release", "--target-dir", str(where), "--", "-C", f"metadata={seed}")
        assert projects.run_cargo(project, *args).returncode == 0
        programs.append(where / "release" / "app")
    assert programs[0].read_bytes() != programs[1].read_bytes()
    assert code_of(programs[0]) == code_of(programs[1])


LINKER = """\
#!/bin/sh
# Stands for a linker: writes its arguments to its output, those of a file too.
for arg; do case $arg in @*) cat "${arg#@}" > "$0.file"; set -- $(sed -n '/^-o$/{n;p;}' "$0.file");; esac; done
while [ $# -gt 1 ] && [ "$1" != -o ]; do shift; done
[ "$1" = -o ] && shift
echo linked > "$1"
"""


@pytest.mark.parametrize("in_file", [False, True], ids=["on the line", "in a file"])
def test_the_output_is_found_where_rustc_put_it(tmp_path: Path, in_file: bool) -> None:
    cargo = Cargo(tmp_path, dict(os.environ))
    shim = ensure_shim(cargo, read_toolchain(cargo), tmp_path / "bin")
    linker, output, layouts = tmp_path / "ld.sh", tmp_path / "program", tmp_path / "layouts"
    linker.write_text(LINKER)
    linker.chmod(0o755)
    layouts.mkdir()
    args = ["-m64", "-o", str(output), "a.o"]
    if in_file:
        (tmp_path / "arguments").write_text("\n".join(args))
        args = [f"@{tmp_path / 'arguments'}"]
    environment = {**os.environ, "BURNISH_AS_LINKER": str(linker), "BURNISH_LAYOUTS": f"2 {layouts}"}
    done = subprocess.run([shim, *args], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert output.read_text() == "linked\n"
    assert {path.name for path in layouts.iterdir() if path.suffix == ""} == {"1", "2"}


def test_a_link_that_fails_fails(tmp_path: Path) -> None:
    cargo = Cargo(tmp_path, dict(os.environ))
    shim = ensure_shim(cargo, read_toolchain(cargo), tmp_path / "bin")
    environment = {**os.environ, "BURNISH_AS_LINKER": "false", "BURNISH_LAYOUTS": f"2 {tmp_path}"}
    done = subprocess.run([shim, "-o", str(tmp_path / "x")], env=environment, capture_output=True, check=False)
    assert done.returncode == 1
    assert not (tmp_path / "1").exists()


def test_a_tune_for_speed_says_what_layout_has_to_do_with_it(tmp_path: Path) -> None:
    directory = looping(tmp_path)
    main = directory / "src" / "main.rs"
    main.write_text(main.read_text().replace("200_000u32", "60_000_000u32"))
    done = burnish(
        directory, "tune", "--run", "{bin}", "--goal", "speed", *NARROW, "--budget", "40s", "--format", "json"
    )
    assert done.code == 0, done.err
    recommendation = json.loads(done.out)["recommendation"]
    if recommendation["outcome"] != "change":
        pytest.skip("this machine does not see the difference now")
    luck = recommendation["confirmation"]["layouts"]
    assert luck is not None or "luck of layout was not looked at" in done.err
    if luck is not None:
        assert (luck["layouts"], luck["rounds"]) == (6, 36)
        assert luck["low"] <= luck["ratio"] <= luck["high"]
        text = burnish(directory, "report", environment=ENVIRONMENT).out
        assert "Over 6 random layouts of both programs" in " ".join(text.split())
