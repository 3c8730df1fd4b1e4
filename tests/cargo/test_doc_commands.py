"""Every command line of README and docs is run, as it is written, by a shell, in a project made for it.

docs/start.md and docs/lto.md are told with ``examples/crossings`` and have tests of their own; what no test can run
stands below, with its reason.
"""

import fnmatch
import os
import pty
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

import projects
from doc_lines import PAGES, PLACEHOLDERS, ROOT, Line, filled, lines_of

pytestmark = pytest.mark.cargo

_INDEX = "installs from a package index; tests/test_packaging.py installs what is built here"
_BENCH = "measures for minutes, by hand on an idle machine, some of them programs of the registry"
#: Lines by what they look like, and why no test runs them.
NOT_RUN = {
    r"make \S+": "the whole suite, or an installation from a package index; make -n is run below",
    r"pipx? install .*": _INDEX,
    r"uvx .*": _INDEX,
    r"python bench/.*": _BENCH,
    r"burnish tune .*--(?:bench|criterion) .*": "tests/cargo/test_bench.py and tests/crates run benches",
    r"cargo (?:build --release --bench NAME|bench)": "the project has no bench; tests/cargo/test_bench.py runs both",
    r"burnish ui": "serves until Ctrl-C; tests/cargo/test_ui.py does that",
    r"pytest tests/browser": "is part of this suite",
    r"cargo bloat": "a program of others, which need not be installed",
    r"cargo rustc -- -C lto=…": "no whole line: it stands for what burnish runs",
}
#: Pages that are run by a test of their own, and those that tell of measurements of programs of the registry.
ELSEWHERE = {
    "docs/start.md": "tests/cargo/test_start_page.py",
    "docs/lto.md": "tests/lto/test_lto_page.py",
    "docs/cluster.md": "tests/cluster/test_cluster_page.py; the lines for containers by nobody: they need docker",
    "docs/cases/*.md": "bench/cases.py",
}
#: Where a line is no success: docs/panics.md shows what is found, and says that the exit code is 1.
EXIT_CODES = {"burnish audit examples/crossings": 1}
#: What is typed where a line asks.
ANSWERS = {"burnish apply": "y\n", "burnish apply --name dist": "y\n"}
#: The first pages tell a story in their order: what README chooses and writes, CI then guards.
FIRST = ["README.md", "docs/guides/ci.md", "docs/guides/fast.md", "docs/guides/small.md", "docs/guides/build.md"]
#: Takes away what the other lines work on.
LAST = "cargo clean"

