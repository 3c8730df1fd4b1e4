"""Whether anybody listens where a cluster is said to be: asked before minutes are spent on what comes first."""

import socket

from burnish.errors import ClusterError
from burnish.executor.addresses import Address

#: Seconds.
_PATIENCE = 10.0


def check_reachable(address: Address) -> None:
    """Open a connection and close it again.

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
