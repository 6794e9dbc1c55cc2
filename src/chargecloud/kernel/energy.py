"""Energy in milliwatt-hours and power in watts, as whole numbers."""

from decimal import Decimal

MWH_PER_WIRE_UNIT = 100
"""One 0.0001 kWh, the finest step charge points report, in mWh."""

MS_PER_HOUR = 3_600_000


def kwh_text(energy_mwh: int) -> str:
    """Milliwatt-hours as kWh text with four decimals: 12345600 -> "12.3456"."""
    return str(Decimal(energy_mwh // MWH_PER_WIRE_UNIT).scaleb(-4))


def average_power_w(energy_mwh: int, duration_ms: int) -> int:
    """Mean power in W of so much energy over a time; 0 when no time has passed."""
    return energy_mwh * MS_PER_HOUR // (duration_ms * 1000) if duration_ms > 0 else 0
