"""``burnish completion``: a script that completes commands, options and their values in a shell."""

import argparse
import sys

import shtab

from burnish.cli._commands import HELP


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command's options."""
    parser = commands.add_parser(
        "completion",
        help=HELP["completion"],
        description="Print a script that completes burnish's commands, options and values in a shell.",
        epilog="examples:\n  burnish completion bash > ~/.local/share/bash-completion/completions/burnish\n"
        '  burnish completion zsh > "${fpath[1]}/_burnish"',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("shell", choices=("bash", "zsh", "tcsh"))
    parser.set_defaults(run_command=run)


def run(args: argparse.Namespace) -> int:
    """Print it."""
    from burnish.cli import build_parser  # noqa: PLC0415  # which imports this module

    sys.stdout.write(shtab.complete(build_parser(), shell=args.shell) + "\n")
    return 0
