"""``burnish reproduce``: run a report's measurement again and say whether it still holds."""

import argparse
import os
import sys
from dataclasses import replace

from burnish.cli import _common
from burnish.cli._commands import HELP
from burnish.errors import UsageError
from burnish.measure.values import Workload
from burnish.report import budgets as report
from burnish.report.printable import printable
from burnish.results import read
from burnish.tune.budgets import Finding, broken, judge_reproduced, judge_same_size
from burnish.tune.pair import shipped, timed
from burnish.tune.progress import Progress
from burnish.tune.result import Outcome, TuneResult
from burnish.tune.session import Session, open_session
from burnish.units import parse_duration

_EPILOG = """\
example:
  burnish report --format json > profile.json
  burnish reproduce profile.json --yes

exit code: 0 it holds, or this machine cannot tell; 1 it does not
"""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command's options."""
    parser = commands.add_parser(
        "reproduce",
        help=HELP["reproduce"],
        description="Build the baseline and the recommendation of a JSON report again by plain cargo from nothing,\n"
        "time them in fresh rounds, and say what still holds.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("report", metavar="REPORT", help="a report as JSON (burnish report --format json)")
    _common.add_selection(parser)
    parser.add_argument("-y", "--yes", action="store_true", help="run the report's command without asking")
    parser.add_argument("--budget", default="5m", metavar="TIME", help="for the rounds (default: 5m)")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="(default: text)")
    _common.add_progress(parser)
    parser.set_defaults(run_command=run)


def run(args: argparse.Namespace) -> int:
    """Measure again and compare."""
    told = read(args.report)
    args.profile = told.profile_name
    if not told.ships:
        args.bench = told.artifact
    try:
        seconds = parse_duration(args.budget)
    except ValueError as error:
        raise UsageError(f"--budget: {error}") from None
    if told.workload is not None:
        _agree(told.workload, yes=args.yes)
    with (
        _common.progress(args) as progress,
        open_session(_common.opening(args), dict(os.environ), progress.note) as session,
    ):
        _check_project(told, session)
        findings = _findings(told, session, progress, seconds)
        notes = differences(told, session)
    title = f"{told.package} ({told.artifact}), the report of {told.created[:10]} again"
    if args.format == "json":
        sys.stdout.write(report.render_json(title, findings, notes=notes))
    else:
        sys.stdout.write(report.render(title, findings, notes=notes, width=_common.terminal_width()))
    return 1 if broken(findings) else 0


def _agree(workload: Workload, *, yes: bool) -> None:
    """A report may come from anywhere, and its command will run here: that is for the user to say.

    Raises:
        UsageError: the user says no, or nobody is there to be asked.
    """
    words = f"the report's command, {printable(workload.command)}, in {printable(workload.cwd)}"
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"this would run {words}: nobody can be asked, stdin is no terminal", hint="say --yes")
    if not _common.agreed(f"Run {words}?"):
        raise UsageError("nothing was run")


def _check_project(told: TuneResult, session: Session) -> None:
    here = session.project
    if (here.package, here.artifact.name) != (told.package, told.artifact):
        raise UsageError(
            f"the report is of {told.package} ({told.artifact}), and this is {here.package} ({here.artifact.name})",
            hint="give the path of its project, or choose with -p and --bin",
        )


def _findings(told: TuneResult, session: Session, progress: Progress, seconds: float) -> tuple[Finding, ...]:
    if not told.rows:
        raise UsageError("the report has no measured profile")
    base = told.rows[0]
    baseline = shipped(session, base.profile, progress, fresh=True)
    found = [judge_same_size(f"size of the baseline, {base.profile.id}", base.size.file, baseline.size)]
    confirmation = told.recommendation.confirmation
    if told.recommendation.outcome is not Outcome.CHANGE or confirmation is None:
        return tuple(found)
    profile = told.recommendation.profile
    other = shipped(session, profile, progress, fresh=True)
    found.append(judge_same_size(f"size of the recommendation, {profile.id}", confirmation.size.file, other.size))
    if told.workload is not None and confirmation.time is not None:
        now = timed(
            session,
            {"baseline": baseline, "other": other},
            _workload(told.workload, session),
            progress,
            purpose="reproduce",
            seconds=seconds,
        )
        found.append(judge_reproduced("run time of the recommendation", confirmation.time, now))
    return tuple(found)


def _workload(told: Workload, session: Session) -> Workload:
    """The report's workload; its directory is relative to the project's root where it lay below."""
    return replace(told, cwd=str(session.project.root / told.cwd))


def differences(told: TuneResult, session: Session) -> tuple[str, ...]:
    """What is another machine or toolchain than the report's."""
    then, now = told.circumstances, session.circumstances
    pairs = (("CPU", then.cpu, now.cpu), ("kernel", then.kernel, now.kernel), ("rustc", then.rustc, now.rustc),
             ("cargo", then.cargo, now.cargo), ("target", then.target, now.target))  # fmt: skip
    changed = [f"{name} {old} then, {new} now" for name, old, new in pairs if old != new]
    if told.version != session.project.version:
        changed.append(f"version {told.version} then, {session.project.version} now")
    return (f"Not the same as in the report: {'; '.join(changed)}.",) if changed else ()
