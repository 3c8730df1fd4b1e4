"""Results to render. Sizes, sections, crates and build costs of the lto rows are those of fd 10.5.0 on rustc 1.95;
the other candidates and all run times are made up, in proportion."""

from dataclasses import replace
from typing import Any

from burnish.build.values import BuildCost, Road, SizeReport
from burnish.measure.layouts import LayoutLuck
from burnish.measure.values import Circumstances, Comparison, Timing, Workload
from burnish.profile.profile import Profile
from burnish.tune.result import (
    SCHEMA,
    BaselineSetting,
    Confirmation,
    CrateTime,
    Crossing,
    Effort,
    Failure,
    Goal,
    InlinedFunction,
    LinkPicture,
    Loss,
    Noise,
    OptionChange,
    Outcome,
    Recommendation,
    Row,
    Runs,
    Sharing,
    Timeline,
    TuneResult,
)

_BASE_SECTIONS = (
    (".text", 2327214), (".debug_str", 1884657), (".debug_info", 1084387), (".strtab", 507395), (".rodata", 484300),
    (".debug_ranges", 456896), (".debug_line", 449135), (".rela.dyn", 268776), (".eh_frame", 230784),
    (".data.rel.ro", 197712), (".symtab", 165840), (".gcc_except_table", 100076), ("[headers]", 96460),
)  # fmt: skip
_FAT_SECTIONS = (
    (".text", 2438686), (".debug_str", 1249387), (".debug_info", 662191), (".rodata", 477616), (".strtab", 382645),
    (".debug_ranges", 249904), (".debug_line", 230204), (".rela.dyn", 218400), (".eh_frame", 200304),
    (".data.rel.ro", 174520), (".symtab", 117336), (".gcc_except_table", 78216), ("[headers]", 53703),
)  # fmt: skip
_BASE_CRATES = (
    ("core", 428890), ("clap_builder", 292343), ("regex_automata", 268475), ("fd", 188465), ("regex_syntax", 176298),
    ("std", 170550), ("aho_corasick", 150730), ("jiff", 147614), ("alloc", 84213), ("ignore", 75985),
    ("clap_complete", 73565), ("globset", 42561), ("[unknown]", 227525),
)  # fmt: skip
_FAT_CRATES = (
    ("core", 507269), ("clap_builder", 295276), ("fd", 276278), ("regex_automata", 268052), ("regex_syntax", 166380),
    ("std", 157411), ("aho_corasick", 150669), ("jiff", 143847), ("alloc", 77265), ("ignore", 68185),
    ("clap_complete", 61221), ("globset", 43821), ("[unknown]", 223012),
)  # fmt: skip

BASELINE = Profile.parse("o3-false-cgu1-unwind-none")
WINNER = Profile.parse("o3-fat-cgu1-unwind-none")
CIRCUMSTANCES = Circumstances(
    cpu="Intel(R) Xeon(R) Processor @ 2.50GHz",
    cores=2,
    kernel="6.18.44",
    rustc="rustc 1.95.0 (59807616e 2026-04-14)",
    cargo="cargo 1.95.0 (f2d3ce0bd 2026-03-21)",
    target="x86_64-unknown-linux-gnu",
    load=0.31,
    burnish="0.1.0",
)


