"""Building candidates with the real cargo: over shared libraries, or plainly from nothing.

Takes profiles, gives `Build` or `FailedBuild`. Everything is written below one directory in the project's target
directory; artifacts appear under their final name only when they are whole.
"""

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from burnish.build import audit, cost
from burnish.build.crates import CrateLog
from burnish.build.plan import NO_OVERRIDES, BuildPlan, Deps, Given, deps_for, plan_plain, plan_shared
from burnish.build.strip import strip_file
from burnish.build.values import Artifact, Build, BuildCost, CrateRun, FailedBuild, Road
from burnish.cargo.invocation import Cargo, CargoRun, Unit
from burnish.cargo.project import Project, Selection
from burnish.cargo.toolchain import Toolchain
from burnish.errors import StoreError, ToolError
from burnish.profile.options import Lto, Strip
from burnish.profile.profile import Profile

#: Bytes; less is taken for a full disk where a linker died of SIGBUS.
_LITTLE = 64 * 1024 * 1024
_STRENGTH = (Strip.NONE, Strip.DEBUGINFO, Strip.SYMBOLS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Workshop:
    """Where and with what is built.

    Attributes:
        directory: burnish's own in the target directory.
        shim: the compiled shim.
        chain: the user's own ``RUSTC_WRAPPER``, put between the shim and rustc.
        remap: directories here, and what rustc is to call them in what it writes.
    """

    directory: Path
    shim: Path
    chain: str | None = None
    remap: tuple[tuple[Path, str], ...] = ()

    @property
    def shared(self) -> Path:
        return self.directory / "shared"

    @property
    def cold(self) -> Path:
        return self.directory / "cold"

    @property
    def artifacts(self) -> Path:
        return self.directory / "artifacts"


class Builder:
    """Builds one artifact of one project in many profiles."""

    def __init__(
        self,
        *,
        cargo: Cargo,
        project: Project,
        selection: Selection,
        toolchain: Toolchain,
        workshop: Workshop,
        given: Given,
        on_unit: Callable[[Unit], None] | None = None,
    ) -> None:
        self.cargo = cargo
        self.project = project
        self.selection = selection
        self.toolchain = toolchain
        self.workshop = workshop
        self.given = given
        self.on_unit = on_unit
        self.calibration = cost.Calibration()

    def shared(self, profile: Profile) -> Build | FailedBuild:
        """The candidate over shared libraries; its cost from nothing is estimated."""
        plan = plan_shared(profile, self.given)
        log = CrateLog(self.workshop.directory / "crates.jsonl")
        run = self._run("rustc", plan, self.workshop.shared, log, final=plan.final)
        if run.code != 0:
            return FailedBuild(profile=profile, road=Road.SHARED, error=run.error, spent_wall=run.wall)
        final, others = self._crates(run, log, profile)
        strip = self.given.base_strip(profile.strip)
        return Build(
            profile=profile,
            road=Road.SHARED,
            artifacts=self._collect(self._product(run), profile, Road.SHARED, strip),
            cost=self._estimated(profile, others, final),
            crates=_slim(others, final),
            mismatches=audit.mismatches(profile, final, strip=strip),
            spent_cpu=run.cpu,
            spent_wall=run.wall,
        )

    def _estimated(self, profile: Profile, others: Sequence[CrateRun], final: CrateRun) -> BuildCost:
        bitcode_only = deps_for(profile) is Deps.BOTH and profile.lto in {Lto.THIN, Lto.FAT}
        return cost.estimated(others, final, self.calibration, bitcode_only=bitcode_only)

    def adopt(self, build: Build, product: Path, *, factor: float = 1.0) -> Build:
        """A shared build of another machine as one of this: its files, their sizes and its cost are taken anew.

        Args:
            build: as that machine had it.
            product: the file as rustc linked it, under the name that cargo gives it.
            factor: seconds of this machine per second of that one.
        """
        crates = build.crates if factor == 1.0 else tuple(cost.scaled(run, factor) for run in build.crates)
        profile, strip, final = build.profile, self.given.base_strip(build.profile.strip), crates[-1]
        return replace(
            build,
            artifacts=self._collect(product, profile, Road.SHARED, strip),
            cost=self._estimated(profile, crates[:-1], final),
            crates=crates,
            mismatches=audit.mismatches(profile, final, strip=strip),
            spent_cpu=build.spent_cpu * factor,
            spent_wall=build.spent_wall * factor,
        )

    def plain(self, profile: Profile, overrides: Mapping[str, str] = NO_OVERRIDES) -> Build | FailedBuild:
        """The candidate by plain cargo in an empty target directory, then once more the final crate alone.

        ``overrides`` gives packages an opt-level of their own.

        The second run adds a `--cfg` that nobody reads: cargo takes the final crate, and only it, for changed.
        """
        plan = plan_plain(profile, self.given, overrides)
        self._clear_cold()
        log = CrateLog(self.workshop.directory / f"crates-{os.getpid()}.jsonl")
        try:
            run = self._run("build", plan, self.workshop.cold, log)
            if run.code != 0:
                return FailedBuild(profile=profile, road=Road.PLAIN, error=run.error, spent_wall=run.wall)
            final, others = self._crates(run, log, profile)
            label = _overridden(overrides)
            artifacts = self._collect(self._product(run), profile, Road.PLAIN, profile.strip, label)
            rebuild = self._run("rustc", plan, self.workshop.cold, log, final=("--cfg", "burnish_rebuild"))
        finally:
            log.path.unlink(missing_ok=True)
            self._clear_cold()
        wall = rebuild.wall if rebuild.code == 0 else final.wall
        return Build(
            profile=profile,
            road=Road.PLAIN,
            artifacts=artifacts,
            cost=cost.measured(others, final, cpu=run.cpu, wall=run.wall, rebuild=wall),
            crates=_slim(others, final),
            mismatches=audit.mismatches(profile, final, strip=profile.strip),
            spent_cpu=run.cpu + rebuild.cpu,
            spent_wall=run.wall + rebuild.wall,
        )

    def layouts(self, profile: Profile, count: int, *, lld: bool = False) -> tuple[Artifact, ...]:
        """The candidate over shared libraries, linked again and again with its functions in another order each time.

        Nothing where the linker cannot shuffle sections (lld can), or where it does not build.

        Args:
            profile: whose code.
            count: orders.
            lld: link them by the toolchain's own lld, whichever linker the project asks for. (Another seed of symbol
                hashes, ``-C metadata``, is no way: the sections of code stay the same, byte for byte.)
        """
        plan = plan_shared(profile, self.given)
        place = self.workshop.artifacts / self.project.package / f"{profile.code_id}-layouts"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        environment = {**plan.environment, "BURNISH_LAYOUTS": f"{count} {place}"}
        if lld:
            environment["BURNISH_LAYOUTS_LLD"] = str(self.toolchain.gcc_ld)
        plan = replace(plan, environment=environment)
        log = CrateLog(self.workshop.directory / "crates.jsonl")
        # A --cfg that nobody reads, another each time: cargo takes the final crate, and only it, for changed.
        anew = ("--cfg", "burnish_layouts", "--cfg", f'burnish_layouts="{time.time_ns()}"')
        run = self._run("rustc", plan, self.workshop.shared, log, final=(*plan.final, *anew))
        files = [place / str(seed) for seed in range(1, count + 1)]
        if run.code != 0 or not all(file.is_file() for file in files):
            return ()
        name = self._product(run).name
        return tuple(self._kept(file.rename(place / f"{file.name}-{name}")) for file in files)

    def _kept(self, file: Path) -> Artifact:
        path = str(file.relative_to(self.workshop.directory))
        return Artifact(path=path, size=file.stat().st_size, sha256=_sha256(file))

    def learn(self, plain: Build, shared: Build | None = None) -> None:
        """Calibrate estimates from a plain build, and from the same profile built over shared libraries."""
        final, others = plain.crates[-1], plain.crates[:-1]
        if not plain.cost.estimated and plain.profile.lto in {Lto.FALSE, Lto.OFF}:
            self.calibration = replace(
                cost.calibrate(others, final, plain.cost), bitcode_factor=self.calibration.bitcode_factor
            )
        if self.calibration.other_cpu == 0.0:
            self.calibration = cost.calibrate(others, final, plain.cost)
        if shared is not None and plain.profile.lto in {Lto.THIN, Lto.FAT}:
            objects = cost.library_cpu(shared.crates[:-1])
            if objects > 0:
                factor = cost.library_cpu(others) / objects
                self.calibration = replace(self.calibration, bitcode_factor=min(1.5, max(0.3, factor)))

    def variant(self, build: Build, strip: Strip) -> Path | None:
        """The file of a build in a strip variant; None where it cannot be had from it."""
        artifact = build.artifacts.get(strip)
        return None if artifact is None else self.workshop.directory / artifact.path

    def intact(self, build: Build) -> bool:
        """Whether the stored files of a build are still what they were."""
        return self.whole(build.artifacts.values())

    def whole(self, artifacts: Iterable[Artifact]) -> bool:
        """Whether stored files are still what they were."""
        for artifact in artifacts:
            path = self.workshop.directory / artifact.path
            if not path.is_file() or path.stat().st_size != artifact.size or _sha256(path) != artifact.sha256:
                return False
        return True

    def _run(
        self, command: str, plan: BuildPlan, target_dir: Path, log: CrateLog, *, final: tuple[str, ...] = ()
    ) -> CargoRun:
        environment = {**plan.environment, **self._wrapper(log)}
        args = [command, *self.cargo_args(plan), "--target-dir", str(target_dir)]
        args += ["--message-format=json-render-diagnostics"]
        if final:
            args += ["--", *final]
        run = self.cargo.run("cargo", args, environment=environment, on_unit=self.on_unit)
        if run.code != 0 and _disk_full(run.stderr, self.workshop.directory):
            raise StoreError(
                f"the disk is full: cargo could not build in {target_dir}",
                hint="free space or choose another place with --target-dir, then run the same command again: "
                "finished builds and rounds are kept",
            )
        return run

    def cargo_args(self, plan: BuildPlan) -> tuple[str, ...]:
        """Cargo's arguments for the artifact, without the target directory."""
        selection = self.selection
        args = ["--manifest-path", str(self.project.directory / "Cargo.toml"), "--profile", selection.profile]
        args += [*self.project.artifact.args, *selection.metadata_args()]
        if selection.target is not None:
            args += ["--target", selection.target]
        return (*args, *plan.config_args)

    def _wrapper(self, log: CrateLog) -> Mapping[str, str]:
        environment = {"RUSTC_WRAPPER": str(self.workshop.shim), "BURNISH_LOG": str(log.path)}
        if self.workshop.chain is not None:
            environment["BURNISH_CHAIN"] = self.workshop.chain
        if self.workshop.remap:
            environment["BURNISH_REMAP"] = "\n".join(f"{here}={name}" for here, name in self.workshop.remap)
        return environment

    def _crates(self, run: CargoRun, log: CrateLog, profile: Profile) -> tuple[CrateRun, tuple[CrateRun, ...]]:
        """The final crate's run and those of everything it needs, whenever they were compiled."""
        recorded = log.read()
        names = {Path(name).stem.rpartition("-")[2] for unit in run.units for name in unit.filenames}
        needed = [crate for unit, crate in recorded.items() if unit in names]
        finals = [
            crate
            for crate in recorded.values()
            if crate.crate == self.project.artifact.crate
            and audit.is_linked(crate)
            and audit.is_test(crate) == self.project.artifact.is_bench
        ]
        # Nothing new where cargo found the crate fresh, after an interrupted tune: then the last run with these flags.
        fresh = [crate for crate in finals if crate.began >= run.began]
        same = [crate for crate in finals if not audit.mismatches(profile, crate)]
        if not fresh and not same:
            raise ToolError(
                "rustc was not run through burnish's wrapper, so nothing is known about its flags",
                hint="a build.rustc or a wrapper that replaces RUSTC_WRAPPER is in the way",
            )
        final = max(fresh or same, key=lambda crate: crate.began)
        others = tuple(crate for crate in needed if crate is not final and not audit.is_linked(crate))
        return final, others

    def _product(self, run: CargoRun) -> Path:
        """The file that cargo put out for the artifact."""
        artifact = self.project.artifact
        for unit in reversed(run.units):
            if unit.name != artifact.name or "custom-build" in unit.kind:
                continue
            if artifact.is_bench != ("bench" in unit.kind):
                continue
            if unit.executable is not None:
                return Path(unit.executable)
            libraries = [Path(name) for name in unit.filenames if name.endswith((".so", ".a", ".dylib"))]
            if artifact.kind != "bin" and libraries:
                return libraries[0]
        raise ToolError(f"cargo built, but named no file for {artifact.name}")

    def _collect(
        self, product: Path, profile: Profile, road: Road, strip: Strip, label: str = ""
    ) -> Mapping[Strip, Artifact]:
        """Copy the product and make its stronger strip variants; whole or not at all."""
        place = (
            self.workshop.artifacts / self.project.package / f"{profile.code_id}-{road}{label}-{strip}-{product.name}"
        )
        unfinished = place.with_name(f"{place.name}.{os.getpid()}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        found: dict[Strip, Artifact] = {}
        for variant in _STRENGTH[_STRENGTH.index(strip) :]:
            name = f"{variant}-{product.name}"
            if variant is strip:
                shutil.copy2(product, unfinished / name)
            else:
                strip_file(self.toolchain, unfinished / f"{strip}-{product.name}", unfinished / name, variant)
            found[variant] = Artifact(
                path=str((place / name).relative_to(self.workshop.directory)),
                size=(unfinished / name).stat().st_size,
                sha256=_sha256(unfinished / name),
            )
        shutil.rmtree(place, ignore_errors=True)
        unfinished.rename(place)
        return found

    def _clear_cold(self) -> None:
        shutil.rmtree(self.workshop.cold, ignore_errors=True)


def _overridden(overrides: Mapping[str, str]) -> str:
    """What tells artifacts with overrides from those without, in a file's name."""
    if not overrides:
        return ""
    return f"-{hashlib.sha256(repr(sorted(overrides.items())).encode()).hexdigest()[:8]}"


def stripped_size(build: Build) -> int:
    """Bytes without any symbols: what is compared between roads."""
    return build.artifacts[Strip.SYMBOLS].size


def deviation(shared: Build, plain: Build) -> float:
    """Relative difference of the stripped sizes of two builds of one profile."""
    return abs(stripped_size(shared) / stripped_size(plain) - 1)


def _slim(others: tuple[CrateRun, ...], final: CrateRun) -> tuple[CrateRun, ...]:
    """The runs to store, final crate last: its arguments whole, of the others what tells host from library."""
    slim = tuple(replace(run, args=("-C", "opt-level") if not audit.is_host(run) else ()) for run in others)
    return (*slim, final)


def _disk_full(words: str, place: Path) -> bool:
    """Whether a failed build failed for want of space: no candidate is to blame for that.

    A linker that writes through a mapping dies of SIGBUS instead of saying so.
    """
    if "No space left on device" in words:
        return True
    return "Bus error" in words and shutil.disk_usage(place).free < _LITTLE


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
