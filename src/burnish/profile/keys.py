"""Cargo's profile keys: the defaults of the two root profiles, and which values Cargo and rustc accept.

Cargo reference, "Profiles" (https://doc.rust-lang.org/cargo/reference/profiles.html) and
``cargo-util-schemas/src/manifest/mod.rs`` (``TomlProfile``); rustc book, "Codegen Options".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

#: What a profile key holds: a TOML boolean, integer or string.
Value = str | int | bool

#: ``lto`` as Cargo and rustc spell it (rustc also takes its own booleans as strings), to the four values there are.
LTO_SPELLINGS: Final[Mapping[Value, str]] = {
    False: "false",
    True: "fat",
    **dict.fromkeys(("fat", "y", "yes", "on"), "fat"),
    "thin": "thin",
    **dict.fromkeys(("off", "n", "no", "none"), "off"),
}

#: ``strip`` as written, to the three values there are.
STRIP_SPELLINGS: Final[Mapping[Value, str]] = {
    False: "none",
    True: "symbols",
    "none": "none",
    "debuginfo": "debuginfo",
    "symbols": "symbols",
}

#: The values of ``debug`` that ask for no debug info (``False == 0`` in Python as in Cargo).
NO_DEBUG: Final[frozenset[Value]] = frozenset({0, "none"})


@dataclass(frozen=True, kw_only=True, slots=True)
class ProfileKey:
    """One key of a profile.

    Attributes:
        release, dev: what the root profiles have where nothing is written; None for unset.
        expected: the accepted values in words.
        booleans: true and false are accepted.
        numbers: accepted integers, the end excluded.
        strings: accepted strings; None for all.
        in_overrides: Cargo allows the key in ``package.<spec>`` and ``build-override``.
    """

    key: str
    release: Value | None
    dev: Value | None
    expected: str
    booleans: bool = False
    numbers: range = range(0)
    strings: frozenset[str] | None = frozenset()
    in_overrides: bool = True

    def accepts(self, value: object) -> bool:
        if isinstance(value, bool):
            return self.booleans
        if isinstance(value, int):
            return value in self.numbers
        return isinstance(value, str) and (self.strings is None or value in self.strings)


def _switch(key: str, *, dev: bool, in_overrides: bool = True) -> ProfileKey:
    return ProfileKey(
        key=key, release=False, dev=dev, expected="true or false", booleans=True, in_overrides=in_overrides
    )


def _strings(spellings: Mapping[Value, str]) -> frozenset[str]:
    return frozenset(spelling for spelling in spellings if isinstance(spelling, str))


_DEBUG: Final = ("none", "limited", "full", "line-tables-only", "line-directives-only")

PROFILE_KEYS: Final = (
    ProfileKey(
        key="opt-level",
        release=3,
        dev=0,
        expected='0, 1, 2, 3 (without quotes), "s" or "z"',
        numbers=range(4),
        strings=frozenset({"s", "z"}),
    ),
    ProfileKey(
        key="debug",
        release=False,
        dev=True,
        expected="true, false, 0, 1, 2, " + ", ".join(f'"{value}"' for value in _DEBUG),
        booleans=True,
        numbers=range(3),
        strings=frozenset(_DEBUG),
    ),
    # Cargo passes on only what it knows the target to support, and is silent about the rest.
    ProfileKey(key="split-debuginfo", release=None, dev=None, expected='"off", "packed" or "unpacked"', strings=None),
    ProfileKey(
        key="strip",
        release=None,
        dev=None,
        expected='true, false, "none", "debuginfo" or "symbols"',
        booleans=True,
        strings=_strings(STRIP_SPELLINGS),
    ),
    _switch("debug-assertions", dev=True),
    _switch("overflow-checks", dev=True),
    ProfileKey(
        key="lto",
        release=False,
        dev=False,
        expected='true, false (without quotes), "thin", "fat" or "off"',
        booleans=True,
        strings=_strings(LTO_SPELLINGS),
        in_overrides=False,
    ),
    ProfileKey(
        key="panic",
        release="unwind",
        dev="unwind",
        expected='"unwind" or "abort"',
        strings=frozenset({"unwind", "abort"}),
        in_overrides=False,
    ),
    _switch("incremental", dev=True),
    # Cargo reads codegen-units as u32; rustc refuses 0.
    ProfileKey(key="codegen-units", release=None, dev=None, expected="a number from 1 on", numbers=range(1, 2**32)),
    _switch("rpath", dev=False, in_overrides=False),
)

BY_KEY: Final = {entry.key: entry for entry in PROFILE_KEYS}
