"""Docs say what the code says."""

import argparse
import re
from pathlib import Path

import pytest

from burnish import errors
from burnish.cli import build_parser
from burnish.lto.settings import Mode
from burnish.profile.options import OPTIONS
from burnish.tune.limits import DEFAULTS
from burnish.tune.settings import Table, read_table

ROOT = Path(__file__).parents[2]
LTO_PAGES = ("build", "lto", "cache", "xray", "check", "reproduce", "doctor", "completion", "ui")
TUNE = (ROOT / "docs" / "commands" / "tune.md").read_text(encoding="utf-8")


def test_every_option_and_value_is_in_the_page_of_tune() -> None:
    space = TUNE.partition("## The space")[2].partition("## ")[0]
    for option in OPTIONS:
        assert re.search(rf"`{option.key}` {', '.join(option.values)}[;.]", space.replace("\n", " ")), option.key


def test_the_table_of_exit_codes_is_the_tree_of_errors() -> None:
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", TUNE, flags=re.MULTILINE)}
    classes = [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.BurnishError)
    ]
    assert documented == {
        0,
        errors.INTERRUPTED,
        *(kind.exit_code for kind in classes if kind is not errors.BurnishError),
    }
    drawn = dict(re.findall(r"(\w+Error) (\d+)", errors.__doc__ or ""))
    assert {kind.__name__: str(kind.exit_code) for kind in classes} == drawn


def test_default_limits_are_those_in_the_page() -> None:
    for goal, limits in DEFAULTS.items():
        row = next(line for line in TUNE.splitlines() if line.startswith(f"| `{goal}` |"))
        for word, value in (("run time", limits.time), ("size", limits.size)):
            if value is not None:
                assert re.search(rf"{word} {value:g}0?\b", row.rpartition("|")[0]), (goal, word)


def test_the_settings_shown_are_read() -> None:
    import tomllib  # noqa: PLC0415  # only this test reads TOML

    block = re.search(r"```toml\n(.*?)```", TUNE, flags=re.DOTALL)
    assert block is not None
    shown = tomllib.loads(block[1])["package"]["metadata"]["burnish"]
    read_table(shown)
    assert set(shown) == set(Table.__struct_encode_fields__)


@pytest.mark.parametrize("command", ["tune", "apply", "report"])
def test_every_flag_of_a_page_is_a_flag_of_the_command(command: str) -> None:
    page = (ROOT / "docs" / "commands" / f"{command}.md").read_text(encoding="utf-8")
    parser = build_parser()
    commands = next(action for action in parser._actions if action.dest == "COMMAND" or action.choices)
    assert isinstance(commands.choices, dict)
    known = {flag for action in commands.choices[command]._actions for flag in action.option_strings}
    shown = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", page)) - {"--config", "--keep-file-symbols", "--export-json"}
    # Of criterion and divan.
    shown -= {"--measurement-time", "--sample-count", "--sample-size"}
    assert shown - known <= {"--release"}, shown - known


def options_of(parser: argparse.ArgumentParser) -> set[str]:
    """The long options of a parser and of its subcommands."""
    flags: set[str] = set()
    for action in parser._actions:
        flags |= {flag for flag in action.option_strings if flag.startswith("--")}
        if isinstance(action, argparse._SubParsersAction):
            flags |= set().union(*map(options_of, action.choices.values()))
    return flags


def commands() -> dict[str, argparse.ArgumentParser]:
    (found,) = (action for action in build_parser()._actions if isinstance(action, argparse._SubParsersAction))
    return dict(found.choices)


@pytest.mark.parametrize("command", LTO_PAGES)
def test_the_page_of_an_lto_command_has_its_flags_and_no_others(command: str) -> None:
    page = (ROOT / "docs" / "commands" / f"{command}.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", page))
    known = options_of(commands()[command])
    everywhere = set().union(*map(options_of, commands().values()))
    # Of cargo and of the linker.
    assert shown <= everywhere | {"--release", "--emit-relocs"}, shown - everywhere
    selection = options_of(commands()["apply"]) & options_of(commands()["build"])
    assert known - selection - {"--help", "--package"} <= shown, known - shown


def test_every_variable_of_the_driver_is_in_the_page_of_build() -> None:
    page = (ROOT / "docs" / "commands" / "build.md").read_text(encoding="utf-8")
    sources = (ROOT / "src" / "burnish" / "lto").glob("*.py")
    used = set().union(*(re.findall(r'"(BURNISH_[A-Z_]+)"', path.read_text(encoding="utf-8")) for path in sources))
    internal = {"BURNISH_LTO_PLAN", "BURNISH_LINKER", "BURNISH_CHAIN", "BURNISH_LTO_BEFORE_MALLOC"}
    assert set(re.findall(r"^\| `(BURNISH_\w+)` \|", page, flags=re.MULTILINE)) == used - internal


def test_every_mode_is_in_the_page_of_build() -> None:
    page = (ROOT / "docs" / "commands" / "build.md").read_text(encoding="utf-8")
    assert {str(mode) for mode in Mode} == set(re.findall(r"^\| `(\w+)`[^|]*\|", page, flags=re.MULTILINE)) & set(Mode)


def test_relative_links_of_the_docs_lead_somewhere() -> None:
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))):
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"
