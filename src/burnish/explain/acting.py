"""What acts together with the five options: debug, incremental, overflow-checks, target-cpu, overrides. Data."""

from typing import Final

from burnish.explain.texts import CODEGEN, PROFILES
from burnish.explain.values import OptionText, ValueText

DEBUG: Final = OptionText(
    key="debug",
    does=(
        "It decides how much debug info rustc writes: nothing, lines, or everything a debugger can show.",
        "It does not change the machine code that runs.",
        "Any value but none also keeps the standard library's debug info, because strip is then not implied.",
    ),
    values=(
        ValueText(value="false", does="no debug info of your crates; strip becomes debuginfo unless it is set"),
        ValueText(value='"line-tables-only"', does="files and lines for backtraces and profilers"),
        ValueText(value="1", does="lines and function-level info"),
        ValueText(value="true", does="all of it: variables and types as well"),
    ),
    price="Compile time, memory at the link (much of it under fat LTO), and files several times as large.",
    use='"line-tables-only" where profiles and backtraces of the shipped program matter.',
    avoid="Together with strip, which throws the result away after it was paid for.",
    sources=(f"{PROFILES}#debug",),
)

INCREMENTAL: Final = OptionText(
    key="incremental",
    does=(
        "It keeps what rustc found out about a crate of the workspace, so that the next build redoes less.",
        "Crates are then split into up to 256 codegen units where codegen-units is unset.",
        "It holds for workspace members and path dependencies alone, never for crates of a registry.",
    ),
    values=(
        ValueText(value="false", does="each change recompiles its whole crate; the default of release"),
        ValueText(value="true", does="unchanged codegen units are kept; code is cut finer and optimized less"),
    ),
    price="Slower code, a larger target directory; rustc offers no functions to other crates by itself.",
    use="Profiles for iterating on optimized code.",
    avoid="Anything shipped or measured.",
    sources=(f"{PROFILES}#incremental", f"{CODEGEN}#incremental"),
)

OVERFLOW_CHECKS: Final = OptionText(
    key="overflow-checks",
    does=(
        "It decides whether integer arithmetic that overflows panics or wraps.",
        "Each check is a branch to a panic, which also keeps some loops from being vectorized.",
        "Functions with a check are no longer among those that rustc offers to other crates by itself.",
    ),
    values=(
        ValueText(value="false", does="overflow wraps silently; the default of release"),
        ValueText(value="true", does="overflow panics, as in dev"),
    ),
    price="true costs some run time, more in arithmetic loops; false turns bugs into wrong numbers.",
    use="true where a wrong number is worse than a stop: money, sizes of buffers, consensus.",
    avoid="true in numeric kernels, unless measured.",
    sources=(f"{PROFILES}#overflow-checks",),
)

TARGET_CPU: Final = OptionText(
    key="target-cpu",
    does=(
        "It lets LLVM use instructions of a newer processor than the oldest that the target supports.",
        "It is a flag of rustc (-C target-cpu), given through RUSTFLAGS or a config file; profiles have no key for it.",
        "The standard library stays compiled for the base processor, also under LTO: functions carry their own.",
    ),
    values=(
        ValueText(value="unset", does="the target's base processor: runs everywhere (x86-64: SSE2)"),
        ValueText(value="x86-64-v3", does="AVX2, BMI and FMA: processors since about 2013"),
        ValueText(value="native", does="the machine that builds: the file may die elsewhere with SIGILL"),
    ),
    price="SIGILL on processors without the instructions; native makes another file on every builder.",
    use="x86-64-v2 or v3 for fleets you know; native for programs that run where they are built.",
    avoid="native in a committed config file, in CI with shared caches, in anything published.",
    sources=(f"{CODEGEN}#target-cpu", "https://doc.rust-lang.org/cargo/reference/config.html#buildrustflags"),
)

OVERRIDES: Final = OptionText(
    key="overrides",
    does=(
        "[profile.NAME.package.SPEC] is for single packages, build-override for build scripts and proc macros.",
        "They can set opt-level, codegen-units, debug, strip and checks, but not lto or panic.",
        'Generic functions are compiled where they are used, at that level; package."*" leaves workspace members out.',
    ),
    values=(),
    price="Another set of values to keep in step; an override without strip resets strip for its package.",
    use="3 for the few hot crates of a small program, or optimized dependencies in dev.",
    avoid="build-override with a high opt-level, unless heavy proc macros run for longer than they take to compile.",
    sources=(f"{PROFILES}#overrides", f"{PROFILES}#overrides-and-generics"),
)

ACTING: Final = (DEBUG, INCREMENTAL, OVERFLOW_CHECKS, TARGET_CPU, OVERRIDES)
