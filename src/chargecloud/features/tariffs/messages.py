"""Tariffs, bills and what the tariffs feature tells others."""

from enum import IntEnum, StrEnum

import msgspec

from chargecloud.kernel.message import Event


class TouBand(IntEnum):
    """尖 峰 平 谷, numbered as charge points number them."""

    SHARP = 0
    PEAK = 1
    FLAT = 2
    VALLEY = 3


class VersionState(StrEnum):
    """Where a version stands; follows from its dates and never goes back."""

    PENDING = "pending"
    ACTIVE = "active"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Tariff(msgspec.Struct, frozen=True, kw_only=True):
    """A price model under a name; its versions hold the prices."""

    tariff_id: int
    operator_id: int
    name: str
    created_at_ms: int
    versions: int


class BandPrice(msgspec.Struct, frozen=True):
    """Energy and service price of one band."""

    energy_si_per_kwh: int
    service_si_per_kwh: int


class TariffVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A price list that never changes once it is written."""

    version_id: int
    tariff_id: int
    operator_id: int
    version_no: int
    tariff_no: str
    """Four decimal digits: its name at the charge point."""
    bands: tuple[BandPrice, BandPrice, BandPrice, BandPrice]
    """Sharp, peak, flat, valley."""
    half_hours: bytes
    """48 band numbers, one for each half hour of the Beijing day."""
    effective_from_ms: int


class EnergySegment(msgspec.Struct, frozen=True):
    """Energy of one half hour, by our clock; `start_ms` lies in that half hour."""

    start_ms: int
    energy_mwh: int


class BillLine(msgspec.Struct, frozen=True, kw_only=True):
    """What one band costs; each fee is rounded once, half up, to hao."""

    band: TouBand
    energy_mwh: int
    price: BandPrice
    energy_fee_hao: int
    service_fee_hao: int


class Bill(msgspec.Struct, frozen=True, kw_only=True):
    """What a charge costs: the sum of its lines in hao, rounded once, half up, to fen.

    `rounding_hao` is what this one rounding added. The two fees in fen split `total_fen`: the energy fee rounded by
    itself, the service fee the rest.
    """

    lines: tuple[BillLine, ...]
    energy_fee_hao: int
    service_fee_hao: int
    total_hao: int
    total_fen: int
    rounding_hao: int
    energy_fee_fen: int
    service_fee_fen: int


class PushState(StrEnum):
    """How far a version got to a charge point."""

    WAITING = "waiting"
    """The charge point is charging; it gets the version when idle."""
    SENT = "sent"
    DONE = "done"
    REFUSED = "refused"
    UNANSWERED = "unanswered"
    EXPIRED = "expired"
    OFFLINE = "offline"
    UNSUPPORTED = "unsupported"


class TariffVersionCreated(Event, frozen=True, gc=False, kw_only=True, tag=True):
    """A version was written; it counts from `effective_from_ms`."""

    tariff_id: int
    version_id: int
    effective_from_ms: int
