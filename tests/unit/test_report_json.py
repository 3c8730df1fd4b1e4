import json
import math
from collections.abc import Callable
from dataclasses import replace

import pytest
from results import hostile_result, sample_result, timed, unchanged_result, untimed_result

from burnish.errors import StoreError
from burnish.measure.values import Timing
from burnish.report.json import decode, render
from burnish.tune.result import SCHEMA, TuneResult


@pytest.mark.parametrize("make", [sample_result, untimed_result, unchanged_result, hostile_result])
def test_what_is_written_is_read_back(make: Callable[[], TuneResult]) -> None:
    assert decode(render(make()).encode()) == make()


def test_the_schema_comes_first() -> None:
    assert render(sample_result()).startswith(f'{{\n  "schema": {SCHEMA},\n')


def _damaged(path: tuple[str | int, ...], value: object) -> bytes:
    plain = json.loads(render(sample_result()))
    at = plain
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return json.dumps(plain).encode()


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        pytest.param(("rows", 1, "size", "file"), "big", "$.rows[1].size.file", id="type"),
        pytest.param(("rows", 0, "size", "file"), "12", "$.rows[0].size.file", id="no-number-in-a-string"),
        pytest.param(("rows", 3, "time", "timing"), "quick", "$.rows[3].time.timing", id="enum"),
        pytest.param(("recommendation", "profile", "lto"), None, "$.recommendation.profile.lto", id="null"),
        pytest.param(("noise",), {"floor": 0.1}, "$.noise", id="missing-field"),
        pytest.param(("goal",), "fun", "$.goal", id="goal"),
    ],
)
def test_an_error_names_the_path_of_the_field(path: tuple[str | int, ...], value: object, said: str) -> None:
    with pytest.raises(StoreError) as caught:
        decode(_damaged(path, value))

    assert said in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    "data",
    [pytest.param(b"", id="empty"), pytest.param(b"{", id="cut"), pytest.param(b"[]", id="list"), b"{}", b"\xff"],
)
def test_what_is_no_result_is_an_error(data: bytes) -> None:
    with pytest.raises(StoreError):
        decode(data)


def test_another_schema_is_told_apart_from_damage() -> None:
    with pytest.raises(StoreError, match=f"schema {SCHEMA + 1}, and this burnish reads schema {SCHEMA}"):
        decode(_damaged(("schema",), SCHEMA + 1))


def test_an_interval_without_an_end_survives() -> None:
    full = sample_result()
    endless = replace(full.rows[1], time=timed(0.9, 0.0, math.inf, Timing.UNDECIDED, 1))
    read = decode(render(replace(full, rows=(full.rows[0], endless))).encode()).rows[1].time

    assert read is not None
    assert read.high > 1e300
    assert (read.ratio, read.low, read.pairs) == (0.9, 0.0, 1)
