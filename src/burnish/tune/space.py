"""The space of profiles: the table of options, narrowed by the user, with profiles that rustc compiles alike as one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from itertools import product

from burnish.errors import UsageError
from burnish.profile.options import BY_KEY, OPTIONS, Panic
from burnish.profile.profile import CARGO_DEFAULT, Profile


@dataclass(frozen=True, kw_only=True, slots=True)
class Narrowing:
    """What the user leaves of the space.

    Attributes:
        values: options with the values to try (``--options lto=thin,fat``).
        fixed: options with their one value (``--fix lto=thin``).
        only: globs over ids; a candidate must match one (``--only 'o3-*'``).
        allow: behaviour-changing values that may be tried (``panic-abort``), some only on a condition
            (``panic-abort=if-safe``, which `burnish.tune.unwinding` settles).
    """

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)
    only: tuple[str, ...] = ()
    allow: frozenset[str] = frozenset()


def profiles(narrowing: Narrowing, baseline: Profile) -> tuple[Profile, ...]:
    """All profiles of the space in canonical form, without duplicates; the baseline need not be among them.

    Raises:
        UsageError: an unknown option or value, or nothing left.
    """
    axes = [_values(option.key, narrowing, baseline) for option in OPTIONS]
    found: dict[Profile, None] = {}
    for values in product(*axes):
        profile = CARGO_DEFAULT
        for option, value in zip(OPTIONS, values, strict=True):
            profile = profile.with_value(option.key, value)
        profile = profile.canonical()
        if _selected(profile, narrowing.only):
            found[profile] = None
    if not found:
        raise UsageError(
            f"no profile matches {', '.join(narrowing.only)}",
            hint="ids read o3-fat-cgu1-unwind-symbols; a glob such as 'o3-*' selects over them",
        )
    return tuple(found)


def _values(key: str, narrowing: Narrowing, baseline: Profile) -> tuple[str, ...]:
    option = BY_KEY[key]
    chosen = (narrowing.fixed[key],) if key in narrowing.fixed else narrowing.values.get(key, option.values)
    for value in chosen:
        try:
            CARGO_DEFAULT.with_value(key, value)
        except ValueError as error:
            raise UsageError(str(error)) from None
    # A value that changes what the program does is tried only where allowed, or where it is in force already.
    permitted = tuple(
        value
        for value in chosen
        if value not in option.changes_behaviour or f"{key}-{value}" in narrowing.allow or baseline.value(key) == value
    )
    if not permitted:
        raise UsageError(
            f"{key} = {', '.join(chosen)} changes what the program does: {option.cost}",
            hint=f"allow it with --allow {key}-{chosen[0]}",
        )
    return permitted


def _selected(profile: Profile, only: Sequence[str]) -> bool:
    return not only or any(fnmatchcase(profile.id, glob) or fnmatchcase(profile.code_id, glob) for glob in only)


def code(profile: Profile) -> Profile:
    """The representative of all strip variants: what the search and the clock see."""
    return replace(profile.canonical(), strip=CARGO_DEFAULT.strip)


def codes(space: Sequence[Profile]) -> tuple[Profile, ...]:
    """The code-distinct candidates of a space, in order."""
    return tuple(dict.fromkeys(code(profile) for profile in space))


def strips(space: Sequence[Profile], of: Profile) -> tuple[str, ...]:
    """The strip values that the space has for a code."""
    return tuple(str(profile.strip) for profile in space if code(profile) == of)


def check_keys(keys: Sequence[str]) -> None:
    """Refuse what is no option.

    Raises:
        UsageError: with the list of options.
    """
    for key in keys:
        if key not in BY_KEY:
            raise UsageError(f"there is no option {key!r}", hint=f"the options are {', '.join(BY_KEY)}")


def changes_behaviour(old: Profile, new: Profile) -> bool:
    """Whether the new profile makes the program do something else (today: panic = "abort")."""
    return new.panic is Panic.ABORT and old.panic is not Panic.ABORT
