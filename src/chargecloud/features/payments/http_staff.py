"""Payments, refunds, plans and notices over the API, for staff: what finance looks at and decides."""

from typing import Annotated, cast

import msgspec
from fastapi import APIRouter, Depends, Path, Query
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import Response

from chargecloud.features.operators import service as operators
from chargecloud.features.operators.messages import DEFAULT_OPERATOR_ID
from chargecloud.features.payments import service, service_desk, service_refund, sql_refunds, views
from chargecloud.features.payments.channels.catalog import Channels
from chargecloud.features.payments.http_models import (
    AbnormalIn,
    NoticeOut,
    PaymentDetailOut,
    PaymentNoteOut,
    PaymentRefundIn,
    QuarantineIn,
    StaffPaymentOut,
    StaffRefundOut,
    StaffTopUpPlanOut,
    TopUpPlanIn,
    staff_values,
)
from chargecloud.features.payments.http_spans import AnySpan, ChannelQuery, PaymentSpan, RefundSpan
from chargecloud.features.payments.messages import PaymentState, Purpose, RefundKind, Standing
from chargecloud.features.payments.service import NewPlan
from chargecloud.features.payments.service_desk import Desk
from chargecloud.features.payments.service_refund import PayBack
from chargecloud.features.payments.views import NoticeFilter, PaymentFilter, RefundFilter
from chargecloud.infra.http.auth import Principal, require
from chargecloud.infra.http.context import Db
from chargecloud.infra.http.idempotency import OnceOnly
from chargecloud.infra.http.model import Id
from chargecloud.infra.http.paging import Page, Pages
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.errors import NotFound

staff_routes = APIRouter()
Reader = Annotated[Principal, Depends(require("wallets.read"))]
Writer = Annotated[Principal, Depends(require("wallets.write"))]
PaymentNo = Annotated[str, Path(pattern=r"^P[0-9]{22}$")]
PartNo = Annotated[str, Path(pattern=r"^R[0-9]{22}-[0-9]{1,3}$")]


@staff_routes.get("/top-up-plans", operation_id="listAllTopUpPlans", summary="充值方案列表")
async def list_plans(reader: Reader, db: Db) -> list[StaffTopUpPlanOut]:
    """Every plan that was ever offered, those of today first by rank."""
    async with db.read() as connection:
        found = await views.plans_of(connection, reader.operator_id, offered_at_ms=None)
    return [StaffTopUpPlanOut.of(plan) for plan in found]


@staff_routes.post("/top-up-plans", operation_id="addTopUpPlan", status_code=201, summary="新增充值方案")
async def add_plan(body: TopUpPlanIn, writer: Writer, db: Db) -> StaffTopUpPlanOut:
    """Offer a sum for top-ups, with what comes on top."""
    async with db.unit() as uow:
        new = NewPlan(
            operator_id=writer.operator_id or DEFAULT_OPERATOR_ID,
            name=body.name,
            amount_fen=body.amount_fen,
            gift_fen=body.gift_fen,
            valid_from_ms=body.valid_from or uow.now_ms,
            valid_until_ms=body.valid_until,
            max_per_driver=body.max_per_driver,
            rank=body.rank,
            by=f"staff:{writer.id}",
        )
        plan_id = await service.add_plan(uow, new)
        facts = {"amount_fen": body.amount_fen, "gift_fen": body.gift_fen, "name": body.name}
        operators.audit(uow, writer, "top_up_plan.add", f"top_up_plan:{plan_id}", facts)
        found = await views.plan(uow.connection, plan_id)
    if found is None:
        raise NotFound(f"没有充值方案 {plan_id}", "plan_unknown", plan_id=plan_id)
    return StaffTopUpPlanOut.of(found)


@staff_routes.delete("/top-up-plans/{plan_id}", operation_id="endTopUpPlan", status_code=204, summary="停用充值方案")
async def end_plan(plan_id: Id, writer: Writer, db: Db) -> None:
    """Offer it no more; what was paid under it keeps its gift."""
    async with db.unit() as uow:
        await service.end_plan(uow, plan_id, writer.operator_id or DEFAULT_OPERATOR_ID)
        operators.audit(uow, writer, "top_up_plan.end", f"top_up_plan:{plan_id}")


