"""``burnish xray``: what link-time optimization did to a program, function by function."""

import argparse
import difflib
import gc
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from burnish.cli import _selection
from burnish.cli._commands import HELP
from burnish.errors import StoreError, UsageError

if TYPE_CHECKING:
    from burnish.cli._pictures import Taken

_EPILOG = """\
examples:
  burnish xray                                    the four answers in short, thin link-time optimization
  burnish xray --lto fat --section vanished       which functions are gone, and what they would have cost
  burnish xray --why codec::scramble              one function's story: why it was (not) inlined
  burnish xray --diff thin fat                    what another mode makes of the program
  burnish xray --diff fat fat,codegen-units=1
  burnish xray --overlap                          what codegen-units = 1 and fat both give
  burnish xray --program target/release/app       any program: what it is made of
  burnish xray --format html -o xray.html         one page to explore, works offline
"""

#: The four answers. `burnish.xray.views.Part` has the same, and takes too long to load for ``--help``.
SECTIONS: Final = ("crossed", "vanished", "made-of", "road")

#: Codegen units of a release build where nothing sets them, at most (rustc_session, ``codegen_units``).
_MOST: Final = 16


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command's options."""
    parser = commands.add_parser(
        "xray",
        help=HELP["xray"],
        description="Look into a program: what crossed from crate to crate and what did not, what\nvanished, what the "
        "program is made of, what each stage of the link cost. The first time\nit builds the program in a target "
        "directory of its own; the project's files and its\ntarget/release stay as they are.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _selection.add_selection(parser)
    _add_questions(parser)
    _add_output(parser)
    _selection.add_verbose(parser)
    parser.set_defaults(run_command=run, engine="burnish", jobs=None, no_cache=False, quiet=True)


def _add_questions(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("which program")
    which = group.add_mutually_exclusive_group()
    which.add_argument(
        "--lto",
        default="thin",
        metavar="MODE",
        help="thin (default), fat, grouped, grouped=K or off; ,codegen-units=N may follow",
    )
    which.add_argument("--program", metavar="FILE", help="any program, or a stored picture, instead of a project's")
    asked = parser.add_argument_group("what to answer").add_mutually_exclusive_group()
    asked.add_argument("--section", choices=SECTIONS, help="one of the four answers, at length")
    asked.add_argument("--why", metavar="FUNCTION", help="the story of a function: its path, or the end of it")
    asked.add_argument("--diff", nargs=2, metavar=("A", "B"), help="compare two modes, programs or stored pictures")
    asked.add_argument("--overlap", action="store_true", help="sizes of four builds: what one unit and fat both give")


def _add_output(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("output")
    group.add_argument("--crate", default="", metavar="NAME", help="only what concerns this crate")
    group.add_argument("--top", type=int, metavar="N", help="rows of a table (default: 5, 20 with --section)")
    group.add_argument("--min-bytes", type=int, default=0, metavar="N", help="leave out what is smaller")
    group.add_argument("--format", choices=("text", "json", "html"), default="text", help="(default: text)")
    group.add_argument("-o", "--output", metavar="FILE", help="write there instead of to stdout")


def run(args: argparse.Namespace) -> int:
    """Build where needed, look, answer."""
    _check(args)
    gc.disable()  # a short life: a large link's tables are millions of numbers, none of which becomes garbage
    _write(_answer(args), args.output)
    return 0


def _check(args: argparse.Namespace) -> None:
    if args.top is not None and args.top < 1:
        raise UsageError(f"--top {args.top}: it takes a number from 1")
    if args.min_bytes < 0:
        raise UsageError(f"--min-bytes {args.min_bytes}: it takes a number from 0")
    if args.format == "html" and (args.why or args.diff or args.overlap):
        raise UsageError("--format html shows a whole program", hint="--why, --diff and --overlap print text or json")
    if args.program and (args.diff or args.overlap):
        raise UsageError("--program stands for one program", hint="burnish xray --diff A B takes files as well")


def _answer(args: argparse.Namespace) -> Iterable[str]:
    if args.overlap:
        return [_overlap(args)]
    if args.diff:
        return [_diff(args)]
    return [_why(args)] if args.why else _look(args)


def _look(args: argparse.Namespace) -> Iterable[str]:
    from burnish.xray.views import Part, Views, crates_of  # noqa: PLC0415  # the tables of a link

    picture = _picture(args, args.lto).picture
    if args.crate and args.crate not in crates_of(picture):
        raise UsageError(
            f"--crate {args.crate}: the program has nothing of it", hint=_like(args.crate, crates_of(picture))
        )
    if args.format == "html":
        from burnish.cli._vega import vega  # noqa: PLC0415  # as above
        from burnish.report import xray_html  # noqa: PLC0415  # as above

        return [xray_html.render(picture, vega())]
    parts = (Part(args.section),) if args.section else tuple(Part)
    views = Views(picture, crate=args.crate, min_bytes=args.min_bytes)
    if args.format == "json":
        from burnish.report import xray_json  # noqa: PLC0415  # as above

        return [xray_json.render(views, parts, top=args.top)]
    from burnish.report import xray  # noqa: PLC0415  # as above

    return xray.render(views, width=_selection.terminal_width(), top=args.top, parts=parts)


def _why(args: argparse.Namespace) -> str:
    from burnish.report import xray_json, xray_story  # noqa: PLC0415  # as above
    from burnish.xray.views import tell  # noqa: PLC0415  # as above

    taken = _picture(args, args.lto)
    story = tell(taken.picture, args.why)
    if not story.copies and not story.candidates:
        raise UsageError(
            f"--why {args.why}: no function of the program or of what went into its link ends so",
            hint="write the end of its path as Rust does, such as Parser::parse; what rustc has inlined everywhere by "
            "itself (small functions that call nothing) never comes to the link",
        )
    listings = taken.listings([left.name for copy in story.copies for left in copy.left[:1]])
    if args.format == "json":
        return xray_json.render_story(story, listings)
    return xray_story.render(
        story,
        width=_selection.terminal_width(),
        top=args.top,
        listings=[
            next((listings[left.name] for left in copy.left if left.name in listings), ()) for copy in story.copies
        ],
    )


def _diff(args: argparse.Namespace) -> str:
    from burnish.report import xray_diff  # noqa: PLC0415  # as above

    first, second = (_picture(args, word).picture for word in args.diff)
    options = {"crate": args.crate, "min_bytes": args.min_bytes, "top": args.top}
    if args.format == "json":
        return xray_diff.render_json(first, second, **options)
    return xray_diff.render(first, second, width=_selection.terminal_width(), **options)


def _overlap(args: argparse.Namespace) -> str:
    from burnish.cli._pictures import units_in_force  # noqa: PLC0415  # as above
    from burnish.report import xray_diff  # noqa: PLC0415  # as above
    from burnish.xray.overlap import Overlap, corner  # noqa: PLC0415  # as above

    # A project that has one unit already is compared with rustc's most.
    many = f",codegen-units={_MOST}" if units_in_force(args) == 1 else ""
    words = (f"off{many}", "off,codegen-units=1", f"fat{many}", "fat,codegen-units=1")
    none, one, fat, both = (corner(_picture(args, word).picture) for word in words)
    found = Overlap(none=none, one=one, fat=fat, both=both)
    if args.format == "json":
        return xray_diff.render_overlap_json(found)
    return xray_diff.render_overlap(found, width=_selection.terminal_width())


def _picture(args: argparse.Namespace, word: str) -> "Taken":
    from burnish.cli import _pictures  # noqa: PLC0415  # as above

    return _pictures.picture(args, word)


def _like(name: str, names: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(names), n=3)
    return f"perhaps {' or '.join(close)}" if close else "a crate's name has _ in the place of -"


def _write(chunks: Iterable[str], output: str | None) -> None:
    if output is None:
        for chunk in chunks:
            sys.stdout.write(chunk)
            sys.stdout.flush()
        return
    try:
        Path(output).write_text("".join(chunks), encoding="utf-8")
    except OSError as error:
        raise StoreError(f"cannot write {output}: {error.strerror}") from error
    print(f"wrote {output}", file=sys.stderr)
