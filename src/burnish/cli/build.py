"""``burnish build``: cargo build, with link-time optimization by burnish's own engine."""

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

from burnish.cache import DEFAULT_LIMIT, cache_directory
from burnish.cli import _cluster, _selection
from burnish.cli._commands import HELP
from burnish.errors import LtoError, StoreError, ToolError, UsageError
from burnish.lto.build import config_text, run_build
from burnish.lto.record import LtoBuild
from burnish.lto.settings import Engine, Mode, Settings, parse_lto
from burnish.machine import usable_cores
from burnish.report import lto as report

_EPILOG = """\
examples:
  burnish build                       thin: every later build redoes only what an edit touches
  burnish build --lto grouped         smaller and faster to build than thin from nothing
  burnish build --lto fat --bin app   one program, one module, code generation on all cores
  burnish build --print-config        the same for plain cargo, as lines for .cargo/config.toml
  burnish build --cluster tcp://127.0.0.1:8786    backends on the workers of a Dask cluster
"""


_FAILURES = {kind.exit_code: kind for kind in (UsageError, ToolError, StoreError, LtoError)}


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command's options."""
    parser = commands.add_parser(
        "build",
        help=HELP["build"],
        description="Build a Cargo project; link-time optimization takes in the standard library, runs on all cores "
        "and keeps what an edit did not touch. The project's own target/release stays as it is.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _selection.add_selection(parser)
    group = parser.add_argument_group("link-time optimization")
    group.add_argument("--lto", default="thin", metavar="MODE", help="thin (default), fat, grouped, grouped=K or off")
    group.add_argument("--engine", choices=[str(engine) for engine in Engine], default="burnish")
    group.add_argument("-j", "--jobs", type=int, metavar="N", help="backends at a time (default: cores)")
    group.add_argument("--no-cache", action="store_true", help="neither read nor write the cache")
    group.add_argument("--print-config", action="store_true", help="print lines for .cargo/config.toml and stop")
    _cluster.add_cluster(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="of stdout (default: text)")
    _selection.add_loudness(parser, "no report, and cargo says only errors")
    parser.set_defaults(run_command=run)


def run(args: argparse.Namespace) -> int:
    """Build, and say what link-time optimization did."""
    settings = _with_cluster(settings_of(args), args)
    environment = dict(os.environ)
    if args.print_config:
        where, selected = _selection.project_path(args), _selection.selection(args)
        sys.stdout.write(config_text(where, selected, settings, environment))
        return 0
    built = build(args, settings, environment)
    if args.format == "json":
        sys.stdout.write(report.render_json(built))
    elif not args.quiet:
        product = output_name(built.product) if built.product is not None else ""
        sys.stdout.write(report.render(built, product=product, width=_selection.terminal_width()))
    return 0


def _with_cluster(settings: Settings, args: argparse.Namespace) -> Settings:
    if args.cluster is not None and settings.engine is Engine.LLD:
        raise UsageError("--engine lld works on this machine alone", hint="leave --cluster away, or --engine lld")
    cluster = _cluster.cluster_of(args)
    return replace(settings, cluster=cluster)


def build(args: argparse.Namespace, settings: Settings, environment: dict[str, str]) -> LtoBuild:
    """One build.

    Raises:
        LtoError, ToolError, StoreError, UsageError: the link failed, in the driver's words.
        ToolError: cargo or rustc failed; what they said has been on stderr.
    """
    where, selected, target_dir = _selection.project_path(args), _selection.selection(args), _selection.target_dir(args)
    told = _selection.teller(args)
    built = run_build(where, selected, target_dir, settings, environment, quiet=args.quiet, told=told)
    if built.code != 0 and built.failure is not None:
        kind = _FAILURES.get(built.failure.code, LtoError)
        raise kind(report.short_names(built.failure.message), hint=built.failure.hint)
    if built.code != 0:
        raise ToolError(f"cargo build failed with exit code {built.code}", hint="what went wrong stands above")
    return built


def settings_of(args: argparse.Namespace) -> Settings:
    """The command line as the driver's settings.

    Raises:
        UsageError: a mode or a number of jobs that there is not, or what lld cannot do.
    """
    lto = parse_lto(args.lto)
    engine = Engine(args.engine)
    if args.jobs is not None and args.jobs < 1:
        raise UsageError(f"--jobs {args.jobs}: it takes a number from 1")
    if engine is Engine.LLD and lto.mode in {Mode.FAT, Mode.GROUPED}:
        raise UsageError(
            f"--engine lld does thin link-time optimization only, not {lto.mode}",
            hint="rustc writes modules with summaries, which lld takes for thin; use --engine burnish, or --lto thin",
        )
    return Settings(
        lto=lto,
        engine=engine,
        jobs=args.jobs or usable_cores(),
        cache=None if args.no_cache else cache_directory(dict(os.environ)),
        limit=DEFAULT_LIMIT,
        record=None,
        linker="",
        plan_only=False,
    )


def output_name(path: Path) -> str:
    """A path as people read it: relative to here where it lies below."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
