"""Workers that fail in every way there is: one clear error, no remains, no process left."""

import _thread
import faulthandler
import os
import resource
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import backend_inputs
import pytest

from burnish.errors import LlvmError, UnsupportedError
from burnish.lto.backend import UnitResult
from burnish.lto.do.output import own_id, unfinished, write_whole
from burnish.lto.do.pool import Job, run_jobs
from burnish.lto.do.stages import StageLog
from burnish.lto.llvm import (
    Context,
    Library,
    MachineOptions,
    PassOptions,
    TargetMachine,
    find_library,
    load,
    run_passes,
)

pytestmark = pytest.mark.cargo

_RESULT = UnitResult(name="unit", stages=(), imported=0)


@pytest.fixture(scope="module")
def library() -> Library:
    return load(find_library(backend_inputs.sysroot()))


def _run(library: Library, *tasks: Callable[[StageLog], UnitResult], **options: float) -> list[UnitResult]:
    jobs = [Job(label=f"job {number}", task=task, outputs=()) for number, task in enumerate(tasks)]
    return run_jobs(
        jobs, library, workers=int(options.get("workers", 2)), timeout=options.get("timeout"), on_result=lambda _: None
    )


def _named(name: str, seconds: float = 0.0) -> Callable[[StageLog], UnitResult]:
    def task(_stages: StageLog) -> UnitResult:
        time.sleep(seconds)
        return UnitResult(name=name, stages=(), imported=0)

    return task


def _no_children() -> bool:
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return True
    return False


def test_results_come_in_the_order_of_the_jobs(library: Library) -> None:
    seen: list[str] = []
    jobs = [
        Job(label=name, task=_named(name, seconds), outputs=()) for name, seconds in (("slow", 0.2), ("a", 0), ("b", 0))
    ]
    results = run_jobs(jobs, library, workers=2, timeout=30, on_result=lambda result: seen.append(result.name))
    assert [result.name for result in results] == ["slow", "a", "b"]
    assert seen == ["a", "b", "slow"]
    assert _no_children()


def test_no_more_workers_run_at_a_time_than_asked_for(library: Library, tmp_path: Path) -> None:
    def task(_stages: StageLog) -> UnitResult:
        (tmp_path / str(os.getpid())).touch()
        time.sleep(0.05)
        count = len(list(tmp_path.iterdir()))
        (tmp_path / str(os.getpid())).unlink()
        return UnitResult(name="", stages=(), imported=count)

    results = _run(library, *[task] * 5, workers=2)
    assert max(result.imported for result in results) == 2


def _abort(stages: StageLog) -> UnitResult:
    with stages.stage("opt"):
        faulthandler.disable()
        os.write(2, b"LLVM ERROR: Cannot select: t7\n")
        os.abort()


def _die(stages: StageLog) -> UnitResult:
    with stages.stage("codegen"):
        os.kill(os.getpid(), signal.SIGKILL)
    return _RESULT


def _exit(stages: StageLog) -> UnitResult:
    with stages.stage("parse"):
        os._exit(1)


def _read_past_memory(stages: StageLog) -> UnitResult:
    with stages.stage("opt"):
        faulthandler.disable()
        os.kill(os.getpid(), signal.SIGSEGV)
    return _RESULT


@pytest.mark.parametrize(
    ("task", "message"),
    [
        pytest.param(_abort, r"job 0 \(stage opt\): .*SIGABRT\nLLVM said: LLVM ERROR: Cannot select", id="abort"),
        pytest.param(_die, r"job 0 \(stage codegen\): .*SIGKILL, perhaps as memory ran out", id="kill -9"),
        pytest.param(_exit, r"job 0 \(stage parse\): .*ended with status 1", id="exit, as LLVM does"),
        pytest.param(_read_past_memory, r"job 0 \(stage opt\): .*SIGSEGV", id="crash"),
    ],
)
def test_a_worker_that_dies_is_an_error_with_stage_and_last_words(
    library: Library, task: Callable[[StageLog], UnitResult], message: str
) -> None:
    with pytest.raises(LlvmError, match=message) as caught:
        _run(library, task, _named("other", 60))
    assert caught.value.hint
    assert _no_children()


def test_a_hanging_worker_is_ended_at_the_time_limit(library: Library) -> None:
    def hang(stages: StageLog) -> UnitResult:
        with stages.stage("opt"):
            signal.pause()
        return _RESULT

    with pytest.raises(LlvmError, match=r"job 1: LLVM did not end in time \(stage opt\)"):
        _run(library, _named("quick"), hang, timeout=0.5)
    assert _no_children()


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        pytest.param(LlvmError("bad pass", hint="h"), LlvmError, "bad pass", id="LLVM's"),
        pytest.param(UnsupportedError("odd", hint="h"), UnsupportedError, "odd", id="for lld to do"),
        pytest.param(ValueError("a bug"), RuntimeError, "Traceback[^$]*a bug", id="a bug, with its traceback"),
    ],
)
def test_an_error_of_a_worker_is_an_error_here(
    library: Library, error: Exception, kind: type[Exception], message: str
) -> None:
    def task(stages: StageLog) -> UnitResult:
        with stages.stage("linkage"):
            raise error

    with pytest.raises(kind, match=rf"job 0 \(stage linkage\):\s{message}"):
        _run(library, task)


