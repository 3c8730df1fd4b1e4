"""What is asked for: the command line over ``[package.metadata.burnish]`` over ``[workspace.metadata.burnish]``."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from burnish.errors import UsageError
from burnish.measure.criterion import arguments
from burnish.measure.values import Kind, Workload
from burnish.tune.limits import Limits
from burnish.tune.result import Goal
from burnish.tune.space import Narrowing, check_keys
from burnish.tune.unwinding import ALLOWED, IF_SAFE
from burnish.units import parse_duration

#: Seconds a tune may take where nothing else is said.
DEFAULT_BUDGET = "10m"
DEFAULT_TIMEOUT = "60s"
#: Of one run of a criterion bench, which takes a second for each of its benchmarks.
CRITERION_TIMEOUT = "10m"

#: The keys that name a workload: whoever gives one gives all.
_WORKLOAD = ("run", "bench", "criterion", "bench_args")


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """``[package.metadata.burnish]`` as written; the command line gives the same keys."""

    run: str | None = None
    bench: str | None = None
    criterion: str | None = None
    bench_args: tuple[str, ...] | None = None
    goal: Goal | None = None
    budget: str | None = None
    timeout: str | None = None
    check: str | None = None
    allow: tuple[str, ...] | None = None
    options: dict[str, tuple[str | int, ...]] | None = None
    fix: dict[str, str | int | bool] | None = None
    only: tuple[str, ...] | None = None
    limits: dict[str, float] | None = None
    instructions: str | None = None
    budgets: dict[str, Any] | None = None
    per_crate: bool | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A tune as asked for, with every default in place.

    Attributes:
        budget: seconds for the whole tune.
        limits: what a recommendation may cost, as ratios to the baseline.
        instructions: ``auto``, ``perf``, ``valgrind`` or ``none``.
        per_crate: try an opt-level of its own for cold or hot crates, once there is a verdict.
    """

    workload: Workload | None
    goal: Goal = Goal.BALANCED
    budget: float = 600.0
    narrowing: Narrowing = field(default_factory=Narrowing)
    limits: Limits = field(default_factory=Limits)
    instructions: str = "auto"
    per_crate: bool = False


def read_table(raw: Mapping[str, Any]) -> Table:
    """The table of the manifest.

    Raises:
        UsageError: an unknown key or a wrong type, with its path.
    """
    try:
        return msgspec.convert(dict(raw), Table)
    except msgspec.ValidationError as error:
        raise UsageError(
            f"[metadata.burnish] in Cargo.toml: {error}",
            hint=f"it takes {', '.join(Table.__struct_encode_fields__)}",
        ) from None


def merge(table: Table, given: Table) -> Table:
    """The command line over the manifest, key by key; a workload that is given replaces the manifest's whole."""
    if any(getattr(given, name) is not None for name in _WORKLOAD[:3]):
        table = _without(table, _WORKLOAD)
    merged = {
        name: getattr(given, name) if getattr(given, name) is not None else getattr(table, name)
        for name in Table.__struct_fields__
    }
    return Table(**merged)


def for_artifact(table: Table, *, bench: bool) -> Table:
    """The manifest's settings for the artifact that was selected: a bench of theirs is no workload of a program."""
    return table if bench else _without(table, _WORKLOAD[1:])


def _without(table: Table, names: tuple[str, ...]) -> Table:
    return msgspec.structs.replace(table, **dict.fromkeys(names))


def request(table: Table, *, cwd: str) -> Request:
    """The request of a merged table; ``cwd`` is where the workload runs, for a bench the package's directory.

    Raises:
        UsageError: a value that means nothing.
    """
    workload = _workload(table, cwd)
    return Request(
        workload=workload,
        goal=_goal(table, workload),
        budget=_duration("budget", table.budget or DEFAULT_BUDGET),
        narrowing=_narrowing(table),
        limits=_limits(table.limits or {}),
        instructions=_instructions(table, workload),
        per_crate=bool(table.per_crate),
    )


