"""Beijing days, and adding figures up."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

import msgspec

from chargecloud.features.statistics.messages import Figures
from chargecloud.kernel.clock import from_local, local_time

DAY_MS = 86_400_000
_BEIJING_OFFSET_MS = 8 * 3_600_000
SETTLE_DOWN_MS = 600_000
"""So long after midnight a day is counted: by then every start of it has come to something."""
LOAD_SLOT_MS = 300_000
LOAD_KEPT_MS = 90 * DAY_MS
WHOLE_OPERATOR = 0
"""Stands for a station where the sum of all is meant."""


class RankBy(StrEnum):
    """What stations are compared by."""

    ENERGY = "energy"
    REVENUE = "revenue"
    ORDERS = "orders"


def day_start_ms(at_ms: int) -> int:
    """When the Beijing day of a moment began."""
    return at_ms - (at_ms + _BEIJING_OFFSET_MS) % DAY_MS


def day_of(at_ms: int) -> str:
    """The Beijing day of a moment, "2026-01-01"."""
    return f"{local_time(at_ms):%Y-%m-%d}"


def days_between(first_ms: int, last_ms: int) -> list[str]:
    """All days from that of one moment to that of another, both included."""
    return [day_of(start_ms) for start_ms in range(day_start_ms(first_ms), last_ms + 1, DAY_MS)]


def added(parts: Iterable[Figures], *, active_drivers: int) -> Figures:
    """The sum of figures; how many different drivers that are has to be counted separately."""
    sums = dict.fromkeys(Figures.__struct_fields__, 0)
    for part in parts:
        for name, value in msgspec.structs.asdict(part).items():
            sums[name] += value
    return Figures(**sums | {"active_drivers": active_drivers})


def rank_value(figures: Figures, by: RankBy) -> int:
    """What a station is compared by."""
    match by:
        case RankBy.ENERGY:
            return figures.energy_mwh
        case RankBy.REVENUE:
            return figures.energy_fee_fen + figures.service_fee_fen
        case RankBy.ORDERS:
            return figures.orders


def start_of(day: str) -> int:
    """When a day given by its name began."""
    return from_local(datetime.fromisoformat(day))
