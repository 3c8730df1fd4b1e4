"""One cargo (or rustc) run: arguments in, outcome out. The only place that starts cargo.

Cargo's reports for machines come on stdout (`--message-format=json-render-diagnostics`), its words for people on
stderr; both are read here and nowhere else.
"""

import os
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from burnish.errors import ToolError
from burnish.units import format_seconds, plural

#: Cargo's commands that build.
_BUILDING = frozenset({"build", "rustc"})
#: How much of cargo's stderr is kept: the end, where the error stands.
_STDERR_KEPT = 16_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Unit:
    """One ``compiler-artifact`` message of cargo (cargo/core/compiler, ``machine_message.rs``)."""

    package: str
    name: str
    kind: tuple[str, ...]
    filenames: tuple[str, ...]
    executable: str | None
    fresh: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class CargoRun:
    """What a cargo run did. ``cpu`` counts cargo and everything it waited for; ``began`` since the epoch; seconds."""

    code: int
    units: tuple[Unit, ...]
    stdout: str
    stderr: str
    began: float
    wall: float
    cpu: float

    @property
    def error(self) -> str:
        """The errors of rustc or cargo, without the progress lines around them."""
        return _errors_of(self.stderr)


@dataclass(frozen=True, kw_only=True, slots=True)
class Clock:
    """Seconds spent waiting for other programs; what remains of the wall time is burnish's own."""

    waited: list[float]

    @property
    def total(self) -> float:
        return sum(self.waited)


class Cargo:
    """Runs cargo for one project.

    Args:
        directory: where cargo runs; decides which `.cargo/config.toml` and toolchain file hold.
        environment: of the child; passed in, never read here.
        guard: command put in front so that the child dies with burnish (the shim), empty before there is one.

    Attributes:
        told: hears of each build: its command line before, what it did after; None: nobody does.
    """

    def __init__(self, directory: Path, environment: Mapping[str, str], *, guard: Sequence[str] = ()) -> None:
        self.directory = directory
        self.environment = dict(environment)
        self.guard = tuple(guard)
        self.clock = Clock(waited=[])
        self.told: Callable[[str], None] | None = None

    def tool(self, name: str) -> str:
        """The path of ``cargo`` or ``rustc`` as the user's shell would find it.

        Raises:
            ToolError: there is none.
        """
        chosen = self.environment.get(name.upper()) or name
        path = shutil.which(chosen, path=self.environment.get("PATH"))
        if path is None:
            raise ToolError(
                f"{chosen} was not found",
                hint="install a Rust toolchain with rustup (https://rustup.rs), then open a new shell",
            )
        return path

    def text(self, tool: str, *args: str) -> str:
        """The stdout of a short question (``rustc -vV``).

        Raises:
            ToolError: the tool is missing or answers with an error.
        """
        run = self.run(tool, args)
        if run.code != 0:
            raise ToolError(f"{tool} {' '.join(args)} failed:\n{run.error}")
        return run.stdout

    def run(
        self,
        tool: str,
        args: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        on_unit: Callable[[Unit], None] | None = None,
        show: bool = False,
    ) -> CargoRun:
        """One run to its end; with ``show`` its words for people go to this process's stderr instead of the outcome.

        Raises:
            ToolError: the tool is missing.
        """
        argv = [*self.guard, self.tool(tool), *args]
        told = self.told if args[:1] and args[0] in _BUILDING else None
        if told is not None:
            told(f"$ {command_line(tool, args, environment or {})}")
        units: list[Unit] = []
        lines: list[str] = []
        began = time.time()
        start = time.perf_counter()
        with tempfile.TemporaryFile() as stderr:
            child = subprocess.Popen(
                argv,
                cwd=self.directory,
                env={**self.environment, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=None if show else stderr,
                text=True,
                encoding="utf-8",
                errors="replace",
            )
            code, cpu = _follow(child, lines, units, on_unit)
            words = _tail(stderr.fileno())
        wall = time.perf_counter() - start
        self.clock.waited.append(wall)
        if told is not None:
            told(_did(units, code, wall, args, show=show))
        return CargoRun(
            code=code,
            units=tuple(units),
            stdout="".join(lines),
            stderr=words,
            began=began,
            wall=wall,
            cpu=cpu,
        )


def command_line(tool: str, args: Sequence[str], environment: Mapping[str, str]) -> str:
    """A run as a shell would be told it, with the variables that burnish sets."""
    variables = [f"{name}={shlex.quote(value)}" for name, value in environment.items()]
    return " ".join([*variables, shlex.join([tool, *args])])


def _did(units: Sequence[Unit], code: int, wall: float, args: Sequence[str], *, show: bool) -> str:
    """What a build did: crates compiled and found fresh, and where its files and words went."""
    fresh = sum(unit.fresh for unit in units)
    at = args.index("--target-dir") + 1 if "--target-dir" in args else len(args)
    where = f"; files in {args[at]}" if at < len(args) else ""
    words = "" if show else "; its words are kept for errors"
    failed = f", exit code {code}" if code else ""
    return f"{plural(len(units) - fresh, 'unit')} compiled, {fresh} fresh, {format_seconds(wall)}{failed}{where}{words}"


def _follow(
    child: subprocess.Popen[str], lines: list[str], units: list[Unit], on_unit: Callable[[Unit], None] | None
) -> tuple[int, float]:
    """Exit code and CPU seconds of the child; reads its stdout as it comes."""
    assert child.stdout is not None  # noqa: S101  # stdout=PIPE above
    try:
        with child.stdout:
            for line in child.stdout:
                unit = parse_unit(line)
                if unit is None:
                    lines.append(line)
                    continue
                units.append(unit)
                if on_unit is not None:
                    on_unit(unit)
        _, status, usage = os.wait4(child.pid, 0)
    except KeyboardInterrupt:
        # The terminal's Ctrl-C reached cargo as well; it ends by itself, and must not be left behind.
        child.terminate()
        child.wait()
        raise
    child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode, usage.ru_utime + usage.ru_stime


class _Target(msgspec.Struct):
    name: str
    kind: tuple[str, ...]


class _Message(msgspec.Struct):
    reason: str
    package_id: str = ""
    target: _Target | None = None
    filenames: tuple[str, ...] = ()
    executable: str | None = None
    fresh: bool = False


_DECODER = msgspec.json.Decoder(_Message)


def parse_unit(line: str) -> Unit | None:
    """The unit of a ``compiler-artifact`` line; None for every other line."""
    if not line.startswith('{"reason":"compiler-artifact"'):
        return None
    try:
        message = _DECODER.decode(line)
    except msgspec.DecodeError:
        return None
    if message.target is None:
        return None
    return Unit(
        package=message.package_id,
        name=message.target.name,
        kind=message.target.kind,
        filenames=message.filenames,
        executable=message.executable,
        fresh=message.fresh,
    )


def _tail(descriptor: int) -> str:
    size = os.fstat(descriptor).st_size
    start = max(0, size - _STDERR_KEPT)
    return os.pread(descriptor, size - start, start).decode("utf-8", errors="replace")


def _errors_of(stderr: str) -> str:
    """From the first line that starts with ``error``; everything where there is none."""
    lines = stderr.strip().splitlines()
    for number, line in enumerate(lines):
        if line.startswith("error"):
            return "\n".join(lines[number:])
    return "\n".join(lines)
