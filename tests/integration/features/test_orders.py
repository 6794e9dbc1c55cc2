"""Orders from wish to bill, through the real services, inbox and outbox."""

from typing import Any

import pytest

from chargecloud.device.commands import ConfirmRecord, StartCharging, StopCharging, UpdateBalance
from chargecloud.device.events import (
    CommandEnded,
    CommandOutcome,
    ConnectorStatus,
    StartRefusal,
    StopAnswered,
    StopClass,
    WentOffline,
)
from chargecloud.features.orders import service, views
from chargecloud.features.orders.messages import Order, OrderState
from chargecloud.features.orders.service import PlaceOrder
from chargecloud.features.sessions.messages import Limit, LimitKind, SessionState, StopReason
from chargecloud.features.wallet import service as wallet
from chargecloud.features.wallet.messages import HoldState, TopUp
from chargecloud.kernel.errors import Conflict, Invalid, NotFound, Refused, TooMany
from tests.support.world import CODE, KWH, MINUTE_MS, OTHER_CODE, UNLIMITED, World, answered, record, sample

DAY_MS = 86_400_000


async def charge(world: World, minutes: int = 20, *, connector_no: int = 1, limit: Limit = UNLIMITED) -> str:
    """A charge of half a kilowatt-hour a minute; gives its order's number."""
    order = await world.place(connector_no=connector_no, limit=limit)
    await world.say(answered(order.session_no, connector_no=connector_no))
    for minute in range(1, minutes + 1):
        world.clock.advance(MINUTE_MS)
        await world.say(sample(order.session_no, minute * KWH // 2, connector_no=connector_no))
    return order.order_no


async def hold_state(world: World, order_no: str) -> HoldState:
    async with world.database.unit() as uow:
        found = await wallet.find_hold(uow, order_no)
    assert found is not None
    return found.state


async def test_a_car_charges_and_pays(world: World) -> None:
    order = await world.place()
    start = world.asked(StartCharging)[0]
    assert start.session_no == order.session_no and start.balance_fen == order.hold_fen == 10_000
    assert (await world.balance()).available_fen == 0
    assert start.expires_at_ms == world.clock.now_ms() + 30_000
    await world.say(answered(order.session_no))
    for minute in range(1, 31):
        world.clock.advance(MINUTE_MS)
        await world.say(sample(order.session_no, minute * KWH // 2))
    assert (await world.order(order.order_no)).state is OrderState.CHARGING
    session = await world.session(order.session_no)
    assert session.state is SessionState.CHARGING and session.energy_mwh == 15 * KWH
    assert session.amount_hao == 165_000
    await world.say(record(order.session_no, (0, 0, 15 * KWH, 0)))
    assert [command.session_no for command in world.asked(ConfirmRecord)] == [order.session_no]
    settled = await world.order(order.order_no)
    assert settled.state is OrderState.SETTLED and settled.total_fen == 1_650
    assert (settled.energy_fee_fen, settled.service_fee_fen, settled.energy_mwh) == (1_050, 600, 15 * KWH)
    assert (await world.balance()).cash_fen == 8_350
    await world.proven()


async def test_the_same_key_gives_the_same_order_and_another_body_is_refused(world: World) -> None:
    first = await world.place(key="once-only")
    again = await world.place(key="once-only")
    assert again.order_no == first.order_no and len(world.asked(StartCharging)) == 1
    with pytest.raises(Conflict) as reused:
        await world.place(key="once-only", connector_no=2)
    assert reused.value.code == "idempotency_key_reused"


@pytest.mark.parametrize(
    "limit",
    [Limit(LimitKind.SOC, 101), Limit(LimitKind.MONEY, 0), Limit(LimitKind.NONE, 5), Limit(LimitKind.ENERGY, -1)],
)
async def test_limits_that_mean_nothing_are_refused(world: World, limit: Limit) -> None:
    with pytest.raises(Invalid):
        await world.place(limit=limit)


async def test_what_is_not_free_is_refused(world: World) -> None:
    with pytest.raises(NotFound):
        await world.place(connector_no=9)
    await world.say(sample(status=ConnectorStatus.FAULTED))
    with pytest.raises(Refused) as faulted:
        await world.place()
    assert faulted.value.code == "connector_faulted"
    await world.say(WentOffline(charge_point_code=CODE, gateway_id="g1", epoch=1, reason="silent"))
    with pytest.raises(Refused) as offline:
        await world.place(connector_no=2)
    assert offline.value.code == "charge_point_offline"
    assert world.asked(StartCharging) == []
    assert (await world.balance()).held_fen == 0


async def test_one_open_session_a_connector_and_a_few_a_driver(world: World) -> None:
    await world.place(limit=Limit(LimitKind.MONEY, 1_000))
    with pytest.raises(Conflict) as busy:
        await world.place(driver_id=await world.driver(5_000))
    assert busy.value.code == "connector_busy" and busy.value.facts["session_no"] == ""
    await world.place(connector_no=2, limit=Limit(LimitKind.MONEY, 1_000))
    with pytest.raises(TooMany):
        async with world.database.unit() as uow:
            command = PlaceOrder(
                driver_id=world.driver_id,
                idempotency_key="third",
                charge_point_code=OTHER_CODE,
                connector_no=1,
                limit=Limit(LimitKind.MONEY, 1_000),
            )
            await service.place(uow, command)
    assert (await world.balance()).held_fen == 2_000


async def test_without_money_nothing_starts(world: World) -> None:
    poor = await world.driver(0)
    with pytest.raises(Refused) as low:
        await world.place(driver_id=poor)
    assert low.value.code == "balance_low"
    with pytest.raises(Refused):
        await world.place(limit=Limit(LimitKind.MONEY, 10_001))


async def test_a_refused_start_frees_the_hold(world: World) -> None:
    order = await world.place()
    await world.say(answered(order.session_no, StartRefusal.FAULTED))
    after = await world.order(order.order_no)
    assert after.state is OrderState.FAILED and not after.hold_open
    assert after.stop_class is StopClass.START_FAILED
    assert (await world.balance()).available_fen == 10_000
    await world.say(record(order.session_no, stop_class=StopClass.START_FAILED))
    assert (await world.order(order.order_no)).state is OrderState.FAILED
    assert len(world.asked(ConfirmRecord)) == 1
    await world.proven()


async def test_not_plugged_then_charging_within_a_minute(world: World) -> None:
    order = await world.place()
    await world.say(answered(order.session_no, StartRefusal.NOT_PLUGGED))
    assert (await world.balance()).held_fen == 10_000
    world.clock.advance(50_000)
    await world.say(answered(order.session_no), sample(order.session_no, 1_000))
    assert (await world.session(order.session_no)).state is SessionState.CHARGING


async def test_a_cancelled_start_keeps_its_hold_until_the_charge_point_is_proven_idle(world: World) -> None:
    """A13: neither the driver's stop nor an early idle word frees the hold."""
    order = await world.place()
    await world.say(answered(order.session_no, StartRefusal.NOT_PLUGGED))
    async with world.database.unit() as uow:
        await service.stop(uow, await service.order(uow, order.order_no), StopReason.DRIVER)
    await world.pump()
    assert len(world.asked(StopCharging)) == 1
    stop = world.asked(StopCharging)[0]
    await world.say(
        StopAnswered(
            charge_point_code=CODE, command_id=stop.command_id, connector_no=1, accepted=False, reason="not_charging"
        ),
        sample(),
    )
    assert await hold_state(world, order.order_no) is HoldState.OPEN
    world.clock.advance(91_000)
    await world.sweep()
    assert await hold_state(world, order.order_no) is HoldState.OPEN
    await world.say(sample())
    assert (await world.order(order.order_no)).state is OrderState.CANCELLED
    assert await hold_state(world, order.order_no) is HoldState.RELEASED
    await world.proven()


async def test_a_start_nobody_answers_is_stopped_and_freed_only_by_proof(world: World) -> None:
    order = await world.place()
    start = world.asked(StartCharging)[0]
    await world.say(
        CommandEnded(
            charge_point_code=CODE,
            command_id=start.command_id,
            command="StartCharging",
            outcome=CommandOutcome.UNANSWERED,
        )
    )
    assert (await world.session(order.session_no)).state is SessionState.UNCONFIRMED
    assert await hold_state(world, order.order_no) is HoldState.OPEN
    world.clock.advance(95_000)
    await world.sweep()
    assert len(world.asked(StopCharging)) == 1 and await hold_state(world, order.order_no) is HoldState.OPEN
    await world.say(sample())
    assert (await world.order(order.order_no)).state is OrderState.FAILED
    await world.proven()


@pytest.mark.parametrize("outcome", [CommandOutcome.EXPIRED, CommandOutcome.OFFLINE, CommandOutcome.UNSUPPORTED])
async def test_a_start_that_never_left_frees_the_hold(world: World, outcome: CommandOutcome) -> None:
    order = await world.place()
    start = world.asked(StartCharging)[0]
    await world.say(
        CommandEnded(charge_point_code=CODE, command_id=start.command_id, command="StartCharging", outcome=outcome)
    )
    assert (await world.order(order.order_no)).state is OrderState.FAILED
    assert (await world.balance()).available_fen == 10_000


async def test_energy_after_the_hold_was_freed_is_stopped_and_disputed(world: World) -> None:
    order = await world.place()
    await world.say(answered(order.session_no, StartRefusal.OTHER))
    world.clock.advance(30_000)
    await world.say(sample(order.session_no, 100_000))
    assert len(world.asked(StopCharging)) == 1
    disputed = await world.order(order.order_no)
    assert disputed.state is OrderState.DISPUTED and "reopened" in disputed.flags
    world.clock.advance(30_000)
    await world.say(record(order.session_no, (0, 0, 500_000, 0)))
    after = await world.order(order.order_no)
    assert after.state is OrderState.DISPUTED and after.total_fen == 0 and "no_hold" in after.flags
    assert (await world.balance()).available_fen == 10_000
    await world.proven()


@pytest.mark.parametrize(
    ("limit", "reason", "minutes"),
    [
        (Limit(LimitKind.ENERGY, 2 * KWH), StopReason.LIMIT_ENERGY, 4),
        (Limit(LimitKind.MONEY, 330), StopReason.LIMIT_MONEY, 6),
        (Limit(LimitKind.MINUTES, 5), StopReason.LIMIT_MINUTES, 5),
        (Limit(LimitKind.SOC, 40), StopReason.LIMIT_SOC, 1),
    ],
)
async def test_limits_stop_the_charge_once(world: World, limit: Limit, reason: StopReason, minutes: int) -> None:
    order_no = await charge(world, 10, limit=limit)
    order = await world.order(order_no)
    session = await world.session(order.session_no)
    assert session.stop_reason == reason and session.state is SessionState.STOPPING
    assert len(world.asked(StopCharging)) == 1
    stopped_at = world.asked(StopCharging)[0].expires_at_ms - 60_000
    assert stopped_at == order.placed_at_ms + minutes * MINUTE_MS


async def test_the_charge_stops_when_the_hold_is_used_up(world: World) -> None:
    poor = await world.driver(330)
    order = await world.place(driver_id=poor)
    await world.say(answered(order.session_no))
    for minute in range(1, 8):
        world.clock.advance(MINUTE_MS)
        await world.say(sample(order.session_no, minute * KWH // 2))
    assert (await world.session(order.session_no)).stop_reason == StopReason.HOLD_USED_UP
    await world.say(record(order.session_no, (0, 0, 3_500_000, 0)))
    after = await world.balance(poor)
    assert (await world.order(order.order_no)).total_fen == 385
    assert (after.cash_fen, after.held_fen, after.arrears_fen) == (0, 0, 55)
    with pytest.raises(Refused) as arrears:
        await world.place(driver_id=poor, connector_no=2)
    assert arrears.value.code == "arrears"
    await world.proven()


async def test_a_repeated_record_is_only_confirmed_again(world: World) -> None:
    """A04."""
    order_no = await charge(world)
    order = await world.order(order_no)
    uploaded = record(order.session_no, (0, 0, 10 * KWH, 0))
    for _ in range(20):
        await world.say(uploaded)
    assert len(world.asked(ConfirmRecord)) == 20
    settled = await world.order(order_no)
    assert settled.total_fen == 1_100 and settled.flags == () and (await world.balance()).cash_fen == 8_900
    assert (await world.session(order.session_no)).record_count == 1
    await world.proven()


async def test_a_different_record_is_kept_and_disputed(world: World) -> None:
    order_no = await charge(world)
    order = await world.order(order_no)
    await world.say(record(order.session_no, (0, 0, 10 * KWH, 0)))
    await world.say(record(order.session_no, (0, 0, 10_050_000, 0)))
    assert len(world.asked(ConfirmRecord)) == 2
    after = await world.order(order_no)
    assert after.state is OrderState.DISPUTED and "conflicting_record" in after.flags and after.total_fen == 1_100
    assert (await world.balance()).cash_fen == 8_900
    await world.proven()


async def test_an_impossible_record_takes_what_samples_support_and_no_more(world: World) -> None:
    order_no = await charge(world)
    order = await world.order(order_no)
    await world.say(record(order.session_no, (0, 0, 400 * KWH, 0)))
    after = await world.order(order_no)
    assert after.state is OrderState.DISPUTED and "over_bound" in after.flags and after.total_fen == 1_100
    assert (await world.balance()).cash_fen == 8_900 and len(world.asked(ConfirmRecord)) == 1
    await world.proven()


async def test_a_zero_record_does_not_end_a_charge_for_free(world: World) -> None:
    order_no = await charge(world)
    order = await world.order(order_no)
    await world.say(record(order.session_no))
    after = await world.order(order_no)
    assert after.state is OrderState.DISPUTED and "below_samples" in after.flags and after.total_fen == 1_100


async def test_a_zero_record_without_energy_frees_everything(world: World) -> None:
    order = await world.place()
    await world.say(answered(order.session_no), record(order.session_no, stop_class=StopClass.START_FAILED))
    assert (await world.order(order.order_no)).state is OrderState.FAILED
    assert (await world.balance()).available_fen == 10_000
    second = await world.place()
    await world.say(answered(second.session_no), record(second.session_no))
    assert (await world.order(second.order_no)).state is OrderState.CANCELLED
    await world.proven()


async def billed_by(world: World, order: Order) -> tuple[str | None, Any, Any]:
    """The record behind the bill as it stands, the energy it says, and the bound that was held against it."""
    async with world.database.read() as connection:
        found = (await views.detail(connection, order)).billed_by()
    assert found
    return found.record_id, found.comparison["recorded_energy_mwh"], found.comparison["bound_mwh"]


async def test_without_a_record_the_last_sample_settles_after_a_day_and_a_late_record_corrects(world: World) -> None:
    order_no = await charge(world)
    order = await world.order(order_no)
    for _ in range(30):
        world.clock.advance(3_600_000)
        await world.sweep()
    estimated = await world.order(order_no)
    assert estimated.state is OrderState.SETTLED and "estimated" in estimated.flags and estimated.total_fen == 1_100
    assert await billed_by(world, estimated) == (None, 0, None)
    await world.say(record(order.session_no, (0, 0, 10_500_000, 0)))
    corrected = await world.order(order_no)
    assert corrected.total_fen == 1_155 and "late_record" in corrected.flags and corrected.bill_no == 2
    record_id, recorded_mwh, bound_mwh = await billed_by(world, corrected)
    assert record_id and recorded_mwh == 10_500_000 and bound_mwh and bound_mwh > recorded_mwh
    assert (await world.balance()).cash_fen == 8_845
    await world.say(record(order.session_no, (0, 0, 10_500_000, 0)))
    assert (await world.balance()).cash_fen == 8_845
    await world.proven()


async def test_a_top_up_during_a_charge_lets_it_go_on(world: World) -> None:
    driver = await world.driver(500)
    order = await world.place(driver_id=driver)
    await world.say(answered(order.session_no), sample(order.session_no, 1_000))
    async with world.database.unit() as uow:
        await wallet.top_up(uow, TopUp(driver_id=driver, transfer_id="more", amount_fen=3_000, source="counter"))
    await world.pump()
    assert [command.balance_fen for command in world.asked(UpdateBalance)] == [3_500]
    raised = await world.order(order.order_no)
    assert raised.hold_fen == 3_500 and (await world.session(order.session_no)).cap_fen == 3_500
    assert (await world.balance(driver)).available_fen == 0
    world.clock.advance(20 * MINUTE_MS)
    await world.say(sample(order.session_no, 10 * KWH), record(order.session_no, (0, 0, 10 * KWH, 0)))
    assert (await world.balance(driver)).cash_fen == 2_400
    await world.proven()


async def test_a_charge_with_a_money_limit_keeps_it_after_a_top_up(world: World) -> None:
    await world.place(limit=Limit(LimitKind.MONEY, 500))
    async with world.database.unit() as uow:
        await wallet.top_up(
            uow, TopUp(driver_id=world.driver_id, transfer_id="more", amount_fen=3_000, source="counter")
        )
    await world.pump()
    assert world.asked(UpdateBalance) == []


async def test_record_before_samples_and_answer_after_samples(world: World) -> None:
    """F14 through the services."""
    order = await world.place()
    world.clock.advance(MINUTE_MS)
    await world.say(sample(order.session_no, KWH // 2), answered(order.session_no))
    assert (await world.session(order.session_no)).state is SessionState.CHARGING
    await world.say(record(order.session_no, (0, 0, KWH // 2, 0)), sample(order.session_no, KWH // 2))
    assert (await world.order(order.order_no)).total_fen == 55
    assert (await world.session(order.session_no)).state is SessionState.RECORDED
    await world.proven()
