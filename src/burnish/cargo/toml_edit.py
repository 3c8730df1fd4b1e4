"""Single edits of a TOML text: set a key, remove a key, put a comment. Whatever is not edited stays byte for byte.

Where a table is written decides how a key goes in: under its header, among its dotted keys, or in its inline table.
"""

from collections.abc import Iterable

import tomlkit

from burnish.profile.keys import Value
from burnish.profile.source import Entry, entries

Path = tuple[str, ...]


def newline_of(text: str) -> str:
    """The line end of the text: that of its first line."""
    first = text.find("\n")
    return "\r\n" if first > 0 and text[first - 1] == "\r" else "\n"


def set_key(text: str, table: Path, key: str, value: Value) -> str:
    """The text with ``key = value`` in the table, which is created where it is not written yet."""
    path = (*table, key)
    rendered = tomlkit.item(value).as_string()
    all_entries = tuple(entries(text))
    for entry in all_entries:
        if entry.path == path and entry.value:
            return text[: entry.value[0]] + rendered + text[entry.value[1] :]
    if (holder := _inline_holder(all_entries, table)) is not None:
        return _add_inline(text, all_entries, holder, f"{_dotted(path[len(holder.path) :])} = {rendered}")
    if any(entry.is_header and entry.path == table for entry in all_entries):
        return _add_under_header(text, all_entries, table, f"{key} = {rendered}")
    dotted = [entry for entry in all_entries if entry.value and not entry.inline and _inside(entry, table)]
    if dotted:
        last = dotted[-1]
        line = f"{_indent(text, last)}{_dotted(path[len(last.table) :])} = {rendered}"
        return insert_line(text, last.end, line)
    return _add_table(text, all_entries, table, f"{key} = {rendered}")


def remove_key(text: str, table: Path, key: str) -> str:
    """The text without the key, its line and the comment on it; unchanged where the key is not written."""
    all_entries = tuple(entries(text))
    for entry in all_entries:
        if entry.path == (*table, key) and entry.value:
            if entry.inline:
                return _remove_inline(text, all_entries, entry)
            return text[: entry.start] + text[entry.end :]
    return text


def insert_line(text: str, position: int, line: str) -> str:
    """The text with a line (or several) before the line that starts at ``position``."""
    newline = newline_of(text)
    before, after = text[:position], text[position:]
    if before and not before.endswith("\n"):
        before += newline
    inserted = f"{line}\n".replace("\n", newline)
    return f"{before}{inserted}{after}"


def section(all_entries: Iterable[Entry], table: Path) -> list[Entry]:
    """The header of a table and the entries under it up to the next header, inline pairs left out."""
    found: list[Entry] = []
    inside = False
    for entry in all_entries:
        if entry.is_header:
            inside = entry.path == table
        if inside and not entry.inline:
            found.append(entry)
    return found


def first_line_of(all_entries: Iterable[Entry], table: Path) -> Entry | None:
    """The header of a table, else the first line that writes something of it."""
    lines = [entry for entry in all_entries if not entry.inline]
    header = next((entry for entry in lines if entry.is_header and entry.path == table), None)
    return header or next((e for e in lines if e.path[: len(table)] == table or _holds(e, table)), None)


def _holds(entry: Entry, table: Path) -> bool:
    return entry.value is not None and bool(entry.path) and table[: len(entry.path)] == entry.path


def _inside(entry: Entry, table: Path) -> bool:
    """A dotted key of the table: written in a table further out."""
    return entry.path[: len(table)] == table and len(entry.table) < len(table)


def _dotted(path: Path) -> str:
    return ".".join(tomlkit.key(part).as_string() for part in path)


def _indent(text: str, entry: Entry) -> str:
    line = text[entry.start : entry.end]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _inline_holder(all_entries: tuple[Entry, ...], table: Path) -> Entry | None:
    """The innermost inline table that is this table or holds it."""
    holders = [entry for entry in all_entries if _holds(entry, table)]
    return max(holders, key=lambda entry: len(entry.path), default=None)


def _add_inline(text: str, all_entries: tuple[Entry, ...], holder: Entry, pair: str) -> str:
    inner = [entry for entry in all_entries if entry.inline and entry.table == holder.path]
    if inner:
        end = inner[-1].end
        return f"{text[:end]}, {pair}{text[end:]}"
    start, end = holder.value or (holder.start, holder.end)
    return f"{text[:start]}{{ {pair} }}{text[end:]}"


def _remove_inline(text: str, all_entries: tuple[Entry, ...], entry: Entry) -> str:
    siblings = [other for other in all_entries if other.inline and other.table == entry.table]
    place = siblings.index(entry)
    if place:
        return text[: siblings[place - 1].end] + text[entry.end :]
    end = siblings[1].start if len(siblings) > 1 else entry.end
    return text[: entry.start] + text[end:]


def _add_under_header(text: str, all_entries: tuple[Entry, ...], table: Path, pair: str) -> str:
    """After the last pair of the table; comments and blank lines that lead over to the next table stay there."""
    last = [entry for entry in section(all_entries, table) if entry.path][-1]
    return insert_line(text, last.end, f"{_indent(text, last)}{pair}")


def _add_table(text: str, all_entries: tuple[Entry, ...], table: Path, pair: str) -> str:
    """A new table: before the tables it holds, else behind the last table of its kind, else at the end."""
    lines = f"[{_dotted(table)}]\n{pair}"
    lines_only = [entry for entry in all_entries if not entry.inline]
    for index, entry in enumerate(lines_only):
        if entry.is_header and entry.path[: len(table)] == table:
            return insert_line(text, lines_only[_comments_above(text, lines_only, index)].start, f"{lines}\n")
    position = _end_of_kin(text, lines_only, table)
    before = "\n" if text[:position].strip() and not _ends_blank(text[:position]) else ""
    after = "\n" if text[position:].strip() and not text[position:].lstrip(" \t\r").startswith("\n") else ""
    return insert_line(text, position, f"{before}{lines}{after}")


def _end_of_kin(text: str, lines: list[Entry], table: Path) -> int:
    """Behind the last pair under the last header that shares the longest start with the table."""
    for shared in range(len(table), 0, -1):
        kin = [entry for entry in lines if entry.is_header and entry.path[:shared] == table[:shared]]
        if kin:
            last = [entry for entry in section(lines, kin[-1].path) if entry.path][-1]
            return _behind_comments(text, lines, lines.index(last))
    return lines[-1].end if lines else len(text)


def _comments_above(text: str, lines: list[Entry], index: int) -> int:
    """The first of the comment lines that stand directly above a line."""
    while index and _is_comment(text, lines[index - 1]):
        index -= 1
    return index


def _behind_comments(text: str, lines: list[Entry], index: int) -> int:
    """The end of the comment lines directly below a line, unless they lead over to a table right below them."""
    behind = index + 1
    while behind < len(lines) and _is_comment(text, lines[behind]):
        behind += 1
    if behind < len(lines) and lines[behind].is_header:
        return lines[index].end
    return lines[behind - 1].end


def _is_comment(text: str, entry: Entry) -> bool:
    return not entry.path and text[entry.start : entry.end].lstrip().startswith("#")


def _ends_blank(text: str) -> bool:
    *_, before_last, last = ("", *text.split("\n"))
    return not last.strip() and not before_last.strip()
