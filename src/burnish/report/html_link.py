"""The part of a report's page that looks into the link, from the short picture that the result keeps."""

from collections.abc import Iterable
from html import escape

from burnish.report import drawn_link
from burnish.report.drawing import Spec
from burnish.report.printable import printable
from burnish.tune.result import LinkPicture, TuneResult, linked_profile
from burnish.units import plural

#: How to get what is not there.
ABSENT = "No picture of the link is stored with this result: burnish report --xray takes one, by one more build."


def section(result: TuneResult, specs: dict[str, Spec]) -> Iterable[str]:
    """Sentences and drawings; where no picture is stored a line that says how to get one; without LTO nothing."""
    link = result.link
    if link is None:
        if linked_profile(result) is not None:
            yield f'<section><h2>What the link did</h2><p class="dim">{escape(ABSENT)}</p></section>'
        return
    yield '<section id="link"><h2>What the link did</h2>'
    yield "".join(f"<p>{escape(printable(line))}</p>" for line in sentences(link))
    yield '<div class="two">'
    for key, heading, spec in (
        ("crossings", "Calls inlined from crate to crate, those within std aside", drawn_link.crossings(link)),
        ("fates", "What became of the functions", drawn_link.fates(link)),
    ):
        if spec is not None:
            specs[key] = spec
            yield f'<div><p class="dim">{heading}</p>'
            yield f'<div class="drawing" id="{key}" role="figure" aria-label="{heading}"></div></div>'
    yield f"</div>{_functions(link)}"
    yield f'<p class="dim">The whole: <code>{escape(command(link))}</code></p></section>'


def command(link: LinkPicture) -> str:
    """What shows the whole link, function by function; other options than the manifest's are not in it."""
    units = "" if link.profile.codegen_units is None else f",codegen-units={link.profile.codegen_units}"
    return f"burnish xray --lto {link.profile.lto}{units} --format html -o xray.html"


def sentences(link: LinkPicture) -> tuple[str, ...]:
    """What crossed and what went, in words."""
    whose = f"Of the {link.name} profile, {link.profile.id}"
    if not link.modules:
        return (f"{whose}: {' '.join(link.missing) or 'nothing is known of its link.'}",)
    extent = f"{plural(link.modules, 'module')} of {plural(link.crates, 'crate')}"
    units = f"in {plural(link.units, 'unit')}, {plural(link.imports, 'import')}"
    into = "merged into one" if link.units == 1 else units
    inlined = f"{plural(link.calls, 'call')} inlined across crates, {link.standard_calls:,} of them within std"
    left = f"{link.left:,} of {plural(link.functions, 'function')} are in the program."
    return (
        f"{whose}, linked by burnish's own engine with rustc's LLVM: {extent} {into}; {inlined}.",
        " ".join((left, *(f"{each.functions:,} {each.way} ({drawn_link.fate(each)})." for each in link.losses))),
        *link.missing,
    )


def _functions(link: LinkPicture) -> str:
    if not link.inlined:
        return ""
    rows = "".join(
        f'<tr><th scope="row">{escape(printable(each.name))}</th>'
        f"<td>{escape(printable(', '.join(each.crates[:4])))}</td><td>{each.calls:,}</td></tr>"
        for each in link.inlined
    )
    return (
        "<details><summary>the functions that were inlined most, the program's own crates first</summary>"
        '<div class="wide"><table class="words"><thead><tr><th>function</th><th>into</th><th>calls</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div></details>"
    )
