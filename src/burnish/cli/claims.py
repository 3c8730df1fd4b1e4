"""``burnish claims``: what is said of the release profile, beside what was measured in this project."""

import argparse
import os
import sys

from burnish.cli import _selection
from burnish.cli._commands import HELP
from burnish.cli.explain import read_site, stored, title_of
from burnish.explain.claims import check_all
from burnish.explain.corrections import CORRECTIONS
from burnish.report import claims as report


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command's options."""
    parser = commands.add_parser(
        "claims",
        help=HELP["claims"],
        description="Set each common claim about lto, codegen-units, opt-level, panic and strip beside what a stored "
        "tune measured in this project, with a verdict: holds, does not hold, not significant, not measured. "
        "Nothing is built.",
        epilog="example:\n  burnish tune --run '{bin} data' && burnish claims",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _selection.add_selection(parser)
    parser.add_argument("--format", choices=("text", "json", "md"), default="text", help="of stdout (default: text)")
    parser.set_defaults(run_command=run)


def run(args: argparse.Namespace) -> int:
    """Look up, compare, tell."""
    site = read_site(args, dict(os.environ))
    result = stored(site)
    checks = check_all(result)
    if result is None:
        measured = "No tune is stored for this project and profile: burnish tune measures."
    else:
        where = result.circumstances
        run_of = "without a workload" if result.workload is None else f"on {result.workload.command}"
        measured = f"Measured {result.created} {run_of}: {where.cpu}, {where.cores} cores, {where.rustc}."
    title = title_of(site)
    match args.format:
        case "json":
            text = report.render_json(title, measured, checks, CORRECTIONS)
        case "md":
            text = report.render_markdown(title, measured, checks, CORRECTIONS)
        case _:
            text = report.render(title, measured, checks, CORRECTIONS, width=_selection.terminal_width())
    sys.stdout.write(text)
    return 0
