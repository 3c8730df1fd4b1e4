"""`burnish build` where things go wrong: killed, out of space, damaged, two at once; never a wrong program."""

import hashlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lto_projects import Place, bare, refuses, says

pytestmark = pytest.mark.cargo

#: Runs at the start of the driver alone (its parent is rustc); what it does stands in the environment.
_HOOK = """\
import os, resource, signal, time
from pathlib import Path

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def install(what, value):
    if what == "stage":
        from burnish.lto.stopwatch import Stopwatch
        from contextlib import contextmanager
        old = Stopwatch.stage
        @contextmanager
        def stage(self, name):
            with old(self, name):
                yield
                if name == value:
                    die()
        Stopwatch.stage = stage
    elif what == "call":
        from burnish import cache
        setattr(cache.Cache, value, die)
    elif what == "rename":
        old = Path.replace
        def replace(self, target):
            return die() if self.name.endswith(".unfinished") and value in str(self) else old(self, target)
        Path.replace = replace
    elif what == "limit":
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(value), int(value)))
    elif what == "hang":
        from burnish.lto import backends, do
        backends.TIMEOUT = float(value)
        do.run_unit = lambda *_: time.sleep(60)

if "HOOK" in os.environ and Path(f"/proc/{os.getppid()}/comm").read_text().strip() == "rustc":
    install(*os.environ["HOOK"].split("="))
"""


@pytest.fixture(scope="module")
def hook(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, str]]:
    directory = tmp_path_factory.mktemp("hook")
    (directory / "sitecustomize.py").write_text(_HOOK, encoding="utf-8")
    return lambda what: {"PYTHONPATH": str(directory), "HOOK": what}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A project that has been built once, and the cache of that."""
    root = tmp_path_factory.mktemp("built")
    place = Place(directory=bare().generate(root / "project"), cache=root / "cache")
    place.built()
    return place


@pytest.fixture
def fresh(tmp_path: Path, built: Place) -> Place:
    """The project with an empty cache."""
    return Place(directory=bare().generate(tmp_path / "project"), cache=tmp_path / "cache").with_shim_of(built)


@pytest.fixture
def warm(tmp_path: Path, built: Place) -> Place:
    """The project with a copy of a cache that holds all that is not its own."""
    shutil.copytree(built.cache, tmp_path / "cache")
    return Place(directory=bare().generate(tmp_path / "project"), cache=tmp_path / "cache").with_shim_of(built)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def relink(place: Place) -> None:
    """Make cargo link again without any change."""
    for output in place.outputs.glob("deps/bare-*"):
        output.unlink()


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param("stage=read", id="after reading"),
        pytest.param("call=put_file", id="among the backends"),
        pytest.param("rename=blobs", id="while it writes the cache"),
        pytest.param("rename=records", id="while it writes the record"),
    ],
)
def test_a_killed_link_is_done_again(fresh: Place, hook: Callable[[str], dict[str, str]], moment: str) -> None:
    killed = fresh.burnish("build", environment=hook(moment))
    refuses(killed, 3, "SIGKILL", "cargo build failed")
    assert not fresh.program("bare").exists()
    fresh.built()
    assert says(fresh.program("bare")) == "bare 42\n"
    assert not [name for name in fresh.unfinished() if name.startswith(".burnish-link-")]


def test_what_a_killed_build_was_writing_is_pruned(fresh: Place, hook: Callable[[str], dict[str, str]]) -> None:
    fresh.burnish("build", environment=hook("rename=blobs"))
    (left,) = [path for path in fresh.cache.rglob("*") if ".unfinished" in path.name]
    assert fresh.burnish("cache", "prune", "--to", "1GB").code == 0
    assert left.exists(), "it could still be written"
    long_ago = time.time() - 3600
    os.utime(left, (long_ago, long_ago))
    assert fresh.burnish("cache", "prune", "--to", "1GB").code == 0
    assert not left.exists()


def slow_linker(place: Place, told: Path) -> dict[str, str]:
    """A linker that says that it was called, and links only when that file is gone again."""
    path = told.with_name("slow-linker")
    path.write_text(
        f'#!/bin/sh\ncase "$*" in *.burnish-link-*)\n  touch {told}\n'
        f'  while [ -e {told} ]; do sleep 0.05; done;;\nesac\nexec cc "$@"\n',
        encoding="utf-8",
    )
    path.chmod(0o755)
    return place.environment({"CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER": str(path)})


def until(condition: Callable[[], bool]) -> None:
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    pytest.fail("it did not happen within 30 seconds")


def drivers(directory: Path) -> list[int]:
    """Processes of the driver that link this project."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if b"burnish-cc" in command.split(b"\0--")[0] and str(directory).encode() in command:
            found.append(int(process.name))
    return found


