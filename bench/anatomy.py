"""Do xray's sums add up? A program's parts against its size, and against what other tools say of the same file.

    python bench/anatomy.py PROGRAM [--bloat JSON]

PROGRAM is an ELF file with symbols, best one that `burnish xray` linked (target/burnish/seen/release/...). Printed:

- sections, headers and padding against the file's size;
- crates and what no symbol covers against the sections of code and data;
- code by section against `size -A` (binutils), where that is installed;
- code by crate against `cargo bloat --crates -n 0 --message-format json` (its output in a file) of the same build.

Exit code 1 where a sum is off by more than 1 %.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from burnish.units import format_bytes
from burnish.xray.compare import LOOSE, compare
from burnish.xray.pieces import CONTENT
from burnish.xray.read import anatomy_of
from burnish.xray.values import Anatomy

TOLERANCE = 0.01


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=Path)
    parser.add_argument("--bloat", type=Path)
    args = parser.parse_args()
    anatomy = anatomy_of(args.program)
    print(f"{args.program.name}: {format_bytes(anatomy.size)}, {format_bytes(anatomy.stripped)} without symbols")
    checks = [
        _check("sections, headers, padding", sum(row.file for row in anatomy.sections), args.program.stat().st_size),
        *_crates(anatomy),
        *_stripped(anatomy, args.program),
        *_size(anatomy, args.program),
    ]
    if args.bloat:
        checks += _bloat(anatomy, json.loads(args.bloat.read_text(encoding="utf-8")))
    return not all(checks)


def _check(what: str, ours: int, theirs: int) -> bool:
    off = abs(ours - theirs) / max(1, theirs)
    print(f"  {what}: {ours:,} against {theirs:,}, {off:.3%} off")
    return off <= TOLERANCE


def _crates(anatomy: Anatomy) -> list[bool]:
    rows = compare(anatomy, anatomy).crates
    content = sum(row.file for row in anatomy.sections if row.kind in CONTENT)
    loose = sum(row.after for row in rows if row.name == LOOSE)
    print(f"  of code and data {loose / max(1, content):.2%} belong to no symbol (padding)")
    return [_check("crates, and what no symbol covers, against code and data", sum(row.after for row in rows), content)]


def _stripped(anatomy: Anatomy, program: Path) -> list[bool]:
    tool = shutil.which("strip")
    if tool is None:
        return []
    with tempfile.TemporaryDirectory() as directory:
        stripped = Path(directory) / "stripped"
        subprocess.run([tool, "-o", str(stripped), str(program)], check=True)
        return [_check("without symbols, against strip", anatomy.stripped, stripped.stat().st_size)]


def _size(anatomy: Anatomy, program: Path) -> list[bool]:
    tool = shutil.which("size")
    if tool is None:
        print("  size (binutils) is not installed")
        return []
    lines = subprocess.run([tool, "-A", str(program)], capture_output=True, text=True, check=True).stdout.splitlines()
    words = [line.split() for line in lines]
    theirs = Counter({row[0]: int(row[1]) for row in words if len(row) == 3 and row[1].isdigit()})
    names = [row.name for row in anatomy.sections if row.kind in CONTENT and row.file]
    ours = sum(row.file for row in anatomy.sections if row.name in names)
    return [_check("sections of code and data against size -A", ours, sum(theirs[name] for name in names))]


def _bloat(anatomy: Anatomy, told: dict[str, list[dict[str, Any]]]) -> list[bool]:
    theirs = {str(row["name"]): int(row["size"]) for row in told["crates"]}
    ours: Counter[str] = Counter()
    for row, section in enumerate(anatomy.symbols.section):
        if anatomy.sections[section].name == ".text":
            ours[anatomy.crates[anatomy.symbols.crate[row]]] += anatomy.symbols.size[row]
    # cargo bloat counts core, alloc and what else std is made of as std.
    print(f"  code by crate, cargo bloat {sum(theirs.values()):,}, burnish {sum(ours.values()):,}:")
    for name, size in sorted(theirs.items(), key=lambda item: -item[1])[:15]:
        print(f"    {name}: {size:,} against {ours.get(name, 0):,}")
    return [_check("code of all crates against cargo bloat", sum(ours.values()), sum(theirs.values()))]


if __name__ == "__main__":
    sys.exit(main())
