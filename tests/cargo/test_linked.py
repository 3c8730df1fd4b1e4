"""``report --xray`` and ``tune --xray``: the picture of the link goes into the stored result, once."""

import json
from pathlib import Path

import pytest
from test_bad_input import burnish, says
from test_tune import NARROW, looping

pytestmark = pytest.mark.cargo


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = looping(tmp_path_factory.mktemp("linked") / "project")
    assert burnish(directory, "tune", "--goal", "size", *NARROW).code == 0
    return directory


def test_a_report_looks_into_the_link_and_keeps_what_it_saw(project: Path) -> None:
    assert json.loads(burnish(project, "report", "--format", "json").out)["link"] is None
    assert "burnish report --xray takes one" in burnish(project, "report", "--format", "html").out
    first = burnish(project, "report", "--xray", "-v", "--format", "json")
    assert "units compiled" in first.err
    link = json.loads(first.out)["link"]
    assert (link["name"], link["profile"]["lto"], link["units"]) == ("recommended", "fat", 1)
    assert link["functions"] > link["left"] > 0
    assert any(each["source"] == "base" for each in link["crossings"])
    again = burnish(project, "report", "--xray", "-v", "--format", "json")
    assert (again.out, again.err) == (first.out, "")
    page = burnish(project, "report", "--format", "html").out
    assert 'id="link"' in page
    assert "Of the recommended profile, o3-fat-cgu1-unwind-symbols, linked by" in page


def test_a_tune_looks_when_it_is_done_and_no_longer_than_it_must(project: Path) -> None:
    done = burnish(project, "tune", "--goal", "size", "--xray", *NARROW, "--format", "json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["link"]["name"] == "recommended"
    assert json.loads(burnish(project, "report", "--format", "json").out)["link"]["name"] == "recommended"


def test_without_link_time_optimization_there_is_nothing_to_look_into(project: Path) -> None:
    narrow = ("--only", "o3-false-*", "--budget", "1m", "--progress", "plain")
    done = burnish(project, "tune", "--goal", "size", "--xray", "--fix", "strip=debuginfo", *narrow, "--format", "json")
    assert done.code == 0, done.err
    assert "note: the link was not looked into: neither" in done.err
    assert json.loads(done.out)["link"] is None
    says(burnish(project, "report", "--xray"), 2, "neither the recommended profile nor the baseline")
