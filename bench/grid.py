"""Record a complete grid: every code of the space built and looked at, so that searches can be compared on it.

    python bench/grid.py NAME PATH --run 'CMD {bin} ARGS' [--opt-level 2,3,s,z]

Builds each code-distinct profile of the project as `burnish tune` does, over shared libraries, and notes what a search
would have seen of it: bytes without symbols, CPU of a build from nothing, instructions of the workload, run time
against the baseline (median of a few rounds), and the seconds that looking at it took. The file is
bench/data/grids/NAME.json.gz; `bench/search.py` reads it. Interrupted, the same command goes on.
"""

import argparse
import gzip
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from burnish.build.builder import stripped_size
from burnish.build.values import Build
from burnish.cargo.project import Selection
from burnish.cli._console import open_progress
from burnish.measure.rounds import Bench
from burnish.profile.options import Strip
from burnish.tune.builds import Builds, Ledger
from burnish.tune.explore import Explorer
from burnish.tune.result import Goal
from burnish.tune.session import Opening, Session, open_session
from burnish.tune.settings import Request, Table, request
from burnish.tune.space import code, codes, profiles
from burnish.tune.timing import start_timer

GRIDS = Path(__file__).parent / "data" / "grids"


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """A profile of the grid; ``seconds`` is what building and looking took, with the libraries of its cell there."""

    profile: str
    size: int
    build: float
    instructions: int | None
    time: float | None
    seconds: float


class Grid(msgspec.Struct, frozen=True, kw_only=True):
    """A project's grid. ``cold``: seconds of a plain build of the baseline from nothing."""

    name: str
    package: str
    recorded: str
    circumstances: str
    workload: str
    baseline: str
    cold: float
    points: list[Point]
    failed: list[str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name")
    parser.add_argument("path", type=Path)
    parser.add_argument("--run", required=True)
    parser.add_argument("--opt-level", default="2,3,s,z")
    parser.add_argument("--bin")
    args = parser.parse_args()
    table = Table(run=args.run, options={"opt-level": tuple(args.opt_level.split(","))})
    wanted = request(table, cwd=str(args.path.resolve()))
    with open_progress("plain") as progress:
        opening = Opening(path=args.path, selection=Selection(bin=args.bin))
        with open_session(opening, dict(os.environ), progress.note) as session:
            builds = Builds(session=session, progress=progress, ledger=Ledger(budget=1e9), base=Strip.DEBUGINFO)
            grid = record(args.name, session, builds, wanted)
    GRIDS.mkdir(parents=True, exist_ok=True)
    path = GRIDS / f"{args.name}.json.gz"
    path.write_bytes(gzip.compress(msgspec.json.encode(grid), mtime=0))
    print(f"{path}: {len(grid.points)} profiles, {len(grid.failed)} failed")


def record(name: str, session: Session, builds: Builds, wanted: Request) -> Grid:
    base = session.effective.profile
    space = codes(profiles(wanted.narrowing, base))
    if wanted.workload is None:
        sys.exit("a grid needs a workload")
    plain = builds.plain(base, "the baseline")
    builds.check(plain)
    with Bench(session.shim, wanted.workload, session.directory / "run", session.environment) as bench:
        program = builds.builder.variant(plain, base.strip)
        if program is None:
            sys.exit("the baseline has no file")
        timer = start_timer(
            session, bench, builds.progress, builds.ledger, counter="auto",
            program=(plain.artifacts[base.strip].sha256, program),
        )  # fmt: skip
        explorer = Explorer(builds=builds, timer=timer, goal=Goal.BALANCED, space=space, base=base, until=1e9)
        points = []
        for profile in dict.fromkeys((code(base), *space)):
            before = builds.ledger.spent
            explorer.look(profile, "the grid")
            build = builds.done.get(profile)
            if profile in explorer.observed and build is not None:
                points.append(_point(explorer, build, builds.ledger.spent - before))
    here = session.circumstances
    return Grid(
        name=name,
        package=f"{session.project.package} {session.project.version}",
        recorded=datetime.now(UTC).isoformat(timespec="seconds"),
        circumstances=f"{here.cpu}, {here.cores} cores, {here.rustc}",
        workload=wanted.workload.command,
        baseline=code(base).id,
        cold=plain.cost.wall,
        points=points,
        failed=[profile.id for profile in builds.failures],
    )


def _point(explorer: Explorer, build: Build, seconds: float) -> Point:
    profile = code(build.profile)
    return Point(
        profile=profile.id,
        size=stripped_size(build),
        build=round(build.cost.cpu, 3),
        instructions=explorer.counted.get(profile),
        time=explorer.screened.get(profile),
        seconds=round(seconds, 3),
    )


if __name__ == "__main__":
    main()
