"""A function's whole story, for a terminal."""

from collections.abc import Sequence

from burnish.report.xray import Page
from burnish.units import format_bytes, plural
from burnish.xray.story import Copy, Place, Site, Story, Wish

#: Names, wishes and call sites that are shown of a story where no number was asked for.
ROWS = 20
#: ``LastCallToStaticBonus`` of llvm/include/llvm/Analysis/InlineCost.h, and half of it: costs below have it.
_LAST_CALL = 15_000
_BONUS = -_LAST_CALL // 2


def render(found: Story, *, width: int = 80, top: int | None = None, listings: Sequence[Sequence[str]] = ()) -> str:
    """The story; ``listings`` the code that is left, line by line, a listing for each copy that has one.

    Several functions that may be meant are listed instead.
    """
    page = Page(width, top or ROWS)
    if not found.copies:
        _candidates(page, found)
        return page.render()
    for number, copy in enumerate(found.copies[: page.rows]):
        if number:
            page.lines.append("")
        _copy(page, copy)
        if number < len(listings) and listings[number]:
            page.text("Its code now:", 2)
            page.lines += [f"    {line}"[:width] for line in listings[number]]
    if len(found.copies) > page.rows:
        page.text(f"and {len(found.copies) - page.rows:,} more copies")
    return page.render()


def _candidates(page: Page, found: Story) -> None:
    page.text(f"{found.asked} may be one of {plural(len(found.candidates), 'function')}:")
    for name in found.candidates[: page.rows]:
        page.text(name, 2)
    if len(found.candidates) > page.rows:
        page.text(f"and {len(found.candidates) - page.rows:,} more; write more of the path", 2)


def _copy(page: Page, copy: Copy) -> None:
    page.text(copy.shown)
    page.lines.append(f"  {copy.mangled}")
    if copy.places:
        size = f"{plural(copy.instructions, 'instruction')}, " if copy.is_function else "a variable, "
        page.text(f"Before the link: {size}{'alive' if copy.live else 'dead: nothing that lives refers to it'}.", 2)
    for place in copy.places[: page.rows]:
        page.text(_defined(place), 2)
    _wishes(page, copy)
    _sites(page, copy)
    _left(page, copy)


def _defined(place: Place) -> str:
    reason = f" ({place.reason})" if place.reason else ""
    return f"In {place.module}: {place.fate}{reason}."


def _wishes(page: Page, copy: Copy) -> None:
    for wish in copy.wishes[: page.rows]:
        page.text(_wish(wish, copy), 2)
    if len(copy.wishes) > page.rows:
        page.text(f"and {len(copy.wishes) - page.rows:,} more units", 2)
    if copy.places and copy.live and not copy.wishes and copy.is_function:
        page.text("No other unit asked to import it.", 2)


def _wish(wish: Wish, copy: Copy) -> str:
    size = f"{copy.instructions:,} instructions"
    if not wish.refusal:
        limit = f": {size}, the limit is {wish.limit:,}" if wish.limit >= 0 else ""
        return f"Imported into {wish.unit} for {wish.caller}{limit}."
    meaning = f" ({wish.meaning})" if wish.meaning else ""
    limit = f": {size}, the limit is {wish.limit:,}" if wish.refusal == "TooLarge" else ""
    return f"Not imported into {wish.unit} for {wish.caller}, {wish.refusal}{meaning}{limit}."


def _sites(page: Page, copy: Copy) -> None:
    if copy.sites:
        inlined = sum(site.calls for site in copy.sites if site.inlined)
        page.text(f"Calls of it: {plural(inlined, 'verdict')} to inline, {_kept(copy.sites):,} not to:", 2)
        page.table(("calls", "verdict", "cost", "threshold", "in"), [_site(site) for site in copy.sites])
        if any(site.inlined and site.cost < _BONUS for site in copy.sites):
            page.text(
                f"It was the last call of a function that nothing else refers to: LLVM takes {_LAST_CALL:,} off the "
                "cost, for the function itself goes.",
                2,
            )
    elif copy.places and copy.live and copy.is_function:
        page.text("LLVM came to no call of it.", 2)
    if copy.into_it:
        calls = sum(site.calls for site in copy.into_it)
        page.text(f"Inlined into it: {plural(calls, 'call')}:", 2)
        page.table(("calls", "verdict", "cost", "threshold", "of"), [_site(site) for site in copy.into_it])


def _kept(sites: Sequence[Site]) -> int:
    return sum(site.calls for site in sites if not site.inlined)


def _site(site: Site) -> tuple[str, str, str, str, str]:
    given = site.threshold >= 0
    reason = f": {site.reason}" if site.reason else ""
    return (
        f"{site.calls:,}",
        "inlined" if site.inlined else "not",
        f"{site.cost:,}" if given else ("always" if site.inlined else "-"),
        f"{site.threshold:,}" if given else "-",
        f"{site.caller}{reason}",
    )


def _left(page: Page, copy: Copy) -> None:
    if not copy.left:
        way = f"{copy.way} ({copy.way.meaning})" if copy.way is not None else "gone"
        page.text(f"In the program: nothing; {way}.", 2)
    for left in copy.left[: page.rows]:
        more = f", {format_bytes(left.retained)} would go with it" if left.retained > left.size else ""
        page.text(f"In the program: {left.size:,} bytes{more}.", 2)
        if left.referrers:
            names = ", ".join(left.referrers[:5])
            rest = f" and {len(left.referrers) - 5} more" if len(left.referrers) > 5 else ""
            page.text(f"Referred to by {names}{rest}.", 4)
