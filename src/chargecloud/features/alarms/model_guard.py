"""The fire guard: what of a port's reports is a reason to cut it off. Pure rules over intervals."""

from collections.abc import Sequence

import msgspec

from chargecloud.features.alarms.messages import AlarmKind
from chargecloud.features.tariffs.messages import PowerInterval

MW_PER_W = 1_000
LOOK_BACK_S = 3_600
"""A charge tapers off when its last hour is well below its peak."""


class Thresholds(msgspec.Struct, frozen=True, kw_only=True):
    """What a station lets its ports do."""

    enabled: bool = True
    max_power_w: int = 1_000
    """Average between two reports."""
    max_temp_c: int = 75
    """Of the port."""
    no_taper_s: int = 28_800
    """After so long the power has to have come down."""
    taper_pct: int = 80
    """To less than this part of its highest interval, within the last hour."""
    rise_w: int = 100
    """Above what flowed when the battery was full."""
    max_duration_s: int = 43_200


class Finding(msgspec.Struct, frozen=True):
    """Why a port is to be cut off, and the values that led to it."""

    kind: AlarmKind
    facts: dict[str, object]


def judge(intervals: Sequence[PowerInterval], limits: Thresholds) -> Finding | None:
    """The worst that the reports of a charge show, if anything; the newest report is the last interval."""
    if not limits.enabled or not intervals:
        return None
    last = intervals[-1]
    if last.temp_c is not None and last.temp_c >= limits.max_temp_c:
        return Finding(AlarmKind.PORT_OVER_TEMP, {"temp_c": last.temp_c, "max_temp_c": limits.max_temp_c})
    if last.avg_mw > limits.max_power_w * MW_PER_W:
        facts: dict[str, object] = {"power_w": last.avg_mw // MW_PER_W, "max_power_w": limits.max_power_w}
        return Finding(AlarmKind.PORT_OVER_POWER, facts)
    return _rise(intervals, limits) or _no_taper(intervals, limits) or _over_time(last, limits)


def _rise(intervals: Sequence[PowerInterval], limits: Thresholds) -> Finding | None:
    """More flows than when the battery was full."""
    last = intervals[-1]
    full = [interval for interval in intervals[:-1] if interval.floating]
    if not full:
        return None
    least_mw = min(interval.avg_mw for interval in full)
    if last.avg_mw < least_mw + limits.rise_w * MW_PER_W:
        return None
    facts: dict[str, object] = {
        "power_w": last.avg_mw // MW_PER_W,
        "full_w": least_mw // MW_PER_W,
        "rise_w": limits.rise_w,
        "full_at_s": full[0].until_s,
    }
    return Finding(AlarmKind.PORT_RISE_AFTER_FULL, facts)


def _no_taper(intervals: Sequence[PowerInterval], limits: Thresholds) -> Finding | None:
    """Long after a battery should be full, its power still stands."""
    last = intervals[-1]
    if last.until_s < limits.no_taper_s:
        return None
    peak_mw = max(interval.avg_mw for interval in intervals)
    recent = [interval.avg_mw for interval in intervals if interval.until_s > last.until_s - LOOK_BACK_S]
    if not peak_mw or min(recent) * 100 < peak_mw * limits.taper_pct:
        return None
    facts: dict[str, object] = {
        "power_w": min(recent) // MW_PER_W,
        "peak_w": peak_mw // MW_PER_W,
        "charged_s": last.until_s,
        "no_taper_s": limits.no_taper_s,
        "taper_pct": limits.taper_pct,
    }
    return Finding(AlarmKind.PORT_NO_TAPER, facts)


def _over_time(last: PowerInterval, limits: Thresholds) -> Finding | None:
    if last.until_s <= limits.max_duration_s:
        return None
    facts: dict[str, object] = {"charged_s": last.until_s, "max_duration_s": limits.max_duration_s}
    return Finding(AlarmKind.PORT_OVER_TIME, facts)
