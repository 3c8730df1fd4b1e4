"""The parts put together: from a context, a record and a stored tune to one `Explanation`. Pure."""

from collections.abc import Iterable, Sequence
from typing import Final

from burnish.explain import flags
from burnish.explain.acting import ACTING
from burnish.explain.arithmetic import arithmetic
from burnish.explain.corrections import corrections_for
from burnish.explain.interactions import Context, interactions, measured_values
from burnish.explain.record import BuildRecord
from burnish.explain.texts import FIVE
from burnish.explain.values import Explanation, Interaction, Measurement, OptionText, OptionView, Told, ValueView
from burnish.profile.keys import LTO_SPELLINGS, NO_DEBUG, STRIP_SPELLINGS
from burnish.profile.layers import Setting
from burnish.profile.profile import Profile

#: The options that can be asked for, in the order they are shown.
KEYS: Final = tuple(text.key for text in (*FIVE, *ACTING))


def explain(
    context: Context, *, title: str, record: BuildRecord | None, stale: str, cpu_origin: str, only: str | None = None
) -> Explanation:
    """Explain a profile, or one of its options.

    Args:
        context: project, profile, tune and audit.
        title: package, artifact and profile.
        record: of a real build that fits the profile.
        stale: what is to be said of the record, or why there is none.
        cpu_origin: where ``target-cpu`` comes from.
        only: one option.
    """
    found = interactions(context)
    views = [_view(text, context, record, found, cpu_origin) for text in (*FIVE, *ACTING) if only in {None, text.key}]
    notes = [] if only else [f"{each.text} [{each.source}]" for each in _unclaimed(found)]
    return Explanation(
        title=title,
        profile=context.effective.name,
        record=stale,
        measured=_measured_note(context),
        options=tuple(views),
        arithmetic=arithmetic(record) if record is not None and only in {None, "lto", "codegen-units"} else None,
        notes=tuple(notes),
    )


def _unclaimed(found: Iterable[Interaction]) -> list[Interaction]:
    return [each for each in found if not set(each.options) & set(KEYS)]


def _measured_note(context: Context) -> str:
    result = context.result
    if result is None:
        return "No tune is stored for this project and profile: burnish tune measures; figures here are general."
    where = result.circumstances
    run = "without a workload" if result.workload is None else f"on {result.workload.command}"
    same = "" if result.rows and result.rows[0].profile == context.profile else "; its baseline was another profile"
    return f"Measured {result.created} {run}: {where.cpu}, {where.cores} cores, {where.rustc}{same}."


def _view(
    text: OptionText, context: Context, record: BuildRecord | None, found: Sequence[Interaction], cpu_origin: str
) -> OptionView:
    value, origin, inherited = _in_force(text.key, context, cpu_origin)
    return OptionView(
        key=text.key,
        value=value,
        origin=origin,
        inherited=inherited,
        told=_told(text.key, context, record),
        text=text,
        values=tuple(
            ValueView(
                text=each,
                current=_same(text.key, each.value, value),
                measured=_measured(context, text.key, each.value),
            )
            for each in text.values
        ),
        interactions=tuple(each for each in found if text.key in each.options),
        corrections=corrections_for(text.key),
        minor=text in ACTING,
    )


def _in_force(key: str, context: Context, cpu_origin: str) -> tuple[str, str, str]:
    """Value, origin, and the profile it was inherited from."""
    effective = context.effective
    if key == "target-cpu":
        return context.target_cpu or "unset", cpu_origin or "not given", ""
    if key == "overrides":
        tables = [f"{part} ({', '.join(f'{name} = {keys[name].text}' for name in keys)})"
                  for part, keys in effective.overrides.items()]  # fmt: skip
        where = sorted({str(setting.origin) for keys in effective.overrides.values() for setting in keys.values()})
        return "; ".join(tables) or "none", ", ".join(where) or "not written", ""
    setting: Setting = effective.settings[key]
    inherited = setting.origin.profile
    return setting.text, str(setting.origin), inherited if inherited != effective.name else ""


def _told(key: str, context: Context, record: BuildRecord | None) -> Told:
    if record is not None:
        library = record.libraries[-1].args if record.libraries else None
        return flags.recorded(record.final.args, library, key)
    if key == "target-cpu" and context.target_cpu:
        flag = (f"-C target-cpu={context.target_cpu}",)
        return Told(final=flag, library=flag, recorded=False)
    return flags.derived(context.effective, key, takes_lto=context.takes_lto)


def _same(key: str, offered: str, value: str) -> bool:
    return canonical(key, offered) == canonical(key, value)


def canonical(key: str, value: str) -> str:
    """A value in the spelling of `burnish.profile.options`, from its TOML."""
    bare: str | bool = {"true": True, "false": False}.get(value, value.strip('"'))
    if key == "lto":
        return LTO_SPELLINGS.get(bare, str(bare))
    if key == "strip":
        return STRIP_SPELLINGS.get(bare, str(bare))
    if key == "debug":
        number = int(value) if value.isdigit() else bare
        return "none" if number in NO_DEBUG else {2: "full", True: "full", "limited": "1"}.get(number, str(number))
    return str(bare).lower() if isinstance(bare, bool) else bare


def _measured(context: Context, key: str, offered: str) -> tuple[Measurement, ...]:
    if context.result is None:
        return ()
    try:
        profile: Profile = context.profile
        return measured_values(context.result, profile, key, canonical(key, offered))
    except ValueError:
        return ()
