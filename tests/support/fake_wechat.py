"""The fake WeChat inside a test: keys made once a process, a clock told the time, notices caught instead of sent."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from copy import copy
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import httpx

from chargecloud.fake_wechat.keys import Keys, make, private_pem, public_pem, write_private
from chargecloud.fake_wechat.server import FakeWechat
from chargecloud.infra.wechat.pay_client import PayClient, PaymentOrder, RefundOrder
from chargecloud.infra.wechat.pay_http import PayHttp
from chargecloud.infra.wechat.pay_keys import KeyRing, Merchant, PlatformKey
from chargecloud.kernel.clock import ManualClock

NOW_MS = 1_767_225_600_000
BASE = "http://127.0.0.1:9780"
NOTIFY = "http://127.0.0.1:8080/wx_notify_url"


@lru_cache
def _keys() -> Keys:
    return make(NOW_MS)


def made_once() -> Keys:
    """The same keys for every test of a process, in an object of its own."""
    keys = copy(_keys())
    keys.platforms = list(keys.platforms)
    return keys


@dataclass
class Caught:
    """A notice as the merchant gets it."""

    url: str
    body: bytes
    headers: dict[str, str]


@dataclass
class Merchantside:
    """Catches notices; answers `status`, or what `statuses` says first."""

    status: int = 204
    statuses: list[int] = field(default_factory=list)
    caught: list[Caught] = field(default_factory=list)

    async def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        self.caught.append(Caught(url, body, {name.lower(): value for name, value in headers.items()}))
        return self.statuses.pop(0) if self.statuses else self.status


@dataclass
class Stage:
    """A fake and our client of it, in one loop without a socket."""

    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW_MS))
    merchantside: Merchantside = field(default_factory=Merchantside)
    mode: str = "public_key"

    def __post_init__(self) -> None:
        keys = made_once()
        self.fake = FakeWechat(keys, self.clock, base_url=BASE, send=self.merchantside.send)
        self.fake.world.mode = self.mode
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(self.fake.app), base_url=BASE)
        public = [PlatformKey(keys.public_key_id, keys.public_key.public_key())]
        self.ring = KeyRing(public if self.mode != "certificate" else ())
        self.pay = PayClient(PayHttp(self.http, BASE, self.merchant, self.ring, self.clock, pauses_s=(0.0, 0.0)))

    @property
    def merchant(self) -> Merchant:
        keys = self.fake.world.keys
        return Merchant(keys.appid, keys.mchid, keys.merchant.serial, keys.merchant.key, keys.apiv3_key.encode())

    @property
    def openid(self) -> str:
        return self.fake.world.person("王小电").openid(self.fake.world.keys.appid)

    def order(self, payment_no: str = "P00001", amount_fen: int = 10_000, **more: Any) -> PaymentOrder:
        values: dict[str, Any] = {
            "payment_no": payment_no,
            "openid": self.openid,
            "amount_fen": amount_fen,
            "description": "充值, 100 元",
            "notify_url": NOTIFY,
            "expires_at_ms": self.clock.now_ms() + 900_000,
        }
        return PaymentOrder(**(values | more))

    def refund(self, refund_no: str = "R1", amount_fen: int = 3_000, **more: Any) -> RefundOrder:
        values: dict[str, Any] = {
            "refund_no": refund_no,
            "payment_no": "P00001",
            "amount_fen": amount_fen,
            "paid_fen": 10_000,
            "notify_url": NOTIFY,
        }
        return RefundOrder(**(values | more))

    async def fields(self, payment_no: str = "P00001", **more: Any) -> dict[str, str]:
        """An order placed, and what the client opens the sheet with."""
        prepay_id = await self.pay.prepay(self.order(payment_no, **more))
        return {"appId": self.merchant.appid, **self.pay.client_parameters(prepay_id)}

    async def press(self, fields: dict[str, str], press: str = "pay") -> dict[str, Any]:
        """What the sheet answers."""
        return await self.post("/cashier/press", {"fields": fields, "press": press})

    async def paid(self, payment_no: str = "P00001", **more: Any) -> None:
        """Placed and paid, and the notice delivered."""
        said = await self.press(await self.fields(payment_no, **more))
        assert said["errMsg"] == "requestPayment:ok", said
        await self.fake.notifier.idle()

    async def post(self, path: str, body: object = None) -> Any:
        answer = await self.http.post(path, json=body)
        assert answer.status_code < 300, answer.text
        return answer.json()

    async def pass_s(self, seconds: float) -> None:
        """Let so much time pass, and do what comes due."""
        self.clock.advance(int(seconds * 1000))
        self.fake.agenda.run(self.fake.world.now_ms())
        await self.fake.notifier.idle()


@asynccontextmanager
async def stage(**more: Any) -> AsyncIterator[Stage]:
    made = Stage(**more)
    try:
        yield made
    finally:
        await made.fake.stop()
        await made.http.aclose()


def merchant_files(directory: Path) -> tuple[Path, Path]:
    """The merchant's private key and WeChat Pay's public key as PEM files."""
    keys = _keys()
    key, public = directory / "apiclient_key.pem", directory / "pub_key.pem"
    write_private(key, private_pem(keys.merchant.key))
    write_private(public, public_pem(keys.public_key))
    return key, public
