"""What happens at once on several connections: nobody overdraws, nothing settles twice, nothing is lost."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import Select, func, select

from chargecloud.device.events import CameOnline
from chargecloud.features.orders import service as orders
from chargecloud.features.orders import sql as orders_sql
from chargecloud.features.orders.messages import Order, OrderState
from chargecloud.features.orders.service import PlaceOrder
from chargecloud.features.sessions.messages import Limit, LimitKind, SessionRecorded, StopReason
from chargecloud.features.stations import service as stations
from chargecloud.features.stations import service_assets
from chargecloud.features.stations.service_assets import NewChargePoint
from chargecloud.features.tariffs import service as tariffs
from chargecloud.features.tariffs import sql as tariffs_sql
from chargecloud.features.wallet import service as wallet
from chargecloud.features.wallet.messages import TopUp
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.reach import EVERYWHERE
from chargecloud.infra.sql.uow import Options
from chargecloud.kernel.errors import Conflict, Refused, Unavailable
from chargecloud.kernel.message import Envelope
from tests.support.world import BANDS, CODE, KWH, MINUTE_MS, RATED_W, World, answered, record, sample

STARTS = 200
CONNECTORS = 8
TRIES = 200
Work = Callable[[], Awaitable[None]]


async def insistent(work: Work) -> str:
    """Until it is done or refused, as a phone and the bus do; "ok" or the code of the refusal."""
    for _ in range(TRIES):
        try:
            await work()
        except Refused as error:
            return error.code
        except (Conflict, Unavailable):
            await asyncio.sleep(0)
            continue
        return "ok"
    raise AssertionError("it never came to an end")


async def count(world: World, statement: Select[int]) -> int:
    async with world.database.read() as connection:
        return (await connection.execute(statement)).scalar_one()


async def charged(world: World) -> Order:
    """An order whose charge has taken half a kilowatt-hour."""
    order = await world.place()
    await world.say(answered(order.session_no))
    world.clock.advance(MINUTE_MS)
    await world.say(sample(order.session_no, KWH // 2))
    return order


@pytest.fixture
def many_places(database: Database) -> None:
    database.options = Options(max_open_sessions=STARTS)


async def test_two_hundred_starts_on_one_wallet_never_overdraw(world: World, many_places: None) -> None:
    codes = [f"320102000001{number:02d}" for number in range(STARTS // CONNECTORS)]
    async with world.database.unit() as uow:
        for code in codes:
            new = NewChargePoint(
                code=code, station_id=world.station_id, name=code, power_type="dc", connector_count=CONNECTORS,
                rated_power_w=RATED_W,
            )  # fmt: skip
            await service_assets.create_charge_point(uow, new, reach=EVERYWHERE)
            await stations.came_online(uow, CameOnline(charge_point_code=code, gateway_id="g1", epoch=1))

    def start(number: int) -> Work:
        code, connector_no = codes[number // CONNECTORS], number % CONNECTORS + 1
        command = PlaceOrder(
            driver_id=world.driver_id, idempotency_key=f"start-{number}", charge_point_code=code,
            connector_no=connector_no, limit=Limit(LimitKind.MONEY, 700),
        )  # fmt: skip

        async def work() -> None:
            async with world.database.unit() as uow:
                await orders.place(uow, command)

        return work

    done = await asyncio.gather(*(insistent(start(number)) for number in range(STARTS)))
    assert sorted(set(done)) == ["balance_low", "ok"]
    assert done.count("ok") == 14
    balance = await world.balance()
    assert (balance.available_fen, balance.held_fen) == (200, 9_800)
    assert await count(world, select(func.count()).select_from(orders_sql.orders)) == 14
    await world.proven()


async def test_one_record_handed_to_eight_at_once_settles_once(world: World) -> None:
    order = await charged(world)
    uploaded = record(order.session_no, (0, 0, KWH // 2, 0))

    async def store() -> None:
        await world.handle([Envelope(CODE, uploaded, world.clock.now_ms())])

    assert await asyncio.gather(*(insistent(store) for _ in range(8))) == ["ok"] * 8
    session = await world.session(order.session_no)
    assert (session.record_count, session.record_id is not None) == (1, True)
    event = SessionRecorded(
        session_no=order.session_no, charge_point_code=CODE, record_id=session.record_id or "", conflict=False
    )

    async def settle() -> None:
        await world.handle([Envelope(CODE, event, world.clock.now_ms())])

    assert await asyncio.gather(*(insistent(settle) for _ in range(8))) == ["ok"] * 8
    await world.pump()
    settled = await world.order(order.order_no)
    assert (settled.state, settled.total_fen, settled.bill_count) == (OrderState.SETTLED, 55, 1)
    assert await count(world, select(func.count()).select_from(orders_sql.settlements)) == 1
    assert (await world.balance()).available_fen == 10_000 - 55
    await world.proven()


async def test_stops_and_samples_at_once_lose_neither(world: World) -> None:
    order = await charged(world)

    async def stop() -> None:
        async with world.database.unit() as uow:
            await orders.stop(uow, await orders.order(uow, order.order_no), StopReason.DRIVER)

    def speak(energy_mwh: int) -> Work:
        async def work() -> None:
            said = sample(order.session_no, energy_mwh)
            await world.handle([Envelope(CODE, said, world.clock.now_ms())])

        return work

    work = [stop, *(speak(KWH // 2 + number) for number in range(1, 9)), stop]
    assert await asyncio.gather(*(insistent(each) for each in work)) == ["ok"] * len(work)
    session = await world.session(order.session_no)
    assert (session.stop_reason, session.energy_mwh) == (StopReason.DRIVER.value, KWH // 2 + 8)


async def test_top_ups_starts_and_settlements_at_once_keep_the_ledger_whole(world: World) -> None:
    order = await charged(world)
    uploaded = record(order.session_no, (0, 0, KWH // 2, 0))

    def top_up(number: int) -> Work:
        async def work() -> None:
            async with world.database.unit() as uow:
                command = TopUp(driver_id=world.driver_id, transfer_id=f"t{number % 10}", amount_fen=100, source="x")
                await wallet.top_up(uow, command)

        return work

    async def settle() -> None:
        await world.handle([Envelope(CODE, uploaded, world.clock.now_ms())])
        await world.pump()

    async def another() -> None:
        async with world.database.unit() as uow:
            command = PlaceOrder(
                driver_id=world.driver_id, idempotency_key="another", charge_point_code=CODE, connector_no=2
            )
            await orders.place(uow, command)

    work = [settle, another, *(top_up(number) for number in range(20))]
    done = await asyncio.gather(*(insistent(each) for each in work))
    assert [outcome for outcome in done if outcome != "ok"] in ([], ["balance_low"])
    await world.pump()
    balance = await world.balance()
    assert balance.cash_fen == 10_000 + 10 * 100 - 55
    await world.proven()


async def test_tariffs_made_at_once_get_numbers_of_their_own(world: World) -> None:
    made: list[int] = []

    async def create() -> None:
        async with world.database.unit() as uow:
            tariff_id = await tariffs.create_tariff(uow, operator_id=1, name=f"电价 {len(made)}-{id(object())}")
            new = tariffs.NewVersion(tariff_id=tariff_id, bands=BANDS, half_hours=(0,) * 48)
            made.append(int((await tariffs.create_version(uow, new)).tariff_no))

    assert await asyncio.gather(*(insistent(create) for _ in range(6))) == ["ok"] * 6
    async with world.database.read() as connection:
        numbers = (await connection.execute(select(tariffs_sql.versions.c.live_no))).scalars().all()
    assert len(set(numbers)) == len(numbers) == 7
