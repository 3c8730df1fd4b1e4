"""Running the workload: one round after another through the shim, each output checked before its time counts."""

import contextlib
import hashlib
import itertools
import os
import random
import selectors
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from burnish.cargo.invocation import Clock
from burnish.errors import StoreError, ToolError, WorkloadError
from burnish.measure.criterion import HOME, read_estimates
from burnish.measure.values import Kind, Round, Sample, Workload

#: Seconds. Shorter runs are repeated within a sample: below this, process start and clock dominate.
SHORTEST_SAMPLE = 0.02
#: Environment padding in bytes, drawn anew for each sample: the stack's place is luck, not speed.
_PADDING = 4096


@dataclass(frozen=True, kw_only=True, slots=True)
class Output:
    """What a run of the workload gave: exit code, SHA-256 of its stdout, and the ids of criterion's benchmarks."""

    code: int
    stdout: str
    benchmarks: tuple[str, ...] = ()


class _Run(msgspec.Struct):
    wall: float = 0.0
    user: float = 0.0
    sys: float = 0.0
    maxrss: int = 0
    nivcsw: int = 0
    code: int = 0
    error: str | None = None


class _Answer(msgspec.Struct):
    runs: tuple[_Run, ...]


_DECODER = msgspec.json.Decoder(_Answer)


@dataclass(frozen=True, kw_only=True, slots=True)
class Timed:
    """One run, or the mean of several, and its output."""

    wall: float
    user: float
    sys: float
    maxrss: int
    nivcsw: int
    output: Output
    estimates: tuple[tuple[str, float], ...] = ()


class ArmError(WorkloadError):
    """One arm's program did something else than the baseline's: another output, or no end."""

    def __init__(self, arm: str, what: str, *, hint: str = "") -> None:
        super().__init__(f"{arm} {what}", hint=hint)
        self.arm = arm
        self.what = what


class OutputChangedError(ArmError):
    """Another exit code, other benchmarks, or another output."""

    def __init__(self, arm: str, expected: Output, got: Output) -> None:
        if got.code != expected.code:
            super().__init__(arm, f"gave exit code {got.code} instead of {expected.code}")
        elif got.benchmarks != expected.benchmarks:
            super().__init__(arm, f"ran other benchmarks than before ({_apart(expected.benchmarks, got.benchmarks)})")
        else:
            super().__init__(arm, "gave another output")


def _apart(before: Sequence[str], after: Sequence[str]) -> str:
    """``not fib 20, but fib 21``, one of each."""
    gone, new = ([each for each in one if each not in other] for one, other in ((before, after), (after, before)))
    words = [f"{word} {each[0]!r}" for word, each in (("not", gone), ("but", new)) if each]
    return ", ".join(words)


class TimedOutError(WorkloadError):
    """A run did not end in time; ``job`` is its place in the round."""

    def __init__(self, timeout: float, job: int) -> None:
        super().__init__(
            f"the workload did not end within {timeout:g} s and was stopped",
            hint="give it less to do, or more time with --timeout",
        )
        self.job = job


#: A larger output is compared as it is, paths of programs included.
_LARGEST_READ = 64 * 1024 * 1024