def test_a_killed_build_leaves_no_process_that_links_later(fresh: Place, tmp_path: Path) -> None:
    told = tmp_path / "told"
    environment = slow_linker(fresh, told)
    child = subprocess.Popen(
        fresh.command("build"),
        cwd=fresh.directory,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(told.exists)
        assert drivers(fresh.directory)
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    until(lambda: not drivers(fresh.directory))
    told.unlink()
    fresh.edit("src/main.rs", "+ 20", "+ 21")
    fresh.built()
    assert says(fresh.program("bare")) == "bare 44\n"
    assert fresh.unfinished() == set()


@pytest.mark.parametrize(
    ("limit", "options"),
    [
        pytest.param(10, (), id="nothing fits"),
        pytest.param(5000, (), id="the cache is full"),
        pytest.param(1000, ("--no-cache",), id="objects do not fit"),
    ],
)
def test_a_full_disk_is_an_error_and_no_program(
    fresh: Place, hook: Callable[[str], dict[str, str]], limit: int, options: tuple[str, ...]
) -> None:
    answer = fresh.burnish("build", *options, environment=hook(f"limit={limit}"))
    assert answer.code in {3, 5, 8}
    assert answer.out == ""
    assert "File too large" in answer.err
    assert not fresh.program("bare").exists()
    assert fresh.unfinished() == set()
    fresh.built()
    assert says(fresh.program("bare")) == "bare 42\n"


def test_a_disk_that_is_full_at_the_end_is_the_linkers_error(
    warm: Place, hook: Callable[[str], dict[str, str]]
) -> None:
    warm.built()
    relink(warm)
    answer = warm.burnish("build", environment=hook("limit=6000"))
    assert answer.code == 8, answer.err
    assert "the linker cc failed" in answer.err
    assert warm.unfinished() == set()
    warm.built()
    assert says(warm.program("bare")) == "bare 42\n"


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 0x10]) + data[middle + 1 :]


def garbage(data: bytes) -> bytes:
    return hashlib.sha512(data).digest() * (len(data) // 64 + 1)


@pytest.mark.parametrize(
    ("kind", "damage"),
    [
        pytest.param("blobs", flipped, id="one bit of each content"),
        pytest.param("actions", cut, id="actions cut"),
        pytest.param("*", garbage, id="all of it is something else"),
    ],
)
def test_a_damaged_cache_gives_the_right_program(warm: Place, kind: str, damage: Callable[[bytes], bytes]) -> None:
    for path in warm.cache.glob(f"lto/{kind}/*/*"):
        path.write_bytes(damage(path.read_bytes()))
    warm.built()
    assert says(warm.program("bare")) == "bare 42\n"
    relink(warm)
    assert warm.built().redone == set()
    assert says(warm.program("bare")) == "bare 42\n"


def test_a_damaged_archive_for_lld_is_made_again(warm: Place) -> None:
    warm.built("--engine", "lld")
    for kind in ("blobs", "actions"):
        for path in warm.cache.glob(f"lto/{kind}/*/*"):
            path.write_bytes(flipped(path.read_bytes()))
    relink(warm)
    warm.built("--engine", "lld")
    assert says(warm.program("bare")) == "bare 42\n"


def at_once(*places: Place) -> None:
    children = [
        subprocess.Popen(
            place.command("build"),
            cwd=place.directory,
            env=place.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for place in places
    ]
    for child in children:
        _, said = child.communicate(timeout=120)
        assert child.returncode == 0, said


def test_two_builds_of_one_project_take_turns(fresh: Place) -> None:
    at_once(fresh, fresh)
    assert says(fresh.program("bare")) == "bare 42\n"
    assert fresh.unfinished() == set()


def test_two_projects_share_a_cache_at_the_same_time(fresh: Place, built: Place, tmp_path: Path) -> None:
    other = Place(directory=bare().generate(tmp_path / "other"), cache=fresh.cache).with_shim_of(built)
    other.edit("src/main.rs", "+ 20", "+ 30")
    at_once(fresh, other)
    assert says(fresh.program("bare")) == "bare 42\n"
    assert says(other.program("bare")) == "bare 62\n"
    assert fresh.unfinished() == set()


def test_where_llvm_gives_up_the_module_and_the_stage_are_named(warm: Place) -> None:
    answer = warm.burnish("build", environment={"RUSTFLAGS": "-Cllvm-args=-stop-after=nowhere"})
    assert answer.code == 8
    error = answer.err.splitlines()[-1]
    assert error.startswith("error: ")
    assert "stage codegen" in error
    assert '"nowhere" pass is not registered' in error
    assert warm.unfinished() == set()
    assert not warm.program("bare").exists()


def test_where_llvm_hangs_the_module_is_named(fresh: Place, hook: Callable[[str], dict[str, str]]) -> None:
    answer = fresh.burnish("build", environment=hook("hang=0.5"))
    assert answer.code == 8
    *_, error, hint = answer.err.splitlines()
    assert "LLVM did not end in time" in error
    assert "--engine lld" in hint
    assert fresh.unfinished() == set()


def test_what_the_engine_does_not_take_lld_links_and_that_is_said_once(warm: Place) -> None:
    flags = {"RUSTFLAGS": "-Clink-arg=-Wl,--defsym=rust_eh_personality=main"}
    answer = warm.burnish("build", "--lto", "grouped", environment=flags)
    assert answer.code == 0, answer.err
    assert says(warm.program("bare")) == "bare 42\n"
    assert answer.out.count("burnish left it to lld") == 1
    assert "rust_eh_personality" in answer.out
    assert "thin by lld (asked for: grouped)" in answer.out
    assert answer.err.count("rust_eh_personality") == 0


def test_what_the_linker_says_of_a_missing_symbol_reaches_the_user(warm: Place) -> None:
    warm.edit("src/main.rs", "fn printf(format", "fn prnitf(format")
    warm.edit("src/main.rs", "{ printf(c", "{ prnitf(c")
    answer = warm.burnish("build")
    assert answer.code == 8
    assert "undefined symbol: prnitf" in answer.err
    assert warm.unfinished() == set()
