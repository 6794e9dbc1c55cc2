"""What the provider's word makes of a payment: credited exactly once, or put aside for people."""

from enum import StrEnum

import msgspec

from chargecloud.features.drivers import service as drivers
from chargecloud.features.payments import model, service_cases, sql, views
from chargecloud.features.payments.channels.contract import CloseOutcome, ProviderPayment, ProviderState
from chargecloud.features.payments.messages import (
    CaseKind,
    Payment,
    PaymentPaid,
    PaymentState,
    Purpose,
)
from chargecloud.features.payments.model import Fact, Trouble
from chargecloud.features.wallet import service as wallet
from chargecloud.features.wallet.messages import Hold, PayIn
from chargecloud.infra.sql.uow import UnitOfWork


class Outcome(StrEnum):
    """What came of evidence about a payment."""

    CREDITED = "credited"
    REPEATED = "repeated"
    """It was credited before."""
    QUARANTINED = "quarantined"
    NOT_PAID = "not_paid"
    UNKNOWN = "unknown"
    """We have no such payment."""


async def heard(uow: UnitOfWork, evidence: ProviderPayment, *, channel: str, source: str) -> Outcome:
    """A notice or an answer says how a payment stands. `source`: who said so, for the log of the payment."""
    payment = await sql.find(uow, evidence.payment_no)
    if payment is None or payment.channel != channel:
        return Outcome.UNKNOWN
    if evidence.state not in (ProviderState.PAID, ProviderState.REFUNDED):
        return Outcome.NOT_PAID
    if payment.state in model.CREDITED or payment.state is PaymentState.QUARANTINED:
        return await _again(uow, payment, evidence)
    wrong = model.mismatch(payment, evidence)
    other = await sql.of_transaction(uow, channel, evidence.transaction_id) if evidence.transaction_id else None
    if wrong or other is not None:
        await quarantine(uow, payment, evidence, wrong or "transaction_of_another_payment")
        return Outcome.QUARANTINED
    await _credit(uow, payment, evidence, source=source)
    return Outcome.CREDITED


async def _again(uow: UnitOfWork, payment: Payment, evidence: ProviderPayment) -> Outcome:
    """What was heard before moves nothing; a second transaction for one payment is for people."""
    if payment.transaction_id not in (None, evidence.transaction_id) and "paid_twice" not in payment.flags:
        flagged = msgspec.structs.replace(payment, flags=model.merged(payment.flags, "paid_twice"))
        await sql.save(uow, payment, flagged)
        sql.note(uow, payment.payment_no, "paid_twice", transaction_id=evidence.transaction_id)
        await trouble(uow, payment, CaseKind.PAID_TWICE, transaction_id=evidence.transaction_id)
    return Outcome.QUARANTINED if payment.state is PaymentState.QUARANTINED else Outcome.REPEATED


async def quarantine(uow: UnitOfWork, payment: Payment, evidence: ProviderPayment, reason: str) -> None:
    """Something was paid, but not what was agreed: nothing is credited, people decide."""
    state = model.after(payment.state, Fact.MISMATCHED)
    if state is None:
        return
    moved = msgspec.structs.replace(
        payment,
        state=state,
        flags=model.merged(payment.flags, reason),
        transaction_id=None if reason == "transaction_of_another_payment" else evidence.transaction_id or None,
        paid_at_ms=evidence.paid_at_ms,
        due_at_ms=None,
    )
    await sql.save(uow, payment, moved)
    facts = {"paid_fen": str(evidence.amount_fen), "transaction_id": evidence.transaction_id}
    sql.note(uow, payment.payment_no, "quarantined", reason=reason, agreed_fen=payment.amount_fen, **facts)
    await trouble(uow, moved, CaseKind.QUARANTINED, reason=reason, **facts)
    show(uow, moved)


