"""How faithful and how much cheaper are shared builds? Each candidate both ways, plain cargo in an empty directory.

    python bench/fidelity.py examples/crossings
    python bench/fidelity.py PATH --codegen-units unset,1 --lto false,thin,fat

Prints one line a candidate (stripped size both ways, deviation, CPU both ways) and the totals. Run it on an idle
machine: CPU seconds grow with what else is running. Target directories are made beside each other in --work.
"""

import argparse
import os
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from burnish.build.builder import deviation, stripped_size
from burnish.build.plan import cell
from burnish.build.values import Build
from burnish.cargo.project import Selection
from burnish.profile.options import Strip
from burnish.profile.profile import Profile
from burnish.tune.session import Opening, Session, open_session


def candidates(base: Profile, units: Iterable[str], ltos: Iterable[str]) -> list[Profile]:
    """The candidates in an order that keeps cells together."""
    ltos = tuple(ltos)
    found = {
        replace(base, strip=Strip.DEBUGINFO).with_value("codegen-units", unit).with_value("lto", lto).canonical(): None
        for unit in units
        for lto in ltos
    }
    return list(found)


def both_ways(session: Session, profile: Profile) -> tuple[Build, Build]:
    """The candidate over shared libraries and plainly."""
    shared, plain = session.builder.shared(profile), session.builder.plain(profile)
    if not isinstance(shared, Build) or not isinstance(plain, Build):
        sys.exit(f"{profile.id} does not build")
    return shared, plain


def report(rows: list[tuple[Profile, Build, Build]]) -> None:
    print(f"{'candidate':28} {'shared':>10} {'plain':>10} {'apart':>8} {'shared CPU':>11} {'plain CPU':>10}  cell")
    for profile, shared, plain in rows:
        sizes = f"{stripped_size(shared):>10} {stripped_size(plain):>10} {deviation(shared, plain) * 100:>7.3f}%"
        print(f"{profile.code_id:28} {sizes} {shared.spent_cpu:>9.1f} s {plain.cost.cpu:>8.1f} s  {cell(profile)}")
    for units in dict.fromkeys(profile.codegen_units for profile, *_ in rows):
        some = [row for row in rows if row[0].codegen_units == units and row[0].lto != "off"]
        total(units, some)


def total(units: int | None, rows: list[tuple[Profile, Build, Build]]) -> None:
    """The cost of all lto modes at one number of codegen units, both ways."""
    shared_cpu = sum(shared.spent_cpu for _, shared, _ in rows)
    plain_cpu = sum(plain.cost.cpu for *_, plain in rows)
    mean = plain_cpu / len(rows)
    cold = next((plain.cost.cpu for profile, _, plain in rows if profile.lto == "false"), mean)
    worst = max(deviation(shared, plain) for _, shared, plain in rows)
    print(
        f"codegen-units {units or 'unset'}: {len(rows)} lto modes shared for {shared_cpu:.1f} s CPU = "
        f"{shared_cpu / cold:.2f} cold builds (lto = false) = {shared_cpu / mean:.2f} mean cold builds; "
        f"plain cargo {plain_cpu / cold:.2f}; largest deviation {worst * 100:.3f} %"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path)
    parser.add_argument("--codegen-units", default="unset,1,16")
    parser.add_argument("--lto", default="false,thin,fat")
    parser.add_argument("--bin")
    parser.add_argument("--work", type=Path, help="target directory (default: the project's own)")
    args = parser.parse_args()
    opening = Opening(path=args.path, selection=Selection(bin=args.bin), target_dir=args.work, fresh=True)
    with open_session(opening, dict(os.environ), print) as session:
        base = session.effective.profile
        rows = []
        for profile in candidates(base, args.codegen_units.split(","), args.lto.split(",")):
            rows.append((profile, *both_ways(session, profile)))
            print(f"{profile.code_id} done", file=sys.stderr, flush=True)
        here = session.circumstances
        print(f"{session.project.package} {session.project.version}, {here.rustc}, {here.cpu}, {here.cores} cores")
    report(rows)


if __name__ == "__main__":
    main()
