"""Measurements in words, for every format. Pure."""

from burnish.explain.values import Evidence, Measurement, Metric
from burnish.units import format_change


def change_words(measured: Measurement) -> str:
    """``run time -56.6 % (-57.4 to -55.9 %, 8 rounds)``, ``file -20.7 %``, ``build CPU ~ x 7.6``."""
    return f"{measured.metric} {figure(measured)}"


def figure(measured: Measurement) -> str:
    """The change without its metric."""
    change = _times(measured.ratio) if measured.metric is Metric.BUILD else format_change(measured.ratio)
    match measured.evidence:
        case Evidence.EXACT:
            return change
        case Evidence.INTERVAL:
            return f"{change} ({interval(measured)}, {measured.rounds} rounds)"
        case Evidence.SINGLE:
            return f"{change} (one cold build each)"
        case Evidence.ESTIMATE:
            return f"~{change} (estimated)"
        case Evidence.SCREENED:
            return f"~{change} (screened)"


def interval(measured: Measurement) -> str:
    """``-57.4 to -55.9 %``."""
    low = format_change(measured.low).removesuffix(" %")
    return f"{low} to {format_change(measured.high)}"


def _times(ratio: float) -> str:
    return f"x {ratio:.1f}" if ratio >= 1.5 else format_change(ratio, digits=0)


def pair(measured: Measurement) -> str:
    """Which profiles were compared: what differs between them, and the rest in short."""
    old, new = measured.old, measured.new
    keys = [key for key in ("opt-level", "lto", "codegen-units", "panic", "strip") if old.value(key) != new.value(key)]
    changed = ", ".join(f"{key} {old.value(key)} to {new.value(key)}" for key in keys)
    same = [f"o{old.opt_level}", str(old.lto), f"cgu {old.value('codegen-units')}", str(old.panic), str(old.strip)]
    parts = {"opt-level": 0, "lto": 1, "codegen-units": 2, "panic": 3, "strip": 4}
    kept = [same[index] for key, index in parts.items() if key not in keys]
    return f"{changed} (at {', '.join(kept)})"