def row(identifier: str, size: int, cpu: float, memory: int, /, **changes: Any) -> Row:
    """A row of round figures: everything not said follows from the size and the CPU."""
    plain = Row(
        profile=Profile.parse(identifier),
        names=(),
        road=Road.SHARED,
        size=SizeReport(file=size, stripped=size * 4 // 9, gzip=size // 3),
        cost=BuildCost(cpu=cpu, wall=cpu * 0.65, peak_memory=memory, rebuild=cpu * 0.14, estimated=True),
    )
    return replace(plain, **changes)


def timed(ratio: float, low: float, high: float, timing: Timing, pairs: int = 40) -> Comparison:
    return Comparison(ratio=ratio, low=low, high=high, pairs=pairs, timing=timing, smallest=0.7 * (high - low))


def _rows() -> tuple[Row, ...]:
    faster, same, slower, undecided = Timing.FASTER, Timing.SAME, Timing.SLOWER, Timing.UNDECIDED
    base_size = SizeReport(file=8253632, stripped=3668736, gzip=2611947, sections=_BASE_SECTIONS, crates=_BASE_CRATES)
    fat_size = SizeReport(file=6533112, stripped=3629712, gzip=2207483, sections=_FAT_SECTIONS, crates=_FAT_CRATES)
    thin_size = SizeReport(file=7103848, stripped=3792872, gzip=2347847)
    base_cost = BuildCost(cpu=128.0, wall=83.64, peak_memory=812_400_000, rebuild=8.4, estimated=False)
    return (
        row(BASELINE.id, 8253632, 128.0, 812_400_000, names=("baseline",), size=base_size, cost=base_cost,
            road=Road.PLAIN, instructions=3_912_400_000),
        row("o3-false-cgudef-unwind-none", 8911240, 141.2, 640_100_000, names=("cargo default",),
            time=timed(1.021, 1.004, 1.039, slower), instructions=4_010_900_000),
        row("o3-thin-cgu1-unwind-none", 7103848, 132.98, 905_300_000, size=thin_size,
            time=timed(0.962, 0.949, 0.974, faster), instructions=3_741_800_000, front=True),
        row(WINNER.id, 6533112, 151.4, 1_402_700_000, size=fat_size, time=timed(0.921, 0.908, 0.934, faster),
            instructions=3_588_200_000, front=True),
        row("o2-thin-cgu1-unwind-none", 7050120, 130.4, 901_000_000, time=timed(0.981, 0.958, 1.004, undecided, 27)),
        row("os-fat-cgu1-unwind-symbols", 2711552, 118.9, 1_050_000_000, names=("small",),
            time=timed(1.187, 1.161, 1.214, slower, 12), instructions=4_620_000_000, front=True),
        row("oz-fat-cgu1-unwind-symbols", 2598912, 116.2, 1_012_000_000, screened=1.27, front=True),
        row("o3-fat-cgu16-unwind-none", 6688200, 156.0, 1_420_000_000, time=timed(0.998, 0.992, 1.005, same, 27)),
        row("o2-fat-cgu1-unwind-none", 6560040, 152.1, 1_390_000_000, screened=0.94),
    )  # fmt: skip


def _recommendation() -> Recommendation:
    return Recommendation(
        outcome=Outcome.CHANGE,
        profile=WINNER,
        headline=(
            "Change [profile.release] to lto = fat: 7.7 % less run time; a file 20.8 % smaller (6.53 MB instead of "
            "8.25 MB); +18 % CPU for a cold build."
        ),
        changes=(OptionChange(key="lto", old="false", new="fat"),),
        reasons=(
            "It serves the goal balanced best of 9 profiles that were built and measured.",
            "Confirmed on fresh builds by plain cargo: 7.7 % less run time (interval -9.1 % to -6.3 %, 40 rounds).",
        ),
        price=(
            "Cold build: 2 min 31 s CPU instead of 2 min 08 s (2 min 27 s instead of 83.6 s by the clock).",
            "Rebuild after a change in the final crate: 61.2 s instead of 8.4 s.",
            "Fat LTO links on one core; each test and bench binary of this profile pays it too.",
        ),
        confirmation=Confirmation(
            size=SizeReport(file=6533096, stripped=3629696, gzip=2207470),
            cost=BuildCost(cpu=151.4, wall=146.88, peak_memory=1_402_700_000, rebuild=61.2, estimated=False),
            size_deviation=0.0000044,
            time=timed(0.923, 0.909, 0.937, Timing.FASTER),
            layouts=LayoutLuck(layouts=6, rounds=36, ratio=0.929, low=0.911, high=0.948, spread=0.019, chance=0.985),
        ),
    )


def sample_result(**changes: Any) -> TuneResult:
    """A change verdict with a workload, a failure and every section filled; ``changes`` replace fields."""
    result = TuneResult(
        schema=SCHEMA,
        created="2026-05-04T10:15:00Z",
        package="fd-find",
        version="10.5.0",
        artifact="fd",
        profile_name="release",
        goal=Goal.BALANCED,
        workload=Workload(argv=("{bin}", "-j1", "-H", "[0-9]+\\.rs$", "corpus"), cwd="/home/ann/fd"),
        circumstances=CIRCUMSTANCES,
        baseline=(
            BaselineSetting(key="opt-level", value="3", origin="Cargo's default"),
            BaselineSetting(key="lto", value="false", origin="Cargo's default"),
            BaselineSetting(key="codegen-units", value="1", origin="Cargo.toml"),
            BaselineSetting(key="panic", value='"unwind"', origin="Cargo's default"),
            BaselineSetting(key="strip", value='"none"', origin=".cargo/config.toml"),
        ),
        rows=_rows(),
        failures=(
            Failure(
                profile=Profile.parse("o3-thin-cgu16-unwind-none"),
                reason="error: linking with `cc` failed: exit status: 1\n  = note: ld: cannot find -lonig\n",
            ),
            Failure(
                profile=Profile.parse("o1-false-cgudef-unwind-none"), reason="its output differs from the baseline's"
            ),
        ),
        sharing=(
            Sharing(profile=Profile.parse("o3-thin-cgu1-unwind-none"), deviation=0.0000042, faithful=True),
            Sharing(profile=WINNER, deviation=0.0000044, faithful=True),
        ),
        recommendation=_recommendation(),
        noise=Noise(control=timed(0.999, 0.991, 1.006, Timing.SAME), floor=0.0075),
        effort=Effort(
            wall=2541.0, builds=9, rounds=67, space=48, own=31.4, stopped="every promising candidate is built"
        ),
        notes=("strip was held: the goal balanced keeps the symbols the project has.",),
        reproduce=(
            "cargo build --release --locked --config 'profile.release.lto=\"fat\"'",
            "burnish tune --goal balanced --run '{bin} -j1 -H [0-9]+\\.rs$ corpus'",
        ),
        timelines=timelines(),
        runs=tuple(
            Runs(
                name=profile.id,
                wall=(2.41 * share, 2.38 * share, 2.45 * share),
                user=(2.2 * share,) * 3,
                sys=(0.1,) * 3,
                memory=(41_000_000, 41_200_000, 41_100_000),
            )
            for profile, share in ((BASELINE, 1.0), (WINNER, 0.921))
        ),
    )
    return replace(result, **changes)


def linked_result() -> TuneResult:
    """The same with a look into the winner's link; figures made up."""
    pairs = (("regex_automata", "fd", 812, 0), ("core", "fd", 640, 0), ("ignore", "fd", 77, 0), ("std", "libc", 0, 3))
    link = LinkPicture(
        name="recommended",
        profile=WINNER,
        modules=71,
        crates=43,
        units=1,
        calls=31_902,
        standard_calls=9_114,
        functions=24_310,
        left=3_877,
        losses=(
            Loss(way="dead", meaning="nothing that lives refers to it", functions=14_020, size=812_000, error=9_000),
            Loss(way="inlined", meaning="alive, inlined into its callers", functions=6_100, size=410_000, error=7_000),
            Loss(way="optimized away", meaning="no use was found for it", functions=313, size=None, error=None),
        ),
        crossings=tuple(Crossing(source=a, target=b, calls=c, imports=d) for a, b, c, d in pairs),
        inlined=(InlinedFunction(name="fd::walk::<T>::new", crates=("fd", "ignore"), calls=12),),
    )
    return sample_result(link=link)


def timelines() -> tuple[Timeline, ...]:
    """Of two cold builds: crates that overlap, and two of one name."""
    names = ("build_script_build", "build_script_build", "libc", "regex_automata", "clap_builder", "fd")
    return tuple(
        Timeline(
            name=f"{name}, {profile.id}",
            crates=tuple(
                CrateTime(name=crate, start=at * 4.2, wall=5.0 + at, cpu=4.8 + at, memory=(at + 1) * 90_000_000)
                for at, crate in enumerate(names)
            ),
        )
        for name, profile in (("baseline", BASELINE), ("recommended", WINNER))
    )


def untimed_result() -> TuneResult:
    """The same without a workload."""
    full = sample_result()
    found = replace(
        full.recommendation,
        headline="Change [profile.release] to lto = fat: a file 20.8 % smaller; +18 % CPU for a cold build.",
        reasons=("Confirmed on a fresh build by plain cargo.",),
        confirmation=replace(full.recommendation.confirmation, time=None, layouts=None)
        if full.recommendation.confirmation
        else None,
    )
    rows = tuple(replace(each, time=None, screened=None, instructions=None) for each in full.rows)
    return replace(full, workload=None, runs=(), noise=None, rows=rows, recommendation=found)


def unchanged_result() -> TuneResult:
    """Nothing worth changing, nothing failed, nothing to add."""
    found = Recommendation(
        outcome=Outcome.NOTHING,
        profile=BASELINE,
        headline="Nothing worth changing in [profile.release]: the best of the others gains 0.4 %; 1 % would be.",
        reasons=("o3-thin-cgu1-unwind-none: the same run time (interval -0.8 % to +0.9 %, 40 rounds).",),
    )
    return sample_result(recommendation=found, failures=(), notes=(), reproduce=(), sharing=())


HOSTILE = "<script>alert(1)</script>\x1b[31m|`@octocat` \"'&\u202e*_[x](https://example.org)\n# </script><!--"


def hostile_result() -> TuneResult:
    """`HOSTILE` wherever a name, an argument or a message of others stands."""
    full = sample_result()
    first = full.rows[0]
    bad = replace(
        first,
        names=(HOSTILE,),
        mismatches=(HOSTILE,),
        size=replace(first.size, sections=((HOSTILE, 1),), crates=((HOSTILE, 1),)),
    )
    return replace(
        full,
        package=HOSTILE,
        version=HOSTILE,
        artifact=HOSTILE,
        profile_name=HOSTILE,
        created=HOSTILE,
        workload=Workload(argv=("{bin}", HOSTILE), cwd=HOSTILE),
        circumstances=replace(full.circumstances, cpu=HOSTILE, rustc=HOSTILE),
        baseline=(BaselineSetting(key="lto", value=HOSTILE, origin=HOSTILE),),
        rows=(bad, *(replace(each, names=(HOSTILE,)) for each in full.rows[1:])),
        failures=(Failure(profile=WINNER, reason=HOSTILE),),
        recommendation=replace(
            full.recommendation,
            headline=HOSTILE,
            reasons=(HOSTILE,),
            price=(HOSTILE,),
            changes=(OptionChange(key="lto", old=HOSTILE, new="fat"),),
        ),
        effort=replace(full.effort, stopped=HOSTILE),
        notes=(HOSTILE,),
        reproduce=(HOSTILE,),
        link=LinkPicture(
            name="recommended",
            profile=WINNER,
            modules=2,
            crates=2,
            units=1,
            calls=3,
            functions=4,
            left=1,
            losses=(Loss(way=HOSTILE, meaning=HOSTILE, functions=3, size=1, error=1),),
            crossings=(Crossing(source=HOSTILE, target=HOSTILE, calls=3, imports=0),),
            inlined=(InlinedFunction(name=HOSTILE, crates=(HOSTILE,), calls=3),),
            missing=(HOSTILE,),
        ),
    )
