"""The embedded cache keeps the promises of the cache contract."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chargecloud.infra.cache.contract import Cache
from chargecloud.infra.cache.memory import MemoryCache
from chargecloud.kernel.clock import ManualClock
from tests.contract.cache import CacheContract


class TestMemoryCache(CacheContract):
    @asynccontextmanager
    async def open_cache(self, clock: ManualClock) -> AsyncIterator[Cache]:
        yield MemoryCache(clock)
