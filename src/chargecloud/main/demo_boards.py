"""The demo's two places for e-bikes: a shed with one board, and a garage with a host and three boards behind it."""

from dataclasses import dataclass

from chargecloud.features.tariffs.messages import Basis, PowerTier, TierPractice, TwoWheelPlan
from chargecloud.sim.dny.board import BoardSpec
from chargecloud.sim.dny.modem import ModemSpec
from chargecloud.sim.dny.temper import CABINET, F640, STANDARD, BoardTemper
from chargecloud.sim.options import SimOptions

SPEED = 20
"""E-bikes take longer to fill than anybody looks at a page."""
FLOAT_CONFIRM_S, FLOAT_DURATION_S = 120, 60
"""Set short, so that a full battery is soon seen to be full."""
BOARD_POWER_W = 5_500
_WAITING = "plug,remote:2h,full,wait:100s,unplug,wait:100s"


@dataclass(frozen=True, kw_only=True)
class DemoBoards:
    """One site for e-bikes."""

    name: str
    address: str
    latitude_udeg: int
    longitude_udeg: int
    modem: ModemSpec
    tariff: str
    plan: TwoWheelPlan


def _board(physical_id: int, virtual_id: int = 0, temper: BoardTemper = STANDARD) -> BoardSpec:
    return BoardSpec(
        physical_id=physical_id,
        port_count=10,
        virtual_id=virtual_id,
        temper=temper,
        float_confirm_s=FLOAT_CONFIRM_S,
        float_duration_s=FLOAT_DURATION_S,
    )


SHED = DemoBoards(
    name="滨江公寓电动车棚",
    address="滨江公寓 3 幢东侧",
    latitude_udeg=30_211_500,
    longitude_udeg=120_208_000,
    modem=ModemSpec(boards=(_board(0x05A1C3F0),), iccid="89860412D91623904882"),
    tariff="电动车按时长（功率分档）",
    plan=TwoWheelPlan(
        basis=Basis.TIME,
        tiers=(PowerTier(200, 60), PowerTier(400, 90), PowerTier(None, 150)),
        tier_practice=TierPractice.UPGRADE_ONLY,
        full_hold_fen=500,
    ),
)
GARAGE = DemoBoards(
    name="云谷公寓地下电动车充电区",
    address="云谷公寓 B1 层",
    latitude_udeg=30_281_000,
    longitude_udeg=120_031_000,
    modem=ModemSpec(
        boards=(
            _board(0x05B20411, 1),
            _board(0x05B20412, 2, F640),
            _board(0x05B20413, 3, CABINET),
        ),
        host_id=0x09D62684,
        iccid="89860412D91623904883",
    ),
    tariff="电动车按电量",
    plan=TwoWheelPlan(basis=Basis.ENERGY, energy_si_per_kwh=60_000, service_si_per_kwh=90_000, full_hold_fen=500),
)
BOARD_STATIONS = (SHED, GARAGE)


def boards_simulation(port: int, *, anybody: bool = True) -> tuple[SimOptions, list[ModemSpec]]:
    """The simulation of both sites; without `anybody` nobody comes by itself."""
    options = SimOptions(
        protocol="dny", port=port, scenario=_WAITING if anybody else "", speed=SPEED if anybody else 1,
        reconnect_s=3, jitter_s=3, progress_s=0, settle_s=0,
    )  # fmt: skip
    return options, [station.modem for station in BOARD_STATIONS]
