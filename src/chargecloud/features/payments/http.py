"""Payments and refunds over the API, as drivers use them. What staff see is in `http_staff.py`."""

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Path
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import Response

from chargecloud.features.drivers import service as drivers
from chargecloud.features.operators.messages import DEFAULT_OPERATOR_ID
from chargecloud.features.payments import service, service_desk, service_refund, views
from chargecloud.features.payments.channels.catalog import Channels
from chargecloud.features.payments.http_cases import case_routes
from chargecloud.features.payments.http_models import PaymentIn, PaymentOut, RefundIn, RefundOut, TopUpPlanOut
from chargecloud.features.payments.http_notices import notice_routes
from chargecloud.features.payments.http_staff import staff_routes
from chargecloud.features.payments.messages import Purpose
from chargecloud.features.payments.service import NewPayment
from chargecloud.features.payments.service_desk import Desk
from chargecloud.features.payments.views import PaymentFilter, RefundFilter
from chargecloud.features.stations import service as stations
from chargecloud.infra.http.auth import CurrentDriver, Principal, presented_token
from chargecloud.infra.http.context import Db, Limits
from chargecloud.infra.http.idempotency import OnceOnly
from chargecloud.infra.http.model import ApiModel, Fen
from chargecloud.infra.http.paging import Page, Pages
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import Invalid, NotFound, Refused, TooMany

router = APIRouter(tags=["payments"])
CHECKS_A_MINUTE = 20
PaymentNo = Annotated[str, Path(pattern=r"^P[0-9]{22}$")]


def _channels(request: Request) -> Channels:
    return cast(Channels, request.app.state.channels)


OpenChannels = Annotated[Channels, Depends(_channels)]


class RefundQuoteOut(ApiModel):
    """What could be paid back now, by the way it came."""

    refundable_fen: Fen


@router.get("/driver/top-up-plans", operation_id="listTopUpPlans", summary="充值方案")
async def list_plans(driver: CurrentDriver, db: Db) -> list[TopUpPlanOut]:
    """Sums that are offered now, with what comes on top."""
    async with db.read() as connection:
        operator_id = driver.operator_id or DEFAULT_OPERATOR_ID
        found = await views.plans_of(connection, operator_id, offered_at_ms=db.clock.now_ms())
    return [TopUpPlanOut.of(plan) for plan in found]


@router.post(
    "/driver/payments", operation_id="createPayment", status_code=201, summary="发起支付", response_model=PaymentOut
)
async def create_payment(
    body: PaymentIn, request: Request, driver: CurrentDriver, once: OnceOnly, db: Db, channels: OpenChannels
) -> Response:
    """Write a payment down, announce it to the provider, and give what the payer's program needs.

    When the provider does not answer, the same request under the same key goes on with the same payment.
    """
    channels.named(body.channel)  # says what is missing before anything is written
    async with db.unit() as uow:
        kept = await once.kept(uow, driver)
        if kept is not None:
            return kept
        wanted = await _wanted(uow, body, driver, key=once.key, token=presented_token(request))
        payment = await service.create(uow, wanted)
    payment = await service_desk.charge(Desk(db, channels), payment)
    async with db.unit() as uow:
        return await once.keep(uow, driver, PaymentOut.of(payment), status=201)


async def _wanted(uow: UnitOfWork, body: PaymentIn, driver: Principal, *, key: str, token: str) -> NewPayment:
    payer_id = await drivers.payer_id(uow.connection, driver.id, body.channel, token=token, now_ms=uow.now_ms)
    if not payer_id:
        raise Refused("请先用该渠道的账号登录，再用它支付", "payer_unknown", channel=body.channel)
    place = ""
    if body.order is not None:
        charge_point = await stations.charge_point(uow, body.order.charge_point_code)
        place = service.place_of(charge_point.code, body.order.connector_no)
    return NewPayment(
        driver_id=driver.id,
        channel=body.channel,
        purpose=Purpose.TOP_UP if body.order is None else Purpose.PREPAYMENT,
        plan_id=body.plan_id,
        amount_fen=body.amount_fen,
        place=place,
        payer_id=payer_id,
        request_key=key,
    )


@router.get("/driver/payments", operation_id="listMyPayments", summary="我的支付单")
async def my_payments(driver: CurrentDriver, db: Db, pages: Pages) -> Page[PaymentOut]:
    """My payments, newest first."""
    wanted = PaymentFilter(driver_id=driver.id)
    async with db.read() as connection:
        rows = await views.payments_of(connection, wanted, before_no=pages.before_text, limit=pages.fetch)
    shown, following = pages.page(rows, lambda row: row.payment_no)
    return Page(items=[PaymentOut.of(row) for row in shown], next=following)


