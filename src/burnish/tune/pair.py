"""Two profiles built by plain cargo and timed against each other in fresh rounds: what check and reproduce stand on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from burnish.build.values import Build, FailedBuild
from burnish.errors import ToolError
from burnish.measure.rounds import Bench
from burnish.measure.values import Comparison, Workload
from burnish.profile.profile import Profile
from burnish.tune.builds import Builds, Ledger
from burnish.tune.progress import Progress
from burnish.tune.session import Session
from burnish.tune.timing import CONFIRM_ROUNDS, environment_of, start_timer


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """A build by plain cargo and the bytes of its file as shipped."""

    build: Build
    size: int


def shipped(session: Session, profile: Profile, progress: Progress, *, fresh: bool) -> Program:
    """Build by plain cargo from nothing; without ``fresh`` a stored build of the same sources answers.

    Raises:
        ToolError: it does not build, with rustc's own words.
    """
    session.cargo.told = progress.detail
    builds = Builds(session=session, progress=progress, ledger=Ledger(budget=0.0), base=profile.strip)
    if fresh:
        progress.building(profile.id, "by plain cargo from nothing")
        found = session.builder.plain(profile)
        if isinstance(found, FailedBuild):
            raise ToolError(f"the project does not build with profile {profile.id}:\n{found.error}")
    else:
        found = builds.plain(profile, "by plain cargo from nothing")
    path = session.builder.variant(found, profile.strip)
    if path is None:
        raise ToolError(f"profile {profile.id} gave no program")
    return Program(build=found, size=path.stat().st_size)


def timed(
    session: Session,
    programs: Mapping[str, Program],
    workload: Workload,
    progress: Progress,
    *,
    purpose: str,
    seconds: float,
) -> Comparison | None:
    """Time ``other`` against ``baseline`` in rounds of this moment; None with too few for an interval.

    Args:
        session: of the project.
        programs: ``baseline`` and ``other``.
        workload: what they run.
        progress: hears of each round.
        purpose: names the rounds for people.
        seconds: after which no round begins, once there are `CONFIRM_ROUNDS`.

    Raises:
        WorkloadError: the workload fails, hangs, or one program prints something else.
    """
    with Bench(session.shim, workload, session.directory / "run", environment_of(session, workload)) as bench:
        paths = {}
        for arm, program in programs.items():
            strip = program.build.profile.strip
            path = session.builder.variant(program.build, strip)
            if path is None:
                raise ToolError(f"profile {program.build.profile.id} gave no program")
            paths[arm] = (program.build.artifacts[strip].sha256, path)
        timer = start_timer(session, bench, progress, Ledger(budget=seconds), program=paths["baseline"], counter="none")
        for arm, (sha256, path) in paths.items():
            timer.place(arm, path, sha256)
        moment = datetime.now(UTC).isoformat()
        state = timer.race(purpose, ["other"], "baseline", until=seconds, n_min=CONFIRM_ROUNDS, apart=moment)
    return state.comparisons.get("other")
