"""hyperfine's JSON, read as workloads and written as an export."""

import json

import pytest
from results import BASELINE, WINNER, sample_result, untimed_result

from burnish.errors import UsageError
from burnish.measure.hyperfine import only_workload, workloads
from burnish.report.hyperfine import render


def export(*commands: str, version: int = 2) -> bytes:
    """As hyperfine 1.x and 2.0 write it, as far as it matters here."""
    if version == 1:
        old = [{"command": command, "mean": 1.0, "times": [1.0, 1.0], "exit_codes": [0, 0]} for command in commands]
        return json.dumps({"results": old}).encode()
    measured = [{"time_wall_clock": {"value": 1.0, "unit": "second"}, "exit_code": 0}]
    results = [{"command": command, "parameters": {}, "measurements": measured} for command in commands]
    return json.dumps({"schema_version": 2, "primary_metric": "time_wall_clock", "results": results}).encode()


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    ("command", "workload"),
    [
        pytest.param("target/release/fd -e rs .", "{bin} -e rs .", id="in target"),
        pytest.param("/home/ann/fd/target/release/fd 'a b' --x='$y'", "{bin} 'a b' '--x=$y'", id="quoted words"),
        pytest.param("fd -e rs", "{bin} -e rs", id="a bare name"),
        pytest.param("nice -n 5 ./target/release/fd", "nice -n 5 {bin}", id="behind another program"),
        pytest.param("fd '' \"*.rs\" \\$x", "{bin} '' '*.rs' '$x'", id="nothing, and what a shell would leave"),
        pytest.param("fd target", "{bin} target", id="target as an argument"),
    ],
)
def test_a_command_becomes_a_workload(command: str, workload: str, version: int) -> None:
    assert only_workload(export(command, version=version), "x.json") == workload


def test_the_same_command_of_two_builds_is_one_workload() -> None:
    assert workloads(export("target/release/fd x", "target/dist/fd x"), "x.json") == ("{bin} x",)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(b"{", "no JSON of hyperfine", id="no JSON"),
        pytest.param(b'{"results": 3}', "no JSON of hyperfine", id="another form"),
        pytest.param(b'{"results": []}', "has no results", id="empty"),
        pytest.param(export("fd | wc -l"), "needs a shell", id="a pipe"),
        pytest.param(export("fd > /dev/null"), "needs a shell", id="a redirection"),
        pytest.param(export('fd "$HOME"'), "needs a shell", id="a variable"),
        pytest.param(export("fd `pwd`"), "needs a shell", id="a command in it"),
        pytest.param(export("fd src/*.rs"), "needs a shell", id="a pattern"),
        pytest.param(export("fd 'x"), "cannot be split", id="an open quote"),
        pytest.param(export(" "), "empty command", id="no words"),
        pytest.param(export("fd x", "fd y"), "2 different commands", id="several"),
    ],
)
def test_what_is_no_workload_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        only_workload(data, "x.json")
    assert words in caught.value.message
    if words == "2 different commands":
        assert "--run '{bin} y'" in caught.value.hint


def test_the_runs_are_exported_in_the_form_of_hyperfine() -> None:
    found = json.loads(render(sample_result()))
    assert found["schema_version"] == 2
    assert [each["name"] for each in found["results"]] == [BASELINE.id, WINNER.id]
    first = found["results"][0]
    assert first["summary"]["time_wall_clock"]["mean"] == pytest.approx(2.4133, abs=0.001)
    assert first["summary"]["time_wall_clock"]["count"] == len(first["measurements"]) == 3
    assert first["measurements"][0]["memory_peak_resident"] == {"value": 41_000_000, "unit": "byte"}
    # What is written can be read: the command is the workload again.
    assert len(workloads(render(sample_result()).encode(), "x")) == 1
    assert json.loads(render(untimed_result()))["results"] == []
