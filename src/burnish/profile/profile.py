"""The profile value: one value for each option, its id, and the parts of it that decide what is compiled."""

import re
from dataclasses import dataclass, replace
from typing import Self

from burnish.profile.options import BY_KEY, UNSET, Lto, OptLevel, Panic, Strip

_ID = re.compile(
    r"o(?P<opt>[0-3sz])-(?P<lto>off|false|thin|fat)-cgu(?P<cgu>def|[1-9]\d*)-(?P<panic>unwind|abort)"
    r"-(?P<strip>none|debuginfo|symbols)"
)


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Profile:
    """One value for each option; ``codegen_units`` None is Cargo's unset.

    The id reads ``o3-fat-cgu1-abort-symbols``; unset codegen-units read ``cgudef``.
    """

    opt_level: OptLevel = OptLevel.O3
    lto: Lto = Lto.FALSE
    codegen_units: int | None = None
    panic: Panic = Panic.UNWIND
    strip: Strip = Strip.DEBUGINFO

    @classmethod
    def parse(cls, text: str) -> Self:
        """The profile of an id.

        Raises:
            ValueError: the text is no id.
        """
        match = _ID.fullmatch(text)
        if match is None:
            raise ValueError(f"not a profile id: {text!r} (an id reads o3-fat-cgu1-unwind-symbols)")
        cgu = match["cgu"]
        return cls(
            opt_level=OptLevel(match["opt"]),
            lto=Lto(match["lto"]),
            codegen_units=None if cgu == "def" else int(cgu),
            panic=Panic(match["panic"]),
            strip=Strip(match["strip"]),
        )

    @property
    def id(self) -> str:
        return f"{self.code_id}-{self.strip}"

    @property
    def code_id(self) -> str:
        """The id without ``strip``: profiles that share it have the same code (strip acts after the link)."""
        return f"o{self.opt_level}-{self.lto}-{self._cgu}-{self.panic}"

    @property
    def _cgu(self) -> str:
        return "cgudef" if self.codegen_units is None else f"cgu{self.codegen_units}"

    def value(self, key: str) -> str:
        """The value of an option in the spelling of `burnish.profile.options`."""
        if key == "codegen-units":
            return UNSET if self.codegen_units is None else str(self.codegen_units)
        return str(getattr(self, key.replace("-", "_")))

    def with_value(self, key: str, value: str) -> "Profile":
        """A copy with one option changed.

        Raises:
            ValueError: no such option, or no such value; the message lists what there is.
        """
        try:
            match key:
                case "opt-level":
                    return replace(self, opt_level=OptLevel(value))
                case "lto":
                    return replace(self, lto=Lto({"true": "fat"}.get(value, value)))
                case "codegen-units":
                    return replace(self, codegen_units=_codegen_units(value))
                case "panic":
                    return replace(self, panic=Panic(value))
                case "strip":
                    return replace(self, strip=Strip({"true": "symbols", "false": "none"}.get(value, value)))
                case _:
                    pass
        except ValueError:
            known = ", ".join(BY_KEY[key].values)
            raise ValueError(f"{key} has no value {value!r}; it takes {known}") from None
        raise ValueError(f"no option {key!r}; the options are {', '.join(BY_KEY)}")

    def canonical(self) -> "Profile":
        """The representative of all profiles that rustc compiles alike.

        ``lto = "off"`` differs from ``false`` only by thin-local LTO between the units of a crate, and with one
        unit there is nothing between (rustc ``Session::lto``: ThinLocal only where codegen-units is not 1).
        """
        if self.lto is Lto.OFF and self.codegen_units == 1:
            return replace(self, lto=Lto.FALSE)
        return self

    def toml_value(self, key: str) -> str | int | bool | None:
        """The value as a manifest writes it; None where the key stays away."""
        match key:
            case "opt-level":
                return int(self.opt_level) if self.opt_level.isdigit() else str(self.opt_level)
            case "lto":
                return False if self.lto is Lto.FALSE else str(self.lto)
            case "codegen-units":
                return self.codegen_units
            case _:
                return self.value(key)


def _codegen_units(value: str) -> int | None:
    if value == UNSET:
        return None
    units = int(value)
    if units < 1:
        raise ValueError(value)
    return units


#: What cargo does for a release profile that sets nothing (and asks for no debug info).
CARGO_DEFAULT = Profile()
