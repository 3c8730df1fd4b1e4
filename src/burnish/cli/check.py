"""``burnish check``: does the program keep what the project promises? For continuous integration."""

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

from burnish.api import wanted_of, with_bench
from burnish.cli import _common
from burnish.cli._commands import HELP
from burnish.errors import UsageError
from burnish.measure.values import Workload
from burnish.profile.profile import CARGO_DEFAULT
from burnish.report import budgets as report
from burnish.results import read
from burnish.tune.budgets import (
    Budgets,
    Finding,
    Table,
    broken,
    judge_evidence,
    judge_lto,
    judge_size,
    judge_time,
    read_budgets,
    same_profile,
)
from burnish.tune.pair import Program, shipped, timed
from burnish.tune.progress import Progress
from burnish.tune.result import TuneResult
from burnish.tune.session import Session, open_session
from burnish.tune.settings import Table as Settings
from burnish.tune.settings import read_table
from burnish.units import parse_duration

_EPILOG = """\
examples:
  burnish check --max-size '4 MB' --lto-applied
  burnish check --run '{bin} data.txt' --max-runtime-ratio 1.02
  burnish check --evidence profile.json       the report of: burnish report --format json > profile.json

exit code: 0 kept, 1 broken

budgets may stand in Cargo.toml:
  [package.metadata.burnish.budgets]
  max-size = "4 MB"
  lto-applied = true
"""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command's options."""
    parser = commands.add_parser(
        "check",
        help=HELP["check"],
        description="Build the program as cargo build --release does and hold it against budgets: its size, its run\n"
        "time against a reference, link-time optimization that really happened, evidence that still fits.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _common.add_selection(parser, benches=True)
    group = parser.add_argument_group("budgets")
    group.add_argument("--max-size", metavar="SIZE", help="of the file as shipped: 4194304, '4 MB', 4MiB")
    group.add_argument("--max-runtime-ratio", type=float, metavar="RATIO", help="of the reference's run time: 1.02")
    group.add_argument("--lto-applied", action="store_true", default=None, help="LTO was asked for and rustc told so")
    group.add_argument("--evidence", metavar="FILE", help="a JSON report; its profile and toolchain must be in force")
    group = parser.add_argument_group("measuring")
    group.add_argument("--run", metavar="'CMD {bin} ARGS'", help="the workload; {bin} is the program; no shell")
    group.add_argument("--budget", default="2m", metavar="TIME", help="for the rounds (default: 2m)")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="(default: text)")
    _common.add_progress(parser)
    parser.set_defaults(run_command=run)


def run(args: argparse.Namespace) -> int:
    """Build, measure what is asked for, judge."""
    given = Table(
        max_size=args.max_size,
        max_runtime_ratio=args.max_runtime_ratio,
        lto_applied=args.lto_applied,
        evidence=args.evidence,
    )
    rest = tuple(args.bench_args) or None
    asked = Settings(run=args.run, bench=args.bench, criterion=args.criterion, bench_args=rest)
    try:
        seconds = parse_duration(args.budget)
    except ValueError as error:
        raise UsageError(f"--budget: {error}") from None
    with _common.progress(args) as progress:
        opening, asked = with_bench(_common.opening(args), asked)
        with open_session(opening, dict(os.environ), progress.note) as session:
            settings = read_table(session.project.settings)
            budgets = read_budgets(settings.budgets or {}, given)
            if budgets.empty:
                raise UsageError(
                    "there is no budget to check",
                    hint="give one: --max-size, --max-runtime-ratio, --lto-applied or --evidence; or write "
                    "[package.metadata.burnish.budgets] in Cargo.toml",
                )
            if budgets.max_size is not None and session.project.artifact.is_bench:
                raise UsageError(
                    "max-size holds for what is shipped, and a bench executable is not",
                    hint="check the program's size in a run of its own, with --bin NAME",
                )
            workload = _workload(asked, session) if budgets.max_runtime_ratio is not None else None
            evidence = _evidence(budgets, session, given=args.evidence is not None)
            findings = _findings(session, budgets, evidence, workload, progress, seconds)
            title = f"{session.project.package} ({session.project.artifact.name}), {session.effective.profile.id}"
    title = f"{title}, {session.circumstances.rustc}"
    if args.format == "json":
        sys.stdout.write(report.render_json(title, findings))
    else:
        sys.stdout.write(report.render(title, findings, width=_common.terminal_width()))
    return 1 if broken(findings) else 0


def _findings(  # noqa: PLR0917  # one caller, above
    session: Session,
    budgets: Budgets,
    evidence: TuneResult | None,
    workload: Workload | None,
    progress: Progress,
    seconds: float,
) -> tuple[Finding, ...]:
    profile = session.effective.profile
    found: list[Finding] = []
    if evidence is not None:
        found += judge_evidence(evidence, profile, session.circumstances.rustc)
    if budgets.max_size is None and workload is None and not budgets.lto_applied:
        return tuple(found)
    program = shipped(session, profile, progress, fresh=False)
    if budgets.lto_applied:
        found.append(judge_lto(profile, program.build.mismatches))
    if budgets.max_size is not None:
        found.append(judge_size(program.size, budgets.max_size))
    if budgets.max_runtime_ratio is not None and workload is not None:
        found.append(_time(session, program, evidence, workload, progress, seconds, budgets.max_runtime_ratio))
    return tuple(found)


def _time(  # noqa: PLR0917  # one caller, above
    session: Session,
    program: Program,
    evidence: TuneResult | None,
    workload: Workload,
    progress: Progress,
    seconds: float,
    limit: float,
) -> Finding:
    # Another `panic` would be another program, and one that may not build: without std there is no unwinding.
    reference, name = (
        (evidence.rows[0].profile, "the profile that the evidence started from")
        if evidence is not None and evidence.rows
        else (replace(CARGO_DEFAULT, panic=program.build.profile.panic), "Cargo's default")
    )
    if reference == program.build.profile:
        return same_profile(limit, f"{name}, {reference.id}")
    programs = {"baseline": shipped(session, reference, progress, fresh=False), "other": program}
    found = timed(session, programs, workload, progress, purpose="check", seconds=seconds)
    return judge_time(found, limit, f"{name}, {reference.id}")


def _workload(asked: Settings, session: Session) -> Workload:
    found = wanted_of(asked, session.project).workload
    if found is None:
        raise UsageError(
            "max-runtime-ratio needs a workload",
            hint="give one with --run '{bin} ARGS' or --bench NAME, or run = in Cargo.toml",
        )
    return found


def _evidence(budgets: Budgets, session: Session, *, given: bool) -> TuneResult | None:
    """The report; of the command line relative to here, of the manifest to the package."""
    if budgets.evidence is None:
        return None
    return read((Path.cwd() if given else session.project.directory) / budgets.evidence, what="the evidence")
