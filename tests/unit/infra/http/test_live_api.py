"""Live topics over a WebSocket: who may come, what they are told, and what ends the connection."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.infra.cache.contract import Cache
from chargecloud.infra.http import live_api, watcher
from chargecloud.infra.http.auth import Principal
from chargecloud.infra.http.live import LiveHub, LiveTopic
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import ManualClock
from tests.support.http import Tokens, app_for, client_of, driver, staff
from tests.support.websocket import Closed, Refused, connected

LIVE = "/api/v1/live"
SESSIONS = {"1": 7, "2": 8}
"""Whose session it is."""


async def session_snapshot(_: AsyncConnection, principal: Principal, name: str) -> dict[str, object] | None:
    if principal.kind == "driver" and SESSIONS.get(name) != principal.id:
        return None
    return {"session_no": name, "state": "charging"} if name in SESSIONS else None


@dataclass
class World:
    app: FastAPI
    tokens: Tokens

    @property
    def hub(self) -> LiveHub:
        hub = self.app.state.live
        assert isinstance(hub, LiveHub)
        return hub

    @property
    def cache(self) -> Cache:
        return self.app.state.cache  # type: ignore[no-any-return]


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    tokens = Tokens(phone=driver(7), clerk=staff("stations.read"))
    topics = [LiveTopic("session", session_snapshot)]
    app = app_for(database, resolvers=tokens.resolvers(), live_topics=topics, hosts=("testserver",))
    await app.state.live.start()
    yield World(app, tokens)
    await app.state.live.stop()


def bearer(token: str = "phone") -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def ticket_of(world: World, token: str = "phone") -> str:
    async with client_of(world.app, token=token) as client:
        answer = await client.post("/api/v1/live/tickets", json={})
    assert answer.status_code == 201
    return str(answer.json()["ticket"])


async def test_a_snapshot_then_patches(world: World) -> None:
    async with connected(world.app, LIVE, bearer()) as socket:
        assert await socket.ask("session:1") == {
            "topic": "session:1",
            "snapshot": {"session_no": "1", "state": "charging"},
        }
        world.cache.broadcast("session:1", b'{"energy_mwh":5}')
        world.cache.broadcast("session:2", b'{"energy_mwh":9}')
        assert await socket.hear() == {"topic": "session:1", "patch": {"energy_mwh": 5}}
        assert socket.quiet()
        await socket.say({"op": "unsubscribe", "topic": "session:1"})
        await socket.say({"op": "ping"})
        assert await socket.hear() == {"op": "pong"}
        world.cache.broadcast("session:1", b'{"energy_mwh":6}')
        await socket.say({"op": "ping"})
        assert await socket.hear() == {"op": "pong"}
    assert world.hub.counts()["watchers"] == world.hub.counts()["topics"] == 0


@pytest.mark.parametrize("topic", ["session:2", "session:99"])
async def test_what_is_not_theirs_is_as_if_it_were_not_there(world: World, topic: str) -> None:
    async with connected(world.app, LIVE, bearer()) as socket:
        answer = await socket.ask(topic)
        assert answer["topic"] == topic and answer["error"]["code"] == "no_such_topic"
        world.cache.broadcast(topic, b'{"secret":1}')
        await socket.say({"op": "ping"})
        assert await socket.hear() == {"op": "pong"}


async def test_staff_may_watch_it(world: World) -> None:
    async with connected(world.app, LIVE, bearer("clerk")) as socket:
        assert "snapshot" in await socket.ask("session:2")


NONSENSE = ["", "{", "[]", '{"op":"dance"}', '{"op":"subscribe"}', '{"op":"subscribe","topic":"session:1","x":1}']


@pytest.mark.parametrize("text", NONSENSE)
async def test_nonsense_is_answered_and_survived(world: World, text: str) -> None:
    async with connected(world.app, LIVE, bearer()) as socket:
        await socket.say(text)
        assert (await socket.hear())["error"]["code"] == "invalid_message"
        assert "snapshot" in await socket.ask("session:1")


@pytest.mark.parametrize("topic", ["session", "session:", ":1", "wallet:1", "session:" + "1" * 200])
async def test_topics_that_cannot_be(world: World, topic: str) -> None:
    async with connected(world.app, LIVE, bearer()) as socket:
        assert (await socket.ask(topic))["error"]["code"] == "invalid_topic"


async def test_a_ticket_opens_one_connection_once(world: World) -> None:
    ticket = await ticket_of(world)
    async with connected(world.app, f"{LIVE}?ticket={ticket}") as socket:
        assert "snapshot" in await socket.ask("session:1")
    with pytest.raises(Refused) as caught:
        async with connected(world.app, f"{LIVE}?ticket={ticket}"):
            raise AssertionError("never reached")
    assert (caught.value.status, caught.value.body["code"]) == (401, "ticket_invalid")


async def test_a_ticket_lasts_thirty_seconds(world: World, clock: ManualClock) -> None:
    ticket = await ticket_of(world)
    clock.advance(30_000)
    with pytest.raises(Refused):
        async with connected(world.app, f"{LIVE}?ticket={ticket}"):
            raise AssertionError("never reached")


STRANGERS = [
    (LIVE, {}, 401, "not_signed_in"),
    (LIVE, {"Authorization": "Bearer stranger"}, 401, "not_signed_in"),
    (LIVE, {"Cookie": "__Host-session=clerk"}, 401, "not_signed_in"),
    (f"{LIVE}?ticket=made-up", {}, 401, "ticket_invalid"),
    (LIVE, {"Authorization": "Bearer phone", "Origin": "https://evil.example"}, 403, "foreign_page"),
]


@pytest.mark.parametrize(("url", "headers", "status", "code"), STRANGERS)
async def test_strangers_are_turned_away(
    world: World, url: str, headers: dict[str, str], status: int, code: str
) -> None:
    with pytest.raises(Refused) as caught:
        async with connected(world.app, url, headers):
            raise AssertionError("never reached")
    assert (caught.value.status, caught.value.body["code"]) == (status, code)


async def test_our_own_pages_may_come(world: World) -> None:
    async with connected(world.app, LIVE, {**bearer(), "Origin": "https://testserver"}) as socket:
        assert "snapshot" in await socket.ask("session:1")


async def test_another_name_is_not_ours(world: World) -> None:
    with pytest.raises(Closed):
        async with connected(world.app, LIVE, bearer(), host="evil.example"):
            raise AssertionError("never reached")


async def closes_with(socket_code: int, world: World, *asks: object) -> None:
    async with connected(world.app, LIVE, bearer()) as socket:
        for ask in asks:
            await (socket.say_bytes(ask) if isinstance(ask, bytes) else socket.say(ask))
        with pytest.raises(Closed) as caught:
            while True:
                await socket.hear()
    assert caught.value.code == socket_code
    assert world.hub.counts()["watchers"] == 0


async def test_a_flood_of_messages_ends_the_connection(world: World) -> None:
    await closes_with(watcher.TOO_FAST, world, *[{"op": "ping"}] * (watcher.MESSAGES_A_MINUTE + 1))


@pytest.mark.parametrize("message", ["x" * (watcher.MAX_TEXT + 1), b"binary"])
async def test_a_message_too_large_or_binary_ends_the_connection(world: World, message: object) -> None:
    await closes_with(watcher.TOO_LARGE, world, message)


async def test_a_reader_who_does_not_read_has_to_go(world: World) -> None:
    async with connected(world.app, LIVE, bearer()) as socket:
        await socket.ask("session:1")
        socket.reading.clear()
        patch = b'{"text":"' + b"x" * 10_000 + b'"}'
        for _ in range(watcher.MAX_QUEUED // 10_000 + 3):
            world.cache.broadcast("session:1", patch)
            await asyncio.sleep(0)
        await asyncio.sleep(0.01)
        socket.reading.set()
        with pytest.raises(Closed) as caught:
            while True:
                await socket.hear()
    assert caught.value.code == watcher.SLOW


async def test_a_session_that_ends_ends_the_connection(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_api, "CHECK_AGAIN_S", 0.01)
    async with connected(world.app, LIVE, bearer()) as socket:
        await asyncio.sleep(0.05)
        assert "snapshot" in await socket.ask("session:1")
        del world.tokens["phone"]
        with pytest.raises(Closed) as caught:
            await socket.hear()
    assert caught.value.code == watcher.SIGNED_OUT


async def test_connections_are_counted_for_each_principal(world: World) -> None:
    async with (
        connected(world.app, LIVE, bearer()),
        connected(world.app, LIVE, bearer()),
        connected(world.app, LIVE, bearer()),
    ):
        with pytest.raises(Refused) as caught:
            async with connected(world.app, LIVE, bearer()):
                raise AssertionError("never reached")
        assert (caught.value.status, caught.value.body["code"]) == (429, "live_connections")
        async with connected(world.app, LIVE, bearer("clerk")):
            assert world.hub.counts()["watchers"] == 4
    async with connected(world.app, LIVE, bearer()):
        assert world.hub.counts()["turned_away"] == 1


async def test_stopping_sends_everybody_away(world: World) -> None:
    async with connected(world.app, LIVE, bearer()) as socket:
        await socket.ask("session:1")
        await world.hub.stop()
        with pytest.raises(Closed) as caught:
            await socket.hear()
    assert caught.value.code == watcher.GOING_AWAY
