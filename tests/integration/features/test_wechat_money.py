"""Money through WeChat Pay, from the sheet to the wallet, over the address in the merchant's console (abuse A22)."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import insert

from chargecloud.features.drivers.sql import identities
from chargecloud.features.operators import service as operators
from chargecloud.features.payments import service_desk
from chargecloud.features.payments.channels.catalog import Channels
from chargecloud.features.payments.channels.contract import RefundState
from chargecloud.features.payments.service_desk import Desk
from chargecloud.features.wallet import service as wallet
from chargecloud.infra.sql.engine import Database
from tests.contract.test_channel_wechat import WechatSide
from tests.contract.test_channel_wechat import opened as wechat_opened
from tests.support.api import Api, Caller
from tests.support.database import opened

URL = "/wx_notify_url"
KEY = {"Idempotency-Key": "payment-0001"}


@dataclass
class Shop:
    """The platform with WeChat Pay as its channel, and a driver WeChat knows."""

    api: Api
    side: WechatSide
    driver: Caller
    database: Database

    async def announce(self, amount_fen: int = 10_000, *, key: str = "payment-0001") -> str:
        body = {"channel": "wechat", "amount_fen": amount_fen}
        made = await self.driver.post("/driver/payments", body, 201, **{"Idempotency-Key": key})
        assert set(made["client"]) == {"timeStamp", "nonceStr", "package", "signType", "paySign"}
        return str(made["payment_no"])

    async def deliver(self, body: bytes, headers: Mapping[str, str]) -> int:
        return (await self.api.client.post(URL, content=body, headers=dict(headers))).status_code

    async def cash(self) -> int:
        async with self.database.read() as connection:
            report = await wallet.audit(connection)
        assert report.ok, report.problems
        return int((await self.driver.get("/wallet"))["cash_fen"])


@pytest.fixture
async def shop(tmp_path: Path, database_template: Path) -> AsyncIterator[Shop]:
    async with opened_shop(tmp_path / "shop.db", database_template) as made:
        yield made


@asynccontextmanager
async def opened_shop(path: Path, template: Path) -> AsyncIterator[Shop]:
    async with (
        wechat_opened("public_key") as side,
        opened(path, template=template, clock=side.clock) as database,
    ):
        async with database.unit() as uow:
            await operators.require_default_operator(uow)
        channels = Channels(side.channel)
        async with Api.over(database, side.clock, state={"channels": channels}) as api:
            driver = await api.driver()
            row = {"driver_id": driver.id, "channel": "wechat", "appid": side.on.fake.world.keys.appid}
            async with database.unit() as uow:
                known = {**row, "openid": side.payer_id, "unionid": None, "created_at_ms": uow.now_ms}
                await uow.connection.execute(insert(identities).values(known))
            yield Shop(api, side, driver, database)


def mutations(body: bytes, headers: Mapping[str, str]) -> Iterator[tuple[bytes, Mapping[str, str]]]:
    """Each header taken away, emptied and turned round; each field of the body; the bytes themselves."""
    signed = [name for name in headers if name.startswith("wechatpay-") and not name.endswith("-type")]
    for name in signed:
        yield body, {key: value for key, value in headers.items() if key != name}
        yield body, dict(headers) | {name: ""}
        yield body, dict(headers) | {name: headers[name][::-1]}
    stamp = int(headers["wechatpay-timestamp"])
    for shift in (-300, 300, -86_400, 86_400):
        yield body, dict(headers) | {"wechatpay-timestamp": str(stamp + shift)}
    yield body, dict(headers) | {"wechatpay-signature": "WECHATPAY/SIGNTEST/" + headers["wechatpay-signature"]}
    yield body, dict(headers) | {"wechatpay-signature-type": "WECHATPAY2-SM2-WITH-SM3"}
    words = json.loads(body)
    for name in words:
        yield json.dumps({key: value for key, value in words.items() if key != name}).encode(), headers
        yield json.dumps(words | {name: "x"}).encode(), headers
    for name in words["resource"]:
        inner = words["resource"] | {name: str(words["resource"][name])[::-1]}
        yield json.dumps(words | {"resource": inner}).encode(), headers
    for changed in (b"", b"{}", b"<xml></xml>", body[:-1], body + b" ", body * 2, body.upper()):
        yield changed, headers
    for at in range(0, len(body), max(len(body) // 10, 1)):
        yield body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :], headers


async def test_forty_mutations_of_a_notice_are_no_credit_and_the_notice_is_one(shop: Shop) -> None:
    payment_no = await shop.announce()
    await shop.side.pay(payment_no)
    (caught,) = shop.side.on.merchantside.caught
    wrong = list(mutations(caught.body, caught.headers))
    assert len(wrong) >= 40
    for body, headers in wrong:
        status = await shop.deliver(body, headers)
        assert 400 <= status < 500, (status, body[:80], headers)
    assert await shop.cash() == 0
    assert await shop.deliver(caught.body, caught.headers) == 204
    assert await shop.cash() == 10_000


@pytest.mark.parametrize("variant", ["stale", "tampered", "signtest", "unknown_serial", "other_merchant"])
async def test_what_wechat_sends_to_try_us_is_no_credit(shop: Shop, variant: str) -> None:
    payment_no = await shop.announce()
    await shop.side.pay(payment_no)
    await shop.side.on.post(f"/control/orders/{payment_no}/probes", {"variant": variant})
    probe = shop.side.on.merchantside.caught[-1]
    assert 400 <= await shop.deliver(probe.body, probe.headers) < 500
    assert await shop.cash() == 0


async def test_a_notice_five_minutes_old_is_refused_and_the_payment_found_by_asking(shop: Shop) -> None:
    payment_no = await shop.announce()
    await shop.side.pay(payment_no)
    (caught,) = shop.side.on.merchantside.caught
    shop.side.clock.advance(301_000)
    assert await shop.deliver(caught.body, caught.headers) == 401
    assert await shop.cash() == 0
    await service_desk.look(Desk(shop.database, Channels(shop.side.channel)))
    assert await shop.cash() == 10_000


async def test_sixteen_deliveries_eight_at_a_time_are_one_credit(shop: Shop) -> None:
    payment_no = await shop.announce()
    await shop.side.pay(payment_no)
    for _ in range(3):
        await shop.side.on.post(f"/control/orders/{payment_no}/probes", {"variant": "again"})
    caught = shop.side.on.merchantside.caught
    deliveries = [caught[number % len(caught)] for number in range(16)]
    random.Random(3).shuffle(deliveries)
    for start in range(0, 16, 8):
        eight = deliveries[start : start + 8]
        answers = await asyncio.gather(*(shop.deliver(each.body, each.headers) for each in eight))
        assert answers == [204] * 8
    assert await shop.cash() == 10_000
    journal = (await shop.driver.get("/wallet/journal", purpose="top_up"))["items"]
    assert [line["transfer_id"] for line in journal] == [f"pay:{payment_no}"]


async def test_the_wallet_back_through_wechat(shop: Shop) -> None:
    payment_no = await shop.announce()
    await shop.side.pay(payment_no)
    caught = shop.side.on.merchantside.caught[-1]
    await shop.deliver(caught.body, caught.headers)
    made = await shop.driver.post("/driver/refunds", {"all": True}, 201, **{"Idempotency-Key": "refund-0001"})
    assert (await shop.driver.get("/wallet"))["held_fen"] == 10_000
    shop.side.clock.advance(1_000)
    await service_desk.give_back(Desk(shop.database, Channels(shop.side.channel)))
    part_no = f"{made['refund_no']}-1"
    await shop.side.finish_refund(part_no, RefundState.SUCCEEDED)
    caught = shop.side.on.merchantside.caught[-1]
    assert await shop.deliver(caught.body, caught.headers) == 204
    assert (await shop.driver.get(f"/driver/refunds/{made['refund_no']}"))["standing"] == "done"
    assert await shop.cash() == 0
