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


class TariffKind(StrEnum):
    """Which charge points a tariff is for: those that hold prices themselves, or those that only count."""

    TIME_OF_USE = "time_of_use"
    TWO_WHEEL = "two_wheel"


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
    kind: TariffKind = TariffKind.TIME_OF_USE


class BandPrice(msgspec.Struct, frozen=True):
    """Energy and service price of one band."""

    energy_si_per_kwh: int
    service_si_per_kwh: int


class Basis(StrEnum):
    """What a plan prices: time (in power tiers or not), energy, or the charge as such."""

    TIME = "time"
    ENERGY = "energy"
    PER_USE = "per_use"


class TierPractice(StrEnum):
    """How the power tier of a moment is found."""

    FIRST_MINUTES = "first_minutes"
    """The highest power of the first five minutes decides for the whole charge."""
    UPGRADE_ONLY = "upgrade_only"
    """The same, and a later higher power moves up from then on, never down."""
    PER_INTERVAL = "per_interval"
    """Each interval between two reports pays by its own average power."""


class PowerTier(msgspec.Struct, frozen=True):
    """What an hour costs up to so much power; the last tier has no upper end."""

    max_power_w: int | None
    fen_per_hour: int


class TwoWheelPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A two-wheel price list; what does not belong to its basis is empty."""

    basis: Basis
    tiers: tuple[PowerTier, ...] = ()
    tier_practice: TierPractice = TierPractice.UPGRADE_ONLY
    energy_si_per_kwh: int = 0
    service_si_per_kwh: int = 0
    per_use_fen: int = 0
    full_hold_fen: int = 500
    """Prepaid for a charge until full."""
    min_charge_fen: int = 0
    billing_step_s: int = 1
    """Time is rounded up to whole steps."""
    billing_step_mwh: int = 1
    free_s: int = 0
    """Whoever ends within it gets everything back."""
    bill_float: bool = True
    """Whether the time after the battery was full is paid."""
    no_refund_under_fen: int = 0
    """A rest smaller than this is not paid back."""
    max_duration_s: int = 43_200
    max_power_w: int = 0
    """The charge point cuts off above; 0: its own limit."""


class PowerInterval(msgspec.Struct, frozen=True, array_like=True):
    """What a charge point said of the time since its last report, in seconds since the start."""

    until_s: int
    avg_mw: int
    max_mw: int
    floating: bool = False
    """The battery was full, only a trickle flowed."""
    temp_c: int | None = None


class CountedTier(msgspec.Struct, frozen=True):
    """Time within a tier, as a charge point counted it that was told the tiers."""

    up_to_mw: int | None
    """Where the tier ends; None when the charge point does not say: tiers come lowest first."""
    charged_s: int


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What was delivered."""

    charged_s: int
    energy_mwh: int
    max_power_mw: int = 0
    early_max_power_mw: int | None = None
    intervals: tuple[PowerInterval, ...] = ()
    counted: tuple[CountedTier, ...] = ()
    """In the place of what intervals say."""
    by_fault: bool = False
    """The charge point failed: only what was delivered is paid, never a minimum."""


class Rule(StrEnum):
    """What decided about the sum."""

    NOTHING = "nothing"
    USED = "used"
    FREE = "free"
    MINIMUM = "minimum"
    PREPAID = "prepaid"
    """More was used than was prepaid: no more than that is taken."""
    KEPT = "kept"
    """The rest is too small to be paid back."""
    FAULT = "fault"
    PASS = "pass"


class UsageLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a two-wheel bill; fees of one line are rounded once, half up, to hao."""

    kind: str
    """"time", "energy", "per_use", "pass", or an adjustment: "minimum", "prepaid", "kept"."""
    duration_s: int = 0
    energy_mwh: int = 0
    max_power_w: int | None = None
    fen_per_hour: int | None = None
    energy_si_per_kwh: int | None = None
    service_si_per_kwh: int | None = None
    energy_fee_hao: int = 0
    service_fee_hao: int = 0


class ChoiceKind(StrEnum):
    """What a rider may ask for."""

    MINUTES = "minutes"
    ENERGY = "energy"
    MONEY = "money"
    FULL = "full"
    PASS = "pass"


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What a wish buys: what is prepaid, and how far the charge may go."""

    prepaid_fen: int
    duration_s: int = 0
    """By time: so long in all; 0 where the charge does not end by time."""
    energy_mwh: int = 0
    max_duration_s: int = 0


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
    plan: TwoWheelPlan | None = None
    """Two-wheel prices; bands and wire number mean nothing then."""


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
    usage_lines: tuple[UsageLine, ...] = ()
    """Of a two-wheel charge, in the place of `lines`."""
    used_mwh: int = 0

    @property
    def energy_mwh(self) -> int:
        """The energy that was paid, or counted where it is not what is paid."""
        return self.used_mwh or sum(line.energy_mwh for line in self.lines)


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
