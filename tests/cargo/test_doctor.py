"""`burnish doctor` and `burnish completion`, run as a user does; and the help, which loads next to nothing."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from test_bad_input import ENVIRONMENT, burnish

from burnish.cli import build_parser
from burnish.cli._commands import HELP

pytestmark = pytest.mark.cargo


def told(directory: Path, **environment: str) -> tuple[int, dict[str, dict[str, str]]]:
    done = burnish(directory, "doctor", "--format", "json", environment={**ENVIRONMENT, **environment})
    return done.code, {each["name"]: each for each in json.loads(done.out)}


def test_a_machine_that_runs_these_tests_is_fit(tmp_path: Path) -> None:
    code, found = told(tmp_path)
    assert code == 0
    assert not [each for each in found.values() if each["state"] == "missing"]
    assert "rustc 1." in found["cargo and rustc"]["found"]
    text = burnish(tmp_path, "doctor").out
    assert all(len(line) <= 80 for line in text.splitlines())
    assert text.splitlines()[-1].split()[1].strip(",") == "ok"


def test_without_rust_it_says_where_to_get_it(tmp_path: Path) -> None:
    code, found = told(tmp_path, PATH=str(tmp_path))
    assert code == 3
    assert found["cargo and rustc"]["state"] == found["C compiler as linker"]["state"] == "missing"
    assert "rustup" in found["cargo and rustc"]["remedy"]
    assert "gcc" in found["C compiler as linker"]["remedy"]
    assert found["perf or valgrind"]["state"] == "limited"


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    _, found = told(tmp_path, BURNISH_CACHE_DIR=str(closed))
    assert found["cache"]["state"] == "limited"
    assert str(closed) in found["cache"]["found"]


def test_bash_completes_commands_options_and_values(tmp_path: Path) -> None:
    (tmp_path / "completion").write_text(burnish(tmp_path, "completion", "bash").out)

    def completed(*words: str) -> set[str]:
        line = " ".join(f"'{word}'" for word in words)
        program = (
            f"source {tmp_path}/completion; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; "
            "_shtab_burnish; printf '%s\\n' \"${COMPREPLY[@]}\""
        )
        done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, check=False)
        return {word.strip() for word in done.stdout.splitlines()}

    assert {"tune", "apply", "xray", "doctor"} <= completed("burnish", "")
    assert completed("burnish", "tune", "--go") == {"--goal"}
    assert completed("burnish", "tune", "--goal", "s") == {"speed", "size"}


@pytest.mark.parametrize("shell", ["zsh", "tcsh"])
def test_other_shells_have_a_script(tmp_path: Path, shell: str) -> None:
    done = burnish(tmp_path, "completion", shell)
    assert done.code == 0
    assert "burnish" in done.out
    if program := shutil.which(shell):
        (tmp_path / "script").write_text(done.out)
        assert subprocess.run([program, "-n", str(tmp_path / "script")], check=False).returncode == 0


@pytest.mark.parametrize("words", [("--help",), ("--version",), ("no-such-command",), ()])
def test_the_help_is_there_at_once(tmp_path: Path, words: tuple[str, ...]) -> None:
    """Not by the clock: nothing heavy is loaded for it."""
    program = (
        f"import sys\nsys.argv = ['burnish', *{words!r}]\n"
        "from burnish.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "heavy = {'numpy', 'rich', 'elftools', 'tomlkit', 'msgspec', 'subprocess'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_help_names_every_command_and_each_has_one_of_its_own(tmp_path: Path) -> None:
    outline = burnish(tmp_path, "--help").out
    assert build_parser().format_help() == outline
    for name in HELP:
        assert f"usage: burnish {name}" in burnish(tmp_path, name, "--help").out
    # Each that builds, measures or reads shows how it is called.
    assert all("example" in burnish(tmp_path, name, "--help").out for name in HELP if name not in {"lto", "cache"})
