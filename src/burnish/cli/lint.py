"""``burnish lint``: what in the profiles is redundant, dead, lost, contradictory, dangerous or dear."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import IO

from burnish.cargo.fix import plan_fixes
from burnish.cargo.invocation import Cargo
from burnish.cargo.manifest import FileChange
from burnish.cargo.project import Selection, find_manifest
from burnish.cargo.workspace import read_alone, read_workspace
from burnish.cargo.write import write_change
from burnish.cli._commands import HELP
from burnish.cli._selection import terminal_width
from burnish.errors import BurnishError, ChangeError, ToolError, UsageError
from burnish.profile.lint import RULES, Finding, Rule, Severity, Unwinding, Workspace, aborts, choose, lint_project
from burnish.profile.lint.audit import unwinding
from burnish.report import github, sarif
from burnish.report import lint as report

_FORMATS = ("text", "json", "sarif", "github")

#: The rule that the panic audit serves.
_AUDITED = "abort-unwinding"

#: A fix can bring another to light: a value is first made readable, and then is the default.
_ROUNDS = 3

#: What stands in every manifest with an override of a package.
_OVERRIDE = ".package."


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command's options."""
    parser = commands.add_parser(
        "lint",
        help=HELP["lint"],
        description="Find what in the profiles of a Cargo project is redundant, dead, lost, contradictory,\n"
        "dangerous or dear: in manifests, config files and environment. Nothing is built.",
        epilog="examples:\n  burnish lint\n  burnish lint --ignore redundant --format github\n"
        "  burnish lint --select strip-reset --fix",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("path", nargs="?", default=".", metavar="PATH", help="the project (default: this directory)")
    rules = parser.add_argument_group("rules, by id or category; may be repeated or joined by commas")
    rules.add_argument("--select", action="append", default=[], metavar="RULES", help="only these")
    rules.add_argument("--ignore", action="append", default=[], metavar="RULES", help="all but these")
    rules.add_argument("--rules", action="store_true", help="list all rules as Markdown and stop")
    output = parser.add_argument_group("output")
    output.add_argument("--format", choices=_FORMATS, default="text", help="of stdout (default: text)")
    output.add_argument("--color", choices=("auto", "always", "never"), default="auto")
    output.add_argument(
        "--fail-on",
        choices=(*reversed(tuple(map(str, Severity))), "never"),
        default="warning",
        help="exit code 1 on findings of this severity or above (default: warning)",
    )
    output.add_argument(
        "--no-audit",
        dest="audit",
        action="store_false",
        help='read no sources where panic = "abort" (the panic audit needs the extra burnish[audit])',
    )
    change = parser.add_argument_group("fixes").add_mutually_exclusive_group()
    change.add_argument("--fix", action="store_true", help="show and write the fixes there are")
    change.add_argument("--diff", action="store_true", help="show the fixes there are, and write nothing")
    parser.set_defaults(run_command=run)


def run(args: argparse.Namespace) -> int:
    """Look, perhaps mend, tell."""
    if args.rules:
        sys.stdout.write(report.rules_page(RULES))
        return 0
    rules = choose(select=_words(args.select), ignore=_words(args.ignore))
    environment = dict(os.environ)
    manifest = find_manifest(Path(args.path))
    workspace, findings = look(manifest, environment, rules, audit=args.audit)
    if args.diff:
        _show_changes(_changes(workspace, findings), args.color, sys.stdout)
        return _code(findings, args.fail_on)
    for _ in range(_ROUNDS if args.fix else 0):
        changes = _changes(workspace, findings)
        if not changes:
            break
        _show_changes(changes, args.color, sys.stderr)
        write_fixes(changes, manifest, environment)
        workspace, findings = look(manifest, environment, rules, audit=args.audit)
    _show(findings, _notes(workspace, rules), rules, args)
    return _code(findings, args.fail_on)


def _words(given: Sequence[str]) -> tuple[str, ...]:
    return tuple(word.strip() for words in given for word in words.split(",") if word.strip())


def look(
    manifest: Path, environment: Mapping[str, str], rules: Sequence[Rule], *, audit: bool = False
) -> tuple[Workspace, tuple[Finding, ...]]:
    """The workspace and what the rules find in it; where cargo refuses the manifest, what the rules know of why.

    With ``audit``, and where it matters, the sources are read for what needs unwinding.

    Raises:
        ToolError: cargo cannot read the project, for a reason that no rule knows.
        UsageError: a file cannot be read.
    """
    base = Path.cwd()
    try:
        workspace = read_workspace(manifest, environment, base=base)
    except ToolError as error:
        return _why_refused(error, manifest, environment, rules)
    if audit and any(rule.id == _AUDITED for rule in rules) and workspace.locked is not None and aborts(workspace):
        workspace = replace(workspace, unwinding=_unwinding(workspace, environment))
    return workspace, lint_project(workspace, rules)


def _unwinding(workspace: Workspace, environment: Mapping[str, str]) -> tuple[Unwinding, ...] | None:
    """What the panic audit finds; None where its parser is not installed or the sources are not there."""
    from burnish.cargo.panics import audit_workspace  # noqa: PLC0415  # only where panic = "abort" asks for it

    manifest = Path.cwd() / workspace.manifest.path
    try:
        found = audit_workspace(Cargo(manifest.parent, environment), manifest, Selection(locked=True, offline=True))
    except BurnishError as error:
        print(f"note: the panic audit did not run: {' '.join(error.message.splitlines()[:2])}", file=sys.stderr)
        return None
    return unwinding(found, str(PurePath(workspace.manifest.path).parent))


def _why_refused(
    refusal: ToolError, manifest: Path, environment: Mapping[str, str], rules: Sequence[Rule]
) -> tuple[Workspace, tuple[Finding, ...]]:
    try:
        workspace = read_alone(manifest, environment, base=Path.cwd())
        findings = lint_project(workspace, [rule for rule in rules if rule.severity is Severity.ERROR])
    except UsageError:
        raise refusal from None
    if not findings:
        raise refusal
    return workspace, findings


def _changes(workspace: Workspace, findings: Sequence[Finding]) -> tuple[FileChange, ...]:
    sources = (workspace.manifest, *(config.source for config in workspace.configs))
    by_label = {source.path: source for source in sources}
    return plan_fixes((finding.fix for finding in findings if finding.fix), by_label, base=Path.cwd())


def write_fixes(changes: Sequence[FileChange], manifest: Path, environment: Mapping[str, str]) -> None:
    """Write the changes and see that cargo still takes the manifest, if it took it before.

    Raises:
        ChangeError: a file is not as it was read, or cargo refuses the result; everything is then as it was.
    """
    before = _accepted(manifest, environment)
    written: list[FileChange] = []
    try:
        for change in changes:
            write_change(change)
            written.append(change)
    except ChangeError:
        _take_back(written)
        raise
    if before and not _accepted(manifest, environment):
        _take_back(written)
        raise ChangeError("the fixes were taken back: cargo does not read the result", hint="mend it by hand")
    for change in written:
        print(f"wrote {change.path}", file=sys.stderr)


def _take_back(written: Sequence[FileChange]) -> None:
    for change in written:
        write_change(FileChange(path=change.path, old=change.new, new=change.old))


def _accepted(manifest: Path, environment: Mapping[str, str]) -> bool:
    question = ("metadata", "--format-version", "1", "--no-deps", "--offline", "--manifest-path", str(manifest))
    return Cargo(manifest.parent, environment).run("cargo", question).code == 0


def _show_changes(changes: Sequence[FileChange], color: str, stream: IO[str]) -> None:
    for change in changes:
        stream.write(change.diff(color=_use_color(color, stream)))
    stream.flush()


def _use_color(wanted: str, stream: IO[str]) -> bool:
    if wanted != "auto":
        return wanted == "always"
    return stream.isatty() and not os.environ.get("NO_COLOR")


def _notes(workspace: Workspace, rules: Sequence[Rule]) -> tuple[str, ...]:
    """What could not be looked at."""
    chosen = {rule.id for rule in rules}
    notes = []
    if (
        workspace.locked is None
        and workspace.packages
        and "unmatched-override" in chosen
        and _OVERRIDE in workspace.manifest.text
    ):
        notes.append("there is no Cargo.lock: whether overrides match a package was not looked at")
    if workspace.unwinding is None and _AUDITED in chosen and aborts(workspace):
        notes.append('panic = "abort": whether the code relies on unwinding was not audited')
    return tuple(notes)


def _show(findings: Sequence[Finding], notes: Sequence[str], rules: Sequence[Rule], args: argparse.Namespace) -> None:
    match args.format:
        case "json":
            text = report.as_json(findings, notes)
        case "sarif":
            text = sarif.render(findings, rules)
        case "github":
            text = github.render(findings)
        case _:
            text = report.render(findings, notes, width=terminal_width(), color=_use_color(args.color, sys.stdout))
    sys.stdout.write(text)
    sys.stdout.flush()


def _code(findings: Sequence[Finding], fail_on: str) -> int:
    if fail_on == "never":
        return 0
    return int(any(finding.severity.rank >= Severity(fail_on).rank for finding in findings))
