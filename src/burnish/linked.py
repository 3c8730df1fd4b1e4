"""A look into the link of a tune's profile: one more build by burnish's own engine, and its picture in short.

The picture goes into the stored result, so that reports need no build. It costs a build from nothing the first time and
nothing of a tune's budget.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from burnish.cache import DEFAULT_LIMIT, cache_directory
from burnish.cargo.project import Project
from burnish.errors import LtoError, ToolError, UsageError
from burnish.lto.build import run_build
from burnish.lto.settings import Engine, Settings, parse_lto
from burnish.machine import usable_cores
from burnish.profile.profile import Profile
from burnish.report import json
from burnish.store import FILE, Store
from burnish.tune.result import LinkPicture, TuneResult, linked_profile
from burnish.tune.session import Opening
from burnish.xray.summary import summary
from burnish.xray.taking import take

#: Codegen units of a release build where nothing sets them, at most (rustc_session, ``codegen_units``).
_UNITS = 16


def with_link(
    result: TuneResult,
    project: Project,
    opening: Opening,
    environment: Mapping[str, str],
    *,
    number: int | None = None,
    told: Callable[[str], None] | None = None,
) -> TuneResult:
    """The result with the picture of its link, stored in place of the one without.

    Args:
        result: as stored, the newest of the project or that of ``number``.
        project: that it is of.
        opening: where the project is.
        environment: what cargo sees.
        number: of the result in the store.
        told: hears of each build of cargo.

    Raises:
        UsageError: neither the recommendation nor the baseline does link-time optimization.
        ToolError, LtoError: the program does not build.
        StoreError: the result cannot be stored.
    """
    found = replace(result, link=_look(result, project, opening, environment, told))
    with Store.open(project.own_directory / FILE) as store:
        at = store.newest(project.subject(result.profile_name)) if number is None else number
        if at is not None:
            store.replace_result(at, json.render(found).encode())
    return found


def _look(
    result: TuneResult,
    project: Project,
    opening: Opening,
    environment: Mapping[str, str],
    told: Callable[[str], None] | None,
) -> LinkPicture:
    chosen = linked_profile(result)
    if chosen is None:
        raise UsageError(
            "neither the recommended profile nor the baseline does link-time optimization across crates",
            hint="burnish xray looks into a link that a project does not make",
        )
    name, profile = chosen
    settings = Settings(
        lto=parse_lto(str(profile.lto)),
        engine=Engine.BURNISH,
        jobs=usable_cores(),
        cache=cache_directory(dict(environment)),
        limit=DEFAULT_LIMIT,
        record=None,
        linker="",
        seen=True,
    )
    seen = {**environment, **variables(profile, result.profile_name)}
    # Records of links do not tell profiles apart.
    place = project.own_directory / "xray" / profile.code_id
    built = run_build(opening.path, opening.selection, place, settings, seen, quiet=True, told=told)
    if built.code != 0 and built.failure is not None:
        raise LtoError(built.failure.message, hint=built.failure.hint)
    if built.code != 0 or built.product is None:
        raise ToolError("cargo built no program to look into", hint="burnish xray says more")
    return summary(take(built, built.product, title=project.artifact.name, mode=str(profile.lto)), name, profile)


def variables(profile: Profile, name: str) -> dict[str, str]:
    """Cargo's variables that put a profile's options, lto aside, over what the manifest says."""
    prefix = f"CARGO_PROFILE_{name.upper().replace('-', '_')}_"
    units = _UNITS if profile.codegen_units is None else profile.codegen_units
    return {
        f"{prefix}OPT_LEVEL": str(profile.opt_level),
        f"{prefix}PANIC": str(profile.panic),
        f"{prefix}CODEGEN_UNITS": str(units),
    }
