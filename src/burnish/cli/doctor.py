"""``burnish doctor``: each requirement, what was found, and how to get what is missing."""

import argparse
import os
import sys
import textwrap
from collections import Counter
from pathlib import Path

import msgspec

from burnish.cli._commands import HELP
from burnish.cli._selection import terminal_width
from burnish.doctor import Finding, State, examine
from burnish.errors import ToolError


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command's options."""
    parser = commands.add_parser(
        "doctor",
        help=HELP["doctor"],
        description="List each requirement, what was found, and how to get what is missing. Nothing is built.",
        epilog="examples:\n  burnish doctor\n  burnish doctor --format json",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("path", nargs="?", default=".", help="a project: its rust-toolchain.toml counts (default: .)")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="of stdout (default: text)")
    parser.set_defaults(run_command=run)


def run(args: argparse.Namespace) -> int:
    """Look and tell; 3 where something is missing that nothing works without."""
    directory = Path(args.path).resolve()
    if directory.is_file():
        directory = directory.parent
    findings = examine(directory, dict(os.environ))
    if args.format == "json":
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(findings), indent=2).decode() + "\n")
    else:
        sys.stdout.write(render(findings, terminal_width()))
    missing = any(each.state is State.MISSING for each in findings)
    return ToolError.exit_code if missing else 0


def render(findings: tuple[Finding, ...], width: int) -> str:
    """A line for each, its remedy below it; a summary."""
    first = max(len(each.name) for each in findings)
    lines = []
    for each in findings:
        head = f"{each.state:<8}{each.name:<{first}}  "
        indent = " " * len(head)
        lines += textwrap.wrap(f"{each.found} ({each.serves})", width, initial_indent=head, subsequent_indent=indent)
        if each.remedy:
            lines += textwrap.wrap(
                f"hint: {each.remedy}", width, initial_indent=indent, subsequent_indent=f"{indent}  "
            )
    counts = Counter(each.state for each in findings)
    said = ", ".join(f"{counts[state]} {state}" for state in State if counts[state])
    return "\n".join([*lines, "", said, ""])
