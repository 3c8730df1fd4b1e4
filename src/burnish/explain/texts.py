"""The five options in words: what each does, what each value does, price, when and when not. Data.

Sources: the Cargo reference, "Profiles"; the rustc book, "Codegen Options"; the rustc development guide; rustc's own
sources where both books are silent.
"""

from typing import Final

from burnish.explain.values import OptionText, ValueText

PROFILES: Final = "https://doc.rust-lang.org/cargo/reference/profiles.html"
CODEGEN: Final = "https://doc.rust-lang.org/rustc/codegen-options/index.html"
THIN_LTO: Final = "https://clang.llvm.org/docs/ThinLTO.html"

LTO: Final = OptionText(
    key="lto",
    does=(
        "It decides which LLVM modules are optimized together after every crate has been compiled.",
        "With thin or fat, code and constants of one crate are visible in all others, those of std included.",
        "Nothing of it reaches build scripts, proc macros, C code or shared libraries.",
    ),
    values=(
        ValueText(value='"off"', does="no optimization across modules, not even between the units of one crate"),
        ValueText(value="false", does="thin-local: thin LTO among the codegen units of each crate, none across crates"),
        ValueText(
            value='"thin"',
            does="modules stay apart; an index of summaries says what each imports; backends run in parallel",
        ),
        ValueText(value='"fat"', does="all modules are merged into one, which one thread optimizes as a whole"),
    ),
    price="Build time and memory at every link of the program, also of each test and bench binary of the profile; "
    "changing the value recompiles every dependency.",
    use="Programs you ship, above all with hot code spread over crates, and where the file's size counts.",
    avoid="Profiles of the edit-build-test loop; builders short of memory (fat holds the whole program at once); "
    "libraries, whose users decide.",
    sources=(f"{PROFILES}#lto", f"{CODEGEN}#lto", THIN_LTO),
)

CODEGEN_UNITS: Final = OptionText(
    key="codegen-units",
    does=(
        "It is the largest number of LLVM modules that rustc splits one crate into.",
        "LLVM works on them in parallel and, without LTO, inlines between them only what rustc copies into each.",
        "Left unset it is a default of 16 that merges small modules, so a small crate is one module anyway.",
    ),
    values=(
        ValueText(value="unset", does="at most 16 units (256 with incremental); small ones are merged"),
        ValueText(value="1", does="one module: LLVM sees the whole crate at once, on one core"),
        ValueText(value="16", does="rustc tries to reach 16 units and merges far less: not the same as unset"),
    ),
    price="1 compiles each crate on one core; a build of many crates still uses all cores until the last, large one.",
    use="1 for programs you ship; it is the cheaper half of what LTO gives, and under LTO often costs nothing more.",
    avoid="1 where one crate holds most of the code and you wait for its rebuilds.",
    sources=(
        f"{PROFILES}#codegen-units",
        f"{CODEGEN}#codegen-units",
        "https://doc.rust-lang.org/stable/nightly-rustc/rustc_session/enum.CodegenUnits.html",
    ),
)

OPT_LEVEL: Final = OptionText(
    key="opt-level",
    does=(
        "It chooses LLVM's pipeline and its limits for inlining, unrolling and vectorization.",
        "From 1 on rustc also optimizes more of its own MIR and offers small functions to other crates.",
        "s and z are marked on each function and hold through LTO; otherwise the final crate's level is that of LTO.",
    ),
    values=(
        ValueText(value="0", does="no optimization; debug assertions follow their own key; compiles fastest"),
        ValueText(value="1", does="basic optimization, little inlining; may be larger and much slower than z"),
        ValueText(value="2", does="nearly all of 3, with lower limits for inlining and unrolling"),
        ValueText(value="3", does="everything for speed; the default of release"),
        ValueText(value='"s"', does="small code, loops still vectorized"),
        ValueText(value='"z"', does="small code before all, loops not vectorized; not always smaller than s"),
    ),
    price="s and z trade speed for size, at times a multiple of the run time; 3 may be larger than 2 and no faster.",
    use='3 unless measured otherwise; "s" or "z" where a download or a flash chip is the limit.',
    avoid='"z" for code with hot loops, 1 as a middle way, 0 in anything shipped.',
    sources=(f"{PROFILES}#opt-level", f"{CODEGEN}#opt-level"),
)

PANIC: Final = OptionText(
    key="panic",
    does=(
        "It decides what a panic does after its message is printed.",
        "unwind walks up the stack, runs Drop of all it leaves, and stops at catch_unwind or the end of the thread.",
        "abort ends the process at once, whichever thread panicked; the compiler then leaves out the landing pads.",
    ),
    values=(
        ValueText(value='"unwind"', does="a panic ends its thread; catch_unwind and JoinHandle::join see it"),
        ValueText(value='"abort"', does="a panic ends the process with SIGABRT; no Drop runs, nothing catches it"),
    ),
    price="abort changes what the program does: servers and thread pools no longer survive a panic, temporary "
    "files and terminal modes stay. unwind costs landing pads in code and size.",
    use="abort where a panic should end the process anyway: command line tools, kernels, supervised services.",
    avoid="abort in libraries called from other languages, servers that isolate requests, and wherever the audit of "
    "the sources finds catch_unwind or a join that is looked at.",
    sources=(f"{PROFILES}#panic", f"{CODEGEN}#panic"),
)

STRIP: Final = OptionText(
    key="strip",
    does=(
        "It tells the linker what to leave out of the file besides code and data.",
        "The machine code is the same with every value; only the file's size and what tools can show change.",
        "debuginfo removes files and lines, symbols also removes the names of functions.",
    ),
    values=(
        ValueText(value='"none"', does="keep everything, with the debug info that the standard library carries"),
        ValueText(value='"debuginfo"', does="drop files and lines; function names stay in backtraces"),
        ValueText(value='"symbols"', does="drop names as well; backtraces show addresses"),
    ),
    price="symbols: backtraces, profilers and crash reports show no names, unless the symbols are kept elsewhere.",
    use='"symbols" for images and downloads whose crashes nobody reads, or with split debug info kept aside.',
    avoid='"symbols" where users send backtraces; "none" in release without a reason: std\'s debug info is megabytes.',
    sources=(f"{PROFILES}#strip", f"{CODEGEN}#strip", "https://github.com/rust-lang/cargo/pull/13257"),
)

FIVE: Final = (LTO, CODEGEN_UNITS, OPT_LEVEL, PANIC, STRIP)
