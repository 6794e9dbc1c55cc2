"""Giving money back: frozen at once, asked for by the job, ended by the provider's own word.

A part keeps its number for ever. An error is not a failure: before anything is given up the provider is asked what
became of it, and while a request may still be on its way nothing is given up at all.
"""

import msgspec

from chargecloud.features.drivers import service as drivers
from chargecloud.features.operators.messages import DEFAULT_OPERATOR_ID
from chargecloud.features.payments import model, service_cases, sql, sql_refunds
from chargecloud.features.payments.channels.contract import ProviderRefund, RefundRequest
from chargecloud.features.payments.messages import (
    CaseKind,
    PartState,
    Payment,
    Refund,
    RefundEnded,
    RefundKind,
    RefundPart,
    Standing,
)
from chargecloud.features.payments.model import Fact, PartFact, Share, Trouble
from chargecloud.features.wallet import service as wallet
from chargecloud.features.wallet.messages import Freeze, PayOut, Release
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import Conflict, Invalid, NotFound, Refused, TooMany
from chargecloud.kernel.ids import new_order_no
from chargecloud.kernel.money import yuan_text

DAY_MS = 86_400_000


class PayBack(msgspec.Struct, frozen=True, kw_only=True):
    """How much goes back, why, and who says so."""

    kind: RefundKind
    amount_fen: int
    reason: str
    by: str


async def refund_wallet(uow: UnitOfWork, driver_id: int, amount_fen: int | None) -> Refund:
    """A driver wants money back: so much, or all that can be. Frozen here and now, newest top-ups first."""
    if amount_fen is not None and amount_fen < 1:
        raise Invalid("退款金额须为正数", "invalid_amount", field="amount_fen")
    await _not_too_often(uow, driver_id)
    balance = await wallet.balance(uow, driver_id)
    if balance.arrears_fen:
        raise Refused("有未结清的欠费，不能退款", "arrears", arrears_fen=balance.arrears_fen)
    since_ms = uow.now_ms - uow.options.payments.refund_days * DAY_MS
    found = await sql.refundable(uow, driver_id, since_ms=since_ms, most=model.MAX_REFUNDS)
    wanted_fen = balance.refundable_fen if amount_fen is None else amount_fen
    shares = model.spread(found, wanted_fen, cash_fen=balance.refundable_fen, gift_fen=balance.gift_fen)
    most_fen = sum(share.amount_fen for share in shares)
    if not shares or (amount_fen is not None and most_fen < amount_fen):
        raise Refused(
            f"可原路退回 {yuan_text(most_fen)} 元；其余为赠送金、柜台充值、占用中的金额或已超过退款期限",
            "refund_too_much",
            refundable_fen=most_fen,
            available_fen=balance.available_fen,
        )
    back = PayBack(kind=RefundKind.WALLET, amount_fen=most_fen, reason="余额退款", by=f"driver:{driver_id}")
    return await _give_back(uow, driver_id, shares, back)


async def _not_too_often(uow: UnitOfWork, driver_id: int) -> None:
    most = uow.options.payments.refunds_a_day
    if await sql_refunds.count_since(uow, driver_id, RefundKind.WALLET, uow.now_ms - DAY_MS) >= most:
        raise TooMany(f"24 小时内最多申请 {most} 次退款", "refunds_a_day", most=most, retry_after_s=3_600)


async def quote(uow: UnitOfWork, driver_id: int) -> int:
    """What a driver could have back now."""
    balance = await wallet.balance(uow, driver_id)
    since_ms = uow.now_ms - uow.options.payments.refund_days * DAY_MS
    found = await sql.refundable(uow, driver_id, since_ms=since_ms, most=model.MAX_REFUNDS)
    cash_fen = 0 if balance.arrears_fen else balance.refundable_fen
    return sum(
        share.amount_fen for share in model.spread(found, cash_fen, cash_fen=cash_fen, gift_fen=balance.gift_fen)
    )


