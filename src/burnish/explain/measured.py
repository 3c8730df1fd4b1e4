"""What a stored tune knows of a change of profile: pairs of its rows as measurements. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from burnish.build.values import BuildCost
from burnish.explain.values import Evidence, Measurement, Metric
from burnish.profile.options import Strip
from burnish.profile.profile import Profile
from burnish.tune.result import Row, TuneResult

#: One cold build of each profile says this much about the ratio of their costs, up and down: machines are shared and
#: cold builds of the same profile were seen to differ by about a tenth.
ONE_BUILD = 1.2


def code_of(profile: Profile) -> Profile:
    """The profile without its strip: what decides on run time and build cost."""
    return replace(profile.canonical(), strip=Strip.NONE)


def measure(result: TuneResult, old: Profile, new: Profile) -> tuple[Measurement, ...]:
    """All that is known of going from one profile to another; empty where one of them was not built."""
    found = (compare(result, old, new, metric) for metric in Metric)
    return tuple(each for each in found if each is not None)


def compare(result: TuneResult, old: Profile, new: Profile, metric: Metric) -> Measurement | None:
    """One metric of that change, None where it was not measured."""
    before, after = _row(result, old), _row(result, new)
    if before is None or after is None:
        return None
    match metric:
        case Metric.FILE:
            return _file(before, after, old, new)
        case Metric.RUN_TIME:
            return None if before is after else _run_time(result, before, after, old, new)
        case Metric.BUILD:
            return None if before is after else _build(result, before, after, old, new)


def pairs(result: TuneResult, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[tuple[Profile, Profile]]:
    """Built profiles that differ in just these options, from ``old`` values to ``new`` ones, the baseline's first."""
    known = [row.profile for row in result.rows]
    codes = {code_of(profile) for profile in known}
    baseline = code_of(known[0]) if known else None
    found = []
    for profile in known:
        if any(profile.value(key) != value for key, value in old.items()):
            continue
        other = profile
        for key, value in new.items():
            other = other.with_value(key, value)
        if code_of(other) in codes:
            found.append((profile, other))
    yield from sorted(found, key=lambda pair: baseline not in {code_of(pair[0]), code_of(pair[1])})


def _row(result: TuneResult, profile: Profile) -> Row | None:
    """The row of a profile, else of one with the same code."""
    same = [row for row in result.rows if code_of(row.profile) == code_of(profile)]
    exact = [row for row in same if row.profile == profile]
    return next(iter(exact or same), None)


def _file(before: Row, after: Row, old: Profile, new: Profile) -> Measurement | None:
    first, second = _size(before, old.strip), _size(after, new.strip)
    if (first is None or second is None) and old.strip == new.strip:
        first, second = before.size.stripped, after.size.stripped
    if not first or not second or (before is after and old.strip == new.strip):
        return None
    ratio = second / first
    return Measurement(
        metric=Metric.FILE, ratio=ratio, low=ratio, high=ratio, evidence=Evidence.EXACT, old=old, new=new
    )


def _size(row: Row, strip: Strip) -> int | None:
    """Bytes of the file in a strip variant: the row's own, or without any symbols."""
    if row.profile.strip is strip:
        return row.size.file
    return row.size.stripped if strip is Strip.SYMBOLS else None


def _run_time(result: TuneResult, before: Row, after: Row, old: Profile, new: Profile) -> Measurement | None:
    """Against the baseline as it was measured; between two others by the ends of both intervals, which is wider."""
    first, second = _timed(result, before), _timed(result, after)
    if first is None or second is None:
        return _screened(result, before, after, old, new)
    rounds = min((number for number in (first[3], second[3]) if number), default=0)
    return Measurement(
        metric=Metric.RUN_TIME,
        ratio=second[0] / first[0],
        low=second[1] / first[2],
        high=second[2] / first[1],
        evidence=Evidence.INTERVAL,
        rounds=rounds,
        old=old,
        new=new,
    )


def _timed(result: TuneResult, row: Row) -> tuple[float, float, float, int] | None:
    """Ratio to the baseline, its interval, its rounds."""
    if result.workload is None:
        return None
    if row is result.rows[0]:
        return 1.0, 1.0, 1.0, 0
    time = row.time
    confirmed = result.recommendation.confirmation
    if confirmed is not None and confirmed.time is not None and row.profile == result.recommendation.profile:
        time = confirmed.time
    if time is None or time.low <= 0:
        return None
    return time.ratio, time.low, time.high, time.pairs


def _screened(result: TuneResult, before: Row, after: Row, old: Profile, new: Profile) -> Measurement | None:
    first = 1.0 if before is result.rows[0] else (before.time.ratio if before.time else before.screened)
    second = 1.0 if after is result.rows[0] else (after.time.ratio if after.time else after.screened)
    if not first or not second or result.workload is None:
        return None
    ratio = second / first
    return Measurement(
        metric=Metric.RUN_TIME, ratio=ratio, low=ratio, high=ratio, evidence=Evidence.SCREENED, old=old, new=new
    )


def _build(result: TuneResult, before: Row, after: Row, old: Profile, new: Profile) -> Measurement | None:
    first, second = _cost(result, before), _cost(result, after)
    if first.cpu <= 0 or second.cpu <= 0:
        return None
    ratio = second.cpu / first.cpu
    single = not (first.estimated or second.estimated)
    return Measurement(
        metric=Metric.BUILD,
        ratio=ratio,
        low=ratio / ONE_BUILD if single else ratio,
        high=ratio * ONE_BUILD if single else ratio,
        evidence=Evidence.SINGLE if single else Evidence.ESTIMATE,
        old=old,
        new=new,
    )


def _cost(result: TuneResult, row: Row) -> BuildCost:
    confirmed = result.recommendation.confirmation
    if confirmed is not None and row.profile == result.recommendation.profile:
        return confirmed.cost
    return row.cost
