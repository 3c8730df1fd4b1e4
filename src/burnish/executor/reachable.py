"""Whether anybody listens where a cluster, or a worker, is said to be."""

import socket
from urllib.parse import urlsplit

from burnish.errors import ClusterError
from burnish.executor.addresses import Address

#: Seconds, for a cluster, and for a worker on this machine.
_PATIENCE = 10.0
_HERE = 1.0


def check_reachable(address: Address) -> None:
    """Open a connection and close it again, before minutes are spent on what comes first.

    Raises:
        ClusterError: nobody takes it.
    """
    try:
        socket.create_connection((address.host, address.port), timeout=_PATIENCE).close()
    except OSError as error:
        raise ClusterError(
            f"the cluster at {address} does not answer: {error.strerror or error}",
            hint="is the scheduler running there? docs/cluster.md shows how to start one",
        ) from error


def listens(address: str) -> bool:
    """Whether a worker's process is there: the kernel takes connections even for one that hangs."""
    try:
        parts = urlsplit(address)
        socket.create_connection((parts.hostname or "", parts.port or 0), timeout=_HERE).close()
    except (OSError, ValueError):
        return False
    return True
