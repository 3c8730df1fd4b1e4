"""What a candidate's build is made of: which libraries serve it, and the arguments that tell cargo so. Pure.

One target directory serves every candidate. Cargo keeps builds apart by the profile it is given, and hashes `lto` and
`strip` into every crate although rustc compiles libraries alike for several of them (cargo#3244, cargo#8343). So cargo
is always told `lto = false` and a *tag* in `codegen-units` that stands for the cell; the shim turns the tag into the
real number and gives libraries the form that the cell needs, and `cargo rustc -- -C lto=…` (the last flag wins) builds
the final crate. Build scripts and proc macros, which the profile hardly touches, are then compiled once for all cells.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from burnish.profile.options import Lto, OptLevel, Strip
from burnish.profile.profile import Profile


class Deps(StrEnum):
    """What libraries are compiled to.

    ``BOTH``: object and bitcode in one go (`-C embed-bitcode=yes`): serves lto false, thin and fat. With more than one
    codegen unit, rustc compiles for thin-local LTO in any case and the objects are those of a plain build.
    ``BITCODE``: bitcode alone (`-C linker-plugin-lto`), as cargo does under LTO: serves thin and fat.
    ``OBJECT``: as cargo does without LTO. Needed at codegen-units = 1, where rustc optimizes an object by another
    pipeline when it must emit bitcode beside it (rustc_llvm ``PassWrapper.cpp``, ``PreLinkNoLTO``): 0.4 % in size.
    ``OFF``: `-C lto=off`: not even thin-local LTO.
    """

    BOTH = "both"
    BITCODE = "bitcode"
    OBJECT = "object"
    OFF = "off"


def deps_for(profile: Profile) -> Deps:
    """The form of libraries that serves a candidate exactly and as many others as possible."""
    if profile.lto is Lto.OFF:
        return Deps.OFF
    if profile.codegen_units != 1:
        return Deps.BOTH
    return Deps.OBJECT if profile.lto is Lto.FALSE else Deps.BITCODE


def cell(profile: Profile) -> str:
    """The id of all candidates that share their libraries."""
    units = "cgudef" if profile.codegen_units is None else f"cgu{profile.codegen_units}"
    return f"o{profile.opt_level}-{units}-{profile.panic}-{deps_for(profile)}"


_TAG_BASE: Final = {Deps.BOTH: 10_000_000, Deps.BITCODE: 20_000_000, Deps.OBJECT: 30_000_000, Deps.OFF: 40_000_000}


def tag(profile: Profile) -> int:
    """The number cargo is given for codegen-units: unlike any that a manifest would write."""
    return _TAG_BASE[deps_for(profile)] + (profile.codegen_units or 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """What stays as the project has it, as far as builds depend on it.

    Attributes:
        profile_name: cargo's ``--profile``.
        strip_overrides: package specs of ``[profile.NAME.package.SPEC]`` tables that hold the artifact's own package
            and no strip: cargo then forgets the profile's strip for the artifact.
        debug: debug info is asked for; without it an unset strip drops std's.
        host_optimised: a build-override gives host crates an opt-level.
        codegen_units_set: the project sets codegen-units somewhere; unset must then be forced.
    """

    profile_name: str
    strip_overrides: tuple[str, ...] = ()
    debug: bool = False
    host_optimised: bool = False
    codegen_units_set: bool = False

    def base_strip(self, wanted: Strip) -> Strip:
        """The strip value to build with so that the wanted one can be had from it afterwards."""
        return Strip.NONE if self.debug or wanted is Strip.NONE else Strip.DEBUGINFO


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildPlan:
    """One cargo run: ``--config`` values, arguments for the final rustc, the shim's environment."""

    config: tuple[str, ...]
    final: tuple[str, ...]
    environment: Mapping[str, str]

    @property
    def config_args(self) -> tuple[str, ...]:
        return tuple(part for value in self.config for part in ("--config", value))


