"""Taking a picture of a program, and keeping it. The module of xray that reads and writes files.

Pictures lie in ``target/burnish/xray``. One is fresh where the program that it shows is the file that cargo has built:
cargo knows best what an edit touches.
"""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from burnish import __version__
from burnish.build.symbols import crate_of
from burnish.errors import StoreError, ToolError, UsageError
from burnish.lto.record import LtoBuild
from burnish.lto.recordfile import read_decisions, read_seen, write_whole
from burnish.xray.names import shown
from burnish.xray.picture import VERSION, Names, Picture
from burnish.xray.values import Anatomy

_MAGIC = b"\x7fELF"


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A picture as it is stored, with what the file it shows looked like."""

    stamp: str
    picture: Picture


def stamp_of(product: Path) -> str:
    """What tells one build of a file from another.

    Raises:
        ToolError: it is not there.
    """
    try:
        found = product.stat()
    except OSError as error:
        raise ToolError(f"cannot read {product}: {error.strerror}") from error
    return f"{__version__} {VERSION} {found.st_size} {found.st_mtime_ns}"


def kept(place: Path, stamp: str) -> Picture | None:
    """The stored picture of a file with this stamp; None where there is none, or none that can be read."""
    try:
        found = msgspec.json.decode(place.read_bytes(), type=_Kept)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return found.picture if found.stamp == stamp else None


def keep(place: Path, stamp: str, picture: Picture) -> None:
    """Store a picture, whole or not at all.

    Raises:
        StoreError: it cannot be written.
    """
    write_whole(place, msgspec.json.encode(_Kept(stamp=stamp, picture=picture)))


def take(built: LtoBuild, product: Path, *, title: str, mode: str) -> Picture:
    """The picture of a build.

    Raises:
        ToolError: the program cannot be read.
        StoreError: the link's files cannot be read.
    """
    anatomy = _anatomy_of(product)
    if built.seen is None or not built.plan.is_file():
        return Picture(
            version=VERSION, title=title, mode=mode, anatomy=anatomy, link=built.record, missing=_missing(built)
        )
    seen = read_seen(built.seen)
    return Picture(
        version=VERSION,
        title=title,
        mode=mode,
        anatomy=anatomy,
        decisions=read_decisions(built.plan),
        seen=seen,
        names=names_of(seen.names),
        link=built.record,
    )


def picture_of_file(path: Path) -> Picture:
    """The picture of a program that something else built, or a stored one.

    Raises:
        UsageError, ToolError: the file is neither, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            begin = file.read(4)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    if begin == _MAGIC:
        return Picture(
            version=VERSION,
            title=path.name,
            mode="",
            anatomy=_anatomy_of(path),
            missing=(
                (
                    "Only what the file itself tells: what crossed and what vanished is known of programs that burnish "
                    "links (burnish xray without --program)."
                ),
            ),
        )
    return _stored(path)


def _stored(path: Path) -> Picture:
    try:
        found = msgspec.json.decode(path.read_bytes(), type=_Kept)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(
            f"{path} is neither a program nor a stored picture",
            hint="pictures lie in target/burnish/xray; programs are ELF files",
        ) from error
    if found.picture.version != VERSION:
        raise StoreError(
            f"{path} is of version {found.picture.version}, this burnish reads {VERSION}",
            hint="take the picture again: burnish xray",
        )
    return found.picture


def names_of(names: Iterable[str]) -> Names:
    """Each name as Rust writes it, with its crate."""
    crates: dict[str, int] = {}
    mangled = list(names)
    return Names(
        shown=[shown(name) for name in mangled],
        crate=[crates.setdefault(crate_of(name), len(crates)) for name in mangled],
        crates=list(crates),
    )


def _missing(built: LtoBuild) -> tuple[str, ...]:
    record = built.record
    if record is None:
        why = built.note or "there was no link-time optimization"
    elif record.passed_through:
        why = record.passed_through
    else:
        why = record.reason or f"{record.done_by} did the link"
    return (f"What crossed and what vanished is not known: {why}.",)


def _anatomy_of(product: Path) -> Anatomy:
    from burnish.xray.read import anatomy_of  # noqa: PLC0415  # numpy and rustworkx; a kept picture needs neither

    return anatomy_of(product)
