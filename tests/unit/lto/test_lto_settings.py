from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.errors import StoreError, UsageError
from burnish.lto.record import VERSION, LinkRecord, Stage
from burnish.lto.recordfile import read_record, write_record
from burnish.lto.settings import Engine, Lto, Mode, Settings, environment_of, parse_lto, read_settings


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("thin", Lto(mode=Mode.THIN), id="thin"),
        pytest.param("fat", Lto(mode=Mode.FAT), id="fat"),
        pytest.param("off", Lto(mode=Mode.OFF), id="off"),
        pytest.param("grouped", Lto(mode=Mode.GROUPED), id="grouped"),
        pytest.param("grouped=4", Lto(mode=Mode.GROUPED, groups=4), id="grouped=4"),
    ],
)
def test_modes_are_read_and_written(text: str, expected: Lto) -> None:
    assert parse_lto(text) == expected
    assert str(expected) == text


@pytest.mark.parametrize("text", ["", "full", "thin=2", "grouped=", "grouped=0", "grouped=-1", "grouped=x"])
def test_what_is_no_mode_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="it takes thin, fat"):
        parse_lto(text)


@given(
    lto=st.one_of(
        st.sampled_from([Lto(mode=mode) for mode in Mode]),
        st.integers(min_value=1, max_value=999).map(lambda k: Lto(mode=Mode.GROUPED, groups=k)),
    ),
    engine=st.sampled_from(Engine),
    jobs=st.integers(min_value=1, max_value=512),
    plan_only=st.booleans(),
    record=st.none() | st.just(Path("/r")),
)
def test_settings_survive_the_way_through_the_environment(
    lto: Lto, engine: Engine, jobs: int, *, plan_only: bool, record: Path | None
) -> None:
    settings = Settings(
        lto=lto,
        engine=engine,
        jobs=jobs,
        cache=Path("/c/lto"),
        limit=5,
        record=record,
        linker="cc",
        plan_only=plan_only,
    )
    assert read_settings(environment_of(settings)) == settings
    without = replace(settings, cache=None)
    assert read_settings(environment_of(without)) == without


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("BURNISH_LTO", "full", id="mode"),
        pytest.param("BURNISH_LTO_ENGINE", "gold", id="engine"),
        pytest.param("BURNISH_LTO_JOBS", "0", id="jobs"),
        pytest.param("BURNISH_LTO_JOBS", "two", id="jobs in words"),
    ],
)
def test_a_variable_that_says_nothing_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(UsageError, match=value):
        read_settings({"HOME": "/h", name: value})


def record() -> LinkRecord:
    return LinkRecord(
        version=VERSION,
        output="/t/app",
        crate="app",
        lto="thin",
        engine="burnish",
        done_by="burnish",
        stages=(Stage(name="read", wall=0.5, cpu=0.25), Stage(name="link", wall=1.0, cpu=0.5)),
    )


def test_a_record_is_read_as_written(tmp_path: Path) -> None:
    path = write_record(tmp_path / "records", "app.json", record())
    assert read_record(path) == record()
    assert (record().wall, record().cpu) == (1.5, 0.75)
    assert [entry.name for entry in path.parent.iterdir()] == ["app.json"]


def test_a_record_of_another_version_is_not_taken_for_one_of_this(tmp_path: Path) -> None:
    path = write_record(tmp_path, "app.json", record())
    path.write_text(path.read_text().replace(f'"version": {VERSION}', '"version": 99'))
    with pytest.raises(StoreError, match="version 99"):
        read_record(path)


def test_a_damaged_record_is_told(tmp_path: Path) -> None:
    (tmp_path / "app.json").write_text("{")
    with pytest.raises(StoreError, match="cannot read the record"):
        read_record(tmp_path / "app.json")
