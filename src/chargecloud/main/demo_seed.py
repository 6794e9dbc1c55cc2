"""What the demo's database begins with; seeding it again adds nothing but what is missing."""

import secrets
from dataclasses import dataclass

from chargecloud.device.events import PowerType
from chargecloud.features.drivers import service as drivers
from chargecloud.features.drivers.messages import Driver
from chargecloud.features.drivers.service import IssuedToken
from chargecloud.features.operators import service as operators
from chargecloud.features.operators.messages import DEFAULT_OPERATOR_ID, Role
from chargecloud.features.stations import service_assets
from chargecloud.features.tariffs import service as tariffs
from chargecloud.features.tariffs.messages import BandPrice, TariffKind
from chargecloud.features.wallet import service as wallet
from chargecloud.features.wallet.messages import TopUp
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.reach import EVERYWHERE
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.ids import new_id
from chargecloud.main import accounts
from chargecloud.main.demo_boards import BOARD_POWER_W, BOARD_STATIONS, DemoBoards
from chargecloud.main.demo_fleet import STATIONS, DemoStation

DEMO_USERNAME, DEMO_PASSWORD = "demo", "demo123"
"""Public: the demo role may write nothing."""
OPERATIONS_USERNAME = "yunying"
VISITOR_FEN = 20_000
REGULAR_FEN = 500_000

SHARP, PEAK, FLAT, VALLEY = range(4)
BANDS = (
    BandPrice(122_000, 45_000),
    BandPrice(103_500, 45_000),
    BandPrice(68_200, 45_000),
    BandPrice(34_100, 45_000),
)
HALF_HOURS = (
    *[VALLEY] * 16,  # 00:00 – 08:00
    *[PEAK] * 6,  # 08:00 – 11:00
    *[FLAT] * 8,  # 11:00 – 15:00
    *[PEAK] * 4,  # 15:00 – 17:00
    *[SHARP] * 8,  # 17:00 – 21:00
    *[PEAK] * 4,  # 21:00 – 23:00
    *[VALLEY] * 2,  # 23:00 – 24:00
)


@dataclass(frozen=True)
class Accounts:
    """Who may sign in to the demo."""

    operations_username: str
    operations_password: str


async def seed(database: Database) -> Accounts:
    """Stations, tariff, drivers, accounts: once and in one transaction; the operations password anew each time."""
    known = {member.username: member for member in await accounts.everybody(database)}
    password = secrets.token_urlsafe(9)
    secret = await operators.hash_password(password, username=OPERATIONS_USERNAME, role=Role.OPERATIONS)
    if OPERATIONS_USERNAME in known:
        async with database.unit() as uow:
            staff_id = known[OPERATIONS_USERNAME].staff_id
            await operators.reset_password(uow, accounts.COMMAND_LINE, staff_id, secret)
        return Accounts(OPERATIONS_USERNAME, password)
    public = await operators.hash_password(DEMO_PASSWORD, username=DEMO_USERNAME, role=Role.DEMO)
    async with database.unit() as uow:
        await operators.require_default_operator(uow, "演示运营商")
        await _staff(uow, DEMO_USERNAME, "演示账号", Role.DEMO, public)
        await _staff(uow, OPERATIONS_USERNAME, "运营账号", Role.OPERATIONS, secret)
        tariff_id = await _tariff(uow)
        for station in STATIONS:
            await _station(uow, station, tariff_id)
        for place in BOARD_STATIONS:
            await _boards(uow, place)
    return Accounts(OPERATIONS_USERNAME, password)


async def new_visitor(uow: UnitOfWork) -> tuple[Driver, IssuedToken]:
    """A driver with a balance for somebody who looks at the page."""
    driver = await _driver(uow, "演示车主", VISITOR_FEN)
    return driver, await drivers.issue_token(uow, driver.driver_id, label="demo page")


async def _staff(uow: UnitOfWork, username: str, name: str, role: Role, password_hash: str) -> None:
    new = operators.NewStaff(username=username, display_name=name, role=role, password_hash=password_hash)
    await operators.create_staff(uow, new)


async def _tariff(uow: UnitOfWork) -> int:
    tariff_id = await tariffs.create_tariff(uow, operator_id=DEFAULT_OPERATOR_ID, name="演示电价")
    await tariffs.create_version(uow, tariffs.NewVersion(tariff_id=tariff_id, bands=BANDS, half_hours=HALF_HOURS))
    return tariff_id


async def _station(uow: UnitOfWork, wanted: DemoStation, tariff_id: int) -> None:
    new = service_assets.NewStation(
        name=wanted.name,
        address=wanted.address,
        latitude_udeg=wanted.latitude_udeg,
        longitude_udeg=wanted.longitude_udeg,
    )
    station = await service_assets.create_station(uow, DEFAULT_OPERATOR_ID, new)
    await tariffs.assign(uow, tariffs.NewAssignment(station_id=station.id, tariff_id=tariff_id))
    for point in wanted.charge_points:
        entered = service_assets.NewChargePoint(
            code=point.spec.code,
            station_id=station.id,
            name=point.name,
            power_type=point.spec.power_type.value,
            connector_count=point.spec.connector_count,
            rated_power_w=point.spec.rated_power_w,
        )
        await service_assets.create_charge_point(uow, entered, reach=EVERYWHERE)
        for card_id in point.cards:
            await _regular(uow, card_id)


async def _boards(uow: UnitOfWork, wanted: DemoBoards) -> None:
    """A site for e-bikes with its own kind of tariff."""
    new = service_assets.NewStation(
        name=wanted.name,
        address=wanted.address,
        latitude_udeg=wanted.latitude_udeg,
        longitude_udeg=wanted.longitude_udeg,
    )
    station = await service_assets.create_station(uow, DEFAULT_OPERATOR_ID, new)
    tariff_id = await tariffs.create_tariff(
        uow, operator_id=DEFAULT_OPERATOR_ID, name=wanted.tariff, kind=TariffKind.TWO_WHEEL
    )
    await tariffs.create_version(uow, tariffs.NewVersion(tariff_id=tariff_id, plan=wanted.plan))
    await tariffs.assign(uow, tariffs.NewAssignment(station_id=station.id, tariff_id=tariff_id))
    for number, board in enumerate(wanted.modem.boards, 1):
        entered = service_assets.NewChargePoint(
            code=board.code,
            station_id=station.id,
            name=f"充电插座 {number}",
            power_type=PowerType.AC.value,
            connector_count=board.port_count,
            rated_power_w=BOARD_POWER_W,
        )
        await service_assets.create_charge_point(uow, entered, reach=EVERYWHERE)


async def _regular(uow: UnitOfWork, card_id: str) -> None:
    """A driver who charges by card."""
    driver = await _driver(uow, f"持卡车主 {card_id[-4:]}", REGULAR_FEN)
    label = f"88{int(card_id, 16) % 10**14:014d}"
    await drivers.add_card(uow, drivers.NewCard(driver_id=driver.driver_id, card_id=card_id, card_label=label))


async def _driver(uow: UnitOfWork, name: str, balance_fen: int) -> Driver:
    driver = await drivers.create_driver(uow, drivers.NewDriver(name=name, operator_id=DEFAULT_OPERATOR_ID))
    top_up = TopUp(driver_id=driver.driver_id, transfer_id=new_id(), amount_fen=balance_fen, source="demo")
    await wallet.top_up(uow, top_up)
    return driver