class Bench:
    """Runs the workload with different programs in its place.

    Every program is run under a path of the same length: the path is an argument, and arguments move the stack.

    Args:
        shim: the compiled shim.
        workload: command, directory, check and timeout.
        directory: where program copies are placed, in the target directory.
        environment: of the child.
    """

    def __init__(self, shim: Path, workload: Workload, directory: Path, environment: Mapping[str, str]) -> None:
        self.workload = workload
        self.clock = Clock(waited=[])
        self._shim = shim
        self._directory = directory
        self._environment = dict(environment)
        self._programs: dict[str, Path] = {}
        directory.mkdir(parents=True, exist_ok=True)
        self._scratch = tempfile.TemporaryDirectory(prefix="output-", dir=directory)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._scratch.cleanup()

    def place(self, arm: str, program: Path) -> None:
        """Make a program known under an arm's name."""
        slot = self._directory / hashlib.sha256(arm.encode()).hexdigest()[:8]
        target = slot / program.name.partition("-")[2]
        shutil.rmtree(slot, ignore_errors=True)
        slot.mkdir(parents=True)
        shutil.copy2(program, target)
        target.chmod(0o755)
        self._programs[arm] = target

    def argv(self, arm: str) -> tuple[str, ...]:
        """The command with the arm's program in place."""
        program = str(self._programs[arm])
        return tuple(part.replace("{bin}", program) for part in self.workload.argv)

    @property
    def environment(self) -> dict[str, str]:
        """Of a run outside of the rounds."""
        return {**self._environment, **dict(self._variables(0))}

    def _home(self, index: int) -> Path:
        return Path(self._scratch.name) / f"criterion-{index}"

    def _variables(self, index: int) -> tuple[tuple[str, str], ...]:
        """What the run at a place of the round sees besides: criterion must not touch the user's own results."""
        return ((HOME, str(self._home(index))),) if self.workload.is_bench else ()

    def run(self, arm: str, *, repeats: int = 1, padding: int = 0) -> Timed:
        """One sample.

        Raises:
            WorkloadError: the command cannot be started, or takes longer than its timeout.
        """
        return self._run_all(((arm, repeats, padding),))[0]

    def round(
        self, number: int, order: Sequence[tuple[str, str]], *, expected: Output, repeats: int, seed: str
    ) -> Round:
        """One round in the given order of (arm, program's arm); the control is the baseline's program again.

        Raises:
            ArmError: one gave something else or did not end; nothing of this round counts.
            WorkloadError: as in `run`.
        """
        luck = random.Random(f"{seed}:{number}:padding")  # noqa: S311  # a seeded draw, nothing secret
        jobs = tuple((program, repeats, luck.randrange(_PADDING)) for _, program in order)
        samples: list[Sample] = []
        try:
            answers = self._run_all(jobs)
        except TimedOutError as error:
            arm = order[error.job][0]
            raise ArmError(arm, f"did not end within {self.workload.timeout:g} s", hint=error.hint) from error
        for (arm, _), timed in zip(order, answers, strict=True):
            if timed.output != expected:
                raise OutputChangedError(arm, expected, timed.output)
            samples.append(
                Sample(
                    arm=arm,
                    wall=timed.wall,
                    user=timed.user,
                    sys=timed.sys,
                    maxrss=timed.maxrss,
                    nivcsw=timed.nivcsw,
                    repeats=repeats,
                    estimates=timed.estimates,
                )
            )
        return Round(number=number, samples=tuple(samples))

    def _run_all(self, jobs: Sequence[tuple[str, int, int]]) -> tuple[Timed, ...]:
        scratch = Path(self._scratch.name)
        outputs = [scratch / f"stdout-{index}" for index in range(len(jobs))]
        fields: list[str] = [str(len(jobs))]
        for index, ((arm, repeats, padding), output) in enumerate(zip(jobs, outputs, strict=True)):
            argv, variables = self.argv(arm), self._variables(index)
            shutil.rmtree(self._home(index), ignore_errors=True)
            fields += [str(output), str(padding), str(repeats), str(len(variables))]
            fields += [*itertools.chain.from_iterable(variables), str(len(argv)), *argv]
        message = "".join(f"{field}\0" for field in fields).encode("utf-8", errors="surrogateescape")
        repeats_total = [repeats for _, repeats, _ in jobs]
        start = time.perf_counter()
        answers = self._talk(message, repeats_total)
        self.clock.waited.append(time.perf_counter() - start)
        return tuple(
            self._timed(job[0], answer, outputs[index], self._home(index))
            for index, (job, answer) in enumerate(zip(jobs, answers, strict=True))
        )

    def _timed(self, arm: str, answer: _Answer, stdout: Path, home: Path) -> Timed:
        for run in answer.runs:
            if run.error is not None:
                raise WorkloadError(
                    f"the workload cannot be started: {self.argv(arm)[0]}: {run.error}",
                    hint="check the command of --run; {bin} stands for the program that burnish builds",
                )
        count = len(answer.runs)
        code = max(run.code for run in answer.runs)
        digest = "" if self.workload.check == "status" else _digest(stdout, self._programs[arm])
        estimates = self._estimates(home) if code == 0 else ()
        return Timed(
            wall=sum(run.wall for run in answer.runs) / count,
            user=sum(run.user for run in answer.runs) / count,
            sys=sum(run.sys for run in answer.runs) / count,
            maxrss=max(run.maxrss for run in answer.runs),
            nivcsw=sum(run.nivcsw for run in answer.runs),
            output=Output(code=code, stdout=digest, benchmarks=tuple(name for name, _ in estimates)),
            estimates=estimates,
        )

    def _estimates(self, home: Path) -> tuple[tuple[str, float], ...]:
        """What criterion found; nothing for other workloads.

        Raises:
            WorkloadError: the bench is criterion's and is not measured so, or the other way round.
        """
        kind = self.workload.kind
        found = read_estimates(home) if self.workload.is_bench and home.is_dir() else ()
        if kind is Kind.CRITERION and not found:
            raise WorkloadError(
                "the bench ended well and wrote no estimates of criterion: it is no criterion bench, or the filter "
                "leaves none of its benchmarks",
                hint="--bench NAME takes the wall time of a bench's whole run instead",
            )
        if kind is Kind.BENCH and found:
            raise WorkloadError(
                "this is a criterion bench: it runs for a fixed time, so the wall time of its run says nothing",
                hint="take criterion's own estimates: --criterion NAME instead of --bench NAME",
            )
        return found

    def _talk(self, message: bytes, repeats: Sequence[int]) -> list[_Answer]:
        """Hand the round to the shim and read its answers, each within the timeout."""
        with tempfile.TemporaryFile() as plan, tempfile.TemporaryFile() as stderr:
            plan.write(message)
            plan.seek(0)
            child = subprocess.Popen(
                [str(self._shim), "--burnish-round", str(os.getpid())],
                cwd=self.workload.cwd,
                env=self._environment,
                stdin=plan,
                stdout=subprocess.PIPE,
                stderr=stderr,
                process_group=0,
            )
            try:
                answers = self._answers(child, repeats)
                child.wait()
            except BaseException:
                _kill_group(child)
                raise
            finally:
                if child.stdout is not None:
                    child.stdout.close()
            if child.returncode != 0 or len(answers) != len(repeats):
                stderr.seek(0)
                words = stderr.read().decode(errors="replace").strip()
                _raise_for(words)
            return answers

    def _answers(self, child: subprocess.Popen[bytes], repeats: Sequence[int]) -> list[_Answer]:
        assert child.stdout is not None  # noqa: S101  # stdout=PIPE in _talk
        answers: list[_Answer] = []
        pending = b""
        os.set_blocking(child.stdout.fileno(), False)
        with selectors.DefaultSelector() as selector:
            selector.register(child.stdout, selectors.EVENT_READ)
            deadline = time.monotonic() + self.workload.timeout * repeats[0]
            while len(answers) < len(repeats):
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise TimedOutError(self.workload.timeout, len(answers))
                chunk = child.stdout.read() or b""
                if not chunk:
                    break
                *lines, pending = (pending + chunk).split(b"\n")
                answers += [_DECODER.decode(line) for line in lines]
                if lines and len(answers) < len(repeats):
                    deadline = time.monotonic() + self.workload.timeout * repeats[len(answers)]
        return answers


