"""``burnish report``: a stored result again, in any format."""

import argparse
import os

from burnish.cargo.invocation import Cargo
from burnish.cargo.project import Project, find_manifest, read_project
from burnish.cli import _common
from burnish.errors import UsageError
from burnish.report import json
from burnish.store import Store
from burnish.tune.result import TuneResult


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command's options."""
    parser = commands.add_parser(
        "report",
        help="show a stored result again",
        description="Show the newest stored result of a project again, in any format.",
        epilog="example:\n  burnish report --format markdown > profile.md",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _common.add_selection(parser)
    parser.add_argument("--result", type=int, metavar="NUMBER", help="an earlier result by its number")
    _common.add_output(parser)
    parser.set_defaults(run_command=run)


def run(args: argparse.Namespace) -> int:
    """Show the result."""
    _common.check_exports(args.export)
    result, _ = stored_result(args)
    _common.show(result, args)
    return 0


def stored_result(args: argparse.Namespace) -> tuple[TuneResult, Project]:
    """The stored result that is asked for, and its project.

    Raises:
        UsageError: there is none.
        StoreError: it cannot be read.
    """
    opening = _common.opening(args)
    manifest = find_manifest(opening.path)
    project = read_project(Cargo(manifest.parent, os.environ), manifest, opening.selection, opening.target_dir)
    path = project.target_directory / "burnish" / "burnish.sqlite"
    body = None
    if path.is_file():
        with Store.open(path) as store:
            body = store.result(project.subject(args.profile), args.result)
    if body is None:
        which = "" if args.result is None else f" number {args.result}"
        raise UsageError(
            f"no result{which} is stored for {project.package} ({project.artifact.name}, [profile.{args.profile}])",
            hint="burnish tune makes one",
        )
    return json.decode(body), project
