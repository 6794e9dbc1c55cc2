"""The energy meter of a connector: whole pulses, so that what was delivered and what is billed are the same number."""

from chargecloud.kernel.energy import MWH_PER_WIRE_UNIT

WATT_MS_PER_UNIT = 3_600 * MWH_PER_WIRE_UNIT
"""Watt-milliseconds in one pulse of 0.0001 kWh."""


class Meter:
    """Counts pulses of 0.0001 kWh; the part of a pulse stays in the meter for the next charge."""

    __slots__ = ("_carry", "units")

    def __init__(self, units: int = 0) -> None:
        self.units = units
        self._carry = 0

    def flow(self, power_w: int, milliseconds: int) -> int:
        """Let power flow for a while; returns the pulses it gave."""
        pulses, self._carry = divmod(self._carry + power_w * milliseconds, WATT_MS_PER_UNIT)
        self.units += pulses
        return pulses
