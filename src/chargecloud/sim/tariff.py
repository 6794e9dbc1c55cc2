"""The tariff a charge point holds, and the bill it makes of it by itself.

Deliberately not the platform's pricing: two programs that agree prove more than one program that is called twice.
"""

from dataclasses import dataclass
from enum import StrEnum

from chargecloud.protocols.ykc16.frames import BillingModelResponse, BillingModelSet

HALF_HOUR_MS = 1_800_000
BEIJING_MS = 8 * 3_600_000
DAY_MS = 86_400_000
BANDS = 4
_SI_UNITS_PER_HAO = 100_000
"""Price in 0.00001 yuan times energy in 0.0001 kWh, for one 0.0001 yuan."""
_HAO_PER_CENT = 100


class Rounding(StrEnum):
    """How a firmware makes amounts of energies (D17)."""

    HALF_UP = "half_up"
    DOWN = "down"
    CENTS = "cents"
    """Energy part and service part each cut to whole cents, as real DC charge points do."""


@dataclass(frozen=True, slots=True)
class HeldTariff:
    """Prices of four bands and the band of each half hour of the local day."""

    number: str
    energy_si: tuple[int, int, int, int]
    service_si: tuple[int, int, int, int]
    loss_pct: int
    half_hours: bytes

    def band_at(self, local_ms: int) -> int:
        """Sharp 0, peak 1, flat 2 or valley 3."""
        return self.half_hours[(local_ms + BEIJING_MS) % DAY_MS // HALF_HOUR_MS]

    def rate_si(self, band: int) -> int:
        """Energy and service price together."""
        return self.energy_si[band] + self.service_si[band]

    def loss_units(self, units: int) -> int:
        """Energy with the loss ratio added, in the unit of the meter."""
        return units * (100 + self.loss_pct) // 100

    def amount_hao(self, band: int, units: int, rounding: Rounding) -> int:
        """What so many meter pulses cost, the way this firmware rounds."""
        billed = self.loss_units(units)
        if rounding is Rounding.CENTS:
            return _cents(billed * self.energy_si[band]) + _cents(billed * self.service_si[band])
        extra = _SI_UNITS_PER_HAO // 2 if rounding is Rounding.HALF_UP else 0
        return (billed * self.rate_si(band) + extra) // _SI_UNITS_PER_HAO


def _cents(si_units: int) -> int:
    return si_units // (_SI_UNITS_PER_HAO * _HAO_PER_CENT) * _HAO_PER_CENT


def from_frame(frame: BillingModelSet | BillingModelResponse) -> HeldTariff | None:
    """The tariff of a 0x0A or 0x58; None when a half hour names no band, which the charge point refuses."""
    if max(frame.period_rates) >= BANDS:
        return None
    return HeldTariff(
        frame.billing_model_no,
        (frame.sharp_energy_price, frame.peak_energy_price, frame.flat_energy_price, frame.valley_energy_price),
        (frame.sharp_service_price, frame.peak_service_price, frame.flat_service_price, frame.valley_service_price),
        frame.loss_ratio,
        frame.period_rates,
    )
