"""A profile written into Cargo.toml: text in, text out, and not a byte more changed than the profile needs.

Which key must change follows from the effective profile; how a key goes in, from `burnish.cargo.toml_edit`.
"""

import difflib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from burnish.cargo.toml_edit import first_line_of, insert_line, remove_key, section, set_key
from burnish.errors import ChangeError, UsageError
from burnish.profile.effective import BUILT_IN, EffectiveProfile, OriginKind, Setting
from burnish.profile.keys import Value
from burnish.profile.options import OPTIONS
from burnish.profile.profile import Profile
from burnish.profile.source import Entry, SourceText, entries, parse_toml

#: What burnish's own comment lines begin with; they are replaced, all others are kept.
MARK: Final = "# burnish:"

_BY_HAND: Final = "The file is as it was; write the keys of the profile by hand."


@dataclass(frozen=True, kw_only=True, slots=True)
class FileChange:
    """A change of one file: diff, dry run and write share it. ``path`` is the file, ``old`` and ``new`` its text."""

    path: Path
    old: str
    new: str

    @property
    def is_empty(self) -> bool:
        return self.old == self.new

    def diff(self, *, color: bool = False) -> str:
        """The unified diff, each line with its end; empty for no change."""
        name = str(self.path)
        lines = difflib.unified_diff(_lines(self.old), _lines(self.new), fromfile=name, tofile=name)
        shown = (line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
        return "".join(_colored(line) if color else line for line in shown)


def _lines(text: str) -> list[str]:
    # str.splitlines also breaks at characters that may stand in a TOML string.
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _colored(line: str) -> str:
    codes = {"---": "1", "+++": "1", "@@ ": "36", "-": "31", "+": "32"}
    code = codes.get(line[:3]) or codes.get(line[:1])
    body = line.rstrip("\r\n")
    return f"\x1b[{code}m{body}\x1b[0m{line[len(body) :]}" if code else line


def changed_keys(effective: EffectiveProfile, profile: Profile) -> tuple[str, ...]:
    """The options in which ``profile`` differs from what is in force."""
    now = effective.profile
    return tuple(option.key for option in OPTIONS if now.value(option.key) != profile.value(option.key))


def shadowed(effective: EffectiveProfile, changes: Collection[str]) -> tuple[Setting, ...]:
    """The settings among the keys ``changes`` that Cargo.toml cannot change: environment or config file win.

    A value that such a place gives to an inherited profile is no obstacle, the profile's own key overrides it.
    """
    return tuple(
        setting
        for key, setting in effective.settings.items()
        if key in changes
        and setting.origin.kind in {OriginKind.ENVIRONMENT, OriginKind.CONFIG}
        and setting.origin.profile == effective.name
    )


def set_profile(
    text: str,
    *,
    name: str,
    profile: Profile,
    effective: EffectiveProfile,
    evidence: str,
    artifact_package: str | None,
    create_inherits: str | None = None,
) -> str:
    """The manifest in which the effective profile ``name`` becomes ``profile``.

    Args:
        text: the manifest, as ``effective`` was resolved from it.
        name: of the profile to write.
        profile: what is to be in force.
        effective: what is in force for ``name``; for a profile to be created, for what it inherits from.
        evidence: one or two lines on why, without the comment sign.
        artifact_package: the package of the artifact, whose overrides decide on its ``strip``.
        create_inherits: create the profile, inheriting from this one.

    Raises:
        ChangeError: the change would not hold, or the text cannot be edited safely.
    """
    effective = effective.for_package(artifact_package)
    creating = effective.name != name
    present = parse_toml(SourceText(path="Cargo.toml", text=text)).get("profile", {}).get(name)
    if creating:
        _check_creation(name, effective, create_inherits, exists=present is not None or name in BUILT_IN)
    changes = changed_keys(effective, profile)
    if not creating and (obstacles := shadowed(effective, changes)):
        raise ChangeError(
            "Cargo.toml would change nothing, other places win: "
            + ", ".join(f"{setting.key} = {setting.text} in {setting.origin}" for setting in obstacles),
            hint="Change or remove the setting there, then apply again.",
        )
    edits = _edits(name, profile, effective, changes)
    if creating or (edits and effective.parent and name not in BUILT_IN and "inherits" not in (present or {})):
        parent = effective.name if creating else effective.chain[1]
        edits.insert(0, _Edit(table=("profile", name), key="inherits", value=parent))
    new = _apply(text, edits)
    return _with_evidence(new, ("profile", name), evidence, wanted=bool(edits))


def set_package_levels(text: str, *, name: str, levels: Mapping[str, str]) -> str:
    """The manifest in which packages have an opt-level of their own under the profile ``name``.

    Args:
        text: the manifest.
        name: of the profile.
        levels: opt-level by package, as ``[profile.NAME.package.PACKAGE]`` names it.

    Raises:
        ChangeError: the text cannot be edited safely.
    """
    edits = [
        _Edit(
            table=("profile", name, "package", package), key="opt-level", value=int(level) if level.isdigit() else level
        )
        for package, level in levels.items()
    ]
    return _apply(text, edits)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Edit:
    """One key of one table; ``value`` None removes it."""

    table: tuple[str, ...]
    key: str
    value: Value | None


def _check_creation(name: str, effective: EffectiveProfile, create_inherits: str | None, *, exists: bool) -> None:
    if exists:
        raise ChangeError(f"the profile {name} exists already", hint=f"Apply to {name} itself, or choose another name.")
    if create_inherits != effective.name:
        raise ChangeError(
            f"the profile {name} cannot be derived from what is known of {effective.name}",
            hint=f'Create it with inherits = "{effective.name}", or name a profile that exists.',
        )


def _edits(name: str, profile: Profile, effective: EffectiveProfile, changes: Collection[str]) -> list[_Edit]:
    table = ("profile", name)
    # Where an override decides on the artifact's strip, the profile's own may be right already.
    right = {"strip"} if effective.for_package(None).profile.strip is profile.strip else set()
    edits = [_Edit(table=table, key=key, value=profile.toml_value(key)) for key in changes if key not in right]
    if "codegen-units" in changes and profile.codegen_units is None:
        _check_unset(name, effective.parent if effective.name == name else effective)
    if "strip" in changes and effective.package and (override := effective.override_of(effective.package)):
        spec = override.removeprefix("package.")
        edits.append(_Edit(table=(*table, "package", spec), key="strip", value=profile.toml_value("strip")))
    return edits


def _check_unset(name: str, parent: EffectiveProfile | None) -> None:
    if parent is None or (inherited := parent.settings["codegen-units"]).value is None:
        return
    raise ChangeError(
        f"{name} cannot unset codegen-units: it inherits {inherited.text} from {inherited.origin}, and no value "
        "means unset (16 is not the same)",
        hint=f"Apply to the profile {parent.name} itself, or remove codegen-units there first.",
    )


def _apply(text: str, edits: list[_Edit]) -> str:
    """The text with the edits, proven to mean just that.

    An edit whose value is there already, in whatever spelling of the file, touches nothing.
    """
    expected = parse_toml(SourceText(path="Cargo.toml", text=text))
    new = text
    for edit in edits:
        if _put(expected, edit):
            if edit.value is None:
                new = remove_key(new, edit.table, edit.key)
            else:
                new = set_key(new, edit.table, edit.key, edit.value)
    try:
        read = parse_toml(SourceText(path="Cargo.toml", text=new))
    except UsageError as error:
        raise ChangeError(f"the manifest cannot be edited safely: {error}", hint=_BY_HAND) from error
    if _without_empty(read) != _without_empty(expected):
        raise ChangeError("the manifest cannot be edited safely: the result would mean something else", hint=_BY_HAND)
    return new


def _put(document: dict[str, Any], edit: _Edit) -> bool:
    """Carry the edit out on plain values; whether it changed anything."""
    holder = document
    for part in edit.table:
        holder = holder.setdefault(part, {})
    if edit.value is None:
        return holder.pop(edit.key, None) is not None
    old = holder.get(edit.key)
    holder[edit.key] = edit.value
    return old != edit.value or type(old) is not type(edit.value)


def _without_empty(value: Any) -> Any:  # noqa: ANN401 (a TOML value)
    """The same without tables that hold nothing: with its last dotted key a table is gone."""
    if not isinstance(value, dict):
        return value
    kept = {key: _without_empty(inner) for key, inner in value.items()}
    return {key: inner for key, inner in kept.items() if inner != {}}


def _with_evidence(text: str, table: tuple[str, ...], evidence: str, *, wanted: bool) -> str:
    """The text with burnish's comment on the table: replaced where there is one, new where a key changed."""
    old = _own_comments(text, table)
    if not old and not wanted:
        return text
    for entry in reversed(old):
        text = text[: entry.start] + text[entry.end :]
    first = first_line_of(entries(text), table)
    comments = [f"{MARK} {line}" for line in map(_printable, evidence.splitlines()) if line]
    if first is None or not comments:
        return text
    line = text[first.start : first.end]
    indent = line[: len(line) - len(line.lstrip(" \t"))]
    position = old[0].start if old else (first.end if _is_header_of(first, table) else first.start)
    return insert_line(text, position, "\n".join(f"{indent}{comment}" for comment in comments))


def _printable(line: str) -> str:
    """TOML allows no control characters in comments."""
    return " ".join("".join(character if character.isprintable() else " " for character in line).split())


def _is_header_of(entry: Entry, table: tuple[str, ...]) -> bool:
    return entry.is_header and entry.path == table


def _own_comments(text: str, table: tuple[str, ...]) -> list[Entry]:
    """Own comment lines under the table's header; without a header those right above its first line."""
    lines = [entry for entry in entries(text) if not entry.inline]
    own = [entry for entry in lines if text[entry.start : entry.end].lstrip().startswith(MARK)]
    first = first_line_of(lines, table)
    if first is None:
        return []
    if _is_header_of(first, table):
        under = section(lines, table)
        return [entry for entry in own if entry in under]
    above = lines.index(first)
    while above and lines[above - 1] in own:
        above -= 1
    return lines[above : lines.index(first)]
