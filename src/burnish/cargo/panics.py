"""The panic audit of a program: its crates from cargo, each one's files read and scanned, several crates at a time.

What a finding means is decided in `burnish.profile.panics`; here are files, processes and bounds.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from burnish.cargo.invocation import Cargo
from burnish.cargo.project import Project, Selection
from burnish.cargo.sources import Crate, Program, module_candidates, read_program, read_source
from burnish.errors import ToolError
from burnish.profile.panics.cfg import known
from burnish.profile.panics.reviewed import judged
from burnish.profile.panics.values import CrateAudit, PanicAudit, PanicFinding, PanicKind, Place, Verdict, worst

if TYPE_CHECKING:
    from burnish.profile.panics.scan import Context, FileScan, ModuleFile

#: Files of one crate, far above what real ones have (windows 0.62 has 1,200).
MOST_FILES = 20_000
#: From how many crates on a second process pays.
PARALLEL_FROM = 120


def audit_project(cargo: Cargo, project: Project, selection: Selection) -> PanicAudit:
    """Audit the program (or library) that a project's profile is tuned for.

    Raises:
        ToolError: the parser is not installed, or cargo cannot tell the crates.
    """
    need_parser()
    manifest = project.directory / "Cargo.toml"
    name = None if project.artifact.kind == "lib" else project.artifact.name
    program = read_program(cargo, manifest, selection, package=project.package, artifact=name)
    return audit_program(program)


def audit_workspace(cargo: Cargo, manifest: Path, selection: Selection | None = None) -> PanicAudit:
    """Audit all programs and libraries of a workspace's default members, or of the package that is selected.

    Raises:
        ToolError: the parser is not installed, or cargo cannot tell the crates.
        UsageError: the package is not there.
    """
    need_parser()
    chosen = selection or Selection()
    artifact = chosen.bin or chosen.example
    return audit_program(read_program(cargo, manifest, chosen, package=chosen.package, artifact=artifact))


def need_parser() -> None:
    """Refuse to audit without the extra.

    Raises:
        ToolError: how to install it.
    """
    try:
        import burnish.profile.panics.scan  # noqa: F401, PLC0415  # the extra `audit` is optional
    except ImportError as error:
        raise ToolError(
            f"the panic audit needs a parser for Rust that is not installed ({error.name})",
            hint="install burnish with its extra: pip install 'burnish[audit]'",
        ) from error


def audit_program(program: Program) -> PanicAudit:
    """Audit all crates of a program."""
    workers = min(os.cpu_count() or 1, len(program.crates) * 2 // PARALLEL_FROM)
    if workers > 1:
        import multiprocessing  # noqa: PLC0415  # slow to load, and only large programs need it
        from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415

        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(max_workers=workers, mp_context=context) as pool:
            cfgs = [program.cfg] * len(program.crates)
            crates = tuple(pool.map(audit_crate, program.crates, cfgs, chunksize=8))
    else:
        crates = tuple(audit_crate(crate, program.cfg) for crate in program.crates)
    return PanicAudit(verdict=worst(crate.verdict for crate in crates), crates=crates)


def audit_crate(crate: Crate, cfg: str) -> CrateAudit:
    """Audit one crate; ``cfg`` is the text of ``rustc --print cfg``."""
    from burnish.profile.panics.scan import Context  # noqa: PLC0415  # the extra `audit` is optional

    context = Context(
        cfg=known(cfg, crate.features),
        tasks="tokio" in crate.dependencies,
        pools=bool({"rayon", "rayon-core"} & crate.dependencies),
    )
    reading = _Reading(crate=crate, context=context)
    for root in crate.roots:
        reading.read(root, owns_directory=True)
    reading.rest()
    findings = judged(reading.findings, local=crate.local)
    return CrateAudit(
        crate=crate.name,
        version=crate.version,
        verdict=worst(finding.verdict for finding in findings),
        findings=findings,
        files=len(reading.seen),
        local=crate.local,
    )


@dataclass
class _Reading:
    """One crate's files, each read once, whatever links and ``#[path]`` attributes say."""

    crate: Crate
    context: "Context"
    findings: list[PanicFinding] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    todo: list[tuple[Path, "ModuleFile"]] = field(default_factory=list)
    owners: set[Path] = field(default_factory=set)

    def rest(self) -> None:
        """All files that the ones read so far name."""
        while self.todo:
            file, module = self.todo.pop()
            candidates = module_candidates(
                file, module.name, module.paths, module.inside, owns_directory=file in self.owners
            )
            for path in candidates:
                if path.is_file() or path.is_symlink():
                    self._follow(path, file, module)

    def _follow(self, path: Path, file: Path, module: "ModuleFile") -> None:
        if len(self.seen) >= MOST_FILES:
            return
        if not self._is_ours(path):
            self._unread(file, module.line, "a module outside of the package is not read")
        elif module.name or path.suffix == ".rs":
            owns = path.name == "mod.rs" or bool(module.paths)
            if not self.read(path, owns_directory=owns):
                self._unread(file, module.line, f"the file of {module.name or 'an include'} cannot be read")

    def read(self, path: Path, *, owns_directory: bool) -> bool:
        """Read and scan a file; False where it cannot be read."""
        from burnish.profile.panics.scan import scan  # noqa: PLC0415  # the extra `audit` is optional

        real = os.path.realpath(path)
        if real in self.seen:
            return True
        source = read_source(path)
        if source is None:
            return False
        self.seen.add(real)
        if owns_directory:
            self.owners.add(path)
        found: FileScan = scan(source, self.context)
        self.findings += [self._finding(path, place) for place in found.places]
        self.todo += [(path, module) for module in found.modules]
        return True

    def _is_ours(self, path: Path) -> bool:
        """Whether the file lies in the package, or for a package of the workspace in the workspace, links followed."""
        real = Path(os.path.realpath(path))
        return any(
            real.is_relative_to(os.path.realpath(each)) for each in (self.crate.directory, self.crate.shown_from)
        )

    def _unread(self, file: Path, line: int, text: str) -> None:
        place = Place(line=line, column=1, kind=PanicKind.UNREAD, text=text, verdict=Verdict.UNKNOWN)
        self.findings.append(self._finding(file, place))

    def _finding(self, path: Path, place: Place) -> PanicFinding:
        return PanicFinding(
            crate=self.crate.name,
            version=self.crate.version,
            path=self.crate.shown(path),
            line=place.line,
            column=place.column,
            kind=place.kind,
            text=place.text,
            verdict=place.verdict,
        )
