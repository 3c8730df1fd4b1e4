"""Speaking to a cluster, where what speaks to clusters is installed."""

import logging
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

from burnish.errors import ClusterError
from burnish.executor.addresses import ClusterSettings
from burnish.executor.greeting import Greeting

if TYPE_CHECKING:
    from burnish.executor.dask import DaskCluster


def own_words_only() -> None:
    """Keep Dask's words off stderr: for whole programs only.

    It logs each lost connection with a traceback, and warns where machines have other versions of packages that no
    order needs.
    """
    logging.disable(logging.CRITICAL)
    warnings.filterwarnings("ignore", module=r"(dask|distributed)\b")


def open_cluster(settings: ClusterSettings, fits: Callable[[Greeting], str]) -> "DaskCluster":
    """Speak to the cluster.

    Args:
        settings: which, and with what.
        fits: why a machine is of no use, empty where it is.

    Raises:
        UsageError: it is not safe.
        ClusterError: it does not answer, no worker fits, or what speaks to clusters is not installed.
    """
    try:
        from burnish.executor.dask import connect  # noqa: PLC0415
    except ImportError as error:
        raise ClusterError(
            f"clusters need a package that is not installed: {error.name}", hint="pip install 'burnish[cluster]'"
        ) from error
    return connect(settings, fits)
