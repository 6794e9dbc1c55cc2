"""The pay sheet: verifies paySign as WeChat does on the phone, and does what the driver presses."""

from enum import StrEnum

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from chargecloud.fake_wechat import payments
from chargecloud.fake_wechat.notices import Notifier
from chargecloud.fake_wechat.pages import page
from chargecloud.fake_wechat.world import PREPAY_FOR_MS, Order, World
from chargecloud.infra.wechat.pay_crypto import verifies
from chargecloud.infra.wechat.pay_signing import SIGN_TYPE, pay_message
from chargecloud.kernel.money import yuan_text

PACKAGE = "prepay_id="
OK, CANCELLED = "requestPayment:ok", "requestPayment:fail cancel"


class Press(StrEnum):
    """What the driver presses."""

    PAY = "pay"
    CANCEL = "cancel"
    WRONG_PASSWORD = "wrong_password"
    NOT_ENOUGH = "not_enough"


class PayFields(BaseModel):
    """The fields of wx.requestPayment, and the appId the mini program knows by itself."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    app_id: str = Field(alias="appId", max_length=64)
    time_stamp: str = Field(alias="timeStamp", max_length=20)
    nonce_str: str = Field(alias="nonceStr", max_length=64)
    package: str = Field(max_length=128)
    sign_type: str = Field(alias="signType", max_length=20)
    pay_sign: str = Field(alias="paySign", max_length=1_024)
    openid: str = Field("", max_length=128, description="who holds the phone; empty believes it is the payer")


class PressIn(BaseModel):
    """The fields again, and what was pressed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fields: PayFields
    press: Press


class SheetOut(BaseModel):
    """What the sheet shows, or why it does not open."""

    opened: bool
    message: str = ""
    amount_yuan: str = ""
    merchant: str = ""
    description: str = ""
    balance_yuan: str = ""


class PressOut(BaseModel):
    """What wx.requestPayment is told; while `closed` is false the sheet stays open and shows `message`."""

    closed: bool
    err_msg: str = Field("", serialization_alias="errMsg")
    message: str = ""


class NotPayable(Exception):
    """Why the sheet does not open."""


def payable(world: World, fields: PayFields) -> Order:
    """The order these fields pay; NotPayable with what the phone would show."""
    message = pay_message(fields.app_id, fields.time_stamp, fields.nonce_str, fields.package)
    merchant_key = world.keys.merchant.key.public_key()
    if fields.sign_type != SIGN_TYPE or not verifies(merchant_key, message, fields.pay_sign):
        raise NotPayable("支付验证签名失败")
    if not fields.time_stamp.isdecimal():
        raise NotPayable("调用支付JSAPI缺少参数：timeStamp")
    if fields.app_id != world.keys.appid:
        raise NotPayable("appid 与当前小程序不一致")
    prepay_id = fields.package.removeprefix(PACKAGE)
    order = world.by_prepay(prepay_id) if fields.package.startswith(PACKAGE) else None
    if order is None:
        raise NotPayable("prepay_id 无效")
    payments.settle_expiry(world, order)
    if order.state in payments.PAID_STATES:
        raise NotPayable("该订单已支付")
    if order.state == "CLOSED":
        raise NotPayable("该订单已关闭，请重新下单")
    if world.now_ms() - order.prepaid_at_ms >= PREPAY_FOR_MS:
        raise NotPayable("订单已过期，请重新下单")
    if fields.openid and fields.openid != order.openid:
        raise NotPayable("下单账号与支付账号不一致，请核实后再支付")
    return order


def press(world: World, notifier: Notifier, fields: PayFields, what: Press) -> PressOut:
    """Do what was pressed; only paying changes anything."""
    order = payable(world, fields)
    if what is Press.CANCEL:
        return PressOut(closed=True, err_msg=CANCELLED)
    if what is Press.WRONG_PASSWORD:
        return PressOut(closed=False, message="支付密码错误，请重试")
    person = world.by_openid(order.appid, order.openid)
    if what is Press.NOT_ENOUGH or person is None or person.balance_fen < order.amount_fen:
        return PressOut(closed=False, message="零钱余额不足，请更换支付方式")
    person.balance_fen -= order.amount_fen
    payments.pay(world, order)
    notifier.paid(order)
    return PressOut(closed=True, err_msg=OK)


def router(world: World, notifier: Notifier) -> APIRouter:
    """The page and the two calls it makes; programs may make them without the page."""
    routes = APIRouter(prefix="/cashier", tags=["cashier"])

    @routes.get("", include_in_schema=False)
    async def sheet() -> Response:
        return page("cashier.html")

    @routes.post("/open", operation_id="openSheet")
    async def opened(fields: PayFields) -> SheetOut:
        try:
            order = payable(world, fields)
        except NotPayable as reason:
            world.note("cashier", ok=False, detail=str(reason))
            return SheetOut(opened=False, message=str(reason))
        world.note("cashier", ok=True, detail=order.payment_no)
        return _shown(world, order)

    @routes.post("/press", operation_id="pressButton")
    async def pressed(given: PressIn) -> PressOut:
        try:
            return press(world, notifier, given.fields, given.press)
        except NotPayable as reason:
            return PressOut(closed=True, err_msg=f"requestPayment:fail {reason}", message=str(reason))

    return routes


def _shown(world: World, order: Order) -> SheetOut:
    person = world.by_openid(order.appid, order.openid)
    return SheetOut(
        opened=True,
        amount_yuan=yuan_text(order.amount_fen),
        merchant=f"商户 {world.keys.mchid}",
        description=order.description,
        balance_yuan=yuan_text(person.balance_fen) if person else "",
    )
