"""Link-time optimization side by side: rustc's thin and fat, rust-lld fed with std's bitcode, burnish.

    python bench/lto.py PATH --bin NAME --work DIR [--rounds 5] [--roads rustc-thin,grouped,...]
                        [--edit src/main.rs | --leaf CRATE] [--run "PATTERN DIRECTORY"]

Compiles the project once (cargo, lto = "thin": libraries are bitcode). Then the final crate's own rustc command is run
again and again, each round once for every road in turn: what the road takes beyond compiling the crate itself to
bitcode (the same command with a linker that does nothing, also in every round) is the *LTO part*, native link included.
CPU seconds are those of the processes waited for; sizes are stripped. Memory is the most that all processes of a run
had together (their proportional shares, ten samples a second), taken in the first round, which is not timed.

With --edit the file gets another constant before each run, and the roads that can keep work between runs do: the warm
case. With --leaf a dependency of that name is copied from the registry and patched in; each round its src/lib.rs gets
another constant, and what depends on it is compiled again before the roads have their turns.

With --run the programs are run with these arguments at the end, in turns, 21 rounds: median CPU seconds (user and
system), and the median ratio to rustc's thin within each round.

Everything happens on a copy of the project in DIR. Run it alone on the machine.
"""

import argparse
import contextlib
import hashlib
import json
import os
import resource
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

#: As rustc's wrapper: writes down the call that links the program, then becomes rustc (or ends there, if so asked).
_WRAPPER = """#!{python}
import json, os, sys
argv = sys.argv[1:]
if "--crate-name" in argv and "bin" in argv and "-C" in argv and "lto=thin" in argv:
    with open({out!r}, "w") as file:
        json.dump({{"argv": argv, "env": dict(os.environ), "cwd": os.getcwd()}}, file)
    if os.environ.get("BENCH_NO_LINK"):
        sys.exit("not linked")
os.execv(argv[0], argv)
"""

#: ``lld`` allocates with the C library's malloc, as lld comes; ``lld-mimalloc`` as burnish runs it.
COLD = ("rustc-thin", "rustc-fat", "lld", "lld-mimalloc", "thin", "grouped", "fat")
WARM = ("rustc-thin", "lld", "thin", "grouped")


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """Wall and CPU seconds, bytes of memory, bytes of the stripped program, digest of the program as linked."""

    wall: float
    cpu: float
    memory: int
    size: int
    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Edit:
    """A file that changes, its content before, and whether it is of a dependency, which has to be compiled again."""

    path: Path
    original: bytes
    leaf: bool

    def make(self, number: int) -> None:
        """Another constant that stays in the program."""
        self.path.write_bytes(self.original + f"\n#[used]\nstatic EDITED: u32 = {number};\n".encode())


@dataclass(frozen=True, kw_only=True, slots=True)
class Final:
    """The final crate's rustc command, and where its outputs go."""

    argv: list[str]
    env: dict[str, str]
    cwd: str
    work: Path
    runs: dict[str, list[Run]] = field(default_factory=dict)
    memory: dict[str, int] = field(default_factory=dict)


def main() -> None:
    args = arguments()
    work = Path(args.work).absolute()
    project = work / "project"
    if not project.exists():
        shutil.copytree(args.path, project, ignore=shutil.ignore_patterns("target", ".git"), symlinks=True)
    edit = edit_of(project, args)
    final = compiled(project, args.bin, work)
    roads = args.roads.split(",") if args.roads else list(WARM if edit else COLD)
    shutil.rmtree(work / "cache", ignore_errors=True)
    try:
        # The first round fills caches and samples memory; its times are not counted.
        for number in range(args.rounds + 1):
            if edit and edit.leaf:
                edit.make(number)
                compiled(project, args.bin, work, link=False)
            one_round(final, roads, number, edit)
    finally:
        if edit:
            edit.path.write_bytes(edit.original)
    if args.rounds:
        print(table(final, roads, warm=edit is not None))
    else:
        print("\n".join(f"{road}: {memory / 1e6:.0f} MB together at most" for road, memory in final.memory.items()))
    if args.run:
        print(runtimes(work, roads, shlex.split(args.run)))
    if edit:
        check_warm(final, roads, edit)


def edit_of(project: Path, args: argparse.Namespace) -> Edit | None:
    """What changes between runs; nothing in the cold case."""
    if not args.leaf and not args.edit:
        return None
    path = patched(project, args.leaf) if args.leaf else project / args.edit
    return Edit(path=path, original=path.read_bytes(), leaf=bool(args.leaf))


