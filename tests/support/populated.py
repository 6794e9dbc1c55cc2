"""A database as an operator has it before the first charge: station, tariff, charge points, drivers, cards, phones.

The crash test and the benchmarks start the real process on it.
"""

from dataclasses import dataclass
from pathlib import Path

from chargecloud.features.drivers import service as drivers
from chargecloud.features.operators import service as operators
from chargecloud.features.operators.messages import DEFAULT_OPERATOR_ID
from chargecloud.features.stations import service_assets
from chargecloud.features.tariffs import service as tariffs
from chargecloud.features.tariffs.messages import BandPrice
from chargecloud.features.wallet import service as wallet
from chargecloud.features.wallet.messages import TopUp
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.reach import EVERYWHERE
from chargecloud.infra.sql.store import StoreOptions
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.clock import SystemClock
from chargecloud.kernel.ids import new_id
from chargecloud.main import schema
from chargecloud.sim.options import SimOptions

CARD_PREFIX, APP_PREFIX, PROBE_PREFIX = "32017001", "32017002", "32017003"
BALANCE_FEN = 50_000_000
BANDS = (BandPrice(122_000, 45_000), BandPrice(103_500, 45_000), BandPrice(68_200, 45_000), BandPrice(34_100, 45_000))
HALF_HOURS = tuple(index // 4 % 4 for index in range(48))


@dataclass(frozen=True)
class Plan:
    """How many charge points take cards, and how many wait for a start from a phone."""

    card_points: int
    app_points: int
    card_holders: int = -1
    """Drivers with a card; two for each charge point that takes cards when not said."""
    probe_points: int = 0
    """Kept free for charges that find out whether the platform is in service."""

    @property
    def cards(self) -> SimOptions:
        """Codes and models of the first kind."""
        return SimOptions(code_prefix=CARD_PREFIX, count=self.card_points)

    @property
    def apps(self) -> SimOptions:
        """Codes and models of the second kind."""
        return SimOptions(code_prefix=APP_PREFIX, count=self.app_points)

    @property
    def probes(self) -> SimOptions:
        """Codes and models of the third kind, all with two connectors."""
        return SimOptions(code_prefix=PROBE_PREFIX, count=self.probe_points, power="dc")


@dataclass(frozen=True)
class World:
    """Who takes part."""

    cards: tuple[str, ...]
    app_points: tuple[tuple[str, int], ...]
    """(charge point code, connector count) of those that wait for a start from a phone."""
    tokens: tuple[str, ...]
    probe_points: tuple[tuple[str, int], ...] = ()


async def build(data_dir: Path, plan: Plan) -> World:
    """Make a SQLite database and fill it, with the platform's own services."""
    url = f"sqlite:///{data_dir / 'chargecloud.db'}"
    schema.upgrade(url)
    return await fill(url, plan)


async def fill(url: str, plan: Plan) -> World:
    """Fill a database that has the newest schema and nothing else."""
    database = Database(url, SystemClock(), store=StoreOptions(unit_s=600))
    await database.start()
    try:
        async with database.unit() as uow:
            return await _fill(uow, plan)
    finally:
        await database.stop()


async def _fill(uow: UnitOfWork, plan: Plan) -> World:
    await operators.require_default_operator(uow, "测试运营商")
    tariff_id = await tariffs.create_tariff(uow, operator_id=DEFAULT_OPERATOR_ID, name="测试电价")
    await tariffs.create_version(uow, tariffs.NewVersion(tariff_id=tariff_id, bands=BANDS, half_hours=HALF_HOURS))
    new = service_assets.NewStation(name="测试站", address="", latitude_udeg=0, longitude_udeg=0)
    station = await service_assets.create_station(uow, DEFAULT_OPERATOR_ID, new)
    await tariffs.assign(uow, tariffs.NewAssignment(station_id=station.id, tariff_id=tariff_id))
    places: dict[str, list[tuple[str, int]]] = {CARD_PREFIX: [], APP_PREFIX: [], PROBE_PREFIX: []}
    for options in (plan.cards, plan.apps, *([plan.probes] if plan.probe_points else [])):
        for spec in options.specs():
            entered = service_assets.NewChargePoint(
                code=spec.code,
                station_id=station.id,
                name=spec.code[-4:],
                power_type=spec.power_type.value,
                connector_count=spec.connector_count,
                rated_power_w=spec.rated_power_w,
            )
            await service_assets.create_charge_point(uow, entered, reach=EVERYWHERE)
            places[options.code_prefix].append((spec.code, spec.connector_count))
    cards = tuple(
        [
            await _card(uow, number)
            for number in range(2 * plan.card_points if plan.card_holders < 0 else plan.card_holders)
        ]
    )
    tokens = tuple([await _token(uow, number) for number in range(2 * (plan.app_points + plan.probe_points))])
    return World(
        cards=cards, app_points=tuple(places[APP_PREFIX]), tokens=tokens, probe_points=tuple(places[PROBE_PREFIX])
    )


async def _driver(uow: UnitOfWork, name: str) -> int:
    driver = await drivers.create_driver(uow, drivers.NewDriver(name=name, operator_id=DEFAULT_OPERATOR_ID))
    top_up = TopUp(driver_id=driver.driver_id, transfer_id=new_id(), amount_fen=BALANCE_FEN, source="test")
    await wallet.top_up(uow, top_up)
    return driver.driver_id


async def _card(uow: UnitOfWork, number: int) -> str:
    card_id = f"00000000{0xA0000000 + number:08X}"
    driver_id = await _driver(uow, f"持卡人 {number}")
    await drivers.add_card(uow, drivers.NewCard(driver_id=driver_id, card_id=card_id, card_label=f"{number:016d}"))
    return card_id


async def _token(uow: UnitOfWork, number: int) -> str:
    driver_id = await _driver(uow, f"手机用户 {number}")
    return (await drivers.issue_token(uow, driver_id, label="test")).token
