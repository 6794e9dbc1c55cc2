"""Payments from the announcement to the credit: once, whatever is repeated, lost, late or wrong."""

import asyncio
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from chargecloud.features.payments import service
from chargecloud.features.payments.channels.contract import NoticeRefused, RawNotice
from chargecloud.features.payments.messages import CaseOpened, PaymentPaid, PaymentState, Purpose
from chargecloud.features.payments.service import NewPlan
from chargecloud.infra.sql import outbox
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import ManualClock
from chargecloud.kernel.errors import Conflict, Invalid, NotFound, Refused, TooMany
from tests.support.cashdesk import CashDesk
from tests.support.till import Fault, ProviderRefused, ProviderSilent, altered, signature

MINUTE_MS = 60_000


@pytest.fixture
def desk(database: Database, clock: ManualClock) -> CashDesk:
    return CashDesk.over(database, clock)


async def told(database: Database, kind: type) -> list[dict[str, Any]]:
    """Events of a kind that were published so far."""
    async with database.read() as connection:
        rows = await outbox.oldest(connection, after=0, most=1_000)
    return [json.loads(row.body) for row in rows if row.kind == kind.__name__]


async def credited(desk: CashDesk, driver_id: int) -> int:
    """Fen credited to a driver, as the ledger has it."""
    await desk.proven()
    return (await desk.balance(driver_id)).cash_fen


async def test_a_payment_from_the_wish_to_the_credit(desk: CashDesk) -> None:
    driver_id = await desk.driver()
    async with desk.database.unit() as uow:
        new = NewPlan(operator_id=1, name="充100送20", amount_fen=10_000, gift_fen=2_000, by="staff:1")
        plan_id = await service.add_plan(uow, new)
    payment = await desk.announce(driver_id, plan_id=plan_id)
    assert payment.state is PaymentState.PREPAID and payment.client["package"].startswith("prepay_id=")
    assert (await desk.balance(driver_id)).cash_fen == 0
    desk.till.pay(payment.payment_no)
    assert [outcome.taken for outcome in await desk.deliver()] == [True]
    paid = await desk.payment(payment.payment_no)
    assert (paid.state, paid.paid_fen, paid.flags) == (PaymentState.PAID, 10_000, ())
    balance = await desk.balance(driver_id)
    assert (balance.cash_fen, balance.gift_fen, balance.refundable_fen) == (10_000, 2_000, 10_000)
    assert [event["payment_no"] for event in await told(desk.database, PaymentPaid)] == [payment.payment_no]
    await desk.proven()


async def test_the_same_wish_again_is_the_same_payment(desk: CashDesk) -> None:
    driver_id = await desk.driver()
    first = await desk.announce(driver_id, 5_000, key="once")
    assert await desk.announce(driver_id, 5_000, key="once") == first
    with pytest.raises(Refused, match="Idempotency-Key"):
        await desk.announce(driver_id, 5_001, key="once")
    assert len(desk.till.sales) == 1


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.UNHEARD])
async def test_a_provider_that_stays_silent_is_asked_again_for_the_same_payment(desk: CashDesk, fault: Fault) -> None:
    driver_id = await desk.driver()
    desk.till.faults["charge"].append(fault)
    with pytest.raises(ProviderSilent):
        await desk.announce(driver_id, key="once")
    payment = await desk.announce(driver_id, key="once")
    assert payment.state is PaymentState.PREPAID and list(desk.till.sales) == [payment.payment_no]