def _filter(
    span: PaymentSpan,
    state: Annotated[PaymentState | None, Query(description="状态")] = None,
    channel: ChannelQuery = "",
    purpose: Annotated[Purpose | None, Query(description="用途")] = None,
    order_no: Annotated[str, Query(pattern=r"^[0-9]{0,32}$")] = "",
    transaction_id: Annotated[str, Query(max_length=64, description="渠道流水号")] = "",
) -> PaymentFilter:
    return PaymentFilter(
        state=state.value if state else "",
        channel=channel,
        purpose=purpose.value if purpose else "",
        order_no=order_no,
        transaction_id=transaction_id,
        span=span,
    )


@staff_routes.get("/payments", operation_id="listPayments", summary="支付单列表")
async def list_payments(
    reader: Reader,
    wanted: Annotated[PaymentFilter, Depends(_filter)],
    db: Db,
    pages: Pages,
    driver_id: Annotated[Id | None, Query()] = None,
) -> Page[StaffPaymentOut]:
    """Payments of the operator's drivers, newest first."""
    wanted = msgspec.structs.replace(wanted, operator_id=reader.operator_id, driver_id=driver_id)
    async with db.read() as connection:
        rows = await views.payments_of(connection, wanted, before_no=pages.before_text, limit=pages.fetch)
    shown, following = pages.page(rows, lambda row: row.payment_no)
    return Page(items=[StaffPaymentOut.of(row) for row in shown], next=following)


@staff_routes.get("/payments/{payment_no}", operation_id="getPayment", summary="支付单详情")
async def get_payment(payment_no: PaymentNo, reader: Reader, db: Db) -> PaymentDetailOut:
    """A payment with what happened to it and what it gave back."""
    return await _detail(db, payment_no, reader.operator_id)


async def _detail(db: Database, payment_no: str, operator_id: int | None) -> PaymentDetailOut:
    async with db.read() as connection:
        found = await views.payment(connection, payment_no)
        if found is None:
            raise service.unknown(payment_no)
        service.forbid_foreign(found, operator_id)
        events = await views.events_of(connection, payment_no)
        given = await views.refunds_of(connection, RefundFilter(payment_no=payment_no), before_no=None, limit=100)
    return PaymentDetailOut(
        **staff_values(found),
        events=[PaymentNoteOut.of(note) for note in events],
        refunds=[StaffRefundOut.of(each) for each in given],
    )


@staff_routes.post("/payments/{payment_no}/check", operation_id="checkPayment", summary="向支付渠道查询")
async def check_payment(payment_no: PaymentNo, writer: Writer, db: Db, request: Request) -> PaymentDetailOut:
    """Ask the provider how a payment stands, and take down what is said."""
    async with db.unit() as uow:
        payment = service.forbid_foreign(await service.payment_of(uow, payment_no), writer.operator_id)
        operators.audit(uow, writer, "payment.check", f"payment:{payment_no}")
    await service_desk.check(Desk(db, _channels(request)), payment)
    return await _detail(db, payment_no, writer.operator_id)


@staff_routes.post(
    "/payments/{payment_no}/refunds",
    operation_id="refundPayment",
    status_code=201,
    summary="按支付单退款",
    response_model=StaffRefundOut,
)
async def refund_payment(
    payment_no: PaymentNo, body: PaymentRefundIn, writer: Writer, once: OnceOnly, db: Db
) -> Response:
    """Give back a part of one payment, as far as the driver's wallet still has it."""
    async with db.unit() as uow:

        async def work() -> StaffRefundOut:
            payment = service.forbid_foreign(await service.payment_of(uow, payment_no), writer.operator_id)
            back = PayBack(
                kind=RefundKind.STAFF, amount_fen=body.amount_fen, reason=body.reason, by=f"staff:{writer.id}"
            )
            refund = await service_refund.refund_payment(uow, payment, back)
            facts = {"amount_fen": body.amount_fen, "reason": body.reason, "refund_no": refund.refund_no}
            operators.audit(uow, writer, "payment.refund", f"payment:{payment_no}", facts)
            return await _refund(uow.connection, refund.refund_no)

        return await once.answer(uow, writer, work, status=201)


async def _refund(connection: AsyncConnection, refund_no: str) -> StaffRefundOut:
    found = await views.refund(connection, refund_no)
    if found is None:
        raise NotFound(f"没有退款 {refund_no}", "refund_unknown", refund_no=refund_no)
    return StaffRefundOut.of(found)


