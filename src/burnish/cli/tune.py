"""``burnish tune``: build and measure profiles, recommend one."""

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from burnish.api import Tuned, tuned
from burnish.cli import _cluster, _common, _selection
from burnish.cli._commands import HELP
from burnish.cli.apply import apply_result
from burnish.errors import BurnishError, UsageError
from burnish.measure.hyperfine import only_workload
from burnish.profile.options import BY_KEY, OPTIONS
from burnish.tune.change import has_change
from burnish.tune.result import Goal, TuneResult
from burnish.tune.session import Opening
from burnish.tune.settings import DEFAULT_BUDGET, DEFAULT_TIMEOUT, Table
from burnish.tune.unwinding import ALLOWED, IF_SAFE

_EPILOG = """\
examples:
  burnish tune --run '{bin} --version'        the program of this directory, measured on a command
  burnish tune . -p server --goal size        another package, for size
  burnish tune --run '{bin} data.txt' --budget 30m --export report.html
  burnish tune --criterion parsing -- numbers  a criterion bench, of it what a filter leaves
  burnish tune --run '{bin} data.txt' --cluster tls://build:8786  candidates on a cluster's workers
  burnish tune --fix lto=thin --options codegen-units=1,16 --only 'o3-*'

settings may stand in Cargo.toml, [package.metadata.burnish] or [workspace.metadata.burnish]:
  run = "{bin} data.txt"
  goal = "balanced"
"""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command's options."""
    parser = commands.add_parser(
        "tune",
        help=HELP["tune"],
        description="Build and measure profiles of a Cargo project and recommend one, or nothing worth changing.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _common.add_selection(parser, benches=True)
    _add_measuring(parser)
    _add_space(parser)
    _cluster.add_cluster(parser)
    _common.add_output(parser)
    group = parser.add_argument_group("what to do with it")
    group.add_argument("--apply", action="store_true", help="write the recommendation into Cargo.toml (shows the diff)")
    group.add_argument("--name", metavar="PROFILE", help="with --apply: write it as a custom profile instead")
    group.add_argument(
        "--xray", action="store_true", help="look into the link of the verdict's profile for the report: one more build"
    )
    group.add_argument("--fresh", action="store_true", help="forget what is stored for this project")
    group.add_argument("--no-wait", action="store_true", help="give up if another burnish is at work here")
    _common.add_progress(parser)
    parser.set_defaults(run_command=run)


def _add_measuring(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("measuring")
    group.add_argument("--run", metavar="'CMD {bin} ARGS'", help="the workload; {bin} is the program; no shell")
    group.add_argument(
        "--hyperfine", metavar="FILE", help="the workload: the command of a file of hyperfine --export-json"
    )
    group.add_argument("--goal", choices=[str(goal) for goal in Goal], help="what to serve (default: balanced)")
    group.add_argument("--budget", metavar="TIME", help=f"for the whole tune: 90s, 10m, 1h (default: {DEFAULT_BUDGET})")
    group.add_argument("--timeout", metavar="TIME", help=f"for one run of the workload (default: {DEFAULT_TIMEOUT})")
    group.add_argument("--check", choices=("stdout", "status"), help="what must be the same for all candidates")
    group.add_argument("--instructions", choices=("auto", "perf", "valgrind", "none"), help="where counts come from")
    group.add_argument(
        "--limit",
        action="append",
        default=[],
        metavar="WHAT=RATIO",
        help="the most a recommendation may cost: time, size, build or memory, against the baseline (time=1.05)",
    )


def _add_space(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the space of profiles")
    values = "; ".join(f"{option.key}: {', '.join(option.values)}" for option in OPTIONS)
    group.add_argument(
        "--options", action="append", default=[], metavar="KEY=VALUE,VALUE", help=f"the values to try ({values})"
    )
    group.add_argument("--fix", action="append", default=[], metavar="KEY=VALUE", help="one value, no choice")
    group.add_argument(
        "--per-crate",
        action="store_true",
        default=None,
        help="once there is a verdict, try opt-level s and z for crates that hardly run, or 3 for those that run most",
    )
    group.add_argument("--only", action="append", default=[], metavar="GLOB", help="candidates by id, e.g. 'o3-*'")
    group.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="CHANGE",
        choices=(ALLOWED, IF_SAFE),
        help=f"what may change the program's behaviour: panic-abort ({BY_KEY['panic'].cost}); with =if-safe only "
        "where the panic audit (burnish audit) finds nothing that needs unwinding",
    )


def run(args: argparse.Namespace) -> int:
    """Tune, show, and apply where asked."""
    _common.check_exports(args.export)
    given = table_of(args)
    environment = dict(os.environ)
    cluster = _cluster.cluster_of(args)
    with _common.progress(args) as progress:
        opening = _common.opening(args, fresh=args.fresh, wait=not args.no_wait)
        done = tuned(opening, given, environment, progress, cluster)
    result, project = done.result, done.project
    if args.xray:
        result = _looked_into(done, opening, args, environment)
    _common.show(result, args)
    if args.apply:
        if not has_change(result):
            print("nothing to apply: the profile stays as it is", file=sys.stderr)
            return 0
        return apply_result(result, project, environment, name=args.name, ask=False, dry_run=False, color=args.color)
    return 0


def _looked_into(done: Tuned, opening: Opening, args: argparse.Namespace, environment: Mapping[str, str]) -> TuneResult:
    """The result with the picture of its link; without it, and a note why, where there can be none."""
    from burnish.linked import with_link  # noqa: PLC0415  # numpy and the tables of a link

    try:
        return with_link(done.result, done.project, opening, environment, told=_selection.teller(args))
    except BurnishError as error:
        print(f"note: the link was not looked into: {error.message}", file=sys.stderr)
        return done.result


def table_of(args: argparse.Namespace) -> Table:
    """The command line in the form of the manifest's table.

    Raises:
        UsageError: a KEY=VALUE that is none.
    """
    return Table(
        run=_run_of(args),
        bench=args.bench,
        criterion=args.criterion,
        bench_args=tuple(args.bench_args) or None,
        goal=Goal(args.goal) if args.goal else None,
        budget=args.budget,
        timeout=args.timeout,
        check=args.check,
        allow=tuple(args.allow) or None,
        options={key: tuple(value.split(",")) for key, value in _pairs("--options", args.options)} or None,
        fix=dict(_pairs("--fix", args.fix)) or None,
        only=tuple(args.only) or None,
        limits={key: _ratio(key, value) for key, value in _pairs("--limit", args.limit)} or None,
        instructions=args.instructions,
        per_crate=args.per_crate,
    )


def _run_of(args: argparse.Namespace) -> str | None:
    if args.hyperfine is None:
        return str(args.run) if args.run is not None else None
    if args.run is not None:
        raise UsageError("--run and --hyperfine both name a workload", hint="leave one away")
    try:
        data = Path(args.hyperfine).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {args.hyperfine}: {error.strerror}") from error
    return only_workload(data, args.hyperfine)


def _pairs(flag: str, items: list[str]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for item in items:
        key, equals, value = item.partition("=")
        if not (equals and key and value):
            raise UsageError(f"{flag} {item!r} is no KEY=VALUE")
        found.append((key, value))
    return found


def _ratio(key: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise UsageError(f"--limit {key}={value}: {value!r} is no number", hint="write a ratio: time=1.05") from None
