"""Values of profile keys compared by what they mean, and shown as TOML writes them."""

from typing import Any, Final

from burnish.profile.keys import LTO_SPELLINGS, NO_DEBUG, STRIP_SPELLINGS, Value
from burnish.profile.lint.workspace import LINKED, Package

#: Crate types that can be linked with LTO (cargo/core/compiler/crate_type.rs, ``can_lto``).
TAKE_LTO: Final = frozenset({"bin", "cdylib", "staticlib"})

_DEBUG: Final = {"none": 0, "limited": 1, "full": 2}

#: Where Cargo's profile settings are described.
PROFILES: Final = "https://doc.rust-lang.org/cargo/reference/profiles.html"
CONFIG: Final = "https://doc.rust-lang.org/cargo/reference/config.html"
CODEGEN: Final = "https://doc.rust-lang.org/rustc/codegen-options/index.html"
CARGO_SOURCE: Final = "https://github.com/rust-lang/cargo/blob/master/src/cargo"


def meaning(key: str, value: Value | None) -> Value | None:
    """One value for all spellings of the same: ``true`` and ``"fat"``, ``1`` and ``"limited"``."""
    if value is None:
        return None
    match key:
        case "lto":
            return LTO_SPELLINGS.get(value, value)
        case "strip":
            return STRIP_SPELLINGS.get(value, value)
        case "debug":
            return int(value) * (2 if value is True else 1) if isinstance(value, int) else _DEBUG.get(value, value)
        case "opt-level":
            return str(value)
        case _:
            return value


def shown(value: Any) -> str:  # noqa: ANN401 (a TOML value)
    """The value in TOML's spelling, cut where it is long."""
    if isinstance(value, bool):
        return str(value).lower()
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def has_lto(lto: Value | None) -> bool:
    """Link-time optimization across crates is asked for."""
    return meaning("lto", lto) in {"thin", "fat"}


def has_debug(debug: Value | None) -> bool:
    """Debug info is asked for."""
    return debug not in NO_DEBUG


def lto_is_dropped(crate_types: tuple[str, ...]) -> bool:
    """Something of these is linked, and not all of them take LTO: Cargo then drops it for all."""
    kinds = set(crate_types)
    return bool(LINKED & kinds) and not kinds <= TAKE_LTO


def listed(names: list[str], most: int = 4) -> str:
    """``a, b, c and 3 more``."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"


def library_of(package: Package) -> tuple[str, ...]:
    """The crate types of the package's library; empty where it has none."""
    return next((target.crate_types for target in package.targets if target.kind == "lib"), ())