def expected_output(bench: Bench, arm: str) -> tuple[Output, float]:
    """The output that every candidate must give, and the seconds of a run; the program is warm afterwards.

    Raises:
        WorkloadError: the program fails, or prints something else each time.
    """
    first = bench.run(arm)
    if first.output.code != 0:
        raise WorkloadError(
            f"the workload fails with the project's present profile: exit code {first.output.code}\n"
            f"  {' '.join(bench.argv(arm))}",
            hint="run this command by hand; relative paths start at " + bench.workload.cwd,
        )
    walls = [first.wall]
    # A run of criterion is long, and its ids do not change by chance.
    for _ in range(1 if bench.workload.kind is Kind.CRITERION else 2):
        again = bench.run(arm)
        walls.append(again.wall)
        if again.output.benchmarks != first.output.benchmarks:
            raise OutputChangedError("the baseline", first.output, again.output)
        if again.output != first.output:
            raise WorkloadError(
                "the workload prints something different each time, so outputs cannot be compared",
                hint="make it deterministic (sorted, seeded, one thread), or compare exit codes alone with "
                "--check status",
            )
    return first.output, min(walls)


def repeats_for(wall: float) -> int:
    """Runs per sample, so that a sample is long enough to be timed."""
    return max(1, min(50, round(SHORTEST_SAMPLE / max(wall, 1e-4))))


def _digest(path: Path, program: Path) -> str:
    """SHA-256 of an output; a program that prints its own path prints ``{bin}``, as each arm lies elsewhere."""
    if path.stat().st_size <= _LARGEST_READ:
        return hashlib.sha256(path.read_bytes().replace(os.fsencode(program), b"{bin}")).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _kill_group(child: subprocess.Popen[bytes]) -> None:
    """The workload may have children of its own; they share the group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _raise_for(words: str) -> None:
    if "No space left" in words or "os error 28" in words:
        raise StoreError(
            "the disk is full: the workload's output could not be kept",
            hint="free space (TMPDIR), then run the same command again",
        )
    raise ToolError(f"the shim failed: {words or 'it was killed'}")
