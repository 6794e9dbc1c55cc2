"""The pay sheet opens for exactly what the merchant signed, and only paying changes anything."""

from typing import Any

import pytest

from chargecloud.infra.wechat.pay_crypto import sign
from chargecloud.infra.wechat.pay_signing import pay_message
from tests.support.fake_wechat import Stage, stage


def resigned(on: Stage, fields: dict[str, str], **changes: str) -> dict[str, str]:
    new = fields | changes
    message = pay_message(new["appId"], new["timeStamp"], new["nonceStr"], new["package"])
    return new | {"paySign": sign(on.merchant.private_key, message)}


async def test_the_sheet_shows_amount_and_merchant_and_pays_once() -> None:
    async with stage() as on:
        fields = await on.fields()
        shown = await on.post("/cashier/open", fields)
        assert (shown["opened"], shown["amount_yuan"], shown["description"]) == (True, "100.00", "充值, 100 元")
        before = on.fake.world.person("王小电").balance_fen
        assert (await on.press(fields))["errMsg"] == "requestPayment:ok"
        assert on.fake.world.person("王小电").balance_fen == before - 10_000
        again = await on.press(fields)
        assert again["errMsg"] == "requestPayment:fail 该订单已支付"
        assert on.fake.world.person("王小电").balance_fen == before - 10_000


@pytest.mark.parametrize(
    ("press", "closed", "told"),
    [("cancel", True, "requestPayment:fail cancel"), ("wrong_password", False, ""), ("not_enough", False, "")],
)
async def test_other_buttons_pay_nothing(press: str, closed: bool, told: str) -> None:
    async with stage() as on:
        fields = await on.fields()
        said = await on.press(fields, press)
        assert (said["closed"], said["errMsg"]) == (closed, told)
        assert closed or said["message"]
        assert on.fake.world.orders["P00001"].state == "NOTPAY"
        assert (await on.press(fields))["errMsg"] == "requestPayment:ok"


async def test_an_empty_purse_pays_nothing() -> None:
    async with stage() as on:
        await on.post("/control/people", {"name": "王小电", "balance_fen": 9_999})
        said = await on.press(await on.fields())
        assert (said["closed"], "余额不足" in said["message"]) == (False, True)
        assert on.fake.world.orders["P00001"].state == "NOTPAY"


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"timeStamp": "1"}, "签名失败"),
        ({"nonceStr": "x"}, "签名失败"),
        ({"package": "prepay_id=wx2"}, "签名失败"),
        ({"paySign": "AAAA"}, "签名失败"),
        ({"signType": "MD5"}, "签名失败"),
        ({"appId": "wxother"}, "签名失败"),
    ],
)
async def test_what_the_merchant_did_not_sign_does_not_open(changes: dict[str, str], word: str) -> None:
    async with stage() as on:
        fields: dict[str, Any] = await on.fields() | changes
        shown = await on.post("/cashier/open", fields)
        assert (shown["opened"], word in shown["message"]) == (False, True)
        assert word in (await on.press(fields))["errMsg"]
        assert on.fake.world.orders["P00001"].state == "NOTPAY"


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"package": "prepay_id=wx2"}, "prepay_id"),
        ({"package": "wx2"}, "prepay_id"),
        ({"appId": "wxother"}, "appid"),
        ({"timeStamp": "now"}, "timeStamp"),
    ],
)
async def test_what_is_signed_and_wrong_does_not_open_either(changes: dict[str, str], word: str) -> None:
    async with stage() as on:
        assert word in (await on.press(resigned(on, await on.fields(), **changes)))["errMsg"]


async def test_closed_expired_and_foreign_orders_do_not_open() -> None:
    async with stage() as on:
        fields = await on.fields()
        other = on.fake.world.person("李大桩").openid(on.merchant.appid)
        assert "账号不一致" in (await on.press(fields | {"openid": other}))["errMsg"]
        assert (await on.post("/cashier/open", fields | {"openid": on.openid}))["opened"]
        await on.pay.close("P00001")
        assert "已关闭" in (await on.press(fields))["errMsg"]
        long = await on.fields("P00002", expires_at_ms=on.clock.now_ms() + 86_400_000)
        on.fake.world.clock.advance(7_200_000)
        assert "已过期" in (await on.press(long))["errMsg"]
        short = await on.fields("P00003", expires_at_ms=on.fake.world.now_ms() + 60_000)
        on.fake.world.clock.advance(60_000)
        assert "已关闭" in (await on.press(short))["errMsg"]


async def test_unknown_fields_and_buttons_are_refused() -> None:
    async with stage() as on:
        fields = await on.fields()
        for body in ({"fields": fields, "press": "steal"}, {"fields": fields | {"x": "1"}, "press": "pay"}, {}):
            assert (await on.http.post("/cashier/press", json=body)).status_code == 422
        assert on.fake.world.orders["P00001"].state == "NOTPAY"


@pytest.mark.parametrize(("path", "word"), [("/cashier", "收银台"), ("/connect", "以谁的微信登录")])
async def test_the_pages_are_served_and_call_only_here(path: str, word: str) -> None:
    async with stage() as on:
        page = await on.http.get(path)
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert word in page.text and "http://" not in page.text and "https://" not in page.text
