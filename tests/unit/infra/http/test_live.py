"""The hub loses no change between snapshot and patches, and keeps nothing of those who left."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.infra.cache.memory import MemoryCache, MemoryCacheLimits
from chargecloud.infra.http import live
from chargecloud.infra.http.auth import Principal
from chargecloud.infra.http.live import LiveHub, LiveTopic
from chargecloud.infra.http.watcher import GOING_AWAY, MAX_TOPICS, Watcher
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.errors import NotFound, TooMany, Unavailable
from tests.support.http import driver, staff


class Topics:
    """Snapshots that can be held up, missing or failing."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.asked = asyncio.Event()
        self.state: dict[str, object] | None = {"n": 0}
        self.error: Exception | None = None

    async def snapshot(self, _: AsyncConnection, __: Principal, ___: str) -> dict[str, object] | None:
        state = None if self.state is None else dict(self.state)
        self.asked.set()
        await self.may_answer.wait()
        if self.error:
            raise self.error
        return state


@pytest.fixture
def topics() -> Topics:
    return Topics()


@pytest.fixture
def cache(database: Database) -> MemoryCache:
    return MemoryCache(database.clock, MemoryCacheLimits(listener_patches=10))


@pytest.fixture
async def hub(database: Database, cache: MemoryCache, topics: Topics) -> AsyncIterator[LiveHub]:
    started = LiveHub(database, cache, [LiveTopic("thing", topics.snapshot)])
    await started.start()
    yield started
    await started.stop()


async def heard(watcher: Watcher, count: int) -> list[str | None]:
    async with asyncio.timeout(5):
        return [await watcher.next() for _ in range(count)]


async def test_changes_while_the_snapshot_is_taken_follow_it(hub: LiveHub, cache: MemoryCache, topics: Topics) -> None:
    watcher = Watcher()
    hub.join(watcher, driver())
    topics.may_answer.clear()
    subscribing = asyncio.create_task(hub.subscribe(watcher, "thing:1"))
    await topics.asked.wait()
    cache.broadcast("thing:1", b'{"n":1}')
    await asyncio.sleep(0.01)
    topics.may_answer.set()
    await subscribing
    cache.broadcast("thing:1", b'{"n":2}')
    assert await heard(watcher, 3) == [
        '{"topic":"thing:1","snapshot":{"n":0}}',
        '{"topic":"thing:1","patch":{"n":1}}',
        '{"topic":"thing:1","patch":{"n":2}}',
    ]


@pytest.mark.parametrize("error", [None, Unavailable("away", "away")])
async def test_a_subscription_that_fails_leaves_nothing(hub: LiveHub, topics: Topics, error: Exception | None) -> None:
    watcher = Watcher()
    hub.join(watcher, driver())
    topics.state, topics.error = None, error
    with pytest.raises(type(error) if error else NotFound):
        await hub.subscribe(watcher, "thing:1")
    assert watcher.topics == set()
    assert hub.counts()["topics"] == 0


async def test_every_watcher_of_a_topic_is_told(hub: LiveHub, cache: MemoryCache) -> None:
    watchers = [Watcher() for _ in range(3)]
    for number, watcher in enumerate(watchers):
        hub.join(watcher, staff(id=number))
        await hub.subscribe(watcher, "thing:1")
    hub.part(watchers[0])
    cache.broadcast("thing:1", b"{}")
    for watcher in watchers[1:]:
        assert (await heard(watcher, 2))[1] == '{"topic":"thing:1","patch":{}}'
    assert hub.counts() == {"watchers": 2, "topics": 1, "patches": 1, "turned_away": 0}


async def test_when_patches_were_lost_everybody_starts_over(hub: LiveHub, cache: MemoryCache) -> None:
    watcher = Watcher()
    hub.join(watcher, driver())
    await hub.subscribe(watcher, "thing:1")
    for _ in range(12):
        cache.broadcast("thing:1", b"{}")
    await asyncio.sleep(0.01)
    assert watcher.close_code == GOING_AWAY
    assert await watcher.next() is None


async def test_one_connection_watches_so_many_topics(hub: LiveHub) -> None:
    watcher = Watcher()
    hub.join(watcher, driver())
    for number in range(MAX_TOPICS):
        await hub.subscribe(watcher, f"thing:{number}")
    with pytest.raises(TooMany):
        await hub.subscribe(watcher, "thing:more")
    await hub.subscribe(watcher, "thing:1")
    hub.unsubscribe(watcher, "thing:1")
    await hub.subscribe(watcher, "thing:more")


async def test_there_is_an_end_to_connections(hub: LiveHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "CONNECTIONS", 2)
    for number in range(2):
        hub.join(Watcher(), staff(id=number))
    with pytest.raises(TooMany):
        hub.join(Watcher(), staff(id=9))
