"""Units in types and in print: seconds, bytes, ratios."""

import re
from typing import NewType

Seconds = NewType("Seconds", float)
Bytes = NewType("Bytes", int)

_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s?)?")


def parse_duration(text: str) -> Seconds:
    """Seconds of ``90``, ``90s``, ``10m``, ``1h30m``.

    Raises:
        ValueError: the text is no duration, or it is zero.
    """
    match = _DURATION.fullmatch(text.strip().lower())
    if not match or not any(match.groups()):
        raise ValueError(f"not a duration: {text!r} (write 90s, 10m or 1h30m)")
    hours, minutes, seconds = (float(group or 0) for group in match.groups())
    total = hours * 3600 + minutes * 60 + seconds
    if total <= 0:
        raise ValueError(f"a duration must be longer than zero: {text!r}")
    return Seconds(total)


def format_seconds(value: float) -> str:
    """``0.83 ms``, ``152 ms``, ``12.3 s``, ``4 min 07 s``."""
    if value < 0.01:
        return f"{value * 1e3:.2f} ms"
    if value < 1:
        return f"{value * 1e3:.0f} ms"
    if value < 99.95:
        return f"{value:.1f} s"
    minutes, seconds = divmod(round(value), 60)
    return f"{minutes} min {seconds:02d} s"


def format_short(value: float) -> str:
    """Seconds of what is over in no time: ``18.5 ns``, ``1.24 µs``, else as `format_seconds`."""
    if value < 1e-6:
        return f"{value * 1e9:.1f} ns"
    return f"{value * 1e6:.2f} µs" if value < 1e-4 else format_seconds(value)


def format_bytes(value: float) -> str:
    """``812 B``, ``445.9 kB``, ``12.34 MB``: powers of 1000, as file managers and registries print them."""
    if value < 1000:
        return f"{value:.0f} B"
    if value < 999_950:
        return f"{value / 1e3:.1f} kB"
    if value < 999_950_000:
        return f"{value / 1e6:.2f} MB"
    return f"{value / 1e9:.2f} GB"


def format_change(ratio: float, *, digits: int = 1) -> str:
    """A ratio as a signed change: 0.93 is ``-7.0 %``."""
    percent = (ratio - 1) * 100
    text = f"{percent:+.{digits}f} %"
    return text if float(f"{percent:.{digits}f}") != 0 else f"{0:.{digits}f} %"


def plural(count: int, noun: str) -> str:
    """``1 call``, ``1,200 calls``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(?:([kMG])(i?))?B?")


def parse_bytes(text: str) -> Bytes:
    """Bytes of ``4194304``, ``4 MB``, ``1.5 MiB``, ``800kB``.

    Raises:
        ValueError: the text is no size, or it is zero.
    """
    match = _SIZE.fullmatch(text.strip())
    if not match:
        raise ValueError(f"not a size: {text!r} (write 4194304, 4 MB or 4 MiB)")
    number, prefix, binary = match.groups()
    total = round(float(number) * (1024 if binary else 1000) ** " kMG".index(prefix or " "))
    if total <= 0:
        raise ValueError(f"a size must be larger than zero: {text!r}")
    return Bytes(total)
