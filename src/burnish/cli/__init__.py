"""The command line: one module per command. Data goes to stdout, progress and messages to stderr."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from burnish import __version__
from burnish.cli._commands import HELP, WITH_BENCH_ARGS
from burnish.errors import INTERRUPTED, BurnishError

_DESCRIPTION = """\
Find, prove and ship the best [profile.release] for a Cargo project: burnish builds and measures profiles,
and recommends one with its evidence and its price, or says that nothing is worth changing."""


def build_parser(prog: str = "burnish", *, only: str = "") -> argparse.ArgumentParser:
    """The parser of all commands, or of one: `build` must not wait for the half second that `tune` takes to load."""
    parser, commands = _empty(prog)
    for name in (only,) if only in HELP else HELP:
        importlib.import_module(f"burnish.cli.{name}").add_parser(commands)
    return parser


def _empty(prog: str) -> tuple[argparse.ArgumentParser, "argparse._SubParsersAction[argparse.ArgumentParser]"]:
    parser = argparse.ArgumentParser(
        prog=prog, description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"burnish {__version__}")
    return parser, parser.add_subparsers(title="commands", metavar="COMMAND", required=True)


def _outline(prog: str) -> argparse.ArgumentParser:
    """The same without the commands' own options: for the help, the version, and a command that is none."""
    parser, commands = _empty(prog)
    for name, words in HELP.items():
        commands.add_parser(name, help=words)
    return parser


def main(argv: Sequence[str] | None = None, *, prog: str = "burnish") -> int:
    """Run a command; gives the exit code. What is no `BurnishError` is a bug and keeps its traceback."""
    words = sys.argv[1:] if argv is None else argv
    command = words[0] if words else ""
    words, rest = _parted(words) if command in WITH_BENCH_ARGS else (words, ())
    args = (build_parser(prog, only=command) if command in HELP else _outline(prog)).parse_args(words)
    args.bench_args = rest
    try:
        return int(args.run_command(args))
    except BurnishError as error:
        print(f"error: {error.message}", file=sys.stderr)
        if error.hint:
            print(f"hint: {error.hint}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(
            "\ninterrupted: finished builds and rounds are kept; run the same command again to go on", file=sys.stderr
        )
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of stdout has gone (`burnish report | head`): nothing is left to say, and no flush must fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parted(words: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """What stands before the first ``--``, and after it: argparse would take that for the project's path."""
    at = list(words).index("--") if "--" in words else len(words)
    return words[:at], words[at + 1 :]


def main_for_cargo() -> int:
    """``cargo burnish …``: cargo passes the subcommand's own name first."""
    argv = sys.argv[1:]
    return main(argv[1:] if argv[:1] == ["burnish"] else argv, prog="cargo burnish")
