import pytest

from burnish.build.audit import codegen_options, is_host, is_linked, is_test, mismatches, unit_hash
from burnish.build.crates import parse_run
from burnish.build.values import CrateRun
from burnish.profile.options import Strip
from burnish.profile.profile import Profile


def crate(*args: str, name: str = "app") -> CrateRun:
    return CrateRun(
        crate=name, package=name, began=0, wall=1, user=0.5, sys=0.25, maxrss=1, nivcsw=0, code=0, args=args
    )


FAT = ("--crate-type", "bin", "-C", "opt-level=3", "-C", "lto=fat", "-Ccodegen-units=1", "-C", "panic=abort")


@pytest.mark.parametrize(
    ("args", "options"),
    [
        pytest.param(("-C", "lto=fat", "-Clto=thin"), {"lto": "thin"}, id="the last one wins"),
        pytest.param(("-C", "linker-plugin-lto"), {"linker-plugin-lto": ""}, id="no value"),
        pytest.param(("-C", "extra-filename=-a1"), {"extra-filename": "-a1"}, id="value with a dash"),
        pytest.param(("-C",), {}, id="nothing follows"),
        pytest.param(("--cfg", "x", "-L", "y"), {}, id="other flags"),
        (("--codegen", "lto=fat", "--codegen=target-cpu=native"), {"lto": "fat", "target-cpu": "native"}),
    ],
)
def test_codegen_options_in_all_spellings(args: tuple[str, ...], options: dict[str, str]) -> None:
    assert codegen_options(args) == options


def test_flags_that_all_arrived_give_no_mismatch() -> None:
    assert mismatches(Profile.parse("o3-fat-cgu1-abort-none"), crate(*FAT)) == ()


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        ("o2-fat-cgu1-abort-none", "opt-level: the profile says 2, rustc was told 3"),
        ("o3-false-cgu1-abort-none", "lto: the profile says no value, rustc was told fat"),
        ("o3-fat-cgudef-abort-none", "codegen-units: the profile says no value, rustc was told 1"),
        ("o3-fat-cgu1-unwind-none", "panic: the profile says no value, rustc was told abort"),
    ],
)
def test_a_flag_that_did_not_arrive_is_named(profile: str, said: str) -> None:
    assert mismatches(Profile.parse(profile), crate(*FAT)) == (said,)


@pytest.mark.parametrize("marks", [("--test",), ("--cfg", "test")])
def test_a_bench_is_a_program_without_a_crate_type_and_unwinds_whatever_the_profile_says(
    marks: tuple[str, ...],
) -> None:
    bench = crate(*marks, *FAT[2:-2])
    assert is_linked(bench)
    assert is_test(bench)
    assert mismatches(Profile.parse("o3-fat-cgu1-abort-none"), bench) == ()
    assert mismatches(Profile.parse("o3-fat-cgu1-abort-none"), crate(*marks, *FAT[2:])) != ()
    assert not is_linked(crate("--crate-type", "lib", "--cfg", "test"))


def test_strip_is_checked_where_it_was_asked_for() -> None:
    profile = Profile.parse("o3-fat-cgu1-abort-symbols")
    assert mismatches(profile, crate(*FAT)) == ()
    said = "strip: the profile says symbols, rustc was told none"
    assert mismatches(profile, crate(*FAT), strip=Strip.SYMBOLS) == (said,)
    assert mismatches(profile, crate(*FAT, "-C", "strip=symbols"), strip=Strip.SYMBOLS) == ()


def test_lto_alone_means_fat() -> None:
    args = tuple("lto" if arg == "lto=fat" else arg for arg in FAT)
    assert mismatches(Profile.parse("o3-fat-cgu1-abort-none"), crate(*args)) == ()


@pytest.mark.parametrize(
    ("run", "host", "linked"),
    [
        (crate(*FAT), False, True),
        (crate("--crate-type", "lib", "-C", "opt-level=3"), False, False),
        (crate("--crate-type", "lib"), True, False),
        (crate("--crate-type", "proc-macro", "-C", "opt-level=3"), True, False),
        (crate("--crate-type", "bin", name="build_script_build"), True, False),
        (crate("--crate-type", "cdylib", "-C", "opt-level=s"), False, True),
    ],
)
def test_host_crates_and_linked_ones_are_told_apart(run: CrateRun, host: bool, linked: bool) -> None:
    assert (is_host(run), is_linked(run)) == (host, linked)


def test_a_unit_is_known_by_the_hash_in_its_file_name() -> None:
    assert unit_hash(crate("-C", "metadata=1", "-C", "extra-filename=-0a1b2c")) == "0a1b2c"


@pytest.mark.parametrize("line", [b"", b"{", b'{"crate":"a"}', b"\xff\xfe", b"[]"])
def test_a_line_of_the_log_that_is_not_whole_is_passed_over(line: bytes) -> None:
    assert parse_run(line) is None
