"""Fixes of the lint carried out on texts: files in, changed files out. Nothing is read or written here."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from burnish.cargo.manifest import FileChange
from burnish.cargo.toml_edit import remove_key, set_key
from burnish.errors import ChangeError, UsageError
from burnish.profile.lint.values import Edit, Fix
from burnish.profile.source import SourceText, entries, parse_toml


def plan_fixes(fixes: Iterable[Fix], sources: Mapping[str, SourceText], *, base: Path) -> tuple[FileChange, ...]:
    """The changes that the fixes make, a file each; labels of ``sources`` are paths from ``base``.

    A fix that another one has made moot is left out.

    Raises:
        ChangeError: a text cannot be edited so that it means just that.
    """
    texts = {label: source.text for label, source in sources.items()}
    for fix in fixes:
        for edit in fix.edits:
            texts[edit.path] = _edited(texts[edit.path], edit)
    changes = (FileChange(path=base / label, old=sources[label].text, new=text) for label, text in texts.items())
    return tuple(change for change in changes if not change.is_empty)


def _edited(text: str, edit: Edit) -> str:
    expected = parse_toml(SourceText(path=edit.path, text=text))
    if not _carried_out(expected, edit):
        return text
    if edit.renamed is not None:
        new = _renamed(text, edit, edit.renamed)
    elif edit.value is not None:
        new = set_key(text, edit.table, edit.key, edit.value)
    else:
        new = remove_key(text, edit.table, edit.key)
    try:
        read = parse_toml(SourceText(path=edit.path, text=new))
    except UsageError as error:
        raise ChangeError(f"{edit.path} cannot be edited safely: {error}", hint="Change it by hand.") from error
    if read != expected:
        raise ChangeError(
            f"{edit.path} cannot be edited safely: the result would mean something else", hint="Change it by hand."
        )
    return new


def _carried_out(document: dict[str, Any], edit: Edit) -> bool:
    """The edit on plain values; false where there is nothing to do any more."""
    holder = document
    for part in edit.table:
        holder = holder.get(part, {})
    if edit.value is not None:
        if edit.key in holder and holder[edit.key] == edit.value and type(holder[edit.key]) is type(edit.value):
            return False
        holder[edit.key] = edit.value
        return True
    if edit.key not in holder or edit.renamed in holder:
        return False
    old = holder.pop(edit.key)
    if edit.renamed is not None:
        holder[edit.renamed] = old
    return True


def _renamed(text: str, edit: Edit, name: str) -> str:
    for entry in entries(text):
        if entry.path == (*edit.table, edit.key) and entry.value:
            start = text.rindex(edit.key, entry.start, entry.value[0])
            return text[:start] + name + text[start + len(edit.key) :]
    return text
