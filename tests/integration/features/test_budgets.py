"""How many statements the hot paths cost; each one more is paid thousands of times an hour."""

from chargecloud.device.events import Beat, CameOnline
from chargecloud.features.orders import service
from chargecloud.features.orders.service import PlaceOrder
from chargecloud.kernel.message import Envelope
from tests.support.statements import counted
from tests.support.world import CODE, KWH, MINUTE_MS, World, answered, booted, record, sample


def bookkeeping(statements: list[str]) -> int:
    """Statements of the inbox itself: which messages have been seen."""
    return sum("inbox_seen" in statement for statement in statements)


async def test_placing_an_order(world: World) -> None:
    command = PlaceOrder(driver_id=world.driver_id, idempotency_key="k", charge_point_code=CODE, connector_no=1)
    with counted() as statements:
        async with world.database.unit() as uow:
            await service.place(uow, command)
    assert 0 < len(statements) <= 16, statements


async def test_a_sample(world: World) -> None:
    order = await world.place()
    await world.say(answered(order.session_no), sample(order.session_no, 1_000))
    world.clock.advance(MINUTE_MS // 4)
    business = next(handler for bodies, handler in world._groups.handlers if type(booted()) in bodies)
    with counted() as statements:
        await business([Envelope(CODE, sample(order.session_no, 2_000), world.clock.now_ms())])
    assert 0 < len(statements) <= 3, statements


async def test_an_idle_sample_and_a_heartbeat_write_nothing(world: World) -> None:
    await world.say(sample())
    with counted() as statements:
        beat = Beat(charge_point_code=CODE, connector_no=1, faulted=False)
        await world.handle([Envelope(CODE, beat, 0), Envelope(CODE, sample(), world.clock.now_ms())])
    assert 0 < len(statements) <= 3 and all(statement.startswith("SELECT") for statement in statements), statements


async def test_a_record_and_its_settlement(world: World) -> None:
    order = await world.place()
    await world.say(answered(order.session_no))
    world.clock.advance(MINUTE_MS)
    await world.say(sample(order.session_no, KWH // 2))
    uploaded = Envelope(CODE, record(order.session_no, (0, 0, KWH // 2, 0)), world.clock.now_ms())
    with counted() as statements:
        await world.handle([uploaded])
    assert 0 < len(statements) <= 4, statements
    with counted() as statements:
        await world.pump()
    settling = [statement for statement in statements if "outbox" not in statement]
    assert 0 < len(settling) - bookkeeping(settling) <= 12, settling
    assert (await world.order(order.order_no)).total_fen == 55


async def test_logging_in(world: World) -> None:
    with counted() as statements:
        await world.handle([Envelope(CODE, booted(), 0), Envelope(CODE, booted(), 0)])
    assert 0 < len(statements) <= 5, statements
    with counted() as statements:
        await world.handle([Envelope(CODE, CameOnline(charge_point_code=CODE, gateway_id="g1", epoch=9), 0)])
    assert 0 < len(statements) <= 3, statements