def plan_shared(profile: Profile, given: Given) -> BuildPlan:
    """The candidate over shared libraries."""
    strip = given.base_strip(profile.strip)
    units = "" if profile.codegen_units is None else str(profile.codegen_units)
    environment = {"BURNISH_CODEGEN_UNITS": f"{tag(profile)}={units}"}
    deps = deps_for(profile)
    if deps is not Deps.OBJECT:
        environment["BURNISH_DEPS"] = str(deps)
    if given.host_optimised:
        environment["BURNISH_HOST_OPTIMISED"] = "1"
    final = ("-C", f"lto={profile.lto}") if profile.lto in {Lto.THIN, Lto.FAT} else ()
    return BuildPlan(
        config=_config(given, profile, lto="false", units=str(tag(profile)), strip=strip),
        final=final,
        environment=environment,
    )


#: No package has an opt-level of its own, but for what the project says.
NO_OVERRIDES: Final[Mapping[str, str]] = MappingProxyType({})


def plan_plain(profile: Profile, given: Given, overrides: Mapping[str, str] = NO_OVERRIDES) -> BuildPlan:
    """The candidate as plain cargo builds it: the profile's own values, nothing rewritten.

    Only codegen-units that the project sets and the candidate leaves unset need the shim: cargo has no way to take a
    value away from outside.
    """
    units: str | None = None if profile.codegen_units is None else str(profile.codegen_units)
    environment: dict[str, str] = {}
    if units is None and given.codegen_units_set:
        units = str(tag(profile))
        environment = {"BURNISH_CODEGEN_UNITS": f"{units}="}
        if given.host_optimised:
            environment["BURNISH_HOST_OPTIMISED"] = "1"
    lto = "false" if profile.lto is Lto.FALSE else f'"{profile.lto}"'
    levels = tuple(
        f'profile.{given.profile_name}.package."{package}".opt-level={toml_level(level)}'
        for package, level in sorted(overrides.items())
    )
    return BuildPlan(
        config=(*_config(given, profile, lto=lto, units=units, strip=profile.strip), *levels),
        final=(),
        environment=environment,
    )


def _config(given: Given, profile: Profile, *, lto: str, units: str | None, strip: Strip) -> tuple[str, ...]:
    """``--config`` values: they beat environment, config files and manifest.

    And they take names with dashes, where an environment variable for `release-lto` would break every build.
    """
    prefix = f"profile.{given.profile_name}"
    opt_level = toml_level(str(profile.opt_level))
    values = [
        f"{prefix}.opt-level={opt_level}",
        f"{prefix}.lto={lto}",
        f'{prefix}.panic="{profile.panic}"',
        f'{prefix}.strip="{strip}"',
    ]
    if units is not None:
        values.append(f"{prefix}.codegen-units={units}")
    values.extend(f'{prefix}.package."{spec}".strip="{strip}"' for spec in given.strip_overrides)
    return tuple(values)


def toml_level(level: str) -> str:
    """An opt-level as TOML: ``3``, ``"s"``."""
    return level if level.isdigit() else f'"{level}"'


def sharing_obstacle(
    profile: Profile, *, takes_lto: bool, incremental: bool, programs_beside: bool = False
) -> str | None:
    """Why a candidate cannot be built over shared libraries, in words; None where it can.

    ``programs_beside``: cargo links other programs from the same libraries in the same run.
    """
    if profile.opt_level is OptLevel.O0:
        return "opt-level = 0: rustc is given no flag that tells the program's crates from build scripts"
    if incremental:
        return "incremental = true: rustc's own cache would decide what is compiled"
    if not takes_lto:
        return "the artifact has a crate type without LTO: only cargo itself knows what it then drops"
    if programs_beside and deps_for(profile) is Deps.BITCODE:
        return "cargo builds the package's programs beside a bench, and does not link them from bitcode alone"
    return None
