import json

import pytest

from burnish.build.values import Road
from burnish.cargo.config import rustc_wrapper
from burnish.cargo.invocation import parse_unit
from burnish.cargo.project import Selection, Target, choose_target
from burnish.cargo.toolchain import check_version
from burnish.errors import ToolError, UsageError
from burnish.profile.source import SourceText

ONE, TWO = (Target(name=name, kind="bin", crate_types=("bin",)) for name in ("one", "two-more"))
RLIB = Target(name="base", kind="lib", crate_types=("lib",))
CDYLIB = Target(name="base", kind="lib", crate_types=("cdylib",))
BENCH = Target(name="speed", kind="bench", crate_types=("bin",))
EXAMPLE = Target(name="show", kind="example", crate_types=("bin",))


@pytest.mark.parametrize(
    ("targets", "default_run", "selection", "chosen"),
    [
        pytest.param((ONE, RLIB), None, Selection(), ONE, id="the only bin"),
        pytest.param((ONE, TWO), None, Selection(bin="two-more"), TWO, id="by name"),
        pytest.param((ONE, TWO), "two-more", Selection(), TWO, id="default-run"),
        pytest.param((ONE, EXAMPLE), None, Selection(example="show"), EXAMPLE, id="example"),
        pytest.param((ONE, BENCH), None, Selection(bench="speed"), BENCH, id="bench"),
        pytest.param((ONE, BENCH), None, Selection(), ONE, id="a bench is no program"),
        pytest.param((ONE, CDYLIB), None, Selection(lib=True), CDYLIB, id="cdylib"),
    ],
)
def test_the_artifact_is_chosen_as_cargo_would(
    targets: tuple[Target, ...], default_run: str | None, selection: Selection, chosen: Target
) -> None:
    assert choose_target("app", targets, default_run, selection) is chosen


@pytest.mark.parametrize(
    ("targets", "selection", "words"),
    [
        ((ONE, TWO), Selection(), "choose one of: --bin one, --bin two-more"),
        ((ONE,), Selection(bin="three"), "it has: --bin one"),
        ((RLIB,), Selection(), "name an example"),
        ((RLIB, BENCH), Selection(), "--bench or --criterion: speed"),
        ((ONE, BENCH), Selection(bench="one"), "it has: speed"),
        ((ONE,), Selection(bench="speed"), "no bench targets at all"),
        ((RLIB, EXAMPLE), Selection(), "choose one of: --example show"),
        ((RLIB,), Selection(lib=True), "--example NAME"),
        ((ONE,), Selection(lib=True), "leave --lib out"),
    ],
)
def test_what_is_no_single_artifact_is_listed(targets: tuple[Target, ...], selection: Selection, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        choose_target("app", targets, None, selection)
    assert words in caught.value.hint


def test_a_target_has_the_name_that_rustc_is_given() -> None:
    assert (TWO.crate, TWO.args, CDYLIB.args) == ("two_more", ("--bin", "two-more"), ("--lib",))


@pytest.mark.parametrize(("types", "takes"), [(("bin",), True), (("cdylib", "rlib"), False), (("staticlib",), True)])
def test_one_crate_type_without_lto_drops_it_for_all(types: tuple[str, ...], takes: bool) -> None:
    assert Target(name="x", kind="lib", crate_types=types).takes_lto is takes


@pytest.mark.parametrize("line", ["rustc 1.77.0 (aedd173a2 2024-03-17)", "rustc 1.95.0-nightly", "rustc 2.0.1"])
def test_a_toolchain_that_is_new_enough(line: str) -> None:
    check_version(line)


@pytest.mark.parametrize(("line", "words"), [("rustc 1.76.0", "too old"), ("gcc 12", "no version"), ("", "no version")])
def test_a_toolchain_that_is_not(line: str, words: str) -> None:
    with pytest.raises(ToolError, match=words):
        check_version(line)


def test_messages_of_cargo() -> None:
    message = {
        "reason": "compiler-artifact",
        "package_id": "path+file:///p#app@0.1.0",
        "target": {"name": "app", "kind": ["bin"], "crate_types": ["bin"]},
        "filenames": ["/t/release/app"],
        "executable": "/t/release/app",
        "fresh": False,
    }
    unit = parse_unit(json.dumps(message, separators=(",", ":")))
    assert unit is not None
    assert (unit.name, unit.executable, unit.fresh) == ("app", "/t/release/app", False)
    assert parse_unit('{"reason":"build-finished","success":true}') is None
    assert parse_unit('{"reason":"compiler-artifact","target":3}') is None
    assert parse_unit("a line that a build script printed") is None


@pytest.mark.parametrize(
    ("environment", "config", "wrapper"),
    [
        ({"RUSTC_WRAPPER": "/bin/mine"}, "", "/bin/mine"),
        ({"RUSTC_WRAPPER": "/usr/bin/sccache"}, "", None),
        ({"RUSTC_WRAPPER": ""}, '[build]\nrustc-wrapper = "mine"', None),
        ({}, '[build]\nrustc-wrapper = "mine"', "mine"),
        ({}, "", None),
    ],
)
def test_the_user_s_wrapper_is_kept_unless_it_caches(
    environment: dict[str, str], config: str, wrapper: str | None
) -> None:
    assert rustc_wrapper([SourceText(path="config.toml", text=config)], environment) == wrapper


def test_roads_are_spelt_as_the_docs_do() -> None:
    assert [str(road) for road in Road] == ["shared", "plain"]
