"""Two programs compared, and what codegen-units = 1 and fat both give: for a terminal and as JSON."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from burnish.report.xray import BRIEF, ROWS, Page
from burnish.report.xray_json import VERSION, encode
from burnish.units import format_bytes, format_change, plural
from burnish.xray.compare import Change, Difference, State, compare
from burnish.xray.overlap import Overlap, corner
from burnish.xray.picture import Picture

#: A share of a program's size that no one would call a difference.
_NOTHING: Final = 0.0005

_TABLES: Final = ("sections", "crates", "functions", "generics")


def render(
    first: Picture, second: Picture, *, width: int = 80, crate: str = "", min_bytes: int = 0, top: int | None = None
) -> str:
    """What differs from the first to the second; with ``crate``, of it alone, changes of at least ``min_bytes``."""
    found = compare(first.anatomy, second.anatomy)
    page = Page(width, top or ROWS)
    page.text(_title(first, second))
    if crate:
        page.text(f"only the crate {crate}")
    _sides(page, first, second, found)
    brief = Page(width, top or 2 * BRIEF)
    if not crate:
        _table(brief, "By section:", "section", _worth(found.sections, "", min_bytes))
        _table(brief, "Code and data by crate:", "crate", _worth(found.crates, "", min_bytes))
    page.lines += brief.lines
    functions = _worth(found.functions, crate, min_bytes)
    _states(page, found if not crate else None)
    _table(page, "Largest changes of functions and variables:", "name", functions, states=True)
    _copies(brief := Page(width, top or 2 * BRIEF), _worth(found.generics, crate, min_bytes))
    page.lines += brief.lines
    return page.render()


def _title(first: Picture, second: Picture) -> str:
    if first.title == second.title and first.mode:
        return f"{first.title}: from {first.mode} to {second.mode}"
    return f"from {_name(first)} to {_name(second)}"


def _name(picture: Picture) -> str:
    return f"{picture.title}, {picture.mode}" if picture.mode else picture.title


def _worth(rows: Iterable[Change], crate: str, least: int) -> list[Change]:
    return [row for row in rows if row.change and abs(row.change) >= least and crate in {"", row.crate}]


def _sides(page: Page, first: Picture, second: Picture, found: Difference) -> None:
    names = [picture.mode or picture.title for picture in (first, second)]
    rows = [(format_bytes(size), f"{size:,}", name) for size, name in zip(found.stripped, names, strict=True)]
    before, after = found.stripped
    page.table(("size", "bytes", "without symbols"), [*rows, (_share(before, after), f"{after - before:+,}", "change")])
    for name, picture in zip(names, (first, second), strict=True):
        if modules := _modules(picture):
            page.text(f"{name}: {modules}.", 2)


def _modules(picture: Picture) -> str:
    """The module arithmetic: how many modules the link had, and in how many units they were optimized."""
    if picture.decisions is None:
        return "each module optimized alone" if picture.mode else ""
    own, units = corner(picture), len(picture.decisions.units)
    modules = plural(len(picture.decisions.modules), "module")
    together = "merged into one" if units == 1 else f"optimized in {plural(units, 'unit')}"
    return f"{modules}, {own.modules or 0:,} without the standard library's, {together}"


def _share(before: int, after: int) -> str:
    return format_change(after / before) if before else "-"


def _table(page: Page, heading: str, noun: str, rows: list[Change], *, states: bool = False) -> None:
    if not rows:
        return
    page.text(heading, 2)
    if states:
        page.table(
            ("before", "after", "change", "", noun),
            ((f"{row.before:,}", f"{row.after:,}", f"{row.change:+,}", str(row.state), _copied(row)) for row in rows),
        )
        return
    page.table(
        ("before", "after", "change", noun),
        ((f"{row.before:,}", f"{row.after:,}", f"{row.change:+,}", row.name) for row in rows),
    )


def _copied(row: Change) -> str:
    before, after = row.copies
    return row.name if max(before, after) == 1 else f"{row.name} ({before} -> {after} copies)"


def _states(page: Page, found: Difference | None) -> None:
    if found is None:
        return
    told = [
        f"{found.count(state):,} {state} ({found.bytes(state):+,} bytes)"
        for state in (State.NEW, State.GONE, State.GROWN, State.SHRUNK)
        if found.count(state)
    ]
    page.text(f"By function and variable: {', '.join([*told, f'{found.count(State.SAME):,} the same'])}.", 2)


def _copies(page: Page, rows: list[Change]) -> None:
    changed = [row for row in rows if row.copies[0] != row.copies[1]]
    if changed:
        page.text("Generics of which the number of copies changed:", 2)
        page.table(
            ("copies", "change", "generic"),
            ((f"{row.copies[0]:,} -> {row.copies[1]:,}", f"{row.change:+,}", row.name) for row in changed),
        )


def render_json(first: Picture, second: Picture, *, crate: str = "", min_bytes: int = 0, top: int | None = None) -> str:
    """The same as values: each row with bytes and copies before and after."""
    found = compare(first.anatomy, second.anatomy)
    tables = {
        name: [
            _plain(row) for row in _worth(getattr(found, name), "" if name == "sections" else crate, min_bytes)[:top]
        ]
        for name in _TABLES
    }
    body: dict[str, Any] = {
        "version": VERSION,
        "from": _side(first),
        "to": _side(second),
        "states": {str(state): {"count": found.count(state), "change": found.bytes(state)} for state in State},
        **tables,
    }
    return encode(body)


def _plain(row: Change) -> dict[str, Any]:
    return {**msgspec.to_builtins(row), "change": row.change, "state": str(row.state)}


def _side(picture: Picture) -> dict[str, Any]:
    made = picture.decisions
    return {
        "title": picture.title,
        "lto": picture.mode,
        "size": picture.anatomy.size,
        "stripped": picture.anatomy.stripped,
        "modules": None if made is None else len(made.modules),
        "units": None if made is None else len(made.units),
    }


def render_overlap(found: Overlap, *, width: int = 80) -> str:
    """The four builds, and what they say of each other."""
    page = Page(width, 4)
    page.text("Bytes without symbols:")
    page.table(
        ("size", "bytes", "code", "build"),
        (
            (format_bytes(each.size), f"{each.size:,}", f"{each.code:,}", each.name)
            for each in (found.none, found.one, found.fat, found.both)
        ),
    )
    if found.fat.modules is not None and found.both.modules is not None:
        page.text(
            f"{plural(found.fat.modules, 'module')} of {plural(found.fat.crates or 0, 'crate')} with {_units(found)}, "
            f"{found.both.modules:,} with codegen-units = 1; fat merges them, and the standard library's, into one.",
            2,
        )
    size = found.none.size
    page.text(f"codegen-units = 1 alone saves {_saved(found.by_one, size)}.", 2)
    page.text(f"fat alone saves {_saved(found.by_fat, size)}.", 2)
    page.text(f"Both save {_saved(found.together, size)}.", 2)
    page.text(_shared(found), 2)
    return page.render()


def _saved(saved: int, size: int) -> str:
    if abs(saved) < _NOTHING * size:
        return "nothing"
    return f"{saved:,} bytes ({format_change((size - saved) / size)})" if size else f"{saved:,} bytes"


def _units(found: Overlap) -> str:
    units = found.fat.name.partition(",")[2].replace("=", " = ")
    return units or "the codegen units as set"


def _shared(found: Overlap) -> str:
    if abs(found.shared) < _NOTHING * found.none.size:
        return "There is no overlap to speak of: together they save what each saves alone."
    if found.shared > 0:
        return (
            f"The overlap is {found.shared:,} bytes: codegen-units = 1 gives them already, and fat then no longer has "
            "to."
        )
    return f"There is no overlap: together they save {-found.shared:,} bytes more than each alone."


def render_overlap_json(found: Overlap) -> str:
    """The four builds and the sums."""
    body = {
        "version": VERSION,
        "builds": {name: msgspec.to_builtins(getattr(found, name)) for name in ("none", "one", "fat", "both")},
        "saved": {"one": found.by_one, "fat": found.by_fat, "both": found.together, "overlap": found.shared},
    }
    return encode(body)
