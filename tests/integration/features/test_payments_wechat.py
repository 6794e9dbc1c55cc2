"""WeChat whole: sign-in, payment, notices, refund and bill of a driver, through the API and the fake WeChat."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from chargecloud.features.payments import service_desk, service_reconcile
from chargecloud.features.payments.channels.catalog import Channels
from chargecloud.features.payments.channels.wechat import WechatChannel
from chargecloud.features.payments.messages import CaseKind
from chargecloud.features.payments.service_desk import Desk
from chargecloud.features.wallet import service as wallet
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.wechat.app import AppOptions, WechatApp
from chargecloud.infra.wechat.pay_crypto import sign
from chargecloud.infra.wechat.pay_signing import answer_message
from chargecloud.infra.wechat.pay_verify import PROBE
from chargecloud.kernel.clock import ManualClock, local_time
from tests.support.api import Api, Caller
from tests.support.fake_wechat import NOTIFY, Caught, Stage, stage
from tests.support.wechat_pay import rsa_key

DEVICE = "device-0123456789"


@dataclass
class Shop:
    """The platform's API beside the fake it is configured for; one clock for both."""

    api: Api
    on: Stage
    desk: Desk

    async def driver(self, name: str = "王小电") -> Caller:
        """Somebody who has signed in with a code of wx.login."""
        code = (await self.on.post(f"/control/people/{name}/codes"))["code"]
        body = {"channel": "wechat", "appid": self.on.merchant.appid, "code": code, "device_id": DEVICE}
        answer = await self.api.client.post("/api/v1/driver/sign-in", json=body)
        assert answer.status_code == 201, answer.text
        said = answer.json()
        return Caller(self.api.client, said["driver_id"], said["token"])

    async def ordered(self, driver: Caller, amount_fen: int = 10_000, key: str = "payment-0001") -> dict[str, Any]:
        body = {"channel": "wechat", "amount_fen": amount_fen}
        made: dict[str, Any] = await driver.post("/driver/payments", body, 201, **{"Idempotency-Key": key})
        return made

    async def paid(self, driver: Caller, amount_fen: int = 10_000, key: str = "payment-0001") -> tuple[str, Caught]:
        """Paid in the sheet with the five fields the API gave; its notice is caught and not yet delivered."""
        made = await self.ordered(driver, amount_fen, key)
        fields = {"appId": self.on.merchant.appid, **made["client"]}
        assert (await self.on.press(fields))["errMsg"] == "requestPayment:ok"
        await self.on.fake.notifier.idle()
        return made["payment_no"], self.on.merchantside.caught[-1]

    async def tell(self, body: bytes, headers: dict[str, str]) -> int:
        answer = await self.api.client.post("/wx_notify_url", content=body, headers=headers)
        return answer.status_code

    async def cash_fen(self, driver: Caller) -> int:
        return int((await driver.get("/wallet"))["cash_fen"])

    async def proven(self) -> None:
        async with self.api.database.read() as connection:
            report = await wallet.audit(connection)
        assert report.ok, report.problems


@pytest.fixture
async def shop(database: Database, clock: ManualClock) -> AsyncIterator[Shop]:
    async with stage(clock=clock) as on:
        on.merchantside.status = 500  # nothing is taken unless a test delivers it
        on.fake.world.refund_after_s = None
        keys = on.fake.world.keys
        app = WechatApp(
            AppOptions(appid=keys.appid, secret=keys.app_secret, base_url="http://127.0.0.1:9780"),
            httpx.AsyncClient(transport=httpx.ASGITransport(on.fake.app)),
            clock,
        )
        channels = Channels(WechatChannel(on.pay, notify_url=NOTIFY))
        state = {"channels": channels, "wechat_apps": {keys.appid: app}}
        async with Api.over(database, clock, state=state) as api:
            yield Shop(api, on, Desk(database, channels))


