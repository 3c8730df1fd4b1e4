"""An explanation of a profile for a terminal, as Markdown and as JSON."""

import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import msgspec

from burnish.explain.arithmetic import sums
from burnish.explain.values import Arithmetic, CrateCount, Explanation, OptionView, Told, ValueView
from burnish.explain.wording import change_words
from burnish.report.printable import printable
from burnish.units import format_seconds

WIDTH: Final = 80
#: Crates of the module table that are shown one by one.
_SHOWN: Final = 12
_LABEL: Final = 8


def render(found: Explanation, *, width: int = WIDTH) -> str:
    """The explanation for a terminal; a single option has everything, of many the minor ones are told in short."""
    single = len(found.options) == 1
    lines = [*_wrap(found.title, width), ""]
    if not single:
        lines += [*_overview(found.options, width), ""]
    for each in (found.record, found.measured):
        lines += _wrap(each, width)
    for view in found.options:
        lines += ["", *_option(view, width, single=single)]
    if found.arithmetic is not None:
        lines += ["", *_arithmetic(found.arithmetic, width)]
    if not single:
        lines += ["", *_wrap("One option with its sources: --option NAME. Claims against measurements: burnish claims. "
                             "The road of the code: --pipeline none|thin-local|thin|fat.", width)]  # fmt: skip
    return "\n".join(printable(line.rstrip()) for line in lines) + "\n"


def _overview(options: Sequence[OptionView], width: int) -> Iterator[str]:
    values = [_shown_value(view, 20) for view in options]
    for view, value in zip(options, values, strict=True):
        yield f"{view.key:<16}{value:<22}{_origin(view)}"[:width]


def _shown_value(view: OptionView, limit: int) -> str:
    return view.value if len(view.value) <= limit else f"{view.value[: limit - 3]}..."


def _origin(view: OptionView) -> str:
    return f"{view.origin}, inherited from {view.inherited}" if view.inherited else view.origin


def _option(view: OptionView, width: int, *, single: bool) -> Iterator[str]:
    whole = single or not view.minor
    yield from _wrap(f"{view.key}: {view.value}   ({_origin(view)})", width, "", "  ")
    if view.key != "overrides":
        yield from _labelled("rustc", told_words(view.told), width)
    yield from _wrap(" ".join(view.text.does), width, "  ")
    if whole:
        yield from _values(view.values, width)
        yield from _labelled("price", view.text.price, width)
        yield from _labelled("use", view.text.use, width)
        yield from _labelled("not", view.text.avoid, width)
    # Among many options, what is about several of them stands with the first.
    for interaction in (each for each in view.interactions if single or each.options[0] == view.key):
        yield from _labelled("as set", interaction.text, width)
    if whole:
        for correction in view.corrections:
            yield from _labelled("said", f"{correction.said}. Not so: {correction.truth}", width)
    if single:
        said = (*(each.source for each in view.interactions), *(each.source for each in view.corrections))
        for source in dict.fromkeys((*view.text.sources, *said)):
            yield from _labelled("source", source, width)


def told_words(told: Told) -> str:
    """``-C lto=fat; libraries: -C linker-plugin-lto (recorded)``."""
    final = " ".join(told.final) or "no flag"
    words = final if told.final == told.library else f"{final}; libraries: {' '.join(told.library) or 'no flag'}"
    return f"{words} ({'recorded' if told.recorded else 'as Cargo would'})"


def _values(values: Sequence[ValueView], width: int) -> Iterator[str]:
    room = max((len(each.text.value) for each in values), default=0)
    for each in values:
        mark = "*" if each.current else " "
        head = f"  {mark} {each.text.value:<{room}}  "
        yield from _wrap(each.text.does, width, head, " " * len(head))
        if each.measured:
            here = "; ".join(change_words(measured) for measured in each.measured)
            yield from _wrap(f"here: {here}", width, " " * len(head))