async def test_what_the_provider_refuses_is_over_before_it_began(
    desk: CashDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver_id = await desk.driver()

    def no(_request: object) -> None:
        raise ProviderRefused("商户号被冻结")

    monkeypatch.setattr(desk.till, "do_charge", no)
    with pytest.raises(ProviderRefused):
        await desk.announce(driver_id, key="once")
    payment = await desk.announce(driver_id, key="once")
    assert payment.state is PaymentState.CLOSED


async def test_sixteen_deliveries_eight_at_a_time_are_one_credit(desk: CashDesk) -> None:
    """Abuse A22, the valid one: in any order, side by side, with the query path beside them."""
    driver_id = await desk.driver()
    payment = await desk.announce(driver_id)
    desk.till.pay(payment.payment_no)
    (raw,) = desk.till.sent
    again = desk.till.sealed(json.loads(raw.body) | {"id": "another"}, notice_id="EV-another")
    deliveries = [raw] * 14 + [again] * 2
    random.Random(1).shuffle(deliveries)
    for start in range(0, 16, 8):
        outcomes = await asyncio.gather(*(desk.hear(each) for each in deliveries[start : start + 8]))
        assert all(outcome.taken for outcome in outcomes)
    await desk.run(minutes=1)
    assert await credited(desk, driver_id) == 10_000
    assert len(await told(desk.database, PaymentPaid)) == 1


def mutations(raw: RawNotice, desk: CashDesk) -> Iterator[RawNotice]:
    """A valid notice, wrong in one thing each: headers, bytes, fields, times, keys, order of things."""
    for name in raw.headers:
        yield altered(raw, headers={key: value for key, value in raw.headers.items() if key != name})
        yield altered(raw, headers=raw.headers | {name: ""})
        yield altered(raw, headers=raw.headers | {name: raw.headers[name][::-1]})
    nonce = raw.headers["x-till-nonce"]
    yield altered(raw, headers=raw.headers | {"x-till-nonce": nonce + " "})
    yield altered(
        raw, headers=raw.headers | {"x-till-signature": "WECHATPAY/SIGNTEST/" + raw.headers["x-till-signature"]}
    )
    for shift_ms in (300_000, 301_000, -301_000, 86_400_000):
        yield altered(raw, received_ms=raw.received_ms + shift_ms)
    words = json.loads(raw.body)
    for field, value in (
        ("amount_fen", 1_000_000), ("payment_no", "P2026010100000000000000"), ("payer_id", "somebody"),
        ("transaction_id", "1"), ("state", "refunded"), ("currency", "USD"), ("paid_at_ms", 0),
    ):  # fmt: skip
        forged = json.dumps(words | {"payment": words["payment"] | {field: value}}).encode()
        yield altered(raw, body=forged)
        yield altered(raw, body=forged, headers=raw.headers | {"x-till-signature": signature(dict(raw.headers), b"")})
    for body in (b"", b"{}", raw.body[:-1], raw.body + b"\n", raw.body * 2, raw.body.replace(b" ", b"", 1)):
        yield altered(raw, body=body)
    for at in (0, len(raw.body) // 2, len(raw.body) - 2):
        yield altered(raw, body=raw.body[:at] + bytes([raw.body[at] ^ 0x20]) + raw.body[at + 1 :])
    other = desk.till.sealed({"event": "REFUND.SUCCEEDED", "payment": words["payment"]})
    yield altered(raw, headers=other.headers)


async def test_forty_mutations_of_a_valid_notice_are_no_credit(desk: CashDesk) -> None:
    """Abuse A22: what is not exactly what the provider said moves nothing."""
    driver_id = await desk.driver()
    payment = await desk.announce(driver_id)
    desk.till.pay(payment.payment_no)
    (raw,) = desk.till.sent
    wrong = list(mutations(raw, desk))
    assert len(wrong) >= 40
    for mutation in wrong:
        with pytest.raises(NoticeRefused):
            await desk.hear(mutation)
    assert await credited(desk, driver_id) == 0
    assert (await desk.hear(raw)).taken
    assert await credited(desk, driver_id) == 10_000


async def test_a_sealed_notice_for_somebody_else_or_about_nothing_is_not_taken(desk: CashDesk) -> None:
    """Sealed by the provider and still not for us: another merchant, a payment we never made, one not paid."""
    driver_id = await desk.driver()
    payment = await desk.announce(driver_id)
    good = {"payment_no": payment.payment_no, "state": "paid", "transaction_id": "42", "amount_fen": 10_000}
    for words, status in (
        ({"payment": good, "merchant": "1900000002"}, 403),
        ({"payment": good | {"payment_no": "P9"}}, 404),
        ({"payment": good | {"state": "unpaid"}}, 400),
    ):
        outcome = await desk.hear(desk.till.sealed({"event": "TRANSACTION.SUCCESS", **words}))
        assert (outcome.taken, outcome.status) == (False, status)
    assert await credited(desk, driver_id) == 0


@pytest.mark.parametrize(
    ("paid", "reason"),
    [({"amount_fen": 9_999}, "amount"), ({"currency": "USD"}, "currency"), ({"payer_id": "somebody"}, "payer")],
)
async def test_what_was_paid_otherwise_than_agreed_waits_for_people(
    desk: CashDesk, paid: dict[str, Any], reason: str
) -> None:
    driver_id = await desk.driver()
    payment = await desk.announce(driver_id)
    desk.till.pay(payment.payment_no, **paid)
    (raw,) = desk.till.sent
    for _ in range(2):
        assert (await desk.hear(raw)).taken, "repeating will not help"
    assert await credited(desk, driver_id) == 0
    held = await desk.payment(payment.payment_no)
    assert (held.state, held.flags) == (PaymentState.QUARANTINED, (reason,))
    assert [event["facts"]["reason"] for event in await told(desk.database, CaseOpened)] == [reason]
    found = await desk.channel.query(payment.payment_no)
    async with desk.database.unit() as uow:
        if reason == "currency":
            with pytest.raises(Refused):
                await service.accept(uow, payment.payment_no, found, by="staff:1", reason="核对")
            await service.dismiss(uow, payment.payment_no, by="staff:1", reason="已线下退款")
        else:
            await service.accept(uow, payment.payment_no, found, by="staff:1", reason="核对")
    assert await credited(desk, driver_id) == (0 if reason == "currency" else found.amount_fen)
    async with desk.database.unit() as uow:
        with pytest.raises(Refused):
            await service.accept(uow, payment.payment_no, found, by="staff:1", reason="再来一次")


async def test_one_transaction_pays_one_payment(desk: CashDesk) -> None:
    driver_id = await desk.driver()
    first = await desk.top_up(driver_id)
    second = await desk.announce(driver_id)
    words = {"payment_no": second.payment_no, "state": "paid", "transaction_id": first.transaction_id}
    forged = desk.till.sealed({"event": "TRANSACTION.SUCCESS", "payment": words | {"amount_fen": 10_000}})
    assert (await desk.hear(forged)).taken
    assert (await desk.payment(second.payment_no)).state is PaymentState.QUARANTINED
    assert await credited(desk, driver_id) == 10_000


async def test_unpaid_payments_are_asked_for_on_schedule_and_closed_when_they_expire(desk: CashDesk) -> None:
    driver_id = await desk.driver()
    payment = await desk.announce(driver_id)
    made_ms, asked_s = desk.clock.now_ms(), []
    for _ in range(16 * 60):
        before = len(desk.till.calls)
        await desk.run(seconds=1)
        if ("query", payment.payment_no) in desk.till.calls[before:]:
            asked_s.append((desk.clock.now_ms() - made_ms) // 1000)
    assert asked_s == [5, 30, 60, 180, 300, 600, 900]
    assert desk.till.calls[-1] == ("close", payment.payment_no)
    assert (await desk.payment(payment.payment_no)).state is PaymentState.CLOSED


async def test_a_payment_whose_notice_never_comes_is_found_by_asking(desk: CashDesk) -> None:
    driver_id = await desk.driver()
    payment = await desk.announce(driver_id)
    desk.till.pay(payment.payment_no)
    desk.till.sent.clear()
    await desk.run(seconds=5)
    assert await credited(desk, driver_id) == 10_000


async def test_paid_in_the_last_moment_is_paid(desk: CashDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the last query and the closing somebody pays: "already paid" is paid."""
    driver_id = await desk.driver()
    payment = await desk.announce(driver_id)
    desk.clock.advance(900_000)
    close = desk.till.do_close

    def pay_first(payment_no: str) -> object:
        desk.till.pay(payment_no)
        desk.till.sent.clear()
        return close(payment_no)

    monkeypatch.setattr(desk.till, "do_close", pay_first)
    await desk.run(seconds=3)
    assert (await desk.payment(payment.payment_no)).state is PaymentState.PAID
    assert await credited(desk, driver_id) == 10_000


async def test_closing_is_tried_again_while_nobody_answers(desk: CashDesk) -> None:
    driver_id = await desk.driver()
    payment = await desk.announce(driver_id)
    desk.till.faults["close"].extend([Fault.LOST, Fault.BUSY, Fault.UNHEARD])
    await desk.run(minutes=15)
    assert (await desk.payment(payment.payment_no)).state is PaymentState.PREPAID
    await desk.run(minutes=10, step_s=5)
    assert (await desk.payment(payment.payment_no)).state is PaymentState.CLOSED


async def test_a_late_payment_of_a_closed_one_is_credited_and_flagged(desk: CashDesk) -> None:
    driver_id = await desk.driver()
    payment = await desk.announce(driver_id)
    await desk.run(minutes=16, step_s=10)
    assert (await desk.payment(payment.payment_no)).state is PaymentState.CLOSED
    desk.till.sales[payment.payment_no].state = type(desk.till.sales[payment.payment_no].state)("unpaid")
    desk.till.pay(payment.payment_no)
    await desk.deliver()
    late = await desk.payment(payment.payment_no)
    assert (late.state, late.flags) == (PaymentState.PAID, ("late",))
    assert [event["kind"] for event in await told(desk.database, CaseOpened)] == ["paid_late"]
    assert await credited(desk, driver_id) == 10_000


async def test_a_payment_the_provider_never_heard_of_is_closed(desk: CashDesk) -> None:
    driver_id = await desk.driver()
    desk.till.faults["charge"].append(Fault.LOST)
    with pytest.raises(ProviderSilent):
        await desk.announce(driver_id, key="once")
    await desk.run(minutes=16, step_s=10)
    payment = await desk.announce(driver_id, key="once")
    assert payment.state is PaymentState.CLOSED


async def test_limits(desk: CashDesk) -> None:
    driver_id = await desk.driver()
    for amount_fen in (99, 100_001):
        with pytest.raises(Refused) as refused:
            await desk.announce(driver_id, amount_fen)
        assert refused.value.code == "payment_amount"
    for _ in range(5):
        await desk.top_up(driver_id, 100_000)
    with pytest.raises(Refused) as refused:
        await desk.announce(driver_id, 100)
    assert refused.value.code == "payment_day_limit"
    desk.clock.advance(24 * 60 * MINUTE_MS)
    for _ in range(5):
        await desk.announce(driver_id, 100)
    with pytest.raises(TooMany):
        await desk.announce(driver_id, 100)


async def test_plans_are_offered_in_their_time_and_as_often_as_they_say(desk: CashDesk) -> None:
    driver_id = await desk.driver()
    now_ms = desk.clock.now_ms()

    def plan(**more: Any) -> NewPlan:
        values: dict[str, Any] = {
            "operator_id": 1,
            "name": "p",
            "amount_fen": 5_000,
            "gift_fen": 500,
            "by": "staff:1",
        } | more
        return NewPlan(**values)

    async with desk.database.unit() as uow:
        once = await service.add_plan(uow, plan(max_per_driver=1))
        later = await service.add_plan(uow, plan(valid_from_ms=now_ms + MINUTE_MS))
        over = await service.add_plan(uow, plan(valid_until_ms=now_ms + MINUTE_MS))
        ended = await service.add_plan(uow, plan())
        await service.end_plan(uow, ended, 1)
        with pytest.raises(NotFound):
            await service.end_plan(uow, ended, 1)
        with pytest.raises(Refused):
            await service.add_plan(uow, plan(gift_fen=5_001))
        with pytest.raises(Invalid):
            await service.add_plan(uow, plan(valid_until_ms=now_ms))
    await desk.announce(driver_id, plan_id=once)
    for plan_id, code in ((once, "plan_used_up"), (later, "plan_not_offered"), (ended, "plan_not_offered")):
        with pytest.raises(Refused) as refused:
            await desk.announce(driver_id, plan_id=plan_id)
        assert refused.value.code == code
    desk.clock.advance(2 * MINUTE_MS)
    await desk.announce(driver_id, plan_id=later)
    with pytest.raises(Refused):
        await desk.announce(driver_id, plan_id=over)


async def test_a_prepayment_is_held_for_its_order_and_goes_back_when_none_comes(desk: CashDesk) -> None:
    driver_id = await desk.driver()
    payment = await desk.top_up(driver_id, 2_000, purpose=Purpose.PREPAYMENT)
    balance = await desk.balance(driver_id)
    assert (balance.held_fen, balance.available_fen) == (2_000, 0)
    with pytest.raises(Refused):
        await desk.refund(driver_id)
    desk.till.refund_at_once = None
    await desk.run(minutes=16, step_s=5)
    assert [each.request.amount_fen for each in desk.till.repayments.values()] == [2_000]
    await desk.settle()
    assert (await desk.payment(payment.payment_no)).state is PaymentState.REFUNDED
    assert await credited(desk, driver_id) == 0


async def test_a_prepayment_pays_one_order_and_the_rest_goes_back(desk: CashDesk) -> None:
    driver_id = await desk.driver()
    payment = await desk.top_up(driver_id, 2_000, purpose=Purpose.PREPAYMENT)
    async with desk.database.unit() as uow:
        assert await service.claim(uow, payment.payment_no, driver_id=driver_id, order_no="20260101", place="") == 2_000
        with pytest.raises(Conflict):
            await service.claim(uow, payment.payment_no, driver_id=driver_id, order_no="20260102", place="")
    async with desk.database.unit() as uow:
        assert await service.order_over(uow, "20260101", charged_fen=700)
        assert await service.order_over(uow, "20260101", charged_fen=700) is None
        assert await service.order_over(uow, "20260199", charged_fen=0) is None
    await desk.run(seconds=2)
    assert [each.request.amount_fen for each in desk.till.repayments.values()] == [1_300]
