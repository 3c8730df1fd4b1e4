"""Making, keeping and finding the record of a real build. The one module here that runs cargo and reads files.

Plain ``cargo rustc`` in a target directory of its own, with burnish's shim beside rustc and ``--print link-args`` for
the final crate (rustc book, "Command-line Arguments"; a path is taken since 1.75).
"""

import contextlib
import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from burnish.build import audit
from burnish.build.crates import CrateLog
from burnish.build.shim import ensure_shim, guard
from burnish.build.values import CrateRun
from burnish.cargo.config import read_configs, rustc_wrapper
from burnish.cargo.invocation import Cargo, CargoRun
from burnish.cargo.project import Project, Selection
from burnish.cargo.toolchain import Toolchain
from burnish.errors import BitcodeError, StoreError, ToolError, UnsupportedError
from burnish.explain.record import (
    VERSION,
    BuildRecord,
    CrateRecord,
    LinkFacts,
    link_facts,
    reached,
    without_ours,
    words_of,
)
from burnish.lto.objects import Form
from burnish.lto.read.container import read_objects
from burnish.lto.record import LinkRecord
from burnish.lto.recordfile import read_record
from burnish.profile.effective import EffectiveProfile
from burnish.profile.options import Lto
from burnish.tune.identity import sources_digest
from burnish.tune.session import locked

_UNIT: Final = ".rcgu.o"


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """A project to record: what cargo builds, and with what."""

    project: Project
    selection: Selection
    effective: EffectiveProfile
    toolchain: Toolchain
    environment: Mapping[str, str]

    @property
    def directory(self) -> Path:
        return self.project.own_directory / "explain"

    @property
    def file(self) -> Path:
        asked = repr((self.selection, self.project.root, self.project.package, self.project.artifact))
        return self.directory / f"record-{hashlib.sha256(asked.encode()).hexdigest()[:16]}.json"

    @property
    def settings(self) -> dict[str, str]:
        """Keys and values of the effective profile, for comparison with those of a record."""
        effective = self.effective
        found = {key: setting.text for key, setting in effective.settings.items()}
        for part, keys in effective.overrides.items():
            found |= {f"{part}.{key}": setting.text for key, setting in keys.items()}
        return found


def find_record(site: Site) -> BuildRecord | None:
    """The record of an earlier run; None where there is none that this burnish can read."""
    try:
        record = msgspec.json.decode(site.file.read_bytes(), type=BuildRecord)
    except (OSError, msgspec.DecodeError):
        return None
    return record if record.version == VERSION and record.crates else None


def current_sources(site: Site) -> str:
    """A digest of what the build reads besides the profile."""
    return sources_digest(site.project.sources, (site.project.root / "Cargo.lock",))


def make_record(site: Site, *, told: Callable[[str], None] | None = None) -> BuildRecord:
    """Build the artifact as cargo does, record every rustc, keep the record; ``told`` hears of each build of cargo.

    Raises:
        ToolError: the project does not build, or rustc was not run through the shim.
        StoreError: the target directory cannot be written.
    """
    directory = site.directory.parent
    with locked(directory, wait=True, say=lambda _: None):
        cargo = Cargo(site.project.start, site.environment)
        cargo.told = told
        shim = ensure_shim(cargo, site.toolchain, directory / "bin")
        cargo.guard = guard(shim)
        record = _recorded(site, cargo, shim)
        _keep(site.file, record)
    return record


def _recorded(site: Site, cargo: Cargo, shim: Path) -> BuildRecord:
    artifact, profile = site.project.artifact, site.effective.profile
    applied = profile.lto if artifact.takes_lto else Lto.FALSE
    log, line = CrateLog(site.directory / "crates.jsonl"), site.directory / f"{artifact.crate}.line"
    run = _cargo(site, cargo, shim, log, line, ())
    needed, final = _runs(site, run, log)
    words = words_of(_text(line))
    link = link_facts(words, crate=artifact.crate, extra=_extra(final), fat=applied is Lto.FAT)
    probe = _probe(site, cargo, shim) if applied is Lto.FAT else None
    archives = _archives(run)
    libraries = reached(final.args, {audit.unit_hash(each): each.args for each in needed})
    crates = [_crate(each, archives, line, host=audit.unit_hash(each) not in libraries) for each in needed]
    return BuildRecord(
        version=VERSION,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        rustc=site.toolchain.rustc,
        target=site.selection.target or site.toolchain.host,
        settings=site.settings,
        sources=current_sources(site),
        crates=(*crates, _final(final, line)),
        link=link,
        probe=probe,
        std=_std(words, probe or link, {f"{each.crate}{_extra(each)}" for each in needed}),
        wall=run.wall,
    )


def _probe(site: Site, cargo: Cargo, shim: Path) -> LinkFacts:
    """The modules of a fat link, which merges them before a linker sees them.

    The final crate once more with thin LTO: the last flag wins, and the libraries serve both.
    """
    artifact = site.project.artifact
    log, line = CrateLog(site.directory / "probe.jsonl"), site.directory / f"{artifact.crate}.thin.line"
    run = _cargo(site, cargo, shim, log, line, ("-C", "lto=thin"))
    final = _runs(site, run, log)[1]
    return link_facts(words_of(_text(line)), crate=artifact.crate, extra=_extra(final), fat=False)


def _extra(run: CrateRun) -> str:
    return audit.codegen_options(run.args).get("extra-filename", "")


