"""The whole of it over real sockets: what is due is done by itself, notices go out over HTTP."""

import asyncio

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chargecloud.fake_wechat.keys import make
from chargecloud.fake_wechat.server import FakeWechat
from chargecloud.infra.wechat.pay_client import PayClient, PaymentOrder, RefundOrder
from chargecloud.infra.wechat.pay_http import PayHttp
from chargecloud.infra.wechat.pay_keys import KeyRing, Merchant
from chargecloud.infra.wechat.pay_notice import open_notice
from chargecloud.kernel.clock import SystemClock
from chargecloud.main.servers import WebServer
from tests.support.eventually import eventually


class Shop:
    """A merchant's server: takes the second notice of each."""

    def __init__(self) -> None:
        self.told: list[tuple[dict[str, str], bytes]] = []
        self.app = Starlette(routes=[Route("/wx_notify_url", self.take, methods=["POST"])])

    async def take(self, request: Request) -> Response:
        self.told.append((dict(request.headers), await request.body()))
        return Response(status_code=500 if len(self.told) == 1 else 204)


async def test_order_sheet_notice_repetition_refund_over_sockets() -> None:
    clock, shop = SystemClock(), Shop()
    keys = make(clock.now_ms())
    fake = FakeWechat(keys, clock, speed=200)
    fake.world.mode = "certificate"
    servers = [WebServer(app, host="127.0.0.1", port=0) for app in (fake.app, shop.app)]
    for part in (*servers, fake):
        await part.start()
    base, notify = (f"http://127.0.0.1:{server.port}" for server in servers)
    fake.world.base_url = base
    ring = KeyRing()
    merchant = Merchant(keys.appid, keys.mchid, keys.merchant.serial, keys.merchant.key, keys.apiv3_key.encode())
    async with httpx.AsyncClient(trust_env=False) as http:
        pay = PayClient(PayHttp(http, base, merchant, ring, clock))
        order = PaymentOrder(
            payment_no="P00001",
            openid=fake.world.person("王小电").openid(keys.appid),
            amount_fen=100,
            description="充电",
            notify_url=f"{notify}/wx_notify_url",
            expires_at_ms=clock.now_ms() + 900_000,
        )
        fields = {"appId": keys.appid, **pay.client_parameters(await pay.prepay(order))}
        said = await http.post(f"{base}/cashier/press", json={"fields": fields, "press": "pay"})
        assert said.json()["errMsg"] == "requestPayment:ok"
        await eventually(lambda: len(shop.told) == 2)
        headers, body = shop.told[-1]
        notice = open_notice(headers, body, keys=ring, apiv3_key=merchant.apiv3_key, now_ms=clock.now_ms())
        assert notice.event_type == "TRANSACTION.SUCCESS"
        await pay.refund(
            RefundOrder(refund_no="R1", payment_no="P00001", amount_fen=100, paid_fen=100, notify_url=order.notify_url)
        )
        await eventually(lambda: len(shop.told) == 3)
        assert (await pay.refund_of("R1")).state == "SUCCESS"
    for part in (fake, *reversed(servers)):
        await part.stop()
    await asyncio.sleep(0)


async def test_a_merchant_nobody_can_reach_is_an_attempt_that_failed() -> None:
    clock = SystemClock()
    fake = FakeWechat(make(clock.now_ms()), clock)
    assert await fake._post("http://127.0.0.1:1/x", b"{}", {}) == 0
    await fake.start()
    assert await fake._post("http://127.0.0.1:1/x", b"{}", {}) == 0
    await fake.stop()
