import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.cache import Cache, cache_directory
from burnish.cli.cache import parse_size
from burnish.digests import digest_of
from burnish.errors import StoreError, UsageError

DAY = 86_400.0


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def aged(cache: Cache, digest: str, days: float) -> None:
    now = cache.blob(digest).stat().st_mtime
    os.utime(cache.blob(digest), (now - days * DAY, now - days * DAY))


def test_what_is_put_is_got(cache: Cache) -> None:
    assert cache.get(cache.put(b"content")) == b"content"


def test_what_was_never_put_is_a_miss(cache: Cache) -> None:
    assert cache.get("0" * 64) is None
    assert cache.recall("0" * 64) is None


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(b"", id="emptied"),
        pytest.param(b"conten", id="cut"),
        pytest.param(b"Content", id="one bit"),
        pytest.param(b"content and more", id="longer"),
    ],
)
def test_a_damaged_content_is_a_miss_and_goes(cache: Cache, damage: bytes) -> None:
    digest = cache.put(b"content")
    cache.blob(digest).write_bytes(damage)
    assert cache.get(digest) is None
    assert not cache.blob(digest).exists()
    assert cache.get(cache.put(b"content")) == b"content"


def test_a_content_of_the_wrong_size_is_written_again(cache: Cache) -> None:
    digest = cache.put(b"content")
    cache.blob(digest).write_bytes(b"cut")
    assert cache.get(cache.put(b"content")) == b"content"


@given(data=st.binary(max_size=200), at=st.integers(min_value=0, max_value=10_000))
def test_no_damage_to_an_action_names_another_object(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, at: int
) -> None:
    cache = Cache(tmp_path_factory.mktemp("cache"))
    digests = (digest_of(b"a"), digest_of(b"b"))
    cache.record("k" * 64, digests)
    place = cache.path / "actions" / "kk" / ("k" * 64)
    text = place.read_bytes()
    place.write_bytes(text[: at % len(text)] + data + text[at % len(text) + 1 :])
    assert cache.recall("k" * 64) in {None, digests}


def test_an_action_is_not_another_ones(cache: Cache) -> None:
    cache.record("a" * 64, [digest_of(b"a")])
    other = cache.path / "actions" / "bb" / ("b" * 64)
    other.parent.mkdir()
    (cache.path / "actions" / "aa" / ("a" * 64)).rename(other)
    assert cache.recall("b" * 64) is None


def test_pruning_takes_what_was_used_longest_ago(cache: Cache) -> None:
    old, young, newest = (cache.put(bytes([n]) * 100) for n in range(3))
    aged(cache, old, 3)
    aged(cache, young, 2)
    assert cache.prune(200) == (1, 100)
    assert [cache.blob(digest).exists() for digest in (old, young, newest)] == [False, True, True]


def test_what_is_in_use_is_not_pruned(cache: Cache) -> None:
    digest = cache.put(b"content")
    assert cache.prune(0) == (0, 0)
    assert cache.prune(0, spare=-1.0) == (1, 7)
    assert cache.get(digest) is None


def test_using_a_content_makes_it_young(cache: Cache) -> None:
    old, young = cache.put(b"a" * 100), cache.put(b"b" * 100)
    aged(cache, old, 3)
    aged(cache, young, 2)
    assert cache.get(old) is not None
    cache.prune(100)
    assert cache.blob(old).exists()
    assert not cache.blob(young).exists()


def test_the_cache_counts_what_it_holds(cache: Cache) -> None:
    cache.put(b"12345")
    cache.record("a" * 64, [digest_of(b"12345")])
    info = cache.info()
    assert (info.blobs, info.bytes, info.actions) == (1, 5, 1)


def test_a_place_that_cannot_be_written_is_told_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot make the LTO cache") as error:
        Cache(tmp_path / "file" / "cache")
    assert "BURNISH_CACHE_DIR" in error.value.hint


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        pytest.param({"BURNISH_CACHE_DIR": "/c", "HOME": "/h"}, "/c/lto", id="chosen"),
        pytest.param({"XDG_CACHE_HOME": "/x", "HOME": "/h"}, "/x/burnish/lto", id="xdg"),
        pytest.param({"HOME": "/h"}, "/h/.cache/burnish/lto", id="home"),
    ],
)
def test_where_the_cache_lies(environment: dict[str, str], expected: str) -> None:
    assert cache_directory(environment) == Path(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("0", 0, id="nothing"),
        pytest.param("1.5GB", 1_500_000_000, id="GB"),
        pytest.param("2 kB", 2000, id="kB"),
    ],
)
def test_sizes_are_read(text: str, expected: int) -> None:
    assert parse_size(text) == expected


@pytest.mark.parametrize("text", ["", "GB", "-1", "5 apples"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_size(text)
