"""The demo's three stations and twenty virtual charge points of different temper, as a table."""

from dataclasses import dataclass
from enum import StrEnum

from chargecloud.device.events import PowerType
from chargecloud.sim.actor import own_card
from chargecloud.sim.board import ChargePointSpec
from chargecloud.sim.faults import Faults
from chargecloud.sim.options import SimOptions
from chargecloud.sim.temper import OPENUC, STANDARD, THRIFTY, YKC16, Temper

SPEED = 10
"""Batteries fill so many times faster than real ones; meter, prices and protocol timing are real."""
SKEW_MS = 540_000


class Life(StrEnum):
    """Who comes to a charge point, and what goes wrong there."""

    VISITORS = "visitors"
    """A car is always plugged in and waits for somebody who starts it from the page."""
    REGULARS = "regulars"
    """Drivers with cards come and go."""
    ROUGH = "rough"
    """Like visitors, behind a bad mobile link."""
    SKEWED = "skewed"
    """Like visitors, with a wrong clock."""
    SILENT = "silent"
    """Answers no command at all."""


_WAITING = "plug,remote:2h,full,wait:100s,unplug,wait:100s"
_ROUGH = Faults(link_loss=12, offline_s=25, wrong_crc=0.02, split=0.1, glue=0.05, garbage=0.02, duplicate_record=0.5)
_SCENARIOS = {
    Life.VISITORS: (_WAITING, Faults()),
    Life.REGULARS: ("wait:15m,plug,wait:3m,card,charge:35m,card,wait:3m,unplug", Faults()),
    Life.ROUGH: (_WAITING, _ROUGH),
    Life.SKEWED: (_WAITING, Faults()),
    Life.SILENT: ("plug,wait:24h", Faults(unanswered=1)),
}


@dataclass(frozen=True, kw_only=True)
class DemoChargePoint:
    """One charge point of the demo."""

    name: str
    spec: ChargePointSpec
    life: Life

    @property
    def cards(self) -> list[str]:
        """Cards that its regular drivers hold, one for each connector."""
        if self.life is not Life.REGULARS:
            return []
        return [own_card(self.spec.code, number) for number in range(1, self.spec.connector_count + 1)]


@dataclass(frozen=True, kw_only=True)
class DemoStation:
    """One site of the demo."""

    name: str
    address: str
    latitude_udeg: int
    longitude_udeg: int
    charge_points: tuple[DemoChargePoint, ...]


def _dc(name: str, code: str, power_kw: int, temper: Temper, life: Life = Life.VISITORS) -> DemoChargePoint:
    spec = ChargePointSpec(
        code=code,
        rated_power_w=power_kw * 1000,
        temper=temper,
        skew_ms=SKEW_MS if life is Life.SKEWED else 0,
        keeps_own_clock=life is Life.SKEWED,
    )
    return DemoChargePoint(name=name, spec=spec, life=life)


def _ac(name: str, code: str, power_kw: int, temper: Temper, life: Life = Life.VISITORS) -> DemoChargePoint:
    spec = ChargePointSpec(
        code=code,
        power_type=PowerType.AC,
        connector_count=1,
        rated_power_w=power_kw * 1000,
        temper=temper,
        max_voltage_mv=420_000,
        min_voltage_mv=0,
        max_current_ma=33_000,
    )
    return DemoChargePoint(name=name, spec=spec, life=life)


STATIONS = (
    DemoStation(
        name="滨江公园快充站",
        address="滨江大道 88 号地面停车场",
        latitude_udeg=30_208_000,
        longitude_udeg=120_212_000,
        charge_points=(
            _dc("快充 01", "32017493852016", 120, STANDARD),
            _dc("快充 02", "32015820473619", 120, STANDARD),
            _dc("快充 03", "32018164029573", 120, YKC16),
            _dc("快充 04", "32012957361840", 160, YKC16),
            _dc("快充 05", "32016308524791", 160, STANDARD),
            _dc("快充 06", "32019473625108", 60, STANDARD, Life.REGULARS),
            _dc("快充 07", "32014682039517", 60, YKC16, Life.REGULARS),
        ),
    ),
    DemoStation(
        name="云谷科技园地下车库",
        address="云谷路 1 号 B2 层",
        latitude_udeg=30_279_000,
        longitude_udeg=120_026_000,
        charge_points=(
            _ac("慢充 01", "32020593847162", 7, STANDARD),
            _ac("慢充 02", "32027261940385", 7, STANDARD),
            _ac("慢充 03", "32021846305927", 11, THRIFTY),
            _ac("慢充 04", "32028350162794", 22, STANDARD),
            _ac("慢充 05", "32023719264850", 7, STANDARD, Life.REGULARS),
            _ac("慢充 06", "32026094518273", 22, STANDARD, Life.REGULARS),
            _dc("快充 01", "32025138607492", 60, YKC16),
            _dc("快充 02", "32029685041327", 60, STANDARD),
        ),
    ),
    DemoStation(
        name="老码头货运站",
        address="码头街 12 号",
        latitude_udeg=30_236_000,
        longitude_udeg=120_181_000,
        charge_points=(
            _dc("openUC 桩", "32034719258306", 120, OPENUC),
            _dc("高字节在前的桩", "32038205361749", 120, THRIFTY),
            _dc("信号不好的桩", "32031567940282", 120, STANDARD, Life.ROUGH),
            _dc("时钟快九分钟的桩", "32036482017359", 60, YKC16, Life.SKEWED),
            _dc("从不应答的桩", "32039073516824", 60, STANDARD, Life.SILENT),
        ),
    ),
)


def charge_points() -> tuple[DemoChargePoint, ...]:
    """All charge points of all stations."""
    return tuple(point for station in STATIONS for point in station.charge_points)


def simulations(
    port: int, *, only: frozenset[Life] = frozenset(Life)
) -> list[tuple[SimOptions, list[ChargePointSpec]]]:
    """One simulation for each way of life: its options, and the charge points that live so."""
    runs = []
    for life, (scenario, faults) in _SCENARIOS.items():
        specs = [point.spec for point in charge_points() if point.life is life]
        if life in only and specs:
            options = SimOptions(
                port=port, scenario=scenario, faults=faults, speed=SPEED, reconnect_s=3, jitter_s=3, progress_s=0
            )
            runs.append((options, specs))
    return runs
