"""Orders from wish to bill, through the real services, inbox and outbox."""

import pytest

from chargecloud.device.commands import ConfirmRecord, ReadSample, StartCharging, StopCharging
from chargecloud.features.orders.messages import OrderState
from chargecloud.features.sessions.messages import SessionState
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import ManualClock
from tests.support.world import CODE, KWH, MINUTE_MS, World, answered, record, sample


@pytest.fixture
async def world(database: Database, clock: ManualClock) -> World:
    made = World(database, clock)
    await made.furnish()
    return made


async def test_a_car_charges_and_pays(world: World) -> None:
    order = await world.place()
    start = world.asked(StartCharging)[0]
    assert start.session_no == order.session_no and start.balance_fen == order.hold_fen == 10_000
    assert (await world.balance()).available_fen == 0
    await world.say(answered(order.session_no))
    for minute in range(1, 31):
        world.clock.advance(MINUTE_MS)
        await world.say(sample(order.session_no, minute * KWH // 2))
    session = await world.session(order.session_no)
    assert session.state is SessionState.CHARGING and session.energy_mwh == 15 * KWH
    assert sum(segment.energy_mwh for segment in session.segments) == 15 * KWH
    await world.say(record(order.session_no, (0, 0, 15 * KWH, 0), amount_hao=165_000))
    assert [command.session_no for command in world.asked(ConfirmRecord)] == [order.session_no]
    settled = await world.order(order.order_no)
    assert settled.state is OrderState.SETTLED and settled.total_fen == 1_650
    assert (await world.balance()).cash_fen == 8_350
    await world.proven()
