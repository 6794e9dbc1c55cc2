"""A payment made for one order: the order takes it, and what it leaves goes back within seconds of the settlement."""

import pytest

from chargecloud.device.events import StartRefusal
from chargecloud.features.orders import service as orders
from chargecloud.features.orders import service_resolve
from chargecloud.features.orders.messages import Order, OrderState
from chargecloud.features.orders.service import PlaceOrder
from chargecloud.features.orders.service_resolve import Action, Resolution
from chargecloud.features.payments.channels.contract import RefundState
from chargecloud.features.payments.messages import Payment, PaymentState, Purpose, RefundKind
from chargecloud.features.sessions.messages import Limit, LimitKind
from chargecloud.kernel.errors import ChargeCloudError, Refused
from tests.support.cashdesk import CashDesk
from tests.support.world import CODE, KWH, MINUTE_MS, World, answered, record, sample

PREPAID_FEN = 2_000


@pytest.fixture
def desk(world: World) -> CashDesk:
    made = CashDesk.over(world.database, world.clock)
    made.till.refund_at_once = RefundState.SUCCEEDED
    return made


@pytest.fixture
async def driver_id(world: World) -> int:
    """A driver whose wallet is empty."""
    return await world.driver(0)


async def prepay(desk: CashDesk, driver_id: int, place: str = f"{CODE}/1") -> Payment:
    return await desk.top_up(driver_id, PREPAID_FEN, purpose=Purpose.PREPAYMENT, place=place)


async def place(world: World, driver_id: int, payment_no: str, *, limit: Limit | None = None, key: str = "k") -> Order:
    command = PlaceOrder(
        driver_id=driver_id,
        idempotency_key=key,
        charge_point_code=CODE,
        connector_no=1,
        limit=limit or Limit(),
        payment_no=payment_no,
    )
    async with world.database.unit() as uow:
        (order,) = await orders.place(uow, command)
    await world.pump()
    return order


