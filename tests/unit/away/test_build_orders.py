"""Orders and answers of builds elsewhere: data that is checked before anything is done with it."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from build_orders import BUILD, ORDER, PROFILE
from hypothesis import given
from hypothesis import strategies as st

from burnish.build.away.order import VERSION, Answer, Names, encode, read_answer, read_order
from burnish.build.away.performing import work
from burnish.build.plan import Given
from burnish.build.values import FailedBuild, Road
from burnish.cargo.project import Selection
from burnish.digests import digest_of
from burnish.errors import ClusterError


def changed(**changes: Any) -> bytes:
    return encode(msgspec.structs.replace(ORDER, **changes))


def test_an_order_is_read_as_it_was_written() -> None:
    assert read_order(encode(ORDER)) == ORDER


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"project": "../../x"}, "no digest", id="a project that is a path"),
        pytest.param({"parts": ("/etc/passwd",)}, "no digest", id="a content that is a path"),
        pytest.param({"start": "../work"}, "leads elsewhere", id="a start outside"),
        pytest.param({"start": "/work"}, "leads elsewhere", id="a start that is absolute"),
        pytest.param({"manifest": "work/../../Cargo.toml"}, "leads elsewhere", id="a manifest outside"),
        pytest.param({"manifest": "work\0x"}, "leads elsewhere", id="a manifest with a NUL"),
        pytest.param({"given": Given(profile_name='x".rustc="/evil')}, "profile", id="TOML in a profile's name"),
        pytest.param(
            {"given": Given(profile_name="r", strip_overrides=("a\nb",))}, "profile", id="a newline in a spec"
        ),
        pytest.param({"selection": Selection(profile="../x")}, "profile", id="a profile that is a path"),
        pytest.param({"selection": Selection(bin="--config=x")}, "option", id="an option for a program"),
        pytest.param({"selection": Selection(bench="-x")}, "option", id="an option for a bench"),
        pytest.param({"selection": Selection(features=("a", "-Zx"))}, "option", id="an option for a feature"),
        pytest.param({"selection": Selection(target="/etc/evil.json")}, "target", id="a target that is a path"),
        pytest.param({"environment": {"LD_PRELOAD": "x"}}, "variable", id="a variable of the loader"),
        pytest.param({"environment": {"PATH": "/evil"}}, "variable", id="where programs are"),
        pytest.param({"environment": {"RUSTC": "/evil"}}, "variable", id="another rustc"),
        pytest.param({"environment": {"RUSTC_WRAPPER": "/evil"}}, "variable", id="a wrapper"),
        pytest.param({"environment": {"CARGO_BUILD_RUSTC_WRAPPER": "/evil"}}, "variable", id="a wrapper for cargo"),
        pytest.param({"names": Names(sources="a\nb=c", cargo_home="", target="")}, "name", id="a line in a name"),
        pytest.param({"limit": 0.0}, "seconds", id="no time"),
        pytest.param({"limit": 1e9}, "seconds", id="all time"),
        pytest.param({"version": VERSION + 1}, "version", id="of another version"),
    ],
)
def test_an_order_that_leads_out_of_its_directory_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ClusterError, match=words):
        read_order(changed(**changes))


@given(st.binary(max_size=200))
def test_what_is_no_order_is_refused(data: bytes) -> None:
    with pytest.raises(ClusterError):
        read_order(data)


@given(st.text(max_size=40))
def test_a_path_of_an_order_stays_inside_whatever_it_is(path: str) -> None:
    try:
        read = read_order(changed(manifest=path))
    except (ClusterError, UnicodeEncodeError):
        return
    parts = read.manifest.split("/")
    assert ".." not in parts
    assert not read.manifest.startswith("/")
    assert read.manifest


def test_an_answer_is_a_build_with_a_file_or_a_reason() -> None:
    good = Answer(host="h", wall=1.0, build=BUILD, product=digest_of(b"x"), name="app")
    assert read_answer(encode(good)) == good
    for reason in (
        {"missing": ("x",)},
        {"trouble": "full"},
        {"failed": FailedBuild(profile=PROFILE, road=Road.SHARED, error="E")},
    ):
        answer = Answer(host="h", wall=1.0, **reason)
        assert read_answer(encode(answer)) == answer


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"product": "../x"}, id="a file by its path"),
        pytest.param({"name": "../app"}, id="a name that is a path"),
        pytest.param({"name": ""}, id="no name"),
        pytest.param({"name": ".."}, id="the directory above"),
        pytest.param({"build": None}, id="no build"),
        pytest.param({"build": replace(BUILD, crates=())}, id="a build of nothing"),
    ],
)
def test_an_answer_that_names_what_it_must_not_is_refused(changes: dict[str, Any]) -> None:
    good = Answer(host="h", wall=1.0, build=BUILD, product=digest_of(b"x"), name="app")
    with pytest.raises(ClusterError):
        read_answer(encode(msgspec.structs.replace(good, **changes)))


@pytest.mark.parametrize("data", [b"no order", encode(ORDER)])
def test_a_worker_answers_whatever_it_is_given(data: bytes) -> None:
    answer, blobs = work(data, [])
    trouble = read_answer(answer).trouble
    assert "cannot be read" in trouble or "the tune is of 0" in trouble
    assert blobs == ()
