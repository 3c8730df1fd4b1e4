"""burnish from Python, with the real cargo: the same as the command line, as values."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from test_bad_input import burnish as command
from test_tune import looping

import burnish
import projects
from burnish.errors import StoreError, ToolError, UsageError
from burnish.report import json as stored_form
from burnish.tune.progress import Silent
from burnish.tune.result import Outcome, TuneResult

pytestmark = pytest.mark.cargo


class Heard(Silent):
    """A progress that keeps what is built."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def building(self, profile: str, reason: str) -> None:
        self.words.append(f"{profile}: {reason}")


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, TuneResult, Heard]:
    directory = looping(tmp_path_factory.mktemp("api") / "project")
    heard = Heard()
    result = burnish.tune(
        directory, goal="size", budget="2m", only=["o3-*-cgu1-*"], options={"lto": ("false", "fat")}, progress=heard
    )
    return directory, result, heard


def test_a_tune_gives_a_result_and_keeps_it(tuned: tuple[Path, TuneResult, Heard]) -> None:
    directory, result, heard = tuned
    assert result.recommendation.outcome is Outcome.CHANGE
    assert str(result.recommendation.profile.lto) == "fat"
    assert burnish.stored(directory) == result
    assert any(word.startswith("o3-fat-cgu1-") for word in heard.words)
    told = command(directory, "report", "--format", "json")
    assert stored_form.decode(told.out.encode()) == result
    exported = directory / "profile.json"
    exported.write_text(told.out)
    assert burnish.read(exported) == result


def test_rows_are_a_frame(tuned: tuple[Path, TuneResult, Heard]) -> None:
    _, result, _ = tuned
    pytest.importorskip("pandas", reason="pandas is not installed")
    found = burnish.frame(result, "pandas")
    assert list(found["profile"]) == [row.profile.id for row in result.rows]
    assert found.set_index("profile").loc[result.recommendation.profile.id, "lto"] == "fat"
    assert int(found["size"].min()) == min(row.size.file for row in result.rows)


def test_what_is_wrong_is_an_error_of_burnish(tuned: tuple[Path, TuneResult, Heard]) -> None:
    directory, result, _ = tuned
    with pytest.raises(UsageError, match="no goal 'sped'"):
        burnish.tune(directory, goal="sped")
    with pytest.raises(UsageError, match="no frame of 'numpy'"):
        burnish.frame(result, "numpy")
    with pytest.raises(StoreError, match="cannot read"):
        burnish.read(directory / "none.json")
    with pytest.raises(ToolError, match="polars"):
        burnish.frame(result, "polars")
    with pytest.raises(AttributeError, match="no attribute 'tunes'"):
        _ = burnish.tunes  # type: ignore[attr-defined]


def test_a_recommendation_is_shown_and_then_written(tuned: tuple[Path, TuneResult, Heard]) -> None:
    directory, result, _ = tuned
    before = (directory / "Cargo.toml").read_text()
    change = burnish.apply(result, directory, dry_run=True)
    assert change is not None
    assert '+lto = "fat"' in change.diff(color=False)
    assert (directory / "Cargo.toml").read_text() == before
    assert burnish.apply(result, directory) == change
    assert 'lto = "fat"' in (directory / "Cargo.toml").read_text()
    assert burnish.apply(result, directory) is None
    assert projects.run_cargo(directory, "check", "--release").returncode == 0


def test_the_package_is_light_until_it_is_used() -> None:
    program = "import sys, burnish; before = set(sys.modules); assert 'numpy' not in before; print(len(before))"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).returncode == 0
    program = "import burnish.tune.result, burnish; print(callable(burnish.tune), burnish.tune.result.SCHEMA)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", json.dumps(1)]