def _cargo(  # noqa: PLR0917  # two calls, above
    site: Site, cargo: Cargo, shim: Path, log: CrateLog, line: Path, extra: tuple[str, ...]
) -> CargoRun:
    project, selection = site.project, site.selection
    args = ["rustc", "--manifest-path", str(project.directory / "Cargo.toml"), "--profile", selection.profile]
    args += [*project.artifact.args, *selection.metadata_args(), "--target-dir", str(site.directory)]
    if selection.target is not None:
        args += ["--target", selection.target]
    args += ["--message-format=json-render-diagnostics", "--", *extra, "--print", f"link-args={line}"]
    environment = {"RUSTC_WRAPPER": str(shim), "BURNISH_LOG": str(log.path)}
    if (chain := rustc_wrapper(read_configs(project.start, site.environment), site.environment)) is not None:
        environment["BURNISH_CHAIN"] = chain
    try:
        site.directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"cannot write in {site.directory}: {error.strerror}",
            hint="choose a place that can be written with --target-dir DIRECTORY",
        ) from error
    run = cargo.run("cargo", args, environment=environment)
    if run.code != 0:
        raise ToolError(f"cargo could not build this project:\n{run.error}", hint="mend what cargo says, then again")
    return run


def _runs(site: Site, run: CargoRun, log: CrateLog) -> tuple[list[CrateRun], CrateRun]:
    """The runs of all crates that the artifact needs, and its own."""
    recorded = log.read()
    files = [Path(name) for unit in run.units for name in unit.filenames]
    # A build script has its hash in the name of its directory.
    names = {part.rpartition("-")[2] for file in files for part in (file.stem, file.parent.name)}
    finals = [each for each in recorded.values() if each.crate == site.project.artifact.crate and audit.is_linked(each)]
    if not finals:
        raise ToolError(
            "rustc was not run through burnish's wrapper, so nothing is known about its flags",
            hint="a build.rustc or a wrapper that replaces RUSTC_WRAPPER is in the way",
        )
    final = max(finals, key=lambda each: each.began)
    needed = [each for unit, each in recorded.items() if each is not final and unit in names]
    return sorted(needed, key=lambda each: each.began), final


def _archives(run: CargoRun) -> dict[str, Path]:
    """The rlib of each unit, by the hash in its name."""
    files = [Path(name) for unit in run.units for name in unit.filenames if name.endswith(".rlib")]
    return {file.stem.rpartition("-")[2]: file for file in files}


def _crate(run: CrateRun, archives: Mapping[str, Path], line: Path, *, host: bool) -> CrateRecord:
    archive = archives.get(audit.unit_hash(run))
    units, native = (None, 0) if archive is None else _members(archive)
    return CrateRecord(
        crate=run.crate,
        package=run.package,
        role="host" if host else "library",
        args=without_ours(run.args, str(line)),
        wall=run.wall,
        cpu=run.cpu,
        memory=run.maxrss,
        units=units,
        native=native,
    )


def _final(run: CrateRun, line: Path) -> CrateRecord:
    return CrateRecord(
        crate=run.crate,
        package=run.package,
        role="final",
        args=without_ours(run.args, str(line)),
        wall=run.wall,
        cpu=run.cpu,
        memory=run.maxrss,
    )


def _members(archive: Path) -> tuple[int | None, int]:
    """Codegen units and other objects of an rlib; None where it cannot be read."""
    try:
        objects = read_objects(archive)
    except (BitcodeError, UnsupportedError):
        return None, 0
    units = sum(item.member.endswith(_UNIT) for item in objects)
    native = sum(item.form is Form.NATIVE and not item.member.endswith(_UNIT) for item in objects)
    return units, native


def _std(words: tuple[str, ...], link: LinkFacts, own: set[str]) -> dict[str, int]:
    """Modules of the standard library: those that thin LTO ran over, or those in the archives on the link line."""
    if link.upstream:
        return {name.rpartition("-")[0]: count for name, count in link.upstream.items() if name not in own}
    found: Counter[str] = Counter()
    for word in words:
        path = Path(word)
        if path.suffix == ".rlib" and "rustlib" in path.parts:
            with contextlib.suppress(BitcodeError, UnsupportedError):
                modules = sum(item.form is Form.BITCODE for item in read_objects(path))
                if modules:
                    found[path.stem.rpartition("-")[0].removeprefix("lib")] += modules
    return dict(found)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _keep(place: Path, record: BuildRecord) -> None:
    unfinished = place.with_suffix(".unfinished")
    try:
        unfinished.write_bytes(msgspec.json.encode(record))
        unfinished.replace(place)
    except OSError as error:
        raise StoreError(
            f"cannot write {place}: {error.strerror}", hint="choose another place with --target-dir"
        ) from error


def find_links(site: Site) -> tuple[LinkRecord, ...]:
    """Records of ``burnish build`` for this artifact, the newest first."""
    directory = site.project.own_directory / "lto" / "records"
    name = f"{site.project.artifact.crate}.json"
    found: list[tuple[float, LinkRecord]] = []
    for path in (*directory.glob(f"*/{name}"), directory / name):
        with contextlib.suppress(StoreError, OSError):
            found.append((path.stat().st_mtime, read_record(path)))
    return tuple(record for _, record in sorted(found, key=lambda item: -item[0]))
