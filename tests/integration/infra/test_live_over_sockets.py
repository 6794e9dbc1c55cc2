"""Live topics over a real server and a real WebSocket client."""

import json
from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from chargecloud.infra.cache.memory import MemoryCache
from chargecloud.infra.http.app import ApiParts, build_app
from chargecloud.infra.http.auth import Principal
from chargecloud.infra.http.live import LiveHub, LiveTopic
from chargecloud.infra.sql.engine import Database
from chargecloud.main.servers import WebServer
from tests.support.http import Tokens, driver

BEARER = {"Authorization": "Bearer phone"}


async def snapshot(_: AsyncConnection, __: Principal, name: str) -> dict[str, object] | None:
    return {"name": name}


@pytest.fixture
def cache(database: Database) -> MemoryCache:
    return MemoryCache(database.clock)


@pytest.fixture
async def url(database: Database, cache: MemoryCache) -> AsyncIterator[str]:
    resolvers = Tokens(phone=driver()).resolvers()
    topics = [LiveTopic("thing", snapshot)]
    app = build_app(ApiParts(database=database, cache=cache, resolvers=resolvers, routers=[], live_topics=topics))
    hub: LiveHub = app.state.live
    server = WebServer(app, host="127.0.0.1", port=0)
    await hub.start()
    await server.start()
    yield f"ws://127.0.0.1:{server.port}/api/v1/live"
    await hub.stop()
    await server.stop()


async def test_a_change_arrives(url: str, cache: MemoryCache) -> None:
    async with connect(url, additional_headers=BEARER) as socket:
        await socket.send('{"op":"subscribe","topic":"thing:1"}')
        assert json.loads(await socket.recv()) == {"topic": "thing:1", "snapshot": {"name": "1"}}
        cache.broadcast("thing:1", b'{"n":1}')
        assert json.loads(await socket.recv()) == {"topic": "thing:1", "patch": {"n": 1}}


async def test_a_stranger_gets_a_problem_document(url: str) -> None:
    with pytest.raises(InvalidStatus) as caught:
        async with connect(url):
            raise AssertionError("never reached")
    assert caught.value.response.status_code == 401
    assert json.loads(caught.value.response.body)["code"] == "not_signed_in"


@pytest.mark.parametrize("size", [17_000, 200_000])
async def test_a_large_message_ends_the_connection(url: str, size: int) -> None:
    async with connect(url, additional_headers=BEARER) as socket:
        with pytest.raises(ConnectionClosed) as caught:
            await socket.send("x" * size)
            await socket.recv()
    assert caught.value.rcvd is not None and caught.value.rcvd.code == 1009
