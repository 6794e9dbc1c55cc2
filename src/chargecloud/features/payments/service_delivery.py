"""Telling WeChat that what was paid for has been delivered (发货信息录入).

WeChat holds the money of a trading mini program back until it has been told, payment by payment. A balance is
delivered the moment it is credited. Telling twice is harmless, so a payment is told first and noted afterwards;
nothing here touches the payment itself or its money.
"""

from typing import NamedTuple

import structlog

from chargecloud.features.payments import service, service_credit, sql, sql_delivery
from chargecloud.features.payments.messages import CaseKind, Payment
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.wechat.app import Shipped, WechatApp
from chargecloud.kernel.errors import ChargeCloudError, TooMany, Unavailable

log = structlog.get_logger("chargecloud.payments")

CHANNEL = "wechat"
SETTLES_MS = 60_000
"""A payment reaches the part of WeChat that wants to be told a little after it was paid."""
GIVE_UP_MS = 10 * 86_400_000
"""What WeChat has not taken by then is for people."""
WINDOW_MS = 2 * GIVE_UP_MS
CHUNK = 100
PATIENCE = 5
"""Payments in a row that could not be told, after which WeChat is taken to be away."""


class Counter(NamedTuple):
    """Where deliveries are told: a mini program, and the merchant its drivers pay."""

    app: WechatApp
    mchid: str


async def tell(database: Database, counter: Counter) -> int:
    """Tell of every payment that has not been told, if WeChat wants to know; how many it took."""
    async with database.unit() as uow:
        since_ms, until_ms = uow.now_ms - WINDOW_MS, uow.now_ms - SETTLES_MS
        waiting = await sql_delivery.untold(uow, CHANNEL, since_ms=since_ms, until_ms=until_ms, limit=CHUNK)
    if not waiting or not await counter.app.holds_payments_back():
        return 0
    done = failed = 0
    for payment in waiting:
        try:
            await counter.app.tell_shipped(_shipped(payment, counter.mchid, database.clock.now_ms()))
        except (Unavailable, TooMany) as error:
            log.warning("payments.delivery_untold", payment_no=payment.payment_no, code=error.code)
            if payment.paid_at_ms is not None and payment.paid_at_ms < until_ms - GIVE_UP_MS:
                await _refused(database, payment, error)
            failed += 1
            if failed == PATIENCE:
                break
        except ChargeCloudError as error:
            await _refused(database, payment, error)
        else:
            async with database.unit() as uow:
                if await sql_delivery.told(uow, payment.payment_no):
                    sql.note(uow, payment.payment_no, "delivery_told")
            done, failed = done + 1, 0
    return done


def _shipped(payment: Payment, mchid: str, at_ms: int) -> Shipped:
    item = service.charge_request(payment).description
    return Shipped(mchid=mchid, payment_no=payment.payment_no, openid=payment.payer_id, item=item, at_ms=at_ms)


async def _refused(database: Database, payment: Payment, error: ChargeCloudError) -> None:
    """WeChat said no and will again, or has not taken it for days: people have to look, in its console or ours."""
    said = str(error.facts.get("said", error.message))
    log.error("payments.delivery_refused", payment_no=payment.payment_no, code=error.code, said=said)
    async with database.unit() as uow:
        if await sql_delivery.told(uow, payment.payment_no):
            sql.note(uow, payment.payment_no, "delivery_refused", said=said)
            await service_credit.trouble(uow, payment, CaseKind.DELIVERY_REFUSED, said=said)