# Without std a link takes a tenth of a second, and the space is narrow: every tune ends long before the budget on its
# line, with two profiles and a loop that fat link-time optimization makes several times faster.
MANIFEST = """\
[package]
name = "my_crate"
version = "0.1.0"
edition = "2021"

[[bin]]
name = "my_crate"
path = "src/main.rs"
test = false

[dependencies]
codec = { path = "codec" }

[profile.dev]
panic = "abort"

[profile.release]
panic = "abort"

[package.metadata.burnish]
only = ["o3-*-cgudef-*"]
options = { lto = ["false", "fat"], panic = ["abort"], strip = ["debuginfo"] }
"""
MAIN = """\
#![no_std]
#![no_main]
use core::ffi::{c_char, c_int, c_void};

#[link(name = "c")]
extern "C" {
    fn open(path: *const c_char, flags: c_int) -> c_int;
    fn read(file: c_int, buffer: *mut c_void, most: usize) -> isize;
    fn printf(format: *const c_char, ...) -> c_int;
}

#[no_mangle]
pub extern "C" fn rust_eh_personality() {}

#[inline(never)]
fn large_function(text: &[u8]) -> u32 {
    let mut sum = 0u32;
    for turn in 0..1000u32 {
        for byte in text {
            sum = sum.wrapping_add(codec::scramble(u32::from(*byte) + turn));
        }
    }
    sum
}

#[no_mangle]
pub extern "C" fn main(argc: c_int, argv: *const *const c_char) -> c_int {
    let mut text = [0u8; 8192];
    let path = if argc > 1 { unsafe { *argv.add(1) } } else { c"data/sample.txt".as_ptr() };
    let length = unsafe { read(open(path, 0), text.as_mut_ptr().cast(), text.len()) };
    let Some(text) = usize::try_from(length).ok().and_then(|length| text.get(..length)) else {
        return 1;
    };
    unsafe { printf(c"%u\\n".as_ptr(), large_function(text)) };
    0
}
"""
CODEC = """\
#![no_std]

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}

pub fn scramble(word: u32) -> u32 {
    word.checked_mul(3).expect("small enough")
}
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A home directory with ``src/my-project`` in it, and a shell there."""

    home: Path

    @property
    def project(self) -> Path:
        return self.home / "src" / "my-project"

    def environment(self) -> dict[str, str]:
        real = Path.home()
        dropped = ("BURNISH_", "CARGO_", "RUST", "XDG_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
        return {
            **kept,
            "HOME": str(self.home),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "CARGO_HOME": os.environ.get("CARGO_HOME", str(real / ".cargo")),
            "RUSTUP_HOME": os.environ.get("RUSTUP_HOME", str(real / ".rustup")),
            "CARGO_NET_OFFLINE": "true",
            "NO_COLOR": "1",
        }

    def shell(self, text: str, *, typed: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """The line in bash; with something typed, stdin is a terminal. ``fpath`` is an array of zsh's."""
        ours, theirs = pty.openpty()
        os.write(ours, typed.encode())
        try:
            return subprocess.run(
                ["bash", "-o", "pipefail", "-c", f"fpath=(- {self.home}/functions)\n{text}"],
                cwd=cwd or self.project, env=self.environment(), stdin=theirs if typed else subprocess.DEVNULL,
                capture_output=True, text=True, check=False, timeout=300,
            )  # fmt: skip
        finally:
            os.close(ours)
            os.close(theirs)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    here = Place(home=tmp_path_factory.mktemp("home"))
    files = {
        "Cargo.toml": MANIFEST,
        "src/main.rs": MAIN,
        "codec/Cargo.toml": MANIFEST.partition("\n[[bin]]")[0].replace("my_crate", "codec"),
        "codec/src/lib.rs": CODEC,
        "data/sample.txt": "a line of what users have\n" * 4000,
        ".gitignore": "/target/\n",
    }
    projects.CargoProject(files=files).generate(here.project)
    shutil.copytree(
        ROOT / "examples" / "crossings",
        here.project / "examples" / "crossings",
        ignore=shutil.ignore_patterns("target"),
    )
    for directory in (".local/share/bash-completion/completions", "functions", "path/to"):
        (here.home / directory).mkdir(parents=True)
    commit = "git init -q && git add . && git -c user.name=me -c user.email=me@localhost commit -qm begun"
    assert here.shell(commit).returncode == 0
    return here


def every_line() -> list[Line]:
    """The distinct lines, in the order in which they are run."""
    lines = sorted(
        (line for page in PAGES for line in lines_of(page)),
        key=lambda line: (line.text == LAST, FIRST.index(line.page) if line.page in FIRST else len(FIRST)),
    )
    distinct: dict[str, Line] = {}
    for line in lines:
        distinct.setdefault(filled(line.text), line)
    return list(distinct.values())


def elsewhere(line: Line) -> bool:
    """Whether another test, or a bench, runs the listings of the line's page."""
    return any(fnmatch.fnmatch(line.page, page) for page in ELSEWHERE)


def excused(line: Line) -> bool:
    return any(re.fullmatch(pattern, line.text) for pattern in NOT_RUN)


def problem(line: Line, place: Place) -> str:
    """What went wrong, empty where nothing did."""
    done = place.shell(filled(line.text), typed=ANSWERS.get(line.text, ""))
    said = done.stdout + done.stderr
    wanted = EXIT_CODES.get(line.text, 0)
    if done.returncode == wanted and "Traceback" not in said and "error:" not in done.stderr:
        return ""
    return f"{line.page}: $ {filled(line.text)}\nexit code {done.returncode}, not {wanted}\n{said[-2000:]}"


# One test: the lines share builds and results, and some need what others have stored.
def test_every_command_line_runs_as_it_is_written(place: Place) -> None:
    lines = [line for line in every_line() if not excused(line) and not elsewhere(line)]
    assert len(lines) > 50
    problems = [found for line in lines if (found := problem(line, place))]
    assert not problems, "\n".join(problems)


def test_a_listing_is_what_is_printed(place: Place, tmp_path: Path) -> None:
    audited = next(line for line in lines_of(ROOT / "docs" / "panics.md") if line.shown)
    assert place.shell(audited.text).stdout == audited.shown
    linted = next(line for line in lines_of(ROOT / "docs" / "commands" / "lint.md") if line.shown)
    wrong = projects.hello().with_manifest("[profile.release]\ndebug = true\nstrip = true\n").generate(tmp_path)
    done = place.shell(linted.text, cwd=wrong)
    assert (done.stdout, done.returncode) == (linted.shown, 1)


def test_the_python_of_the_page_runs(place: Place, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"^```python\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)
    shutil.copytree(place.project, tmp_path / "path" / "to" / "project", ignore=shutil.ignore_patterns("target"))
    shutil.copy(place.project / "data" / "sample.txt", tmp_path / "data.txt")
    (tmp_path / "program.py").write_text(program)
    done = place.shell("python program.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "o3-fat-cgudef-abort-debuginfo" in done.stdout


def test_no_excuse_has_outlived_its_line() -> None:
    every = [line for page in PAGES for line in lines_of(page)]
    for pattern in NOT_RUN:
        assert any(re.fullmatch(pattern, line.text) for line in every), pattern
    for page in ELSEWHERE:
        assert any(fnmatch.fnmatch(line.page, page) for line in every), page
    for text in (*EXIT_CODES, *ANSWERS, LAST):
        assert any(line.text == text for line in every), text
    for word, value in PLACEHOLDERS.items():
        assert any(word in line.text and value in filled(line.text) for line in every), word


def test_what_is_not_run_is_made_of_what_there_is() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    for line in filter(excused, every_line()):
        program, *words = line.text.split()
        if program == "make":
            subprocess.run(["make", "-n", *words], cwd=ROOT, check=True, capture_output=True)
        elif program == "python":
            script = (ROOT / words[0]).read_text(encoding="utf-8")
            assert all(f'"{word}"' in script for word in words if word.startswith("--")), line
        elif program == "pip":
            assert set(re.findall(r"\[(\w+)\]", line.text)) <= set(extras), line
