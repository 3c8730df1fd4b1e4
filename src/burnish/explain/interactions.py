"""How the options act together as they are set here: rules over the effective profile. Pure.

A rule looks at the context and says something or nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from burnish.explain.measured import code_of, compare, measure, pairs
from burnish.explain.texts import CODEGEN, PROFILES
from burnish.explain.values import Interaction, Measurement, Metric
from burnish.explain.wording import change_words
from burnish.profile.effective import EffectiveProfile
from burnish.profile.keys import NO_DEBUG
from burnish.profile.options import Lto, OptLevel, Panic, Strip
from burnish.profile.panics.values import PanicAudit, Verdict
from burnish.profile.profile import Profile
from burnish.tune.result import TuneResult

_LTO_RS: Final = "https://github.com/rust-lang/cargo/blob/master/src/cargo/core/compiler/lto.rs"
_GENERICS: Final = f"{PROFILES}#overrides-and-generics"


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """What the rules look at.

    Attributes:
        crate_types: of the artifact.
        takes_lto: all of them can be linked with LTO.
        target: triple.
        target_cpu: ``-C target-cpu``, empty where none is given.
        result: of a stored tune, None where there is none.
        panics: the audit of the sources, None where it was not made; ``unaudited`` says why.
    """

    effective: EffectiveProfile
    crate_types: tuple[str, ...]
    takes_lto: bool
    target: str
    target_cpu: str = ""
    result: TuneResult | None = None
    panics: PanicAudit | None = None
    unaudited: str = ""

    @property
    def profile(self) -> Profile:
        return self.effective.profile

    @property
    def cross(self) -> bool:
        """LTO across crates is asked for."""
        return self.profile.lto in {Lto.THIN, Lto.FAT}

    @property
    def incremental(self) -> bool:
        return self.effective.settings["incremental"].value is True

    @property
    def debug(self) -> bool:
        return self.effective.settings["debug"].value not in NO_DEBUG


Rule = Callable[[Context], Iterator[Interaction]]


def interactions(context: Context) -> tuple[Interaction, ...]:
    """All that is to be said of these values together."""
    return tuple(found for rule in _RULES for found in rule(context))


def _say(rule: str, options: tuple[str, ...], text: str, source: str) -> Interaction:
    return Interaction(rule=rule, options=options, text=text, source=source)


def _lto_dropped(context: Context) -> Iterator[Interaction]:
    if context.cross and not context.takes_lto:
        kinds = ", ".join(f'"{kind}"' for kind in context.crate_types)
        yield _say(
            "lto-dropped",
            ("lto",),
            f"lto = {context.effective.settings['lto'].text} has no effect: with crate-type = [{kinds}] Cargo drops "
            "LTO for all of them. cargo rustc --lib --crate-type cdylib builds one type, with LTO.",
            _LTO_RS,
        )


def _lto_units(context: Context) -> Iterator[Interaction]:
    profile, options = context.profile, ("lto", "codegen-units")
    one = profile.codegen_units == 1
    if context.cross and not context.takes_lto:
        return
    match profile.lto:
        case Lto.FAT:
            start = (
                "codegen-units = 1 is almost redundant under fat LTO: all modules are merged into one in any case. "
                "It decides only how each crate is prepared for the merge."
                if one
                else "codegen-units = 1 would be almost redundant: fat LTO merges all modules into one in any case."
            )
            yield _say("fat-units", options, start + _units_measured(context), f"{CODEGEN}#lto")
        case Lto.THIN if one:
            text = "Each crate is one module; thin LTO only works between crates, and std's."
            yield _say("thin-one", options, text + _units_measured(context), f"{CODEGEN}#lto")
        case Lto.THIN:
            text = (
                "Thin LTO imports between the units of a crate as well as between crates; codegen-units = 1 would give "
                "it fewer, larger modules."
            )
            yield _say("thin-units", options, text + _units_measured(context), f"{CODEGEN}#lto")
        case Lto.FALSE | Lto.OFF if one:
            text = 'With codegen-units = 1, lto = false and "off" are the same: there is nothing between the units.'
            yield _say("one-unit", options, text, f"{PROFILES}#lto")
        case Lto.FALSE:
            text = "lto = false still does thin LTO among the units of each crate; calls to other crates stay calls."
            yield _say("thin-local", options, text + _units_measured(context), f"{PROFILES}#lto")
        case Lto.OFF:
            text = 'lto = "off" leaves even calls between the units of one crate; codegen-units = 1 would remove those.'
            yield _say("off-units", options, text + _units_measured(context), f"{PROFILES}#lto")


def _units_measured(context: Context) -> str:
    """How much codegen-units still changed here under this lto."""
    if context.result is None:
        return ""
    profile = context.profile
    several = profile if profile.codegen_units != 1 else profile.with_value("codegen-units", "unset")
    one = several.with_value("codegen-units", "1")
    name = several.value("codegen-units")
    # Else at the same lto with other values of the rest: a profile with abort is seldom in a tune.
    others = pairs(context.result, {"lto": str(profile.lto), "codegen-units": name}, {"codegen-units": "1"})
    for old, new in ((several, one), *others):
        if found := measure(context.result, old, new):
            words = "; ".join(change_words(each) for each in found)
            at = "" if code_of(old) == code_of(several) else f", at {old.code_id}"
            return f" Measured here, from {name} to 1{at}: {words}."
    return ""


def _incremental(context: Context) -> Iterator[Interaction]:
    if not context.incremental:
        return
    units = context.profile.codegen_units
    cut = "up to 256 units" if units is None else f"{units} units"
    if context.cross:
        yield _say(
            "incremental-lto",
            ("incremental", "lto"),
            f"Each crate of the workspace is cut into {cut} for incremental, and LTO puts them together again at each "
            "link: the cost of both, and the gain of neither in full.",
            f"{CODEGEN}#incremental",
        )
    elif units is None:
        yield _say(
            "incremental-units",
            ("incremental", "codegen-units"),
            "With incremental the default is up to 256 codegen units a crate, not 16: faster rebuilds, slower code.",
            f"{PROFILES}#incremental",
        )


def _debug_strip(context: Context) -> Iterator[Interaction]:
    strip = context.profile.strip
    if context.debug and strip is not Strip.NONE:
        debug = context.effective.settings["debug"].text
        yield _say(
            "debug-stripped",
            ("debug", "strip"),
            f'debug = {debug} costs compile time and memory, and strip = "{strip}" throws it away at the link.',
            f"{PROFILES}#strip",
        )
    elif context.debug:
        yield _say(
            "debug-std",
            ("debug", "strip"),
            "Because debug info is asked for, Cargo does not strip the standard library's either: some megabytes of it "
            "are in the file.",
            "https://github.com/rust-lang/cargo/pull/13257",
        )


def _strip_reset(context: Context) -> Iterator[Interaction]:
    if context.effective.strip_reset and context.effective.package:
        override = context.effective.override_of(context.effective.package)
        yield _say(
            "strip-reset",
            ("strip", "overrides"),
            f"The override [profile.{context.effective.name}.{override}] sets no strip and so resets it for the "
            "artifact: repeat strip there.",
            "https://github.com/rust-lang/cargo/blob/master/src/cargo/core/profiles.rs",
        )


def _backtraces(context: Context) -> Iterator[Interaction]:
    strip, panic = context.profile.strip, context.profile.panic
    tables = (
        " Unwind tables are there with abort as well on this target, so frames can be walked."
        if panic is Panic.ABORT and "x86_64" in context.target and "linux" in context.target
        else ""
    )
    if strip is Strip.SYMBOLS:
        yield _say(
            "strip-backtraces",
            ("strip", "panic"),
            f"Backtraces show addresses instead of names (strip = symbols); keep an unstripped copy to read them."
            f"{tables}",
            f"{CODEGEN}#strip",
        )
    elif strip is Strip.DEBUGINFO:
        yield _say(
            "strip-backtraces",
            ("strip", "panic"),
            f"Backtraces show function names without file and line (strip = debuginfo).{tables}",
            f"{CODEGEN}#strip",
        )


def _panics(context: Context) -> Iterator[Interaction]:
    source = f"{PROFILES}#panic"
    abort = context.profile.panic is Panic.ABORT
    if context.panics is None:
        if abort:
            why = f" ({context.unaudited})" if context.unaudited else ""
            text = (
                f"Whether the code relies on unwinding was not audited{why}: catch_unwind catches nothing with abort."
            )
            yield _say("abort-audit", ("panic",), text, source)
        return
    verdict = context.panics.verdict
    places = [
        f"{finding.crate} {finding.path}:{finding.line} ({finding.kind})"
        for finding in context.panics.findings
        if finding.verdict is verdict
    ]
    shown = "; ".join(places[:3]) + (f" and {len(places) - 3} more" if len(places) > 3 else "")
    does = "is set, and the program then does" if abort else "would make the program do"
    text = ""
    match verdict:
        case Verdict.SAFE:
            text = "The audit of the sources finds nothing that relies on unwinding: abort changes no behaviour."
        case Verdict.UNSAFE:
            text = f'panic = "abort" {does} something else after a panic: {shown}.'
        case Verdict.UNKNOWN:
            text = f"Whether the code relies on unwinding cannot be told from the sources alone: {shown}."
    yield _say("abort-audit", ("panic",), text, source)


def _abort_tests(context: Context) -> Iterator[Interaction]:
    if context.profile.panic is Panic.ABORT:
        yield _say(
            "abort-tests",
            ("panic",),
            "cargo test --release does not test this: tests are built with unwind, their dependencies a second time.",
            f"{PROFILES}#panic",
        )


def _levels(context: Context) -> Iterator[Interaction]:
    level = context.profile.opt_level
    if level is OptLevel.O0 and context.cross:
        yield _say(
            "level-lto",
            ("opt-level", "lto"),
            "LTO is done although nothing is optimized (opt-level = 0): its cost without its gain.",
            f"{PROFILES}#lto",
        )
    if level in {OptLevel.S, OptLevel.Z} and not context.cross:
        yield _say(
            "size-lto",
            ("opt-level", "lto"),
            f'opt-level = "{level}" asks for a small file; fat LTO is the other half of that, and is not set.',
            f"{PROFILES}#opt-level",
        )
    if level in {OptLevel.O2, OptLevel.O3} and not context.cross:
        yield _say(
            "generics",
            ("opt-level", "codegen-units"),
            f"At opt-level {level} each crate compiles its own copy of a generic function; crates share them at 0, 1, "
            "s and z.",
            _GENERICS,
        )


def _checks(context: Context) -> Iterator[Interaction]:
    if context.effective.settings["overflow-checks"].value is True and context.profile.opt_level is not OptLevel.O0:
        end = ', and the panic is an abort of the process (panic = "abort")'
        yield _say(
            "checks",
            ("overflow-checks", "opt-level", "panic"),
            "Overflow panics in optimized code"
            + (end if context.profile.panic is Panic.ABORT else "")
            + "; loops with checked arithmetic are vectorized less.",
            f"{PROFILES}#overflow-checks",
        )


def _target_cpu(context: Context) -> Iterator[Interaction]:
    if not context.target_cpu:
        return
    across = (
        "LTO inlines std's functions into yours, where they use the newer instructions; what is not inlined does not."
        if context.cross and context.takes_lto
        else "Without LTO std's functions are linked as they were compiled, for the base processor."
    )
    yield _say(
        "target-cpu",
        ("target-cpu", "lto"),
        f"Your crates are compiled for {context.target_cpu}. {across}",
        f"{CODEGEN}#target-cpu",
    )


def _overrides(context: Context) -> Iterator[Interaction]:
    packages = [key for key in context.effective.overrides if key.startswith("package.")]
    for key in packages:
        own = context.effective.overrides[key]
        if "opt-level" in own and context.cross and context.takes_lto:
            yield _say(
                "override-lto",
                ("overrides", "lto", "opt-level"),
                f"[profile.{context.effective.name}.{key}] holds for how the crate is prepared; LTO then optimizes its "
                "code once more with the final crate's pipeline (s and z stay marked on its functions).",
                _GENERICS,
            )
    if "build-override" in context.effective.overrides:
        yield _say(
            "build-override",
            ("overrides",),
            "build-override holds for build scripts, proc macros and what only they use; nothing of it is in the file.",
            f"{PROFILES}#build-dependencies",
        )


_RULES: Final[tuple[Rule, ...]] = (
    _lto_dropped,
    _lto_units,
    _levels,
    _incremental,
    _debug_strip,
    _strip_reset,
    _backtraces,
    _panics,
    _abort_tests,
    _checks,
    _target_cpu,
    _overrides,
)


def measured_values(result: TuneResult, profile: Profile, key: str, value: str) -> tuple[Measurement, ...]:
    """What changing one option from the profile in force did here, for each metric that is known."""
    other = profile.with_value(key, value)
    if other == profile:
        return ()
    found = [compare(result, profile, other, metric) for metric in Metric]
    return tuple(each for each in found if each is not None)
