"""``burnish-cc``: what rustc calls as its linker. Takes the link, or passes it on to the real linker as it stands.

A linker has no say on a terminal: rustc shows what it printed only where it fails. What was done goes to the record.
"""

import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from burnish.errors import BurnishError, StoreError, UnsupportedError, UsageError
from burnish.lto import malloc
from burnish.lto.job import LinkJob, sysroot_of
from burnish.lto.line.arguments import LinkLine, parse
from burnish.lto.line.libraries import Disk
from burnish.lto.line.rustc import RustcArguments, pass_through_reason, rustc_of
from burnish.lto.line.symbols import version_scripts
from burnish.lto.line.words import expand
from burnish.lto.record import VERSION, Failure, LinkRecord
from burnish.lto.recordfile import FAILURE, decisions_path, seen_path, write_decisions, write_record, write_seen
from burnish.lto.settings import Engine, Mode, Settings, read_settings

if TYPE_CHECKING:
    from burnish.lto.decided import Decisions
    from burnish.lto.seen import Seen

#: What bitcode and its wrapper begin with.
_BITCODE = (b"BC\xc0\xde", b"\xde\xc0\x17\x0b")
#: Linkers that compilers call; rustc speaks to burnish-cc as to a compiler.
_BARE_LINKERS = frozenset({"ld", "ld.bfd", "ld.gold", "ld.lld", "ld.mold", "lld", "mold", "rust-lld", "wild"})


def main() -> int:
    """Link; gives the exit code."""
    started_anew = malloc.settle(os.environ)
    try:
        return drive(sys.argv[1:], os.environ, may_start_anew=not started_anew)
    except BurnishError as error:
        print(f"burnish-cc: error: {error.message}", file=sys.stderr)  # noqa: T201  # rustc shows it
        if error.hint:
            print(f"burnish-cc: hint: {error.hint}", file=sys.stderr)  # noqa: T201
        if directory := os.environ.get("BURNISH_LTO_RECORD"):
            failure = Failure(message=error.message, hint=error.hint, code=error.exit_code)
            with contextlib.suppress(StoreError):
                write_record(Path(directory), FAILURE, failure)
        return error.exit_code


def drive(argv: Sequence[str], environment: Mapping[str, str], *, may_start_anew: bool = False) -> int:
    """One link.

    Args:
        argv: what a compiler would be called with to link.
        environment: may hold settings.
        may_start_anew: this process is a driver and nothing else, and may start again with LLVM's allocator.

    Raises:
        BurnishError: it failed; no output was written.
    """
    settings = read_settings(environment)
    _check_linker(settings.linker)
    line = parse(expand(argv, _response))
    told = rustc_of(os.getppid())
    record = LinkRecord(
        version=VERSION,
        output=line.output,
        crate=told.crate_name if told else Path(line.output).stem,
        lto=str(settings.lto),
        engine=settings.engine,
        done_by=settings.engine,
        jobs=settings.jobs,
        malloc=malloc.in_use(),
    )
    reason = _reason_to_pass_through(line, told, settings)
    if reason is not None:
        _write(settings, msgspec.structs.replace(record, passed_through=reason))
        return _become(settings.linker, [*argv, *_choice(line, settings, environment)])
    library = malloc.find(environment, sys.path)
    if library is not None and may_start_anew and settings.engine is Engine.BURNISH:
        with contextlib.suppress(OSError):
            malloc.start_anew(environment, library)
    # Only here: a link that is passed on must not wait for numpy.
    from burnish.executor.opening import own_words_only  # noqa: PLC0415
    from burnish.lto import engine, lld  # noqa: PLC0415
    from burnish.processes import die_with_parent  # noqa: PLC0415

    if settings.cluster is not None:
        own_words_only()
    # A link that goes on after its cargo was killed would write over what the next one has linked.
    die_with_parent(os.getppid())
    job = LinkJob(line=line, told=told, settings=settings, sysroot=sysroot_of(os.getppid(), environment))
    if settings.plan_only:
        write_decisions(settings.record or Path(), record.crate, engine.plan(job))
        print("burnish-cc: the plan is written, nothing is linked", file=sys.stderr)  # noqa: T201
        return 1
    if settings.engine is Engine.BURNISH:
        try:
            done = engine.link(job, record)
        except UnsupportedError as error:
            record = msgspec.structs.replace(record, done_by=Engine.LLD, reason=error.message)
        else:
            _write(settings, done.record)
            _write_more(settings, record.crate, done.decisions, done.seen)
            return 0
    _write_more(settings, record.crate, None, None)
    _write(settings, lld.link(job, record, malloc.preloaded(environment, library) if library else environment))
    return 0


def _check_linker(linker: str) -> None:
    if Path(linker).name in _BARE_LINKERS:
        raise UsageError(
            f"the linker of this project is {linker}, burnish needs a compiler that calls it",
            hint='linker = "clang" (or "cc"), and rustflags = ["-Clink-arg=-fuse-ld=..."] to choose the linker',
        )


def _reason_to_pass_through(line: LinkLine, told: RustcArguments | None, settings: Settings) -> str | None:
    if settings.lto.mode is Mode.OFF:
        return "link-time optimization is off"
    disk = Disk()
    exported = (
        name for _, script in version_scripts(line, disk.text) for node in script.nodes for name in node.globals.exact
    )
    return pass_through_reason(line, told, exported=tuple(exported), bitcode=_has_bitcode(line))


def _choice(line: LinkLine, settings: Settings, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Arguments that choose lld where bitcode is passed on: plain cargo with burnish's lines, without optimization."""
    if not _has_bitcode(line):
        return ()
    try:
        sysroot = sysroot_of(os.getppid(), environment)
    except UnsupportedError:
        return ()
    return LinkJob(line=line, told=None, settings=settings, sysroot=sysroot).linker_choice


def _has_bitcode(line: LinkLine) -> bool:
    return any(_is_bitcode(Path(item.name)) for item in line.inputs if not item.library and item.name.endswith(".o"))


def _is_bitcode(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) in _BITCODE
    except OSError:
        return False


def _response(name: str) -> str | None:
    try:
        return Path(name).read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None


def _become(linker: str, argv: Sequence[str]) -> int:
    try:
        os.execvp(linker, [linker, *argv])  # noqa: S606  # the user's own linker, no shell
    except OSError as error:
        print(f"burnish-cc: error: cannot run {linker}: {error.strerror}", file=sys.stderr)  # noqa: T201
        return 3


def _write_more(settings: Settings, crate: str, decisions: "Decisions | None", seen: "Seen | None") -> None:
    """Write what this link decided and saw; what an earlier one did does not hold for it."""
    if settings.record is None:
        return
    if decisions is not None:
        write_decisions(settings.record, crate, decisions)
    else:
        decisions_path(settings.record, crate).unlink(missing_ok=True)
    if seen is not None:
        write_seen(settings.record, crate, seen)
    else:
        seen_path(settings.record, crate).unlink(missing_ok=True)


def _write(settings: Settings, record: LinkRecord) -> None:
    if settings.record is not None:
        write_record(settings.record, f"{record.crate}.json", record)


if __name__ == "__main__":
    raise SystemExit(main())