def one_round(final: Final, roads: list[str], number: int, edit: Edit | None) -> None:
    """Every road once, each after an edit of its own where the final crate is edited."""
    for road in ["crate alone", *rotated(roads, number)]:
        if edit and not edit.leaf:
            edit.make(number)
        done = run(final, road, keep=edit is not None, sample=not number)
        print(f"round {number} {road:<12} {done.wall:6.2f} s wall {done.cpu:6.2f} s CPU", file=sys.stderr)
        if not number:
            final.memory[road] = done.memory
        else:
            final.runs.setdefault(road, []).append(done)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path")
    parser.add_argument("--bin", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--rounds", type=int, default=5, help="0: build the programs once, for --run")
    parser.add_argument("--roads", default="")
    parser.add_argument("--run", metavar="ARGUMENTS", help="run the programs with them at the end")
    edits = parser.add_mutually_exclusive_group()
    edits.add_argument("--edit", metavar="FILE", help="of the final crate, relative to PATH")
    edits.add_argument("--leaf", metavar="CRATE", help="a dependency to edit")
    return parser.parse_args()


def rotated(roads: list[str], number: int) -> list[str]:
    """Another order each round, so that none profits from its place."""
    start = number % len(roads)
    return roads[start:] + roads[:start]


def patched(project: Path, name: str) -> Path:
    """A copy of a dependency, patched in; gives the file to edit."""
    own = project / "leaf" / name
    if not own.exists():
        asked = ["cargo", "metadata", "--format-version", "1", "--offline"]
        packages = json.loads(subprocess.run(asked, cwd=project, check=True, stdout=subprocess.PIPE).stdout)["packages"]
        found = next(package for package in packages if package["name"] == name)
        shutil.copytree(Path(found["manifest_path"]).parent, own)
        with (project / "Cargo.toml").open("a") as manifest:
            manifest.write(f'\n[patch.crates-io]\n{name} = {{ path = "leaf/{name}" }}\n')
    return own / "src" / "lib.rs"


def compiled(project: Path, program: str, work: Path, *, link: bool = True) -> Final:
    """Compile everything and catch the last command; it is not run without ``link``."""
    call = work / "call.json"
    call.unlink(missing_ok=True)
    wrapper = work / "wrapper"
    wrapper.write_text(_WRAPPER.format(python=sys.executable, out=str(call)))
    wrapper.chmod(0o755)
    for path in (project / "src" / "main.rs", *project.glob("src/bin/**/main.rs")):
        if path.exists():
            path.touch()
    subprocess.run(
        [
            *("cargo", "build", "--release", "--offline", "--bin", program, "--target-dir", str(work / "target")),
            *("--config", 'profile.release.lto="thin"'),
        ],
        cwd=project,
        env={**os.environ, "RUSTC_WRAPPER": str(wrapper), "BENCH_NO_LINK": "" if link else "1"},
        check=link,
    )
    found = json.loads(call.read_text())
    return Final(argv=found["argv"], env=found["env"], cwd=found["cwd"], work=work)


def run(final: Final, road: str, *, keep: bool, sample: bool = False) -> Run:
    """One run of a road; the outputs of the one before go first."""
    out = final.work / "out"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    argv = command(final, road, out)
    env = {**final.env, **variables(final, road, keep=keep)}
    # cargo's job server has gone with cargo; compiled Python must be kept, as it is for users.
    for name in ("RUSTC_WRAPPER", "CARGO_MAKEFLAGS", "MAKEFLAGS", "PYTHONDONTWRITEBYTECODE"):
        env.pop(name, None)
    wall, before = time.perf_counter(), os.times()
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(argv, cwd=final.cwd, env=env, stdout=said, stderr=said)
        memory = watched(child) if sample else 0
        status = child.wait()
        wall, after = time.perf_counter() - wall, os.times()
        if status != 0:
            said.seek(0)
            sys.exit(f"{road} failed: {' '.join(argv)}\n{said.read().decode(errors='replace')}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    if road == "crate alone":
        return Run(wall=wall, cpu=cpu, memory=memory, size=0, digest="")
    program = next(path for path in out.iterdir() if os.access(path, os.X_OK) and path.is_file())
    digest = hashlib.sha256(program.read_bytes()).hexdigest()
    kept = final.work / "programs" / road
    kept.parent.mkdir(exist_ok=True)
    shutil.copy2(program, kept)
    stripped = final.work / "stripped"
    subprocess.run([shutil.which("strip") or "strip", "-s", "-o", str(stripped), str(program)], check=True)
    return Run(wall=wall, cpu=cpu, memory=memory, size=stripped.stat().st_size, digest=digest)


def watched(child: subprocess.Popen[bytes]) -> int:
    """The most bytes that a process and all below it had together at any of the samples."""
    most = 0
    while child.poll() is None:
        most = max(most, sum(map(share, family(child.pid))))
        time.sleep(0.1)
    return most


def family(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for parent in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{parent}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


def share(pid: int) -> int:
    """Bytes of memory, those shared with others in proportion (PSS)."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def command(final: Final, road: str, out: Path) -> list[str]:
    """The rustc command of a road."""
    own = {"rustc-thin": "lto=thin", "rustc-fat": "lto=fat"}.get(road, "linker-plugin-lto")
    argv = [own if word == "lto=thin" else word for word in final.argv]
    argv[argv.index("--out-dir") + 1] = str(out)
    if road == "crate alone":
        return [*argv, "-C", "linker=true"]
    if own == "linker-plugin-lto":
        return [*argv, "-C", f"linker={Path(sys.executable).with_name('burnish-cc')}"]
    return argv


def variables(final: Final, road: str, *, keep: bool) -> dict[str, str]:
    """What burnish's driver is told; nothing where it has no part."""
    if road == "crate alone" or road.startswith("rustc"):
        return {}
    by_lld = road.startswith("lld")
    return {
        "BURNISH_LTO": "thin" if by_lld else road,
        "BURNISH_LTO_ENGINE": "lld" if by_lld else "burnish",
        "BURNISH_LTO_MALLOC": "off" if road == "lld" else "",
        "BURNISH_LTO_CACHE": "on" if keep else "off",
        "BURNISH_CACHE_DIR": str(final.work / "cache"),
    }


def check_warm(final: Final, roads: list[str], edit: Edit) -> None:
    """The warm result against a cold one of the same source."""
    if not edit.leaf:
        edit.make(1234)
    for road in [road for road in roads if road in {"thin", "grouped"}]:
        warm = run(final, road, keep=True)
        cold = run(final, road, keep=False)
        print(f"{road}: warm and cold {'equal byte for byte' if warm.digest == cold.digest else 'DIFFER'}")
    edit.path.write_bytes(edit.original)


def table(final: Final, roads: list[str], *, warm: bool) -> str:
    """Medians, and the ratios to rustc's thin and fat and to lld of the same rounds."""
    alone = final.runs["crate alone"]
    parts = {road: [one.wall - base.wall for one, base in zip(final.runs[road], alone, strict=True)] for road in roads}
    cpus = {road: [one.cpu - base.cpu for one, base in zip(final.runs[road], alone, strict=True)] for road in roads}
    itself = f"{statistics.median(run.wall for run in alone):.2f} s"
    lines = [
        f"{'warm' if warm else 'cold'}, medians of {len(alone)} rounds, LTO part; the crate alone takes {itself}",
        "",
        "| road | wall | CPU | memory | stripped | wall to rustc thin | to rustc fat | to lld | size to rustc thin |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for road in roads:
        runs = final.runs[road]
        lines.append(
            f"| {road} | {statistics.median(parts[road]):.2f} s | {statistics.median(cpus[road]):.2f} s "
            f"| {final.memory[road] / 1e6:.0f} MB | {runs[0].size:,} B "
            f"| {ratio(parts, road, 'rustc-thin')} | {ratio(parts, road, 'rustc-fat')} | {ratio(parts, road, 'lld')} "
            f"| {size_ratio(final, road)} |"
        )
    return "\n".join(lines)


def runtimes(work: Path, roads: list[str], arguments: list[str]) -> str:
    """CPU seconds of the programs themselves."""
    spent: dict[str, list[float]] = {road: [] for road in roads}
    said = set()
    for number in range(22):
        for road in rotated(roads, number):
            before = spent_by_children()
            done = subprocess.run([work / "programs" / road, *arguments], check=True, stdout=subprocess.PIPE)
            said.add(done.stdout)
            if number:  # the first warms the files up
                spent[road].append(spent_by_children() - before)
    lines = ["", "| road | runtime | to rustc thin |", "|---|--:|--:|"]
    lines += [
        f"| {road} | {statistics.median(spent[road]):.3f} s | {ratio(spent, road, 'rustc-thin')} |" for road in roads
    ]
    return "\n".join([*lines, "", f"outputs: {'all equal' if len(said) == 1 else 'DIFFERENT'}"])


def spent_by_children() -> float:
    """CPU seconds, to the microsecond."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def ratio(parts: dict[str, list[float]], road: str, other: str) -> str:
    if other not in parts:
        return ""
    return f"{statistics.median(a / b for a, b in zip(parts[road], parts[other], strict=True)):.2f}"


def size_ratio(final: Final, road: str) -> str:
    if "rustc-thin" not in final.runs:
        return ""
    return f"{final.runs[road][0].size / final.runs['rustc-thin'][0].size:.3f}"


if __name__ == "__main__":
    main()