async def pay_back(uow: UnitOfWork, payment: Payment, back: PayBack) -> str | None:
    """One payment gives back up to so much, as far as the wallet still has it; the number, None for nothing."""
    balance = await wallet.balance(uow, payment.driver_id)
    share = model.share(payment, back.amount_fen, cash_fen=balance.refundable_fen, gift_fen=balance.gift_fen)
    if not share.amount_fen:
        return None
    exact = msgspec.structs.replace(back, amount_fen=share.amount_fen)
    return (await _give_back(uow, payment.driver_id, [share], exact)).refund_no


async def refund_payment(uow: UnitOfWork, payment: Payment, back: PayBack) -> Refund:
    """Staff give back a part of one payment, all that is asked for or nothing."""
    balance = await wallet.balance(uow, payment.driver_id)
    share = model.share(payment, back.amount_fen, cash_fen=balance.refundable_fen, gift_fen=balance.gift_fen)
    if payment.state not in model.CREDITED or share.amount_fen < back.amount_fen:
        raise Refused(
            f"该支付单最多可退 {yuan_text(share.amount_fen)} 元",
            "refund_too_much",
            refundable_fen=share.amount_fen,
            rest_fen=payment.rest_fen,
            available_fen=balance.available_fen,
        )
    return await _give_back(uow, payment.driver_id, [share], back)


async def _give_back(uow: UnitOfWork, driver_id: int, shares: list[Share], back: PayBack) -> Refund:
    """Reserve it at the payments, freeze it in the wallet and write it down, in one transaction."""
    driver = await drivers.driver(uow, driver_id)
    refund_no = f"R{new_order_no(uow.now_ms)}"
    made: list[RefundPart] = []
    for number, share in enumerate(shares, 1):
        due_at_ms = await sql_refunds.reserve(uow, share.payment, share.amount_fen, share.gift_fen)
        if due_at_ms is None:
            raise Conflict("支付单刚刚发生变化，请重试", "payment_changed", payment_no=share.payment.payment_no)
        part_no = f"{refund_no}-{number}"
        freeze = Freeze(
            hold_id=part_no,
            driver_id=driver_id,
            cash_fen=share.cash_fen,
            gift_fen=share.free_gift_fen,
            reason=back.reason,
        )
        await wallet.freeze(uow, freeze)
        made.append(_part(uow, refund_no, part_no, share, due_at_ms=due_at_ms))
        sql.note(uow, share.payment.payment_no, "refund_requested", part_no=part_no, amount_fen=share.amount_fen)
    refund = Refund(
        refund_no=refund_no,
        driver_id=driver_id,
        operator_id=driver.operator_id or DEFAULT_OPERATOR_ID,
        kind=back.kind,
        amount_fen=sum(part.amount_fen for part in made),
        gift_fen=sum(part.gift_fen for part in made),
        standing=Standing.OPEN,
        reason=back.reason,
        requested_by=back.by,
        requested_at_ms=uow.now_ms,
    )
    await sql_refunds.add(uow, refund, made)
    return refund


def _part(uow: UnitOfWork, refund_no: str, part_no: str, share: Share, *, due_at_ms: int) -> RefundPart:
    return RefundPart(
        part_no=part_no,
        refund_no=refund_no,
        payment_no=share.payment.payment_no,
        channel=share.payment.channel,
        driver_id=share.payment.driver_id,
        operator_id=share.payment.operator_id,
        amount_fen=share.amount_fen,
        gift_fen=share.gift_fen,
        state=PartState.REQUESTED,
        requested_at_ms=uow.now_ms,
        due_at_ms=due_at_ms,
    )


async def begin_try(uow: UnitOfWork, part: RefundPart) -> RefundRequest | None:
    """Count a try before it is made, and what is asked for; None when somebody else is at it."""
    steps = model.POLL_MS if part.state is PartState.PROCESSING else model.ASK_AGAIN_MS
    if not await sql_refunds.take(uow, part, uow.now_ms + model.step_of(steps, part.attempts)):
        return None
    payment = await sql.find(uow, part.payment_no, lock=False)
    if payment is None or payment.transaction_id is None:
        raise NotFound(f"没有支付单 {part.payment_no}", "payment_unknown", payment_no=part.payment_no)
    refund = await sql_refunds.find(uow, part.refund_no)
    return RefundRequest(
        refund_no=part.part_no,
        payment_no=part.payment_no,
        transaction_id=payment.transaction_id,
        amount_fen=part.amount_fen,
        total_fen=payment.paid_fen,
        reason=refund.reason if refund else "退款",
    )


