"""Refunds as WeChat Pay keeps them: accepted, then in progress, then ended one way or another."""

from msgspec import UNSET

from chargecloud.fake_wechat.bodies import RefundBody, fingerprint
from chargecloud.fake_wechat.payments import PAID_STATES, find, find_transaction
from chargecloud.fake_wechat.refusal import Refusal
from chargecloud.fake_wechat.world import Order, RefundRecord, World
from chargecloud.kernel.clock import local_time

MAX_PARTS = 50
WITHIN_MS = 365 * 86_400_000
ACCOUNT = "支付用户零钱"
ENDS = ("SUCCESS", "CLOSED", "ABNORMAL")


def ask(world: World, body: RefundBody) -> tuple[RefundRecord, bool]:
    """The refund, and whether it is new. The same number with the same content gives the same refund again."""
    known = world.refunds.get(body.refund_no)
    if known is not None:
        if known.fingerprint != fingerprint(body):
            raise Refusal(400, "INVALID_REQUEST", "订单金额或退款金额与之前请求不一致，请核实后再试")
        return known, False
    order = _order(world, body)
    _check(world, order, body)
    now_ms = world.now_ms()
    refund = RefundRecord(
        refund_no=body.refund_no,
        refund_id=f"50000{local_time(now_ms):%Y%m%d}{world.number():016d}",
        order=order,
        amount_fen=body.amount.refund,
        notify_url="" if body.notify_url is UNSET else str(body.notify_url),
        fingerprint=fingerprint(body),
        created_at_ms=now_ms,
    )
    order.refunds.append(refund)
    order.state = "REFUND"
    world.refunds[body.refund_no] = refund
    if world.merchant_fen is not None:
        world.merchant_fen -= refund.amount_fen
    return refund, True


def _order(world: World, body: RefundBody) -> Order:
    if (body.payment_no is UNSET) is (body.transaction_id is UNSET):
        raise Refusal(400, "PARAM_ERROR", "transaction_id 与 out_trade_no 二选一")
    try:
        by_number = body.transaction_id is UNSET
        return find(world, str(body.payment_no)) if by_number else find_transaction(world, str(body.transaction_id))
    except Refusal:
        raise Refusal(404, "RESOURCE_NOT_EXISTS", "订单不存在") from None


def _check(world: World, order: Order, body: RefundBody) -> None:
    if order.state not in PAID_STATES or order.paid_at_ms is None:
        raise Refusal(400, "INVALID_REQUEST", "订单未支付，不能退款")
    if body.amount.total != order.amount_fen:
        raise Refusal(400, "INVALID_REQUEST", "订单金额或退款金额与之前请求不一致，请核实后再试")
    if world.now_ms() - order.paid_at_ms > WITHIN_MS:
        raise Refusal(400, "INVALID_REQUEST", "订单已超过可退款的最大期限")
    if len(order.refunds) >= MAX_PARTS:
        raise Refusal(400, "INVALID_REQUEST", "订单退款次数已达 50 次")
    if body.amount.refund > order.rest_fen:
        raise Refusal(400, "INVALID_REQUEST", "申请退款金额大于订单剩余可退金额")
    if world.merchant_fen is not None and world.merchant_fen < body.amount.refund:
        raise Refusal(403, "NOT_ENOUGH", "基本账户余额不足，请充值后重新发起")


def find_refund(world: World, refund_no: str) -> RefundRecord:
    """By the merchant's number."""
    refund = world.refunds.get(refund_no)
    if refund is None:
        raise Refusal(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
    return refund


def end(world: World, refund: RefundRecord, state: str) -> bool:
    """From progress to one of the three ends; False when it has ended before."""
    if refund.state != "PROCESSING" or state not in ENDS:
        return False
    refund.state, refund.ended_at_ms = state, world.now_ms()
    if state == "CLOSED" and world.merchant_fen is not None:
        world.merchant_fen += refund.amount_fen
    person = world.by_openid(refund.order.appid, refund.order.openid)
    if state == "SUCCESS" and person is not None:
        person.balance_fen += refund.amount_fen
    return True


def view(refund: RefundRecord) -> dict[str, object]:
    """As answers show it."""
    return {**_common(refund), "status": refund.state, "create_time": _time(refund.created_at_ms)}


def notice_view(world: World, refund: RefundRecord) -> dict[str, object]:
    """As a notice shows it."""
    return {**_common(refund), "mchid": world.keys.mchid, "refund_status": refund.state}


def _common(refund: RefundRecord) -> dict[str, object]:
    order = refund.order
    said: dict[str, object] = {
        "refund_id": refund.refund_id,
        "out_refund_no": refund.refund_no,
        "transaction_id": order.transaction_id,
        "out_trade_no": order.payment_no,
        "channel": "ORIGINAL",
        "user_received_account": ACCOUNT,
        "funds_account": "AVAILABLE",
        "promotion_detail": [],
        "amount": {
            "total": order.amount_fen,
            "refund": refund.amount_fen,
            "payer_total": order.amount_fen,
            "payer_refund": refund.amount_fen,
            "settlement_total": order.amount_fen,
            "settlement_refund": refund.amount_fen,
            "discount_refund": 0,
            "currency": "CNY",
        },
    }
    if refund.state == "SUCCESS" and refund.ended_at_ms is not None:
        said["success_time"] = _time(refund.ended_at_ms)
    return said


def _time(at_ms: int) -> str:
    return local_time(at_ms).isoformat(timespec="seconds")
