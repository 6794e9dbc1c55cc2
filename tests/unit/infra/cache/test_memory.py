"""What is particular to the in-memory cache: growth of epochs across restarts, and bounds."""

import asyncio
import gc

from chargecloud.infra.cache.memory import MemoryCache, MemoryCacheLimits
from chargecloud.kernel.clock import ManualClock


async def test_epochs_grow_across_a_restart() -> None:
    clock = ManualClock()
    before = await MemoryCache(clock).claim("1", "g1", "g1/1")
    clock.advance(1)
    assert (await MemoryCache(clock).claim("1", "g1", "g1/1")).epoch > before.epoch


async def test_epochs_grow_when_the_wall_clock_is_set_back() -> None:
    clock = ManualClock()
    cache = MemoryCache(clock)
    before = await cache.claim("1", "g1", "g1/1")
    clock.jump(-3_600_000)
    assert (await cache.claim("1", "g1", "g1/2", replace=before.epoch)).epoch > before.epoch


async def test_only_so_many_buckets_are_remembered() -> None:
    cache = MemoryCache(ManualClock(), MemoryCacheLimits(buckets=2))
    assert await cache.take("a", limit=1, window_s=60)
    assert not await cache.take("a", limit=1, window_s=60)
    await cache.take("b", limit=1, window_s=60)
    await cache.take("c", limit=1, window_s=60)
    assert not await cache.take("c", limit=1, window_s=60)
    assert await cache.take("a", limit=1, window_s=60), "the bucket used longest ago was forgotten"


async def test_a_listener_nobody_reads_any_more_is_forgotten() -> None:
    cache = MemoryCache(ManualClock())
    listener = cache.listen()
    waiting = asyncio.ensure_future(anext(listener))
    await asyncio.sleep(0)
    cache.broadcast("t", b"1")
    await waiting
    assert len(cache._listeners) == 1
    await listener.aclose()
    unread = cache.listen()
    del listener, waiting, unread
    gc.collect()
    assert len(cache._listeners) == 0
