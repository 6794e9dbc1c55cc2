"""Traction batteries: voltage over state of charge, what their BMS asks for, how they warm up.

Physics, so floats are at home here; what is billed is counted in whole meter pulses by `meter.py`.
"""

import math
from bisect import bisect_left
from dataclasses import dataclass

EFFICIENCY = 0.96
"""Part of the energy from the cable that ends up stored."""
TAPER_FROM = 0.80
TAPER_TO = 0.08
"""Demand falls from all of the rated current at TAPER_FROM to this part of it when full."""
HEAT_CAPACITY_J_PER_K = 400_000
COOLING_W_PER_K = 100


@dataclass(frozen=True, slots=True)
class Chemistry:
    """Cell chemistry: open-circuit volts over state of charge, and the charging end voltage."""

    name: str
    nominal_cell_v: float
    full_cell_v: float
    curve: tuple[tuple[float, float], ...]

    def cell_v(self, soc: float) -> float:
        """Open-circuit voltage of a cell by linear interpolation."""
        upper = min(bisect_left(self.curve, (soc,)), len(self.curve) - 1) or 1
        (low, low_v), (high, high_v) = self.curve[upper - 1], self.curve[upper]
        return low_v + (high_v - low_v) * (soc - low) / (high - low)


LFP = Chemistry(
    "lfp",
    3.2,
    3.65,
    ((0, 2.80), (0.05, 3.10), (0.10, 3.20), (0.20, 3.25), (0.50, 3.29), (0.80, 3.33), (0.95, 3.36), (1, 3.45)),
)
NCM = Chemistry(
    "ncm", 3.7, 4.25, ((0, 3.20), (0.10, 3.45), (0.20, 3.55), (0.50, 3.70), (0.80, 4.00), (0.90, 4.08), (1, 4.18))
)


@dataclass(slots=True)
class Battery:
    """One pack: cells in series, with its charge and temperature."""

    chemistry: Chemistry
    cells: int
    capacity_ah: float
    soc: float
    max_rate_c: float = 1.2
    temp_c: float = 25.0
    ambient_c: float = 25.0
    resistance_ohm: float = 0.05

    @property
    def nominal_wh(self) -> float:
        """Energy content when full."""
        return self.capacity_ah * self.cells * self.chemistry.nominal_cell_v

    @property
    def stored_wh(self) -> float:
        """Energy in the pack now."""
        return self.soc * self.nominal_wh

    @property
    def max_voltage(self) -> float:
        """The highest voltage the BMS allows at its terminals."""
        return self.cells * self.chemistry.full_cell_v

    @property
    def max_current(self) -> float:
        """The highest current the BMS ever asks for."""
        return self.capacity_ah * self.max_rate_c

    def demand_current(self) -> float:
        """Amperes the BMS asks for now: constant up to 80 %, then falling; less when cold or hot."""
        return self.max_current * self._charge_factor() * self._temperature_factor()

    def terminal_voltage(self, current: float) -> float:
        """Volts at the inlet while so much current flows."""
        open_v = self.cells * self.chemistry.cell_v(self.soc)
        return min(open_v + current * self.resistance_ohm, self.max_voltage)

    def charge(self, energy_wh: float, seconds: float, current: float) -> None:
        """Take energy that came over so much time."""
        self.soc = min(1.0, self.soc + energy_wh * EFFICIENCY / self.nominal_wh)
        settled = self.ambient_c + current * current * self.resistance_ohm / COOLING_W_PER_K
        share = 1 - math.exp(-seconds * COOLING_W_PER_K / HEAT_CAPACITY_J_PER_K)
        self.temp_c += (settled - self.temp_c) * share

    def _charge_factor(self) -> float:
        if self.soc <= TAPER_FROM:
            return 1.0
        return 1.0 - (1.0 - TAPER_TO) * (self.soc - TAPER_FROM) / (1.0 - TAPER_FROM)

    def _temperature_factor(self) -> float:
        if self.temp_c < 15:
            return max(0.2, 0.2 + 0.8 * self.temp_c / 15)
        return max(0.3, 1.0 - 0.07 * max(0.0, self.temp_c - 45))
