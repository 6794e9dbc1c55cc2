"""A slow pricing of its own, in exact fractions of a yuan and calendar arithmetic; shares no code with the product."""

import math
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SHANGHAI = timezone(timedelta(hours=8))
"""Without daylight saving, as since 1992; the zone database is not on every machine."""


def half_up(value: Fraction, step: Fraction) -> Fraction:
    return math.floor(value / step + Fraction(1, 2)) * step


def band_of(half_hours: list[int], at_ms: int) -> int:
    local = (EPOCH + timedelta(milliseconds=at_ms)).astimezone(SHANGHAI)
    return half_hours[local.hour * 2 + (1 if local.minute >= 30 else 0)]


def total_yuan(prices: list[tuple[int, int]], half_hours: list[int], segments: list[tuple[int, int]]) -> Fraction:
    """Energy (mWh) by half hour -> yuan: each fee of each band to 0.0001, the sum to 0.01, both half up."""
    energy: dict[int, Fraction] = {}
    for at_ms, mwh in segments:
        band = band_of(half_hours, at_ms)
        energy[band] = energy.get(band, Fraction(0)) + Fraction(mwh, 1_000_000)
    fees = Fraction(0)
    for band, kwh in energy.items():
        for si in prices[band]:
            fees += half_up(kwh * Fraction(si, 100_000), Fraction(1, 10_000))
    return half_up(fees, Fraction(1, 100))
