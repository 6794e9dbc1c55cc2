"""A second implementation, unmodified: the library `wechatpayv3` against the fake, and ours beside it."""

import asyncio
import gzip
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from wechatpayv3 import WeChatPay, WeChatPayType

from chargecloud.fake_wechat.keys import Keys, private_pem, public_pem
from chargecloud.fake_wechat.server import FakeWechat
from chargecloud.infra.wechat.pay_bill import parse_bill, payments_of
from chargecloud.infra.wechat.pay_errors import NotAuthentic, Rejection
from chargecloud.infra.wechat.pay_keys import KeyRing, PlatformKey
from chargecloud.infra.wechat.pay_notice import open_notice
from chargecloud.infra.wechat.pay_signing import pay_parameters
from chargecloud.kernel.clock import SystemClock, local_time
from chargecloud.main.servers import WebServer
from tests.support.eventually import eventually
from tests.support.fake_wechat import made_once

MODES = ("public_key", "certificate")
Answer = tuple[int, Any]


@dataclass
class Theirs:
    """The library in a thread, the fake on a socket, and a server that keeps what it is told."""

    fake: FakeWechat
    base: str
    notify: str
    library: WeChatPay
    told: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def ask(self, call: Callable[..., Answer], *given: Any, **named: Any) -> Answer:
        status, text = await asyncio.to_thread(call, *given, **named)
        return status, json.loads(text) if isinstance(text, str) and text else text

    async def order(self, payment_no: str = "P00001", total: int = 10_000, **more: Any) -> Answer:
        keys = self.fake.world.keys
        return await self.ask(
            self.library.pay,
            description="充电",
            out_trade_no=payment_no,
            amount={"total": total, "currency": "CNY"},
            payer={"openid": self.fake.world.person("王小电").openid(keys.appid)},
            **more,
        )

    async def press(self, prepay_id: str, pay_sign: str = "", press: str = "pay") -> dict[str, Any]:
        """The sheet, with fields the library has signed as its guide says."""
        appid, stamp, nonce = self.fake.world.keys.appid, str(SystemClock().now_ms() // 1000), "5K8264ILTKCH16CQ2502"
        package = f"prepay_id={prepay_id}"
        fields = {
            "appId": appid, "timeStamp": stamp, "nonceStr": nonce, "package": package, "signType": "RSA",
            "paySign": pay_sign or self.library.sign([appid, stamp, nonce, package]),
        }  # fmt: skip
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.post(f"{self.base}/cashier/press", json={"fields": fields, "press": press})
            said: dict[str, Any] = answer.json()
            return said

    async def control(self, path: str, body: object) -> None:
        async with httpx.AsyncClient(trust_env=False) as http:
            assert (await http.post(f"{self.base}/control/{path}", json=body)).is_success

    def read(self, number: int = -1) -> Any:
        headers, body = self.told[number]
        return self.library.callback(headers, body)


def library(keys: Keys, base: str, notify: str, mode: str) -> WeChatPay:
    """Its gateway is a constant, and in certificate mode its constructor would call it; so it is begun with a key."""
    made = WeChatPay(
        WeChatPayType.MINIPROG,
        keys.mchid,
        private_pem(keys.merchant.key).decode(),
        keys.merchant.serial,
        keys.appid,
        keys.apiv3_key,
        notify_url=f"{notify}/wx_notify_url",
        proxy={"http": "", "https": ""},
        timeout=(2, 5),
        public_key=public_pem(keys.public_key).decode(),
        public_key_id=keys.public_key_id,
    )
    made._core._gate_way = base
    if mode == "certificate":
        made._core._public_key = made._core._public_key_id = None
        made._core._init_certificates()
    return made


@asynccontextmanager
async def running(mode: str) -> AsyncIterator[Theirs]:
    told: list[tuple[dict[str, str], bytes]] = []

    async def take(request: Request) -> Response:
        told.append((dict(request.headers), await request.body()))
        return Response(status_code=204)

    keys = made_once()
    fake = FakeWechat(keys, SystemClock(), speed=20)
    fake.world.mode = mode
    shop = Starlette(routes=[Route("/wx_notify_url", take, methods=["POST"])])
    servers = [WebServer(app, host="127.0.0.1", port=0) for app in (fake.app, shop)]
    for part in (*servers, fake):
        await part.start()
    base, notify = (f"http://127.0.0.1:{server.port}" for server in servers)
    fake.world.base_url = base
    try:
        made = await asyncio.to_thread(library, keys, base, notify, mode)
        yield Theirs(fake, base, notify, made, told)
    finally:
        for part in (fake, *reversed(servers)):
            await part.stop()


@pytest.mark.parametrize("mode", MODES)
async def test_the_library_goes_from_order_to_bill(mode: str) -> None:
    async with running(mode) as on:
        status, said = await on.order()
        assert status == 200, said
        assert (await on.press(said["prepay_id"]))["errMsg"] == "requestPayment:ok"
        await eventually(lambda: len(on.told) == 1)
        notice = on.read()
        assert (notice["event_type"], notice["resource"]["out_trade_no"]) == ("TRANSACTION.SUCCESS", "P00001")
        status, found = await on.ask(on.library.query, out_trade_no="P00001")
        assert (status, found["trade_state"], found["amount"]["total"]) == (200, "SUCCESS", 10_000)
        assert (await on.ask(on.library.query, transaction_id=found["transaction_id"]))[1] == found
        amount = {"refund": 3_000, "total": 10_000, "currency": "CNY"}
        for _ in range(2):
            status, refund = await on.ask(on.library.refund, "R1", amount, out_trade_no="P00001", reason="余额")
            assert (status, refund["amount"]["refund"]) == (200, 3_000), refund
        await eventually(lambda: len(on.told) == 2)
        assert on.read()["resource"]["refund_status"] == "SUCCESS"
        assert (await on.ask(on.library.query_refund, "R1"))[1]["status"] == "SUCCESS"
        await on.control("world", {"bills_at_once": True})
        day = local_time(SystemClock().now_ms()).date().isoformat()
        status, link = await on.ask(on.library.trade_bill, day)
        assert status == 200, link
        status, packed = await on.ask(on.library.download_bill, link["download_url"])
        text = gzip.decompress(packed)
        assert hashlib.sha1(text).hexdigest() == link["hash_value"]
        assert [row.kind for row in payments_of(parse_bill(text.decode()))] == ["SUCCESS", "REFUND"]
        assert [line.what for line in on.fake.world.log if not line.ok] == []


@pytest.mark.parametrize("mode", MODES)
async def test_the_library_is_refused_where_wechat_pay_refuses(mode: str) -> None:
    async with running(mode) as on:
        _, said = await on.order()
        assert "签名失败" in (await on.press(said["prepay_id"], pay_sign="AAAA"))["errMsg"]
        assert (await on.order(total=9_999))[0] == 400
        assert (await on.press(said["prepay_id"]))["errMsg"] == "requestPayment:ok"
        assert (await on.ask(on.library.close, "P00001"))[0] == 400
        over = {"refund": 10_001, "total": 10_000, "currency": "CNY"}
        assert (await on.ask(on.library.refund, "R1", over, out_trade_no="P00001"))[0] == 400
        assert (await on.ask(on.library.query, out_trade_no="P99999"))[0] == 404
        await on.order("P00002")
        assert (await on.ask(on.library.close, "P00002"))[0] == 204
        assert (await on.order("P00002"))[1]["code"] == "ORDER_CLOSED"


@pytest.mark.parametrize("mode", MODES)
async def test_what_the_library_takes_and_ours_refuses(mode: str) -> None:
    """The reason for a client of our own: the library takes a notice that is 400 s old."""
    async with running(mode) as on:
        keys, clock = on.fake.world.keys, SystemClock()
        platform = keys.platforms[-1]
        ring = KeyRing(
            [
                PlatformKey(keys.public_key_id, keys.public_key.public_key()),
                PlatformKey(platform.serial, platform.key.public_key()),
            ]
        )
        _, said = await on.order()
        await on.press(said["prepay_id"])
        await eventually(lambda: len(on.told) == 1)
        for number, (variant, library_takes, ours) in enumerate(
            (
                ("again", True, None),
                ("stale", True, Rejection.TIMESTAMP),
                ("tampered", False, Rejection.SIGNATURE),
                ("signtest", False, Rejection.PROBE),
            ),
            2,
        ):
            await on.control("orders/P00001/probes", {"variant": variant})
            assert len(on.told) == number
            assert bool(await asyncio.to_thread(on.read)) is library_takes, variant
            headers, body = on.told[-1]
            try:
                open_notice(headers, body, keys=ring, apiv3_key=keys.apiv3_key.encode(), now_ms=clock.now_ms())
                found = None
            except NotAuthentic as error:
                found = error.reason
            assert found is ours, variant


async def test_both_sign_alike() -> None:
    async with running("public_key") as on:
        keys, now_ms = on.fake.world.keys, 1_767_225_600_000
        made = pay_parameters(keys.merchant.key, keys.appid, "wx1", now_ms=now_ms, nonce="n")
        assert on.library.sign([keys.appid, "1767225600", "n", "prepay_id=wx1"]) == made["paySign"]


async def test_the_library_follows_a_rotation() -> None:
    async with running("certificate") as on:
        _, said = await on.order()
        await on.control("world", {"rotate": True})
        await on.press(said["prepay_id"])
        await eventually(lambda: len(on.told) == 1)
        assert (await asyncio.to_thread(on.read))["event_type"] == "TRANSACTION.SUCCESS"
        assert (await on.ask(on.library.query, out_trade_no="P00001"))[1]["trade_state"] == "SUCCESS"
