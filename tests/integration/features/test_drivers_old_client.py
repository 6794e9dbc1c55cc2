"""A client of the original kind against a real server, which goes away and comes back."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest

from chargecloud.features.drivers import service as drivers
from chargecloud.features.drivers import service_identity
from chargecloud.features.drivers.messages import Identity
from chargecloud.infra.cache.memory import MemoryCache
from chargecloud.infra.http.app import ApiParts, build_app
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import ManualClock
from chargecloud.main.features import LIVE_TOPICS, PAGES, ROUTERS, resolvers
from chargecloud.main.servers import WebServer
from tests.support.eventually import eventually
from tests.support.old_client import OldClient
from tests.support.wechat import APPID

FIELDS = {
    "timeStamp": "1767225600",
    "nonceStr": "n",
    "package": "prepay_id=wx01",
    "signType": "RSA",
    "paySign": "c2lnbmVk",
}


class Platform:
    """A server on one port that can be taken away."""

    def __init__(self, database: Database, cache: MemoryCache, *, bare_openid: bool) -> None:
        self.database = database
        self.cache = cache
        self.bare = APPID if bare_openid else ""
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]

    @contextlib.asynccontextmanager
    async def up(self) -> AsyncIterator[None]:
        app = build_app(
            ApiParts(
                database=self.database, cache=self.cache, resolvers=resolvers(self.database.options), routers=ROUTERS,
                pages=PAGES, live_topics=LIVE_TOPICS, state={"bare_openid_appid": self.bare},
            )
        )  # fmt: skip
        server = WebServer(app, host="127.0.0.1", port=self.port)
        parts = (app.state.live, app.state.doorkeeper, server)
        for part in parts:
            await part.start()
        yield
        for part in reversed(parts):
            await part.stop()


@contextlib.asynccontextmanager
async def running(client: OldClient) -> AsyncIterator[None]:
    task = asyncio.create_task(client.run())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def driver_id(database: Database) -> int:
    wanted = service_identity.SignIn(
        identity=Identity(channel="wechat", appid=APPID, openid="oA"), device_id="device-phone", operator_id=1
    )
    async with database.unit() as uow:
        return (await service_identity.sign_in(uow, wanted)).session.driver.driver_id


async def push_payment(database: Database, driver_id: int, nonce: str) -> None:
    async with database.unit() as uow:
        drivers.push(uow, driver_id, "wx_requestPayment", {**FIELDS, "nonceStr": nonce, "payment_no": "P1"})


@pytest.fixture
def cache(database: Database, clock: ManualClock) -> MemoryCache:
    made = MemoryCache(clock)
    database._broadcast = made.broadcast
    return made


async def test_it_pays_and_comes_back_after_the_server_was_away(
    database: Database, cache: MemoryCache, driver_id: int
) -> None:
    platform = Platform(database, cache, bare_openid=True)
    client = OldClient(f"ws://127.0.0.1:{platform.port}/websocket", "oA", retry_s=0.05)
    async with running(client):
        async with platform.up():
            await eventually(lambda: client.heard[:2] == ["login", "state"])
            await push_payment(database, driver_id, "first")
            await eventually(lambda: client.paid == [{**FIELDS, "nonceStr": "first"}])
        await eventually(lambda: len(client.closed) == 1)
        await asyncio.sleep(0.2)
        async with platform.up():
            await eventually(lambda: client.logins >= 2 and client.heard.count("state") == 2)
            await push_payment(database, driver_id, "second")
            await eventually(lambda: len(client.paid) == 2)
    assert client.paid[1]["nonceStr"] == "second"
    assert client.closed[0] in {1001, 1012}


async def test_two_of_them_do_not_share_a_driver(database: Database, cache: MemoryCache, driver_id: int) -> None:
    platform = Platform(database, cache, bare_openid=True)
    url = f"ws://127.0.0.1:{platform.port}/websocket"
    first, second = OldClient(url, "oA", retry_s=30), OldClient(url, "oA", retry_s=30)
    async with platform.up(), running(first):
        await eventually(lambda: "state" in first.heard)
        async with running(second):
            await eventually(lambda: "state" in second.heard and first.closed == [4409])
            assert first.heard[-1] == "kick"
            await push_payment(database, driver_id, "one")
            await eventually(lambda: len(second.paid) == 1)
    assert first.paid == []


async def test_without_the_switch_an_openid_opens_nothing(
    database: Database, cache: MemoryCache, driver_id: int
) -> None:
    platform = Platform(database, cache, bare_openid=False)
    client = OldClient(f"ws://127.0.0.1:{platform.port}/websocket", "oA", retry_s=30)
    async with platform.up(), running(client):
        await eventually(lambda: client.closed == [4401])
        await push_payment(database, driver_id, "stolen")
        await asyncio.sleep(0.05)
    assert client.heard == ["login"] and client.paid == []
