"""Well-known profiles by name, so that a table of candidates shows how the recipes everybody copies fare here."""

from dataclasses import dataclass, replace
from typing import Final

from burnish.profile.options import Lto, OptLevel, Panic, Strip
from burnish.profile.profile import CARGO_DEFAULT, Profile


@dataclass(frozen=True, kw_only=True, slots=True)
class Preset:
    """A named profile, and in one sentence where it is known from.

    ``always``: built in every tune, because everybody asks for it; the others where the search finds them worth it.
    """

    name: str
    profile: Profile
    known_from: str
    always: bool = False


#: What follows a preset's name where ``panic = "abort"`` was taken out of it.
WITHOUT_ABORT: Final = "without abort"

PRESETS: Final = (
    Preset(
        name="cargo default",
        profile=CARGO_DEFAULT,
        known_from="What Cargo builds with --release where the manifest says nothing.",
        always=True,
    ),
    Preset(
        name="blog recipe",
        profile=Profile(lto=Lto.FAT, codegen_units=1, panic=Panic.ABORT, strip=Strip.SYMBOLS),
        known_from="The four lines most often pasted into a Cargo.toml; "
        "cargo-wizard's fast-runtime has the first three.",
        always=True,
    ),
    Preset(
        name="fat + 1",
        profile=Profile(lto=Lto.FAT, codegen_units=1),
        known_from="The Rust Performance Book's two options for speed that change no behaviour.",
    ),
    Preset(
        name="thin + 1",
        profile=Profile(lto=Lto.THIN, codegen_units=1),
        known_from="What projects fall back to when fat costs too much build time (codex, pegaflow).",
    ),
    Preset(
        name="thin",
        profile=Profile(lto=Lto.THIN),
        known_from="The Rust Performance Book's milder alternative to fat.",
    ),
    Preset(
        name="min size",
        profile=Profile(opt_level=OptLevel.Z, lto=Lto.FAT, codegen_units=1, strip=Strip.SYMBOLS),
        known_from="min-sized-rust, as far as it changes no behaviour and needs no nightly.",
    ),
    Preset(
        name="small, still fast",
        profile=Profile(opt_level=OptLevel.S, lto=Lto.FAT, codegen_units=1, strip=Strip.SYMBOLS),
        known_from="min size with opt-level s, which keeps loops vectorized and is sometimes the smaller of the two.",
    ),
)


def presets(*, allowed_panic_abort: bool, base: Profile) -> tuple[Preset, ...]:
    """The presets worth a look for a project with the baseline ``base``.

    Without leave, and unless the baseline has it, ``panic = "abort"`` is taken out of a preset and its name says so.
    A baseline with abort keeps it: the presets that do not speak of panic take it over, Cargo's default does not.
    """
    abort = base.panic is Panic.ABORT
    return tuple(_adapted(preset, allowed=allowed_panic_abort or abort, abort=abort) for preset in PRESETS)


def _adapted(preset: Preset, *, allowed: bool, abort: bool) -> Preset:
    if preset.profile.panic is Panic.ABORT and not allowed:
        unwinding = replace(preset.profile, panic=Panic.UNWIND)
        return replace(preset, name=f"{preset.name} {WITHOUT_ABORT}", profile=unwinding)
    if abort and preset.profile != CARGO_DEFAULT:
        return replace(preset, profile=replace(preset.profile, panic=Panic.ABORT))
    return preset
