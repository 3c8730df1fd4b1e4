"""`burnish build`, `burnish lto plan`, `burnish cache`: the right program in every mode, from as little as can be."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import projects
from burnish.lto.recordfile import read_decisions
from lto_projects import Place, bare, everything, refuses, says

pytestmark = pytest.mark.cargo

MODES = [
    pytest.param(("--lto", "grouped"), "grouped", "burnish", id="grouped"),
    pytest.param(("--lto", "grouped=2"), "grouped=2", "burnish", id="grouped=2"),
    pytest.param(("--lto", "fat"), "fat", "burnish", id="fat"),
    pytest.param(("--engine", "lld"), "thin", "lld", id="lld"),
]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A workspace with std, a build script and a proc macro."""
    root = tmp_path_factory.mktemp("whole")
    place = Place(directory=everything().generate(root / "project"), cache=root / "cache")
    place.built("--lto", "off")
    return place


@pytest.fixture(scope="module")
def plain(whole: Place, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the program of plain cargo says."""
    target = tmp_path_factory.mktemp("plain")
    done = projects.run_cargo(whole.directory, "build", "--release", "-p", "app", "--target-dir", str(target))
    assert done.returncode == 0, done.stderr
    return says(target / "release" / "app", "5")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all small projects."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def small(tmp_path: Path, cache: Path, whole: Place) -> Place:
    return Place(directory=bare().generate(tmp_path / "project"), cache=cache).with_shim_of(whole)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, cache: Path, whole: Place) -> Place:
    """A small project that no test changes."""
    return Place(directory=bare().generate(tmp_path_factory.mktemp("shared") / "project"), cache=cache).with_shim_of(
        whole
    )


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("lto", ["thin", "fat"])
def test_a_program_with_std_is_the_one_that_cargo_gives(whole: Place, plain: str, lto: str) -> None:
    link = whole.built("--lto", lto).link
    assert (link["lto"], link["done_by"], link["reason"], link["passed_through"]) == (lto, "burnish", "", "")
    assert says(whole.program("app"), "5") == plain
    assert link["size"] == whole.program("app").stat().st_size
    assert whole.unfinished() == set()


@pytest.mark.parametrize(("options", "lto", "by"), MODES)
def test_every_mode_gives_the_right_program(shared: Place, options: tuple[str, ...], lto: str, by: str) -> None:
    link = shared.built(*options).link
    assert (link["lto"], link["done_by"], link["reason"], link["passed_through"]) == (lto, by, "", "")
    assert says(shared.program("bare")) == "bare 42\n"
    assert link["size"] == shared.program("bare").stat().st_size
    assert shared.unfinished() == set()


def test_build_scripts_and_proc_macros_are_linked_by_the_linker_itself(whole: Place, plain: str) -> None:
    answer = whole.built()
    assert says(whole.program("app"), "5") == plain
    assert answer.link["crate"] == "app"
    records = whole.directory / "target" / "burnish" / "lto" / "records"
    assert {path.name for path in records.rglob("*.json")} == {"app.json", "app.plan.json"}


def test_each_link_leaves_what_it_decided(shared: Place) -> None:
    link = shared.built("--lto", "thin", "--no-cache").link
    (plan,) = {path for path in (shared.directory / "target").rglob("bare.plan.json") if _is_of(path, link)}
    decided = read_decisions(plan)
    assert [module.label for module in decided.modules] == [module["label"] for module in link["modules"]]
    assert len(decided.imports.name) == sum(unit["imports"] for unit in link["units"]) > 0
    reasons = {decided.reasons[number] for number in decided.fates.reason}
    assert "native code or the link line refers to it" in reasons


def _is_of(plan: Path, link: dict[str, Any]) -> bool:
    record = plan.with_name("bare.json")
    return record.is_file() and json.loads(record.read_text())["lto"] == link["lto"]


def test_without_link_time_optimization_the_driver_is_not_asked(whole: Place, plain: str) -> None:
    assert json.loads(whole.built("--lto", "off").out)["link"] is None
    assert says(whole.program("app"), "5") == plain


def test_the_lines_for_plain_cargo_work(whole: Place, plain: str, tmp_path: Path) -> None:
    whole.built()
    lines = whole.burnish("build", "--print-config")
    assert lines.code == 0
    directory = everything().plus({".cargo/config.toml": lines.out}).generate(tmp_path / "project")
    records = tmp_path / "records"
    copy = Place(directory=directory, cache=whole.cache)
    done = copy.run(["cargo", "build", "--release", "-p", "app"], {"BURNISH_LTO_RECORD": str(records)})
    assert done.code == 0, done.err
    assert says(directory / "target" / "release" / "app", "5") == plain
    linked = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in records.glob("*.json")}
    assert linked["app"]["done_by"] == "burnish"
    assert linked["app"]["passed_through"] == ""
    assert linked["mac"]["passed_through"] == "a procedural macro"
    assert linked["build_script_build"]["passed_through"] == "a build script"
    assert any(unit["cached"] for unit in linked["app"]["units"])


def test_the_lines_for_plain_cargo_also_build_without_optimization(small: Place, tmp_path: Path) -> None:
    lines = small.burnish("build", "--print-config").out
    (small.directory / ".cargo").mkdir()
    (small.directory / ".cargo" / "config.toml").write_text(lines, encoding="utf-8")
    off = {"BURNISH_LTO": "off", "BURNISH_LTO_RECORD": str(tmp_path)}
    done = small.run(["cargo", "build", "--release", "--config", 'env.BURNISH_LTO="off"'], off)
    assert done.code == 0, done.err
    assert says(small.directory / "target" / "release" / "bare") == "bare 42\n"


def test_the_lines_for_plain_cargo_say_what_was_asked_for(small: Place) -> None:
    options = ("--lto", "fat", "--no-cache", "-j", "7", "--profile", "dist", "--target", "x86_64-unknown-linux-gnu")
    out = small.burnish("build", "--print-config", *options).out
    for line in (
        'BURNISH_LTO = "fat"',
        'BURNISH_LTO_CACHE = "off"',
        'BURNISH_LTO_JOBS = "7"',
        "[profile.dist]",
        "[target.x86_64-unknown-linux-gnu]",
    ):
        assert line in out.splitlines()


def test_a_warm_build_is_byte_equal_to_a_cold_one_and_redoes_what_an_edit_touches(small: Place, tmp_path: Path) -> None:
    first = Place(directory=small.directory, cache=tmp_path / "own")
    assert first.built().redone == {"bare", "libbase", "libcore"}
    first.edit("src/main.rs", "+ 20", "+ 22")
    assert first.built().redone == {"bare"}
    assert says(first.program("bare")) == "bare 46\n"
    warm = digest(first.program("bare"))
    first.edit("src/main.rs", "+ 22", "+ 22 ")
    cold = Place(directory=first.directory, cache=tmp_path / "cold")
    assert cold.built().redone == {"bare", "libbase", "libcore"}
    assert digest(first.program("bare")) == warm


def test_an_edit_of_an_imported_body_redoes_those_that_import_this_body(small: Place, tmp_path: Path) -> None:
    place = Place(directory=small.directory, cache=tmp_path / "own")
    place.built()
    place.edit("base/src/lib.rs", "checked_mul(2)", "checked_mul(3)")
    # core imports the panic handler of the same module, which is what it was.
    assert place.built().redone == {"bare", "libbase"}
    assert says(place.program("bare")) == "bare 63\n"
    warm = digest(place.program("bare"))
    shutil.rmtree(place.outputs)
    cold = Place(directory=place.directory, cache=tmp_path / "cold")
    assert cold.built().redone == {"bare", "libbase", "libcore"}
    assert digest(cold.program("bare")) == warm


def test_what_changed_back_and_forth_comes_from_the_cache(small: Place, tmp_path: Path) -> None:
    place = Place(directory=small.directory, cache=tmp_path / "own")
    place.built()
    place.edit("base/src/lib.rs", "checked_mul(2)", "checked_mul(3)")
    place.built()
    place.edit("base/src/lib.rs", "checked_mul(3)", "checked_mul(2)")
    assert place.built().redone == set()
    assert says(place.program("bare")) == "bare 42\n"


def test_an_own_cache_is_not_needed(small: Place, tmp_path: Path) -> None:
    place = Place(directory=small.directory, cache=tmp_path / "none")
    assert place.built("--no-cache").redone == {"bare", "libbase", "libcore"}
    assert says(place.program("bare")) == "bare 42\n"
    assert not place.cache.exists()


def test_each_mode_has_its_own_program_and_its_own_record(shared: Place) -> None:
    found: dict[str, str] = {}
    for lto in ("thin", "fat", "thin"):
        answer = shared.built("--lto", lto)
        assert answer.link["lto"] == lto
        assert answer.link["size"] == shared.program("bare").stat().st_size
        assert found.setdefault(lto, digest(shared.program("bare"))) == digest(shared.program("bare"))
    assert json.loads(shared.built("--lto", "fat").out)["fresh"]


def test_a_plan_is_the_same_every_time_and_leaves_the_program_alone(shared: Place) -> None:
    shared.built()
    before = digest(shared.program("bare"))
    plans = [shared.burnish("lto", "plan", "--json") for _ in range(2)]
    assert [plan.code for plan in plans] == [0, 0], plans[0].err
    assert plans[0].out == plans[1].out
    assert {module["label"].partition("-")[0] for module in json.loads(plans[0].out)["modules"]} >= {"bare", "libbase"}
    assert digest(shared.program("bare")) == before
    assert json.loads(shared.built().out)["fresh"]
    assert shared.unfinished() == set()


def test_a_plan_of_what_does_not_compile_says_what_rustc_says(tmp_path: Path, cache: Path) -> None:
    place = Place(directory=projects.does_not_compile().generate(tmp_path / "project"), cache=cache)
    refuses(place.burnish("lto", "plan"), 3, "E0308")
    refuses(place.burnish("build"), 3, "E0308", "hint: ")


@pytest.mark.parametrize(
    "manifest",
    [
        pytest.param('opt-level = "s"\n', id="opt-level s"),
        pytest.param("debug = true\nincremental = true\n", id="debug info, incremental"),
        pytest.param('lto = "fat"\n', id="the manifest's own fat"),
    ],
)
def test_profiles_do_not_change_what_the_program_does(tmp_path: Path, cache: Path, whole: Place, manifest: str) -> None:
    project = bare().with_manifest(manifest)
    place = Place(directory=project.generate(tmp_path / "project"), cache=cache).with_shim_of(whole)
    assert place.built().link["done_by"] == "burnish"
    assert says(place.program("bare")) == "bare 42\n"


def test_the_cpu_of_this_machine_has_its_own_name(small: Place) -> None:
    answer = small.built(environment={"RUSTFLAGS": "-Ctarget-cpu=native"})
    assert answer.link["done_by"] == "burnish"
    assert says(small.program("bare")) == "bare 42\n"


def test_a_target_that_is_the_host_is_built_where_cargo_builds_it(small: Place) -> None:
    answer = small.built("--target", "x86_64-unknown-linux-gnu")
    product = Path(json.loads(answer.out)["product"])
    assert product.relative_to(small.directory).parts[-3:] == ("x86_64-unknown-linux-gnu", "release", "bare")
    assert says(product) == "bare 42\n"


def test_the_projects_own_linker_links(small: Place, tmp_path: Path) -> None:
    said = tmp_path / "said"
    linker = script(tmp_path / "linker", f'echo "$@" >> {said}\nexec cc "$@"\n')
    config = f'[target.x86_64-unknown-linux-gnu]\nlinker = "{linker}"\nrustflags = ["-Clink-arg=-Wl,--build-id=sha1"]\n'
    (small.directory / ".cargo").mkdir()
    (small.directory / ".cargo" / "config.toml").write_text(config, encoding="utf-8")
    assert small.built().link["done_by"] == "burnish"
    assert says(small.program("bare")) == "bare 42\n"
    assert "--build-id=sha1" in said.read_text(encoding="utf-8").splitlines()[-1]


@pytest.mark.parametrize("engine", ["burnish", "lld"])
def test_llvm_allocates_with_mimalloc_and_nothing_else_is_told_to(small: Place, tmp_path: Path, engine: str) -> None:
    said = tmp_path / "said"
    linker = script(tmp_path / "linker", f'echo "$LD_PRELOAD" >> {said}\nexec cc "$@"\n')
    environment = {"CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER": str(linker), "LD_PRELOAD": ""}
    fast = small.built("--no-cache", "--engine", engine, environment=environment)
    told = said.read_text(encoding="utf-8").splitlines()
    assert fast.link["malloc"] == ("libmimalloc.so.3" if engine == "burnish" else "")
    # lld is asked for its directories first, as all else without one
    assert ["libmimalloc" in line for line in told] == [False] * (len(told) - 1) + [engine == "lld"]
    program = digest(small.program("bare"))
    (small.directory / "src" / "main.rs").touch()
    plain = small.built("--no-cache", "--engine", engine, environment={**environment, "BURNISH_LTO_MALLOC": "off"})
    assert plain.link["malloc"] == ""
    assert "libmimalloc" not in said.read_text(encoding="utf-8").splitlines()[-1]
    assert digest(small.program("bare")) == program


def test_an_allocator_that_is_not_there_is_refused(small: Place) -> None:
    answer = small.burnish("build", environment={"BURNISH_LTO_MALLOC": "/none.so"})
    refuses(answer, 2, "BURNISH_LTO_MALLOC=/none.so", "hint: it takes off")


def test_a_linker_that_no_compiler_calls_is_refused(small: Place) -> None:
    environment = {"CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER": "ld.lld"}
    refuses(small.burnish("build", environment=environment), 2, "ld.lld", 'hint: linker = "clang"')


def test_the_users_own_wrapper_still_wraps(small: Place, tmp_path: Path) -> None:
    said = tmp_path / "said"
    wrapper = script(tmp_path / "wrapper", f'echo "$@" >> {said}\nexec "$@"\n')
    answer = small.built(environment={"RUSTC_WRAPPER": str(wrapper)})
    assert answer.link["done_by"] == "burnish"
    assert says(small.program("bare")) == "bare 42\n"
    assert "--crate-name bare" in said.read_text(encoding="utf-8")


def test_a_cdylib_is_linked_and_a_staticlib_is_left_to_rustc(tmp_path: Path, cache: Path, whole: Place) -> None:
    files = projects.cdylib_and_rlib()
    for kinds, ending in (('"cdylib"', "libboth.so"), ('"staticlib"', "libboth.a")):
        manifest = files.files["Cargo.toml"].replace('"cdylib", "rlib"', kinds)
        source = "#![no_std]\n" + files.files["src/lib.rs"].replace(
            "#[no_mangle]",
            "#[panic_handler]\nfn panic(_: &core::panic::PanicInfo) -> ! {\n    loop {}\n}\n#[no_mangle]",
        )
        manifest += '[profile.release]\npanic = "abort"\n'
        project = files.plus({"Cargo.toml": manifest, "src/lib.rs": source}).generate(tmp_path / ending)
        place = Place(directory=project, cache=cache).with_shim_of(whole)
        answer = place.built("--lib")
        assert Path(json.loads(answer.out)["product"]).name == ending
        if ending.endswith(".so"):
            assert answer.link["done_by"] == "burnish"
        else:
            assert json.loads(answer.out)["link"] is None
            assert "staticlib" in place.burnish("build", "--lib").out


@pytest.mark.parametrize(
    ("project", "args", "code", "words"),
    [
        pytest.param(projects.virtual_workspace(), (), 2, ("-p: app, tool",), id="which program"),
        pytest.param(projects.hello(), ("--lto", "full"), 2, ("--lto full", "grouped=K"), id="unknown mode"),
        pytest.param(projects.hello(), ("--lto", "grouped=0"), 2, ("grouped=0", "at least 1"), id="no groups"),
        pytest.param(projects.hello(), ("-j", "0"), 2, ("--jobs 0", "from 1"), id="no jobs"),
        pytest.param(projects.hello(), ("--lto", "fat", "--engine", "lld"), 2, ("lld", "hint: "), id="fat by lld"),
        pytest.param(
            projects.hello(), ("--target", "wasm32-unknown-unknown"), 8, ("not for wasm32", "hint: "), id="target"
        ),
        pytest.param(
            projects.cdylib_and_rlib(), ("--lib",), 2, ("cdylib, rlib", "hint: ", '["cdylib"]'), id="cdylib and rlib"
        ),
        pytest.param(projects.hello(), ("--target-dir", "/proc/burnish"), 5, ("/proc", "hint: "), id="read-only"),
        pytest.param(projects.hello(), ("--lto", "off", "--print-config"), 2, ("--lto off",), id="nothing to print"),
    ],
)
def test_what_cannot_be_built_is_refused(  # noqa: PLR0917  # a table
    tmp_path: Path, cache: Path, project: projects.CargoProject, args: tuple[str, ...], code: int, words: tuple[str]
) -> None:
    place = Place(directory=project.generate(tmp_path / "project"), cache=cache)
    refuses(place.burnish("build", *args), code, *words)
    assert not (place.directory / "target").exists()


def test_there_is_nothing_to_plan_without_link_time_optimization(small: Place) -> None:
    refuses(small.burnish("lto", "plan", "--lto", "off"), 2, "nothing to plan")


def test_a_cache_that_cannot_be_made_is_one_error(small: Place) -> None:
    place = Place(directory=small.directory, cache=Path("/proc/burnish"))
    answer = place.burnish("build")
    refuses(answer, 5, "cannot make the LTO cache /proc/burnish", "hint: ", "--no-cache")
    assert not place.program("bare").exists()


def test_the_report_fits_a_terminal_and_names_crates(small: Place, tmp_path: Path) -> None:
    place = Place(directory=small.directory, cache=tmp_path / "own")
    lines = place.burnish("build").out.splitlines()
    assert lines[0] == "target/burnish/lto/release/bare"
    assert {line.split()[-1] for line in lines[-3:]} == {"bare", "base", "core"}
    assert all(len(line) <= 80 and line == line.rstrip() for line in lines)
    assert place.burnish("build").out.splitlines()[1].endswith("thin by burnish; nothing has changed since")
    assert place.burnish("build", "-q").out == ""


def test_the_cache_is_counted_and_emptied(small: Place, tmp_path: Path) -> None:
    place = Place(directory=small.directory, cache=tmp_path / "own")
    place.built()
    place.built("--engine", "lld")
    path, told = place.burnish("cache", "info").out.splitlines()
    assert path == str(place.cache / "lto")
    assert told.endswith("units")
    assert place.burnish("cache", "prune").out.startswith("removed ")
    assert place.burnish("cache", "info").out.splitlines()[1] == "0 B in 0 entries, 0 units"


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}", encoding="utf-8")
    path.chmod(0o755)
    return path
