import contextlib
import sqlite3
from pathlib import Path

import pytest
from test_audit import crate

from burnish.build.values import Artifact, Build, BuildCost, FailedBuild, Road
from burnish.errors import StoreError
from burnish.measure.values import Round, Sample
from burnish.profile.options import Strip
from burnish.profile.profile import CARGO_DEFAULT
from burnish.store import FILE, SCHEMA, Store

BUILD = Build(
    profile=CARGO_DEFAULT,
    road=Road.SHARED,
    artifacts={Strip.SYMBOLS: Artifact(path="artifacts/a", size=3, sha256="0" * 64)},
    cost=BuildCost(cpu=1.5, wall=1.0, peak_memory=2, rebuild=0.5, estimated=True),
    crates=(crate("-C", "opt-level=3"),),
)


def some_round(number: int) -> Round:
    return Round(number=number, samples=(Sample(arm="a", wall=0.1, user=0.1, sys=0.0, maxrss=1, nivcsw=0),))


def test_what_is_kept_is_given_back_by_another_process_s_store(tmp_path: Path) -> None:
    failed = FailedBuild(profile=CARGO_DEFAULT, road=Road.PLAIN, error="error: no")
    with Store.open(tmp_path / "s" / "b.sqlite") as store:
        store.keep_build("one", BUILD)
        store.keep_build("two", failed)
        for number in (1, 0):
            store.keep_round("race", some_round(number))
        store.keep_fact("wall", 0.25)
        assert store.keep_result("app", "today", b"{}") == 1
    with Store.open(tmp_path / "s" / "b.sqlite") as store:
        assert store.build("one") == BUILD
        assert store.build("two") == failed
        assert store.build("three") is None
        assert [each.number for each in store.rounds("race")] == [0, 1]
        assert store.rounds("other") == ()
        assert store.fact("wall", float) == 0.25
        assert (store.result("app"), store.result("app", 1), store.result("app", 2)) == (b"{}", b"{}", None)
        assert (store.result("other"), store.result("other", 1)) == (None, None)


def test_a_store_that_is_read_is_not_written(tmp_path: Path) -> None:
    assert Store.of(tmp_path) is None
    with Store.open(tmp_path / FILE) as store:
        store.keep_result("app", "today", b"{}")
    with contextlib.closing(sqlite3.connect(tmp_path / FILE)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    before = (tmp_path / FILE).read_bytes()
    reading = Store.of(tmp_path)
    assert reading is not None
    with reading:
        assert (reading.results(), reading.result_of(1)) == (((1, "app", "today"),), b"{}")
        with pytest.raises(StoreError, match="cannot write"):
            reading.keep_fact("a", 1)
    assert (tmp_path / FILE).read_bytes() == before


def test_a_number_that_no_database_holds_is_no_result(tmp_path: Path) -> None:
    with Store.open(tmp_path / FILE) as store:
        assert (store.result("app", 10**30), store.result_of(10**30)) == (None, None)


def test_a_store_without_a_table_is_none(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"")
    assert Store.of(tmp_path) is None


def test_a_round_is_kept_once(tmp_path: Path) -> None:
    with Store.open(tmp_path / "b.sqlite") as store:
        store.keep_round("race", some_round(0))
        with pytest.raises(StoreError):
            store.keep_round("race", some_round(0))


def test_a_full_database_says_what_to_do_and_keeps_what_it_has(tmp_path: Path) -> None:
    with Store.open(tmp_path / "b.sqlite") as store:
        store.keep_fact("small", 1)
        store._connection.execute("PRAGMA max_page_count=1")
        with pytest.raises(StoreError, match="disk is full") as caught:
            store.keep_fact("large", "x" * 1_000_000)
        assert "run the same command again" in caught.value.hint
        assert store.fact("small", int) == 1
        assert store.fact("large", str) is None


def test_a_store_of_a_newer_burnish_is_refused(tmp_path: Path) -> None:
    with Store.open(tmp_path / "b.sqlite"):
        pass
    with sqlite3.connect(tmp_path / "b.sqlite") as connection:
        connection.execute(f"PRAGMA user_version={SCHEMA + 1}")
    connection.close()
    with pytest.raises(StoreError, match="newer burnish"):
        Store.open(tmp_path / "b.sqlite")


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_file_that_is_no_store_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "b.sqlite").write_bytes(content)
    with pytest.raises(StoreError) as caught:
        Store.open(tmp_path / "b.sqlite")
    assert "--fresh" in caught.value.hint


def test_a_row_that_was_tampered_with_is_refused_with_its_path(tmp_path: Path) -> None:
    with Store.open(tmp_path / "b.sqlite") as store:
        store._connection.execute("INSERT INTO builds VALUES ('k', 0, ?)", (b'{"profile": 1}',))
        with pytest.raises(StoreError, match=r"Build.*\$\.profile"):
            store.build("k")
