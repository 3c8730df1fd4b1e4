"""``burnish report``: a stored result again, in any format."""

import argparse

from burnish.api import stored_with_project
from burnish.cli import _common
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
    _common.add_output(parser)
    parser.set_defaults(run_command=run)


def run(args: argparse.Namespace) -> int:
    """Show the result."""
    _common.check_exports(args.export)
    _common.show(stored_with_project(_common.opening(args), args.result).result, args)
    return 0
