"""``burnish report``: a stored result again, in any format."""

import argparse
import os

from burnish.api import stored_with_project
from burnish.cli import _common, _selection
from burnish.cli._commands import HELP


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command's options."""
    parser = commands.add_parser(
        "report",
        help=HELP["report"],
        description="Show the newest stored result of a project again, in any format.",
        epilog="example:\n  burnish report --format markdown > profile.md",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _common.add_selection(parser, benches=True)
    parser.add_argument("--result", type=int, metavar="NUMBER", help="an earlier result by its number")
    parser.add_argument(
        "--xray", action="store_true", help="look into the link first, where the result has no picture of it: one build"
    )
    _common.add_output(parser)
    _selection.add_verbose(parser)
    parser.set_defaults(run_command=run)


def run(args: argparse.Namespace) -> int:
    """Show the result."""
    _common.check_exports(args.export)
    opening = _common.opening(args)
    done = stored_with_project(opening, args.result)
    result = done.result
    if args.xray and result.link is None:
        from burnish.linked import with_link  # noqa: PLC0415  # numpy and the tables of a link

        told = _selection.teller(args)
        result = with_link(result, done.project, opening, dict(os.environ), number=args.result, told=told)
    _common.show(result, args)
    return 0