@router.get("/driver/payments/{payment_no}", operation_id="getMyPayment", summary="支付单详情")
async def my_payment(payment_no: PaymentNo, driver: CurrentDriver, db: Db) -> PaymentOut:
    """One of my payments, as far as is known here."""
    return await _shown(db, payment_no, driver.id)


@router.post("/driver/payments/{payment_no}/check", operation_id="checkMyPayment", summary="向支付渠道查询支付结果")
async def check_payment(
    payment_no: PaymentNo, driver: CurrentDriver, db: Db, channels: OpenChannels, limits: Limits
) -> PaymentOut:
    """Ask the provider whether it was paid; what the payer's program says proves nothing."""
    if not await limits.take(f"payment-check:{driver.id}", limit=CHECKS_A_MINUTE, window_s=60):
        raise TooMany("查询过于频繁，请稍后再试", "payment_checks", retry_after_s=60)
    async with db.unit() as uow:
        payment = await service.payment_of(uow, payment_no, driver_id=driver.id)
    await service_desk.check_waiting(Desk(db, channels), payment)
    return await _shown(db, payment_no, driver.id)


async def _shown(db: Database, payment_no: str, driver_id: int) -> PaymentOut:
    async with db.read() as connection:
        found = await views.payment(connection, payment_no)
    if found is None or found.driver_id != driver_id:
        raise service.unknown(payment_no)
    return PaymentOut.of(found)


@router.get("/driver/refunds/quote", operation_id="quoteRefund", summary="可退金额")
async def quote_refund(driver: CurrentDriver, db: Db) -> RefundQuoteOut:
    """What could be paid back now: free cash that came through a provider, less what goes back of gifts."""
    async with db.unit() as uow:
        return RefundQuoteOut(refundable_fen=await service_refund.quote(uow, driver.id))


@router.post(
    "/driver/refunds", operation_id="requestRefund", status_code=201, summary="余额退款", response_model=RefundOut
)
async def request_refund(body: RefundIn, driver: CurrentDriver, once: OnceOnly, db: Db) -> Response:
    """Have money back: frozen at once, given back by the way it came, newest top-ups first."""
    if (body.amount_fen is None) == (body.all is None):
        raise Invalid("amount_fen 与 all 须且只能填一个", "amount_or_all", field="amount_fen")
    async with db.unit() as uow:

        async def work() -> RefundOut:
            refund = await service_refund.refund_wallet(uow, driver.id, body.amount_fen)
            found = await views.refund(uow.connection, refund.refund_no)
            if found is None:
                raise _unknown_refund(refund.refund_no)
            return RefundOut.of(found)

        return await once.answer(uow, driver, work, status=201)


@router.get("/driver/refunds", operation_id="listMyRefunds", summary="我的退款")
async def my_refunds(driver: CurrentDriver, db: Db, pages: Pages) -> Page[RefundOut]:
    """My refunds with the state of each part, newest first."""
    wanted = RefundFilter(driver_id=driver.id)
    async with db.read() as connection:
        rows = await views.refunds_of(connection, wanted, before_no=pages.before_text, limit=pages.fetch)
    shown, following = pages.page(rows, lambda row: row.refund.refund_no)
    return Page(items=[RefundOut.of(row) for row in shown], next=following)


@router.get("/driver/refunds/{refund_no}", operation_id="getMyRefund", summary="退款详情")
async def my_refund(
    refund_no: Annotated[str, Path(pattern=r"^R[0-9]{22}$")], driver: CurrentDriver, db: Db
) -> RefundOut:
    """One of my refunds."""
    async with db.read() as connection:
        found = await views.refund(connection, refund_no)
    if found is None or found.refund.driver_id != driver.id:
        raise _unknown_refund(refund_no)
    return RefundOut.of(found)


def _unknown_refund(refund_no: str) -> NotFound:
    return NotFound(f"没有退款 {refund_no}", "refund_unknown", refund_no=refund_no)


async def driver_part(connection: AsyncConnection, driver_id: int) -> dict[str, object]:
    """Payments that wait to be paid, for the state of a driver's app."""
    return {each.payment_no: views.for_driver(each) for each in await views.waiting_of(connection, driver_id)}


DRIVER_PARTS = (drivers.DriverPart("payments", driver_part),)
DRIVER_HOLDINGS = (service.has_payments,)


router.include_router(staff_routes)
router.include_router(case_routes)
router.include_router(notice_routes)