def _goal(table: Table, workload: Workload | None) -> Goal:
    """A bench says how fast the code is and nothing of what is shipped: speed, unless another goal is asked for."""
    bench = workload is not None and workload.is_bench
    if bench and table.goal is Goal.SIZE:
        raise UsageError(
            "the goal size counts the file that is shipped, and a bench executable is not",
            hint="take --goal speed with a bench, or tune the program for size with --run",
        )
    return table.goal or (Goal.SPEED if bench else Goal.BALANCED)


def _instructions(table: Table, workload: Workload | None) -> str:
    known = ("auto", "perf", "valgrind", "none")
    chosen = _choice("instructions", table.instructions or "auto", known)
    if workload is None or workload.kind is not Kind.CRITERION:
        return chosen
    if chosen in {"perf", "valgrind"}:
        raise UsageError(
            f"--instructions {chosen}: criterion fits the number of runs to the time, so a count says nothing",
            hint="leave it out with --criterion, or say --instructions none",
        )
    return "none"


def _workload(table: Table, cwd: str) -> Workload | None:
    named = [f"--{name}" for name in _WORKLOAD[:3] if getattr(table, name) is not None]
    if len(named) > 1:
        raise UsageError(f"{' and '.join(named)} each name a workload", hint="leave all but one away")
    if table.bench is not None or table.criterion is not None:
        return _bench(table, cwd)
    if table.bench_args is not None:
        raise UsageError(
            f"the arguments {shlex.join(table.bench_args)!r} go to a bench, and none is named",
            hint="name it with --bench NAME or --criterion NAME; what a program gets stands in --run '{bin} ARGS'",
        )
    if table.run is None:
        return None
    try:
        argv = tuple(shlex.split(table.run))
    except ValueError as error:
        raise UsageError(f"--run {table.run!r} cannot be split into words: {error}") from None
    if not any("{bin}" in part for part in argv):
        raise UsageError(
            f"--run {table.run!r} does not run the program: it has no {{bin}}",
            hint="write {bin} where the program's path belongs, e.g. --run '{bin} --help'",
        )
    return Workload(
        argv=argv,
        cwd=cwd,
        check=_choice("check", table.check or "stdout", ("stdout", "status")),
        timeout=_duration("timeout", table.timeout or DEFAULT_TIMEOUT),
    )


def _bench(table: Table, cwd: str) -> Workload:
    given = table.bench_args or ()
    kind = Kind.BENCH if table.criterion is None else Kind.CRITERION
    timeout = DEFAULT_TIMEOUT if kind is Kind.BENCH else CRITERION_TIMEOUT
    return Workload(
        argv=("{bin}", *(("--bench", *given) if kind is Kind.BENCH else arguments(given))),
        cwd=cwd,
        check=_choice("check", table.check or "status", ("stdout", "status")),
        timeout=_duration("timeout", table.timeout or timeout),
        kind=kind,
        given=given,
    )


def _narrowing(table: Table) -> Narrowing:
    values = {key: tuple(map(_word, chosen)) for key, chosen in (table.options or {}).items()}
    fixed = {key: _word(value) for key, value in (table.fix or {}).items()}
    check_keys((*values, *fixed))
    for key, chosen in values.items():
        if not chosen:
            raise UsageError(f"--options {key} has no values")
    allow = frozenset(table.allow or ())
    unknown = sorted(allow - {ALLOWED, IF_SAFE})
    if unknown:
        raise UsageError(f"--allow does not know {', '.join(unknown)}", hint=f"it takes {ALLOWED} or {IF_SAFE}")
    return Narrowing(values=values, fixed=fixed, only=table.only or (), allow=allow)


def _word(value: str | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _limits(raw: Mapping[str, float]) -> Limits:
    known = ("time", "size", "build", "memory")
    for key, value in raw.items():
        if key not in known:
            raise UsageError(f"there is no limit {key!r}", hint=f"limits are {', '.join(known)}")
        if value <= 0:
            raise UsageError(f"the limit {key} = {value:g} must be a ratio above zero, such as 1.05")
    return Limits(**raw)


def _duration(key: str, text: str) -> float:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(f"--{key}: {error}") from None


def _choice(key: str, value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise UsageError(f"--{key} does not know {value!r}", hint=f"it takes {', '.join(known)}")
    return value
