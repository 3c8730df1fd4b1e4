"""``burnish apply``: show the change of Cargo.toml that a stored result recommends, and write it."""

import argparse
import os
import sys
from collections.abc import Mapping

from burnish.api import stored_with_project
from burnish.cargo.project import Project
from burnish.cli import _common
from burnish.cli._commands import HELP
from burnish.errors import UsageError
from burnish.tune.change import check_written, has_change, pending_change
from burnish.tune.result import TuneResult


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command's options."""
    parser = commands.add_parser(
        "apply",
        help=HELP["apply"],
        description="Show the change of Cargo.toml that the newest stored result recommends, and write it.",
        epilog="examples:\n  burnish apply --dry-run\n  burnish apply --name dist --yes",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _common.add_selection(parser, benches=True)
    parser.add_argument("--result", type=int, metavar="NUMBER", help="an earlier result by its number")
    parser.add_argument("--name", metavar="PROFILE", help="write a custom profile of this name instead")
    parser.add_argument("--dry-run", action="store_true", help="show the change and stop")
    parser.add_argument("-y", "--yes", action="store_true", help="write without asking")
    parser.add_argument("--color", choices=("auto", "always", "never"), default="auto")
    parser.set_defaults(run_command=run)


def run(args: argparse.Namespace) -> int:
    """Show and write."""
    done = stored_with_project(_common.opening(args), args.result)
    result, project = done.result, done.project
    if not has_change(result):
        print(f"nothing to apply: {result.recommendation.headline}", file=sys.stderr)
        return 0
    return apply_result(
        result, project, dict(os.environ), name=args.name, ask=not args.yes, dry_run=args.dry_run, color=args.color
    )


def apply_result(
    result: TuneResult,
    project: Project,
    environment: Mapping[str, str],
    *,
    name: str | None,
    ask: bool,
    dry_run: bool,
    color: str,
) -> int:
    """Show the diff, ask where that is wanted, write, and check with cargo.

    Raises:
        ChangeError: the manifest is not what was measured, or the change would not hold.
        UsageError: nobody is there to be asked.
    """
    change = pending_change(result, project, environment, name=name)
    if change is None:
        print("nothing to write: Cargo.toml says so already", file=sys.stderr)
        return 0
    sys.stderr.write(change.diff(color=_common.use_color(color) and sys.stderr.isatty()))
    if dry_run:
        return 0
    if ask and not _may_write(f"Write {change.path}?"):
        print("nothing was written", file=sys.stderr)
        return 0
    check_written(change, result, project, environment, name=name)
    print(f"wrote {change.path}", file=sys.stderr)
    return 0


def _may_write(question: str) -> bool:
    if not sys.stdin.isatty():
        raise UsageError("nobody can be asked whether to write: stdin is no terminal", hint="say --yes, or --dry-run")
    return _common.agreed(question)
