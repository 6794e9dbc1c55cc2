"""A slow two-wheel pricing of its own: second by second, in fractions of a fen; shares no code with the product."""

import math
from collections.abc import Sequence
from fractions import Fraction

HAO = Fraction(1, 100)
FIVE_MINUTES = 300


def half_up(value: Fraction, step: Fraction = Fraction(1)) -> Fraction:
    return math.floor(value / step + Fraction(1, 2)) * step


def tier_at(bounds: Sequence[int | None], power_mw: Fraction | int) -> int:
    return next(i for i, bound in enumerate(bounds) if bound is None or power_mw <= bound * 1000)


def second_tiers(
    bounds: Sequence[int | None], practice: str, rows: Sequence[tuple[int, int, int]], seconds: int, early_mw: int
) -> list[int]:
    """The tier of every second; `rows` are (until, average, maximum), `early_mw` the first minutes' peak."""
    found = []
    for second in range(seconds):
        before = [row for row in rows if row[0] <= second]
        inside = next((row for row in rows if row[0] > second), None)
        if practice == "per_interval":
            now = inside or (rows[-1] if rows else None)
            found.append(tier_at(bounds, now[1]) if now else 0)
        else:
            tier = tier_at(bounds, early_mw)
            if practice == "upgrade_only":
                seen = [*before, *([inside] if inside else [])]
                tier = max([tier, *(tier_at(bounds, row[2]) for row in seen)])
            found.append(tier)
    return found


def time_fee(prices: Sequence[int], tiers: Sequence[int], step_s: int) -> Fraction:
    """Fen: neighbours of one tier are a line, rounded to 0.01 fen; the last second's tier fills up the step."""
    if not tiers:
        return Fraction(0)
    padded = [*tiers, *[tiers[-1]] * (-len(tiers) % step_s)]
    total, run = Fraction(0), 1
    for this, following in zip(padded, [*padded[1:], None], strict=True):
        if this == following:
            run += 1
        else:
            total += half_up(Fraction(prices[this]) * run / 3600, HAO)
            run = 1
    return total


def energy_fee(si_prices: Sequence[int], energy_mwh: int, step_mwh: int) -> Fraction:
    """Fen: 100,000 si are a yuan; each price is a line."""
    stepped = math.ceil(Fraction(energy_mwh, step_mwh)) * step_mwh
    return sum((half_up(Fraction(stepped, 1_000_000) * si / 1000, HAO) for si in si_prices), Fraction(0))


def settled(delivered: Fraction, *, prepaid: int, least: int, no_refund_under: int, fault: bool) -> int:
    """The whole fen that are kept of what was prepaid."""
    cost = delivered if fault else max(delivered, Fraction(min(least, prepaid)))
    kept = int(half_up(min(cost, Fraction(prepaid))))
    rest = prepaid - kept
    return prepaid if not fault and 0 < rest < no_refund_under else kept
