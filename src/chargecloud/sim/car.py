"""Cars: a battery behind an inlet, charged by DC under its BMS or by AC through the charger on board."""

import random
from dataclasses import dataclass

from chargecloud.device.events import PowerType
from chargecloud.sim.battery import EFFICIENCY, LFP, NCM, Battery, Chemistry

AC_PHASE_V = 220
_VIN_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
_VIN_VALUES = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", (*range(1, 9), *range(1, 6), 7, 9, *range(2, 10)), strict=True))
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a connector can give."""

    power_w: int
    voltage_mv: int
    current_ma: int


@dataclass(frozen=True, slots=True)
class Draw:
    """What flows."""

    power_w: int = 0
    voltage_mv: int = 0
    current_ma: int = 0


NO_DRAW = Draw()


@dataclass(slots=True)
class Car:
    """One car. `speed` makes its battery fill so many times faster than the energy would, for demonstrations.

    The meter is not touched by `speed`: power times time stays what is billed, so that no plausibility check of a
    platform is offended by a charge that takes a minute instead of an hour.
    """

    vin: str
    battery: Battery
    onboard_w: int = 7_000
    target_soc: float = 1.0
    speed: float = 1.0
    sharing: int = 0
    """Connectors that feed this car at the moment; two in parallel charging."""

    @property
    def full(self) -> bool:
        """Whether the driver's target is reached."""
        return self.battery.soc >= min(self.target_soc, 0.9995)

    @property
    def soc_pct(self) -> int:
        """State of charge as shown."""
        return int(self.battery.soc * 100)

    def draw(self, power_type: PowerType, limits: Limits) -> Draw:
        """What this car takes from one connector now."""
        if self.full:
            return NO_DRAW
        return self._dc(limits) if power_type is PowerType.DC else self._ac(limits)

    def take(self, draw: Draw, energy_mwh: int, milliseconds: int) -> None:
        """Store what came through the cable."""
        energy_wh = energy_mwh / 1000 * self.speed
        self.battery.charge(energy_wh, milliseconds / 1000 * self.speed, draw.current_ma / 1000)

    def remaining_minutes(self, power_w: int) -> int:
        """Minutes until the target at this power, as the clock on the wall will count them."""
        missing_wh = max(0.0, min(self.target_soc, 1.0) - self.battery.soc) * self.battery.nominal_wh / EFFICIENCY
        return min(600, int(missing_wh * 60 / power_w / self.speed)) if power_w > 0 else 0

    def _dc(self, limits: Limits) -> Draw:
        share = max(1, self.sharing)
        wanted = self.battery.demand_current() / share
        voltage = min(self.battery.terminal_voltage(wanted * share), limits.voltage_mv / 1000)
        current = min(wanted, limits.current_ma / 1000, limits.power_w / voltage)
        return Draw(int(voltage * current), int(voltage * 1000), int(current * 1000))

    def _ac(self, limits: Limits) -> Draw:
        phases = 1 if self.onboard_w <= 7_000 else 3
        power = min(self.onboard_w, limits.power_w)
        current_ma = min(power * 1000 // (AC_PHASE_V * phases), limits.current_ma)
        return Draw(min(power, current_ma * AC_PHASE_V * phases // 1000), AC_PHASE_V * 1000, current_ma)


@dataclass(frozen=True, slots=True)
class Model:
    """A kind of car on the road."""

    chemistry: Chemistry
    cells: int
    capacity_ah: float
    max_rate_c: float
    onboard_w: int


MODELS = (
    Model(LFP, 104, 150, 1.0, 7_000),
    Model(NCM, 96, 210, 1.3, 11_000),
    Model(NCM, 198, 140, 2.0, 22_000),
    Model(LFP, 180, 350, 0.6, 22_000),
)
"""A compact, a saloon, an 800-volt car and a van."""


def random_car(rng: random.Random, *, speed: float = 1.0) -> Car:
    """A car as it comes in from the street."""
    model = rng.choice(MODELS)
    ambient = rng.uniform(-5, 35)
    battery = Battery(
        model.chemistry,
        model.cells,
        model.capacity_ah,
        soc=rng.uniform(0.08, 0.55),
        max_rate_c=model.max_rate_c,
        temp_c=ambient + rng.uniform(0, 8),
        ambient_c=ambient,
    )
    return Car(random_vin(rng), battery, model.onboard_w, target_soc=rng.choice((0.8, 0.9, 0.95, 1.0)), speed=speed)


def random_vin(rng: random.Random) -> str:
    """A made-up vehicle number with a correct check digit."""
    letters = list("LZZS1M") + [rng.choice(_VIN_LETTERS) for _ in range(5)] + [f"{rng.randrange(10**6):06d}"]
    vin = list("".join(letters))
    total = sum(_VIN_VALUES.get(letter, 0) * weight for letter, weight in zip(vin, _VIN_WEIGHTS, strict=True))
    total += sum(int(letter) * weight for letter, weight in zip(vin, _VIN_WEIGHTS, strict=True) if letter.isdigit())
    vin[8] = "0123456789X"[total % 11]
    return "".join(vin)
