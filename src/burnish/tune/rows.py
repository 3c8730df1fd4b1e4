"""From builds to rows: sizes read from the files, each candidate in the strip variant it would ship in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from burnish.build import size as analysis
from burnish.build.values import Build, SizeReport
from burnish.measure.instructions import Counts
from burnish.measure.values import Comparison
from burnish.profile.options import Strip
from burnish.profile.profile import Profile
from burnish.tune.builds import Builds
from burnish.tune.result import Row
from burnish.tune.space import code
from burnish.tune.verdict import front


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What is known about the candidates beside their builds, by code or by profile.

    Attributes:
        names: presets and `baseline`, by the profile they name.
        screened, counts: by code.
        times: by profile, from the race.
    """

    names: Mapping[Profile, tuple[str, ...]]
    screened: Mapping[Profile, float]
    counts: Mapping[Profile, Counts]
    times: Mapping[Profile, Comparison]


def measure_size(builds: Builds, build: Build, strip: Strip, *, by_crate: bool = False) -> SizeReport:
    """The sizes of a build's file in a strip variant.

    Compressing and reading symbols cost time, so only what is shown in full is read by crate; the code is the same in
    all variants, and the least stripped one has the names.
    """
    shipped = builds.builder.variant(build, strip)
    if shipped is None:
        raise ValueError(f"{build.profile.id} has no variant {strip}")
    elf = shipped.suffix != ".a"
    twin = builds.builder.variant(build, min(build.artifacts, key=strength))
    return SizeReport(
        file=build.artifacts[strip].size,
        stripped=build.artifacts[Strip.SYMBOLS].size,
        gzip=analysis.gzip_size(shipped),
        sections=analysis.sections(shipped) if elf else (),
        crates=analysis.crates(twin) if elf and by_crate and twin is not None else (),
    )


def make_row(builds: Builds, profile: Profile, build: Build, known: Known, *, by_crate: bool = False) -> Row:
    """One candidate; ``profile`` carries the strip variant it is offered in."""
    of = code(profile)
    row = Row(
        profile=profile,
        names=known.names.get(profile, ()),
        road=build.road,
        host=build.host,
        size=measure_size(builds, build, profile.strip, by_crate=by_crate),
        cost=build.cost,
        time=known.times.get(profile),
        screened=known.screened.get(of),
        mismatches=build.mismatches,
    )
    return with_counts(row, known.counts.get(of))


def with_counts(row: Row, counts: Counts | None) -> Row:
    """The row with what its program executes on the workload, where that was counted."""
    if counts is None:
        return row
    return replace(row, instructions=counts.instructions, cycles=counts.cycles)


def with_front(rows: Sequence[Row], *, ships: bool) -> tuple[Row, ...]:
    """The rows with the front marked; ``ships`` as in `burnish.tune.verdict.front`."""
    return tuple(replace(row, front=on) for row, on in zip(rows, front(rows, ships=ships), strict=True))


def dominance(rows: Sequence[Row], *, ships: bool) -> dict[str, frozenset[str]]:
    """For the race: which arms are no larger (where that counts) and no costlier to build than each."""
    return {
        row.profile.id: frozenset(
            other.profile.id
            for other in rows
            if other is not row and (other.size.file <= row.size.file or not ships) and other.cost.cpu <= row.cost.cpu
        )
        for row in rows
    }


def strength(strip: Strip) -> int:
    """The order of the variants: how much is taken away."""
    return (Strip.NONE, Strip.DEBUGINFO, Strip.SYMBOLS).index(strip)
