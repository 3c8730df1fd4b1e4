"""What is asked for: the command line over ``[package.metadata.burnish]`` over ``[workspace.metadata.burnish]``."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from burnish.errors import UsageError
from burnish.measure.values import Workload
from burnish.tune.limits import Limits
from burnish.tune.result import Goal
from burnish.tune.space import Narrowing, check_keys
from burnish.tune.unwinding import ALLOWED, IF_SAFE
from burnish.units import parse_duration

#: Seconds a tune may take where nothing else is said.
DEFAULT_BUDGET = "10m"
DEFAULT_TIMEOUT = "60s"


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """``[package.metadata.burnish]`` as written; the command line gives the same keys."""

    run: str | None = None
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
    """The command line over the manifest, key by key."""
    merged = {
        name: getattr(given, name) if getattr(given, name) is not None else getattr(table, name)
        for name in Table.__struct_fields__
    }
    return Table(**merged)


def request(table: Table, *, cwd: str) -> Request:
    """The request of a merged table; ``cwd`` is where the workload runs.

    Raises:
        UsageError: a value that means nothing.
    """
    return Request(
        workload=_workload(table, cwd),
        goal=table.goal or Goal.BALANCED,
        budget=_duration("budget", table.budget or DEFAULT_BUDGET),
        narrowing=_narrowing(table),
        limits=_limits(table.limits or {}),
        instructions=_choice("instructions", table.instructions or "auto", ("auto", "perf", "valgrind", "none")),
        per_crate=bool(table.per_crate),
    )


def _workload(table: Table, cwd: str) -> Workload | None:
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
