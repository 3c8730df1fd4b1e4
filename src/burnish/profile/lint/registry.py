"""The one list of rules, and running them."""

import difflib
from collections.abc import Iterable
from itertools import chain
from typing import Final

from burnish.errors import UsageError
from burnish.profile.lint import contradictory, dangerous, dead, development, lost, redundant
from burnish.profile.lint.context import Context, build_context
from burnish.profile.lint.values import Category, Finding, Rule
from burnish.profile.lint.workspace import Workspace

RULES: Final[tuple[Rule, ...]] = tuple(
    chain(redundant.RULES, dead.RULES, lost.RULES, contradictory.RULES, dangerous.RULES, development.RULES)
)


def choose(*, select: Iterable[str] = (), ignore: Iterable[str] = ()) -> tuple[Rule, ...]:
    """The rules that are asked for by id or category; nothing selected is all.

    Raises:
        UsageError: there is no such rule or category.
    """
    selected, ignored = _known(select), _known(ignore)
    return tuple(
        rule
        for rule in RULES
        if (not selected or {rule.id, rule.category} & selected) and not {rule.id, rule.category} & ignored
    )


def _known(words: Iterable[str]) -> frozenset[str]:
    found = frozenset(words)
    known = {*Category, *(rule.id for rule in RULES)}
    for word in sorted(found - known):
        close = difflib.get_close_matches(word, known, n=1)
        raise UsageError(
            f"there is no rule or category {word!r}",
            hint=f"did you mean {close[0]}?" if close else "burnish lint --rules lists them",
        )
    return found


def lint_project(workspace: Workspace, rules: Iterable[Rule] = RULES) -> tuple[Finding, ...]:
    """What the rules find, in the order of the files; nothing is read or run.

    Raises:
        UsageError: the root manifest or a config file is no TOML, or a profile no table.
    """
    context = build_context(workspace)
    # What lies outside of the project is not burnish's to change.
    mine = {workspace.manifest.path, *(config.source.path for config in workspace.configs if config.in_project)}
    findings = [finding for rule in rules for finding in _findings(rule, context, mine)]
    order = {workspace.manifest.path: ""}
    return tuple(
        sorted(findings, key=lambda f: (order.get(f.path, f.path), f.line or 0, f.column or 0, -f.severity.rank))
    )


def aborts(workspace: Workspace) -> bool:
    """A profile that is shipped has ``panic = "abort"``, so that the panic audit matters."""
    texts = (workspace.manifest.text, *(config.source.text for config in workspace.configs))
    if not any("abort" in text for text in (*texts, *workspace.environment.values())):
        return False
    return any(True for _ in dangerous.aborting(build_context(workspace)))


def _findings(rule: Rule, context: Context, mine: set[str]) -> Iterable[Finding]:
    for hit in rule.check(context):
        fix = hit.fix if hit.fix and all(edit.path in mine for edit in hit.fix.edits) else None
        yield Finding(
            rule=rule.id,
            severity=rule.severity,
            category=rule.category,
            message=hit.message,
            why=rule.why,
            advice=hit.advice,
            source=rule.source,
            path=hit.place.path,
            line=hit.place.line,
            column=hit.place.column,
            fix=fix,
        )
