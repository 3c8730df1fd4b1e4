"""Where a cluster is, and whether it may be spoken to: Dask moves calls by pickle, so who reaches it owns it."""

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from burnish.errors import UsageError

_SCHEMES = ("tls", "tcp")
_PORT = 8786


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """A scheduler: ``tls://HOST:PORT``, or ``tcp://HOST:PORT`` without encryption."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def safe(self) -> bool:
        """Whether nobody else can listen or speak: encrypted with certificates on both sides, or on this machine."""
        return self.scheme == "tls" or is_loopback(self.host)


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """PEM files: the authority that signed both sides' certificates, this side's certificate and its key."""

    authority: Path
    certificate: Path
    key: Path


@dataclass(frozen=True, kw_only=True, slots=True)
class ClusterSettings:
    """A cluster as asked for.

    Attributes:
        credentials: None where Dask's own configuration has them, or none are needed.
        insecure: the user accepts a cluster that anybody on the network can take over.
    """

    address: Address
    credentials: Credentials | None = None
    insecure: bool = False


def parse_address(text: str) -> Address:
    """An address; without a scheme it is ``tls``, without a port Dask's own.

    Raises:
        UsageError: it is none.
    """
    try:
        parts = urlsplit(text if "://" in text else f"tls://{text}")
        host, port = parts.hostname or "", parts.port or _PORT
    except ValueError:
        host, port, parts = "", 0, urlsplit("")
    if parts.scheme not in _SCHEMES or not host or parts.path.strip("/") or parts.query or parts.username is not None:
        raise UsageError(
            f"--cluster {text}: that is no address of a scheduler",
            hint="write tls://HOST:8786, or tcp://127.0.0.1:8786 for a cluster on this machine",
        )
    return Address(scheme=parts.scheme, host=host, port=port)


def check_safe(settings: ClusterSettings) -> None:
    """Refuse what others could take over, unless that is accepted.

    Raises:
        UsageError: says how to make it safe.
    """
    if not settings.address.safe and not settings.insecure:
        raise UsageError(
            f"--cluster {settings.address}: without TLS whoever reaches the scheduler can run anything on its workers "
            "and here",
            hint="start it with certificates and use tls:// (docs/cluster.md), or accept that: --insecure-cluster",
        )


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by its address; of names only ``localhost`` is trusted."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False
