"""Rules: lines without which everything is the same."""

from collections.abc import Iterator
from typing import Final

from burnish.profile.effective import BUILT_IN, EffectiveProfile
from burnish.profile.keys import BY_KEY, Value
from burnish.profile.layers import OriginKind
from burnish.profile.lint.context import Context, Resolved, Table, place_of
from burnish.profile.lint.spelling import PROFILES, meaning, shown
from burnish.profile.lint.values import Category, Edit, Fix, Hit, Rule, Severity

#: Keys whose default is no value that can be written: unset is not the same as any.
_NO_DEFAULT: Final = frozenset({"codegen-units", "split-debuginfo", "strip"})


def _same_value(context: Context) -> Iterator[Hit]:
    for table in context.tables:
        if table.document is not context.manifest or table.is_override:
            continue
        resolved = context.profiles.get(table.profile)
        for key, value in table.values.items():
            if resolved is None or key not in BY_KEY or (key == "panic" and table.profile in {"test", "bench"}):
                continue
            where = _already(resolved, key, value)
            if where:
                yield Hit(
                    place=place_of(table.document.source, *table.path, key),
                    message=f"{key} = {shown(value)} is {where}",
                    fix=_remove(table, key),
                )


def _remove(table: Table, key: str) -> Fix:
    edit = Edit(path=table.document.source.path, table=table.path, key=key)
    return Fix(summary=f"remove {key} from {table.header}", edits=(edit,))


def _already(resolved: Resolved, key: str, value: Value) -> str | None:
    """Where the same value would come from without the line; None where another one would hold."""
    if resolved.in_manifest is None or resolved.in_force is None:
        return None
    inherited = _below(resolved.in_manifest, key)
    if inherited is None or meaning(key, inherited[0]) != meaning(key, value):
        return None
    # A config file or variable may change what is inherited: then the line keeps it out.
    in_force = _below(resolved.in_force, key)
    return inherited[1] if in_force is not None and in_force[0] == inherited[0] else None


def _below(effective: EffectiveProfile, key: str) -> tuple[Value, str] | None:
    """The value that holds for the profile where it says nothing itself, and in words where from."""
    parent = effective.parent
    if parent is not None:
        setting = parent.own_strip if key == "strip" else parent.settings[key]
        if setting.origin.kind not in {OriginKind.DEFAULT, OriginKind.IMPLIED} and setting.value is not None:
            return setting.value, f"what {effective.name} inherits from {parent.name} ({setting.origin})"
    if key in _NO_DEFAULT:
        return None
    entry = BY_KEY[key]
    root = effective.chain[-1]
    value = entry.dev if root == "dev" else entry.release
    return None if value is None else (value, f"Cargo's default for {effective.name}")


def _same_parent(context: Context) -> Iterator[Hit]:
    for table in context.tables:
        parent = BUILT_IN.get(table.profile)
        if table.document is context.manifest and not table.is_override and parent is not None:
            if table.values.get("inherits") != parent:
                continue
            yield Hit(
                place=place_of(table.document.source, *table.path, "inherits"),
                message=f'inherits = "{parent}" is Cargo\'s default for {table.profile}',
                fix=_remove(table, "inherits"),
            )


RULES: Final = (
    Rule(
        id="redundant-value",
        severity=Severity.INFO,
        category=Category.REDUNDANT,
        summary="a key has the value that would hold without it",
        why="Cargo's default, or the profile inherited from, gives the same value; rustc gets the same flags.",
        source=f"{PROFILES}#default-profiles",
        check=_same_value,
        fixable=True,
    ),
    Rule(
        id="redundant-inherits",
        severity=Severity.INFO,
        category=Category.REDUNDANT,
        summary="test or bench says that it inherits from what it inherits from anyway",
        why="bench inherits from release and test from dev without a word.",
        source=f"{PROFILES}#default-profiles",
        check=_same_parent,
        fixable=True,
    ),
)
