"""Orders as WeChat Pay keeps them: placed, asked for, paid in the cashier, closed. Plain functions over the world."""

import secrets
from datetime import datetime

from msgspec import UNSET, UnsetType

from chargecloud.fake_wechat.bodies import CloseBody, JsapiBody, fingerprint
from chargecloud.fake_wechat.refusal import Refusal, wrong_field
from chargecloud.fake_wechat.world import ORDER_FOR_MS, PREPAY_FOR_MS, Order, World
from chargecloud.kernel.clock import from_local, local_time

STATES = {
    "SUCCESS": "支付成功",
    "REFUND": "转入退款",
    "NOTPAY": "订单未支付",
    "CLOSED": "订单已关闭",
}
BANK = "OTHERS"
PAID_STATES = ("SUCCESS", "REFUND")


def place(world: World, body: JsapiBody) -> dict[str, object]:
    """A prepay_id. The same number with the same content gives one again; with other content it is refused."""
    _check_parties(world, body)
    expires_at_ms = _expiry(world, body.time_expire)
    known = world.orders.get(body.payment_no)
    if known is not None:
        return _again(world, known, fingerprint(body))
    now_ms = world.now_ms()
    order = Order(
        payment_no=body.payment_no,
        appid=body.appid,
        openid=body.payer.openid,
        amount_fen=body.amount.total,
        description=body.description,
        attach="" if body.attach is UNSET else str(body.attach),
        notify_url=body.notify_url,
        fingerprint=fingerprint(body),
        created_at_ms=now_ms,
        expires_at_ms=expires_at_ms,
        prepay_id=_prepay_id(now_ms),
        prepaid_at_ms=now_ms,
    )
    world.orders[body.payment_no] = order
    return {"prepay_id": order.prepay_id}


def _check_parties(world: World, body: JsapiBody) -> None:
    if body.mchid != world.keys.mchid:
        raise Refusal(400, "PARAM_ERROR", "商户号与签名的商户号不一致")
    if body.appid != world.keys.appid:
        raise Refusal(400, "APPID_MCHID_NOT_MATCH", "appid和mch_id不匹配，请检查后再试")
    if world.by_openid(body.appid, body.payer.openid) is None:
        raise Refusal(400, "PARAM_ERROR", "无效的openid，或appid和openid不匹配")


def _expiry(world: World, said: str | UnsetType) -> int:
    now_ms = world.now_ms()
    if said is UNSET or isinstance(said, UnsetType):
        return now_ms + ORDER_FOR_MS
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        raise wrong_field("/time_expire", "不是 RFC 3339 时间") from None
    if moment.tzinfo is None:
        raise wrong_field("/time_expire", "缺少时区，如 +08:00")
    at_ms = from_local(moment)
    if at_ms <= world.clock.signing_ms() or at_ms > now_ms + ORDER_FOR_MS:
        raise wrong_field("/time_expire", "须晚于当前时间，且在 7 天之内")
    return at_ms


def _again(world: World, order: Order, wanted: bytes) -> dict[str, object]:
    settle_expiry(world, order)
    if order.state in PAID_STATES:
        raise Refusal(400, "ORDERPAID", "该订单已支付")
    if order.state == "CLOSED":
        raise Refusal(400, "ORDER_CLOSED", "该订单已关闭")
    if order.fingerprint != wanted:
        raise Refusal(400, "INVALID_REQUEST", "请求重入时，参数与首次请求时不一致")
    if world.now_ms() - order.prepaid_at_ms >= PREPAY_FOR_MS:
        order.prepay_id, order.prepaid_at_ms = _prepay_id(world.now_ms()), world.now_ms()
    return {"prepay_id": order.prepay_id}


def _prepay_id(now_ms: int) -> str:
    return f"wx{local_time(now_ms):%d%H%M%S}{secrets.token_hex(12)}0000"


def settle_expiry(world: World, order: Order) -> None:
    """An unpaid order past its time is closed."""
    if order.state == "NOTPAY" and world.now_ms() >= order.expires_at_ms:
        order.state = "CLOSED"


def find(world: World, payment_no: str) -> Order:
    """By the merchant's number."""
    order = world.orders.get(payment_no)
    if order is None:
        raise Refusal(404, "ORDER_NOT_EXIST", "订单不存在")
    settle_expiry(world, order)
    return order


def find_transaction(world: World, transaction_id: str) -> Order:
    """By WeChat Pay's number."""
    order = next((each for each in world.orders.values() if each.transaction_id == transaction_id), None)
    if order is None or not transaction_id:
        raise Refusal(404, "ORDER_NOT_EXIST", "订单不存在")
    return order


def check_merchant(world: World, mchid: str) -> None:
    """Queries say whose order they mean."""
    if mchid != world.keys.mchid:
        raise Refusal(400, "PARAM_ERROR", "mchid 缺失，或与签名的商户号不一致")


def close(world: World, payment_no: str, body: CloseBody) -> None:
    """Nobody can pay it any more; may be repeated."""
    check_merchant(world, body.mchid)
    order = find(world, payment_no)
    if order.state in PAID_STATES:
        raise Refusal(400, "ORDERPAID", "该订单已支付")
    order.state = "CLOSED"


def pay(world: World, order: Order) -> None:
    """The driver has paid. The caller has checked that it may be."""
    now_ms = world.now_ms()
    order.state = "SUCCESS"
    order.paid_at_ms = now_ms
    order.transaction_id = f"42000{local_time(now_ms):%Y%m%d}{world.number():015d}"


def view(world: World, order: Order) -> dict[str, object]:
    """As a query or a notice shows it."""
    said: dict[str, object] = {
        "appid": order.appid,
        "mchid": world.keys.mchid,
        "out_trade_no": order.payment_no,
        "trade_state": order.state,
        "trade_state_desc": STATES[order.state],
        "promotion_detail": [],
        "attach": order.attach,
        "amount": {"total": order.amount_fen, "payer_currency": "CNY"},
    }
    if order.paid_at_ms is None:
        return said
    return said | {
        "transaction_id": order.transaction_id,
        "trade_type": "JSAPI",
        "bank_type": BANK,
        "success_time": local_time(order.paid_at_ms).isoformat(timespec="seconds"),
        "payer": {"openid": order.openid},
        "amount": {
            "total": order.amount_fen,
            "payer_total": order.amount_fen,
            "currency": "CNY",
            "payer_currency": "CNY",
        },
    }
