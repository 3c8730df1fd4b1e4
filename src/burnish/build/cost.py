"""What a build from nothing costs: measured by a plain build, estimated for the others from their crates. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from burnish.build.audit import is_host
from burnish.build.values import BuildCost, CrateRun


@dataclass(frozen=True, kw_only=True, slots=True)
class Calibration:
    """What plain builds taught about this project and machine.

    Attributes:
        other_cpu: seconds that were no rustc: cargo itself and build scripts.
        parallelism: CPU seconds per wall second before the final crate.
        bitcode_factor: CPU of libraries in a plain LTO build (bitcode only) per CPU of shared ones (object too);
            three quarters where it was not measured (hyperfine and fd on rustc 1.95: 0.71 and 0.75).
    """

    other_cpu: float = 0.0
    parallelism: float = 1.0
    bitcode_factor: float = 0.75


def measured(crates: Sequence[CrateRun], final: CrateRun, *, cpu: float, wall: float, rebuild: float) -> BuildCost:
    """The cost of a plain cold build. ``cpu`` and ``wall`` are cargo's own."""
    peak = max((run.maxrss for run in (*crates, final)), default=0)
    return BuildCost(cpu=cpu, wall=wall, peak_memory=peak, rebuild=rebuild, estimated=False)


def calibrate(crates: Sequence[CrateRun], final: CrateRun, cost: BuildCost) -> Calibration:
    """Learn from a plain build; ``crates`` are all rustc runs without the final one."""
    rustc = total_cpu(crates) + final.cpu
    before = max(cost.wall - final.wall, 1e-3)
    parallelism = max(0.25, (cost.cpu - final.cpu) / before)
    return Calibration(other_cpu=max(0.0, cost.cpu - rustc), parallelism=parallelism)


def estimated(
    crates: Sequence[CrateRun], final: CrateRun, calibration: Calibration, *, bitcode_only: bool
) -> BuildCost:
    """What a cold build would cost, from the crates of a shared one.

    Args:
        crates: the runs of all units that the artifact needs, whenever they were compiled.
        final: the run of the final crate for this candidate.
        calibration: from plain builds.
        bitcode_only: cargo would compile libraries to bitcode alone, the shared build also made objects.
    """
    factor = calibration.bitcode_factor if bitcode_only else 1.0
    host = total_cpu(run for run in crates if is_host(run))
    libraries = total_cpu(run for run in crates if not is_host(run)) * factor
    before = host + libraries + calibration.other_cpu
    return BuildCost(
        cpu=before + final.cpu,
        wall=before / calibration.parallelism + final.wall,
        peak_memory=max((run.maxrss for run in (*crates, final)), default=0),
        rebuild=final.wall,
        estimated=True,
    )


def scaled(run: CrateRun, factor: float) -> CrateRun:
    """A run with its times multiplied: those of a machine that is faster or slower."""
    return replace(run, wall=run.wall * factor, user=run.user * factor, sys=run.sys * factor)


def total_cpu(runs: Iterable[CrateRun]) -> float:
    """CPU seconds of all runs together."""
    return sum(run.cpu for run in runs)


def library_cpu(runs: Iterable[CrateRun]) -> float:
    """CPU seconds of the crates that the profile optimizes, host crates left out."""
    return total_cpu(run for run in runs if not is_host(run))
