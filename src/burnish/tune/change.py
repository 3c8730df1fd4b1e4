"""From a stored result to a change of Cargo.toml, and the proof that it holds."""

from collections.abc import Mapping

from burnish.cargo.invocation import Cargo
from burnish.cargo.manifest import FileChange, changed_keys, set_package_levels, set_profile, shadowed
from burnish.cargo.project import Project
from burnish.cargo.write import write_change
from burnish.errors import ChangeError, UsageError
from burnish.tune.result import Outcome, PerCrate, TuneResult
from burnish.tune.session import read_effective, read_manifest
from burnish.tune.words import time_words
from burnish.units import format_change


def pending_change(
    result: TuneResult, project: Project, environment: Mapping[str, str], *, name: str | None
) -> FileChange | None:
    """The change of the workspace root's manifest; None where nothing is recommended, or the manifest says so already.

    Nothing is written.

    Raises:
        ChangeError: the profile is not the measured one any more, or another place than Cargo.toml decides.
    """
    if not has_change(result):
        return None
    change = _planned(result, project, environment, name=name)
    return None if change.is_empty else change


def _planned(result: TuneResult, project: Project, environment: Mapping[str, str], *, name: str | None) -> FileChange:
    effective = read_effective(project, result.profile_name, environment)
    wanted = result.recommendation.profile
    source = read_manifest(project.manifest, "Cargo.toml")
    if effective.profile not in {result.rows[0].profile, wanted}:
        raise ChangeError(
            f"[profile.{result.profile_name}] was {result.rows[0].profile.id} when it was measured "
            f"and is {effective.profile.id} now",
            hint="run burnish tune again",
        )
    if name is None:
        _check_not_shadowed(effective.name, shadowed(effective, changed_keys(effective, wanted)))
    new = set_profile(
        source.text,
        name=name or result.profile_name,
        profile=wanted,
        effective=effective,
        evidence=evidence(result),
        artifact_package=project.package,
        create_inherits=None if name is None else result.profile_name,
    )
    levels = {package: each.opt_level for each in accepted(result) for package in each.packages}
    new = set_package_levels(new, name=name or result.profile_name, levels=levels)
    return FileChange(path=project.manifest, old=source.text, new=new)


def accepted(result: TuneResult) -> tuple[PerCrate, ...]:
    """The opt-levels of single crates that pay; at most one is accepted by a tune."""
    return tuple(each for each in result.per_crate if each.accepted)


def has_change(result: TuneResult) -> bool:
    """Whether there is anything to write."""
    return result.recommendation.outcome is Outcome.CHANGE or bool(accepted(result))


def _check_not_shadowed(name: str, settings: tuple[object, ...]) -> None:
    if settings:
        places = ", ".join(str(getattr(setting, "origin", setting)) for setting in settings)
        raise ChangeError(
            f"Cargo.toml does not decide here: {places}",
            hint=f"change it there, or remove it so that [profile.{name}] in Cargo.toml holds",
        )


def evidence(result: TuneResult) -> str:
    """The short comment that stays with the profile: what was measured, where, when."""
    confirmation = result.recommendation.confirmation
    if confirmation is None:
        return ""
    base = result.rows[0]
    parts = [f"size {format_change(confirmation.size.file / base.size.file)}"]
    if confirmation.time is not None:
        parts.append(time_words(confirmation.time).partition(" (")[0])
    parts.append(f"cold build {format_change(confirmation.cost.cpu / base.cost.cpu, digits=0)} CPU")
    where = f"{result.circumstances.rustc.split(' (')[0]}, {result.circumstances.target}"
    return f"{', '.join(parts)}\nmeasured {result.created[:10]} for goal {result.goal!s} with {where}"


def check_written(
    change: FileChange, result: TuneResult, project: Project, environment: Mapping[str, str], *, name: str | None
) -> None:
    """Write the change and see that cargo takes it and that the profile is then what was recommended.

    Raises:
        ChangeError: it is not; the manifest is as it was before.
    """
    write_change(change)
    problem = _problem(result, project, environment, name or result.profile_name)
    if problem is not None:
        write_change(FileChange(path=change.path, old=change.new, new=change.old))
        raise ChangeError(
            f"the change was taken back: {problem}", hint="please report this with the [profile] tables of Cargo.toml"
        )


def _problem(result: TuneResult, project: Project, environment: Mapping[str, str], name: str) -> str | None:
    cargo = Cargo(project.directory, environment)
    where = ("--manifest-path", str(project.manifest), "--format-version", "1", "--no-deps", "--offline")
    run = cargo.run("cargo", ("metadata", *where))
    if run.code != 0:
        return f"cargo does not accept it:\n{run.error}"
    try:
        now = read_effective(project, name, environment).profile
    except UsageError as error:
        return error.message
    wanted = result.recommendation.profile
    return None if now.canonical() == wanted.canonical() else f"the profile would be {now.id}, not {wanted.id}"
