import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

from burnish.cache import Cache
from burnish.digests import digest_of
from burnish.errors import ClusterError, StoreError
from burnish.executor.blob import Blob, keep_in, mentioned, received

CONTENT = b"bitcode" * 1000
DIGEST = digest_of(CONTENT)


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Cache]:
    """The cache of the machine that unpickles."""
    cache = Cache(tmp_path / "there")
    keep_in(cache)
    yield cache
    keep_in(None)


@pytest.fixture
def blob(tmp_path: Path) -> Blob:
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    return Blob(DIGEST, len(CONTENT), path)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_blob_arrives_in_the_cache_of_where_it_arrives(protocol: int, blob: Blob, there: Cache) -> None:
    arrived = pickle.loads(pickle.dumps(blob, protocol))  # noqa: S301 - the test's own
    assert arrived.path == there.blob(DIGEST)
    assert there.get(DIGEST) == CONTENT


def test_content_can_travel_beside_the_pickle(blob: Blob, there: Cache) -> None:
    beside: list[pickle.PickleBuffer] = []
    data = pickle.dumps(blob, 5, buffer_callback=beside.append)
    assert len(data) < 500
    assert pickle.loads(data, buffers=beside).size == len(CONTENT)  # noqa: S301 - the test's own
    assert there.get(DIGEST) == CONTENT


def test_a_mention_carries_no_content(blob: Blob, there: Cache) -> None:
    data = pickle.dumps(blob.mention())
    assert len(data) < 500
    arrived = pickle.loads(data)  # noqa: S301 - the test's own
    assert arrived.path == there.blob(DIGEST)
    assert there.get(DIGEST) is None


@pytest.mark.parametrize("digest", ["0" * 64, "../../etc/passwd", DIGEST.upper(), DIGEST[:-1]])
def test_a_content_that_is_not_its_name_is_refused(digest: str, there: Cache) -> None:
    with pytest.raises(ClusterError, match="damaged"):
        received(digest, CONTENT)
    assert there.info().blobs == 0


def test_a_mention_cannot_be_a_path(there: Cache) -> None:
    assert there.info().blobs == 0
    with pytest.raises(ClusterError, match="no digest"):
        mentioned("../../../etc/passwd", 1)


def test_what_no_cache_takes_is_kept_in_memory_for_the_job(there: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object) -> str:
        raise StoreError("cannot write to the cache: No space left on device")

    monkeypatch.setattr(there, "put", full)
    arrived = received(DIGEST, CONTENT)
    assert arrived.path is None
    assert arrived.content() == CONTENT


def test_its_weight_is_that_of_its_content(blob: Blob) -> None:
    assert blob.__sizeof__() == len(CONTENT)
