import pytest

from burnish.errors import UsageError
from burnish.executor.addresses import ClusterSettings, check_safe, is_loopback, parse_address


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("tls://build.example:9000", "tls://build.example:9000"),
        ("build.example", "tls://build.example:8786"),
        ("build.example:9000", "tls://build.example:9000"),
        ("tcp://127.0.0.1:8786", "tcp://127.0.0.1:8786"),
        ("tcp://[::1]:8786/", "tcp://[::1]:8786"),
    ],
)
def test_an_address_as_dask_writes_it(text: str, whole: str) -> None:
    assert str(parse_address(text)) == whole


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tcp://",
        "http://a:1",
        "tcp://a:99999",
        "tcp://a:b",
        "tls://me@a:1",
        "tls://a:1/x",
        "tls://a:1?x",
        "inproc://a",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no address of a scheduler"):
        parse_address(text)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1", "localhost"])
def test_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    ["10.0.0.1", "192.0.2.1", "0.0.0.0", "::", "localhost.example", "127.0.0.1.example", "fe80::1%lo", ""],  # noqa: S104
)
def test_not_this_machine(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("address", "insecure", "safe"),
    [
        ("tls://192.0.2.1", False, True),
        ("tcp://127.0.0.1", False, True),
        ("tcp://192.0.2.1", False, False),
        ("tcp://192.0.2.1", True, True),
    ],
)
def test_plain_tcp_beyond_this_machine_must_be_accepted(address: str, insecure: bool, safe: bool) -> None:
    settings = ClusterSettings(address=parse_address(address), insecure=insecure)
    if safe:
        check_safe(settings)
    else:
        with pytest.raises(UsageError, match="without TLS"):
            check_safe(settings)