async def charge(world: World, order: Order, *, hours: int = 1) -> None:
    """A kilowatt-hour of valley electricity, from the answer to the record."""
    await world.say(answered(order.session_no))
    world.clock.advance(MINUTE_MS)
    await world.say(sample(order.session_no, KWH // 2))
    await world.say(record(order.session_no, (0, 0, KWH // 2, 0)))


async def test_the_rest_goes_back_within_seconds_of_the_settlement(
    world: World, desk: CashDesk, driver_id: int
) -> None:
    payment = await prepay(desk, driver_id)
    order = await place(world, driver_id, payment.payment_no)
    assert (order.hold_fen, order.payment_no) == (PREPAID_FEN, payment.payment_no)
    assert (await desk.payment(payment.payment_no)).order_no == order.order_no
    assert await place(world, driver_id, payment.payment_no) == order, "a repetition is the same order"
    await charge(world, order)
    settled = await world.order(order.order_no)
    assert settled.state is OrderState.SETTLED and settled.total_fen == 55
    await desk.run(seconds=3)
    (back,) = await desk.refunds(driver_id)
    assert (back.refund.kind, back.refund.amount_fen) == (RefundKind.REST, PREPAID_FEN - 55)
    assert [each.request.amount_fen for each in desk.till.repayments.values()] == [PREPAID_FEN - 55]
    assert (await desk.balance(driver_id)).cash_fen == 0
    assert (await desk.payment(payment.payment_no)).state is PaymentState.PART_REFUNDED
    await world.proven()


async def test_a_start_that_is_refused_gives_all_of_it_back(world: World, desk: CashDesk, driver_id: int) -> None:
    payment = await prepay(desk, driver_id)
    order = await place(world, driver_id, payment.payment_no)
    await world.say(answered(order.session_no, StartRefusal.FAULTED))
    assert (await world.order(order.order_no)).state is OrderState.FAILED
    await desk.run(seconds=3)
    assert (await desk.payment(payment.payment_no)).state is PaymentState.REFUNDED
    assert (await desk.balance(driver_id)).cash_fen == 0
    await world.proven()


async def test_a_disputed_order_keeps_its_prepayment_until_people_decide(
    world: World, desk: CashDesk, driver_id: int
) -> None:
    payment = await prepay(desk, driver_id)
    order = await place(world, driver_id, payment.payment_no)
    await world.say(answered(order.session_no))
    world.clock.advance(MINUTE_MS)
    await world.say(sample(order.session_no, KWH // 2))
    await world.say(record(order.session_no, (0, 0, 100 * KWH, 0)))
    disputed = await world.order(order.order_no)
    assert disputed.state is OrderState.DISPUTED
    await desk.run(seconds=3)
    assert await desk.refunds(driver_id) == []
    async with world.database.unit() as uow:
        decision = Resolution(action=Action.WAIVE, reason="桩故障", by="staff")
        await service_resolve.resolve(uow, disputed, decision)
    await desk.run(seconds=3)
    assert (await desk.payment(payment.payment_no)).state is PaymentState.REFUNDED
    await world.proven()


async def test_one_payment_one_order_and_nobody_elses(world: World, desk: CashDesk, driver_id: int) -> None:
    payment = await prepay(desk, driver_id)
    with pytest.raises(ChargeCloudError) as refused:
        await place(world, world.driver_id, payment.payment_no)
    assert refused.value.code == "payment_unknown"
    with pytest.raises(Refused) as refused:
        await place(world, driver_id, payment.payment_no, limit=Limit(LimitKind.MONEY, PREPAID_FEN + 1))
    assert refused.value.code == "prepayment_too_small"
    assert (await desk.payment(payment.payment_no)).order_no is None, "a refused order leaves it as it was"
    order = await place(world, driver_id, payment.payment_no, limit=Limit(LimitKind.MONEY, 500))
    assert order.hold_fen == 500
    with pytest.raises(ChargeCloudError) as refused:
        await place(world, driver_id, payment.payment_no, key="another")
    assert refused.value.code in ("prepayment_used", "connector_busy", "connector_taken")
    top_up = await desk.top_up(driver_id, PREPAID_FEN)
    with pytest.raises(ChargeCloudError) as refused:
        await place(world, driver_id, top_up.payment_no, key="third")
    assert refused.value.code in ("not_a_prepayment", "connector_busy", "connector_taken")


async def test_a_prepayment_is_for_its_connector_and_goes_back_when_that_is_never_used(
    world: World, desk: CashDesk, driver_id: int
) -> None:
    payment = await prepay(desk, driver_id, f"{CODE}/2")
    with pytest.raises(Refused) as refused:
        await place(world, driver_id, payment.payment_no)
    assert (refused.value.code, refused.value.facts["place"]) == ("prepayment_elsewhere", f"{CODE}/2")
    kept = await desk.payment(payment.payment_no)
    assert (kept.order_no, kept.held_fen, kept.bound) == (None, PREPAID_FEN, True), "it still waits for its connector"
    await desk.run(minutes=16, step_s=5)
    (back,) = await desk.refunds(driver_id)
    assert (back.refund.kind, back.refund.amount_fen) == (RefundKind.UNUSED, PREPAID_FEN)
    await world.proven()


async def test_a_wallet_refund_leaves_a_running_prepayment_alone(world: World, desk: CashDesk, driver_id: int) -> None:
    top_up = await desk.top_up(driver_id, 1_000)
    payment = await prepay(desk, driver_id)
    order = await place(world, driver_id, payment.payment_no)
    refund = await desk.refund(driver_id)
    assert refund.amount_fen == 1_000
    await charge(world, order)
    await desk.run(minutes=2, step_s=5)
    assert (await desk.payment(top_up.payment_no)).state is PaymentState.REFUNDED
    assert (await desk.payment(payment.payment_no)).refunded_fen == PREPAID_FEN - 55
    assert (await desk.balance(driver_id)).cash_fen == 0
    await world.proven()
