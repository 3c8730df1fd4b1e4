"""What several commands share: Cargo's selection, where the project is, output to a terminal or a file."""

import argparse
import os
import sys
from pathlib import Path

from burnish.cargo.project import Selection
from burnish.errors import StoreError, UsageError
from burnish.report import FORMATS, text
from burnish.tune.result import TuneResult
from burnish.tune.session import Opening

#: What a file name's ending says about the format of ``--export``.
SUFFIXES = {".txt": "text", ".md": "markdown", ".json": "json", ".html": "html"}


def add_selection(parser: argparse.ArgumentParser) -> None:
    """Cargo's own options, in Cargo's words."""
    parser.add_argument("path", nargs="?", default=".", metavar="PATH", help="the project (default: this directory)")
    group = parser.add_argument_group("selection, as in cargo build")
    group.add_argument("-p", "--package", metavar="SPEC", help="the package")
    artifact = group.add_mutually_exclusive_group()
    artifact.add_argument("--bin", metavar="NAME", help="the program")
    artifact.add_argument("--example", metavar="NAME", help="an example instead of a program")
    artifact.add_argument("--lib", action="store_true", help="the library, if it is a cdylib or staticlib")
    group.add_argument("-F", "--features", action="append", default=[], metavar="FEATURES")
    group.add_argument("--all-features", action="store_true")
    group.add_argument("--no-default-features", action="store_true")
    group.add_argument("--target", metavar="TRIPLE", help="build for this target")
    group.add_argument("--profile", default="release", metavar="NAME", help="the profile to tune (default: release)")
    group.add_argument("--manifest-path", metavar="PATH", help="the manifest, instead of PATH")
    group.add_argument("--target-dir", metavar="DIRECTORY", help="for all that burnish writes")
    group.add_argument("--locked", action="store_true")
    group.add_argument("--offline", action="store_true")


def opening(args: argparse.Namespace, *, fresh: bool = False, wait: bool = True) -> Opening:
    """Where and how to open the project."""
    return Opening(
        path=Path(args.manifest_path or args.path),
        selection=Selection(
            package=args.package,
            bin=args.bin,
            example=args.example,
            lib=args.lib,
            features=tuple(args.features),
            all_features=args.all_features,
            no_default_features=args.no_default_features,
            target=args.target,
            profile=args.profile,
            locked=args.locked,
            offline=args.offline,
        ),
        target_dir=Path(args.target_dir).absolute() if args.target_dir else None,
        fresh=fresh,
        wait=wait,
    )


def add_output(parser: argparse.ArgumentParser) -> None:
    """How a result is shown."""
    group = parser.add_argument_group("output")
    group.add_argument("--format", choices=sorted(FORMATS), default="text", help="of stdout (default: text)")
    group.add_argument(
        "--export",
        action="append",
        default=[],
        metavar="FILE",
        help="write the report to a file as well; .html, .md, .json or .txt says the format; may be repeated",
    )
    group.add_argument("--color", choices=("auto", "always", "never"), default="auto")


def check_exports(files: list[str]) -> None:
    """Refuse a file name whose format is unknown, before any work is done.

    Raises:
        UsageError: which endings there are.
    """
    for name in files:
        if Path(name).suffix not in SUFFIXES:
            raise UsageError(f"--export {name}: the ending names no format", hint=f"it takes {', '.join(SUFFIXES)}")


def show(result: TuneResult, args: argparse.Namespace) -> None:
    """The report on stdout, and in each file asked for.

    Raises:
        StoreError: a file cannot be written.
    """
    if args.format == "text":
        sys.stdout.write(text.render(result, width=terminal_width(), color=use_color(args.color)))
    else:
        sys.stdout.write(FORMATS[args.format](result))
    sys.stdout.flush()
    for name in args.export:
        path = Path(name)
        try:
            path.write_text(FORMATS[SUFFIXES[path.suffix]](result), encoding="utf-8")
        except OSError as error:
            raise StoreError(
                f"cannot write {path}: {error.strerror}",
                hint="the result is stored: burnish report --export FILE writes it again",
            ) from error
        print(f"wrote {path}", file=sys.stderr)


def use_color(wanted: str) -> bool:
    """Whether stdout gets colour (https://no-color.org)."""
    if wanted != "auto":
        return wanted == "always"
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def terminal_width() -> int:
    """Columns of the terminal, 80 where there is none; never more than is readable."""
    if not sys.stdout.isatty():
        return 80
    try:
        return min(120, max(60, os.get_terminal_size(sys.stdout.fileno()).columns))
    except OSError:
        return 80