def mutations(shop: Shop, caught: Caught) -> list[tuple[str, bytes, dict[str, str]]]:
    """The notice altered in every header, along its body, in time and in who signed it."""
    found: list[tuple[str, bytes, dict[str, str]]] = []
    names = [name for name in caught.headers if name.startswith("wechatpay-")]
    for name in names:
        value = caught.headers[name]
        without = {each: text for each, text in caught.headers.items() if each != name}
        if name != "wechatpay-signature-type":
            found.append((f"without {name}", caught.body, without))
        for altered in (value[:-1] + ("0" if value[-1] != "0" else "1"), "x" + value, value * 2):
            found.append((f"{name} {altered[:12]}", caught.body, caught.headers | {name: altered}))
    for at in range(0, len(caught.body), max(1, len(caught.body) // 20)):
        flipped = caught.body[:at] + bytes([caught.body[at] ^ 1]) + caught.body[at + 1 :]
        found.append((f"byte {at}", flipped, caught.headers))
    found.append(("cut", caught.body[:-1], caught.headers))
    found.append(("empty", b"", caught.headers))
    found.append(("probe", caught.body, caught.headers | {"wechatpay-signature": PROBE + "AAAA"}))
    stamp, nonce = caught.headers["wechatpay-timestamp"], caught.headers["wechatpay-nonce"]
    forged = sign(rsa_key(3), answer_message(stamp, nonce, caught.body))
    found.append(("another's key", caught.body, caught.headers | {"wechatpay-signature": forged}))
    found.append(("xml", b"<xml><return_code>SUCCESS</return_code></xml>", {}))
    return found


async def test_forty_mutations_credit_nothing_and_sixteen_deliveries_credit_once(shop: Shop) -> None:
    driver = await shop.driver()
    _, caught = await shop.paid(driver)
    altered = mutations(shop, caught)
    assert len(altered) >= 40
    answers = {what: await shop.tell(body, headers) for what, body, headers in altered}
    assert {what: status for what, status in answers.items() if not 400 <= status < 500} == {}
    assert await shop.cash_fen(driver) == 0
    shop.api.clock.advance(301_000)
    assert await shop.tell(caught.body, caught.headers) == 401  # the valid one, five minutes late
    assert await shop.cash_fen(driver) == 0

    shop.on.fake.agenda.run(shop.on.fake.world.now_ms())
    await shop.on.fake.notifier.idle()
    valid = shop.on.merchantside.caught[-1]  # repeated by WeChat, signed anew
    eight = asyncio.Semaphore(8)

    async def delivered(number: int) -> int:
        async with eight:
            await asyncio.sleep(random.Random(number).random() / 50)
            return await shop.tell(valid.body, valid.headers)

    assert await asyncio.gather(*[delivered(number) for number in range(16)]) == [204] * 16
    assert await shop.cash_fen(driver) == 10_000
    await shop.proven()


async def test_a_notice_that_never_comes_is_asked_for(shop: Shop) -> None:
    driver = await shop.driver()
    payment_no, _ = await shop.paid(driver)
    checked = await driver.post(f"/driver/payments/{payment_no}/check", None, 200)
    assert checked["state"] == "paid"
    assert await shop.cash_fen(driver) == 10_000
    await shop.proven()


async def test_a_proven_notice_about_another_merchant_moves_nothing(shop: Shop) -> None:
    driver = await shop.driver()
    payment_no, _ = await shop.paid(driver)
    await shop.on.post(f"/control/orders/{payment_no}/probes", {"variant": "other_merchant"})
    caught = shop.on.merchantside.caught[-1]
    await shop.tell(caught.body, caught.headers)
    assert await shop.cash_fen(driver) == 0


async def test_a_wrong_amount_is_kept_for_people_and_not_credited(shop: Shop) -> None:
    driver = await shop.driver()
    made = await shop.ordered(driver)
    shop.on.fake.world.orders[made["payment_no"]].amount_fen = 1
    await shop.on.post(f"/control/orders/{made['payment_no']}/pay")
    await shop.on.fake.notifier.idle()
    caught = shop.on.merchantside.caught[-1]
    assert 200 <= await shop.tell(caught.body, caught.headers) < 300  # repeating it would not help
    assert await shop.cash_fen(driver) == 0
    await shop.proven()


@pytest.mark.parametrize("trouble", ["", "lost_answer", "500", "system_error"])
async def test_a_wallet_goes_back_the_way_it_came_whatever_the_first_call_meets(shop: Shop, trouble: str) -> None:
    driver = await shop.driver()
    payment_no, caught = await shop.paid(driver)
    assert await shop.tell(caught.body, caught.headers) == 204
    if trouble:
        fault = {"at": "call", "kind": trouble, "path": "refund/domestic", "times": 3, "seconds": 0}
        await shop.on.post("/control/faults", fault)
    await driver.post("/driver/refunds", {"all": True}, 201, **{"Idempotency-Key": "refund-0001"})
    for _ in range(30):
        shop.api.clock.advance(60_000)
        await service_desk.give_back(shop.desk)
    (refund,) = shop.on.fake.world.refunds.values()
    assert (refund.order.payment_no, refund.amount_fen) == (payment_no, 10_000)
    await shop.on.post(f"/control/refunds/{refund.refund_no}/end", {"state": "SUCCESS"})
    await shop.on.fake.notifier.idle()
    told = shop.on.merchantside.caught[-1]
    assert await shop.tell(told.body, told.headers) == 204
    assert await shop.cash_fen(driver) == 0
    (shown,) = (await driver.get("/driver/refunds"))["items"]
    assert (shown["amount_fen"], shown["standing"], len(shown["parts"])) == (10_000, "done", 1)
    await shop.proven()


async def test_a_day_is_compared_with_the_bill_wechat_gives_out(shop: Shop) -> None:
    driver, numbers = await shop.driver(), list[str]()
    for number in range(6):
        payment_no, caught = await shop.paid(driver, 1_000 + number, f"payment-000{number}")
        assert await shop.tell(caught.body, caught.headers) == 204
        numbers.append(payment_no)
    day = local_time(shop.api.clock.now_ms()).date()
    shop.api.clock.advance(36 * 3_600_000)
    (channel,) = shop.desk.channels
    stranger = {"交易时间": f"{day} 12:00:00", "商户订单号": "X00001", "微信订单号": "4299", "交易状态": "SUCCESS"}
    planted = {
        "hide": [numbers[0]],
        "alter": {numbers[1]: {"订单金额": "99.99"}, numbers[2]: {"微信订单号": "4200000"}},
        "add": [{"day": day.isoformat(), "cells": stranger | {"订单金额": "1.00"}}],
    }
    await shop.on.post("/control/bills", planted)
    found = await service_reconcile.reconcile_day(shop.desk, channel, day)
    assert {(each.kind, each.number) for each in found} == {
        (CaseKind.PAYMENT_MISSING, numbers[0]),
        (CaseKind.PAYMENT_AMOUNT, numbers[1]),
        (CaseKind.PAYMENT_TRANSACTION, numbers[2]),
        (CaseKind.PAYMENT_UNKNOWN, "X00001"),
    }


async def test_a_day_without_differences_has_none(shop: Shop) -> None:
    driver = await shop.driver()
    _, caught = await shop.paid(driver)
    assert await shop.tell(caught.body, caught.headers) == 204
    await driver.post("/driver/refunds", {"amount_fen": 4_000}, 201, **{"Idempotency-Key": "refund-0001"})
    await service_desk.give_back(shop.desk)
    (refund,) = shop.on.fake.world.refunds.values()
    await shop.on.post(f"/control/refunds/{refund.refund_no}/end", {"state": "SUCCESS"})
    await shop.on.fake.notifier.idle()
    told = shop.on.merchantside.caught[-1]
    assert await shop.tell(told.body, told.headers) == 204
    day = local_time(shop.api.clock.now_ms()).date()
    shop.api.clock.advance(36 * 3_600_000)
    (channel,) = shop.desk.channels
    assert await service_reconcile.reconcile_day(shop.desk, channel, day) == []
