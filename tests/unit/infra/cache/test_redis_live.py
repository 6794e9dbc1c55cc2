"""Live patches over Redis: lost ones are told, whatever was lost and where."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chargecloud.infra.cache.backlog import BEHIND
from chargecloud.infra.cache.redis import RedisCache
from chargecloud.infra.cache.redis_line import RedisLine, RedisOptions
from chargecloud.infra.cache.redis_live import RedisLive
from chargecloud.kernel.clock import SystemClock
from tests.support.eventually import eventually
from tests.support.redis_server import own_redis

FAST = RedisOptions(answer_s=0.5, pulse_s=0.05, settle_ms=0)


async def test_what_cannot_be_sent_is_dropped_and_nothing_waits_for_it() -> None:
    line = RedisLine("redis://127.0.0.1:1/0", FAST)
    live = RedisLive(line, FAST)
    live.start()
    for number in range(10_000):
        live.broadcast("t", b"%d" % number)
    await eventually(lambda: live.lost_batches)
    await live.stop()
    await line.close()


@asynccontextmanager
async def two(url: str) -> AsyncIterator[tuple[RedisCache, RedisCache]]:
    caches = RedisCache(url, SystemClock(), FAST), RedisCache(url, SystemClock(), FAST)
    for cache in caches:
        await cache.start()
    try:
        yield caches
    finally:
        for cache in caches:
            await cache.stop()


async def heard(listener: AsyncIterator[tuple[str, bytes]], wanted: tuple[str, bytes]) -> list[tuple[str, bytes]]:
    seen = []
    async with asyncio.timeout(20):
        while not seen or seen[-1] != wanted:
            seen.append(await anext(listener))
    return seen


@pytest.mark.connected
async def test_a_patch_reaches_another_process(tmp_path: Path) -> None:
    async with own_redis(tmp_path) as server, two(server.url) as (sender, reader):
        listener = reader.listen()
        await said_until_heard(sender, listener)
        for number in range(1000):
            sender.broadcast("t", b"%d" % number)
        seen = await heard(listener, ("t", b"999"))
        assert [patch for _, patch in seen if patch.isdigit()] == [b"%d" % number for number in range(1000)]


@pytest.mark.connected
async def test_after_a_restart_of_the_server_listeners_are_told_that_they_missed_something(tmp_path: Path) -> None:
    async with own_redis(tmp_path) as server, two(server.url) as (sender, reader):
        listener = reader.listen()
        await said_until_heard(sender, listener)
        server.kill()
        sender.broadcast("t", b"lost")
        await asyncio.to_thread(server.start)
        seen = await heard(listener, BEHIND)
        assert ("t", b"lost") not in seen
        await said_until_heard(sender, listener)


async def said_until_heard(sender: RedisCache, listener: AsyncIterator[tuple[str, bytes]]) -> None:
    """Return when the way through the server is open."""
    got = asyncio.ensure_future(anext(listener))
    async with asyncio.timeout(20):
        while not got.done() or got.result()[1] != b"knock":
            if got.done():
                got = asyncio.ensure_future(anext(listener))
            sender.broadcast("t", b"knock")
            await asyncio.wait([got], timeout=0.02)