async def _credit(uow: UnitOfWork, payment: Payment, evidence: ProviderPayment, *, source: str) -> None:
    """Once: the state, the provider's number and the transfer in one transaction, each of them unique."""
    state = model.after(payment.state, Fact.PAID)
    if state is None:
        return
    late = ("late",) if payment.state is PaymentState.CLOSED else ()
    moved = msgspec.structs.replace(
        payment,
        state=state,
        flags=model.merged(payment.flags, *late),
        transaction_id=evidence.transaction_id,
        paid_fen=evidence.amount_fen,
        paid_at_ms=evidence.paid_at_ms or uow.now_ms,
        due_at_ms=None,
        client={},
    )
    sql.note(uow, payment.payment_no, "paid", source=source, transaction_id=evidence.transaction_id)
    await enter(uow, payment, moved)
    if late:
        await trouble(uow, moved, CaseKind.PAID_LATE, transaction_id=evidence.transaction_id)


async def enter(uow: UnitOfWork, before: Payment, paid: Payment) -> Payment:
    """Put a paid payment into the wallet; a prepayment is held at once, for its order alone."""
    command = PayIn(
        driver_id=paid.driver_id,
        transfer_id=f"pay:{paid.payment_no}",
        amount_fen=paid.paid_fen,
        gift_fen=paid.gift_fen,
        gift_from=paid.operator_id,
        memo=paid.payment_no,
    )
    await wallet.pay_in(uow, command)
    paid = msgspec.structs.replace(paid, credited_at_ms=uow.now_ms)
    if paid.purpose is Purpose.PREPAYMENT:
        paid = await _hold(uow, paid)
    saved = await sql.save(uow, before, paid)
    event = PaymentPaid(
        payment_no=paid.payment_no, driver_id=paid.driver_id, purpose=paid.purpose, amount_fen=paid.paid_fen
    )
    uow.publish(event, key=f"driver:{paid.driver_id}")
    show(uow, saved)
    facts = {"payment_no": paid.payment_no, "amount_fen": paid.paid_fen}
    drivers.notice(uow, paid.driver_id, "payment_done", facts)
    return saved


async def _hold(uow: UnitOfWork, paid: Payment) -> Payment:
    """What a debt has taken of a prepayment cannot be held any more; an order has to do with the rest."""
    balance = await wallet.balance(uow, paid.driver_id)
    held_fen = min(paid.paid_fen, balance.refundable_fen)
    if held_fen > 0:
        hold = Hold(hold_id=paid.hold_id, driver_id=paid.driver_id, amount_fen=held_fen, reason="prepayment")
        await wallet.hold(uow, hold)
    return msgspec.structs.replace(
        paid, bound=True, held_fen=max(held_fen, 0), due_at_ms=uow.now_ms + uow.options.payments.unused_s * 1000
    )


async def closed(uow: UnitOfWork, payment_no: str, *, reason: str) -> Payment | None:
    """The provider has made sure that it cannot be paid any more."""
    payment = await sql.find(uow, payment_no)
    state = model.after(payment.state, Fact.CLOSED) if payment is not None else None
    if payment is None or state is None or state is payment.state:
        return payment
    moved = msgspec.structs.replace(payment, state=state, ended_at_ms=uow.now_ms, due_at_ms=None, client={})
    saved = await sql.save(uow, payment, moved)
    sql.note(uow, payment_no, "closed", reason=reason)
    show(uow, saved)
    return saved


async def close_answered(uow: UnitOfWork, payment_no: str, outcome: CloseOutcome) -> None:
    """Closing was answered: closed, or paid after all and to be asked for at once."""
    if outcome is CloseOutcome.CLOSED:
        await closed(uow, payment_no, reason="expired")
        return
    payment = await sql.find(uow, payment_no)
    if payment is not None and payment.state in model.WAITING:
        await sql.put_off(uow, payment, uow.now_ms)


async def trouble(uow: UnitOfWork, payment: Payment, kind: CaseKind, **facts: str) -> None:
    """Something is wrong with a payment: a case for people."""
    facts = {"amount_fen": str(payment.amount_fen), **facts}
    found = Trouble(payment.operator_id, payment.channel, kind, payment.payment_no, facts=facts)
    await service_cases.open_case(uow, found)


def show(uow: UnitOfWork, payment: Payment) -> None:
    """Patch the state of a driver's app: payments that wait are in it, others are not."""
    shown = views.for_driver(payment) if payment.state in model.WAITING else None
    drivers.patch_state(uow, payment.driver_id, {"payments": {payment.payment_no: shown}})
