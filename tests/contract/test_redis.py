"""Redis keeps the promises of the cache contract."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from secrets import token_hex

import pytest
from redis.asyncio import Redis

from chargecloud.infra.cache.contract import Cache
from chargecloud.infra.cache.redis import RedisCache
from chargecloud.infra.cache.redis_line import RedisOptions
from chargecloud.kernel.clock import ManualClock
from tests.contract.cache import CacheContract
from tests.support.servers import REDIS_URL


@pytest.mark.connected
class TestRedis(CacheContract):
    @asynccontextmanager
    async def open_cache(self, clock: ManualClock) -> AsyncIterator[Cache]:
        prefix = f"chargecloud-test-{token_hex(6)}:"
        cache = RedisCache(REDIS_URL, clock, RedisOptions(prefix=prefix, settle_ms=0))
        await cache.start()
        try:
            yield cache
        finally:
            await cache.stop()
            async with Redis.from_url(REDIS_URL) as client:
                async for key in client.scan_iter(match=f"{prefix}*"):
                    await client.delete(key)

    async def pass_time(self, clock: ManualClock, seconds: int) -> None:
        await asyncio.sleep(seconds)
