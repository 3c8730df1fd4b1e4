"""Record a complete grid: every code of the space built and looked at, so that searches can be compared on it.

    python bench/grid.py NAME PATH --run 'CMD {bin} ARGS' [--count 'CMD {bin} LESS'] [--opt-level 2,3,s,z]

Builds each code-distinct profile of the project as `burnish tune` does, over shared libraries, and notes what a search
would have seen of it: bytes without symbols, CPU of a build from nothing, instructions of the workload, run time
against the baseline (median of a few rounds), and the seconds of the final crate alone. The file is
bench/data/grids/NAME.json.gz; `bench/search.py` reads it. Interrupted, the same command goes on.
"""

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "unit"))

from search_trials import Grid, Point, save  # noqa: E402  # the tests read what is recorded here

from burnish.build.builder import stripped_size  # noqa: E402
from burnish.build.values import Build  # noqa: E402
from burnish.cargo.project import Selection  # noqa: E402
from burnish.cli._console import open_progress  # noqa: E402
from burnish.measure.instructions import Counter, count  # noqa: E402
from burnish.measure.rounds import Bench  # noqa: E402
from burnish.measure.values import Workload  # noqa: E402
from burnish.profile.options import Strip  # noqa: E402
from burnish.tune.builds import Builds, Ledger  # noqa: E402
from burnish.tune.explore import Explorer  # noqa: E402
from burnish.tune.result import Goal  # noqa: E402
from burnish.tune.session import Opening, Session, open_session  # noqa: E402
from burnish.tune.settings import Request, Table, request  # noqa: E402
from burnish.tune.space import code, codes, profiles  # noqa: E402
from burnish.tune.timing import start_timer  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name")
    parser.add_argument("path", type=Path)
    parser.add_argument("--run", required=True)
    parser.add_argument("--opt-level", default="2,3,s,z")
    parser.add_argument("--bin")
    parser.add_argument("--count", help="a shorter workload for instruction counts, where --run takes too long for one")
    args = parser.parse_args()
    table = Table(run=args.run, options={"opt-level": tuple(args.opt_level.split(","))})
    wanted = request(table, cwd=str(args.path.resolve()))
    with open_progress("plain") as progress:
        opening = Opening(path=args.path, selection=Selection(bin=args.bin))
        with open_session(opening, dict(os.environ), progress.note) as session:
            builds = Builds(session=session, progress=progress, ledger=Ledger(budget=1e9), base=Strip.DEBUGINFO)
            shorter = request(Table(run=args.count or args.run), cwd=str(args.path.resolve())).workload
            grid = record(args.name, session, builds, wanted, shorter)
    print(f"{save(grid)}: {len(grid.points)} profiles, {len(grid.failed)} failed")


def record(name: str, session: Session, builds: Builds, wanted: Request, counted: Workload | None) -> Grid:
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
            explorer.look(profile, "the grid")
            build = builds.done.get(profile)
            if profile in explorer.observed and build is not None:
                points.append(_point(explorer, build, _counted(builds, build, timer.counter, counted)))
    here = session.circumstances
    return Grid(
        name=name,
        package=f"{session.project.package} {session.project.version}",
        recorded=datetime.now(UTC).isoformat(timespec="seconds"),
        circumstances=f"{here.cpu}, {here.cores} cores, {here.rustc}",
        workload=wanted.workload.command,
        counted=counted.command if counted is not None else "",
        baseline=code(base).id,
        points=points,
        failed=[profile.id for profile in builds.failures],
    )


def _counted(builds: Builds, build: Build, counter: Counter, workload: Workload | None) -> int | None:
    path = builds.builder.variant(build, min(build.artifacts))
    if workload is None or path is None:
        return None
    argv = [part.replace("{bin}", str(path)) for part in workload.argv]
    found = count(counter, argv, workload.cwd, builds.session.environment, timeout=600)
    return found.instructions if found is not None else None


def _point(explorer: Explorer, build: Build, instructions: int | None) -> Point:
    profile = code(build.profile)
    return Point(
        profile=profile.id,
        size=stripped_size(build),
        build=round(build.cost.cpu, 3),
        rebuild=round(build.cost.rebuild, 3),
        instructions=instructions,
        time=explorer.screened.get(profile),
    )


if __name__ == "__main__":
    main()
