"""``burnish audit``: would ``panic = "abort"`` change what the program does?"""

import argparse
import os
import sys

from burnish.cargo.invocation import Cargo
from burnish.cargo.panics import audit_workspace
from burnish.cargo.project import find_manifest
from burnish.cli._commands import HELP
from burnish.cli._selection import add_selection, project_path, selection, terminal_width
from burnish.profile.panics.values import Verdict
from burnish.report import panics as report


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command's options."""
    parser = commands.add_parser(
        "audit",
        help=HELP["audit"],
        description="Read the sources of a program and of its dependencies for code that goes on after\na panic, and "
        'for clean-up that is lost with panic = "abort". Nothing is built.\nNeeds the extra burnish[audit].',
        epilog="exit code: 0 safe, 1 unsafe or unknown\n\nexamples:\n  burnish audit\n"
        "  burnish audit -p server --format json",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_selection(parser)
    output = parser.add_argument_group("output")
    output.add_argument("--format", choices=("text", "json"), default="text", help="of stdout (default: text)")
    output.add_argument("--all", action="store_true", dest="everything", help="what is safe as well, and all of it")
    output.add_argument("--color", choices=("auto", "always", "never"), default="auto")
    parser.set_defaults(run_command=run)


def run(args: argparse.Namespace) -> int:
    """Read, judge, tell."""
    manifest = find_manifest(project_path(args))
    found = audit_workspace(Cargo(manifest.parent, os.environ), manifest, selection(args))
    if args.format == "json":
        sys.stdout.write(report.render_json(found))
    else:
        color = args.color == "always" or (
            args.color == "auto" and sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        )
        sys.stdout.write(report.render(found, everything=args.everything, width=terminal_width(), color=color))
    return 0 if found.verdict is Verdict.SAFE else 1
