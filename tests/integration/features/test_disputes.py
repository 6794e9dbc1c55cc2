"""What people do with disputed and stuck orders."""

import pytest

from chargecloud.features.orders import service, service_resolve, views
from chargecloud.features.orders.messages import Order, OrderState
from chargecloud.features.orders.service_resolve import Action, Resolution
from chargecloud.kernel.errors import Conflict, Invalid, NotFound, Refused
from tests.support.world import KWH, MINUTE_MS, World, answered, record, sample

STRANGE = "9" * 32


async def disputed(world: World) -> Order:
    """A charge of 10 kWh whose record says 12: charged 11 yuan, in dispute."""
    order = await world.place()
    await world.say(answered(order.session_no))
    for minute in range(1, 21):
        world.clock.advance(MINUTE_MS)
        await world.say(sample(order.session_no, minute * KWH // 2))
    await world.say(record(order.session_no, (0, 0, 12 * KWH, 0)))
    found = await world.order(order.order_no)
    assert found.state is OrderState.DISPUTED and found.total_fen == 1_100
    return found


async def resolve(world: World, order_no: str, action: Action, **changes: object) -> Order:
    values: dict[str, object] = {"action": action, "reason": "查过电表", "by": "finance"}
    async with world.database.unit() as uow:
        found = await service.order(uow, order_no)
        after = await service_resolve.resolve(uow, found, Resolution(**values | changes))  # type: ignore[arg-type]
    await world.pump()
    return after


async def test_accepting_charges_the_difference(world: World) -> None:
    order = await disputed(world)
    after = await resolve(world, order.order_no, Action.ACCEPT)
    assert after.state is OrderState.SETTLED and after.total_fen == 1_320 and after.energy_mwh == 12 * KWH
    assert (await world.balance()).cash_fen == 10_000 - 1_320
    with pytest.raises(Refused):
        await resolve(world, order.order_no, Action.ACCEPT)
    await world.proven()


async def test_keeping_changes_nothing(world: World) -> None:
    order = await disputed(world)
    after = await resolve(world, order.order_no, Action.KEEP)
    assert after.state is OrderState.SETTLED and after.total_fen == 1_100
    assert (await world.balance()).cash_fen == 8_900
    async with world.database.read() as connection:
        detail = await views.detail(connection, after)
    assert [row.standing for row in detail.corrections] == ["dropped"]


async def test_waiving_pays_everything_back(world: World) -> None:
    order = await disputed(world)
    after = await resolve(world, order.order_no, Action.WAIVE)
    assert after.state is OrderState.CLOSED and after.total_fen == 0
    assert (await world.balance()).cash_fen == 10_000
    await world.proven()


async def test_a_decision_needs_a_reason_and_something_to_decide(world: World) -> None:
    order = await disputed(world)
    with pytest.raises(Invalid):
        await resolve(world, order.order_no, Action.KEEP, reason="  ")
    with pytest.raises(NotFound):
        await resolve(world, order.order_no, Action.ACCEPT, correction_id="other")
    with pytest.raises(Refused):
        await resolve(world, order.order_no, Action.ACCEPT, driver_id=world.driver_id)


async def test_an_orphan_is_given_a_driver_or_waived(world: World) -> None:
    now = world.clock.now_ms()
    await world.say(record(STRANGE, (0, 0, KWH, 0), started_at_ms=now - 10 * MINUTE_MS, ended_at_ms=now - MINUTE_MS))
    orphan = await world.order_of(STRANGE)
    assert orphan is not None and orphan.state is OrderState.DISPUTED
    with pytest.raises(Invalid):
        await resolve(world, orphan.order_no, Action.ACCEPT)
    after = await resolve(world, orphan.order_no, Action.ACCEPT, driver_id=world.driver_id)
    assert after.state is OrderState.SETTLED and after.driver_id == world.driver_id and after.total_fen == 110
    assert (await world.balance()).cash_fen == 9_890
    await world.proven()


async def test_after_a_decision_another_record_opens_the_dispute_again(world: World) -> None:
    order = await disputed(world)
    await resolve(world, order.order_no, Action.WAIVE)
    await world.say(record(order.session_no, (0, 0, 11 * KWH, 0)))
    again = await world.order(order.order_no)
    assert again.state is OrderState.DISPUTED and again.total_fen == 0
    after = await resolve(world, order.order_no, Action.ACCEPT)
    assert after.total_fen == 1_210
    await world.proven()


async def test_a_stuck_order_is_closed_by_its_last_sample(world: World) -> None:
    order = await world.place()
    await world.say(answered(order.session_no))
    world.clock.advance(MINUTE_MS)
    await world.say(sample(order.session_no, KWH))
    async with world.database.unit() as uow:
        await service.close(uow, await service.order(uow, order.order_no), by="ops", reason="桩已拆除")
    await world.pump()
    after = await world.order(order.order_no)
    assert after.state is OrderState.SETTLED and after.total_fen == 110 and "estimated" in after.flags
    with pytest.raises(Conflict):
        async with world.database.unit() as uow:
            await service.close(uow, after, by="ops", reason="noch einmal")
    await world.proven()
