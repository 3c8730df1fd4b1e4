"""``burnish cache``: look at the cache of link-time optimization, and make it smaller."""

import argparse
import os
import re

from burnish.build.away.places import builds_of, remove_unused
from burnish.cache import DEFAULT_LIMIT, Cache, cache_directory
from burnish.cli._commands import HELP
from burnish.errors import UsageError
from burnish.units import format_bytes, plural

_UNITS = {"": 1, "B": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9}


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command's options."""
    parser = commands.add_parser(
        "cache",
        help=HELP["cache"],
        description="The cache of burnish build: modules, summaries and optimized objects of all projects, named by "
        f"their content. It is kept below {format_bytes(DEFAULT_LIMIT)} by itself.",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    info = actions.add_parser("info", help="where it lies and what it holds")
    info.set_defaults(run_command=run_info)
    prune = actions.add_parser("prune", help="remove what was used longest ago")
    prune.add_argument("--to", default="0", metavar="SIZE", help="until this much is left: 500MB, 2GB (default: 0)")
    prune.set_defaults(run_command=run_prune)


def run_info(_args: argparse.Namespace) -> int:
    """Say what is there."""
    info = Cache(cache_directory(os.environ)).info()
    print(f"{info.path}")
    print(f"{format_bytes(info.bytes)} in {info.blobs} entries, {info.actions} units")
    if projects := list(builds_of(info.path).glob("*")):
        print(f"libraries of {plural(len(projects), 'project')} that this machine built as a worker of a cluster")
    return 0


def run_prune(args: argparse.Namespace) -> int:
    """Remove, and say how much."""
    limit = parse_size(args.to)
    cache = Cache(cache_directory(os.environ))
    removed, freed = cache.prune(limit, spare=0.0)
    print(f"removed {removed} entries, {format_bytes(freed)}")
    if slots := remove_unused(builds_of(cache.path), 0.0):
        print(f"removed what {plural(slots, 'slot')} of a worker held of other projects")
    return 0


def parse_size(text: str) -> int:
    """Bytes of ``500MB``.

    Raises:
        UsageError: it is no size.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)", text.strip())
    if match is None or match[2] not in _UNITS:
        raise UsageError(f"--to {text}: it takes a size such as 500MB or 2GB")
    return int(float(match[1]) * _UNITS[match[2]])