def _arithmetic(count: Arithmetic, width: int) -> Iterator[str]:
    yield "modules of this program"
    for line in sums(count):
        yield from _wrap(line, width, "  ", "    ")
    yield ""
    yield f"  {'crate':<30}{'asked':>7}{'units':>7}{'native':>8}{'rustc CPU':>12}"
    shown, rest = shown_crates(count)
    for crate in shown:
        yield (
            f"  {crate.crate[:30]:<30}{_number(crate.asked, 'unset'):>7}{_number(crate.units, '?'):>7}"
            f"{crate.native or '':>8}{format_seconds(crate.seconds):>12}"
        )
    if rest:
        units = sum(crate.units or 0 for crate in rest)
        yield f"  and {len(rest)} more with {units} units"
    yield ""
    yield "  outside of LTO"
    for outside in count.outside:
        yield from _wrap(f"{outside.what}: {outside.why}", width, "    ", "      ")


def shown_crates(count: Arithmetic) -> tuple[tuple[CrateCount, ...], tuple[CrateCount, ...]]:
    """The crates to list, most units and most time first, the final one before all; and the others."""
    *libraries, final = count.crates
    libraries.sort(key=lambda crate: (-(crate.units or 0), -crate.seconds))
    return (final, *libraries[: _SHOWN - 1]), tuple(libraries[_SHOWN - 1 :])


def _number(number: int | None, missing: str) -> str:
    return missing if number is None else str(number)


def _labelled(label: str, text: str, width: int) -> list[str]:
    return _wrap(text, width, f"  {label:<{_LABEL}}", " " * (_LABEL + 2))


def _wrap(text: str, width: int, indent: str = "", rest: str | None = None) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=indent if rest is None else rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def render_json(found: Explanation) -> str:
    """All of it; ``version`` changes where a field loses its meaning."""
    body = {"version": 1, **msgspec.to_builtins(found)}
    if found.arithmetic is not None:
        body["sums"] = sums(found.arithmetic)
    return msgspec.json.format(msgspec.json.encode(body), indent=2).decode() + "\n"


def render_markdown(found: Explanation) -> str:
    """For a pull request or a wiki."""
    lines = [f"# {_md(found.title)}", "", _md(found.record), "", _md(found.measured), ""]
    lines += ["| option | value | from |", "|---|---|---|"]
    lines += [f"| {view.key} | `{_md(view.value)}` | {_md(_origin(view))} |" for view in found.options]
    for view in found.options:
        lines += ["", *_md_option(view)]
    if found.arithmetic is not None:
        lines += ["", *_md_arithmetic(found.arithmetic)]
    return "\n".join(printable(line) for line in lines) + "\n"


def _md_option(view: OptionView) -> Iterator[str]:
    yield from (f"## {view.key} = `{_md(view.value)}`", "")
    yield from (f"{_md(_origin(view))}. rustc: {_md(told_words(view.told))}.", "")
    yield from (_md(" ".join(view.text.does)), "")
    if view.values:
        yield from ("| value | does | here |", "|---|---|---|")
        for each in view.values:
            here = "in force" if each.current else "; ".join(map(change_words, each.measured)) or "not measured"
            yield f"| `{_md(each.text.value)}` | {_md(each.text.does)} | {_md(here)} |"
        yield ""
    yield f"- Price: {_md(view.text.price)}"
    yield f"- Use: {_md(view.text.use)}"
    yield f"- Not: {_md(view.text.avoid)}"
    yield from (f"- As set here: {_md(each.text)} [source]({each.source})" for each in view.interactions)
    yield from (f'- Wrong: "{_md(each.said)}". {_md(each.truth)} [source]({each.source})' for each in view.corrections)
    yield f"- Sources: {', '.join(f'<{source}>' for source in view.text.sources)}"


def _md_arithmetic(count: Arithmetic) -> Iterator[str]:
    yield from ("## Modules of this program", "")
    yield from (f"- {_md(line)}" for line in sums(count))
    yield from ("", "| crate | asked | units | native | rustc CPU |", "|---|---|---|---|---|")
    for crate in count.crates:
        asked, units = _number(crate.asked, "unset"), _number(crate.units, "?")
        yield f"| {_md(crate.crate)} | {asked} | {units} | {crate.native} | {format_seconds(crate.seconds)} |"
    yield from ("", "Outside of LTO:", "")
    yield from (f"- {_md(outside.what)}: {_md(outside.why)}" for outside in count.outside)


def _md(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


#: The renderer of each format, by the name the command line gives it.
FORMATS: Final[Mapping[str, Callable[[Explanation], str]]] = MappingProxyType(
    {"text": render, "md": render_markdown, "json": render_json}
)
