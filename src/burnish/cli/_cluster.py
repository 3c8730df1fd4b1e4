"""The options that name a cluster, for the commands that can use one."""

import argparse
from pathlib import Path

from burnish.errors import UsageError
from burnish.executor.addresses import ClusterSettings, Credentials, check_safe, parse_address
from burnish.executor.opening import own_words_only
from burnish.executor.reachable import check_reachable

_TLS = ("--tls-ca", "--tls-cert", "--tls-key")


def add_cluster(parser: argparse.ArgumentParser) -> None:
    """How to reach a cluster."""
    group = parser.add_argument_group("a cluster of Dask's (docs/cluster.md)")
    group.add_argument("--cluster", metavar="ADDRESS", help="its scheduler: tls://HOST:8786, tcp://127.0.0.1:8786")
    group.add_argument("--tls-ca", metavar="FILE", help="PEM: who signed both sides' certificates")
    group.add_argument("--tls-cert", metavar="FILE", help="PEM: this side's certificate")
    group.add_argument("--tls-key", metavar="FILE", help="PEM: its key")
    group.add_argument(
        "--insecure-cluster",
        action="store_true",
        help="accept tcp:// beyond this machine: whoever reaches such a cluster can run anything, here too",
    )


def cluster_of(args: argparse.Namespace) -> ClusterSettings | None:
    """The cluster that the options name, None for none.

    Raises:
        UsageError: no address, not all of the files, or it is not safe.
        ClusterError: nobody is there.
    """
    files = {flag: getattr(args, flag.removeprefix("--").replace("-", "_")) for flag in _TLS}
    given = [flag for flag, file in files.items() if file is not None]
    if args.cluster is None:
        if given or args.insecure_cluster:
            raise UsageError(f"{(given or ['--insecure-cluster'])[0]} says nothing without --cluster")
        return None
    if given and len(given) < len(files):
        raise UsageError(
            f"{', '.join(set(files) - set(given))} is missing",
            hint="all three are needed, or none: then Dask's own configuration says them",
        )
    for flag in given:
        if not Path(files[flag]).is_file():
            raise UsageError(f"{flag} {files[flag]}: no such file")
    credentials = None
    if given:
        authority, certificate, key = (Path(files[flag]).absolute() for flag in _TLS)
        credentials = Credentials(authority=authority, certificate=certificate, key=key)
    settings = ClusterSettings(
        address=parse_address(args.cluster), credentials=credentials, insecure=args.insecure_cluster
    )
    check_safe(settings)
    check_reachable(settings.address)
    own_words_only()
    return settings
