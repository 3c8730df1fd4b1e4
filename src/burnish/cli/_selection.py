"""Cargo's selection and the width of the terminal: what every command needs, and loads in no time."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from burnish.cargo.project import Selection
from burnish.report.printable import printable


def add_selection(parser: argparse.ArgumentParser, *, benches: bool = False) -> None:
    """Cargo's own options, in Cargo's words; with ``benches``, a bench target can be the artifact."""
    parser.add_argument("path", nargs="?", default=".", metavar="PATH", help="the project (default: this directory)")
    group = parser.add_argument_group("selection, as in cargo build")
    group.add_argument("-p", "--package", metavar="SPEC", help="the package")
    artifact = group.add_mutually_exclusive_group()
    artifact.add_argument("--bin", metavar="NAME", help="the program")
    artifact.add_argument("--example", metavar="NAME", help="an example instead of a program")
    artifact.add_argument("--lib", action="store_true", help="the library, if it is a cdylib or staticlib")
    if benches:
        artifact.add_argument("--bench", metavar="NAME", help="a bench target: the wall time of its run is measured")
        artifact.add_argument("--criterion", metavar="NAME", help="a bench target: criterion's own means are measured")
    group.add_argument("-F", "--features", action="append", default=[], metavar="FEATURES")
    group.add_argument("--all-features", action="store_true")
    group.add_argument("--no-default-features", action="store_true")
    group.add_argument("--target", metavar="TRIPLE", help="build for this target")
    group.add_argument("--profile", default="release", metavar="NAME", help="the profile to tune (default: release)")
    group.add_argument("--manifest-path", metavar="PATH", help="the manifest, instead of PATH")
    group.add_argument("--target-dir", metavar="DIRECTORY", help="for all that burnish writes")
    group.add_argument("--locked", action="store_true")
    group.add_argument("--offline", action="store_true")


def add_loudness(parser: argparse.ArgumentParser, quiet: str) -> None:
    """Less on stderr, or more.

    Args:
        parser: of the command.
        quiet: what ``-q`` does.
    """
    how = parser.add_mutually_exclusive_group()
    how.add_argument("-q", "--quiet", action="store_true", help=quiet)
    add_verbose(how)


def add_verbose(parser: argparse._ActionsContainer) -> None:
    """More on stderr."""
    parser.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        help="say each cargo command line as run, what it compiled and where its files go, on stderr",
    )


def teller(args: argparse.Namespace) -> Callable[[str], None] | None:
    """Who hears of each build of cargo where ``--verbose`` asks for it."""
    return (lambda text: print(printable(text), file=sys.stderr)) if args.verbose else None


def selection(args: argparse.Namespace) -> Selection:
    """What the options select."""
    return Selection(
        package=args.package,
        bin=args.bin,
        example=args.example,
        bench=_bench(args),
        lib=args.lib,
        features=tuple(args.features),
        all_features=args.all_features,
        no_default_features=args.no_default_features,
        target=args.target,
        profile=args.profile,
        locked=args.locked,
        offline=args.offline,
    )


def _bench(args: argparse.Namespace) -> str | None:
    named = (getattr(args, name, None) for name in ("bench", "criterion"))
    return next((str(name) for name in named if name is not None), None)


def project_path(args: argparse.Namespace) -> Path:
    """Where the project is."""
    return Path(args.manifest_path or args.path)


def target_dir(args: argparse.Namespace) -> Path | None:
    """Where all that burnish writes goes, None for cargo's own."""
    return Path(args.target_dir).absolute() if args.target_dir else None


def terminal_width() -> int:
    """Columns of the terminal, 80 where there is none; never more than is readable."""
    if not sys.stdout.isatty():
        return 80
    try:
        return min(120, max(60, os.get_terminal_size(sys.stdout.fileno()).columns))
    except OSError:
        return 80
