"""``burnish explain``: what a project's profile does, option by option, and the road its code takes."""

import argparse
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from burnish.build.audit import codegen_options
from burnish.cargo.config import read_configs
from burnish.cargo.invocation import Cargo
from burnish.cargo.panics import audit_project
from burnish.cargo.project import find_manifest, read_project
from burnish.cargo.toolchain import read_toolchain
from burnish.cli import _selection
from burnish.cli._commands import HELP
from burnish.errors import BurnishError, StoreError
from burnish.explain import explanation
from burnish.explain.interactions import Context
from burnish.explain.pipeline import pipeline
from burnish.explain.record import BuildRecord, differences
from burnish.explain.recording import Site, current_sources, find_links, find_record, make_record
from burnish.explain.target_cpu import target_cpu
from burnish.explain.values import Mode
from burnish.profile.panics.values import PanicAudit
from burnish.report import explain as report
from burnish.report import pipeline as drawing
from burnish.results import of_project
from burnish.tune.result import TuneResult
from burnish.tune.session import read_effective

_EPILOG = """\
examples:
  burnish explain                     every option, as it is set here
  burnish explain --option lto        one option, with its values and what they did here
  burnish explain --build             builds once and reads flags and modules off rustc
  burnish explain --pipeline fat      the road of the code through the compiler
"""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command's options."""
    parser = commands.add_parser(
        "explain",
        help=HELP["explain"],
        description="Say of each option which value is in force and where it comes from, what rustc is told, what it "
        "does and costs, how it acts with the others as set here, and what a stored tune measured of it. "
        "Nothing is built unless --build is given.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _selection.add_selection(parser)
    group = parser.add_argument_group("what to explain")
    group.add_argument(
        "--option", choices=explanation.KEYS, metavar="NAME", help=f"one of {', '.join(explanation.KEYS)}"
    )
    group.add_argument(
        "--pipeline",
        choices=[str(mode) for mode in Mode],
        metavar="MODE",
        help="draw the road of the code instead: none, thin-local, thin or fat",
    )
    group.add_argument("--build", action="store_true", help="build once with plain cargo and record what rustc does")
    group.add_argument("--no-audit", action="store_true", help="do not read the sources for what relies on unwinding")
    parser.add_argument("--format", choices=("text", "json", "md"), default="text", help="of stdout (default: text)")
    _selection.add_verbose(parser)
    parser.set_defaults(run_command=run)


def run(args: argparse.Namespace) -> int:
    """Read, perhaps build, explain."""
    environment = dict(os.environ)
    site = read_site(args, environment)
    found = _record(site, args)
    if args.pipeline:
        sys.stdout.write(_draw(site, found, Mode(args.pipeline), args.format))
        return 0
    context, origin = _context(site, found.record, args, environment)
    explained = explanation.explain(
        context,
        title=title_of(site),
        record=found.record,
        stale=found.words,
        cpu_origin=origin,
        only=args.option,
    )
    if args.format == "text":
        sys.stdout.write(report.render(explained, width=_selection.terminal_width()))
    else:
        sys.stdout.write(report.FORMATS[args.format](explained))
    return 0


def read_site(args: argparse.Namespace, environment: Mapping[str, str]) -> Site:
    """The project with its effective profile.

    Raises:
        UsageError, ToolError: the project, the selection or the profile cannot be read.
    """
    manifest = find_manifest(_selection.project_path(args))
    cargo = Cargo(manifest.parent, environment)
    selection = _selection.selection(args)
    project = read_project(cargo, manifest, selection, _selection.target_dir(args))
    return Site(
        project=project,
        selection=selection,
        effective=read_effective(project, selection.profile, environment),
        toolchain=read_toolchain(cargo),
        environment=environment,
    )


def title_of(site: Site) -> str:
    """``fd-find 10.3.0 (fd), [profile.release]``."""
    project = site.project
    return f"{project.package} {project.version} ({project.artifact.name}), [profile.{site.selection.profile}]"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Found:
    """A record that fits the profile, and what is to be said of it."""

    record: BuildRecord | None
    words: str


def _record(site: Site, args: argparse.Namespace) -> _Found:
    record = make_record(site, told=_selection.teller(args)) if args.build else find_record(site)
    if record is None:
        return _Found(
            record=None, words="No build is recorded: flags are derived as Cargo would; --build records them."
        )
    changed = differences(record, site.settings, site.toolchain.rustc)
    if changed:
        shown = "; ".join(changed[:3])
        return _Found(
            record=None,
            words=f"The build recorded {record.created} does not fit: {shown}. Flags are derived as Cargo would; "
            "--build records anew.",
        )
    later = "" if record.sources == current_sources(site) else "; the sources have changed since"
    return _Found(
        record=record, words=f"Flags and modules: of the build recorded {record.created}, {record.rustc}{later}."
    )


def _draw(site: Site, found: _Found, mode: Mode, form: str) -> str:
    links = [link for link in find_links(site) if link.lto == str(mode) and link.done_by == link.engine]
    drawn = pipeline(mode, found.record, links[0] if links else None)
    if form == "json":
        return drawing.render_json(drawn, title_of(site))
    if form == "md":
        return drawing.render_markdown(drawn, title_of(site))
    return drawing.render(drawn, title_of(site), width=_selection.terminal_width())


def _context(
    site: Site, record: BuildRecord | None, args: argparse.Namespace, environment: Mapping[str, str]
) -> tuple[Context, str]:
    target = site.selection.target or site.toolchain.host
    cpu, origin = target_cpu(read_configs(site.project.start, environment), environment, target)
    if record is not None:
        told = codegen_options(record.final.args).get("target-cpu", "")
        cpu, origin = told, (origin if told == cpu else "as rustc was told") if told else ""
    panics, unaudited = (None, "--no-audit") if args.no_audit else (None, "")
    if args.option in {None, "panic"} and not args.no_audit:
        panics, unaudited = _audit(site)
    artifact = site.project.artifact
    context = Context(
        effective=site.effective,
        crate_types=artifact.crate_types,
        takes_lto=artifact.takes_lto,
        target=target,
        target_cpu=cpu,
        result=stored(site),
        panics=panics,
        unaudited=unaudited,
    )
    return context, origin


def _audit(site: Site) -> tuple[PanicAudit | None, str]:
    """The audit, or why there is none: an explanation does not fail for want of an extra."""
    try:
        return audit_project(Cargo(site.project.start, site.environment), site.project, site.selection), ""
    except BurnishError as error:
        return None, error.message.partition("\n")[0]


def stored(site: Site) -> TuneResult | None:
    """The newest stored result of this artifact and profile; None where there is none that can be read."""
    try:
        return of_project(site.project, site.selection.profile)
    except StoreError as error:
        print(f"note: stored results cannot be read: {error.message}", file=sys.stderr)
        return None
