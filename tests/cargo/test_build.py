"""Shared builds against plain cargo, with the real rustc: faithful, cheaper, and honest about flags."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import projects
from burnish.build.audit import codegen_options
from burnish.build.builder import deviation
from burnish.build.values import Build, FailedBuild
from burnish.cargo.project import Selection
from burnish.measure.rounds import Bench
from burnish.measure.values import Workload
from burnish.profile.options import Strip
from burnish.profile.profile import Profile
from burnish.tune.session import Opening, Session, open_session

pytestmark = pytest.mark.cargo

CROSSINGS = Path(__file__).parents[2] / "examples" / "crossings"


@contextmanager
def opened(path: Path, target: Path, **selection: object) -> Iterator[Session]:
    opening = Opening(path=path, selection=Selection(offline=True, **selection), target_dir=target)  # type: ignore[arg-type]
    with open_session(opening, dict(os.environ), print) as session:
        yield session


def good(build: Build | FailedBuild) -> Build:
    assert isinstance(build, Build), build.error
    return build


@pytest.fixture(scope="module")
def crossings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with opened(CROSSINGS, tmp_path_factory.mktemp("target")) as session:
        yield session


@pytest.mark.parametrize(
    "profile",
    [
        "o3-false-cgudef-unwind-debuginfo",
        "o3-fat-cgudef-unwind-debuginfo",
        "o3-thin-cgu16-unwind-debuginfo",
        "o3-false-cgu1-unwind-debuginfo",
        "o3-fat-cgu1-unwind-debuginfo",
        "o3-off-cgu16-unwind-debuginfo",
        "oz-false-cgu16-abort-symbols",
    ],
)
def test_a_shared_build_is_the_plain_build(crossings: Session, profile: str) -> None:
    wanted = Profile.parse(profile)
    shared, plain = good(crossings.builder.shared(wanted)), good(crossings.builder.plain(wanted))
    assert shared.mismatches == ()
    assert plain.mismatches == ()
    assert deviation(shared, plain) <= 0.001
    shipped, made = plain.artifacts[wanted.strip].size, shared.artifacts[wanted.strip].size
    assert made == pytest.approx(shipped, rel=0.001)


def test_a_further_lto_mode_compiles_the_final_crate_alone(crossings: Session) -> None:
    crossings.builder.shared(Profile.parse("o3-false-cgudef-unwind-debuginfo"))
    units: list[tuple[str, bool]] = []
    crossings.builder.on_unit = lambda unit: units.append((unit.name, unit.fresh))
    crossings.builder.shared(Profile.parse("o3-thin-cgudef-unwind-debuginfo"))
    crossings.builder.on_unit = None
    assert [name for name, fresh in units if not fresh] == ["crossings"]
    assert len(units) == 7


def test_the_recorded_flags_are_those_rustc_got(crossings: Session) -> None:
    build = good(crossings.builder.plain(Profile.parse("os-fat-cgu1-abort-symbols")))
    final = build.crates[-1]
    options = codegen_options(final.args)
    given = {key: options[key] for key in ("opt-level", "lto", "codegen-units", "panic", "strip")}
    assert given == {"opt-level": "s", "lto": "fat", "codegen-units": "1", "panic": "abort", "strip": "symbols"}
    assert final.wall > 0
    assert final.cpu > 0
    assert final.maxrss > 10_000_000


def test_an_estimated_cost_is_marked_and_near_the_measured_one(crossings: Session) -> None:
    profile = Profile.parse("o3-false-cgudef-unwind-debuginfo")
    plain = good(crossings.builder.plain(profile))
    crossings.builder.learn(plain)
    shared = good(crossings.builder.shared(profile))
    assert shared.cost.estimated
    assert not plain.cost.estimated
    assert shared.cost.peak_memory == pytest.approx(plain.cost.peak_memory, rel=0.2)
    assert len(shared.crates) == len(plain.crates)


def test_a_manifest_that_sets_codegen_units_can_be_built_without_them(tmp_path: Path) -> None:
    project = projects.with_dep().with_manifest("[profile.release]\ncodegen-units = 1\n").generate(tmp_path / "p")
    wanted = Profile.parse("o3-false-cgudef-unwind-debuginfo")
    with opened(project, tmp_path / "target") as session:
        for build in (good(session.builder.plain(wanted)), good(session.builder.shared(wanted))):
            assert build.mismatches == ()
            assert "codegen-units" not in codegen_options(build.crates[-1].args)


def test_an_override_that_resets_strip_does_not_change_what_is_built(tmp_path: Path) -> None:
    manifest = '[profile.release]\nstrip = "none"\n[profile.release.package.app]\nopt-level = 2\n'
    project = projects.with_dep().with_manifest(manifest).generate(tmp_path / "p")
    wanted = Profile.parse("o3-false-cgudef-unwind-symbols")
    with opened(project, tmp_path / "target") as session:
        assert session.effective.strip_reset
        plain = good(session.builder.plain(wanted))
    # The override's own opt-level holds for the artifact's crate, and the audit says so; strip arrived.
    assert plain.mismatches == ("opt-level: the profile says 3, rustc was told 2",)


def test_lto_that_a_crate_type_drops_is_named(tmp_path: Path) -> None:
    project = projects.cdylib_and_rlib().generate(tmp_path / "p")
    with opened(project, tmp_path / "target", lib=True) as session:
        build = good(session.builder.plain(Profile.parse("o3-fat-cgu1-unwind-debuginfo")))
        assert not session.project.artifact.takes_lto
    assert build.mismatches == ("lto: the profile says fat, rustc was told none",)


def test_a_profile_name_with_a_dash_builds(tmp_path: Path) -> None:
    manifest = '[profile.release-lto]\ninherits = "release"\nlto = "fat"\n'
    project = projects.hello().with_manifest(manifest).generate(tmp_path / "p")
    with opened(project, tmp_path / "target", profile="release-lto") as session:
        assert session.effective.profile.lto == "fat"
        assert good(session.builder.plain(session.effective.profile)).mismatches == ()


def test_files_of_the_user_are_not_touched(tmp_path: Path) -> None:
    project = projects.with_dep().generate(tmp_path / "p")
    projects.run_cargo(project, "generate-lockfile")
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    with opened(project, tmp_path / "target") as session:
        good(session.builder.plain(Profile.parse("o3-thin-cgu1-unwind-symbols")))
        good(session.builder.shared(Profile.parse("o3-thin-cgu1-unwind-symbols")))
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before


def test_the_unstripped_variant_is_the_one_with_the_symbols(crossings: Session) -> None:
    build = good(crossings.builder.shared(Profile.parse("o3-false-cgudef-unwind-none")))
    sizes = [build.artifacts[strip].size for strip in (Strip.NONE, Strip.DEBUGINFO, Strip.SYMBOLS)]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == 3


def test_a_stored_file_that_was_damaged_is_not_intact(crossings: Session) -> None:
    build = good(crossings.builder.shared(Profile.parse("o3-false-cgudef-unwind-debuginfo")))
    assert crossings.builder.intact(build)
    path = crossings.builder.variant(build, Strip.SYMBOLS)
    assert path is not None
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert not crossings.builder.intact(build)


def test_the_bench_times_each_arm_with_its_own_program(crossings: Session, tmp_path: Path) -> None:
    build = good(crossings.builder.shared(Profile.parse("o3-false-cgudef-unwind-debuginfo")))
    program = crossings.builder.variant(build, Strip.DEBUGINFO)
    assert program is not None
    workload = Workload(argv=("{bin}", "3"), cwd=str(tmp_path))
    with Bench(crossings.shim, workload, tmp_path / "run", os.environ) as bench:
        for arm in ("a", "b"):
            bench.place(arm, program)
        expected = bench.run("a").output
        done = bench.round(0, (("b", "b"), ("a", "a")), expected=expected, repeats=2, seed="x")
    assert [sample.arm for sample in done.samples] == ["b", "a"]
    assert all(sample.wall > 0 and sample.maxrss > 0 and sample.repeats == 2 for sample in done.samples)
    assert len(bench.argv("a")[0]) == len(bench.argv("b")[0])