def test_an_endless_error_is_shortened(library: Library) -> None:
    def task(_stages: StageLog) -> UnitResult:
        raise LlvmError("x" * 1_000_000)

    with pytest.raises(LlvmError, match=r"xxx \[\.\.\.\] xxx") as caught:
        _run(library, task)
    assert len(caught.value.message) < 4000


def test_llvms_own_fatal_errors_keep_their_words(library: Library, tmp_path: Path) -> None:
    member = backend_inputs.compile_module(tmp_path, "small", "#[no_mangle] pub fn public() {}")

    def task(stages: StageLog) -> UnitResult:
        options = MachineOptions(triple=backend_inputs.TRIPLE)
        library.initialize_target(options.triple)
        context = Context(library)
        module = context.parse(member.bitcode, lazy=False)
        with stages.stage("import"):
            # without a summary file the pass ends the process
            run_passes(module, "function-import", TargetMachine(library, options), PassOptions(library, "O3"))
        return _RESULT

    with pytest.raises(LlvmError, match=r"stage import\): LLVM gave up: .*summary-file"):
        _run(library, task)


def test_what_llvm_says_in_passing_reaches_the_user(library: Library, capfd: pytest.CaptureFixture[str]) -> None:
    def task(_stages: StageLog) -> UnitResult:
        os.write(2, b"*** IR Dump ***\n")
        return _RESULT

    _run(library, task)
    assert capfd.readouterr().err == "*** IR Dump ***\n"


def test_what_a_full_disk_leaves_is_nothing(library: Library, tmp_path: Path) -> None:
    out = tmp_path / "a.o"

    def task(stages: StageLog) -> UnitResult:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        with stages.stage("codegen"):
            write_whole(out, memoryview(bytes(1_000_000)), own_id())
        return _RESULT

    with pytest.raises(LlvmError, match=r"stage codegen\): cannot write .*a\.o: File too large"):
        run_jobs([Job(label="x", task=task, outputs=(out,))], library, workers=1, timeout=30, on_result=lambda _: None)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_worker_had_begun_to_write_is_removed(library: Library, tmp_path: Path) -> None:
    out = tmp_path / "a.o"

    def task(_stages: StageLog) -> UnitResult:
        unfinished(out, os.getpid()).write_bytes(b"half")
        os.kill(os.getpid(), signal.SIGKILL)
        return _RESULT

    with pytest.raises(LlvmError, match="SIGKILL"):
        run_jobs([Job(label="x", task=task, outputs=(out,))], library, workers=1, timeout=30, on_result=lambda _: None)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_ends_all_workers(library: Library, tmp_path: Path) -> None:
    out = tmp_path / "a.o"
    begun = tmp_path / "begun"

    def task(_stages: StageLog) -> UnitResult:
        unfinished(out, os.getpid()).write_bytes(b"half")
        begun.touch()
        signal.pause()
        return _RESULT

    def interrupt() -> None:
        while not begun.exists():
            time.sleep(0.01)
        _thread.interrupt_main()
        os.kill(os.getpid(), signal.SIGUSR2)  # select is only left for a real signal

    previous = signal.signal(signal.SIGUSR2, lambda *_: None)
    # Background jobs of a shell are started with SIGINT ignored.
    interrupts = signal.signal(signal.SIGINT, signal.default_int_handler)
    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            run_jobs(
                [Job(label="x", task=task, outputs=(out,))], library, workers=1, timeout=60, on_result=lambda _: None
            )
    finally:
        thread.join()
        signal.signal(signal.SIGUSR2, previous)
        signal.signal(signal.SIGINT, interrupts)
    assert [path.name for path in tmp_path.iterdir()] == ["begun"]
    assert _no_children()


def test_workers_do_not_outlive_a_killed_parent(library: Library, tmp_path: Path) -> None:
    note = tmp_path / "pid"

    def task(_stages: StageLog) -> UnitResult:
        (tmp_path / "note").write_text(str(os.getpid()), encoding="ascii")
        (tmp_path / "note").rename(note)
        signal.pause()
        return _RESULT

    parent = os.fork()
    if parent == 0:
        _run(library, task)
        os._exit(0)
    while not note.exists():
        time.sleep(0.01)
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    assert _gone(int(note.read_text(encoding="ascii")))


def _gone(pid: int) -> bool:
    """Whether a process ends within some seconds; whoever inherits it may not have waited for it yet."""
    for _ in range(500):
        try:
            state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", maxsplit=1)[1].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False
