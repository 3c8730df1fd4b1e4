"""Programs that bench/behaviour.py compares, what they do, and crates whose own test suites it runs."""

import sys
from dataclasses import dataclass

#: The versions that the tests take, too.
from fetch import PINNED


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One call; ``{bin}`` and ``{corpus}`` stand for paths, ``stdin`` for a file of the corpus."""

    argv: tuple[str, ...]
    stdin: str = ""
    #: Only the exit code counts: the output has timings.
    status_only: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """A program and what it does."""

    name: str
    #: Of the registry; without it the project is bench/behaviour/NAME.
    version: str = ""
    product: str = ""
    features: str = ""
    has: str = ""
    runs: tuple[Run, ...]

    @property
    def file(self) -> str:
        return self.product or self.name

    @property
    def selection(self) -> tuple[str, ...]:
        which = ("--lib",) if self.file.endswith(".so") else ("--bin", self.file)
        return (*which, "--locked", *(("--features", self.features) if self.features else ()))


def calls(*lines: str, stdin: str = "", status_only: bool = False) -> tuple[Run, ...]:
    """Runs as words between blanks; a word with blanks is written with ``_``."""
    return tuple(
        Run(
            argv=tuple(word.replace("_", " ") if not word.startswith("{") else word for word in line.split()),
            stdin=stdin,
            status_only=status_only,
        )
        for line in lines
    )


CASES = (
    Case(
        name="ripgrep",
        version=PINNED["ripgrep"],
        product="rg",
        features="pcre2",
        has="C: pcre2",
        runs=calls(
            r"{bin} --no-config --sort=path -n fn_\w+\(&self {corpus}",
            r"{bin} --no-config --sort=path -P (?<=pub_)fn_(\w+)(?=.*->_Option) {corpus} -r <$1>",
            r"{bin} --no-config --sort=path -i -w --vimgrep result {corpus}",
            r"{bin} --no-config --sort=path -U impl[^{]*\{\s*fn_new -c {corpus}",
            r"{bin} --no-config --sort=path --count-matches unsafe {corpus}",
            r"{bin} --no-config --sort=path -C2 --heading --color=always -e panic! -e unwrap\(\) -trust {corpus}",
            "{bin} --no-config --files --sort=path -g !*.toml {corpus}",
            "{bin} --no-config ( {corpus}",
            "{bin} --type-list",
            "{bin} --help",
            "{bin} --no-config -n --passthru nothing-such {corpus}/nowhere",
        ),
    ),
    Case(
        name="fd-find",
        version=PINNED["fd-find"],
        product="fd",
        has="C: jemalloc",
        runs=calls(
            "{bin} -j1 -u . {corpus}",
            r"{bin} -j1 -u -e rs ^[a-m].*[0-9] {corpus} -x echo {/.} {//}",
            "{bin} -j2 -u -tf -S+20k . {corpus} -X ls",
            "{bin} -j1 -u -g *.{toml,md} {corpus} --color=always",
            "{bin} -j1 -H -d2 -td . {corpus} -0",
            "{bin} [ {corpus}",
            "{bin} --help",
            "{bin} -e",
        ),
    ),
    Case(
        name="hyperfine",
        version=PINNED["hyperfine"],
        runs=(
            *calls("{bin} --help", "{bin} -P n 1 0 true", "{bin} false", "{bin} -P n 1", "{bin} nothing-such-command"),
            *calls(
                "{bin} -N --style=none --warmup=1 --runs=30 true",
                "{bin} --style=none --runs=5 -P n 1 3 echo_{n} --export-json=out.json --export-markdown=out.md",
                "{bin} --style=none --runs=3 -i false --export-csv=out.csv",
                status_only=True,
            ),
        ),
    ),
    Case(
        name="bat",
        version="0.26.1",
        has="C: libgit2, oniguruma",
        runs=calls(
            "{bin} --no-config --color=always --style=full {corpus}/src/lib.rs {corpus}/Cargo.toml",
            "{bin} --no-config --color=always --theme=zenburn -A {corpus}/README.md",
            "{bin} --no-config --color=always --decorations=always --line-range=10:40 -H 12:15 {corpus}/src/lib.rs",
            "{bin} --no-config --color=always -l json {corpus}/Cargo.lock",
            "{bin} --list-languages",
            "{bin} --list-themes --color=never",
            "{bin} --no-config nowhere.txt",
            "{bin} --help",
        ),
    ),
    Case(
        name="tokei",
        version="15.0.0",
        runs=calls("{bin} {corpus} --sort=code", "{bin} {corpus} -f -s lines", "{bin} -l", "{bin} nowhere"),
    ),
    Case(
        name="sd",
        version="1.0.0",
        runs=(
            *calls(
                r"{bin} (\w+)::(\w+) $2<$1>",
                r"{bin} -F . DOT",
                r"{bin} -f=mi ^use\s+(?<what>.*);$ ${what}",
                "{bin} (",
                stdin="src/lib.rs",
            ),
            *calls("{bin} --help", "{bin} a b nowhere"),
        ),
    ),
    Case(
        name="hexyl",
        version="0.17.0",
        runs=calls("{bin} {corpus}/src/lib.rs", "{bin} --color=always -n999 {corpus}/README.md", "{bin} nowhere"),
    ),
    Case(
        name="surface",
        product="libsurface.so",
        has="cdylib, `.init_array`, exported variable, threads, TLS",
        runs=(
            Run(argv=(sys.executable, "{source}/drive.py", "{bin}")),
            Run(argv=(sys.executable, "{source}/drive.py", "{bin}", "9")),
        ),
    ),
    Case(
        name="abrupt",
        has='`panic = "abort"`',
        runs=calls(
            *(
                f"{{bin}} {word}"
                for word in ("work", "panic", "hook", "thread", "overflow", "exit", "error 12", "error 300", "no")
            )
        ),
    ),
    Case(
        name="native", has="own C and `global_asm!`: symbols both ways, weak ones, a constructor", runs=calls("{bin}")
    ),
    Case(name="assembly", has="`global_asm!`, naked, `asm!` with `sym`; ring, corosensei", runs=calls("{bin}")),
    Case(name="callbacks", has="C that calls back: SQLite, zlib, zstd", runs=calls("{bin}")),
    Case(name="startup", has="ctor, inventory, linkme, `#[used]`, `__start_`", runs=calls("{bin}")),
    Case(name="host", has="`-rdynamic`, plugins that use the program, unwinding through C", runs=calls("{bin}")),
    Case(name="tasks", has="tokio, tracing", runs=calls("{bin}")),
    Case(
        name="derived",
        has="proc macros: clap, serde, strum, thiserror",
        runs=(
            *calls("{bin} shapes 40", "{bin} --style=compact shapes 9", "{bin} --style=toml shapes 4", "{bin} styles"),
            *calls("{bin} --help", "{bin} shapes x", "{bin}", "{bin} show --help", "{bin} --version"),
            *calls("{bin} show", "{bin} --style=toml show workspace", "{bin} show packages.0.x", stdin="package.json"),
            *calls("{bin} show", stdin="README.md"),
        ),
    ),
    Case(name="numbers", has="nalgebra, rayon, `target_feature`, 128-bit integers", runs=calls("{bin}")),
)

#: Crates whose own test suites are part of what is published: version and features.
SUITES = {
    "semver": ("1.0.27", ""),
    "smallvec": ("1.15.1", "const_generics,drain_filter,drain_keep_rest,union,write"),
    "hashbrown": ("0.16.1", "rayon,serde"),
    "sd": ("1.0.0", ""),
}
