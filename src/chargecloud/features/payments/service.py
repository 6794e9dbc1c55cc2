"""Use cases of payments: make one, announce it, bind it to an order, and what staff decide; each in the caller's unit.

What comes from the provider is in `service_credit.py`, refunds are in `service_refund.py`, and `service_desk.py` asks
the provider between units of work.
"""

import hashlib

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.drivers import service as drivers
from chargecloud.features.operators.messages import DEFAULT_OPERATOR_ID
from chargecloud.features.payments import model, service_cases, service_credit, sql, views
from chargecloud.features.payments.channels.contract import ChargeRequest, ClientAction, ProviderPayment
from chargecloud.features.payments.messages import (
    CaseKind,
    Payment,
    PaymentReady,
    PaymentState,
    Purpose,
    RefundKind,
)
from chargecloud.features.payments.model import Fact
from chargecloud.features.payments.service_refund import PayBack, pay_back
from chargecloud.features.wallet import service as wallet
from chargecloud.features.wallet.messages import Release
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.clock import from_local, local_time
from chargecloud.kernel.errors import Conflict, Invalid, NotFound, Refused, TooMany
from chargecloud.kernel.ids import new_order_no
from chargecloud.kernel.money import yuan_text


class NewPayment(msgspec.Struct, frozen=True, kw_only=True):
    """A driver's wish to pay: by a plan, or so much; the key makes repeating it harmless."""

    driver_id: int
    channel: str
    purpose: Purpose = Purpose.TOP_UP
    plan_id: int | None = None
    amount_fen: int | None = None
    place: str = ""
    payer_id: str = ""
    request_key: str


class NewPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A sum to offer for top-ups, with what comes on top."""

    operator_id: int
    name: str
    amount_fen: int
    gift_fen: int = 0
    valid_from_ms: int = 0
    valid_until_ms: int | None = None
    max_per_driver: int = 0
    """0: as often as they like."""
    rank: int = 0
    by: str = ""


async def create(uow: UnitOfWork, new: NewPayment) -> Payment:
    """Write a payment down before the provider hears of it; the same request again gives the same payment."""
    request_key = f"{new.driver_id}:{new.request_key}"
    wanted = msgspec.structs.replace(new, payer_id="")
    digest = hashlib.sha256(msgspec.json.encode(wanted)).hexdigest()
    known = await sql.by_request(uow, request_key)
    if known is not None:
        if known[1] != digest:
            raise Refused("同一 Idempotency-Key 已用于另一个请求，请换一个", "idempotency_mismatch")
        return known[0]
    driver = await drivers.driver(uow, new.driver_id)
    if driver.frozen:
        raise Refused("账户已被冻结", "driver_frozen", driver_id=driver.driver_id)
    operator_id = driver.operator_id or DEFAULT_OPERATOR_ID
    amount_fen, gift_fen = await _sum(uow, new, operator_id)
    await _within_limits(uow, new, amount_fen)
    expires_at_ms = uow.now_ms + uow.options.payments.expire_s * 1000
    payment = Payment(
        payment_no=f"P{new_order_no(uow.now_ms)}",
        driver_id=driver.driver_id,
        operator_id=operator_id,
        channel=new.channel,
        purpose=new.purpose,
        plan_id=new.plan_id,
        amount_fen=amount_fen,
        gift_fen=gift_fen,
        payer_id=new.payer_id,
        place=new.place,
        state=PaymentState.CREATED,
        created_at_ms=uow.now_ms,
        expires_at_ms=expires_at_ms,
        due_at_ms=expires_at_ms,
    )
    await sql.add(uow, payment, request_key=request_key, request_digest=digest)
    sql.note(uow, payment.payment_no, "created", amount_fen=amount_fen, gift_fen=gift_fen)
    return payment


async def _sum(uow: UnitOfWork, new: NewPayment, operator_id: int) -> tuple[int, int]:
    """What is to be paid and what comes on top; computed here, never told by a client."""
    if (new.plan_id is None) == (new.amount_fen is None):
        raise Invalid("plan_id 与 amount_fen 须且只能填一个", "plan_or_amount", field="plan_id")
    if new.plan_id is None:
        return new.amount_fen or 0, 0
    if new.purpose is Purpose.PREPAYMENT:
        raise Invalid("预付单笔订单时请填 amount_fen", "plan_or_amount", field="plan_id")
    plan = await views.plan(uow.connection, new.plan_id)
    if plan is None or plan.operator_id != operator_id or not plan.offered_at(uow.now_ms):
        raise Refused("该充值方案不存在或已停用", "plan_not_offered", plan_id=new.plan_id)
    if plan.max_per_driver and await sql.plan_uses(uow, new.driver_id, plan.id) >= plan.max_per_driver:
        raise Refused(
            f"该方案每人限 {plan.max_per_driver} 次", "plan_used_up", plan_id=plan.id, most=plan.max_per_driver
        )
    return plan.amount_fen, plan.gift_fen


async def _within_limits(uow: UnitOfWork, new: NewPayment, amount_fen: int) -> None:
    """Sums and numbers that keep mistakes and fraud small."""
    limits = uow.options.payments
    if not limits.min_fen <= amount_fen <= limits.max_fen:
        raise Refused(
            f"单笔金额须在 {yuan_text(limits.min_fen)} 至 {yuan_text(limits.max_fen)} 元之间",
            "payment_amount",
            amount_fen=amount_fen,
            least_fen=limits.min_fen,
            most_fen=limits.max_fen,
        )
    paid_fen, waiting = await sql.made_since(uow, new.driver_id, midnight_ms(uow.now_ms))
    if paid_fen + amount_fen > limits.day_max_fen:
        raise Refused(
            f"每日充值上限 {yuan_text(limits.day_max_fen)} 元", "payment_day_limit",
            paid_today_fen=paid_fen, most_fen=limits.day_max_fen,
        )  # fmt: skip
    if waiting >= limits.max_waiting:
        raise TooMany(
            "待支付的单据过多，请先完成或等待其关闭", "payments_waiting", most=limits.max_waiting, retry_after_s=60
        )
    if new.purpose is Purpose.PREPAYMENT:
        balance = await wallet.balance(uow, new.driver_id)
        if balance.arrears_fen:
            raise Refused("有未结清的欠费，请先充值", "arrears", arrears_fen=balance.arrears_fen)


def midnight_ms(now_ms: int) -> int:
    """When the Beijing day began."""
    return from_local(local_time(now_ms).replace(hour=0, minute=0, second=0, microsecond=0))


def charge_request(payment: Payment) -> ChargeRequest:
    """What the channel is asked for a payment: the same every time."""
    return ChargeRequest(
        payment_no=payment.payment_no,
        amount_fen=payment.amount_fen,
        description="充电预付" if payment.purpose is Purpose.PREPAYMENT else "充电钱包充值",
        payer_id=payment.payer_id,
        expires_at_ms=payment.expires_at_ms,
    )


async def announced(uow: UnitOfWork, payment_no: str, action: ClientAction) -> Payment:
    """The provider waits for the payer, whose program is told how to go on."""
    payment = await payment_of(uow, payment_no)
    state = model.after(payment.state, Fact.ANNOUNCED)
    if state is None:
        return payment  # paid or closed meanwhile
    moved = msgspec.structs.replace(
        payment,
        state=state,
        client=action.fields,
        reference=action.reference,
        due_at_ms=model.next_look_ms(payment, uow.now_ms),
    )
    saved = await sql.save(uow, payment, moved)
    if payment.state is PaymentState.CREATED:
        sql.note(uow, payment_no, "announced", reference=action.reference)
    event = PaymentReady(
        payment_no=payment_no, driver_id=payment.driver_id, channel=payment.channel, client=action.fields
    )
    uow.publish(event, key=f"driver:{payment.driver_id}")
    drivers.push(uow, payment.driver_id, "wx_requestPayment", {**action.fields, "payment_no": payment_no})
    service_credit.show(uow, saved)
    return saved


async def not_announced(uow: UnitOfWork, payment_no: str, reason: str) -> None:
    """The provider refused for good: the payment is over before it began."""
    await service_credit.closed(uow, payment_no, reason=reason)


async def payment_of(uow: UnitOfWork, payment_no: str, *, driver_id: int | None = None) -> Payment:
    """A payment, or NotFound; a driver sees only its own."""
    found = await sql.find(uow, payment_no)
    if found is None or driver_id not in (None, found.driver_id):
        raise unknown(payment_no)
    return found


def unknown(payment_no: str) -> NotFound:
    """No such payment, or not for the one who asks."""
    return NotFound(f"没有支付单 {payment_no}", "payment_unknown", payment_no=payment_no)


def place_of(charge_point_code: str, connector_no: int) -> str:
    """The connector a prepayment is for."""
    return f"{charge_point_code}/{connector_no}"


async def claim(uow: UnitOfWork, payment_no: str, *, driver_id: int, order_no: str, place: str) -> int:
    """Give a prepayment's money to one order: what was held is free in this transaction, to be held by the order.

    How much it is. Refused unless it is paid, the driver's, for this connector, and not used by another order.
    """
    payment = await payment_of(uow, payment_no, driver_id=driver_id)
    if payment.purpose is not Purpose.PREPAYMENT:
        raise Refused("该支付单是充值，不是订单预付", "not_a_prepayment", payment_no=payment_no)
    if payment.order_no is not None:
        raise Conflict("该预付已用于另一订单", "prepayment_used", payment_no=payment_no, order_no=payment.order_no)
    if payment.place != place:
        raise Refused(
            "该预付用于另一把枪；未使用的预付会自动退回",
            "prepayment_elsewhere",
            payment_no=payment_no,
            place=payment.place,
        )
    if payment.state is not PaymentState.PAID or not payment.held_fen:
        raise Refused("预付尚未到账，或已退回", "prepayment_not_ready", payment_no=payment_no, state=payment.state)
    await wallet.release(uow, Release(hold_id=payment.hold_id, reason="order"))
    moved = msgspec.structs.replace(payment, order_no=order_no, held_fen=0, due_at_ms=None)
    await sql.save(uow, payment, moved)
    sql.note(uow, payment_no, "claimed", order_no=order_no)
    return payment.held_fen


async def order_over(uow: UnitOfWork, order_no: str, *, charged_fen: int) -> str | None:
    """An order is settled or came to nothing: what its prepayment did not pay for goes back the way it came.

    The number of the refund, None when there is nothing to give back or it was given before.
    """
    payment = await sql.of_order(uow, order_no)
    if payment is None or not payment.bound:
        return None
    payment = await sql.save(uow, payment, msgspec.structs.replace(payment, bound=False))
    back = PayBack(
        kind=RefundKind.REST, amount_fen=payment.rest_fen - charged_fen, reason="订单预付余款退回", by="system"
    )
    return await pay_back(uow, payment, back)


async def unused(uow: UnitOfWork, payment_no: str) -> str | None:
    """No order came for a prepayment: all of it goes back."""
    payment = await payment_of(uow, payment_no)
    if not payment.bound or payment.order_no is not None:
        return None
    if payment.held_fen:
        await wallet.release(uow, Release(hold_id=payment.hold_id, reason="unused"))
    moved = msgspec.structs.replace(payment, held_fen=0, due_at_ms=None, bound=False)
    payment = await sql.save(uow, payment, moved)
    back = PayBack(kind=RefundKind.UNUSED, amount_fen=payment.rest_fen, reason="预付未使用退回", by="system")
    return await pay_back(uow, payment, back)


async def accept(uow: UnitOfWork, payment_no: str, evidence: ProviderPayment, *, by: str, reason: str) -> Payment:
    """Staff credit what was really paid of a payment in quarantine; a gift only when the sum was the agreed one."""
    payment = await payment_of(uow, payment_no)
    state = model.after(payment.state, Fact.ACCEPTED)
    if state is None:
        raise Refused("支付单不在隔离状态", "payment_not_quarantined", payment_no=payment_no, state=payment.state)
    if not evidence.transaction_id or evidence.currency != "CNY" or evidence.amount_fen < 1:
        raise Refused("支付渠道没有给出可入账的金额", "payment_not_creditable", payment_no=payment_no)
    other = await sql.of_transaction(uow, payment.channel, evidence.transaction_id)
    if other not in (None, payment_no):
        raise Conflict("该渠道流水已属于另一支付单", "transaction_taken", payment_no=other)
    moved = msgspec.structs.replace(
        payment,
        state=state,
        paid_fen=evidence.amount_fen,
        gift_fen=payment.gift_fen if evidence.amount_fen == payment.amount_fen else 0,
        transaction_id=evidence.transaction_id,
    )
    sql.note(uow, payment_no, "accepted", by=by, reason=reason, paid_fen=evidence.amount_fen)
    await service_cases.decided(uow, payment_no, [CaseKind.QUARANTINED], by=by, reason=reason)
    return await service_credit.enter(uow, payment, moved)


async def dismiss(uow: UnitOfWork, payment_no: str, *, by: str, reason: str) -> Payment:
    """Staff say that nothing is to be credited: it was settled with the payer by another way."""
    payment = await payment_of(uow, payment_no)
    state = model.after(payment.state, Fact.DISMISSED)
    if state is None:
        raise Refused("支付单不在隔离状态", "payment_not_quarantined", payment_no=payment_no, state=payment.state)
    moved = msgspec.structs.replace(
        payment, state=state, ended_at_ms=uow.now_ms, flags=model.merged(payment.flags, "dismissed")
    )
    sql.note(uow, payment_no, "dismissed", by=by, reason=reason)
    await service_cases.decided(uow, payment_no, [CaseKind.QUARANTINED], by=by, reason=reason)
    return await sql.save(uow, payment, moved)


async def add_plan(uow: UnitOfWork, new: NewPlan) -> int:
    """Offer a sum for top-ups. Refused "plan_generous" when more comes on top than is paid."""
    limits = uow.options.payments
    if not limits.min_fen <= new.amount_fen <= limits.max_fen:
        raise Refused("方案金额超出单笔支付限额", "payment_amount", amount_fen=new.amount_fen)
    if new.gift_fen > new.amount_fen:
        raise Refused("赠送金额不能超过充值金额", "plan_generous", gift_fen=new.gift_fen)
    if new.valid_until_ms is not None and new.valid_until_ms <= max(new.valid_from_ms, uow.now_ms):
        raise Invalid("有效期须晚于开始时间和现在", "plan_validity", field="valid_until")
    values = msgspec.structs.asdict(new)
    values["created_by"] = values.pop("by")
    return await sql.add_plan(uow, {**values, "created_at_ms": uow.now_ms})


async def end_plan(uow: UnitOfWork, plan_id: int, operator_id: int) -> None:
    """Offer it no more; payments made under it keep their gift."""
    if not await sql.end_plan(uow, plan_id, operator_id):
        raise NotFound(f"没有在用的充值方案 {plan_id}", "plan_unknown", plan_id=plan_id)


async def has_payments(connection: AsyncConnection, driver_id: int) -> bool:
    """Whether anything of payments hangs on a driver."""
    return bool(await views.payments_of(connection, views.PaymentFilter(driver_id=driver_id), before_no=None, limit=1))


def forbid_foreign(payment: Payment, operator_id: int | None) -> Payment:
    """Staff of one operator do not see the payments of another's drivers."""
    if operator_id not in (None, payment.operator_id):
        raise unknown(payment.payment_no)
    return payment


async def to_do(connection: AsyncConnection, operator_id: int) -> tuple[int, int]:
    """How many cases are open, and how many refunds have not come to their end."""
    return await views.to_do(connection, operator_id)


async def open_in_bill(connection: AsyncConnection, operator_id: int, channel: str, day: str) -> int:
    """How many differences of a bill an operator has not decided yet."""
    return await views.open_in_bill(connection, operator_id, channel, day)
