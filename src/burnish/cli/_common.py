"""What several commands share: Cargo's selection, where the project is, output to a terminal or a file."""

import argparse
import os
import sys
from contextlib import AbstractContextManager
from pathlib import Path

from burnish.cli._console import open_progress
from burnish.cli._selection import add_loudness, add_selection, project_path, selection, target_dir, terminal_width
from burnish.cli._vega import vega
from burnish.errors import StoreError, UsageError
from burnish.report import html, text
from burnish.report.formats import FORMATS
from burnish.tune.progress import Progress
from burnish.tune.result import TuneResult
from burnish.tune.session import Opening

__all__ = [
    "SUFFIXES",
    "add_output",
    "add_progress",
    "add_selection",
    "agreed",
    "check_exports",
    "opening",
    "progress",
    "show",
    "terminal_width",
    "use_color",
]

#: What a file name's ending says about the format of ``--export``.
SUFFIXES = {".txt": "text", ".md": "markdown", ".json": "json", ".html": "html", ".hyperfine.json": "hyperfine"}


def opening(args: argparse.Namespace, *, fresh: bool = False, wait: bool = True) -> Opening:
    """Where and how to open the project."""
    return Opening(
        path=project_path(args),
        selection=selection(args),
        target_dir=target_dir(args),
        fresh=fresh,
        wait=wait,
        bench_of_settings=hasattr(args, "bench"),
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
        help="write the report to a file as well; its ending says the format: .html, .md, .json, .hyperfine.json or "
        ".txt; may be repeated",
    )
    group.add_argument("--color", choices=("auto", "always", "never"), default="auto")


def add_progress(parser: argparse.ArgumentParser) -> None:
    """What is told on stderr while a command works."""
    group = parser.add_argument_group("progress, on stderr")
    group.add_argument(
        "--progress", choices=("auto", "plain", "none"), default="auto", help="plain: a line per event, as in a pipe"
    )
    add_loudness(parser, "no progress")


def progress(args: argparse.Namespace) -> AbstractContextManager[Progress]:
    """The display that was asked for."""
    return open_progress("none" if args.quiet else args.progress, verbose=args.verbose)


def check_exports(files: list[str]) -> None:
    """Refuse a file name whose format is unknown, before any work is done.

    Raises:
        UsageError: which endings there are.
    """
    for name in files:
        if _format_of(name) is None:
            raise UsageError(f"--export {name}: the ending names no format", hint=f"it takes {', '.join(SUFFIXES)}")


def _format_of(name: str) -> str | None:
    """The format that a file's ending names, the longest one that fits."""
    fitting = [suffix for suffix in SUFFIXES if name.endswith(suffix)]
    return SUFFIXES[max(fitting, key=len)] if fitting else None


def show(result: TuneResult, args: argparse.Namespace) -> None:
    """The report on stdout, and in each file asked for.

    Raises:
        StoreError: a file cannot be written.
    """
    if args.format == "text":
        sys.stdout.write(text.render(result, width=terminal_width(), color=use_color(args.color)))
    else:
        sys.stdout.write(_rendered(result, args.format))
    sys.stdout.flush()
    for name in args.export:
        path = Path(name)
        try:
            path.write_text(_rendered(result, _format_of(name) or "text"), encoding="utf-8")
        except OSError as error:
            raise StoreError(
                f"cannot write {path}: {error.strerror}",
                hint="the result is stored: burnish report --export FILE writes it again",
            ) from error
        print(f"wrote {path}", file=sys.stderr)


def _rendered(result: TuneResult, form: str) -> str:
    return html.render(result, vega()) if form == "html" else FORMATS[form](result)


def use_color(wanted: str) -> bool:
    """Whether stdout gets colour (https://no-color.org)."""
    if wanted != "auto":
        return wanted == "always"
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def agreed(question: str) -> bool:
    """Ask on the terminal; only yes is yes."""
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}