async def asked(uow: UnitOfWork, part_no: str) -> None:
    """A request for this part is about to leave: from now on it may be carried out at any time."""
    part = await sql_refunds.find_part(uow, part_no)
    if part is not None and part.state not in model.PART_FINAL:
        await sql_refunds.change(uow, part, doubt_at_ms=uow.now_ms)


async def heard(uow: UnitOfWork, answer: ProviderRefund) -> bool:
    """The provider says how a part stands, by answer or notice; False when we have no such part."""
    part = await sql_refunds.find_part(uow, answer.refund_no)
    if part is None:
        return False
    fact = model.part_fact(answer.state)
    if answer.amount_fen and answer.amount_fen != part.amount_fen:
        await _trouble(uow, part, CaseKind.REFUND_AMOUNT, provider_fen=str(answer.amount_fen))
        return True
    await _move(uow, part, fact, provider_refund_id=answer.provider_refund_id, ended_at_ms=answer.finished_at_ms)
    return True


async def refused(uow: UnitOfWork, part_no: str, *, error: str, lasting: bool, doubt_at_ms: int | None) -> None:
    """The provider said no, and does not know this part. Given up only when no earlier request can still arrive.

    `doubt_at_ms`: when the last request before this one left that nobody answered.
    """
    part = await sql_refunds.find_part(uow, part_no)
    if part is None or part.state in model.PART_FINAL:
        return
    if lasting and (doubt_at_ms is None or uow.now_ms - doubt_at_ms >= model.LATE_MS):
        await _move(uow, part, PartFact.CLOSED, error=error)
        return
    await sql_refunds.change(uow, part, error=error[:200], doubt_at_ms=doubt_at_ms)
    await _look_whether_stuck(uow, part, error)


async def silent(uow: UnitOfWork, part_no: str, error: str) -> None:
    """No answer: it is asked about at the next try."""
    part = await sql_refunds.find_part(uow, part_no)
    if part is not None and part.state not in model.PART_FINAL:
        await sql_refunds.change(uow, part, error=error[:200])
        await _look_whether_stuck(uow, part, error)


async def _look_whether_stuck(uow: UnitOfWork, part: RefundPart, error: str) -> None:
    if uow.now_ms - part.requested_at_ms >= model.STUCK_MS:
        await _trouble(uow, part, CaseKind.REFUND_STUCK, error=error[:100])


async def decide(uow: UnitOfWork, part_no: str, *, paid_out: bool, by: str, reason: str) -> RefundPart:
    """Staff end a part that did not arrive: paid out by another way, or back in the wallet."""
    part = await sql_refunds.find_part(uow, part_no)
    if part is None:
        raise NotFound(f"没有退款 {part_no}", "refund_unknown", refund_no=part_no)
    if part.state is not PartState.ABNORMAL:
        raise Refused("只有异常的退款需要人工处理", "refund_not_abnormal", refund_no=part_no, state=part.state)
    sql.note(uow, part.payment_no, "refund_decided", part_no=part_no, paid_out=paid_out, by=by, reason=reason)
    await _move(uow, part, PartFact.HANDLED if paid_out else PartFact.CLOSED)
    await service_cases.decided(uow, part_no, [CaseKind.REFUND_ABNORMAL], by=by, reason=reason)
    return (await sql_refunds.find_part(uow, part_no)) or part


