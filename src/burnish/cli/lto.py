"""``burnish lto plan``: the thin link of a project without its backends: what would be imported, kept, dropped, why."""

import argparse
import os
import sys
from dataclasses import replace

import msgspec

from burnish.cli import _selection, build
from burnish.cli._commands import HELP
from burnish.errors import BurnishError, LtoError, ToolError, UsageError
from burnish.lto.build import run_build
from burnish.lto.decide.view import plan_view
from burnish.lto.decided import Decisions
from burnish.lto.record import LtoBuild
from burnish.lto.recordfile import read_decisions
from burnish.lto.settings import Mode
from burnish.report import lto as report


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command's options."""
    parser = commands.add_parser(
        "lto",
        help=HELP["lto"],
        description="Look into burnish's link-time optimization.",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    plan = actions.add_parser(
        "plan",
        help="print a thin link without running backends",
        description="Compile the project to bitcode, do the thin link, and print what it decides: "
        "which definitions are dead, what each unit imports and why, what is refused and why.",
    )
    _selection.add_selection(plan)
    plan.add_argument("--lto", default="thin", metavar="MODE", help="thin (default), fat, grouped or grouped=K")
    plan.add_argument("--json", action="store_true", help="the whole plan as JSON")
    plan.set_defaults(run_command=run_plan, engine="burnish", jobs=None, no_cache=False)


def run_plan(args: argparse.Namespace) -> int:
    """Plan and print."""
    settings = replace(build.settings_of(args), plan_only=True)
    if settings.lto.mode is Mode.OFF:
        raise UsageError("--lto off: without link-time optimization there is nothing to plan")
    where, selected, target_dir = _selection.project_path(args), _selection.selection(args), _selection.target_dir(args)
    built = run_build(where, selected, target_dir, settings, dict(os.environ), quiet=True)
    plan = plan_view(read_plan(built))
    if args.json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(plan), indent=1).decode() + "\n")
    else:
        sys.stdout.write(report.render_plan(plan, width=_selection.terminal_width()))
    return 0


def read_plan(built: LtoBuild) -> Decisions:
    """The plan that the driver has written; the link itself fails on purpose, nothing is linked.

    Raises:
        LtoError, ToolError: the driver wrote none: cargo failed before, what it said is in the message.
        StoreError: the file cannot be read.
    """
    if not built.plan.is_file():
        raise _no_plan(built)
    return read_decisions(built.plan)


def _no_plan(built: LtoBuild) -> BurnishError:
    if built.failure is not None:
        return LtoError(report.short_names(built.failure.message), hint=built.failure.hint)
    if built.code != 0:
        return ToolError(f"cargo failed before anything was linked:\n{built.error}")
    return LtoError(f"no plan was made: {built.note or 'nothing was linked through burnish'}")