@staff_routes.post("/payments/{payment_no}/decision", operation_id="decidePayment", summary="处理隔离的支付单")
async def decide_payment(
    payment_no: PaymentNo, body: QuarantineIn, writer: Writer, db: Db, request: Request
) -> PaymentDetailOut:
    """Credit what was really paid, as the provider says it now, or close the payment without a credit."""
    async with db.unit() as uow:
        payment = service.forbid_foreign(await service.payment_of(uow, payment_no), writer.operator_id)
    evidence = None
    if body.action == "accept":
        evidence = await _channels(request).named(payment.channel).query(payment_no)
    by = f"staff:{writer.id}"
    async with db.unit() as uow:
        if evidence is not None:
            await service.accept(uow, payment_no, evidence, by=by, reason=body.reason)
        else:
            await service.dismiss(uow, payment_no, by=by, reason=body.reason)
        operators.audit(uow, writer, f"payment.{body.action}", f"payment:{payment_no}", {"reason": body.reason})
    return await _detail(db, payment_no, writer.operator_id)


def _refund_filter(
    span: RefundSpan,
    kind: Annotated[RefundKind | None, Query(description="原因类别")] = None,
    standing: Annotated[Standing | None, Query(description="结果")] = None,
    channel: ChannelQuery = "",
    payment_no: Annotated[str, Query(pattern=r"^(P[0-9]{22})?$")] = "",
    driver_id: Annotated[Id | None, Query()] = None,
) -> RefundFilter:
    return RefundFilter(
        driver_id=driver_id,
        kind=kind.value if kind else "",
        standing=standing.value if standing else "",
        channel=channel,
        payment_no=payment_no,
        span=span,
    )


@staff_routes.get("/refunds", operation_id="listRefunds", summary="退款列表")
async def list_refunds(
    reader: Reader, wanted: Annotated[RefundFilter, Depends(_refund_filter)], db: Db, pages: Pages
) -> Page[StaffRefundOut]:
    """Refunds of the operator's drivers, newest first."""
    wanted = msgspec.structs.replace(wanted, operator_id=reader.operator_id)
    async with db.read() as connection:
        rows = await views.refunds_of(connection, wanted, before_no=pages.before_text, limit=pages.fetch)
    shown, following = pages.page(rows, lambda row: row.refund.refund_no)
    return Page(items=[StaffRefundOut.of(row) for row in shown], next=following)


@staff_routes.post("/refunds/{part_no}/decision", operation_id="decideRefund", summary="处理异常的退款")
async def decide_refund(part_no: PartNo, body: AbnormalIn, writer: Writer, db: Db) -> StaffRefundOut:
    """End a part that did not arrive: it was paid out by another way, or goes back into the wallet."""
    async with db.unit() as uow:
        part = await sql_refunds.find_part(uow, part_no)
        if part is None or writer.operator_id not in (None, part.operator_id):
            raise NotFound(f"没有退款 {part_no}", "refund_unknown", refund_no=part_no)
        await service_refund.decide(uow, part_no, paid_out=body.paid_out, by=f"staff:{writer.id}", reason=body.reason)
        facts = {"paid_out": body.paid_out, "reason": body.reason}
        operators.audit(uow, writer, "refund.decide", f"refund:{part_no}", facts)
        return await _refund(uow.connection, part.refund_no)


def _notice_filter(
    span: AnySpan,
    channel: ChannelQuery = "",
    event: Annotated[str, Query(pattern=r"^[A-Za-z_.]{0,64}$", description="事件，如 TRANSACTION.SUCCESS")] = "",
    outcome: Annotated[str, Query(pattern=r"^[a-z_]{0,32}$")] = "",
) -> NoticeFilter:
    return NoticeFilter(channel=channel, event=event, outcome=outcome, span=span)


@staff_routes.get("/payment-notices", operation_id="listPaymentNotices", summary="支付回调日志")
async def list_notices(
    reader: Reader, wanted: Annotated[NoticeFilter, Depends(_notice_filter)], db: Db, pages: Pages
) -> Page[NoticeOut]:
    """Proven notices and what became of them, newest first. They are the merchant account's, so for its operator."""
    if reader.operator_id not in (None, DEFAULT_OPERATOR_ID):
        return Page(items=[], next=None)
    async with db.read() as connection:
        rows = await views.notices_log(connection, wanted, before_id=pages.before_id, limit=pages.fetch)
    shown, following = pages.page(rows, lambda row: row.id)
    return Page(items=[NoticeOut.of(row) for row in shown], next=following)


def _channels(request: Request) -> Channels:
    return cast(Channels, request.app.state.channels)