async def _move(
    uow: UnitOfWork,
    part: RefundPart,
    fact: PartFact,
    *,
    provider_refund_id: str = "",
    ended_at_ms: int | None = None,
    error: str = "",
) -> None:
    """Follow the table; the wallet and the payment follow in the same transaction, once."""
    state = model.part_after(part.state, fact)
    if state is None:
        if part.state is PartState.CLOSED and fact is not PartFact.CLOSED:
            await _trouble(uow, part, CaseKind.REFUND_AFTER_CLOSE, provider_refund_id=provider_refund_id)
        return
    values: dict[str, object] = {"state": state.value, "error": error[:200]}
    if provider_refund_id:
        values["provider_refund_id"] = provider_refund_id
    if state in model.PART_FINAL or state is PartState.ABNORMAL:
        values |= {"ended_at_ms": ended_at_ms or uow.now_ms, "due_at_ms": None}
    elif state is not part.state:
        values |= {"attempts": 0, "due_at_ms": uow.now_ms + model.POLL_MS[0]}
    if not await sql_refunds.change(uow, part, **values):
        raise Conflict("退款刚刚发生变化，请重试", "refund_changed", refund_no=part.part_no)
    if state is not part.state:
        sql.note(uow, part.payment_no, f"refund_{state.value}", part_no=part.part_no, error=error)
        await _follow(uow, part, state)


async def _follow(uow: UnitOfWork, part: RefundPart, state: PartState) -> None:
    if state is PartState.ABNORMAL:
        await _trouble(uow, part, CaseKind.REFUND_ABNORMAL)
    if state not in model.PART_FINAL:
        return
    await service_cases.decided(uow, part.part_no, [CaseKind.REFUND_STUCK], by="system", reason="退款已有结果")
    payment = await sql.find(uow, part.payment_no)
    if payment is None:
        return
    if state in model.PAID_OUT:
        out = PayOut(
            hold_id=part.part_no,
            transfer_id=f"{part.part_no}:out",
            amount_fen=part.amount_fen,
            gift_from=payment.operator_id,
            memo=part.part_no,
        )
        await wallet.pay_out(uow, out)
        await _count(uow, payment, part)
    else:
        await wallet.release(uow, Release(hold_id=part.part_no, reason="refund closed"))
        freed = msgspec.structs.replace(
            payment,
            returned_fen=payment.returned_fen - part.amount_fen,
            gift_back_fen=payment.gift_back_fen - part.gift_fen,
        )
        await sql.save(uow, payment, freed)
    await _look_whether_over(uow, part)


async def _count(uow: UnitOfWork, payment: Payment, part: RefundPart) -> None:
    """So much has arrived; the payment's state says whether that is all of it."""
    refunded_fen = payment.refunded_fen + part.amount_fen
    fact = Fact.ALL_RETURNED if refunded_fen == payment.paid_fen else Fact.PART_RETURNED
    state = model.after(payment.state, fact) or payment.state
    ended_at_ms = uow.now_ms if fact is Fact.ALL_RETURNED else payment.ended_at_ms
    moved = msgspec.structs.replace(payment, refunded_fen=refunded_fen, state=state, ended_at_ms=ended_at_ms)
    await sql.save(uow, payment, moved)


async def _look_whether_over(uow: UnitOfWork, part: RefundPart) -> None:
    every = await sql_refunds.parts_of(uow, part.refund_no)
    standing = model.standing([each.state for each in every])
    if standing is Standing.OPEN or not await sql_refunds.end(uow, part.refund_no, standing):
        return
    given_fen = sum(each.amount_fen for each in every if each.state in model.PAID_OUT)
    event = RefundEnded(refund_no=part.refund_no, driver_id=part.driver_id, standing=standing, amount_fen=given_fen)
    uow.publish(event, key=f"driver:{part.driver_id}")
    facts: dict[str, object] = {"refund_no": part.refund_no, "amount_fen": given_fen, "standing": standing.value}
    drivers.notice(uow, part.driver_id, "refund_done", facts)


async def _trouble(uow: UnitOfWork, part: RefundPart, kind: CaseKind, **facts: str) -> None:
    """Something is wrong with a refund: a case for people."""
    facts = {"payment_no": part.payment_no, "amount_fen": str(part.amount_fen), **facts}
    await service_cases.open_case(uow, Trouble(part.operator_id, part.channel, kind, part.part_no, facts=facts))
