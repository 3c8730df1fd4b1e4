"""How a program to be looked at is built: a mode, and the codegen units where not as the profile says."""

from dataclasses import dataclass

from burnish.errors import UsageError
from burnish.lto.settings import Lto, Mode, parse_lto

_UNITS = "codegen-units="


@dataclass(frozen=True, kw_only=True, slots=True)
class Variant:
    """A build; ``units`` None: as the profile says."""

    lto: Lto
    units: int | None = None

    def __str__(self) -> str:
        return f"{self.lto},{_UNITS}{self.units}" if self.units else str(self.lto)

    def variables(self, profile: str) -> dict[str, str]:
        """Environment variables of cargo that say the units, over whatever the manifest says."""
        if self.units is None:
            return {}
        return {f"CARGO_PROFILE_{profile.upper().replace('-', '_')}_CODEGEN_UNITS": str(self.units)}


def parse_variant(text: str) -> Variant:
    """``fat``, ``fat,codegen-units=1``.

    Raises:
        UsageError: it is something else.
    """
    mode, comma, rest = text.partition(",")
    if not comma:
        return Variant(lto=parse_lto(mode))
    number = rest.removeprefix(_UNITS)
    if not rest.startswith(_UNITS) or not number.isascii() or not number.isdigit() or not 0 < int(number) < 65536:
        raise UsageError(f"{text}: after the mode it takes {_UNITS}N, as in fat,{_UNITS}1")
    return Variant(lto=parse_lto(mode), units=int(number))


def is_variant(text: str) -> bool:
    """Whether a word says a mode, and no file."""
    return text.partition(",")[0].partition("=")[0] in set(Mode)
